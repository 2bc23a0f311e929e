//! Carrying out a reorganization on the hierarchy of its day.
//!
//! It owns the order of the work: each act is read and checked against what the acts before it left, then carried out;
//! at the end the units must still be a forest. The hierarchy is thrown away if anything was wrong, so an act need not
//! undo what it did.

mod plain;
mod plan;

use super::fold::Reading;
use super::{ACTS_MAX, Act, Hierarchy, Key, Reorganization, Unit, Violation, ViolationKind};
use crate::date::{self, Date};
use crate::name::UnitId;
use plan::Plan;
use std::collections::BTreeSet;

/// Carries a reorganization out. If it is refused, the hierarchy is good for nothing.
pub(super) fn carry_out(
    hierarchy: &mut Hierarchy,
    order: &Reorganization,
    reading: Reading,
) -> Result<(), Vec<Violation>> {
    let mut draft = Draft {
        hierarchy,
        effective: order.effective,
        reading,
        violations: Vec::new(),
        placed: Vec::new(),
        decided: BTreeSet::new(),
    };
    if reading == Reading::First {
        draft.check_shape(order);
    }
    if order.acts.len() <= ACTS_MAX {
        for (index, act) in order.acts.iter().enumerate() {
            draft.act(&format!("acts[{index}]"), act);
        }
    }
    if draft.violations.is_empty() {
        draft.check_forest();
    }
    if draft.violations.is_empty() {
        Ok(())
    } else {
        Err(draft.violations)
    }
}

/// What a document decides about a unit. Deciding it twice on one day would make one of the two acts void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Decision {
    Parent,
    Names,
    Kind,
}

/// A reorganization under way.
struct Draft<'a> {
    hierarchy: &'a mut Hierarchy,
    effective: Date,
    reading: Reading,
    violations: Vec<Violation>,
    /// The units that were given another parent, and which field of the reorganization did it.
    placed: Vec<(Key, String)>,
    /// What the acts so far have said of which unit in so many words.
    decided: BTreeSet<(UnitId, Decision)>,
}

impl Draft<'_> {
    /// What can be said of a reorganization before any act is read.
    fn check_shape(&mut self, order: &Reorganization) {
        let date = order.effective;
        if !date::in_range(date) {
            self.refuse("effective_date", ViolationKind::DateOutOfRange { date });
        }
        if self.hierarchy.reorganization(&order.id).is_some() {
            let reorganization = order.id.clone();
            self.refuse("id", ViolationKind::ReorganizationExists { reorganization });
        }
        if order.acts.is_empty() {
            self.refuse("acts", ViolationKind::TooFew { min: 1 });
        }
        if order.acts.len() > ACTS_MAX {
            self.refuse("acts", ViolationKind::TooManyActs);
        }
    }

    /// Checks an act and carries it out if nothing is wrong with it.
    fn act(&mut self, path: &str, act: &Act) {
        match act {
            Act::Establish(seed) => self.establish(path, seed),
            Act::Rename { unit, names } => self.rename(path, unit, names),
            Act::ChangeKind { unit, kind, level } => self.change_kind(path, unit, kind, *level),
            Act::Move { unit, parent } => self.relocate(path, unit, parent.as_ref()),
            Act::Merge { sources, target, moves } => {
                self.succession(path, moves, |draft| draft.merge(path, sources, target));
            }
            Act::Split { source, targets, moves } => {
                self.succession(path, moves, |draft| draft.split(path, source, targets));
            }
            Act::Dissolve { unit, moves } => self.succession(path, moves, |draft| draft.dissolve(path, unit)),
        }
    }

    /// Reads an act by which units end or are divided, and carries it out if nothing is wrong with it.
    fn succession(&mut self, path: &str, moves: &[(UnitId, UnitId)], read: impl FnOnce(&mut Self) -> Option<Plan>) {
        let before = self.violations.len();
        let plan = read(self);
        // Moves are read even if the rest is wrong, so that the answer lists what can be said about them.
        let moves = self.moves(path, moves, plan.as_ref());
        if self.violations.len() == before
            && let Some(plan) = plan
        {
            self.carry_out(path, &plan, &moves);
        }
    }

    fn carry_out(&mut self, path: &str, plan: &Plan, moves: &[(usize, Key, Key)]) {
        let effective = self.effective;
        for heir in &plan.heirs {
            self.amend(*heir, |heir| {
                heir.predecessors.extend(&plan.origins);
                heir.joined_on.resize(heir.predecessors.len(), effective);
            });
        }
        for ended in &plan.ended {
            self.hierarchy.end(*ended, effective, plan.principal);
            self.amend(*ended, |ended| ended.successors.clone_from(&plan.heirs));
        }
        if let Some(continuing) = plan.continuing {
            self.hierarchy.cut(continuing, effective);
        }
        for (index, child, parent) in moves {
            self.put(*child, Some(*parent), format!("{path}.moves[{index}].parent"));
        }
        for ended in &plan.ended {
            for child in self.hierarchy.children_of(*ended) {
                if plan.principal == Some(child) {
                    // Refused at once: a unit that is its own heir, even between two acts, would lose its children.
                    let unit = self.hierarchy.unit(child).id.clone();
                    self.refuse(path, ViolationKind::Cycle { unit, on: effective });
                } else {
                    self.put(child, plan.principal, path.to_owned());
                }
            }
        }
    }

    /// Puts a unit under another.
    fn put(&mut self, child: Key, parent: Option<Key>, path: String) {
        self.hierarchy.reparent(child, self.effective, parent);
        self.placed.push((child, path));
    }

    /// Looks at every unit that was given another parent. A cycle must hold one of them, since there was none before.
    /// Between two acts there may have been one: a unit and the one above it change places in two moves.
    fn check_forest(&mut self) {
        let placed = std::mem::take(&mut self.placed);
        for (unit, path) in placed {
            if let Some(kind) = self.fault_above(unit) {
                self.refuse(&path, kind);
            }
        }
    }

    /// What is wrong above a unit.
    fn fault_above(&self, unit: Key) -> Option<ViolationKind> {
        let (hierarchy, on) = (&*self.hierarchy, self.effective);
        let mut above = hierarchy.parent_on(unit, on);
        for _ in 0..hierarchy.len() {
            let parent = above?;
            if parent == unit {
                let unit = hierarchy.unit(parent).id.clone();
                return Some(ViolationKind::Cycle { unit, on });
            }
            if !hierarchy.alive_on(parent, on) {
                return Some(hierarchy.unit(parent).not_a_parent(on));
            }
            above = hierarchy.parent_on(parent, on);
        }
        // The walk runs in a cycle above this unit, which a unit within that cycle tells.
        None
    }

    /// Notes that an act decides something about a unit, and refuses a second decision in the same document.
    fn decide(&mut self, path: &str, unit: &UnitId, decision: Decision) {
        if self.reading == Reading::First && !self.decided.insert((unit.clone(), decision)) {
            self.refuse(path, ViolationKind::Duplicate { unit: unit.clone() });
        }
    }

    fn amend(&mut self, key: Key, change: impl FnOnce(&mut Unit)) {
        if let Some(unit) = self.hierarchy.find_mut(key) {
            change(unit);
        }
    }

    fn refuse(&mut self, path: &str, kind: ViolationKind) {
        self.violations.push(Violation::new(path, kind));
    }
}
