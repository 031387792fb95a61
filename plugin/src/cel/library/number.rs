//! Numbers as text, in the forms the API server prints.
//!
//! Depends on nothing else in the crate.

/// The shortest text that reads back as the same number: `1.5`, `1e+06`, `NaN`, `+Inf`.
pub(in crate::cel) fn shortest(value: f64) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// The number a text is, as Go reads it: decimal or hexadecimal, with underscores between digits. `None` too for
/// one that is too large.
pub(in crate::cel) fn parse(source: &str) -> Option<f64> {
    let unsigned = source.strip_prefix(['+', '-']).unwrap_or(source);
    let is_word = ["inf", "infinity", "nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word));
    if is_word {
        // Not a number has no sign.
        return if unsigned.len() == 3
            && unsigned.len() != source.len()
            && unsigned.eq_ignore_ascii_case("nan")
        {
            None
        } else {
            source.parse().ok()
        };
    }
    let digits;
    let unsigned = if unsigned.contains('_') {
        if !has_good_underscores(unsigned) {
            return None;
        }
        digits = unsigned.replace('_', "");
        digits.as_str()
    } else {
        unsigned
    };
    let magnitude = match unsigned.get(..2) {
        Some("0x" | "0X") => parse_hexadecimal(&unsigned[2..])?,
        _ if unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) => {
            unsigned.parse::<f64>().ok()?
        }
        _ => return None,
    };
    let number = if source.starts_with('-') { -magnitude } else { magnitude };
    number.is_finite().then_some(number)
}

/// Whether every underscore stands between two digits, or between `0x` and one.
fn has_good_underscores(text: &str) -> bool {
    let (text, mut behind_digit) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], true),
        _ => (text, false),
    };
    let mut after_underscore = false;
    for character in text.chars() {
        let is_digit = character.is_ascii_hexdigit();
        if (character == '_' && !behind_digit) || (after_underscore && !is_digit) {
            return false;
        }
        after_underscore = character == '_';
        behind_digit = is_digit;
    }
    !after_underscore
}

/// `1.8p-2`, without what says that it is hexadecimal. Digits beyond 64 bits are not looked at.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut magnitude = 0u64;
    let mut scale: i32 = exponent.parse().ok()?;
    for (at, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = digit.to_digit(16)?;
        if magnitude >> 60 == 0 {
            magnitude = magnitude << 4 | u64::from(digit);
            scale -= if at >= whole.len() { 4 } else { 0 };
        } else {
            scale += if at < whole.len() { 4 } else { 0 };
        }
    }
    Some(magnitude as f64 * 2f64.powi(scale))
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("+Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

/// `1,234.500000`: `precision` digits behind the point, groups of thousands before it.
pub(in crate::cel) fn fixed(value: f64, precision: usize) -> String {
    if let Some(text) = unbounded(value) {
        return text.to_owned();
    }
    let text = format!("{value:.precision$}");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::with_capacity(text.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

/// `1.234500×10⁰³`.
pub(in crate::cel) fn scientific(value: f64, precision: usize) -> String {
    if let Some(text) = unbounded(value) {
        return text.to_owned();
    }
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = format!("{:02}", exponent.unsigned_abs());
    let raised: String = digits.chars().map(superscript).collect();
    let sign = if exponent < 0 { "\u{207b}" } else { "" };
    format!("{mantissa}\u{d7}10{sign}{raised}")
}

fn unbounded(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("\u{221e}")
    } else if value == f64::NEG_INFINITY {
        Some("-\u{221e}")
    } else {
        None
    }
}

const fn superscript(digit: char) -> char {
    match digit {
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        '4' => '\u{2074}',
        '5' => '\u{2075}',
        '6' => '\u{2076}',
        '7' => '\u{2077}',
        '8' => '\u{2078}',
        '9' => '\u{2079}',
        _ => '\u{2070}',
    }
}
