//! `EventFilter`: parsed, as a condition for the database, and as the exact test that follows it.

use banggiao_contracts::{journal::v1 as pb, r#type::v1::Direction};
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::{Hierarchy, Key},
    name,
    permission::{Scope, Units},
};
use banggiao_rpc::{violation, wire};
use sea_orm::{ColumnTrait, Condition};

use crate::{
    domain::event_type,
    store::event::{self, Column, link},
};

/// What a list asks for.
#[derive(Debug, Default)]
pub struct Filter {
    unit: Option<Key>,
    partner_unit: Option<Key>,
    event_types: Vec<String>,
    start: Option<Date>,
    end: Option<Date>,
    direction: Option<i32>,
    programme: Option<String>,
    review_states: Vec<i32>,
    phases: Vec<i32>,
    reference: Option<(String, String)>,
    classification: Option<i32>,
}

impl Filter {
    /// From the wire.
    pub fn parse(filter: &pb::EventFilter, directory: &Directory, scope: &mut violation::Scope<'_>) -> Self {
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
        Self {
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
        }
    }

    /// What the database can narrow by. Units stand under others on some days only, so of a subtree the database gets
    /// every unit that ever was in it; [`Self::passes`] decides by the day.
    pub fn condition(&self, hierarchy: &Hierarchy) -> Condition {
        let mut all = Condition::all();
        let sides = [(link::HOME, self.unit), (link::PARTNER, self.partner_unit)];
        for (side, root) in sides.into_iter().filter_map(|(side, root)| Some((side, root?))) {
            all = all.add(Column::Id.in_subquery(event::linked(side, ids(hierarchy, &ever_below(hierarchy, root)))));
        }
        if let Some(programme) = &self.programme {
            all = all.add(Column::Id.in_subquery(event::linked(link::PROGRAMME, vec![programme.clone()])));
        }
        if !self.event_types.is_empty() {
            all = all.add(Column::EventType.is_in(&self.event_types));
        }
        if let Some(start) = self.start {
            all = all.add(Column::StartDate.gte(date::format(start)));
        }
        if let Some(end) = self.end {
            all = all.add(Column::StartDate.lte(date::format(end)));
        }
        if let Some(direction) = self.direction {
            all = all.add(Column::Direction.eq(direction));
        }
        if !self.review_states.is_empty() {
            all = all.add(Column::ReviewState.is_in(self.review_states.iter().copied()));
        }
        if !self.phases.is_empty() {
            all = all.add(Column::Phase.is_in(self.phases.iter().copied()));
        }
        if let Some((source, reference)) = &self.reference {
            all = all
                .add(Column::Source.eq(source.as_str()))
                .add(Column::Reference.eq(reference.as_str()));
        }
        if let Some(classification) = self.classification {
            all = all.add(Column::Classification.eq(classification));
        }
        all
    }

    /// Whether the event's units lie where they are asked for, on the event's first day.
    pub fn passes(&self, event: &pb::Event, directory: &Directory) -> bool {
        let Ok(day) = date::parse(&event.start_date) else {
            return false;
        };
        let hierarchy = directory.hierarchy();
        let inside = |root: Option<Key>, units: &mut dyn Iterator<Item = &String>| {
            root.is_none_or(|root| {
                units
                    .filter_map(|unit| hierarchy.key_of(name::collection_id(unit, "units")?))
                    .filter_map(|key| hierarchy.place(key, day, day).unit)
                    .any(|key| hierarchy.in_subtree(key, root, day))
            })
        };
        let mut homes = std::iter::once(&event.home_unit).chain(&event.co_home_units);
        inside(self.unit, &mut homes) && inside(self.partner_unit, &mut event.partner_units.iter())
    }
}

/// What a caller may read, as a condition: exactly what could be read one by one.
pub fn readable(scope: &Scope, hierarchy: &Hierarchy) -> Condition {
    let mut any = Condition::any();
    for part in scope.parts() {
        let cleared = Column::Classification.lte(wire::classification_pb(part.clearance) as i32);
        any = any.add(match &part.units {
            Units::All => Condition::all().add(cleared),
            Units::Set(keys) => {
                let homes = event::linked(link::HOME, ids(hierarchy, keys));
                Condition::all().add(cleared).add(Column::Id.in_subquery(homes))
            }
        });
    }
    any
}

fn ids(hierarchy: &Hierarchy, keys: &[Key]) -> Vec<String> {
    keys.iter().map(|key| hierarchy.unit(*key).id().to_string()).collect()
}

/// The units that were in the subtree on any day, or whose records may be placed there.
fn ever_below(hierarchy: &Hierarchy, root: Key) -> Vec<Key> {
    let mut inside = vec![false; hierarchy.len()];
    inside[root.index()] = true;
    loop {
        let found: Vec<Key> = hierarchy
            .keys()
            .filter(|key| !inside[key.index()])
            .filter(|key| {
                let mut parents = hierarchy
                    .unit(*key)
                    .versions()
                    .iter()
                    .filter_map(|version| version.parent);
                let mut kin = hierarchy.successors(*key).iter().chain(hierarchy.predecessors(*key));
                parents.any(|parent| inside[parent.index()]) || kin.any(|other| inside[other.index()])
            })
            .collect();
        if found.is_empty() {
            return hierarchy.keys().filter(|key| inside[key.index()]).collect();
        }
        for key in found {
            inside[key.index()] = true;
        }
    }
}
