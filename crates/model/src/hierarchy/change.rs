//! The changes that a hierarchy takes: a unit as it began, and dated acts upon units.
//!
//! It owns their shape. Which of them are accepted is decided where they are applied.

use crate::date::Date;
use crate::level::Level;
use crate::name::UnitId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One change at one registry position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A unit is recorded as it began.
    Unit(UnitSeed),
    /// Units are reorganized (sắp xếp, sáp nhập, chia tách).
    Reorganization(Reorganization),
}

/// A unit as it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitSeed {
    /// Its id, new to the hierarchy.
    pub id: UnitId,
    /// The country code, as `VN`.
    pub country: Arc<str>,
    /// The code of its kind.
    pub kind: Arc<str>,
    /// The level of that kind.
    pub level: Level,
    /// The unit above at the start. If that one has since ended, the unit went on to its successor with the others.
    pub parent: Option<UnitId>,
    /// Its names by language.
    pub names: Arc<BTreeMap<String, String>>,
    /// Its first day.
    pub start: Date,
    /// Its last day, inclusive, if it is known to have ended.
    pub end: Option<Date>,
}

/// Acts that hold from one day and are accepted or refused together, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reorganization {
    /// Its id in registry.
    pub id: String,
    /// The first day of the new order. Units that end do so the day before.
    pub effective: Date,
    /// What is done.
    pub acts: Vec<Act>,
}

/// One act upon units. In `moves` a child of one of the units involved is named with its parent from the effective
/// date on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Several units become one (sáp nhập, hợp nhất).
    ///
    /// If the target is one of the sources, it goes on under its id; otherwise it must start on the effective date.
    /// Children of the units that end move to the target unless `moves` says otherwise.
    Merge {
        /// The units that become one.
        sources: Vec<UnitId>,
        /// The unit they become.
        target: UnitId,
        /// Pairs of a child and its new parent.
        moves: Vec<(UnitId, UnitId)>,
    },
    /// One unit becomes several (chia, tách).
    ///
    /// If the source is one of the targets, it goes on under its id and keeps the children that `moves` does not take;
    /// otherwise they go to the first target, the principal successor. Other targets must start on the effective date.
    Split {
        /// The unit that is divided.
        source: UnitId,
        /// The units it becomes, the principal successor first.
        targets: Vec<UnitId>,
        /// Pairs of a child and its new parent.
        moves: Vec<(UnitId, UnitId)>,
    },
}
