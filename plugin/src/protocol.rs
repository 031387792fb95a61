//! What goes into the module and what comes out of it.
//!
//! A request is a frame: the length of the header (four bytes, little endian), the header as JSON,
//! the manifest stream. A response has the same shape, with the [`Report`] as its header and the new
//! stream behind it. The stream is never copied into JSON, so its bytes need no escaping.
//!
//! A module may export `prepare` too. It takes a frame as `render` does, keeps what it reads in the policies
//! and parameters there, and answers with a report. All it keeps is in its memory, so a host may copy that
//! into other instances and ask them with [`Request::prepared`], as often as it likes.
//!
//! Depends on serde alone; the host uses these types as a library.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of this protocol, answered by the module's `abi_version` export.
pub const ABI_VERSION: u32 = 1;

/// What the host asks of the module, beside the manifest stream itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// Policy files: each a stream of ValidatingAdmissionPolicies and their bindings.
    pub policies: Vec<Source>,
    /// Files with the objects that bindings refer to by `paramRef`, ConfigMaps for instance.
    pub params: Vec<Source>,
    /// Whether the policies and parameters are those the module was prepared with, and none are given here.
    pub prepared: bool,
    /// What secret references stand for. The key is the text behind `secretRef:`, the value Base64.
    pub secrets: BTreeMap<String, String>,
    /// Everything else that can be chosen.
    pub options: Options,
}

/// A file's name, for messages, and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The name to show.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What the module does with the stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Whether Secrets are encoded and references filled; otherwise the stream is only judged.
    pub encode: bool,
    /// Whether `secrets` are those of a published example, whose values are blanks by intention.
    pub example_secrets: bool,
    /// Whether checksums of Secrets on pods are made anew once references are filled: documents other
    /// than Secrets change then.
    pub refresh_checksums: bool,
    /// The namespace of objects that name none, as the API server would fill it in.
    pub namespace: String,
    /// Labels of namespaces, for `namespaceSelector` and `namespaceObject`. A namespace always has
    /// `kubernetes.io/metadata.name`.
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// The day, as `YYYY-MM-DD`, that exceptions are held against: the module has no clock.
    pub today: String,
    /// Whether no parameters are given because nobody wrote any for the system the stream belongs to:
    /// bindings that take parameters are not in force for it then, and [`Report::unjudged`] names their
    /// policies. Otherwise parameters that are missing are what they are to an API server.
    pub unknown_system: bool,
    /// Rules to judge by; all when empty.
    pub only: Vec<String>,
    /// Rules not to judge by.
    pub skip: Vec<String>,
    /// The most bytes the stream may have.
    pub max_input_bytes: usize,
    /// How deeply collections may nest.
    pub max_depth: usize,
    /// How many nodes aliases may add to a document.
    pub max_alias_nodes: usize,
    /// How much work one policy may do on one object, in steps of the evaluator.
    pub max_policy_cost: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            encode: true,
            example_secrets: false,
            refresh_checksums: false,
            namespace: "default".to_owned(),
            namespaces: BTreeMap::new(),
            today: String::new(),
            unknown_system: false,
            only: Vec::new(),
            skip: Vec::new(),
            max_input_bytes: 32 << 20,
            max_depth: 128,
            max_alias_nodes: 100_000,
            max_policy_cost: 10_000_000,
        }
    }
}

/// What the module answers, beside the new stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Why nothing was done, when the request itself was at fault; the stream is empty then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// What was found, in the order of the stream.
    pub findings: Vec<Finding>,
    /// Remarks about the policies that are no findings about an object.
    pub notes: Vec<String>,
    /// Rules that are about objects in the stream, and that nothing was judged by for want of parameters
    /// ([`Options::unknown_system`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unjudged: Vec<String>,
    /// What was done.
    pub statistics: Statistics,
}

/// A fault of the request, not of an object in the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which kind, for the exit code and for tests.
    pub kind: FailureKind,
    /// One paragraph that names the place and the way out.
    pub message: String,
}

/// The kinds of [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The request could not be read.
    Request,
    /// A policy, a binding or a parameter object is not one, or its CEL does not compile.
    Policy,
    /// The manifest stream is beyond a limit.
    Limit,
    /// The manifest stream is not one: not UTF-8 or not YAML.
    Manifest,
    /// A secret reference has no source.
    Secret,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing (`validationActions: [Audit]`).
    Info,
    /// Does not stop anything (`validationActions: [Warn]`).
    Warning,
    /// Stops the release (`validationActions: [Deny]`).
    Error,
}

/// One thing that is not as it should be. The fields and their names are the stable JSON format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable id of the rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The object it is about.
    pub object: ObjectReference,
    /// Where in the object, as `spec.template.spec.containers[0].image`; empty for the whole object.
    pub path: String,
    /// The line in the stream, from 1.
    pub line: usize,
    /// The column in the line, in characters, from 1.
    pub column: usize,
    /// The template it came from (Helm's `# Source:` line), or empty.
    pub source: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl Finding {
    /// An error about a stream as a whole: no object, no path, its first line.
    ///
    /// ```
    /// use gift_plugin::protocol::Finding;
    ///
    /// let finding = Finding::of_stream("unparsable", "nothing can be read", "Look at the template.");
    /// assert_eq!((finding.line, finding.column, finding.path.as_str()), (1, 1, ""));
    /// ```
    #[must_use]
    pub fn of_stream(rule: &str, message: impl Into<String>, help: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            severity: Severity::Error,
            object: ObjectReference::default(),
            path: String::new(),
            line: 1,
            column: 1,
            source: String::new(),
            message: message.into(),
            help: help.to_owned(),
        }
    }
}

/// Which object a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// The namespace the document states, or empty.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What the module did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Statistics {
    /// Documents in the stream, empty ones not counted.
    pub documents: usize,
    /// Objects judged, the items of Lists counted one by one.
    pub objects: usize,
    /// Documents whose bytes changed.
    pub changed: usize,
    /// Secret values encoded.
    pub encoded: usize,
    /// Secret references filled.
    pub resolved: usize,
    /// Policies in force, those in [`Report::unjudged`] not counted.
    pub policies: usize,
}

/// Why a frame cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Shorter than its own header says.
    #[error("the frame has {have} bytes where its header asks for {need}")]
    Short {
        /// Bytes there are.
        have: usize,
        /// Bytes there should be.
        need: usize,
    },
    /// The header is not the JSON it should be.
    #[error("the header of the frame is not what it should be")]
    Header(#[from] serde_json::Error),
}

/// Puts a header and a stream into one frame.
///
/// # Errors
///
/// [`FrameError::Header`] when the header cannot be written as JSON.
pub fn write_frame<H: Serialize>(header: &H, stream: &[u8]) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, header)?;
    let length = frame.len() - 4;
    let prefix =
        u32::try_from(length).map_err(|_| FrameError::Short { have: u32::MAX as usize, need: length })?;
    frame[..4].copy_from_slice(&prefix.to_le_bytes());
    frame.extend_from_slice(stream);
    Ok(frame)
}

/// Takes a frame apart into its header and its stream.
///
/// ```
/// use gift_plugin::protocol::{Request, read_frame, write_frame};
///
/// let frame = write_frame(&Request::default(), b"kind: Pod\n")?;
/// let (request, stream): (Request, &[u8]) = read_frame(&frame)?;
/// assert!(request.options.encode);
/// assert_eq!(stream, b"kind: Pod\n");
/// # Ok::<(), gift_plugin::protocol::FrameError>(())
/// ```
///
/// # Errors
///
/// [`FrameError::Short`] when bytes are missing, [`FrameError::Header`] when the header is not JSON
/// of the shape asked for.
pub fn read_frame<H: for<'de> Deserialize<'de>>(frame: &[u8]) -> Result<(H, &[u8]), FrameError> {
    let short = |need| FrameError::Short { have: frame.len(), need };
    let (prefix, rest) = frame.split_first_chunk::<4>().ok_or_else(|| short(4))?;
    let length = u32::from_le_bytes(*prefix) as usize;
    if rest.len() < length {
        return Err(short(length + 4));
    }
    let (header, stream) = rest.split_at(length);
    Ok((serde_json::from_slice(header)?, stream))
}
