//! Who is responsible for a boundary marker, along succession.

use banggiao_contracts::registry::v1 as pb;
use banggiao_model::{
    date::{self, Date},
    hierarchy::{Hierarchy, Key},
    name,
};

use crate::wire::COUNTRIES;

/// The two countries of a border, the home country first.
#[must_use]
pub fn countries(border: &str) -> Option<(&str, &str)> {
    let known =
        |(home, partner): &(&str, &str)| home != partner && COUNTRIES.contains(home) && COUNTRIES.contains(partner);
    border.split_once('-').filter(known)
}

/// Who is responsible on a day: on the home side, and on the partner's.
#[must_use]
pub fn responsible(hierarchy: &Hierarchy, marker: &pb::Marker, day: Date) -> [Option<Key>; 2] {
    let (home, partner) = countries(&marker.border).unwrap_or_default();
    [(home, &marker.home_unit), (partner, &marker.partner_unit)].map(|(country, first)| {
        let since = marker.responsibilities.iter().filter_map(|one| {
            let start = date::parse(&one.start_date).ok().filter(|start| *start <= day)?;
            let key = hierarchy.key_of(name::collection_id(&one.unit, "units")?)?;
            (hierarchy.unit(key).country() == country).then_some((start, key))
        });
        match since.max_by_key(|(start, _)| *start) {
            Some((start, key)) => hierarchy.place(key, start, day).unit,
            None => carried_on(hierarchy, first, day),
        }
    })
}

/// The unit that stands for a recorded one on a day, along succession.
#[must_use]
pub fn carried_on(hierarchy: &Hierarchy, unit: &str, day: Date) -> Option<Key> {
    let key = hierarchy.key_of(name::collection_id(unit, "units")?)?;
    // A unit that never was, since the act that established it was revoked, has no day of its own.
    hierarchy.place(key, hierarchy.first_day(key).unwrap_or(day), day).unit
}
