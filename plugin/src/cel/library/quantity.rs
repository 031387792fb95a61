//! Kubernetes quantities: `100m`, `1.5Gi`, `2e3`, exactly.
//!
//! Depends on [`super::decimal`].

use super::decimal::{Decimal, power_of_ten};
use super::{BOOL, CallContext, DOUBLE, INT, Outcome, Overload, STRING, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Opaque, Value};
use std::cmp::Ordering;

const QUANTITY: Shape = Shape::Is(Kind::Quantity);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("quantity", &[STRING], QUANTITY, quantity),
    // The API server has made text of a number in the place of a quantity before a policy sees it.
    Overload::function("quantity", &[Shape::Written], QUANTITY, quantity),
    Overload::function("isQuantity", &[STRING], BOOL, is_quantity),
    Overload::function("isQuantity", &[Shape::Written], BOOL, is_quantity),
    // Declared so in the API server: sign(q), not q.sign().
    Overload::function("sign", &[QUANTITY], INT, sign),
    Overload::method("isGreaterThan", &[QUANTITY, QUANTITY], BOOL, is_greater_than),
    Overload::method("isLessThan", &[QUANTITY, QUANTITY], BOOL, is_less_than),
    Overload::method("compareTo", &[QUANTITY, QUANTITY], INT, compare_to),
    Overload::method("asApproximateFloat", &[QUANTITY], DOUBLE, as_approximate_float),
    Overload::method("asInteger", &[QUANTITY], INT, as_integer),
    Overload::method("isInteger", &[QUANTITY], BOOL, is_integer),
    Overload::method("add", &[QUANTITY, QUANTITY], QUANTITY, add),
    Overload::method("add", &[QUANTITY, INT], QUANTITY, add),
    Overload::method("sub", &[QUANTITY, QUANTITY], QUANTITY, subtract),
    Overload::method("sub", &[QUANTITY, INT], QUANTITY, subtract),
];

/// The pattern the API server's message shows.
const FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NUMERIC: &str = "unable to parse numeric part of quantity";
const SUFFIX: &str = "unable to parse quantity's suffix";

/// The smallest scale a quantity keeps.
const NANO: i32 = -9;

/// An amount, kept small where it fits 64 bits with a power of ten.
#[derive(Clone, Debug)]
pub enum Quantity {
    /// `value * 10^scale`.
    Small {
        /// The digits.
        value: i64,
        /// The power of ten.
        scale: i32,
    },
    /// Anything else. Such a quantity never counts as an integer, as in the API server.
    Large {
        /// The number.
        amount: Decimal,
        /// How many digits behind the point the API server keeps, zeros too.
        places: i32,
    },
}

impl Quantity {
    /// Reads a quantity.
    ///
    /// ```
    /// use gift_plugin::cel::Quantity;
    ///
    /// assert_eq!(Quantity::parse("1.5Gi"), Quantity::parse("1536Mi"));
    /// assert!(Quantity::parse("100m") < Quantity::parse("0.2"));
    /// assert_eq!(Quantity::parse("1GB"), Err("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
    /// ```
    ///
    /// # Errors
    ///
    /// The API server's message.
    pub fn parse(source: &str) -> Result<Self, &'static str> {
        if source.is_empty() {
            return Err(FORMAT);
        }
        let Parts { negative, value, whole, fraction, suffix } = Parts::split(source)?;
        let (base, exponent) = interpret(suffix).ok_or(SUFFIX)?;
        let digits = i64::try_from(whole.len() + fraction.len()).unwrap_or(i64::MAX);
        let exponent_number = i64::from(exponent);
        let (precision, mut scale, multiplier) = match base {
            Base::Ten => (18 - digits, exponent_number, 1),
            Base::Two if fraction.is_empty() => {
                // Three tenths of the exponent is about how many decimal digits the multiplier has.
                let multiplier_digits = (f64::from(exponent) * 3.0 / 10.0) as i64;
                (15 - digits - multiplier_digits - 1, 0, 1i64 << exponent)
            }
            Base::Two => (-1, 0, 1),
        };
        if precision >= 0 {
            scale -= i64::try_from(fraction.len()).unwrap_or(i64::MAX);
            let scale = i32::try_from(scale).map_err(|_| SUFFIX)?;
            if scale >= NANO {
                let shifted: i64 = [whole, fraction].concat().parse().map_err(|_| NUMERIC)?;
                if let Some(result) = shifted.checked_mul(multiplier) {
                    return Ok(Self::Small { value: if negative { -result } else { result }, scale });
                }
            }
        }
        let mut amount = Decimal::parse(value).ok_or(NUMERIC)?;
        match base {
            Base::Ten => amount = amount.scaled(exponent).ok_or(SUFFIX)?,
            Base::Two => amount.multiply_by_power_of_two(exponent.unsigned_abs()),
        }
        amount.round_away(NANO);
        let most = Decimal::from(i64::MAX);
        if matches!(base, Base::Two) && amount.magnitude_cmp(&most).is_gt() {
            amount = if amount.is_negative() { most.negated() } else { most };
            return Ok(Self::Large { amount, places: 0 });
        }
        Ok(Self::Large { amount, places: -NANO })
    }

    fn decimal(&self) -> Decimal {
        match self {
            Self::Small { value, scale } => Decimal::new(*value, *scale),
            Self::Large { amount, .. } => amount.clone(),
        }
    }

    const fn places(&self) -> i32 {
        match self {
            Self::Small { scale, .. } => -*scale,
            Self::Large { places, .. } => *places,
        }
    }

    /// The sum; nothing when it would take an absurd number of digits.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        if let (Self::Small { value: a, scale: s }, Self::Small { value: b, scale: t }) = (self, other) {
            if *b == 0 {
                return Some(self.clone());
            }
            if *a == 0 {
                return Some(other.clone());
            }
            let scale = *s.min(t);
            let aligned =
                |value: i64, own: i32| value.checked_mul(10i64.checked_pow((own - scale).unsigned_abs())?);
            if s.abs_diff(*t) <= 18
                && let (Some(a), Some(b)) = (aligned(*a, *s), aligned(*b, *t))
                && let Some(value) = a.checked_add(b)
            {
                return Some(Self::Small { value, scale });
            }
        }
        let places = self.places().max(other.places());
        self.decimal().plus(&other.decimal()).map(|amount| Self::Large { amount, places })
    }

    /// The quantity with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        match self {
            Self::Small { value, scale } => match value.checked_neg() {
                Some(value) => Self::Small { value, scale: *scale },
                None => Self::Large { amount: self.decimal().negated(), places: self.places() },
            },
            Self::Large { amount, places } => {
                Self::Large { amount: amount.clone().negated(), places: *places }
            }
        }
    }

    /// `-1`, `0` or `1`.
    #[must_use]
    pub fn sign(&self) -> i64 {
        match self {
            Self::Small { value, .. } => value.signum(),
            Self::Large { amount, .. } if amount.is_zero() => 0,
            Self::Large { amount, .. } => {
                if amount.is_negative() {
                    -1
                } else {
                    1
                }
            }
        }
    }

    /// The quantity as a whole number, where the API server gives one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Small { value: 0, scale } if *scale >= 0 => Some(0),
            Self::Small { value, scale } => {
                value.checked_mul(10i64.checked_pow(u32::try_from(*scale).ok()?)?)
            }
            Self::Large { .. } => None,
        }
    }

    /// The quantity as a floating point number.
    #[must_use]
    pub fn as_approximate_float(&self) -> f64 {
        match self {
            Self::Small { value, scale: 0 } => *value as f64,
            Self::Small { value, scale } => *value as f64 * power_of_ten(*scale),
            Self::Large { amount, places } => amount.as_approximate_float(*places),
        }
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Self::Small { value: a, scale: s }, Self::Small { value: b, scale: t }) = (self, other) {
            if s == t {
                return a.cmp(b);
            }
            if s.abs_diff(*t) <= 18 {
                // Both products are below 10^37, which 128 bits hold.
                let scale = s.min(t);
                let aligned = |value: i64, own: i32| i128::from(value) * 10i128.pow(own.abs_diff(*scale));
                return aligned(*a, *s).cmp(&aligned(*b, *t));
            }
        }
        self.decimal().cmp(&other.decimal())
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}

enum Base {
    Ten,
    Two,
}

/// What a suffix multiplies with.
fn interpret(suffix: &str) -> Option<(Base, i32)> {
    Some(match suffix {
        "n" => (Base::Ten, -9),
        "u" => (Base::Ten, -6),
        "m" => (Base::Ten, -3),
        "" => (Base::Ten, 0),
        "k" => (Base::Ten, 3),
        "M" => (Base::Ten, 6),
        "G" => (Base::Ten, 9),
        "T" => (Base::Ten, 12),
        "P" => (Base::Ten, 15),
        "E" => (Base::Ten, 18),
        "Ki" => (Base::Two, 10),
        "Mi" => (Base::Two, 20),
        "Gi" => (Base::Two, 30),
        "Ti" => (Base::Two, 40),
        "Pi" => (Base::Two, 50),
        "Ei" => (Base::Two, 60),
        _ => (Base::Ten, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

/// The parts of a written quantity.
struct Parts<'s> {
    negative: bool,
    /// The number with its sign, without the suffix.
    value: &'s str,
    /// The digits before the point, without leading zeros.
    whole: &'s str,
    /// The digits behind the point.
    fraction: &'s str,
    suffix: &'s str,
}

impl<'s> Parts<'s> {
    fn split(source: &'s str) -> Result<Self, &'static str> {
        let unsigned = source.strip_prefix(['-', '+']).unwrap_or(source);
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let significant = unsigned.trim_start_matches('0');
        if significant.is_empty() {
            return Ok(Self { negative: false, value: "0", whole: "0", fraction: "", suffix: "" });
        }
        let (whole, rest) = significant.split_at(digits(significant));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(behind) => behind.split_at(digits(behind)),
            None => ("", rest),
        };
        let letters = suffix.trim_start_matches(['e', 'E', 'i', 'n', 'u', 'm', 'k', 'K', 'M', 'G', 'T', 'P']);
        if !letters.strip_prefix(['-', '+']).unwrap_or(letters).bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FORMAT);
        }
        Ok(Self {
            negative: source.starts_with('-'),
            value: &source[..source.len() - suffix.len()],
            whole: if whole.is_empty() { "0" } else { whole },
            fraction,
            suffix,
        })
    }
}

/// The argument as the text of a quantity.
fn written<T>(arguments: &[Value<'_>], read: impl Fn(&str) -> T) -> Result<T, EvaluationError> {
    match arguments.first() {
        Some(value) if value.as_str().is_some() => text(arguments, 0).map(read),
        Some(Value::Node(_)) => {
            arguments.first().map(|value| read(&value.shown())).ok_or(EvaluationError::NoSuchOverload)
        }
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn quantity<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match written(arguments, Quantity::parse)? {
        Ok(quantity) => Ok(Value::opaque(Opaque::Quantity(quantity))),
        Err(message) => Err(EvaluationError::function(message)),
    }
}

fn is_quantity<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    written(arguments, |text| Value::Bool(Quantity::parse(text).is_ok()))
}

fn at<'v>(arguments: &'v [Value<'_>], index: usize) -> Result<&'v Quantity, EvaluationError> {
    match arguments.get(index).and_then(Value::as_opaque) {
        Some(Opaque::Quantity(quantity) | Opaque::Sum(quantity)) => Ok(quantity),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn sign<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Int(at(arguments, 0)?.sign()))
}

fn is_greater_than<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(at(arguments, 0)? > at(arguments, 1)?))
}

fn is_less_than<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(at(arguments, 0)? < at(arguments, 1)?))
}

fn compare_to<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Int(at(arguments, 0)?.cmp(at(arguments, 1)?) as i64))
}

fn as_approximate_float<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Double(at(arguments, 0)?.as_approximate_float()))
}

fn as_integer<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let integer = at(arguments, 0)?.as_integer();
    integer.map(Value::Int).ok_or_else(|| EvaluationError::function("cannot convert value to integer"))
}

fn is_integer<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(at(arguments, 0)?.as_integer().is_some()))
}

/// The second operand, a quantity or a whole number.
fn second(arguments: &[Value<'_>]) -> Result<Quantity, EvaluationError> {
    match arguments.get(1).and_then(Value::as_int) {
        Some(value) => Ok(Quantity::Small { value, scale: 0 }),
        None => at(arguments, 1).cloned(),
    }
}

fn sum<'a>(context: &mut CallContext<'_>, left: &Quantity, right: &Quantity) -> Outcome<'a> {
    context.budget.spend(10)?;
    match left.plus(right) {
        Some(sum) => Ok(Value::opaque(Opaque::Sum(sum))),
        None => Err(EvaluationError::function("quantities too far apart to be added")),
    }
}

fn add<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    sum(context, at(arguments, 0)?, &second(arguments)?)
}

fn subtract<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (left, right) = (at(arguments, 0)?, second(arguments)?);
    let negated = match right {
        // The least number is its own negative to the API server.
        Quantity::Small { value: i64::MIN, .. }
            if matches!(left.plus(&right), Some(Quantity::Small { .. })) =>
        {
            right
        }
        right => right.negated(),
    };
    sum(context, left, &negated)
}
