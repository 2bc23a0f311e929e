//! Boundary markers (mốc giới): what is recorded of them, their order, and who is responsible today.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{
    Directory,
    marker::{countries, responsible},
    wire::geo_point,
};
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key},
    marker::Number,
    name,
};
use banggiao_rpc::{
    Scope, Violations,
    mask::Fields,
    wire::{self as shared, MAX_LIST},
};

use super::{Error, checked, fresh, required_known};

/// A marker to be recorded. Its units hold from their own start, and succession carries them on, so a unit that has
/// ended since is no error.
pub fn draft(directory: &Directory, marker: &pb::Marker, path: &str) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let number = check(directory, marker, &mut violations.scope(path));
    let number = checked(number, violations)?;
    let id = number.id(&marker.border);
    let name = name::name("markers", &id);
    if directory.markers().contains_key(&id) {
        return Err(Error::AlreadyExists(name));
    }
    Ok(Resource::Marker(pb::Marker {
        name,
        current_home_unit: String::new(),
        current_partner_unit: String::new(),
        create_time: None,
        ..marker.clone()
    }))
}

/// Every fault of the fields; gives the number if it is one.
fn check(directory: &Directory, marker: &pb::Marker, scope: &mut Scope<'_>) -> Option<Number> {
    let border = countries(&marker.border);
    if border.is_none() {
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
        required_known(directory, unit, field, scope);
    }
    shared::enumeration::<pb::MarkerStatus>(marker.status, "status", scope);
    geo_point(marker.point.as_ref(), "point", scope);
    shared::at_most(MAX_LIST, marker.responsibilities.len(), "responsibilities", scope);
    for (index, one) in marker.responsibilities.iter().enumerate() {
        let mut scope = scope.scope(&format!("responsibilities[{index}]"));
        let unit = required_known(directory, &one.unit, "unit", &mut scope);
        shared::required_day(&one.start_date, "start_date", &mut scope);
        if let (Some(unit), Some((home, partner))) = (unit, border) {
            let country = directory.hierarchy().unit(unit).country();
            if country != home && country != partner {
                scope.invalid(
                    "unit",
                    format!("{} lies on neither side of {}", one.unit, marker.border),
                );
            }
        }
    }
    number.ok()
}

/// What may be changed.
const CHANGEABLE: Fields<pb::Marker> = Fields(&[
    ("home_unit", |old, new| old.home_unit.clone_from(&new.home_unit)),
    ("partner_unit", |old, new| {
        old.partner_unit.clone_from(&new.partner_unit);
    }),
    ("status", |old, new| old.status = new.status),
    ("point", |old, new| old.point = new.point),
    ("responsibilities", |old, new| {
        old.responsibilities.clone_from(&new.responsibilities);
    }),
]);

/// A marker with changed fields.
pub fn draft_update(
    directory: &Directory,
    new: &pb::Marker,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let mask = CHANGEABLE.check(mask, "update_mask", &mut violations.root());
    let id = shared::required_id(&new.name, "markers", "marker.name", &mut violations.root());
    let id = checked(id, violations)?;
    let before = directory.markers().get(&id);
    let before = before.ok_or_else(|| Error::NotFound(new.name.clone()))?;
    fresh(&new.name, &before.etag, &new.etag)?;
    let after = CHANGEABLE.lay_over((**before).clone(), new, &mask);
    let mut violations = Violations::new();
    check(directory, &after, &mut violations.scope("marker"));
    checked(Some(Resource::Marker(after)), violations)
}

/// The marker with the units that are responsible on a day, along succession.
pub fn read(hierarchy: &Hierarchy, marker: &pb::Marker, day: Date) -> pb::Marker {
    let name = |key: Option<Key>| key.map(|key| hierarchy.unit(key).id().name()).unwrap_or_default();
    let [home, partner] = responsible(hierarchy, marker, day);
    pb::Marker {
        current_home_unit: name(home),
        current_partner_unit: name(partner),
        ..marker.clone()
    }
}

/// The key by which markers are listed: border, then the order of the numbers along it.
pub fn sort_key(marker: &pb::Marker) -> String {
    let number = Number::parse(&marker.number).ok();
    let (main, seq, sub) = number.map_or((0, 0, 0), |number| {
        (number.main(), number.seq().unwrap_or(0), number.sub().unwrap_or(0))
    });
    format!("{} {main:05} {seq:05} {sub:03}", marker.border)
}

/// Which markers a list holds.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only of this border; empty: any.
    pub border: String,
    /// Only where this unit or one below it is responsible today.
    pub unit: Option<Key>,
    /// Only in one of these states; empty: any.
    pub statuses: Vec<pb::MarkerStatus>,
    /// Only from this place in the order of numbers on.
    pub from: Option<String>,
    /// Only up to this place.
    pub to: Option<String>,
}

impl Filter {
    /// Whether a marker is held.
    pub fn passes(&self, hierarchy: &Hierarchy, marker: &pb::Marker, today: Date) -> bool {
        let place = sort_key(marker);
        (self.border.is_empty() || marker.border == self.border)
            && (self.statuses.is_empty() || self.statuses.contains(&marker.status()))
            && self.from.as_ref().is_none_or(|from| *from <= place)
            && self.to.as_ref().is_none_or(|to| place <= *to)
            && self.unit.is_none_or(|unit| {
                let mut keys = responsible(hierarchy, marker, today).into_iter().flatten();
                keys.any(|key| hierarchy.in_subtree(key, unit, today))
            })
    }
}
