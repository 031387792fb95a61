//! Where the user's caches and states are kept (XDG Base Directory Specification).

use std::path::PathBuf;

/// The cache: `$GIFT_CACHE`, else `$XDG_CACHE_HOME/gift`, else `$HOME/.cache/gift`.
#[must_use]
pub fn cache() -> Option<PathBuf> {
    absolute("GIFT_CACHE").or_else(|| below("XDG_CACHE_HOME", ".cache"))
}

/// What outlives a run, such as the last report: `$XDG_STATE_HOME/gift`, else
/// `$HOME/.local/state/gift`.
#[must_use]
pub fn state() -> Option<PathBuf> {
    below("XDG_STATE_HOME", ".local/state")
}

fn below(variable: &str, default: &str) -> Option<PathBuf> {
    let base = absolute(variable).or_else(|| Some(absolute("HOME")?.join(default)))?;
    Some(base.join("gift"))
}

/// The specification says to pass over relative paths.
fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}
