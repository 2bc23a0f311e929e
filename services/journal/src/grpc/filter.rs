//! `EventFilter`, from the wire.

use banggiao_contracts::{journal::v1 as pb, r#type::v1::Direction};
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    name, permission, text,
};
use banggiao_rpc::{violation, wire};

use crate::{
    domain::{
        event_type::Catalogue,
        filter::{self, Filter, Stretch},
    },
    journal::may_read_agreement,
};

/// What a filter is read against.
pub struct Known<'a> {
    /// The registry.
    pub directory: &'a Directory,
    /// The event types.
    pub types: &'a Catalogue,
    /// Which agreements the caller may read.
    pub agreements: &'a permission::Scope,
    /// The day it is.
    pub today: Date,
}

/// Every fault is told.
pub fn parse(filter: &pb::EventFilter, known: &Known<'_>, scope: &mut violation::Scope<'_>) -> Filter {
    let directory = known.directory;
    let mut unit = |value: &str, field: &str| {
        let id = wire::unit(value, field, scope)?;
        let key = directory.hierarchy().key(&id);
        if key.is_none() {
            scope.unknown(field, value);
        }
        key
    };
    let (home, partner_unit) = (unit(&filter.unit, "unit"), unit(&filter.partner_unit, "partner_unit"));
    let waiting_for = unit(&filter.waiting_for, "waiting_for");
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
        .filter(|(_, id)| known.types.newest(id).is_none())
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
    let agreement = wire::id(&filter.agreement, "agreements", "agreement", scope);
    // What the caller may not read of an event cannot be asked for either: no event has an agreement of this name.
    let agreement = agreement.map(|id| {
        if may_read_agreement(known.agreements, &id, directory) {
            id
        } else {
            String::new()
        }
    });
    if !["", "VN", "KH", "LA"].contains(&filter.partner_country.as_str()) {
        let why = format!("{:?} is none of VN, KH, LA", filter.partner_country);
        scope.invalid("partner_country", why);
    }
    enumerations::<pb::ReturnReason>(&filter.returned_for, "returned_for", scope);
    enumerations::<pb::CancellationReason>(&filter.cancelled_for, "cancelled_for", scope);
    enumerations::<pb::WarningCode>(&filter.warnings, "warnings", scope);
    let waiting_since = wire::day(&filter.waiting_since, "waiting_since", scope);
    let hierarchy = directory.hierarchy();
    let stands_for = |unit: Key| {
        let placed = |key: &Key| hierarchy.place(*key, known.today, known.today).unit == Some(unit);
        hierarchy.keys().filter(placed).collect()
    };
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
        partner_country: some(&filter.partner_country),
        agreement,
        markers: stretch(filter, directory, scope),
        words: words(&filter.text, scope),
        planned_before: filter.planned_not_reported.then_some(known.today),
        waiting_for: waiting_for.map(stands_for),
        submitted_before: waiting_since.and_then(|day| {
            let next = date::beginning_in_vietnam(date::day_after(day))?;
            Some(next.as_microsecond())
        }),
        returned_for: filter.returned_for.clone(),
        cancelled_for: filter.cancelled_for.clone(),
        warnings: filter.warnings.clone(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn enumerations<E: TryFrom<i32> + Default>(values: &[i32], field: &str, scope: &mut violation::Scope<'_>) {
    for (index, value) in values.iter().enumerate() {
        wire::enumeration::<E>(*value, &format!("{field}[{index}]"), scope);
    }
}

/// The stretch between two markers of one border.
fn stretch(filter: &pb::EventFilter, directory: &Directory, scope: &mut violation::Scope<'_>) -> Option<Stretch> {
    let mut marker = |value: &str, field: &str| {
        let id = wire::id(value, "markers", field, scope)?;
        if !directory.markers().contains_key(&id) {
            scope.unknown(field, value);
        }
        Some(id)
    };
    let (from, to) = (
        marker(&filter.marker_from, "marker_from"),
        marker(&filter.marker_to, "marker_to"),
    );
    if from.is_none() && to.is_some() && filter.marker_from.is_empty() {
        let why = "is required where there is a last marker";
        scope.add(violation::reason::REQUIRED_FIELD, "marker_from", why);
    }
    let border = |id: &str| directory.markers().get(id).map(|marker| marker.border.clone());
    if let (Some(from), Some(to)) = (&from, &to)
        && border(from) != border(to)
    {
        scope.invalid("marker_to", "stands on another border");
    }
    let from = filter::stretch_key(&from?)?;
    let to = to
        .as_deref()
        .and_then(filter::stretch_key)
        .unwrap_or_else(|| from.clone());
    Some(Stretch::between(from, to))
}

/// The words that are searched, folded.
fn words(given: &str, scope: &mut violation::Scope<'_>) -> Vec<String> {
    wire::line(given, wire::MAX_NAME, "text", scope);
    text::fold(given).split_whitespace().map(str::to_owned).collect()
}
