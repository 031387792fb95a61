//! Schemas of custom resources, as arguments name them.

use super::failure::Failure;
use gift_harness::schema::{CustomSchemas, Minor, Schemas};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the schemas of custom resources come from, beside those of the stream itself.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SchemaArguments {
    /// A folder with CustomResourceDefinitions to hold custom resources against; may be given several times
    #[arg(long, value_name = "DIR")]
    schemas: Vec<PathBuf>,
}

impl SchemaArguments {
    /// Reads them.
    pub(crate) fn read(&self) -> Result<Schemas, Failure> {
        self.add_to(Schemas::default())
    }

    /// Reads them, to count before others.
    pub(crate) fn add_to(&self, mut schemas: Schemas) -> Result<Schemas, Failure> {
        for folder in &self.schemas {
            schemas = schemas.with(Arc::new(CustomSchemas::of_folder(folder)?));
        }
        Ok(schemas)
    }
}

/// Reads a Kubernetes version.
pub(crate) fn kubernetes_version(text: &str) -> Result<Minor, String> {
    Minor::parse(text).ok_or_else(|| "a Kubernetes version is written as 1.34".to_owned())
}
