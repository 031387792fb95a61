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
mod bill_of_materials;
mod checkout;
mod checksums;
mod crates;
mod documents;
mod envelope;
mod error;
pub(crate) mod helm;
mod ignore;
mod index;
mod metadata;
mod package;
mod process;
mod provenance;
mod registry;
mod repository;
mod signing_key;
mod statement;
mod text;

pub use archive::ArchiveFile;
pub use error::PublishError;
pub use ignore::IgnoreError;
pub use metadata::{Kind, Metadata};
pub(crate) use package::sha256;
pub use package::{Addition, Package};
pub use provenance::Signer;
pub use registry::Registry;
pub use repository::{KEYRING, Outcome};
pub use signing_key::SigningKey;
pub use statement::BUILDER;
pub(crate) use text::load;

use checkout::Commit;
use crates::Crates;
use documents::{Document, Signers, Subject};
use helm::Helm;
use jiff::Timestamp;
use repository::{PublicKey, Repository};
use std::path::{Path, PathBuf};

/// What is published, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the chart or the plugin, or a program.
    pub folder: PathBuf,
    /// Where to.
    pub destinations: Vec<Destination>,
    /// Put before the names of packages in an index; without it they are where the index is.
    pub url: Option<String>,
    /// What is packed with a plugin and is not in its folder.
    pub additions: Vec<Addition>,
    /// The platform a plugin is for, behind the version in the name of its package.
    pub platform: Option<String>,
    /// The `Cargo.toml` of the program that is published, or packed with a plugin.
    pub manifest: Option<PathBuf>,
    /// Who signs.
    pub signer: Option<Signer>,
    /// What else signs: a key for cosign and for verifiers of statements.
    pub signing_key: Option<SigningKey>,
    /// Who is said to have built it: an address, which whoever verifies it trusts or not.
    pub builder: String,
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
            manifest: None,
            signer: None,
            signing_key: None,
            builder: BUILDER.to_owned(),
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
    /// What was put beside it, signatures included: names of files.
    pub documents: Vec<String>,
}

/// Packs, checks, signs and publishes; with [`Options::dry_run`], all but the last two.
///
/// # Errors
///
/// [`PublishError`]. Destinations before the one that failed have the package.
pub fn publish(options: &Options, tell: &mut dyn FnMut(Event)) -> Result<Publication, PublishError> {
    let crates = match &options.manifest {
        Some(manifest) => Some(Crates::of(manifest, options.platform.as_deref())?),
        None => None,
    };
    let package = match &crates {
        _ if !options.folder.is_file() => {
            Package::with(&options.folder, &options.additions, options.platform.as_deref())?
        }
        Some(crates) => Package::program(&options.folder, crates, options.platform.as_deref())?,
        None => return Err(PublishError::Unexplained(options.folder.clone())),
    };
    let commit = commit(options, crates.as_ref(), &package)?;
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
    let now = now(is_time_told().then_some(package.time));
    let subject = Subject {
        package: &package,
        crates: crates.as_ref(),
        additions: &options.additions,
        commit: commit.as_ref(),
        builder: &options.builder,
        platform: options.platform.as_deref(),
    };
    let mut signing = Signing { options, package: &package, signed: Vec::new(), keys: None };
    let mut places = Vec::new();
    for destination in &options.destinations {
        places.push(match (destination, &helm) {
            (Destination::Folder(folder), _) => signing.publish_to_folder(folder, subject, &now, tell)?,
            (Destination::Registry(registry), Some(helm)) => {
                signing.push_to_registry(registry, helm, tell)?
            }
            (Destination::Registry(_), None) => continue,
        });
    }
    Ok(Publication { package, places })
}

/// What everything that is published was committed as; none where something was not.
fn commit(
    options: &Options,
    crates: Option<&Crates>,
    package: &Package,
) -> Result<Option<Commit>, PublishError> {
    let mut changed = Vec::new();
    if package.metadata.kind != Kind::Program {
        changed = checkout::uncommitted(&options.folder, package)?;
    }
    if let Some(crates) = crates {
        changed.extend(checkout::changed(&crates.workspace)?);
    }
    if !changed.is_empty() {
        return if options.committed_only { Err(PublishError::Uncommitted(changed)) } else { Ok(None) };
    }
    let folder = match (&options.manifest, package.metadata.kind) {
        (Some(manifest), Kind::Program) => manifest.parent().unwrap_or(Path::new(".")),
        _ => &options.folder,
    };
    let commit = checkout::commit(folder)?;
    Ok(commit
        .map(|commit| Commit { time: if is_time_told() { package.time } else { commit.time }, ..commit }))
}

/// What is signed once, for all destinations.
struct Signing<'a> {
    options: &'a Options,
    package: &'a Package,
    signed: Vec<Document>,
    keys: Option<Vec<PublicKey>>,
}

impl Signing<'_> {
    fn signers(&self) -> Signers<'_> {
        Signers { gnupg: self.options.signer.as_ref(), key: self.options.signing_key.as_ref() }
    }

    /// The signed documents of these names, made where they are not yet.
    fn signed(
        &mut self,
        documents: &[Document],
        names: &[String],
        tell: &mut dyn FnMut(Event),
    ) -> Result<Vec<Document>, PublishError> {
        let is_made = |name: &String| self.signed.iter().any(|document| &document.name == name);
        let wanted: Vec<_> = names.iter().filter(|name| !is_made(name)).cloned().collect();
        let made = documents::sign(self.package, documents, self.signers(), &wanted)?;
        if let (false, None, Some(signer)) = (made.is_empty(), &self.keys, &self.options.signer) {
            tell(Event::Signed { fingerprint: signer.fingerprint().to_owned() });
        }
        if self.keys.is_none() {
            self.keys = Some(self.signers().public_keys()?);
        }
        self.signed.extend(made);
        Ok(self.signed.iter().filter(|document| names.contains(&document.name)).cloned().collect())
    }

    fn publish_to_folder(
        &mut self,
        folder: &Path,
        subject: Subject<'_>,
        now: &str,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Place, PublishError> {
        let package = self.package;
        let repository = Repository::new(folder, self.options.url.clone());
        let outcome = repository.look(package)?;
        let kept = |name: &str| repository.kept(package, name);
        let mut documents = subject.documents(&kept)?;
        let mut names = documents::signed_names(package, &documents, self.signers());
        names.retain(|name| !matches!(kept(name), Ok(Some(_))));
        let signature = documents::signature_name(package);
        let mut place = Place {
            destination: folder.display().to_string(),
            location: folder.join(&package.file_name).display().to_string(),
            outcome,
            signed: names.contains(&signature),
            documents: Vec::new(),
        };
        for document in &documents {
            if kept(&document.name)?.is_none() {
                place.documents.push(document.name.clone());
            }
        }
        place.documents.extend(names.iter().cloned());
        if self.options.dry_run {
            return Ok(place);
        }
        if !names.is_empty() {
            documents.extend(self.signed(&documents, &names, tell)?);
        }
        let keys = self.keys.as_deref().filter(|_| !names.is_empty()).unwrap_or_default();
        place.outcome = repository.publish(package, &documents, keys, now, tell)?;
        Ok(place)
    }

    fn push_to_registry(
        &mut self,
        registry: &Registry,
        helm: &Helm,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Place, PublishError> {
        let package = self.package;
        let outcome = registry.look(helm, package)?;
        // A signature that is pushed is part of what is there; there is no adding to it.
        let signs = self.options.signer.is_some() && outcome == Outcome::Added;
        let name = documents::signature_name(package);
        let names = if signs { vec![name] } else { Vec::new() };
        let mut place = Place {
            destination: registry.address.clone(),
            location: format!("{}/{}:{}", registry.address, package.metadata.name, package.metadata.version),
            outcome,
            signed: signs,
            documents: names.clone(),
        };
        if self.options.dry_run {
            return Ok(place);
        }
        let signed = if signs { self.signed(&[], &names, tell)? } else { Vec::new() };
        let signature = signed.first().map(|document| document.bytes.as_slice());
        place.outcome = registry.publish(helm, package, signature)?;
        Ok(place)
    }
}

/// Whether `SOURCE_DATE_EPOCH` tells the time of everything.
fn is_time_told() -> bool {
    std::env::var_os("SOURCE_DATE_EPOCH").is_some_and(|told| !told.is_empty())
}

/// The time an index tells, as RFC 3339.
fn now(told: Option<u64>) -> String {
    let told = told.and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    told.unwrap_or_else(Timestamp::now).to_string()
}
