//! What a new system begins with: values that render and pass, and a matrix to test them in.
//!
//! Depends on [`crate::schema`] for the versions of Kubernetes there are. Files are never written over.

mod text;

use crate::diagnosis::{Category, Diagnose};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::{fs, str};

/// A system that is to be.
///
/// ```
/// use gift_harness::starter::{Folders, Service, Start};
///
/// let start = Start {
///     name: "bakery".into(),
///     services: vec!["oven:8081".parse::<Service>()?],
///     environments: vec!["prod".into()],
///     registry: "registry.example.com".into(),
/// };
/// let files = start.files(&Folders::new("../chart", "values", "tests/matrix.yaml"))?;
/// assert_eq!(files.len(), 3);
/// assert!(files[0].text.contains("port: 8081"));
/// assert!(files[2].text.contains("chart: ../../chart\n"));
/// # Ok::<(), gift_harness::starter::StartError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its name: the root key of its values, the folder they are in, and the name of its release.
    pub name: String,
    /// What it consists of, at least one.
    pub services: Vec<Service>,
    /// Its environments; none for the base alone.
    pub environments: Vec<String>,
    /// The host of the registry its images are in.
    pub registry: String,
}

/// A service that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name: of its workload, its Service and its image.
    pub name: String,
    /// The port it listens on.
    pub port: u16,
}

/// Root keys of values that are no system's.
const RESERVED: [&str; 3] = ["system", "global", "policies"];

/// The port of a service none is told of.
const PORT: u16 = 8080;

impl str::FromStr for Service {
    type Err = StartError;

    /// Reads `NAME` or `NAME:PORT`.
    fn from_str(text: &str) -> Result<Self, StartError> {
        let (name, port) = match text.split_once(':') {
            None => (text, PORT),
            Some((name, port)) => match port.parse() {
                Ok(port) if port > 0 => (name, port),
                _ => return Err(StartError::Port { service: name.to_owned(), port: port.to_owned() }),
            },
        };
        Ok(Self { name: label("service", name)?, port })
    }
}

/// Where things are, each as seen from the folder the command runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    chart: PathBuf,
    values: PathBuf,
    matrix: PathBuf,
}

impl Folders {
    /// The chart, the folder of values, and the file of the matrix.
    #[must_use]
    pub fn new(chart: impl Into<PathBuf>, values: impl Into<PathBuf>, matrix: impl Into<PathBuf>) -> Self {
        Self { chart: chart.into(), values: values.into(), matrix: matrix.into() }
    }

    /// Where the values of a system go.
    fn of_system(&self, name: &str) -> PathBuf {
        self.values.join(name)
    }
}

/// A file that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Where.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// Why a system cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A name Kubernetes or the chart does not take.
    #[error("`{name}` is no name for a{} {what}", if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "n" } else { "" })]
    Name {
        /// What was to be called so.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A port that is none.
    #[error("the service `{service}` cannot listen on port `{port}`")]
    Port {
        /// The service.
        service: String,
        /// What was given.
        port: String,
    },
    /// Two of the same name.
    #[error("there are two {what}s `{name}`")]
    Twice {
        /// What they are.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// There is nothing to deploy.
    #[error("`{name}` has no services")]
    NoServices {
        /// The system.
        name: String,
    },
    /// The chart carries a system of that name itself.
    #[error("the chart {} has a system `{name}` of its own", chart.display())]
    Taken {
        /// The system.
        name: String,
        /// The chart.
        chart: PathBuf,
    },
    /// There is such a file.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Diagnose for StartError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Name { what: "system", .. } => format!(
                "It begins with a letter, has lower-case letters, digits and `-`, 63 at most, and is none of {}.",
                RESERVED.join(", ")
            ),
            Self::Name { what: "registry", .. } => {
                "It is a host, with a port where it needs one: registry.example.com:5000.".to_owned()
            }
            Self::Name { .. } => {
                "It begins with a letter, has lower-case letters, digits and `-`, 63 at most.".to_owned()
            }
            Self::Port { .. } => "Write a service as NAME or NAME:PORT, the port from 1 to 65535.".to_owned(),
            Self::Twice { .. } => "Name each of them once.".to_owned(),
            Self::NoServices { .. } => "Name one with --service.".to_owned(),
            Self::Taken { .. } => "Choose another name, or add an environment to that system.".to_owned(),
            Self::Exists { .. } => {
                "Nothing was written. Choose another name, or change that file by hand.".to_owned()
            }
            Self::Write { .. } => "Check that the disk has room and that you may write there.".to_owned(),
        })
    }
}

impl Start {
    /// The files to write: the base, one for each environment, and a matrix where there is none.
    ///
    /// # Errors
    ///
    /// [`StartError`] for a name that will not do.
    pub fn files(&self, folders: &Folders) -> Result<Vec<NewFile>, StartError> {
        self.check(folders)?;
        let folder = folders.of_system(&self.name);
        let schema = folders.chart.join("values.schema.json");
        let schema = schema.is_file().then(|| relative(&folder, &schema));
        let mut files =
            vec![NewFile { path: folder.join("base.yaml"), text: text::base(self, schema.as_deref()) }];
        for environment in &self.environments {
            files.push(NewFile {
                path: folder.join(format!("{environment}.yaml")),
                text: text::environment(self, environment, schema.as_deref()),
            });
        }
        if !folders.matrix.exists() {
            let from = folders.matrix.parent().unwrap_or(Path::new(""));
            let (chart, values) = (relative(from, &folders.chart), relative(from, &folders.values));
            files.push(NewFile {
                path: folders.matrix.clone(),
                text: text::matrix(&self.cells(), &chart, &values),
            });
        }
        Ok(files)
    }

    /// What the matrix calls its environments.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        if self.environments.is_empty() {
            return vec![self.name.clone()];
        }
        self.environments.iter().map(|environment| format!("{}/{environment}", self.name)).collect()
    }

    fn check(&self, folders: &Folders) -> Result<(), StartError> {
        let name = label("system", &self.name)?;
        if RESERVED.contains(&name.as_str()) {
            return Err(StartError::Name { what: "system", name });
        }
        if own_trees(&folders.chart).contains(&name) {
            return Err(StartError::Taken { name, chart: folders.chart.clone() });
        }
        if self.services.is_empty() {
            return Err(StartError::NoServices { name });
        }
        let registry = self.registry.bytes();
        if !registry.into_iter().all(|byte| byte.is_ascii_alphanumeric() || b".-:/".contains(&byte))
            || !self.registry.starts_with(|first: char| first.is_ascii_alphanumeric())
        {
            return Err(StartError::Name { what: "registry", name: self.registry.clone() });
        }
        once("service", self.services.iter().map(|service| &service.name))?;
        once("environment", self.environments.iter())?;
        // `base` is what they all start from.
        self.environments
            .iter()
            .find(|name| *name == "base")
            .map_or(Ok(()), |name| Err(StartError::Name { what: "environment", name: name.clone() }))
    }
}

/// Writes the files, all of them or, when one is there already, none.
///
/// # Errors
///
/// [`StartError::Exists`] or [`StartError::Write`].
pub fn write(files: &[NewFile]) -> Result<(), StartError> {
    if let Some(file) = files.iter().find(|file| file.path.symlink_metadata().is_ok()) {
        return Err(StartError::Exists { path: file.path.clone() });
    }
    for file in files {
        let told = |source: io::Error| StartError::Write { path: file.path.clone(), source };
        if let Some(folder) = file.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(told)?;
        }
        // Somebody else may have made it in the meantime.
        let mut new = match fs::File::create_new(&file.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(StartError::Exists { path: file.path.clone() });
            }
            opened => opened.map_err(told)?,
        };
        new.write_all(file.text.as_bytes()).map_err(told)?;
    }
    Ok(())
}

fn once<'a>(what: &'static str, names: impl Iterator<Item = &'a String>) -> Result<(), StartError> {
    let mut seen = BTreeSet::new();
    for name in names {
        label(what, name)?;
        if !seen.insert(name) {
            return Err(StartError::Twice { what, name: name.clone() });
        }
    }
    Ok(())
}

/// A name that does for a DNS label, a key of values and a file.
fn label(what: &'static str, name: &str) -> Result<String, StartError> {
    let good = name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if good { Ok(name.to_owned()) } else { Err(StartError::Name { what, name: name.to_owned() }) }
}

/// The root keys of the chart's own values, where they can be read.
fn own_trees(chart: &Path) -> Vec<String> {
    let text = fs::read_to_string(chart.join("values.yaml")).unwrap_or_default();
    let values: serde_json::Map<_, _> = serde_yaml::from_str(&text).unwrap_or_default();
    values.into_iter().map(|(key, _)| key).collect()
}

/// The way from a folder to a path, both as seen from the same place, with `/` between its parts.
fn relative(from: &Path, to: &Path) -> String {
    let is_below = from.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if to.is_absolute() || !is_below {
        return std::path::absolute(to).unwrap_or_else(|_| to.to_owned()).display().to_string();
    }
    let parts = |path: &Path| -> Vec<String> {
        let shown = path.components().filter(|part| *part != Component::CurDir);
        shown.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let up = std::iter::repeat_n("..", from.len() - shared);
    let way: Vec<_> = up.chain(to[shared..].iter().map(String::as_str)).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

#[cfg(test)]
mod tests;
