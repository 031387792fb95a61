//! Macros: calls whose arguments are not values but expressions over a variable.
//!
//! The API server writes a macro out in terms of operators and functions before it looks at types. What is
//! said of types here is what it would say of that.
//!
//! Depends on [`super::check`] and [`super::program`].

use super::ast::{Expression, ExpressionKind, Operator};
use super::check::{Checked, Checker, joined, step};
use super::library::lists::{SORT_BY_KEYS, SORTED_BY};
use super::program::{Fold, FoldKind, StepKind};
use super::signatures::{self, MAP_INSERT};
use super::types::{Kind, Shape, Type};

/// The first minor version that accepts macros with two variables.
const TWO_VARIABLES: u32 = 33;

/// The first minor version that accepts `sortBy`.
const SORT_BY: u32 = 35;

/// A macro as it is called.
#[derive(Clone, Copy)]
struct Written {
    kind: FoldKind,
    variables: usize,
    /// Whether the last argument says what becomes of an element.
    transformed: bool,
    /// The first minor version that knows it.
    since: u32,
}

/// The macro over a list or a map of that name with so many arguments.
fn written(function: &str, arguments: usize) -> Option<Written> {
    let (kind, variables, transformed) = match (function, arguments) {
        ("all", 2) => (FoldKind::All, 1, false),
        ("exists", 2) => (FoldKind::Exists, 1, false),
        ("exists_one", 2) => (FoldKind::ExistsOne, 1, false),
        ("filter", 2) => (FoldKind::Filter, 1, false),
        ("map", 2 | 3) => (FoldKind::List, 1, true),
        ("sortBy", 2) => (FoldKind::Sort, 1, true),
        ("all", 3) => (FoldKind::All, 2, false),
        ("exists", 3) => (FoldKind::Exists, 2, false),
        ("exists_one" | "existsOne", 3) => (FoldKind::ExistsOne, 2, false),
        ("transformList", 3 | 4) => (FoldKind::List, 2, true),
        ("transformMap", 3 | 4) => (FoldKind::Map, 2, true),
        ("transformMapEntry", 3 | 4) => (FoldKind::Entries, 2, true),
        _ => return None,
    };
    let since = match (kind, variables) {
        (FoldKind::Sort, _) => SORT_BY,
        (_, 2) => TWO_VARIABLES,
        _ => 0,
    };
    Some(Written { kind, variables, transformed, since })
}

/// What is wrong with a call of a macro, whatever the types are: the place and the message.
pub(super) fn misuse(
    minor: u32,
    target: Option<&Expression>,
    function: &str,
    arguments: &[Expression],
) -> Option<(usize, String)> {
    let Some(target) = target else {
        return match (function, arguments) {
            ("has", [Expression { kind: ExpressionKind::Select { optional: false, .. }, .. }]) => None,
            ("has", [argument]) => Some((argument.offset, "invalid argument to has() macro".to_owned())),
            _ => None,
        };
    };
    if let ("optMap" | "optFlatMap", [name, _]) = (function, arguments) {
        let message = || format!("{function}() variable name must be a simple identifier");
        return variable_name(name).is_none().then(|| (name.offset, message()));
    }
    let Written { kind, variables, .. } =
        written(function, arguments.len()).filter(|written| written.since <= minor)?;
    if kind == FoldKind::Sort && is_literal(target) {
        let message =
            "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
        return Some((target.offset, message.to_owned()));
    }
    let unnamed = match (kind, variables) {
        (FoldKind::List | FoldKind::Filter | FoldKind::Sort, 1) => "argument is not an identifier",
        _ => "argument must be a simple name",
    };
    let names = &arguments[..variables];
    if let Some(name) = names.iter().find(|name| variable_name(name).is_none()) {
        return Some((name.offset, unnamed.to_owned()));
    }
    if let [first, second] = names
        && variable_name(first) == variable_name(second)
    {
        let name = variable_name(first).unwrap_or_default();
        return Some((second.offset, format!("duplicate variable name: {name}")));
    }
    let overwriting = names.iter().find(|name| variable_name(name) == Some("__result__"))?;
    Some((overwriting.offset, "iteration variable overwrites accumulator variable".to_owned()))
}

fn variable_name(name: &Expression) -> Option<&str> {
    match &name.kind {
        ExpressionKind::Identifier(name) => Some(name),
        _ => None,
    }
}

/// Whether the expression is written as the value it has, and is no list.
const fn is_literal(expression: &Expression) -> bool {
    !matches!(
        expression.kind,
        ExpressionKind::List(_)
            | ExpressionKind::Select { .. }
            | ExpressionKind::Index { .. }
            | ExpressionKind::Identifier(_)
            | ExpressionKind::Call { .. }
            | ExpressionKind::Operation { .. }
    )
}

impl<'e> Checker<'e> {
    /// The call, if it is one of a macro.
    pub(super) fn expand_macro(
        &mut self,
        offset: usize,
        target: Option<&'e Expression>,
        function: &str,
        arguments: &'e [Expression],
    ) -> Option<Checked> {
        let Some(target) = target else {
            return match (function, arguments) {
                ("has", [argument]) => Some(self.has(offset, argument)),
                _ => None,
            };
        };
        match (function, arguments) {
            ("optMap", [name, body]) => return Some(self.optional_map(offset, target, name, body, false)),
            ("optFlatMap", [name, body]) => {
                return Some(self.optional_map(offset, target, name, body, true));
            }
            _ => {}
        }
        let written = written(function, arguments.len())?;
        if written.since > self.minor {
            self.check(target);
            return Some(self.too_new(offset, function, function, written.since));
        }
        Some(self.fold(offset, target, written, arguments))
    }

    fn fold(
        &mut self,
        offset: usize,
        target: &'e Expression,
        written: Written,
        arguments: &'e [Expression],
    ) -> Checked {
        let Written { kind, variables, transformed, .. } = written;
        let mut range_offset = target.offset;
        if kind == FoldKind::Sort {
            // Written out, it is a macro within one over an empty list.
            self.types.variable();
            range_offset = offset;
        }
        let (range, of) = self.check(target);
        // What is added up while going through the elements.
        let accumulated = match kind {
            FoldKind::All | FoldKind::Exists => Type::BOOL,
            FoldKind::ExistsOne => Type::INT,
            FoldKind::Filter | FoldKind::List | FoldKind::Sort => Type::list(self.types.variable()),
            FoldKind::Map | FoldKind::Entries => Type::map(self.types.variable(), self.types.variable()),
        };
        let elements = self.element_types(range_offset, &of, variables);
        let slot = self.scope.len();
        let (names, expressions) = arguments.split_at(variables);
        let declared = names.iter().map(|name| variable_name(name).unwrap_or_default().to_owned());
        self.scope.extend(declared.zip(elements));
        let (predicate, transform) = match expressions {
            [transform] if transformed => (None, Some(transform)),
            [predicate, transform] => (Some(predicate), Some(transform)),
            [predicate] => (Some(predicate), None),
            _ => return self.error(offset, "wrong number of macro arguments"),
        };
        let predicate = predicate.map(|predicate| (predicate.offset, self.check(predicate)));
        let transform = transform.map(|transform| self.check(transform));
        let element = self.scope[slot].1.clone();
        self.scope.truncate(slot);
        let (transform, transformed) = transform.map_or((None, Type::Dyn), |(step, of)| (Some(step), of));
        let added = match kind {
            FoldKind::All | FoldKind::Exists => Type::BOOL,
            FoldKind::ExistsOne => {
                self.operator(offset, "_+_", signatures::of(Operator::Add), &[Type::INT, Type::INT])
            }
            FoldKind::Filter => self.appended(offset, &accumulated, element),
            FoldKind::List | FoldKind::Sort => self.appended(offset, &accumulated, transformed),
            FoldKind::Map => self.inserted(offset, &[accumulated.clone(), element, transformed]),
            FoldKind::Entries => self.inserted(offset, &[accumulated.clone(), transformed]),
        };
        let mut stepped = added;
        if let Some((at, (_, found))) = &predicate {
            stepped = if matches!(kind, FoldKind::All | FoldKind::Exists) {
                if self.types.accept(found, &Type::BOOL) {
                    Type::BOOL
                } else {
                    self.mismatch(*at, &Type::BOOL, found).1
                }
            } else {
                let types = [found.clone(), stepped, accumulated.clone()];
                self.operator(offset, "_?_:_", signatures::of(Operator::Conditional), &types)
            };
        }
        if !self.types.accept(&accumulated, &stepped) {
            self.mismatch(offset, &accumulated, &stepped);
        }
        let mut measured = false;
        let result = match kind {
            FoldKind::All | FoldKind::Exists => Type::BOOL,
            FoldKind::ExistsOne => {
                let types = [Type::INT, Type::INT];
                self.operator(offset, "_==_", signatures::of(Operator::Equal), &types)
            }
            FoldKind::Sort => {
                let result;
                (result, measured) = self.sorted(offset, &of, &accumulated);
                result
            }
            _ => self.types.resolve(&accumulated),
        };
        let predicate = predicate.map(|(_, (step, _))| step);
        let two = variables == 2;
        (
            step(StepKind::Fold(Box::new(Fold { kind, range, slot, two, predicate, transform, measured }))),
            result,
        )
    }

    /// The types of a macro's variables, for a range of type `of`.
    fn element_types(&mut self, offset: usize, of: &Type, variables: usize) -> Vec<Type> {
        match self.types.resolve(of) {
            Type::List(element) if variables == 1 => vec![*element],
            Type::List(element) => vec![Type::INT, *element],
            Type::Map(key, _) if variables == 1 => vec![*key],
            Type::Map(key, value) => vec![*key, *value],
            range @ (Type::Dyn | Type::Error | Type::Variable(_)) => {
                self.types.accept(&Type::Dyn, &range);
                vec![Type::Dyn; variables]
            }
            other => {
                self.error(
                    offset,
                    format!("expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"),
                );
                vec![Type::Error; variables]
            }
        }
    }

    /// `list + [element]`.
    fn appended(&mut self, offset: usize, list: &Type, element: Type) -> Type {
        let types = [list.clone(), Type::list(element)];
        self.operator(offset, "_+_", signatures::of(Operator::Add), &types)
    }

    fn inserted(&mut self, offset: usize, types: &[Type]) -> Type {
        self.operator(offset, "cel.@mapInsert", MAP_INSERT, types)
    }

    /// A list of type `of`, sorted by keys of type `keys`; and whether what sorts it is known before it runs.
    fn sorted(&mut self, offset: usize, of: &Type, keys: &Type) -> (Type, bool) {
        let types = [of.clone(), self.types.resolve(keys)];
        let (mut result, mut count) = (None, 0);
        for parameters in &SORTED_BY {
            if let Some(of) = self.fits(parameters, &parameters[0], &types) {
                result = Some(joined(result, of));
                count += 1;
            }
        }
        let result = result.unwrap_or_else(|| self.no_overload(offset, SORT_BY_KEYS, &types, true).1);
        (result, count == 1)
    }

    fn optional_map(
        &mut self,
        offset: usize,
        target: &'e Expression,
        name: &'e Expression,
        body: &'e Expression,
        flat: bool,
    ) -> Checked {
        const A: Shape = Shape::Parameter(0);
        const OPTIONAL: Shape = Shape::Optional(&A);
        let variable = variable_name(name).unwrap_or_default().to_owned();
        let (operand, of) = self.check(target);
        let held = match self.fits(&[OPTIONAL], &Shape::Is(Kind::Bool), std::slice::from_ref(&of)) {
            Some(of) => of,
            None => self.no_overload(offset, "hasValue", &[of], true).1,
        };
        // It stands there twice once it is written out, the second time in a macro over an empty list.
        self.types.variable();
        let (_, of) = self.check(target);
        let inner = match self.fits(&[OPTIONAL], &A, std::slice::from_ref(&of)) {
            Some(inner) => inner,
            None => self.no_overload(offset, "value", &[of], true).1,
        };
        let slot = self.scope.len();
        self.scope.push((variable, inner));
        let (body, result) = self.check(body);
        self.scope.truncate(slot);
        let result = self.types.resolve(&result);
        let some = if flat { result } else { self.fits(&[A], &OPTIONAL, &[result]).unwrap_or(Type::Error) };
        let none = self.fits(&[], &OPTIONAL, &[]).unwrap_or(Type::Error);
        let types = [held, some, none];
        let result = self.operator(offset, "_?_:_", signatures::of(Operator::Conditional), &types);
        let (operand, body) = (Box::new(operand), Box::new(body));
        (step(StepKind::OptionalMap { operand, slot, body, flat }), result)
    }
}
