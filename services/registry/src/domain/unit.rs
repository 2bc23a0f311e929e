//! Units (đơn vị) and reorganisations: what is recorded of them, and how a unit reads on a day.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, wire};
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key, Version},
    level::KINDS,
    name::{self, UnitId},
    text,
};
use banggiao_rpc::{Violations, wire as shared};

use super::{Chosen, Error, checked};

/// A unit to be recorded. Its history is checked when it is folded in.
pub fn draft(directory: &Directory, id: Chosen<'_>, unit: &pb::Unit, path: &str) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let id = id.check(&mut violations).and_then(|id| UnitId::parse(id).ok());
    let mut scope = violations.scope(path);
    let seed = wire::unit_seed(id, unit, &mut scope);
    if let Some(parent) = name::collection_id(&unit.parent, "units")
        && directory.hierarchy().key_of(parent).is_none()
    {
        scope.unknown("parent", &unit.parent);
    }
    let seed = checked(seed, violations)?;
    Ok(Resource::Unit(pb::Unit {
        name: seed.id.name(),
        country: seed.country.to_string(),
        kind: seed.kind.to_string(),
        level: shared::level_pb(seed.level).into(),
        parent: seed.parent.map(|parent| parent.name()).unwrap_or_default(),
        names: (*seed.names).clone(),
        start_date: seed.start.to_string(),
        end_date: seed.end.map(|end| end.to_string()).unwrap_or_default(),
        ..pb::Unit::default()
    }))
}

/// A reorganisation to be recorded under the id given. Its acts are checked when they are folded in.
pub fn draft_reorganization(id: &str, acts: &pb::Reorganization, author: &str) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let parsed = wire::reorganization(id, acts, &mut violations.scope("reorganization"));
    checked(parsed, violations)?;
    Ok(Resource::Reorganization(pb::Reorganization {
        name: wire::reorganization_name(id),
        author: author.to_owned(),
        ..acts.clone()
    }))
}

/// The versions that differ between two states, as the newer has them.
pub fn changed_versions(before: &Hierarchy, after: &Hierarchy) -> Vec<pb::UnitVersion> {
    let mut changed: Vec<Key> = before
        .keys()
        .filter(|key| before.unit(*key).versions() != after.unit(*key).versions())
        .collect();
    changed.sort_by_key(|key| after.unit(*key).id().clone());
    let of_unit = |key: Key| {
        let old = before.unit(key).versions();
        let new = after
            .unit(key)
            .versions()
            .iter()
            .filter(move |version| !old.contains(version));
        new.map(move |version| version_pb(after, key, version))
            .collect::<Vec<_>>()
    };
    changed.into_iter().flat_map(of_unit).collect()
}

/// A version for the wire.
pub fn version_pb(hierarchy: &Hierarchy, key: Key, version: &Version) -> pb::UnitVersion {
    pb::UnitVersion {
        unit: hierarchy.unit(key).id().name(),
        start_date: version.from.to_string(),
        end_date: version
            .until
            .and_then(|until| until.yesterday().ok())
            .map(|day| day.to_string())
            .unwrap_or_default(),
        kind: version.kind.to_string(),
        level: shared::level_pb(version.level).into(),
        parent: version
            .parent
            .map(|parent| hierarchy.unit(parent).id().name())
            .unwrap_or_default(),
        names: (*version.names).clone(),
    }
}

/// The unit as it was on a day; without a day, as it is today, or was last, or will be first.
///
/// # Errors
/// [`Error::NotFound`] if it is not known, or was not alive on the day asked for.
pub fn read(directory: &Directory, id: &str, as_of: Option<Date>, today: Date) -> Result<pb::Unit, Error> {
    let hierarchy = directory.hierarchy();
    let not_found = || Error::NotFound(name::name("units", id));
    let key = hierarchy.key_of(id).ok_or_else(not_found)?;
    let version = match as_of {
        Some(day) => hierarchy.version_on(key, day),
        None => hierarchy.version_on(key, today).or_else(|| {
            let versions = hierarchy.unit(key).versions();
            if hierarchy.first_day(key).is_some_and(|first| today < first) {
                versions.first()
            } else {
                versions.last()
            }
        }),
    };
    Ok(unit_pb(directory, key, version.ok_or_else(not_found)?))
}

fn unit_pb(directory: &Directory, key: Key, version: &Version) -> pb::Unit {
    let hierarchy = directory.hierarchy();
    let names = |keys: &[Key]| keys.iter().map(|key| hierarchy.unit(*key).id().name()).collect();
    let recorded = directory.unit_recorded(key);
    let shown = version_pb(hierarchy, key, version);
    pb::Unit {
        name: shown.unit,
        country: hierarchy.unit(key).country().to_owned(),
        kind: shown.kind,
        level: shown.level,
        parent: shown.parent,
        names: shown.names,
        start_date: hierarchy.first_day(key).map(|day| day.to_string()).unwrap_or_default(),
        end_date: hierarchy.last_day(key).map(|day| day.to_string()).unwrap_or_default(),
        successors: names(hierarchy.successors(key)),
        predecessors: names(hierarchy.predecessors(key)),
        version_start_date: shown.start_date,
        etag: recorded
            .map(|recorded| recorded.position.to_string())
            .unwrap_or_default(),
        registry_position: recorded.map(|recorded| recorded.position).unwrap_or_default(),
        create_time: recorded.map(|recorded| recorded.time),
    }
}

/// The unit as it read when it was recorded.
pub fn as_recorded(unit: &pb::Unit) -> pb::Unit {
    pb::Unit {
        version_start_date: unit.start_date.clone(),
        ..unit.clone()
    }
}

/// Which units a list holds.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only direct children of this unit.
    pub parent: Option<Key>,
    /// Only this unit and all below it.
    pub subtree: Option<Key>,
    /// Only of these countries; empty: any.
    pub countries: Vec<String>,
    /// Only of these kinds; empty: any.
    pub kinds: Vec<String>,
    /// Only with this text, folded, in the id or a name; empty: any.
    pub text: String,
}

impl Filter {
    fn passes(&self, hierarchy: &Hierarchy, key: Key, version: &Version) -> bool {
        let unit = hierarchy.unit(key);
        (self.parent.is_none() || self.parent == version.parent)
            && (self.countries.is_empty() || self.countries.iter().any(|country| country == unit.country()))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| **kind == *version.kind))
            && (self.text.is_empty()
                || unit.id().as_str().contains(&self.text)
                || version.names.values().any(|name| text::fold(name).contains(&self.text)))
    }
}

/// The units alive on a day that pass the filter, by id, after an id, at most `limit`.
pub fn list(directory: &Directory, filter: &Filter, as_of: Date, after: Option<&str>, limit: usize) -> Vec<pb::Unit> {
    let hierarchy = directory.hierarchy();
    let candidates = match filter.subtree {
        Some(root) => hierarchy.subtree_on(root, as_of),
        None => hierarchy.keys().collect(),
    };
    let mut found: Vec<(&UnitId, Key, &Version)> = candidates
        .into_iter()
        .filter_map(|key| Some((hierarchy.unit(key).id(), key, hierarchy.version_on(key, as_of)?)))
        .filter(|(id, ..)| after.is_none_or(|after| id.as_str() > after))
        .filter(|(_, key, version)| filter.passes(hierarchy, *key, version))
        .collect();
    found.sort_unstable_by_key(|(id, ..)| *id);
    found
        .into_iter()
        .take(limit)
        .map(|(_, key, version)| unit_pb(directory, key, version))
        .collect()
}

/// The kinds of units, by level and code.
pub fn kinds() -> Vec<pb::UnitKind> {
    let mut kinds: Vec<_> = KINDS.iter().collect();
    kinds.sort_by_key(|kind| (kind.level, kind.code));
    let shown = kinds.into_iter().map(|kind| pb::UnitKind {
        code: kind.code.to_owned(),
        level: shared::level_pb(kind.level).into(),
        names: [("vi", kind.name_vi), ("en", kind.name_en)]
            .map(|(lang, name)| (lang.into(), name.into()))
            .into(),
    });
    shown.collect()
}
