//! Restating: where a record belongs under the hierarchy of another day.

use crate::sample::{World, day, merge, split};
use banggiao_model::hierarchy::{Hierarchy, Rule};

fn placed<'a>(world: &'a World, unit: &str, recorded: &str, on: &str) -> (Option<&'a str>, Rule) {
    world.placed(unit, recorded, on)
}

#[test]
fn a_merger_is_restated_forwards_and_backwards() {
    let world = World::reorganized();
    assert_eq!(
        placed(&world, "longan", "2024-03-01", "2025-07-01"),
        (Some("tayninh"), Rule::Successor)
    );
    assert_eq!(
        placed(&world, "longan", "2024-03-01", "2025-06-30"),
        (Some("longan"), Rule::Itself)
    );
    assert_eq!(
        placed(&world, "tayninh", "2024-03-01", "2025-07-01"),
        (Some("tayninh"), Rule::Itself)
    );
    assert_eq!(
        placed(&world, "tayninh", "2025-08-01", "2025-06-30"),
        (Some("tayninh"), Rule::MergedBackward)
    );
    assert_eq!(
        placed(&world, "tayninh", "2025-08-01", "2025-07-01"),
        (Some("tayninh"), Rule::Itself)
    );
    assert_eq!(
        placed(&world, "k73", "2025-08-01", "2025-06-30"),
        (Some("k73"), Rule::Itself)
    );
    // A record that a backdated act left on a unit that was no more counts with the successor on its own day.
    assert_eq!(
        placed(&world, "longan", "2025-08-01", "2025-08-01"),
        (Some("tayninh"), Rule::Successor)
    );
}

#[test]
fn a_division_is_restated_forwards_and_backwards() {
    let world = World::reorganized();
    let (old, new) = ("kh-kampongcham-sector", "kh-tboungkhmum-sector");
    assert_eq!(
        placed(&world, old, "2010-01-01", "2024-01-01"),
        (Some(old), Rule::Itself)
    );
    assert_eq!(
        placed(&world, new, "2024-01-01", "2010-01-01"),
        (Some(old), Rule::Predecessor)
    );
    assert_eq!(
        placed(&world, "kh-tboungkhmum-memot", "2024-01-01", "2010-01-01").0,
        Some("kh-tboungkhmum-memot")
    );
    assert_eq!(placed(&world, new, "2024-01-01", "1970-01-01"), (None, Rule::Unplaced));
}

#[test]
fn several_successors_and_predecessors_are_told() {
    let mut world = World::units();
    world.add("new", "mr7", "2020-01-01", "");
    world.act("2020-01-01", merge(&["tayninh", "longan"], "new", &[]));
    world.add("east", "mr7", "2022-01-01", "");
    world.add("west", "mr7", "2022-01-01", "");
    world.act("2022-01-01", split("new", &["west", "east"], &[]));
    assert_eq!(
        placed(&world, "new", "2021-01-01", "2023-01-01"),
        (Some("west"), Rule::PrincipalSuccessor)
    );
    assert_eq!(
        placed(&world, "longan", "2019-01-01", "2023-01-01"),
        (Some("west"), Rule::PrincipalSuccessor)
    );
    assert_eq!(
        placed(&world, "longan", "2019-01-01", "2021-01-01"),
        (Some("new"), Rule::Successor)
    );
    assert_eq!(
        placed(&world, "new", "2021-01-01", "2019-01-01"),
        (Some("mr7"), Rule::CommonAncestor)
    );
    assert_eq!(
        placed(&world, "east", "2023-01-01", "2021-01-01"),
        (Some("new"), Rule::Predecessor)
    );
    assert_eq!(
        placed(&world, "east", "2023-01-01", "2019-01-01"),
        (Some("mr7"), Rule::CommonAncestor)
    );
    // Only one of the two was there in 2021, but not all that the two left behind was its own.
    world.add("rest", "mr7", "2024-01-01", "");
    world.act("2024-01-01", merge(&["tayninh-ubnd", "west"], "rest", &[]));
    assert_eq!(
        placed(&world, "rest", "2024-01-01", "2021-01-01"),
        (Some("tayninh-ubnd"), Rule::MergedBackward)
    );
    world.add("last", "mr7", "2025-01-01", "");
    world.act("2025-01-01", merge(&["rest", "rcaf"], "last", &[]));
    assert_eq!(
        placed(&world, "last", "2025-01-01", "2021-01-01"),
        (Some("rcaf"), Rule::MergedBackward)
    );
    assert_eq!(
        placed(&world, "last", "2025-01-01", "2024-06-01"),
        (None, Rule::Unplaced),
        "two trees share no unit"
    );
}

#[test]
fn units_without_succession_go_to_a_parent() {
    let mut world = World::reorganized();
    world.add("committee", "longan", "2020-01-01", "2021-12-31");
    assert_eq!(
        placed(&world, "committee", "2020-06-01", "2024-01-01"),
        (Some("longan"), Rule::LastParent)
    );
    assert_eq!(
        placed(&world, "committee", "2020-06-01", "2025-07-01"),
        (Some("tayninh"), Rule::LastParent)
    );
    assert_eq!(
        placed(&world, "committee", "2020-06-01", "2019-01-01"),
        (Some("longan"), Rule::FirstParent)
    );
    world.add("branch", "kh-tboungkhmum-sector", "2015-01-01", "");
    let branch = placed(&world, "branch", "2016-01-01", "2010-01-01");
    assert_eq!(branch, (Some("kh-kampongcham-sector"), Rule::FirstParent));
    world.add("lone", "", "2015-01-01", "2016-01-01");
    assert_eq!(
        placed(&world, "lone", "2015-06-01", "2010-01-01"),
        (None, Rule::Unplaced)
    );
    assert_eq!(
        placed(&world, "lone", "2015-06-01", "2017-01-01"),
        (None, Rule::Unplaced)
    );
}

#[test]
fn approximate_rules_are_marked() {
    use Rule::{
        CommonAncestor, FirstParent, Itself, LastParent, MergedBackward, Predecessor, PrincipalSuccessor, Successor,
        Unplaced,
    };
    assert!(
        [Itself, Successor, Predecessor, Unplaced]
            .iter()
            .all(|rule| !rule.is_approximate())
    );
    let approximate = [
        PrincipalSuccessor,
        MergedBackward,
        CommonAncestor,
        LastParent,
        FirstParent,
    ];
    assert!(approximate.iter().all(|rule| rule.is_approximate()));
}

#[test]
fn crossing_lines_of_descent_are_followed_once() {
    // Two units merge and part again, year after year: there are 2^40 ways back to the beginning.
    let mut world = World::default();
    world.add("top", "", "1950-01-01", "");
    world.add("a0", "top", "1950-01-01", "");
    world.add("b0", "top", "1950-01-01", "");
    for year in 1..=40 {
        let (merged, parted) = (format!("{}-01-01", 1950 + year), format!("{}-07-01", 1950 + year));
        world.add(&format!("m{year}"), "top", &merged, "");
        let sources = [format!("a{}", year - 1), format!("b{}", year - 1)];
        world.act(&merged, merge(&[&sources[0], &sources[1]], &format!("m{year}"), &[]));
        let targets = [format!("a{year}"), format!("b{year}")];
        world.add(&targets[0], "top", &parted, "");
        world.add(&targets[1], "top", &parted, "");
        world.act(&parted, split(&format!("m{year}"), &[&targets[0], &targets[1]], &[]));
    }
    assert_eq!(
        placed(&world, "a40", "1995-01-01", "1950-06-01"),
        (Some("top"), Rule::CommonAncestor)
    );
    assert_eq!(
        placed(&world, "b0", "1950-06-01", "1995-01-01"),
        (Some("a40"), Rule::PrincipalSuccessor)
    );
}

#[test]
fn a_key_of_another_hierarchy_is_unplaced() {
    let world = World::reorganized();
    let empty = Hierarchy::default();
    let placement = empty.place(world.key("tayninh"), day("2024-01-01"), day("2024-01-01"));
    assert_eq!((placement.unit, placement.rule), (None, Rule::Unplaced));
    assert!(empty.subtree_on(world.key("tayninh"), day("2024-01-01")).is_empty());
}
