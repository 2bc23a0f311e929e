//! Reorganisations (sắp xếp tổ chức): what is recorded of them, their revocation, and what they bring about.

use std::collections::BTreeSet;

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, wire};
use banggiao_model::{
    date::{self, Date},
    hierarchy::{Hierarchy, Key, Version},
    name,
};
use banggiao_rpc::{
    Violations,
    wire::{self as shared, MAX_NAME, MAX_TEXT},
};

use super::{Error, checked, rule};

/// A reorganisation to be recorded under the id given. Its acts are checked when they are folded in.
pub fn draft(directory: &Directory, id: &str, acts: &pb::Reorganization) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.scope("reorganization");
    let parsed = wire::reorganization(id, acts, directory.kinds(), &mut scope);
    checked(parsed, violations)?;
    Ok(Resource::Reorganization(pb::Reorganization {
        name: wire::reorganization_name(id),
        revocation: None,
        ..acts.clone()
    }))
}

/// The revocation of a recorded reorganisation. Whether something needs it is checked when it is folded in.
pub fn draft_revocation(directory: &Directory, request: &pb::RevokeReorganizationRequest) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let id = shared::required_id(&request.name, "reorganizations", "name", &mut scope);
    if request.legal_basis.is_empty() {
        scope.required("legal_basis");
    }
    shared::line(&request.legal_basis, MAX_NAME, "legal_basis", &mut scope);
    shared::line(&request.note, MAX_TEXT, "note", &mut scope);
    let id = checked(id, violations)?;
    let recorded = directory.hierarchy().reorganization(&id);
    let recorded = recorded.ok_or_else(|| Error::NotFound(request.name.clone()))?;
    if recorded.revoked_at.is_some() {
        return Err(Error::Precondition {
            reason: rule::WRONG_STATE,
            violations: vec![(request.name.clone(), "is revoked already".to_owned())],
        });
    }
    Ok(Resource::ReorganizationRevocation(pb::ReorganizationRevocation {
        reorganization: request.name.clone(),
        legal_basis: request.legal_basis.clone(),
        note: request.note.clone(),
        ..pb::ReorganizationRevocation::default()
    }))
}

/// What differs between the registry before and after acts that take effect on a day. What they end has ended then, even
/// if that day lies ahead.
pub fn consequences(
    before: &Directory,
    after: &Directory,
    effective: Option<Date>,
    today: Date,
) -> pb::ReorganizeUnitsResponse {
    let (old, new) = (before.hierarchy(), after.hierarchy());
    let ended = old.keys().filter(|key| lives_shorter(old, new, *key));
    let ended: BTreeSet<String> = ended.map(|key| new.unit(key).id().name()).collect();
    let day = effective.map_or(today, |effective| effective.max(today));
    let orphaned = |directory: &Directory| -> BTreeSet<String> {
        let agreements = directory.agreements().values();
        agreements
            .filter(|agreement| !agreement.orphaned_on(directory.hierarchy(), day).is_empty())
            .map(|agreement| agreement.resource.name.clone())
            .collect()
    };
    let orphaned_before = orphaned(before);
    pb::ReorganizeUnitsResponse {
        reorganization: None,
        changed_versions: changed_versions(old, new),
        ended_units: ended.into_iter().collect(),
        agreements_needing_successor: orphaned(after).difference(&orphaned_before).cloned().collect(),
    }
}

fn lives_shorter(old: &Hierarchy, new: &Hierarchy, key: Key) -> bool {
    let (before, after) = (old.unit(key), new.unit(key));
    if std::ptr::eq(before, after) {
        return false;
    }
    match (before.last_day(), after.last_day()) {
        (_, None) => after.is_void() && !before.is_void(),
        (None, Some(_)) => true,
        (Some(before), Some(after)) => after < before,
    }
}

/// The versions that differ between two states, as the newer has them.
fn changed_versions(before: &Hierarchy, after: &Hierarchy) -> Vec<pb::UnitVersion> {
    let known = before.len();
    let differs = |key: &Key| key.index() >= known || before.unit(*key).versions() != after.unit(*key).versions();
    let mut changed: Vec<Key> = after.keys().filter(differs).collect();
    changed.sort_by_key(|key| after.unit(*key).id().clone());
    let of_unit = |key: Key| {
        let old = if key.index() < known {
            before.unit(key).versions()
        } else {
            &[]
        };
        let new = after
            .unit(key)
            .versions()
            .iter()
            .filter(|version| !old.contains(version));
        new.map(|version| version_pb(after, key, version)).collect::<Vec<_>>()
    };
    changed.into_iter().flat_map(of_unit).collect()
}

/// A version for the wire.
pub fn version_pb(hierarchy: &Hierarchy, key: Key, version: &Version) -> pb::UnitVersion {
    let last = version.until.map(date::day_before);
    pb::UnitVersion {
        unit: hierarchy.unit(key).id().name(),
        start_date: date::format(version.from),
        end_date: last.map(date::format).unwrap_or_default(),
        kind: version.kind.to_string(),
        level: shared::level_pb(version.level).into(),
        parent: version
            .parent
            .map(|parent| hierarchy.unit(parent).id().name())
            .unwrap_or_default(),
        names: (*version.names).clone(),
        reorganizations: Vec::new(),
    }
}

/// All versions of a unit, oldest first, each with the reorganisations that it begins with.
pub fn versions(directory: &Directory, key: Key) -> Vec<pb::UnitVersion> {
    let hierarchy = directory.hierarchy();
    let unit = hierarchy.unit(key);
    let mut earlier: Option<&Version> = None;
    let mut versions = Vec::with_capacity(unit.versions().len());
    for version in unit.versions() {
        let name_of = |key: Key| hierarchy.unit(key).id().name();
        // A unit also gets another parent because the one it had was merged, divided or dissolved.
        let before = earlier.and_then(|earlier| earlier.parent).map(name_of);
        let own = name_of(key);
        let acts = directory
            .reorganizations()
            .iter()
            .filter(|acts| acts.revocation.is_none());
        let begun = acts
            .filter(|acts| acts.effective_date == date::format(version.from))
            .filter(|acts| {
                let mut acts = acts.acts.iter();
                acts.any(|act| names_unit(act, &own) || before.as_ref().is_some_and(|parent| ends(act, parent)))
            });
        versions.push(pb::UnitVersion {
            reorganizations: begun.map(|acts| acts.name.clone()).collect(),
            ..version_pb(hierarchy, key, version)
        });
        earlier = Some(version);
    }
    versions
}

/// Whether an act is about a unit.
fn names_unit(act: &pb::ReorganizationAct, unit: &str) -> bool {
    use pb::reorganization_act::Act;
    let moved = |moves: &[pb::UnitMove]| moves.iter().any(|one| one.unit == unit);
    match &act.act {
        None => false,
        Some(Act::Merge(merge)) => {
            merge.sources.iter().any(|source| source == unit) || merge.target == unit || moved(&merge.moves)
        }
        Some(Act::Split(split)) => {
            split.source == unit || split.targets.iter().any(|target| target == unit) || moved(&split.moves)
        }
        Some(Act::Establish(establish)) => name::name("units", &establish.unit_id) == unit,
        Some(Act::Rename(rename)) => rename.unit == unit,
        Some(Act::ChangeKind(change)) => change.unit == unit,
        Some(Act::Move(one)) => one.unit == unit,
        Some(Act::Dissolve(dissolve)) => dissolve.unit == unit || moved(&dissolve.moves),
    }
}

/// Whether an act may end a unit, so that what stood under it stands elsewhere.
fn ends(act: &pb::ReorganizationAct, unit: &str) -> bool {
    use pb::reorganization_act::Act;
    match &act.act {
        Some(Act::Merge(merge)) => merge.sources.iter().any(|source| source == unit),
        Some(Act::Split(split)) => split.source == unit,
        Some(Act::Dissolve(dissolve)) => dissolve.unit == unit,
        Some(Act::Establish(_) | Act::Rename(_) | Act::ChangeKind(_) | Act::Move(_)) | None => false,
    }
}
