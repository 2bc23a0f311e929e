//! The oracle: the same figures by plain loops over the messages, slowly and without anything that the engine shares
//! but the hierarchy and the calendar.

use std::collections::{BTreeMap, BTreeSet};

use banggiao_contracts::{journal::v1 as journal, registry::v1::change::Resource, r#type::v1::Direction};
use banggiao_model::{
    date::Date,
    decimal::{self, Decimal},
    hierarchy::{Hierarchy, Key},
    permission::Classification,
};

use crate::domain::{
    figure::Reach,
    measure::{EventFilter, EventSum, Source},
    query::{GroupKey, Query, Window},
    world::{World, day},
};

/// Markers along the border, by id and number, in their order.
pub const MARKERS: [(&str, &str); 5] = [
    ("vn-kh-60", "60"),
    ("vn-kh-60-1", "60/1"),
    ("vn-kh-61-s1", "61(1)"),
    ("vn-kh-61-s2", "61(2)"),
    ("vn-kh-62", "62"),
];
/// The number of the one that is only planned.
pub const PLANNED: &str = "61(2)";

/// A figure: value, records, unknown.
pub type Figure = (String, i64, i64);

/// What the oracle finds for a query with one measure over events.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub cells: BTreeMap<Vec<String>, Figure>,
    pub total: Figure,
    pub withheld: bool,
}

/// A home unit: the child that holds it, as what it counts, its level.
type Home = (String, String, String);

/// A record that counts, in one group or in all.
#[derive(Clone)]
struct Line {
    adds: Option<Decimal>,
    units: BTreeSet<String>,
}

pub fn answer(world: &World, query: &Query, reach: &Reach, window: Window) -> Answer {
    let (mut groups, mut all, mut withheld) = (BTreeMap::<Vec<String>, Vec<Line>>::new(), Vec::new(), false);
    for event in counted(world, query.include_unapproved) {
        let Some((whole, parts)) = divide(world, query, window, event) else {
            continue;
        };
        if !readable(world, event, reach) {
            withheld = true;
            continue;
        }
        all.push(whole);
        for (group, line) in parts {
            groups.entry(group).or_default().push(line);
        }
    }
    let cells = groups
        .into_iter()
        .map(|(group, lines)| (group, figure(query, &lines)))
        .collect();
    Answer {
        cells,
        total: figure(query, &all),
        withheld,
    }
}

/// The events that stand behind a figure.
pub fn standing(world: &World, query: &Query, reach: &Reach) -> BTreeSet<String> {
    let events = counted(world, query.include_unapproved).into_iter();
    let events = events.filter(|event| divide(world, query, query.window, event).is_some());
    events
        .filter(|event| readable(world, event, reach))
        .map(|event| event.name.clone())
        .collect()
}

/// The revisions that count: the last approved ones, or the newest, if they are held.
fn counted(world: &World, include_unapproved: bool) -> Vec<&journal::Event> {
    let mut last = BTreeMap::new();
    for event in world.revisions.iter().filter_map(|revision| revision.event.as_ref()) {
        if include_unapproved || event.review_state() == journal::ReviewState::Approved {
            last.insert(&event.name, event);
        }
    }
    last.into_values()
        .filter(|event| event.phase() == journal::Phase::Held)
        .collect()
}

fn key(world: &World, name: &str) -> Key {
    world.key(name.trim_start_matches("units/"))
}

fn readable(world: &World, event: &journal::Event, reach: &Reach) -> bool {
    let mut homes = vec![key(world, &event.home_unit)];
    homes.extend(event.co_home_units.iter().map(|name| key(world, name)));
    reach
        .events
        .allows(&homes, Classification::ALL[event.classification as usize])
}

/// What an event adds as a whole and in each group; nothing if it does not count.
fn divide(
    world: &World,
    query: &Query,
    window: Window,
    event: &journal::Event,
) -> Option<(Line, BTreeMap<Vec<String>, Line>)> {
    let tree = world.directory.hierarchy();
    let start = day(&event.start_date);
    let on = query.as_of.unwrap_or(start);
    let Source::Events(measure) = &query.measures[0].source else {
        return None;
    };
    if start < window.start || window.end < start {
        return None;
    }
    let filters = [&measure.filter, &query.narrow_events];
    if !filters.iter().all(|filter| passes(world, filter, event, start, on)) {
        return None;
    }
    let asks_for_items = filters.iter().any(|filter| !filter.aid_items.is_empty());
    if asks_for_items && !event.lines.iter().any(|line| counts(&filters, line)) {
        return None;
    }
    let shown = |unit: Key| {
        if query.as_of.is_some() {
            tree.place(unit, start, on).unit
        } else {
            Some(unit)
        }
    };
    let text = |unit: Option<Key>| unit.map_or("NONE".to_owned(), |unit| tree.unit(unit).id().name());
    let mut homes = Vec::new();
    for name in std::iter::once(&event.home_unit).chain(&event.co_home_units) {
        let unit = key(world, name);
        let Some(placed) = tree.place(unit, start, on).unit else {
            continue;
        };
        if tree.in_subtree(placed, query.root, on) {
            let level = tree
                .version_on(placed, on)
                .map_or("NONE", |version| version.level.code());
            let child = text(tree.child_towards(query.root, placed, on));
            homes.push((child, text(shown(unit)), level.to_owned()));
        }
    }
    if homes.is_empty() {
        return None;
    }
    let mut partners = Vec::new();
    for name in &event.partner_units {
        let unit = key(world, name);
        if filters
            .iter()
            .all(|filter| partner_passes(world, filter, unit, start, on))
        {
            partners.push((text(shown(unit)), tree.unit(unit).country().to_owned()));
        }
    }
    let markers = markers(world, &measure.sum, event);
    let counts_homes = measure.sum == EventSum::HomeUnits;
    let counts_partners = measure.sum == EventSum::PartnerUnits;
    let of = |homes: &[Home], partners: &[(String, String)]| -> BTreeSet<String> {
        let homes = homes.iter().filter(|_| counts_homes).map(|(_, unit, _)| unit.clone());
        let partners = partners
            .iter()
            .filter(|_| counts_partners)
            .map(|(unit, _)| unit.clone());
        let units = homes.chain(partners).filter(|unit| unit != "NONE");
        units.chain(markers.iter().flatten().cloned()).collect()
    };
    let whole = Line {
        adds: adds(&measure.sum, &filters, event, None, markers.is_some()),
        units: of(&homes, &partners),
    };
    let none = || ("NONE".to_owned(), "NONE".to_owned());
    let or_none = |list: Vec<(String, String)>| if list.is_empty() { vec![none()] } else { list };
    let programmes = if event.programmes.is_empty() {
        vec!["NONE".to_owned()]
    } else {
        event.programmes.clone()
    };
    let items: BTreeSet<&str> = event.lines.iter().map(|line| line.item.as_str()).collect();
    let by_item = query.group_by.contains(&GroupKey::AidItem);
    let items = if by_item && !items.is_empty() {
        items.into_iter().map(Some).collect()
    } else {
        vec![None]
    };
    let mut parts: BTreeMap<Vec<String>, Line> = BTreeMap::new();
    for home in &homes {
        for partner in &or_none(partners.clone()) {
            for (programme, item) in programmes
                .iter()
                .flat_map(|programme| items.iter().map(move |item| (programme, *item)))
            {
                let group = query.group_by.iter().map(|key| match key {
                    GroupKey::AidItem => item.unwrap_or("NONE").to_owned(),
                    key => group_value(query, *key, event, window.aligned(start), home, partner, programme),
                });
                let line = parts.entry(group.collect()).or_insert(Line {
                    adds: adds(&measure.sum, &filters, event, item, markers.is_some()),
                    units: BTreeSet::new(),
                });
                line.units
                    .extend(of(std::slice::from_ref(home), std::slice::from_ref(partner)));
            }
        }
    }
    Some((whole, parts))
}

fn passes(world: &World, filter: &EventFilter, event: &journal::Event, start: Date, on: Date) -> bool {
    let tree = world.directory.hierarchy();
    let id = event.event_type.trim_start_matches("eventTypes/");
    let partners = || event.partner_units.iter().map(|name| key(world, name));
    let within = |unit: Key| within(tree, filter, unit, start, on);
    (filter.event_types.is_empty() || filter.event_types.iter().any(|of| of == id))
        && filter.direction.is_none_or(|direction| direction == event.direction())
        && (filter.programmes.is_empty()
            || event
                .programmes
                .iter()
                .any(|name| filter.programmes.iter().any(|id| *name == format!("programmes/{id}"))))
        && (filter.partner_countries.is_empty() || partners().any(|unit| of_country(tree, filter, unit)))
        && (filter.partner_units.is_empty() || partners().any(within))
        && (filter.aid_items.is_empty() || event.lines.iter().any(|line| filter.aid_items.contains(&line.item)))
}

fn partner_passes(world: &World, filter: &EventFilter, unit: Key, start: Date, on: Date) -> bool {
    let tree = world.directory.hierarchy();
    (filter.partner_countries.is_empty() || of_country(tree, filter, unit))
        && (filter.partner_units.is_empty() || within(tree, filter, unit, start, on))
}

fn of_country(tree: &Hierarchy, filter: &EventFilter, unit: Key) -> bool {
    filter
        .partner_countries
        .iter()
        .any(|code| code == tree.unit(unit).country())
}

fn within(tree: &Hierarchy, filter: &EventFilter, unit: Key, start: Date, on: Date) -> bool {
    let placed = tree.place(unit, start, on).unit;
    filter
        .partner_units
        .iter()
        .any(|root| placed.is_some_and(|placed| tree.in_subtree(placed, *root, on)))
}

fn adds(
    sum: &EventSum,
    filters: &[&EventFilter],
    event: &journal::Event,
    item: Option<&str>,
    markers_known: bool,
) -> Option<Decimal> {
    match sum {
        EventSum::Events | EventSum::HomeUnits | EventSum::PartnerUnits => Some(Decimal::ONE),
        EventSum::Delegations => event.delegations.map(Decimal::from),
        EventSum::Persons => event.persons.map(Decimal::from),
        EventSum::Markers => markers_known.then_some(Decimal::ONE),
        EventSum::Quantity(key) => {
            let by_item = item.is_some() || filters.iter().any(|filter| !filter.aid_items.is_empty());
            if key == "aid_value_vnd" && by_item {
                let lines = event.lines.iter().filter(|line| counts(filters, line));
                let lines = lines.filter(|line| item.is_none_or(|item| line.item == item));
                return lines.map(|line| decimal::parse(&line.value_vnd).ok()).sum();
            }
            event.quantities.get(key).map(|text| decimal::parse(text).unwrap())
        }
    }
}

fn counts(filters: &[&EventFilter], line: &journal::Line) -> bool {
    let passes = |filter: &&EventFilter| filter.aid_items.is_empty() || filter.aid_items.contains(&line.item);
    filters.iter().all(passes)
}

/// The markers that the event names and those between them, by their places in a list that is in their order.
fn markers(world: &World, sum: &EventSum, event: &journal::Event) -> Option<Vec<String>> {
    let id = |marker: &str| format!("markers/{marker}");
    let known = |marker: &str| {
        let mut changes = world.changes.iter();
        changes.any(|change| matches!(&change.resource, Some(Resource::Marker(one)) if one.name == marker))
    };
    let place = |name: &String| {
        let place = MARKERS.iter().position(|(marker, _)| id(marker) == *name);
        place.filter(|_| known(name))
    };
    let last = Some(&event.marker_to).filter(|last| !last.is_empty());
    let ends = place(&event.marker_from).zip(place(last.unwrap_or(&event.marker_from)));
    let (from, to) = ends.filter(|_| *sum == EventSum::Markers)?;
    let along = MARKERS[from.min(to)..=from.max(to)].iter();
    let standing = along.filter(|(_, number)| *number != PLANNED);
    let names = standing.map(|(marker, _)| id(marker));
    Some(names.filter(|marker| known(marker)).collect())
}

fn group_value(
    query: &Query,
    key: GroupKey,
    event: &journal::Event,
    on: Date,
    home: &Home,
    partner: &(String, String),
    programme: &str,
) -> String {
    match key {
        GroupKey::ChildUnit => home.0.clone(),
        GroupKey::Unit => home.1.clone(),
        GroupKey::PartnerUnit => partner.0.clone(),
        GroupKey::PartnerCountry => partner.1.clone(),
        GroupKey::EventType => event.event_type.clone(),
        GroupKey::Direction => match event.direction() {
            Direction::Unspecified => "NONE".to_owned(),
            Direction::Inbound => "INBOUND".to_owned(),
            Direction::Outbound => "OUTBOUND".to_owned(),
        },
        GroupKey::Programme => programme.to_owned(),
        GroupKey::Team if event.team.is_empty() => "NONE".to_owned(),
        GroupKey::Team => event.team.clone(),
        GroupKey::AidItem => unreachable!("of one item at a time"),
        GroupKey::Month => query.calendar.month_of(on).name(),
        GroupKey::Level => home.2.clone(),
        GroupKey::Half => query.calendar.half_of(on).name(),
        GroupKey::Campaign => {
            let mut seasons = query.seasons.iter();
            let season = seasons.find(|season| season.days.0 <= on && on <= season.days.1);
            season.map_or("NONE".to_owned(), |season| season.name.clone())
        }
        GroupKey::Quarter => query.calendar.quarter_of(on).name(),
        GroupKey::Year => query.calendar.year_of(on).name(),
    }
}

fn figure(query: &Query, lines: &[Line]) -> Figure {
    let unknown = lines.iter().filter(|line| line.adds.is_none()).count() as i64;
    let value = match query.measures[0].source.counts() {
        None => lines.iter().filter_map(|line| line.adds).sum::<Decimal>(),
        Some((_, true)) => lines.iter().map(|line| Decimal::from(line.units.len())).sum(),
        Some((_, false)) => lines
            .iter()
            .flat_map(|line| &line.units)
            .collect::<BTreeSet<_>>()
            .len()
            .into(),
    };
    (decimal::format(value), lines.len() as i64, unknown)
}
