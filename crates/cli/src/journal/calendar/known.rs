//! What a calendar calls things: types and units by name, and the installation in which an event's own name is unique.
//!
//! It owns that a unit is called as it was called on the day.

use crate::error::Error;
use crate::globals::Session;
use crate::journal::{catalogue, installation};
use crate::{dynamic, names};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::registry::v1 as registry;
use std::collections::{BTreeMap, BTreeSet};

/// As many units as one call gives.
const UNITS_MAX: usize = 1_000;

/// The names that occur in some events.
#[derive(Debug, Default)]
pub(super) struct Known {
    installation: String,
    types: BTreeMap<String, String>,
    /// By day and unit.
    units: BTreeMap<(String, String), String>,
}

impl Known {
    /// The names of what occurs in the events.
    pub(super) async fn of(session: &Session, events: &[pb::Event]) -> Result<Self, Error> {
        let connection = &session.connection;
        let types = catalogue::all(connection).await?.into_iter();
        let mut known = Self {
            installation: installation(connection).await?,
            types: types
                .map(|kind| (kind.name, catalogue::name(&kind.names, session.lang)))
                .collect(),
            units: BTreeMap::new(),
        };
        let mut days: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for event in events {
            let partners = event.partner_units.iter().map(String::as_str);
            days.entry(&event.start_date).or_default().extend(partners);
        }
        for (day, units) in days {
            let units: Vec<String> = units.into_iter().map(str::to_owned).collect();
            for names in units.chunks(UNITS_MAX) {
                known.learn(session, day, names).await;
            }
        }
        Ok(known)
    }

    /// Learns what units were called on a day. Units that may not be read keep their ids: a calendar with ids is of more
    /// use than none.
    async fn learn(&mut self, session: &Session, day: &str, units: &[String]) {
        if units.is_empty() {
            return;
        }
        let request = registry::BatchGetUnitsRequest {
            names: units.to_vec(),
            as_of: day.to_owned(),
        };
        let method = "banggiao.registry.v1.UnitService/BatchGetUnits";
        let found = dynamic::ask(&session.connection, method, &request).await;
        let units = found.map(|found: registry::BatchGetUnitsResponse| found.units);
        for unit in units.unwrap_or_default() {
            let name = catalogue::name(&unit.names, session.lang);
            self.units.insert((day.to_owned(), unit.name), name);
        }
    }

    /// The name of the installation.
    pub(super) fn installation(&self) -> &str {
        &self.installation
    }

    /// What a type is called; its id if that is not known.
    pub(super) fn event_type(&self, name: &str) -> String {
        let known = self.types.get(name);
        known.cloned().unwrap_or_else(|| names::short(name))
    }

    /// What a unit was called on a day; its id if that is not known.
    pub(super) fn unit(&self, name: &str, day: &str) -> String {
        let known = self.units.get(&(day.to_owned(), name.to_owned()));
        known.cloned().unwrap_or_else(|| names::short(name))
    }

    /// Names that are known beforehand.
    #[cfg(test)]
    pub(super) fn new<const T: usize, const U: usize>(
        installation: &str,
        types: [(&str, &str); T],
        units: [(&str, &str, &str); U],
    ) -> Self {
        Self {
            installation: installation.to_owned(),
            types: types.map(|(kind, name)| (kind.to_owned(), name.to_owned())).into(),
            units: units
                .map(|(day, unit, name)| ((day.to_owned(), unit.to_owned()), name.to_owned()))
                .into(),
        }
    }
}
