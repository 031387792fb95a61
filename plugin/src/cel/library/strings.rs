//! Text: what every CEL has, and version 2 of the strings library.
//!
//! Positions count characters, not bytes. Depends on nothing but the library's own module.

use super::{CallContext, DYN, INT, Outcome, Overload, STRING, STRINGS, int, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Text, Value};

const BOOL: Shape = Shape::Is(Kind::Bool);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::method("contains", &[STRING, STRING], BOOL, contains),
    Overload::method("startsWith", &[STRING, STRING], BOOL, starts_with),
    Overload::method("endsWith", &[STRING, STRING], BOOL, ends_with),
    Overload::method("charAt", &[STRING, INT], STRING, char_at),
    Overload::method("indexOf", &[STRING, STRING], INT, index_of),
    Overload::method("indexOf", &[STRING, STRING, INT], INT, index_of),
    Overload::method("lastIndexOf", &[STRING, STRING], INT, last_index_of),
    Overload::method("lastIndexOf", &[STRING, STRING, INT], INT, last_index_of),
    Overload::method("lowerAscii", &[STRING], STRING, lower_ascii),
    Overload::method("upperAscii", &[STRING], STRING, upper_ascii),
    Overload::method("replace", &[STRING, STRING, STRING], STRING, replace),
    Overload::method("replace", &[STRING, STRING, STRING, INT], STRING, replace),
    Overload::method("split", &[STRING, STRING], STRINGS, split),
    Overload::method("split", &[STRING, STRING, INT], STRINGS, split),
    Overload::method("substring", &[STRING, INT], STRING, substring),
    Overload::method("substring", &[STRING, INT, INT], STRING, substring),
    Overload::method("trim", &[STRING], STRING, trim),
    Overload::method("join", &[STRINGS], STRING, join),
    Overload::method("join", &[STRINGS, STRING], STRING, join),
    Overload::method("format", &[STRING, Shape::List(&DYN)], STRING, super::templates::format),
    Overload::function("strings.quote", &[STRING], STRING, quote),
];

fn out_of_range<T>(index: i64) -> Result<T, EvaluationError> {
    Err(EvaluationError::function(format!("index out of range: {index}")))
}

fn contains<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = text(arguments, 0)?;
    context.budget.spend_bytes(target.len())?;
    Ok(Value::Bool(target.contains(text(arguments, 1)?)))
}

fn starts_with<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(text(arguments, 0)?.starts_with(text(arguments, 1)?)))
}

fn ends_with<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(text(arguments, 0)?.ends_with(text(arguments, 1)?)))
}

/// The byte at which character `index` starts; the length of the text for the one behind its last.
fn byte_of(target: &str, index: i64) -> Result<usize, EvaluationError> {
    let Ok(position) = usize::try_from(index) else { return out_of_range(index) };
    let starts = target.char_indices().map(|(start, _)| start).chain(std::iter::once(target.len()));
    starts.skip(position).map(Ok).next().unwrap_or_else(|| out_of_range(index))
}

fn count(target: &str) -> i64 {
    i64::try_from(target.chars().count()).unwrap_or(i64::MAX)
}

fn char_at<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = text(arguments, 0)?;
    context.budget.spend_bytes(target.len())?;
    let start = byte_of(target, int(arguments, 1)?)?;
    Ok(Value::text(target[start..].chars().take(1).collect::<String>()))
}

fn index_of<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (target, part) = (text(arguments, 0)?, text(arguments, 1)?);
    let from = if arguments.len() > 2 { int(arguments, 2)? } else { 0 };
    context.budget.spend_bytes(target.len())?;
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    if from < 0 {
        return out_of_range(from);
    }
    let Ok(start) = byte_of(target, from) else { return Ok(Value::Int(-1)) };
    Ok(Value::Int(target[start..].find(part).map_or(-1, |found| count(&target[..start + found]))))
}

fn last_index_of<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (target, part) = (text(arguments, 0)?, text(arguments, 1)?);
    context.budget.spend_bytes(target.len())?;
    let length = count(target);
    let limit = if arguments.len() > 2 { Some(int(arguments, 2)?) } else { None };
    if part.is_empty() {
        return Ok(Value::Int(limit.unwrap_or(length)));
    }
    let end = match limit {
        None => target.len(),
        Some(limit) if limit < 0 => return out_of_range(limit),
        Some(limit) if limit >= length => return Ok(Value::Int(-1)),
        // The match may start there at the latest, so it ends that much later.
        Some(limit) => byte_of(target, limit.saturating_add(count(part)).min(length))?,
    };
    Ok(Value::Int(target[..end].rfind(part).map_or(-1, |found| count(&target[..found]))))
}

fn lower_ascii<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = text(arguments, 0)?;
    context.budget.spend_bytes(target.len())?;
    Ok(Value::text(target.to_ascii_lowercase()))
}

fn upper_ascii<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = text(arguments, 0)?;
    context.budget.spend_bytes(target.len())?;
    Ok(Value::text(target.to_ascii_uppercase()))
}

fn replace<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (target, old, new) = (text(arguments, 0)?, text(arguments, 1)?, text(arguments, 2)?);
    let limit = if arguments.len() > 3 { int(arguments, 3)? } else { -1 };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    context.budget.spend_bytes(target.len())?;
    let hits = target.matches(old).count().min(limit);
    context.budget.spend_bytes(hits.saturating_mul(new.len()))?;
    Ok(Value::text(target.replacen(old, new, limit)))
}

fn split<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (target, separator) = (text(arguments, 0)?, text(arguments, 1)?);
    let limit = if arguments.len() > 2 { int(arguments, 2)? } else { -1 };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    context.budget.spend(target.len() as u64 / 4)?;
    if limit == 0 {
        return Ok(Value::list(Vec::new()));
    }
    if !separator.is_empty() {
        return Ok(Value::texts(target.splitn(limit, separator)));
    }
    // Without a separator every character stands alone, the last one allowed taking the rest.
    let mut parts = Vec::new();
    let mut rest = target;
    while let Some(first) = rest.chars().next() {
        if parts.len() + 1 == limit {
            break;
        }
        let (head, tail) = rest.split_at(first.len_utf8());
        parts.push(head);
        rest = tail;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    Ok(Value::texts(parts))
}

fn substring<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = text(arguments, 0)?;
    context.budget.spend_bytes(target.len())?;
    let start = int(arguments, 1)?;
    if arguments.len() < 3 {
        return Ok(Value::text(&target[byte_of(target, start)?..]));
    }
    let end = int(arguments, 2)?;
    if start > end {
        return Err(EvaluationError::function(format!(
            "invalid substring range. start: {start}, end: {end}"
        )));
    }
    Ok(Value::text(&target[byte_of(target, start)?..byte_of(target, end)?]))
}

fn trim<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let value = arguments.first().and_then(Value::to_text).ok_or(EvaluationError::NoSuchOverload)?;
    context.budget.spend_bytes(value.as_str().len())?;
    Ok(match value {
        Text::Borrowed(text) => Value::borrowed(text.trim()),
        Text::Shared(text) => Value::text(text.trim()),
    })
}

fn join<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let list = arguments.first().and_then(Value::as_list).ok_or(EvaluationError::NoSuchOverload)?;
    let separator = if arguments.len() > 1 { text(arguments, 1)? } else { "" };
    let mut joined = String::new();
    for (index, element) in list.iter().enumerate() {
        let part = element.as_str().ok_or(EvaluationError::NoSuchOverload)?;
        context.budget.spend(1)?;
        context.budget.spend_bytes(part.len() + separator.len())?;
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(part);
    }
    Ok(Value::text(joined))
}

fn quote<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let target = text(arguments, 0)?;
    context.budget.spend_bytes(target.len())?;
    let mut quoted = String::with_capacity(target.len() + 2);
    quoted.push('"');
    for character in target.chars() {
        match character {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    Ok(Value::text(quoted))
}
