//! Image tags in values: read, set, and carried from one environment to another.
//!
//! A tag stands in the environment's own file, at `<system>.services.<service>.image.tag`. Where one is set,
//! the bytes of that scalar change and nothing else: comments, order and line ends stay. Depends on
//! [`crate::chart`] for the files of an environment and on `gift_plugin::yaml` for their places.

mod error;
mod file;

pub use error::PromotionError;
pub use file::{Change, Tag, TagFile};

use crate::chart::Environments;
use std::path::PathBuf;

/// Tags that are to stand in the file of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    file: TagFile,
    /// What each service asked for runs now, and is to run.
    pub changes: Vec<Change>,
}

/// The tags of an environment.
#[derive(Clone, Debug)]
pub struct Tags {
    name: String,
    own: TagFile,
    base: Option<TagFile>,
}

impl Tags {
    /// Those of `system/environment`.
    ///
    /// # Errors
    ///
    /// [`PromotionError`] when there is no such environment, or its files cannot be read.
    pub fn of(environments: &Environments, name: &str) -> Result<Self, PromotionError> {
        let mut files = environments.files(name)?;
        let system = name.split('/').next().unwrap_or(name);
        let missing = || PromotionError::NoFile { name: name.to_owned() };
        let own = TagFile::read(files.pop().ok_or_else(missing)?, system)?;
        let base = files.pop().map(|base| TagFile::read(base, system)).transpose()?;
        Ok(Self { name: name.to_owned(), own, base })
    }

    /// The file tags are set in.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.own.path().to_owned()
    }

    /// The tags the environment's own file states, in its order.
    #[must_use]
    pub fn stated(&self) -> Vec<Tag> {
        self.own.tags()
    }

    /// The tag of a service: of the environment's own file, else of the base.
    ///
    /// # Errors
    ///
    /// [`PromotionError`] when neither states one.
    pub fn get(&self, service: &str) -> Result<Tag, PromotionError> {
        match (self.own.get(service), &self.base) {
            (Err(PromotionError::NoTag { .. }), Some(base)) => base.get(service),
            (found, _) => found,
        }
    }

    /// What it takes for services to run other tags: `None` for all whose tags the environment states.
    fn running(
        self,
        services: &[String],
        tag: impl Fn(&str) -> Result<String, PromotionError>,
    ) -> Result<Promotion, PromotionError> {
        let mut file = self.own;
        let stated = file.tags();
        let services: Vec<String> = if services.is_empty() {
            stated.into_iter().map(|tag| tag.service).collect()
        } else {
            services.to_vec()
        };
        if services.is_empty() {
            return Err(PromotionError::NoTags { path: file.path().to_owned(), name: self.name });
        }
        let mut changes = Vec::new();
        for service in services {
            if self.base.as_ref().is_some_and(|base| base.has_digest(&service)) {
                let path = self.base.map(|base| base.path().to_owned()).unwrap_or_default();
                return Err(PromotionError::Digest { path, service });
            }
            changes.push(file.set(&service, &tag(&service)?)?);
        }
        Ok(Promotion { file, changes })
    }
}

impl Promotion {
    /// Has the environment `to` run what `from` runs.
    ///
    /// # Errors
    ///
    /// [`PromotionError`] when an environment or a tag is missing, and nothing is written then.
    pub fn between(
        environments: &Environments,
        from: &str,
        to: &str,
        services: &[String],
    ) -> Result<Self, PromotionError> {
        let system = |name: &str| name.split('/').next().unwrap_or(name).to_owned();
        if system(from) != system(to) {
            return Err(PromotionError::Systems { from: from.to_owned(), to: to.to_owned() });
        }
        let source = Tags::of(environments, from)?;
        Tags::of(environments, to)?.running(services, |service| Ok(source.get(service)?.tag))
    }

    /// Has the environment run one tag.
    ///
    /// # Errors
    ///
    /// [`PromotionError`] when the environment, a service's tag or the tag itself is none, and nothing is
    /// written then.
    pub fn of_tag(
        environments: &Environments,
        to: &str,
        tag: &str,
        services: &[String],
    ) -> Result<Self, PromotionError> {
        Tags::of(environments, to)?.running(services, |_| Ok(tag.to_owned()))
    }

    /// The file that changes.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    /// Whether a tag is another than before.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.changes.iter().any(|change| change.before != change.after)
    }

    /// Writes the file, as a whole; leaves it alone when nothing changes.
    ///
    /// # Errors
    ///
    /// [`PromotionError::Write`].
    pub fn write(&self) -> Result<(), PromotionError> {
        if self.changes_something() { self.file.write() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
