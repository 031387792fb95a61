//! `SHA256SUMS`: the digests of everything a folder of packages has, as `sha256sum --check` reads them.
//!
//! Files that are changed in place, such as the index, are not among them. Depends on nothing else here.

use std::collections::BTreeMap;

/// The digests of files, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Checksums {
    digests: BTreeMap<String, String>,
}

impl Checksums {
    /// Reads what `sha256sum` or [`Checksums::text`] wrote; an error names the line, from 1, that is neither's.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let mut digests = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let (digest, name) = line.split_once(' ').ok_or(index + 1)?;
            // The second letter says whether it was read as text or, `*`, as it is: the same thing here.
            let name = name.strip_prefix([' ', '*']).ok_or(index + 1)?;
            let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_digest || name.is_empty() {
                return Err(index + 1);
            }
            digests.insert(name.to_owned(), digest.to_ascii_lowercase());
        }
        Ok(Self { digests })
    }

    /// Tells the digest of a file.
    pub(super) fn insert(&mut self, name: &str, digest: String) {
        self.digests.insert(name.to_owned(), digest);
    }

    /// Whether the digest of a file is told.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.digests.contains_key(name)
    }

    /// Tells nothing of a file any more; whether something was told.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.digests.remove(name).is_some()
    }

    /// As a file, in the order of the names.
    pub(super) fn text(&self) -> String {
        self.digests.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_what_stands_there_stays() {
        let digest = "a".repeat(64);
        let text = format!("{digest}  b.tgz\n{} *a.tgz\n", "B".repeat(64));
        let mut sums = Checksums::parse(&text).unwrap();
        sums.insert("c.tgz", "c".repeat(64));
        assert_eq!(Checksums::parse(&sums.text()).unwrap(), sums);
        let names: Vec<_> = sums.digests.keys().collect();
        assert_eq!(names, ["a.tgz", "b.tgz", "c.tgz"]);
        assert!(sums.remove("a.tgz") && !sums.remove("a.tgz") && !sums.contains("a.tgz"));
        assert_eq!(sums.text(), format!("{digest}  b.tgz\n{}  c.tgz\n", "c".repeat(64)));
    }

    #[test]
    fn what_are_no_checksums_is_told_with_its_line() {
        let good = format!("{}  a.tgz\n", "a".repeat(64));
        for bad in ["<html>", "abc  a.tgz", &format!("{}  ", "a".repeat(64))] {
            assert_eq!(Checksums::parse(&format!("{good}{bad}\n")), Err(2), "{bad}");
        }
    }
}
