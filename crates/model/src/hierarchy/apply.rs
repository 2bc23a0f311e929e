//! Applying a change: it is handed to whoever knows its kind, and noted once it was accepted.
//!
//! It owns the order of positions, that each change is applied whole or not at all, and the way back to an earlier
//! position.

use super::fold::Reading;
use super::{Change, Document, Hierarchy, Violation, ViolationKind, timeline};
use std::sync::Arc;

impl Hierarchy {
    /// Checks a change and applies it; if it is refused, nothing has changed.
    ///
    /// Positions rise strictly but may skip, since registry's feed carries more than units. Effective dates may lie
    /// before those of earlier changes (backdated acts) or far ahead: the change takes its place among the others by
    /// its date.
    ///
    /// # Errors
    /// Every [`Violation`] that can be seen at once. Cycles are looked for only when nothing else is wrong with the
    /// change, and contradictions to recorded changes of later dates only when nothing at all is.
    pub fn apply(&mut self, position: u64, change: &Change) -> Result<(), Vec<Violation>> {
        if position <= self.position {
            let kind = ViolationKind::PositionNotAfter {
                given: position,
                last: self.position,
            };
            return Err(vec![Violation::new("position", kind)]);
        }
        let change = Arc::new(change.clone());
        match change.as_ref() {
            // Most changes are units, and one more unit alters nothing about the others.
            Change::Unit(seed) => self.enter(seed)?,
            Change::Reorganization(_) => *self = self.with(position, &change)?,
            Change::Revocation { reorganization } => *self = self.without(reorganization)?,
            Change::Correction(correction) => {
                self.check_correction(correction)?;
                if !self.correct_in_place(correction) {
                    *self = self.with(position, &change)?;
                }
            }
        }
        self.note(position, &change);
        Ok(())
    }

    /// The hierarchy as it was known at an earlier registry position, by folding what was in force then.
    ///
    /// Keys stay the same: a unit has one key in every state that knows it. A position that has not been reached gives
    /// the present state.
    #[must_use]
    pub fn known_at(&self, position: u64) -> Self {
        if position >= self.position {
            return self.clone();
        }
        let mut earlier = Self::default();
        for (noted_at, change) in self.log.iter().take_while(|(noted_at, _)| *noted_at <= position) {
            match change.as_ref() {
                Change::Unit(seed) => {
                    earlier.admit(seed);
                }
                Change::Reorganization(order) => order.established().for_each(|seed| {
                    earlier.admit(seed);
                }),
                Change::Revocation { reorganization } => earlier.void_those_of(reorganization),
                Change::Correction(_) => {}
            }
            earlier.note(*noted_at, change);
        }
        let timeline = Arc::clone(&earlier.timeline);
        for event in timeline.events() {
            let change = Arc::clone(&earlier.log[event.index].1);
            // Exactly these changes were accepted together, so none is refused now.
            let accepted = earlier.step(event, &change, Reading::Again);
            debug_assert!(accepted.is_ok(), "a recorded change was refused: {accepted:?}");
        }
        earlier
    }

    /// Notes an accepted change in the log and in the order of dates.
    fn note(&mut self, position: u64, change: &Arc<Change>) {
        let index = self.log.len();
        match change.as_ref() {
            Change::Reorganization(order) => {
                let document = Document {
                    index,
                    revoked_at: None,
                };
                Arc::make_mut(&mut self.documents).insert(order.id.clone(), document);
            }
            Change::Revocation { reorganization } => self.strike(reorganization, position),
            Change::Unit(_) | Change::Correction(_) => {}
        }
        for event in timeline::events(index, position, change) {
            Arc::make_mut(&mut self.timeline).insert(event);
        }
        Arc::make_mut(&mut self.log).push((position, Arc::clone(change)));
        self.position = position;
    }
}
