//! Applying a change: a unit as it began is checked and entered here, acts are handed on.
//!
//! It owns the order of changes and that each is applied whole or not at all.

use super::unit::Unit;
use super::{Change, Hierarchy, Key, UNITS_MAX, UnitSeed, Version, Violation, ViolationKind, reorganize};
use crate::date::{self, Date};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Hierarchy {
    /// Checks a change and applies it; if it is refused, nothing has changed.
    ///
    /// Positions rise strictly but may skip, since registry's feed carries more than units. Effective dates may lie
    /// before those of earlier changes (backdated acts): the change is spliced into the versions there are.
    ///
    /// # Errors
    /// Every [`Violation`] that can be seen at once. Cycles are looked for only when nothing else is wrong.
    pub fn apply(&mut self, position: u64, change: &Change) -> Result<(), Vec<Violation>> {
        self.apply_shared(position, &Arc::new(change.clone()))
    }

    /// As [`Self::apply`], keeping the very change it was given.
    pub(super) fn apply_shared(&mut self, position: u64, change: &Arc<Change>) -> Result<(), Vec<Violation>> {
        if position <= self.position {
            let kind = ViolationKind::PositionNotAfter {
                given: position,
                last: self.position,
            };
            return Err(vec![Violation {
                path: "position".to_owned(),
                kind,
            }]);
        }
        match change.as_ref() {
            Change::Unit(seed) => self.establish(seed)?,
            Change::Reorganization(reorganization) => *self = reorganize::reorganized(self, reorganization)?,
        }
        self.position = position;
        Arc::make_mut(&mut self.log).push((position, Arc::clone(change)));
        Ok(())
    }

    /// Enters a unit. If its parent has ended since, it is carried along to the parent's successor like the others.
    fn establish(&mut self, seed: &UnitSeed) -> Result<(), Vec<Violation>> {
        let parent = self.check_seed(seed)?;
        let until = seed.end.map(date::day_after);
        let spans = match parent {
            Some(parent) => self.parents_through(parent, seed.start, until),
            None => vec![(seed.start, until, None)],
        };
        let versions = spans.into_iter().map(|(from, until, parent)| Version {
            from,
            until,
            parent,
            kind: Arc::clone(&seed.kind),
            level: seed.level,
            names: Arc::clone(&seed.names),
        });
        let unit = Unit {
            id: seed.id.clone(),
            country: Arc::clone(&seed.country),
            versions: versions.collect(),
            successors: Vec::new(),
            predecessors: Vec::new(),
            merged_on: Vec::new(),
            acts_on: Vec::new(),
            children_ever: BTreeSet::new(),
        };
        let key = Key::new(self.units.len());
        let parents: Vec<Key> = unit.versions.iter().filter_map(|version| version.parent).collect();
        Arc::make_mut(&mut self.units).push(Arc::new(unit));
        Arc::make_mut(&mut self.keys).insert(seed.id.clone(), key);
        for parent in parents {
            self.remember_child(parent, key);
        }
        Ok(())
    }

    /// The parent's key, if the unit may be entered.
    fn check_seed(&self, seed: &UnitSeed) -> Result<Option<Key>, Vec<Violation>> {
        let mut violations = Vec::new();
        let mut refuse = |path: &str, kind| {
            violations.push(Violation {
                path: path.to_owned(),
                kind,
            });
        };
        if self.keys.contains_key(&seed.id) {
            refuse("id", ViolationKind::AlreadyExists { unit: seed.id.clone() });
        }
        if self.units.len() >= UNITS_MAX {
            refuse("id", ViolationKind::TooManyUnits);
        }
        for (path, date) in [("start_date", Some(seed.start)), ("end_date", seed.end)] {
            if let Some(date) = date.filter(|date| !date::in_range(*date)) {
                refuse(path, ViolationKind::DateOutOfRange { date });
            }
        }
        if let Some(end) = seed.end.filter(|end| *end < seed.start) {
            refuse("end_date", ViolationKind::EndBeforeStart { start: seed.start, end });
        }
        let parent = seed.parent.as_ref().map(|id| (id, self.key(id)));
        match parent {
            None => {}
            Some((id, _)) if *id == seed.id => {
                refuse(
                    "parent",
                    ViolationKind::Cycle {
                        unit: id.clone(),
                        on: seed.start,
                    },
                );
            }
            Some((id, None)) => refuse("parent", ViolationKind::UnknownUnit { unit: id.clone() }),
            Some((id, Some(key))) if !self.alive_on(key, seed.start) => {
                refuse(
                    "parent",
                    ViolationKind::ParentNotAlive {
                        unit: id.clone(),
                        on: seed.start,
                    },
                );
            }
            Some((_, Some(_))) => {}
        }
        if violations.is_empty() {
            Ok(parent.and_then(|(_, key)| key))
        } else {
            Err(violations)
        }
    }

    /// Says whether a unit is alive the day before a day and on it.
    pub(super) fn alive_across(&self, key: Key, date: Date) -> Result<(), Date> {
        match [date::day_before(date), date]
            .into_iter()
            .find(|day| !self.alive_on(key, *day))
        {
            Some(day) => Err(day),
            None => Ok(()),
        }
    }
}
