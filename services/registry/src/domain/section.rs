//! Sections of the border (đoạn biên giới) between two markers.

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, marker::carried_on};
use banggiao_model::{
    date::Date,
    decimal,
    hierarchy::{Hierarchy, Key},
    name,
};
use banggiao_rpc::{
    Scope, Violations,
    wire::{self as shared, MAX_NAME},
};

use super::{Chosen, Error, checked, marker, required_known};

/// A section to be recorded.
pub fn draft(directory: &Directory, chosen: Chosen<'_>, section: &pb::Section) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let id = chosen.check(&mut violations);
    let mut scope = violations.scope("section");
    let from = known_marker(directory, &section.marker_from, "marker_from", &mut scope);
    let to = known_marker(directory, &section.marker_to, "marker_to", &mut scope);
    if let (Some(from), Some(to)) = (from, to) {
        if from.border != to.border {
            scope.invalid(
                "marker_to",
                format!("lies on {}, and marker_from on {}", to.border, from.border),
            );
        } else if marker::sort_key(to) < marker::sort_key(from) {
            scope.invalid("marker_to", "comes before marker_from");
        }
    }
    shared::texts(&section.names, MAX_NAME, "names", &mut scope);
    for (field, unit) in [
        ("home_unit", &section.home_unit),
        ("partner_unit", &section.partner_unit),
    ] {
        required_known(directory, unit, field, &mut scope);
    }
    match decimal::parse(&section.length_km) {
        _ if section.length_km.is_empty() => {}
        Ok(length) if length.is_sign_negative() => scope.invalid("length_km", "is negative"),
        Ok(_) => {}
        Err(error) => scope.invalid("length_km", error.to_string()),
    }
    let id = checked(id, violations)?;
    let name = name::name("sections", id);
    if directory.sections().contains_key(id) {
        return Err(Error::AlreadyExists(name));
    }
    Ok(Resource::Section(pb::Section {
        name,
        current_home_unit: String::new(),
        current_partner_unit: String::new(),
        create_time: None,
        ..section.clone()
    }))
}

fn known_marker<'a>(
    directory: &'a Directory,
    value: &str,
    field: &str,
    scope: &mut Scope<'_>,
) -> Option<&'a pb::Marker> {
    let id = shared::required_id(value, "markers", field, scope)?;
    let found = directory.markers().get(&id);
    if found.is_none() {
        scope.unknown(field, value);
    }
    found.map(AsRef::as_ref)
}

/// The section with the units that are responsible on a day, along succession.
pub fn read(hierarchy: &Hierarchy, section: &pb::Section, day: Date) -> pb::Section {
    let current = |unit: &str| {
        let key = carried_on(hierarchy, unit, day);
        key.map(|key| hierarchy.unit(key).id().name()).unwrap_or_default()
    };
    pb::Section {
        current_home_unit: current(&section.home_unit),
        current_partner_unit: current(&section.partner_unit),
        ..section.clone()
    }
}

/// The key by which sections are listed: the place of the first marker, then the id.
pub fn sort_key(directory: &Directory, section: &pb::Section) -> String {
    let first = name::collection_id(&section.marker_from, "markers").and_then(|id| directory.markers().get(id));
    let place = first.map(|marker| marker::sort_key(marker)).unwrap_or_default();
    format!("{place} {}", section.name)
}

/// Whether a section lies on a border, and a unit or one below it is responsible for it today.
pub fn passes(directory: &Directory, section: &pb::Section, border: &str, unit: Option<Key>, today: Date) -> bool {
    let hierarchy = directory.hierarchy();
    let on_border = border.is_empty() || {
        let first = name::collection_id(&section.marker_from, "markers").and_then(|id| directory.markers().get(id));
        first.is_some_and(|marker| marker.border == border)
    };
    let within = |name: &String, root| {
        carried_on(hierarchy, name, today).is_some_and(|key| hierarchy.in_subtree(key, root, today))
    };
    on_border && unit.is_none_or(|root| within(&section.home_unit, root) || within(&section.partner_unit, root))
}
