//! Helm's refusals, with the place they speak of taken out of the text.

use crate::diagnosis::{Category, Diagnose};
use crate::tools::ToolError;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no manifest stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The Helm asked for is missing or too old.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// There is no chart there.
    #[error("there is no chart at {}: {reason}", path.display())]
    Chart {
        /// The path given.
        path: PathBuf,
        /// What is there instead.
        reason: String,
    },
    /// A values file is not there.
    #[error("the values file {} cannot be read: {source}", path.display())]
    ValuesFile {
        /// The path given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A values file is not a YAML mapping.
    #[error("the values file {} is not YAML that Helm can read: {message}", place(path, *line, *column))]
    ValuesYaml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// Helm refused.
    #[error("{helm} could not render {}: {message}", chart.display())]
    Helm {
        /// Which Helm.
        helm: crate::tools::HelmVersion,
        /// The chart.
        chart: PathBuf,
        /// What it said.
        message: HelmMessage,
    },
    /// Helm did not come to an end.
    #[error("Helm was still rendering {} after {} s and was stopped", chart.display(), limit.as_secs())]
    Timeout {
        /// The chart.
        chart: PathBuf,
        /// How long it may take.
        limit: Duration,
    },
    /// Helm could not be run.
    #[error("cannot run {}: {source}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The clean environment for Helm could not be made.
    #[error("cannot make an empty directory for Helm: {0}")]
    Directory(#[source] std::io::Error),
}

fn place(path: &std::path::Path, line: usize, column: usize) -> String {
    format!("{}:{line}:{column}", path.display())
}

impl Diagnose for RenderError {
    fn category(&self) -> Category {
        match self {
            Self::Tool(error) => error.category(),
            Self::Chart { .. } | Self::ValuesFile { .. } | Self::ValuesYaml { .. } => Category::Input,
            Self::Helm { .. } | Self::Timeout { .. } | Self::Run { .. } => Category::Render,
            Self::Directory(_) => Category::Internal,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Tool(error) => error.help(),
            Self::Chart { .. } => Some("Give the directory that holds Chart.yaml, or a .tgz archive.".to_owned()),
            Self::ValuesFile { .. } => Some("Check the path; it is taken from the current directory.".to_owned()),
            Self::ValuesYaml { .. } => Some(
                "A values file is one YAML mapping; look at the line for indentation, a tab, a missing colon or an open quote."
                    .to_owned(),
            ),
            Self::Helm { message, .. } => message.help(),
            Self::Timeout { .. } => {
                Some("Look for a template that calls itself, or allow more time.".to_owned())
            }
            Self::Run { .. } | Self::Directory(_) => None,
        }
    }
}

/// What Helm said, and what it spoke of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmMessage {
    /// The message without Helm's advice on flags, blank lines taken out.
    pub text: String,
    /// The places it names, in its order.
    pub places: Vec<Place>,
}

/// A place a message of Helm names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A value that the chart's schema refuses.
    Value {
        /// As people write it: `gift.services.user-service`.
        path: String,
        /// What the schema has against it.
        message: String,
    },
    /// A line of a template.
    Template {
        /// The template, from the chart's name on.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, where Helm tells it.
        column: Option<usize>,
    },
    /// A line of what a template rendered, which is not YAML.
    Rendered {
        /// The template, from the chart's name on.
        file: String,
        /// The line of its output, from 1, where Helm tells it.
        line: Option<usize>,
    },
}

impl fmt::Display for HelmMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl HelmMessage {
    /// Reads what Helm wrote on stderr.
    ///
    /// ```
    /// use gift_harness::render::{HelmMessage, Place};
    ///
    /// let message = HelmMessage::parse(
    ///     "Error: values don't meet the specifications of the schema(s) in the following chart(s):\n\
    ///      web:\n- at '/web/port': got string, want integer\n\n",
    /// );
    /// let value = Place::Value { path: "web.port".into(), message: "got string, want integer".into() };
    /// assert_eq!(message.places, [value]);
    /// ```
    #[must_use]
    pub fn parse(stderr: &str) -> Self {
        let start = stderr
            .match_indices("Error: ")
            .find(|(at, _)| *at == 0 || stderr[..*at].ends_with('\n'))
            .map_or(0, |(at, found)| at + found.len());
        let text = stderr[start..]
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with("Use --debug flag"))
            .collect::<Vec<_>>()
            .join("\n");
        let places = places(&text);
        Self { text, places }
    }

    fn help(&self) -> Option<String> {
        match self.places.first() {
            Some(Place::Value { path, message }) if message.contains("additional propert") => Some(format!(
                "Check the spelling of the key under `{path}` against the chart's values.yaml and values.schema.json."
            )),
            Some(Place::Value { path, .. }) => {
                Some(format!("Change `{path}` in the values; values.schema.json says what it may be."))
            }
            Some(Place::Rendered { file, .. }) => Some(format!(
                "`helm template --debug` prints what {file} rendered; the line counts from the start of that document."
            )),
            Some(Place::Template { file, line, .. }) => {
                Some(format!("Look at line {line} of {file}, and at the values it reads."))
            }
            None if self.text.contains("requires kubeVersion") => Some(
                "Choose a Kubernetes version the chart supports (`kubeVersion` in its Chart.yaml)."
                    .to_owned(),
            ),
            None => None,
        }
    }
}

fn places(text: &str) -> Vec<Place> {
    let values: Vec<_> = text.lines().filter_map(value_place).collect();
    if !values.is_empty() {
        return values;
    }
    if let Some(rest) = text.strip_prefix("YAML parse error on ") {
        let (file, rest) = rest.split_once(": ").unwrap_or((rest, ""));
        let line = rest.split_once("yaml: line ").and_then(|(_, rest)| leading_number(rest));
        return vec![Place::Rendered { file: file.to_owned(), line }];
    }
    let mut found: Vec<Place> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(place) = template_place(word)
            && !found.contains(&place)
        {
            found.push(place);
        }
    }
    found
}

/// `- at '/a/b': message`.
fn value_place(line: &str) -> Option<Place> {
    let (pointer, message) = line.trim_start().strip_prefix("- at '")?.split_once("': ")?;
    let path = gift_plugin::yaml::Path::from_iter(pointer.split('/').skip(1).map(|step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        step.parse().map_or_else(|_| gift_plugin::yaml::Segment::Key(step), gift_plugin::yaml::Segment::Index)
    }));
    Some(Place::Value { path: path.to_string(), message: message.to_owned() })
}

/// `(web/templates/a.yaml:8:8):`, `web/templates/a.yaml:15:8:`, `(web/templates/b.yaml:1):`.
fn template_place(word: &str) -> Option<Place> {
    let word = word.trim_matches(|c: char| matches!(c, '(' | ')' | ':' | ',' | '"' | '<' | '>'));
    let mut parts = word.split(':');
    let file = parts.next().filter(|file| file.contains("/templates/"))?;
    let line = parts.next()?.parse().ok()?;
    let column = parts.next().and_then(|column| column.parse().ok());
    Some(Place::Template { file: file.to_owned(), line, column })
}

fn leading_number(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_the_schema_is_a_place() {
        let message = HelmMessage::parse(
            "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nt:\n\
             - at '/gift/services/user-service': additional properties 'replcas' not allowed\n\
             - at '/gift/ports/0': minimum: got -1, want 0\n\n",
        );
        let paths: Vec<_> = message
            .places
            .iter()
            .map(|place| match place {
                Place::Value { path, .. } => path.as_str(),
                _ => "",
            })
            .collect();
        assert_eq!(paths, ["gift.services.user-service", "gift.ports[0]"]);
        assert!(message.help().unwrap().contains("spelling"));
        assert!(!message.text.ends_with('\n'));
    }

    #[test]
    fn both_helms_name_the_line_of_a_template() {
        let expected = Place::Template { file: "t/templates/a.yaml".into(), line: 18, column: Some(15) };
        let helm3 = "Error: template: t/templates/a.yaml:18:15: executing \"t/templates/a.yaml\" at <.Values.x.y>: nil pointer evaluating interface {}.y\n\nUse --debug flag to render out invalid YAML\n";
        let helm4 = "Error: t/templates/a.yaml:18:15\n  executing \"t/templates/a.yaml\" at <.Values.x.y>:\n    nil pointer evaluating interface {}.y\n\nUse --debug flag to render out invalid YAML\n";
        for stderr in [helm3, helm4] {
            let message = HelmMessage::parse(stderr);
            assert_eq!(message.places, std::slice::from_ref(&expected));
            assert!(!message.text.contains("--debug"), "{message}");
        }
        let failed =
            HelmMessage::parse("Error: execution error at (t/templates/a.yaml:8:8): no such system\n");
        assert_eq!(
            failed.places,
            [Place::Template { file: "t/templates/a.yaml".into(), line: 8, column: Some(8) }]
        );
        let unparsed =
            HelmMessage::parse("Error: parse error at (t/templates/b.yaml:1): missing value for if\n");
        assert_eq!(
            unparsed.places,
            [Place::Template { file: "t/templates/b.yaml".into(), line: 1, column: None }]
        );
    }

    #[test]
    fn output_that_is_not_yaml_is_told_apart_from_its_template() {
        let message = HelmMessage::parse(
            "Error: YAML parse error on t/templates/a.yaml: error converting YAML to JSON: yaml: line 6: did not find expected key\n",
        );
        assert_eq!(message.places, [Place::Rendered { file: "t/templates/a.yaml".into(), line: Some(6) }]);
    }

    #[test]
    fn log_lines_before_the_error_are_left_out() {
        let message = HelmMessage::parse("level=ERROR msg=\"x\"\nError: release name check failed\n");
        assert_eq!(message.text, "release name check failed");
    }
}
