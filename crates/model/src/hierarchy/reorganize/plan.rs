//! Reading an act by which units end or are divided: which end, which goes on, who inherits, and which children go
//! where.
//!
//! It owns every check that needs no more than the act and the draft as it stands. It changes nothing but the lists of
//! what was decided and of violations.

use super::{Decision, Draft};
use crate::date;
use crate::hierarchy::fold::Reading;
use crate::hierarchy::{Key, ViolationKind};
use crate::name::UnitId;
use std::collections::BTreeSet;

/// An act, with all its units found.
pub(super) struct Plan {
    /// The units that the act starts from.
    pub(super) sources: Vec<Key>,
    /// The sources that end the day before.
    pub(super) ended: Vec<Key>,
    /// The source that goes on under its id.
    pub(super) continuing: Option<Key>,
    /// The units that others came before, the principal successor first. All were established by the act, except the
    /// target of a merge that is one of its own sources.
    pub(super) heirs: Vec<Key>,
    /// Whom the heirs came after.
    pub(super) origins: Vec<Key>,
    /// The unit that takes the children that an ended unit leaves; absent if they become roots.
    pub(super) principal: Option<Key>,
}

impl Draft<'_> {
    pub(super) fn merge(&mut self, path: &str, sources: &[UnitId], target: &UnitId) -> Option<Plan> {
        let into_itself = sources.contains(target);
        let min = if into_itself { 2 } else { 1 };
        if sources.len() < min {
            self.refuse(&format!("{path}.sources"), ViolationKind::TooFew { min });
        }
        let found = self.resolve_list(&format!("{path}.sources"), sources);
        let target_path = format!("{path}.target");
        // A target among the sources was resolved, and if need be refused, with them.
        let principal = if into_itself {
            self.hierarchy.key(target)
        } else {
            self.resolve(&target_path, target)
        };
        if let Some(principal) = principal.filter(|_| !into_itself) {
            self.check_established(&target_path, principal);
        }
        for (index, source) in &found {
            self.check_source(&format!("{path}.sources[{index}]"), *source);
        }
        let principal = principal?;
        let sources: Vec<Key> = found.into_iter().map(|(_, source)| source).collect();
        let ended: Vec<Key> = sources.iter().copied().filter(|source| *source != principal).collect();
        Some(Plan {
            origins: ended.clone(),
            ended,
            continuing: into_itself.then_some(principal),
            sources,
            heirs: vec![principal],
            principal: Some(principal),
        })
    }

    pub(super) fn split(&mut self, path: &str, source: &UnitId, targets: &[UnitId]) -> Option<Plan> {
        if targets.len() < 2 {
            self.refuse(&format!("{path}.targets"), ViolationKind::TooFew { min: 2 });
        }
        let source = self.resolve(&format!("{path}.source"), source);
        let found = self.resolve_list(&format!("{path}.targets"), targets);
        let goes_on = found.iter().any(|(_, target)| Some(*target) == source);
        if let Some(source) = source {
            self.check_source(&format!("{path}.source"), source);
        }
        for (index, target) in found.iter().filter(|(_, target)| Some(*target) != source) {
            self.check_established(&format!("{path}.targets[{index}]"), *target);
        }
        let source = source?;
        let heirs: Vec<Key> = found
            .into_iter()
            .map(|(_, target)| target)
            .filter(|target| *target != source)
            .collect();
        Some(Plan {
            sources: vec![source],
            ended: if goes_on { Vec::new() } else { vec![source] },
            continuing: goes_on.then_some(source),
            principal: Some(if goes_on { source } else { *heirs.first()? }),
            heirs,
            origins: vec![source],
        })
    }

    pub(super) fn dissolve(&mut self, path: &str, unit: &UnitId) -> Option<Plan> {
        let path = format!("{path}.unit");
        let unit = self.resolve(&path, unit)?;
        self.check_source(&path, unit);
        Some(Plan {
            sources: vec![unit],
            ended: vec![unit],
            continuing: None,
            heirs: Vec::new(),
            origins: Vec::new(),
            principal: self.hierarchy.parent_on(unit, self.effective),
        })
    }

    /// Each move's index, the child and its new parent.
    pub(super) fn moves(
        &mut self,
        path: &str,
        moves: &[(UnitId, UnitId)],
        plan: Option<&Plan>,
    ) -> Vec<(usize, Key, Key)> {
        let mut found = Vec::new();
        for (index, (child_id, parent_id)) in moves.iter().enumerate() {
            let child_path = format!("{path}.moves[{index}].unit");
            let parent_path = format!("{path}.moves[{index}].parent");
            self.decide(&child_path, child_id, Decision::Parent);
            let child = self.resolve(&child_path, child_id);
            let parent = self.resolve(&parent_path, parent_id);
            if let (Some(child), Some(parent), Some(plan)) = (child, parent, plan) {
                self.check_child(&child_path, child, plan);
                self.check_parent(&parent_path, parent, child, plan);
                found.push((index, child, parent));
            }
        }
        found
    }

    /// The child is alive, and stands under a unit of the act if the act is new; later it may have been moved by a
    /// backdated act, and goes where this one put it all the same.
    fn check_child(&mut self, path: &str, child: Key, plan: &Plan) {
        let on = self.effective;
        let parent = self.hierarchy.parent_on(child, on);
        let mut involved = plan.sources.iter().chain(&plan.heirs);
        let stands_there = involved.any(|involved| Some(*involved) == parent);
        if !self.hierarchy.alive_on(child, on) || plan.ended.contains(&child) {
            let kind = self.hierarchy.unit(child).not_alive(on);
            self.refuse(path, kind);
        } else if !stands_there && self.reading == Reading::First {
            let unit = self.id(child);
            self.refuse(path, ViolationKind::NotAChild { unit, on });
        }
    }

    fn check_parent(&mut self, path: &str, parent: Key, child: Key, plan: &Plan) {
        let on = self.effective;
        if parent == child {
            let unit = self.id(parent);
            self.refuse(path, ViolationKind::Cycle { unit, on });
        } else if !self.hierarchy.alive_on(parent, on) || plan.ended.contains(&parent) {
            let kind = self.hierarchy.unit(parent).not_a_parent(on);
            self.refuse(path, kind);
        }
    }

    /// A source is alive on both sides of the effective date: what begins on it cannot end on it.
    fn check_source(&mut self, path: &str, source: Key) {
        let days = [date::day_before(self.effective), self.effective];
        if let Some(on) = days.into_iter().find(|day| !self.hierarchy.alive_on(source, *day)) {
            let kind = self.hierarchy.unit(source).not_alive(on);
            self.refuse(path, kind);
        }
    }

    /// A target that is no source begins with the act.
    fn check_established(&mut self, path: &str, target: Key) {
        let effective = self.effective;
        let kind = match self.hierarchy.unit(target).first_day() {
            Some(start) if start == effective => return,
            Some(start) => {
                let unit = self.id(target);
                ViolationKind::TargetNotEstablished { unit, start, effective }
            }
            None => self.hierarchy.unit(target).not_alive(effective),
        };
        self.refuse(path, kind);
    }

    /// Finds the units of a list, each with its index in the list.
    fn resolve_list(&mut self, path: &str, ids: &[UnitId]) -> Vec<(usize, Key)> {
        let mut named = BTreeSet::new();
        let mut found = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if !named.insert(id) {
                self.refuse(&path, ViolationKind::Duplicate { unit: id.clone() });
            } else if let Some(key) = self.resolve(&path, id) {
                found.push((index, key));
            }
        }
        found
    }

    /// Finds a unit.
    pub(super) fn resolve(&mut self, path: &str, id: &UnitId) -> Option<Key> {
        let key = self.hierarchy.key(id);
        if key.is_none() {
            self.refuse(path, ViolationKind::UnknownUnit { unit: id.clone() });
        }
        key
    }

    fn id(&self, key: Key) -> UnitId {
        self.hierarchy.unit(key).id.clone()
    }
}
