//! The changes that a hierarchy takes: a unit as it began, dated acts upon units, and what sets either right.
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
    /// A recorded reorganization is revoked (bãi bỏ): from this position on the history is as if it had never been
    /// recorded. Units that it established keep their keys and ids but are void: never alive on any day.
    Revocation {
        /// The id of the reorganization.
        reorganization: String,
    },
    /// What was recorded of a unit is set right (đính chính), without anything having happened to the unit.
    Correction(Correction),
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

/// What a version of a unit should have said. No new version begins.
///
/// Later versions that took the wrong words over from this one are corrected with it, up to the next act that decided
/// the same thing. If the version is gone because the act that began it was revoked, the correction concerns whichever
/// version is in force on that day; if none is, nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The unit.
    pub unit: UnitId,
    /// The first day of the version that is wrong.
    pub from: Date,
    /// All its names by language, if they were wrong.
    pub names: Option<Arc<BTreeMap<String, String>>>,
    /// The code of its kind with the level of that kind, if it was wrong.
    pub kind: Option<(Arc<str>, Level)>,
}

/// Acts that hold from one day and are accepted or refused together, one after another.
///
/// A unit may be met by several of them, but each of its parent, its names and its kind is decided at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reorganization {
    /// Its id in registry.
    pub id: String,
    /// The first day of the new order. Units that end do so the day before.
    pub effective: Date,
    /// What is done.
    pub acts: Vec<Act>,
}

/// A reorganization as the hierarchy has it recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded<'a> {
    /// The position at which it was recorded.
    pub position: u64,
    /// What was recorded.
    pub reorganization: &'a Reorganization,
    /// The position at which it was revoked; absent while it is in force.
    pub revoked_at: Option<u64>,
}

/// One act upon units. In `moves` a child of one of the units involved is named with its parent from the effective
/// date on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A unit is founded (thành lập). Its start is the effective date, and no end is known.
    Establish(UnitSeed),
    /// A unit takes other names (đổi tên).
    Rename {
        /// The unit.
        unit: UnitId,
        /// All its names by language from that day on.
        names: Arc<BTreeMap<String, String>>,
    },
    /// A unit becomes one of another kind (chuyển loại hình).
    ChangeKind {
        /// The unit.
        unit: UnitId,
        /// The code of the new kind.
        kind: Arc<str>,
        /// The level of that kind.
        level: Level,
    },
    /// A unit is put under another (điều chuyển), with everything below it.
    Move {
        /// The unit.
        unit: UnitId,
        /// The unit above from that day on; absent if it stands under none.
        parent: Option<UnitId>,
    },
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
    /// A unit ends without successor (giải thể).
    ///
    /// Children that `moves` does not name go to the unit above, as the acts before this one left it; those of a root
    /// become roots.
    Dissolve {
        /// The unit.
        unit: UnitId,
        /// Pairs of a child and its new parent.
        moves: Vec<(UnitId, UnitId)>,
    },
}

impl Reorganization {
    /// The field that first names a unit; `acts` if none does.
    pub(super) fn path_of(&self, unit: &UnitId) -> String {
        let named = self
            .acts
            .iter()
            .enumerate()
            .find_map(|(index, act)| act.field_of(unit).map(|field| format!("acts[{index}].{field}")));
        named.unwrap_or_else(|| "acts".to_owned())
    }
}

impl Act {
    /// The field that first names a unit.
    fn field_of(&self, wanted: &UnitId) -> Option<String> {
        let among = |field: &str, units: &[UnitId]| {
            let index = units.iter().position(|unit| unit == wanted);
            index.map(|index| format!("{field}[{index}]"))
        };
        let one = |field: &str, unit: &UnitId| (unit == wanted).then(|| field.to_owned());
        let moved = |moves: &[(UnitId, UnitId)]| {
            let mut pairs = moves.iter().enumerate();
            pairs.find_map(|(index, (child, parent))| match wanted {
                wanted if wanted == child => Some(format!("moves[{index}].unit")),
                wanted if wanted == parent => Some(format!("moves[{index}].parent")),
                _ => None,
            })
        };
        match self {
            Self::Establish(seed) => one("id", &seed.id),
            Self::Rename { unit, .. } | Self::ChangeKind { unit, .. } | Self::Move { unit, .. } => one("unit", unit),
            Self::Merge { sources, target, moves } => among("sources", sources)
                .or_else(|| one("target", target))
                .or_else(|| moved(moves)),
            Self::Split { source, targets, moves } => one("source", source)
                .or_else(|| among("targets", targets))
                .or_else(|| moved(moves)),
            Self::Dissolve { unit, moves } => one("unit", unit).or_else(|| moved(moves)),
        }
    }
}
