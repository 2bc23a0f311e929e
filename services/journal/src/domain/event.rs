//! An event's content: what it must be by itself, and against what the registry knows. Every fault is found at once.

use banggiao_contracts::{journal::v1 as pb, r#type::v1::Direction};
use banggiao_directory::Directory;
use banggiao_model::{
    date::Date,
    decimal::{self, Decimal},
    hierarchy::Key,
    name::{self, UnitId},
    permission::Classification,
};
use banggiao_rpc::{
    Scope, Violations,
    violation::reason,
    wire::{self, MAX_NAME, MAX_TEXT},
};

use super::{
    Error,
    command::Authority,
    event_type::{self, EventType},
    rule,
};

/// An event counts at most so many delegations.
const DELEGATIONS_MAX: i64 = 1_000;
/// An event counts at most so many persons.
const PERSONS_MAX: i64 = 100_000;
/// A quantity is at most so large.
const QUANTITY_MAX: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0); // 10^15
/// An external reference or its source has at most so many characters.
pub const REFERENCE_MAX: usize = 100;

/// An event's content as it may be stored, and what the rules of the domain ask about.
#[derive(Debug, Clone)]
pub struct Content {
    /// The event without its output-only fields.
    pub event: pb::Event,
    /// The home unit, which decides who may store it.
    pub home: Key,
    start: Date,
    units: Vec<Key>,
}

/// Checks an event by itself, against the registry, and against the rules of the domain.
///
/// # Errors
/// Those of [`parse`], [`Content::alive`] and [`Content::in_force`].
pub fn check(event: pb::Event, authority: &Authority, path: &str) -> Result<Content, Error> {
    let content = parse(event, authority, path)?;
    content.alive(&authority.directory)?;
    content.in_force(&authority.directory)?;
    Ok(content)
}

/// Checks an event by itself and against what the registry knows.
///
/// # Errors
/// [`Error::Invalid`] with every malformed, forbidden or unknown field under `path`.
pub fn parse(event: pb::Event, authority: &Authority, path: &str) -> Result<Content, Error> {
    let directory = &authority.directory;
    let mut violations = Violations::new();
    let mut scope = violations.scope(path);
    let event = without_output(event);
    let start = days(&event, &mut scope);
    let event_type = typed(&event, &mut scope);
    if let Some(event_type) = event_type {
        parts(&event, event_type, &mut scope);
    }
    counts(&event, &mut scope);
    texts(&event, &mut scope);
    wire::classification(event.classification, "classification", &mut scope);
    let home = known_unit(directory, &event.home_unit, "home_unit", &mut scope);
    let co_homes = known_units(directory, &event.co_home_units, "co_home_units", &mut scope);
    let partners = known_units(directory, &event.partner_units, "partner_units", &mut scope);
    if event.co_home_units.contains(&event.home_unit) {
        let again = format!("names the home unit {:?} again", event.home_unit);
        scope.invalid("co_home_units", again);
    }
    references(&event, authority, &mut scope);
    let (Some(start), Some(home), true) = (start, home, violations.is_empty()) else {
        return Err(Error::Invalid(violations));
    };
    let units = [home].into_iter().chain(co_homes).chain(partners).collect();
    Ok(Content {
        event,
        home,
        start,
        units,
    })
}

impl Content {
    /// The rule that every unit was alive on the first day.
    ///
    /// # Errors
    /// [`Error::Precondition`] with every one that was not.
    pub fn alive(&self, directory: &Directory) -> Result<(), Error> {
        let (hierarchy, day) = (directory.hierarchy(), self.start);
        let dead = self.units.iter().filter(|key| !hierarchy.alive_on(**key, day));
        let violations: Vec<_> = dead
            .map(|key| {
                let life = match (hierarchy.first_day(*key), hierarchy.last_day(*key)) {
                    (Some(first), _) if day < first => format!("it began on {first}"),
                    (_, Some(last)) => format!("it ended on {last}"),
                    _ => "it is not known when it lived".to_owned(),
                };
                (
                    hierarchy.unit(*key).id().name(),
                    format!("was not alive on {day}: {life}"),
                )
            })
            .collect();
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Error::Precondition {
                reason: rule::UNIT_NOT_ALIVE,
                violations,
            })
        }
    }

    /// The rule that the agreement held on the first day.
    ///
    /// # Errors
    /// [`Error::Precondition`] if it did not.
    pub fn in_force(&self, directory: &Directory) -> Result<(), Error> {
        let name = &self.event.agreement;
        let agreement = name::collection_id(name, "agreements").and_then(|id| directory.agreements().get(id));
        match agreement {
            Some(agreement) if !agreement.in_force_on(self.start) => Err(Error::Precondition {
                reason: rule::AGREEMENT_NOT_IN_FORCE,
                violations: vec![(name.clone(), format!("was not in force on {}", self.start))],
            }),
            _ => Ok(()),
        }
    }
}

/// The event with only what a caller may say.
pub fn without_output(event: pb::Event) -> pb::Event {
    pb::Event {
        name: String::new(),
        review_state: 0,
        revision: 0,
        log_index: 0,
        registry_position: 0,
        author: String::new(),
        create_time: None,
        etag: String::new(),
        ..event
    }
}

fn days(event: &pb::Event, scope: &mut Scope<'_>) -> Option<Date> {
    if event.start_date.is_empty() {
        scope.required("start_date");
    }
    wire::days(&event.start_date, &event.end_date, scope).0
}

fn typed(event: &pb::Event, scope: &mut Scope<'_>) -> Option<&'static EventType> {
    let id = wire::required_id(&event.event_type, "eventTypes", "event_type", scope)?;
    let found = event_type::by_id(&id);
    if found.is_none() {
        scope.unknown("event_type", &event.event_type);
    }
    found
}

fn parts(event: &pb::Event, event_type: &EventType, scope: &mut Scope<'_>) {
    let mut forbid = |field: &str, what: &str| {
        scope.add(
            rule::FORBIDDEN_BY_TYPE,
            field,
            format!("events of type {} have no {what}", event_type.code),
        );
    };
    if event.direction != Direction::Unspecified as i32 && !event_type.parts.direction {
        forbid("direction", "direction");
    }
    if event.delegations.is_some() && !event_type.parts.delegations {
        forbid("delegations", "delegations");
    }
    for (field, marker) in [("marker_from", &event.marker_from), ("marker_to", &event.marker_to)] {
        if !marker.is_empty() && !event_type.parts.markers {
            forbid(field, "markers");
        }
    }
    for (key, value) in &event.quantities {
        let field = format!("quantities[{key:?}]");
        match event_type.quantity(key) {
            None => forbid_quantity(&field, key, event_type, scope),
            Some(quantity) => number(value, quantity.whole, &field, scope),
        }
    }
}

fn forbid_quantity(field: &str, key: &str, event_type: &EventType, scope: &mut Scope<'_>) {
    scope.add(
        rule::FORBIDDEN_BY_TYPE,
        field,
        format!("events of type {} have no quantity {key:?}", event_type.code),
    );
}

fn number(value: &str, whole: bool, field: &str, scope: &mut Scope<'_>) {
    match decimal::parse(value) {
        Err(error) => scope.invalid(field, error.to_string()),
        Ok(number) if number.is_sign_negative() && !number.is_zero() => {
            scope.invalid(field, format!("{value} is negative"));
        }
        Ok(number) if number > QUANTITY_MAX => scope.invalid(field, format!("{value} is more than {QUANTITY_MAX}")),
        Ok(number) if whole && !number.is_integer() => scope.invalid(field, format!("{value} is not a whole number")),
        Ok(_) => {}
    }
}

fn counts(event: &pb::Event, scope: &mut Scope<'_>) {
    for (field, count, max) in [
        ("delegations", event.delegations, DELEGATIONS_MAX),
        ("persons", event.persons, PERSONS_MAX),
    ] {
        if let Some(count) = count
            && !(0..=max).contains(&count)
        {
            scope.invalid(field, format!("{count} is not between 0 and {max}"));
        }
    }
    wire::enumeration::<Direction>(event.direction, "direction", scope);
    if wire::enumeration::<pb::Phase>(event.phase, "phase", scope) == pb::Phase::Cancelled {
        scope.invalid("phase", "an event is cancelled by CancelEvent");
    }
}

fn texts(event: &pb::Event, scope: &mut Scope<'_>) {
    wire::texts(&event.place, MAX_NAME, "place", scope);
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

fn known_unit(directory: &Directory, unit: &str, field: &str, scope: &mut Scope<'_>) -> Option<Key> {
    let id = wire::required_unit(unit, field, scope)?;
    let key = directory.hierarchy().key(&id);
    if key.is_none() {
        scope.unknown(field, unit);
    }
    key
}

fn known_units(directory: &Directory, units: &[String], field: &str, scope: &mut Scope<'_>) -> Vec<Key> {
    let ids: Vec<UnitId> = wire::units(units, field, scope);
    for id in ids.iter().filter(|id| directory.hierarchy().key(id).is_none()) {
        let index = units.iter().position(|unit| *unit == id.name()).unwrap_or(0);
        scope.unknown(&format!("{field}[{index}]"), &id.name());
    }
    ids.iter().filter_map(|id| directory.hierarchy().key(id)).collect()
}

fn references(event: &pb::Event, authority: &Authority, scope: &mut Scope<'_>) {
    let directory = &authority.directory;
    for (index, id) in wire::ids(&event.programmes, "programmes", "programmes", scope)
        .iter()
        .enumerate()
    {
        if !directory.programmes().contains_key(id) {
            scope.unknown(&format!("programmes[{index}]"), &name::name("programmes", id));
        }
    }
    if let Some(id) = wire::id(&event.agreement, "agreements", "agreement", scope) {
        let agreement = directory.agreements().get(&id);
        // An agreement that the caller may not read does not exist for the caller.
        let readable = |homes: &[Key]| authority.agreements.allows(homes, Classification::Unclassified);
        if !agreement.is_some_and(|agreement| readable(&agreement.home_units)) {
            scope.unknown("agreement", &event.agreement);
        }
    }
    for (field, marker) in [("marker_from", &event.marker_from), ("marker_to", &event.marker_to)] {
        if let Some(id) = wire::id(marker, "markers", field, scope)
            && !directory.markers().contains_key(&id)
        {
            scope.unknown(field, marker);
        }
    }
    if event.marker_from.is_empty() && !event.marker_to.is_empty() {
        scope.add(
            reason::REQUIRED_FIELD,
            "marker_from",
            "is required where there is a last marker",
        );
    }
}

/// Home and co-home units of a stored event, the home unit first.
pub fn homes(event: &pb::Event, directory: &Directory) -> Vec<Key> {
    std::iter::once(&event.home_unit)
        .chain(&event.co_home_units)
        .filter_map(|unit| directory.hierarchy().key_of(name::collection_id(unit, "units")?))
        .collect()
}

/// How secret a stored event is.
pub fn classification(event: &pb::Event) -> Classification {
    wire::classification(event.classification, "", &mut Violations::new().root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_quantity_is_ten_to_the_fifteenth() {
        assert_eq!(QUANTITY_MAX.to_string(), "1000000000000000");
    }
}
