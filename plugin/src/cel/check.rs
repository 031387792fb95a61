//! Looks names up, checks types as far as they are known, and prepares an expression for running.
//!
//! Depends on [`super::ast`], [`super::unify`], [`super::library`], [`super::macros`], [`super::literals`] and
//! [`super::program`].

use super::ast::{Element, Entry, Expression, ExpressionKind, Operator};
use super::environment::Declarations;
use super::error::{CompileError, first};
use super::library::{self, Overload};
use super::literals::Literals;
use super::parser::qualified_name;
use super::program::{Call, Literal, Step, StepKind};
use super::signatures::{self, Signature};
use super::types::{Kind, Shape, Type};
use super::unify::{Substitutions, most_general};

/// A checked part of an expression and its type.
pub(super) type Checked = (Step, Type);

/// Checks one expression. It goes on after a mistake, for the API server tells the one that stands first.
pub(super) struct Checker<'e> {
    pub(super) source: &'e str,
    pub(super) minor: u32,
    declarations: &'e Declarations,
    /// The variables of the macros around the current part.
    pub(super) scope: Vec<(String, Type)>,
    pub(super) types: Substitutions,
    errors: Vec<CompileError>,
    literals: Literals<'e>,
}

/// The root of the program for an expression, and its type.
pub(super) fn check(
    source: &str,
    minor: u32,
    declarations: &Declarations,
    expression: &Expression,
) -> Result<(Step, Type), CompileError> {
    let mut checker = Checker {
        source,
        minor,
        declarations,
        scope: Vec::new(),
        types: Substitutions::default(),
        errors: Vec::new(),
        literals: Literals::default(),
    };
    let (step, of) = checker.check(expression);
    let Checker { errors, literals, types, .. } = checker;
    match first(errors).or_else(|| first(literals.mistakes(source, &types))) {
        Some(error) => Err(error),
        None => Ok((step, types.settle(&of))),
    }
}

impl<'e> Checker<'e> {
    /// Notes a mistake; what is wrong already has a type of its own.
    pub(super) fn error(&mut self, offset: usize, message: impl Into<String>) -> Checked {
        self.errors.push(CompileError::new(self.source, offset, message));
        (step(StepKind::Literal(Literal::Null)), Type::Error)
    }

    fn undeclared(&mut self, offset: usize, name: &str) -> Checked {
        let name = name.trim_start_matches('.');
        self.error(offset, format!("undeclared reference to '{name}' (in container '')"))
    }

    /// A name, or the beginning of one, that Kubernetes `1.<since>` knows and this version does not.
    pub(super) fn too_new(&mut self, offset: usize, name: &str, whole: &str, since: u32) -> Checked {
        self.error(
            offset,
            format!(
                "undeclared reference to '{name}' (in container ''): {whole} needs Kubernetes 1.{since}, and this is for 1.{}",
                self.minor
            ),
        )
    }

    pub(super) fn mismatch(&mut self, offset: usize, expected: &Type, found: &Type) -> Checked {
        self.error(offset, format!("expected type '{expected}' but found '{found}'"))
    }

    pub(super) fn check(&mut self, expression: &'e Expression) -> Checked {
        let checked = self.kind(expression);
        self.literals.note(expression, &checked.1);
        checked
    }

    fn kind(&mut self, expression: &'e Expression) -> Checked {
        let offset = expression.offset;
        let literal = |literal, of| (step(StepKind::Literal(literal)), Type::Plain(of));
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
            return (step(StepKind::Local(slot)), self.scope[slot].1.clone());
        }
        let plain = name.trim_start_matches('.');
        if let Some(declared) = self.declarations.root(plain) {
            return (step(StepKind::Root(plain.into())), declared.clone());
        }
        if let Some(kind) = Kind::named(plain, self.minor) {
            return (step(StepKind::Literal(Literal::Type(kind))), Type::of_name(kind));
        }
        let undefined = match plain {
            "timestamp" => Some((Kind::Timestamp, "timestamp")),
            "duration" => Some((Kind::Duration, "duration")),
            _ => None,
        };
        if let Some((kind, name)) = undefined {
            return (step(StepKind::UndefinedType(name)), Type::of_name(kind));
        }
        if plain == "authorizer" {
            return self.error(offset, "authorizer asks a running cluster and cannot be evaluated here");
        }
        // The place is that of the name after its dot.
        let place = offset + (name.len() - plain.len());
        self.error(place, format!("undeclared reference to '{name}' (in container '')"))
    }

    /// Whether the expression is the name of a policy's variables as a whole.
    fn is_variables(&self, expression: &Expression) -> bool {
        self.declarations.has_variables()
            && matches!(&expression.kind, ExpressionKind::Identifier(name) if name == "variables")
            && !self.scope.iter().any(|(local, _)| local == "variables")
            && self.declarations.root("variables").is_none()
    }

    fn select(
        &mut self,
        whole: &'e Expression,
        operand: &'e Expression,
        field: &str,
        optional: bool,
    ) -> Checked {
        if self.is_variables(operand) {
            return match self.declarations.variable(field) {
                Some(of) => {
                    let of = if optional { Type::optional(of.clone()) } else { of.clone() };
                    (step(StepKind::Variable { name: field.into(), optional }), of)
                }
                None => self.error(whole.offset, format!("undefined field '{field}'")),
            };
        }
        if let Some(kind) = qualified_name(whole).as_deref().and_then(|name| Kind::named(name, self.minor)) {
            return (step(StepKind::Literal(Literal::Type(kind))), Type::of_name(kind));
        }
        let (operand, of) = self.check(operand);
        let selected = self.field(whole.offset, &of, field, optional);
        (step(StepKind::Select { operand: Box::new(operand), field: field.into(), optional }), selected)
    }

    /// The type of a field of a value of type `of`. What is selected from an optional is optional itself.
    fn field(&mut self, offset: usize, of: &Type, field: &str, optional: bool) -> Type {
        let (of, optional) = match self.types.resolve(of) {
            Type::Optional(value) => (*value, true),
            other => (other, optional),
        };
        let selected = match &of {
            Type::Dyn | Type::Error => Type::Dyn,
            Type::Variable(_) => {
                self.types.accept(&Type::Dyn, &of);
                Type::Dyn
            }
            Type::Map(_, value) => (**value).clone(),
            Type::Object(object) => match object.fields.get(field) {
                Some(of) => of.clone(),
                None => self.error(offset, format!("undefined field '{field}'")).1,
            },
            Type::Plain(Kind::Quantity | Kind::Url | Kind::Semver | Kind::Format) => {
                self.error(offset, format!("unexpected failed resolution of '{of}'")).1
            }
            other => {
                self.error(offset, format!("type '{other}' does not support field selection"));
                Type::Dyn
            }
        };
        let selected = if optional { Type::optional(selected) } else { selected };
        self.types.resolve(&selected)
    }

    /// `has(operand.field)`, called at `offset`.
    pub(super) fn has(&mut self, offset: usize, argument: &'e Expression) -> Checked {
        let ExpressionKind::Select { operand, field, .. } = &argument.kind else {
            return self.error(argument.offset, "invalid argument to has() macro");
        };
        if self.is_variables(operand) {
            // A declared variable always has a value; an undeclared one is an error all the same.
            self.check(argument);
            return (step(StepKind::Literal(Literal::Bool(true))), Type::BOOL);
        }
        let (operand, of) = self.check(operand);
        self.field(offset, &of, field, false);
        (step(StepKind::Has { operand: Box::new(operand), field: field.as_str().into() }), Type::BOOL)
    }

    fn index(
        &mut self,
        offset: usize,
        operand: &'e Expression,
        index: &'e Expression,
        optional: bool,
    ) -> Checked {
        let (operand, of) = if self.is_variables(operand) {
            (step(StepKind::Literal(Literal::Null)), Declarations::variables_type())
        } else {
            self.check(operand)
        };
        let (index, index_type) = self.check(index);
        let (name, signatures) =
            if optional { ("_[?_]", signatures::OPTIONAL_INDEX) } else { ("_[_]", signatures::INDEX) };
        let result = self.operator(offset, name, signatures, &[of, index_type]);
        (step(StepKind::Index { operand: Box::new(operand), index: Box::new(index), optional }), result)
    }

    fn operation(&mut self, offset: usize, operator: Operator, operands: &'e [Expression]) -> Checked {
        let (steps, types): (Vec<Step>, Vec<Type>) =
            operands.iter().map(|operand| self.check(operand)).unzip();
        if let Operator::And | Operator::Or = operator {
            let mut result = Type::BOOL;
            for (operand, of) in operands.iter().zip(&types) {
                if !self.types.accept(of, &Type::BOOL) {
                    result = self.mismatch(operand.offset, &Type::BOOL, of).1;
                }
            }
            let kind = if operator == Operator::And { StepKind::And(steps) } else { StepKind::Or(steps) };
            return (step(kind), result);
        }
        let result = self.operator(offset, operator.function(), signatures::of(operator), &types);
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
        (step(kind), result)
    }

    /// The type an operator gives for operands of `types`.
    pub(super) fn operator(
        &mut self,
        offset: usize,
        name: &str,
        signatures: &[Signature],
        types: &[Type],
    ) -> Type {
        let mut result = None;
        for (parameters, gives) in signatures {
            if let Some(of) = self.fits(parameters, gives, types) {
                result = Some(joined(result, of));
            }
        }
        result.unwrap_or_else(|| self.no_overload(offset, name, types, false).1)
    }

    /// The result of an overload for arguments of `types`, if it takes them.
    pub(super) fn fits(&mut self, parameters: &[Shape], result: &Shape, types: &[Type]) -> Option<Type> {
        let shapes = parameters.iter().chain(std::iter::once(result));
        let first = self.types.fresh(shapes.map(Shape::parameters).max().unwrap_or(0));
        if parameters.len() != types.len() {
            return None;
        }
        let is_written = |(shape, of): (&Shape, &Type)| {
            matches!(shape, Shape::Written) && !matches!(self.types.resolve(of), Type::Dyn)
        };
        if parameters.iter().zip(types).any(is_written) {
            return None;
        }
        let wanted = parameters.iter().map(|shape| shape.with(first));
        self.types.accept_all(types.iter().zip(wanted)).then(|| self.types.resolve(&result.with(first)))
    }

    pub(super) fn no_overload(&mut self, offset: usize, name: &str, types: &[Type], method: bool) -> Checked {
        let shown = |types: &[Type]| {
            types.iter().map(|of| self.types.settle(of).to_string()).collect::<Vec<_>>().join(", ")
        };
        let applied = match types {
            [target, arguments @ ..] if method => {
                format!("{}.({})", self.types.settle(target), shown(arguments))
            }
            types => format!("({})", shown(types)),
        };
        self.error(offset, format!("found no matching overload for '{name}' applied to '{applied}'"))
    }

    fn list(&mut self, elements: &'e [Element]) -> Checked {
        let mut steps = Vec::with_capacity(elements.len());
        let mut types = Vec::with_capacity(elements.len());
        let mut joined = None;
        for Element { optional, value } in elements {
            let (element, of) = self.check(value);
            let of = self.entry_type(value.offset, *optional, of);
            types.push((value.offset, of.clone()));
            joined = Some(self.join(joined, of));
            steps.push((*optional, element));
        }
        self.literals.list(types);
        let element = joined.unwrap_or_else(|| self.types.variable());
        (step(StepKind::List(steps)), Type::list(element))
    }

    fn map(&mut self, entries: &'e [Entry]) -> Checked {
        let mut steps = Vec::with_capacity(entries.len());
        let mut types = Vec::with_capacity(entries.len());
        let (mut keys, mut values) = (None, None);
        for Entry { optional, key, value } in entries {
            let (key_step, key_type) = self.check(key);
            keys = Some(self.join(keys, key_type.clone()));
            let (value_step, value_type) = self.check(value);
            let value_type = self.entry_type(value.offset, *optional, value_type);
            types.push([(key.offset, key_type), (value.offset, value_type.clone())]);
            values = Some(self.join(values, value_type));
            steps.push((*optional, key_step, value_step));
        }
        self.literals.map(types);
        let mut of = |known: Option<Type>| known.unwrap_or_else(|| self.types.variable());
        let of = Type::map(of(keys), of(values));
        (step(StepKind::Map(steps)), of)
    }

    /// The type of an entry, which an optional one holds.
    fn entry_type(&mut self, offset: usize, optional: bool, of: Type) -> Type {
        match of {
            Type::Optional(value) if optional => *value,
            of => {
                if optional && of != Type::Dyn {
                    self.mismatch(offset, &Type::optional(of.clone()), &of);
                }
                of
            }
        }
    }

    /// The type of elements of both types.
    fn join(&mut self, known: Option<Type>, of: Type) -> Type {
        match known {
            None => of,
            Some(known) if self.types.accept(&known, &of) => most_general(known, of),
            // Told when all types are known, unless it is in a call of `format`.
            Some(_) => Type::Dyn,
        }
    }

    fn call(
        &mut self,
        offset: usize,
        target: Option<&'e Expression>,
        function: &'e str,
        arguments: &'e [Expression],
    ) -> Checked {
        if let Some(expanded) = self.expand_macro(offset, target, function, arguments) {
            return expanded;
        }
        let plain = function.trim_start_matches('.');
        self.literals.enter(plain);
        let mut checked: Vec<Checked> = arguments.iter().map(|argument| self.check(argument)).collect();
        self.literals.leave(plain);
        let qualified =
            target.and_then(qualified_name).map(|name| format!("{}.{plain}", name.trim_start_matches('.')));
        let since = qualified.as_deref().and_then(|name| library::named(name).map(|known| known.since).min());
        let qualified = qualified.filter(|_| since.is_some_and(|since| since <= self.minor));
        match (target, qualified) {
            (Some(target), None) => {
                if let (Some(since), Some(name)) = (since, qualified_name(target)) {
                    return self.too_new(target.offset, &name, &format!("{name}.{plain}"), since);
                }
                self.literals.enter(plain);
                checked.insert(0, self.check(target));
                self.literals.leave(plain);
                let checked = self.apply(offset, plain, true, checked);
                self.literals.call(offset, plain, Some(target), arguments);
                checked
            }
            (_, qualified) => {
                let checked = self.apply(offset, qualified.as_deref().unwrap_or(plain), false, checked);
                self.literals.call(offset, plain, None, arguments);
                checked
            }
        }
    }

    fn apply(&mut self, offset: usize, name: &str, method: bool, arguments: Vec<Checked>) -> Checked {
        let (steps, types): (Vec<Step>, Vec<Type>) = arguments.into_iter().unzip();
        if matches!(name, "or" | "orValue") {
            return self.or_else(offset, name, method, steps, &types);
        }
        let mut overloads: Vec<&'static Overload> = Vec::new();
        let mut result = None;
        let (mut known, mut later) = (false, None);
        for overload in library::named(name) {
            if overload.since > self.minor {
                if overload.method == method {
                    later = Some(later.map_or(overload.since, |known: u32| known.min(overload.since)));
                }
                continue;
            }
            known = true;
            if overload.method != method {
                continue;
            }
            if let Some(of) = self.fits(overload.parameters, &overload.result, &types) {
                overloads.push(overload);
                result = Some(joined(result, of));
            }
        }
        let Some(result) = result else {
            return match later {
                Some(since) if !known => self.too_new(offset, name, name, since),
                _ if known => self.no_overload(offset, name, &types, method),
                _ => self.undeclared(offset, name),
            };
        };
        if name == "size" {
            // It asks the value itself, whatever type it was thought to have.
            overloads = library::named(name).filter(|overload| overload.method == method).collect();
        }
        let measured = match (name, overloads.as_slice()) {
            ("distinct" | "sort", [_]) => Some(0),
            ("flatten", [overload]) if overload.parameters.len() == 2 => Some(1),
            _ => None,
        };
        (step(StepKind::Call(Call { overloads, arguments: steps, regex: None, measured })), result)
    }

    fn or_else(
        &mut self,
        offset: usize,
        name: &str,
        method: bool,
        steps: Vec<Step>,
        types: &[Type],
    ) -> Checked {
        let unwrap = name == "orValue";
        let (parameters, result) = if unwrap { signatures::OR_VALUE } else { signatures::OR };
        let result = if method { self.fits(parameters, &result, types) } else { None };
        match (result, <[Step; 2]>::try_from(steps)) {
            (Some(result), Ok(operands)) => {
                (step(StepKind::OrElse { operands: Box::new(operands), unwrap }), result)
            }
            _ => self.no_overload(offset, name, types, method),
        }
    }
}

pub(super) const fn step(kind: StepKind) -> Step {
    Step { kind }
}

/// The type of what one or another overload gives.
pub(super) fn joined(known: Option<Type>, of: Type) -> Type {
    match known {
        None => of,
        Some(known) if known == of => known,
        Some(_) => Type::Dyn,
    }
}
