//! What the objects of each Kubernetes version look like, and what an API server that decodes strictly
//! says of one.
//!
//! Kubernetes' own kinds come from the OpenAPI documents of its minor versions, those of custom resources
//! from CustomResourceDefinitions: of the stream itself, of a chart, of a folder, or, for some projects,
//! from the command. Everything is there offline. docs/schemas.md says what is looked at and how the
//! schemas are made.
//!
//! Depends on [`crate::objects`], and on the plugin for YAML and for the readers of CEL's library.

mod custom;
mod describe;
mod format;
#[cfg(test)]
mod generation;
mod judge;
mod limits;
mod nearest;
mod served;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod unknown;
mod version;

pub use custom::{CustomSchemas, SchemaError};
pub use judge::Mistake;
pub use unknown::Unknown;
pub use version::Minor;

use crate::objects::Object;
use judge::Judge;
use std::sync::{Arc, OnceLock};
use table::{Kind, Table};
use version::Minors;

/// The definition of the metadata every object has.
const METADATA: &str = "meta.v1.ObjectMeta";

/// The schemas of Kubernetes' own kinds.
fn kubernetes() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| Table::read(include_str!("../../schemas/kubernetes.txt")))
}

/// The schemas of custom resources that the command brings along.
fn brought() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| Table::read(BROUGHT))
}

const BROUGHT: &str = include_str!("../../schemas/custom-resources.txt");

/// What there is to hold objects against.
///
/// ```
/// use gift_harness::objects::Objects;
/// use gift_harness::schema::{Minor, Schemas, Verdict};
///
/// let stream = b"{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, dta: {A: '1'}}";
/// let objects = Objects::read(stream)?;
/// let object = objects.find("ConfigMap", "web").ok_or("no ConfigMap")?;
/// let Verdict::Known(mistakes) = Schemas::default().judge(object, Minor::NEWEST) else { return Ok(()) };
/// assert_eq!(mistakes[0].message, "ConfigMap has no field `dta`");
/// assert!(mistakes[0].help.starts_with("Did you mean `data`?"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    /// Those given, what counts first in front.
    given: Vec<Arc<CustomSchemas>>,
}

/// What is said of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its schema is known, and this is not as it says.
    Known(Vec<Mistake>),
    /// A custom resource no schema is known of.
    Unknown,
}

impl Schemas {
    /// These, and further schemas of custom resources, which count before those there are.
    #[must_use]
    pub fn with(mut self, schemas: Arc<CustomSchemas>) -> Self {
        if !schemas.is_empty() {
            self.given.insert(0, schemas);
        }
        self
    }

    /// A text that is another when these hold something else.
    pub(crate) fn identity(&self) -> String {
        self.given.iter().map(|schemas| schemas.identity()).collect::<Vec<_>>().join("\n")
    }

    /// Holds an object against the schema of its kind in a version of Kubernetes.
    #[must_use]
    pub fn judge(&self, object: &Object<'_>, minor: Minor) -> Verdict {
        let (api_version, kind) = (object.api_version(), object.kind());
        if api_version.is_empty() || kind.is_empty() {
            let field = if kind.is_empty() { "kind" } else { "apiVersion" };
            return Verdict::Known(vec![served::untyped(field)]);
        }
        let found = self.find(api_version, kind);
        let origin = match found {
            Found::Given(schemas, _) => Some(schemas.origin().to_owned()),
            Found::Brought(_) => Some(origin_of(object.group())),
            _ => None,
        };
        let mut judge = Judge {
            kubernetes: kubernetes(),
            minor,
            kind,
            origin: origin.as_deref(),
            passes_over_data: kind == "Secret" && api_version == "v1",
            mistakes: Vec::new(),
        };
        let (table, known) = match &found {
            Found::Nothing => return Verdict::Unknown,
            Found::Given(_, Err(mistake)) => return Verdict::Known(vec![mistake.clone()]),
            Found::NotOfKubernetes => {
                return Verdict::Known(
                    served::unknown(kubernetes(), api_version, kind, minor).into_iter().collect(),
                );
            }
            Found::Kubernetes(known) if !known.served.contains(minor) => {
                return Verdict::Known(vec![served::absent(kubernetes(), known, minor)]);
            }
            Found::Kubernetes(known) => {
                judge.mistakes.extend(served::deprecated(kubernetes(), known, minor));
                (kubernetes(), known)
            }
            Found::Given(schemas, Ok(known)) => (schemas.table(), known),
            Found::Brought(known) => (brought(), known),
        };
        judge.mistakes.extend(served::deprecated_by_author(known));
        if let Some(shape) = &known.shape {
            judge.judge(table, matches!(found, Found::Kubernetes(_)), shape, object.root());
        }
        Verdict::Known(judge.mistakes)
    }

    /// Whether an object is in a namespace; `None` when nothing is known of its kind.
    #[must_use]
    pub fn is_namespaced(&self, object: &Object<'_>) -> Option<bool> {
        match self.find(object.api_version(), object.kind()) {
            Found::Kubernetes(known) | Found::Brought(known) | Found::Given(_, Ok(known)) => {
                Some(known.is_namespaced)
            }
            _ => None,
        }
    }

    /// Whether the group of an object is none of Kubernetes' own.
    #[must_use]
    pub fn is_custom(object: &Object<'_>) -> bool {
        !served::is_of_kubernetes(kubernetes(), object.api_version())
    }

    /// Whether there is a schema to hold an object against.
    fn knows(&self, object: &Object<'_>) -> bool {
        !matches!(self.find(object.api_version(), object.kind()), Found::Nothing)
    }

    fn find<'s>(&'s self, api_version: &str, kind: &str) -> Found<'s> {
        let given =
            || self.given.iter().filter_map(|schemas| Some((&**schemas, schemas.find(api_version, kind)?)));
        // What one does not serve another may.
        let found = given().find(|(_, known)| known.is_ok()).or_else(|| given().next());
        if let Some((schemas, known)) = found {
            return Found::Given(schemas, known);
        }
        if let Some(known) = kubernetes().kind(api_version, kind) {
            return Found::Kubernetes(known);
        }
        if served::is_of_kubernetes(kubernetes(), api_version) {
            return Found::NotOfKubernetes;
        }
        match brought().kind(api_version, kind).filter(|known| known.served != Minors::NONE) {
            Some(known) => Found::Brought(known),
            None => Found::Nothing,
        }
    }
}

/// Where the schema of a kind is.
enum Found<'s> {
    Given(&'s CustomSchemas, Result<Kind<'s>, Mistake>),
    Kubernetes(Kind<'static>),
    /// Nowhere, and its group is one of Kubernetes' own.
    NotOfKubernetes,
    Brought(Kind<'static>),
    Nothing,
}

/// What the command's schemas of a group were made from: `cert-manager v1.21.2`.
fn origin_of(group: &str) -> String {
    let of_group = |line: &&str| {
        line.starts_with("module ")
            && line.rsplit_once(' ').is_some_and(|(_, groups)| groups.split(',').any(|known| known == group))
    };
    let mut words = BROUGHT.lines().find(of_group).unwrap_or_default().split(' ').skip(1);
    let (module, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // The last part of a module's path may be its major version.
    let is_major = |part: &&str| !part.trim_start_matches('v').bytes().all(|byte| byte.is_ascii_digit());
    let name = module.rsplit('/').find(is_major).unwrap_or(module);
    format!("{name} {version}; `--schemas` takes a folder with the CustomResourceDefinitions of another")
}
