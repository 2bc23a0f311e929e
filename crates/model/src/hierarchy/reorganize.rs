//! Carrying out a reorganization on a draft of the hierarchy.
//!
//! It owns the order of the work: each act is read and checked against what the acts before it left, then carried out;
//! at the end the draft must still be a forest on every day from the effective date on. The draft is thrown away if
//! anything was wrong.

mod plan;

use super::splice::Reach;
use super::{ACTS_MAX, Act, Hierarchy, Key, Reorganization, Violation, ViolationKind};
use crate::date::{self, Date};
use plan::Plan;
use std::collections::BTreeSet;

/// The hierarchy after a reorganization.
pub(super) fn reorganized(base: &Hierarchy, order: &Reorganization) -> Result<Hierarchy, Vec<Violation>> {
    let mut draft = Draft {
        hierarchy: base.clone(),
        effective: order.effective,
        violations: Vec::new(),
        placed: Vec::new(),
    };
    if !date::in_range(order.effective) {
        draft.refuse(
            "effective_date",
            ViolationKind::DateOutOfRange { date: order.effective },
        );
    }
    if order.acts.is_empty() {
        draft.refuse("acts", ViolationKind::TooFew { min: 1 });
    }
    if order.acts.len() > ACTS_MAX {
        draft.refuse("acts", ViolationKind::TooManyActs);
        return Err(draft.violations);
    }
    for (index, act) in order.acts.iter().enumerate() {
        draft.act(&format!("acts[{index}]"), act);
    }
    if draft.violations.is_empty() {
        draft.check_forest();
    }
    if draft.violations.is_empty() {
        Ok(draft.hierarchy)
    } else {
        Err(draft.violations)
    }
}

/// A reorganization under way.
struct Draft {
    hierarchy: Hierarchy,
    effective: Date,
    violations: Vec<Violation>,
    /// The units that were given another parent, and which field of the reorganization did it.
    placed: Vec<(Key, String)>,
}

impl Draft {
    /// Checks an act and carries it out if nothing is wrong with it.
    fn act(&mut self, path: &str, act: &Act) {
        let before = self.violations.len();
        let plan = self.plan(path, act);
        if self.violations.len() == before
            && let Some(plan) = plan
        {
            self.carry_out(path, &plan);
        }
    }

    fn carry_out(&mut self, path: &str, plan: &Plan) {
        let effective = self.effective;
        for unit in plan.sources.iter().chain(&plan.heirs) {
            self.amend(*unit, |unit| unit.acts_on.push(effective));
        }
        for heir in &plan.heirs {
            self.amend(*heir, |heir| heir.predecessors.extend(&plan.origins));
        }
        for ended in &plan.ended {
            self.hierarchy.end(*ended, effective);
            self.amend(*ended, |ended| ended.successors.clone_from(&plan.heirs));
        }
        if let Some(continuing) = plan.continuing {
            self.hierarchy.cut(continuing, effective);
            if !plan.ended.is_empty() {
                self.amend(continuing, |unit| unit.merged_on.push(effective));
            }
        }
        for (index, child, parent) in &plan.moves {
            if let Some(old) = self.hierarchy.parent_on(*child, effective) {
                self.hierarchy
                    .reparent(*child, effective, old, *parent, Reach::NextDecision);
                self.placed.push((*child, format!("{path}.moves[{index}].parent")));
            }
        }
        for ended in &plan.ended {
            self.leave(*ended, plan.principal, path);
        }
    }

    /// Puts everything that still stands under an ended unit under the one that takes its children.
    fn leave(&mut self, ended: Key, principal: Key, path: &str) {
        let children: Vec<Key> = self.hierarchy.unit(ended).children_ever.iter().copied().collect();
        for child in children {
            let stays = |version: &super::Version| {
                version.parent == Some(ended) && version.until.is_none_or(|until| self.effective < until)
            };
            if self.hierarchy.unit(child).versions().iter().any(stays) {
                self.hierarchy
                    .reparent(child, self.effective, ended, principal, Reach::All);
                self.placed.push((child, path.to_owned()));
            }
        }
    }

    /// Looks at every unit that was given another parent, on the effective date and on every later day on which any
    /// unit changes. A cycle must hold one of them, since there was none before.
    fn check_forest(&mut self) {
        let versions = self.hierarchy.units.iter().flat_map(|unit| unit.versions());
        let later = versions
            .map(|version| version.from)
            .filter(|from| self.effective < *from);
        let mut days: BTreeSet<Date> = later.collect();
        days.insert(self.effective);
        let mut found = Vec::new();
        for (unit, path) in &self.placed {
            if let Some(kind) = days.iter().find_map(|day| self.fault_on(*unit, *day)) {
                found.push(Violation {
                    path: path.clone(),
                    kind,
                });
            }
        }
        self.violations.extend(found);
    }

    /// What is wrong above a unit on a day.
    fn fault_on(&self, unit: Key, on: Date) -> Option<ViolationKind> {
        let hierarchy = &self.hierarchy;
        let mut above = hierarchy.parent_on(unit, on);
        for _ in 0..hierarchy.len() {
            let parent = above?;
            let id = hierarchy.unit(parent).id.clone();
            if parent == unit {
                return Some(ViolationKind::Cycle { unit: id, on });
            }
            if !hierarchy.alive_on(parent, on) {
                return Some(ViolationKind::ParentNotAlive { unit: id, on });
            }
            above = hierarchy.parent_on(parent, on);
        }
        // The walk runs in a cycle above this unit, which a unit within that cycle tells.
        None
    }

    fn amend(&mut self, key: Key, change: impl FnOnce(&mut super::Unit)) {
        if let Some(unit) = self.hierarchy.find_mut(key) {
            change(unit);
        }
    }

    fn refuse(&mut self, path: &str, kind: ViolationKind) {
        self.violations.push(Violation {
            path: path.to_owned(),
            kind,
        });
    }
}
