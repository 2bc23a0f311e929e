//! Revoking a reorganization: the history without it.
//!
//! It owns what stays of a revoked reorganization: its place in the log, and the keys of the units it established.

use super::{Act, Hierarchy, Reorganization, UnitSeed, Violation, ViolationKind, timeline};
use std::sync::Arc;

impl Hierarchy {
    /// The history without a reorganization.
    pub(super) fn without(&self, id: &str) -> Result<Self, Vec<Violation>> {
        let refused = |kind| Err(vec![Violation::new("reorganization", kind)]);
        let reorganization = id.to_owned();
        let Some(recorded) = self.reorganization(id) else {
            return refused(ViolationKind::UnknownReorganization { reorganization });
        };
        if let Some(position) = recorded.revoked_at {
            return refused(ViolationKind::AlreadyRevoked {
                reorganization,
                position,
            });
        }
        let mut draft = self.clone();
        draft.void_those_of(id);
        draft
            .refold(recorded.reorganization.effective, |event| {
                event.position != recorded.position
            })
            .map_err(super::fold::Contradiction::with_revocation)?;
        Ok(draft)
    }

    /// Makes the units void that a reorganization established.
    pub(super) fn void_those_of(&mut self, id: &str) {
        let established = self.reorganization(id).map(|recorded| {
            let seeds = recorded.reorganization.established();
            seeds.filter_map(|seed| self.key(&seed.id)).collect::<Vec<_>>()
        });
        for key in established.unwrap_or_default() {
            if let Some(unit) = self.find_mut(key) {
                unit.void = true;
            }
        }
    }

    /// Takes a reorganization out of what is in force.
    pub(super) fn strike(&mut self, id: &str, revoked_at: u64) {
        let Some(document) = Arc::make_mut(&mut self.documents).get_mut(id) else {
            return;
        };
        document.revoked_at = Some(revoked_at);
        if let Some((position, change)) = self.log.get(document.index) {
            for event in timeline::events(document.index, *position, change) {
                Arc::make_mut(&mut self.timeline).remove(&event);
            }
        }
    }
}

impl Reorganization {
    /// The units it establishes, in order.
    pub(super) fn established(&self) -> impl Iterator<Item = &UnitSeed> {
        self.acts.iter().filter_map(|act| match act {
            Act::Establish(seed) => Some(seed),
            Act::Rename { .. }
            | Act::ChangeKind { .. }
            | Act::Move { .. }
            | Act::Merge { .. }
            | Act::Split { .. }
            | Act::Dissolve { .. } => None,
        })
    }
}
