//! Reading an act: which units end, which goes on, who inherits, and which children go where.
//!
//! It owns every check that needs no more than the act and the draft as it stands. It changes nothing but the list of
//! violations.

use super::Draft;
use crate::hierarchy::{Act, Key, ViolationKind};
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
    /// The unit that takes the children that an ended unit leaves.
    pub(super) principal: Key,
    /// Each move's index, the child and its new parent.
    pub(super) moves: Vec<(usize, Key, Key)>,
}

impl Draft {
    /// Reads an act. `None` only together with a violation.
    pub(super) fn plan(&mut self, path: &str, act: &Act) -> Option<Plan> {
        let (plan, moves) = match act {
            Act::Merge { sources, target, moves } => (self.merge(path, sources, target), moves),
            Act::Split { source, targets, moves } => (self.split(path, source, targets), moves),
        };
        // Moves are read even if the rest is wrong, so that the answer lists what can be said about them.
        let found = self.moves(path, moves, plan.as_ref());
        plan.map(|plan| Plan { moves: found, ..plan })
    }

    fn merge(&mut self, path: &str, sources: &[UnitId], target: &UnitId) -> Option<Plan> {
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
            self.check_source(&format!("{path}.sources[{index}]"), *source, Some(*source) != principal);
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
            principal,
            moves: Vec::new(),
        })
    }

    fn split(&mut self, path: &str, source: &UnitId, targets: &[UnitId]) -> Option<Plan> {
        if targets.len() < 2 {
            self.refuse(&format!("{path}.targets"), ViolationKind::TooFew { min: 2 });
        }
        let source = self.resolve(&format!("{path}.source"), source);
        let found = self.resolve_list(&format!("{path}.targets"), targets);
        let goes_on = found.iter().any(|(_, target)| Some(*target) == source);
        if let Some(source) = source {
            self.check_source(&format!("{path}.source"), source, !goes_on);
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
            principal: if goes_on { source } else { *heirs.first()? },
            heirs,
            origins: vec![source],
            moves: Vec::new(),
        })
    }

    fn moves(&mut self, path: &str, moves: &[(UnitId, UnitId)], plan: Option<&Plan>) -> Vec<(usize, Key, Key)> {
        let mut named = BTreeSet::new();
        let mut found = Vec::new();
        for (index, (child_id, parent_id)) in moves.iter().enumerate() {
            let child_path = format!("{path}.moves[{index}].child");
            let parent_path = format!("{path}.moves[{index}].parent");
            if !named.insert(child_id) {
                self.refuse(&child_path, ViolationKind::Duplicate { unit: child_id.clone() });
            }
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

    fn check_child(&mut self, path: &str, child: Key, plan: &Plan) {
        let (on, unit) = (self.effective, self.id(child));
        let parent = self.hierarchy.parent_on(child, on);
        if !self.hierarchy.alive_on(child, on) || plan.ended.contains(&child) {
            self.refuse(path, ViolationKind::NotAlive { unit, on });
        } else if !plan
            .sources
            .iter()
            .chain(&plan.heirs)
            .any(|involved| Some(*involved) == parent)
        {
            self.refuse(path, ViolationKind::NotAChild { unit, on });
        }
    }

    fn check_parent(&mut self, path: &str, parent: Key, child: Key, plan: &Plan) {
        let (on, unit) = (self.effective, self.id(parent));
        if parent == child {
            self.refuse(path, ViolationKind::Cycle { unit, on });
        } else if !self.hierarchy.alive_on(parent, on) || plan.ended.contains(&parent) {
            self.refuse(path, ViolationKind::ParentNotAlive { unit, on });
        }
    }

    /// A source is alive on both sides of the effective date, and nothing recorded later needs it if it ends.
    fn check_source(&mut self, path: &str, source: Key, ends: bool) {
        let unit = self.id(source);
        if let Err(on) = self.hierarchy.alive_across(source, self.effective) {
            self.refuse(path, ViolationKind::NotAlive { unit, on });
            return;
        }
        let acts_on = &self.hierarchy.unit(source).acts_on;
        let later = acts_on.iter().copied().filter(|on| self.effective < *on).min();
        if let Some(on) = later.filter(|_| ends) {
            self.refuse(path, ViolationKind::LaterAct { unit, on });
        }
    }

    /// A target that is no source begins with the act.
    fn check_established(&mut self, path: &str, target: Key) {
        let start = self.hierarchy.unit(target).first_day();
        if start != self.effective {
            let (unit, effective) = (self.id(target), self.effective);
            self.refuse(path, ViolationKind::TargetNotEstablished { unit, start, effective });
        }
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

    fn resolve(&mut self, path: &str, id: &UnitId) -> Option<Key> {
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
