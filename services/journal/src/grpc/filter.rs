//! `EventFilter`, from the wire.

use banggiao_contracts::{journal::v1 as pb, r#type::v1::Direction};
use banggiao_directory::Directory;
use banggiao_model::name;
use banggiao_rpc::{violation, wire};

use crate::domain::{event_type, filter::Filter};

/// Every fault is told.
pub fn parse(filter: &pb::EventFilter, directory: &Directory, scope: &mut violation::Scope<'_>) -> Filter {
    let mut unit = |value: &str, field: &str| {
        let id = wire::unit(value, field, scope)?;
        let key = directory.hierarchy().key(&id);
        if key.is_none() {
            scope.unknown(field, value);
        }
        key
    };
    let (home, partner_unit) = (unit(&filter.unit, "unit"), unit(&filter.partner_unit, "partner_unit"));
    let (start, end) = wire::days(&filter.start_date, &filter.end_date, scope);
    let direction = wire::enumeration::<Direction>(filter.direction, "direction", scope);
    for state in &filter.review_states {
        wire::enumeration::<pb::ReviewState>(*state, "review_states", scope);
    }
    for phase in &filter.phases {
        wire::enumeration::<pb::Phase>(*phase, "phases", scope);
    }
    let reference = filter.external_reference.as_ref().map(|reference| {
        for (field, value) in [("source", &reference.source), ("reference", &reference.reference)] {
            if value.is_empty() {
                scope.required(&format!("external_reference.{field}"));
            }
        }
        (reference.source.clone(), reference.reference.clone())
    });
    if let Some(classification) = filter.classification {
        wire::classification(classification, "classification", scope);
    }
    let event_types = wire::ids(&filter.event_types, "eventTypes", "event_types", scope);
    for (index, id) in event_types
        .iter()
        .enumerate()
        .filter(|(_, id)| event_type::by_id(id).is_none())
    {
        scope.unknown(&format!("event_types[{index}]"), &name::name("eventTypes", id));
    }
    let programme = wire::id(&filter.programme, "programmes", "programme", scope);
    if programme
        .as_ref()
        .is_some_and(|id| !directory.programmes().contains_key(id))
    {
        scope.unknown("programme", &filter.programme);
    }
    Filter {
        unit: home,
        partner_unit,
        event_types,
        start,
        end,
        direction: (direction != Direction::Unspecified).then_some(filter.direction),
        programme,
        review_states: filter.review_states.clone(),
        phases: filter.phases.clone(),
        reference,
        classification: filter.classification,
        home_unit_not_alive: filter.home_unit_not_alive,
    }
}
