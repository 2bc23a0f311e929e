//! Units as they begin: recorded one by one, or established by an act.
//!
//! It owns what a unit needs to begin, and that a unit recorded with its last day ends after it.

use super::splice::Span;
use super::{Hierarchy, Key, UNITS_MAX, Unit, UnitSeed, Version, Violation, ViolationKind};
use crate::date::{self, Date};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Hierarchy {
    /// Enters a unit into the whole history at once. If its parent has ended since, it is carried along to the
    /// parent's successor like the others. Nobody else's history depends on a unit that was not there before.
    pub(super) fn enter(&mut self, seed: &UnitSeed) -> Result<(), Vec<Violation>> {
        let parent = self.check_seed(seed)?;
        let key = self.admit(seed);
        let until = seed.end.map(date::day_after);
        let spans = match parent {
            Some(parent) => self.parents_through(parent, seed.start, until),
            None => vec![(seed.start, until, None)],
        };
        let heir = spans.last().and_then(|(_, _, parent)| *parent);
        let versions: Vec<Version> = spans.into_iter().map(|span| seed.version(span)).collect();
        let parents: Vec<Key> = versions.iter().filter_map(|version| version.parent).collect();
        if let Some(unit) = self.find_mut(key) {
            unit.versions = versions;
            unit.heir = heir.filter(|_| until.is_some());
        }
        for parent in parents {
            self.remember_child(parent, key);
        }
        Ok(())
    }

    /// Gives a unit its key, before it begins.
    pub(super) fn admit(&mut self, seed: &UnitSeed) -> Key {
        let key = Key::new(self.units.len());
        let unit = Unit {
            id: seed.id.clone(),
            country: Arc::clone(&seed.country),
            first_parent: seed.parent.as_ref().and_then(|parent| self.key(parent)),
            void: false,
            versions: Vec::new(),
            successors: Vec::new(),
            heir: None,
            predecessors: Vec::new(),
            joined_on: Vec::new(),
            children_ever: BTreeSet::new(),
        };
        Arc::make_mut(&mut self.units).push(Arc::new(unit));
        Arc::make_mut(&mut self.keys).insert(seed.id.clone(), key);
        key
    }

    /// Begins a unit on the day that the fold has come to.
    pub(super) fn begin(&mut self, key: Key, seed: &UnitSeed, parent: Option<Key>) {
        if let Some(unit) = self.find_mut(key) {
            unit.versions = vec![seed.version((seed.start, None, parent))];
        }
        if let Some(parent) = parent {
            self.remember_child(parent, key);
        }
    }

    /// Begins a unit that was entered before. Its parent may have ended by now, for an act was backdated since.
    pub(super) fn begin_again(&mut self, seed: &UnitSeed) -> Result<(), Vec<Violation>> {
        let Some(key) = self.key(&seed.id) else { return Ok(()) };
        let mut parent = seed.parent.as_ref().and_then(|parent| self.key(parent));
        // Every step leads to a unit that ended later or goes on; the limit only makes that plain.
        for _ in 0..self.units.len() {
            let Some(unit) = parent.and_then(|parent| self.find(parent)) else {
                break;
            };
            if unit.versions.is_empty() {
                let kind = unit.not_a_parent(seed.start);
                return Err(vec![Violation::new("parent", kind)]);
            }
            if unit.open().is_some() {
                break;
            }
            parent = unit.heir;
        }
        self.begin(key, seed, parent);
        Ok(())
    }

    /// Ends a unit after the last day it was recorded with, unless it has ended before.
    pub(super) fn expire(&mut self, seed: &UnitSeed, until: Date) {
        let Some(key) = self.key(&seed.id) else { return };
        let Some(open) = self.find(key).and_then(Unit::open) else {
            return;
        };
        let heir = open.parent;
        self.end(key, until, heir);
        for child in self.children_of(key) {
            self.reparent(child, until, heir);
        }
    }

    /// The parent's key, if the unit may be entered.
    fn check_seed(&self, seed: &UnitSeed) -> Result<Option<Key>, Vec<Violation>> {
        let mut violations = self.check_id(seed);
        let mut refuse = |path: &str, kind| violations.push(Violation::new(path, kind));
        for (path, date) in [("start_date", Some(seed.start)), ("end_date", seed.end)] {
            if let Some(date) = date.filter(|date| !date::in_range(*date)) {
                refuse(path, ViolationKind::DateOutOfRange { date });
            }
        }
        if let Some(end) = seed.end.filter(|end| *end < seed.start) {
            refuse("end_date", ViolationKind::EndBeforeStart { start: seed.start, end });
        }
        let parent = self.check_first_parent(seed);
        if let Err(kind) = &parent {
            refuse("parent", kind.clone());
        }
        match parent {
            Ok(parent) if violations.is_empty() => Ok(parent),
            _ => Err(violations),
        }
    }

    /// What is wrong with a unit's id.
    pub(super) fn check_id(&self, seed: &UnitSeed) -> Vec<Violation> {
        let mut violations = Vec::new();
        if self.keys.contains_key(&seed.id) {
            let unit = seed.id.clone();
            violations.push(Violation::new("id", ViolationKind::AlreadyExists { unit }));
        }
        if self.units.len() >= UNITS_MAX {
            violations.push(Violation::new("id", ViolationKind::TooManyUnits));
        }
        violations
    }

    /// The key of the parent that a unit begins under.
    pub(super) fn check_first_parent(&self, seed: &UnitSeed) -> Result<Option<Key>, ViolationKind> {
        let Some(parent) = &seed.parent else { return Ok(None) };
        let (unit, on) = (parent.clone(), seed.start);
        if *parent == seed.id {
            return Err(ViolationKind::Cycle { unit, on });
        }
        let Some(key) = self.key(parent) else {
            return Err(ViolationKind::UnknownUnit { unit });
        };
        if self.alive_on(key, on) {
            Ok(Some(key))
        } else {
            Err(self.unit(key).not_a_parent(on))
        }
    }
}

impl UnitSeed {
    /// A version of the unit as it began.
    fn version(&self, (from, until, parent): Span) -> Version {
        Version {
            from,
            until,
            parent,
            kind: Arc::clone(&self.kind),
            level: self.level,
            names: Arc::clone(&self.names),
        }
    }
}

impl Unit {
    /// Why an act cannot have this unit on a day.
    pub(super) fn not_alive(&self, on: Date) -> ViolationKind {
        let unit = self.id.clone();
        if self.void {
            ViolationKind::Void { unit }
        } else {
            ViolationKind::NotAlive { unit, on }
        }
    }

    /// Why no other can stand under this unit on a day.
    pub(super) fn not_a_parent(&self, on: Date) -> ViolationKind {
        let unit = self.id.clone();
        if self.void {
            ViolationKind::Void { unit }
        } else {
            ViolationKind::ParentNotAlive { unit, on }
        }
    }
}
