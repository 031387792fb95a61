//! Looks names up, checks types as far as they are known, and prepares an expression for running.
//!
//! Depends on [`super::ast`], [`super::types`], [`super::library`], [`super::macros`] and
//! [`super::program`].

use super::ast::{Element, Entry, Expression, ExpressionKind, Operator};
use super::environment::Declarations;
use super::error::CompileError;
use super::library::{self, Overload, regex};
use super::parser::qualified_name;
use super::program::{Call, Literal, Step, StepKind};
use super::signatures::{self, Signature};
use super::types::{Bindings, Kind, Type};

/// A checked part of an expression and its type.
pub(super) type Checked = Result<(Step, Type), CompileError>;

/// Checks one expression.
pub(super) struct Checker<'e> {
    source: &'e str,
    minor: u32,
    declarations: &'e Declarations,
    /// The variables of the macros around the current part.
    pub(super) scope: Vec<(String, Type)>,
    /// How many calls of `format` are around the current part: their lists may mix types.
    mixing: usize,
}

impl<'e> Checker<'e> {
    pub(super) const fn new(source: &'e str, minor: u32, declarations: &'e Declarations) -> Self {
        Self { source, minor, declarations, scope: Vec::new(), mixing: 0 }
    }

    pub(super) fn error<T>(&self, offset: usize, message: impl Into<String>) -> Result<T, CompileError> {
        Err(CompileError::new(self.source, offset, message))
    }

    fn undeclared<T>(&self, offset: usize, name: &str) -> Result<T, CompileError> {
        let name = name.trim_start_matches('.');
        self.error(offset, format!("undeclared reference to '{name}' (in container '')"))
    }

    pub(super) fn check(&mut self, expression: &Expression) -> Checked {
        let offset = expression.offset;
        let literal = |literal, of| Ok((step(StepKind::Literal(literal)), Type::Plain(of)));
        match &expression.kind {
            ExpressionKind::Null => literal(Literal::Null, Kind::Null),
            ExpressionKind::Bool(value) => literal(Literal::Bool(*value), Kind::Bool),
            ExpressionKind::Int(value) => literal(Literal::Int(*value), Kind::Int),
            ExpressionKind::Uint(value) => literal(Literal::Uint(*value), Kind::Uint),
            ExpressionKind::Double(value) => literal(Literal::Double(*value), Kind::Double),
            ExpressionKind::String(value) => literal(Literal::String(value.as_str().into()), Kind::String),
            ExpressionKind::Bytes(value) => literal(Literal::Bytes(value.as_slice().into()), Kind::Bytes),
            ExpressionKind::Identifier(name) => self.identifier(offset, name),
            ExpressionKind::Select { operand, field, optional } => {
                self.select(expression, operand, field, *optional)
            }
            ExpressionKind::Index { operand, index, optional } => {
                self.index(offset, operand, index, *optional)
            }
            ExpressionKind::Call { target, function, arguments } => {
                self.call(offset, target.as_deref(), function, arguments)
            }
            ExpressionKind::Operation { operator, operands } => self.operation(offset, *operator, operands),
            ExpressionKind::List(elements) => self.list(elements),
            ExpressionKind::Map(entries) => self.map(entries),
            ExpressionKind::Message { name } => self.undeclared(offset, name),
        }
    }

    fn identifier(&mut self, offset: usize, name: &str) -> Checked {
        if let Some(slot) = self.scope.iter().rposition(|(local, _)| local == name) {
            return Ok((step(StepKind::Local(slot)), self.scope[slot].1.clone()));
        }
        let plain = name.trim_start_matches('.');
        if let Some(declared) = self.declarations.root(plain) {
            return Ok((step(StepKind::Root(plain.into())), declared.clone()));
        }
        if let Some(kind) = Kind::named(plain) {
            let of = Type::TypeOf(Box::new(Type::Plain(kind)));
            return Ok((step(StepKind::Literal(Literal::Type(kind))), of));
        }
        if plain == "authorizer" {
            return self.error(offset, "authorizer asks a running cluster and cannot be evaluated here");
        }
        self.undeclared(offset, plain)
    }

    fn is_name(&self, expression: &Expression, name: &str) -> bool {
        matches!(&expression.kind, ExpressionKind::Identifier(own) if own == name)
            && !self.scope.iter().any(|(local, _)| local == name)
            && self.declarations.root(name).is_none()
    }

    fn select(&mut self, whole: &Expression, operand: &Expression, field: &str, optional: bool) -> Checked {
        if !optional && self.is_name(operand, "variables") {
            return match self.declarations.variable(field) {
                Some(of) => Ok((step(StepKind::Variable(field.into())), of.clone())),
                None => self.error(whole.offset, format!("undefined field '{field}'")),
            };
        }
        if let Some(kind) = qualified_name(whole).as_deref().and_then(Kind::named) {
            let of = Type::TypeOf(Box::new(Type::Plain(kind)));
            return Ok((step(StepKind::Literal(Literal::Type(kind))), of));
        }
        let (operand, of) = self.check(operand)?;
        let selected = self.field(whole.offset, &of, field)?;
        let selected = match selected {
            Type::Optional(_) => selected,
            selected if optional => Type::optional(selected),
            selected => selected,
        };
        Ok((step(StepKind::Select { operand: Box::new(operand), field: field.into(), optional }), selected))
    }

    /// The type of a field of a value of type `of`.
    fn field(&self, offset: usize, of: &Type, field: &str) -> Result<Type, CompileError> {
        match of {
            Type::Dyn => Ok(Type::Dyn),
            Type::Map(_, value) => Ok((**value).clone()),
            Type::Optional(value) => self.field(offset, value, field).map(Type::optional),
            Type::Object(object) => match object.fields.get(field) {
                Some(of) => Ok(of.clone()),
                None => self.error(offset, format!("undefined field '{field}'")),
            },
            other => self.error(offset, format!("type '{other}' does not support field selection")),
        }
    }

    /// `has(operand.field)`.
    pub(super) fn has(&mut self, offset: usize, argument: &Expression) -> Checked {
        let ExpressionKind::Select { operand, field, optional } = &argument.kind else {
            return self.error(argument.offset, "invalid argument to has() macro");
        };
        if self.is_name(operand, "variables") {
            // A declared variable always has a value; an undeclared one is an error all the same.
            self.check(argument)?;
            return Ok((step(StepKind::Literal(Literal::Bool(true))), Type::BOOL));
        }
        if *optional {
            return self.error(argument.offset, "invalid argument to has() macro");
        }
        let (operand, of) = self.check(operand)?;
        self.field(offset, &of, field)?;
        Ok((step(StepKind::Has { operand: Box::new(operand), field: field.as_str().into() }), Type::BOOL))
    }

    fn index(&mut self, offset: usize, operand: &Expression, index: &Expression, optional: bool) -> Checked {
        if self.is_name(operand, "variables") {
            let (_, of) = self.check(index)?;
            return self.error(
                offset,
                format!("found no matching overload for '_[_]' applied to '(kubernetes.variables, {of})'"),
            );
        }
        let (operand, of) = self.check(operand)?;
        let (index, index_type) = self.check(index)?;
        let (name, signatures) =
            if optional { ("_[?_]", signatures::OPTIONAL_INDEX) } else { ("_[_]", signatures::INDEX) };
        let result = self.resolve(offset, name, signatures, &[of, index_type])?;
        Ok((step(StepKind::Index { operand: Box::new(operand), index: Box::new(index), optional }), result))
    }

    fn operation(&mut self, offset: usize, operator: Operator, operands: &[Expression]) -> Checked {
        let mut steps = Vec::with_capacity(operands.len());
        let mut types = Vec::with_capacity(operands.len());
        for operand in operands {
            let (step, of) = self.check(operand)?;
            steps.push(step);
            types.push(of);
        }
        let signatures = signatures::of(operator);
        if let Operator::And | Operator::Or = operator {
            for (operand, of) in operands.iter().zip(&types) {
                if !Type::BOOL.accepts(of) {
                    return self.error(operand.offset, format!("expected type 'bool' but found '{of}'"));
                }
            }
            let kind = if operator == Operator::And { StepKind::And(steps) } else { StepKind::Or(steps) };
            return Ok((step(kind), Type::BOOL));
        }
        let result = self.resolve(offset, operator.function(), signatures, &types)?;
        let mut steps = steps.into_iter();
        let kind = match (operator, steps.next(), steps.next(), steps.next()) {
            (Operator::Not, Some(operand), ..) => StepKind::Not(Box::new(operand)),
            (Operator::Negate, Some(operand), ..) => StepKind::Negate(Box::new(operand)),
            (Operator::Conditional, Some(condition), Some(then), Some(otherwise)) => {
                StepKind::Conditional(Box::new([condition, then, otherwise]))
            }
            (operator, Some(left), Some(right), _) => StepKind::Binary(operator, Box::new([left, right])),
            _ => return self.error(offset, "operator not found"),
        };
        Ok((step(kind), result))
    }

    /// The type of an operator's result for operands of `types`.
    pub(super) fn resolve(
        &self,
        offset: usize,
        name: &str,
        signatures: &[Signature],
        types: &[Type],
    ) -> Result<Type, CompileError> {
        let results = signatures.iter().filter_map(|(parameters, result)| {
            let mut bindings = Bindings::default();
            let fits = parameters.len() == types.len()
                && parameters.iter().zip(types).all(|(parameter, of)| parameter.accepts(of, &mut bindings));
            fits.then(|| result.with(&bindings))
        });
        match common(results) {
            Some(result) => Ok(result),
            None => self.no_overload(offset, name, types, false),
        }
    }

    pub(super) fn no_overload<T>(
        &self,
        offset: usize,
        name: &str,
        types: &[Type],
        method: bool,
    ) -> Result<T, CompileError> {
        let shown = |types: &[Type]| types.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
        let applied = match types {
            [target, arguments @ ..] if method => format!("{target}.({})", shown(arguments)),
            types => format!("({})", shown(types)),
        };
        self.error(offset, format!("found no matching overload for '{name}' applied to '{applied}'"))
    }

    fn list(&mut self, elements: &[Element]) -> Checked {
        let mut steps = Vec::with_capacity(elements.len());
        let mut joined = None;
        for Element { optional, value } in elements {
            let (element, of) = self.check(value)?;
            let of = self.entry_type(value.offset, *optional, of)?;
            joined = Some(self.join(value.offset, joined, of)?);
            steps.push((*optional, element));
        }
        Ok((step(StepKind::List(steps)), Type::list(joined.unwrap_or(Type::Dyn))))
    }

    fn map(&mut self, entries: &[Entry]) -> Checked {
        let mut steps = Vec::with_capacity(entries.len());
        let (mut keys, mut values) = (None, None);
        for Entry { optional, key, value } in entries {
            let (key_step, key_type) = self.check(key)?;
            keys = Some(self.join(key.offset, keys, key_type)?);
            let (value_step, value_type) = self.check(value)?;
            let value_type = self.entry_type(value.offset, *optional, value_type)?;
            values = Some(self.join(value.offset, values, value_type)?);
            steps.push((*optional, key_step, value_step));
        }
        Ok((step(StepKind::Map(steps)), Type::map(keys.unwrap_or(Type::Dyn), values.unwrap_or(Type::Dyn))))
    }

    /// The type of an entry, which an optional one holds.
    fn entry_type(&self, offset: usize, optional: bool, of: Type) -> Result<Type, CompileError> {
        match of {
            of if !optional => Ok(of),
            Type::Optional(value) => Ok(*value),
            Type::Dyn => Ok(Type::Dyn),
            other => {
                self.error(offset, format!("expected type 'optional_type({other})' but found '{other}'"))
            }
        }
    }

    /// The type of elements of both types. The API server asks for the very same one, except in
    /// arguments of `format`.
    fn join(&self, offset: usize, known: Option<Type>, of: Type) -> Result<Type, CompileError> {
        match known {
            None => Ok(of),
            Some(known) if known == of => Ok(known),
            Some(_) if self.mixing > 0 => Ok(Type::Dyn),
            // The type of an empty list or map is only as dynamic as it is empty.
            Some(known) if is_container(&known) && known.accepts(&of) => Ok(known),
            Some(known) => self.error(offset, format!("expected type '{known}' but found '{of}'")),
        }
    }

    fn call(
        &mut self,
        offset: usize,
        target: Option<&Expression>,
        function: &str,
        arguments: &[Expression],
    ) -> Checked {
        if let Some(result) = self.expand_macro(offset, target, function, arguments) {
            return result;
        }
        let plain = function.trim_start_matches('.');
        let qualified =
            target.and_then(qualified_name).map(|name| format!("{}.{plain}", name.trim_start_matches('.')));
        if let Some(name) = qualified.filter(|name| library::exists(name)) {
            return self.apply(offset, &name, false, arguments.iter());
        }
        match target {
            Some(target) => {
                if plain == "format" {
                    self.check_template(offset, target, arguments)?;
                }
                self.apply(offset, plain, true, std::iter::once(target).chain(arguments))
            }
            None => self.apply(offset, plain, false, arguments.iter()),
        }
    }

    /// A literal template asks for as many values as its literal list has.
    fn check_template(
        &self,
        offset: usize,
        template: &Expression,
        arguments: &[Expression],
    ) -> Result<(), CompileError> {
        let (ExpressionKind::String(template), [Expression { kind: ExpressionKind::List(elements), .. }]) =
            (&template.kind, arguments)
        else {
            return Ok(());
        };
        if elements.iter().any(|element| element.optional) {
            return Ok(());
        }
        let expected = template.replace("%%", "").matches('%').count();
        let given = elements.len();
        if given > expected {
            let message =
                format!("too many arguments supplied to string.format (expected {expected}, got {given})");
            return self.error(offset, message);
        }
        if given < expected && !template.ends_with('%') {
            return self.error(offset, format!("index {given} out of range"));
        }
        Ok(())
    }

    fn apply<'x>(
        &mut self,
        offset: usize,
        name: &str,
        method: bool,
        arguments: impl Iterator<Item = &'x Expression>,
    ) -> Checked {
        let (mut steps, mut types, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
        if name == "format" {
            self.mixing += 1;
        }
        for (index, argument) in arguments.enumerate() {
            if index == usize::from(method)
                && library::named(name).next().is_none()
                && !matches!(name, "or" | "orValue")
            {
                return self.undeclared(offset, name);
            }
            let (step, of) = self.check(argument)?;
            steps.push(step);
            types.push(of);
            offsets.push(argument.offset);
        }
        if name == "format" {
            self.mixing -= 1;
        }
        if method && matches!(name, "or" | "orValue") && steps.len() == 2 {
            return self.or_else(offset, name, steps, &types);
        }
        let mut overloads: Vec<&'static Overload> = Vec::new();
        let mut results = Vec::new();
        let mut later: Option<u32> = None;
        for overload in library::named(name).filter(|overload| overload.method == method) {
            let mut bindings = Bindings::default();
            let fits = overload.parameters.len() == types.len()
                && overload.parameters.iter().zip(&types).all(|(shape, of)| shape.accepts(of, &mut bindings));
            if overload.since > self.minor {
                later = Some(later.map_or(overload.since, |known| known.min(overload.since)));
            } else if fits {
                overloads.push(overload);
                results.push(overload.result.with(&bindings));
            }
        }
        let (Some(first), Some(result)) = (overloads.first(), common(results.into_iter())) else {
            return self.unknown_function(offset, name, method, &types, later);
        };
        let name = first.name;
        let pattern = matches!(name, "matches" | "find" | "findAll").then(|| steps.get(1)).flatten();
        let regex = match pattern.map(|step| &step.kind) {
            Some(StepKind::Literal(Literal::String(pattern))) => match regex::compile(pattern) {
                Ok(regex) => Some(regex),
                Err(error) => return self.error(offsets[1], format!("invalid {name} argument: {error}")),
            },
            _ => None,
        };
        self.check_literals(name, &steps, &offsets)?;
        Ok((step(StepKind::Call(Call { overloads, arguments: steps, regex })), result))
    }

    /// Literals that can be seen to be wrong.
    fn check_literals(&self, name: &str, steps: &[Step], offsets: &[usize]) -> Result<(), CompileError> {
        let ([Step { kind: StepKind::Literal(literal) }], [offset]) = (steps, offsets) else {
            return Ok(());
        };
        let valid = match (name, literal) {
            ("duration", Literal::String(text)) => library::time::Duration::parse(text).is_ok(),
            // The API server takes a literal duration for text, whatever it is.
            ("duration", Literal::Int(_)) => false,
            ("timestamp", Literal::String(text)) => library::time::Timestamp::parse(text).is_ok(),
            ("timestamp", Literal::Int(seconds)) => library::time::Timestamp::from_seconds(*seconds).is_ok(),
            _ => true,
        };
        if valid { Ok(()) } else { self.error(*offset, format!("invalid {name} argument")) }
    }

    fn or_else(&self, offset: usize, name: &str, steps: Vec<Step>, types: &[Type]) -> Checked {
        let unwrap = name == "orValue";
        let signatures = if unwrap { signatures::OR_VALUE } else { signatures::OR };
        let Ok(result) = self.resolve(offset, name, signatures, types) else {
            return self.no_overload(offset, name, types, true);
        };
        match <[Step; 2]>::try_from(steps) {
            Ok(operands) => Ok((step(StepKind::OrElse { operands: Box::new(operands), unwrap }), result)),
            Err(_) => self.no_overload(offset, name, types, true),
        }
    }

    fn unknown_function<T>(
        &self,
        offset: usize,
        name: &str,
        method: bool,
        types: &[Type],
        later: Option<u32>,
    ) -> Result<T, CompileError> {
        let known = library::named(name).any(|overload| overload.since <= self.minor);
        match later {
            Some(since) if !library::named(name).any(|overload| overload.since <= self.minor && overload.method == method) => {
                self.error(
                    offset,
                    format!(
                        "undeclared reference to '{name}' (in container ''): it needs Kubernetes 1.{since}, and this is for 1.{}",
                        self.minor
                    ),
                )
            }
            _ if known || name == "or" || name == "orValue" => self.no_overload(offset, name, types, method),
            _ => self.undeclared(offset, name),
        }
    }

    /// Fails unless this is for Kubernetes `1.<since>` or newer.
    pub(super) fn require(&self, offset: usize, name: &str, since: u32) -> Result<(), CompileError> {
        if self.minor >= since {
            return Ok(());
        }
        self.error(
            offset,
            format!(
                "undeclared reference to '{name}' (in container ''): it needs Kubernetes 1.{since}, and this is for 1.{}",
                self.minor
            ),
        )
    }
}

pub(super) const fn step(kind: StepKind) -> Step {
    Step { kind }
}

/// The one type all results have, else `dyn`; nothing when there is no result.
fn common(mut results: impl Iterator<Item = Type>) -> Option<Type> {
    let first = results.next()?;
    Some(if results.all(|other| other == first) { first } else { Type::Dyn })
}

const fn is_container(of: &Type) -> bool {
    matches!(of, Type::List(_) | Type::Map(..) | Type::Optional(_))
}
