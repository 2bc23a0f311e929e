//! Promises about every history: it is one forest on every day, it is the fold by date, and nothing is lost.

use crate::histories::{History, Try, told, tries};
use crate::oracle::Oracle;
use crate::sample::World;
use crate::worlds::day;
use banggiao_model::date::Date;
use banggiao_model::hierarchy::{Change, Hierarchy, Key, Rule};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};

/// Every day on which anything changes, and the days around.
fn boundaries(hierarchy: &Hierarchy) -> BTreeSet<Date> {
    let versions = hierarchy.keys().flat_map(|key| hierarchy.unit(key).versions());
    let days = versions
        .flat_map(|version| [Some(version.from), version.until])
        .flatten();
    days.flat_map(|day| [day.yesterday().unwrap(), day])
        .chain([Date::MIN, Date::MAX])
        .collect()
}

fn assert_lives(hierarchy: &Hierarchy) {
    for key in hierarchy.keys() {
        let unit = hierarchy.unit(key);
        let versions = unit.versions();
        assert_eq!(versions.is_empty(), unit.is_void());
        assert_eq!(
            (hierarchy.first_day(key), hierarchy.last_day(key)),
            (unit.first_day(), unit.last_day())
        );
        assert!(
            versions
                .iter()
                .all(|version| version.until.is_none_or(|until| version.from < until))
        );
        assert!(versions.windows(2).all(|pair| pair[0].until == Some(pair[1].from)));
        assert!(unit.last_day().is_some() || hierarchy.successors(key).is_empty());
    }
}

fn assert_forest(hierarchy: &Hierarchy, on: Date) {
    let mut children: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for key in hierarchy.keys() {
        let Some(version) = hierarchy.version_on(key, on) else {
            assert!(hierarchy.ancestors_on(key, on).is_empty() && hierarchy.children_on(key, on).is_empty());
            continue;
        };
        assert!(
            version.parent.is_none_or(|parent| hierarchy.alive_on(parent, on)),
            "on {on}"
        );
        let up = hierarchy.ancestors_on(key, on);
        assert_eq!(hierarchy.parent_on(up[up.len() - 1], on), None, "a cycle on {on}");
        if let Some(parent) = version.parent {
            children.entry(parent).or_default().insert(key);
        }
    }
    for key in hierarchy.keys() {
        let below: BTreeSet<Key> = hierarchy.children_on(key, on).into_iter().collect();
        assert_eq!(below, children.remove(&key).unwrap_or_default(), "on {on}");
    }
}

fn date_of(change: &Change) -> Date {
    match change {
        Change::Unit(seed) => seed.start,
        Change::Reorganization(order) => order.effective,
        Change::Correction(correction) => correction.from,
        Change::Revocation { .. } => Date::MAX,
    }
}

/// The same changes in another order, those of one date in the order they had.
fn reordered<K: Ord>(changes: &[Change], priority: impl Fn(usize, &Change) -> K) -> Vec<Change> {
    let mut slots: Vec<usize> = (0..changes.len()).collect();
    slots.sort_by_key(|index| priority(*index, &changes[*index]));
    let mut waiting: BTreeMap<Date, Vec<&Change>> = BTreeMap::new();
    for change in changes.iter().rev() {
        waiting.entry(date_of(change)).or_default().push(change);
    }
    let next = |slot: &usize| waiting.get_mut(&date_of(&changes[*slot])).and_then(Vec::pop);
    slots.iter().filter_map(next).cloned().collect()
}

/// The same changes in order of date, against it (units first), and with each a little out of its place.
fn orders(changes: &[Change], noise: &[u8]) -> [Vec<Change>; 3] {
    let late = |change: &Change| !matches!(change, Change::Unit(_));
    let disorder = |index: usize| index + usize::from(noise[index % noise.len()]);
    [
        reordered(changes, |_, change| date_of(change)),
        reordered(changes, |_, change| (late(change), std::cmp::Reverse(date_of(change)))),
        reordered(changes, |index, _| disorder(index)),
    ]
}

/// What a history tells if it is entered in another order; nothing if any of it is refused then.
fn entered(changes: &[Change]) -> Option<BTreeMap<String, String>> {
    let mut history = History::default();
    let accepted = changes.iter().all(|change| history.apply(change.clone()));
    accepted.then(|| told(&history.world))
}

fn in_force(history: &History) -> Vec<Change> {
    let revoked = |id: &str| {
        history
            .world
            .hierarchy
            .reorganization(id)
            .is_some_and(|recorded| recorded.revoked_at.is_some())
    };
    let stays = |change: &&Change| match change {
        Change::Reorganization(order) => !revoked(&order.id),
        Change::Revocation { .. } => false,
        Change::Unit(_) | Change::Correction(_) => true,
    };
    history.changes.iter().filter(stays).cloned().collect()
}

/// Says whether nothing stands for a unit that is unplaced.
fn justified(hierarchy: &Hierarchy, unit: Key, recorded: Date, on: Date) -> bool {
    let place = |key: Key, recorded| hierarchy.place(key, recorded, on).unit;
    let nobody = |key: Option<Key>, recorded| key.is_none_or(|key| place(key, recorded).is_none());
    let versions = hierarchy.unit(unit).versions();
    let mut parents = versions.iter().filter_map(|version| version.parent);
    let Some(first) = hierarchy.first_day(unit) else {
        return nobody(hierarchy.unit(unit).first_parent(), recorded);
    };
    if first <= on {
        let principal = hierarchy.successors(unit).first().copied();
        return nobody(principal.or(parents.next_back()), recorded);
    }
    let all = hierarchy.predecessors(unit);
    let joined = |(index, key): (usize, &Key)| match hierarchy.last_day(*key) {
        // A unit that is named twice was divided first and merged into this one later.
        Some(last) if hierarchy.successors(*key).contains(&unit) && !all[index + 1..].contains(key) => {
            (*key, last.tomorrow().unwrap())
        }
        _ => (*key, first),
    };
    let all: Vec<(Key, Date)> = all.iter().enumerate().map(joined).collect();
    let early: Vec<(Key, Date)> = all
        .iter()
        .copied()
        .filter(|(_, joined)| *joined <= recorded.max(first))
        .collect();
    let parent = parents.next().or(hierarchy.unit(unit).first_parent());
    if early.is_empty() && (parent.is_some() || all.is_empty()) {
        return nobody(parent, first);
    }
    let counted = if early.is_empty() { &all } else { &early };
    let placed = counted.iter().filter_map(|(key, joined)| place(*key, *joined));
    let root = |key| hierarchy.ancestors_on(key, on).last().copied();
    placed.map(root).collect::<BTreeSet<_>>().len() != 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn every_accepted_change_leaves_a_forest_that_the_oracle_knows(tries in tries()) {
        History::grow(&tries, |history| {
            let hierarchy = &history.world.hierarchy;
            assert_lives(hierarchy);
            boundaries(hierarchy).into_iter().for_each(|on| assert_forest(hierarchy, on));
            Oracle::tell(&history.changes).assert_agrees(hierarchy);
        });
    }

    #[test]
    fn any_order_of_entry_gives_the_same_history(tries in tries(), noise in proptest::collection::vec(0..12_u8, 20)) {
        let changes = in_force(&History::grow(&tries, |_| {}));
        if let Some(expected) = entered(&changes) {
            for told in orders(&changes, &noise).iter().filter_map(|changes| entered(changes)) {
                prop_assert_eq!(&expected, &told);
            }
        }
    }

    #[test]
    fn what_is_left_when_some_was_revoked_is_what_was_never_recorded(tries in tries()) {
        let history = History::grow(&tries, |_| {});
        let lived: BTreeMap<String, String> = told(&history.world).into_iter().filter(|(_, told)| !told.ends_with("void true")).collect();
        if let Some(expected) = entered(&in_force(&history)) {
            prop_assert_eq!(expected, lived);
        }
    }

    #[test]
    fn what_was_known_at_a_position_is_what_was_there(tries in tries()) {
        let mut known: Vec<World> = vec![World::default()];
        let history = History::grow(&tries, |history| known.push(history.world.clone()));
        for (position, world) in known.iter().enumerate() {
            let earlier = World { hierarchy: history.world.hierarchy.known_at(position as u64) };
            prop_assert_eq!(format!("{earlier:?}"), format!("{world:?}"));
        }
    }

    #[test]
    fn revoking_everything_gives_back_the_units_as_they_began(tries in tries()) {
        let mut history = History::default();
        History::grow(&tries, |grown| {
            let change = grown.changes.last().unwrap().clone();
            if !matches!(change, Change::Revocation { .. } | Change::Correction(_)) {
                history.apply(change);
            }
        });
        let seeds: Vec<Change> = history.changes.iter().filter(|change| matches!(change, Change::Unit(_))).cloned().collect();
        // A unit that was recorded under one that a document established keeps that document in force.
        let Some(expected) = entered(&seeds) else { return Ok(()) };
        let mut documents: Vec<_> = history.world.hierarchy.reorganizations()
            .map(|recorded| (recorded.reorganization.effective, recorded.position, recorded.reorganization.id.clone()))
            .collect();
        documents.sort();
        for (_, _, reorganization) in documents.into_iter().rev() {
            let revoked = history.apply(Change::Revocation { reorganization });
            prop_assert!(revoked);
        }
        let lived: BTreeMap<String, String> = told(&history.world).into_iter().filter(|(_, told)| !told.ends_with("void true")).collect();
        prop_assert_eq!(expected, lived);
    }

    #[test]
    fn nothing_is_unplaced_without_reason(tries in tries(), recorded in 0..12_u8) {
        let recorded = day(recorded);
        let history = History::grow(&tries, |_| {});
        let hierarchy = &history.world.hierarchy;
        let days = boundaries(hierarchy);
        for (unit, on) in hierarchy.keys().flat_map(|unit| days.iter().map(move |on| (unit, *on))) {
            let placed = hierarchy.place(unit, recorded, on);
            prop_assert_eq!(placed.unit.is_none(), placed.rule == Rule::Unplaced);
            prop_assert!(placed.unit.is_none_or(|unit| hierarchy.alive_on(unit, on)));
            prop_assert!(!hierarchy.alive_on(unit, on) || placed.unit == Some(unit));
            prop_assert!(!hierarchy.unit(unit).is_void() || placed.rule >= Rule::FirstParent);
            prop_assert!(placed.unit.is_some() || justified(hierarchy, unit, recorded, on), "{:?} on {}", unit, on);
        }
    }
}

/// Generators whose tries are all refused would prove nothing.
#[test]
fn random_histories_are_full_of_everything() {
    let mut runner = TestRunner::deterministic();
    let (mut documents, mut accepted, mut revoked, mut corrected, mut compared) = (0, 0, 0, 0, 0);
    let mut again = [0; 3];
    for _ in 0..60 {
        let tries = tries().new_tree(&mut runner).unwrap().current();
        let history = History::grow(&tries, |_| {});
        let count = |wanted: fn(&Change) -> bool| history.changes.iter().filter(|change| wanted(change)).count();
        documents += tries.iter().filter(|one| matches!(one, Try::Document { .. })).count();
        accepted += count(|change| matches!(change, Change::Reorganization(_)));
        revoked += count(|change| matches!(change, Change::Revocation { .. }));
        corrected += count(|change| matches!(change, Change::Correction(_)));
        let changes = in_force(&history);
        compared += usize::from(entered(&changes).is_some());
        let noise: Vec<u8> = (0..19).map(|index| index * 7 % 12).collect();
        for (again, changes) in again.iter_mut().zip(orders(&changes, &noise)) {
            *again += usize::from(entered(&changes).is_some());
        }
    }
    assert!(
        3 * accepted > documents,
        "{accepted} of {documents} documents were accepted"
    );
    assert!(
        revoked > 30 && corrected > 60,
        "{revoked} revocations, {corrected} corrections"
    );
    assert!(
        compared > 30 && again.iter().all(|again| *again > 4),
        "{compared}, {again:?}"
    );
}
