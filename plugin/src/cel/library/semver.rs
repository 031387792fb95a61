//! Semantic versions, as github.com/blang/semver reads them for the API server.
//!
//! Source: <https://semver.org/spec/v2.0.0.html>. Depends on nothing else in the crate but values.

use super::quoting::quoted;
use super::{BOOL, CallContext, INT, Outcome, Overload, STRING, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Opaque, Value};
use std::cmp::Ordering;
use std::fmt;

const SEMVER: Shape = Shape::Is(Kind::Semver);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("semver", &[STRING], SEMVER, semver).since(34),
    Overload::function("semver", &[STRING, BOOL], SEMVER, semver).since(34),
    Overload::function("isSemver", &[STRING], BOOL, is_semver).since(34),
    Overload::function("isSemver", &[STRING, BOOL], BOOL, is_semver).since(34),
    Overload::method("isGreaterThan", &[SEMVER, SEMVER], BOOL, is_greater_than).since(34),
    Overload::method("isLessThan", &[SEMVER, SEMVER], BOOL, is_less_than).since(34),
    Overload::method("compareTo", &[SEMVER, SEMVER], INT, compare_to).since(34),
    Overload::method("major", &[SEMVER], INT, major).since(34),
    Overload::method("minor", &[SEMVER], INT, minor).since(34),
    Overload::method("patch", &[SEMVER], INT, patch).since(34),
];

/// A semantic version. Build metadata is checked and then forgotten: it has no part in any comparison.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Semver {
    numbers: [u64; 3],
    pre_release: PreRelease,
}

/// The identifiers behind the hyphen. A version without any comes after one with some.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PreRelease(Vec<Identifier>);

/// One identifier of a pre-release: numbers come before text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Text(String),
}

impl Ord for PreRelease {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0.is_empty(), other.0.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for PreRelease {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Semver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(formatter, "{major}.{minor}.{patch}")?;
        for (at, identifier) in self.pre_release.0.iter().enumerate() {
            formatter.write_str(if at == 0 { "-" } else { "." })?;
            match identifier {
                Identifier::Number(number) => write!(formatter, "{number}")?,
                Identifier::Text(text) => formatter.write_str(text)?,
            }
        }
        Ok(())
    }
}

impl Semver {
    /// Reads a version.
    ///
    /// ```
    /// use gift_plugin::cel::Semver;
    ///
    /// assert!(Semver::parse("1.2.3-rc.1") < Semver::parse("1.2.3"));
    /// assert_eq!(Semver::parse("1.2"), Err("No Major.Minor.Patch elements found".to_owned()));
    /// ```
    ///
    /// # Errors
    ///
    /// The API server's message.
    pub fn parse(source: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("Version string empty".to_owned());
        }
        let parts: Vec<&str> = source.splitn(3, '.').collect();
        let [major, minor, rest] = parts[..] else {
            return Err("No Major.Minor.Patch elements found".to_owned());
        };
        let major = number(major, "major", "Major")?;
        let minor = number(minor, "minor", "Minor")?;
        let (rest, build) = match rest.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (rest, None),
        };
        let (patch, pre_release) = match rest.split_once('-') {
            Some((patch, pre_release)) => (patch, Some(pre_release)),
            None => (rest, None),
        };
        let patch = number(patch, "patch", "Patch")?;
        let pre_release = pre_release
            .map_or(Ok(Vec::new()), |text| text.split('.').map(identifier).collect::<Result<_, _>>())?;
        for part in build.into_iter().flat_map(|build| build.split('.')) {
            if part.is_empty() {
                return Err("Build meta data is empty".to_owned());
            }
            if !is_alphanumeric(part) {
                return Err(format!("Invalid character(s) found in build meta data {}", quoted(part)));
            }
        }
        Ok(Self { numbers: [major, minor, patch], pre_release: PreRelease(pre_release) })
    }

    /// Reads a version after taking a leading `v` and leading zeros away and adding missing numbers.
    ///
    /// # Errors
    ///
    /// The API server's message.
    pub fn parse_normalized(source: &str) -> Result<Self, String> {
        let mut parts: Vec<String> =
            source.strip_prefix('v').unwrap_or(source).splitn(3, '.').map(without_leading_zeros).collect();
        if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return Err("short version cannot contain PreRelease/Build meta data".to_owned());
        }
        parts.resize(3, "0".to_owned());
        Self::parse(&parts.join("."))
    }
}

fn without_leading_zeros(part: &str) -> String {
    if part.len() < 2 {
        return part.to_owned();
    }
    let rest = part.trim_start_matches('0');
    if rest.starts_with(|character: char| character.is_ascii_digit()) {
        rest.to_owned()
    } else {
        format!("0{rest}")
    }
}

fn is_numeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn has_leading_zeros(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn number(text: &str, name: &str, capitalized: &str) -> Result<u64, String> {
    if !is_numeric(text) {
        return Err(format!("Invalid character(s) found in {name} number {}", quoted(text)));
    }
    if has_leading_zeros(text) {
        return Err(format!("{capitalized} number must not contain leading zeroes {}", quoted(text)));
    }
    unsigned(text)
}

fn unsigned(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        let reason = if text.is_empty() { "invalid syntax" } else { "value out of range" };
        format!("strconv.ParseUint: parsing {}: {reason}", quoted(text))
    })
}

fn identifier(text: &str) -> Result<Identifier, String> {
    if text.is_empty() {
        return Err("Prerelease is empty".to_owned());
    }
    if is_numeric(text) {
        if has_leading_zeros(text) {
            return Err(format!(
                "Numeric PreRelease version must not contain leading zeroes {}",
                quoted(text)
            ));
        }
        return unsigned(text).map(Identifier::Number);
    }
    if !is_alphanumeric(text) {
        return Err(format!("Invalid character(s) found in prerelease {}", quoted(text)));
    }
    Ok(Identifier::Text(text.to_owned()))
}

fn parse(
    context: &mut CallContext<'_>,
    arguments: &[Value<'_>],
) -> Result<Result<Semver, String>, EvaluationError> {
    let source = text(arguments, 0)?;
    context.budget.spend_bytes(source.len())?;
    let normalize = arguments.get(1).and_then(Value::as_bool).unwrap_or(false);
    Ok(if normalize { Semver::parse_normalized(source) } else { Semver::parse(source) })
}

fn semver<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    parse(context, arguments)?
        .map(|version| Value::opaque(Opaque::Semver(version)))
        .map_err(EvaluationError::function)
}

fn is_semver<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(parse(context, arguments)?.is_ok()))
}

fn version<'v>(arguments: &'v [Value<'_>], index: usize) -> Result<&'v Semver, EvaluationError> {
    match arguments.get(index).and_then(Value::as_opaque) {
        Some(Opaque::Semver(version)) => Ok(version),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn order(arguments: &[Value<'_>]) -> Result<Ordering, EvaluationError> {
    Ok(version(arguments, 0)?.cmp(version(arguments, 1)?))
}

fn is_greater_than<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    order(arguments).map(|order| Value::Bool(order.is_gt()))
}

fn is_less_than<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    order(arguments).map(|order| Value::Bool(order.is_lt()))
}

fn compare_to<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    order(arguments).map(|order| Value::Int(order as i64))
}

/// One of the three numbers, as Go converts it: the bits kept.
fn part<'a>(arguments: &[Value<'a>], index: usize) -> Outcome<'a> {
    Ok(Value::Int(version(arguments, 0)?.numbers[index] as i64))
}

fn major<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(arguments, 0)
}

fn minor<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(arguments, 1)
}

fn patch<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    part(arguments, 2)
}
