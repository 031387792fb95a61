//! Archives that are the same bytes for the same files: gzip around ustar, with the owner, the order and the
//! time of the files taken from nothing but what is given.
//!
//! The compressor is a pinned crate, and so part of what decides the bytes. Depends on nothing else here.

use miniz_oxide::deflate::compress_to_vec;
use std::io;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Path below the archive's folder, with `/` between its parts.
    pub path: String,
    /// Whether it is a program.
    pub executable: bool,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Tar's unit.
const BLOCK: usize = 512;

/// The largest size and time the eleven octal digits of a header hold.
const LARGEST: u64 = 0o777_7777_7777;

/// Packs `files` in a folder called `folder`, in the order they are given. `time` is that of every file, in
/// seconds since 1970.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`] for a path or a size that the format cannot hold.
pub(super) fn pack(folder: &str, files: &[ArchiveFile], time: u64) -> io::Result<Vec<u8>> {
    let mut tar = Vec::new();
    for file in files {
        tar.extend_from_slice(&header(&format!("{folder}/{}", file.path), file, time)?);
        tar.extend_from_slice(&file.bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    Ok(gzip(&tar))
}

/// RFC 1952, without a name, a time or an operating system.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    const MAXIMUM_COMPRESSION: u8 = 9;
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    out.extend_from_slice(&compress_to_vec(bytes, MAXIMUM_COMPRESSION));
    out.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    // The size modulo 2^32, as the format has it.
    #[expect(clippy::cast_possible_truncation, reason = "the format says so")]
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out
}

fn header(path: &str, file: &ArchiveFile, time: u64) -> io::Result<[u8; BLOCK]> {
    let refused = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{path}: {why}"));
    let (prefix, name) = split(path).ok_or_else(|| refused("the path is longer than a tar archive holds"))?;
    let size = u64::try_from(file.bytes.len()).unwrap_or(u64::MAX);
    if size > LARGEST {
        return Err(refused("the file is larger than a tar archive holds"));
    }
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, if file.executable { b"0000755" } else { b"0000644" });
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, format!("{:011o}", time.min(LARGEST)).as_bytes());
    // The sum is made with its own field full of spaces.
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(345, prefix.as_bytes());
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}

/// Prefix and name, as a header has room for: 155 and 100 bytes.
fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= 100 {
        return Some(("", path));
    }
    path.match_indices('/')
        .map(|(at, _)| (&path[..at], &path[at + 1..]))
        .find(|(prefix, name)| prefix.len() <= 155 && name.len() <= 100 && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn files() -> Vec<ArchiveFile> {
        let long = format!("{}/{}", "d".repeat(90), "f".repeat(90));
        [("Chart.yaml", false, &b"name: x\n"[..]), ("run", true, &[0; 512]), (&long, false, b"")]
            .map(|(path, executable, bytes)| ArchiveFile {
                path: path.to_owned(),
                executable,
                bytes: bytes.to_vec(),
            })
            .to_vec()
    }

    #[test]
    fn tar_reads_what_was_packed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tgz");
        std::fs::write(&path, pack("x", &files(), 86_400).unwrap()).unwrap();
        let run = |arguments: &[&str]| {
            let output = Command::new("tar").args(arguments).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        run(&["-xzf", "x.tgz"]);
        for file in files() {
            assert_eq!(std::fs::read(folder.path().join("x").join(&file.path)).unwrap(), file.bytes);
        }
        let listed = run(&["-tvzf", "x.tgz", "--utc", "--numeric-owner"]);
        assert!(listed.contains("-rwxr-xr-x 0/0"), "{listed}");
        assert!(listed.contains("1970-01-02 00:00 x/Chart.yaml"), "{listed}");
    }

    #[test]
    fn the_same_files_are_the_same_bytes() {
        assert_eq!(pack("x", &files(), 7).unwrap(), pack("x", &files(), 7).unwrap());
        assert_ne!(pack("x", &files(), 7).unwrap(), pack("x", &files(), 8).unwrap());
    }

    #[test]
    fn a_path_that_does_not_fit_is_refused() {
        let file = ArchiveFile { path: "f".repeat(200), executable: false, bytes: Vec::new() };
        let error = pack("x", &[file], 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().ends_with("longer than a tar archive holds"), "{error}");
    }
}
