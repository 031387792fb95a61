//! A folder as the archive Helm takes: the same files give the same bytes, on any machine.
//!
//! Times come from `SOURCE_DATE_EPOCH`, and are 1980-01-01 without it; owners, order and modes are always the
//! same. Which files go in is decided as Helm decides it. Depends on [`super::archive`], [`super::crates`],
//! [`super::ignore`] and [`super::metadata`].

use super::archive::{self, ArchiveFile};
use super::crates::Crates;
use super::error::{PublishError, at};
use super::ignore::IgnoreRules;
use super::metadata::{Kind, Metadata};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// 1980-01-01, the first day every format of archives can tell.
const TIME: u64 = 315_532_800;

/// An archive and what there is to tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Name and version.
    pub metadata: Metadata,
    /// The name it is published under: `gift-1.2.0.tgz`.
    pub file_name: String,
    /// The archive.
    pub bytes: Vec<u8>,
    /// The SHA-256 of the archive, in hexadecimal.
    pub digest: String,
    /// What is in it: paths below its folder, and sizes in bytes.
    pub contents: Vec<(String, usize)>,
    /// The time of its files, in seconds since 1970.
    pub time: u64,
}

impl Package {
    /// Packs the chart or the plugin in a folder.
    ///
    /// ```no_run
    /// use gift_harness::publish::Package;
    ///
    /// let package = Package::of("chart")?;
    /// println!("{} sha256:{}", package.file_name, package.digest);
    /// # Ok::<(), gift_harness::publish::PublishError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PublishError`] when it is neither, or Helm would not take it.
    pub fn of(folder: impl AsRef<Path>) -> Result<Self, PublishError> {
        Self::with(folder.as_ref(), &[], None)
    }

    /// Packs it with further files, for one platform: a plugin with what it runs.
    ///
    /// # Errors
    ///
    /// [`PublishError`] as for [`Package::of`], and for a chart with further files or a platform.
    pub fn with(folder: &Path, additions: &[Addition], platform: Option<&str>) -> Result<Self, PublishError> {
        let (kind, file) = [(Kind::Chart, "Chart.yaml"), (Kind::Plugin, "plugin.yaml")]
            .into_iter()
            .map(|(kind, name)| (kind, folder.join(name)))
            .find(|(_, file)| file.is_file())
            .ok_or_else(|| PublishError::NothingToPublish(folder.to_owned()))?;
        let metadata = Metadata::read(&file, kind)?;
        let mut files = files_of(folder, kind)?;
        if kind == Kind::Chart {
            require_dependencies(folder, &metadata, &files)?;
            if platform.is_some() || !additions.is_empty() {
                let reason = "a chart is its folder alone, for every platform".to_owned();
                return Err(PublishError::Unpackable { path: folder.to_owned(), reason });
            }
        }
        for addition in additions {
            addition.collect(kind, &mut files)?;
        }
        sort(&mut files);
        if let Some([one, _]) = files.windows(2).find(|pair| pair[0].path == pair[1].path) {
            let reason = "there are two files of this name".to_owned();
            return Err(PublishError::Unpackable { path: PathBuf::from(&one.path), reason });
        }
        Self::pack(metadata, files, platform)
    }

    /// A program as it was built, under a name that tells its version and its platform.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when it cannot be read, or no platform is named.
    pub(super) fn program(
        file: &Path,
        crates: &Crates,
        platform: Option<&str>,
    ) -> Result<Self, PublishError> {
        let refused =
            |reason: &str| PublishError::Unpackable { path: file.to_owned(), reason: reason.to_owned() };
        let name = file
            .file_stem()
            .and_then(|name| name.to_str())
            .ok_or_else(|| refused("its name is not UTF-8"))?;
        let platform = platform.ok_or_else(|| refused("a program is for one platform, and none is named"))?;
        let built_from = crates.all.first().ok_or_else(|| refused("it is built from no crate"))?;
        let metadata = Metadata::of_program(name, built_from);
        let bytes = std::fs::read(file).map_err(at(file, "read"))?;
        let ending = if platform.starts_with("windows-") { ".exe" } else { "" };
        Ok(Self {
            file_name: format!("{name}-{}-{platform}{ending}", metadata.version),
            digest: sha256(&bytes),
            contents: vec![(name.to_owned(), bytes.len())],
            time: source_time(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref())?,
            metadata,
            bytes,
        })
    }

    fn pack(
        metadata: Metadata,
        files: Vec<ArchiveFile>,
        platform: Option<&str>,
    ) -> Result<Self, PublishError> {
        let time = source_time(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref())?;
        let bytes = archive::pack(&metadata.name, &files, time).map_err(|error| {
            PublishError::Unpackable { path: PathBuf::from(&metadata.name), reason: error.to_string() }
        })?;
        let platform = platform.map(|platform| format!("-{platform}")).unwrap_or_default();
        let file_name = format!("{}-{}{platform}.tgz", metadata.name, metadata.version);
        let contents = files.into_iter().map(|file| (file.path, file.bytes.len())).collect();
        Ok(Self { digest: sha256(&bytes), metadata, file_name, bytes, contents, time })
    }

    /// Name and version, for people.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.metadata.name, self.metadata.version)
    }
}

/// A file or a folder that is packed with a plugin and is not in its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Where it is in the package.
    pub path: String,
    /// Where it is now.
    pub source: PathBuf,
}

impl Addition {
    fn collect(&self, kind: Kind, files: &mut Vec<ArchiveFile>) -> Result<(), PublishError> {
        let is_below =
            !self.path.is_empty() && !self.path.split('/').any(|part| ["", ".", ".."].contains(&part));
        if !is_below || self.path.contains('\\') {
            let reason = format!("{:?} is no path below the package's folder", self.path);
            return Err(PublishError::Unpackable { path: self.source.clone(), reason });
        }
        if self.source.is_dir() {
            let rules = rules_of(&self.source)?;
            return collect(&self.source, &self.path, &rules, kind, files);
        }
        let bytes = std::fs::read(&self.source).map_err(at(&self.source, "read"))?;
        files.push(ArchiveFile { path: self.path.clone(), executable: is_program(&self.source), bytes });
        Ok(())
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String does not fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn source_time(variable: Option<&str>) -> Result<u64, PublishError> {
    match variable.filter(|text| !text.is_empty()) {
        Some(text) => text.trim().parse().map_err(|_| PublishError::SourceDate(text.to_owned())),
        None => Ok(TIME),
    }
}

fn rules_of(folder: &Path) -> Result<IgnoreRules, PublishError> {
    let path = folder.join(".helmignore");
    let text = match path.is_file() {
        true => std::fs::read_to_string(&path).map_err(at(&path, "read"))?,
        false => String::new(),
    };
    IgnoreRules::parse(&text).map_err(|(line, source)| PublishError::Ignore { path, line, source })
}

/// The files of the folder that go in.
fn files_of(folder: &Path, kind: Kind) -> Result<Vec<ArchiveFile>, PublishError> {
    let mut files = Vec::new();
    collect(folder, "", &rules_of(folder)?, kind, &mut files)?;
    Ok(files)
}

/// What says what it is first, as Helm writes it, the others by their paths.
fn sort(files: &mut [ArchiveFile]) {
    files.sort_by(|one, other| {
        let rank = |file: &ArchiveFile| !["Chart.yaml", "plugin.yaml"].contains(&file.path.as_str());
        (rank(one), &one.path).cmp(&(rank(other), &other.path))
    });
}

fn collect(
    folder: &Path,
    below: &str,
    rules: &IgnoreRules,
    kind: Kind,
    files: &mut Vec<ArchiveFile>,
) -> Result<(), PublishError> {
    for entry in std::fs::read_dir(folder).map_err(at(folder, "read"))? {
        let entry = entry.map_err(at(folder, "read"))?;
        let from = entry.path();
        let refused =
            |reason: &str| PublishError::Unpackable { path: from.clone(), reason: reason.to_owned() };
        let name = entry.file_name().into_string().map_err(|_| refused("its name is not UTF-8"))?;
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        // What a link leads to may be elsewhere tomorrow.
        let file_type = entry.file_type().map_err(at(&from, "read"))?;
        if rules.ignores(&path, file_type.is_dir()) {
            continue;
        }
        if file_type.is_dir() {
            collect(&from, &path, rules, kind, files)?;
        } else if file_type.is_file() {
            let bytes = std::fs::read(&from).map_err(at(&from, "read"))?;
            // A chart has no programs; whether a checkout keeps the bit is no part of it.
            let executable = kind == Kind::Plugin && is_program(&from);
            files.push(ArchiveFile { path, executable, bytes });
        } else {
            return Err(refused(if file_type.is_symlink() {
                "it is a symbolic link, and what it leads to is no part of the folder"
            } else {
                "it is neither a file nor a folder"
            }));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "exe")
}

/// Helm does not install a chart without those it depends on.
fn require_dependencies(
    folder: &Path,
    metadata: &Metadata,
    files: &[ArchiveFile],
) -> Result<(), PublishError> {
    for name in metadata.dependencies() {
        let there = files.iter().filter_map(|file| file.path.strip_prefix("charts/")).any(|path| {
            path.strip_prefix(name).is_some_and(|rest| {
                rest.starts_with('/') || (rest.starts_with('-') && rest.ends_with(".tgz"))
            })
        });
        if !there {
            return Err(PublishError::Dependency { path: folder.to_owned(), missing: name.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn chart(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in
            [("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")].iter().chain(files)
        {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn the_same_files_are_the_same_package_wherever_they_are() {
        let files = [("values.yaml", "a: 1\n"), ("templates/b.yaml", "b"), ("templates/a.yaml", "a")];
        let one = Package::of(chart(&files).path()).unwrap();
        let other = chart(&files);
        // Other times and modes.
        fs::File::open(other.path().join("values.yaml"))
            .unwrap()
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(one, Package::of(other.path()).unwrap());
        assert_eq!(one.file_name, "web-1.0.0.tgz");
        let paths: Vec<_> = one.contents.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["Chart.yaml", "templates/a.yaml", "templates/b.yaml", "values.yaml"]);
        let changed = Package::of(chart(&[("values.yaml", "a: 2\n")]).path()).unwrap();
        assert_ne!(one.digest, changed.digest);
    }

    #[test]
    fn a_chart_without_what_it_depends_on_is_refused() {
        let needs = (
            "Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: db, version: 1.0.0}\n",
        );
        let error = Package::of(chart(&[needs]).path()).unwrap_err();
        assert!(error.to_string().ends_with("depends on db, which is not in its charts/"), "{error}");
        Package::of(chart(&[needs, ("charts/db-1.0.0.tgz", "")]).path()).unwrap();
        Package::of(chart(&[needs, ("charts/db/Chart.yaml", "")]).path()).unwrap();
        assert!(Package::of(chart(&[needs, ("charts/db2/Chart.yaml", "")]).path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_refused_unless_it_is_left_out() {
        let folder = chart(&[]);
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("secret.txt")).unwrap();
        let error = Package::of(folder.path()).unwrap_err();
        assert!(error.to_string().contains("secret.txt cannot be packed"), "{error}");
        fs::write(folder.path().join(".helmignore"), "secret.txt\n").unwrap();
        Package::of(folder.path()).unwrap();
    }

    #[test]
    fn the_time_is_told_or_a_fixed_one() {
        assert_eq!(source_time(None).unwrap(), TIME);
        assert_eq!(source_time(Some("12")).unwrap(), 12);
        assert!(source_time(Some("yesterday")).unwrap_err().to_string().contains("yesterday"));
    }
}
