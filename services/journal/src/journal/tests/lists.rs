//! A list is exactly what could be read one by one: the condition that the database gets, against the question whether
//! one event may be read, for thousands of random principals in random worlds. Seeds are fixed, so every run is the same.

use banggiao_contracts::r#type::v1::Classification as Class;
use banggiao_model::permission::{self, Grant as Granted, Role as Part};
use sea_orm::EntityTrait;

use super::*;
use crate::{
    domain::filter::{Filter, Order},
    store::event,
};

const WORLDS: u64 = 25;
const PRINCIPALS: u64 = 200;
const EVENTS: u64 = 60;
const UNITS: u64 = 14;

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn unit(&mut self) -> String {
        format!("u{}", self.below(UNITS))
    }
}

/// Units under each other, some of them merged into others or dissolved since.
fn world(dice: &mut Dice) -> Directory {
    let mut directory = Directory::default();
    let mut apply = |resource: Resource| {
        let change = Change {
            position: directory.position() + 1,
            epoch: 1,
            resource: Some(resource),
            ..Change::default()
        };
        // What contradicts the history is not recorded, here as in the registry.
        directory.apply(&change).is_ok()
    };
    for number in 0..UNITS {
        let parent = if number < 2 {
            String::new()
        } else {
            format!("u{}", dice.below(number))
        };
        assert!(apply(unit(&format!("u{number}"), &parent)));
    }
    for number in 0..6 {
        let (one, other) = (format!("units/{}", dice.unit()), format!("units/{}", dice.unit()));
        let act = match dice.below(3) {
            0 => Act::Merge(registry::Merge {
                sources: vec![one.clone(), other],
                target: one,
                moves: Vec::new(),
            }),
            1 => Act::Move(UnitMove {
                unit: one,
                parent: other,
            }),
            _ => Act::Dissolve(registry::Dissolve {
                unit: one,
                ..Default::default()
            }),
        };
        apply(Resource::Reorganization(Reorganization {
            name: format!("reorganizations/r{number}"),
            effective_date: format!("2025-0{}-01", number + 1),
            acts: vec![ReorganizationAct { act: Some(act) }],
            ..Reorganization::default()
        }));
    }
    directory
}

fn events(dice: &mut Dice) -> Vec<Event> {
    let classes = [Class::Unspecified, Class::Confidential, Class::Secret, Class::TopSecret];
    let event = |number: u64| {
        let co_home_units = (0..dice.below(3)).map(|_| format!("units/{}", dice.unit())).collect();
        Event {
            name: format!("events/e{number}"),
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: format!("2024-05-{:02}", 1 + dice.below(28)),
            home_unit: format!("units/{}", dice.unit()),
            co_home_units,
            classification: classes[usize::try_from(dice.below(4)).unwrap()].into(),
            log_index: i64::try_from(number + 1).unwrap(),
            ..Event::default()
        }
    };
    (0..EVENTS).map(event).collect()
}

fn grants(dice: &mut Dice) -> Vec<Granted> {
    let count = dice.below(3);
    let one = |_| Granted {
        role: Part::ALL[usize::try_from(dice.below(7)).unwrap()],
        unit: (dice.below(8) > 0).then(|| dice.unit().parse().unwrap()),
        clearance: Classification::ALL[usize::try_from(dice.below(4)).unwrap()],
        start: None,
        end: None,
        substitute_for: None,
    };
    (0..=count).map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_what_can_be_read_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("journal.db").display());
    let store = Store::open::<Migrator>(&url).await.unwrap();
    let (mut shown, mut hidden) = (0, 0);
    for seed in 1..=WORLDS {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (directory, events) = (world(&mut dice), Arc::new(events(&mut dice)));
        let put = {
            let events = Arc::clone(&events);
            move |tx: banggiao_store::Tx| {
                let events = Arc::clone(&events);
                async move {
                    event::Entity::delete_many().exec(&tx).await?;
                    event::link::Entity::delete_many().exec(&tx).await?;
                    let nobody = std::collections::BTreeSet::new();
                    let ids: Vec<&str> = events.iter().map(|event| &event.name["events/".len()..]).collect();
                    let written = events.iter().zip(ids).map(|(event, id)| event::Written {
                        id,
                        before: None,
                        event,
                        pending_authors: &nobody,
                    });
                    event::put(&tx, event::Rows::of(&written.collect::<Vec<_>>())).await
                }
            }
        };
        store
            .tx::<_, banggiao_store::Error, _, _>("event.put", put)
            .await
            .unwrap();
        let today = "2026-03-15".parse().unwrap();
        for _ in 0..PRINCIPALS {
            let scope = permission::scope(Action::ReadEvent, &grants(&mut dice), directory.hierarchy(), today);
            let condition = store::filter::listed(&Filter::default(), &scope, directory.hierarchy());
            let listed = event::list(store.reader(), condition, Order::Newest, None, EVENTS)
                .await
                .unwrap();
            let mut listed: Vec<String> = listed.into_iter().map(|row| format!("events/{}", row.id)).collect();
            let readable = events.iter().filter(|event| may_read(&scope, event, &directory));
            let mut readable: Vec<String> = readable.map(|event| event.name.clone()).collect();
            listed.sort_unstable();
            readable.sort_unstable();
            assert_eq!(listed, readable, "seed {seed}, {scope:?}");
            shown += listed.len();
            hidden += events.len() - listed.len();
        }
    }
    assert!(shown > 10_000 && hidden > 10_000, "{shown} shown, {hidden} hidden");
}
