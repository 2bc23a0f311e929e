//! Returns (báo cáo của đơn vị): who owes one for a period, and where a unit stands with it.

use banggiao_contracts::reporting::v1::{self as pb, ReturnState};
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key},
};

use super::{Error, calendar::Deadline, rule};

/// The country whose units send returns: reports are those of the home side.
pub const HOME_COUNTRY: &str = "VN";

/// When a unit's return for a period is due; nothing if it owes none: a unit of the home side that was there when the
/// figures were cut off, and whose level has a deadline.
#[must_use]
pub fn owed(hierarchy: &Hierarchy, unit: Key, deadlines: &[Deadline]) -> Option<Deadline> {
    if hierarchy.unit(unit).country() != HOME_COUNTRY {
        return None;
    }
    let of_level = |deadline: &&Deadline| {
        let version = hierarchy.version_on(unit, deadline.cut_off);
        version.is_some_and(|version| version.level == deadline.level)
    };
    deadlines.iter().find(of_level).copied()
}

/// Refuses a return that is not owed, comes before the figures are cut off, or after its lock date.
///
/// # Errors
/// [`Error::Precondition`] with the reason in words.
pub fn check_taken(deadline: Option<Deadline>, unit: &str, today: Date) -> Result<Deadline, Error> {
    let refused = |why: String| Error::rule(rule::RETURN_NOT_TAKEN, unit, why);
    let deadline = deadline.ok_or_else(|| refused("owes no return for this period".to_owned()))?;
    if today < deadline.cut_off {
        let why = format!(
            "the figures of this period are cut off on {}; it is too early",
            deadline.cut_off
        );
        return Err(refused(why));
    }
    match deadline.lock {
        Some(lock) if lock < today => Err(refused(format!("no return is taken after {lock}"))),
        _ => Ok(deadline),
    }
}

/// Where a unit stands on a day.
#[must_use]
pub fn state(deadline: Deadline, sent: Option<&pb::Return>, on: Date) -> ReturnState {
    match sent {
        Some(sent) if sent.late => ReturnState::SentLate,
        Some(sent) if sent.nil => ReturnState::Nil,
        Some(_) => ReturnState::Sent,
        None if deadline.lock.is_some_and(|lock| lock < on) => ReturnState::Locked,
        None if deadline.due < on => ReturnState::Overdue,
        None => ReturnState::Owed,
    }
}

#[cfg(test)]
mod tests {
    use banggiao_model::{date, level::Level};

    use super::*;

    #[test]
    fn a_unit_stands_where_the_dates_say() {
        let day = |text| date::parse(text).unwrap();
        let deadline = Deadline {
            level: Level::Province,
            cut_off: day("2024-06-14"),
            due: day("2024-06-21"),
            lock: Some(day("2024-07-21")),
        };
        let sent = |late, nil| pb::Return {
            late,
            nil,
            ..pb::Return::default()
        };
        for (given, on, expected) in [
            (None, "2024-06-21", ReturnState::Owed),
            (None, "2024-06-22", ReturnState::Overdue),
            (None, "2024-07-21", ReturnState::Overdue),
            (None, "2024-07-22", ReturnState::Locked),
            (Some(sent(false, false)), "2024-06-30", ReturnState::Sent),
            (Some(sent(false, true)), "2024-06-30", ReturnState::Nil),
            (Some(sent(true, true)), "2024-08-30", ReturnState::SentLate),
        ] {
            assert_eq!(state(deadline, given.as_ref(), day(on)), expected, "{on}");
        }
        let taken = |on| check_taken(Some(deadline), "units/a", day(on)).is_ok();
        assert!(!taken("2024-06-13") && taken("2024-06-14") && taken("2024-07-21") && !taken("2024-07-22"));
        assert!(check_taken(None, "units/a", day("2024-06-20")).is_err());
    }
}
