//! What was published: the package of one version, unpacked.
//!
//! A folder is read as it is; from a web server or a registry Helm gets it, so that what Helm takes, logins and
//! mirrors included, is what is compared with. Depends on [`crate::publish`] for its places and for
//! Helm.

use super::error::at;
use super::text::Text;
use super::{ReleaseError, archive};
use crate::publish::{Destination, PublishError, helm, sha256};
use semver::Version;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where charts are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A chart repository in a folder.
    Folder(PathBuf),
    /// A chart repository on a web server.
    Web(String),
    /// A registry: `oci://registry.example/charts`.
    Registry {
        /// Its address.
        address: String,
        /// Whether it is spoken to without TLS.
        plain_http: bool,
    },
}

impl Location {
    /// Reads `site`, `https://charts.example.com` or `oci://registry.example/charts`.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::Publish`] for any other address.
    pub fn parse(text: &str, plain_http: bool) -> Result<Self, ReleaseError> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Web(text.trim_end_matches('/').to_owned()));
        }
        Ok(match Destination::parse(text, plain_http)? {
            Destination::Folder(folder) if folder.is_dir() => Self::Folder(folder),
            Destination::Folder(_) => {
                let reason = "there is no such folder".to_owned();
                return Err(PublishError::Destination { destination: text.to_owned(), reason }.into());
            }
            Destination::Registry(registry) => Self::Registry { address: registry.address, plain_http },
        })
    }

    fn told(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Web(address) | Self::Registry { address, .. } => address.clone(),
        }
    }
}

/// A version that was published.
#[derive(Debug)]
pub struct Published {
    /// Its version.
    pub version: Version,
    chart: PathBuf,
    // Gone with it.
    _unpacked: TempDir,
}

impl Published {
    /// A version of a chart, or the last: the highest that is a release, or the highest there is when none is.
    /// `None` when nothing of that name was published there.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] when it cannot be had, or is not what the index says.
    pub fn find(
        location: &Location,
        name: &str,
        version: Option<&Version>,
    ) -> Result<Option<Self>, ReleaseError> {
        let folder = tempfile::Builder::new().prefix("gift-release-").tempdir();
        let folder = folder.map_err(at(std::env::temp_dir(), "written"))?;
        let package = match location {
            Location::Folder(site) => from_folder(site, name, version)?,
            _ => from_server(location, name, version, folder.path())?,
        };
        let Some((package, bytes)) = package else { return Ok(None) };
        let chart = archive::unpack(&bytes, folder.path())
            .map_err(|reason| ReleaseError::Archive { package: package.clone(), reason })?;
        let version = super::metadata::Metadata::of(&chart)?.version;
        Ok(Some(Self { version, chart, _unpacked: folder }))
    }

    /// The folder it is unpacked in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.chart
    }
}

type Package = (String, Vec<u8>);

fn from_folder(site: &Path, name: &str, version: Option<&Version>) -> Result<Option<Package>, ReleaseError> {
    let index = site.join("index.yaml");
    if !index.exists() {
        let mut files = std::fs::read_dir(site).map_err(at(site, "read"))?;
        if files.next().is_none() {
            // Where the first version is to go.
            return Ok(None);
        }
        let reason = "there is no index.yaml in it, so it is no chart repository".to_owned();
        return Err(PublishError::Destination { destination: site.display().to_string(), reason }.into());
    }
    let text = std::fs::read_to_string(&index).map_err(at(&index, "read"))?;
    let wrong = |reason: String| ReleaseError::Text { path: index.clone(), reason };
    let root = Text::read(&text).map_err(wrong)?.value();
    let entries = root.get("entries").and_then(|entries| entries.get(name)).and_then(Value::as_array);
    let mut known: Vec<(Version, &Value)> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some((Version::parse(entry.get("version")?.as_str()?).ok()?, entry)))
        .collect();
    known.sort_by(|one, other| one.0.cmp(&other.0));
    let last = || known.iter().rev().find(|(version, _)| version.pre.is_empty()).or(known.last());
    let found = match version {
        None => last(),
        Some(version) => known.iter().find(|(known, _)| known == version),
    };
    let Some((_, entry)) = found else {
        return match version.filter(|_| !known.is_empty()) {
            None => Ok(None),
            Some(version) => Err(ReleaseError::NoSuchVersion {
                name: name.to_owned(),
                version: version.clone(),
                location: site.display().to_string(),
                known: known.iter().map(|(version, _)| version.to_string()).collect(),
            }),
        };
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let url = text(entry.get("urls").and_then(|urls| urls.get(0)));
    // Whatever address stands before it, the package is beside the index.
    let package = url.rsplit('/').next().unwrap_or_default().to_owned();
    if package.is_empty() {
        return Err(wrong(format!("an entry of {name} has no address")));
    }
    let path = site.join(&package);
    let bytes = std::fs::read(&path).map_err(at(&path, "read"))?;
    let (expected, actual) = (text(entry.get("digest")), sha256(&bytes));
    if !expected.is_empty() && expected.trim_start_matches("sha256:") != actual {
        return Err(ReleaseError::Digest { package, expected, actual });
    }
    Ok(Some((package, bytes)))
}

fn from_server(
    location: &Location,
    name: &str,
    version: Option<&Version>,
    folder: &Path,
) -> Result<Option<Package>, ReleaseError> {
    let mut told = match pull(location, name, version, false, folder)? {
        Ok(package) => return Ok(Some(package)),
        Err(told) => told,
    };
    if version.is_none() {
        // There may be nothing yet but what comes before a release.
        told = match pull(location, name, version, true, folder)? {
            Ok(package) => return Ok(Some(package)),
            Err(told) => told,
        };
    }
    let is_absent = match location {
        Location::Registry { .. } => helm::is_absent(&told) || told.contains("Could not locate"),
        // A page that is missing is told with its number.
        _ => told.contains("not found in") && !told.contains("404"),
    };
    match version {
        _ if !is_absent => {
            Err(ReleaseError::Pull { location: location.told(), name: name.to_owned(), reason: told })
        }
        None => Ok(None),
        Some(version) => Err(ReleaseError::NoSuchVersion {
            name: name.to_owned(),
            version: version.clone(),
            location: location.told(),
            known: Vec::new(),
        }),
    }
}

/// What Helm pulled, or what it said.
fn pull(
    location: &Location,
    name: &str,
    version: Option<&Version>,
    before_releases: bool,
    folder: &Path,
) -> Result<Result<Package, String>, ReleaseError> {
    let program = helm::program()?;
    let to = folder.join("pulled");
    std::fs::create_dir_all(&to).map_err(at(&to, "written"))?;
    let mut command = helm::command(&program);
    command.arg("pull").arg("--destination").arg(&to);
    match location {
        Location::Registry { address, plain_http } => {
            command.arg(format!("{address}/{name}")).args(plain_http.then_some("--plain-http"));
        }
        _ => drop(command.arg(name).arg("--repo").arg(location.told())),
    }
    command.args(before_releases.then_some("--devel"));
    if let Some(version) = version {
        command.arg("--version").arg(version.to_string());
    }
    let output = command.output().map_err(at(&program, "run"))?;
    if !output.status.success() {
        return Ok(Err(helm::told(&output)));
    }
    for entry in std::fs::read_dir(&to).map_err(at(&to, "read"))? {
        let path = entry.map_err(at(&to, "read"))?.path();
        if path.extension().is_some_and(|extension| extension == "tgz") {
            let bytes = std::fs::read(&path).map_err(at(&path, "read"))?;
            let package = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(Ok((package, bytes)));
        }
    }
    Ok(Err("Helm says it pulled the chart, and left no package".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::{self, Options};
    use std::fs;

    fn publish(site: &Path, version: &str) {
        let chart = tempfile::tempdir().unwrap();
        let text = format!("apiVersion: v2\nname: web\nversion: {version}\n");
        fs::write(chart.path().join("Chart.yaml"), text).unwrap();
        let mut options = Options::new(chart.path()).to(Destination::Folder(site.to_owned()));
        (options.lint, options.committed_only) = (false, false);
        publish::publish(&options, &mut |_| {}).unwrap();
    }

    fn found(site: &Path, version: Option<&str>) -> Result<Option<String>, ReleaseError> {
        let version = version.map(|version| version.parse().unwrap());
        let location = Location::parse(site.to_str().unwrap(), false)?;
        Ok(Published::find(&location, "web", version.as_ref())?.map(|found| found.version.to_string()))
    }

    #[test]
    fn the_last_version_is_the_highest_release() {
        let site = tempfile::tempdir().unwrap();
        assert_eq!(found(site.path(), None).unwrap(), None, "nothing yet");
        publish(site.path(), "0.9.0-rc.1");
        assert_eq!(found(site.path(), None).unwrap().as_deref(), Some("0.9.0-rc.1"), "nothing else");
        for version in ["0.10.0", "0.9.0", "0.11.0-rc.1"] {
            publish(site.path(), version);
        }
        assert_eq!(found(site.path(), None).unwrap().as_deref(), Some("0.10.0"));
        assert_eq!(found(site.path(), Some("0.9.0")).unwrap().as_deref(), Some("0.9.0"));
        let error = found(site.path(), Some("0.8.0")).unwrap_err();
        assert!(error.to_string().contains("published are: 0.9.0-rc.1, 0.9.0, 0.10.0"), "{error}");
    }

    #[test]
    fn a_package_that_was_tampered_with_is_refused() {
        let site = tempfile::tempdir().unwrap();
        publish(site.path(), "1.0.0");
        let path = site.path().join("web-1.0.0.tgz");
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(matches!(found(site.path(), None), Err(ReleaseError::Digest { .. })));
    }

    #[test]
    fn a_place_that_is_none_is_told() {
        assert!(Location::parse("nowhere", false).unwrap_err().to_string().contains("no such folder"));
        assert!(Location::parse("ftp://a", false).is_err());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Chart.yaml"), "").unwrap();
        let told = found(folder.path(), None).unwrap_err().to_string();
        assert!(told.contains("no chart repository"), "{told}");
    }
}
