//! The shipped types, from the file in which they stand.

use std::collections::BTreeMap;

use banggiao_contracts::journal::v1::{self as pb, EventPart};
use banggiao_model::name;
use serde::Deserialize;

const FILE: &str = include_str!("../event_types.toml");

/// The parts that most types do not have: a shipped type forbids those of them that it does not name.
const SPECIAL: [EventPart; 10] = [
    EventPart::Direction,
    EventPart::Delegations,
    EventPart::Markers,
    EventPart::Lines,
    EventPart::Participants,
    EventPart::Team,
    EventPart::Campaign,
    EventPart::Area,
    EventPart::Edition,
    EventPart::Organiser,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    quantities: BTreeMap<String, Quantity>,
    types: Vec<Type>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quantity {
    unit: String,
    vi: String,
    en: String,
    #[serde(default)]
    whole: bool,
    plausible_max: String,
    #[serde(default)]
    sums_line_values: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Type {
    id: String,
    group: String,
    vi: String,
    en: String,
    #[serde(default)]
    may_have: Vec<String>,
    persons: i64,
    days: i64,
    delegations: Option<i64>,
    #[serde(default)]
    among_neighbours: bool,
    #[serde(default)]
    quantities: Vec<String>,
}

/// The first revisions of the shipped types, by id.
///
/// # Errors
/// If the file that is compiled in does not read.
pub fn shipped() -> anyhow::Result<Vec<pb::EventType>> {
    let file: File = toml::from_str(FILE)?;
    file.types
        .iter()
        .map(|shipped| shipped.resource(&file.quantities))
        .collect()
}

impl Type {
    fn resource(&self, known: &BTreeMap<String, Quantity>) -> anyhow::Result<pb::EventType> {
        let part = |name: &String| {
            EventPart::from_str_name(&format!("EVENT_PART_{name}"))
                .ok_or_else(|| anyhow::anyhow!("{name} is no part of an event"))
        };
        let may_have = self.may_have.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        let definition = |key: &String| {
            let quantity = known.get(key);
            quantity
                .map(|quantity| quantity.definition(key))
                .ok_or_else(|| anyhow::anyhow!("{key} is no quantity"))
        };
        Ok(pb::EventType {
            name: name::name("eventTypes", &self.id),
            code: name::id_to_code(&self.id),
            names: names(&self.vi, &self.en),
            group: self.group.clone(),
            quantities: self.quantities.iter().map(definition).collect::<Result<_, _>>()?,
            forbids: SPECIAL
                .iter()
                .filter(|part| !may_have.contains(part))
                .map(|part| i32::from(*part))
                .collect(),
            plausible_persons: Some(self.persons),
            plausible_delegations: self.delegations,
            plausible_days: Some(self.days),
            among_neighbours: self.among_neighbours,
            revision: 1,
            ..pb::EventType::default()
        })
    }
}

impl Quantity {
    fn definition(&self, key: &str) -> pb::QuantityDefinition {
        pb::QuantityDefinition {
            key: key.to_owned(),
            unit: self.unit.clone(),
            names: names(&self.vi, &self.en),
            whole: self.whole,
            plausible_max: self.plausible_max.clone(),
            sums_line_values: self.sums_line_values,
        }
    }
}

fn names(vi: &str, en: &str) -> BTreeMap<String, String> {
    [("vi".to_owned(), vi.to_owned()), ("en".to_owned(), en.to_owned())].into()
}
