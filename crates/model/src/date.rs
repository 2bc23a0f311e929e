//! Civil dates: reading and writing them, the year before, and which day it is in Việt Nam.
//!
//! It owns the range of dates that the whole system takes, 1900 to 2200. It must not read the time; see
//! [`crate::clock`].

pub use jiff::civil::Date;

/// The first year that any date may lie in: older dates are slips of the keyboard (`0204` for `2024`).
pub const YEAR_MIN: i16 = 1900;

/// The last year that any date may lie in.
pub const YEAR_MAX: i16 = 2200;

/// Việt Nam keeps one time, UTC+7, and has had no summer time since the records begin.
const VIETNAM: jiff::tz::Offset = jiff::tz::Offset::constant(7);

/// What is wrong with a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text does not have the form of ISO 8601 dates.
    #[error("\"{0}\" is not a date of the form YYYY-MM-DD")]
    Form(String),
    /// The calendar has no such day, as 30 February.
    #[error("\"{0}\" is not a day of the calendar")]
    NoSuchDay(String),
    /// The year lies outside [`YEAR_MIN`] to [`YEAR_MAX`].
    #[error("the year of \"{0}\" is not within {YEAR_MIN} to {YEAR_MAX}")]
    Year(String),
}

/// Reads a date of the form `YYYY-MM-DD`, and no other.
///
/// # Errors
/// [`Error`] says whether the form, the day or the year is wrong.
pub fn parse(text: &str) -> Result<Date, Error> {
    let bytes = text.as_bytes();
    let well_formed = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !well_formed {
        return Err(Error::Form(text.to_owned()));
    }
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'))
    };
    // Two digits always fit an i8.
    let (month, day) = (number(5..7) as i8, number(8..10) as i8);
    let date = Date::new(number(0..4), month, day).map_err(|_| Error::NoSuchDay(text.to_owned()))?;
    if in_range(date) {
        Ok(date)
    } else {
        Err(Error::Year(text.to_owned()))
    }
}

/// Writes a date as `YYYY-MM-DD`.
#[must_use]
pub fn format(date: Date) -> String {
    date.to_string()
}

/// A day as a language writes it in running text: `15 June 2024` in English, and otherwise `15/6/2024`, as Vietnamese has
/// no leading zeros there.
#[must_use]
pub fn written(date: Date, language: &str) -> String {
    if language.eq_ignore_ascii_case("en") {
        date.strftime("%-d %B %Y").to_string()
    } else {
        format!("{}/{}/{}", date.day(), date.month(), date.year())
    }
}

/// Says whether the date lies in the years that the system takes.
#[must_use]
pub fn in_range(date: Date) -> bool {
    (YEAR_MIN..=YEAR_MAX).contains(&date.year())
}

/// The same span of days, both ends inclusive, one year earlier.
///
/// A report for `1 January to 28 February 2025` is compared with all of February 2024: of whole months an end on the
/// last day of February stays on the last day of February. Any other 29 February becomes 28 February.
#[must_use]
pub fn year_before(start: Date, end: Date) -> (Date, Date) {
    let last_of_february = start.day() == 1 && end.month() == 2 && end.day() == end.days_in_month();
    let end_before = same_day_year_before(end);
    (
        same_day_year_before(start),
        if last_of_february {
            end_before.last_of_month()
        } else {
            end_before
        },
    )
}

/// Which day it is in Việt Nam at an instant, wherever the machine stands.
#[must_use]
pub fn today_in_vietnam(now: jiff::Timestamp) -> Date {
    VIETNAM.to_datetime(now).date()
}

/// The day in Việt Nam of an instant, given in seconds since 1970; `None` beyond what an instant can say.
#[must_use]
pub fn day_in_vietnam(seconds: i64) -> Option<Date> {
    jiff::Timestamp::from_second(seconds).ok().map(today_in_vietnam)
}

/// How many days lie from one day to another; negative if the other comes first.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// The instant at which a day begins in Việt Nam; `None` beyond what an instant can say.
#[must_use]
pub fn beginning_in_vietnam(day: Date) -> Option<jiff::Timestamp> {
    VIETNAM.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

/// The days so many before and after a day, standing still at the first and the last day that can be written.
#[must_use]
pub fn around(date: Date, days: i64) -> (Date, Date) {
    let span = jiff::SignedDuration::from_hours(24 * days);
    (date.saturating_sub(span), date.saturating_add(span))
}

/// The same day so many months later, or the last day of that month if it is shorter.
#[must_use]
pub fn months_later(date: Date, months: u16) -> Date {
    date.saturating_add(jiff::Span::new().months(months))
}

/// As many days as from one day to another, right before them.
#[must_use]
pub fn days_before(start: Date, end: Date) -> (Date, Date) {
    let last = day_before(start);
    (around(last, days_between(start, end)).0, last)
}

/// The day before, standing still at the first day that can be written.
#[must_use]
pub fn day_before(date: Date) -> Date {
    date.yesterday().unwrap_or(Date::MIN)
}

/// The day after, standing still at the last day that can be written.
#[must_use]
pub fn day_after(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

/// 29 February becomes 28 February; every other day exists in every year.
fn same_day_year_before(date: Date) -> Date {
    let day = if date.month() == 2 {
        date.day().min(28)
    } else {
        date.day()
    };
    Date::new(date.year().saturating_sub(1), date.month(), day).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn one_form_is_read() {
        assert_eq!(parse("2024-06-30"), Ok(date(2024, 6, 30)));
        assert_eq!(parse("2024-02-29"), Ok(date(2024, 2, 29)));
        assert_eq!(parse("1900-01-01"), Ok(date(1900, 1, 1)));
        assert_eq!(parse("2200-12-31"), Ok(date(2200, 12, 31)));
        for text in [
            "",
            "2024-6-30",
            "30/06/2024",
            "2024-06-30 ",
            "+024-06-30",
            "20240630",
            "2024-06-3０",
        ] {
            assert_eq!(parse(text), Err(Error::Form(text.into())));
        }
        for text in ["2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-01-00"] {
            assert_eq!(parse(text), Err(Error::NoSuchDay(text.into())));
        }
        for text in ["1899-12-31", "2201-01-01", "0204-06-30"] {
            assert_eq!(parse(text), Err(Error::Year(text.into())));
        }
    }

    #[test]
    fn the_year_before_keeps_the_end_of_february() {
        let before = |start: &str, end: &str| {
            let (start, end) = year_before(parse(start).unwrap(), parse(end).unwrap());
            (format(start), format(end))
        };
        let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(before("2024-01-01", "2024-06-30"), pair("2023-01-01", "2023-06-30"));
        assert_eq!(before("2023-12-15", "2024-06-14"), pair("2022-12-15", "2023-06-14"));
        assert_eq!(before("2025-01-01", "2025-02-28"), pair("2024-01-01", "2024-02-29"));
        assert_eq!(before("2024-02-29", "2024-02-29"), pair("2023-02-28", "2023-02-28"));
        assert_eq!(before("2024-02-01", "2024-02-28"), pair("2023-02-01", "2023-02-28"));
        assert_eq!(before("2025-02-28", "2025-03-31"), pair("2024-02-28", "2024-03-31"));
    }

    #[test]
    fn the_day_changes_at_seventeen_hours_utc() {
        let at = |text: &str| today_in_vietnam(text.parse().unwrap());
        assert_eq!(at("2024-06-14T16:59:59Z"), date(2024, 6, 14));
        assert_eq!(at("2024-06-14T17:00:00Z"), date(2024, 6, 15));
        assert_eq!(at("2024-12-31T23:00:00Z"), date(2025, 1, 1));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(year in YEAR_MIN..=YEAR_MAX, month in 1_i8..=12, day in 1_i8..=28) {
            let day = date(year, month, day);
            proptest::prop_assert_eq!(parse(&format(day)), Ok(day));
        }
    }
}
