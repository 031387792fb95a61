//! The content of files and directories as a hash, and whether it alone decides what is rendered.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How long a file must have been left alone before its time of change proves anything: a file written
/// twice within one tick of the file system's clock has the same time.
const SETTLED: Duration = Duration::from_secs(2);

/// How deep links and directories are followed.
const DEEPEST: usize = 64;

/// Functions of templates whose result depends on the time or on chance.
const FICKLE: &[&str] = &[
    "now",
    "ago",
    "date",
    "dateInZone",
    "date_in_zone",
    "htmlDate",
    "htmlDateInZone",
    "dateModify",
    "date_modify",
    "mustDateModify",
    "must_date_modify",
    "randAlphaNum",
    "randAlpha",
    "randAscii",
    "randNumeric",
    "randBytes",
    "randInt",
    "shuffle",
    "uuidv4",
    "bcrypt",
    "htpasswd",
    "encryptAES",
    "genPrivateKey",
    "derivePassword",
    "buildCustomCert",
    "genCA",
    "genCAWithKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
];

/// What is known of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// The hash of names and contents.
    pub(super) hash: blake3::Hash,
    /// Whether rendering it twice may give two results, as far as its text tells.
    pub(super) is_fickle: bool,
}

/// Contents by path, read again only when something may have changed.
#[derive(Debug, Default)]
pub(super) struct Contents {
    known: Mutex<HashMap<PathBuf, (blake3::Hash, Content)>>,
    /// Whether what was looked at once stays as it is.
    are_steady: bool,
}

impl Contents {
    /// Contents that stay what they are when they are first looked at.
    pub(super) fn steady() -> Self {
        Self { are_steady: true, ..Self::default() }
    }

    pub(super) fn of(&self, path: &Path) -> io::Result<Content> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied();
        if self.are_steady
            && let Some((_, content)) = known()
        {
            return Ok(content);
        }
        let mut files = Vec::new();
        walk(path, 0, &mut files)?;
        let (stamp, youngest) = stamp(&files)?;
        if let Some((before, content)) = known()
            && before == stamp
        {
            return Ok(content);
        }
        let content = read(path, &files)?;
        if youngest.elapsed().is_ok_and(|since| since > SETTLED) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(path.to_owned(), (stamp, content));
        }
        Ok(content)
    }
}

/// Every file a path leads to, links followed, in a fixed order.
fn walk(path: &Path, depth: usize, files: &mut Vec<(PathBuf, std::fs::Metadata)>) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_dir() {
        files.push((path.to_owned(), metadata));
        return Ok(());
    }
    if depth > DEEPEST {
        return Err(io::Error::other("directories within directories without end"));
    }
    let mut entries =
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    // All are of one folder; paths would be compared part by part.
    entries.sort_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    files.push((path.to_owned(), metadata));
    entries.iter().try_for_each(|entry| walk(entry, depth + 1, files))
}

fn stamp(files: &[(PathBuf, std::fs::Metadata)]) -> io::Result<(blake3::Hash, SystemTime)> {
    let mut hasher = blake3::Hasher::new();
    let mut youngest = SystemTime::UNIX_EPOCH;
    for (path, metadata) in files {
        let modified = metadata.modified()?;
        youngest = youngest.max(modified);
        hasher.update(path.as_os_str().as_encoded_bytes());
        hasher.update(format!("\0{:?}\0{}\0{:?}\0", modified, metadata.len(), identity(metadata)).as_bytes());
    }
    Ok((hasher.finalize(), youngest))
}

/// Tells apart two files of one name, one size and one time.
#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> impl std::fmt::Debug {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> impl std::fmt::Debug {}

fn read(root: &Path, files: &[(PathBuf, std::fs::Metadata)]) -> io::Result<Content> {
    let mut hasher = blake3::Hasher::new();
    let mut is_fickle = false;
    for (path, metadata) in files {
        let name = path.strip_prefix(root).unwrap_or(path).as_os_str().as_encoded_bytes();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        // A directory is a name alone; anything else that is no file is for Helm to refuse.
        if metadata.is_file() {
            let text = std::fs::read(path)?;
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(&text);
            is_fickle = is_fickle || is_archive(path) || calls_fickle(&text);
        }
    }
    Ok(Content { hash: hasher.finalize(), is_fickle })
}

/// Nobody looks into archives here.
fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tgz" || extension == "gz" || extension == "tar")
}

/// Whether a template in this text names a function that depends on the time or on chance.
pub(super) fn calls_fickle(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.split("{{").skip(1).any(|part| {
        let action = part.split("}}").next().unwrap_or_default();
        action
            .split(|character: char| {
                !(character.is_alphanumeric() || matches!(character, '_' | '.' | '$' | '-'))
            })
            .any(|word| FICKLE.contains(&word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_and_chance_are_found_in_actions_alone() {
        assert!(calls_fickle(b"a: {{ now | date \"2006\" }}"));
        assert!(calls_fickle(b"a: {{- if .Values.x }}{{ randAlphaNum 5 }}{{ end }}"));
        assert!(calls_fickle(b"a: {{ (genCA \"x\" 365).Cert }}"));
        assert!(!calls_fickle(b"# now or never: the date\na: {{ .Values.now }}{{ $date }}"));
    }

    #[test]
    fn a_change_of_content_or_name_is_another_content_and_a_change_of_time_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a");
        let write = |path: &Path, text: &str, seconds: u64| {
            std::fs::write(path, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            std::fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
        };
        let contents = Contents::default();
        write(&file, "one", 1000);
        let one = contents.of(directory.path()).unwrap();
        write(&file, "one", 2000);
        assert_eq!(contents.of(directory.path()).unwrap(), one);
        write(&file, "two", 3000);
        let two = contents.of(directory.path()).unwrap();
        assert_ne!(two, one);
        std::fs::rename(&file, directory.path().join("b")).unwrap();
        assert_ne!(contents.of(directory.path()).unwrap(), two);
    }
}
