//! Schemas as compact text: kinds, and the definitions they lead to, each read when it is first used.
//!
//! ```text
//! = kinds
//! Deployment apps/v1 namespaced apps.v1.Deployment
//! = types
//! apps.v1.DeploymentSpec
//!  replicas int32
//!  selector! meta.v1.LabelSelector
//! ```
//!
//! docs/schemas.md has the whole notation. Depends on [`super::shape`] and [`super::version`].

use super::limits::Limits;
use super::shape::{Definition, Field, Key, Shape, Uniqueness, Width};
use super::version::{Minor, Minors};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

/// Schemas as text, with what was read of it.
#[derive(Debug)]
pub(crate) struct Table {
    text: Cow<'static, str>,
    /// By kind, then by API version.
    kinds: Vec<KindLine>,
    /// By name.
    definitions: Vec<Slot>,
}

#[derive(Debug)]
struct KindLine {
    kind: Range<usize>,
    api_version: Range<usize>,
    rest: Range<usize>,
}

#[derive(Debug)]
struct Slot {
    name: Range<usize>,
    body: Range<usize>,
    read: OnceLock<Definition>,
}

/// A kind of object in one version of its API.
#[derive(Clone, Debug)]
pub(crate) struct Kind<'t> {
    pub(crate) kind: &'t str,
    pub(crate) api_version: &'t str,
    pub(crate) is_namespaced: bool,
    /// What its objects must be; nothing is known of some that were removed long ago.
    pub(crate) shape: Option<Shape>,
    /// The versions of Kubernetes that serve it.
    pub(crate) served: Minors,
    /// The version that called it deprecated.
    pub(crate) deprecated: Option<Minor>,
    /// The version that has it no longer.
    pub(crate) removed: Option<Minor>,
    /// API version and kind to use instead.
    pub(crate) replacement: Option<(&'t str, &'t str)>,
    /// Whether it is deprecated whatever the version of Kubernetes.
    pub(crate) is_deprecated: bool,
}

/// What separates the sections.
pub(super) const KINDS: &str = "= kinds";
pub(super) const TYPES: &str = "= types";

/// What the names of definitions begin with that have numbers for names, in order.
pub(super) const NUMBERED: char = '%';

impl Table {
    /// Reads where everything stands; what it says is read when it is asked for.
    pub(super) fn read(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        let (mut kinds, mut definitions) = (Vec::new(), Vec::<Slot>::new());
        let mut section = "";
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            let line = line.trim_end_matches('\n');
            if line.starts_with("= ") {
                section = if line == KINDS { KINDS } else { TYPES };
            } else if line.starts_with(' ') {
                if let Some(last) = definitions.last_mut() {
                    last.body.end = end;
                }
            } else if section == TYPES {
                let name = line.find(' ').unwrap_or(line.len());
                definitions.push(Slot {
                    name: start..start + name,
                    body: start + name..end,
                    read: OnceLock::new(),
                });
            } else if section == KINDS {
                let kind = line.find(' ').unwrap_or(line.len());
                let api_version =
                    kind + 1 + line.get(kind + 1..).and_then(|rest| rest.find(' ')).unwrap_or(0);
                if api_version < line.len() {
                    kinds.push(KindLine {
                        kind: start..start + kind,
                        api_version: start + kind + 1..start + api_version,
                        rest: start + api_version + 1..start + line.len(),
                    });
                }
            }
            start = end;
        }
        Self { text, kinds, definitions }
    }

    fn at(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The definition of that number; one that refuses nothing when there is none.
    pub(crate) fn definition(&self, number: usize) -> &Definition {
        static OPEN: OnceLock<Definition> = OnceLock::new();
        match self.definitions.get(number) {
            Some(slot) => slot.read.get_or_init(|| self.read_definition(self.at(&slot.body))),
            None => OPEN.get_or_init(|| Definition::new(Vec::new(), true)),
        }
    }

    /// The name of a definition: `core.v1.Container`.
    pub(crate) fn name(&self, number: usize) -> &str {
        self.definitions.get(number).map_or("", |slot| self.at(&slot.name))
    }

    /// The number of a definition.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        match name.strip_prefix(NUMBERED) {
            Some(number) => number.parse().ok().filter(|number| *number < self.definitions.len()),
            None => self.definitions.binary_search_by(|slot| self.at(&slot.name).cmp(name)).ok(),
        }
    }

    /// A kind in one version of its API.
    pub(crate) fn kind(&self, api_version: &str, kind: &str) -> Option<Kind<'_>> {
        let at = self
            .kinds
            .binary_search_by(|line| {
                (self.at(&line.kind), self.at(&line.api_version)).cmp(&(kind, api_version))
            })
            .ok()?;
        self.kinds.get(at).and_then(|line| self.read_kind(line))
    }

    /// A kind in every version of every API that has one of that name.
    pub(crate) fn kinds_named<'t, 'k>(
        &'t self,
        kind: &'k str,
    ) -> impl Iterator<Item = Kind<'t>> + use<'t, 'k> {
        let first = self.kinds.partition_point(|line| self.at(&line.kind) < kind);
        self.kinds[first..]
            .iter()
            .take_while(move |line| self.at(&line.kind) == kind)
            .filter_map(|line| self.read_kind(line))
    }

    /// The names and API versions of all kinds.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.kinds.iter().map(|line| (self.at(&line.kind), self.at(&line.api_version)))
    }

    fn read_kind(&self, line: &KindLine) -> Option<Kind<'_>> {
        let rest = self.at(&line.rest);
        let (scope, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut kind = Kind {
            kind: self.at(&line.kind),
            api_version: self.at(&line.api_version),
            is_namespaced: scope == "namespaced",
            shape: None,
            served: Minors::ALL,
            deprecated: None,
            removed: None,
            replacement: None,
            is_deprecated: false,
        };
        let mut rest = rest;
        // The shape comes last, for it may hold blanks.
        while let Some((word, after)) = rest.split_once(' ').or((!rest.is_empty()).then_some((rest, ""))) {
            let minor = |text: &str| text.parse().ok().map(Minor::new);
            match word.split_once('=') {
                Some(("served", "")) => kind.served = Minors::NONE,
                Some(("served", minors)) => kind.served = Minors::parse(minors)?,
                Some(("deprecated", text)) => kind.deprecated = minor(text),
                Some(("removed", text)) => kind.removed = minor(text),
                Some(("use", text)) => kind.replacement = text.rsplit_once('/'),
                _ if word == "deprecated" => kind.is_deprecated = true,
                _ => {
                    kind.shape = self.read_shape(rest);
                    break;
                }
            }
            rest = after;
        }
        Some(kind)
    }

    fn read_definition(&self, body: &str) -> Definition {
        let mut lines = body.lines();
        let is_open = lines.next().is_some_and(|flags| flags.trim() == "open");
        let fields = lines.filter_map(|line| self.read_field(line.strip_prefix(' ')?)).collect();
        Definition::new(fields, is_open)
    }

    fn read_field(&self, line: &str) -> Option<Field> {
        let (head, mut rest) = line.split_once(' ')?;
        let (name, mut required) = match head.split_once('!') {
            None => (head, Minors::NONE),
            Some((name, "")) => (name, Minors::ALL),
            Some((name, minors)) => (name, Minors::parse(minors)?),
        };
        let mut minors = Minors::ALL;
        if rest.starts_with(|letter: char| letter.is_ascii_digit()) {
            let (range, shape) = rest.split_once(' ')?;
            (minors, rest) = (Minors::parse(range)?, shape);
        }
        required = required.and(minors);
        Some(Field { name: name.into(), minors, required, shape: self.read_shape(rest)? })
    }

    /// Reads a shape, such as `[name]core.v1.Container`.
    fn read_shape(&self, text: &str) -> Option<Shape> {
        let boxed = |rest: &str| self.read_shape(rest).map(Box::new);
        if let Some(rest) = text.strip_prefix('[') {
            let (keys, item) = rest.split_once(']')?;
            let uniqueness = if keys.is_empty() {
                Uniqueness::Free
            } else {
                Uniqueness::Keys(keys.split(',').map(read_key).collect())
            };
            return Some(Shape::List(boxed(item)?, uniqueness));
        }
        if let Some(item) = text.strip_prefix("<>") {
            return Some(Shape::List(boxed(item)?, Uniqueness::Set));
        }
        if let Some(value) = text.strip_prefix("{}") {
            return Some(Shape::Map(boxed(value)?));
        }
        if let Some(values) = text.strip_prefix('=') {
            return Some(Shape::OneOf(values.split('|').map(Into::into).collect()));
        }
        if let Some(rest) = text.strip_prefix('~') {
            let mut json = serde_json::Deserializer::from_str(rest).into_iter();
            let limits = Limits::read(&json.next()?.ok()?);
            return Some(Shape::Limited(boxed(rest.get(json.byte_offset()..)?)?, Box::new(limits)));
        }
        Some(match text {
            "any" => Shape::Any,
            "string" => Shape::String,
            "time" => Shape::Time,
            "base64" => Shape::Base64,
            "int32" => Shape::Integer(Width::Bits32),
            "int64" => Shape::Integer(Width::Bits64),
            "integer" => Shape::Integer(Width::Unbounded),
            "number" => Shape::Number,
            "boolean" => Shape::Boolean,
            "quantity" => Shape::Quantity,
            "int32-or-string" => Shape::IntegerOrString(Width::Bits32),
            "integer-or-string" => Shape::IntegerOrString(Width::Unbounded),
            "metadata" => Shape::Metadata,
            name => Shape::Object(self.find(name)?),
        })
    }
}

#[cfg(test)]
impl Table {
    /// How many lines are fields.
    pub(super) fn count_of_fields(&self) -> usize {
        self.text.lines().filter(|line| line.starts_with(' ')).count()
    }
}

fn read_key(text: &str) -> Key {
    let (name, default) = match text.split_once('=') {
        Some((name, default)) => (name, Some(default.into())),
        None => (text, None),
    };
    Key { name: name.into(), default }
}
