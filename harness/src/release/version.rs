//! Which version a change demands.
//!
//! From 1.0.0 on it is what Semantic Versioning says. Below, where that promises nothing, it is what package
//! registries have made of it: the first part that is not zero is raised for what breaks, the one behind it for the
//! rest, so 0.4.1 may become 0.4.2 with something new in it, and becomes 0.5.0 when something breaks.
//!
//! Depends on [`semver`], and on [`jiff`] for the day.

use super::Bump;
use semver::{Prerelease, Version};

/// The lowest version that follows `published` after a change.
///
/// ```
/// use gift_harness::release::{Bump, version::demanded};
///
/// let next = |published: &str, bump| demanded(&published.parse().unwrap(), bump).to_string();
/// assert_eq!(next("1.4.2", Bump::Major), "2.0.0");
/// assert_eq!(next("0.4.2", Bump::Major), "0.5.0");
/// assert_eq!(next("0.4.2", Bump::Minor), "0.4.3");
/// ```
#[must_use]
pub fn demanded(published: &Version, bump: Bump) -> Version {
    let Version { major, minor, patch, .. } = *published;
    if !published.pre.is_empty() {
        // What comes before a release promises nothing yet.
        return Version::new(major, minor, patch);
    }
    match (bump, major) {
        (Bump::Major, 0) => Version::new(0, minor + 1, 0),
        (Bump::Minor | Bump::Patch, 0) | (Bump::Patch, _) => Version::new(major, minor, patch + 1),
        (Bump::Major, _) => Version::new(major + 1, 0, 0),
        (Bump::Minor, _) => Version::new(major, minor + 1, 0),
    }
}

/// Whether a version is `demanded`, or one behind it, or one that is to become either.
#[must_use]
pub fn is_enough(version: &Version, demanded: &Version) -> bool {
    let core = Version { pre: Prerelease::EMPTY, build: semver::BuildMetadata::EMPTY, ..version.clone() };
    core >= *demanded
}

/// Why a change asks for this and no less, in a sentence.
#[must_use]
pub fn rule(published: &Version, bump: Bump) -> &'static str {
    match (bump, published.major, published.pre.is_empty()) {
        (_, _, false) => "what was published last was to become this version, and promised nothing",
        (Bump::Major, 0, _) => "something breaks, which below 1.0.0 is a new minor version",
        (_, 0, _) => "nothing breaks, which below 1.0.0 is a patch",
        (Bump::Major, ..) => "something breaks, which is a new major version",
        (Bump::Minor, ..) => "there is something new and nothing breaks, which is a new minor version",
        (Bump::Patch, ..) => "nothing breaks and nothing is new, which is a patch",
    }
}

/// The day of a release, as a changelog has it: today, or that of `SOURCE_DATE_EPOCH`.
#[must_use]
pub fn today() -> String {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.trim().parse().ok());
    let told = told.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let now = told.unwrap_or_else(jiff::Timestamp::now).to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_is_raised_depends_on_what_changed_and_on_the_first_part() {
        for (published, patch, minor, major) in [
            ("1.4.2", "1.4.3", "1.5.0", "2.0.0"),
            ("0.4.2", "0.4.3", "0.4.3", "0.5.0"),
            ("0.0.7", "0.0.8", "0.0.8", "0.1.0"),
            ("2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"),
            ("1.4.2+build", "1.4.3", "1.5.0", "2.0.0"),
        ] {
            let published = published.parse().unwrap();
            let next =
                [Bump::Patch, Bump::Minor, Bump::Major].map(|bump| demanded(&published, bump).to_string());
            assert_eq!(next, [patch, minor, major], "{published}");
        }
    }

    #[test]
    fn more_than_is_demanded_is_enough_and_so_is_a_version_on_the_way_there() {
        let is_enough =
            |version: &str, demanded: &str| is_enough(&version.parse().unwrap(), &demanded.parse().unwrap());
        assert!(
            is_enough("2.0.0", "2.0.0") && is_enough("3.1.0", "2.0.0") && is_enough("2.0.0-rc.1", "2.0.0")
        );
        assert!(!is_enough("1.9.9", "2.0.0") && !is_enough("1.5.0-rc.1", "2.0.0"));
    }
}
