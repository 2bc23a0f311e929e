//! The acts one by one and together, told with the units of the sample.

use crate::sample::{World, day, dissolve, document, establish, id, merge, names, relocate, rename, seed, split};
use banggiao_model::hierarchy::{Act, Change, Rule, UnitSeed};
use banggiao_model::level::{self, Level};
use std::collections::BTreeMap;

/// The sample that is shipped: id, country, kind, parent, names in three languages, start, end.
const SHIPPED: &str = include_str!("../../../../services/standalone/sample/units.csv");

fn shipped() -> World {
    let mut world = World::default();
    let mut waiting: Vec<&str> = SHIPPED.lines().skip(1).collect();
    while !waiting.is_empty() {
        let rows = waiting.len();
        // Rows may refer to later ones.
        waiting.retain(|row| {
            let [id, country, kind, parent, name_vi, .., start, end] = row.split(',').collect::<Vec<_>>()[..] else {
                panic!("{row}")
            };
            if !parent.is_empty() && world.hierarchy.key_of(parent).is_none() {
                return true;
            }
            world.accept(&Change::Unit(UnitSeed {
                country: country.into(),
                kind: kind.into(),
                level: level::kind(kind).unwrap().level,
                names: names(name_vi),
                ..seed(id, parent, start, end)
            }));
            false
        });
        assert!(waiting.len() < rows, "{waiting:?}");
    }
    world
}

#[test]
fn all_district_commands_are_dissolved_in_one_document() {
    let mut world = shipped();
    let (before, after) = (day("2025-06-30"), day("2025-07-01"));
    let kind_on = |key| {
        world
            .hierarchy
            .version_on(key, before)
            .map(|version| version.kind.to_string())
    };
    let districts: Vec<_> = world
        .hierarchy
        .keys()
        .filter(|key| {
            world.hierarchy.unit(*key).country() == "VN" && kind_on(*key).as_deref() == Some("DISTRICT_COMMAND")
        })
        .collect();
    assert!(districts.len() >= 50);
    let mut expected = BTreeMap::new();
    for district in &districts {
        for commune in world.hierarchy.children_on(*district, before) {
            expected.insert(commune, world.hierarchy.parent_on(*district, before));
        }
    }
    assert!(expected.len() >= 10, "there are communes to move");
    let acts = districts
        .iter()
        .map(|key| dissolve(world.hierarchy.unit(*key).id(), &[]))
        .collect();
    world.accept(&document("two-tiers", "2025-07-01", acts));
    for (commune, province) in expected {
        assert!(province.is_some());
        assert_eq!(world.hierarchy.parent_on(commune, after), province);
    }
    for district in districts {
        assert!(!world.hierarchy.alive_on(district, after) && world.hierarchy.successors(district).is_empty());
        let placed = world.hierarchy.place(district, before, after);
        assert_eq!(
            (placed.unit, placed.rule),
            (world.hierarchy.parent_on(district, before), Rule::LastParent)
        );
    }
    assert_eq!(
        world.parent("longan-xa-my-quy-tay", "2025-06-30"),
        Some("longan-duc-hue")
    );
    assert_eq!(world.parent("longan-xa-my-quy-tay", "2025-07-01"), Some("longan"));
}

#[test]
fn the_split_of_kampong_cham_is_restated_both_ways() {
    let mut world = World::units();
    // The province was recorded as it began; only its division is in the document.
    let (old, new) = ("kh-kampongcham-sector", "kh-tboungkhmum-east");
    world.accept(&document(
        "decree",
        "2013-12-31",
        vec![
            establish(new, "rcaf", "2013-12-31"),
            split(old, &[old, new], &[("kh-tboungkhmum-memot", new)]),
        ],
    ));
    assert_eq!(
        world.placed("kh-tboungkhmum-memot", "2010-01-01", "2024-01-01"),
        (Some("kh-tboungkhmum-memot"), Rule::Itself)
    );
    assert_eq!(world.parent("kh-tboungkhmum-memot", "2010-01-01"), Some(old));
    assert_eq!(world.parent("kh-tboungkhmum-memot", "2024-01-01"), Some(new));
    assert_eq!(world.placed(old, "2010-01-01", "2024-01-01"), (Some(old), Rule::Itself));
    assert_eq!(
        world.placed(new, "2024-01-01", "2010-01-01"),
        (Some(old), Rule::Predecessor)
    );
    assert_eq!(world.versions(old), ["1976-05-02", "2013-12-31"]);
    assert_eq!(world.versions(new), ["2013-12-31"]);
}

#[test]
fn a_province_changes_its_military_region() {
    let mut world = World::units();
    world.add("mr9", "", "1976-05-02", "");
    world.act("1999-07-01", relocate("longan", "mr9"));
    assert_eq!(
        (
            world.parent("longan", "1999-06-30"),
            world.parent("longan", "1999-07-01")
        ),
        (Some("mr7"), Some("mr9"))
    );
    let (k73, on) = (world.key("k73"), day("1999-07-01"));
    assert!(
        world.hierarchy.in_subtree(k73, world.key("mr9"), on),
        "what is below goes along"
    );
    assert!(!world.hierarchy.in_subtree(k73, world.key("mr7"), on));
    assert_eq!(world.versions("k73"), ["1976-05-02"]);
    assert_eq!(
        world.placed("longan", "1990-01-01", "2024-01-01"),
        (Some("longan"), Rule::Itself)
    );
    world.act("2005-01-01", relocate("longan", ""));
    assert_eq!(world.parent("longan", "2005-01-01"), None);
    // It was nobody's in the end, but the region it last belonged to is more than nothing.
    world.act("2010-01-01", dissolve("longan", &[("k73", "mr7")]));
    assert_eq!(world.parent("k73", "2010-01-01"), Some("mr7"));
    assert_eq!(
        world.parent("longan-duc-hue", "2010-01-01"),
        None,
        "a root's children become roots"
    );
    assert_eq!(
        world.placed("longan", "2008-01-01", "2024-01-01"),
        (Some("mr9"), Rule::LastParent)
    );
}

#[test]
fn one_day_makes_one_version() {
    let mut world = World::units();
    let kind = Act::ChangeKind {
        unit: id("k73"),
        kind: "BATTALION".into(),
        level: Level::District,
    };
    let acts = vec![rename("k73", "Tiểu đoàn 73"), relocate("k73", "mr7"), kind];
    world.accept(&document("k73", "2015-03-01", acts));
    assert_eq!(world.versions("k73"), ["1976-05-02", "2015-03-01"]);
    assert_eq!(
        (world.name("k73", "2015-02-28"), world.name("k73", "2015-03-01")),
        (Some("Đội K73"), Some("Tiểu đoàn 73"))
    );
    let version = world.hierarchy.version_on(world.key("k73"), day("2015-03-01")).unwrap();
    assert_eq!(
        (&*version.kind, version.level, version.parent),
        ("BATTALION", Level::District, Some(world.key("mr7")))
    );
    // Of two documents of one day the later has the last word.
    world.accept(&document("again", "2015-03-01", vec![relocate("k73", "tayninh")]));
    assert_eq!(world.parent("k73", "2015-03-01"), Some("tayninh"));
    assert_eq!(world.versions("k73"), ["1976-05-02", "2015-03-01"]);
}

#[test]
fn a_split_is_followed_by_a_merger() {
    let mut world = World::units();
    // On the same day: one half of Long An goes to Tây Ninh, by way of a new unit that takes both.
    world.accept(&document(
        "halves",
        "2000-01-01",
        vec![
            establish("north", "mr7", "2000-01-01"),
            establish("south", "mr7", "2000-01-01"),
            split("longan", &["north", "south"], &[("k73", "south")]),
            merge(&["tayninh"], "north", &[]),
        ],
    ));
    assert_eq!(
        world.children("north", "2000-01-01"),
        ["k71", "longan-duc-hue", "tayninh-tan-bien"]
    );
    assert_eq!(
        world.ids(world.hierarchy.predecessors(world.key("north"))),
        ["longan", "tayninh"]
    );
    assert_eq!(
        world.placed("longan", "1999-01-01", "2001-01-01"),
        (Some("north"), Rule::PrincipalSuccessor)
    );
    // And years later.
    world.act("2010-01-01", merge(&["north", "south"], "south", &[]));
    assert_eq!(
        world.children("south", "2010-01-01"),
        ["k71", "k73", "longan-duc-hue", "tayninh-tan-bien"]
    );
    assert_eq!(
        world.placed("longan", "1999-01-01", "2011-01-01"),
        (Some("south"), Rule::PrincipalSuccessor)
    );
    assert_eq!(
        world.placed("tayninh", "1999-01-01", "2011-01-01"),
        (Some("south"), Rule::Successor)
    );
    // South came from Long An alone until north joined it.
    assert_eq!(
        world.placed("south", "2005-01-01", "1999-01-01"),
        (Some("longan"), Rule::Predecessor)
    );
    assert_eq!(
        world.placed("south", "2015-01-01", "1999-01-01"),
        (Some("longan"), Rule::MergedBackward)
    );
    assert_eq!(
        world.placed("south", "2015-01-01", "2005-01-01"),
        (Some("south"), Rule::MergedBackward)
    );
}

#[test]
fn a_unit_and_the_one_above_change_places() {
    let mut world = World::units();
    let acts = vec![relocate("longan", "k73"), relocate("k73", "mr7")];
    world.accept(&document("turned", "2020-01-01", acts));
    assert_eq!(
        (world.parent("longan", "2020-01-01"), world.parent("k73", "2020-01-01")),
        (Some("k73"), Some("mr7"))
    );
}
