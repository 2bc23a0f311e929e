//! Why a change is refused.
//!
//! It owns the reasons and their English wording; a service translates them and turns them into a status.

use super::{ACTS_MAX, UNITS_MAX};
use crate::date::{Date, YEAR_MAX, YEAR_MIN};
use crate::name::UnitId;
use std::fmt;

/// One thing that is wrong with a change, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field within the change, as `parent` or `acts[0].sources[1]`.
    pub path: String,
    /// What is wrong with it.
    pub kind: ViolationKind,
}

impl Violation {
    pub(super) fn new(path: &str, kind: ViolationKind) -> Self {
        let path = path.to_owned();
        Self { path, kind }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.kind)
    }
}

impl std::error::Error for Violation {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.kind)
    }
}

/// A recorded change, as a refusal names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeId {
    /// What was recorded of the unit with this id.
    Unit(UnitId),
    /// The reorganization with this id.
    Reorganization(String),
}

impl fmt::Display for ChangeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => write!(formatter, "unit {unit}"),
            Self::Reorganization(id) => write!(formatter, "reorganization {id}"),
        }
    }
}

/// What is wrong with a field of a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViolationKind {
    /// Changes come in order; this one would be written into the past.
    #[error("position {given} does not come after position {last}")]
    PositionNotAfter {
        /// The position given.
        given: u64,
        /// The position of the last change applied.
        last: u64,
    },
    /// The date lies outside the years that are taken.
    #[error("{date} is not within the years {YEAR_MIN} to {YEAR_MAX}")]
    DateOutOfRange {
        /// The date given.
        date: Date,
    },
    /// The unit would end before it starts.
    #[error("the end {end} comes before the start {start}")]
    EndBeforeStart {
        /// The first day given.
        start: Date,
        /// The last day given.
        end: Date,
    },
    /// A unit of this id is known already, alive or ended. Ids are not used twice.
    #[error("unit {unit} exists already")]
    AlreadyExists {
        /// The unit.
        unit: UnitId,
    },
    /// No unit of this id is known.
    #[error("unit {unit} is not known")]
    UnknownUnit {
        /// The id given.
        unit: UnitId,
    },
    /// The unit is not alive on a day on which the act needs it.
    #[error("unit {unit} is not alive on {on}")]
    NotAlive {
        /// The unit.
        unit: UnitId,
        /// The day.
        on: Date,
    },
    /// The unit above is not alive on a day on which the unit below is.
    #[error("unit {unit} cannot be a parent on {on}: it is not alive on that day")]
    ParentNotAlive {
        /// The unit above.
        unit: UnitId,
        /// The day.
        on: Date,
    },
    /// A target that is not one of the sources must be established by the act.
    #[error("unit {unit} starts on {start}, not on {effective}: establish it on that day, or list it as a source")]
    TargetNotEstablished {
        /// The target.
        unit: UnitId,
        /// Its first day.
        start: Date,
        /// The effective date of the act.
        effective: Date,
    },
    /// A unit would stand above itself.
    #[error("unit {unit} would stand above itself on {on}")]
    Cycle {
        /// The unit.
        unit: UnitId,
        /// The first day on which it would.
        on: Date,
    },
    /// A unit is named twice in one list, or one document decides twice about its parent, its names or its kind.
    #[error("unit {unit} is named twice")]
    Duplicate {
        /// The unit.
        unit: UnitId,
    },
    /// The act moves a unit that does not stand directly under any unit of the act.
    #[error("unit {unit} is not a child of a unit of this act on {on}")]
    NotAChild {
        /// The unit.
        unit: UnitId,
        /// The effective date.
        on: Date,
    },
    /// The act leaves a recorded change of a later date impossible. That one must be revoked first.
    #[error("{change} of {on} would no longer be possible: {why}")]
    LaterAct {
        /// The later change.
        change: ChangeId,
        /// Its effective date.
        on: Date,
        /// What would be wrong with it, and where in it.
        why: Box<Violation>,
    },
    /// The reorganization cannot be revoked, for a recorded change builds upon it. That one must be revoked first.
    #[error("{change} of {on} builds upon it: {why}")]
    StillNeeded {
        /// The change that builds upon it.
        change: ChangeId,
        /// Its effective date.
        on: Date,
        /// What would be wrong with that change, and where in it.
        why: Box<Violation>,
    },
    /// The reorganization that established the unit was revoked, so that the unit has never been alive.
    #[error("unit {unit} was established by a reorganization that has been revoked")]
    Void {
        /// The unit.
        unit: UnitId,
    },
    /// A unit that is established by an act begins with it.
    #[error("the start {start} is not the effective date {effective}")]
    StartNotEffective {
        /// The first day given.
        start: Date,
        /// The effective date of the act.
        effective: Date,
    },
    /// A unit that is established by an act has no end yet; another act ends it.
    #[error("the end of a unit that is being established is not taken: dissolve it when it ends")]
    EndNotTaken,
    /// The unit has these names, this kind or this parent already.
    #[error("nothing changes for unit {unit}")]
    NothingChanges {
        /// The unit.
        unit: UnitId,
    },
    /// No version of the unit begins on that day.
    #[error("unit {unit} has no version that begins on {from}")]
    NoSuchVersion {
        /// The unit.
        unit: UnitId,
        /// The first day given.
        from: Date,
    },
    /// A reorganization of this id is recorded already, in force or revoked. Ids are not used twice.
    #[error("reorganization {reorganization} exists already")]
    ReorganizationExists {
        /// The id given.
        reorganization: String,
    },
    /// No reorganization of this id is recorded.
    #[error("reorganization {reorganization} is not known")]
    UnknownReorganization {
        /// The id given.
        reorganization: String,
    },
    /// The reorganization has been revoked before.
    #[error("reorganization {reorganization} was revoked at position {position}")]
    AlreadyRevoked {
        /// The id given.
        reorganization: String,
        /// The position of the change that revoked it.
        position: u64,
    },
    /// A list is too short to mean anything, as a merge of one unit into itself.
    #[error("at least {min} are needed")]
    TooFew {
        /// The fewest that mean something.
        min: usize,
    },
    /// The reorganization is longer than [`ACTS_MAX`].
    #[error("at most {ACTS_MAX} acts are taken at once")]
    TooManyActs,
    /// The hierarchy is full.
    #[error("at most {UNITS_MAX} units are taken")]
    TooManyUnits,
}

impl ViolationKind {
    /// The unit that it is about.
    pub(super) fn unit(&self) -> Option<&UnitId> {
        match self {
            Self::AlreadyExists { unit }
            | Self::UnknownUnit { unit }
            | Self::NotAlive { unit, .. }
            | Self::ParentNotAlive { unit, .. }
            | Self::TargetNotEstablished { unit, .. }
            | Self::Cycle { unit, .. }
            | Self::Duplicate { unit }
            | Self::NotAChild { unit, .. }
            | Self::Void { unit }
            | Self::NothingChanges { unit }
            | Self::NoSuchVersion { unit, .. } => Some(unit),
            Self::LaterAct { why, .. } | Self::StillNeeded { why, .. } => why.kind.unit(),
            Self::PositionNotAfter { .. }
            | Self::DateOutOfRange { .. }
            | Self::EndBeforeStart { .. }
            | Self::StartNotEffective { .. }
            | Self::EndNotTaken
            | Self::ReorganizationExists { .. }
            | Self::UnknownReorganization { .. }
            | Self::AlreadyRevoked { .. }
            | Self::TooFew { .. }
            | Self::TooManyActs
            | Self::TooManyUnits => None,
        }
    }
}
