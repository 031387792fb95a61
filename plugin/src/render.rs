//! The whole of what the module does with a stream: read, encode, judge, answer.
//!
//! Depends on every other module; nothing but the exports depends on it. The same request gives the
//! same answer, byte for byte, natively and in WASM: there is no clock, no randomness, no order that
//! depends on addresses.

use crate::encode::{Filled, encode_document, objects, refresh};
use crate::policy::{Exception, Judge, PolicySet, Resource, exception, reference};
use crate::protocol::{Failure, FailureKind, Finding, Options, Report, Request, read_frame, write_frame};
use crate::rules::{Breach, NO_STRING_DATA, RULES, Settings, Subject, UNPARSABLE, exceptions_of, settle};
use crate::yaml::{
    Chunk, Document, Limits, Lines, LoadErrorKind, Node, Span, load_chunk, load_documents, split,
};
use std::collections::BTreeSet;

/// Answers a request frame with a response frame. Whatever the bytes are, there is an answer. The policies
/// of [`prepare_frame`] serve requests that say so.
#[must_use]
pub fn answer_frame(frame: &[u8], prepared: Option<&PolicySet>) -> Vec<u8> {
    let (report, stream) = match read_frame::<Request>(frame) {
        Ok((request, stream)) => match (request.prepared, prepared) {
            (false, _) => answer(&request, stream),
            (true, Some(policies)) => answer_with(policies, &request, stream),
            (true, None) => (failed(failure(FailureKind::Request, "no policies were prepared")), Vec::new()),
        },
        Err(error) => (failed(failure(FailureKind::Request, error.to_string())), Vec::new()),
    };
    write_frame(&report, &stream).unwrap_or_default()
}

/// Reads the policies and parameters of a request frame for those that come after it; answers with a
/// response frame, which says when there are none.
#[must_use]
pub fn prepare_frame(frame: &[u8]) -> (Option<PolicySet>, Vec<u8>) {
    let policies = read_frame::<Request>(frame)
        .map_err(|error| failure(FailureKind::Request, error.to_string()))
        .and_then(|(request, _)| policies_of(&request));
    let (policies, report) = match policies {
        Ok(policies) => {
            make_ready(&policies);
            (Some(policies), Report::default())
        }
        Err(failure) => (None, failed(failure)),
    };
    (policies, write_frame(&report, &[]).unwrap_or_default())
}

/// Encodes and judges a stream.
///
/// The stream comes back whole even when there are findings; what to do with it then is the host's
/// choice. When the request itself fails ([`Report::error`]) it comes back empty.
///
/// ```
/// use gift_plugin::protocol::Request;
/// use gift_plugin::render::answer;
///
/// let (report, stream) = answer(&Request::default(), b"apiVersion: v1\nkind: Secret\nstringData: {A: hi}\n");
/// assert_eq!(report.statistics.encoded, 1);
/// assert_eq!(stream, b"apiVersion: v1\nkind: Secret\ndata: {A: aGk=}\n");
/// ```
#[must_use]
pub fn answer(request: &Request, stream: &[u8]) -> (Report, Vec<u8>) {
    answer_or_failure(text_of(request, stream).and_then(|text| {
        let policies = policies_of(request)?;
        try_answer(&policies, request, text)
    }))
}

fn answer_with(policies: &PolicySet, request: &Request, stream: &[u8]) -> (Report, Vec<u8>) {
    answer_or_failure(text_of(request, stream).and_then(|text| try_answer(policies, request, text)))
}

fn answer_or_failure(answer: Result<(Report, Vec<u8>), Failure>) -> (Report, Vec<u8>) {
    answer.unwrap_or_else(|failure| (failed(failure), Vec::new()))
}

/// Patterns that stand in parameters are compiled when an object is first held against them: by these.
const FIRST_OBJECTS: &str = "\
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: a}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: [{name: a, image: a, env: [{name: a, value: a}]}]}}}}
";

fn make_ready(policies: &PolicySet) {
    let options = Options::default();
    let judge = Judge::new(policies, &options, std::iter::empty());
    for document in load_documents(FIRST_OBJECTS, &Limits::default()).flatten() {
        if let Some(resource) = Resource::of(&document.root) {
            drop(judge.judge(&document.root, &resource, |_| true));
        }
    }
}

fn failed(failure: Failure) -> Report {
    Report { error: Some(failure), ..Report::default() }
}

fn failure(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure { kind, message: message.into() }
}

fn policies_of(request: &Request) -> Result<PolicySet, Failure> {
    PolicySet::read(&request.policies, &request.params)
        .map_err(|error| failure(FailureKind::Policy, error.to_string()))
}

fn text_of<'s>(request: &Request, stream: &'s [u8]) -> Result<&'s str, Failure> {
    let options = &request.options;
    if stream.len() > options.max_input_bytes {
        let message = format!(
            "the manifest stream has {} bytes, the limit is {}",
            stream.len(),
            options.max_input_bytes
        );
        return Err(failure(FailureKind::Limit, message));
    }
    std::str::from_utf8(stream).map_err(|error| {
        let line = stream[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        failure(FailureKind::Manifest, format!("the manifest stream is not UTF-8: line {line}"))
    })
}

fn try_answer(policies: &PolicySet, request: &Request, text: &str) -> Result<(Report, Vec<u8>), Failure> {
    let options = &request.options;
    check_rule_names(options, policies)?;

    let lines = Lines::new(text);
    let limits = Limits { max_depth: options.max_depth, max_alias_nodes: options.max_alias_nodes };
    let mut run = Run { text, request, policies, lines, limits, report: Report::default() };
    run.report.notes.clone_from(&policies.notes);
    run.report.statistics.policies =
        policies.policies.iter().filter(|policy| !policy.bindings.is_empty()).count();

    let mut pieces = Vec::new();
    let mut inputs = Vec::new();
    let mut filled = Filled::default();
    for chunk in split(text) {
        let raw = &text[chunk.span.start..chunk.span.end];
        match load_chunk(text, chunk, &limits) {
            Ok(None) => pieces.push(Piece::AsItCame(raw)),
            Err(error) => match error.kind {
                LoadErrorKind::Depth(_) | LoadErrorKind::Aliases(_) => {
                    let (line, _) = run.lines.position(error.at);
                    let message = format!("the manifest stream is beyond a limit at line {line}: {error}");
                    return Err(failure(FailureKind::Limit, message));
                }
                _ => {
                    run.unparsable(chunk, error.at, error.to_string());
                    pieces.push(Piece::AsItCame(raw));
                }
            },
            Ok(Some(document)) => {
                let encoded = if options.encode {
                    encode_document(text, &document, &request.secrets)
                        .map_err(|error| failure(FailureKind::Secret, error.to_string()))?
                } else {
                    crate::encode::Encoded::default()
                };
                let statistics = &mut run.report.statistics;
                statistics.documents += 1;
                statistics.encoded += encoded.encoded;
                statistics.resolved += encoded.resolved;
                if encoded.resolved > 0 {
                    filled.note(&document, &request.secrets, &options.namespace);
                }
                pieces.push(Piece::Document(raw, inputs.len()));
                inputs.push((document, encoded.text));
            }
        }
    }
    run.refresh_checksums(&mut inputs, &filled)?;
    let mut out = String::with_capacity(text.len());
    for piece in pieces {
        out.push_str(match piece {
            Piece::AsItCame(raw) => raw,
            Piece::Document(raw, at) => {
                inputs.get(at).and_then(|(_, changed)| changed.as_deref()).unwrap_or(raw)
            }
        });
    }
    run.report.statistics.changed = inputs.iter().filter(|(_, changed)| changed.is_some()).count();
    run.judge(&inputs)?;
    run.report.findings.sort_by_key(|finding| (finding.line, finding.column));
    Ok((run.report, out.into_bytes()))
}

/// A stretch of the stream.
enum Piece<'a> {
    /// No object that could be read.
    AsItCame(&'a str),
    /// A document: its text as it came, and its place among the inputs.
    Document(&'a str, usize),
}

fn check_rule_names(options: &Options, policies: &PolicySet) -> Result<(), Failure> {
    let mut known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    known.extend(policies.policies.iter().map(|policy| policy.name.as_str()));
    known.sort_unstable();
    match options.only.iter().chain(&options.skip).find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(failure(
            FailureKind::Request,
            format!("there is no rule {name}; there are {}", known.join(", ")),
        )),
    }
}

struct Run<'r, 'a> {
    text: &'a str,
    request: &'r Request,
    policies: &'r PolicySet,
    lines: Lines<'a>,
    limits: Limits,
    report: Report,
}

impl<'a> Run<'_, 'a> {
    fn wanted(&self, rule: &str) -> bool {
        let Options { only, skip, .. } = &self.request.options;
        (only.is_empty() || only.iter().any(|name| name == rule)) && !skip.iter().any(|name| name == rule)
    }

    fn unparsable(&mut self, chunk: Chunk<'_>, at: usize, message: String) {
        // Whatever rules were asked for, none of them can be judged there.
        if self.request.options.skip.iter().any(|name| name == UNPARSABLE) {
            return;
        }
        let (line, column) = self.lines.position(at);
        let help = "Look at what the template prints there: `helm template --debug` shows it as it is.";
        let source = chunk.source.unwrap_or_default().to_owned();
        let finding = Finding::of_stream(UNPARSABLE, message, help);
        self.report.findings.push(Finding { line, column, source, ..finding });
    }

    /// Once every reference is filled: workloads may stand before the Secrets they read.
    fn refresh_checksums(
        &self,
        inputs: &mut [(Document<'a>, Option<String>)],
        filled: &Filled,
    ) -> Result<(), Failure> {
        if filled.is_empty() || !self.request.options.refresh_checksums {
            return Ok(());
        }
        let namespace = &self.request.options.namespace;
        for (document, changed) in inputs {
            let refreshed = match changed {
                None => refresh(self.text, document, filled, namespace),
                Some(text) => {
                    self.reread(text, document)?.and_then(|again| refresh(text, &again, filled, namespace))
                }
            };
            if refreshed.is_some() {
                *changed = refreshed;
            }
        }
        Ok(())
    }

    /// A document that was changed, as it reads now.
    fn reread<'t>(&self, text: &'t str, document: &Document<'t>) -> Result<Option<Document<'t>>, Failure> {
        let chunk = Chunk { span: Span { start: 0, end: text.len() }, source: document.source };
        load_chunk(text, chunk, &self.limits)
            .map_err(|error| failure(FailureKind::Manifest, error.to_string()))
    }

    fn judge(&mut self, inputs: &[(Document<'a>, Option<String>)]) -> Result<(), Failure> {
        let options = &self.request.options;
        let settings =
            Settings {
                encode: options.encode,
                forbid_string_data: self.policies.params.iter().any(|params| {
                    params.at(&["data", "stringData"]).and_then(Node::as_str) == Some("forbid")
                }),
                example_secrets: options.example_secrets,
            };
        let judge = Judge::new(self.policies, options, inputs.iter().map(|(document, _)| &document.root));
        let mut unjudged = BTreeSet::new();
        for (document, changed) in inputs {
            let reread = match changed {
                None => None,
                Some(text) => self.reread(text, document)?,
            };
            let after_root = reread.as_ref().map_or(&document.root, |document| &document.root);
            let pairs = objects(&document.root).into_iter().zip(objects(after_root));
            for (at, (before, after)) in pairs.enumerate() {
                self.report.statistics.objects += 1;
                let mut breaches = Vec::new();
                let subject = Subject { text: self.text, document, first: at == 0, before, after, settings };
                for rule in RULES.iter().filter(|rule| self.wanted(rule.id)) {
                    rule.check(&subject, &mut breaches);
                }
                if let Some(resource) = Resource::of(after) {
                    let verdict = judge.judge(after, &resource, |rule| self.wanted(rule));
                    breaches.extend(verdict.breaches);
                    self.report.notes.extend(verdict.notes);
                    unjudged.extend(verdict.unjudged);
                }
                settle(&mut breaches);
                for breach in breaches {
                    self.report(document, before, breach);
                }
            }
        }
        self.report.statistics.policies -= unjudged.len();
        // Whether stringData is allowed at all is a parameter as well.
        if !unjudged.is_empty() && self.report.statistics.encoded > 0 && self.wanted(NO_STRING_DATA) {
            unjudged.insert(NO_STRING_DATA.to_owned());
        }
        self.report.unjudged.extend(unjudged);
        Ok(())
    }

    /// Positions are those of the stream that came in, whatever encoding moved.
    fn report(&mut self, document: &Document<'_>, object: &Node<'_>, breach: Breach) {
        let object_reference = reference(object);
        let mut message = breach.message;
        let today = &self.request.options.today;
        let stated = exceptions_of(&breach.rule).map(|rule| exception(object, rule, today));
        let none = Exception::None(None);
        match stated.into_iter().reduce(|own, other| if own == none { other } else { own }).unwrap_or(none) {
            Exception::Granted { reason, expires } => {
                self.report.notes.push(format!(
                    "{} does not apply to {} {} until {expires}: {reason}",
                    breach.rule, object_reference.kind, object_reference.name
                ));
                return;
            }
            Exception::None(None) => {}
            Exception::None(Some(why)) => message = format!("{message} ({why})"),
        }
        let (line, column) = self.lines.position(match breach.at {
            Some(span) => span.start,
            None => breach.path.nearest(object).0.span.start,
        });
        self.report.findings.push(Finding {
            rule: breach.rule,
            severity: breach.severity,
            object: object_reference,
            path: breach.path.to_string(),
            line,
            column,
            source: template_of(document).to_owned(),
            message,
            help: breach.help,
        });
    }
}

/// Where Helm 4 says which template a document comes from: it takes comments away before it calls a
/// post-renderer.
const FILE_NAME_ANNOTATION: &str = "postrenderer.helm.sh/postrender-filename";

fn template_of<'d>(document: &'d Document<'_>) -> &'d str {
    document
        .source
        .or_else(|| document.root.at(&["metadata", "annotations", FILE_NAME_ANNOTATION])?.as_str())
        .unwrap_or_default()
}
