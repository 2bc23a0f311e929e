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

/// Common ancestors found so far, so that crossing lines of descent are not followed again and again.
type Known = HashMap<Key, Placement>;

impl Hierarchy {
    /// The unit that stands for `unit` on the day `on`, for something recorded at it on the day `recorded`.
    ///
    /// A unit alive on that day stands for itself. One that ended before is followed along its successors, one that
    /// began after along its predecessors. A key of another hierarchy is unplaced.
    #[must_use]
    pub fn place(&self, unit: Key, recorded: Date, on: Date) -> Placement {
        self.follow(unit, recorded, on, DEPTH_MAX, &mut Known::new())
    }

    fn follow(&self, unit: Key, recorded: Date, on: Date, depth: usize, known: &mut Known) -> Placement {
        let (mut key, mut recorded, mut rule) = (unit, recorded, Rule::Itself);
        // Every step goes along time or up the tree, so no unit comes twice; the limit only makes that plain.
        for _ in 0..=2 * self.units.len() {
            let Some(unit) = self.find(key) else { return UNPLACED };
            let step = if unit.version_on(on).is_some() {
                let merged_since = unit.merged_on.iter().any(|merged| on < *merged && *merged <= recorded);
                let last = if merged_since {
                    Rule::MergedBackward
                } else {
                    Rule::Itself
                };
                return Placement {
                    unit: Some(key),
                    rule: rule.max(last),
                };
            } else if unit.first_day() <= on {
                forward(unit)
            } else {
                // What the predecessor was when this unit left it is what counts from here on.
                recorded = unit.first_day();
                match self.backward(unit, on) {
                    Backward::Step(step) => step,
                    Backward::Merged => {
                        let placed = self.common_ancestor(key, on, depth, known);
                        return Placement {
                            unit: placed.unit,
                            rule: rule.max(placed.rule),
                        };
                    }
                }
            };
            let Some((next, step)) = step else { return UNPLACED };
            (key, rule) = (next, rule.max(step));
        }
        UNPLACED
    }

    /// The step to before the unit began.
    fn backward(&self, unit: &Unit, on: Date) -> Backward {
        let mut alive = unit.predecessors.iter().copied().filter(|key| self.alive_on(*key, on));
        match (alive.next(), alive.next(), &unit.predecessors[..]) {
            (_, _, [only]) => Backward::Step(Some((*only, Rule::Predecessor))),
            (Some(only), None, _) => Backward::Step(Some((only, Rule::MergedBackward))),
            (_, _, []) => {
                let parent = unit.versions.first().and_then(|version| version.parent);
                Backward::Step(parent.map(|parent| (parent, Rule::FirstParent)))
            }
            _ => Backward::Merged,
        }
    }

    /// The nearest unit above all predecessors of a unit, each placed on the day.
    fn common_ancestor(&self, key: Key, on: Date, depth: usize, known: &mut Known) -> Placement {
        let Some(depth) = depth.checked_sub(1) else {
            return UNPLACED;
        };
        if let Some(placement) = known.get(&key) {
            return *placement;
        }
        let Some(unit) = self.find(key) else { return UNPLACED };
        let mut rule = Rule::CommonAncestor;
        let mut shared: Option<Vec<Key>> = None;
        for predecessor in &unit.predecessors {
            let placed = self.follow(*predecessor, unit.first_day(), on, depth, known);
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
        known.insert(key, placement);
        placement
    }
}

/// How to go on from a unit that had not begun.
enum Backward {
    /// To one unit, or to none.
    Step(Option<(Key, Rule)>),
    /// To several at once.
    Merged,
}

/// The step to after the unit ended.
fn forward(unit: &Unit) -> Option<(Key, Rule)> {
    match unit.successors[..] {
        [only] => Some((only, Rule::Successor)),
        [principal, ..] => Some((principal, Rule::PrincipalSuccessor)),
        [] => {
            let parent = unit.versions.last().and_then(|version| version.parent);
            parent.map(|parent| (parent, Rule::LastParent))
        }
    }
}
