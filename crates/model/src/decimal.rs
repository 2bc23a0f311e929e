//! Exact decimals: reading and writing them as plain text.
//!
//! Quantities travel as strings such as `68.8`, because a binary floating-point number cannot hold them. It owns the
//! limits on how long such a number may be; what a number counts is not known here.

pub use rust_decimal::Decimal;

/// The most significant digits that every [`Decimal`] can hold.
pub const DIGITS_MAX: usize = 28;

/// The most digits after the point: a billionth of any unit that is reported.
pub const DECIMALS_MAX: usize = 9;

/// What is wrong with a decimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not a plain decimal.
    #[error("\"{0}\" is not a plain decimal number such as 115, -3 or 68.8")]
    Form(String),
    /// More than [`DIGITS_MAX`] significant digits.
    #[error("\"{0}\" has more than {DIGITS_MAX} significant digits")]
    TooLong(String),
    /// More than [`DECIMALS_MAX`] digits after the point.
    #[error("\"{0}\" has more than {DECIMALS_MAX} digits after the point")]
    TooPrecise(String),
}

/// Reads a plain decimal: an optional `-`, digits, and optionally a point with digits behind it. No exponent, no
/// grouping, no `+`, no decimal comma.
///
/// # Errors
/// [`Error`] says whether the form or a limit is violated. Nothing is ever rounded.
pub fn parse(text: &str) -> Result<Decimal, Error> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    if !all_digits(whole) || !fraction.is_none_or(all_digits) {
        return Err(Error::Form(shorten(text)));
    }
    let fraction = fraction.unwrap_or_default();
    if fraction.len() > DECIMALS_MAX {
        return Err(Error::TooPrecise(shorten(text)));
    }
    let digits = whole.bytes().chain(fraction.bytes()).skip_while(|digit| *digit == b'0');
    if digits.clone().count() > DIGITS_MAX {
        return Err(Error::TooLong(shorten(text)));
    }
    let magnitude = digits.fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'));
    let signed = if unsigned.len() < text.len() {
        -magnitude
    } else {
        magnitude
    };
    Decimal::try_from_i128_with_scale(signed, fraction.len() as u32).map_err(|_| Error::TooLong(shorten(text)))
}

/// Writes a decimal without exponent and without trailing zeros: `115`, `68.8`, `22279.5`, `0`.
#[must_use]
pub fn format(decimal: Decimal) -> String {
    decimal.normalize().to_string()
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An error message repeats what was given, but not a megabyte of it.
fn shorten(text: &str) -> String {
    text.chars().take(2 * DIGITS_MAX).collect()
}

/// A plain decimal as a language writes it, with digits in groups of three: `22279.5` is `22,279.5` in English and
/// `22.279,5` in Vietnamese, which is also what other languages get. Text that is no plain decimal stays as it is.
#[must_use]
pub fn written(decimal: &str, language: &str) -> String {
    let (sign, unsigned) = match decimal.strip_prefix(['-', '+']) {
        Some(rest) => (&decimal[..1], rest),
        None => ("", decimal),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return decimal.to_owned();
    }
    let (group_mark, decimal_mark) = if language.eq_ignore_ascii_case("en") {
        (',', '.')
    } else {
        ('.', ',')
    };
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(group_mark);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(decimal_mark);
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_decimals_are_read_and_written() {
        for (given, written) in [
            ("115", "115"),
            ("68.80", "68.8"),
            ("22279.5", "22279.5"),
            ("-3", "-3"),
            ("-0", "0"),
            ("0.000", "0"),
            ("007.10", "7.1"),
            ("100", "100"),
            ("0.000000001", "0.000000001"),
            ("9999999999999999999999999999", "9999999999999999999999999999"),
            ("-9999999999999999999.999999999", "-9999999999999999999.999999999"),
        ] {
            assert_eq!(format(parse(given).unwrap()), written);
        }
    }

    #[test]
    fn nothing_else_is_read() {
        for text in [
            "",
            "-",
            ".",
            ".5",
            "5.",
            "+1",
            "1e3",
            "1,5",
            "1.000.000",
            "1 000",
            " 1",
            "NaN",
            "--1",
            "١",
        ] {
            assert_eq!(parse(text), Err(Error::Form(text.into())));
        }
        assert!(matches!(parse("0.0000000001"), Err(Error::TooPrecise(_))));
        assert!(matches!(parse("10000000000000000000000000000"), Err(Error::TooLong(_))));
        assert!(matches!(parse(&"0.".repeat(100_000)), Err(Error::Form(shown)) if shown.len() < 100));
    }

    proptest::proptest! {
        #[test]
        fn reading_is_exact(mantissa in -999_999_999_999_999_999_i64..=999_999_999_999_999_999, scale in 0_u32..=9) {
            let decimal = Decimal::new(mantissa, scale);
            proptest::prop_assert_eq!(parse(&decimal.to_string()).unwrap(), decimal);
            proptest::prop_assert_eq!(parse(&format(decimal)).unwrap(), decimal);
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
