//! Boundary markers (mốc giới): what is recorded of them, their order, and who is responsible today.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, wire::COUNTRIES};
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key},
    marker::Number,
    name,
};
use banggiao_rpc::{Violations, wire as shared};

use super::{Error, checked};

/// A marker to be recorded. Its units hold from their own start, and succession carries them on, so a unit that has
/// ended since is no error.
pub fn draft(directory: &Directory, marker: &pb::Marker, path: &str) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.scope(path);
    let border = marker.border.split_once('-');
    if !border.is_some_and(|(home, partner)| COUNTRIES.contains(&home) && COUNTRIES.contains(&partner)) {
        scope.invalid(
            "border",
            format!("{:?} is not two country codes, as VN-KH", marker.border),
        );
    }
    let number = Number::parse(&marker.number);
    if let Err(error) = &number {
        scope.invalid("number", error.to_string());
    }
    for (field, unit) in [("home_unit", &marker.home_unit), ("partner_unit", &marker.partner_unit)] {
        if let Some(id) = shared::required_unit(unit, field, &mut scope)
            && directory.hierarchy().key(&id).is_none()
        {
            scope.unknown(field, unit);
        }
    }
    let number = checked(number.ok(), violations)?;
    let id = number.id(&marker.border);
    let name = name::name("markers", &id);
    if directory.markers().contains_key(&id) {
        return Err(Error::AlreadyExists(name));
    }
    Ok(Resource::Marker(pb::Marker {
        name,
        current_home_unit: String::new(),
        current_partner_unit: String::new(),
        ..marker.clone()
    }))
}

/// The marker with the units that are responsible today, along succession.
pub fn read(hierarchy: &Hierarchy, marker: &pb::Marker, today: Date) -> pb::Marker {
    let current = |unit: &str| responsible(hierarchy, unit, today).map(|key| hierarchy.unit(key).id().name());
    pb::Marker {
        current_home_unit: current(&marker.home_unit).unwrap_or_default(),
        current_partner_unit: current(&marker.partner_unit).unwrap_or_default(),
        ..marker.clone()
    }
}

fn responsible(hierarchy: &Hierarchy, unit: &str, today: Date) -> Option<Key> {
    let key = hierarchy.key_of(name::collection_id(unit, "units")?)?;
    hierarchy.place(key, hierarchy.first_day(key)?, today).unit
}

/// The key by which markers are listed: border, then the order of the numbers along it.
pub fn sort_key(marker: &pb::Marker) -> String {
    let number = Number::parse(&marker.number).ok();
    let (main, seq, sub) = number.map_or((0, 0, 0), |number| {
        (number.main(), number.seq().unwrap_or(0), number.sub().unwrap_or(0))
    });
    format!("{} {main:05} {seq:05} {sub:03}", marker.border)
}

/// Whether a unit, or one below it, is responsible today on either side.
pub fn belongs_to(hierarchy: &Hierarchy, marker: &pb::Marker, unit: Key, today: Date) -> bool {
    [&marker.home_unit, &marker.partner_unit]
        .into_iter()
        .any(|name| responsible(hierarchy, name, today).is_some_and(|key| hierarchy.in_subtree(key, unit, today)))
}
