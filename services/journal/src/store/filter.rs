//! A list's filter and its reader's rights, as conditions for the database.

use banggiao_model::{
    date,
    hierarchy::{Hierarchy, Key},
    permission::{Scope, Units},
};
use banggiao_rpc::wire;
use sea_orm::{ColumnTrait, Condition};

use super::event::{self, Column, link};
use crate::domain::filter::Filter;

/// Both together.
pub fn listed(filter: &Filter, scope: &Scope, hierarchy: &Hierarchy) -> Condition {
    Condition::all()
        .add(readable(scope, hierarchy))
        .add(condition(filter, hierarchy))
}

/// What the database can narrow by. Units stand under others on some days only, so of a subtree the database gets
/// every unit that ever was in it; [`Filter::passes`] decides by the day.
fn condition(filter: &Filter, hierarchy: &Hierarchy) -> Condition {
    let mut all = Condition::all();
    let sides = [(link::HOME, filter.unit), (link::PARTNER, filter.partner_unit)];
    for (side, root) in sides.into_iter().filter_map(|(side, root)| Some((side, root?))) {
        all = all.add(Column::Id.in_subquery(event::linked(side, ids(hierarchy, &ever_below(hierarchy, root)))));
    }
    if filter.home_unit_not_alive {
        // Nothing is recorded before a unit begins, so only an end, or a beginning that was revoked, leaves it dead.
        let ended = |key: &Key| hierarchy.unit(*key).is_void() || hierarchy.last_day(*key).is_some();
        let ended: Vec<Key> = hierarchy.keys().filter(ended).collect();
        all = all.add(Column::Id.in_subquery(event::linked(link::HOME, ids(hierarchy, &ended))));
    }
    if let Some(programme) = &filter.programme {
        all = all.add(Column::Id.in_subquery(event::linked(link::PROGRAMME, vec![programme.clone()])));
    }
    if !filter.event_types.is_empty() {
        all = all.add(Column::EventType.is_in(&filter.event_types));
    }
    if let Some(start) = filter.start {
        all = all.add(Column::StartDate.gte(date::format(start)));
    }
    if let Some(end) = filter.end {
        all = all.add(Column::StartDate.lte(date::format(end)));
    }
    if let Some(direction) = filter.direction {
        all = all.add(Column::Direction.eq(direction));
    }
    if !filter.review_states.is_empty() {
        all = all.add(Column::ReviewState.is_in(filter.review_states.iter().copied()));
    }
    if !filter.phases.is_empty() {
        all = all.add(Column::Phase.is_in(filter.phases.iter().copied()));
    }
    if let Some((source, reference)) = &filter.reference {
        all = all
            .add(Column::Source.eq(source.as_str()))
            .add(Column::Reference.eq(reference.as_str()));
    }
    if let Some(classification) = filter.classification {
        all = all.add(Column::Classification.eq(classification));
    }
    all
}

/// What a caller may read, as a condition: exactly what could be read one by one.
fn readable(scope: &Scope, hierarchy: &Hierarchy) -> Condition {
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
                let unit = hierarchy.unit(*key);
                let versions = unit.versions().iter().filter_map(|version| version.parent);
                // What was recorded at a unit that never was is placed at the parent that it was recorded with.
                let mut parents = versions.chain(unit.first_parent());
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
