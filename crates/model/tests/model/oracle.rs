//! The history told a second time, as plainly as can be: changes are sorted by date and position and carried out on a
//! map of the units alive, and every day on which anything happened is kept.

use banggiao_model::date::Date;
use banggiao_model::hierarchy::{Act, Change, Hierarchy, UnitSeed};
use banggiao_model::name::UnitId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a unit is on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub since: Date,
    pub parent: Option<UnitId>,
    pub kind: Arc<str>,
    pub names: Arc<BTreeMap<String, String>>,
}

/// Each day on which anything happened, with the units alive from then on.
#[derive(Debug, Default)]
pub struct Oracle {
    pub days: BTreeMap<Date, BTreeMap<UnitId, State>>,
    pub successors: BTreeMap<UnitId, Vec<UnitId>>,
    pub predecessors: BTreeMap<UnitId, Vec<UnitId>>,
    alive: BTreeMap<UnitId, State>,
    heirs: BTreeMap<UnitId, Option<UnitId>>,
}

impl Oracle {
    /// The history that these changes, in order of position, make.
    pub fn tell(changes: &[Change]) -> Self {
        let revoked = |id: &str| {
            let mut others = changes.iter();
            others.any(|change| matches!(change, Change::Revocation { reorganization } if reorganization == id))
        };
        let mut due: Vec<(Date, u8, usize)> = Vec::new();
        for (position, change) in changes.iter().enumerate() {
            match change {
                Change::Unit(seed) => {
                    due.push((seed.start, 1, position));
                    due.extend(seed.end.map(|end| (end.tomorrow().unwrap(), 0, position)));
                }
                Change::Reorganization(order) if !revoked(&order.id) => due.push((order.effective, 1, position)),
                Change::Correction(correction) => due.push((correction.from, 1, position)),
                Change::Reorganization(_) | Change::Revocation { .. } => {}
            }
        }
        due.sort_unstable();
        let mut oracle = Self::default();
        for (date, phase, position) in due {
            match &changes[position] {
                Change::Unit(seed) if phase == 0 => oracle.expire(&seed.id, date),
                Change::Unit(seed) => oracle.begin(seed),
                Change::Reorganization(order) => order.acts.iter().for_each(|act| oracle.act(date, act)),
                Change::Correction(correction) => {
                    let Some(state) = oracle.alive.get(&correction.unit).cloned() else {
                        continue;
                    };
                    let told = oracle.days.range_mut(state.since..).map(|(_, day)| day);
                    let every_day = told.chain([&mut oracle.alive]);
                    for state in every_day.filter_map(|day| day.get_mut(&correction.unit)) {
                        correction
                            .names
                            .iter()
                            .for_each(|names| state.names = Arc::clone(names));
                        correction
                            .kind
                            .iter()
                            .for_each(|(kind, _)| state.kind = Arc::clone(kind));
                    }
                }
                Change::Revocation { .. } => {}
            }
            oracle.days.insert(date, oracle.alive.clone());
        }
        oracle
    }

    /// The units alive on a day.
    pub fn on(&self, date: Date) -> BTreeMap<UnitId, State> {
        let told = self.days.range(..=date).next_back();
        told.map(|(_, alive)| alive.clone()).unwrap_or_default()
    }

    fn begin(&mut self, seed: &UnitSeed) {
        let mut parent = seed.parent.clone();
        while let Some(heir) = parent.as_ref().and_then(|parent| self.heirs.get(parent)) {
            parent = heir.clone();
        }
        let state = State {
            since: seed.start,
            parent,
            kind: Arc::clone(&seed.kind),
            names: Arc::clone(&seed.names),
        };
        self.alive.insert(seed.id.clone(), state);
    }

    fn expire(&mut self, unit: &UnitId, date: Date) {
        if let Some(state) = self.alive.get(unit) {
            let parent = state.parent.clone();
            self.end(unit, parent, date);
        }
    }

    /// Ends a unit; its children go to the heir.
    fn end(&mut self, unit: &UnitId, heir: Option<UnitId>, date: Date) {
        self.alive.remove(unit);
        let children = self
            .alive
            .values_mut()
            .filter(|state| state.parent.as_ref() == Some(unit));
        for child in children {
            (child.since, child.parent) = (date, heir.clone());
        }
        self.heirs.insert(unit.clone(), heir);
    }

    fn touch(&mut self, unit: &UnitId, date: Date) -> &mut State {
        let state = self.alive.get_mut(unit).unwrap();
        state.since = date;
        state
    }

    fn put_all(&mut self, moves: &[(UnitId, UnitId)], date: Date) {
        for (child, parent) in moves {
            self.touch(child, date).parent = Some(parent.clone());
        }
    }

    fn act(&mut self, date: Date, act: &Act) {
        match act {
            Act::Establish(seed) => self.begin(seed),
            Act::Rename { unit, names } => self.touch(unit, date).names = Arc::clone(names),
            Act::ChangeKind { unit, kind, .. } => self.touch(unit, date).kind = Arc::clone(kind),
            Act::Move { unit, parent } => self.touch(unit, date).parent.clone_from(parent),
            Act::Merge { sources, target, moves } => {
                self.put_all(moves, date);
                for source in sources.iter().filter(|source| *source != target) {
                    self.end(source, Some(target.clone()), date);
                    self.successors.insert(source.clone(), vec![target.clone()]);
                    self.precede(target, source);
                }
                if sources.contains(target) {
                    self.touch(target, date);
                }
            }
            Act::Split { source, targets, moves } => {
                self.put_all(moves, date);
                if targets.contains(source) {
                    self.touch(source, date);
                } else {
                    self.end(source, Some(targets[0].clone()), date);
                    self.successors.insert(source.clone(), targets.clone());
                }
                for target in targets.iter().filter(|target| *target != source) {
                    self.precede(target, source);
                }
            }
            Act::Dissolve { unit, moves } => {
                self.put_all(moves, date);
                self.expire(unit, date);
            }
        }
    }

    fn precede(&mut self, later: &UnitId, earlier: &UnitId) {
        self.predecessors
            .entry(later.clone())
            .or_default()
            .push(earlier.clone());
    }

    /// Panics unless a hierarchy tells the same, at every day on which anything happened and the day before.
    pub fn assert_agrees(&self, hierarchy: &Hierarchy) {
        let name = |key| hierarchy.unit(key).id().clone();
        for date in self.days.keys().flat_map(|day| [day.yesterday().unwrap(), *day]) {
            let mut told = BTreeMap::new();
            for key in hierarchy.keys() {
                if let Some(version) = hierarchy.version_on(key, date) {
                    let state = State {
                        since: version.from,
                        parent: version.parent.map(name),
                        kind: Arc::clone(&version.kind),
                        names: Arc::clone(&version.names),
                    };
                    told.insert(name(key), state);
                }
            }
            assert_eq!(told, self.on(date), "on {date}");
        }
        for key in hierarchy.keys() {
            let names = |keys: &[_]| keys.iter().map(|key| name(*key)).collect::<Vec<_>>();
            let told = |map: &BTreeMap<UnitId, Vec<UnitId>>| map.get(&name(key)).cloned().unwrap_or_default();
            assert_eq!(names(hierarchy.successors(key)), told(&self.successors));
            assert_eq!(names(hierarchy.predecessors(key)), told(&self.predecessors));
        }
    }
}
