//! What is revoked, backdated and corrected.

use crate::sample::{World, day, dissolve, document, establish, id, merge, names, relocate, rename, revocation, split};
use banggiao_model::hierarchy::{Change, Correction, Rule};
use banggiao_model::level::Level;

fn correction(unit: &str, from: &str, vi: &str) -> Change {
    Change::Correction(Correction {
        unit: id(unit),
        from: day(from),
        names: Some(names(vi)),
        kind: None,
    })
}

#[test]
fn a_revoked_merger_has_never_been() {
    let mut world = World::units();
    let before = world.clone();
    let acts = vec![
        merge(&["tayninh", "longan"], "tayninh", &[("k73", "mr7")]),
        rename("tayninh", "Tây Ninh mới"),
    ];
    world.accept(&document("merger", "2025-07-01", acts));
    let merged = world.clone();
    assert_eq!(world.parent("longan-duc-hue", "2026-01-01"), Some("tayninh"));
    world.accept(&revocation("merger"));
    assert_eq!(world.parent("longan-duc-hue", "2026-01-01"), Some("longan"));
    for key in world.hierarchy.keys() {
        assert_eq!(
            world.hierarchy.unit(key).versions(),
            before.hierarchy.unit(key).versions()
        );
    }
    assert_eq!(
        world.placed("longan", "2024-01-01", "2026-01-01"),
        (Some("longan"), Rule::Itself)
    );
    // It was known while it stood, and is still in the books.
    let then = World {
        hierarchy: world.hierarchy.known_at(merged.hierarchy.position()),
    };
    assert_eq!(format!("{then:?}"), format!("{merged:?}"));
    let recorded = world.hierarchy.reorganization("merger").unwrap();
    assert_eq!(
        (recorded.position, recorded.revoked_at),
        (merged.hierarchy.position(), Some(world.hierarchy.position()))
    );
    assert_eq!(world.hierarchy.reorganizations().count(), 1);
    assert_eq!(
        world.said(&revocation("merger")),
        [format!(
            "reorganization: reorganization merger was revoked at position {}",
            world.hierarchy.position()
        )]
    );
    assert_eq!(
        world.said(&revocation("nothing")),
        ["reorganization: reorganization nothing is not known"]
    );
    // Its id is not used twice, but what it did may be done again.
    world.accept(&document(
        "second",
        "2025-07-01",
        vec![merge(&["tayninh", "longan"], "tayninh", &[])],
    ));
    assert_eq!(world.parent("k73", "2026-01-01"), Some("tayninh"));
}

#[test]
fn what_later_changes_build_upon_is_not_revoked() {
    let mut world = World::units();
    let acts = vec![
        establish("east", "mr7", "2020-01-01"),
        split("longan", &["longan", "east"], &[("k73", "east")]),
    ];
    world.accept(&document("division", "2020-01-01", acts));
    world.accept(&document(
        "later",
        "2022-01-01",
        vec![rename("k73", "Đội 73"), relocate("k71", "east")],
    ));
    assert_eq!(
        world.said(&revocation("division")),
        [
            "reorganization: reorganization later of 2022-01-01 builds upon it: acts[1].parent: unit east was established by a reorganization that has been revoked"
        ]
    );
    world.accept(&revocation("later"));
    world.add("post", "east", "2021-01-01", "");
    assert_eq!(
        world.said(&revocation("division")),
        [
            "reorganization: unit post of 2021-01-01 builds upon it: parent: unit east was established by a reorganization that has been revoked"
        ]
    );
}

#[test]
fn a_void_unit_keeps_its_key_and_stands_nowhere() {
    let mut world = World::units();
    let acts = vec![
        establish("east", "mr7", "2020-01-01"),
        establish("post", "east", "2020-01-01"),
    ];
    world.accept(&document("founding", "2020-01-01", acts));
    let (east, post) = (world.key("east"), world.key("post"));
    world.accept(&revocation("founding"));
    assert_eq!((world.key("east"), world.key("post")), (east, post));
    let hierarchy = &world.hierarchy;
    assert!(hierarchy.unit(east).is_void() && hierarchy.unit(east).versions().is_empty());
    assert_eq!((hierarchy.first_day(east), hierarchy.last_day(east)), (None, None));
    assert_eq!(hierarchy.unit(post).first_parent(), Some(east));
    assert!(!world.alive("east", "2020-01-01") && world.children("east", "2021-01-01").is_empty());
    assert!(hierarchy.subtree_on(east, day("2021-01-01")).is_empty());
    assert_eq!(
        world.placed("post", "2020-06-01", "2020-06-01"),
        (Some("mr7"), Rule::FirstParent)
    );
    assert_eq!(world.placed("post", "2020-06-01", "1975-01-01"), (None, Rule::Unplaced));
    let again = document(
        "again",
        "2021-01-01",
        vec![
            establish("east", "mr7", "2021-01-01"),
            relocate("k73", "east"),
            relocate("post", "mr7"),
            merge(&["tayninh"], "east", &[]),
        ],
    );
    let void = "was established by a reorganization that has been revoked";
    assert_eq!(
        world.said(&again),
        [
            "acts[0].id: unit east exists already".to_owned(),
            format!("acts[1].parent: unit east {void}"),
            format!("acts[2].unit: unit post {void}"),
            format!("acts[3].target: unit east {void}"),
        ]
    );
    assert_eq!(
        world.said(&correction("east", "2020-01-01", "Đông")),
        [format!("unit: unit east {void}")]
    );
}

#[test]
fn dates_decide_and_not_the_order_of_entry() {
    let mut world = World::reorganized();
    // A rename of 2010 becomes known last; those of 2013 and 2025 keep what they decided.
    world.accept(&document(
        "late",
        "2010-01-01",
        vec![rename("longan", "Long An cũ"), relocate("k73", "tayninh")],
    ));
    assert_eq!(
        (world.name("longan", "2025-06-30"), world.parent("k73", "2010-01-01")),
        (Some("Long An cũ"), Some("tayninh"))
    );
    assert_eq!(world.versions("longan"), ["1976-05-02", "2010-01-01"]);
    assert_eq!(
        world.versions("k73"),
        ["1976-05-02", "2010-01-01"],
        "it was no longer under Long An in 2025"
    );
    // What nobody could know in 2026 is taken up in its place.
    world.accept(&document("ahead", "2030-01-01", vec![dissolve("tayninh", &[])]));
    world.accept(&document("between", "2026-01-01", vec![rename("tayninh", "Tây Ninh")]));
    assert_eq!(world.name("tayninh", "2029-12-31"), Some("Tây Ninh"));
    assert_eq!(world.parent("k73", "2030-01-01"), Some("mr7"));
    let contradiction = document(
        "early",
        "2009-01-01",
        vec![rename("k71", "K71"), dissolve("longan", &[])],
    );
    assert_eq!(
        world.said(&contradiction),
        [
            "acts[1].unit: reorganization late of 2010-01-01 would no longer be possible: acts[0].unit: unit longan is not alive on 2010-01-01",
        ]
    );
    // A cycle that only the two together would make.
    world.act("2026-06-01", relocate("mr7", "tayninh-ubnd"));
    let cycle = document("cycle", "2026-05-01", vec![relocate("tayninh-ubnd", "k71")]);
    assert_eq!(
        world.said(&cycle),
        [
            "acts: reorganization of-2026-06-01 of 2026-06-01 would no longer be possible: acts[0].parent: unit mr7 would stand above itself on 2026-06-01",
        ]
    );
}

#[test]
fn a_unit_recorded_late_goes_where_the_others_went() {
    let mut world = World::units();
    let acts = vec![relocate("longan", "rcaf"), dissolve("longan", &[])];
    world.accept(&document("end", "2020-01-01", acts));
    world.add("late", "longan", "1980-01-01", "");
    assert_eq!(world.parent("late", "2019-12-31"), Some("longan"));
    for unit in ["late", "k73"] {
        assert_eq!(world.parent(unit, "2020-01-01"), Some("rcaf"));
    }
}

#[test]
fn a_record_on_a_unit_that_a_backdated_act_ended_counts_with_the_heir() {
    let mut world = World::units();
    world.accept(&document(
        "late",
        "2020-01-01",
        vec![merge(&["k71", "k73"], "k71", &[])],
    ));
    world.accept(&document("later", "2020-01-01", vec![dissolve("longan-duc-hue", &[])]));
    assert_eq!(
        world.placed("k73", "2021-05-01", "2021-05-01"),
        (Some("k71"), Rule::Successor)
    );
    assert_eq!(
        world.placed("longan-duc-hue", "2021-05-01", "2021-05-01"),
        (Some("longan"), Rule::LastParent)
    );
}

#[test]
fn a_correction_makes_no_version() {
    let mut world = World::units();
    world.act("2000-01-01", relocate("k73", "mr7"));
    world.act("2010-01-01", rename("k73", "Đội 73"));
    world.accept(&correction("k73", "1976-05-02", "Đội quy tập K73"));
    assert_eq!(world.versions("k73"), ["1976-05-02", "2000-01-01", "2010-01-01"]);
    assert_eq!(world.name("k73", "1980-01-01"), Some("Đội quy tập K73"));
    assert_eq!(
        world.name("k73", "2005-01-01"),
        Some("Đội quy tập K73"),
        "the move took the wrong name over"
    );
    assert_eq!(
        world.name("k73", "2010-01-01"),
        Some("Đội 73"),
        "the rename decided anew"
    );
    world.accept(&Change::Correction(Correction {
        unit: id("k73"),
        from: day("2000-01-01"),
        names: None,
        kind: Some(("BATTALION".into(), Level::District)),
    }));
    let kind = |on| {
        world
            .hierarchy
            .version_on(world.key("k73"), day(on))
            .map(|version| &*version.kind)
    };
    assert_eq!(
        (kind("1999-12-31"), kind("2010-01-01")),
        (Some("SEARCH_TEAM"), Some("BATTALION"))
    );
    assert_eq!(
        world.said(&correction("k73", "2001-01-01", "x")),
        ["from: unit k73 has no version that begins on 2001-01-01"]
    );
    assert_eq!(
        world.said(&correction("k73", "2010-01-01", "Đội 73")),
        ["names: nothing changes for unit k73"]
    );
    assert_eq!(
        world.said(&correction("x", "2010-01-01", "x")),
        ["unit: unit x is not known"]
    );
}

#[test]
fn a_correction_outlives_the_version_it_was_made_for() {
    let mut world = World::units();
    world.accept(&document("move", "2000-01-01", vec![relocate("k73", "mr7")]));
    world.accept(&correction("k73", "2000-01-01", "Đội 73"));
    assert_eq!(
        (world.name("k73", "1999-01-01"), world.name("k73", "2000-01-01")),
        (Some("Đội K73"), Some("Đội 73"))
    );
    world.accept(&revocation("move"));
    assert_eq!(world.versions("k73"), ["1976-05-02"]);
    assert_eq!(
        world.name("k73", "1999-01-01"),
        Some("Đội 73"),
        "that version is in force on the day"
    );
    // A backdated act parts the two again.
    world.accept(&document("other", "1990-01-01", vec![relocate("k73", "tayninh")]));
    assert_eq!(
        (world.name("k73", "1989-12-31"), world.name("k73", "1990-01-01")),
        (Some("Đội K73"), Some("Đội 73"))
    );
    // Of a unit that was void by then, nothing is left to correct.
    world.accept(&document(
        "founding",
        "2000-01-01",
        vec![establish("east", "mr7", "2000-01-01")],
    ));
    world.accept(&correction("east", "2000-01-01", "Đông"));
    world.accept(&revocation("founding"));
    assert_eq!(world.name("east", "2000-01-01"), None);
}
