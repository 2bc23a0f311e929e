//! A region of 2,000 units, their partners, and the events of ten years: made by a fixed rule, so that every run has the same.

use banggiao_contracts::{
    journal::v1::{Event, EventRevision, ExternalReference, Phase, ReviewState},
    registry::v1::{Change, Grant, Role, Unit, change::Resource},
    r#type::v1::Direction,
};
use banggiao_model::date::{self, Date};

/// The first half of the last year.
pub const WINDOW: (&str, &str) = ("2025-01-01", "2025-06-30");
/// Events are spread evenly over so many years.
pub const YEARS: u64 = 10;

const PROVINCES: u64 = 20;
const DISTRICTS: u64 = 180;
const UNITS: u64 = 2_000;
const PARTNERS: u64 = 60;
const TYPES: [&str; 12] = [
    "delegation-visit",
    "joint-patrol",
    "briefing",
    "aid",
    "training-course",
    "exercise",
    "meeting",
    "remains-search",
    "cultural-exchange",
    "medical-mission",
    "hotline-call",
    "twinning-visit",
];

/// Number 0 is the region; then come provinces, districts and communes.
fn unit(number: u64) -> String {
    match number {
        0 => "region".to_owned(),
        _ => format!("u{number:04}"),
    }
}

/// The province of a unit below the region.
pub fn province(number: u64) -> u64 {
    match number {
        0..=PROVINCES => number,
        _ if number <= PROVINCES + DISTRICTS => (number - PROVINCES - 1) % PROVINCES + 1,
        _ => province(PROVINCES + 1 + (number - PROVINCES - DISTRICTS - 1) % DISTRICTS),
    }
}

fn change(position: usize, resource: Resource) -> Change {
    Change {
        position: i64::try_from(position).expect("a position"),
        epoch: 1,
        resource: Some(resource),
        ..Change::default()
    }
}

fn recorded(id: &str, country: &str, kind: &str, parent: Option<String>) -> Resource {
    Resource::Unit(Unit {
        name: format!("units/{id}"),
        country: country.to_owned(),
        kind: kind.to_owned(),
        parent: parent.map(|parent| format!("units/{parent}")).unwrap_or_default(),
        names: [("vi".to_owned(), id.to_owned())].into(),
        start_date: "1976-05-02".to_owned(),
        ..Unit::default()
    })
}

/// The changes of the registry that make it all.
pub fn changes() -> Vec<Change> {
    let mut resources = vec![recorded("region", "VN", "MILITARY_REGION", None)];
    for number in 1..UNITS {
        let (kind, parent) = match number {
            1..=PROVINCES => ("PROVINCIAL_COMMAND", 0),
            _ if number <= PROVINCES + DISTRICTS => ("DISTRICT_COMMAND", province(number)),
            _ => (
                "COMMUNE_COMMAND",
                PROVINCES + 1 + (number - PROVINCES - DISTRICTS - 1) % DISTRICTS,
            ),
        };
        resources.push(recorded(&unit(number), "VN", kind, Some(unit(parent))));
    }
    for (country, first) in [("KH", 0), ("LA", PARTNERS / 2)] {
        let top = country.to_lowercase();
        resources.push(recorded(&top, country, "ARMED_FORCES", None));
        for number in first..first + PARTNERS / 2 {
            let parent = Some(top.clone());
            resources.push(recorded(&partner(number), country, "PROVINCIAL_COMMAND", parent));
        }
    }
    resources.push(Resource::Grant(Grant {
        name: "grants/all".to_owned(),
        principal: "principals/administrator".to_owned(),
        role: Role::Administrator.into(),
        clearance: 3,
        ..Grant::default()
    }));
    (1..)
        .zip(resources)
        .map(|(position, resource)| change(position, resource))
        .collect()
}

fn partner(number: u64) -> String {
    format!("p{number:02}")
}

/// Events by number, in the order of their days.
pub struct Events {
    count: u64,
    days: Vec<Date>,
}

impl Events {
    /// So many.
    pub fn new(count: u64) -> Self {
        let last = date::parse("2025-12-31").expect("a day");
        let first = Date::new(last.year() + 1 - i16::try_from(YEARS).expect("years"), 1, 1).expect("a day");
        let days = std::iter::successors(Some(first), |day| Some(date::day_after(*day)));
        Self {
            count,
            days: days.take_while(|day| *day <= last).collect(),
        }
    }

    /// The revisions of an event: one in fifty has a correction that is not approved yet.
    pub fn revisions(&self, number: u64) -> Vec<EventRevision> {
        let place = u128::from(number) * self.days.len() as u128 / u128::from(self.count);
        let event = event(number, self.days[usize::try_from(place).expect("a place")]);
        let mut revisions = vec![event];
        if number % 50 == 7 {
            let mut correction = revisions[0].clone();
            correction.review_state = ReviewState::Submitted.into();
            correction.revision = 2;
            revisions.push(correction);
        }
        let logged = revisions.into_iter().zip(2 * number + 1..);
        logged.map(|(event, log_index)| revision(event, log_index)).collect()
    }
}

fn revision(event: Event, log_index: u64) -> EventRevision {
    EventRevision {
        event: Some(Event {
            log_index: i64::try_from(log_index).expect("a position"),
            ..event
        }),
        epoch: 1,
        ..EventRevision::default()
    }
}

/// The revision at another position, without gaps before it.
pub fn at(revision: EventRevision, number: u64) -> EventRevision {
    let event = revision.event.expect("an event");
    self::revision(event, number + 1)
}

fn event(number: u64, day: Date) -> Event {
    let mut dice = Dice(number);
    let home = dice.below(UNITS - 1) + 1;
    let kind = usize::try_from(dice.below(TYPES.len() as u64)).expect("a type");
    let known = |known: bool, value: u64| known.then(|| i64::try_from(value).expect("a number"));
    let partners = match dice.below(100) {
        0..10 => 0,
        10..80 => 1,
        more => more % 2 + 2,
    };
    let first = dice.below(PARTNERS);
    let mut event = Event {
        name: format!("events/e{:016x}{number:016x}", dice.next()),
        external_reference: Some(ExternalReference {
            source: "ledger".to_owned(),
            reference: format!("QK7-{number:08}"),
        }),
        event_type: format!("eventTypes/{}", TYPES[kind]),
        start_date: day.to_string(),
        home_unit: format!("units/{}", unit(home)),
        partner_units: (first..first + partners)
            .map(|number| format!("units/{}", partner(number % PARTNERS)))
            .collect(),
        direction: [Direction::Inbound, Direction::Outbound][number as usize % 2].into(),
        classification: i32::from(dice.below(100) < 3),
        phase: Phase::Held.into(),
        review_state: ReviewState::Approved.into(),
        revision: 1,
        ..Event::default()
    };
    (event.delegations, event.persons) = (
        known(dice.below(100) < 70, dice.below(4)),
        known(dice.below(100) < 85, dice.below(60)),
    );
    if dice.below(100) < 8 {
        event.co_home_units = vec![format!("units/{}", unit(home % (UNITS - 1) + 1))];
    }
    if dice.below(100) < 40 {
        event.programmes = vec![format!("programmes/programme-{:02}", dice.below(40))];
    }
    if dice.below(100) < 25 {
        let amount = format!("{}.{}", dice.below(900), dice.below(10));
        event.quantities.insert(format!("quantity_{}", dice.below(9)), amount);
    }
    if dice.below(100) < 15 {
        event.end_date = date::around(day, 3).1.to_string();
    }
    event
}

/// Numbers that look like chance and are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// The number of an event's home unit.
pub fn home(event: &Event) -> u64 {
    let number = event.home_unit.trim_start_matches("units/u");
    number.parse().expect("a unit below the region")
}
