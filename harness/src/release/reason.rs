//! What speaks for a new version.

use std::fmt;

/// The part of a version that is raised, as Semantic Versioning has it from 1.0.0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// Nobody has to notice.
    Patch,
    /// There is more than before.
    Minor,
    /// Somebody has to act.
    Major,
}

impl Bump {
    /// `major`, `minor` or `patch`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// What it was seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// What values may say.
    Schema,
    /// What is rendered.
    Rendered,
    /// What is refused.
    Policies,
    /// What the chart says of itself.
    Chart,
}

impl Area {
    /// One word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Rendered => "rendered",
            Self::Policies => "policies",
            Self::Chart => "chart",
        }
    }
}

/// One change, and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The part of the version that it asks to be raised.
    pub bump: Bump,
    /// What it was seen in.
    pub area: Area,
    /// Where: `values.schema.json:12`, `templates/deployment.yaml, in shop/prod helm4`.
    pub place: String,
    /// What changed.
    pub message: String,
}
