//! A unit and its versions, as the hierarchy keeps them.
//!
//! It owns their shape: versions follow each other without gap or overlap, and a unit without any is void. What makes a
//! new version is not known here.

use crate::date::{self, Date};
use crate::level::Level;
use crate::name::UnitId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The dense index of a unit in its hierarchy: small, copyable, the same in every later state of the same registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u32);

impl Key {
    pub(super) fn new(index: usize) -> Self {
        // The number of units is limited far below this, so the highest key is never reached.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The index, from 0, below the hierarchy's length; for tables beside the hierarchy.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A unit (đơn vị) with its history.
#[derive(Debug, Clone)]
pub struct Unit {
    pub(super) id: UnitId,
    pub(super) country: Arc<str>,
    /// The parent it was recorded with.
    pub(super) first_parent: Option<Key>,
    /// Whether the reorganization that established it was revoked.
    pub(super) void: bool,
    pub(super) versions: Vec<Version>,
    /// Who came after it when it ended, the principal successor first.
    pub(super) successors: Vec<Key>,
    /// Who took the children that it left when it ended; absent if they became roots.
    pub(super) heir: Option<Key>,
    /// Whom it came after: those that merged into it, or the one it was split from.
    pub(super) predecessors: Vec<Key>,
    /// The day on which each of the predecessors ended or was divided, in the same order.
    pub(super) joined_on: Vec<Date>,
    /// Every unit that has stood under it in some version, or did before a history was set right; those that still do
    /// are found by asking them.
    pub(super) children_ever: BTreeSet<Key>,
}

impl Unit {
    /// The id.
    #[must_use]
    pub fn id(&self) -> &UnitId {
        &self.id
    }

    /// The country code, as `VN`. A unit does not change its country.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Its versions by date, each beginning on the day the one before ends. Only a void unit has none.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Says whether the reorganization that established the unit was revoked, so that it has never been alive.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.void
    }

    /// The parent it was recorded with, whatever became of either: a void unit has no other.
    #[must_use]
    pub fn first_parent(&self) -> Option<Key> {
        self.first_parent
    }

    /// The version in force on a day.
    #[must_use]
    pub fn version_on(&self, date: Date) -> Option<&Version> {
        let begun = self.versions.partition_point(|version| version.from <= date);
        self.versions[..begun]
            .last()
            .filter(|version| version.until.is_none_or(|until| date < until))
    }

    /// The first day of its life; absent for a void unit.
    #[must_use]
    pub fn first_day(&self) -> Option<Date> {
        self.versions.first().map(|version| version.from)
    }

    /// The last day of its life; absent while no end is known, and for a void unit.
    #[must_use]
    pub fn last_day(&self) -> Option<Date> {
        self.until().map(date::day_before)
    }

    /// The day after its last.
    pub(super) fn until(&self) -> Option<Date> {
        self.versions.last().and_then(|version| version.until)
    }

    /// The version that goes on, if the unit does.
    pub(super) fn open(&self) -> Option<&Version> {
        self.versions.last().filter(|version| version.until.is_none())
    }

    /// Says whether anything is known of it that happened on a day or later.
    pub(super) fn reaches(&self, day: Date) -> bool {
        let begun = self.versions.last().map(|version| version.from);
        let joined = self.joined_on.last().copied();
        [begun, self.until(), joined].into_iter().flatten().any(|on| day <= on)
    }

    /// Forgets what happened on a day or later.
    pub(super) fn rewind(&mut self, day: Date) {
        let kept = self.joined_on.partition_point(|on| *on < day);
        self.joined_on.truncate(kept);
        self.predecessors.truncate(kept);
        if self.until().is_none_or(|until| day <= until) {
            self.successors.clear();
            self.heir = None;
            self.versions.retain(|version| version.from < day);
            if let Some(last) = self.versions.last_mut() {
                last.until = None;
            }
        }
    }
}

/// What a unit was from one day to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The first day it holds.
    pub from: Date,
    /// The first day it no longer holds; absent while no end is known.
    pub until: Option<Date>,
    /// The unit above, alive as long as this version holds; absent for a root.
    pub parent: Option<Key>,
    /// The code of its kind, as `PROVINCIAL_COMMAND`.
    pub kind: Arc<str>,
    /// The level of that kind.
    pub level: Level,
    /// Its names by language: `vi`, `en`, `km`, `lo`.
    pub names: Arc<BTreeMap<String, String>>,
}
