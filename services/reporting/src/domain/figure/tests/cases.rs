//! Cases made by hand, each for one rule.

use std::sync::Arc;

use banggiao_contracts::{journal::v1 as journal, registry::v1::Role, r#type::v1::Classification};
use banggiao_model::{hierarchy::Rule, period::Calendar};

use crate::domain::{
    Error,
    figure::{Cell, Figures, Ground, Keeping, Kept, compute, difference, explain},
    measure::{AgreementDate, AgreementFilter, AgreementMeasure, AgreementSum, EventSum, Measure, Source},
    query::{self, GroupKey, Query},
    world::{World, agreement, day, event, events, names},
};

fn asked(world: &World, query: &Query) -> Figures {
    compute(world.ground(), query, &world.reach("administrator")).unwrap()
}

fn shown(cell: &Cell) -> (Vec<&str>, String) {
    let groups = cell
        .group
        .iter()
        .map(|text| text.rsplit('/').next().unwrap_or_default());
    (groups.collect(), cell.value.to_string())
}

fn persons(id: &str, start: &str, home: &str, persons: i64) -> journal::Event {
    journal::Event {
        persons: Some(persons),
        ..event(id, start, home)
    }
}

fn twinnings(sum: AgreementSum, date: AgreementDate, repeated: bool) -> Measure {
    let source = Source::Agreements(AgreementMeasure {
        filter: AgreementFilter::default(),
        date,
        sum,
        repeated,
    });
    Measure {
        label: source.default_label().to_owned(),
        source,
    }
}

#[test]
fn unknown_is_not_zero() {
    let mut world = World::new();
    world.log(persons("known", "2024-03-01", "east", 0));
    world.log(event("unknown", "2024-03-02", "east"));
    let figures = asked(&world, &world.query("region", "2024-01-01", "2024-12-31"));
    let cell = &figures.cells[0];
    assert_eq!(
        (cell.value.to_string().as_str(), cell.records, cell.unknown),
        ("0", 2, 1)
    );
    let none = asked(&world, &world.query("west", "2024-01-01", "2024-12-31"));
    assert_eq!((none.cells.len(), none.cells[0].value.to_string().as_str()), (1, "0"));
}

#[test]
fn the_year_before_is_by_calendar_dates() {
    let mut world = World::new();
    world.log(persons("leap", "2024-02-29", "east", 7));
    world.log(persons("eve", "2024-02-28", "east", 5));
    let february = asked(&world, &world.query("east", "2025-02-01", "2025-02-28"));
    assert_eq!(february.cells[0].comparison.unwrap().to_string(), "12");
    let mut query = world.query("east", "2025-02-01", "2025-02-28");
    query.group_by = vec![GroupKey::Month];
    let by_month = asked(&world, &query);
    assert_eq!(by_month.cells.len(), 1);
    assert_eq!(shown(&by_month.cells[0]), (vec!["2025-02"], "0".to_owned()));
    assert_eq!(by_month.cells[0].comparison.unwrap().to_string(), "12");
    query.calendar = Calendar::Legal;
    assert_eq!(shown(&asked(&world, &query).cells[0]).0, ["2025-03"]);
}

#[test]
fn a_record_of_several_children_counts_under_each_and_once_in_all() {
    let mut world = World::new();
    let joint = journal::Event {
        co_home_units: names("units", &["west-a", "region"]),
        ..persons("a", "2024-03-01", "east-a", 4)
    };
    world.log(joint);
    world.log(persons("b", "2024-03-02", "east-b", 2));
    let mut query = world.query("region", "2024-01-01", "2024-12-31");
    query.group_by = vec![GroupKey::ChildUnit];
    let figures = asked(&world, &query);
    let cells: Vec<_> = figures.cells.iter().map(shown).collect();
    let cell = |child, value: &str| (vec![child], value.to_owned());
    assert_eq!(cells, [cell("east", "6"), cell("region", "4"), cell("west", "4")]);
    let (total, overlapping) = &figures.totals[0];
    assert_eq!(
        (total.value.to_string().as_str(), total.records, *overlapping),
        ("6", 2, true)
    );
    query.root = world.key("east");
    let east = asked(&world, &query);
    assert!(!east.totals[0].1);
    assert_eq!(
        east.cells.iter().map(shown).collect::<Vec<_>>(),
        [cell("east-a", "4"), cell("east-b", "2")]
    );
}

#[test]
fn units_are_counted_once_or_in_every_record() {
    let mut world = World::new();
    world.agree(agreement("a1", "2024-03-01", &["east-a", "west-a"], &["kh-a", "la"]));
    world.agree(agreement("a2", "2024-05-01", &["east-a"], &["kh-a", "kh-b"]));
    world.agree(agreement("a3", "2025-05-01", &["east-a"], &["kh-a"]));
    let mut query = world.query("east", "2024-01-01", "2024-12-31");
    query.measures = vec![
        twinnings(AgreementSum::PartnerUnits, AgreementDate::SignedIn, false),
        twinnings(AgreementSum::PartnerUnits, AgreementDate::SignedIn, true),
        twinnings(AgreementSum::HomeUnits, AgreementDate::SignedIn, false),
        twinnings(AgreementSum::Agreements, AgreementDate::SignedIn, false),
    ];
    let values = |query: &Query| -> Vec<String> {
        asked(&world, query)
            .totals
            .iter()
            .map(|(total, _)| total.value.to_string())
            .collect()
    };
    assert_eq!(values(&query), ["3", "4", "1", "2"]);
    query.narrow_agreements.partner_countries = vec!["KH".to_owned()];
    assert_eq!(values(&query), ["2", "3", "1", "2"]);
    query.measures = vec![twinnings(AgreementSum::Agreements, AgreementDate::InForceAt, false)];
    query.window.end = day("2025-12-31");
    assert_eq!(values(&query), ["3"]);
    query.measures = vec![twinnings(AgreementSum::PartnerUnits, AgreementDate::InForceAt, false)];
    let explained = explain(world.ground(), &query, &world.reach("administrator"), Vec::new()).unwrap();
    let amounts: Vec<_> = explained
        .contributions
        .iter()
        .map(|one| one.amount.unwrap().to_string())
        .collect();
    assert_eq!(amounts, ["1", "1", "0"]);
}

#[test]
fn what_may_not_be_read_is_not_counted_and_said_to_be_withheld() {
    let mut world = World::new();
    world.grant("reader", Role::Reader, "east", 0);
    world.log(persons("open", "2024-03-01", "east-a", 4));
    let secret = Classification::Secret.into();
    world.log(journal::Event {
        classification: secret,
        ..persons("secret", "2024-03-02", "east-a", 8)
    });
    world.log(persons("elsewhere", "2024-03-03", "west-a", 16));
    let reach = world.reach("reader");
    let ask = |unit: &str, end: &str| {
        let mut query = world.query(unit, "2024-03-01", end);
        query.comparison = None;
        let figures = compute(world.ground(), &query, &reach).unwrap();
        (figures.cells[0].value.to_string(), figures.withheld)
    };
    assert_eq!(ask("east", "2024-03-01"), ("4".to_owned(), false));
    assert_eq!(ask("east", "2024-03-02"), ("4".to_owned(), true));
    assert_eq!(ask("region", "2024-03-03"), ("4".to_owned(), true));
    let mut query = world.query("region", "2024-03-03", "2024-03-03");
    query.group_by = vec![GroupKey::ChildUnit];
    let west = explain(world.ground(), &query, &reach, vec!["units/west".to_owned()]).unwrap();
    assert_eq!((west.cell.records, west.withheld), (0, true));
    let east = explain(world.ground(), &query, &reach, vec!["units/east".to_owned()]).unwrap();
    assert_eq!((east.cell.records, east.withheld), (0, false));
}

#[test]
fn restated_figures_follow_succession_and_tell_what_was_chosen() {
    let mut world = World::new();
    assert!(world.merge("2025-07-01", &["east", "west"], "east"));
    assert!(world.unit("island", "VN", "MILITARY_REGION", "", "2026-01-01"));
    world.log(persons("west", "2024-03-01", "west", 1));
    world.log(persons("below-west", "2024-03-01", "west-a", 2));
    world.log(persons("merged", "2025-08-01", "east", 4));
    world.log(persons("island", "2026-02-01", "island", 8));
    let mut query = world.query("east", "2024-01-01", "2026-12-31");
    assert_eq!(asked(&world, &query).cells[0].value.to_string(), "4");
    query.as_of = Some(day("2025-07-01"));
    let restated = asked(&world, &query);
    assert_eq!(restated.cells[0].value.to_string(), "7");
    assert!(restated.placements.is_empty());
    let unplaced: Vec<_> = restated
        .unplaced
        .iter()
        .map(|note| (note.unit, note.placed, note.records))
        .collect();
    assert_eq!(unplaced, [(world.key("island"), None, 1)]);
    query.as_of = Some(day("2025-06-30"));
    let before = asked(&world, &query);
    assert_eq!(before.cells[0].value.to_string(), "4");
    assert_eq!(before.placements[0].rule, Rule::MergedBackward);
    let both = journal::Event {
        co_home_units: names("units", &["west-a"]),
        ..persons("both", "2025-08-02", "east", 16)
    };
    world.log(both);
    query.root = world.key("west");
    let west = asked(&world, &query);
    assert_eq!(
        (west.cells[0].value.to_string().as_str(), west.placements.len()),
        ("19", 0)
    );
    let refused = query::check_alive(world.directory.hierarchy(), world.key("west"), day("2025-07-01"));
    let Err(Error::Precondition { reason, violations }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(reason, "UNIT_NOT_ALIVE");
    assert_eq!(violations[0].0, "units/west");
    assert!(violations[0].1.contains("units/east"), "{violations:?}");
}

#[test]
fn as_it_was_is_the_hierarchy_of_each_day() {
    let mut world = World::new();
    assert!(world.merge("2025-07-01", &["east", "west"], "east"));
    world.log(persons("before", "2025-06-30", "west-a", 1));
    world.log(persons("after", "2025-07-01", "west-a", 2));
    let mut query = world.query("region", "2025-01-01", "2025-12-31");
    query.group_by = vec![GroupKey::ChildUnit];
    let figures = asked(&world, &query);
    let cells: Vec<_> = figures.cells.iter().map(shown).collect();
    assert_eq!(cells, [(vec!["east"], "2".to_owned()), (vec!["west"], "1".to_owned())]);
}

#[test]
fn what_a_backdated_act_left_behind_counts_with_the_successor() {
    let mut world = World::new();
    world.log(persons("left", "2025-08-01", "west", 3));
    assert!(world.merge("2025-07-01", &["east", "west"], "east"));
    let mut query = world.query("east", "2025-08-01", "2025-08-31");
    query.measures.push(events(EventSum::HomeUnits));
    query.group_by = vec![GroupKey::Unit];
    let figures = asked(&world, &query);
    let cells: Vec<_> = figures.cells.iter().map(shown).collect();
    assert_eq!(cells, [(vec!["west"], "3".to_owned()), (vec!["west"], "1".to_owned())]);
}

#[test]
fn an_approved_revision_counts_until_the_next_one_is_approved() {
    let mut world = World::new();
    let value = |world: &World, include_unapproved: bool| {
        let mut query = world.query("east", "2024-03-01", "2024-03-31");
        query.include_unapproved = include_unapproved;
        asked(world, &query).cells[0].value.to_string()
    };
    let draft = |persons_: i64| journal::Event {
        review_state: journal::ReviewState::Submitted.into(),
        ..persons("a", "2024-03-01", "east", persons_)
    };
    world.log(draft(1));
    assert_eq!(
        (value(&world, false), value(&world, true)),
        ("0".to_owned(), "1".to_owned())
    );
    world.log(persons("a", "2024-03-01", "east", 2));
    world.log(draft(4));
    assert_eq!(
        (value(&world, false), value(&world, true)),
        ("2".to_owned(), "4".to_owned())
    );
    let cancelled = journal::Phase::Cancelled.into();
    world.log(journal::Event {
        phase: cancelled,
        ..draft(4)
    });
    assert_eq!(
        (value(&world, false), value(&world, true)),
        ("2".to_owned(), "0".to_owned())
    );
    world.log(journal::Event {
        phase: cancelled,
        ..persons("a", "2024-03-01", "east", 4)
    });
    assert_eq!(
        (value(&world, false), value(&world, true)),
        ("0".to_owned(), "0".to_owned())
    );
}

#[test]
fn what_is_kept_of_a_month_is_of_one_registry_only() {
    let mut world = World::new();
    for (number, home) in ["east-a", "east-b", "east-b"].into_iter().enumerate() {
        world.log(event(&format!("e{number:032x}"), "2024-03-05", home));
    }
    let mut query = world.query("region", "2024-03-01", "2024-03-31");
    query.group_by = vec![GroupKey::ChildUnit];
    query.as_of = Some(day("2024-12-31"));
    query.measures = vec![events(EventSum::Events)];
    let kept = Kept::default();
    let cells = |world: &World| {
        let directory = Arc::new(world.directory.clone());
        let ground = Ground {
            directory: &directory,
            keeping: Some(Keeping {
                kept: &kept,
                directory: &directory,
            }),
            ..world.ground()
        };
        let figures = compute(ground, &query, &world.reach("administrator")).unwrap();
        let cell = |cell: &Cell| (cell.group.join(" "), cell.value.to_string());
        figures.cells.iter().map(cell).collect::<Vec<_>>()
    };
    let of = |unit: &str, value: &str| (format!("units/{unit}"), value.to_owned());
    // All three are alike for this question, until one of the districts goes to the other province.
    assert_eq!(cells(&world), [of("east", "3")]);
    assert!(world.merge("2024-07-01", &["east-b", "west-a"], "west-a"));
    assert_eq!(cells(&world), [of("east", "1"), of("west", "2")]);
}

#[test]
fn a_record_that_adds_by_two_parts_of_a_sum_is_one_record_between_two_figures() {
    let mut world = World::new();
    let mut found = event(&format!("e{:032x}", 1), "2024-03-05", "east-a");
    found.quantities = [
        ("found".to_owned(), "7".to_owned()),
        ("recovered".to_owned(), "5".to_owned()),
    ]
    .into();
    world.log(found);
    let mut query = world.query("region", "2024-03-01", "2024-03-31");
    let part = |key: &str| events(EventSum::Quantity(key.into())).source;
    query.measures = vec![Measure {
        label: "sum".into(),
        source: Source::Sum(vec![part("found"), part("recovered")]),
    }];
    let reach = world.reach("administrator");
    let explained = |query: &Query| explain(world.ground(), query, &reach, Vec::new()).unwrap();
    let same = difference(explained(&query), explained(&query), false).unwrap();
    assert_eq!(
        (same.before.value.to_string(), same.records.len()),
        ("12".to_owned(), 0)
    );
    assert!(same.bridge.is_empty());
    // Beside a figure of other days all of it leaves, once.
    let mut later = query.clone();
    later.window.start = day("2024-03-06");
    let gone = difference(explained(&query), explained(&later), false).unwrap();
    assert_eq!(gone.records.len(), 1);
    let bridge: Vec<_> = gone
        .bridge
        .values()
        .map(|line| (line.leaving.to_string(), line.records))
        .collect();
    assert_eq!(bridge, [("12".to_owned(), 1)]);
}
