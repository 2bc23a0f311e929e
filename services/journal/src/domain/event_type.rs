//! Event types: what an event of each may, must and cannot carry, and what of it would be implausible.
//!
//! Types are data. The shipped ones are the first revisions in `event_types.toml`; the rest is written down by people.

mod shipped;

pub use shipped::shipped;

use std::{collections::BTreeMap, sync::Arc};

use banggiao_contracts::journal::v1::{self as pb, EventPart};
use banggiao_model::{
    decimal::{self, Decimal},
    name,
};
use banggiao_rpc::{
    Scope, Violations,
    mask::Fields,
    wire::{self, MAX_LIST},
};

use super::event::QUANTITY_MAX;

/// The longest key of a quantity and name of a group.
const KEY_MAX: usize = 40;

/// One revision of a type.
#[derive(Debug, Clone)]
pub struct EventType {
    /// The revision as the wire shows it.
    pub resource: pb::EventType,
    /// The quantities that its events may carry, with the most that is plausible of each.
    pub quantities: Vec<Quantity>,
}

/// A quantity that events of a type may carry.
#[derive(Debug, Clone)]
pub struct Quantity {
    /// Key in the event's quantities.
    pub key: String,
    /// Only whole numbers make sense.
    pub whole: bool,
    /// More than this is implausible.
    pub plausible_max: Option<Decimal>,
    /// It is the sum of the values of the event's lines.
    pub sums_line_values: bool,
}

/// The fields of a type that may be changed.
pub const FIELDS: Fields<pb::EventType> = Fields(&[
    ("names", |old, new| old.names.clone_from(&new.names)),
    ("group", |old, new| old.group.clone_from(&new.group)),
    ("quantities", |old, new| old.quantities.clone_from(&new.quantities)),
    ("needs", |old, new| old.needs.clone_from(&new.needs)),
    ("forbids", |old, new| old.forbids.clone_from(&new.forbids)),
    ("plausible_persons", |old, new| {
        old.plausible_persons = new.plausible_persons;
    }),
    ("plausible_delegations", |old, new| {
        old.plausible_delegations = new.plausible_delegations;
    }),
    ("plausible_days", |old, new| old.plausible_days = new.plausible_days),
    ("among_neighbours", |old, new| {
        old.among_neighbours = new.among_neighbours;
    }),
    ("discontinued", |old, new| old.discontinued = new.discontinued),
]);

impl EventType {
    /// Checks a revision. What is output only is taken as it stands.
    pub fn parse(resource: pb::EventType, scope: &mut Scope<'_>) -> Self {
        wire::names(&resource.names, "names", scope);
        if resource.group.is_empty() {
            scope.required("group");
        }
        wire::line(&resource.group, KEY_MAX, "group", scope);
        for (field, parts) in [("needs", &resource.needs), ("forbids", &resource.forbids)] {
            distinct_parts(parts, field, scope);
        }
        for part in resource.needs().filter(|part| resource.forbids().any(|no| no == *part)) {
            scope.invalid("forbids", format!("{} is needed, too", part.as_str_name()));
        }
        for (field, most) in [
            ("plausible_persons", resource.plausible_persons),
            ("plausible_delegations", resource.plausible_delegations),
            ("plausible_days", resource.plausible_days),
        ] {
            if let Some(most) = most.filter(|most| *most < 1) {
                scope.invalid(field, format!("{most} is less than 1"));
            }
        }
        let quantities = quantities(&resource.quantities, scope);
        Self { resource, quantities }
    }

    /// Code as files carry it.
    pub fn code(&self) -> &str {
        &self.resource.code
    }

    /// Whether its events must have a part.
    pub fn needs(&self, part: EventPart) -> bool {
        self.resource.needs().any(|needed| needed == part)
    }

    /// Whether its events cannot have a part.
    pub fn forbids(&self, part: EventPart) -> bool {
        self.resource.forbids().any(|forbidden| forbidden == part)
    }

    /// The quantity with a key.
    pub fn quantity(&self, key: &str) -> Option<&Quantity> {
        self.quantities.iter().find(|quantity| quantity.key == key)
    }
}

fn distinct_parts(parts: &[i32], field: &str, scope: &mut Scope<'_>) {
    for (index, part) in parts.iter().enumerate() {
        let path = format!("{field}[{index}]");
        let part_name = wire::enumeration::<EventPart>(*part, &path, scope);
        if *part == 0 {
            scope.required(&path);
        } else if parts[..index].contains(part) {
            scope.invalid(&path, format!("{} is named twice", part_name.as_str_name()));
        }
    }
}

fn quantities(definitions: &[pb::QuantityDefinition], scope: &mut Scope<'_>) -> Vec<Quantity> {
    wire::at_most(MAX_LIST, definitions.len(), "quantities", scope);
    let mut quantities: Vec<Quantity> = Vec::new();
    for (index, definition) in definitions.iter().take(MAX_LIST).enumerate() {
        let mut scope = scope.scope(&format!("quantities[{index}]"));
        let quantity = quantity(definition, &mut scope);
        if quantities.iter().any(|known| known.key == quantity.key) {
            scope.invalid("key", format!("{:?} is named twice", quantity.key));
        }
        if quantity.sums_line_values && quantities.iter().any(|known| known.sums_line_values) {
            scope.invalid("sums_line_values", "another quantity sums them already");
        }
        quantities.push(quantity);
    }
    quantities
}

fn quantity(definition: &pb::QuantityDefinition, scope: &mut Scope<'_>) -> Quantity {
    let key = &definition.key;
    let letters = key
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if key.is_empty() {
        scope.required("key");
    } else if !letters || key.len() > KEY_MAX || !key.as_bytes()[0].is_ascii_lowercase() {
        let why =
            format!("{key:?} is not lower-case letters, digits and _, {KEY_MAX} at most, beginning with a letter");
        scope.invalid("key", why);
    }
    if definition.unit.is_empty() {
        scope.required("unit");
    }
    wire::line(&definition.unit, KEY_MAX, "unit", scope);
    wire::names(&definition.names, "names", scope);
    let plausible_max = (!definition.plausible_max.is_empty())
        .then(|| amount(&definition.plausible_max, "plausible_max", scope))
        .flatten();
    Quantity {
        key: key.clone(),
        whole: definition.whole,
        plausible_max,
        sums_line_values: definition.sums_line_values,
    }
}

/// An exact decimal that is not negative and not beyond what a quantity may be.
pub fn amount(value: &str, field: &str, scope: &mut Scope<'_>) -> Option<Decimal> {
    match decimal::parse(value) {
        Err(error) => scope.invalid(field, error.to_string()),
        Ok(number) if number.is_sign_negative() && !number.is_zero() => {
            scope.invalid(field, format!("{value} is negative"));
        }
        Ok(number) if number > QUANTITY_MAX => scope.invalid(field, format!("{value} is more than {QUANTITY_MAX}")),
        Ok(number) => return Some(number),
    }
    None
}

/// The types as they are known at one moment, with all their revisions.
#[derive(Debug, Clone, Default)]
pub struct Catalogue(BTreeMap<String, Vec<Arc<EventType>>>);

impl Catalogue {
    /// The catalogue of these revisions, of each type from the first without gaps.
    ///
    /// # Errors
    /// If one does not read, or is missing: what is stored is damaged.
    pub fn of(revisions: impl IntoIterator<Item = pb::EventType>) -> Result<Self, String> {
        let mut catalogue = Self::default();
        for resource in revisions {
            let Some(id) = name::collection_id(&resource.name, "eventTypes").map(str::to_owned) else {
                return Err(format!("{:?} is no event type", resource.name));
            };
            let known = catalogue.0.entry(id).or_default();
            if usize::try_from(resource.revision) != Ok(known.len() + 1) {
                return Err(format!(
                    "revision {} of {} is out of line",
                    resource.revision, resource.name
                ));
            }
            // Rules may have become stricter since it was written; it was right then.
            known.push(Arc::new(EventType::parse(resource, &mut Violations::new().root())));
        }
        Ok(catalogue)
    }

    /// The newest revision of a type.
    pub fn newest(&self, id: &str) -> Option<&Arc<EventType>> {
        self.0.get(id)?.last()
    }

    /// A revision of a type.
    pub fn revision(&self, id: &str, number: i32) -> Option<&Arc<EventType>> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.get(id)?.get(index)
    }

    /// Whether the type that an event names is known, if it names one at all.
    pub fn knows(&self, event: &pb::Event) -> bool {
        name::collection_id(&event.event_type, "eventTypes").is_none() || self.has(&event.event_type)
    }

    /// Whether there is a type of this name.
    pub fn has(&self, name: &str) -> bool {
        name::collection_id(name, "eventTypes").is_some_and(|id| self.0.contains_key(id))
    }

    /// The newest revision of every type, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Arc<EventType>)> {
        self.0
            .iter()
            .filter_map(|(id, revisions)| Some((id, revisions.last()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_passes_the_rules() {
        let types = shipped().unwrap();
        assert_eq!(types.len(), 20);
        for resource in types {
            let mut violations = Violations::new();
            EventType::parse(resource.clone(), &mut violations.root());
            assert!(violations.is_empty(), "{}: {violations:?}", resource.name);
        }
    }

    #[test]
    fn revisions_follow_on_each_other() {
        let mut types = shipped().unwrap();
        let mut second = types[0].clone();
        second.revision = 2;
        second.discontinued = true;
        types.push(second.clone());
        let catalogue = Catalogue::of(types.clone()).unwrap();
        let id = second.name.trim_start_matches("eventTypes/");
        assert!(catalogue.newest(id).unwrap().resource.discontinued);
        assert!(!catalogue.revision(id, 1).unwrap().resource.discontinued);
        assert!(catalogue.revision(id, 0).is_none() && catalogue.revision(id, 3).is_none());
        second.revision = 4;
        types.push(second);
        assert!(Catalogue::of(types).is_err());
    }
}
