//! From tokens to the tree of one document.
//!
//! Depends on [`super::scanner`], [`super::node`] and [`super::scalar`]. Anchors, merge keys, repeated keys and
//! what may stand where behave as in `go.yaml.in/yaml/v2`, on which `sigs.k8s.io/yaml` stands.

use super::characters::SyntaxError;
use super::load::{Duplicate, Limits, LoadError, LoadErrorKind};
use super::node::{Mapping, Node, Span, Value};
use super::scalar::{self, Scalar};
use super::scanner::{Placed, Scanner, Style, Token};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// Reads the one document of `part`, which begins `offset` bytes behind the start of its stream.
pub(super) fn read<'a>(
    part: &'a str,
    offset: usize,
    limits: &Limits,
) -> Result<(Option<Node<'a>>, Vec<Duplicate<'a>>), LoadError> {
    let scanner = Scanner::new(part).map_err(|error| syntax(offset, error))?;
    let mut builder = Builder {
        part,
        offset,
        limits,
        scanner,
        prefixes: Vec::new(),
        anchors: BTreeMap::new(),
        duplicates: Vec::new(),
        alias_nodes: 0,
        last_end: 0,
    };
    let root = builder.document()?;
    Ok((root, builder.duplicates))
}

fn syntax(offset: usize, SyntaxError { at, message }: SyntaxError) -> LoadError {
    LoadError { at: offset + at, kind: LoadErrorKind::Syntax(message.to_owned()) }
}

/// The namespace of the tags YAML itself has.
const CORE: &str = "tag:yaml.org,2002:";

struct Builder<'a, 'limits> {
    part: &'a str,
    offset: usize,
    limits: &'limits Limits,
    scanner: Scanner<'a>,
    /// What the handles of tags stand for.
    prefixes: Vec<(&'a str, String)>,
    /// `None` while the anchored node is still being read.
    anchors: BTreeMap<&'a str, Option<Content<'a>>>,
    duplicates: Vec<Duplicate<'a>>,
    alias_nodes: usize,
    /// The end of the last token that was taken, in bytes of `part`.
    last_end: usize,
}

/// What stands in front of a node's content.
#[derive(Default)]
struct Properties<'a> {
    anchor: Option<&'a str>,
    tag: Option<String>,
}

/// What was read: a scalar becomes a value or a key, which is not the same for numbers.
#[derive(Clone)]
enum Content<'a> {
    Scalar(Scalar<'a>),
    Collection(Value<'a>),
}

/// Content, its place, and what it is to a mapping that has it as a key or a merged value.
struct Read<'a> {
    content: Content<'a>,
    span: Span,
    is_merge_key: bool,
    is_alias: bool,
}

impl<'a> Builder<'a, '_> {
    fn error(&self, at: usize, kind: impl Into<LoadErrorKind>) -> LoadError {
        LoadError { at: self.offset + at, kind: kind.into() }
    }

    fn unexpected(&self, at: usize, message: &str) -> LoadError {
        self.error(at, LoadErrorKind::Syntax(message.to_owned()))
    }

    fn peek(&mut self) -> Result<&Placed<'a>, LoadError> {
        let offset = self.offset;
        self.scanner.peek().map_err(|error| syntax(offset, error))
    }

    fn next(&mut self) -> Result<Placed<'a>, LoadError> {
        let placed = self.scanner.next().map_err(|error| syntax(self.offset, error))?;
        if placed.end > placed.start {
            self.last_end = placed.end;
        }
        Ok(placed)
    }

    /// Whether the next token is one of those, by what it is and not by what it says.
    fn is_next(&mut self, wanted: &[Token<'static>]) -> Result<bool, LoadError> {
        let kind = std::mem::discriminant(&self.peek()?.token);
        Ok(wanted.iter().any(|token| std::mem::discriminant(token) == kind))
    }

    fn document(&mut self) -> Result<Option<Node<'a>>, LoadError> {
        let is_explicit = self.is_next(&[Token::Version(0, 0), Token::TagPrefix("", String::new())])?
            || self.is_next(&[Token::DocumentStart])?;
        if self.is_next(&[Token::StreamEnd])? {
            return Ok(None);
        }
        self.directives()?;
        let mut root = None;
        if is_explicit {
            let start = self.next()?;
            if start.token != Token::DocumentStart {
                return Err(self.unexpected(start.start, "a directive without `---` behind it"));
            }
            const ENDS: [Token<'static>; 4] =
                [Token::DocumentStart, Token::DocumentEnd, Token::StreamEnd, Token::Version(0, 0)];
            if !self.is_next(&ENDS)? && !matches!(self.peek()?.token, Token::TagPrefix(..)) {
                let read = self.node(true, false, 0)?;
                root = Some(self.value(read)?);
            }
        } else {
            let read = self.node(true, false, 0)?;
            root = Some(self.value(read)?);
        }
        if self.is_next(&[Token::DocumentEnd])? {
            self.next()?;
        }
        // An error from here on is one of what nobody would read.
        while self.is_next(&[Token::DocumentEnd]).unwrap_or(false) {
            self.next()?;
        }
        let after = self.last_end;
        match self.is_next(&[Token::StreamEnd]) {
            Ok(true) => Ok(root),
            Ok(false) | Err(_) => Err(self.error(after, LoadErrorKind::SecondDocument)),
        }
    }

    fn directives(&mut self) -> Result<(), LoadError> {
        let mut has_version = false;
        while matches!(self.peek()?.token, Token::Version(..) | Token::TagPrefix(..)) {
            let placed = self.next()?;
            match placed.token {
                Token::Version(1, 1) if !has_version => has_version = true,
                Token::Version(..) => {
                    return Err(
                        self.unexpected(placed.start, "a version of YAML other than 1.1, or two of them")
                    );
                }
                Token::TagPrefix(handle, prefix) => {
                    if self.prefixes.iter().any(|(known, _)| *known == handle) {
                        return Err(self.unexpected(placed.start, "a second %TAG for one handle"));
                    }
                    self.prefixes.push((handle, prefix));
                }
                _ => {}
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", CORE)] {
            if !self.prefixes.iter().any(|(known, _)| *known == handle) {
                self.prefixes.push((handle, prefix.to_owned()));
            }
        }
        Ok(())
    }

    /// A node. Only in block context may it be a block collection; only as a value of a mapping may a
    /// sequence stand no deeper than what it belongs to.
    fn node(&mut self, block: bool, indentless: bool, depth: usize) -> Result<Read<'a>, LoadError> {
        let (start, end) = (self.peek()?.start, self.peek()?.end);
        if depth > self.limits.max_depth {
            return Err(self.error(start, LoadErrorKind::Depth(self.limits.max_depth)));
        }
        match self.peek()?.token {
            // Most nodes are that, and nothing stands in front of them.
            Token::Scalar(..) => return self.scalar_token(Properties::default()),
            Token::Alias(name) => {
                self.next()?;
                return self.alias(name, start..end);
            }
            _ => {}
        }
        let properties = self.properties()?;
        let start = self.peek()?.start;
        match &self.peek()?.token {
            Token::BlockEntry if indentless => {
                self.begin(&properties);
                self.block_sequence(true, properties, start, depth)
            }
            Token::Scalar(..) => self.scalar_token(properties),
            Token::FlowSequenceStart => {
                self.begin(&properties);
                self.flow_sequence(properties, depth)
            }
            Token::FlowMappingStart => {
                self.begin(&properties);
                self.flow_mapping(properties, depth)
            }
            Token::BlockSequenceStart if block => {
                self.begin(&properties);
                self.next()?;
                self.block_sequence(false, properties, start, depth)
            }
            Token::BlockMappingStart if block => {
                self.begin(&properties);
                self.next()?;
                self.block_mapping(properties, start, depth)
            }
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let at = self.last_end;
                self.scalar("".into(), Style::Plain, properties, at..at)
            }
            _ => Err(self.unexpected(start, "no value where one is expected")),
        }
    }

    /// The scalar that is the next token.
    fn scalar_token(&mut self, properties: Properties<'a>) -> Result<Read<'a>, LoadError> {
        let Placed { token, start, end } = self.next()?;
        match token {
            Token::Scalar(text, style) => self.scalar(text, style, properties, start..end),
            _ => Err(self.unexpected(start, "no scalar")),
        }
    }

    /// An anchor and a tag, in any order.
    fn properties(&mut self) -> Result<Properties<'a>, LoadError> {
        let mut properties = Properties::default();
        for _ in 0..2 {
            match &self.peek()?.token {
                Token::Anchor(name) if properties.anchor.is_none() => {
                    properties.anchor = Some(*name);
                    self.next()?;
                }
                Token::Tag(..) if properties.tag.is_none() => {
                    let placed = self.next()?;
                    let Token::Tag(handle, suffix) = placed.token else { continue };
                    let prefix = match handle {
                        "" => Some(""),
                        _ => self
                            .prefixes
                            .iter()
                            .find(|(known, _)| *known == handle)
                            .map(|(_, prefix)| prefix.as_str()),
                    };
                    let tag = prefix.map(|prefix| format!("{prefix}{suffix}")).unwrap_or_default();
                    if tag.is_empty() && !handle.is_empty() {
                        return Err(self.unexpected(placed.start, "a tag whose handle stands for nothing"));
                    }
                    properties.tag = Some(tag);
                }
                _ => break,
            }
        }
        properties.tag = properties.tag.filter(|tag| !tag.is_empty());
        Ok(properties)
    }

    fn scalar(
        &mut self,
        text: Cow<'a, str>,
        style: Style,
        properties: Properties<'a>,
        range: Range<usize>,
    ) -> Result<Read<'a>, LoadError> {
        let mut span = self.span(range.start..range.end);
        if style == Style::Block {
            let written = self.part.get(range.start..range.end).unwrap_or_default();
            span.end = span.start + written.trim_end().len();
            self.last_end = span.end - self.offset;
        }
        let tag = properties.tag.as_deref();
        // The tag `!` alone says no more than none does, whatever quotes there are.
        let implicit = tag == Some("!") || (tag.is_none() && style == Style::Plain);
        let is_merge_key =
            text == "<<" && (implicit || tag.and_then(|tag| tag.strip_prefix(CORE)) == Some("merge"));
        let scalar = match tag {
            None if implicit => scalar::resolve(None, text),
            None => Ok(Scalar::String(text)),
            Some(tag) => scalar::resolve(Some(tag.strip_prefix(CORE).unwrap_or("str")), text),
        };
        let content = Content::Scalar(scalar.map_err(|error| self.error(range.start, error))?);
        self.remember(&properties, &content);
        Ok(Read { content, span, is_merge_key, is_alias: false })
    }

    /// A value that is not written.
    fn nothing(&self, at: usize) -> Read<'a> {
        let content = Content::Scalar(Scalar::Null);
        Read { content, span: self.span(at..at), is_merge_key: false, is_alias: false }
    }

    /// An anchored collection is known, but has no value before its end.
    fn begin(&mut self, properties: &Properties<'a>) {
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, None);
        }
    }

    fn remember(&mut self, properties: &Properties<'a>, content: &Content<'a>) {
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, Some(content.clone()));
        }
    }

    fn value(&self, read: Read<'a>) -> Result<Node<'a>, LoadError> {
        let value = match read.content {
            Content::Collection(value) => value,
            Content::Scalar(scalar) => {
                scalar.value().map_err(|error| self.error(read.span.start - self.offset, error))?
            }
        };
        Ok(Node { value, span: read.span })
    }

    fn alias(&mut self, name: &str, range: Range<usize>) -> Result<Read<'a>, LoadError> {
        let content = match self.anchors.get(name) {
            Some(Some(target)) => target.clone(),
            Some(None) => return Err(self.error(range.start, LoadErrorKind::Recursion)),
            None => return Err(self.unexpected(range.start, "an alias of an anchor that is not there")),
        };
        self.alias_nodes += match &content {
            Content::Scalar(_) => 1,
            Content::Collection(value) => count(value),
        };
        if self.alias_nodes > self.limits.max_alias_nodes {
            return Err(self.error(range.start, LoadErrorKind::Aliases(self.limits.max_alias_nodes)));
        }
        Ok(Read { content, span: self.span(range), is_merge_key: false, is_alias: true })
    }

    /// The end of a collection: behind what was written last in it.
    fn finish(&mut self, value: Value<'a>, properties: &Properties<'a>, start: usize) -> Read<'a> {
        let content = Content::Collection(value);
        self.remember(properties, &content);
        let span = self.span(start..self.last_end.max(start));
        Read { content, span, is_merge_key: false, is_alias: false }
    }

    fn block_sequence(
        &mut self,
        indentless: bool,
        properties: Properties<'a>,
        start: usize,
        depth: usize,
    ) -> Result<Read<'a>, LoadError> {
        const ENTRY_ENDS: [Token<'static>; 2] = [Token::BlockEntry, Token::BlockEnd];
        const INDENTLESS_ENDS: [Token<'static>; 4] =
            [Token::BlockEntry, Token::Key, Token::Value, Token::BlockEnd];
        let mut items = Vec::new();
        while self.is_next(&[Token::BlockEntry])? {
            let end = self.next()?.end;
            let is_empty = self.is_next(if indentless { &INDENTLESS_ENDS[..] } else { &ENTRY_ENDS[..] })?;
            let item = if is_empty { self.nothing(end) } else { self.node(true, false, depth + 1)? };
            items.push(self.value(item)?);
        }
        let read = self.finish(Value::Sequence(items), &properties, start);
        if !indentless {
            let end = self.next()?;
            if end.token != Token::BlockEnd {
                return Err(self.unexpected(end.start, "something between the entries of a sequence"));
            }
        }
        Ok(read)
    }

    fn block_mapping(
        &mut self,
        properties: Properties<'a>,
        start: usize,
        depth: usize,
    ) -> Result<Read<'a>, LoadError> {
        const ENDS: [Token<'static>; 3] = [Token::Key, Token::Value, Token::BlockEnd];
        let mut mapping = Mapping::default();
        while self.is_next(&[Token::Key])? {
            let key_at = self.next()?.end;
            let is_empty = self.is_next(&ENDS)?;
            let key = if is_empty { self.nothing(key_at) } else { self.node(true, true, depth + 1)? };
            let value = if self.is_next(&[Token::Value])? {
                let end = self.next()?.end;
                if self.is_next(&ENDS)? { self.nothing(end) } else { self.node(true, true, depth + 1)? }
            } else {
                self.nothing(self.last_end)
            };
            self.insert(&mut mapping, key, value)?;
        }
        let read = self.finish(Value::Mapping(mapping), &properties, start);
        let end = self.next()?;
        if end.token != Token::BlockEnd {
            return Err(self.unexpected(end.start, "no key where one is expected; is the indentation right?"));
        }
        Ok(read)
    }

    fn flow_sequence(&mut self, properties: Properties<'a>, depth: usize) -> Result<Read<'a>, LoadError> {
        let start = self.next()?.start;
        let mut items = Vec::new();
        while self.has_entry(&Token::FlowSequenceEnd, items.is_empty())? {
            let item = if self.is_next(&[Token::Key])? {
                let placed = self.next()?;
                self.pair(placed.start, placed.end, depth + 1)?
            } else {
                self.node(false, false, depth + 1)?
            };
            items.push(self.value(item)?);
        }
        Ok(self.finish(Value::Sequence(items), &properties, start))
    }

    /// A mapping of one entry, without brackets, inside a flow sequence.
    fn pair(&mut self, start: usize, key_at: usize, depth: usize) -> Result<Read<'a>, LoadError> {
        if depth > self.limits.max_depth {
            return Err(self.error(start, LoadErrorKind::Depth(self.limits.max_depth)));
        }
        const ENDS: [Token<'static>; 3] = [Token::Value, Token::FlowEntry, Token::FlowSequenceEnd];
        let key = if self.is_next(&ENDS)? {
            // The library takes away what stands in the key's place.
            self.next()?;
            self.nothing(key_at)
        } else {
            self.node(false, false, depth + 1)?
        };
        let value = self.flow_value(&Token::FlowSequenceEnd, depth)?;
        let mut mapping = Mapping::default();
        self.insert(&mut mapping, key, value)?;
        Ok(self.finish(Value::Mapping(mapping), &Properties::default(), start))
    }

    fn flow_mapping(&mut self, properties: Properties<'a>, depth: usize) -> Result<Read<'a>, LoadError> {
        const ENDS: [Token<'static>; 3] = [Token::Value, Token::FlowEntry, Token::FlowMappingEnd];
        let start = self.next()?.start;
        let mut mapping = Mapping::default();
        let mut is_first = true;
        while self.has_entry(&Token::FlowMappingEnd, is_first)? {
            is_first = false;
            let (key, value) = if self.is_next(&[Token::Key])? {
                let at = self.next()?.end;
                let is_empty = self.is_next(&ENDS)?;
                let key = if is_empty { self.nothing(at) } else { self.node(false, false, depth + 1)? };
                (key, self.flow_value(&Token::FlowMappingEnd, depth)?)
            } else {
                let key = self.node(false, false, depth + 1)?;
                (key, self.nothing(self.last_end))
            };
            self.insert(&mut mapping, key, value)?;
        }
        Ok(self.finish(Value::Mapping(mapping), &properties, start))
    }

    /// Whether another entry follows in a flow collection; takes the comma in front of it, or the
    /// closing bracket.
    fn has_entry(&mut self, end: &Token<'static>, is_first: bool) -> Result<bool, LoadError> {
        if self.peek()?.token != *end && !is_first {
            let at = self.peek()?.start;
            if !self.is_next(&[Token::FlowEntry])? {
                return Err(self.unexpected(at, "no comma and no closing bracket where one is expected"));
            }
            self.next()?;
        }
        if self.peek()?.token == *end {
            self.next()?;
            return Ok(false);
        }
        Ok(true)
    }

    fn flow_value(&mut self, end: &Token<'static>, depth: usize) -> Result<Read<'a>, LoadError> {
        if self.is_next(&[Token::Value])? {
            let at = self.next()?.end;
            if !self.is_next(&[Token::FlowEntry])? && self.peek()?.token != *end {
                return self.node(false, false, depth + 1);
            }
            return Ok(self.nothing(at));
        }
        Ok(self.nothing(self.last_end))
    }

    fn insert(&mut self, mapping: &mut Mapping<'a>, key: Read<'a>, value: Read<'a>) -> Result<(), LoadError> {
        let key_span = key.span;
        let at = key_span.start - self.offset;
        let is_alias = value.is_alias;
        let value = self.value(value)?;
        if key.is_merge_key {
            return self.merge(mapping, value, is_alias, at);
        }
        let key = match key.content {
            Content::Scalar(scalar) => scalar.key(),
            Content::Collection(_) => None,
        };
        let Some(key) = key else {
            return Err(self.error(at, LoadErrorKind::Key));
        };
        let Some((first, _)) = mapping.insert_entry(key, key_span, value) else {
            return Ok(());
        };
        if first.end <= key_span.start
            && !self.is_merged(first)
            && let Some(again) = mapping.entries().iter().find(|entry| entry.key_span == key_span)
        {
            self.duplicates.push(Duplicate { key: again.key.clone(), first, second: key_span });
        }
        Ok(())
    }

    /// Later merges win over what stands before them, and explicit keys behind them win again: the
    /// order `go.yaml.in/yaml/v2` sets them in.
    fn merge(
        &self,
        mapping: &mut Mapping<'a>,
        value: Node<'a>,
        is_alias: bool,
        at: usize,
    ) -> Result<(), LoadError> {
        let span = value.span;
        match value.value {
            Value::Mapping(merged) => {
                for entry in merged.entries() {
                    mapping.insert(entry.key.clone(), span, Node { value: entry.value.value.clone(), span });
                }
                Ok(())
            }
            // An alias may stand for a mapping alone.
            Value::Sequence(items) if !is_alias => {
                for item in items.into_iter().rev() {
                    if item.as_mapping().is_none() {
                        return Err(self.error(at, LoadErrorKind::Merge));
                    }
                    self.merge(mapping, item, false, at)?;
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

    fn span(&self, range: Range<usize>) -> Span {
        Span { start: self.offset + range.start, end: self.offset + range.end }
    }
}

fn count(value: &Value<'_>) -> usize {
    1 + match value {
        Value::Sequence(items) => items.iter().map(|item| count(&item.value)).sum(),
        Value::Mapping(mapping) => mapping.entries().iter().map(|entry| count(&entry.value.value)).sum(),
        _ => 0,
    }
}
