//! Random worlds and questions: the engine, the oracle and the sum of the explanation agree.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_contracts::{
    journal::v1::{Line, Phase, ReviewState},
    registry::v1::Role,
    r#type::v1::Direction,
};
use banggiao_model::{
    decimal::{self, Decimal},
    period::Calendar,
};
use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};

use super::oracle::{self, Figure};
use crate::domain::{
    amount::Amount,
    calendar::Season,
    figure::{Cell, Ground, Keeping, Kept, compute, difference, explain},
    measure::{EventFilter, EventSum, Source},
    query::{GroupKey, Query},
    world::{World, day, event, events, names},
};

const HOMES: &[&str] = &["region", "east", "west", "east-a", "east-b", "west-a", "late", "island"];
const PARTNERS: &[&str] = &["kh", "kh-a", "kh-b", "la"];
const DAYS: &[&str] = &[
    "2023-02-28",
    "2024-02-29",
    "2024-06-14",
    "2024-06-15",
    "2025-02-28",
    "2025-06-30",
    "2025-07-01",
];
const KEYS: &[GroupKey] = &[
    GroupKey::ChildUnit,
    GroupKey::Unit,
    GroupKey::PartnerUnit,
    GroupKey::PartnerCountry,
    GroupKey::EventType,
    GroupKey::Direction,
    GroupKey::Programme,
    GroupKey::Month,
    GroupKey::Quarter,
    GroupKey::Year,
    GroupKey::Level,
    GroupKey::Half,
    GroupKey::Campaign,
    GroupKey::Team,
    GroupKey::AidItem,
];

type Logged = (
    usize,
    (usize, Vec<&'static str>, Vec<&'static str>),
    (Option<i64>, Option<i64>),
    (usize, bool),
    u8,
);

fn logged() -> impl Strategy<Value = Logged> {
    (
        0..DAYS.len(),
        (0..HOMES.len(), subsequence(HOMES, 0..3), subsequence(PARTNERS, 0..4)),
        (option::of(0_i64..50), option::of(0_i64..5)),
        (0_usize..30, prop::bool::weighted(0.7)),
        any::<u8>(),
    )
}

/// A world in which some acts are recorded before the events and some, backdated, after them.
pub fn world() -> impl Strategy<Value = World> {
    let any_act = (0..HOMES.len(), 0..HOMES.len(), any::<bool>());
    let provinces = Just((1, 2, true));
    let act = (0..DAYS.len(), prop_oneof![provinces, any_act], any::<bool>());
    (vec(act, 0..4), vec(logged(), 0..60)).prop_map(|(acts, revisions)| {
        let mut world = World::new();
        world.unit("late", "VN", "DISTRICT_COMMAND", "east", "2025-06-30");
        world.unit("island", "VN", "MILITARY_REGION", "", "2025-02-28");
        world.grant("reader", Role::Reader, "east", 1);
        world.merge("2025-02-28", &["kh-a", "kh-b"], "kh-a");
        let numbers = oracle::MARKERS.map(|(_, number)| number);
        world.markers(&numbers, &[oracle::PLANNED]);
        let (late, early): (Vec<_>, Vec<_>) = acts.into_iter().partition(|(.., late)| *late);
        early
            .into_iter()
            .for_each(|(on, act, _)| reorganize(&mut world, DAYS[on], act));
        revisions.into_iter().for_each(|one| log(&mut world, one));
        late.into_iter()
            .for_each(|(on, act, _)| reorganize(&mut world, DAYS[on], act));
        world
    })
}

/// An act that contradicts the history is refused and changes nothing.
fn reorganize(world: &mut World, on: &str, (one, other, merges): (usize, usize, bool)) {
    let (one, other) = (HOMES[one], HOMES[other]);
    if merges {
        world.merge(on, &[one, other], one);
    } else {
        world.split(on, one, &[one, other]);
    }
}

fn log(world: &mut World, (on, (home, co_homes, partners), (persons, delegations), (id, approved), bits): Logged) {
    let bit = |place: u8| bits >> place & 1 == 1;
    // Most ids are as the journal makes them, some are not.
    let id = if id % 5 == 0 {
        format!("e{id}")
    } else {
        format!("e{id:032x}")
    };
    let mut event = event(&id, DAYS[on], HOMES[home]);
    event.co_home_units = names("units", &co_homes);
    event.partner_units = names("units", &partners);
    (event.persons, event.delegations) = (persons, delegations);
    event.direction = [Direction::Unspecified, Direction::Inbound, Direction::Outbound][usize::from(bits) % 3].into();
    if bit(0) {
        event.event_type = "eventTypes/joint-patrol".into();
        event.quantities.insert("patrol_km".into(), format!("{bits}.5"));
    }
    if bit(6) {
        let marker = |place: usize| format!("markers/{}", oracle::MARKERS[place % 5].0);
        event.marker_from = marker(id.len() + usize::from(bits));
        event.marker_to = if bit(7) {
            marker(usize::from(bits) / 5)
        } else {
            String::new()
        };
    }
    if bit(7) {
        event.team = format!("units/{}", HOMES[usize::from(bits) % 6]);
        let values = [["100", "2.5", ""], ["", "30", "4"], ["1", "2", "3"]][usize::from(bits) % 3];
        let items = ["rice", "silk", "rice"];
        let lines = items.iter().zip(values).take(1 + usize::from(bits) % 3);
        event.lines = lines
            .map(|(item, value)| Line {
                item: (*item).into(),
                value_vnd: value.into(),
                ..Line::default()
            })
            .collect();
        let worth: Option<Decimal> = event
            .lines
            .iter()
            .map(|line| decimal::parse(&line.value_vnd).ok())
            .sum();
        event
            .quantities
            .extend(worth.map(|worth| ("aid_value_vnd".to_owned(), decimal::format(worth))));
    }
    event.programmes = names("programmes", &["p1", "p2"][..usize::from(bit(1)) + usize::from(bit(2))]);
    event.classification = i32::from(bit(3)) * 2;
    event.phase = if bit(4) && bit(5) {
        Phase::Cancelled
    } else {
        Phase::Held
    }
    .into();
    event.review_state = if approved {
        ReviewState::Approved
    } else {
        ReviewState::Draft
    }
    .into();
    world.log(event);
}

fn sum() -> impl Strategy<Value = EventSum> {
    let quantity = EventSum::Quantity("patrol_km".into());
    select(vec![
        EventSum::Events,
        EventSum::Delegations,
        EventSum::Persons,
        quantity,
        EventSum::HomeUnits,
        EventSum::PartnerUnits,
        EventSum::Markers,
        EventSum::Quantity("aid_value_vnd".into()),
    ])
}

fn filter() -> impl Strategy<Value = (EventFilter, Vec<&'static str>)> {
    let direction = option::weighted(0.1, select(vec![Direction::Inbound, Direction::Outbound]));
    let list = |of: &'static [&'static str]| subsequence(of, 0..=1).boxed();
    let rare = |of| prop_oneof![9 => Just(Vec::new()).boxed(), 1 => list(of)];
    let lists = (
        rare(&["joint-patrol", "unheard-of"]),
        rare(&["p1", "p2"]),
        rare(&["KH", "LA"]),
        rare(PARTNERS),
        rare(&["rice", "silk"]),
    );
    (direction, lists).prop_map(|(direction, (types, programmes, countries, units, items))| {
        let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
        let filter = EventFilter {
            event_types: owned(types),
            direction,
            programmes: owned(programmes),
            partner_countries: owned(countries),
            partner_units: Vec::new(),
            aid_items: owned(items),
        };
        (filter, units)
    })
}

/// Two dry seasons with a gap between them.
fn seasons() -> Vec<Season> {
    let season = |name: &str, start, end| Season {
        name: format!("calendars/campaign/periods/{name}"),
        days: (day(start), day(end)),
    };
    vec![
        season("2023-2024", "2023-11-01", "2024-05-31"),
        season("2024-2025", "2024-11-01", "2025-05-31"),
    ]
}

prop_compose! {
    pub fn question()(
        world in world(),
        root in select(HOMES),
        (start, end) in (0..DAYS.len(), 0..DAYS.len()),
        as_of in option::of(0..DAYS.len()),
        (sum, repeated) in (sum(), any::<bool>()),
        (filter, units) in filter(),
        (narrow, narrow_units) in filter(),
        group_by in subsequence(KEYS, 0..=3),
        (legal, include_unapproved, administrator) in (any::<bool>(), any::<bool>(), any::<bool>()),
    ) -> (World, Query, &'static str) {
        let mut query = world.query(root, DAYS[start.min(end)], DAYS[start.max(end)]);
        let keys = |units: Vec<&str>| units.into_iter().map(|id| world.key(id)).collect();
        let mut measure = events(sum);
        if let Source::Events(events) = &mut measure.source {
            events.filter = EventFilter { partner_units: keys(units), ..filter };
            events.repeated = repeated;
        }
        query.measures = vec![measure];
        query.narrow_events = EventFilter { partner_units: keys(narrow_units), ..narrow };
        query.as_of = as_of.map(|on| day(DAYS[on]));
        query.group_by = group_by;
        query.calendar = if legal { Calendar::Legal } else { Calendar::Civil };
        query.include_unapproved = include_unapproved;
        query.seasons = seasons();
        (world, query, if administrator { "administrator" } else { "reader" })
    }
}

fn figure(cell: &Cell) -> Figure {
    (cell.value.to_string(), cell.records, cell.unknown)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn figure_oracle_and_explanation_agree((world, query, principal) in question()) {
        let reach = world.reach(principal);
        let figures = compute(world.ground(), &query, &reach).unwrap();
        let now = oracle::answer(&world, &query, &reach, query.window);
        let before = oracle::answer(&world, &query, &reach, query.comparison.unwrap());

        prop_assert_eq!(figure(&figures.totals[0].0), now.total.clone());
        prop_assert_eq!(figures.totals[0].0.comparison.unwrap().to_string(), before.total.0.clone());
        prop_assert_eq!(figures.withheld, now.withheld || before.withheld);

        let nothing = || ("0".to_owned(), 0, 0);
        let mut expected: BTreeMap<Vec<String>, (Figure, String)> = BTreeMap::new();
        if query.group_by.is_empty() {
            expected.insert(Vec::new(), (nothing(), "0".to_owned()));
        }
        for (group, figure) in &now.cells {
            expected.insert(group.clone(), (figure.clone(), "0".to_owned()));
        }
        for (group, figure) in &before.cells {
            expected.entry(group.clone()).or_insert((nothing(), String::new())).1.clone_from(&figure.0);
        }
        let found: Vec<_> = figures.cells.iter().map(|cell| {
            (cell.group.to_vec(), (figure(cell), cell.comparison.unwrap().to_string()))
        }).collect();
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());

        for cell in &figures.cells {
            let explained = explain(world.ground(), &query, &reach, cell.group.to_vec()).unwrap();
            prop_assert_eq!(figure(&explained.cell), figure(cell));
            prop_assert_eq!(explained.contributions.len() as i64, cell.records);
            let amounts = explained.contributions.iter().filter_map(|one| one.amount);
            let sum: Decimal = amounts.map(|amount| decimal::parse(&amount.to_string()).unwrap()).sum();
            prop_assert_eq!(decimal::format(sum), cell.value.to_string());
        }
    }

    /// One keeper for all that is asked of a world while it changes: each answer is what it is without one.
    #[test]
    fn what_is_kept_is_never_stale(
        (mut world, query, _) in question(),
        (other, more) in (subsequence(KEYS, 0..=3), vec(logged(), 1..20)),
        (on, act) in (0..DAYS.len(), (0..HOMES.len(), 0..HOMES.len(), any::<bool>())),
    ) {
        let (kept, mut directory) = (Kept::default(), Arc::new(world.directory.clone()));
        for step in 0..3 {
            for (principal, group_by, include_unapproved) in [
                ("administrator", &query.group_by, query.include_unapproved),
                ("reader", &query.group_by, query.include_unapproved),
                ("reader", &other, query.include_unapproved),
                ("administrator", &other, !query.include_unapproved),
                ("administrator", &query.group_by, query.include_unapproved),
            ] {
                let (reach, group_by) = (world.reach(principal), group_by.clone());
                let query = Query { group_by, include_unapproved, ..query.clone() };
                let without = Ground { directory: &directory, ..world.ground() };
                let keeping = Some(Keeping { kept: &kept, directory: &directory });
                let figures = compute(Ground { keeping, ..without }, &query, &reach).unwrap();
                let expected = compute(without, &query, &reach).unwrap();
                prop_assert_eq!(figures.cells, expected.cells);
                prop_assert_eq!(figures.totals, expected.totals);
                prop_assert_eq!(figures.withheld, expected.withheld);
                prop_assert_eq!(figures.placements, expected.placements);
                prop_assert_eq!(figures.unplaced, expected.unplaced);
            }
            if step == 0 {
                more.iter().cloned().for_each(|one| log(&mut world, one));
            } else {
                reorganize(&mut world, DAYS[on], act);
                directory = Arc::new(world.directory.clone());
            }
        }
    }

    #[test]
    fn measures_do_not_disturb_each_other((world, query, principal) in question(), others in vec(sum(), 1..3)) {
        let reach = world.reach(principal);
        let mut together = query.clone();
        together.measures.extend(others.into_iter().map(events));
        let figures = compute(world.ground(), &together, &reach).unwrap();
        for (number, measure) in together.measures.iter().enumerate() {
            let alone = Query { measures: vec![measure.clone()], ..query.clone() };
            let alone = compute(world.ground(), &alone, &reach).unwrap();
            let as_first = |cell: &Cell| Cell { measure: 0, ..cell.clone() };
            let cells = figures.cells.iter().filter(|cell| cell.measure == number).map(as_first).collect::<Vec<_>>();
            prop_assert_eq!(cells, alone.cells);
            prop_assert_eq!(as_first(&figures.totals[number].0), alone.totals[0].0.clone());
        }
    }

    #[test]
    fn a_bridge_leads_from_one_figure_to_the_other(
        (world, query, principal) in question(),
        other in (0..DAYS.len(), 0..DAYS.len(), option::of(0..DAYS.len())),
    ) {
        let reach = world.reach(principal);
        let before = Query { group_by: Vec::new(), ..query.clone() };
        let window = world.query("region", DAYS[other.0.min(other.1)], DAYS[other.0.max(other.1)]).window;
        let after = Query { window, as_of: other.2.map(|on| day(DAYS[on])), ..before.clone() };
        let explained = |query| explain(world.ground(), query, &reach, Vec::new()).unwrap();
        let once = matches!(query.measures[0].source.counts(), Some((_, false)));
        let between = difference(explained(&before), explained(&after), once).unwrap();
        prop_assert_eq!(between.before.value, compute(world.ground(), &before, &reach).unwrap().totals[0].0.value);
        prop_assert_eq!(between.after.value, compute(world.ground(), &after, &reach).unwrap().totals[0].0.value);
        prop_assert!(!once || between.bridge.is_empty());
        if !once {
            let lines = between.bridge.values();
            let added = |sum: Amount, amount| sum.checked_add(amount).unwrap();
            let led = lines.fold(between.before.value, |sum, line| {
                added(added(sum, line.entering), line.changed).checked_sub(line.leaving).unwrap()
            });
            prop_assert_eq!(led, between.after.value);
            prop_assert_eq!(between.bridge.values().map(|line| line.records).sum::<i64>(), between.records.len() as i64);
        }
        let standing = |query: &Query| oracle::standing(&world, query, &reach);
        let (first, second) = (standing(&before), standing(&after));
        for name in first.symmetric_difference(&second) {
            let found = between.records.iter().any(|record| {
                record.newest().unwrap().record.record().resource() == *name
            });
            prop_assert!(found, "{} is behind one figure only", name);
        }
    }
}
