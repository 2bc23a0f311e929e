//! Agreements (thỏa thuận): what is recorded of them, and how they read today.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Agreement, Directory};
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key},
    level::Level,
    name::{self, UnitId},
};
use banggiao_rpc::{Scope, Violations, wire as shared};

use super::{Chosen, Error, checked, rule};

/// An agreement to be recorded: its parties are known and were alive on the day of signing, and its level is that of the
/// leading home unit's kind on that day.
pub fn draft(
    directory: &Directory,
    chosen: Chosen<'_>,
    agreement: &pb::Agreement,
    path: &str,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let id = chosen.check(&mut violations);
    let mut scope = violations.scope(path);
    if shared::enumeration::<pb::AgreementKind>(agreement.kind, "kind", &mut scope) == pb::AgreementKind::Unspecified {
        scope.required("kind");
    }
    shared::names(&agreement.title, "title", &mut scope);
    let sign_date = shared::day(&agreement.sign_date, "sign_date", &mut scope);
    let (start, _) = shared::days(&agreement.start_date, &agreement.end_date, &mut scope);
    if let (Some(signed), Some(start)) = (sign_date, start)
        && start < signed
    {
        scope.invalid("start_date", format!("{start} is before the day of signing {signed}"));
    }
    let home = parties(directory.hierarchy(), &agreement.home_units, "home_units", &mut scope);
    let partners = parties(
        directory.hierarchy(),
        &agreement.partner_units,
        "partner_units",
        &mut scope,
    );
    if let Some(parent) = shared::id(&agreement.parent, "agreements", "parent", &mut scope)
        && !directory.agreements().contains_key(&parent)
    {
        scope.unknown("parent", &agreement.parent);
    }
    let id = checked(id, violations)?;
    let name = name::name("agreements", id);
    if directory.agreements().contains_key(id) {
        return Err(Error::AlreadyExists(name));
    }
    alive_at_signing(directory.hierarchy(), sign_date, home.iter().chain(&partners))?;
    let level = level_at_signing(directory.hierarchy(), sign_date, home[0].1);
    Ok(Resource::Agreement(pb::Agreement {
        name,
        level: shared::level_pb(level).into(),
        ..agreement.clone()
    }))
}

fn parties(hierarchy: &Hierarchy, names: &[String], field: &str, scope: &mut Scope<'_>) -> Vec<(UnitId, Key)> {
    if names.is_empty() {
        scope.required(field);
    }
    let units = shared::units(names, field, scope);
    for unit in units.iter().filter(|unit| hierarchy.key(unit).is_none()) {
        scope.unknown(field, &unit.name());
    }
    units
        .into_iter()
        .filter_map(|unit| hierarchy.key(&unit).map(|key| (unit, key)))
        .collect()
}

fn alive_at_signing<'a>(
    hierarchy: &Hierarchy,
    sign_date: Option<Date>,
    parties: impl Iterator<Item = &'a (UnitId, Key)>,
) -> Result<(), Error> {
    let Some(day) = sign_date else { return Ok(()) };
    let violations: Vec<_> = parties
        .filter(|(_, key)| !hierarchy.alive_on(*key, day))
        .map(|(unit, _)| (unit.name(), format!("was not alive on the day of signing {day}")))
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

fn level_at_signing(hierarchy: &Hierarchy, sign_date: Option<Date>, unit: Key) -> Level {
    let version = sign_date.and_then(|day| hierarchy.version_on(unit, day));
    version
        .or_else(|| hierarchy.unit(unit).versions().last())
        .map_or(Level::Other, |version| version.level)
}

/// The agreement as it stands today.
pub fn read(agreement: &Agreement, today: Date) -> pb::Agreement {
    pb::Agreement {
        state: agreement.state_on(today).into(),
        ..agreement.resource.clone()
    }
}

/// Which agreements a list holds.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only with a party in this unit's subtree on the day of signing.
    pub unit: Option<Key>,
    /// Only of these kinds; empty: any.
    pub kinds: Vec<pb::AgreementKind>,
    /// Only of these levels; empty: any.
    pub levels: Vec<Level>,
    /// Only in force on this day.
    pub in_force_on: Option<Date>,
    /// Only with a last day before this day.
    pub expires_before: Option<Date>,
}

impl Filter {
    /// Whether an agreement is held.
    pub fn passes(&self, hierarchy: &Hierarchy, agreement: &Agreement, today: Date) -> bool {
        let day = agreement.sign_date.unwrap_or(today);
        let mut parties = agreement.home_units.iter().chain(&agreement.partner_units);
        self.unit
            .is_none_or(|root| parties.any(|party| hierarchy.in_subtree(*party, root, day)))
            && (self.kinds.is_empty() || self.kinds.contains(&agreement.kind))
            && (self.levels.is_empty() || self.levels.contains(&agreement.level))
            && self.in_force_on.is_none_or(|day| agreement.in_force_on(day))
            && self
                .expires_before
                .is_none_or(|day| agreement.end.is_some_and(|end| end < day))
    }
}
