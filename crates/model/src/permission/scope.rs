//! The decision: what a set of grants reaches today, as a list of units by clearance.
//!
//! It owns how a grant on a unit follows the hierarchy. It must not know of queries; they are built from
//! [`Scope::parts`].

use super::role::Reach;
use super::{Action, Classification, Grant};
use crate::date::Date;
use crate::hierarchy::{Hierarchy, Key, Placement, Rule};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which units a part of a scope covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {
    /// All, and what belongs to no unit.
    All,
    /// These, sorted; ended units that stand for nothing of their own any more are among them.
    Set(Arc<[Key]>),
}

impl Units {
    /// Says whether an object of these units is covered: any of them is enough.
    #[must_use]
    pub fn cover(&self, units: &[Key]) -> bool {
        match self {
            Self::All => true,
            Self::Set(set) => units.iter().any(|unit| set.binary_search(unit).is_ok()),
        }
    }
}

/// Units, and the highest classification up to which they are covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The units.
    pub units: Units,
    /// The highest classification.
    pub clearance: Classification,
}

/// What grants reach for one action on one day: an object is allowed if any part covers it.
///
/// It takes a look at every unit to make, and a clone is cheap: whoever asks often keeps it, for as long as grants,
/// hierarchy and day are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    parts: Vec<Part>,
}

impl Scope {
    /// What a service itself reaches when it computes something on nobody's behalf: everything.
    #[must_use]
    pub fn of_everything() -> Self {
        Self {
            parts: vec![Part {
                units: Units::All,
                clearance: Classification::TopSecret,
            }],
        }
    }

    /// Says whether an object of these units and this classification is allowed.
    ///
    /// An object of several units, as home and co-homes, is allowed by any of them. One without units needs a part over
    /// all units.
    #[must_use]
    pub fn allows(&self, units: &[Key], classification: Classification) -> bool {
        Some(classification) <= self.clearance(units)
    }

    /// The highest classification up to which an object of these units is allowed, if it is at all.
    #[must_use]
    pub fn clearance(&self, units: &[Key]) -> Option<Classification> {
        let parts = self.parts.iter().filter(|part| part.units.cover(units));
        parts.map(|part| part.clearance).max()
    }

    /// The same, up to a classification.
    #[must_use]
    pub fn up_to(mut self, classification: Classification) -> Self {
        for part in &mut self.parts {
            part.clearance = part.clearance.min(classification);
        }
        self
    }

    /// Says whether nothing at all is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Says whether everything is allowed: all units, up to the highest classification.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.parts
            .iter()
            .any(|part| part.units == Units::All && part.clearance == Classification::TopSecret)
    }

    /// The parts, of which any one allows an object; at most one over all units, and one for each classification.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// What a principal with these grants may reach by an action today.
///
/// Unit scope is decided on the hierarchy of today, with a grant's unit and every object's unit first placed onto today
/// along succession: a recorder of Tân Biên may log for Tân Biên and below, and for units that Tân Biên succeeded.
/// A grant on a unit that has ended holds for its only or principal successor, and for nothing if it has none.
#[must_use]
pub fn scope(action: Action, grants: &[Grant], hierarchy: &Hierarchy, today: Date) -> Scope {
    let mut all: Option<Classification> = None;
    let mut roots: BTreeMap<Classification, Vec<Key>> = BTreeMap::new();
    for grant in grants
        .iter()
        .filter(|grant| grant.holds_on(today) && action.permits(grant.role))
    {
        match (&grant.unit, action.reach()) {
            (None, _) | (Some(_), Reach::Everything) => all = all.max(Some(grant.clearance)),
            (Some(_), Reach::Nothing) => {}
            (Some(unit), Reach::Within | Reach::Below) => {
                let root = hierarchy.key(unit).and_then(|unit| root_today(hierarchy, unit, today));
                roots.entry(grant.clearance).or_default().extend(root);
            }
        }
    }
    let mut parts: Vec<Part> = all
        .into_iter()
        .map(|clearance| Part {
            units: Units::All,
            clearance,
        })
        .collect();
    // What all units are covered for already needs no list.
    roots.retain(|clearance, roots| all.is_none_or(|all| all < *clearance) && !roots.is_empty());
    if !roots.is_empty() {
        let elsewhere = placed_elsewhere(hierarchy, today);
        for (clearance, roots) in roots {
            let set = covered(action.reach(), &roots, hierarchy, today, &elsewhere);
            if !set.is_empty() {
                parts.push(Part {
                    units: Units::Set(set),
                    clearance,
                });
            }
        }
    }
    Scope { parts }
}

/// Whether one object is allowed. It *is* [`scope`] asked for one object, so that it cannot differ from a list.
#[must_use]
pub fn decide(
    action: Action,
    grants: &[Grant],
    hierarchy: &Hierarchy,
    today: Date,
    units: &[Key],
    classification: Classification,
) -> bool {
    scope(action, grants, hierarchy, today).allows(units, classification)
}

/// The unit that a grant on a unit holds for today.
fn root_today(hierarchy: &Hierarchy, unit: Key, today: Date) -> Option<Key> {
    let placed = hierarchy.place(unit, today, today);
    match placed.rule {
        Rule::Itself | Rule::Successor | Rule::PrincipalSuccessor => placed.unit,
        // Power is not handed up to a parent, nor back to before the unit began.
        Rule::Predecessor
        | Rule::MergedBackward
        | Rule::CommonAncestor
        | Rule::LastParent
        | Rule::FirstParent
        | Rule::Unplaced => None,
    }
}

/// The units that are not alive today, with those that stand for them.
fn placed_elsewhere(hierarchy: &Hierarchy, today: Date) -> Vec<(Key, Placement)> {
    let absent = hierarchy.keys().filter(|key| !hierarchy.alive_on(*key, today));
    absent.map(|key| (key, hierarchy.place(key, today, today))).collect()
}

/// The units that grants on these roots cover, sorted.
fn covered(
    reach: Reach,
    roots: &[Key],
    hierarchy: &Hierarchy,
    today: Date,
    elsewhere: &[(Key, Placement)],
) -> Arc<[Key]> {
    let mut within = vec![false; hierarchy.len()];
    let mut below = vec![false; hierarchy.len()];
    for root in roots {
        for unit in hierarchy.subtree_unsorted(*root, today) {
            within[unit.index()] = true;
            below[unit.index()] |= unit != *root;
        }
    }
    let mut reached = if reach == Reach::Below {
        below.clone()
    } else {
        within.clone()
    };
    for (unit, placed) in elsewhere {
        let Some(stand_in) = placed.unit else { continue };
        // Where a parent stands for the unit, that parent stands above it already.
        let parent_stands_in = matches!(placed.rule, Rule::LastParent | Rule::FirstParent);
        reached[unit.index()] = match reach {
            Reach::Below if !parent_stands_in => below[stand_in.index()],
            Reach::Below | Reach::Within | Reach::Everything | Reach::Nothing => within[stand_in.index()],
        };
    }
    hierarchy.keys().filter(|key| reached[key.index()]).collect()
}
