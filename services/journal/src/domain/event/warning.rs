//! What of an event looks implausible. It is noted and stored, and refuses nothing: it may be true all the same.

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1::{self as pb, WarningCode};
use banggiao_directory::Directory;
use banggiao_model::{
    date::Date,
    decimal,
    hierarchy::{Hierarchy, Key},
    level::Level,
    name,
};

use super::{Standing, references::Units};
use crate::domain::{command::Authority, event_type::EventType};

/// Which provinces border on each other, as the boundary markers between them say.
#[derive(Debug, Default)]
pub struct Neighbours {
    provinces: BTreeSet<(Key, Key)>,
    countries: BTreeSet<(String, String)>,
}

impl Neighbours {
    /// As the markers and the hierarchy of a day have it.
    pub fn of(directory: &Directory, today: Date) -> Self {
        let hierarchy = directory.hierarchy();
        let mut neighbours = Self::default();
        let pairs: BTreeSet<(&str, &str)> = directory
            .markers()
            .values()
            .flat_map(|marker| {
                let later = marker
                    .responsibilities
                    .iter()
                    .map(|responsibility| responsibility.unit.as_str());
                let sides = [marker.home_unit.as_str(), marker.partner_unit.as_str()]
                    .into_iter()
                    .chain(later);
                let sides: Vec<&str> = sides.collect();
                let all = sides
                    .clone()
                    .into_iter()
                    .flat_map(move |one| sides.clone().into_iter().map(move |other| (one, other)));
                all.collect::<Vec<_>>()
            })
            .collect();
        for (one, other) in pairs {
            let key = |unit: &str| hierarchy.key_of(name::collection_id(unit, "units")?);
            let (Some(one), Some(other)) = (key(one), key(other)) else {
                continue;
            };
            let country = |key: Key| hierarchy.unit(key).country().to_owned();
            neighbours.countries.insert((country(one), country(other)));
            if let (Some(one), Some(other)) = (province(hierarchy, one, today), province(hierarchy, other, today)) {
                neighbours.provinces.insert((one, other));
            }
        }
        neighbours
    }

    /// Whether a partner is known not to border on a home unit. Of units above provinces, and of borders without a
    /// marker in the registry, nothing is known.
    fn are_apart(&self, home: Key, partner: Key, hierarchy: &Hierarchy, today: Date) -> bool {
        let countries = (hierarchy.unit(home).country(), hierarchy.unit(partner).country());
        let known = self
            .countries
            .iter()
            .any(|(one, other)| (one.as_str(), other.as_str()) == countries);
        match (province(hierarchy, home, today), province(hierarchy, partner, today)) {
            (Some(home), Some(partner)) if known => !self.provinces.contains(&(home, partner)),
            _ => false,
        }
    }
}

/// The unit of provincial level over a unit, or the unit itself, as it is placed today.
fn province(hierarchy: &Hierarchy, unit: Key, today: Date) -> Option<Key> {
    let unit = hierarchy.place(unit, today, today).unit?;
    hierarchy.ancestors_on(unit, today).into_iter().find(|key| {
        let version = hierarchy.version_on(*key, today);
        version.is_some_and(|version| version.level == Level::Province)
    })
}

/// Everything that looks implausible. `days` are the first and the last.
pub fn of(
    event: &pb::Event,
    days: (Date, Date),
    event_type: &EventType,
    units: &Units,
    authority: &Authority,
    standing: Standing,
) -> Vec<pb::Warning> {
    let mut warnings = amounts(event, event_type);
    let lasted = days.0.until(days.1).map_or(0, |span| i64::from(span.get_days())) + 1;
    if let Some(most) = event_type.resource.plausible_days.filter(|most| lasted > *most) {
        let what = format!("{lasted} days; {most} at most are usual");
        warnings.push(warning(WarningCode::UnusuallyLong, "end_date", what));
    }
    let today = authority.today;
    if !standing.planned && days.0 > today {
        let what = format!("{} is still to come, and the event is said to have been held", days.0);
        warnings.push(warning(WarningCode::FutureDate, "start_date", what));
    }
    let hierarchy = authority.directory.hierarchy();
    for (index, (partner, named)) in units.partners.iter().zip(&event.partner_units).enumerate() {
        let field = format!("partner_units[{index}]");
        if hierarchy.unit(*partner).country() == hierarchy.unit(units.home).country() {
            let what = format!("{named} is of the home unit's own country");
            warnings.push(warning(WarningCode::SameSide, &field, what));
        } else if event_type.resource.among_neighbours {
            let homes = std::iter::once(&units.home).chain(&units.co_homes);
            let mut apart = homes.map(|home| authority.neighbours.are_apart(*home, *partner, hierarchy, today));
            if apart.all(|apart| apart) {
                let what = format!("no boundary marker stands between the provinces of {named} and of the home unit");
                warnings.push(warning(WarningCode::NotBordering, &field, what));
            }
        }
    }
    warnings
}

fn amounts(event: &pb::Event, event_type: &EventType) -> Vec<pb::Warning> {
    let mut warnings = Vec::new();
    for (field, count, most) in [
        ("persons", event.persons, event_type.resource.plausible_persons),
        (
            "delegations",
            event.delegations,
            event_type.resource.plausible_delegations,
        ),
    ] {
        if let (Some(count), Some(most)) = (count, most)
            && count > most
        {
            let what = format!("{count}; {most} at most are usual");
            warnings.push(warning(WarningCode::UnusuallyMany, field, what));
        }
    }
    for (key, value) in &event.quantities {
        let most = event_type.quantity(key).and_then(|quantity| quantity.plausible_max);
        if let (Ok(amount), Some(most)) = (decimal::parse(value), most)
            && amount > most
        {
            let what = format!("{value}; {} at most is usual", decimal::format(most));
            warnings.push(warning(
                WarningCode::UnusuallyMany,
                &format!("quantities[{key:?}]"),
                what,
            ));
        }
    }
    warnings
}

fn warning(code: WarningCode, field: &str, description: String) -> pb::Warning {
    pb::Warning {
        code: code.into(),
        field: field.to_owned(),
        description,
    }
}
