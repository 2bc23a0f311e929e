//! Recording and changing periods: which fields may be, and what would contradict the others.

use std::collections::BTreeSet;

use banggiao_contracts::reporting::v1::{self as pb, PeriodKind};
use banggiao_model::{date::Date, period::Period};
use banggiao_rpc::{Scope, Violations, mask::Fields, wire};

use super::{CAMPAIGN, campaigns, days};
use crate::domain::{Error, checked, definition::Edition, rule};

/// An id of a period is at most so long.
const ID_MAX: usize = 41;

/// The fields of a period that may be changed.
pub const FIELDS: Fields<pb::Period> = Fields(&[
    ("titles", |old, new| old.titles.clone_from(&new.titles)),
    ("start_date", |old, new| old.start_date.clone_from(&new.start_date)),
    ("end_date", |old, new| old.end_date.clone_from(&new.end_date)),
    ("parent", |old, new| old.parent.clone_from(&new.parent)),
    ("deadlines", |old, new| old.deadlines.clone_from(&new.deadlines)),
]);

/// The name of a campaign's period to be recorded under an id.
pub fn period_id(id: &str, scope: &mut Scope<'_>) -> Option<String> {
    if id.is_empty() {
        scope.required("period_id");
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let valid = id.len() <= ID_MAX && id.bytes().all(|byte| plain(byte) || byte == b'-') && plain(id.as_bytes()[0]);
    if !valid {
        scope.invalid(
            "period_id",
            format!("{id:?} is not of the form [a-z0-9][a-z0-9-]{{0,40}}"),
        );
        return None;
    }
    Some(format!("calendars/{CAMPAIGN}/periods/{id}"))
}

/// Checks a revision, of a campaign also against the periods that there are.
///
/// # Errors
/// [`Error::Invalid`] with every fault; [`Error::Precondition`] if it contradicts the others.
pub fn check(edition: Edition<'_>, period: &pb::Period, field: &str) -> Result<(), Error> {
    let mut violations = Violations::new();
    let mut scope = violations.scope(field);
    wire::names(&period.titles, "titles", &mut scope);
    deadlines(period, &mut scope);
    if Period::parse(&period.name).is_ok() {
        return violations.check(()).map_err(Error::Invalid);
    }
    let own = campaign_days(period, &mut scope);
    let season = season_of(edition, period, &mut scope);
    let own = checked(own, violations)?;
    conflicts(edition, period, own, season)
}

fn deadlines(period: &pb::Period, scope: &mut Scope<'_>) {
    let mut levels = BTreeSet::new();
    for (index, deadline) in period.deadlines.iter().enumerate() {
        let mut scope = scope.scope(&format!("deadlines[{index}]"));
        match wire::level(deadline.level, "level", &mut scope) {
            None => scope.required("level"),
            Some(_) if !levels.insert(deadline.level) => scope.invalid("level", "has a deadline already"),
            Some(_) => {}
        }
        let cut_off = wire::required_day(&deadline.cut_off_date, "cut_off_date", &mut scope);
        let due = wire::required_day(&deadline.due_date, "due_date", &mut scope);
        let lock = wire::day(&deadline.lock_date, "lock_date", &mut scope);
        in_order(cut_off, due, "due_date", &mut scope);
        in_order(due, lock, "lock_date", &mut scope);
    }
}

fn in_order(first: Option<Date>, second: Option<Date>, field: &str, scope: &mut Scope<'_>) {
    if let (Some(first), Some(second)) = (first, second)
        && second < first
    {
        scope.invalid(field, format!("{second} is before {first}"));
    }
}

/// The days of a campaign's period.
fn campaign_days(period: &pb::Period, scope: &mut Scope<'_>) -> Option<super::Days> {
    for (field, value) in [("start_date", &period.start_date), ("end_date", &period.end_date)] {
        if value.is_empty() {
            scope.required(field);
        }
    }
    let (start, end) = wire::days(&period.start_date, &period.end_date, scope);
    start.zip(end)
}

/// The dry season of a stage or wave.
fn season_of<'a>(edition: Edition<'a>, period: &pb::Period, scope: &mut Scope<'_>) -> Option<&'a pb::Period> {
    match wire::enumeration(period.kind, "kind", scope) {
        PeriodKind::Unspecified => scope.required("kind"),
        PeriodKind::Month | PeriodKind::Quarter | PeriodKind::Half | PeriodKind::Year => {
            scope.invalid("kind", "is no kind of a campaign's period");
        }
        PeriodKind::DrySeason => {
            if !period.parent.is_empty() {
                scope.invalid("parent", "goes with a stage or a wave only");
            }
        }
        PeriodKind::Stage | PeriodKind::Wave => {
            let season =
                campaigns(edition).find(|other| other.name == period.parent && other.kind() == PeriodKind::DrySeason);
            match season {
                Some(season) => return Some(season),
                None if period.parent.is_empty() => scope.required("parent"),
                None => scope.unknown("parent", &period.parent),
            }
        }
    }
    None
}

/// What of the other periods a campaign's period contradicts.
fn conflicts(
    edition: Edition<'_>,
    period: &pb::Period,
    own: super::Days,
    season: Option<&pb::Period>,
) -> Result<(), Error> {
    let mut violations = Vec::new();
    let mut told = |other: &pb::Period, what: &str| {
        let text = format!("{what} ({} to {})", other.start_date, other.end_date);
        violations.push((other.name.clone(), text));
    };
    if let Some(season) = season
        && !days(season).is_some_and(|days| holds(days, own))
    {
        told(season, "does not hold all days of this part of it");
    }
    if period.kind() == PeriodKind::DrySeason {
        for other in campaigns(edition).filter(|other| other.name != period.name) {
            let Some(theirs) = days(other) else { continue };
            if other.kind() == PeriodKind::DrySeason && own.0 <= theirs.1 && theirs.0 <= own.1 {
                told(other, "shares days with this season");
            }
            if other.parent == period.name && !holds(own, theirs) {
                told(other, "is a part of this season and would lie outside it");
            }
        }
    }
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::Precondition {
        reason: rule::PERIOD_CONFLICT,
        violations,
    })
}

fn holds(outer: super::Days, inner: super::Days) -> bool {
    outer.0 <= inner.0 && inner.1 <= outer.1
}
