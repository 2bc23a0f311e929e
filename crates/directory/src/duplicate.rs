//! Events that may be the same, logged twice: a visit by a district and by its province, or by one unit two times. It
//! takes the tree of units to tell, and both who keeps the events and who counts them have to.

use banggiao_contracts::journal::v1::{self as pb, Phase};
use banggiao_model::{
    date::{self, Date},
    hierarchy::{Hierarchy, Key},
    name,
};

/// Events whose first days lie further apart than this many days are not the same.
pub const FIRST_DAYS_APART_MAX: i64 = 31;
/// Counts that differ by no more than this, or by a fifth of the larger one, are similar.
const COUNTS_APART_MAX: i64 = 2;

/// Whether two events may be the same: neither is cancelled, they are of one type and direction and begin at the same
/// marker, their days overlap, a partner of one is a partner of the other or stands over or under it, likewise their home
/// units, their counts are similar, and nobody has said that they are two. Unknown is similar to everything.
#[must_use]
pub fn alike(one: &pb::Event, other: &pb::Event, hierarchy: &Hierarchy) -> bool {
    let said_to_be_two = one.distinct_from.contains(&other.name) || other.distinct_from.contains(&one.name);
    let (Some(days), Some(other_days)) = (first_and_last_day(one), first_and_last_day(other)) else {
        return false;
    };
    one.name != other.name
        && !said_to_be_two
        && ![one, other].iter().any(|event| event.phase() == Phase::Cancelled)
        && one.event_type == other.event_type
        && one.direction == other.direction
        && (one.marker_from == other.marker_from || one.marker_from.is_empty() || other.marker_from.is_empty())
        && days.0 <= other_days.1
        && other_days.0 <= days.1
        && days
            .0
            .until(other_days.0)
            .is_ok_and(|span| i64::from(span.get_days()).abs() <= FIRST_DAYS_APART_MAX)
        && similar(one.persons, other.persons)
        && similar(one.delegations, other.delegations)
        && [days.0, other_days.0]
            .iter()
            .any(|day| related(&one.partner_units, &other.partner_units, *day, hierarchy))
        && [days.0, other_days.0]
            .iter()
            .any(|day| related(&homes(one), &homes(other), *day, hierarchy))
}

/// The partners that an event alike may name: those of the event, and all over and under them on its first day.
#[must_use]
pub fn kin_of_partners(event: &pb::Event, hierarchy: &Hierarchy) -> Vec<Key> {
    let Ok(day) = date::parse(&event.start_date) else {
        return Vec::new();
    };
    let mut kin: Vec<Key> = keys(&event.partner_units, hierarchy)
        .flat_map(|key| {
            let over = hierarchy.ancestors_on(key, day);
            over.into_iter().chain(hierarchy.subtree_on(key, day))
        })
        .collect();
    kin.sort_unstable();
    kin.dedup();
    kin
}

/// The first and last day of a stored event.
#[must_use]
pub fn first_and_last_day(event: &pb::Event) -> Option<(Date, Date)> {
    let first = date::parse(&event.start_date).ok()?;
    Some((first, date::parse(&event.end_date).unwrap_or(first)))
}

fn homes(event: &pb::Event) -> Vec<String> {
    std::iter::once(&event.home_unit)
        .chain(&event.co_home_units)
        .cloned()
        .collect()
}

fn similar(one: Option<i64>, other: Option<i64>) -> bool {
    let Some((one, other)) = one.zip(other) else {
        return true;
    };
    (one - other).abs() <= COUNTS_APART_MAX.max(one.max(other) / 5)
}

fn related(some: &[String], others: &[String], day: Date, hierarchy: &Hierarchy) -> bool {
    keys(some, hierarchy).any(|one| {
        keys(others, hierarchy)
            .any(|other| one == other || hierarchy.in_subtree(one, other, day) || hierarchy.in_subtree(other, one, day))
    })
}

fn keys<'a>(units: &'a [String], hierarchy: &'a Hierarchy) -> impl Iterator<Item = Key> + 'a {
    units
        .iter()
        .filter_map(|unit| hierarchy.key_of(name::collection_id(unit, "units")?))
}
