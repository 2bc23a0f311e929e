//! A cell as the text that a CSV file would hold.
//!
//! It owns what numbers, dates and truth values look like. Programs keep fifteen digits of a number and show no more, so
//! that a sum which came out as 15.799999999999999 is 15.8 to everybody who looks at it.

use crate::TEXT_CHARS_MAX;
use calamine::{DataRef, ExcelDateTime};

/// The first day count that is no date any more: 31 December 9999 has one less.
const DAYS_END: f64 = 2_958_466.0;

/// What is shown of a cell, and why it is of no use if that is so.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) fault: Option<String>,
}

impl Shown {
    fn good(text: String) -> Self {
        Self { text, fault: None }
    }

    fn bad(text: String, fault: String) -> Self {
        Self {
            text,
            fault: Some(fault),
        }
    }
}

/// Shows a cell.
pub(crate) fn show(data: &DataRef<'_>) -> Shown {
    match data {
        DataRef::Empty => Shown::good(String::new()),
        DataRef::Int(value) => Shown::good(value.to_string()),
        DataRef::Float(value) => number(*value),
        DataRef::Bool(value) => Shown::good(if *value { "TRUE" } else { "FALSE" }.to_owned()),
        DataRef::String(text) => self::text(text),
        DataRef::SharedString(text) => self::text(text),
        DataRef::DateTime(date) => day(date),
        DataRef::DateTimeIso(text) => Shown::good(iso_day(text).to_owned()),
        DataRef::DurationIso(text) => Shown::bad(text.clone(), format!("holds the duration {text}")),
        DataRef::Error(error) => Shown::bad(error.to_string(), format!("holds {error}")),
    }
}

fn text(text: &str) -> Shown {
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Shown::bad(
            String::new(),
            format!("has more than {TEXT_CHARS_MAX} characters, and is not read"),
        );
    }
    Shown::good(text.to_owned())
}

fn number(value: f64) -> Shown {
    if !value.is_finite() {
        return Shown::bad(value.to_string(), "holds no number that there is".to_owned());
    }
    Shown::good(decimal(value))
}

/// The shortest text of a number, without an exponent.
pub(crate) fn decimal(value: f64) -> String {
    let rounded = if value.fract() == 0.0 {
        value
    } else {
        // Fifteen digits; what was written just now can be read.
        format!("{value:.14e}").parse().unwrap_or(value)
    };
    if rounded == 0.0 {
        return "0".to_owned();
    }
    rounded.to_string()
}

/// A day, with the time behind it if it is not midnight: then it is no date, and whoever wants one will say so.
fn day(date: &ExcelDateTime) -> Shown {
    let value = date.as_f64();
    if date.is_duration() {
        return Shown::bad(decimal(value), "holds a duration".to_owned());
    }
    if !(0.0..DAYS_END).contains(&value) {
        return Shown::bad(decimal(value), "holds a date that is not in the calendar".to_owned());
    }
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let text = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        Shown::good(text)
    } else {
        Shown::good(format!("{text} {hour:02}:{minute:02}:{second:02}"))
    }
}

/// The day of `2024-06-30T00:00:00`; any other text as it is.
fn iso_day(text: &str) -> &str {
    match text.split_once('T') {
        Some((day, time)) if time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.' | b'Z')) => day,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_have_no_exponent() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (12.0, "12"),
            (-3.0, "-3"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.3"),
            (5.1 + 10.7, "15.8"),
            (1.1, "1.1"),
            (398_000_000.0, "398000000"),
            (1e21, "1000000000000000000000"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (0.000_000_1, "0.0000001"),
            (123_456_789.123_456_7, "123456789.123457"),
        ] {
            assert_eq!(decimal(value), text);
        }
        assert!(number(f64::NAN).fault.is_some() && number(f64::INFINITY).fault.is_some());
    }

    #[test]
    fn a_date_with_a_time_is_not_taken_for_a_date() {
        for (text, shown) in [
            ("2024-06-30T00:00:00", "2024-06-30"),
            ("2024-06-30T00:00:00.000Z", "2024-06-30"),
            ("2024-06-30T08:15:00", "2024-06-30T08:15:00"),
            ("2024-06-30", "2024-06-30"),
        ] {
            assert_eq!(iso_day(text), shown);
        }
    }

    #[test]
    fn a_long_text_is_not_read() {
        let fits = "ắ".repeat(TEXT_CHARS_MAX);
        assert!(text(&fits).fault.is_none());
        assert!(text(&(fits + "x")).fault.is_some());
    }
}
