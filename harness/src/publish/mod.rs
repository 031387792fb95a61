//! Publishing: a chart or a plugin as a package that is the same bytes for the same files, signed as Helm
//! verifies it, in a chart repository of static files or an OCI registry.
//!
//! What is published stays. The same version with other bytes is refused, and a process that ends at any moment,
//! or runs beside another, leaves a repository in which every version that was there still is, and every version
//! the index names can be had.
//!
//! ```no_run
//! use gift_harness::publish::{self, Destination, Options};
//!
//! let options = Options::new("chart").to(Destination::parse("site", false)?);
//! let publication = publish::publish(&options, &mut |_event| {})?;
//! assert_eq!(publication.places.len(), 1);
//! # Ok::<(), gift_harness::publish::PublishError>(())
//! ```
//!
//! Depends on [`crate::tools`] for Helm, and on git and GnuPG where they are asked for.

mod archive;
mod checkout;
mod error;
mod helm;
mod ignore;
mod index;
mod metadata;
mod package;
mod provenance;
mod registry;
mod repository;
mod text;

pub use archive::ArchiveFile;
pub use error::PublishError;
pub use ignore::IgnoreError;
pub use metadata::{Kind, Metadata};
pub use package::{Addition, Package};
pub use provenance::Signer;
pub use registry::Registry;
pub use repository::{KEYRING, Outcome};

use helm::Helm;
use jiff::Timestamp;
use repository::{Repository, Signature};
use std::path::PathBuf;

/// What is published, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the chart or the plugin.
    pub folder: PathBuf,
    /// Where to.
    pub destinations: Vec<Destination>,
    /// Put before the names of packages in an index; without it they are where the index is.
    pub url: Option<String>,
    /// What is packed with a plugin and is not in its folder.
    pub additions: Vec<Addition>,
    /// The platform a plugin is for, behind the version in the name of its package.
    pub platform: Option<String>,
    /// Who signs.
    pub signer: Option<Signer>,
    /// Whether Helm is asked first whether it takes a chart.
    pub lint: bool,
    /// Whether only what is committed is published.
    pub committed_only: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

impl Options {
    /// What is in a folder, checked, to nowhere yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            destinations: Vec::new(),
            url: None,
            additions: Vec::new(),
            platform: None,
            signer: None,
            lint: true,
            committed_only: true,
            dry_run: false,
        }
    }

    /// With one more destination.
    #[must_use]
    pub fn to(mut self, destination: Destination) -> Self {
        self.destinations.push(destination);
        self
    }
}

/// Where something is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A folder that a server of static files serves.
    Folder(PathBuf),
    /// A registry.
    Registry(Registry),
}

impl Destination {
    /// Reads `site` or `oci://registry.example/charts`.
    ///
    /// # Errors
    ///
    /// [`PublishError::Destination`] for any other address.
    pub fn parse(text: &str, plain_http: bool) -> Result<Self, PublishError> {
        let wrong = |reason: &str| {
            Err(PublishError::Destination { destination: text.to_owned(), reason: reason.to_owned() })
        };
        match text.split_once("://") {
            Some(("oci", "")) => wrong("the registry's host is missing"),
            Some(("oci", _)) => {
                let address = text.trim_end_matches('/').to_owned();
                Ok(Self::Registry(Registry { address, plain_http }))
            }
            Some(_) => wrong("only oci:// is pushed to; a web server serves a folder"),
            None if text.is_empty() => wrong("the name of the folder is empty"),
            None => Ok(Self::Folder(PathBuf::from(text))),
        }
    }
}

/// What happens meanwhile, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It is packed.
    Packed {
        /// The name of the package.
        file_name: String,
        /// Its size.
        bytes: usize,
        /// How many files are in it.
        files: usize,
    },
    /// Helm takes it.
    Linted,
    /// It is signed.
    Signed {
        /// The fingerprint of the key.
        fingerprint: String,
    },
    /// Another process is publishing to the same folder; this one waits for it.
    Waiting,
    /// What processes that ended before their time were writing is gone.
    Swept {
        /// How many files.
        files: usize,
    },
}

/// What was published, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The package.
    pub package: Package,
    /// What became of it in each destination, in their order.
    pub places: Vec<Place>,
}

/// What became of a package in one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The destination: a folder, or an address.
    pub destination: String,
    /// Where it is found: a path or an address below the destination.
    pub location: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether a signature was put beside it.
    pub signed: bool,
}

/// Packs, checks, signs and publishes; with [`Options::dry_run`], all but the last two.
///
/// # Errors
///
/// [`PublishError`]. Destinations before the one that failed have the package.
pub fn publish(options: &Options, tell: &mut dyn FnMut(Event)) -> Result<Publication, PublishError> {
    let package = Package::with(&options.folder, &options.additions, options.platform.as_deref())?;
    if options.committed_only {
        checkout::require_committed(&options.folder, &package)?;
    }
    tell(Event::Packed {
        file_name: package.file_name.clone(),
        bytes: package.bytes.len(),
        files: package.contents.len(),
    });
    let lints = options.lint && package.metadata.kind == Kind::Chart;
    let pushes = options.destinations.iter().any(|place| matches!(place, Destination::Registry(_)));
    let helm = if lints || pushes { Some(Helm::find()?) } else { None };
    if let Some(helm) = helm.as_ref().filter(|_| lints) {
        helm.lint(&package)?;
        tell(Event::Linted);
    }
    let now = now(std::env::var_os("SOURCE_DATE_EPOCH")
        .is_some_and(|told| !told.is_empty())
        .then_some(package.time));
    let mut signature = None;
    let mut places = Vec::new();
    for destination in &options.destinations {
        let seen = look(options, destination, helm.as_ref(), &package)?;
        let signs = options.signer.is_some() && (seen.outcome == Outcome::Added || !seen.signed);
        if options.dry_run {
            places.push(Place { signed: signs, ..seen });
            continue;
        }
        if let (true, Some(signer), None) = (signs, &options.signer, &signature) {
            let provenance = signer.sign(&package)?;
            signature = Some(Signature { provenance, public_key: signer.public_key()? });
            tell(Event::Signed { fingerprint: signer.fingerprint().to_owned() });
        }
        let signature = signature.as_ref().filter(|_| signs);
        let outcome = match (destination, &helm) {
            (Destination::Folder(folder), _) => {
                Repository::new(folder, options.url.clone()).publish(&package, signature, &now, tell)?
            }
            (Destination::Registry(registry), Some(helm)) => registry.publish(helm, &package, signature)?,
            (Destination::Registry(_), None) => seen.outcome,
        };
        places.push(Place { outcome, signed: signs, ..seen });
    }
    Ok(Publication { package, places })
}

/// What there is before anything is done.
fn look(
    options: &Options,
    destination: &Destination,
    helm: Option<&Helm>,
    package: &Package,
) -> Result<Place, PublishError> {
    Ok(match destination {
        Destination::Folder(folder) => {
            let repository = Repository::new(folder, options.url.clone());
            Place {
                destination: folder.display().to_string(),
                location: folder.join(&package.file_name).display().to_string(),
                outcome: repository.look(package)?,
                signed: repository.is_signed(package),
            }
        }
        Destination::Registry(registry) => Place {
            destination: registry.address.clone(),
            location: format!("{}/{}:{}", registry.address, package.metadata.name, package.metadata.version),
            outcome: match helm {
                Some(helm) => registry.look(helm, package)?,
                None => Outcome::Added,
            },
            // A signature that is pushed is part of what is there; there is no adding to it.
            signed: true,
        },
    })
}

/// The time an index tells, as RFC 3339.
fn now(told: Option<u64>) -> String {
    let told = told.and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    told.unwrap_or_else(Timestamp::now).to_string()
}
