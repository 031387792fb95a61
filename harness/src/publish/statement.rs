//! How a package came to be: an in-toto Statement, version 1, with SLSA's provenance, version 1, as its predicate.
//!
//! Everything in it follows from the commit, the package and the options: it holds no time and no number of a run,
//! and is the same bytes whoever publishes that commit. Depends on [`super::package`] and [`super::checkout`].

use super::checkout::Commit;
use super::documents::Document;
use super::package::{Package, sha256};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the fields of the build definition mean: docs/publishing.md.
const BUILD_TYPE: &str = "https://gift.dev/publish/v1";

/// Who is said to have built where nobody is named.
pub const BUILDER: &str = "https://gift.dev/publish/local";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    statement_type: &'static str,
    subject: Vec<Resource>,
    predicate_type: &'static str,
    predicate: Provenance,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Provenance {
    build_definition: BuildDefinition,
    run_details: RunDetails,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    build_type: &'static str,
    external_parameters: BTreeMap<&'static str, String>,
    resolved_dependencies: Vec<Resource>,
}

#[derive(Debug, Serialize)]
struct RunDetails {
    builder: Builder,
}

#[derive(Debug, Serialize)]
struct Builder {
    id: String,
    version: BTreeMap<&'static str, &'static str>,
}

/// A ResourceDescriptor: what is named by a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Resource {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    digest: BTreeMap<&'static str, String>,
}

impl Resource {
    /// A file by its SHA-256.
    pub(super) fn file(name: &str, digest: &str) -> Self {
        Self { name: Some(name.to_owned()), uri: None, digest: [("sha256", digest.to_owned())].into() }
    }

    fn commit(commit: &Commit, source: Option<&str>) -> Self {
        // Where this copy came from is no part of it, and may hold a password.
        let uri = source.map(|source| format!("git+{source}@{}", commit.id));
        let name = uri.is_none().then(|| "source".to_owned());
        Self { name, uri, digest: [("gitCommit", commit.id.clone())].into() }
    }
}

/// Who says so, and of what else.
#[derive(Clone, Debug)]
pub(super) struct Circumstances<'a> {
    /// Whoever is to be trusted with it: an address.
    pub(super) builder: &'a str,
    pub(super) commit: &'a Commit,
    /// Files that were built or taken beside the folder, by digest.
    pub(super) materials: Vec<Resource>,
    pub(super) platform: Option<&'a str>,
}

/// The statement on a package, and on the documents published with it.
pub(super) fn statement(
    package: &Package,
    documents: &[Document],
    circumstances: Circumstances<'_>,
) -> serde_json::Result<Vec<u8>> {
    let Circumstances { builder, commit, materials, platform } = circumstances;
    let mut subject = vec![Resource::file(&package.file_name, &package.digest)];
    subject.extend(documents.iter().map(|document| Resource::file(&document.name, &sha256(&document.bytes))));
    let mut external_parameters = BTreeMap::from([("folder", commit.folder.clone())]);
    external_parameters.extend(platform.map(|platform| ("platform", platform.to_owned())));
    external_parameters.insert("sourceDateEpoch", package.time.to_string());
    let mut resolved_dependencies = vec![Resource::commit(commit, package.metadata.source())];
    resolved_dependencies.extend(materials);
    let statement = Statement {
        statement_type: "https://in-toto.io/Statement/v1",
        subject,
        predicate_type: "https://slsa.dev/provenance/v1",
        predicate: Provenance {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE,
                external_parameters,
                resolved_dependencies,
            },
            run_details: RunDetails {
                builder: Builder {
                    id: builder.to_owned(),
                    version: [("gift", env!("CARGO_PKG_VERSION"))].into(),
                },
            },
        },
    };
    let mut bytes = serde_json::to_vec_pretty(&statement)?;
    bytes.push(b'\n');
    Ok(bytes)
}
