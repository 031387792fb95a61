//! Named formats of text: `!format.dns1123Label().validate(name).hasValue()`.
//!
//! Depends on [`super::url`].

use super::url::Url;
use super::{CallContext, Outcome, Overload, STRING, STRINGS, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Opaque, Value};

const FORMAT: Shape = Shape::Is(Kind::Format);

/// The function that gives one format.
macro_rules! constant {
    ($name:literal, $format:expr) => {
        Overload::function(concat!("format.", $name), &[], FORMAT, |_, _| {
            Ok(Value::opaque(Opaque::Format($format)))
        })
        .since(32)
    };
}

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("format.named", &[STRING], Shape::Optional(&FORMAT), named).since(32),
    Overload::method("validate", &[FORMAT, STRING], Shape::Optional(&STRINGS), validate).since(32),
    constant!("dns1123Label", NamedFormat::Dns1123Label),
    constant!("dns1123Subdomain", NamedFormat::Dns1123Subdomain),
    constant!("dns1035Label", NamedFormat::Dns1035Label),
    constant!("qualifiedName", NamedFormat::QualifiedName),
    constant!("dns1123LabelPrefix", NamedFormat::Dns1123LabelPrefix),
    constant!("dns1123SubdomainPrefix", NamedFormat::Dns1123SubdomainPrefix),
    constant!("dns1035LabelPrefix", NamedFormat::Dns1035LabelPrefix),
    constant!("labelValue", NamedFormat::LabelValue),
    constant!("uri", NamedFormat::Uri),
    constant!("uuid", NamedFormat::Uuid),
    constant!("byte", NamedFormat::Byte),
    constant!("date", NamedFormat::Date),
    constant!("datetime", NamedFormat::DateTime),
];

/// A format text can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedFormat {
    /// A label of a domain name.
    Dns1123Label,
    /// A domain name.
    Dns1123Subdomain,
    /// A label of a domain name that starts with a letter.
    Dns1035Label,
    /// The key of a label or an annotation.
    QualifiedName,
    /// What a label can start with: it may end with a dash.
    Dns1123LabelPrefix,
    /// What a domain name can start with.
    Dns1123SubdomainPrefix,
    /// What a label that starts with a letter can start with.
    Dns1035LabelPrefix,
    /// The value of a label.
    LabelValue,
    /// A URI.
    Uri,
    /// A UUID, with or without dashes.
    Uuid,
    /// Base64.
    Byte,
    /// A day: `2024-02-29`.
    Date,
    /// A day and a time with its zone: `2024-02-29T12:00:00Z`.
    DateTime,
}

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LETTER_LABEL: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

const LABEL_RULE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LETTER_LABEL_RULE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const KEY_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

// The API server counts bytes in either case.
const BYTES: &str = "bytes";
const CHARACTERS: &str = "characters";

const MAX_LABEL: usize = 63;
const MAX_SUBDOMAIN: usize = 253;

impl NamedFormat {
    /// The format `format.named(name)` finds.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dns1123Label" => Self::Dns1123Label,
            "dns1123Subdomain" => Self::Dns1123Subdomain,
            "dns1035Label" => Self::Dns1035Label,
            "qualifiedName" => Self::QualifiedName,
            "dns1123LabelPrefix" => Self::Dns1123LabelPrefix,
            "dns1123SubdomainPrefix" => Self::Dns1123SubdomainPrefix,
            "dns1035LabelPrefix" => Self::Dns1035LabelPrefix,
            "labelValue" => Self::LabelValue,
            "uri" => Self::Uri,
            "uuid" => Self::Uuid,
            "byte" => Self::Byte,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            _ => return None,
        })
    }

    /// What is wrong with `source`, in the API server's words; nothing when it has the format.
    ///
    /// ```
    /// use gift_plugin::cel::NamedFormat;
    ///
    /// assert!(NamedFormat::Dns1123Label.mistakes("api-v2").is_empty());
    /// assert_eq!(NamedFormat::Dns1123Label.mistakes("api.v2"), ["must not contain dots"]);
    /// ```
    #[must_use]
    pub fn mistakes(self, source: &str) -> Vec<String> {
        let unless = |valid: bool, mistake: &str| if valid { Vec::new() } else { vec![mistake.to_owned()] };
        let bytes = source.as_bytes();
        match self {
            Self::Dns1123Label => label(bytes),
            Self::Dns1123LabelPrefix => label(&without_final_dash(bytes)),
            Self::Dns1123Subdomain => subdomain(bytes, CHARACTERS),
            Self::Dns1123SubdomainPrefix => subdomain(&without_final_dash(bytes), CHARACTERS),
            Self::Dns1035Label => letter_label(bytes),
            Self::Dns1035LabelPrefix => letter_label(&without_final_dash(bytes)),
            Self::QualifiedName => qualified_name(source),
            Self::LabelValue => label_value(bytes),
            Self::Uri => Url::validate(source).err().into_iter().collect(),
            Self::Uuid => unless(is_uuid(bytes), "does not match the UUID format"),
            Self::Byte => unless(is_base64(bytes), "invalid base64"),
            Self::Date => unless(is_date(source), "invalid date"),
            Self::DateTime => unless(is_date_time(source), "invalid datetime"),
        }
    }
}

/// The sentence about a text that does not match.
fn mismatch(rule: &str, examples: &[&str], pattern: &str) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{rule} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
}

fn too_long(source: &[u8], most: usize, unit: &str) -> Vec<String> {
    if source.len() > most { vec![format!("must be no more than {most} {unit}")] } else { Vec::new() }
}

/// Whether `source` starts and ends with what `edge` allows and has only what `inner` allows between.
fn framed(source: &[u8], edge: impl Fn(&u8) -> bool, inner: impl Fn(&u8) -> bool) -> bool {
    source.first().is_some_and(&edge) && source.last().is_some_and(&edge) && source.iter().all(inner)
}

const fn is_lower(byte: &u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_label(source: &[u8]) -> bool {
    framed(source, is_lower, |byte| is_lower(byte) || *byte == b'-')
}

fn is_subdomain(source: &[u8]) -> bool {
    source.split(|byte| *byte == b'.').all(is_label)
}

fn label(source: &[u8]) -> Vec<String> {
    let mut mistakes = too_long(source, MAX_LABEL, CHARACTERS);
    if !is_label(source) {
        mistakes.push(match is_subdomain(source) {
            true => "must not contain dots".to_owned(),
            false => mismatch(LABEL_RULE, &["my-name", "123-abc"], LABEL),
        });
    }
    mistakes
}

fn subdomain(source: &[u8], unit: &str) -> Vec<String> {
    let mut mistakes = too_long(source, MAX_SUBDOMAIN, unit);
    if !is_subdomain(source) {
        mistakes.push(mismatch(SUBDOMAIN_RULE, &["example.com"], SUBDOMAIN));
    }
    mistakes
}

fn letter_label(source: &[u8]) -> Vec<String> {
    let mut mistakes = too_long(source, MAX_LABEL, CHARACTERS);
    if !is_label(source) || source.first().is_some_and(u8::is_ascii_digit) {
        mistakes.push(mismatch(LETTER_LABEL_RULE, &["my-name", "abc-123"], LETTER_LABEL));
    }
    mistakes
}

fn is_key(source: &[u8]) -> bool {
    framed(source, u8::is_ascii_alphanumeric, |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn label_value(source: &[u8]) -> Vec<String> {
    let mut mistakes = too_long(source, MAX_LABEL, BYTES);
    if !source.is_empty() && !is_key(source) {
        mistakes.push(mismatch(LABEL_VALUE_RULE, &["MyValue", "my_value", "12345"], LABEL_VALUE));
    }
    mistakes
}

fn qualified_name(source: &str) -> Vec<String> {
    let key_mismatch = || mismatch(KEY_RULE, &["MyName", "my.name", "123-abc"], KEY);
    let (prefix, name) = match source.split_once('/') {
        Some((_, name)) if name.contains('/') => {
            let mistake = key_mismatch();
            return vec![format!(
                "a valid label key {mistake} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => (Some(prefix), name.as_bytes()),
        None => (None, source.as_bytes()),
    };
    let mut mistakes = match prefix {
        Some("") => vec!["prefix part must be non-empty".to_owned()],
        Some(prefix) => subdomain(prefix.as_bytes(), BYTES)
            .into_iter()
            .map(|mistake| format!("prefix part {mistake}"))
            .collect(),
        None => Vec::new(),
    };
    if name.is_empty() {
        mistakes.push("name part must be non-empty".to_owned());
    }
    mistakes
        .extend(too_long(name, MAX_LABEL, BYTES).into_iter().map(|mistake| format!("name part {mistake}")));
    if !is_key(name) {
        mistakes.push(format!("name part {}", key_mismatch()));
    }
    mistakes
}

/// A prefix as the API server judges it: the last two characters become one when the last is a dash.
fn without_final_dash(source: &[u8]) -> Vec<u8> {
    match source {
        [kept @ .., _, b'-'] => [kept, b"a"].concat(),
        other => other.to_vec(),
    }
}

fn is_uuid(source: &[u8]) -> bool {
    let mut rest = source;
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b"-").unwrap_or(rest);
        }
        match rest.split_at_checked(length) {
            Some((group, behind)) if group.iter().all(u8::is_ascii_hexdigit) => rest = behind,
            _ => return false,
        }
    }
    rest.is_empty()
}

fn is_base64(source: &[u8]) -> bool {
    let padding = source.iter().rev().take_while(|byte| **byte == b'=').count();
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    !source.is_empty()
        && source.len().is_multiple_of(4)
        && padding <= 2
        && source[..source.len() - padding].iter().all(is_digit)
}

/// The number two digits stand for.
fn two_digits(source: &str) -> Option<u32> {
    (source.len() == 2 && source.bytes().all(|byte| byte.is_ascii_digit())).then(|| source.parse().ok())?
}

fn is_date(source: &str) -> bool {
    let mut parts = source.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (Ok(year), Some(month), Some(day)) = (year.parse::<u32>(), two_digits(month), two_digits(day)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Whether `source` is a time of day: `12:30:00`, a fraction, and a zone.
fn is_time(source: &str) -> bool {
    let Some((clock, rest)) = source.split_at_checked(8) else { return false };
    let fields: Vec<Option<u32>> = clock.split(':').map(two_digits).collect();
    let [Some(0..=23), Some(0..=59), Some(0..=59)] = fields[..] else { return false };
    let is_zone = |zone: &str| match zone.strip_prefix(['+', '-']).and_then(|zone| zone.split_once(':')) {
        Some((hours, minutes)) => two_digits(hours).is_some() && two_digits(minutes).is_some(),
        None => false,
    };
    let fraction = match rest.strip_suffix('z') {
        Some(fraction) => fraction,
        None => match rest.len().checked_sub(6).and_then(|at| rest.split_at_checked(at)) {
            Some((fraction, zone)) if is_zone(zone) => fraction,
            _ => return false,
        },
    };
    // Any character may stand in front of the fraction.
    let mut digits = fraction.chars();
    match digits.next() {
        None => true,
        Some('\n') => false,
        Some(_) => !digits.as_str().is_empty() && digits.all(|digit| digit.is_ascii_digit()),
    }
}

/// The API server looks at nothing behind a second `T`.
fn is_date_time(source: &str) -> bool {
    let lower = source.to_lowercase();
    let mut parts = lower.split('t');
    match (parts.next(), parts.next()) {
        (Some(date), Some(time)) => is_date(date) && is_time(time),
        _ => false,
    }
}

fn named<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(match NamedFormat::named(text(arguments, 0)?) {
        Some(format) => Value::some(Value::opaque(Opaque::Format(format))),
        None => Value::Optional(None),
    })
}

fn validate<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let Some(Opaque::Format(format)) = arguments.first().and_then(Value::as_opaque) else {
        return Err(EvaluationError::NoSuchOverload);
    };
    let source = text(arguments, 1)?;
    context.budget.spend_bytes(source.len())?;
    let mistakes = format.mistakes(source);
    Ok(if mistakes.is_empty() { Value::Optional(None) } else { Value::some(Value::texts(mistakes)) })
}
