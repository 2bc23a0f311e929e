//! Numbers as people read them: digits in groups of three, and the decimal mark of the language.
//!
//! It takes exact decimals as text and never rounds; what a number counts is not known here.

use crate::globals::Lang;

/// A plain decimal with grouped digits: `22279.5` is `22,279.5` in English and `22.279,5` in Vietnamese. Text that is
/// no plain decimal stays as it is.
#[must_use]
pub fn grouped(decimal: &str, lang: Lang) -> String {
    let (sign, unsigned) = match decimal.strip_prefix(['-', '+']) {
        Some(rest) => (&decimal[..1], rest),
        None => ("", decimal),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return decimal.to_owned();
    }
    let (group_mark, decimal_mark) = lang.pick((',', '.'), ('.', ','));
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
}
