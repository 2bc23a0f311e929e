//! Indicators (chỉ tiêu): figures with a name. What each counts is data, not code; the shipped ones stand in
//! `indicators.toml`.

use std::collections::BTreeMap;

use banggiao_contracts::{
    registry::v1::AgreementKind,
    reporting::v1::{self as pb, measure::Source},
    r#type::v1::{Direction, Level},
};
use banggiao_model::name;
use banggiao_rpc::{Scope, mask::Fields, wire};
use serde::Deserialize;

use super::measure::wire::{self as measure, Known};

const FILE: &str = include_str!("indicators.toml");
/// The text that asks for an indicator is at most so long.
const LEGAL_BASIS_MAX: usize = 300;

/// The fields of an indicator that may be changed.
pub const FIELDS: Fields<pb::Indicator> = Fields(&[
    ("names", |old, new| old.names.clone_from(&new.names)),
    ("unit_of_count", |old, new| {
        old.unit_of_count.clone_from(&new.unit_of_count);
    }),
    ("measure", |old, new| old.measure.clone_from(&new.measure)),
    ("overlaps", |old, new| old.overlaps.clone_from(&new.overlaps)),
    ("legal_basis", |old, new| old.legal_basis.clone_from(&new.legal_basis)),
]);

/// Checks a revision. What is output only is taken as it stands.
pub fn check(known: Known<'_>, indicator: &pb::Indicator, scope: &mut Scope<'_>) {
    wire::names(&indicator.names, "names", scope);
    wire::names(&indicator.unit_of_count, "unit_of_count", scope);
    wire::line(&indicator.legal_basis, LEGAL_BASIS_MAX, "legal_basis", scope);
    match &indicator.measure {
        None => scope.required("measure"),
        Some(_) => {
            measure::indicator(known, indicator, &mut scope.scope("measure"));
        }
    }
    wire::at_most(wire::MAX_LIST, indicator.overlaps.len(), "overlaps", scope);
    for (index, id) in wire::ids(&indicator.overlaps, "indicators", "overlaps", scope)
        .iter()
        .enumerate()
    {
        if known.edition.indicator(id).is_none() || name::name("indicators", id) == indicator.name {
            scope.unknown(&format!("overlaps[{index}]"), &name::name("indicators", id));
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    indicators: Vec<Shipped>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    id: String,
    vi: String,
    en: String,
    unit: [String; 2],
    types: Option<Vec<String>>,
    direction: Option<String>,
    kinds: Option<Vec<String>>,
    #[serde(default)]
    levels: Vec<String>,
    date: Option<String>,
    sum: String,
    #[serde(default)]
    quantity: String,
    #[serde(default)]
    repeated: bool,
    headline: Option<u32>,
}

/// The first revisions of the shipped indicators.
///
/// # Errors
/// If the file that is compiled in does not read.
pub fn shipped() -> anyhow::Result<Vec<pb::Indicator>> {
    file()?.iter().map(Shipped::resource).collect()
}

/// The names of the indicators that are shown to whoever names none: what a report begins with.
///
/// # Errors
/// If the file that is compiled in does not read.
pub fn headline() -> anyhow::Result<Vec<String>> {
    let mut headline: Vec<(u32, String)> = file()?
        .iter()
        .filter_map(|shipped| Some((shipped.headline?, name::name("indicators", &shipped.id))))
        .collect();
    headline.sort_unstable();
    Ok(headline.into_iter().map(|(_, name)| name).collect())
}

fn file() -> anyhow::Result<Vec<Shipped>> {
    Ok(toml::from_str::<File>(FILE)?.indicators)
}

impl Shipped {
    fn resource(&self) -> anyhow::Result<pb::Indicator> {
        let source = match (&self.types, &self.kinds) {
            (Some(types), None) => Source::Events(self.of_events(types)?),
            (None, Some(kinds)) => Source::Agreements(self.of_agreements(kinds)?),
            _ => anyhow::bail!("{} is of either events or agreements", self.id),
        };
        Ok(pb::Indicator {
            name: name::name("indicators", &self.id),
            code: name::id_to_code(&self.id),
            names: pair(&self.vi, &self.en),
            unit_of_count: pair(&self.unit[0], &self.unit[1]),
            measure: Some(pb::Measure {
                label: String::new(),
                source: Some(source),
            }),
            revision: 1,
            ..pb::Indicator::default()
        })
    }

    fn of_events(&self, types: &[String]) -> anyhow::Result<pb::EventMeasure> {
        let direction = self.direction.as_deref().map_or(Ok(Direction::Unspecified), |code| {
            value(Direction::from_str_name, "DIRECTION", code)
        })?;
        Ok(pb::EventMeasure {
            filter: Some(pb::EventMeasureFilter {
                event_types: types.iter().map(|id| name::name("eventTypes", id)).collect(),
                direction: direction.into(),
                ..pb::EventMeasureFilter::default()
            }),
            sum: value(pb::EventSum::from_str_name, "EVENT_SUM", &self.sum)?.into(),
            quantity: self.quantity.clone(),
            repeated: self.repeated,
        })
    }

    fn of_agreements(&self, kinds: &[String]) -> anyhow::Result<pb::AgreementMeasure> {
        let kinds = kinds
            .iter()
            .map(|code| value(AgreementKind::from_str_name, "AGREEMENT_KIND", code).map(i32::from));
        let levels = self
            .levels
            .iter()
            .map(|code| value(Level::from_str_name, "LEVEL", code).map(i32::from));
        let date = self.date.as_deref().unwrap_or("SIGNED_IN");
        Ok(pb::AgreementMeasure {
            filter: Some(pb::AgreementMeasureFilter {
                kinds: kinds.collect::<Result<_, _>>()?,
                levels: levels.collect::<Result<_, _>>()?,
                partner_countries: Vec::new(),
            }),
            date: value(pb::AgreementDate::from_str_name, "AGREEMENT_DATE", date)?.into(),
            sum: value(pb::AgreementSum::from_str_name, "AGREEMENT_SUM", &self.sum)?.into(),
            repeated: self.repeated,
        })
    }
}

fn value<E>(read: fn(&str) -> Option<E>, prefix: &str, code: &str) -> anyhow::Result<E> {
    read(&format!("{prefix}_{code}")).ok_or_else(|| anyhow::anyhow!("{code} is no {prefix}"))
}

fn pair(vi: &str, en: &str) -> BTreeMap<String, String> {
    [("vi".to_owned(), vi.to_owned()), ("en".to_owned(), en.to_owned())].into()
}

#[cfg(test)]
mod tests {
    use banggiao_directory::Directory;
    use banggiao_rpc::Violations;

    use super::*;
    use crate::domain::definition::{Definitions, Edition};

    #[test]
    fn every_shipped_indicator_is_one() {
        let (directory, mut definitions) = (Directory::default(), Definitions::default());
        let shipped = shipped().unwrap();
        shipped
            .iter()
            .cloned()
            .for_each(|indicator| definitions.indicators.put(indicator));
        assert_eq!(definitions.indicators.iter().count(), shipped.len());
        let known = Known {
            directory: &directory,
            edition: Edition::newest(&definitions),
        };
        for indicator in &shipped {
            let mut violations = Violations::new();
            check(known, indicator, &mut violations.root());
            assert!(violations.is_empty(), "{}: {:?}", indicator.name, violations.as_slice());
            for text in [indicator.name.as_str(), &indicator.code, &indicator.code.to_lowercase()] {
                assert_eq!(known.edition.indicator(text), Some(indicator));
            }
        }
        let headline = headline().unwrap();
        assert_eq!(headline.len(), 8);
        assert!(headline.iter().all(|name| known.edition.indicator(name).is_some()));
    }
}
