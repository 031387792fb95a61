//! From text to the tree: events of the YAML parser become nodes.
//!
//! Depends on [`super::node`], [`super::scalar`] and [`super::stream`]. Anchors, merge keys and
//! repeated keys behave as in `go.yaml.in/yaml/v2`, on which `sigs.k8s.io/yaml` stands.

use super::node::{Mapping, Node, Span, Value};
use super::scalar::{self, ScalarError};
use super::stream::{Chunk, split};
use granit_parser::{Event, Parser, ScalarStyle, StrInput};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Bounds on what a document may make us do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deeply collections may nest.
    pub max_depth: usize,
    /// How many nodes aliases may add to one document.
    pub max_alias_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 128, max_alias_nodes: 100_000 }
    }
}

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    /// The tree.
    pub root: Node<'a>,
    /// The stretch of the stream it stands in.
    pub span: Span,
    /// The template that Helm names in a `# Source:` line.
    pub source: Option<&'a str>,
    /// Keys that stand twice in one mapping, in the order of the document.
    pub duplicates: Vec<Duplicate<'a>>,
}

/// A key that stands twice in one mapping. Kubernetes keeps the last one, or refuses both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// Where it stood first.
    pub first: Span,
    /// Where it stands again.
    pub second: Span,
}

/// Why a document has no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct LoadError {
    /// The byte of the stream where reading stopped.
    pub at: usize,
    /// Why.
    #[source]
    pub kind: LoadErrorKind,
}

/// The kinds of [`LoadError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadErrorKind {
    /// Not YAML.
    #[error("not YAML: {0}")]
    Syntax(String),
    /// A scalar without a value in JSON.
    #[error(transparent)]
    Scalar(#[from] ScalarError),
    /// A key that is null, a sequence or a mapping.
    #[error("a key must be a string, a number or a boolean")]
    Key,
    /// `<<` with something else than a mapping or a sequence of mappings.
    #[error("`<<` takes a mapping or a sequence of mappings")]
    Merge,
    /// An alias inside the node it stands for.
    #[error("an alias stands inside the node it refers to")]
    Recursion,
    /// Nested too deeply.
    #[error("nested more than {0} levels deep")]
    Depth(usize),
    /// Aliases that multiply.
    #[error("aliases add more than {0} nodes to the document")]
    Aliases(usize),
    /// Text after `...` that the API machinery would not read.
    #[error("a second document without `---` before it, which Kubernetes would not read")]
    SecondDocument,
}

/// Reads every document of a stream; stretches without a document are left out.
///
/// # Errors
///
/// One [`LoadError`] for each document that has no tree, in place of it.
pub fn load_documents<'a>(
    text: &'a str,
    limits: &Limits,
) -> impl Iterator<Item = Result<Document<'a>, (Chunk<'a>, LoadError)>> {
    split(text)
        .into_iter()
        .filter_map(move |chunk| load_chunk(text, chunk, limits).map_err(|error| (chunk, error)).transpose())
}

/// Reads every document of a stream.
///
/// ```
/// use gift_plugin::yaml::{Limits, load_stream};
///
/// let documents = load_stream("replicas: 0x10\n---\n# nothing\n---\non: 1_000\n", &Limits::default())?;
/// assert_eq!(documents.len(), 2);
/// assert_eq!(documents[1].root.as_mapping().map(|mapping| mapping.entries()[0].key.as_ref()), Some("true"));
/// # Ok::<(), gift_plugin::yaml::LoadError>(())
/// ```
///
/// # Errors
///
/// The first [`LoadError`] of the stream.
pub fn load_stream<'a>(text: &'a str, limits: &Limits) -> Result<Vec<Document<'a>>, LoadError> {
    load_documents(text, limits).map(|document| document.map_err(|(_, error)| error)).collect()
}

/// Reads the document in a stretch of the stream, `None` when there is none.
///
/// # Errors
///
/// [`LoadError`] when the stretch is not YAML, or beyond a limit.
pub fn load_chunk<'a>(
    text: &'a str,
    chunk: Chunk<'a>,
    limits: &Limits,
) -> Result<Option<Document<'a>>, LoadError> {
    let part = &text[chunk.span.start..chunk.span.end];
    let holds_nothing = part.lines().all(|line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.is_empty() || line.starts_with(['#', '%']) || line == "---" || line.starts_with("--- #")
    });
    if holds_nothing {
        return Ok(None);
    }
    let mut builder = Builder {
        part,
        offset: chunk.span.start,
        limits,
        parser: Parser::new_from_str(part),
        anchors: BTreeMap::new(),
        duplicates: Vec::new(),
        alias_nodes: 0,
        last_end: 0,
    };
    let root = builder.document()?;
    let duplicates = builder.duplicates;
    Ok(root.map(|root| Document { root, span: chunk.span, source: chunk.source, duplicates }))
}

struct Builder<'a, 'limits> {
    part: &'a str,
    offset: usize,
    limits: &'limits Limits,
    parser: Parser<'a, StrInput<'a>>,
    /// `None` while the anchored node is still being read.
    anchors: BTreeMap<usize, Option<Node<'a>>>,
    duplicates: Vec<Duplicate<'a>>,
    alias_nodes: usize,
    /// The end of the last token, in bytes of `part`.
    last_end: usize,
}

type Step<'a> = (Event<'a>, std::ops::Range<usize>);

impl<'a> Builder<'a, '_> {
    fn error(&self, at: usize, kind: impl Into<LoadErrorKind>) -> LoadError {
        LoadError { at: self.offset + at, kind: kind.into() }
    }

    fn next(&mut self) -> Result<Step<'a>, LoadError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or(self.last_end..self.last_end);
                Ok((event, range))
            }
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(self.last_end);
                Err(self.error(at, LoadErrorKind::Syntax(error.info())))
            }
            None => Ok((Event::StreamEnd, self.part.len()..self.part.len())),
        }
    }

    fn document(&mut self) -> Result<Option<Node<'a>>, LoadError> {
        let mut root = None;
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(self.error(range.start, LoadErrorKind::SecondDocument));
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node((event, range), 0)?),
            }
        }
    }

    fn node(&mut self, (event, range): Step<'a>, depth: usize) -> Result<Node<'a>, LoadError> {
        if depth > self.limits.max_depth {
            return Err(self.error(range.start, LoadErrorKind::Depth(self.limits.max_depth)));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let span = self.scalar_span(style, &range);
                let core = tag
                    .as_deref()
                    .map(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:").unwrap_or("str".into()));
                let value = match (core.as_deref(), style) {
                    (None, ScalarStyle::Plain) if range.is_empty() => Ok(Value::Null),
                    (None, ScalarStyle::Plain) => scalar::resolve(None, text),
                    (None, _) => Ok(Value::String(text)),
                    (tag, _) => scalar::resolve(tag, text),
                };
                let value = value.map_err(|error| self.error(range.start, error))?;
                self.last_end = span.end - self.offset;
                let node = Node { value, span };
                self.remember(anchor, &node);
                Ok(node)
            }
            Event::SequenceStart(_, anchor, _) => self.sequence(&range, anchor, depth),
            Event::MappingStart(_, anchor, _) => self.mapping(&range, anchor, depth),
            Event::Alias(anchor) => self.alias(anchor, &range),
            _ => Err(self.error(range.start, LoadErrorKind::Syntax("unexpected event".to_owned()))),
        }
    }

    fn remember(&mut self, anchor: usize, node: &Node<'a>) {
        if anchor != 0 {
            self.anchors.insert(anchor, Some(node.clone()));
        }
    }

    fn alias(&mut self, anchor: usize, range: &std::ops::Range<usize>) -> Result<Node<'a>, LoadError> {
        let target = match self.anchors.get(&anchor) {
            Some(Some(target)) => target.clone(),
            Some(None) => return Err(self.error(range.start, LoadErrorKind::Recursion)),
            None => return Err(self.error(range.start, LoadErrorKind::Syntax("unknown anchor".to_owned()))),
        };
        self.alias_nodes += count(&target);
        if self.alias_nodes > self.limits.max_alias_nodes {
            return Err(self.error(range.start, LoadErrorKind::Aliases(self.limits.max_alias_nodes)));
        }
        self.last_end = range.end;
        Ok(Node { value: target.value, span: self.span(range) })
    }

    fn sequence(
        &mut self,
        range: &std::ops::Range<usize>,
        anchor: usize,
        depth: usize,
    ) -> Result<Node<'a>, LoadError> {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.last_end = range.end;
        let mut items = Vec::new();
        loop {
            let step = self.next()?;
            if matches!(step.0, Event::SequenceEnd) {
                self.last_end = self.last_end.max(step.1.end.min(self.flow_end(range, &step.1)));
                break;
            }
            items.push(self.node(step, depth + 1)?);
        }
        let node = Node { value: Value::Sequence(items), span: self.span(&(range.start..self.last_end)) };
        self.remember(anchor, &node);
        Ok(node)
    }

    fn mapping(
        &mut self,
        range: &std::ops::Range<usize>,
        anchor: usize,
        depth: usize,
    ) -> Result<Node<'a>, LoadError> {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.last_end = range.end;
        let mut mapping = Mapping::default();
        loop {
            let step = self.next()?;
            if matches!(step.0, Event::MappingEnd) {
                self.last_end = self.last_end.max(step.1.end.min(self.flow_end(range, &step.1)));
                break;
            }
            let is_merge =
                matches!(&step.0, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key_range = step.1.clone();
            let key = self.node(step, depth + 1)?;
            let key_span = key.span;
            let value_step = self.next()?;
            let value = self.node(value_step, depth + 1)?;
            if is_merge {
                self.merge(&mut mapping, value, key_range.start)?;
                continue;
            }
            let Some(key) = scalar::key_text(key.value) else {
                return Err(self.error(key_range.start, LoadErrorKind::Key));
            };
            if let Some(first) = mapping.entry(&key).map(|entry| entry.key_span)
                && first.end <= key_span.start
                && !self.is_merged(first)
            {
                self.duplicates.push(Duplicate { key: key.clone(), first, second: key_span });
            }
            mapping.insert(key, key_span, value);
        }
        let node = Node { value: Value::Mapping(mapping), span: self.span(&(range.start..self.last_end)) };
        self.remember(anchor, &node);
        Ok(node)
    }

    /// Later merges win over what stands before them, and explicit keys behind them win again: the
    /// order `go.yaml.in/yaml/v2` sets them in.
    fn merge(&self, mapping: &mut Mapping<'a>, value: Node<'a>, at: usize) -> Result<(), LoadError> {
        let span = value.span;
        match value.value {
            Value::Mapping(merged) => {
                for entry in merged.entries() {
                    mapping.insert(entry.key.clone(), span, Node { value: entry.value.value.clone(), span });
                }
                Ok(())
            }
            Value::Sequence(items) => {
                for item in items.into_iter().rev() {
                    if item.as_mapping().is_none() {
                        return Err(self.error(at, LoadErrorKind::Merge));
                    }
                    self.merge(mapping, item, at)?;
                }
                Ok(())
            }
            _ => Err(self.error(at, LoadErrorKind::Merge)),
        }
    }

    /// A merged entry has the place of what was merged: an alias or a flow mapping, never a key.
    fn is_merged(&self, key_span: Span) -> bool {
        matches!(self.part.as_bytes().get(key_span.start - self.offset), Some(b'*' | b'{' | b'['))
    }

    fn span(&self, range: &std::ops::Range<usize>) -> Span {
        Span { start: self.offset + range.start, end: self.offset + range.end }
    }

    /// Only a flow collection has a closing bracket that belongs to it; a block collection ends with
    /// its last child.
    fn flow_end(&self, start: &std::ops::Range<usize>, end: &std::ops::Range<usize>) -> usize {
        if start.is_empty() { self.last_end } else { end.end }
    }

    /// A value that is not written stands behind its colon, which the parser may not have reached.
    fn empty_span(&self, at: usize) -> Span {
        let rest = self.part.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let at = if rest[blank..].starts_with(':') { at + blank + 1 } else { at };
        self.span(&(at..at))
    }

    /// The parser gives the content of a block scalar; its place here begins with `|` or `>` and
    /// ends with its last visible character.
    fn scalar_span(&self, style: ScalarStyle, range: &std::ops::Range<usize>) -> Span {
        if range.is_empty() && style == ScalarStyle::Plain {
            return self.empty_span(range.start.max(self.last_end));
        }
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return self.span(range);
        }
        let before = self.part.get(self.last_end..range.start).unwrap_or_default();
        let header = before
            .char_indices()
            .find(|(at, character)| {
                matches!(character, '|' | '>')
                    && before[..*at].chars().next_back().is_none_or(char::is_whitespace)
            })
            .map_or(range.start, |(at, _)| self.last_end + at);
        let end = self.part.get(header..range.end).map_or(range.end, |raw| header + raw.trim_end().len());
        self.span(&(header..end))
    }
}

fn count(node: &Node<'_>) -> usize {
    1 + match &node.value {
        Value::Sequence(items) => items.iter().map(count).sum(),
        Value::Mapping(mapping) => mapping.entries().iter().map(|entry| count(&entry.value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
