//! Random histories: documents of all acts, backdated and ahead, revoked and corrected.

use crate::sample::{World, seed};
use crate::worlds::day;
use banggiao_model::date::Date;
use banggiao_model::hierarchy::{Act, Change, Correction, Reorganization, UnitSeed};
use banggiao_model::level::Level;
use banggiao_model::name::UnitId;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is tried on a history. Its numbers pick among what is there, so that most tries make sense; some do not, and
/// are refused.
#[derive(Debug, Clone)]
pub enum Try {
    Begin {
        parent: u8,
        start: u8,
        end: Option<u8>,
    },
    Document {
        effective: u8,
        acts: Vec<RawAct>,
    },
    Revoke(u8),
    Correct {
        unit: u8,
        version: u8,
        word: u8,
        kind: bool,
    },
}

/// Which act it is, and three numbers for it to pick by.
pub type RawAct = (u8, u8, u8, u8);

pub fn tries() -> impl Strategy<Value = Vec<Try>> {
    let act = || (0..12_u8, any::<u8>(), any::<u8>(), any::<u8>());
    let acts = proptest::collection::vec(act(), 1..4);
    // Half of the documents come in order of date, so that histories grow long.
    let one = prop_oneof![
        3 => (any::<u8>(), 0..10_u8, proptest::option::weighted(0.2, 0..12_u8))
            .prop_map(|(parent, start, end)| Try::Begin { parent, start, end }),
        8 => (0..12_u8, acts).prop_map(|(effective, acts)| Try::Document { effective, acts }),
        2 => any::<u8>().prop_map(Try::Revoke),
        2 => (any::<u8>(), any::<u8>(), any::<u8>(), any::<bool>())
            .prop_map(|(unit, version, word, kind)| Try::Correct { unit, version, word, kind }),
    ];
    proptest::collection::vec(one, 1..40)
}

/// A world, and how it came to be: position 1 is the first change.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub world: World,
    pub changes: Vec<Change>,
    names: usize,
}

impl History {
    /// Grows a history out of eight units of the first day, looking at it after each accepted change.
    pub fn grow(tries: &[Try], mut look: impl FnMut(&Self)) -> Self {
        let mut history = Self::default();
        for index in 0..8 {
            history.begin(index, day(0), None);
            look(&history);
        }
        for one in tries {
            if history.attempt(one) {
                look(&history);
            }
        }
        history
    }

    /// Applies a change; says whether it was accepted. One that is refused leaves nothing behind.
    pub fn apply(&mut self, change: Change) -> bool {
        let position = self.world.hierarchy.position();
        match self.world.hierarchy.apply(position + 1, &change) {
            Ok(()) => {
                self.changes.push(change);
                true
            }
            Err(violations) => {
                assert!(!violations.is_empty() && self.world.hierarchy.position() == position);
                false
            }
        }
    }

    pub fn attempt(&mut self, one: &Try) -> bool {
        match one {
            Try::Begin { parent, start, end } => self.begin(*parent, day(*start), end.map(day)),
            Try::Document { effective, acts } => self.document(day(*effective), acts),
            Try::Revoke(pick) => {
                let ids: Vec<String> = self
                    .world
                    .hierarchy
                    .reorganizations()
                    .map(|recorded| recorded.reorganization.id.clone())
                    .collect();
                let Some(reorganization) = ids.get(usize::from(*pick) % ids.len().max(1)).cloned() else {
                    return false;
                };
                self.apply(Change::Revocation { reorganization })
            }
            Try::Correct {
                unit,
                version,
                word,
                kind,
            } => {
                let hierarchy = &self.world.hierarchy;
                let keys: Vec<_> = hierarchy.keys().collect();
                let unit = hierarchy.unit(keys[usize::from(*unit) % keys.len()]);
                let Some(version) = unit
                    .versions()
                    .get(usize::from(*version) % unit.versions().len().max(1))
                else {
                    return false;
                };
                let correction = Correction {
                    unit: unit.id().clone(),
                    from: version.from,
                    names: (!kind).then(|| names(*word)),
                    kind: kind.then(|| (self::kind(*word), Level::Other)),
                };
                self.apply(Change::Correction(correction))
            }
        }
    }

    fn begin(&mut self, parent: u8, start: Date, end: Option<Date>) -> bool {
        self.names += 1;
        // Every fifth is a root.
        let parent = (!parent.is_multiple_of(5)).then(|| self.pick(start, parent)).flatten();
        let seed = self.seed("s", parent, start);
        self.apply(Change::Unit(UnitSeed { end, ..seed }))
    }

    fn seed(&self, letter: &str, parent: Option<UnitId>, start: Date) -> UnitSeed {
        let unit = format!("{letter}{}", self.names);
        UnitSeed {
            parent,
            start,
            ..seed(&unit, "", "2000-01-01", "")
        }
    }

    fn document(&mut self, effective: Date, raw: &[RawAct]) -> bool {
        let mut acts = Vec::new();
        for act in raw {
            self.acts(effective, *act, &mut acts);
        }
        let id = format!("r{}", self.world.hierarchy.position());
        self.apply(Change::Reorganization(Reorganization { id, effective, acts }))
    }

    fn acts(&mut self, on: Date, (which, a, b, c): RawAct, acts: &mut Vec<Act>) {
        let Some(unit) = self.pick(on, a) else { return };
        let other = self.pick(on, b);
        let moves = self.moves(&unit, on, b, c);
        match which {
            0 => acts.push(Act::Rename { unit, names: names(b) }),
            1 => acts.push(Act::ChangeKind {
                unit,
                kind: kind(b),
                level: Level::Other,
            }),
            2..=4 => acts.push(Act::Move {
                unit,
                parent: other.filter(|_| c % 5 != 0),
            }),
            5 | 6 => {
                let sources = [Some(unit.clone()), other].into_iter().flatten().collect();
                acts.push(Act::Merge {
                    sources,
                    target: unit,
                    moves,
                });
            }
            7 => {
                let target = self.establish(other.clone(), on, acts);
                acts.push(Act::Merge {
                    sources: vec![unit],
                    target,
                    moves,
                });
            }
            8 | 9 => {
                let mut targets = vec![self.establish(other, on, acts)];
                if c % 2 == 0 {
                    targets.push(unit.clone());
                } else {
                    targets.push(self.establish(None, on, acts));
                }
                acts.push(Act::Split {
                    source: unit,
                    targets,
                    moves,
                });
            }
            10 => {
                let _ = self.establish(Some(unit), on, acts);
            }
            _ => {
                // What is dissolved on the day on which it was moved leaves its children where it would have stood.
                if c % 3 == 0 && other.is_some() {
                    acts.push(Act::Move {
                        unit: unit.clone(),
                        parent: other,
                    });
                }
                acts.push(Act::Dissolve { unit, moves });
            }
        }
    }

    fn establish(&mut self, parent: Option<UnitId>, on: Date, acts: &mut Vec<Act>) -> UnitId {
        self.names += 1;
        let seed = self.seed("e", parent, on);
        let unit = seed.id.clone();
        acts.push(Act::Establish(seed));
        unit
    }

    /// Sometimes one child of the unit, with any live unit as its new parent.
    fn moves(&self, unit: &UnitId, on: Date, b: u8, c: u8) -> Vec<(UnitId, UnitId)> {
        let hierarchy = &self.world.hierarchy;
        let children = hierarchy
            .key(unit)
            .map(|unit| hierarchy.children_on(unit, on))
            .unwrap_or_default();
        let child = children
            .get(usize::from(b))
            .map(|child| hierarchy.unit(*child).id().clone());
        child.zip(self.pick(on, c)).into_iter().collect()
    }

    fn pick(&self, on: Date, index: u8) -> Option<UnitId> {
        let hierarchy = &self.world.hierarchy;
        let alive: Vec<_> = hierarchy.keys().filter(|key| hierarchy.alive_on(*key, on)).collect();
        let key = alive.get(usize::from(index) % alive.len().max(1))?;
        Some(hierarchy.unit(*key).id().clone())
    }
}

fn names(word: u8) -> Arc<BTreeMap<String, String>> {
    BTreeMap::from([("vi".to_owned(), format!("n{}", word % 8))]).into()
}

fn kind(word: u8) -> Arc<str> {
    format!("K{}", word % 4).into()
}

/// The units of a history with all that is told of them, by id, since keys go by the order of entry.
pub fn told(world: &World) -> BTreeMap<String, String> {
    let hierarchy = &world.hierarchy;
    let units = hierarchy.keys().map(|key| {
        let unit = hierarchy.unit(key);
        let versions: Vec<String> = unit
            .versions()
            .iter()
            .map(|version| {
                let parent = version.parent.map(|parent| hierarchy.unit(parent).id());
                format!(
                    "{} {:?} {parent:?} {} {:?} {:?}",
                    version.from, version.until, version.kind, version.level, version.names
                )
            })
            .collect();
        let (before, after) = (
            world.ids(hierarchy.predecessors(key)),
            world.ids(hierarchy.successors(key)),
        );
        (
            unit.id().to_string(),
            format!("{versions:?} after {before:?} before {after:?} void {}", unit.is_void()),
        )
    });
    units.collect()
}
