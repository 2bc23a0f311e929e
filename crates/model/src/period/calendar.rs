//! The two calendars, and which of their periods a date lies in.
//!
//! It owns the rule of the 15th; the days of a period follow from it in the parent module.

use super::{Period, Span};
use crate::date::Date;

/// A way of dividing time into years, halves, quarters and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Calendar {
    /// Months from the 15th to the 14th (kỳ báo cáo theo quy định). The year 2024 is 15 December 2023 to 14 December
    /// 2024.
    Legal,
    /// Months from the 1st to the last (theo năm dương lịch).
    Civil,
}

impl Calendar {
    /// Both calendars.
    pub const ALL: [Self; 2] = [Self::Legal, Self::Civil];

    /// The id, as `legal`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Legal => "legal",
            Self::Civil => "civil",
        }
    }

    /// The calendar of that id, in any case.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|calendar| calendar.id().eq_ignore_ascii_case(id))
    }

    /// The resource name, as `calendars/legal`.
    #[must_use]
    pub fn name(self) -> String {
        crate::name::name("calendars", self.id())
    }

    /// The month that holds a date.
    #[must_use]
    pub fn month_of(self, date: Date) -> Period {
        let next = self == Self::Legal && date.day() >= 15;
        let (year, month) = match (date.month(), next) {
            (12, true) => (date.year().saturating_add(1), 1),
            (month, true) => (date.year(), month + 1),
            (month, false) => (date.year(), month),
        };
        // The calendar's months are 1 to 12, so the sign is never lost.
        Period {
            calendar: self,
            year,
            span: Span::Month(month.unsigned_abs()),
        }
    }

    /// The quarter that holds a date.
    #[must_use]
    pub fn quarter_of(self, date: Date) -> Period {
        let month = self.month_of(date);
        Period {
            span: Span::Quarter((month.first_month() - 1) / 3 + 1),
            ..month
        }
    }

    /// The half-year that holds a date.
    #[must_use]
    pub fn half_of(self, date: Date) -> Period {
        let month = self.month_of(date);
        Period {
            span: Span::Half((month.first_month() - 1) / 6 + 1),
            ..month
        }
    }

    /// The year that holds a date.
    #[must_use]
    pub fn year_of(self, date: Date) -> Period {
        Period {
            span: Span::Year,
            ..self.month_of(date)
        }
    }
}
