//! Correcting what a version says.
//!
//! It owns what may be corrected and which version that concerns. The unit's life and its parents are decided by acts
//! alone.

use super::{Act, Change, Correction, Hierarchy, Version, Violation, ViolationKind};
use crate::date::{self, Date};
use std::sync::Arc;

impl Hierarchy {
    /// Says whether a correction finds its version, and something to correct in it.
    pub(super) fn check_correction(&self, correction: &Correction) -> Result<(), Vec<Violation>> {
        let unit = correction.unit.clone();
        let refused = |path: &str, kind| Err(vec![Violation::new(path, kind)]);
        let Some(found) = self.key(&unit).and_then(|key| self.find(key)) else {
            return refused("unit", ViolationKind::UnknownUnit { unit });
        };
        if found.void {
            return refused("unit", ViolationKind::Void { unit });
        }
        let from = correction.from;
        let Some(version) = found.versions.iter().find(|version| version.from == from) else {
            return refused("from", ViolationKind::NoSuchVersion { unit, from });
        };
        let names = correction.names.as_ref();
        if names.is_some_and(|names| names.is_empty()) {
            return refused("names", ViolationKind::TooFew { min: 1 });
        }
        let same_names = names.is_none_or(|names| *names == version.names);
        let kind = correction.kind.as_ref();
        let same_kind = kind.is_none_or(|(kind, level)| (kind, level) == (&version.kind, &version.level));
        if same_names && same_kind {
            let path = match (names, kind) {
                (Some(_), _) => "names",
                (None, Some(_)) => "kind",
                (None, None) => "unit",
            };
            return refused(path, ViolationKind::NothingChanges { unit });
        }
        Ok(())
    }

    /// Corrects a version and those that took its words over, without touching anything else: nobody's life or parent
    /// depends on names and kinds. Says whether that could be done; it cannot if the unit has corrections of later
    /// dates, which may concern the same version by now.
    pub(super) fn correct_in_place(&mut self, correction: &Correction) -> bool {
        let (mut renamed, mut changed_kind) = (None, None);
        let later = &self.timeline.events()[self.timeline.since(date::day_after(correction.from))];
        for event in later {
            match self.log[event.index].1.as_ref() {
                Change::Correction(other) if other.unit == correction.unit => return false,
                Change::Reorganization(order) => {
                    for act in &order.acts {
                        match act {
                            Act::Rename { unit, .. } if *unit == correction.unit => {
                                renamed.get_or_insert(event.date);
                            }
                            Act::ChangeKind { unit, .. } if *unit == correction.unit => {
                                changed_kind.get_or_insert(event.date);
                            }
                            _ => {}
                        }
                    }
                }
                Change::Unit(_) | Change::Correction(_) | Change::Revocation { .. } => {}
            }
        }
        let key = self.key(&correction.unit);
        let Some(unit) = key.and_then(|key| self.find_mut(key)) else {
            return false;
        };
        for version in &mut unit.versions {
            let reached = |decided: Option<Date>| {
                correction.from <= version.from && decided.is_none_or(|decided| version.from < decided)
            };
            let (names, kind) = (reached(renamed), reached(changed_kind));
            version.correct(correction, names, kind);
        }
        true
    }

    /// Corrects the version in force on the day that the fold has come to.
    pub(super) fn correct(&mut self, correction: &Correction) {
        let key = self.key(&correction.unit);
        let Some(unit) = key.filter(|key| self.alive_on(*key, correction.from)) else {
            return;
        };
        if let Some(version) = self.find_mut(unit).and_then(|unit| unit.versions.last_mut()) {
            version.correct(correction, true, true);
        }
    }
}

impl Version {
    fn correct(&mut self, correction: &Correction, names: bool, kind: bool) {
        if let Some(corrected) = correction.names.as_ref().filter(|_| names) {
            self.names = Arc::clone(corrected);
        }
        if let Some((corrected, level)) = correction.kind.as_ref().filter(|_| kind) {
            (self.kind, self.level) = (Arc::clone(corrected), *level);
        }
    }
}
