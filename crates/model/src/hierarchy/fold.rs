//! The fold: changes carried out one after another in order of date.
//!
//! It owns that order. While it runs, the hierarchy is that of the day it has come to: whatever lives has no end yet,
//! and nothing of later days is there. To take a change up where its date belongs, everything later is undone first
//! and carried out once more afterwards.

use super::timeline::{self, Event, Phase};
use super::{Change, ChangeId, Hierarchy, Violation, ViolationKind, reorganize};
use crate::date::Date;
use std::sync::Arc;

/// Whether a change is read for the first time, or was accepted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// It is new: everything is checked.
    First,
    /// It was accepted before: only what has become impossible is refused.
    Again,
}

impl Hierarchy {
    /// The history with a reorganization or a correction in its place.
    pub(super) fn with(&self, position: u64, change: &Arc<Change>) -> Result<Self, Vec<Violation>> {
        let mut draft = self.clone();
        let events = self.timeline.events();
        for new in timeline::events(self.log.len(), position, change) {
            let place = self.timeline.place_of(&new);
            let mut start = place;
            if let Some(next) = events.get(place) {
                let first = self.undone_from(next.date);
                start = place.min(self.timeline.since(first).start);
                draft.rewind(first);
            }
            draft.carry_on(&events[start..place])?;
            draft.step(&new, change, Reading::First)?;
            draft
                .carry_on(&events[place..])
                .map_err(|contradiction| contradiction.with(change))?;
        }
        Ok(draft)
    }

    /// Undoes everything from a day on, and carries out again what is left of it.
    pub(super) fn refold(&mut self, first: Date, left: impl Fn(&Event) -> bool) -> Result<(), Contradiction> {
        let first = self.undone_from(first);
        let events = &self.timeline.events()[self.timeline.since(first)];
        let events: Vec<Event> = events.iter().copied().filter(left).collect();
        self.rewind(first);
        self.carry_on(&events)
    }

    /// Carries out events that were accepted before.
    fn carry_on(&mut self, events: &[Event]) -> Result<(), Contradiction> {
        for event in events {
            let Some((_, change)) = self.log.get(event.index).cloned() else {
                continue;
            };
            self.step(event, &change, Reading::Again)
                .map_err(|violations| Contradiction {
                    change,
                    on: event.date,
                    violations,
                })?;
        }
        Ok(())
    }

    /// Carries out one event on the hierarchy of its day. If it is refused, the hierarchy is good for nothing.
    pub(super) fn step(&mut self, event: &Event, change: &Change, reading: Reading) -> Result<(), Vec<Violation>> {
        match change {
            Change::Unit(seed) => match event.phase {
                Phase::Expiry => self.expire(seed, event.date),
                Phase::Change => self.begin_again(seed)?,
            },
            Change::Reorganization(order) => reorganize::carry_out(self, order, reading)?,
            Change::Correction(correction) => self.correct(correction),
            // It takes effect by what it leaves out.
            Change::Revocation { .. } => {}
        }
        Ok(())
    }

    /// The day from which on everything must be undone if it must be from `first` on.
    ///
    /// A correction whose version is gone has altered the version that was in force before it, so undoing it means to
    /// undo that version.
    fn undone_from(&self, first: Date) -> Date {
        let mut first = first;
        loop {
            let events = &self.timeline.events()[self.timeline.since(first)];
            let altered = events
                .iter()
                .filter_map(|event| match self.log[event.index].1.as_ref() {
                    Change::Correction(correction) => {
                        let unit = self.find(self.key(&correction.unit)?)?;
                        let mut before = unit.versions.iter().filter(|version| version.from < first);
                        let last = before.next_back()?;
                        (last.until.is_none_or(|until| correction.from <= until)).then_some(last.from)
                    }
                    Change::Unit(_) | Change::Reorganization(_) | Change::Revocation { .. } => None,
                });
            match altered.min() {
                Some(earlier) => first = earlier,
                None => return first,
            }
        }
    }

    /// Undoes everything that happened on a day or later.
    fn rewind(&mut self, first: Date) {
        for key in self.keys() {
            if self.find(key).is_some_and(|unit| unit.reaches(first))
                && let Some(unit) = self.find_mut(key)
            {
                unit.rewind(first);
            }
        }
    }
}

/// A recorded change that has become impossible.
pub(super) struct Contradiction {
    change: Arc<Change>,
    on: Date,
    violations: Vec<Violation>,
}

impl Contradiction {
    /// What is said of the change that brought it about, at the fields that name the units in question.
    fn with(self, new: &Change) -> Vec<Violation> {
        self.told(|why, change, on| {
            let path = match (new, why.kind.unit()) {
                (Change::Reorganization(order), Some(unit)) => order.path_of(unit),
                _ => "acts".to_owned(),
            };
            Violation::new(&path, ViolationKind::LaterAct { change, on, why })
        })
    }

    /// What is said of the revocation that brought it about.
    pub(super) fn with_revocation(self) -> Vec<Violation> {
        self.told(|why, change, on| Violation::new("reorganization", ViolationKind::StillNeeded { change, on, why }))
    }

    fn told(self, tell: impl Fn(Box<Violation>, ChangeId, Date) -> Violation) -> Vec<Violation> {
        let id = match self.change.as_ref() {
            Change::Unit(seed) => ChangeId::Unit(seed.id.clone()),
            Change::Reorganization(order) => ChangeId::Reorganization(order.id.clone()),
            Change::Correction(correction) => ChangeId::Unit(correction.unit.clone()),
            Change::Revocation { reorganization } => ChangeId::Reorganization(reorganization.clone()),
        };
        let violations = self.violations.into_iter();
        violations.map(|why| tell(Box::new(why), id.clone(), self.on)).collect()
    }
}

impl From<Contradiction> for Vec<Violation> {
    /// What was carried out before a change does not depend on it, so nobody is to blame.
    fn from(contradiction: Contradiction) -> Self {
        contradiction.violations
    }
}
