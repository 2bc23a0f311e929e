//! The effective-dated forest of units (đơn vị): who stood under whom on which day, and who came after whom.
//!
//! A [`Hierarchy`] is built by applying registry's changes in order of their positions. It owns the rules of a change
//! ([`Hierarchy::apply`]), the questions about a day (`…_on`), and restating ([`Hierarchy::place`]). It must not know
//! where changes come from, nor what happened at a unit.
//!
//! Three times meet here and must not be confused: the *day* a question is about, the *effective date* of a change,
//! and the *position* at which the change became known. Queries take the day; [`Hierarchy::known_at`] goes back to
//! what was known at a position.
//!
//! A clone shares everything with its original until one of them changes, so a snapshot costs nothing to hand out.

mod apply;
mod change;
mod place;
mod query;
mod reorganize;
mod splice;
mod unit;
mod violation;

pub use change::{Act, Change, Reorganization, UnitSeed};
pub use place::{Placement, Rule};
pub use unit::{Key, Unit, Version};
pub use violation::{Violation, ViolationKind};

use crate::name::UnitId;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The most units a hierarchy takes: eighty times those of a whole country down to its communes.
pub const UNITS_MAX: usize = 1_000_000;

/// The most acts in one reorganization.
pub const ACTS_MAX: usize = 1_000;

/// All units known at a registry position, with their histories.
#[derive(Clone, Default)]
pub struct Hierarchy {
    position: u64,
    units: Arc<Vec<Arc<Unit>>>,
    keys: Arc<HashMap<UnitId, Key>>,
    log: Arc<Vec<(u64, Arc<Change>)>>,
}

impl Hierarchy {
    /// The position of the last change applied; 0 before the first.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many units there are, ended ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Says whether there are no units.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The key of a unit.
    #[must_use]
    pub fn key(&self, id: &UnitId) -> Option<Key> {
        self.keys.get(id).copied()
    }

    /// The key of the unit with that bare id, as `tayninh`.
    #[must_use]
    pub fn key_of(&self, id: &str) -> Option<Key> {
        self.keys.get(id).copied()
    }

    /// The unit behind a key.
    ///
    /// # Panics
    /// If the key was made by a later state of the registry or by another one, and this one has fewer units.
    #[must_use]
    pub fn unit(&self, key: Key) -> &Unit {
        &self.units[key.index()]
    }

    /// All keys, ended units included, in the order in which the units were recorded.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = Key> + use<> {
        (0..self.units.len()).map(Key::new)
    }

    /// The hierarchy as it was known at an earlier registry position, by applying the changes up to it once more.
    ///
    /// Keys stay the same: a unit has one key in every state that knows it. A position that has not been reached gives
    /// the present state.
    #[must_use]
    pub fn known_at(&self, position: u64) -> Self {
        if position >= self.position {
            return self.clone();
        }
        let mut earlier = Self::default();
        for (applied_at, change) in self.log.iter().take_while(|(applied_at, _)| *applied_at <= position) {
            // Each of them was accepted in exactly this state, so none is refused now.
            let accepted = earlier.apply_shared(*applied_at, change);
            debug_assert!(accepted.is_ok(), "a recorded change was refused: {accepted:?}");
        }
        earlier
    }

    /// The unit behind a key, or nothing for a key of another hierarchy.
    fn find(&self, key: Key) -> Option<&Unit> {
        self.units.get(key.index()).map(Arc::as_ref)
    }

    fn find_mut(&mut self, key: Key) -> Option<&mut Unit> {
        Arc::make_mut(&mut self.units).get_mut(key.index()).map(Arc::make_mut)
    }
}

impl fmt::Debug for Hierarchy {
    /// Thousands of units help nobody in a log line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Hierarchy({} units at position {})",
            self.units.len(),
            self.position
        )
    }
}
