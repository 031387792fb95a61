//! Amounts as Kubernetes writes them: `100m`, `512Mi`, `1e3`.
//!
//! Depends on nothing else in the crate.

use std::iter::Sum;
use std::ops::{Add, Mul};

/// An amount in billionths, the finest the notation knows.
///
/// ```
/// use gift_harness::objects::Quantity;
///
/// let half = Quantity::parse("500m").unwrap();
/// assert_eq!((half + half).to_string(), "1");
/// assert!(Quantity::parse("1Gi") > Quantity::parse("1000M"));
/// assert_eq!(Quantity::parse("much"), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

const UNIT: i128 = 1_000_000_000;

impl Quantity {
    /// A whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self(number as i128 * UNIT)
    }

    /// Reads a quantity; `None` for what is none. What is finer than a billionth counts as one, as in
    /// the API server.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let end = text
            .char_indices()
            .find(|(at, letter)| {
                !(letter.is_ascii_digit() || *letter == '.' || (*at == 0 && "+-".contains(*letter)))
            })
            .map_or(text.len(), |(at, _)| at);
        let (number, suffix) = text.split_at(end);
        let (numerator, denominator) = factor(suffix)?;
        let negative = number.starts_with('-');
        let number = number.trim_start_matches(['+', '-']);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let digits: i128 = format!("0{whole}{fraction}").parse().ok()?;
        let places = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let over = digits.checked_mul(UNIT)?.checked_mul(numerator)?;
        let below = places.checked_mul(denominator)?;
        let amount = over / below + i128::from(over % below != 0);
        Some(Self(if negative { -amount } else { amount }))
    }

    /// The least whole number that is not below it, as the API server's `Value()` gives it.
    #[must_use]
    pub const fn value(self) -> i128 {
        self.0.div_euclid(UNIT) + (self.0.rem_euclid(UNIT) != 0) as i128
    }
}

/// The suffix as a fraction.
fn factor(suffix: &str) -> Option<(i128, i128)> {
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, UNIT),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (UNIT, 1),
        "T" => (1_000 * UNIT, 1),
        "P" => (1_000_000 * UNIT, 1),
        "E" => (UNIT * UNIT, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
            if exponent < 0 { (1, power) } else { (power, 1) }
        }
    })
}

impl std::fmt::Display for Quantity {
    /// In the largest unit that leaves a whole number: powers of two from 1Mi on, else thousandths.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(amount) = *self;
        for (suffix, size) in [("Gi", 1_i128 << 30), ("Mi", 1 << 20)] {
            if amount != 0 && amount % (size * UNIT) == 0 {
                return write!(formatter, "{}{suffix}", amount / (size * UNIT));
            }
        }
        if amount % UNIT == 0 {
            write!(formatter, "{}", amount / UNIT)
        } else if amount % 1_000_000 == 0 {
            write!(formatter, "{}m", amount / 1_000_000)
        } else {
            write!(formatter, "{amount}n")
        }
    }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul<i64> for Quantity {
    type Output = Self;

    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(i128::from(times)))
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn every_notation_is_read_and_the_rest_refused() {
        let equal = [
            ("1", "1000m"),
            ("0.5", "500m"),
            ("1e3", "1k"),
            ("1E-3", "1m"),
            ("1024Ki", "1Mi"),
            ("+2", "2"),
            (".5", "0.50"),
        ];
        for (left, right) in equal {
            assert_eq!(Quantity::parse(left), Quantity::parse(right), "{left} {right}");
            assert!(Quantity::parse(left).is_some(), "{left}");
        }
        assert_eq!(Quantity::parse("0.1n"), Quantity::parse("1n"), "rounded up");
        for (text, value) in [("1Mi", 1 << 20), ("1500m", 2), ("-1500m", -1), ("0", 0)] {
            assert_eq!(Quantity::parse(text).unwrap().value(), value, "{text}");
        }
        assert!(Quantity::parse("-1") < Quantity::parse("0"));
        for text in ["", ".", "m", "1Xi", "1 Gi", "1ee3", "--1", "1e99"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        for text in ["0", "4", "3500m", "512Mi", "8Gi", "1n"] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), text);
        }
        let sum: Quantity = ["1Gi", "512Mi"].iter().filter_map(|text| Quantity::parse(text)).sum();
        assert_eq!((sum * 2).to_string(), "3Gi");
    }
}
