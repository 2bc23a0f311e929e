//! The acts upon one unit that leave no successor: it is established, renamed, made another kind, or moved.
//!
//! It owns their checks and carries them out at once.

use super::{Decision, Draft};
use crate::hierarchy::fold::Reading;
use crate::hierarchy::{Key, UnitSeed, Version, Violation, ViolationKind};
use crate::level::Level;
use crate::name::UnitId;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Draft<'_> {
    pub(super) fn establish(&mut self, path: &str, seed: &UnitSeed) {
        let before = self.violations.len();
        if self.reading == Reading::First {
            for Violation { path: field, kind } in self.hierarchy.check_id(seed) {
                self.refuse(&format!("{path}.{field}"), kind);
            }
            // A unit is founded where, under what names and as what it is from that day on.
            for decision in [Decision::Parent, Decision::Names, Decision::Kind] {
                self.decided.insert((seed.id.clone(), decision));
            }
        }
        let (start, effective) = (seed.start, self.effective);
        if start != effective {
            let kind = ViolationKind::StartNotEffective { start, effective };
            self.refuse(&format!("{path}.start_date"), kind);
        }
        if seed.end.is_some() {
            self.refuse(&format!("{path}.end_date"), ViolationKind::EndNotTaken);
        }
        match self.hierarchy.check_first_parent(seed) {
            Err(kind) => self.refuse(&format!("{path}.parent"), kind),
            Ok(parent) if self.violations.len() == before => {
                let known = self.hierarchy.key(&seed.id);
                let key = known.unwrap_or_else(|| self.hierarchy.admit(seed));
                self.hierarchy.begin(key, seed, parent);
            }
            Ok(_) => {}
        }
    }

    pub(super) fn rename(&mut self, path: &str, unit: &UnitId, names: &Arc<BTreeMap<String, String>>) {
        let field = format!("{path}.names");
        if names.is_empty() {
            self.refuse(&field, ViolationKind::TooFew { min: 1 });
        }
        let same = |version: &Version| version.names == *names;
        if let Some(version) = self.amended(path, unit, Decision::Names, &field, same) {
            version.names = Arc::clone(names);
        }
    }

    pub(super) fn change_kind(&mut self, path: &str, unit: &UnitId, kind: &Arc<str>, level: Level) {
        let field = format!("{path}.kind");
        let same = |version: &Version| version.kind == *kind && version.level == level;
        if let Some(version) = self.amended(path, unit, Decision::Kind, &field, same) {
            (version.kind, version.level) = (Arc::clone(kind), level);
        }
    }

    /// Moves a unit under another, or to the top.
    pub(super) fn relocate(&mut self, path: &str, unit: &UnitId, parent: Option<&UnitId>) {
        let before = self.violations.len();
        let (field, on) = (format!("{path}.parent"), self.effective);
        let child = self.living(&format!("{path}.unit"), unit);
        let parent = match parent {
            None => None,
            Some(id) => match self.resolve(&field, id) {
                Some(key) => Some(key),
                None => return,
            },
        };
        let Some(child) = child else { return };
        self.decide(&format!("{path}.unit"), unit, Decision::Parent);
        match parent {
            Some(parent) if parent == child => {
                let unit = unit.clone();
                self.refuse(&field, ViolationKind::Cycle { unit, on });
            }
            Some(parent) if !self.hierarchy.alive_on(parent, on) => {
                let kind = self.hierarchy.unit(parent).not_a_parent(on);
                self.refuse(&field, kind);
            }
            _ if self.hierarchy.parent_on(child, on) == parent && self.reading == Reading::First => {
                let unit = unit.clone();
                self.refuse(&field, ViolationKind::NothingChanges { unit });
            }
            _ => {}
        }
        if self.violations.len() == before {
            self.put(child, parent, field);
        }
    }

    /// The version from the effective date on of a unit about which one thing is decided anew.
    fn amended(
        &mut self,
        path: &str,
        unit: &UnitId,
        decision: Decision,
        field: &str,
        same: impl FnOnce(&Version) -> bool,
    ) -> Option<&mut Version> {
        let before = self.violations.len();
        let unit_path = format!("{path}.unit");
        let key = self.living(&unit_path, unit)?;
        self.decide(&unit_path, unit, decision);
        let version = self.hierarchy.version_on(key, self.effective);
        if self.reading == Reading::First && version.is_some_and(same) {
            let unit = unit.clone();
            self.refuse(field, ViolationKind::NothingChanges { unit });
        }
        if self.violations.len() == before {
            self.hierarchy.cut(key, self.effective)
        } else {
            None
        }
    }

    /// The key of a unit that is alive on the effective date, as the acts so far have left it.
    fn living(&mut self, path: &str, unit: &UnitId) -> Option<Key> {
        let key = self.resolve(path, unit)?;
        if self.hierarchy.alive_on(key, self.effective) {
            return Some(key);
        }
        let kind = self.hierarchy.unit(key).not_alive(self.effective);
        self.refuse(path, kind);
        None
    }
}
