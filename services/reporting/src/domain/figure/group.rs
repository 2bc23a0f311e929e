//! Groups: the values of the keys asked for, and which of them a record, a unit or a programme gives.
//!
//! How a record with several units or programmes is divided is for [`super::part`].

use banggiao_contracts::{registry::v1::AgreementKind, r#type::v1::Direction};
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key},
    level::Level,
    name,
    period::Period,
};

use super::{lens::Seen, record::Record};
use crate::domain::{
    measure::Side,
    query::{GROUP_KEYS_MAX, GroupKey, Query, Window},
    symbol::{Symbol, Symbols},
};

/// What a record without a value for a key stands under, so that nothing is dropped.
pub const NONE: &str = "NONE";

/// A value of a key, small enough to be made for every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Value {
    /// There is no such key, or it is not this part's to fill.
    #[default]
    Unset,
    /// The record has no value for the key.
    None,
    /// A unit.
    Unit(Key),
    /// A country.
    Country([u8; 2]),
    /// A type of events.
    EventType(Symbol),
    /// A kind of agreements.
    Kind(AgreementKind),
    /// A direction.
    Direction(Direction),
    /// A programme.
    Programme(Symbol),
    /// A month, quarter, half-year or year.
    Period(Period),
    /// A level.
    Level(Level),
    /// An item of aid.
    AidItem(Symbol),
    /// A dry season, by its place among those of the query.
    Season(u16),
}

/// A value for each key asked for, in their order.
pub type Group = [Value; GROUP_KEYS_MAX];

/// A country's code as a value.
#[must_use]
pub fn country(hierarchy: &Hierarchy, unit: Key) -> [u8; 2] {
    let mut code = [b' '; 2];
    for (place, letter) in code.iter_mut().zip(hierarchy.unit(unit).country().bytes()) {
        *place = letter;
    }
    code
}

/// The value as it is written in a cell's group.
pub fn text(value: Value, query: &Query, hierarchy: &Hierarchy, symbols: &Symbols) -> String {
    match value {
        Value::Unset => String::new(),
        Value::None | Value::Direction(Direction::Unspecified) => NONE.to_owned(),
        Value::Unit(unit) => hierarchy.unit(unit).id().name(),
        Value::Country(code) => String::from_utf8_lossy(&code).trim_end().to_owned(),
        Value::EventType(id) => name::name("eventTypes", symbols.text(id)),
        Value::Kind(kind) => kind.as_str_name().trim_start_matches("AGREEMENT_KIND_").to_owned(),
        Value::Direction(direction) => direction.as_str_name().trim_start_matches("DIRECTION_").to_owned(),
        Value::Programme(id) => name::name("programmes", symbols.text(id)),
        // Items are words of those who record; this one must not be taken for no item.
        Value::AidItem(item) if symbols.text(item) == NONE => format!("\"{NONE}\""),
        Value::AidItem(item) => symbols.text(item).to_owned(),
        Value::Period(period) => period.name(),
        Value::Level(level) => level.code().to_owned(),
        Value::Season(place) => {
            let season = query.seasons.get(usize::from(place));
            season.map_or_else(|| NONE.to_owned(), |season| season.name.clone())
        }
    }
}

/// A group in which each key has the value given for it, or none yet.
pub fn fill(keys: &[GroupKey], value: impl Fn(GroupKey) -> Option<Value>) -> Group {
    let mut group = Group::default();
    for (place, key) in group.iter_mut().zip(keys) {
        *place = value(*key).unwrap_or_default();
    }
    group
}

/// Whether the units of a side give the key its value.
pub fn of_side(key: GroupKey, side: Side) -> bool {
    match side {
        Side::Home => matches!(key, GroupKey::ChildUnit | GroupKey::Unit | GroupKey::Level),
        Side::Partner => matches!(key, GroupKey::PartnerUnit | GroupKey::PartnerCountry),
    }
}

/// The value that a unit gives.
pub fn unit_value(key: GroupKey, side: Side, seen: &Seen, record: Record<'_>, hierarchy: &Hierarchy) -> Option<Value> {
    if !of_side(key, side) {
        return None;
    }
    Some(match key {
        // An agreement has its level by its first party, not by each of them.
        GroupKey::Level => match record {
            Record::Event(_) => level(seen, hierarchy),
            Record::Agreement(agreement, _) => Value::Level(agreement.level),
        },
        GroupKey::PartnerCountry => Value::Country(country(hierarchy, seen.named)),
        GroupKey::ChildUnit => seen.child.map_or(Value::None, Value::Unit),
        _ => seen.shown.map_or(Value::None, Value::Unit),
    })
}

/// The level of a unit where it stands in the hierarchy asked for.
fn level(seen: &Seen, hierarchy: &Hierarchy) -> Value {
    let version = seen.placed.and_then(|unit| hierarchy.version_on(unit, seen.on));
    version.map_or(Value::None, |version| Value::Level(version.level))
}

/// The dry season that holds a day.
fn season(query: &Query, day: Date) -> Value {
    let place = query.seasons.partition_point(|season| season.days.0 <= day);
    let found = place.checked_sub(1).filter(|place| day <= query.seasons[*place].days.1);
    found
        .and_then(|place| u16::try_from(place).ok())
        .map_or(Value::None, Value::Season)
}

/// The value that a record has once.
pub fn single_value(key: GroupKey, query: &Query, window: Window, record: Record<'_>) -> Option<Value> {
    match (key, record) {
        (GroupKey::EventType, Record::Event(fact)) => Some(Value::EventType(fact.event_type())),
        (GroupKey::EventType, Record::Agreement(agreement, _)) => Some(Value::Kind(agreement.kind)),
        (GroupKey::Direction, Record::Event(fact)) => Some(Value::Direction(fact.direction())),
        (GroupKey::Team, Record::Event(fact)) => {
            let team = fact.extra().and_then(|extra| extra.team);
            Some(team.map_or(Value::None, Value::Unit))
        }
        (GroupKey::Direction | GroupKey::Programme | GroupKey::Team | GroupKey::AidItem, Record::Agreement(..)) => {
            Some(Value::None)
        }
        (GroupKey::Month | GroupKey::Quarter | GroupKey::Half | GroupKey::Year | GroupKey::Campaign, _) => {
            period_value(key, query, window, record.day())
        }
        (
            GroupKey::ChildUnit | GroupKey::Unit | GroupKey::Level | GroupKey::PartnerUnit | GroupKey::PartnerCountry,
            _,
        )
        | (GroupKey::Programme | GroupKey::AidItem, Record::Event(_)) => None,
    }
}

/// The month, quarter, half-year, year or dry season that all records of a day have.
pub fn period_value(key: GroupKey, query: &Query, window: Window, day: Date) -> Option<Value> {
    let day = || window.aligned(day);
    match key {
        GroupKey::Month => Some(Value::Period(query.calendar.month_of(day()))),
        GroupKey::Quarter => Some(Value::Period(query.calendar.quarter_of(day()))),
        GroupKey::Half => Some(Value::Period(query.calendar.half_of(day()))),
        GroupKey::Year => Some(Value::Period(query.calendar.year_of(day()))),
        GroupKey::Campaign => Some(season(query, day())),
        _ => None,
    }
}
