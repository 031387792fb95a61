//! What a plain or tagged scalar means: the rules of `go.yaml.in/yaml/v2` (YAML 1.1), then the trip
//! through JSON that `sigs.k8s.io/yaml` and `k8s.io/apimachinery/pkg/util/json` make.
//!
//! Pure functions over strings; depends on [`Value`] alone.

use super::node::Value;
use base64::Engine as _;
use std::borrow::Cow;

/// Why a scalar has no value in JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScalarError {
    /// JSON has no such number.
    #[error("`{0}` is a number that JSON, and so Kubernetes, does not have")]
    NotFinite(String),
    /// An explicit tag that the text contradicts.
    #[error("`{text}` cannot be read as {tag}")]
    Tag {
        /// The scalar.
        text: String,
        /// The tag, in its short form.
        tag: String,
    },
    /// A `!!binary` scalar that is not Base64.
    #[error("a !!binary value must be Base64")]
    Binary,
}

/// What a scalar is before it becomes a value or a key of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond [`i64::MAX`].
    Unsigned(u64),
    Float(f64),
    String(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// The value that arrives behind JSON.
    pub(super) fn value(self) -> Result<Value<'a>, ScalarError> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Value::Int(number),
            // Beyond int64 the API machinery keeps a float.
            Self::Unsigned(number) => Value::Float(number as f64),
            Self::Float(number) if number.is_finite() => json_number(number),
            Self::Float(number) => return Err(ScalarError::NotFinite(not_finite(number).to_owned())),
            Self::String(text) => Value::String(text),
        })
    }

    /// The text of a key, for JSON's keys are strings; `None` for what cannot be one.
    pub(super) fn key(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Null | Self::Unsigned(_) => None,
            Self::Bool(truth) => Some(if truth { "true".into() } else { "false".into() }),
            Self::Int(number) => Some(number.to_string().into()),
            Self::Float(number) => Some(float_key(number).into()),
            Self::String(text) => Some(text),
        }
    }
}

fn not_finite(number: f64) -> &'static str {
    if number.is_nan() {
        ".nan"
    } else if number > 0.0 {
        ".inf"
    } else {
        "-.inf"
    }
}

/// Go's shortest form of a float, `FormatFloat(number, 'g', -1, 32)`: a key is no longer what it was.
fn float_key(number: f64) -> String {
    let short = number as f32;
    if !short.is_finite() {
        return not_finite(f64::from(short)).to_owned();
    }
    let scientific = format!("{short:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => short.to_string(),
    }
}

/// Reads a scalar written without quotes, or with the core tag `tag` (`str`, `int`, …).
///
/// A [`ScalarError`] says that the text has no meaning under its tag.
pub(super) fn resolve<'a>(tag: Option<&str>, text: Cow<'a, str>) -> Result<Scalar<'a>, ScalarError> {
    match tag {
        Some("binary") => {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(text.replace(['\n', '\r'], ""))
                .map_err(|_| ScalarError::Binary)?;
            return Ok(Scalar::String(json_text(&bytes).into()));
        }
        None | Some("bool" | "int" | "float" | "null" | "timestamp") => {}
        Some(_) => return Ok(Scalar::String(text)),
    }
    let value = plain(&text);
    let fits = match (tag, &value) {
        (None, _) => true,
        (Some("bool"), found) => matches!(found, Scalar::Bool(_)),
        (Some("null"), found) => matches!(found, Scalar::Null),
        (Some("int"), found) => matches!(found, Scalar::Int(_) | Scalar::Unsigned(_)),
        (Some("float"), found) => matches!(found, Scalar::Int(_) | Scalar::Float(_)),
        (Some(_), found) => is_timestamp(&text) && matches!(found, Scalar::String(_)),
    };
    if !fits {
        let tag = format!("!!{}", tag.unwrap_or_default());
        return Err(ScalarError::Tag { text: text.into_owned(), tag });
    }
    Ok(match value {
        Scalar::String(_) => Scalar::String(text),
        Scalar::Int(number) if tag == Some("float") => Scalar::Float(number as f64),
        Scalar::Null => Scalar::Null,
        Scalar::Bool(truth) => Scalar::Bool(truth),
        Scalar::Int(number) => Scalar::Int(number),
        Scalar::Unsigned(number) => Scalar::Unsigned(number),
        Scalar::Float(number) => Scalar::Float(number),
    })
}

/// Bytes as JSON's text: each byte that is no part of a character becomes U+FFFD.
fn json_text(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                return text;
            }
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(good).unwrap_or_default());
                text.push('\u{fffd}');
                bytes = &bad[1..];
            }
        }
    }
}

fn plain(text: &str) -> Scalar<'_> {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => return word(text),
        b'.' => {
            return match text {
                ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
                ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
                _ => decimal_float(text).map_or(Scalar::String(text.into()), Scalar::Float),
            };
        }
        b'+' | b'-' | b'0'..=b'9' => {}
        _ => return Scalar::String(text.into()),
    }
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if is_timestamp(text) {
        return Scalar::String(text.into());
    }
    let digits: Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    if let Some(whole) = whole_number(&digits) {
        return whole;
    }
    decimal_float(&digits).map_or(Scalar::String(text.into()), Scalar::Float)
}

fn word(text: &str) -> Scalar<'_> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        other => Scalar::String(other.into()),
    }
}

/// `strconv.ParseInt(text, 0, 64)`, else `ParseUint`: an optional sign, then `0x`, `0o`, `0b`, a
/// leading zero for octal, or decimal digits.
fn whole_number<'a>(text: &str) -> Option<Scalar<'a>> {
    let (negative, signed, unsigned_text) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = match unsigned_text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned_text[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned_text[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned_text[2..]),
        [b'0', _, ..] => (8, &unsigned_text[1..]),
        _ => (10, unsigned_text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(whole) => Some(Scalar::Int(whole)),
        // ParseUint takes no sign.
        Err(_) if !signed => Some(Scalar::Unsigned(magnitude)),
        Err(_) => None,
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, in range.
fn decimal_float(text: &str) -> Option<f64> {
    let unsigned_text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned_text.find(['e', 'E']) {
        Some(at) => (&unsigned_text[..at], Some(&unsigned_text[at + 1..])),
        None => (unsigned_text, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let mantissa_fits = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && (!whole.is_empty() || fraction.is_some_and(|part| !part.is_empty()));
    let exponent_fits = exponent.is_none_or(|part| {
        let digits = part.strip_prefix(['-', '+']).unwrap_or(part);
        !digits.is_empty() && all_digits(digits)
    });
    if !mantissa_fits || !exponent_fits {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Go writes a float below 1e21 without an exponent and without a fraction where there is none, and
/// the API machinery reads what has neither as an integer: `1.0` and `1e3` arrive as 1 and 1000.
fn json_number<'a>(number: f64) -> Value<'a> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if number.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&number) {
        Value::Int(number as i64)
    } else {
        Value::Float(number)
    }
}

/// The four forms of `go.yaml.in/yaml/v2`'s `parseTimestamp`; such a scalar stays text.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let mut rest = &text[5..];
    let mut number = |most: usize, stop: &[char]| -> Option<(u32, Option<char>)> {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 || length > most {
            return None;
        }
        let value = rest[..length].parse().ok()?;
        let next = rest[length..].chars().next();
        if next.is_some_and(|next| !stop.contains(&next)) {
            return None;
        }
        rest = &rest[(length + usize::from(next.is_some())).min(rest.len())..];
        Some((value, next))
    };
    let Some((month, Some('-'))) = number(2, &['-']) else { return false };
    let Some((day, separator)) = number(2, &['T', 't', ' ']) else { return false };
    let year: u32 = text[..4].parse().unwrap_or_default();
    let days = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !(1..=days).contains(&day) {
        return false;
    }
    let Some(separator) = separator else { return true };
    let Some((hour, Some(':'))) = number(2, &[':']) else { return false };
    let Some((minute, Some(':'))) = number(2, &[':']) else { return false };
    let Some((second, next)) = number(2, &['.', 'Z', '+', '-']) else { return false };
    if hour > 23 || minute > 59 || second > 59 {
        return false;
    }
    let mut next = next;
    if next == Some('.') {
        match number(9, &['Z', '+', '-']) {
            Some((_, after)) => next = after,
            None => return false,
        }
    }
    match next {
        None => separator == ' ',
        Some('Z') => separator != ' ' && rest.is_empty(),
        Some(_) => {
            let zone = rest.as_bytes();
            separator != ' '
                && matches!(zone, [a, b, b':', c, d] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value<'static> {
        resolve(None, Cow::Borrowed(text)).unwrap().value().unwrap().into_owned()
    }

    #[test]
    fn yaml_1_1_words_are_booleans_and_nulls() {
        for text in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
            assert_eq!(read(text), Value::Bool(true), "{text}");
        }
        for text in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
            assert_eq!(read(text), Value::Bool(false), "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(read(text), Value::Null, "{text}");
        }
        for text in ["yEs", "oN", "tRUE", "nULL", "yess"] {
            assert_eq!(read(text), Value::String(text.to_owned().into()), "{text}");
        }
    }

    #[test]
    fn whole_numbers_have_go_prefixes_signs_and_underscores() {
        for (text, number) in [
            ("0", 0),
            ("0644", 420),
            ("0o644", 420),
            ("0x1F", 31),
            ("0X1f", 31),
            ("0b101", 5),
            ("-0b11", -3),
            ("+12", 12),
            ("-0", 0),
            ("1_000_000", 1_000_000),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("08", 8),
            ("1.0", 1),
            ("1e3", 1000),
            ("-1.5e1", -15),
            (".5e1", 5),
        ] {
            assert_eq!(read(text), Value::Int(number), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_floats() {
        for (text, number) in [
            ("0.5", 0.5),
            (".5", 0.5),
            ("-1.25", -1.25),
            ("1e21", 1e21),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("18446744073709551615", 18_446_744_073_709_551_615.0),
            ("12345678901234567890123", 12_345_678_901_234_567_890_123.0),
        ] {
            assert_eq!(read(text), Value::Float(number), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in [
            "1:30",
            "0o8",
            "0b2",
            "0x",
            "-",
            "+",
            ".",
            "1.2.3",
            "1e",
            "1e+",
            "_1",
            "100m",
            "2Gi",
            "1,000",
            "e3",
            "1e999",
            "2001-01-01",
            "2001-12-14t21:59:43.10Z",
            "0xZZ",
            "--1",
            "1-1",
        ] {
            assert_eq!(read(text), Value::String(text.to_owned().into()), "{text}");
        }
    }

    #[test]
    fn numbers_json_does_not_have_are_errors() {
        for text in [".nan", ".NaN", ".inf", "-.INF", "+.Inf"] {
            let scalar = resolve(None, text.into()).unwrap();
            assert!(matches!(scalar.clone().value(), Err(ScalarError::NotFinite(_))), "{text}");
            assert!(scalar.key().is_some_and(|key| key.contains('.')), "{text}");
        }
    }

    #[test]
    fn tags_decide_or_contradict() {
        assert_eq!(resolve(Some("str"), "yes".into()), Ok(Scalar::String("yes".into())));
        assert_eq!(resolve(Some("int"), "0x10".into()), Ok(Scalar::Int(16)));
        assert_eq!(resolve(Some("float"), "3".into()), Ok(Scalar::Float(3.0)));
        assert_eq!(resolve(Some("binary"), "aGk=".into()), Ok(Scalar::String("hi".into())));
        assert_eq!(resolve(Some("binary"), "%".into()), Err(ScalarError::Binary));
        assert_eq!(
            resolve(Some("binary"), "gICA".into()),
            Ok(Scalar::String("\u{fffd}\u{fffd}\u{fffd}".into()))
        );
        assert!(resolve(Some("int"), "1.0".into()).is_err());
        assert!(resolve(Some("bool"), "1".into()).is_err());
        assert!(resolve(Some("int"), "x".into()).is_err());
        assert!(resolve(Some("timestamp"), "2001-01-01".into()).is_ok());
    }

    #[test]
    fn numbers_as_keys_are_written_as_go_writes_them() {
        for (text, key) in [
            ("1", "1"),
            ("0x10", "16"),
            ("1.5", "1.5"),
            ("1e5", "100000"),
            ("1e6", "1e+06"),
            ("1e21", "1e+21"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1234567.5", "1.2345675e+06"),
            ("1e39", ".inf"),
            ("-.inf", "-.inf"),
            ("yes", "true"),
        ] {
            assert_eq!(resolve(None, text.into()).unwrap().key().as_deref(), Some(key), "{text}");
        }
        assert_eq!(resolve(None, "9223372036854775808".into()).unwrap().key(), None);
        assert_eq!(resolve(None, "~".into()).unwrap().key(), None);
    }
}
