//! The parts of an event: what its type needs and forbids, what each part must be, and the sums of those that have some.

use banggiao_contracts::{
    journal::v1::{self as pb, EventPart},
    r#type::v1::Direction,
};
use banggiao_model::decimal::{self, Decimal};
use banggiao_rpc::{
    Scope,
    wire::{self, MAX_LIST, MAX_NAME, MAX_TEXT},
};

use super::REFERENCE_MAX;
use crate::domain::{
    event_type::{EventType, amount},
    rule,
};

/// An event counts at most so many delegations.
const DELEGATIONS_MAX: i64 = 1_000;
/// An event counts at most so many persons.
const PERSONS_MAX: i64 = 100_000;
/// No exchange was held more often.
const EDITION_MAX: i32 = 1_000;

/// Whether an event has a part, with the fields in which it stands, and what people call it.
type Part = (EventPart, &'static str, &'static str, fn(&pb::Event) -> bool);

const PARTS: [Part; 17] = [
    (EventPart::Direction, "direction", "direction", |event| {
        event.direction != 0
    }),
    (EventPart::Delegations, "delegations", "delegations", |event| {
        event.delegations.is_some()
    }),
    (EventPart::Markers, "marker_from", "markers", |event| {
        !event.marker_from.is_empty() || !event.marker_to.is_empty()
    }),
    (EventPart::Agreement, "agreement", "agreement", |event| {
        !event.agreement.is_empty()
    }),
    (EventPart::Persons, "persons", "persons", |event| {
        event.persons.is_some()
    }),
    (EventPart::PartnerUnits, "partner_units", "partner units", |event| {
        !event.partner_units.is_empty()
    }),
    (
        EventPart::HeadOfDelegation,
        "head_of_delegation",
        "head of delegation",
        |event| event.head_of_delegation.is_some(),
    ),
    (EventPart::Programmes, "programmes", "programmes", |event| {
        !event.programmes.is_empty()
    }),
    (EventPart::Place, "place", "place", |event| !event.place.is_empty()),
    (EventPart::Summary, "summary", "summary", |event| {
        !event.summary.is_empty()
    }),
    (EventPart::Lines, "lines", "lines", |event| !event.lines.is_empty()),
    (EventPart::Participants, "participants", "participants", |event| {
        !event.participants.is_empty()
    }),
    (EventPart::Team, "team", "team", |event| !event.team.is_empty()),
    (EventPart::Campaign, "campaign", "campaign", |event| {
        !event.campaign.is_empty()
    }),
    (EventPart::Area, "area", "area", |event| !event.area.is_empty()),
    (EventPart::Edition, "edition", "edition", |event| {
        event.edition.is_some()
    }),
    (EventPart::Organiser, "organiser", "organiser", |event| {
        !event.organiser.is_empty()
    }),
];

/// What the type says of the event's parts and quantities; sums are filled in.
pub fn check(event: &mut pb::Event, event_type: &EventType, planned: bool, scope: &mut Scope<'_>) {
    // What is filled in is held to the same rules as what was given.
    lines(event, event_type, scope);
    participants(event, scope);
    for (part, field, what, has) in PARTS {
        if has(event) && event_type.forbids(part) {
            // Of markers either end may stand alone.
            let field = match part {
                EventPart::Markers if event.marker_from.is_empty() => "marker_to",
                _ => field,
            };
            let why = format!("events of type {} have no {what}", event_type.code());
            scope.add(rule::FORBIDDEN_BY_TYPE, field, why);
        }
        if !has(event) && event_type.needs(part) && !planned {
            let why = format!("events of type {} need {what} once they were held", event_type.code());
            scope.add(rule::NEEDED_BY_TYPE, field, why);
        }
    }
    for (key, value) in &event.quantities {
        let field = format!("quantities[{key:?}]");
        match event_type.quantity(key) {
            None => {
                let why = format!("events of type {} have no quantity {key:?}", event_type.code());
                scope.add(rule::FORBIDDEN_BY_TYPE, &field, why);
            }
            Some(quantity) => {
                let number = amount(value, &field, scope);
                if quantity.whole && number.is_some_and(|number| !number.is_integer()) {
                    scope.invalid(&field, format!("{value} is not a whole number"));
                }
            }
        }
    }
}

/// Lines of aid, and the quantity that is the sum of their values.
fn lines(event: &mut pb::Event, event_type: &EventType, scope: &mut Scope<'_>) {
    wire::at_most(MAX_LIST, event.lines.len(), "lines", scope);
    let mut sum = Some(Decimal::ZERO);
    for (index, line) in event.lines.iter().take(MAX_LIST).enumerate() {
        let mut scope = scope.scope(&format!("lines[{index}]"));
        if line.item.is_empty() {
            scope.required("item");
        }
        for (field, text) in [
            ("item", &line.item),
            ("unit", &line.unit),
            ("recipient", &line.recipient),
        ] {
            wire::line(text, MAX_NAME, field, &mut scope);
        }
        if !line.quantity.is_empty() {
            amount(&line.quantity, "quantity", &mut scope);
        }
        // The sum is known only if every value is.
        let value = (!line.value_vnd.is_empty()).then(|| amount(&line.value_vnd, "value_vnd", &mut scope));
        sum = sum.zip(value.flatten()).and_then(|(sum, value)| sum.checked_add(value));
    }
    let Some(sum) = sum.filter(|_| !event.lines.is_empty()) else {
        return;
    };
    let Some(quantity) = event_type.quantities.iter().find(|quantity| quantity.sums_line_values) else {
        return;
    };
    let shown = decimal::format(sum);
    match event.quantities.get(&quantity.key) {
        None => {
            event.quantities.insert(quantity.key.clone(), shown);
        }
        Some(given) if decimal::parse(given).is_ok_and(|given| given != sum) => {
            let why = format!("{given} is not the sum of the lines' values, which is {shown}");
            scope.invalid(&format!("quantities[{:?}]", quantity.key), why);
        }
        Some(_) => {}
    }
}

/// Participants by rank group, of whom `persons` is the sum.
fn participants(event: &mut pb::Event, scope: &mut Scope<'_>) {
    let mut sum = 0;
    for (index, group) in event.participants.iter().enumerate() {
        let mut scope = scope.scope(&format!("participants[{index}]"));
        let rank = wire::enumeration::<pb::RankGroup>(group.rank_group, "rank_group", &mut scope);
        if group.rank_group == 0 {
            scope.required("rank_group");
        } else if event.participants[..index]
            .iter()
            .any(|other| other.rank_group == group.rank_group)
        {
            scope.invalid("rank_group", format!("{} is named twice", rank.as_str_name()));
        }
        if (0..=PERSONS_MAX).contains(&group.persons) {
            sum += group.persons;
        } else {
            scope.invalid(
                "persons",
                format!("{} is not between 0 and {PERSONS_MAX}", group.persons),
            );
        }
    }
    if event.participants.is_empty() {
        return;
    }
    match event.persons {
        None => event.persons = Some(sum),
        Some(given) if given != sum => {
            scope.invalid(
                "persons",
                format!("{given} is not the sum of the participants, which is {sum}"),
            );
        }
        Some(_) => {}
    }
}

/// What must be right whatever the type says.
pub fn of_any_type(event: &pb::Event, scope: &mut Scope<'_>) {
    for (field, count, max) in [
        ("delegations", event.delegations, DELEGATIONS_MAX),
        ("persons", event.persons, PERSONS_MAX),
    ] {
        if let Some(count) = count.filter(|count| !(0..=max).contains(count)) {
            scope.invalid(field, format!("{count} is not between 0 and {max}"));
        }
    }
    if let Some(edition) = event.edition.filter(|edition| !(1..=EDITION_MAX).contains(edition)) {
        scope.invalid("edition", format!("{edition} is not between 1 and {EDITION_MAX}"));
    }
    wire::enumeration::<Direction>(event.direction, "direction", scope);
    if wire::enumeration::<pb::Phase>(event.phase, "phase", scope) == pb::Phase::Cancelled {
        scope.invalid("phase", "an event is cancelled by CancelEvent");
    }
    wire::classification(event.classification, "classification", scope);
    texts(event, scope);
}

fn texts(event: &pb::Event, scope: &mut Scope<'_>) {
    wire::texts(&event.place, MAX_NAME, "place", scope);
    wire::texts(&event.area, MAX_NAME, "area", scope);
    wire::texts(&event.summary, MAX_TEXT, "summary", scope);
    if let Some(reference) = &event.external_reference {
        let mut scope = scope.scope("external_reference");
        for (field, value) in [("source", &reference.source), ("reference", &reference.reference)] {
            if value.is_empty() {
                scope.required(field);
            }
            wire::line(value, REFERENCE_MAX, field, &mut scope);
        }
    }
    if let Some(head) = &event.head_of_delegation {
        let mut scope = scope.scope("head_of_delegation");
        for (field, value) in [("office", &head.office), ("level", &head.level), ("name", &head.name)] {
            wire::line(value, MAX_NAME, field, &mut scope);
        }
    }
}
