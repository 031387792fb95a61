//! Releases: what changed since the version that was published last, and the version that this demands.
//!
//! Three things make a release, and each is compared by a part of its own: what values may say (`schema`), what is
//! rendered in every cell of the matrix (`rendered`), and what the policies refuse (`policies`). Each difference is a
//! [`Reason`] with its place and the part of the version it asks to be raised; [`version`] has the rules.
//!
//! ```no_run
//! use gift_harness::matrix::Matrix;
//! use gift_harness::release::{Options, review};
//!
//! let matrix = Matrix::load("tests/matrix.yaml")?;
//! let review = review(&Options::new(&matrix, "site")?, &mut |_event| {})?;
//! for reason in &review.reasons {
//!     println!("{}: {}: {}", reason.bump, reason.place, reason.message);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Depends on [`crate::matrix`], [`crate::run`] and [`crate::render`] for renderings, and on [`crate::publish`] for
//! the places charts are published in.

mod archive;
mod chart_file;
mod copy;
mod error;
mod files;
mod log;
mod metadata;
mod notes;
mod policies;
mod published;
mod reason;
mod rendered;
mod schema;
mod text;
pub mod version;

pub use error::ReleaseError;
pub use log::{Entry, Section, SectionKind};
pub use notes::{Edit, Preparation, prepare};
pub use published::{Location, Published};
pub use reason::{Area, Bump, Reason};

use crate::matrix::Matrix;
use crate::run::Plan;
use metadata::Metadata;
use semver::Version;

/// What is compared with what.
#[derive(Clone)]
pub struct Options {
    /// The cells, with the chart and the values of the tree.
    pub plan: Plan,
    /// Where charts are published.
    pub location: Location,
    /// The published version to compare with; the last when `None`.
    pub since: Option<Version>,
}

impl Options {
    /// Every cell of a matrix, against the last version in a folder, or at an address.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] when the place is none, or the matrix cannot be run.
    pub fn new(matrix: &Matrix, location: &str) -> Result<Self, ReleaseError> {
        let plan = Plan::of(matrix)?;
        Ok(Self { plan, location: Location::parse(location, false)?, since: None })
    }
}

/// What happens meanwhile, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The published version is here.
    Found {
        /// Its name and version.
        title: String,
    },
    /// No values were published beside the chart, so both versions are rendered with those of the tree.
    NoValues,
    /// Cells are rendered by both versions.
    Rendering {
        /// How many are done.
        done: usize,
        /// How many there are.
        cells: usize,
    },
}

/// What changed, and what it demands.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// The chart's name.
    pub name: String,
    /// The version in the tree's `Chart.yaml`.
    pub current: Version,
    /// The version it was compared with; `None` when nothing was published yet.
    pub published: Option<Version>,
    /// What changed, the gravest first.
    pub reasons: Vec<Reason>,
    /// How many cells both versions rendered.
    pub cells: usize,
}

impl Review {
    /// The gravest of the reasons; `None` when nothing changed.
    #[must_use]
    pub fn bump(&self) -> Option<Bump> {
        self.reasons.iter().map(|reason| reason.bump).max()
    }

    /// The lowest version that may be given to what there is. `None` when it is what was published.
    #[must_use]
    pub fn demanded(&self) -> Option<Version> {
        match &self.published {
            Some(published) => self.bump().map(|bump| version::demanded(published, bump)),
            None => Some(self.current.clone()),
        }
    }

    /// The version to give it: that of `Chart.yaml` where somebody raised it far enough, else what is demanded.
    #[must_use]
    pub fn proposed(&self) -> Option<Version> {
        self.demanded().map(
            |demanded| {
                if self.allows(&self.current) { self.current.clone() } else { demanded }
            },
        )
    }

    /// Whether a version says as much as what changed demands.
    #[must_use]
    pub fn allows(&self, version: &Version) -> bool {
        match &self.published {
            Some(published) => {
                version > published
                    && self.demanded().is_none_or(|demanded| version::is_enough(version, &demanded))
            }
            None => true,
        }
    }
}

/// Compares the tree with what was published.
///
/// # Errors
///
/// [`ReleaseError`] when what was published cannot be had, or one of the two cannot be read. A cell that cannot be
/// rendered is no error but a reason, where the published version rendered it.
pub fn review(options: &Options, tell: &mut dyn FnMut(Event)) -> Result<Review, ReleaseError> {
    let chart = &options.plan.chart;
    let current = Metadata::of(chart)?;
    let mut review = Review {
        name: current.name.clone(),
        current: current.version.clone(),
        published: None,
        reasons: Vec::new(),
        cells: 0,
    };
    let Some(published) = Published::find(&options.location, &current.name, options.since.as_ref())? else {
        return Ok(review);
    };
    tell(Event::Found { title: format!("{} {}", current.name, published.version) });
    let values = published_values(options, &published.version)?;
    if values.is_none() {
        tell(Event::NoValues);
    }
    let before = Metadata::of(published.folder())?;
    review.reasons.extend(metadata::compare(&before, &current));
    review.reasons.extend(schema::compare(published.folder(), chart, &published.version)?);
    review.reasons.extend(policies::compare(published.folder(), chart)?);
    let rendered = rendered::compare(&options.plan, &published, values.as_ref(), tell)?;
    review.cells = rendered.cells;
    review.reasons.extend(rendered.reasons);
    review.reasons.extend(files::compare(published.folder(), chart)?);
    if let Some(values) = &values {
        review.reasons.extend(files::compare(values.folder(), &options.plan.values_directory)?);
    }
    review.reasons.sort_by(|one, other| {
        (other.bump, one.area, &one.place, &one.message).cmp(&(
            one.bump,
            other.area,
            &other.place,
            &other.message,
        ))
    });
    review.published = Some(published.version);
    Ok(review)
}

/// The values that were published beside the chart, where the tree's are a package of their own.
fn published_values(options: &Options, version: &Version) -> Result<Option<Published>, ReleaseError> {
    let folder = &options.plan.values_directory;
    if !folder.join("Chart.yaml").is_file() {
        return Ok(None);
    }
    let name = Metadata::of(folder)?.name;
    match Published::find(&options.location, &name, Some(version)) {
        // The values may have been published later than the chart, or never.
        Err(ReleaseError::NoSuchVersion { .. }) => Ok(None),
        found => found,
    }
}
