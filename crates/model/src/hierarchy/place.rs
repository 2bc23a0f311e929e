//! Restating: where what was recorded at a unit belongs under the hierarchy of another day.
//!
//! It owns the rules along succession and how exact each is. It must not know what is restated.

use super::{Hierarchy, Key, Unit};
use crate::date::Date;
use std::collections::HashMap;

/// How many times merged predecessors are followed into further merged predecessors. No history is that deep.
const DEPTH_MAX: usize = 64;

/// How a unit was placed, from the most exact rule to the least. A chain of steps has the rule of its least exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The unit is alive on that day.
    Itself,
    /// It ended and has one successor.
    Successor,
    /// It began later and one predecessor is alive on that day.
    Predecessor,
    /// It was split and ended; its principal successor stands for all.
    PrincipalSuccessor,
    /// It, or its only predecessor alive on that day, stands for others as well that merged with it between that day
    /// and the record, which may be theirs.
    MergedBackward,
    /// It began later from several; their nearest common ancestor stands for them.
    CommonAncestor,
    /// It ended without successor; its last parent stands for it.
    LastParent,
    /// It began later without predecessor; its first parent stands for it.
    FirstParent,
    /// Nothing stands for it on that day.
    Unplaced,
}

impl Rule {
    /// Says whether the placement is a convention rather than a fact, which an answer has to tell.
    #[must_use]
    pub fn is_approximate(self) -> bool {
        match self {
            Self::PrincipalSuccessor
            | Self::MergedBackward
            | Self::CommonAncestor
            | Self::LastParent
            | Self::FirstParent => true,
            Self::Itself | Self::Successor | Self::Predecessor | Self::Unplaced => false,
        }
    }
}

/// Where a unit is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Placement {
    /// The unit that stands for it, alive on that day; absent if there is none.
    pub unit: Option<Key>,
    /// How it was found.
    pub rule: Rule,
}

/// Nothing stands for the unit.
const UNPLACED: Placement = Placement {
    unit: None,
    rule: Rule::Unplaced,
};

/// Common ancestors found so far of a unit's first so many predecessors, so that crossing lines of descent are not followed again and again.
type Known = HashMap<(Key, usize), Placement>;

impl Hierarchy {
    /// The unit that stands for `unit` on the day `on`, for something recorded at it on the day `recorded`.
    ///
    /// A unit alive on that day stands for itself. One that ended before is followed along its successors, one that
    /// began after along those predecessors that had joined it by the day of the record. A void unit is placed like its
    /// first parent. A key of another hierarchy is unplaced.
    #[must_use]
    pub fn place(&self, unit: Key, recorded: Date, on: Date) -> Placement {
        self.follow(unit, recorded, on, DEPTH_MAX, &mut Known::new())
    }

    fn follow(&self, unit: Key, recorded: Date, on: Date, depth: usize, known: &mut Known) -> Placement {
        let (mut key, mut recorded, mut rule) = (unit, recorded, Rule::Itself);
        // Every step goes along time or up the tree, so no unit comes twice, except where two units that are gone were
        // each above the other in turn: nothing stands for either, and the limit ends the search.
        for _ in 0..=2 * self.units.len() {
            let Some(unit) = self.find(key) else { return UNPLACED };
            let step = if unit.version_on(on).is_some() {
                return Placement {
                    unit: Some(key),
                    rule: rule.max(itself(unit, recorded, on)),
                };
            } else if let Some(first) = unit.first_day().filter(|first| on < *first) {
                let until = first.max(recorded);
                recorded = first;
                match self.backward(unit, until, on) {
                    Backward::Parent => first_parent(unit),
                    Backward::To(index, rule) => {
                        // What the predecessor was when it was left behind is what counts from here on.
                        recorded = unit.joined_on[index];
                        Some((unit.predecessors[index], rule))
                    }
                    Backward::Merged(count) => {
                        let placed = self.common_ancestor(key, count, on, depth, known);
                        return Placement {
                            unit: placed.unit,
                            rule: rule.max(placed.rule),
                        };
                    }
                }
            } else if unit.versions.is_empty() {
                first_parent(unit)
            } else {
                forward(unit)
            };
            let Some((next, step)) = step else { return UNPLACED };
            (key, rule) = (next, rule.max(step));
        }
        UNPLACED
    }

    /// The step to before the unit began, from what it was on the day `until`.
    fn backward(&self, unit: &Unit, until: Date, on: Date) -> Backward {
        // Those that merged into it after the record was made have no part in the record.
        let count = unit.joined_on.partition_point(|joined| *joined <= until);
        if count == 0 && first_parent(unit).is_some() {
            return Backward::Parent;
        }
        // Yet of a unit that had neither predecessor nor parent, they are all that is left to say.
        let count = if count == 0 { unit.predecessors.len() } else { count };
        let predecessors = &unit.predecessors[..count];
        let Some(first) = predecessors.first() else {
            return Backward::Parent;
        };
        // A unit may be split from another and have it merge back into it, and has one predecessor all the same.
        if predecessors.iter().all(|predecessor| predecessor == first) {
            // If the unit began without it, what is recorded may not be its own.
            let from_the_first = unit.first_day() == Some(unit.joined_on[0]);
            let rule = if from_the_first {
                Rule::Predecessor
            } else {
                Rule::MergedBackward
            };
            return Backward::To(0, rule);
        }
        let alive = |index: &usize| self.alive_on(predecessors[*index], on);
        match (0..count).find(alive) {
            Some(only) if !(only..count).any(|other| predecessors[other] != predecessors[only] && alive(&other)) => {
                Backward::To(only, Rule::MergedBackward)
            }
            _ => Backward::Merged(count),
        }
    }

    /// The nearest unit above the first so many predecessors of a unit, each placed on the day.
    fn common_ancestor(&self, key: Key, count: usize, on: Date, depth: usize, known: &mut Known) -> Placement {
        let Some(depth) = depth.checked_sub(1) else {
            return UNPLACED;
        };
        if let Some(placement) = known.get(&(key, count)) {
            return *placement;
        }
        let Some(unit) = self.find(key) else { return UNPLACED };
        let mut rule = Rule::CommonAncestor;
        let mut shared: Option<Vec<Key>> = None;
        for (predecessor, joined) in unit.predecessors.iter().zip(&unit.joined_on).take(count) {
            let placed = self.follow(*predecessor, *joined, on, depth, known);
            let Some(stand_in) = placed.unit else { continue };
            rule = rule.max(placed.rule);
            let above = self.ancestors_on(stand_in, on);
            shared = Some(match shared {
                Some(shared) => shared.into_iter().filter(|key| above.contains(key)).collect(),
                None => above,
            });
        }
        let nearest = shared.and_then(|shared| shared.first().copied());
        let placement = nearest.map_or(UNPLACED, |nearest| Placement {
            unit: Some(nearest),
            rule,
        });
        known.insert((key, count), placement);
        placement
    }
}

/// How to go on from a unit that had not begun.
enum Backward {
    /// To the parent that it began under.
    Parent,
    /// To one of its predecessors.
    To(usize, Rule),
    /// To so many of its predecessors at once.
    Merged(usize),
}

/// The rule for a unit that is alive on the day.
fn itself(unit: &Unit, recorded: Date, on: Date) -> Rule {
    let first = unit.first_day();
    // Those from which it began are no others that merged with it.
    let mut merged = unit.joined_on.iter().filter(|joined| first < Some(**joined));
    if merged.any(|merged| on < *merged && *merged <= recorded) {
        Rule::MergedBackward
    } else {
        Rule::Itself
    }
}

/// The step to after the unit ended. The last parent of one that had become a root is the last that it ever had.
fn forward(unit: &Unit) -> Option<(Key, Rule)> {
    match unit.successors[..] {
        [only] => Some((only, Rule::Successor)),
        [principal, ..] => Some((principal, Rule::PrincipalSuccessor)),
        [] => {
            let parent = unit.versions.iter().rev().find_map(|version| version.parent);
            parent.map(|parent| (parent, Rule::LastParent))
        }
    }
}

/// The step up from a unit that has no predecessor, to the first parent that it ever had. A void unit has only the one
/// it was recorded with.
fn first_parent(unit: &Unit) -> Option<(Key, Rule)> {
    let ever = unit.versions.iter().find_map(|version| version.parent);
    let parent = ever.or(unit.first_parent)?;
    Some((parent, Rule::FirstParent))
}
