//! Finds the programs the harness drives: both Helms, those of the control plane, and SOPS.
//!
//! A tool is looked for in the environment variable that names it, then in the project's cache,
//! then in `PATH`, where its version must fit. Depends on [`crate::diagnosis`] and
//! [`crate::directories`].

use crate::diagnosis::{Category, Diagnose};
use crate::directories;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A major version of Helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HelmVersion {
    /// Helm 3.
    V3,
    /// Helm 4.
    V4,
}

impl HelmVersion {
    /// Both versions, the older first.
    pub const ALL: [Self; 2] = [Self::V3, Self::V4];

    /// The major version's number.
    #[must_use]
    pub const fn major(self) -> u32 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }

    /// The version with this major number.
    ///
    /// ```
    /// use gift_harness::tools::HelmVersion;
    ///
    /// assert_eq!(HelmVersion::from_major(4), Some(HelmVersion::V4));
    /// assert_eq!(HelmVersion::from_major(2), None);
    /// ```
    #[must_use]
    pub fn from_major(major: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.major() == major)
    }
}

impl fmt::Display for HelmVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "helm{}", self.major())
    }
}

/// A program that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is the program of that name")]
pub enum Tool {
    Helm(HelmVersion),
    HelmWorker(HelmVersion),
    Kubectl,
    Etcd,
    KubeApiserver,
    KubeControllerManager,
    KubeScheduler,
    Kwok,
    Kwokctl,
    Sops,
}

impl Tool {
    /// The name in the cache, and of the environment variable.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Helm(HelmVersion::V3) => "helm3",
            Self::Helm(HelmVersion::V4) => "helm4",
            Self::HelmWorker(HelmVersion::V3) => "helm3-worker",
            Self::HelmWorker(HelmVersion::V4) => "helm4-worker",
            Self::Kubectl => "kubectl",
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kwok => "kwok",
            Self::Kwokctl => "kwokctl",
            Self::Sops => "sops",
        }
    }

    /// The environment variable that names the program.
    ///
    /// ```
    /// use gift_harness::tools::Tool;
    ///
    /// assert_eq!(Tool::KubeApiserver.variable(), "GIFT_KUBE_APISERVER");
    /// ```
    #[must_use]
    pub fn variable(self) -> String {
        format!("GIFT_{}", self.name().to_ascii_uppercase().replace('-', "_"))
    }

    /// The oldest version that will do, where it matters.
    #[must_use]
    pub const fn minimum(self) -> Option<Version> {
        match self {
            Self::Helm(HelmVersion::V3) => Some(Version { major: 3, minor: 16, patch: 0 }),
            Self::Helm(HelmVersion::V4) => Some(Version { major: 4, minor: 0, patch: 0 }),
            _ => None,
        }
    }

    fn names_in_path(self) -> &'static [&'static str] {
        match self {
            Self::Helm(HelmVersion::V3) => &["helm3", "helm"],
            Self::Helm(HelmVersion::V4) => &["helm4", "helm"],
            Self::HelmWorker(HelmVersion::V3) => &["helm3-worker"],
            Self::HelmWorker(HelmVersion::V4) => &["helm4-worker"],
            Self::Kubectl => &["kubectl"],
            Self::Etcd => &["etcd"],
            Self::KubeApiserver => &["kube-apiserver"],
            Self::KubeControllerManager => &["kube-controller-manager"],
            Self::KubeScheduler => &["kube-scheduler"],
            Self::Kwok => &["kwok"],
            Self::Kwokctl => &["kwokctl"],
            Self::Sops => &["sops"],
        }
    }

    fn title(self) -> String {
        match self {
            Self::Helm(version) => format!("Helm {}", version.major()),
            _ => self.name().to_owned(),
        }
    }

    fn setup(self) -> &'static str {
        match self {
            Self::Helm(_) => "ci/setup helm",
            Self::HelmWorker(_) => "ci/setup worker",
            Self::Sops => "ci/setup sops",
            _ => "ci/setup cluster",
        }
    }
}

/// A released version: `3.16.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the three numbers of a version")]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Version {
    /// Reads `v4.3.1`, `3.16`, `v3.16.2+g1234`.
    ///
    /// ```
    /// use gift_harness::tools::Version;
    ///
    /// assert_eq!(Version::parse("v3.16.2+g13654a5"), Some(Version { major: 3, minor: 16, patch: 2 }));
    /// assert_eq!(Version::parse("four"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = text.trim().trim_start_matches('v').split(['-', '+']).next()?;
        let mut numbers = numbers.split('.');
        let mut next = || numbers.next().map(str::parse::<u32>);
        let major = next()?.ok()?;
        let minor = next()?.ok()?;
        let patch = next().map_or(Some(0), Result::ok)?;
        Some(Self { major, minor, patch })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A tool that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which tool.
    pub tool: Tool,
    /// The program.
    pub path: PathBuf,
    /// Its version, where it matters.
    pub version: Option<Version>,
}

/// A tool that was not found, and where it was looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.paragraph())]
pub struct ToolError {
    /// The tool.
    pub tool: Tool,
    /// Each place and what was there, in the order they were tried.
    pub tried: Vec<Tried>,
}

/// One place where a tool was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The place: a variable, a file, or `PATH`.
    pub place: String,
    /// What was there.
    pub verdict: Verdict,
}

/// What was found in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Absent,
    /// A variable that is set, but not to a program.
    NotAProgram(PathBuf),
    /// A program that does not tell its version.
    Unknown(PathBuf, String),
    /// A version that does not do.
    Unfit(PathBuf, Version),
}

impl ToolError {
    fn paragraph(&self) -> String {
        let mut out = format!("{} was not found", self.tool.title());
        for (at, tried) in self.tried.iter().enumerate() {
            out.push_str(if at == 0 { ": " } else { "; " });
            let place = &tried.place;
            out.push_str(&match &tried.verdict {
                Verdict::Absent => format!("nothing in {place}"),
                Verdict::NotAProgram(path) => {
                    format!("{place} names {}, which is no program", path.display())
                }
                Verdict::Unknown(path, why) => {
                    format!("{} ({place}) does not tell its version: {why}", path.display())
                }
                Verdict::Unfit(path, version) => self.unfit(path, *version),
            });
        }
        out
    }

    fn unfit(&self, path: &Path, version: Version) -> String {
        let needed = self.tool.minimum().unwrap_or(version);
        let fault = if version.major == needed.major {
            format!("is too old: {}.{} or newer is needed", needed.major, needed.minor)
        } else {
            format!("is not Helm {}", needed.major)
        };
        format!("helm {version} ({}) {fault}", path.display())
    }
}

impl Diagnose for ToolError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(format!(
            "Run `{}` to build it into the cache, or set {} to the program.",
            self.tool.setup(),
            self.tool.variable()
        ))
    }
}

/// Finds a tool as this process sees the machine.
///
/// # Errors
///
/// [`ToolError`], which names every place that was tried.
pub fn find(tool: Tool) -> Result<Found, ToolError> {
    let search = Search {
        named: std::env::var_os(tool.variable()),
        cache: directories::cache_or_temporary(),
        path: std::env::var_os("PATH").unwrap_or_default(),
    };
    search.find(tool)
}

/// Where to look.
struct Search {
    named: Option<OsString>,
    cache: PathBuf,
    path: OsString,
}

impl Search {
    fn find(&self, tool: Tool) -> Result<Found, ToolError> {
        let mut tried = Vec::new();
        if let Some(named) = self.named.as_ref().filter(|named| !named.is_empty()) {
            // A choice somebody made is never replaced by another program behind their back.
            let place = tool.variable();
            return match probe(tool, Path::new(named)) {
                Ok(found) => Ok(found),
                Err(Verdict::Absent) => {
                    let verdict = Verdict::NotAProgram(PathBuf::from(named));
                    Err(ToolError { tool, tried: vec![Tried { place, verdict }] })
                }
                Err(verdict) => Err(ToolError { tool, tried: vec![Tried { place, verdict }] }),
            };
        }
        let cached = self.cache.join("bin").join(format!("{}{}", tool.name(), std::env::consts::EXE_SUFFIX));
        match probe(tool, &cached) {
            Ok(found) => return Ok(found),
            Err(verdict) => tried.push(Tried { place: cached.display().to_string(), verdict }),
        }
        let mut in_path = Vec::new();
        for name in tool.names_in_path() {
            let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            for directory in std::env::split_paths(&self.path) {
                match probe(tool, &directory.join(&file)) {
                    Ok(found) => return Ok(found),
                    Err(Verdict::Absent) => {}
                    Err(verdict) => in_path.push(Tried { place: "PATH".to_owned(), verdict }),
                }
            }
        }
        if in_path.is_empty() {
            in_path.push(Tried { place: "PATH".to_owned(), verdict: Verdict::Absent });
        }
        tried.append(&mut in_path);
        Err(ToolError { tool, tried })
    }
}

fn probe(tool: Tool, path: &Path) -> Result<Found, Verdict> {
    if !is_program(path) {
        return Err(Verdict::Absent);
    }
    let found = |version| Found { tool, path: path.to_owned(), version };
    let Some(minimum) = tool.minimum() else { return Ok(found(None)) };
    match helm_version(path) {
        Ok(version) if version.major == minimum.major && version >= minimum => Ok(found(Some(version))),
        Ok(version) => Err(Verdict::Unfit(path.to_owned(), version)),
        Err(why) => Err(Verdict::Unknown(path.to_owned(), why)),
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Asks a Helm for its version, once for each file in the life of the process.
fn helm_version(path: &Path) -> Result<Version, String> {
    type Answers = Mutex<HashMap<PathBuf, Result<Version, String>>>;
    static ANSWERS: OnceLock<Answers> = OnceLock::new();
    let answers = ANSWERS.get_or_init(Answers::default);
    let known = answers.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    if let Some(answer) = known {
        return answer;
    }
    let answer = ask_version(path);
    answers.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), answer.clone());
    answer
}

fn ask_version(path: &Path) -> Result<Version, String> {
    let output = Command::new(path)
        .args(["version", "--template", "{{.Version}}"])
        .env("HELM_NO_PLUGINS", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    Version::parse(&text).ok_or_else(|| format!("`version` printed {:?}", text.trim()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn program(directory: &Path, name: &str, version: &str) -> PathBuf {
        std::fs::create_dir_all(directory).unwrap();
        let path = directory.join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho {version}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    struct Place {
        _root: tempfile::TempDir,
        cache: PathBuf,
        path: PathBuf,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let (cache, path) = (root.path().join("cache"), root.path().join("path"));
            Self { _root: root, cache, path }
        }

        fn find(&self, tool: Tool, named: Option<&Path>) -> Result<Found, ToolError> {
            Search {
                named: named.map(|path| path.as_os_str().to_owned()),
                cache: self.cache.clone(),
                path: self.path.clone().into_os_string(),
            }
            .find(tool)
        }
    }

    const HELM4: Tool = Tool::Helm(HelmVersion::V4);
    const HELM3: Tool = Tool::Helm(HelmVersion::V3);

    #[test]
    fn the_variable_comes_before_the_cache_and_the_cache_before_path() {
        let place = Place::new();
        let in_path = program(&place.path, "helm", "v4.1.0");
        assert_eq!(place.find(HELM4, None).unwrap().path, in_path);
        let cached = program(&place.cache.join("bin"), "helm4", "v4.3.1");
        assert_eq!(place.find(HELM4, None).unwrap().path, cached);
        let named = program(&place.path, "mine", "v4.0.0");
        assert_eq!(place.find(HELM4, Some(&named)).unwrap().path, named);
    }

    #[test]
    fn a_helm_of_another_major_version_in_path_is_passed_over() {
        let place = Place::new();
        program(&place.path, "helm", "v3.22.0");
        assert_eq!(place.find(HELM3, None).unwrap().version, Version::parse("3.22.0"));
        let error = place.find(HELM4, None).unwrap_err();
        assert!(error.to_string().contains("is not Helm 4"), "{error}");
    }

    #[test]
    fn an_old_helm_is_named_with_the_way_out() {
        let place = Place::new();
        program(&place.path, "helm", "v3.9.0+g7ceeda6");
        let error = place.find(HELM3, None).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("Helm 3 was not found: nothing in "), "{text}");
        assert!(text.contains("helm 3.9.0 ("), "{text}");
        assert!(text.ends_with("is too old: 3.16 or newer is needed"), "{text}");
        assert_eq!(error.category(), Category::Input);
        assert!(error.help().unwrap().contains("ci/setup helm"));
    }

    #[test]
    fn a_variable_that_names_nothing_is_an_error_although_path_has_one() {
        let place = Place::new();
        program(&place.path, "helm4", "v4.3.1");
        let error = place.find(HELM4, Some(Path::new("/nowhere/helm"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Helm 4 was not found: GIFT_HELM4 names /nowhere/helm, which is no program"
        );
    }

    #[test]
    fn a_program_without_a_version_is_told() {
        let place = Place::new();
        let named = program(&place.path, "x", "hello");
        let error = place.find(HELM4, Some(&named)).unwrap_err();
        assert!(error.to_string().contains("does not tell its version"), "{error}");
        assert_eq!(place.find(Tool::Kubectl, Some(&named)).unwrap().version, None);
    }
}
