//! An event's content: what it must be by itself, and against what the registry knows. Every fault is found at once.

mod parts;
mod references;
mod warning;

pub use warning::Neighbours;

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{date::Date, decimal::Decimal, hierarchy::Key, name, permission::Classification};
use banggiao_rpc::{Scope, Violations, wire};

use super::{Error, command::Authority, event_type::EventType, rule};

/// A quantity is at most so large.
pub const QUANTITY_MAX: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0); // 10^15
/// An external reference or its source has at most so many characters.
pub const REFERENCE_MAX: usize = 100;

/// An event's content as it may be stored, and what the rules of the domain ask about.
#[derive(Debug, Clone)]
pub struct Content {
    /// The event without its output-only fields.
    pub event: pb::Event,
    /// The home unit, which decides who may store it.
    pub home: Key,
    /// Where it stands in the request.
    pub path: String,
    start: Date,
    units: Vec<Key>,
}

/// As what an event's content is checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// The revision of its type that it keeps; absent: the newest.
    pub type_revision: Option<i32>,
    /// It is only planned, and may lack what its type needs.
    pub planned: bool,
    /// It keeps the agreement that it has, which somebody else may have named.
    pub keeps_agreement: bool,
}

/// Checks a new event by itself, against the registry, and against the rules of the domain.
///
/// # Errors
/// Those of [`parse`], [`Content::alive`] and [`Content::in_force`].
pub fn check(event: pb::Event, authority: &Authority, standing: Standing, path: &str) -> Result<Content, Error> {
    let content = parse(event, authority, standing, path)?;
    content.alive(&authority.directory)?;
    content.in_force(&authority.directory)?;
    Ok(content)
}

/// Checks an event by itself and against what the registry knows, fills in the sums of its parts, and notes what looks
/// implausible.
///
/// # Errors
/// [`Error::Invalid`] with every malformed, forbidden, missing or unknown field under `path`.
pub fn parse(event: pb::Event, authority: &Authority, standing: Standing, path: &str) -> Result<Content, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.scope(path);
    let mut event = without_output(event);
    let (start, end) = days(&event, &mut scope);
    let event_type = typed(&event, authority, standing, &mut scope);
    if let Some(event_type) = &event_type {
        event.event_type_revision = event_type.resource.revision;
        parts::check(&mut event, event_type, standing.planned, &mut scope);
    }
    parts::of_any_type(&event, &mut scope);
    let units = references::units(&event, &authority.directory, &mut scope);
    references::others(&event, authority, standing, &mut scope);
    let (Some(start), Some(event_type), Some(units), true) = (start, event_type, units, violations.is_empty()) else {
        return Err(Error::Invalid(violations));
    };
    event.warnings = warning::of(
        &event,
        (start, end.unwrap_or(start)),
        &event_type,
        &units,
        authority,
        standing,
    );
    Ok(Content {
        event,
        home: units.home,
        path: path.to_owned(),
        start,
        units: units.all(),
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
        event_type_revision: 0,
        warnings: Vec::new(),
        return_reason: 0,
        cancellation_reason: 0,
        review_chain: Vec::new(),
        submit_time: None,
        distinct_from: Vec::new(),
        possible_duplicates: Vec::new(),
        ..event
    }
}

fn days(event: &pb::Event, scope: &mut Scope<'_>) -> (Option<Date>, Option<Date>) {
    if event.start_date.is_empty() {
        scope.required("start_date");
    }
    wire::days(&event.start_date, &event.end_date, scope)
}

fn typed(
    event: &pb::Event,
    authority: &Authority,
    standing: Standing,
    scope: &mut Scope<'_>,
) -> Option<Arc<EventType>> {
    let id = wire::required_id(&event.event_type, "eventTypes", "event_type", scope)?;
    let found = match standing.type_revision {
        Some(number) => authority.types.revision(&id, number),
        None => authority.types.newest(&id),
    };
    match found {
        None => scope.unknown("event_type", &event.event_type),
        Some(newest) if newest.resource.discontinued && standing.type_revision.is_none() => {
            let why = format!("no new events of type {} are logged any more", newest.code());
            scope.invalid("event_type", why);
        }
        Some(_) => {}
    }
    found.cloned()
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
