//! Reading a manifest stream from a file or from standard input, with a limit.

use super::failure::{CommandError, Failure};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

/// The name of standard input as an argument.
pub(crate) const STANDARD_INPUT: &str = "-";

/// Reads the whole stream; `-` is standard input.
///
/// A stream of 0 bytes is an error, for it most often means that the command before it failed. Of a
/// stream beyond the limit, no more than the limit is read.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == STANDARD_INPUT {
        let name = "standard input".to_owned();
        let stdin = io::stdin().lock();
        if stdin.is_terminal() {
            return Err(CommandError::Interactive { name }.into());
        }
        return read_limited(stdin, name, limit);
    }
    let file = File::open(path).map_err(|source| CommandError::Read { path: path.to_owned(), source })?;
    read_limited(file, path.display().to_string(), limit)
}

fn read_limited(reader: impl Read, name: String, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut stream = Vec::with_capacity(1 << 16);
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(most)
        .read_to_end(&mut stream)
        .map_err(|source| CommandError::Read { path: name.clone().into(), source })?;
    match stream.len() {
        0 => Err(CommandError::Empty { name }.into()),
        length if length > limit => Err(CommandError::TooLarge { name, limit }.into()),
        _ => Ok(stream),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed() {
        let name = || "x".to_owned();
        assert_eq!(read_limited(&b"1234"[..], name(), 4).unwrap(), b"1234");
        let told = read_limited(&b"12345"[..], name(), 4).unwrap_err().paragraph();
        assert!(told.starts_with("error: x has more than 4 bytes"), "{told}");
        let told = read_limited(&b""[..], name(), 4).unwrap_err().paragraph();
        assert!(told.starts_with("error: x has 0 bytes"), "{told}");
    }
}
