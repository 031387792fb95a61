//! An object held against a schema, as an API server that decodes strictly would.
//!
//! One module an idea: scalars, limits, items that must differ, the words for it. Nothing is allocated
//! for what is right. Depends on [`super::table`] and on the tree of `gift_plugin::yaml`.

mod limits;
mod scalar;
mod trail;
mod uniqueness;
mod words;

use super::nearest::nearest;
use super::shape::{Definition, Field, Shape, Uniqueness};
use super::table::Table;
use super::version::Minor;
use gift_plugin::protocol::Severity;
use gift_plugin::yaml::{Entry, Mapping, Node, Path, Value};
use trail::Trail;

/// Something an API server would refuse, or says is to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Whether it is refused.
    pub severity: Severity,
    /// Where in the object.
    pub path: Path,
    /// The byte of the stream where it stands, if the path does not tell.
    pub at: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
}

/// Holds objects against schemas.
pub(super) struct Judge<'t> {
    /// The schemas of Kubernetes itself.
    pub(super) kubernetes: &'t Table,
    pub(super) minor: Minor,
    pub(super) kind: &'t str,
    /// What a schema of a custom resource was taken from, for the way out.
    pub(super) origin: Option<&'t str>,
    /// Whether the values of the mapping `data` are Base64 is another rule's part.
    pub(super) passes_over_data: bool,
    pub(super) mistakes: Vec<Mistake>,
}

/// A table, and how values are held against it.
#[derive(Clone, Copy)]
struct Rules<'t> {
    table: &'t Table,
    /// Whether values are read into types of Go, as those of Kubernetes' own kinds are: null is nothing
    /// then, wherever it stands.
    is_native: bool,
}

impl<'t> Judge<'t> {
    /// Judges a whole object, or a part of one.
    pub(super) fn judge(&mut self, table: &'t Table, is_native: bool, shape: &'t Shape, root: &Node<'_>) {
        self.value(Rules { table, is_native }, shape, root, &Trail::Root);
    }

    fn mistake(&mut self, trail: &Trail<'_>, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Mistake {
            severity: Severity::Error,
            path: trail.path(),
            at: None,
            message: message.into(),
            help: help.into(),
        });
    }

    fn value(&mut self, rules: Rules<'t>, shape: &'t Shape, node: &Node<'_>, trail: &Trail<'_>) {
        if matches!(node.value, Value::Null) {
            if !rules.is_native && !is_nullable(shape) {
                self.mistake(
                    trail,
                    format!("is null, and must be {}", words::expected(shape)),
                    "Give it a value, or remove it.",
                );
            }
            return;
        }
        match shape {
            Shape::Any => {}
            Shape::Object(number) => match &node.value {
                Value::Mapping(mapping) => self.fields(rules, *number, mapping, trail),
                _ => self.wrong_type(shape, node, trail),
            },
            Shape::Metadata => {
                let kubernetes = Rules { table: self.kubernetes, is_native: true };
                match (&node.value, self.kubernetes.find(super::METADATA)) {
                    (Value::Mapping(mapping), Some(number)) => {
                        self.fields(kubernetes, number, mapping, trail)
                    }
                    _ => self.wrong_type(shape, node, trail),
                }
            }
            Shape::List(item, uniqueness) => match &node.value {
                Value::Sequence(items) => {
                    for (index, node) in items.iter().enumerate() {
                        let trail = Trail::Index(trail, index);
                        match node.value {
                            Value::Null if rules.is_native => self.null_item(rules, item, uniqueness, &trail),
                            _ => self.value(rules, item, node, &trail),
                        }
                    }
                    self.unique(uniqueness, items, trail);
                }
                _ => self.wrong_type(shape, node, trail),
            },
            Shape::Map(value) => match &node.value {
                Value::Mapping(mapping) => {
                    for entry in mapping.entries() {
                        if self.is_nothing(rules, value, &entry.value) {
                            continue;
                        }
                        self.value(rules, value, &entry.value, &Trail::Key(trail, &entry.key));
                    }
                }
                _ => self.wrong_type(shape, node, trail),
            },
            Shape::Limited(shape, limits) => {
                let before = self.mistakes.len();
                self.value(rules, shape, node, trail);
                // What is of another type is beyond its limits too.
                if self.mistakes.len() == before {
                    self.limits(limits, node, trail);
                }
            }
            _ => self.scalar(rules, shape, node, trail),
        }
    }

    /// An item that is null: as good as empty, where nobody has to tell it from others.
    fn null_item(&mut self, rules: Rules<'t>, item: &'t Shape, uniqueness: &Uniqueness, trail: &Trail<'_>) {
        match (uniqueness, item) {
            (Uniqueness::Free, Shape::Object(number)) => {
                self.fields(rules, *number, &Mapping::default(), trail);
            }
            (Uniqueness::Free, _) => {}
            _ => {
                let message = format!("is null, and must be {}", words::expected(item));
                self.mistake(trail, message, "Give it a value, or remove it.");
            }
        }
    }

    /// Whether a value of a mapping counts as not stated.
    fn is_nothing(&self, rules: Rules<'_>, shape: &Shape, node: &Node<'_>) -> bool {
        matches!(node.value, Value::Null) && (rules.is_native || !is_nullable(shape))
    }

    fn fields(&mut self, rules: Rules<'t>, number: usize, mapping: &Mapping<'_>, trail: &Trail<'_>) {
        let definition = rules.table.definition(number);
        for entry in mapping.entries() {
            match definition.field(&entry.key, self.minor) {
                Some(field) if self.is_nothing(rules, &field.shape, &entry.value) => {}
                Some(field) => {
                    if self.passes_over_data && matches!(trail, Trail::Root) && *field.name == *"data" {
                        continue;
                    }
                    self.value(rules, &field.shape, &entry.value, &Trail::Key(trail, &entry.key));
                }
                None if definition.is_open => {}
                None => self.unknown(rules, number, definition, entry, trail),
            }
        }
        for field in definition.required(self.minor) {
            let stated = mapping.get(&field.name);
            if stated.is_none_or(|node| self.is_nothing(rules, &field.shape, node)) {
                self.missing(rules, number, field, stated.is_some(), trail);
            }
        }
    }

    fn missing(&mut self, rules: Rules<'_>, number: usize, field: &Field, is_null: bool, trail: &Trail<'_>) {
        let owner = self.owner(rules, number, trail);
        let how = if is_null { "is null" } else { "is missing" };
        let message = format!("`{}` {how}, and {owner} requires it", field.name);
        let help = format!("Give it {}.", words::expected(&field.shape));
        self.mistake(&Trail::Key(trail, &field.name), message, help);
    }

    fn unknown(
        &mut self,
        rules: Rules<'_>,
        number: usize,
        definition: &Definition,
        entry: &Entry<'_>,
        trail: &Trail<'_>,
    ) {
        let owner = self.owner(rules, number, trail);
        let name = &*entry.key;
        let known = definition.fields().iter().filter(|field| field.minors.contains(self.minor));
        let other = definition.named(name).find_map(|field| {
            let first = field.minors.first()?;
            Some(if first > self.minor {
                (format!("it came with {first}"), "Leave it out for this version, or ask for a newer one.")
            } else {
                let end = field.minors.end_after(first)?;
                (format!("{end} removed it"), "Leave it out for this version.")
            })
        });
        let (message, help) = match (other, nearest(name, known.map(|field| &*field.name))) {
            (Some((since, help)), _) => (
                format!("{owner} has no field `{name}` in Kubernetes {}: {since}", self.minor),
                help.to_owned(),
            ),
            (None, Some(near)) => (
                format!("{owner} has no field `{name}`"),
                format!("Did you mean `{near}`? {}", self.look(trail)),
            ),
            (None, None) => {
                (format!("{owner} has no field `{name}`"), format!("Remove it. {}", self.look(trail)))
            }
        };
        let path = Trail::Key(trail, name).path();
        let at = Some(entry.key_span.start);
        self.mistakes.push(Mistake { severity: Severity::Error, path, at, message, help });
    }

    /// Where the fields there are can be seen.
    fn look(&self, trail: &Trail<'_>) -> String {
        match self.origin {
            Some(origin) => format!("The schema is that of {origin}."),
            None => {
                format!(
                    "`kubectl explain {}` shows the fields there are.",
                    trail.fields_below(&self.kind.to_lowercase())
                )
            }
        }
    }

    /// What a field belongs to, in words: `Container`, `spec.dnsNames`.
    fn owner(&self, rules: Rules<'_>, number: usize, trail: &Trail<'_>) -> String {
        match rules.table.name(number).rsplit_once('.') {
            Some((_, name)) => name.to_owned(),
            None => match trail {
                Trail::Root => self.kind.to_owned(),
                _ => format!("`{}` of {}", trail.path(), self.kind),
            },
        }
    }
}

fn is_nullable(shape: &Shape) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Limited(shape, limits) => limits.nullable || is_nullable(shape),
        _ => false,
    }
}
