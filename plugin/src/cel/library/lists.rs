//! Lists: the library of Kubernetes, and version 3 of the lists library of CEL.
//!
//! Depends on [`crate::cel::operators`].

use super::{
    A, BOOL, BYTES, CallContext, DOUBLE, DURATION, INT, LIST_OF_A, Outcome, Overload, STRING, TIMESTAMP,
    UINT, int,
};
use crate::cel::ast::Operator;
use crate::cel::budget::Budget;
use crate::cel::error::EvaluationError;
use crate::cel::library::time::Duration;
use crate::cel::operators;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{ListView, Value};
use std::cmp::Ordering;

const INTS: Shape = Shape::List(&INT);
const UINTS: Shape = Shape::List(&UINT);
const DOUBLES: Shape = Shape::List(&DOUBLE);
const BOOLS: Shape = Shape::List(&BOOL);
const DURATIONS: Shape = Shape::List(&DURATION);
const TIMESTAMPS: Shape = Shape::List(&TIMESTAMP);
const STRINGS: Shape = Shape::List(&STRING);
const BYTES_LIST: Shape = Shape::List(&BYTES);
const LIST_OF_DYN: Shape = Shape::List(&Shape::Dyn);

/// The kinds of elements `isSorted`, `min` and `max` are declared for.
macro_rules! for_ordered {
    ($name:literal, $result:ident, $run:ident) => {
        [
            Overload::method($name, &[INTS], $result!(INT), $run),
            Overload::method($name, &[UINTS], $result!(UINT), $run),
            Overload::method($name, &[DOUBLES], $result!(DOUBLE), $run),
            Overload::method($name, &[BOOLS], $result!(BOOL), $run),
            Overload::method($name, &[DURATIONS], $result!(DURATION), $run),
            Overload::method($name, &[TIMESTAMPS], $result!(TIMESTAMP), $run),
            Overload::method($name, &[STRINGS], $result!(STRING), $run),
            Overload::method($name, &[BYTES_LIST], $result!(BYTES), $run),
        ]
    };
}
macro_rules! always_bool {
    ($of:ident) => {
        BOOL
    };
}
macro_rules! element {
    ($of:ident) => {
        $of
    };
}

const SORTED: [Overload; 8] = for_ordered!("isSorted", always_bool, is_sorted);
const MINIMUM: [Overload; 8] = for_ordered!("min", element, minimum);
const MAXIMUM: [Overload; 8] = for_ordered!("max", element, maximum);

pub(super) const OVERLOADS: &[Overload] = &{
    let [s0, s1, s2, s3, s4, s5, s6, s7] = SORTED;
    let [n0, n1, n2, n3, n4, n5, n6, n7] = MINIMUM;
    let [x0, x1, x2, x3, x4, x5, x6, x7] = MAXIMUM;
    [
        s0,
        s1,
        s2,
        s3,
        s4,
        s5,
        s6,
        s7,
        n0,
        n1,
        n2,
        n3,
        n4,
        n5,
        n6,
        n7,
        x0,
        x1,
        x2,
        x3,
        x4,
        x5,
        x6,
        x7,
        Overload::method("sum", &[INTS], INT, sum_ints),
        Overload::method("sum", &[UINTS], UINT, sum_uints),
        Overload::method("sum", &[DOUBLES], DOUBLE, sum_doubles),
        Overload::method("sum", &[DURATIONS], DURATION, sum_durations),
        Overload::method("indexOf", &[LIST_OF_A, A], INT, index_of),
        Overload::method("lastIndexOf", &[LIST_OF_A, A], INT, last_index_of),
        Overload::method("slice", &[LIST_OF_A, INT, INT], LIST_OF_A, slice).since(35),
        Overload::method("flatten", &[Shape::List(&LIST_OF_A)], LIST_OF_A, flatten).unguarded().since(35),
        Overload::method("flatten", &[LIST_OF_DYN, INT], LIST_OF_DYN, flatten).unguarded().since(35),
        Overload::function("lists.range", &[INT], INTS, range).since(35),
        Overload::method("distinct", &[LIST_OF_A], LIST_OF_A, distinct).since(35),
        Overload::method("reverse", &[LIST_OF_A], LIST_OF_A, reverse).since(35),
        Overload::method("sort", &[INTS], INTS, sort).unguarded().since(35),
        Overload::method("sort", &[UINTS], UINTS, sort).unguarded().since(35),
        Overload::method("sort", &[DOUBLES], DOUBLES, sort).unguarded().since(35),
        Overload::method("sort", &[BOOLS], BOOLS, sort).unguarded().since(35),
        Overload::method("sort", &[DURATIONS], DURATIONS, sort).unguarded().since(35),
        Overload::method("sort", &[TIMESTAMPS], TIMESTAMPS, sort).unguarded().since(35),
        Overload::method("sort", &[STRINGS], STRINGS, sort).unguarded().since(35),
        Overload::method("sort", &[BYTES_LIST], BYTES_LIST, sort).unguarded().since(35),
    ]
};

/// What `sortBy` is written out in.
pub(in crate::cel) const SORT_BY_KEYS: &str = "@sortByAssociatedKeys";

/// The types `sortBy` takes: the list, and the keys it is sorted by.
pub(in crate::cel) const SORTED_BY: [[Shape; 2]; 8] = [
    [LIST_OF_A, INTS],
    [LIST_OF_A, UINTS],
    [LIST_OF_A, DOUBLES],
    [LIST_OF_A, BOOLS],
    [LIST_OF_A, DURATIONS],
    [LIST_OF_A, TIMESTAMPS],
    [LIST_OF_A, STRINGS],
    [LIST_OF_A, BYTES_LIST],
];

/// The longest list `lists.range` makes.
const MAX_RANGE: i64 = 1 << 20;

fn list<'v, 'a>(
    context: &mut CallContext<'_>,
    arguments: &'v [Value<'a>],
) -> Result<ListView<'v, 'a>, EvaluationError> {
    let list = arguments.first().and_then(Value::as_list).ok_or(EvaluationError::NoSuchOverload)?;
    context.budget.spend(list.len() as u64)?;
    Ok(list)
}

fn is_sorted<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let list = list(context, arguments)?;
    let mut previous: Option<Value<'_>> = None;
    for element in list.iter() {
        if !operators::is_ordered(element.kind()) {
            return Err(EvaluationError::NoSuchOverload);
        }
        // What cannot be compared is in no wrong order.
        if let Some(previous) = &previous
            && operators::compare(previous, &element).is_ok_and(Ordering::is_gt)
        {
            return Ok(Value::Bool(false));
        }
        previous = Some(element);
    }
    Ok(Value::Bool(true))
}

fn extreme<'a>(
    context: &mut CallContext<'_>,
    arguments: &[Value<'a>],
    name: &str,
    replaced: Ordering,
) -> Outcome<'a> {
    let mut found: Option<Value<'a>> = None;
    for element in list(context, arguments)?.iter() {
        if !operators::is_ordered(element.kind()) {
            return Err(EvaluationError::NoSuchOverload);
        }
        found = match found {
            Some(found) if operators::compare(&found, &element) != Ok(replaced) => Some(found),
            _ => Some(element),
        };
    }
    found.ok_or_else(|| EvaluationError::function(format!("{name} called on empty list")))
}

fn minimum<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    extreme(context, arguments, "min", Ordering::Greater)
}

fn maximum<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    extreme(context, arguments, "max", Ordering::Less)
}

fn sum<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>], zero: Value<'a>) -> Outcome<'a> {
    let list = list(context, arguments)?;
    // Nothing tells a list of unknown elements from an empty one of another type, so the first decides.
    let zero = match list.get(0).map(|first| first.kind()) {
        Some(Kind::Uint) => Value::Uint(0),
        Some(Kind::Double) => Value::Double(0.0),
        Some(Kind::Duration) => Value::Duration(Duration::default()),
        Some(Kind::Int) => Value::Int(0),
        _ => zero,
    };
    list.iter().try_fold(zero, |sum, element| operators::binary(Operator::Add, sum, element, context.budget))
}

fn sum_ints<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    sum(context, arguments, Value::Int(0))
}

fn sum_uints<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    sum(context, arguments, Value::Uint(0))
}

fn sum_doubles<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    sum(context, arguments, Value::Double(0.0))
}

fn sum_durations<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    sum(context, arguments, Value::Duration(Duration::default()))
}

/// Whether two elements are the same; what cannot be compared is not.
fn same(context: &mut CallContext<'_>, left: &Value<'_>, right: &Value<'_>) -> Result<bool, EvaluationError> {
    match operators::equal(left, right, context.budget) {
        Err(error) if !error.is_fatal() => Ok(false),
        other => other,
    }
}

fn found<'a>(index: Option<usize>) -> Value<'a> {
    Value::Int(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1))
}

fn index_of<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (list, [_, wanted, ..]) = (list(context, arguments)?, arguments) else {
        return Err(EvaluationError::NoSuchOverload);
    };
    for (index, element) in list.iter().enumerate() {
        if same(context, &element, wanted)? {
            return Ok(found(Some(index)));
        }
    }
    Ok(found(None))
}

fn last_index_of<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (list, [_, wanted, ..]) = (list(context, arguments)?, arguments) else {
        return Err(EvaluationError::NoSuchOverload);
    };
    for (back, element) in list.iter().rev().enumerate() {
        if same(context, &element, wanted)? {
            return Ok(found(Some(list.len() - 1 - back)));
        }
    }
    Ok(found(None))
}

fn slice<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let list = list(context, arguments)?;
    let (start, end) = (int(arguments, 1)?, int(arguments, 2)?);
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let problem = if start < 0 || end < 0 {
        Some(format!("cannot slice({start}, {end}), negative indexes not supported"))
    } else if start > end {
        Some(format!("cannot slice({start}, {end}), start index must be less than or equal to end index"))
    } else if length < end {
        Some(format!("cannot slice({start}, {end}), list is length {length}"))
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(EvaluationError::function(problem));
    }
    let skipped = usize::try_from(start).unwrap_or(usize::MAX);
    let taken = usize::try_from(end - start).unwrap_or(0);
    Ok(Value::List(list.iter().skip(skipped).take(taken).collect()))
}

fn flatten<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let depth = if arguments.len() > 1 { int(arguments, 1)? } else { 1 };
    if depth < 0 {
        return Err(EvaluationError::function("level must be non-negative"));
    }
    let mut flat = Vec::new();
    let list = list(context, arguments)?;
    flatten_into(context, list, depth, &mut flat)?;
    Ok(Value::list(flat))
}

fn flatten_into<'a>(
    context: &mut CallContext<'_>,
    list: ListView<'_, 'a>,
    depth: i64,
    flat: &mut Vec<Value<'a>>,
) -> Result<(), EvaluationError> {
    for element in list.iter() {
        context.budget.enter()?;
        match element.as_list() {
            Some(inner) if depth > 0 => flatten_into(context, inner, depth - 1, flat)?,
            _ => flat.push(element),
        }
        context.budget.leave();
    }
    Ok(())
}

fn range<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let end = int(arguments, 0)?;
    if end > MAX_RANGE {
        return Err(EvaluationError::function(format!("lists.range({end}) is longer than {MAX_RANGE}")));
    }
    context.budget.spend(u64::try_from(end).unwrap_or(0))?;
    Ok(Value::List((0..end).map(Value::Int).collect()))
}

fn distinct<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let mut distinct: Vec<Value<'a>> = Vec::new();
    for element in list(context, arguments)?.iter() {
        let mut known = false;
        for other in &distinct {
            context.budget.spend(1)?;
            known = known || same(context, other, &element)?;
        }
        if !known {
            distinct.push(element);
        }
    }
    Ok(Value::list(distinct))
}

fn reverse<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::List(list(context, arguments)?.iter().rev().collect()))
}

fn sort<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let list = list(context, arguments)?;
    let mut elements: Vec<Value<'a>> = list.iter().collect();
    sort_by(context.budget, &mut elements, |element| element)?;
    Ok(Value::list(elements))
}

/// Sorts by what `key` finds in an element.
pub(in crate::cel) fn sort_by<'a, T>(
    budget: &mut Budget,
    elements: &mut [T],
    key: impl Fn(&T) -> &Value<'a>,
) -> Result<(), EvaluationError> {
    let Some(kind) = elements.first().map(|element| key(element).kind()) else { return Ok(()) };
    if !operators::is_ordered(kind) {
        return Err(EvaluationError::function("list elements must be comparable"));
    }
    if elements.iter().any(|element| key(element).kind() != kind) {
        return Err(EvaluationError::function("list elements must have the same type"));
    }
    budget.spend(elements.len() as u64 * u64::from(elements.len().max(1).ilog2() + 1))?;
    elements.sort_by(|left, right| operators::compare(key(left), key(right)).unwrap_or(Ordering::Equal));
    Ok(())
}
