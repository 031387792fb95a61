//! Macros: calls whose arguments are not values but expressions over a variable.
//!
//! Depends on [`super::check`] and [`super::program`].

use super::ast::{Expression, ExpressionKind, Operator};
use super::check::{Checked, Checker, step};
use super::error::CompileError;
use super::operators::is_ordered;
use super::program::{Fold, FoldKind, StepKind};
use super::signatures;
use super::types::{Kind, Type};

/// The first minor version that accepts macros with two variables.
const TWO_VARIABLES: u32 = 33;

/// The first minor version that accepts `sortBy`.
const SORT_BY: u32 = 35;

impl Checker<'_> {
    /// The call, if it is one of a macro.
    pub(super) fn expand_macro(
        &mut self,
        offset: usize,
        target: Option<&Expression>,
        function: &str,
        arguments: &[Expression],
    ) -> Option<Checked> {
        let Some(target) = target else {
            return match (function, arguments) {
                ("has", [argument]) => Some(self.has(offset, argument)),
                _ => None,
            };
        };
        let (kind, variables, transformed) = match (function, arguments.len()) {
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
            ("optMap", 2) => return Some(self.optional_map(offset, target, arguments, false)),
            ("optFlatMap", 2) => return Some(self.optional_map(offset, target, arguments, true)),
            _ => return None,
        };
        let written = Written { kind, function, variables, transformed };
        Some(self.fold(offset, target, &written, arguments))
    }

    fn fold(
        &mut self,
        offset: usize,
        target: &Expression,
        written: &Written<'_>,
        arguments: &[Expression],
    ) -> Checked {
        let Written { kind, function, variables, transformed } = *written;
        if variables == 2 {
            self.require(offset, function, TWO_VARIABLES)?;
        }
        if kind == FoldKind::Sort {
            self.require(offset, function, SORT_BY)?;
        }
        let (range, of) = self.check(target)?;
        let types = match &of {
            Type::Dyn => [Type::Dyn, Type::Dyn],
            Type::List(element) if variables == 1 => [(**element).clone(), Type::Dyn],
            Type::List(element) => [Type::INT, (**element).clone()],
            Type::Map(key, value) => [(**key).clone(), (**value).clone()],
            other => {
                return self.error(
                    target.offset,
                    format!("expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"),
                );
            }
        };
        let slot = self.scope.len();
        let (names, expressions) = arguments.split_at(variables);
        let mut declared = Vec::with_capacity(variables);
        for (name, of) in names.iter().zip(types) {
            let variable = self.variable_name(name)?;
            if declared.iter().any(|(other, _)| *other == variable) {
                return self.error(name.offset, format!("duplicate variable name: {variable}"));
            }
            declared.push((variable, of));
        }
        let element_type = declared.first().map_or(Type::Dyn, |(_, of)| of.clone());
        self.scope.extend(declared);
        let (predicate, transform) = match expressions {
            [transform] if transformed => (None, Some(transform)),
            [predicate, transform] => (Some(predicate), Some(transform)),
            [predicate] => (Some(predicate), None),
            _ => return self.error(offset, "wrong number of macro arguments"),
        };
        let predicate = match predicate {
            Some(predicate) => {
                let at = predicate.offset;
                let (predicate, found) = self.check(predicate)?;
                self.check_predicate(offset, at, kind, &found)?;
                Some(predicate)
            }
            None => None,
        };
        let transform = transform.map(|transform| self.check(transform)).transpose()?;
        self.scope.truncate(slot);
        let (transform, transformed) = match transform {
            Some((transform, of)) => (Some(transform), of),
            None => (None, Type::Dyn),
        };
        let result = match kind {
            FoldKind::All | FoldKind::Exists | FoldKind::ExistsOne => Type::BOOL,
            FoldKind::Filter => Type::list(element_type),
            FoldKind::Sort => {
                let ordered = match &transformed {
                    Type::Dyn => true,
                    Type::Plain(key) => is_ordered(*key),
                    _ => false,
                };
                if !ordered {
                    let types = [Type::list(element_type), Type::list(transformed)];
                    return self.no_overload(offset, "@sortByAssociatedKeys", &types, true);
                }
                Type::list(element_type)
            }
            FoldKind::List => Type::list(transformed),
            FoldKind::Map => Type::map(element_type, transformed),
            FoldKind::Entries => match transformed {
                map @ (Type::Map(..) | Type::Dyn) => map,
                other => {
                    return self.no_overload(
                        offset,
                        "cel.@mapInsert",
                        &[Type::map(Type::Dyn, Type::Dyn), other],
                        false,
                    );
                }
            },
        };
        let two = variables == 2;
        Ok((step(StepKind::Fold(Box::new(Fold { kind, range, slot, two, predicate, transform }))), result))
    }

    /// The name a macro's variable is given.
    fn variable_name(&self, name: &Expression) -> Result<String, CompileError> {
        match &name.kind {
            ExpressionKind::Identifier(variable) if variable.starts_with("__") => {
                self.error(name.offset, "iteration variable overwrites accumulator variable")
            }
            ExpressionKind::Identifier(variable) if !variable.starts_with('.') => Ok(variable.clone()),
            _ => self.error(name.offset, "argument must be a simple name"),
        }
    }

    fn check_predicate(
        &self,
        offset: usize,
        predicate: usize,
        kind: FoldKind,
        found: &Type,
    ) -> Result<(), CompileError> {
        if matches!(found, Type::Dyn | Type::Plain(Kind::Bool)) {
            return Ok(());
        }
        let (operator, types) = match kind {
            FoldKind::All | FoldKind::Exists => {
                return self.error(predicate, format!("expected type 'bool' but found '{found}'"));
            }
            _ => (Operator::Conditional, vec![found.clone(), Type::Dyn, Type::Dyn]),
        };
        self.resolve(offset, operator.function(), signatures::of(operator), &types).map(|_| ())
    }

    fn optional_map(
        &mut self,
        offset: usize,
        target: &Expression,
        arguments: &[Expression],
        flat: bool,
    ) -> Checked {
        let [name, body] = arguments else {
            return self.error(offset, "wrong number of macro arguments");
        };
        let ExpressionKind::Identifier(variable) = &name.kind else {
            let function = if flat { "optFlatMap" } else { "optMap" };
            return self
                .error(name.offset, format!("{function}() variable name must be a simple identifier"));
        };
        let (operand, of) = self.check(target)?;
        let inner = match of {
            Type::Optional(inner) => *inner,
            Type::Dyn => Type::Dyn,
            other => return self.no_overload(offset, "hasValue", &[other], true),
        };
        let slot = self.scope.len();
        self.scope.push((variable.clone(), inner));
        let (body, result) = self.check(body)?;
        self.scope.truncate(slot);
        let result = match result {
            optional @ Type::Optional(_) if flat => optional,
            Type::Dyn if flat => Type::Dyn,
            other if flat => {
                let types = [Type::BOOL, other, Type::optional(Type::Dyn)];
                return self.no_overload(offset, Operator::Conditional.function(), &types, false);
            }
            other => Type::optional(other),
        };
        let (operand, body) = (Box::new(operand), Box::new(body));
        Ok((step(StepKind::OptionalMap { operand, slot, body, flat }), result))
    }
}

/// A macro as it is called.
struct Written<'s> {
    kind: FoldKind,
    function: &'s str,
    variables: usize,
    /// Whether the last argument says what becomes of an element.
    transformed: bool,
}
