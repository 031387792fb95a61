//! What can be seen to be wrong with literals once all types are right.
//!
//! The elements of a list have one type, except inside a call of `format`; a duration, a point in time, a pattern
//! and a template are ones. Depends on [`super::ast`], [`super::unify`] and [`super::library`].

use super::ast::{Element, Entry, Expression, ExpressionKind};
use super::error::CompileError;
use super::library::time::{Duration, Timestamp};
use super::library::{regex, templates};
use super::types::{Kind, Type};
use super::unify::Substitutions;
use std::collections::BTreeMap;

/// The name of the function whose arguments may mix types.
const FORMAT: &str = "format";

/// What was noted of the literals in an expression.
#[derive(Default)]
pub(super) struct Literals<'e> {
    /// The places and types of the elements of each list.
    lists: Vec<Vec<(usize, Type)>>,
    /// The same for keys and values of each map.
    maps: Vec<Vec<[(usize, Type); 2]>>,
    mistakes: Vec<(usize, String)>,
    /// Calls of `format`: the place, the template and its arguments.
    formats: Vec<(usize, &'e str, &'e [Element])>,
    /// How many calls of `format` are around the current part.
    formatted: usize,
    /// The types of what is inside of them, by address.
    types: BTreeMap<usize, Type>,
}

fn address(expression: &Expression) -> usize {
    std::ptr::from_ref(expression).addr()
}

impl<'e> Literals<'e> {
    /// What follows is an argument of `function`.
    pub(super) fn enter(&mut self, function: &str) {
        self.formatted += usize::from(function == FORMAT);
    }

    /// The arguments of `function` end here.
    pub(super) fn leave(&mut self, function: &str) {
        self.formatted -= usize::from(function == FORMAT);
    }

    /// Notes the type of an expression.
    pub(super) fn note(&mut self, expression: &Expression, of: &Type) {
        if self.formatted > 0 {
            self.types.insert(address(expression), of.clone());
        }
    }

    /// Notes the elements of a list.
    pub(super) fn list(&mut self, elements: Vec<(usize, Type)>) {
        if self.formatted == 0 && elements.len() > 1 {
            self.lists.push(elements);
        }
    }

    /// Notes the entries of a map.
    pub(super) fn map(&mut self, entries: Vec<[(usize, Type); 2]>) {
        if self.formatted == 0 && entries.len() > 1 {
            self.maps.push(entries);
        }
    }

    /// Notes a call.
    pub(super) fn call(
        &mut self,
        offset: usize,
        function: &str,
        target: Option<&'e Expression>,
        arguments: &'e [Expression],
    ) {
        let Some(argument) = arguments.first() else { return };
        let valid = match (function, &argument.kind) {
            ("duration", ExpressionKind::String(text)) => Duration::parse(text).is_ok(),
            // The API server takes a literal duration for text, whatever it is.
            ("duration", ExpressionKind::Int(_)) => false,
            ("timestamp", ExpressionKind::String(text)) => Timestamp::parse(text).is_ok(),
            ("timestamp", ExpressionKind::Int(seconds)) => Timestamp::from_seconds(*seconds).is_ok(),
            ("matches", ExpressionKind::String(pattern)) => {
                if let Err(error) = regex::compile(pattern) {
                    self.mistakes.push((argument.offset, format!("invalid matches argument: {error}")));
                }
                true
            }
            (FORMAT, ExpressionKind::List(elements)) => {
                if let Some(Expression { kind: ExpressionKind::String(template), .. }) = target {
                    self.formats.push((offset, template, elements));
                }
                true
            }
            _ => true,
        };
        if !valid {
            self.mistakes.push((argument.offset, format!("invalid {function} argument")));
        }
    }

    /// All that is wrong.
    pub(super) fn mistakes(mut self, source: &str, types: &Substitutions) -> Vec<CompileError> {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        let mixed = |first: &(usize, Type), other: &(usize, Type)| {
            let (wanted, found) = (types.settle(&first.1), types.settle(&other.1));
            (wanted != found).then(|| (other.0, format!("expected type '{wanted}' but found '{found}'")))
        };
        for elements in &self.lists {
            mistakes.extend(elements[1..].iter().find_map(|other| mixed(&elements[0], other)));
        }
        for entries in &self.maps {
            let [key, value] = &entries[0];
            mistakes.extend(
                entries[1..]
                    .iter()
                    .flat_map(|[other_key, other]| [mixed(key, other_key), mixed(value, other)])
                    .flatten(),
            );
        }
        for (offset, template, elements) in &self.formats {
            let checked = templates::check(template, elements.len(), |clause, index| {
                self.clause(types, clause, &elements[index].value)
            });
            match checked {
                Ok(asked) if elements.len() > asked => mistakes.push((
                    *offset,
                    format!(
                        "too many arguments supplied to string.format (expected {asked}, got {})",
                        elements.len()
                    ),
                )),
                Ok(_) => {}
                Err((place, message)) => mistakes.push((place.unwrap_or(*offset), message)),
            }
        }
        mistakes.into_iter().map(|(offset, message)| CompileError::new(source, offset, message)).collect()
    }

    /// Whether a clause takes an argument; else the place and the name of the type it does not take.
    fn clause(
        &self,
        types: &Substitutions,
        clause: templates::Clause,
        argument: &Expression,
    ) -> Result<(), (usize, &'static str)> {
        let of = self.types.get(&address(argument)).map_or(Type::Dyn, |of| types.settle(of));
        if let Some(kind) = runtime_kind(&of)
            && !clause.takes(kind, true)
        {
            return Err((argument.offset, kind.name()));
        }
        if clause != templates::Clause::Text {
            return Ok(());
        }
        match &argument.kind {
            ExpressionKind::List(elements) => {
                elements.iter().try_for_each(|Element { value, .. }| self.clause(types, clause, value))
            }
            ExpressionKind::Map(entries) => entries.iter().try_for_each(|Entry { key, value, .. }| {
                self.clause(types, clause, key)?;
                self.clause(types, clause, value)
            }),
            _ => Ok(()),
        }
    }
}

/// What values of a type are when the expression runs, if that is known.
const fn runtime_kind(of: &Type) -> Option<Kind> {
    match of {
        Type::Plain(kind) => Some(*kind),
        Type::List(_) => Some(Kind::List),
        Type::Map(..) => Some(Kind::Map),
        Type::Optional(_) => Some(Kind::Optional),
        Type::TypeOf(_) => Some(Kind::Type),
        Type::Dyn | Type::Error | Type::Variable(_) | Type::Object(_) => None,
    }
}
