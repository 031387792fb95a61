//! `'%s has %d'.format([a, b])`.
//!
//! Depends on [`super::number`], [`super::quoting`] and [`super::conversion`].

use super::conversion::as_text;
use super::{CallContext, Outcome, Overload, number, quoting, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::Kind;
use crate::cel::value::{ListView, Value};
use std::fmt::Write as _;

/// The function itself is declared with the other functions of text.
pub(super) const OVERLOADS: &[Overload] = &[];

/// How many digits behind the point there are when the template says nothing.
const PRECISION: usize = 6;

/// More digits than any number has; a template asking for more is a mistake.
const MAX_PRECISION: usize = 1000;

type Formatted = Result<String, EvaluationError>;

fn fail<T>(message: impl Into<String>) -> Result<T, EvaluationError> {
    Err(EvaluationError::function(message))
}

/// What a clause of a template makes of its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cel) enum Clause {
    /// `%s`.
    Text,
    /// `%d`.
    Decimal,
    /// `%f`.
    Fixed,
    /// `%e`.
    Scientific,
    /// `%b`.
    Binary,
    /// `%x` and `%X`.
    Hexadecimal { upper: bool },
    /// `%o`.
    Octal,
}

impl Clause {
    /// Whether it takes a value of kind `kind`; before the expression runs, all text could be a number's name.
    pub(in crate::cel) const fn takes(self, kind: Kind, any_text: bool) -> bool {
        match self {
            Self::Text => matches!(
                kind,
                Kind::List
                    | Kind::Map
                    | Kind::Int
                    | Kind::Uint
                    | Kind::Double
                    | Kind::Bool
                    | Kind::String
                    | Kind::Timestamp
                    | Kind::Bytes
                    | Kind::Duration
                    | Kind::Type
                    | Kind::Null
            ),
            Self::Decimal | Self::Octal => matches!(kind, Kind::Int | Kind::Uint),
            Self::Fixed | Self::Scientific => {
                matches!(kind, Kind::Double) || (any_text && matches!(kind, Kind::String))
            }
            Self::Binary => matches!(kind, Kind::Int | Kind::Uint | Kind::Bool),
            Self::Hexadecimal { .. } => matches!(kind, Kind::Int | Kind::Uint | Kind::String | Kind::Bytes),
        }
    }

    /// What is said of a value whose type has that name.
    fn refusal(self, name: &str) -> String {
        let rule = match self {
            Self::Text => {
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
            }
            Self::Decimal => "decimal clause can only be used on integers",
            Self::Fixed => "fixed-point clause can only be used on doubles",
            Self::Scientific => "scientific clause can only be used on doubles",
            Self::Binary => "only integers and bools can be formatted as binary",
            Self::Hexadecimal { .. } => "only integers, byte buffers, and strings can be formatted as hex",
            Self::Octal => "octal clause can only be used on integers",
        };
        format!("{rule}, was given {name}")
    }
}

/// A part of a template.
enum Part<'t> {
    Text(&'t str),
    /// A clause without its percent sign, and what is behind it. The clause is still to be read: what asks for
    /// an argument that is not there says so first.
    Clause(&'t str),
}

/// The next part of a template and what is behind the part.
fn next_part(template: &str) -> Option<(Part<'_>, &str)> {
    if template.is_empty() {
        return None;
    }
    Some(match template.strip_prefix('%') {
        Some(behind) if behind.starts_with('%') => (Part::Text(&behind[..1]), &behind[1..]),
        Some(behind) => (Part::Clause(behind), ""),
        None => {
            let (text, rest) = template.split_at(template.find('%').unwrap_or(template.len()));
            (Part::Text(text), rest)
        }
    })
}

/// A clause, how many digits behind the point it asks for, and what is behind it.
fn read_clause(template: &str) -> Result<(Clause, usize, &str), String> {
    let failed = |message: String| Err(format!("could not parse formatting clause: {message}"));
    let (precision, template) = match template.strip_prefix('.') {
        None => (PRECISION, template),
        Some(behind) => {
            let Some(length) = behind.find(|character: char| !character.is_ascii_digit()) else {
                return failed(
                    "error while parsing precision: could not find end of precision specifier".to_owned(),
                );
            };
            let digits = &behind[..length];
            match digits.parse() {
                Ok(precision) if precision <= MAX_PRECISION => (precision, &behind[length..]),
                Ok(_) => return failed(format!("a precision of {digits} is more than {MAX_PRECISION}")),
                Err(_) => {
                    let problem = if digits.is_empty() { "invalid syntax" } else { "value out of range" };
                    return failed(format!(
                        "error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing {digits:?}: {problem}"
                    ));
                }
            }
        }
    };
    let clause = match template.as_bytes().first() {
        Some(b's') => Clause::Text,
        Some(b'd') => Clause::Decimal,
        Some(b'f') => Clause::Fixed,
        Some(b'e') => Clause::Scientific,
        Some(b'b') => Clause::Binary,
        Some(letter @ (b'x' | b'X')) => Clause::Hexadecimal { upper: *letter == b'X' },
        Some(b'o') => Clause::Octal,
        // The API server reads a byte as if it were a character.
        other => {
            let letter = other.copied().map_or(String::new(), |byte| char::from(byte).to_string());
            return failed(format!("unrecognized formatting clause \"{letter}\""));
        }
    };
    Ok((clause, precision, &template[1..]))
}

fn during(message: impl std::fmt::Display) -> String {
    format!("error during formatting: {message}")
}

/// How many arguments a literal template asks for, `count` being given; `takes` says whether a clause takes the
/// argument of that number, or else where that one stands and what it is.
///
/// # Errors
///
/// The API server's message, and where the argument stands it is about.
pub(in crate::cel) fn check(
    template: &str,
    count: usize,
    takes: impl Fn(Clause, usize) -> Result<(), (usize, &'static str)>,
) -> Result<usize, (Option<usize>, String)> {
    let mut asked = 0;
    let mut rest = template;
    while let Some((part, behind)) = next_part(rest) {
        rest = behind;
        let Part::Clause(written) = part else { continue };
        if written.is_empty() {
            return Err((None, "unexpected end of string".to_owned()));
        }
        if asked >= count {
            return Err((None, format!("index {asked} out of range")));
        }
        let clause;
        (clause, _, rest) = read_clause(written).map_err(|message| (None, message))?;
        takes(clause, asked).map_err(|(place, name)| (Some(place), during(clause.refusal(name))))?;
        asked += 1;
    }
    Ok(asked)
}

/// Fills the template that is the first argument with the elements of the second.
pub(super) fn format<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let template = text(arguments, 0)?;
    let list = arguments.get(1).and_then(Value::as_list).ok_or(EvaluationError::NoSuchOverload)?;
    context.budget.spend_bytes(template.len())?;
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    let mut used = 0;
    while let Some((part, behind)) = next_part(rest) {
        rest = behind;
        let written = match part {
            Part::Text(text) => {
                filled.push_str(text);
                continue;
            }
            Part::Clause(written) => written,
        };
        let Some(argument) = list.get(used) else { return fail(format!("index {used} out of range")) };
        used += 1;
        if written.is_empty() {
            return fail("unexpected end of string");
        }
        let (clause, precision);
        (clause, precision, rest) = read_clause(written).map_err(EvaluationError::function)?;
        let part = match formatted(context, clause, precision, &argument) {
            Ok(part) => part,
            Err(fatal) if fatal.is_fatal() => return Err(fatal),
            Err(error) => return fail(during(error)),
        };
        context.budget.spend_bytes(part.len())?;
        filled.push_str(&part);
    }
    Ok(Value::text(filled))
}

/// What a clause makes of a value.
fn formatted(
    context: &mut CallContext<'_>,
    clause: Clause,
    precision: usize,
    value: &Value<'_>,
) -> Formatted {
    let refused = || fail(clause.refusal(value.kind().name()));
    match (clause, value.clone().plain()) {
        (Clause::Text, _) => shown(context, value),
        (Clause::Decimal, Value::Int(value)) => Ok(value.to_string()),
        (Clause::Decimal, Value::Uint(value)) => Ok(value.to_string()),
        (Clause::Fixed | Clause::Scientific, Value::Double(value)) => {
            Ok(written_double(clause, precision, value))
        }
        (Clause::Fixed | Clause::Scientific, Value::String(text)) => match text.as_str() {
            "NaN" => Ok(written_double(clause, precision, f64::NAN)),
            "Infinity" => Ok(written_double(clause, precision, f64::INFINITY)),
            "-Infinity" => Ok(written_double(clause, precision, f64::NEG_INFINITY)),
            _ => refused(),
        },
        (Clause::Binary, Value::Bool(value)) => Ok(u8::from(value).to_string()),
        (Clause::Binary, Value::Int(value)) => Ok(signed(value, |magnitude| format!("{magnitude:b}"))),
        (Clause::Binary, Value::Uint(value)) => Ok(format!("{value:b}")),
        (Clause::Octal, Value::Int(value)) => Ok(signed(value, |magnitude| format!("{magnitude:o}"))),
        (Clause::Octal, Value::Uint(value)) => Ok(format!("{value:o}")),
        (Clause::Hexadecimal { upper }, plain) => {
            let digits = match plain {
                Value::Int(value) => signed(value, |magnitude| format!("{magnitude:x}")),
                Value::Uint(value) => format!("{value:x}"),
                Value::String(text) => hexadecimal(text.as_str().as_bytes()),
                Value::Bytes(value) => hexadecimal(&value),
                _ => return refused(),
            };
            Ok(if upper { digits.to_ascii_uppercase() } else { digits })
        }
        _ => refused(),
    }
}

fn written_double(clause: Clause, precision: usize, value: f64) -> String {
    match clause {
        // The API server reads a precision here and then does without it.
        Clause::Scientific => number::scientific(value, PRECISION),
        _ => number::fixed(value, precision),
    }
}

/// `%s`: any value, as text.
fn shown(context: &mut CallContext<'_>, value: &Value<'_>) -> Formatted {
    if let Some(list) = value.as_list() {
        return elements(context, list);
    }
    if let Some(map) = value.as_map() {
        let mut entries = Vec::with_capacity(map.len());
        for key in map.keys() {
            let Some(value) = map.get(&key) else { continue };
            entries.push((quoted(context, &key)?, quoted(context, &value)?));
        }
        entries.sort();
        let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
        return Ok(format!("{{{}}}", entries.join(", ")));
    }
    match value.kind() {
        Kind::Null => Ok("null".to_owned()),
        kind if kind <= Kind::Bytes || matches!(kind, Kind::Type | Kind::Duration | Kind::Timestamp) => {
            as_text(value)
        }
        kind => fail(Clause::Text.refusal(kind.name())),
    }
}

fn elements(context: &mut CallContext<'_>, list: ListView<'_, '_>) -> Formatted {
    let mut parts = Vec::with_capacity(list.len());
    for element in list.iter() {
        parts.push(quoted(context, &element)?);
    }
    Ok(format!("[{}]", parts.join(", ")))
}

/// A value inside a list or a map: as it could be written in an expression.
fn quoted(context: &mut CallContext<'_>, value: &Value<'_>) -> Formatted {
    context.budget.enter()?;
    let text = match value.clone().plain() {
        Value::Double(value) if !value.is_finite() => Ok(format!("{:?}", number::shortest(value))),
        Value::Double(value) => Ok(format!("{value:.PRECISION$}")),
        Value::Timestamp(value) => Ok(format!("timestamp(\"{value}\")")),
        Value::Duration(value) => Ok(format!("duration(\"{value}\")")),
        Value::String(text) => Ok(quoting::quoted(text.as_str())),
        Value::Bytes(_) => shown(context, value).map(|text| format!("b{}", quoting::quoted(&text))),
        Value::Optional(_) | Value::Opaque(_) => {
            fail(format!("no formatting function for {}", value.kind().name()))
        }
        plain => shown(context, &plain),
    };
    context.budget.leave();
    text
}

/// A negative number as its sign and what `write` makes of its magnitude.
fn signed(value: i64, write: impl Fn(u64) -> String) -> String {
    let magnitude = write(value.unsigned_abs());
    if value < 0 { format!("-{magnitude}") } else { magnitude }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
