//! What `Chart.yaml` says of a chart, as far as a release is concerned.

use super::error::at;
use super::text::Text;
use super::{Area, Bump, Reason, ReleaseError};
use gift_plugin::yaml::Node;
use semver::Version;
use std::path::Path;

/// Name, version and what it asks of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) version: Version,
    kubernetes: Option<String>,
    line: usize,
}

impl Metadata {
    /// Those of the chart, or the plugin, in a folder.
    pub(super) fn of(folder: &Path) -> Result<Self, ReleaseError> {
        let path = file_of(folder);
        let text = std::fs::read_to_string(&path).map_err(at(&path, "read"))?;
        Self::read(&text).map_err(|reason| ReleaseError::Text { path, reason })
    }

    fn read(text: &str) -> Result<Self, String> {
        let text = Text::read(text)?;
        let root = text.documents.first().map(|document| &document.root);
        let get = |key: &str| root.and_then(|root| root.get(key)).filter(|node| node.as_str().is_some());
        let must = |key: &str| {
            get(key)
                .and_then(Node::as_str)
                .map(str::to_owned)
                .ok_or(format!("`{key}` is missing, or is no text"))
        };
        let version = must("version")?;
        let version = Version::parse(&version).map_err(|error| {
            format!("the version {version:?} is not MAJOR.MINOR.PATCH as Semantic Versioning has it: {error}")
        })?;
        let kubernetes = get("kubeVersion");
        Ok(Self {
            name: must("name")?,
            version,
            line: kubernetes.map_or(1, |node| text.line(node)),
            kubernetes: kubernetes.and_then(Node::as_str).map(str::to_owned),
        })
    }
}

/// The file that says what a folder is: a chart, or a plugin.
pub(super) fn file_of(folder: &Path) -> std::path::PathBuf {
    let plugin = folder.join("plugin.yaml");
    if plugin.is_file() { plugin } else { folder.join("Chart.yaml") }
}

/// What changed in what a chart asks of a cluster.
pub(super) fn compare(before: &Metadata, after: &Metadata) -> Option<Reason> {
    let (bump, message) = match (&before.kubernetes, &after.kubernetes) {
        (before, after) if before == after => return None,
        (Some(before), None) => {
            (Bump::Minor, format!("kubeVersion was {before:?} and is not stated any more"))
        }
        (None, Some(after)) => (Bump::Major, format!("kubeVersion is {after:?} now, and was not stated")),
        (before, after) => {
            let told = |version: &Option<String>| version.clone().unwrap_or_default();
            let message = format!("kubeVersion was {:?} and is {:?}", told(before), told(after));
            (Bump::Major, format!("{message}: a cluster that was taken may be refused"))
        }
    };
    Some(Reason { bump, area: Area::Chart, place: format!("Chart.yaml:{}", after.line), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_clusters_are_another_major_version() {
        let of = |kubernetes: &str| {
            Metadata::read(&format!("apiVersion: v2\nname: web\nversion: 1.0.0\n{kubernetes}")).unwrap()
        };
        let compare = |before: &str, after: &str| compare(&of(before), &of(after)).map(|reason| reason.bump);
        let (old, new) = ("kubeVersion: '>=1.19'\n", "kubeVersion: '>=1.30'\n");
        assert_eq!(compare(old, old), None);
        assert_eq!(compare(old, new), Some(Bump::Major));
        assert_eq!(compare("", new), Some(Bump::Major));
        assert_eq!(compare(old, ""), Some(Bump::Minor));
        let reason = super::compare(&of(old), &of(new)).unwrap();
        assert_eq!(reason.place, "Chart.yaml:4");
    }

    #[test]
    fn what_is_no_version_is_told() {
        let told = Metadata::read("name: web\nversion: v1\n").unwrap_err();
        assert!(told.contains("MAJOR.MINOR.PATCH"), "{told}");
    }
}
