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
//! **The history is the fold of all changes that were not revoked, in order of effective date and, on one day, of
//! position.** It does not depend on the order in which they became known: an act recorded late is taken up where its
//! date belongs, and those of later dates are carried out once more after it. A unit that was recorded with its last
//! day ends before any change of the day after.
//!
//! A change is read strictly when it is recorded. Carried out once more, it may meet a forest that a backdated act has
//! since altered. Its decisions then hold as they were made, even if one of them no longer alters anything, or a child
//! that it moves stands elsewhere by now; and a unit recorded under a parent that has ended by then goes to whoever
//! took that parent's children. Only what has become impossible (a unit that is not alive, a cycle) is a
//! contradiction, and refuses the change that brought it about.
//!
//! A clone shares everything with its original until one of them changes, so a snapshot costs nothing to hand out.

mod apply;
mod change;
mod correct;
mod fold;
mod place;
mod query;
mod reorganize;
mod revoke;
mod seed;
mod splice;
mod timeline;
mod unit;
mod violation;

pub use change::{Act, Change, Correction, Recorded, Reorganization, UnitSeed};
pub use place::{Placement, Rule};
pub use unit::{Key, Unit, Version};
pub use violation::{ChangeId, Violation, ViolationKind};

use crate::name::UnitId;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;
use timeline::Timeline;

/// The most units a hierarchy takes: eighty times those of a whole country down to its communes.
pub const UNITS_MAX: usize = 1_000_000;

/// The most acts in one reorganization.
pub const ACTS_MAX: usize = 1_000;

/// All units known at a registry position, with their histories.
#[derive(Clone, Default)]
pub struct Hierarchy {
    position: u64,
    units: Arc<Vec<Arc<Unit>>>,
    keys: Arc<BTreeMap<UnitId, Key>>,
    /// Every change by position, revoked ones included.
    log: Arc<Vec<(u64, Arc<Change>)>>,
    /// What is in force, in the order in which it takes effect.
    timeline: Arc<Timeline>,
    documents: Arc<BTreeMap<String, Document>>,
}

/// What is kept of a recorded reorganization beside the log.
#[derive(Debug, Clone, Copy)]
struct Document {
    /// Where the log has it.
    index: usize,
    /// The position at which it was revoked.
    revoked_at: Option<u64>,
}

impl Hierarchy {
    /// The position of the last change applied; 0 before the first.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many units there are, ended and void ones included.
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

    /// The keys in the order of ids, ended units included, behind an id or from the first one on.
    pub fn keys_behind(&self, id: Option<&str>) -> impl Iterator<Item = Key> + '_ {
        let behind = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.keys
            .range::<str, _>((behind, Bound::Unbounded))
            .map(|(_, key)| *key)
    }

    /// All keys, ended and void units included, in the order in which the units were recorded.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = Key> + use<> {
        (0..self.units.len()).map(Key::new)
    }

    /// The recorded reorganization of that id, revoked or not.
    #[must_use]
    pub fn reorganization(&self, id: &str) -> Option<Recorded<'_>> {
        let document = self.documents.get(id)?;
        match self.log.get(document.index) {
            Some((position, change)) => match change.as_ref() {
                Change::Reorganization(reorganization) => Some(Recorded {
                    position: *position,
                    reorganization,
                    revoked_at: document.revoked_at,
                }),
                Change::Unit(_) | Change::Revocation { .. } | Change::Correction(_) => None,
            },
            None => None,
        }
    }

    /// All recorded reorganizations in order of their positions, revoked ones included.
    pub fn reorganizations(&self) -> impl Iterator<Item = Recorded<'_>> {
        self.log.iter().filter_map(|(_, change)| match change.as_ref() {
            Change::Reorganization(order) => self.reorganization(&order.id),
            Change::Unit(_) | Change::Revocation { .. } | Change::Correction(_) => None,
        })
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
