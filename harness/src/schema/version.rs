//! Minor versions of Kubernetes 1, and sets of them.
//!
//! Depends on nothing else.

use std::fmt;

/// A minor version of Kubernetes 1: `1.34`.
///
/// ```
/// use gift_harness::schema::Minor;
///
/// assert_eq!(Minor::parse("v1.34.2-gke.100"), Minor::parse("1.34"));
/// assert_eq!(Minor::parse("1.34").map(|minor| minor.to_string()), Some("1.34".to_owned()));
/// assert_eq!(Minor::parse("2"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minor(u8);

impl Minor {
    /// The oldest there are schemas of.
    pub const OLDEST: Self = Self(19);
    /// The newest there are schemas of.
    pub const NEWEST: Self = Self(36);

    /// The minor version 1.`number`.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// Reads a version as Helm, kubectl and the API server write it; `None` for what is none, or not
    /// Kubernetes 1.
    #[must_use]
    pub fn parse(version: &str) -> Option<Self> {
        let rest = version.trim_start_matches('v').strip_prefix("1.")?;
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok().map(Self)
    }

    /// The version whose schemas count for this one: the nearest there are.
    #[must_use]
    pub fn with_schemas(self) -> Self {
        self.clamp(Self::OLDEST, Self::NEWEST)
    }

    /// The 34 of 1.34.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    fn bit(self) -> u32 {
        1 << (self.with_schemas().0 - Self::OLDEST.0)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "1.{}", self.0)
    }
}

/// A set of the versions there are schemas of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Minors(u32);

impl Minors {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self((2 << (Minor::NEWEST.0 - Minor::OLDEST.0)) - 1);

    pub(super) fn contains(self, minor: Minor) -> bool {
        self.0 & minor.bit() != 0
    }

    /// The first of them.
    pub(super) fn first(self) -> Option<Minor> {
        Self::each().find(|minor| self.contains(*minor))
    }

    /// The first version after `minor` that is not one of them, when there are schemas of it.
    pub(super) fn end_after(self, minor: Minor) -> Option<Minor> {
        Self::each().find(|next| *next > minor && !self.contains(*next))
    }

    /// Reads `19-24,30-`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut minors = Self::NONE;
        for range in text.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let first: u8 = first.parse().ok()?;
            let last: u8 = if last.is_empty() { Minor::NEWEST.0 } else { last.parse().ok()? };
            for minor in first..=last {
                minors.0 |= Minor(minor).bit();
            }
        }
        Some(minors)
    }

    /// Those of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn each() -> impl Iterator<Item = Minor> {
        (Minor::OLDEST.0..=Minor::NEWEST.0).map(Minor)
    }
}

#[cfg(test)]
impl Minors {
    pub(super) fn insert(&mut self, minor: Minor) {
        self.0 |= minor.bit();
    }

    pub(super) fn last(self) -> Option<Minor> {
        Self::each().filter(|minor| self.contains(*minor)).last()
    }
}

impl fmt::Display for Minors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut after = None;
        let mut separator = "";
        while let Some(first) =
            Self::each().find(|minor| after.is_none_or(|after| *minor > after) && self.contains(*minor))
        {
            write!(formatter, "{separator}{}", first.0)?;
            separator = ",";
            match self.end_after(first) {
                None => return formatter.write_str("-"),
                Some(end) if end.0 == first.0 + 1 => {}
                Some(end) => write!(formatter, "-{}", end.0 - 1)?,
            }
            after = self.end_after(first);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_read_as_they_are_written() {
        for text in ["19-", "36-", "19", "19-24", "19,21-22,30-"] {
            assert_eq!(Minors::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Minors::ALL.to_string(), "19-");
        let minors = Minors::parse("20-21,30-").unwrap();
        assert!(!minors.contains(Minor(19)) && minors.contains(Minor(21)) && !minors.contains(Minor(29)));
        assert_eq!((minors.first(), minors.end_after(Minor(20))), (Some(Minor(20)), Some(Minor(22))));
        assert_eq!(minors.end_after(Minor(30)), None);
    }

    #[test]
    fn versions_beyond_those_there_are_schemas_of_count_as_the_nearest() {
        assert!(Minors::parse("19-").unwrap().contains(Minor(16)));
        assert!(Minors::parse("36-").unwrap().contains(Minor(40)));
        assert_eq!(Minor::parse("1.30+"), Some(Minor(30)));
        assert_eq!(Minor::parse("1.x"), None);
    }
}
