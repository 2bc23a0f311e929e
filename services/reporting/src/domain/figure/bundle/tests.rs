//! Bundled or one by one, the same is found.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_contracts::{journal::v1 as journal, registry::v1::Role, r#type::v1::Direction};

use crate::domain::{
    figure::{
        Ground, Keeping, Kept, Reach,
        lens::days_of_change,
        notes::Note,
        part::Groups,
        select::{Events, Found, select},
        tally::Tally,
    },
    measure::EventSum,
    query::{GroupKey, Query},
    world::{World, event, events, names},
};

/// What is compared: by measure and group the value, the records and the unknown; notes; whether something was withheld.
type Answer = (BTreeMap<(usize, String), (String, i64, i64)>, [Vec<Note>; 2], bool);

fn answer(world: &World, query: &Query, reach: &Reach, how: Events, keeping: Option<Keeping<'_>>) -> Answer {
    let ground = Ground {
        keeping,
        ..world.ground()
    };
    let changes = days_of_change(world.directory.hierarchy());
    let (mut groups, mut tallies, mut withheld) = (Groups::new(query), BTreeMap::new(), false);
    let mut emit = |found: Found<'_, '_>| {
        withheld |= !found.readable;
        for part in found.parts.iter().filter(|_| found.readable) {
            let tally: &mut Tally = tallies.entry((found.measure, format!("{:?}", part.group))).or_default();
            tally.add(found.records, part.adds.unwrap_or(found.adds), &part.things);
        }
    };
    let notes = select(
        ground,
        query,
        reach,
        query.window,
        (how, &changes),
        &mut groups,
        &mut emit,
    );
    let told = |tally: Tally| (tally.value().unwrap().to_string(), tally.records, tally.unknown);
    let tallies = tallies.into_iter().map(|(group, tally)| (group, told(tally)));
    (tallies.collect(), [notes.placements(), notes.unplaced()], withheld)
}

/// Many types, so that cells need more room than at first; joint events, plans, secrets, and units that come and go.
fn world() -> World {
    let mut world = World::new();
    world.markers(&["60", "61", "62"], &[]);
    assert!(world.unit("late", "VN", "DISTRICT_COMMAND", "east", "2024-02-01"));
    assert!(world.unit("island", "VN", "MILITARY_REGION", "", "2024-06-01"));
    let homes = ["region", "east", "west", "east-a", "east-b", "west-a", "late", "island"];
    for number in 0..2_000_usize {
        let pick = |turn: usize| homes[(number * 7 + number / 8 + turn) % homes.len()];
        let id = format!("e{number:032x}");
        let start = format!("2024-{:02}-{:02}", number % 12 + 1, number % 28 + 1);
        let mut event = event(&id, &start, pick(0));
        event.event_type = format!("eventTypes/t{}", number % 97);
        event.direction = [Direction::Unspecified, Direction::Inbound, Direction::Outbound][number % 3].into();
        event.co_home_units = names("units", &[pick(3), pick(5)][..[0, 0, 0, 1, 2][number % 5]]);
        event.partner_units = names("units", &["kh-a", "la", "kh-b"][..number % 4]);
        event.programmes = names("programmes", &["p1", "p2"][..number % 3]);
        (event.persons, event.delegations) = (
            (number % 5 > 0).then_some(70_000 * i64::from(number % 50 == 1) + 3),
            (number % 7 > 0).then_some(2),
        );
        event.classification = (number % 11 == 0).into();
        if number % 9 == 0 {
            event.team = "units/west-a".into();
            (event.marker_from, event.marker_to) = ("markers/vn-kh-60".into(), "markers/vn-kh-62".into());
        }
        if number % 8 == 0 {
            let line = |item: &str, value: &str| journal::Line {
                item: item.into(),
                value_vnd: value.into(),
                ..journal::Line::default()
            };
            event.lines = vec![line("rice", "100"), line("silk", ["", "7"][number % 16 / 8])];
            event.quantities.insert("aid_value_vnd".into(), "107".into());
        }
        if number % 6 == 0 {
            event.quantities.insert("patrol_km".into(), "1.5".into());
        }
        world.log(event.clone());
        if number % 13 == 0 {
            event.review_state = journal::ReviewState::Submitted.into();
            world.log(event);
        }
    }
    assert!(world.merge("2024-09-01", &["east-a", "east-b"], "east-a"));
    assert!(
        world.split("2024-10-01", "west", &["west", "east"]) || world.merge("2024-10-01", &["late", "east-a"], "late")
    );
    world.grant("reader", Role::Reader, "east", 0);
    world
}

#[test]
fn bundled_or_one_by_one_the_same_is_found() {
    let world = world();
    let (kept, directory) = (Kept::default(), Arc::new(world.directory.clone()));
    let keeping = Keeping {
        kept: &kept,
        directory: &directory,
    };
    let keys: [&[GroupKey]; 7] = [
        &[],
        &[GroupKey::ChildUnit, GroupKey::EventType, GroupKey::Direction],
        &[GroupKey::Unit, GroupKey::Month],
        &[GroupKey::PartnerCountry, GroupKey::Programme],
        &[GroupKey::PartnerUnit, GroupKey::Quarter],
        &[GroupKey::EventType],
        &[GroupKey::Team, GroupKey::AidItem],
    ];
    let sums: [&[EventSum]; 4] = [
        &[
            EventSum::Markers,
            EventSum::Quantity("aid_value_vnd".into()),
            EventSum::Persons,
        ],
        &[EventSum::Events, EventSum::Delegations, EventSum::Persons],
        &[EventSum::HomeUnits, EventSum::PartnerUnits],
        &[EventSum::Quantity("patrol_km".into()), EventSum::Persons],
    ];
    for as_of in [None, Some("2024-03-01"), Some("2024-12-31")] {
        for (root, principal) in [
            ("region", "administrator"),
            ("region", "reader"),
            ("east", "administrator"),
        ] {
            for (keys, sums) in keys.iter().flat_map(|keys| sums.iter().map(move |sums| (keys, sums))) {
                let mut query = world.query(root, "2024-01-15", "2024-12-20");
                query.group_by = keys.to_vec();
                query.measures = sums.iter().cloned().map(events).collect();
                query.as_of = as_of.map(crate::domain::world::day);
                query.include_unapproved = as_of.is_none();
                let reach = world.reach(principal);
                let single = answer(&world, &query, &reach, Events::Single, None);
                // Without anything kept, with sums that are kept now, and with those.
                for keeping in [None, Some(keeping), Some(keeping)] {
                    let bundled = answer(&world, &query, &reach, Events::Bundled, keeping);
                    assert_eq!(bundled, single, "{query:?} by {principal}");
                }
            }
        }
    }
}
