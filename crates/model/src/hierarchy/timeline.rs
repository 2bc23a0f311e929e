//! The order in which changes take effect.
//!
//! It owns that order, by date and on one day by position, and nothing of what a change does.

use super::Change;
use crate::date::{self, Date};
use std::ops::Range;

/// What comes first on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Units whose last day was the day before are gone when the day begins.
    Expiry,
    /// Then comes what was recorded for the day.
    Change,
}

/// A moment at which something recorded takes effect. The fields stand in the order in which moments are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    pub(super) date: Date,
    pub(super) phase: Phase,
    pub(super) position: u64,
    /// Where the log has the change.
    pub(super) index: usize,
}

/// The moments of all changes in force, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    events: Vec<Event>,
}

impl Timeline {
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The events from a day on.
    pub(super) fn since(&self, first: Date) -> Range<usize> {
        self.events.partition_point(|event| event.date < first)..self.events.len()
    }

    /// Where an event stands or would stand.
    pub(super) fn place_of(&self, event: &Event) -> usize {
        self.events.partition_point(|other| other < event)
    }

    pub(super) fn insert(&mut self, event: Event) {
        let index = self.place_of(&event);
        self.events.insert(index, event);
    }

    pub(super) fn remove(&mut self, event: &Event) {
        self.events.retain(|other| other != event);
    }
}

/// The moments at which a change takes effect: a unit may have two; a revocation has none of its own, since it acts
/// upon the history as a whole.
pub(super) fn events(index: usize, position: u64, change: &Change) -> impl Iterator<Item = Event> {
    let event = move |date, phase| Event {
        date,
        phase,
        position,
        index,
    };
    let (start, end) = match change {
        Change::Unit(seed) => (Some(seed.start), seed.end),
        Change::Reorganization(order) => (Some(order.effective), None),
        Change::Correction(correction) => (Some(correction.from), None),
        Change::Revocation { .. } => (None, None),
    };
    let start = start.map(|date| event(date, Phase::Change));
    let end = end.map(|date| event(date::day_after(date), Phase::Expiry));
    start.into_iter().chain(end)
}
