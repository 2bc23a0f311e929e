//! A small world for tests: a region with two provinces and their districts, and partners in two countries. Its changes and
//! revisions come from messages, as they do from the feeds.

use std::collections::BTreeMap;

use banggiao_contracts::{
    journal::v1::{self as journal, EventRevision, Phase, ReviewState},
    registry::v1::{self as registry, Change, change::Resource, reorganization_act::Act},
};
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    period::Calendar,
    permission::Action,
};

use super::{
    book::Book,
    fact,
    facts::Facts,
    figure::{Ground, Reach},
    measure::{AgreementFilter, EventFilter, EventMeasure, EventSum, Measure, Source},
    query::{Query, Window},
    symbol::Symbols,
};

/// Rows: id, country, kind, parent, first day.
const UNITS: &[(&str, &str, &str, &str, &str)] = &[
    ("region", "VN", "MILITARY_REGION", "", "1976-05-02"),
    ("east", "VN", "PROVINCIAL_COMMAND", "region", "1976-05-02"),
    ("west", "VN", "PROVINCIAL_COMMAND", "region", "1976-05-02"),
    ("east-a", "VN", "DISTRICT_COMMAND", "east", "1976-05-02"),
    ("east-b", "VN", "DISTRICT_COMMAND", "east", "1976-05-02"),
    ("west-a", "VN", "DISTRICT_COMMAND", "west", "1976-05-02"),
    ("kh", "KH", "ARMED_FORCES", "", "1976-05-02"),
    ("kh-a", "KH", "PROVINCIAL_COMMAND", "kh", "1976-05-02"),
    ("kh-b", "KH", "PROVINCIAL_COMMAND", "kh", "1976-05-02"),
    ("la", "LA", "ARMED_FORCES", "", "1976-05-02"),
];

/// The registry and the facts, with everything that made them.
#[derive(Default)]
pub struct World {
    /// The registry.
    pub directory: Directory,
    /// The facts.
    pub facts: Facts,
    /// Every change of the registry.
    pub changes: Vec<Change>,
    /// Every revision of the journal.
    pub revisions: Vec<EventRevision>,
    book: Book,
}

impl std::fmt::Debug for World {
    /// What differs from world to world.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "{:#?}", self.directory.reorganizations())?;
        self.revisions
            .iter()
            .try_for_each(|revision| writeln!(formatter, "{revision:?}"))
    }
}

/// A day.
pub fn day(text: &str) -> Date {
    date::parse(text).unwrap()
}

/// Resource names.
pub fn names(collection: &str, ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| format!("{collection}/{id}")).collect()
}

/// An event with a home unit; everything else is set by the test.
pub fn event(id: &str, start: &str, home: &str) -> journal::Event {
    journal::Event {
        name: format!("events/{id}"),
        event_type: "eventTypes/delegation-visit".into(),
        start_date: start.into(),
        home_unit: format!("units/{home}"),
        phase: Phase::Held.into(),
        review_state: ReviewState::Approved.into(),
        ..journal::Event::default()
    }
}

/// A twinning of district level.
pub fn agreement(id: &str, signed: &str, homes: &[&str], partners: &[&str]) -> registry::Agreement {
    registry::Agreement {
        name: format!("agreements/{id}"),
        kind: registry::AgreementKind::Twinning.into(),
        level: banggiao_contracts::r#type::v1::Level::District.into(),
        title: [("vi".to_owned(), id.to_owned())].into(),
        sign_date: signed.into(),
        home_units: names("units", homes),
        partner_units: names("units", partners),
        ..registry::Agreement::default()
    }
}

impl World {
    /// The units below, and an administrator.
    pub fn new() -> Self {
        let mut world = Self::default();
        for (id, country, kind, parent, start) in UNITS {
            world.unit(id, country, kind, parent, start);
        }
        world.grant("administrator", registry::Role::Administrator, "", 3);
        world
    }

    /// Records a unit; says whether it was accepted.
    pub fn unit(&mut self, id: &str, country: &str, kind: &str, parent: &str, start: &str) -> bool {
        let parent = if parent.is_empty() {
            String::new()
        } else {
            format!("units/{parent}")
        };
        self.change(Resource::Unit(registry::Unit {
            name: format!("units/{id}"),
            country: country.into(),
            kind: kind.into(),
            parent,
            names: [("vi".to_owned(), id.to_owned())].into(),
            start_date: start.into(),
            ..registry::Unit::default()
        }))
    }

    /// Records a merge; says whether it was accepted.
    pub fn merge(&mut self, on: &str, sources: &[&str], target: &str) -> bool {
        let sources = names("units", sources);
        let merge = registry::Merge {
            sources,
            target: format!("units/{target}"),
            moves: Vec::new(),
        };
        self.reorganize(on, Act::Merge(merge))
    }

    /// Records a split; says whether it was accepted.
    pub fn split(&mut self, on: &str, source: &str, targets: &[&str]) -> bool {
        let targets = names("units", targets);
        let split = registry::Split {
            source: format!("units/{source}"),
            targets,
            moves: Vec::new(),
        };
        self.reorganize(on, Act::Split(split))
    }

    fn reorganize(&mut self, on: &str, act: Act) -> bool {
        self.change(Resource::Reorganization(registry::Reorganization {
            name: format!("reorganizations/r{}", self.directory.position()),
            effective_date: on.into(),
            acts: vec![registry::ReorganizationAct { act: Some(act) }],
            ..registry::Reorganization::default()
        }))
    }

    /// Records boundary markers with Cambodia; some of them are only planned.
    pub fn markers(&mut self, numbers: &[&str], planned: &[&str]) {
        for number in numbers {
            let status = if planned.contains(number) {
                registry::MarkerStatus::Planned
            } else {
                registry::MarkerStatus::Standing
            };
            let parsed: banggiao_model::marker::Number = number.parse().unwrap();
            let marker = registry::Marker {
                name: format!("markers/{}", parsed.id("VN-KH")),
                border: "VN-KH".into(),
                number: (*number).into(),
                status: status.into(),
                ..registry::Marker::default()
            };
            assert!(self.change(Resource::Marker(marker)));
        }
    }

    /// Records an agreement.
    pub fn agree(&mut self, agreement: registry::Agreement) {
        assert!(self.change(Resource::Agreement(agreement)));
    }

    /// Grants a role, over a unit or over everything.
    pub fn grant(&mut self, principal: &str, role: registry::Role, unit: &str, clearance: i32) {
        assert!(self.change(Resource::Grant(registry::Grant {
            name: format!("grants/g{}", self.directory.position()),
            principal: format!("principals/{principal}"),
            role: role.into(),
            unit: if unit.is_empty() {
                String::new()
            } else {
                format!("units/{unit}")
            },
            clearance,
            ..registry::Grant::default()
        })));
    }

    /// Records a change; one that contradicts the history of the units is passed over.
    fn change(&mut self, resource: Resource) -> bool {
        let position = self.directory.position() + 1;
        let change = Change {
            position,
            epoch: 1,
            resource: Some(resource),
            ..Change::default()
        };
        let fits = self.directory.apply(&change).is_ok();
        if fits {
            self.changes.push(change);
        }
        fits
    }

    /// Logs a revision of an event.
    pub fn log(&mut self, event: journal::Event) {
        let revisions = self.revisions.iter().filter_map(|revision| revision.event.as_ref());
        let revision = revisions.filter(|before| before.name == event.name).count() + 1;
        let revision = EventRevision {
            event: Some(journal::Event {
                log_index: self.facts.position + 1,
                revision: revision as i32,
                registry_position: self.directory.position(),
                ..event
            }),
            epoch: 1,
            ..EventRevision::default()
        };
        let read = fact::read(&revision, self.directory.hierarchy(), &mut self.facts.symbols).unwrap();
        self.book.enter(&mut self.facts, &read);
        self.revisions.push(revision);
    }

    /// The world as it was known when log and registry ended at these positions; nothing if the log names what that
    /// registry does not know.
    pub fn known_at(&self, log_index: usize, registry_position: usize) -> Option<Self> {
        let mut past = Self::default();
        for change in &self.changes[..registry_position] {
            past.directory.apply(change).unwrap();
            past.changes.push(change.clone());
        }
        for revision in &self.revisions[..log_index] {
            fact::read(revision, past.directory.hierarchy(), &mut Symbols::default()).ok()?;
            past.log(revision.event.clone().unwrap());
        }
        Some(past)
    }

    /// The key of a unit.
    pub fn key(&self, id: &str) -> Key {
        self.directory.hierarchy().key_of(id).unwrap()
    }

    /// What figures are computed on.
    pub fn ground(&self) -> Ground<'_> {
        Ground {
            facts: &self.facts,
            directory: &self.directory,
            keeping: None,
        }
    }

    /// What a principal may read.
    pub fn reach(&self, principal: &str) -> Reach {
        let today = day("2026-11-21");
        Reach {
            events: self.directory.scope(principal, Action::ReadEvent, today),
            agreements: self.directory.scope(principal, Action::ReadAgreement, today),
        }
    }

    /// A question about a unit and a range of days, for the number of persons.
    pub fn query(&self, unit: &str, start: &str, end: &str) -> Query {
        let (start, end) = (day(start), day(end));
        let (start_before, end_before) = date::year_before(start, end);
        Query {
            root: self.key(unit),
            window: Window {
                start,
                end,
                months_back: 0,
            },
            period: None,
            comparison: Some(Window {
                start: start_before,
                end: end_before,
                months_back: 12,
            }),
            calendar: Calendar::Civil,
            seasons: Vec::new(),
            uses: BTreeMap::new(),
            as_of: None,
            measures: vec![events(EventSum::Persons)],
            narrow_events: EventFilter::default(),
            narrow_agreements: AgreementFilter::default(),
            group_by: Vec::new(),
            include_unapproved: false,
        }
    }
}

/// A measure over all events.
pub fn events(sum: EventSum) -> Measure {
    let source = Source::Events(EventMeasure {
        filter: EventFilter::default(),
        sum,
        repeated: false,
    });
    Measure {
        label: source.default_label().to_owned(),
        source,
    }
}
