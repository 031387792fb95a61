//! Running a compiled expression.
//!
//! Depends on [`super::program`], [`super::value`], [`super::operators`] and [`super::activation`].

use super::activation::Activation;
use super::ast::Operator;
use super::budget::Budget;
use super::error::EvaluationError;
use super::library::{self, CallContext, lists};
use super::operators;
use super::program::{Call, Fold, FoldKind, Literal, Step, StepKind};
use super::types::{Kind, Shape};
use super::value::{Map, Opaque, Value, whole};
use std::sync::Arc;

type Result<T> = std::result::Result<T, EvaluationError>;

/// What an expression needs while it runs.
pub(super) struct Evaluator<'a, 'r> {
    pub(super) activation: &'r Activation<'a>,
    pub(super) budget: &'r mut Budget,
    /// The variables of the macros around the current step.
    pub(super) locals: Vec<Value<'a>>,
}

impl<'a, 'r> Evaluator<'a, 'r> {
    pub(super) const fn new(activation: &'r Activation<'a>, budget: &'r mut Budget) -> Self {
        Self { activation, budget, locals: Vec::new() }
    }

    /// The value of `step`.
    pub(super) fn evaluate(&mut self, step: &'a Step) -> Result<Value<'a>> {
        self.budget.enter()?;
        let result = self.step(step);
        self.budget.leave();
        result
    }

    fn step(&mut self, step: &'a Step) -> Result<Value<'a>> {
        match &step.kind {
            StepKind::Literal(literal) => Ok(literal_value(literal)),
            StepKind::UndefinedType(name) => Err(EvaluationError::NoSuchAttribute((*name).into())),
            StepKind::Root(name) => match self.activation.root(name) {
                Some(value) => Ok(value.clone()),
                None => Err(EvaluationError::NoSuchAttribute(name.clone())),
            },
            StepKind::Variable { name, optional } => {
                let value = self.activation.variable(name, self.budget)?;
                Ok(if *optional { Value::some(value) } else { value })
            }
            StepKind::Local(slot) => match self.locals.get(*slot) {
                Some(Value::Optional(Some(value))) => native(value).map(Value::some),
                value => Ok(value.cloned().unwrap_or(Value::Null)),
            },
            StepKind::Select { .. } | StepKind::Index { .. } => self.qualified(step).map(Qualified::value),
            StepKind::Has { operand, field } => match self.operand(operand)? {
                Qualified::Absent => Ok(Value::Bool(false)),
                Qualified::Present { value, .. } => {
                    Ok(Value::Bool(field_if_present(&value, field)?.is_some()))
                }
            },
            StepKind::And(operands) => self.junction(operands, false),
            StepKind::Or(operands) => self.junction(operands, true),
            StepKind::Not(operand) => match self.evaluate(operand)?.as_bool() {
                Some(value) => Ok(Value::Bool(!value)),
                None => Err(EvaluationError::NoSuchOverload),
            },
            StepKind::Negate(operand) => operators::negate(self.evaluate(operand)?),
            StepKind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                let chosen = match self.evaluate(condition)?.as_bool() {
                    Some(true) => then,
                    Some(false) => otherwise,
                    None => return Err(EvaluationError::NoSuchOverload),
                };
                self.branch(chosen)
            }
            StepKind::Binary(operator, operands) => self.binary(*operator, operands),
            StepKind::Call(call) => self.call(call),
            StepKind::OrElse { operands, unwrap } => self.or_else(operands, *unwrap),
            StepKind::List(elements) => self.list(elements),
            StepKind::Map(entries) => self.map(entries),
            StepKind::Fold(fold) => self.fold(fold),
            StepKind::OptionalMap { operand, slot, body, flat } => {
                self.optional_map(operand, *slot, body, *flat)
            }
        }
    }

    /// The value of a branch of a condition. The API server asks it for the field that `has` of an optional asks
    /// for, and not whether it is there.
    fn branch(&mut self, step: &'a Step) -> Result<Value<'a>> {
        if let StepKind::Has { operand, field } = &step.kind {
            return match self.operand(operand)? {
                Qualified::Present { value, optional: false } => {
                    Ok(Value::Bool(field_if_present(&value, field)?.is_some()))
                }
                Qualified::Present { value, .. } => {
                    Ok(field_if_present(&value, field)?.map_or(Value::Optional(None), Value::some))
                }
                Qualified::Absent => Ok(Value::Optional(None)),
            };
        }
        match self.evaluate(step)? {
            Value::Optional(Some(value)) => native(&value).map(Value::some),
            value => Ok(value),
        }
    }

    /// What fields are selected from, one level deeper.
    fn operand(&mut self, step: &'a Step) -> Result<Qualified<'a>> {
        self.budget.enter()?;
        let result = self.qualified(step);
        self.budget.leave();
        result
    }

    /// A chain of fields and indices as far as `step`. The first of them may be asked of an optional, which is
    /// looked into; from there on, and from a `?` on, what is missing is absent. An optional in the middle of
    /// a chain is a value without fields.
    fn qualified(&mut self, step: &'a Step) -> Result<Qualified<'a>> {
        let (operand, asked) = match &step.kind {
            StepKind::Select { operand, optional, .. } | StepKind::Index { operand, optional, .. } => {
                (operand, *optional)
            }
            StepKind::Variable { name, optional } => {
                let value = self.activation.variable(name, self.budget)?;
                return Ok(Qualified::Present { value, optional: *optional });
            }
            StepKind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                return match self.evaluate(condition)?.as_bool() {
                    Some(true) => self.operand(then),
                    Some(false) => self.operand(otherwise),
                    None => Err(EvaluationError::NoSuchOverload),
                };
            }
            _ => return Qualified::start(self.step(step)?),
        };
        let (value, optional) = match self.operand(operand)? {
            Qualified::Absent => return Ok(Qualified::Absent),
            Qualified::Present { value, optional } => (value, optional || asked),
        };
        let found = match &step.kind {
            StepKind::Select { field, .. } => match field_if_present(&value, field)? {
                None if !optional => return Err(EvaluationError::NoSuchKey(field.clone())),
                found => found,
            },
            StepKind::Index { index, .. } => {
                let key = self.branch(index)?;
                if !matches!(key.kind(), Kind::Bool | Kind::Int | Kind::Uint | Kind::Double | Kind::String) {
                    let of =
                        if is_outside(index) { key.implementation() } else { key.kind().implementation() };
                    return Err(EvaluationError::function(format!("invalid qualifier type: {of}")));
                }
                match element(&value, &key)? {
                    None if !optional => return Err(missing(&value, &key)?),
                    found => found,
                }
            }
            _ => None,
        };
        Ok(found.map_or(Qualified::Absent, |value| Qualified::Present { value, optional }))
    }

    /// `&&` and `||`: the value that decides wins over an error on the other side.
    fn junction(&mut self, operands: &'a [Step], decisive: bool) -> Result<Value<'a>> {
        let mut error = None;
        for operand in operands {
            match self.truth(operand) {
                Ok(value) if value == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(fatal) if fatal.is_fatal() => return Err(fatal),
                Err(other) => error = error.or(Some(other)),
            }
        }
        error.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    /// The value of a step that has to be a boolean.
    pub(super) fn truth(&mut self, step: &'a Step) -> Result<bool> {
        self.evaluate(step)?.as_bool().ok_or(EvaluationError::NoSuchOverload)
    }

    #[inline(never)]
    fn binary(&mut self, operator: Operator, operands: &'a [Step; 2]) -> Result<Value<'a>> {
        let (left, right) = self.both(&operands[0], &operands[1])?;
        operators::binary(operator, left, right, self.budget)
    }

    /// The values of two operands. Both are looked at, even if the first is an error.
    fn both(&mut self, left: &'a Step, right: &'a Step) -> Result<(Value<'a>, Value<'a>)> {
        match self.evaluate(left) {
            Ok(left) => Ok((left, self.evaluate(right)?)),
            Err(fatal) if fatal.is_fatal() => Err(fatal),
            Err(error) => match self.evaluate(right) {
                Err(fatal) if fatal.is_fatal() => Err(fatal),
                _ => Err(error),
            },
        }
    }

    #[inline(never)]
    fn call(&mut self, call: &'a Call) -> Result<Value<'a>> {
        if let Some(measured) = call.measured {
            return self.measured_call(call, measured);
        }
        match call.arguments.as_slice() {
            [] => self.dispatch(call, &[]),
            [a] => {
                let arguments = [self.evaluate(a)?];
                self.dispatch(call, &arguments)
            }
            [a, b] => {
                let arguments = <[Value<'a>; 2]>::from(self.both(a, b)?);
                self.dispatch(call, &arguments)
            }
            many => {
                let mut arguments = Vec::with_capacity(many.len());
                for argument in many {
                    arguments.push(self.evaluate(argument)?);
                }
                self.dispatch(call, &arguments)
            }
        }
    }

    /// A call the API server looks at the size of an argument of, whatever it is.
    #[cold]
    fn measured_call(&mut self, call: &'a Call, measured: usize) -> Result<Value<'a>> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        let mut failed = None;
        let wanted = if measured == 0 { "traits.Lister" } else { "types.Int" };
        for (at, argument) in call.arguments.iter().enumerate() {
            match self.evaluate(argument) {
                Err(fatal) if fatal.is_fatal() => return Err(fatal),
                Err(_) if at == measured => return Err(EvaluationError::unmeasurable("*types.Err", wanted)),
                Err(error) => failed = failed.or(Some(error)),
                Ok(value) => {
                    let kind = value.kind();
                    if at == measured && kind != if measured == 0 { Kind::List } else { Kind::Int } {
                        return Err(EvaluationError::unmeasurable(kind.implementation(), wanted));
                    }
                    arguments.push(value);
                }
            }
        }
        failed.map_or_else(|| self.dispatch(call, &arguments), Err)
    }

    fn dispatch(&mut self, call: &'a Call, arguments: &[Value<'a>]) -> Result<Value<'a>> {
        for overload in &call.overloads {
            let fits = overload
                .parameters
                .iter()
                .zip(arguments)
                .all(|(shape, argument)| fits(shape, argument, overload.guarded));
            if fits {
                let mut context = CallContext { budget: self.budget, regex: call.regex.as_ref() };
                return (overload.run)(&mut context, arguments);
            }
        }
        // A prepared pattern asks for text without saying for whom.
        if call.regex.is_some() {
            return Err(EvaluationError::NoSuchOverload);
        }
        Err(library::refusal(call.overloads.first().copied(), arguments))
    }

    #[inline(never)]
    fn or_else(&mut self, operands: &'a [Step; 2], unwrap: bool) -> Result<Value<'a>> {
        match self.evaluate(&operands[0])? {
            Value::Optional(Some(value)) if unwrap => Ok((*value).clone()),
            Value::Optional(None) => self.evaluate(&operands[1]),
            // Anything that is no optional stands for itself.
            value => Ok(value),
        }
    }

    #[inline(never)]
    fn list(&mut self, elements: &'a [(bool, Step)]) -> Result<Value<'a>> {
        let mut values = Vec::with_capacity(elements.len());
        for (optional, element) in elements {
            match self.evaluate(element)? {
                Value::Optional(Some(value)) if *optional => values.push((*value).clone()),
                Value::Optional(None) if *optional => {}
                other if *optional => return Err(not_optional("list element", &other)),
                value => values.push(value),
            }
        }
        Ok(Value::list(values))
    }

    #[inline(never)]
    fn map(&mut self, entries: &'a [(bool, Step, Step)]) -> Result<Value<'a>> {
        let mut map = Map::new();
        for (optional, key, value) in entries {
            let key = self.evaluate(key)?;
            let value = match self.evaluate(value)? {
                Value::Optional(Some(value)) if *optional => (*value).clone(),
                Value::Optional(None) if *optional => continue,
                other if *optional => {
                    return Err(not_optional(&format!("entry '{}'", key.shown()), &other));
                }
                value => value,
            };
            insert(&mut map, &key, value, false)?;
        }
        Ok(Value::Map(Arc::new(map)))
    }

    #[inline(never)]
    fn optional_map(
        &mut self,
        operand: &'a Step,
        slot: usize,
        body: &'a Step,
        flat: bool,
    ) -> Result<Value<'a>> {
        match self.evaluate(operand)? {
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(value)) => {
                self.locals.truncate(slot);
                self.locals.push((*value).clone());
                let result = self.evaluate(body);
                self.locals.truncate(slot);
                match result? {
                    Value::Optional(Some(value)) if flat => native(&value).map(Value::some),
                    value if flat => Ok(value),
                    value => native(&value).map(Value::some),
                }
            }
            other => {
                Err(EvaluationError::NoSuchFunction(format!("hasValue({})", other.kind().name()).into()))
            }
        }
    }

    /// The elements a macro goes through: the first variable's values, and the second one's.
    pub(super) fn elements(range: &Value<'a>, two: bool) -> Result<Vec<(Value<'a>, Option<Value<'a>>)>> {
        if let Some(list) = range.as_list() {
            return Ok(if two {
                (0i64..).zip(list.iter()).map(|(index, element)| (Value::Int(index), Some(element))).collect()
            } else {
                list.iter().map(|element| (element, None)).collect()
            });
        }
        if let Some(map) = range.as_map() {
            let keys = map.keys().into_iter();
            return Ok(if two {
                keys.map(|key| {
                    let value = map.get(&key);
                    (key, value)
                })
                .collect()
            } else {
                keys.map(|key| (key, None)).collect()
            });
        }
        Err(EvaluationError::function(if two {
            format!("unsupported comprehension range type: {}", range.kind().implementation())
        } else {
            format!("got '{}', expected iterable type", range.kind().implementation())
        }))
    }

    /// Puts an element's values where the macro's steps look for them.
    pub(super) fn bind(&mut self, slot: usize, first: Value<'a>, second: Option<Value<'a>>) {
        self.locals.truncate(slot);
        self.locals.push(first);
        self.locals.extend(second);
    }

    #[inline(never)]
    fn fold(&mut self, fold: &'a Fold) -> Result<Value<'a>> {
        if fold.kind == FoldKind::Sort {
            return self.sort(fold);
        }
        let range = self.evaluate(&fold.range)?;
        if let Some(list) = range.as_list()
            && !fold.two
        {
            return self.fold_over(fold, list.iter().map(|element| (element, None)), list.len());
        }
        let elements = Self::elements(&range, fold.two)?;
        let length = elements.len();
        self.fold_over(fold, elements.into_iter(), length)
    }

    fn sort(&mut self, fold: &'a Fold) -> Result<Value<'a>> {
        let sorted = self.evaluate(&fold.range).and_then(|range| {
            let elements = Self::elements(&range, fold.two)?;
            let length = elements.len();
            let keyed = self.fold_over(fold, elements.into_iter(), length)?;
            Ok((range, keyed))
        });
        let (range, keyed) = match sorted {
            Err(error) if fold.measured && !error.is_fatal() => {
                return Err(EvaluationError::unmeasurable("*types.Err", "traits.Lister"));
            }
            sorted => sorted?,
        };
        if range.as_list().is_none() {
            return Err(EvaluationError::NoSuchFunction(lists::SORT_BY_KEYS.into()));
        }
        let Some(pairs) = keyed.as_list() else { return Ok(keyed) };
        let mut keyed: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(pairs.len());
        for pair in pairs.iter() {
            let pair = pair.as_list().map(|pair| (pair.get(0), pair.get(1)));
            if let Some((Some(element), Some(key))) = pair {
                keyed.push((element, key));
            }
        }
        lists::sort_by(self.budget, &mut keyed, |(_, key)| key)?;
        Ok(Value::list(keyed.into_iter().map(|(element, _)| element).collect::<Vec<_>>()))
    }

    fn fold_over(
        &mut self,
        fold: &'a Fold,
        elements: impl Iterator<Item = (Value<'a>, Option<Value<'a>>)>,
        length: usize,
    ) -> Result<Value<'a>> {
        self.budget.spend(length as u64)?;
        let mut error = None;
        let mut matches = 0;
        let mut list = Vec::new();
        let mut map = Map::new();
        for (first, second) in elements {
            let kept = matches!(fold.kind, FoldKind::Filter | FoldKind::Sort).then(|| first.clone());
            let key = matches!(fold.kind, FoldKind::Map).then(|| first.clone());
            self.bind(fold.slot, first, second);
            let holds = match &fold.predicate {
                None => true,
                Some(predicate) => match (self.truth(predicate), fold.kind) {
                    (Ok(holds), _) => holds,
                    (Err(fatal), _) if fatal.is_fatal() => return Err(fatal),
                    (Err(absorbed), FoldKind::All | FoldKind::Exists) => {
                        error = error.or(Some(absorbed));
                        continue;
                    }
                    // A condition that fails is what there is until the next that fails.
                    (Err(failed), _) => {
                        error = Some(failed);
                        continue;
                    }
                },
            };
            match fold.kind {
                FoldKind::All if !holds => return Ok(Value::Bool(false)),
                FoldKind::Exists if holds => return Ok(Value::Bool(true)),
                FoldKind::ExistsOne if holds => matches += 1,
                FoldKind::Filter if holds => list.extend(kept),
                FoldKind::List | FoldKind::Map | FoldKind::Entries | FoldKind::Sort if holds => {
                    let Some(transform) = &fold.transform else { continue };
                    let added = self.evaluate(transform).and_then(|value| match fold.kind {
                        FoldKind::Sort => {
                            list.extend(kept.map(|element| Value::list([element, value])));
                            Ok(())
                        }
                        FoldKind::Map => key.map_or(Ok(()), |key| insert(&mut map, &key, value, true)),
                        FoldKind::Entries => insert_all(&mut map, &value),
                        _ => {
                            list.push(value);
                            Ok(())
                        }
                    });
                    match added {
                        Ok(()) => {}
                        // Only a condition has anything more to say.
                        Err(failed) if fold.predicate.is_none() || failed.is_fatal() => return Err(failed),
                        Err(failed) => error = error.or(Some(failed)),
                    }
                }
                _ => {}
            }
        }
        self.locals.truncate(fold.slot);
        if let Some(error) = error {
            return Err(error);
        }
        Ok(match fold.kind {
            FoldKind::All => Value::Bool(true),
            FoldKind::Exists => Value::Bool(false),
            FoldKind::ExistsOne => Value::Bool(matches == 1),
            // Elements with the keys they are to be sorted by.
            FoldKind::Filter | FoldKind::List | FoldKind::Sort => Value::list(list),
            FoldKind::Map | FoldKind::Entries => Value::Map(Arc::new(map)),
        })
    }
}

/// The value of a chain of fields and indices.
enum Qualified<'a> {
    Present {
        value: Value<'a>,
        /// Whether the chain as a whole gives an optional.
        optional: bool,
    },
    Absent,
}

impl<'a> Qualified<'a> {
    /// The beginning of a chain.
    fn start(value: Value<'a>) -> Result<Self> {
        Ok(match value {
            Value::Optional(None) => Self::Absent,
            Value::Optional(Some(value)) => Self::Present { value: native(&value)?, optional: true },
            value => Self::Present { value, optional: false },
        })
    }

    /// The value of the whole chain.
    fn value(self) -> Value<'a> {
        match self {
            Self::Absent => Value::Optional(None),
            Self::Present { value, optional: true } => Value::some(value),
            Self::Present { value, optional: false } => value,
        }
    }
}

/// Whether the value is still the object's and none of the language: a field, and not one of a variable.
fn is_outside(step: &Step) -> bool {
    match &step.kind {
        StepKind::Root(_) => true,
        StepKind::Select { operand, .. } | StepKind::Index { operand, .. } => is_outside(operand),
        _ => false,
    }
}

/// What an optional holds, once the API server has taken it out of the language and put it in again: an optional
/// in it is gone then, and the types of Kubernetes do not come back.
fn native<'a>(value: &Value<'a>) -> Result<Value<'a>> {
    match value {
        Value::Optional(None) => Ok(Value::Null),
        Value::Optional(Some(value)) => native(value),
        Value::Opaque(opaque) if !matches!(**opaque, Opaque::Format(_)) => {
            Err(EvaluationError::function(format!("unsupported conversion to ref.Val: {}", opaque.outside())))
        }
        value => Ok(value.clone()),
    }
}

/// Whether an argument is what a function asks for, as far as the API server looks: at the first element of a
/// list, and at the first entry of a map.
fn fits(shape: &Shape, argument: &Value<'_>, guarded: bool) -> bool {
    if !shape.fits(argument.kind()) {
        return false;
    }
    match shape {
        Shape::List(Shape::Dyn | Shape::Parameter(_)) => true,
        Shape::List(of) if guarded => {
            let first = argument.as_list().and_then(|list| list.get(0));
            first.is_none_or(|first| fits(of, &first, guarded))
        }
        _ => true,
    }
}

fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(value) => Value::Int(*value),
        Literal::Uint(value) => Value::Uint(*value),
        Literal::Double(value) => Value::Double(*value),
        Literal::String(value) => Value::borrowed(value),
        Literal::Bytes(value) => Value::Bytes(Arc::clone(value)),
        Literal::Type(kind) => Value::Type(*kind),
        Literal::Duration(value) => Value::Duration(*value),
        Literal::Timestamp(value) => Value::Timestamp(*value),
    }
}

fn not_optional(what: &str, value: &Value<'_>) -> EvaluationError {
    EvaluationError::function(format!(
        "cannot initialize optional {what} from non-optional value {}",
        value.shown()
    ))
}

/// Adds the entries of a map to another.
fn insert_all<'a>(map: &mut Map<'a>, value: &Value<'a>) -> Result<()> {
    let Some(entries) = value.as_map() else {
        let function = format!("cel.@mapInsert(map, {})", value.kind().name());
        return Err(EvaluationError::NoSuchFunction(function.into()));
    };
    for key in entries.keys() {
        let Some(value) = entries.get(&key) else { continue };
        insert(map, &key, value, true)?;
    }
    Ok(())
}

/// Adds an entry to a map. A key twice is an error in a comprehension; in a literal the last one wins.
fn insert<'a>(map: &mut Map<'a>, key: &Value<'a>, value: Value<'a>, comprehension: bool) -> Result<()> {
    let Some(new) = key.to_key() else {
        return Err(EvaluationError::function(format!("unsupported key type: {}", key.kind().name())));
    };
    if map.insert(new, value).is_some() && comprehension {
        return Err(EvaluationError::function(format!("insert failed: key {} already exists", key.shown())));
    }
    Ok(())
}

fn field_if_present<'a>(operand: &Value<'a>, field: &str) -> Result<Option<Value<'a>>> {
    match operand.as_map() {
        Some(map) => Ok(map.field(field)),
        None if operand.kind() == Kind::List => {
            Err(EvaluationError::function("unsupported index type 'string' in list"))
        }
        None => Ok(None),
    }
}

/// What a list or a map says when there is nothing at `key`.
fn missing(operand: &Value<'_>, key: &Value<'_>) -> Result<EvaluationError> {
    if operand.kind() == Kind::List {
        return Ok(EvaluationError::IndexOutOfBounds(position(key)?));
    }
    Ok(EvaluationError::NoSuchKey(key.shown().into()))
}

fn element<'a>(operand: &Value<'a>, key: &Value<'a>) -> Result<Option<Value<'a>>> {
    if let Some(list) = operand.as_list() {
        return Ok(usize::try_from(position(key)?).ok().and_then(|position| list.get(position)));
    }
    Ok(operand.as_map().and_then(|map| map.get(key)))
}

/// A value as a position in a list.
fn position(key: &Value<'_>) -> Result<i64> {
    let unsupported =
        || EvaluationError::function(format!("unsupported index value {} in list", key.shown()));
    match key.clone().plain() {
        Value::Int(position) => Ok(position),
        Value::Uint(position) => i64::try_from(position).map_err(|_| unsupported()),
        Value::Double(position) => whole(position).ok_or_else(unsupported),
        other => Err(EvaluationError::function(format!(
            "unsupported index type '{}' in list",
            other.kind().name()
        ))),
    }
}
