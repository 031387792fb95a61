//! An OCI registry, to which Helm itself pushes: what a registry is told is then what every Helm expects.
//!
//! A registry lets anybody move a tag, so what is there is looked at first. Two who publish different bytes of the
//! same version at the same moment are not kept apart; only a registry with immutable tags does that.

use super::error::PublishError;
use super::helm::Helm;
use super::metadata::Kind;
use super::package::Package;
use super::repository::Outcome;

/// A place in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Its address: `oci://registry.example/charts`.
    pub address: String,
    /// Whether it is spoken to without TLS.
    pub plain_http: bool,
}

impl Registry {
    pub(super) fn look(&self, helm: &Helm, package: &Package) -> Result<Outcome, PublishError> {
        if package.metadata.kind != Kind::Chart {
            return Err(PublishError::Destination {
                destination: self.address.clone(),
                reason: "Helm pushes charts alone to registries; publish this to a folder".to_owned(),
            });
        }
        match helm.published(package, self)? {
            None => Ok(Outcome::Added),
            Some(digest) if digest == package.digest => Ok(Outcome::Unchanged),
            Some(published) => Err(PublishError::Taken {
                name: package.metadata.name.clone(),
                version: package.metadata.version.to_string(),
                place: self.address.clone(),
                published,
                digest: package.digest.clone(),
            }),
        }
    }

    pub(super) fn publish(
        &self,
        helm: &Helm,
        package: &Package,
        signature: Option<&[u8]>,
    ) -> Result<Outcome, PublishError> {
        let outcome = self.look(helm, package)?;
        if outcome == Outcome::Added {
            helm.push(package, signature, self)?;
        }
        Ok(outcome)
    }

    pub(super) fn refused(&self, package: &Package, reason: String) -> PublishError {
        PublishError::Registry { registry: self.address.clone(), package: package.title(), reason }
    }
}
