//! From what Helm rendered to what reaches the cluster: secret sources are read, the plugin encodes
//! and judges.
//!
//! Depends on [`crate::sandbox`], [`crate::secrets`] and [`crate::policies`].

use crate::diagnosis::{Category, Diagnose};
use crate::policies::{Policies, PolicyFilesError, PolicySelection};
use crate::sandbox::{Sandbox, SandboxError, SandboxLimits};
use crate::secrets::{self, SecretError, SecretSelection};
use gift_plugin::encode::references;
use gift_plugin::protocol::{FailureKind, Options, Report, Request, Severity};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The label that tells which system an object belongs to.
pub const SYSTEM_LABEL: &str = "app.kubernetes.io/part-of";

/// Encodes and judges streams; compiled once, shared between threads.
pub struct PostRenderer {
    sandbox: Sandbox,
    /// The file of a module that is not the one carried.
    module: Option<PathBuf>,
}

/// What to do with a stream.
#[derive(Clone, Debug)]
pub struct PostRenderOptions {
    /// Whether to encode, or only to judge.
    pub encode: bool,
    /// Which policies to judge by.
    pub policies: PolicySelection,
    /// Whose parameters to judge with; told from the objects' [`SYSTEM_LABEL`] when absent.
    pub system: Option<String>,
    /// Where secrets come from.
    pub secrets: SecretSelection,
    /// Whether checksums of Secrets on pods are made anew once references are filled.
    pub refresh_checksums: bool,
    /// Where the values of systems are kept, for the secret sources beside them.
    pub values_directory: PathBuf,
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The day exceptions are held against, as `YYYY-MM-DD`; today when absent.
    pub today: Option<String>,
    /// Rules to judge by; all when empty.
    pub only: Vec<String>,
    /// Rules not to judge by.
    pub skip: Vec<String>,
    /// The most bytes a stream may have.
    pub max_input_bytes: usize,
}

impl Default for PostRenderOptions {
    fn default() -> Self {
        Self {
            encode: true,
            policies: PolicySelection::default(),
            system: None,
            secrets: SecretSelection::default(),
            refresh_checksums: false,
            values_directory: PathBuf::from("values"),
            namespace: "default".to_owned(),
            today: None,
            only: Vec::new(),
            skip: Vec::new(),
            max_input_bytes: Options::default().max_input_bytes,
        }
    }
}

/// The new stream and what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The whole stream, whatever was found.
    pub stream: Vec<u8>,
    /// Findings, notes, statistics. [`Report::error`] is always absent.
    pub report: Report,
    /// The note, among those of the report, that rules were not judged for want of parameters.
    pub want_of_params: Option<String>,
}

impl Outcome {
    /// Whether something was found that must stop the release.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.report.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Why a stream could not be encoded and judged.
#[derive(Debug, thiserror::Error)]
pub enum PostRenderError {
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The file of a module cannot be read.
    #[error("{}: cannot be read", path.display())]
    ModuleFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A module that is not the one carried failed.
    #[error("{}", path.display())]
    Module {
        /// Its file.
        path: PathBuf,
        /// How.
        source: SandboxError,
    },
    /// A secret source failed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Policy files failed.
    #[error(transparent)]
    Policies(#[from] PolicyFilesError),
    /// There is nothing to judge.
    #[error("the manifest stream is empty: 0 bytes")]
    Empty,
    /// The plugin refused the request.
    #[error("{message}")]
    Refused {
        /// What was at fault.
        kind: FailureKind,
        /// Why.
        message: String,
    },
}

impl Diagnose for PostRenderError {
    fn category(&self) -> Category {
        match self {
            Self::Sandbox(error) => error.category(),
            Self::Secret(error) => error.category(),
            Self::Policies(error) => error.category(),
            Self::ModuleFile { .. } | Self::Module { .. } | Self::Empty | Self::Refused { .. } => {
                Category::Input
            }
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::Sandbox(error) => return error.help(),
            Self::Secret(error) => return error.help(),
            Self::Policies(error) => return error.help(),
            Self::ModuleFile { .. } => {
                "--module takes the file of a WASM module; without it, gift's own is used."
            }
            Self::Module { source, .. } if source.option().is_some() => return source.help(),
            Self::Module { .. } => {
                "Nothing was printed. docs/modules.md says what a module must export and answer; without \
                 --module, gift's own is used."
            }
            Self::Empty => {
                "Pipe the output of `helm template` in; a chart that renders nothing needs no check."
            }
            Self::Refused { kind, .. } => match kind {
                FailureKind::Limit => {
                    "A stream that is too long is rendered in smaller pieces (`helm template --show-only`), or \
                     allowed with --max-input; nesting and aliases beyond their limit are a fault of the template."
                }
                FailureKind::Manifest => "Only text that Helm or kubectl would take can be read.",
                FailureKind::Policy => "Mend the policy; nothing is judged while one of them has a fault.",
                FailureKind::Request => "`gift explain` lists the rules there are.",
                FailureKind::Secret => "Give the key in a secret source: --secrets FILE.",
            },
        };
        Some(text.to_owned())
    }
}

impl PostRenderer {
    /// Prepares the plugin this command carries.
    ///
    /// # Errors
    ///
    /// [`PostRenderError::Sandbox`] when it cannot be loaded.
    pub fn new() -> Result<Self, PostRenderError> {
        Self::with_limits(SandboxLimits::default())
    }

    /// Prepares the plugin this command carries, under limits of its own.
    ///
    /// # Errors
    ///
    /// [`PostRenderError::Sandbox`] when it cannot be loaded.
    pub fn with_limits(limits: SandboxLimits) -> Result<Self, PostRenderError> {
        Ok(Self { sandbox: Sandbox::with_limits(limits)?, module: None })
    }

    /// Prepares another module, which keeps the contract of [`gift_plugin::protocol`].
    ///
    /// # Errors
    ///
    /// [`PostRenderError`] when it cannot be read, or does not keep the contract.
    pub fn of_module(path: &Path, limits: SandboxLimits) -> Result<Self, PostRenderError> {
        let file = |source| PostRenderError::ModuleFile { path: path.to_owned(), source };
        let module = |source| PostRenderError::Module { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(file)?;
        let sandbox = Sandbox::of_module(&bytes, limits).map_err(module)?;
        Ok(Self { sandbox, module: Some(path.to_owned()) })
    }

    /// Encodes and judges a stream.
    ///
    /// # Errors
    ///
    /// [`PostRenderError`] when there is nothing to judge, a secret has no source, a policy has a
    /// fault or a limit is reached. What is wrong with objects is in the report instead.
    pub fn run(&self, stream: &[u8], options: &PostRenderOptions) -> Result<Outcome, PostRenderError> {
        let (request, system) = request(stream, options)?;
        let (mut report, stream) =
            self.sandbox.run(&request, stream).map_err(|source| match &self.module {
                None => PostRenderError::Sandbox(source),
                Some(path) => PostRenderError::Module { path: path.clone(), source },
            })?;
        match report.error {
            Some(failure) => Err(PostRenderError::Refused { kind: failure.kind, message: failure.message }),
            None => {
                let want_of_params = system.want_of_params(&report.unjudged);
                report.notes.extend(want_of_params.clone());
                Ok(Outcome { stream, report, want_of_params })
            }
        }
    }
}

/// Whose parameters a stream is judged with.
struct System {
    /// What the stream says it is, if it does.
    told: Option<String>,
    /// Those that have parameters.
    known: Vec<String>,
}

impl System {
    /// What to say of the rules nothing was judged by, if there are any.
    fn want_of_params(&self, unjudged: &[String]) -> Option<String> {
        unjudged.first()?;
        let told = match &self.told {
            Some(system) => format!(
                "nobody wrote policy parameters for the system {system}; their place is \
                 chart/policies/params/{system}.yaml, or params/{system}.yaml in the folder of --policy"
            ),
            None => format!(
                "no object has the label {SYSTEM_LABEL}, which tells the system whose parameters they take; \
                 --system names it: {}",
                self.known.join(", ")
            ),
        };
        Some(format!("not judged by {}: {told}", unjudged.join(", ")))
    }
}

fn request(stream: &[u8], options: &PostRenderOptions) -> Result<(Request, System), PostRenderError> {
    if stream.is_empty() {
        return Err(PostRenderError::Empty);
    }
    let limits = Options { max_input_bytes: options.max_input_bytes, ..Options::default() };
    // The plugin says which limit; looking for references in a stream it will refuse is wasted.
    let text = match std::str::from_utf8(stream) {
        Ok(text) if stream.len() <= limits.max_input_bytes => text,
        _ => "",
    };
    let mut files = Policies::read(&options.policies)?;
    let system = System {
        told: system_of(text).map(str::to_owned),
        known: files.params.iter().map(|(name, _)| name.clone()).collect(),
    };
    let params: Vec<_> = match (&options.system, &system.told) {
        (Some(system), _) if !files.policies.is_empty() => {
            vec![files.params_of(system)?.clone()]
        }
        (None, Some(system)) => files.params_of(system).into_iter().cloned().collect(),
        _ => Vec::new(),
    };
    // Policies whose folder has no parameters at all say the same here as in a cluster without them.
    let unknown_system = params.is_empty() && !system.known.is_empty();
    let secrets = if options.encode {
        secrets::resolve(&references(text), &options.secrets, &options.values_directory)?
    } else {
        BTreeMap::new()
    };
    let request = Request {
        policies: std::mem::take(&mut files.policies),
        params,
        secrets,
        options: Options {
            encode: options.encode,
            example_secrets: options.secrets == SecretSelection::Example,
            refresh_checksums: options.refresh_checksums,
            namespace: options.namespace.clone(),
            today: options.today.clone().unwrap_or_else(today),
            unknown_system,
            only: options.only.clone(),
            skip: options.skip.clone(),
            ..limits
        },
        ..Request::default()
    };
    Ok((request, system))
}

/// The system the stream says it is, in the first label that says so, however it is written.
fn system_of(text: &str) -> Option<&str> {
    const QUOTES: [char; 2] = ['"', '\''];
    text.match_indices(SYSTEM_LABEL).find_map(|(at, _)| {
        let before = text[..at].rsplit('\n').next()?.trim_end_matches(QUOTES).trim();
        let is_key = before.is_empty() || before.ends_with(['{', ',']);
        let behind = text[at + SYSTEM_LABEL.len()..].lines().next()?.trim_start_matches(QUOTES);
        let value = behind.trim_start().strip_prefix(':')?.trim_start().trim_start_matches(QUOTES);
        let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let value = &value[..value.find(|character| !is_name(character)).unwrap_or(value.len())];
        (is_key && !value.is_empty()).then_some(value)
    })
}

/// The day, in UTC, as `YYYY-MM-DD`: what exceptions are held against.
#[must_use]
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_told_by_the_label() {
        assert_eq!(system_of("metadata:\n  labels:\n    app.kubernetes.io/part-of: shop\n"), Some("shop"));
        for text in [
            "app.kubernetes.io/part-of: \"shop\"\n",
            "app.kubernetes.io/part-of: shop # ours\n",
            "labels: {app: a, app.kubernetes.io/part-of: shop}",
            "labels: {'app.kubernetes.io/part-of': 'shop', app: a}",
            "{\"labels\":{\"app.kubernetes.io/part-of\":\"shop\"}}",
            "{\n  \"app.kubernetes.io/part-of\" : \"shop\",\n",
        ] {
            assert_eq!(system_of(text), Some("shop"), "{text}");
        }
        for text in [
            "app.kubernetes.io/part-of-x: shop\n",
            "x.app.kubernetes.io/part-of: shop\n",
            "# app.kubernetes.io/part-of: shop\n",
            "note: app.kubernetes.io/part-of: shop\n",
            "app.kubernetes.io/part-of:\n",
        ] {
            assert_eq!(system_of(text), None, "{text}");
        }
    }
}
