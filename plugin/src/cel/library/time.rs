//! Spans and points in time.
//!
//! Time zones are `UTC` and offsets such as `+02:00`: a module without imports has no table of the
//! named ones. Depends on nothing else in the crate but values.

use super::quoting::quoted;
use super::{CallContext, DURATION, INT, Outcome, Overload, STRING, TIMESTAMP, text};
use crate::cel::error::EvaluationError;
use crate::cel::value::Value;
use std::cmp::Ordering;
use std::fmt;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::method("getFullYear", &[TIMESTAMP], INT, full_year),
    Overload::method("getFullYear", &[TIMESTAMP, STRING], INT, full_year),
    Overload::method("getMonth", &[TIMESTAMP], INT, month),
    Overload::method("getMonth", &[TIMESTAMP, STRING], INT, month),
    Overload::method("getDayOfYear", &[TIMESTAMP], INT, day_of_year),
    Overload::method("getDayOfYear", &[TIMESTAMP, STRING], INT, day_of_year),
    Overload::method("getDayOfMonth", &[TIMESTAMP], INT, day_of_month),
    Overload::method("getDayOfMonth", &[TIMESTAMP, STRING], INT, day_of_month),
    Overload::method("getDate", &[TIMESTAMP], INT, date),
    Overload::method("getDate", &[TIMESTAMP, STRING], INT, date),
    Overload::method("getDayOfWeek", &[TIMESTAMP], INT, day_of_week),
    Overload::method("getDayOfWeek", &[TIMESTAMP, STRING], INT, day_of_week),
    Overload::method("getHours", &[TIMESTAMP], INT, hours),
    Overload::method("getHours", &[TIMESTAMP, STRING], INT, hours),
    Overload::method("getHours", &[DURATION], INT, whole_hours),
    Overload::method("getMinutes", &[TIMESTAMP], INT, minutes),
    Overload::method("getMinutes", &[TIMESTAMP, STRING], INT, minutes),
    Overload::method("getMinutes", &[DURATION], INT, whole_minutes),
    Overload::method("getSeconds", &[TIMESTAMP], INT, seconds),
    Overload::method("getSeconds", &[TIMESTAMP, STRING], INT, seconds),
    Overload::method("getSeconds", &[DURATION], INT, whole_seconds),
    Overload::method("getMilliseconds", &[TIMESTAMP], INT, milliseconds),
    Overload::method("getMilliseconds", &[TIMESTAMP, STRING], INT, milliseconds),
    Overload::method("getMilliseconds", &[DURATION], INT, whole_milliseconds),
];

const NANOSECONDS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z in seconds since 1970.
const FIRST_SECOND: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;

/// A span of time, in whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(i64);

impl Duration {
    /// A span of so many nanoseconds.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// The span in nanoseconds.
    #[must_use]
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Reads `1h30m`, `-1.5s`, `0`: numbers with the units `h`, `m`, `s`, `ms`, `us` or `µs`, and `ns`.
    ///
    /// # Errors
    ///
    /// When the text is anything else, or beyond 64 bits of nanoseconds.
    pub fn parse(source: &str) -> Result<Self, EvaluationError> {
        parse_duration(source)
            .map(Self)
            .ok_or_else(|| EvaluationError::function(format!("time: invalid duration {source:?}")))
    }

    pub(in crate::cel) fn negate(self) -> Result<Self, EvaluationError> {
        self.0.checked_neg().map(Self).ok_or(EvaluationError::DurationOverflow)
    }

    pub(in crate::cel) fn add(self, other: Self) -> Result<Self, EvaluationError> {
        self.0.checked_add(other.0).map(Self).ok_or(EvaluationError::DurationOverflow)
    }

    pub(in crate::cel) fn subtract(self, other: Self) -> Result<Self, EvaluationError> {
        self.0.checked_sub(other.0).map(Self).ok_or(EvaluationError::DurationOverflow)
    }
}

/// The value of digits, and the power of ten of the last one.
fn parse_duration(source: &str) -> Option<i64> {
    let (negative, mut rest) = match source.as_bytes().first()? {
        b'-' => (true, &source[1..]),
        b'+' => (false, &source[1..]),
        _ => (false, source),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let whole = digits(rest);
        rest = &rest[whole.len()..];
        let fraction = match rest.strip_prefix('.') {
            Some(after) => {
                let fraction = digits(after);
                rest = &after[fraction.len()..];
                fraction
            }
            None => "",
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end =
            rest.find(|character: char| character == '.' || character.is_ascii_digit()).unwrap_or(rest.len());
        let unit: u64 = match &rest[..end] {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = &rest[end..];
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?.checked_add(part_of(fraction, unit))?;
        if total > 1 << 63 {
            return None;
        }
    }
    if negative { Some(0i64.wrapping_sub_unsigned(total)) } else { i64::try_from(total).ok() }
}

fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// `0.<fraction>` of `unit`. Digits that 63 bits cannot hold are dropped, and the product is made in
/// floating point, as in Go.
fn part_of(fraction: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, 1f64);
    for digit in fraction.bytes() {
        let Some(next) = value.checked_mul(10).and_then(|value| value.checked_add((digit - b'0').into()))
        else {
            break;
        };
        if next > 1 << 63 {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

impl fmt::Display for Duration {
    /// Seconds, with as many decimals as a double needs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.0 / NANOSECONDS) as f64 + (self.0 % NANOSECONDS) as f64 / 1e9;
        write!(formatter, "{seconds}s")
    }
}

/// A point in time of the years 1 to 9999. It is written in the zone it was read in, and the same as the
/// same point in another zone.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: i64,
    /// Seconds its zone is ahead of UTC.
    offset: i64,
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.seconds, self.nanoseconds).cmp(&(other.seconds, other.nanoseconds))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl Timestamp {
    /// A point so many seconds after 1970 began.
    pub(in crate::cel) fn from_seconds(seconds: i64) -> Result<Self, EvaluationError> {
        Self::at(seconds, 0, 0)
    }

    fn at(seconds: i64, nanoseconds: i64, offset: i64) -> Result<Self, EvaluationError> {
        if (FIRST_SECOND..=LAST_SECOND).contains(&seconds) {
            Ok(Self { seconds, nanoseconds, offset })
        } else {
            Err(EvaluationError::TimestampOverflow)
        }
    }

    /// The seconds since 1970 began.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Whether this is the first moment of the year 1, Go's zero time.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.seconds == FIRST_SECOND && self.nanoseconds == 0
    }

    /// Reads RFC 3339, as in `2026-11-21T10:00:00.5+01:00`.
    ///
    /// # Errors
    ///
    /// When the text is anything else, or outside the years 1 to 9999.
    pub fn parse(source: &str) -> Result<Self, EvaluationError> {
        let (seconds, nanoseconds, offset) = parse_timestamp(source).ok_or_else(|| {
            EvaluationError::function(format!("{source:?} is no time in the form of RFC 3339"))
        })?;
        Self::at(seconds, nanoseconds, offset)
    }

    pub(in crate::cel) fn add(self, duration: Duration) -> Result<Self, EvaluationError> {
        let nanoseconds = self.nanoseconds + duration.0 % NANOSECONDS;
        let seconds = self.seconds + duration.0 / NANOSECONDS + nanoseconds.div_euclid(NANOSECONDS);
        Self::at(seconds, nanoseconds.rem_euclid(NANOSECONDS), self.offset)
    }

    pub(in crate::cel) fn since(self, earlier: Self) -> Result<Duration, EvaluationError> {
        (self.seconds - earlier.seconds)
            .checked_mul(NANOSECONDS)
            .and_then(|span| span.checked_add(self.nanoseconds - earlier.nanoseconds))
            .map(Duration)
            .ok_or(EvaluationError::DurationOverflow)
    }
}

/// Seconds since 1970, nanoseconds, and the seconds the zone is ahead of UTC.
fn parse_timestamp(source: &str) -> Option<(i64, i64, i64)> {
    // Go takes an hour of one digit.
    let padded;
    let source = match (source.as_bytes().get(11), source.as_bytes().get(12)) {
        (Some(b'0'..=b'9'), Some(b':')) if source.is_ascii() => {
            padded = format!("{}0{}", &source[..11], &source[11..]);
            padded.as_str()
        }
        _ => source,
    };
    let number = |text: &str| (digits(text) == text).then(|| text.parse::<i64>().ok()).flatten();
    let year = number(source.get(..4)?)?;
    let month = number(source.get(5..7)?)?;
    let day = number(source.get(8..10)?)?;
    let hour = number(source.get(11..13)?)?;
    let minute = number(source.get(14..16)?)?;
    let second = number(source.get(17..19)?)?;
    let marks: Vec<&str> = [(4, 5), (7, 8), (10, 11), (13, 14), (16, 17)]
        .map(|(from, to)| source.get(from..to).unwrap_or(""))
        .into();
    let in_range = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if marks != ["-", "-", "T", ":", ":"] || !in_range {
        return None;
    }
    let mut rest = source.get(19..)?;
    let mut nanoseconds = 0;
    if let Some(after) = rest.strip_prefix(['.', ',']) {
        let fraction = digits(after);
        if fraction.is_empty() {
            return None;
        }
        rest = &after[fraction.len()..];
        nanoseconds = format!("{:0<9.9}", fraction).parse().ok()?;
    }
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (number(rest.get(1..3)?)?, number(rest.get(4..6)?)?);
            if hours > 24 || minutes > 60 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    let local = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    Some((local - offset, nanoseconds, offset))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day in the proleptic Gregorian calendar, counting years from March.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day, the inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.seconds + self.offset;
        let (year, month, day) = civil_from_days(local.div_euclid(DAY));
        let second = local.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds != 0 {
            let fraction = format!("{:09}", self.nanoseconds);
            write!(formatter, ".{}", fraction.trim_end_matches('0'))?;
        }
        let minutes = self.offset.abs() / 60;
        match self.offset {
            0 => formatter.write_str("Z"),
            offset => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(formatter, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

/// The seconds since 1970 a clock in the zone of the second argument shows; UTC without one.
fn local(arguments: &[Value<'_>]) -> Result<i64, EvaluationError> {
    let Some(Value::Timestamp(time)) = arguments.first() else { return Err(EvaluationError::NoSuchOverload) };
    let zone = if arguments.len() > 1 { text(arguments, 1)? } else { "" };
    Ok(time.seconds + offset(zone)?)
}

/// How many seconds a zone is ahead of UTC.
fn offset(zone: &str) -> Result<i64, EvaluationError> {
    let Some((hours, minutes)) = zone.split_once(':') else {
        return match zone {
            "" | "UTC" => Ok(0),
            _ => Err(EvaluationError::function(format!(
                "unknown time zone {zone}: only UTC and offsets such as +02:00 are known here"
            ))),
        };
    };
    let number = |text: &str| {
        text.parse::<i32>().map(i64::from).map_err(|_| {
            EvaluationError::function(format!("strconv.Atoi: parsing {}: invalid syntax", quoted(text)))
        })
    };
    let (hours_ahead, minutes) = (number(hours)?, number(minutes)?);
    let sign = if hours.starts_with('-') { -1 } else { 1 };
    Ok((hours_ahead * 60 + sign * minutes) * 60)
}

fn calendar(arguments: &[Value<'_>]) -> Result<(i64, i64, i64), EvaluationError> {
    local(arguments).map(|seconds| civil_from_days(seconds.div_euclid(DAY)))
}

fn full_year<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    calendar(arguments).map(|(year, _, _)| Value::Int(year))
}

fn month<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    calendar(arguments).map(|(_, month, _)| Value::Int(month - 1))
}

fn day_of_month<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    calendar(arguments).map(|(_, _, day)| Value::Int(day - 1))
}

fn date<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    calendar(arguments).map(|(_, _, day)| Value::Int(day))
}

fn day_of_year<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let days = local(arguments)?.div_euclid(DAY);
    let (year, _, _) = civil_from_days(days);
    Ok(Value::Int(days - days_from_civil(year, 1, 1)))
}

/// Sunday is 0, and 1970 began on a Thursday.
fn day_of_week<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    local(arguments).map(|seconds| Value::Int((seconds.div_euclid(DAY) + 4).rem_euclid(7)))
}

fn hours<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    local(arguments).map(|seconds| Value::Int(seconds.rem_euclid(DAY) / 3600))
}

fn minutes<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    local(arguments).map(|seconds| Value::Int(seconds.rem_euclid(3600) / 60))
}

fn seconds<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    local(arguments).map(|seconds| Value::Int(seconds.rem_euclid(60)))
}

fn milliseconds<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments.first() {
        Some(Value::Timestamp(time)) => Ok(Value::Int(time.nanoseconds / 1_000_000)),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

/// How often `unit` nanoseconds fit into the span.
fn count<'a>(arguments: &[Value<'a>], unit: i64) -> Outcome<'a> {
    match arguments.first() {
        Some(Value::Duration(duration)) => Ok(Value::Int(duration.0 / unit)),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn whole_hours<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    count(arguments, 3600 * NANOSECONDS)
}

fn whole_minutes<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    count(arguments, 60 * NANOSECONDS)
}

fn whole_seconds<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    count(arguments, NANOSECONDS)
}

fn whole_milliseconds<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    count(arguments, 1_000_000)
}
