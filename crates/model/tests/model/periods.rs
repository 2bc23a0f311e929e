//! Periods: what is read, which days they have, and that each calendar covers every day once.

use banggiao_model::date::{self, Date};
use banggiao_model::period::{Calendar, Error, Period};
use proptest::prelude::*;

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

#[test]
fn names_are_read_in_both_forms_and_any_case() {
    for text in [
        "civil/2024-H1",
        "civil/2024-h1",
        "CIVIL/2024-h1",
        "calendars/civil/periods/2024-h1",
    ] {
        assert_eq!(period(text).name(), "calendars/civil/periods/2024-h1");
        assert_eq!(period(text).calendar_name(), "calendars/civil");
        assert_eq!(period(text).to_string(), "civil/2024-h1");
    }
    assert_eq!(period("legal/2024").id(), "2024");
    assert_eq!(period("legal/2024-Q3").id(), "2024-q3");
    assert_eq!(period("legal/2024-05").id(), "2024-05");
}

#[test]
fn nothing_else_is_read() {
    for text in [
        "",
        "2024",
        "civil",
        "civil/",
        "civil/24",
        "civil/2024-h3",
        "civil/2024-h0",
        "civil/2024-q5",
        "civil/2024-13",
        "civil/2024-00",
        "civil/2024-5",
        "civil/2024-h1/",
        "civil/+024",
        "calendars/civil/2024",
        "calendars/civil/periods/2024/x",
        "civil/2024-",
        "civil/2024-005",
    ] {
        assert_eq!(Period::parse(text), Err(Error::Form(text.to_owned())), "{text}");
    }
    assert_eq!(
        Period::parse("campaign/2024"),
        Err(Error::Calendar("campaign".to_owned()))
    );
    assert_eq!(Period::parse("/2024"), Err(Error::Calendar(String::new())));
    assert_eq!(Period::parse("civil/1899"), Err(Error::Year(1899)));
    assert_eq!(Period::parse("civil/2201-h1"), Err(Error::Year(2201)));
}

#[test]
fn days_follow_the_circular() {
    for (text, start, end) in [
        ("civil/2024", "2024-01-01", "2024-12-31"),
        ("civil/2024-h1", "2024-01-01", "2024-06-30"),
        ("civil/2024-q1", "2024-01-01", "2024-03-31"),
        ("civil/2024-02", "2024-02-01", "2024-02-29"),
        ("civil/2025-02", "2025-02-01", "2025-02-28"),
        ("legal/2024", "2023-12-15", "2024-12-14"),
        ("legal/2024-h1", "2023-12-15", "2024-06-14"),
        ("legal/2024-h2", "2024-06-15", "2024-12-14"),
        ("legal/2024-q1", "2023-12-15", "2024-03-14"),
        ("legal/2024-q4", "2024-09-15", "2024-12-14"),
        ("legal/2024-01", "2023-12-15", "2024-01-14"),
        ("legal/2024-03", "2024-02-15", "2024-03-14"),
        ("legal/2024-12", "2024-11-15", "2024-12-14"),
    ] {
        assert_eq!(date::format(period(text).start()), start, "{text}");
        assert_eq!(date::format(period(text).end()), end, "{text}");
    }
}

#[test]
fn the_fifteenth_begins_the_next_legal_month() {
    let at = |text: &str| date::parse(text).unwrap();
    assert_eq!(Calendar::Legal.month_of(at("2024-06-14")), period("legal/2024-06"));
    assert_eq!(Calendar::Legal.half_of(at("2024-06-14")), period("legal/2024-h1"));
    assert_eq!(Calendar::Legal.half_of(at("2024-06-15")), period("legal/2024-h2"));
    assert_eq!(Calendar::Legal.year_of(at("2023-12-14")), period("legal/2023"));
    assert_eq!(Calendar::Legal.year_of(at("2023-12-15")), period("legal/2024"));
    assert_eq!(Calendar::Legal.quarter_of(at("2024-03-15")), period("legal/2024-q2"));
    assert_eq!(Calendar::Civil.quarter_of(at("2024-03-31")), period("civil/2024-q1"));
}

#[test]
fn the_ends_of_the_calendar_do_not_panic() {
    for calendar in Calendar::ALL {
        for date in [Date::MIN, Date::MAX] {
            let month = calendar.month_of(date);
            assert!(month.start() <= month.end());
            assert!(month.previous_year().start() <= month.end());
        }
        assert_eq!(Period::list(calendar, i16::MAX).len(), 19);
        for period in Period::list(calendar, i16::MIN) {
            assert!(period.start() <= period.end());
        }
    }
}

proptest! {
    #[test]
    fn every_day_lies_in_one_period_of_each_length(days in 0_i32..=109_000, legal in any::<bool>()) {
        let calendar = if legal { Calendar::Legal } else { Calendar::Civil };
        let date = Date::constant(1901, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let holding: Vec<Period> = [0, 1]
            .into_iter()
            .flat_map(|next| Period::list(calendar, date.year() + next))
            .filter(|period| period.contains(date))
            .collect();
        let expected =
            vec![calendar.year_of(date), calendar.half_of(date), calendar.quarter_of(date), calendar.month_of(date)];
        prop_assert_eq!(holding, expected);
    }

    #[test]
    fn names_are_read_back(year in date::YEAR_MIN..=date::YEAR_MAX, index in 0_usize..19, legal in any::<bool>()) {
        let calendar = if legal { Calendar::Legal } else { Calendar::Civil };
        let period = Period::list(calendar, year)[index];
        prop_assert_eq!(Period::parse(&period.name()), Ok(period));
        prop_assert_eq!(Period::parse(&period.to_string().to_uppercase()), Ok(period));
        prop_assert_eq!(period.previous_year().id().replace(&(year - 1).to_string(), &year.to_string()), period.id());
    }
}
