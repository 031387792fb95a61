//! The file a matrix is read from.

use super::cell::{Cell, Expectation};
use super::combine::{Axis, Combination, combine};
use crate::chart::{EnvironmentError, Environments};
use crate::diagnosis::{Category, Diagnose};
use crate::tools::HelmVersion;
use serde::Deserialize;
use serde_json::Value;
use serde_yaml::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Why there is no matrix.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// The file is not there.
    #[error("the matrix {} cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file does not say what a matrix says.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
        /// The way out.
        help: String,
    },
    /// Two combinations are the same.
    #[error("{}: the cell `{id}` is there twice", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The cell.
        id: String,
    },
}

impl Diagnose for MatrixError {
    fn category(&self) -> Category {
        Category::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::File { .. } => {
                Some("Give the path of the matrix; it is usually tests/matrix.yaml.".to_owned())
            }
            Self::Text { help, .. } => Some(help.clone()),
            Self::Twice { .. } => {
                Some("Remove the entry of `include` or the value of an axis that repeats another.".to_owned())
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The chart, relative to this file.
    pub(super) chart: PathBuf,
    /// The directory of values, relative to this file.
    pub(super) values: PathBuf,
    /// Folders of CustomResourceDefinitions, relative to this file.
    #[serde(default)]
    pub(super) schemas: Vec<PathBuf>,
    matrix: Strategy,
    /// Named sets of values.
    #[serde(default)]
    toggles: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strategy {
    environment: Option<Vec<Spanned<Text>>>,
    helm: Option<Vec<Spanned<u32>>>,
    kubernetes: Option<Vec<Spanned<Text>>>,
    toggle: Option<Vec<Spanned<Text>>>,
    #[serde(default)]
    include: Vec<Pairs>,
    #[serde(default)]
    exclude: Vec<Pairs>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pairs {
    environment: Option<Spanned<Text>>,
    helm: Option<Spanned<u32>>,
    kubernetes: Option<Spanned<Text>>,
    toggle: Option<Spanned<Text>>,
    expect: Option<Spanned<Expect>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    failure: Option<String>,
    findings: Option<Vec<String>>,
}

/// Text, and not a number that looks like it: 1.30 unquoted is 1.3.
#[derive(Clone, Debug, PartialEq)]
struct Text(Value);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            text @ Value::String(_) => Ok(Self(text)),
            other => Err(serde::de::Error::custom(format!("{other} must be in quotes"))),
        }
    }
}

/// What an axis can hold, with the place it stands at.
#[derive(Clone, Debug)]
struct Choice {
    value: Value,
    line: usize,
    column: usize,
}

impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// The toggle that changes nothing, so that an axis of toggles can have the plain chart in it.
const PLAIN: &str = "plain";
/// The environment that stands for the chart's own values.
const DEFAULT: &str = "default";

pub(super) fn read(text: &str, path: &Path) -> Result<File, MatrixError> {
    serde_yaml::from_str(text).map_err(|error| {
        let (line, column) =
            error.location().map_or((1, 1), |location| (number(location.line()), number(location.column())));
        let message = error.without_snippet().to_string();
        MatrixError::Text {
            path: path.to_owned(),
            line,
            column,
            message: message.lines().next().unwrap_or_default().to_owned(),
            help: "A matrix has chart, values, matrix (environment, helm, kubernetes, toggle, include, exclude) and toggles; an entry of include may have expect."
                .to_owned(),
        }
    })
}

fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn choice<T>(spanned: &Spanned<T>, value: Value) -> Choice {
    let place = spanned.referenced;
    Choice { value, line: number(place.line()), column: number(place.column()) }
}

fn text(spanned: &Spanned<Text>) -> Choice {
    choice(spanned, spanned.value.0.clone())
}

fn whole(spanned: &Spanned<u32>) -> Choice {
    choice(spanned, spanned.value.into())
}

impl Pairs {
    fn combination(&self, path: &Path) -> Result<Combination<Choice>, MatrixError> {
        let mut pairs = Combination::new();
        let texts =
            [("environment", &self.environment), ("kubernetes", &self.kubernetes), ("toggle", &self.toggle)];
        for (name, value) in texts {
            pairs.extend(value.as_ref().map(|value| (name, text(value))));
        }
        pairs.extend(self.helm.as_ref().map(|value| ("helm", whole(value))));
        if let Some(expect) = &self.expect {
            let value = match (&expect.value.failure, &expect.value.findings) {
                (Some(failure), None) if !failure.is_empty() => Value::String(failure.clone()),
                (None, Some(findings)) => findings.iter().cloned().map(Value::String).collect(),
                _ => {
                    return Err(refuse(
                        path,
                        &choice(expect, Value::Null),
                        "`expect` says neither `failure` nor `findings`, or both".to_owned(),
                        "Give the message rendering must fail with, or the rules that must have findings.",
                    ));
                }
            };
            pairs.insert("expect", choice(expect, value));
        }
        Ok(pairs)
    }
}

fn refuse(path: &Path, at: &Choice, message: String, help: impl Into<String>) -> MatrixError {
    MatrixError::Text { path: path.to_owned(), line: at.line, column: at.column, message, help: help.into() }
}

impl File {
    pub(super) fn cells(&self, path: &Path, environments: &Environments) -> Result<Vec<Cell>, MatrixError> {
        let strategy = &self.matrix;
        let mut axes = Vec::new();
        let mut axis = |name, values: Option<Vec<Choice>>| {
            axes.extend(values.map(|values| Axis { name, values }));
        };
        axis("environment", strategy.environment.as_ref().map(|values| values.iter().map(text).collect()));
        axis("helm", strategy.helm.as_ref().map(|values| values.iter().map(whole).collect()));
        axis("kubernetes", strategy.kubernetes.as_ref().map(|values| values.iter().map(text).collect()));
        axis("toggle", strategy.toggle.as_ref().map(|values| values.iter().map(text).collect()));
        let pairs = |entries: &[Pairs]| -> Result<Vec<_>, _> {
            entries.iter().map(|entry| entry.combination(path)).collect()
        };
        let combinations = combine(&axes, &pairs(&strategy.exclude)?, &pairs(&strategy.include)?);
        let mut ids = BTreeSet::new();
        let mut cells = Vec::new();
        for combination in combinations {
            let cell = self.cell(path, environments, &combination)?;
            if !ids.insert(cell.id.clone()) {
                return Err(MatrixError::Twice { path: path.to_owned(), id: cell.id });
            }
            cells.push(cell);
        }
        Ok(cells)
    }

    fn cell(
        &self,
        path: &Path,
        environments: &Environments,
        combination: &Combination<Choice>,
    ) -> Result<Cell, MatrixError> {
        let texts = |name| {
            combination
                .get(name)
                .and_then(|choice: &Choice| Some((choice, choice.value.as_str()?.to_owned())))
        };
        let environment = match texts("environment") {
            Some((at, name)) if name != DEFAULT => {
                environments.files(&name).map_err(|error: EnvironmentError| {
                    refuse(path, at, error.to_string(), error.help().unwrap_or_default())
                })?;
                Some(name)
            }
            _ => None,
        };
        let helm = match combination.get("helm") {
            Some(at) => at
                .value
                .as_u64()
                .and_then(|major| HelmVersion::from_major(u32::try_from(major).ok()?))
                .ok_or_else(|| {
                    refuse(path, at, format!("there is no support for Helm {}", at.value), "Helm is 3 or 4.")
                })?,
            None => HelmVersion::V4,
        };
        let kubernetes = texts("kubernetes").map(|(_, version)| version);
        let mut toggles = Vec::new();
        let mut values = Vec::new();
        if let Some((at, names)) = texts("toggle") {
            for name in names.split('+').map(str::trim).filter(|name| *name != PLAIN) {
                let Some(value) = self.toggles.get(name) else {
                    let known: Vec<_> = self.toggles.keys().map(String::as_str).collect();
                    let help = format!(
                        "Name one of these, several with `+` between: {PLAIN}, {}.",
                        known.join(", ")
                    );
                    return Err(refuse(path, at, format!("there is no toggle `{name}`"), help));
                };
                toggles.push(name.to_owned());
                values.push(value.clone());
            }
        }
        let expect = combination.get("expect").map(|choice| match &choice.value {
            Value::String(failure) => Expectation::Failure(failure.clone()),
            other => {
                let rules = other.as_array().into_iter().flatten();
                Expectation::Findings(rules.filter_map(Value::as_str).map(str::to_owned).collect())
            }
        });
        let id = Cell::name(environment.as_deref(), helm, kubernetes.as_deref(), &toggles);
        Ok(Cell { id, environment, helm, kubernetes, toggles, values, expect })
    }
}

#[cfg(test)]
mod tests {
    use crate::matrix::{Expectation, Matrix, MatrixError};
    use std::path::Path;

    fn parse(text: &str) -> Result<Matrix, MatrixError> {
        let directory = tempfile::tempdir().unwrap();
        let values = directory.path().join("values/shop");
        std::fs::create_dir_all(&values).unwrap();
        std::fs::write(values.join("prod.yaml"), "").unwrap();
        Matrix::parse(text, Path::new("matrix.yaml"), directory.path())
    }

    const GOOD: &str = "chart: chart
values: values
matrix:
  environment: [default, shop/prod]
  helm: [3, 4]
  kubernetes: ['1.30', '1.36']
  exclude:
  - {environment: default, helm: 3}
  include:
  - environment: shop/prod
    helm: 4
    kubernetes: '1.36'
    toggle: off + bad
    expect: {failure: no such system}
toggles:
  off: {a: {enabled: false}}
  bad: {system: x}
";

    #[test]
    fn cells_have_stable_names_in_the_order_of_the_file() {
        let matrix = parse(GOOD).unwrap();
        let ids: Vec<_> = matrix.cells().into_iter().map(|cell| cell.id).collect();
        assert_eq!(
            ids,
            [
                "default helm4 k8s1.30",
                "default helm4 k8s1.36",
                "shop/prod helm3 k8s1.30",
                "shop/prod helm3 k8s1.36",
                "shop/prod helm4 k8s1.30",
                "shop/prod helm4 k8s1.36 +off +bad",
            ]
        );
        let cells = matrix.select(&["prod".into(), "+off".into()]);
        assert_eq!(cells.len(), 1);
        assert_eq!(cells[0].expect, Some(Expectation::Failure("no such system".into())));
        assert_eq!(cells[0].values.len(), 2);
        assert_eq!(cells[0].system(), Some("shop"));
    }

    #[test]
    fn an_axis_of_toggles_makes_a_new_cell_out_of_an_entry_that_differs() {
        let text = GOOD.replace("  exclude:", "  toggle: [plain]\n  exclude:");
        assert_eq!(parse(&text).unwrap().cells().len(), 7);
    }

    fn refused(text: &str, line: usize, message: &str) {
        match parse(text).unwrap_err() {
            MatrixError::Text { line: at, message: text, .. } => {
                assert!(text.contains(message), "{text}");
                assert_eq!(at, line, "{text}");
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        refused(&GOOD.replace("  helm: [3", "  hlem: [3"), 5, "hlem");
        refused(&GOOD.replace("shop/prod]", "shop/dev]"), 4, "no environment `dev`");
        refused(&GOOD.replace("[3, 4]", "[2]"), 5, "Helm 2");
        refused(&GOOD.replace("'1.30'", "1.30"), 6, "in quotes");
        refused(&GOOD.replace("off + bad", "of"), 13, "no toggle `of`");
        refused(&GOOD.replace("{failure: no such system}", "{}"), 14, "neither");
        refused(&GOOD.replace("[3, 4]", "[3, 4"), 6, "");
    }

    #[test]
    fn the_same_cell_twice_is_an_error() {
        let error = parse(&GOOD.replace("[3, 4]", "[4, 4]")).unwrap_err();
        assert!(error.to_string().contains("`default helm4 k8s1.30` is there twice"), "{error}");
    }
}
