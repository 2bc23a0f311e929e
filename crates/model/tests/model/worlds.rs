//! Random worlds: whatever is accepted, the promises hold on every day.

use crate::sample::{World, id, seed};
use banggiao_model::date::Date;
use banggiao_model::hierarchy::{Act, Change, Hierarchy, Key, Reorganization, Rule, UnitSeed};
use banggiao_model::name::UnitId;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// A dozen days a month apart: few enough that changes meet, in any order.
pub fn day(index: u8) -> Date {
    Date::constant(2000, 1, 10)
        .checked_add(jiff::Span::new().months(index % 12))
        .unwrap()
}

/// What is tried on a world. Its numbers pick among the units that are there, so that most tries make sense; some do
/// not, and are refused.
#[derive(Debug, Clone)]
enum Try {
    Begin {
        parent: Option<u8>,
        start: u8,
        end: Option<u8>,
    },
    Merge {
        effective: u8,
        sources: Vec<u8>,
        into_new: bool,
        moves: Vec<(u8, u8)>,
    },
    Split {
        effective: u8,
        source: u8,
        goes_on: bool,
        new: u8,
        moves: Vec<(u8, u8)>,
    },
    /// Two acts in one reorganization: what became of a merger merges once more.
    Chain { effective: u8, sources: Vec<u8> },
}

fn tries() -> impl Strategy<Value = Try> {
    let pick = any::<u8>;
    let moves = || proptest::collection::vec((pick(), pick()), 0..3);
    prop_oneof![
        4 => (proptest::option::weighted(0.9, pick()), 0..8_u8, proptest::option::weighted(0.2, 0..12_u8))
            .prop_map(|(parent, start, end)| Try::Begin { parent, start, end }),
        3 => (0..12_u8, proptest::collection::vec(pick(), 1..4), any::<bool>(), moves())
            .prop_map(|(effective, sources, into_new, moves)| Try::Merge { effective, sources, into_new, moves }),
        3 => (0..12_u8, pick(), any::<bool>(), 1..3_u8, moves())
            .prop_map(|(effective, source, goes_on, new, moves)| Try::Split { effective, source, goes_on, new, moves }),
        1 => (0..12_u8, proptest::collection::vec(pick(), 3))
            .prop_map(|(effective, sources)| Try::Chain { effective, sources }),
    ]
}

/// A hierarchy made of whatever was accepted.
pub fn worlds() -> impl Strategy<Value = World> {
    proptest::collection::vec(tries(), 1..40).prop_map(|tries| {
        let mut world = World::default();
        for index in 0..6 {
            attempt(
                &mut world,
                &Try::Begin {
                    parent: Some(index),
                    start: 0,
                    end: None,
                },
            );
        }
        for one in &tries {
            attempt(&mut world, one);
        }
        world
    })
}

/// Tries a change; says whether it was accepted.
fn attempt(world: &mut World, one: &Try) -> bool {
    match one {
        Try::Begin { parent, start, end } => {
            let parent = parent.and_then(|parent| pick(world, &alive(world, day(*start)), parent));
            begin(world, parent, day(*start), end.map(day)).is_some()
        }
        Try::Merge {
            effective,
            sources,
            into_new,
            moves,
        } => {
            let on = day(*effective);
            let alive = alive(world, on);
            let mut sources: Vec<UnitId> = sources.iter().filter_map(|index| pick(world, &alive, *index)).collect();
            sources.dedup();
            let new = if *into_new {
                begin(world, sources.first().cloned(), on, None)
            } else {
                sources.first().cloned()
            };
            let Some(target) = new else { return false };
            let moves = pick_moves(world, &sources, on, moves);
            reorganize(world, on, vec![Act::Merge { sources, target, moves }])
        }
        Try::Split {
            effective,
            source,
            goes_on,
            new,
            moves,
        } => {
            let on = day(*effective);
            let Some(source) = pick(world, &alive(world, on), *source) else {
                return false;
            };
            let above = world
                .hierarchy
                .key(&source)
                .and_then(|key| world.hierarchy.parent_on(key, on));
            let above = above.map(|key| world.hierarchy.unit(key).id().clone());
            let mut targets: Vec<UnitId> = (0..*new)
                .filter_map(|_| begin(world, above.clone(), on, None))
                .collect();
            targets.extend(goes_on.then(|| source.clone()));
            let moves = pick_moves(world, &[std::slice::from_ref(&source), &targets].concat(), on, moves);
            reorganize(world, on, vec![Act::Split { source, targets, moves }])
        }
        Try::Chain { effective, sources } => {
            let alive = alive(world, day(*effective));
            let found: Vec<UnitId> = sources.iter().filter_map(|index| pick(world, &alive, *index)).collect();
            let [first, second, third] = &found[..] else {
                return false;
            };
            let merge = |sources: [&UnitId; 2], target: &UnitId| Act::Merge {
                sources: sources.into_iter().cloned().collect(),
                target: target.clone(),
                moves: Vec::new(),
            };
            reorganize(
                world,
                day(*effective),
                vec![merge([first, second], first), merge([first, third], third)],
            )
        }
    }
}

fn alive(world: &World, on: Date) -> Vec<Key> {
    world
        .hierarchy
        .keys()
        .filter(|key| world.hierarchy.alive_on(*key, on))
        .collect()
}

fn pick(world: &World, among: &[Key], index: u8) -> Option<UnitId> {
    let key = among.get(usize::from(index) % among.len().max(1))?;
    Some(world.hierarchy.unit(*key).id().clone())
}

/// Children of the units involved, each with any live unit as its new parent.
fn pick_moves(world: &World, involved: &[UnitId], on: Date, moves: &[(u8, u8)]) -> Vec<(UnitId, UnitId)> {
    let involved = involved.iter().filter_map(|unit| world.hierarchy.key(unit));
    let children: Vec<Key> = involved
        .flat_map(|unit| world.hierarchy.children_on(unit, on))
        .collect();
    let alive = alive(world, on);
    let pair = |(child, parent): &(u8, u8)| Some((pick(world, &children, *child)?, pick(world, &alive, *parent)?));
    moves.iter().filter_map(pair).collect()
}

/// Enters a unit named by how many there are.
fn begin(world: &mut World, parent: Option<UnitId>, start: Date, end: Option<Date>) -> Option<UnitId> {
    let unit = id(&format!("u{}", world.hierarchy.len()));
    let seed = UnitSeed {
        parent,
        start,
        end,
        ..seed(&unit, "", "2000-01-01", "")
    };
    attempt_change(world, &Change::Unit(seed)).then_some(unit)
}

fn reorganize(world: &mut World, effective: Date, acts: Vec<Act>) -> bool {
    attempt_change(
        world,
        &Change::Reorganization(Reorganization {
            id: format!("r{}", world.hierarchy.position()),
            effective,
            acts,
        }),
    )
}

fn attempt_change(world: &mut World, change: &Change) -> bool {
    let before = world.hierarchy.position();
    match world.hierarchy.apply(before + 1, change) {
        Ok(()) => true,
        Err(violations) => {
            assert!(!violations.is_empty() && world.hierarchy.position() == before);
            false
        }
    }
}

/// A generator whose tries are all refused would prove nothing.
#[test]
fn random_worlds_are_full_of_acts() {
    let mut runner = TestRunner::deterministic();
    let (mut acts, mut accepted) = (0, 0);
    for _ in 0..50 {
        let mut world = World::default();
        for index in 0..6 {
            attempt(
                &mut world,
                &Try::Begin {
                    parent: Some(index),
                    start: 0,
                    end: None,
                },
            );
        }
        for _ in 0..30 {
            let one = tries().new_tree(&mut runner).unwrap().current();
            let done = attempt(&mut world, &one);
            if !matches!(one, Try::Begin { .. }) {
                acts += 1;
                accepted += usize::from(done);
            }
        }
    }
    assert!(4 * accepted > acts, "{accepted} of {acts} acts were accepted");
}

fn seed_change(name: &str) -> Change {
    Change::Unit(seed(name, "", "2000-01-01", ""))
}

/// Every day on which anything can differ, and the days around.
fn days() -> impl Iterator<Item = Date> {
    (0..12)
        .flat_map(|index| [day(index).yesterday().unwrap(), day(index)])
        .chain([Date::MIN, Date::MAX])
}

fn assert_versions_are_one_life(hierarchy: &Hierarchy) {
    for key in hierarchy.keys() {
        let versions = hierarchy.unit(key).versions();
        assert!(!versions.is_empty());
        for version in versions {
            assert!(version.until.is_none_or(|until| version.from < until));
        }
        for pair in versions.windows(2) {
            assert_eq!(pair[0].until, Some(pair[1].from));
        }
        let ended = hierarchy.last_day(key).is_some();
        assert!(ended || hierarchy.successors(key).is_empty());
    }
}

fn assert_forest(hierarchy: &Hierarchy, on: Date) {
    let mut reached = Vec::new();
    for root in hierarchy.roots_on(on) {
        reached.extend(hierarchy.subtree_on(root, on));
    }
    reached.sort_unstable();
    let alive: Vec<_> = hierarchy.keys().filter(|key| hierarchy.alive_on(*key, on)).collect();
    assert_eq!(reached, alive, "every live unit hangs under exactly one root on {on}");
    for unit in &alive {
        let ancestors = hierarchy.ancestors_on(*unit, on);
        assert!(ancestors.len() <= alive.len() && ancestors.iter().all(|above| hierarchy.alive_on(*above, on)));
        for root in &alive {
            let within = hierarchy.in_subtree(*unit, *root, on);
            assert_eq!(within, hierarchy.subtree_on(*root, on).contains(unit));
            let towards = hierarchy.child_towards(*root, *unit, on);
            assert_eq!(towards.is_some(), within);
            if let Some(child) = towards.filter(|child| child != root) {
                assert_eq!(hierarchy.parent_on(child, on), Some(*root));
                assert!(hierarchy.in_subtree(*unit, child, on));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn live_units_form_a_forest_on_every_day(world in worlds()) {
        assert_versions_are_one_life(&world.hierarchy);
        for on in days() {
            assert_forest(&world.hierarchy, on);
        }
    }

    #[test]
    fn placing_ends_at_a_live_unit_or_nowhere(world in worlds(), recorded in 0..12_u8) {
        let hierarchy = &world.hierarchy;
        for (unit, on) in hierarchy.keys().flat_map(|unit| days().map(move |on| (unit, on))) {
            let placed = hierarchy.place(unit, day(recorded), on);
            prop_assert_eq!(placed.unit.is_none(), placed.rule == Rule::Unplaced);
            prop_assert!(placed.unit.is_none_or(|unit| hierarchy.alive_on(unit, on)));
            let itself = matches!(placed.rule, Rule::Itself);
            prop_assert!(!itself || placed.unit == Some(unit));
            prop_assert!(!hierarchy.alive_on(unit, on) || placed.unit == Some(unit));
            // Somebody takes over from every unit that had a parent or a successor when it ended.
            if hierarchy.last_day(unit).is_some_and(|last| last < on) && !hierarchy.successors(unit).is_empty() {
                let principal = hierarchy.successors(unit)[0];
                prop_assert_eq!(placed.unit, hierarchy.place(principal, day(recorded), on).unit);
            }
        }
    }

    #[test]
    fn succession_runs_forward_in_time(world in worlds()) {
        let hierarchy = &world.hierarchy;
        for unit in hierarchy.keys() {
            for successor in hierarchy.successors(unit) {
                let end = hierarchy.last_day(unit).unwrap();
                prop_assert!(hierarchy.last_day(*successor).is_none_or(|last| end <= last));
                prop_assert!(hierarchy.predecessors(*successor).contains(&unit));
            }
        }
    }

    #[test]
    fn what_was_known_is_what_was_built(world in worlds(), position in 0..140_u64) {
        let earlier = world.hierarchy.known_at(position);
        prop_assert!(earlier.position() <= position);
        assert_versions_are_one_life(&earlier);
        let whole = earlier.known_at(u64::MAX);
        prop_assert_eq!(whole.len(), earlier.len());
        for key in world.hierarchy.keys().take(earlier.len()) {
            prop_assert_eq!(world.hierarchy.unit(key).id(), earlier.unit(key).id());
        }
        let later = [seed_change("late"), seed_change("later")];
        let mut again = world.clone();
        later.iter().for_each(|change| again.accept(change));
        again.hierarchy = again.hierarchy.known_at(world.hierarchy.position());
        prop_assert_eq!(format!("{again:?}"), format!("{world:?}"));
    }
}
