//! Where the user's caches and states are kept (XDG Base Directory Specification).

use std::env;
use std::path::{Component, Path, PathBuf};

/// The cache, as `ci/setup` uses it: `$GIFT_CACHE`, else `$XDG_CACHE_HOME/gift`, else
/// `$HOME/.cache/gift`. Absolute and without `..`, for kwokctl writes it into the command lines by
/// which processes are known.
#[must_use]
pub fn cache() -> Option<PathBuf> {
    let cache = named("GIFT_CACHE").or_else(|| below("XDG_CACHE_HOME", ".cache"))?;
    Some(lexical(&std::path::absolute(&cache).unwrap_or(cache)))
}

/// [`cache`], or a place for as long as the machine runs where the user has no home.
#[must_use]
pub fn cache_or_temporary() -> PathBuf {
    cache().unwrap_or_else(|| env::temp_dir().join("gift"))
}

/// What outlives a run, such as the last report: `$XDG_STATE_HOME/gift`, else
/// `$HOME/.local/state/gift`, else `%LOCALAPPDATA%\gift`.
#[must_use]
pub fn state() -> Option<PathBuf> {
    below("XDG_STATE_HOME", ".local/state").or_else(|| Some(absolute("LOCALAPPDATA")?.join("gift")))
}

fn below(variable: &str, default: &str) -> Option<PathBuf> {
    let base = absolute(variable).or_else(|| Some(absolute("HOME")?.join(default)))?;
    Some(base.join("gift"))
}

/// The specification says to pass over relative paths.
fn absolute(variable: &str) -> Option<PathBuf> {
    named(variable).filter(|path| path.is_absolute())
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_clean() {
        assert_eq!(lexical(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(lexical(Path::new("/../c")), Path::new("/c"));
    }
}
