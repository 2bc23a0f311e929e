//! The registry's resources between the wire and the model. From the wire, converting is validating.

use std::sync::Arc;

use banggiao_contracts::registry::v1 as pb;
use banggiao_model::{
    hierarchy::{Act, Reorganization, UnitSeed},
    level,
    name::{self, UnitId},
    permission::{Grant, Role},
};
use banggiao_rpc::{
    violation::Scope,
    wire::{self, MAX_NAME},
};

/// The countries whose units are kept.
pub const COUNTRIES: [&str; 3] = ["VN", "KH", "LA"];

/// Checks a list of countries.
pub fn countries(values: &[String], field: &str, scope: &mut Scope<'_>) {
    for (index, country) in values.iter().enumerate() {
        self::country(country, &format!("{field}[{index}]"), scope);
    }
}

fn country(value: &str, field: &str, scope: &mut Scope<'_>) {
    if !COUNTRIES.contains(&value) {
        scope.invalid(field, format!("{value:?} is none of {}", COUNTRIES.join(", ")));
    }
}

/// A unit as it began, under the id given.
pub fn unit_seed(id: Option<UnitId>, unit: &pb::Unit, scope: &mut Scope<'_>) -> Option<UnitSeed> {
    country(&unit.country, "country", scope);
    let kind = level::kind(&unit.kind);
    if kind.is_none() {
        scope.invalid("kind", format!("{:?} is no kind of unit", unit.kind));
    }
    let parent = wire::unit(&unit.parent, "parent", scope);
    let names = wire::names(&unit.names, "names", scope);
    if unit.start_date.is_empty() {
        scope.required("start_date");
    }
    let (start, end) = wire::days(&unit.start_date, &unit.end_date, scope);
    let kind = kind?;
    Some(UnitSeed {
        id: id?,
        country: unit.country.as_str().into(),
        kind: kind.code.into(),
        level: kind.level,
        parent,
        names: Arc::new(names),
        start: start?,
        end,
    })
}

/// Acts with their effective date, under the id given.
pub fn reorganization(id: &str, text: &pb::Reorganization, scope: &mut Scope<'_>) -> Option<Reorganization> {
    let effective = wire::required_day(&text.effective_date, "effective_date", scope);
    wire::day(&text.legal_date, "legal_date", scope);
    wire::line(&text.legal_basis, MAX_NAME, "legal_basis", scope);
    wire::line(&text.note, wire::MAX_TEXT, "note", scope);
    if text.acts.is_empty() {
        scope.required("acts");
    }
    let mut acts = Vec::with_capacity(text.acts.len());
    for (index, act) in text.acts.iter().enumerate() {
        acts.extend(self::act(act, &mut scope.scope(&format!("acts[{index}]"))));
    }
    Some(Reorganization {
        id: id.to_owned(),
        effective: effective?,
        acts,
    })
}

fn act(act: &pb::ReorganizationAct, scope: &mut Scope<'_>) -> Option<Act> {
    match &act.act {
        Some(pb::reorganization_act::Act::Merge(merge)) => Some(Act::Merge {
            sources: wire::units(&merge.sources, "sources", scope),
            target: wire::required_unit(&merge.target, "target", scope)?,
            moves: moves(&merge.moves, scope),
        }),
        Some(pb::reorganization_act::Act::Split(split)) => Some(Act::Split {
            source: wire::required_unit(&split.source, "source", scope)?,
            targets: wire::units(&split.targets, "targets", scope),
            moves: moves(&split.moves, scope),
        }),
        None => {
            scope.required("");
            None
        }
    }
}

fn moves(moves: &[pb::UnitMove], scope: &mut Scope<'_>) -> Vec<(UnitId, UnitId)> {
    let mut pairs = Vec::with_capacity(moves.len());
    for (index, one) in moves.iter().enumerate() {
        let mut scope = scope.scope(&format!("moves[{index}]"));
        let unit = wire::required_unit(&one.unit, "unit", &mut scope);
        let parent = wire::required_unit(&one.parent, "parent", &mut scope);
        pairs.extend(unit.zip(parent));
    }
    pairs
}

/// A grant, with the id of its principal.
pub fn grant(grant: &pb::Grant, scope: &mut Scope<'_>) -> Option<(String, Grant)> {
    let principal = wire::required_id(&grant.principal, "principals", "principal", scope);
    let role = role(grant.role, scope);
    let unit = wire::unit(&grant.unit, "unit", scope);
    let clearance = wire::classification(grant.clearance, "clearance", scope);
    let (start, end) = wire::days(&grant.start_date, &grant.end_date, scope);
    Some((
        principal?,
        Grant {
            role: role?,
            unit,
            clearance,
            start,
            end,
        },
    ))
}

fn role(role: i32, scope: &mut Scope<'_>) -> Option<Role> {
    match wire::enumeration::<pb::Role>(role, "role", scope) {
        pb::Role::Unspecified => {
            scope.required("role");
            None
        }
        pb::Role::Reader => Some(Role::Reader),
        pb::Role::Recorder => Some(Role::Recorder),
        pb::Role::Approver => Some(Role::Approver),
        pb::Role::Registrar => Some(Role::Registrar),
        pb::Role::Auditor => Some(Role::Auditor),
        pb::Role::Administrator => Some(Role::Administrator),
        pb::Role::Service => Some(Role::Service),
    }
}

/// The resource name of a reorganisation.
#[must_use]
pub fn reorganization_name(id: &str) -> String {
    name::name("reorganizations", id)
}
