//! Decimal numbers of any length, for quantities beyond 64 bits.
//!
//! Depends on nothing else in the crate.

use std::cmp::Ordering;

/// How many digits two numbers may take once their points are aligned.
const MAX_DIGITS: usize = 4096;

/// `digits * 10^scale`, exactly.
#[derive(Clone, Debug)]
pub struct Decimal {
    negative: bool,
    /// The digits from the least significant on, without zeros at the most significant end.
    digits: Vec<u8>,
    scale: i32,
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self::new(value, 0)
    }
}

impl Decimal {
    /// `value * 10^scale`.
    #[must_use]
    pub fn new(value: i64, scale: i32) -> Self {
        let mut digits = Vec::new();
        let mut rest = value.unsigned_abs();
        while rest > 0 {
            digits.push((rest % 10) as u8);
            rest /= 10;
        }
        Self { negative: value < 0, digits, scale }
    }

    /// Reads digits with an optional sign and point.
    #[must_use]
    pub fn parse(source: &str) -> Option<Self> {
        let unsigned = source.strip_prefix(['-', '+']).unwrap_or(source);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
        let digits =
            fraction.bytes().rev().chain(whole.bytes().rev()).map(digit).collect::<Option<Vec<u8>>>()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_neg()?;
        Some(Self { negative: source.starts_with('-'), digits, scale }.trimmed())
    }

    fn trimmed(mut self) -> Self {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        self.negative = self.negative && !self.digits.is_empty();
        self
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.negative
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.negative = !self.negative && !self.is_zero();
        self
    }

    /// The number times ten to the power of `exponent`.
    #[must_use]
    pub fn scaled(mut self, exponent: i32) -> Option<Self> {
        self.scale = self.scale.checked_add(exponent)?;
        Some(self)
    }

    /// Multiplies with two to the power of `exponent`.
    pub fn multiply_by_power_of_two(&mut self, exponent: u32) {
        for _ in 0..exponent {
            let mut carry = 0;
            for digit in &mut self.digits {
                let doubled = *digit * 2 + carry;
                *digit = doubled % 10;
                carry = doubled / 10;
            }
            if carry > 0 {
                self.digits.push(carry);
            }
        }
    }

    /// Drops digits below `10^scale`; where one was not zero, the rest grows away from zero.
    pub fn round_away(&mut self, scale: i32) {
        let Ok(dropped) = usize::try_from(i64::from(scale) - i64::from(self.scale)) else { return };
        if dropped == 0 || self.is_zero() {
            return;
        }
        let dropped_count = dropped.min(self.digits.len());
        let inexact = self.digits.drain(..dropped_count).any(|digit| digit != 0);
        self.scale = scale;
        if inexact {
            for digit in &mut self.digits {
                *digit += 1;
                if *digit < 10 {
                    return;
                }
                *digit = 0;
            }
            self.digits.push(1);
        }
    }

    /// The sum; nothing when it takes too many digits.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        if self.is_zero() {
            return Some(other.clone());
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        let scale = self.scale.min(other.scale);
        let (left, right) = (self.aligned(scale)?, other.aligned(scale)?);
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, added(&left, &right))
        } else if compare_digits(&left, &right).is_ge() {
            (self.negative, subtracted(&left, &right))
        } else {
            (other.negative, subtracted(&right, &left))
        };
        Some(Self { negative, digits, scale }.trimmed())
    }

    /// The digits at a scale that is not above the own one.
    fn aligned(&self, scale: i32) -> Option<Vec<u8>> {
        let zeros = usize::try_from(i64::from(self.scale) - i64::from(scale)).ok()?;
        if zeros + self.digits.len() > MAX_DIGITS {
            return None;
        }
        let mut digits = vec![0; zeros];
        digits.extend_from_slice(&self.digits);
        Some(digits)
    }

    /// How the magnitudes are ordered, whatever the signs.
    #[must_use]
    pub fn magnitude_cmp(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        // Where the most significant digit stands decides first, then the digits from there on.
        let top = |number: &Self| number.digits.len() as i64 + i64::from(number.scale);
        top(self).cmp(&top(other)).then_with(|| {
            let (mut left, mut right) = (self.digits.iter().rev(), other.digits.iter().rev());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ordering::Equal,
                    (left, right) => match left.unwrap_or(&0).cmp(right.unwrap_or(&0)) {
                        Ordering::Equal => {}
                        order => return order,
                    },
                }
            }
        })
    }

    /// The closest floating point number, or nearly so: the closest to the number without its point, which is put
    /// back in front of the last `places` digits then.
    #[must_use]
    pub fn as_approximate_float(&self, places: i32) -> f64 {
        let digits: String = self.digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
        let magnitude: f64 = format!("{digits}e{}", self.scale + places).parse().unwrap_or_default();
        let signed = if self.negative { -magnitude } else { magnitude };
        if places == 0 { signed } else { signed * power_of_ten(-places) }
    }
}

/// The floating point number closest to that power of ten.
pub(super) fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or_default()
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude_cmp(other),
            (true, true) => other.magnitude_cmp(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

fn compare_digits(left: &[u8], right: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    let (left, right) = (&left[..significant(left)], &right[..significant(right)]);
    left.len().cmp(&right.len()).then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

fn added(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut sum = Vec::with_capacity(left.len().max(right.len()) + 1);
    let mut carry = 0;
    for index in 0..left.len().max(right.len()) {
        let digit = left.get(index).unwrap_or(&0) + right.get(index).unwrap_or(&0) + carry;
        sum.push(digit % 10);
        carry = digit / 10;
    }
    sum.push(carry);
    sum
}

/// `left - right`, where `left` is not the smaller one.
fn subtracted(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut difference = Vec::with_capacity(left.len());
    let mut borrow = 0;
    for (index, digit) in left.iter().enumerate() {
        let taken = right.get(index).unwrap_or(&0) + borrow;
        borrow = u8::from(*digit < taken);
        difference.push(digit + borrow * 10 - taken);
    }
    difference
}
