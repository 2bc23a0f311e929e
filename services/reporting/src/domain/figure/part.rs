//! Parts: how a record is divided among the groups that it stands under.
//!
//! Keys of one side go together: grouped by child and unit, each home unit stands under its own child only. A record
//! without partner or programme stands under the group of those that have none, so that nothing is dropped.

use banggiao_model::hierarchy::Hierarchy;

use super::{
    group::{self, Group, Value},
    lens::Seen,
    quick::Map,
    record::Record,
    tally::{Adds, Thing},
};
use crate::domain::{
    measure::Side,
    query::{GroupKey, Query, Window},
};

/// The groups met so far, numbered.
#[derive(Debug)]
pub struct Groups {
    numbers: Map<Group, usize>,
    list: Vec<Group>,
}

impl Groups {
    /// None yet; or, without keys, the one group that holds everything.
    #[must_use]
    pub fn new(query: &Query) -> Self {
        let mut groups = Self {
            numbers: Map::default(),
            list: Vec::new(),
        };
        if query.group_by.is_empty() {
            groups.number(Group::default());
        }
        groups
    }

    /// All of them, by number.
    #[must_use]
    pub fn list(&self) -> &[Group] {
        &self.list
    }

    /// The number of a group that was met.
    #[must_use]
    pub fn find(&self, group: &Group) -> Option<usize> {
        if *group == Group::default() {
            return (!self.list.is_empty()).then_some(0);
        }
        self.numbers.get(group).copied()
    }

    fn number(&mut self, group: Group) -> usize {
        if group == Group::default() && !self.list.is_empty() {
            // Only without keys is a group empty, and then it is the only one.
            return 0;
        }
        *self.numbers.entry(group).or_insert_with(|| {
            self.list.push(group);
            self.list.len() - 1
        })
    }
}

/// A group that a record stands under, with what of it counts there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Number of the group.
    pub number: usize,
    /// The group.
    pub group: Group,
    /// The units or markers that count there, if such are counted.
    pub things: Vec<Thing>,
    /// What the record adds there, if it is not what it adds as a whole.
    pub adds: Option<Adds>,
}

/// A record as it is divided: its units inside the subtree, and the partner units that count.
#[derive(Debug, Clone, Copy)]
pub struct Divided<'a, 's> {
    /// The record.
    pub record: Record<'a>,
    /// Its units inside the subtree.
    pub homes: &'s [Seen],
    /// Its partner units that count.
    pub partners: &'s [Seen],
    /// The side whose units are counted, if units are.
    pub counted: Option<Side>,
}

/// Divides a record. `parts` is emptied first, and kept so that millions of records need no memory of their own.
pub fn divide(
    query: &Query,
    window: Window,
    hierarchy: &Hierarchy,
    groups: &mut Groups,
    divided: Divided<'_, '_>,
    parts: &mut Vec<Part>,
) {
    let (keys, record) = (&query.group_by, divided.record);
    parts.clear();
    parts.push(part(group::fill(keys, |key| {
        group::single_value(key, query, window, record)
    })));
    for (side, seen) in [(Side::Home, divided.homes), (Side::Partner, divided.partners)] {
        let counts = divided.counted == Some(side);
        if counts || keys.iter().any(|key| group::of_side(*key, side)) {
            let of_unit = |seen: &Seen| Part {
                things: seen.shown.filter(|_| counts).map(Thing::Unit).into_iter().collect(),
                ..part(group::fill(keys, |key| {
                    group::unit_value(key, side, seen, record, hierarchy)
                }))
            };
            if let ([one], [part]) = (seen, parts.as_mut_slice()) {
                // By far the most records have one unit, and this spends no memory on it.
                join(part, of_unit(one));
                continue;
            }
            let none = group::fill(keys, |key| group::of_side(key, side).then_some(Value::None));
            multiply(parts, merged(seen.iter().map(of_unit), none));
        }
    }
    if let Record::Event(fact) = record
        && keys.contains(&GroupKey::Programme)
    {
        let of = |value| group::fill(keys, |key| (key == GroupKey::Programme).then_some(value));
        multiply(
            parts,
            merged(
                fact.programmes().map(|id| part(of(Value::Programme(id)))),
                of(Value::None),
            ),
        );
    }
    if let Record::Event(fact) = record
        && keys.contains(&GroupKey::AidItem)
    {
        let of = |value| group::fill(keys, |key| (key == GroupKey::AidItem).then_some(value));
        let items = fact.extra().into_iter().flat_map(|extra| &extra.items);
        multiply(
            parts,
            merged(items.map(|(item, _)| part(of(Value::AidItem(*item)))), of(Value::None)),
        );
    }
    for part in parts {
        part.number = groups.number(part.group);
    }
}

fn part(group: Group) -> Part {
    Part {
        group,
        ..Part::default()
    }
}

/// Parts of the same group as one, or the group of those that have none.
fn merged(parts: impl Iterator<Item = Part>, none: Group) -> Vec<Part> {
    let mut merged: Vec<Part> = Vec::with_capacity(1);
    for part in parts {
        match merged.iter_mut().find(|known| known.group == part.group) {
            Some(known) => {
                let new = part
                    .things
                    .into_iter()
                    .filter(|thing| !known.things.contains(thing))
                    .collect::<Vec<Thing>>();
                known.things.extend(new);
            }
            None => merged.push(part),
        }
    }
    if merged.is_empty() {
        merged.push(part(none));
    }
    merged
}

/// Every part with every other: they fill different keys, and at most one of them has units.
fn multiply(parts: &mut Vec<Part>, others: Vec<Part>) {
    if let ([one], [_]) = (parts.as_mut_slice(), others.as_slice()) {
        // By far the most records have one unit and one programme.
        others.into_iter().for_each(|other| join(one, other));
        return;
    }
    let joined = |part: &Part, other: &Part| {
        let mut joined = part.clone();
        join(&mut joined, other.clone());
        joined
    };
    *parts = parts
        .iter()
        .flat_map(|part| others.iter().map(move |other| joined(part, other)))
        .collect();
}

fn join(part: &mut Part, other: Part) {
    for (place, value) in part.group.iter_mut().zip(other.group) {
        if value != Value::Unset {
            *place = value;
        }
    }
    part.things.extend(other.things);
}
