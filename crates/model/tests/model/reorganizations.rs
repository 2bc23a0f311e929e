//! Units and acts: what they do to the forest, and what is refused.

use crate::sample::{World, day, id, merge, reorganization, seed, split};
use banggiao_model::hierarchy::{Act, Change, Hierarchy, ViolationKind};

#[test]
fn children_move_with_a_province_that_merges() {
    let world = World::reorganized();
    assert_eq!(world.parent("k73", "2025-06-30"), Some("longan"));
    assert_eq!(world.parent("k73", "2025-07-01"), Some("tayninh"));
    assert_eq!(world.parent("k71", "2025-07-01"), Some("tayninh"));
    assert!(world.alive("longan", "2025-06-30") && !world.alive("longan", "2025-07-01"));
    let hierarchy = &world.hierarchy;
    assert_eq!(hierarchy.last_day(world.key("longan")), Some(day("2025-06-30")));
    assert_eq!(hierarchy.last_day(world.key("tayninh")), None);
    assert_eq!(world.ids(hierarchy.successors(world.key("longan"))), ["tayninh"]);
    assert_eq!(world.ids(hierarchy.predecessors(world.key("tayninh"))), ["longan"]);
    assert!(hierarchy.successors(world.key("tayninh")).is_empty());
    let versions = hierarchy.unit(world.key("tayninh")).versions();
    assert_eq!(versions.len(), 2);
    assert_eq!(
        (versions[0].until, versions[1].from),
        (Some(day("2025-07-01")), day("2025-07-01"))
    );
    let mr7 = world.key("mr7");
    assert!(hierarchy.in_subtree(world.key("k73"), mr7, day("2025-07-01")));
    assert_eq!(
        hierarchy.child_towards(mr7, world.key("k73"), day("2025-07-01")),
        Some(world.key("tayninh"))
    );
    assert_eq!(
        hierarchy.child_towards(mr7, world.key("k73"), day("2025-06-30")),
        Some(world.key("longan"))
    );
    assert_eq!(hierarchy.child_towards(mr7, mr7, day("2025-06-30")), Some(mr7));
    assert_eq!(
        hierarchy.child_towards(world.key("longan"), world.key("k71"), day("2025-06-30")),
        None
    );
}

#[test]
fn a_split_moves_the_children_it_names() {
    let world = World::reorganized();
    assert_eq!(
        world.children("kh-kampongcham-sector", "2013-12-30"),
        ["kh-kampongcham-batheay", "kh-tboungkhmum-memot"]
    );
    assert_eq!(
        world.children("kh-kampongcham-sector", "2013-12-31"),
        ["kh-kampongcham-batheay"]
    );
    assert_eq!(
        world.children("kh-tboungkhmum-sector", "2013-12-31"),
        ["kh-tboungkhmum-memot"]
    );
    let (old, new) = (world.key("kh-kampongcham-sector"), world.key("kh-tboungkhmum-sector"));
    assert_eq!(world.hierarchy.predecessors(new), [old]);
    assert!(world.hierarchy.successors(old).is_empty());
    assert_eq!(
        world.ids(&world.hierarchy.roots_on(day("2013-12-31"))),
        ["mr7", "rcaf", "tayninh-ubnd"]
    );
    let subtree = world.hierarchy.subtree_on(world.key("rcaf"), day("2013-12-31"));
    let below = [
        "kh-kampongcham-sector",
        "kh-kampongcham-batheay",
        "kh-tboungkhmum-sector",
        "kh-tboungkhmum-memot",
    ];
    assert_eq!(world.ids(&subtree), [&["rcaf"], &below[..]].concat());
}

#[test]
fn units_may_become_a_new_one_and_a_unit_may_vanish_into_several() {
    let mut world = World::units();
    world.add("new", "mr7", "2020-01-01", "");
    world.act("2020-01-01", merge(&["tayninh", "longan"], "new", &[("k71", "mr7")]));
    assert_eq!(
        world.children("new", "2020-01-01"),
        ["k73", "longan-duc-hue", "tayninh-tan-bien"]
    );
    assert_eq!(world.parent("k71", "2020-01-01"), Some("mr7"));
    assert_eq!(
        world.ids(world.hierarchy.predecessors(world.key("new"))),
        ["tayninh", "longan"]
    );

    world.add("east", "mr7", "2022-01-01", "");
    world.add("west", "mr7", "2022-01-01", "");
    world.act("2022-01-01", split("new", &["west", "east"], &[("k73", "east")]));
    assert!(!world.alive("new", "2022-01-01"));
    assert_eq!(
        world.children("west", "2022-01-01"),
        ["longan-duc-hue", "tayninh-tan-bien"]
    );
    assert_eq!(world.children("east", "2022-01-01"), ["k73"]);
    assert_eq!(
        world.ids(world.hierarchy.successors(world.key("new"))),
        ["west", "east"]
    );
}

#[test]
fn acts_of_one_day_follow_each_other() {
    let mut world = World::units();
    world.add("third", "mr7", "1976-05-02", "");
    let acts = vec![
        merge(&["tayninh", "longan"], "tayninh", &[]),
        merge(&["tayninh", "third"], "third", &[]),
    ];
    world.accept(&reorganization("2025-07-01", acts));
    assert_eq!(world.parent("k73", "2025-07-01"), Some("third"));
    assert_eq!(world.parent("k73", "2025-06-30"), Some("longan"));
    assert_eq!(world.hierarchy.unit(world.key("tayninh")).versions().len(), 1);
}

#[test]
fn a_unit_recorded_late_goes_on_with_the_others() {
    let mut world = World::reorganized();
    world.add("longan-moc-hoa", "longan", "1976-05-02", "");
    assert_eq!(world.parent("longan-moc-hoa", "2025-06-30"), Some("longan"));
    assert_eq!(world.parent("longan-moc-hoa", "2025-07-01"), Some("tayninh"));
    world.add("committee", "mr7", "2020-01-01", "2021-12-31");
    world.add("secretariat", "committee", "2020-06-01", "");
    assert_eq!(world.parent("secretariat", "2021-12-31"), Some("committee"));
    assert_eq!(world.parent("secretariat", "2022-01-01"), Some("mr7"));
}

#[test]
fn a_backdated_act_is_spliced_in() {
    let mut world = World::reorganized();
    world.add("old", "mr7", "1976-05-02", "");
    world.add("team", "old", "1976-05-02", "");
    world.add("post", "old", "2010-01-01", "");
    // In 2000 Long An took over what nobody had recorded; in 2025 it went to Tây Ninh with the rest.
    world.act("2000-01-01", merge(&["longan", "old"], "longan", &[("team", "k73")]));
    assert_eq!(world.parent("team", "1999-12-31"), Some("old"));
    assert_eq!(world.parent("team", "2025-07-01"), Some("k73"));
    assert_eq!(world.parent("post", "2010-01-01"), Some("longan"));
    assert_eq!(world.parent("post", "2025-07-01"), Some("tayninh"));
    assert_eq!(world.hierarchy.unit(world.key("longan")).versions().len(), 2);
}

#[test]
fn a_backdated_move_holds_until_the_next_decision() {
    let mut world = World::reorganized();
    world.add("kh-early", "rcaf", "2005-01-01", "");
    let targets = ["kh-kampongcham-sector", "kh-early"];
    world.act(
        "2005-01-01",
        split(
            "kh-kampongcham-sector",
            &targets,
            &[("kh-tboungkhmum-memot", "kh-early")],
        ),
    );
    assert_eq!(
        world.parent("kh-tboungkhmum-memot", "2004-12-31"),
        Some("kh-kampongcham-sector")
    );
    assert_eq!(world.parent("kh-tboungkhmum-memot", "2005-01-01"), Some("kh-early"));
    assert_eq!(
        world.parent("kh-tboungkhmum-memot", "2013-12-31"),
        Some("kh-tboungkhmum-sector")
    );
}

#[test]
fn a_unit_that_a_later_act_needs_cannot_end_before_it() {
    let mut world = World::reorganized();
    world.add("x", "mr7", "1976-05-02", "");
    let refusal = world.refusal(&reorganization("2020-01-01", vec![merge(&["longan", "x"], "x", &[])]));
    let [(path, kind)] = &refusal[..] else {
        panic!("{refusal:?}")
    };
    assert_eq!(path, "acts[0].sources[0]");
    assert_eq!(
        kind.to_string(),
        "reorganization of-2025-07-01 of 2025-07-01 would no longer be possible: acts[0].sources[1]: unit longan is \
         not alive on 2025-06-30"
    );
}

#[test]
fn what_is_wrong_with_a_unit_is_said_at_once() {
    let mut world = World::reorganized();
    let refusal = world.refusal(&Change::Unit(seed("tayninh", "nowhere", "2020-01-02", "2020-01-01")));
    assert_eq!(
        refusal,
        [
            ("id".to_owned(), ViolationKind::AlreadyExists { unit: id("tayninh") }),
            (
                "end_date".to_owned(),
                ViolationKind::EndBeforeStart {
                    start: day("2020-01-02"),
                    end: day("2020-01-01")
                }
            ),
            ("parent".to_owned(), ViolationKind::UnknownUnit { unit: id("nowhere") }),
        ]
    );
    let mut late = |parent: &str, start: &str| world.refusal(&Change::Unit(seed("new", parent, start, ""))).remove(0).1;
    let dead = ViolationKind::ParentNotAlive {
        unit: id("longan"),
        on: day("2025-07-01"),
    };
    assert_eq!(late("longan", "2025-07-01"), dead);
    assert_eq!(
        late("new", "2025-07-01"),
        ViolationKind::Cycle {
            unit: id("new"),
            on: day("2025-07-01")
        }
    );
    let unborn = ViolationKind::ParentNotAlive {
        unit: id("kh-tboungkhmum-sector"),
        on: day("2013-12-30"),
    };
    assert_eq!(late("kh-tboungkhmum-sector", "2013-12-30"), unborn);
}

/// Acts on 1 July 2025 that are refused, with the path and a part of the wording.
fn refused_acts() -> Vec<(Act, Vec<(&'static str, &'static str)>)> {
    vec![
        (
            merge(&["tayninh", "x"], "tayninh", &[]),
            vec![("acts[0].sources[1]", "unit x is not known")],
        ),
        (
            merge(&["tayninh"], "tayninh", &[]),
            vec![("acts[0].sources", "at least 2")],
        ),
        (
            merge(&[], "tayninh", &[]),
            vec![
                ("acts[0].sources", "at least 1"),
                ("acts[0].target", "starts on 1976-05-02"),
            ],
        ),
        (
            merge(&["longan", "k73"], "tayninh", &[]),
            vec![("acts[0].target", "establish it on that day, or list it")],
        ),
        (
            merge(&["longan", "longan"], "longan", &[]),
            vec![("acts[0].sources[1]", "named twice")],
        ),
        (
            split("longan", &["longan"], &[]),
            vec![("acts[0].targets", "at least 2")],
        ),
        (
            split("longan", &["longan", "tayninh"], &[]),
            vec![("acts[0].targets[1]", "starts on 1976-05-02")],
        ),
        (
            merge(
                &["tayninh", "longan"],
                "tayninh",
                &[("k73", "k73"), ("k73", "longan"), ("k74", "rcaf")],
            ),
            vec![
                ("acts[0].moves[0].parent", "above itself"),
                ("acts[0].moves[1].unit", "named twice"),
                ("acts[0].moves[1].parent", "cannot be a parent on 2025-07-01"),
                ("acts[0].moves[2].unit", "k74 is not known"),
            ],
        ),
        (
            merge(
                &["tayninh", "longan"],
                "tayninh",
                &[("kh-tboungkhmum-memot", "rcaf"), ("longan", "rcaf")],
            ),
            vec![
                ("acts[0].moves[0].unit", "not a child"),
                ("acts[0].moves[1].unit", "not alive on 2025-07-01"),
            ],
        ),
        // A province that is swallowed by its own district would hang under itself.
        (
            merge(&["longan", "k73"], "k73", &[]),
            vec![("acts[0]", "k73 would stand above itself on 2025-07-01")],
        ),
        (
            merge(&["tayninh", "mr7"], "tayninh", &[("longan", "k71"), ("tayninh", "k73")]),
            vec![
                ("acts[0].moves[0].parent", "longan would stand above itself"),
                ("acts[0].moves[1].parent", "tayninh would stand above itself"),
            ],
        ),
    ]
}

#[test]
fn what_is_wrong_with_an_act_is_said_at_once() {
    let mut world = World::units();
    for (act, expected) in refused_acts() {
        let refusal = world.refusal(&reorganization("2025-07-01", vec![act.clone()]));
        assert_eq!(refusal.len(), expected.len(), "{act:?}: {refusal:?}");
        for ((path, kind), (expected_path, wording)) in refusal.iter().zip(expected) {
            assert_eq!(path, expected_path, "{act:?}");
            assert!(kind.to_string().contains(wording), "{kind}");
        }
    }
    let refusal = world.refusal(&reorganization("2025-07-01", vec![]));
    assert_eq!(refusal, [("acts".to_owned(), ViolationKind::TooFew { min: 1 })]);
    // One wrong act refuses the others with it.
    let acts = vec![
        merge(&["tayninh", "longan"], "tayninh", &[]),
        merge(&["tayninh", "longan"], "tayninh", &[]),
    ];
    let refusal = world.refusal(&reorganization("2025-07-01", acts));
    let kind = ViolationKind::NotAlive {
        unit: id("longan"),
        on: day("2025-07-01"),
    };
    assert_eq!(refusal, [("acts[1].sources[1]".to_owned(), kind)]);
    let day_of_birth = reorganization("1976-05-02", vec![merge(&["tayninh", "longan"], "tayninh", &[])]);
    let kind = ViolationKind::NotAlive {
        unit: id("tayninh"),
        on: day("1976-05-01"),
    };
    assert_eq!(world.refusal(&day_of_birth)[0], ("acts[0].sources[0]".to_owned(), kind));
}

#[test]
fn positions_rise() {
    let mut hierarchy = Hierarchy::default();
    let unit = Change::Unit(seed("a", "", "2000-01-01", ""));
    assert!(hierarchy.apply(0, &unit).is_err());
    assert_eq!(hierarchy.apply(7, &unit), Ok(()));
    let violations = hierarchy
        .apply(7, &Change::Unit(seed("b", "", "2000-01-01", "")))
        .unwrap_err();
    assert_eq!(
        violations[0].to_string(),
        "position: position 7 does not come after position 7"
    );
    assert_eq!((hierarchy.position(), hierarchy.len()), (7, 1));
}

#[test]
fn what_was_known_earlier_is_known_again() {
    let world = World::reorganized();
    let last = world.hierarchy.position();
    let before_merger = world.hierarchy.known_at(last - 1);
    assert_eq!(before_merger.position(), last - 1);
    assert!(before_merger.alive_on(world.key("longan"), day("2026-01-01")));
    assert!(before_merger.predecessors(world.key("tayninh")).is_empty());
    let units_only = World {
        hierarchy: world.hierarchy.known_at(last - 2),
    };
    assert_eq!(
        units_only.parent("kh-tboungkhmum-memot", "2024-01-01"),
        Some("kh-kampongcham-sector")
    );
    assert_eq!(world.hierarchy.known_at(2).len(), 2);
    assert!(world.hierarchy.known_at(0).is_empty());
    assert_eq!(world.hierarchy.known_at(u64::MAX).position(), last);
    // A snapshot is not touched by what comes later.
    let mut later = world.clone();
    later.add("new", "mr7", "2026-01-01", "");
    assert_eq!((later.hierarchy.len(), world.hierarchy.len()), (14, 13));
}
