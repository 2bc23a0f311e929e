//! Numbers as people read them: digits in groups of three, and the decimal mark of the language.
//!
//! It takes exact decimals as text and never rounds; what a number counts is not known here.

use crate::globals::Lang;

/// A plain decimal with grouped digits, as the session's language writes it.
#[must_use]
pub fn grouped(decimal: &str, lang: Lang) -> String {
    banggiao_model::decimal::written(decimal, lang.key())
}

/// The difference of two exact decimals, with its sign if it has risen; `None` if either is no decimal.
#[must_use]
pub fn difference(value: &str, before: &str) -> Option<String> {
    let value = banggiao_model::decimal::parse(value).ok()?;
    let before = banggiao_model::decimal::parse(before).ok()?;
    let difference = value.checked_sub(before)?;
    let sign = if difference.is_sign_positive() && !difference.is_zero() {
        "+"
    } else {
        ""
    };
    Some(format!("{sign}{}", banggiao_model::decimal::format(difference)))
}

/// How many hundredths of another decimal a decimal is, to one place behind the mark, a half rounded up; `None` if either
/// is no decimal, or the other is zero.
#[must_use]
pub fn percent(value: &str, of: &str) -> Option<String> {
    let decimal = |text: &str| banggiao_model::decimal::parse(text).ok();
    let of = decimal(of).filter(|of| !of.is_zero())?;
    let tenths = decimal(value)?.checked_mul(decimal("1000")?)?.checked_div(of)?;
    let rounded = tenths
        .checked_add(decimal("0.5")?)?
        .floor()
        .checked_div(decimal("10")?)?;
    Some(banggiao_model::decimal::format(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_in_both_languages() {
        for (decimal, en, vi) in [
            ("0", "0", "0"),
            ("675", "675", "675"),
            ("8797", "8,797", "8.797"),
            ("22279.5", "22,279.5", "22.279,5"),
            ("-1234567.25", "-1,234,567.25", "-1.234.567,25"),
            ("+100000", "+100,000", "+100.000"),
            ("", "", ""),
            ("2024-06-30", "2024-06-30", "2024-06-30"),
            ("1e9", "1e9", "1e9"),
        ] {
            assert_eq!(grouped(decimal, Lang::En), en);
            assert_eq!(grouped(decimal, Lang::Vi), vi);
        }
    }

    #[test]
    fn differences_are_exact() {
        assert_eq!(difference("19", "15").as_deref(), Some("+4"));
        assert_eq!(difference("0.3", "0.4").as_deref(), Some("-0.1"));
        assert_eq!(difference("7", "7.0").as_deref(), Some("0"));
        assert_eq!(difference("", "7"), None);
    }

    #[test]
    fn percents_are_rounded_to_a_tenth() {
        for (value, of, percent) in [
            ("19", "30", Some("63.3")),
            ("15", "24", Some("62.5")),
            ("1", "16", Some("6.3")),
            ("30", "30", Some("100")),
            ("0", "7", Some("0")),
            ("7", "0", None),
            ("", "7", None),
        ] {
            assert_eq!(super::percent(value, of).as_deref(), percent, "{value} of {of}");
        }
    }
}
