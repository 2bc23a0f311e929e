//! What a period is called in a report, in Vietnamese and English.
//!
//! It owns the wording only; which days a period has is known to its parent.

use super::{Calendar, Period, Span};
use crate::date::written;

const QUARTERS_VI: [&str; 4] = ["I", "II", "III", "IV"];
const ORDINALS_EN: [&str; 4] = ["First", "Second", "Third", "Fourth"];
#[rustfmt::skip]
const MONTHS_EN: [&str; 12] = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
];

impl Period {
    /// The title in a language, `en` or else Vietnamese: `6 tháng đầu năm 2024`, `First half of 2024`.
    ///
    /// A legal period states its days, because readers take a month for a civil one: `Tháng 5 năm 2024 (từ 15/4/2024
    /// đến 14/5/2024)`.
    #[must_use]
    pub fn title(self, lang: &str) -> String {
        let english = lang.eq_ignore_ascii_case("en");
        let title = if english { self.title_en() } else { self.title_vi() };
        match (self.calendar, english) {
            (Calendar::Civil, _) => title,
            (Calendar::Legal, true) => format!(
                "{title} ({} to {})",
                written(self.start(), "en"),
                written(self.end(), "en")
            ),
            (Calendar::Legal, false) => format!(
                "{title} (từ {} đến {})",
                written(self.start(), "vi"),
                written(self.end(), "vi")
            ),
        }
    }

    fn title_vi(self) -> String {
        let year = self.year;
        match self.span {
            Span::Year => format!("Năm {year}"),
            Span::Half(1) => format!("6 tháng đầu năm {year}"),
            Span::Half(_) => format!("6 tháng cuối năm {year}"),
            Span::Quarter(quarter) => format!("Quý {} năm {year}", nth(&QUARTERS_VI, quarter)),
            Span::Month(month) => format!("Tháng {month} năm {year}"),
        }
    }

    fn title_en(self) -> String {
        let year = self.year;
        match self.span {
            Span::Year => format!("Year {year}"),
            Span::Half(half) => format!("{} half of {year}", nth(&ORDINALS_EN, half)),
            Span::Quarter(quarter) => format!("{} quarter of {year}", nth(&ORDINALS_EN, quarter)),
            Span::Month(month) => format!("{} {year}", nth(&MONTHS_EN, month)),
        }
    }
}

/// The word for a number from 1.
fn nth(words: &[&'static str], number: u8) -> &'static str {
    usize::from(number)
        .checked_sub(1)
        .and_then(|index| words.get(index).copied())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_read_as_reports_do() {
        for (period, vi, en) in [
            ("civil/2024", "Năm 2024", "Year 2024"),
            ("civil/2024-h1", "6 tháng đầu năm 2024", "First half of 2024"),
            ("civil/2024-h2", "6 tháng cuối năm 2024", "Second half of 2024"),
            ("civil/2024-q3", "Quý III năm 2024", "Third quarter of 2024"),
            ("civil/2024-05", "Tháng 5 năm 2024", "May 2024"),
            (
                "legal/2024-01",
                "Tháng 1 năm 2024 (từ 15/12/2023 đến 14/1/2024)",
                "January 2024 (15 December 2023 to 14 January 2024)",
            ),
        ] {
            let period = Period::parse(period).unwrap();
            assert_eq!(period.title("vi"), vi);
            assert_eq!(period.title("EN"), en);
            assert_eq!(period.title("km"), vi);
        }
    }
}
