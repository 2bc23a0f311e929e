//! Reporting periods (kỳ báo cáo) of the two calendars that follow from a date alone.
//!
//! A legal month runs from the 15th of the month before to the 14th, as Decree 09/2019/NĐ-CP and Circular
//! 58/2020/TT-BQP prescribe for reports; quarters, halves and years are made of such months. Campaigns are data of an
//! installation and are not known here.

mod calendar;
mod title;

pub use calendar::Calendar;

use crate::date::{Date, YEAR_MAX, YEAR_MIN};
use std::fmt;

/// Which part of a year a period is. Private, so that there is no thirteenth month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Span {
    Year,
    Half(u8),
    Quarter(u8),
    Month(u8),
}

/// A year, half, quarter or month of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    calendar: Calendar,
    year: i16,
    span: Span,
}

/// What is wrong with the name of a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text does not have the form of a period's name.
    #[error("\"{0}\" is not a period: those read civil/2024, civil/2024-H1, legal/2024-Q3 or legal/2024-05")]
    Form(String),
    /// The calendar is neither `legal` nor `civil`.
    #[error("\"{0}\" is not a calendar of this kind: there are legal and civil")]
    Calendar(String),
    /// The year lies outside [`YEAR_MIN`] to [`YEAR_MAX`].
    #[error("the year {0} is not within {YEAR_MIN} to {YEAR_MAX}")]
    Year(i16),
}

impl Period {
    /// Reads `civil/2024-H1` or `calendars/civil/periods/2024-h1`, in any case.
    ///
    /// # Errors
    /// [`Error`] says whether the form, the calendar or the year is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let form = || Error::Form(text.chars().take(60).collect());
        let lower = text.to_ascii_lowercase();
        let parts: Vec<&str> = lower.splitn(5, '/').collect();
        let (["calendars", calendar, "periods", id] | [calendar, id]) = parts[..] else {
            return Err(form());
        };
        let (year, span) = read_id(id).ok_or_else(form)?;
        let calendar =
            Calendar::from_id(calendar).ok_or_else(|| Error::Calendar(calendar.chars().take(60).collect()))?;
        if (YEAR_MIN..=YEAR_MAX).contains(&year) {
            Ok(Self { calendar, year, span })
        } else {
            Err(Error::Year(year))
        }
    }

    /// All nineteen periods of a year of a calendar: the year, its halves, its quarters, its months.
    #[must_use]
    pub fn list(calendar: Calendar, year: i16) -> Vec<Self> {
        let halves = (1..=2).map(Span::Half);
        let quarters = (1..=4).map(Span::Quarter);
        let months = (1..=12).map(Span::Month);
        let spans = std::iter::once(Span::Year).chain(halves).chain(quarters).chain(months);
        spans.map(|span| Self { calendar, year, span }).collect()
    }

    /// The calendar it belongs to.
    #[must_use]
    pub fn calendar(self) -> Calendar {
        self.calendar
    }

    /// The year in its name. A legal year begins in December of the civil year before.
    #[must_use]
    pub fn year(self) -> i16 {
        self.year
    }

    /// The id within its calendar: `2024`, `2024-h1`, `2024-q3` or `2024-05`.
    #[must_use]
    pub fn id(self) -> String {
        match self.span {
            Span::Year => format!("{:04}", self.year),
            Span::Half(half) => format!("{:04}-h{half}", self.year),
            Span::Quarter(quarter) => format!("{:04}-q{quarter}", self.year),
            Span::Month(month) => format!("{:04}-{month:02}", self.year),
        }
    }

    /// The resource name, as `calendars/civil/periods/2024-h1`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}/periods/{}", self.calendar_name(), self.id())
    }

    /// The resource name of its calendar, as `calendars/civil`.
    #[must_use]
    pub fn calendar_name(self) -> String {
        self.calendar.name()
    }

    /// The first day.
    #[must_use]
    pub fn start(self) -> Date {
        match self.calendar {
            Calendar::Civil => day(self.year, self.first_month(), 1),
            Calendar::Legal if self.first_month() == 1 => day(self.year.saturating_sub(1), 12, 15),
            Calendar::Legal => day(self.year, self.first_month() - 1, 15),
        }
    }

    /// The last day, which still belongs to it.
    #[must_use]
    pub fn end(self) -> Date {
        match self.calendar {
            Calendar::Civil => day(self.year, self.last_month(), 1).last_of_month(),
            Calendar::Legal => day(self.year, self.last_month(), 14),
        }
    }

    /// Says whether a date lies in it.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        (self.start()..=self.end()).contains(&date)
    }

    /// The same part of the year before.
    #[must_use]
    pub fn previous_year(self) -> Self {
        Self {
            year: self.year.saturating_sub(1),
            ..self
        }
    }

    /// The period before: the month before a month, the half before a half.
    #[must_use]
    pub fn previous(self) -> Self {
        let (span, earlier_year) = match self.span {
            Span::Year => (Span::Year, true),
            Span::Half(half) => (Span::Half(before(half, 2)), half == 1),
            Span::Quarter(quarter) => (Span::Quarter(before(quarter, 4)), quarter == 1),
            Span::Month(month) => (Span::Month(before(month, 12)), month == 1),
        };
        Self {
            span,
            year: if earlier_year {
                self.year.saturating_sub(1)
            } else {
                self.year
            },
            ..self
        }
    }

    /// How many months it has.
    #[must_use]
    pub fn months(self) -> u8 {
        self.last_month() + 1 - self.first_month()
    }

    fn first_month(self) -> u8 {
        match self.span {
            Span::Year => 1,
            Span::Half(half) => 6 * half - 5,
            Span::Quarter(quarter) => 3 * quarter - 2,
            Span::Month(month) => month,
        }
    }

    fn last_month(self) -> u8 {
        match self.span {
            Span::Year => 12,
            Span::Half(half) => 6 * half,
            Span::Quarter(quarter) => 3 * quarter,
            Span::Month(month) => month,
        }
    }
}

impl fmt::Display for Period {
    /// The short form that people type: `civil/2024-h1`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.calendar.id(), self.id())
    }
}

/// Reads an id that is already in lower case.
fn read_id(id: &str) -> Option<(i16, Span)> {
    let (year, rest) = id.split_once('-').map_or((id, None), |(year, rest)| (year, Some(rest)));
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let span = match rest.map(str::as_bytes) {
        None => Span::Year,
        Some([b'h', half @ b'1'..=b'2']) => Span::Half(half - b'0'),
        Some([b'q', quarter @ b'1'..=b'4']) => Span::Quarter(quarter - b'0'),
        Some([b'0', month @ b'1'..=b'9']) => Span::Month(month - b'0'),
        Some([b'1', month @ b'0'..=b'2']) => Span::Month(10 + month - b'0'),
        Some(_) => return None,
    };
    Some((year.parse().ok()?, span))
}

/// The number before one of so many, of which the last comes before the first.
fn before(number: u8, of: u8) -> u8 {
    if number == 1 { of } else { number - 1 }
}

/// A day that exists in every year; beyond the calendar's ends it stands still there.
fn day(year: i16, month: u8, day: i8) -> Date {
    let beyond = if year < 0 { Date::MIN } else { Date::MAX };
    Date::new(year, month.cast_signed(), day).unwrap_or(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date;

    #[test]
    fn the_period_before_ends_the_day_before() {
        for calendar in Calendar::ALL {
            for period in Period::list(calendar, 2024) {
                let before = period.previous();
                assert_eq!(before.end(), date::day_before(period.start()), "{period}");
                assert_eq!(before.months(), period.months(), "{period}");
            }
        }
    }
}
