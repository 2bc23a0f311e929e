//! Units (đơn vị): what is recorded of them, what may be corrected, and how they read on a day.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, wire};
use banggiao_model::{
    date::Date,
    hierarchy::{Key, Version},
    name::{self, UnitId},
    text,
};
use banggiao_rpc::{Violations, mask::Fields, wire as shared};

use super::{Chosen, Error, checked, fresh, reorganization};

/// A unit to be recorded. Its history is checked when it is folded in.
pub fn draft(directory: &Directory, id: Chosen<'_>, unit: &pb::Unit, path: &str) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let id = id.check(&mut violations).and_then(|id| UnitId::parse(id).ok());
    let mut scope = violations.scope(path);
    let seed = wire::unit_seed(id, unit, directory.kinds(), &mut scope);
    let details = wire::details_of_unit(unit, &mut scope);
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
        aliases: details.aliases,
        locality: details.locality,
        contacts: details.contacts,
        point: details.point,
        ..pb::Unit::default()
    }))
}

/// What may be corrected without a date.
const CORRECTABLE: Fields<pb::Unit> = Fields(&[
    ("names", |old, new| old.names.clone_from(&new.names)),
    ("kind", |old, new| old.kind.clone_from(&new.kind)),
    ("aliases", |old, new| old.aliases.clone_from(&new.aliases)),
    ("locality", |old, new| old.locality.clone_from(&new.locality)),
    ("contacts", |old, new| old.contacts.clone_from(&new.contacts)),
    ("point", |old, new| old.point = new.point),
]);

/// A unit with corrected fields. Names and kind are those of the version of the day asked for.
pub fn draft_update(directory: &Directory, request: &pb::UpdateUnitRequest, today: Date) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let new = request.unit.clone().unwrap_or_default();
    let mask = CORRECTABLE.check(request.update_mask.as_ref(), "update_mask", &mut scope);
    let id = shared::required_id(&new.name, "units", "unit.name", &mut scope);
    let as_of = shared::day(&request.as_of, "as_of", &mut scope);
    if request.reason.is_empty() {
        scope.required("reason");
    }
    shared::line(&request.reason, shared::MAX_TEXT, "reason", &mut scope);
    let id = checked(id, violations)?;
    let before = read(directory, &id, as_of, today)?;
    fresh(&new.name, &before.etag, &new.etag)?;
    let after = CORRECTABLE.lay_over(before.clone(), &new, &mask);
    // What is said again is no correction of it.
    let same = [
        ("names", after.names == before.names),
        ("kind", after.kind == before.kind),
    ];
    let same = |path: &str| same.iter().any(|(field, same)| *same && *field == path);
    let corrects = |path: &str| mask.iter().any(|masked| masked == path) && !same(path);
    let correction = pb::UnitCorrection {
        unit: new.name.clone(),
        version_start_date: if corrects("names") || corrects("kind") {
            before.version_start_date
        } else {
            String::new()
        },
        names: if corrects("names") {
            after.names
        } else {
            Default::default()
        },
        kind: if corrects("kind") { after.kind } else { String::new() },
        aliases: after.aliases,
        locality: after.locality,
        contacts: after.contacts,
        point: after.point,
        reason: request.reason.clone(),
    };
    let mut violations = Violations::new();
    let mut scope = violations.scope("unit");
    // A masked field that is left out would otherwise mean that it stays.
    for field in ["names", "kind"].into_iter().filter(|field| corrects(field)) {
        let empty = if field == "names" {
            correction.names.is_empty()
        } else {
            correction.kind.is_empty()
        };
        if empty {
            scope.required(field);
        }
    }
    let parsed = wire::correction(&correction, directory.kinds(), &mut scope);
    checked(parsed, violations)?;
    Ok(Resource::UnitCorrection(correction))
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
    let record = directory.unit_record(key);
    let details = record.map(|record| (*record.details).clone()).unwrap_or_default();
    let recorded = record.map(|record| record.recorded);
    let shown = reorganization::version_pb(hierarchy, key, version);
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
        aliases: details.aliases,
        locality: details.locality,
        contacts: details.contacts,
        point: details.point,
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
    fn passes(&self, directory: &Directory, key: Key, version: &Version) -> bool {
        let unit = directory.hierarchy().unit(key);
        let aliases = directory
            .unit_record(key)
            .into_iter()
            .flat_map(|record| &record.details.aliases);
        (self.parent.is_none() || self.parent == version.parent)
            && (self.countries.is_empty() || self.countries.iter().any(|country| country == unit.country()))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| **kind == *version.kind))
            && (self.text.is_empty()
                || unit.id().as_str().contains(&self.text)
                || version
                    .names
                    .values()
                    .chain(aliases)
                    .any(|name| text::fold(name).contains(&self.text)))
    }
}

/// The units alive on a day that pass the filter, by id, after an id, at most `limit`.
pub fn list(directory: &Directory, filter: &Filter, as_of: Date, after: Option<&str>, limit: usize) -> Vec<pb::Unit> {
    let hierarchy = directory.hierarchy();
    hierarchy
        .keys_behind(after)
        .filter_map(|key| Some((key, hierarchy.version_on(key, as_of)?)))
        .filter(|(key, _)| {
            filter
                .subtree
                .is_none_or(|root| hierarchy.in_subtree(*key, root, as_of))
        })
        .filter(|(key, version)| filter.passes(directory, *key, version))
        .take(limit)
        .map(|(key, version)| unit_pb(directory, key, version))
        .collect()
}

/// The kinds of units, by level and code.
pub fn kinds(directory: &Directory) -> Vec<pb::UnitKind> {
    let mut kinds: Vec<_> = directory.kinds().iter().cloned().collect();
    kinds.sort_by(|left, right| (left.level, &left.code).cmp(&(right.level, &right.code)));
    kinds
}

/// A kind to be added.
pub fn draft_kind(directory: &Directory, kind: &pb::UnitKind) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.scope("unit_kind");
    let mut letters = kind.code.bytes();
    let upper = |byte: u8| byte.is_ascii_uppercase();
    let code = letters.next().is_some_and(upper)
        && letters.all(|byte| upper(byte) || byte.is_ascii_digit() || byte == b'_')
        && kind.code.len() <= 63;
    if kind.code.is_empty() {
        scope.required("code");
    } else if !code {
        scope.invalid(
            "code",
            format!("{:?} is not of the form [A-Z][A-Z0-9_]{{0,62}}", kind.code),
        );
    }
    if shared::level(kind.level, "level", &mut scope).is_none() && kind.level == 0 {
        scope.required("level");
    }
    shared::names(&kind.names, "names", &mut scope);
    checked(Some(()), violations)?;
    if directory.kinds().level(&kind.code).is_some() {
        return Err(Error::AlreadyExists(name::name(
            "unitKinds",
            &name::code_to_id(&kind.code),
        )));
    }
    Ok(Resource::UnitKind(kind.clone()))
}
