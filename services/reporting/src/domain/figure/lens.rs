//! The lens through which a record's units are seen: where each stands in the hierarchy asked for, and whether that lies
//! below a root.
//!
//! Hierarchies change on few days, and records are read day by day, so what was found for a unit is kept until the next
//! day on which any unit changes.

use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key, Rule},
};

/// How a unit of a record is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seen {
    /// The unit as named in the record.
    pub named: Key,
    /// Where it stands on the day of the hierarchy; absent if it cannot be placed.
    pub placed: Option<Key>,
    /// By which rule.
    pub rule: Rule,
    /// As what it counts: as named in the hierarchy of the record's day, as placed in that of another day.
    pub shown: Option<Key>,
    /// The root's direct child that holds it, or the root for the root; absent outside the root's subtree.
    pub child: Option<Key>,
    /// The day of the hierarchy.
    pub on: Date,
}

/// The days on which anything changes in a hierarchy, in order.
#[must_use]
pub fn days_of_change(hierarchy: &Hierarchy) -> Vec<Date> {
    let versions = hierarchy.keys().flat_map(|key| hierarchy.unit(key).versions());
    let mut days: Vec<Date> = versions
        .flat_map(|version| [Some(version.from), version.until])
        .flatten()
        .collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Sees units in the hierarchy of the record's own day, or of one given day.
#[derive(Debug)]
pub struct Lens<'a> {
    hierarchy: &'a Hierarchy,
    days_of_change: &'a [Date],
    root: Option<Key>,
    as_of: Option<Date>,
    /// By unit: what was seen, and between which days of change.
    seen: Vec<Option<(usize, Seen)>>,
}

impl<'a> Lens<'a> {
    /// A lens on the subtree of `root`, or on no subtree.
    #[must_use]
    pub fn new(hierarchy: &'a Hierarchy, days_of_change: &'a [Date], root: Option<Key>, as_of: Option<Date>) -> Self {
        Self {
            hierarchy,
            days_of_change,
            root,
            as_of,
            seen: Vec::new(),
        }
    }

    /// Between which days of change a day lies.
    pub fn stretch(&self, day: Date) -> usize {
        self.days_of_change.partition_point(|change| *change <= day)
    }

    /// How a unit of a record of that day is seen.
    pub fn see(&mut self, unit: Key, day: Date) -> Seen {
        let stretch = self.stretch(day);
        if let Some(Some((known, seen))) = self.seen.get(unit.index())
            && *known == stretch
        {
            return *seen;
        }
        let seen = self.look(unit, day);
        // One that is never looked through takes no memory.
        if self.seen.is_empty() {
            self.seen = vec![None; self.hierarchy.len()];
        }
        if let Some(slot) = self.seen.get_mut(unit.index()) {
            *slot = Some((stretch, seen));
        }
        seen
    }

    fn look(&mut self, unit: Key, day: Date) -> Seen {
        let on = self.as_of.unwrap_or(day);
        // On its own day a unit is alive, unless an act was backdated; then its successor stands for it on that day.
        let placement = self.hierarchy.place(unit, day, on);
        let child = placement.unit.and_then(|placed| self.child(placed, day, on));
        Seen {
            named: unit,
            placed: placement.unit,
            rule: placement.rule,
            shown: if self.as_of.is_some() {
                placement.unit
            } else {
                Some(unit)
            },
            child,
            on,
        }
    }

    /// The root's direct child that holds a unit: the one that holds its parent, which has been seen before most of its
    /// children.
    fn child(&mut self, placed: Key, day: Date, on: Date) -> Option<Key> {
        let root = self.root?;
        match self.hierarchy.parent_on(placed, on) {
            Some(parent) if placed != root && parent != root => {
                let above = self.see(parent, day);
                if above.placed == Some(parent) {
                    return above.child;
                }
            }
            _ => {}
        }
        self.hierarchy.child_towards(root, placed, on)
    }
}
