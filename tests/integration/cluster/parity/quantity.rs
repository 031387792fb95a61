//! A quantity as an API server stores it in a list of resources.

/// Rounds `text` up to thousandths and writes it in its shortest form, as `resource.Quantity` does; `None`
/// when it is no quantity, and what is above the greatest is the greatest.
pub(super) fn canonical(text: &str) -> Option<String> {
    let split =
        text.find(|character: char| !matches!(character, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let (factor, form) = unit(suffix)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    // In thousandths, rounded up.
    let divisor = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let (numerator, divisor) = match factor {
        Factor::Times(factor) => (digits.checked_mul(factor)?.checked_mul(1000)?, divisor),
        Factor::Parts(parts) => (digits.checked_mul(1000)?, divisor.checked_mul(parts)?),
    };
    let thousandths = numerator.div_euclid(divisor) + i128::from(numerator.rem_euclid(divisor) > 0);
    if thousandths / 1000 > i128::from(i64::MAX) {
        return Some(i64::MAX.to_string());
    }
    Some(match form {
        Form::Binary if thousandths % 1000 == 0 && thousandths.abs() >= 1_024_000 => {
            let (number, steps) = without(thousandths / 1000, 1024);
            format!("{number}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].get(steps)?)
        }
        Form::Binary | Form::Decimal => {
            let (number, steps) = without(thousandths, 1000);
            format!("{number}{}", ["m", "", "k", "M", "G", "T", "P", "E"].get(steps)?)
        }
        Form::Exponent => {
            let (number, steps) = without(thousandths, 1000);
            match isize::try_from(steps).ok()? * 3 - 3 {
                0 => number.to_string(),
                exponent => format!("{number}e{exponent}"),
            }
        }
    })
}

/// How often `base` goes into the number, and what is left.
fn without(mut number: i128, base: i128) -> (i128, usize) {
    let mut steps = 0;
    while number != 0 && number % base == 0 {
        number /= base;
        steps += 1;
    }
    (number, if number == 0 { 1 } else { steps })
}

enum Factor {
    Times(i128),
    Parts(i128),
}

enum Form {
    Binary,
    Decimal,
    Exponent,
}

fn unit(suffix: &str) -> Option<(Factor, Form)> {
    if let Some(at) = ["", "k", "M", "G", "T", "P", "E"].iter().position(|unit| *unit == suffix) {
        return Some((Factor::Times(1000_i128.pow(u32::try_from(at).ok()?)), Form::Decimal));
    }
    if let Some(at) = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|unit| *unit == suffix) {
        return Some((Factor::Times(1024_i128.pow(u32::try_from(at).ok()?)), Form::Binary));
    }
    if let Some(at) = ["", "m", "u", "n"].iter().position(|unit| *unit == suffix) {
        return Some((Factor::Parts(1000_i128.pow(u32::try_from(at).ok()?)), Form::Decimal));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    Some((if exponent < 0 { Factor::Parts(power) } else { Factor::Times(power) }, Form::Exponent))
}
