//! Measures from the wire. Converting is validating; indicators that are taken together are looked up.

use banggiao_contracts::{
    registry::v1::AgreementKind,
    reporting::v1::{self as pb, measure::Source as Wire},
    r#type::v1::Direction,
};
use banggiao_directory::{Directory, wire::COUNTRIES};
use banggiao_model::name;
use banggiao_rpc::{Scope, wire};

use crate::domain::{definition::Edition, rule};

use super::{
    AgreementDate, AgreementFilter, AgreementMeasure, AgreementSum, EventFilter, EventMeasure, EventSum, Measure,
    Source,
};

/// A key of a quantity is at most so long.
const KEY_LENGTH_MAX: usize = 63;

/// A sum has at most so many parts.
const PARTS_MAX: usize = 20;

/// What measures are read against: the units that they may name, and the indicators.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The units and programmes.
    pub directory: &'a Directory,
    /// The indicators.
    pub edition: Edition<'a>,
}

/// An indicator as a measure, which is called by the indicator's name.
pub fn indicator(known: Known<'_>, indicator: &pb::Indicator, scope: &mut Scope<'_>) -> Option<Measure> {
    let definition = indicator.measure.clone().unwrap_or_default();
    let measure = measure(known, &definition, scope)?;
    Some(Measure {
        label: indicator.name.clone(),
        ..measure
    })
}

/// A measure given inline.
pub fn measure(known: Known<'_>, measure: &pb::Measure, scope: &mut Scope<'_>) -> Option<Measure> {
    let directory = known.directory;
    let label = wire::line(&measure.label, wire::MAX_NAME, "label", scope);
    let source = match &measure.source {
        Some(Wire::Events(events)) => event_measure(directory, events, &mut scope.scope("events")).map(Source::Events),
        Some(Wire::Agreements(agreements)) => {
            agreement_measure(agreements, &mut scope.scope("agreements")).map(Source::Agreements)
        }
        Some(Wire::SumOf(sum)) => sum_of(known, sum, &mut scope.scope("sum_of")).map(Source::Sum),
        None => {
            scope.required("source");
            None
        }
    }?;
    let label = if label.is_empty() {
        source.default_label().to_owned()
    } else {
        label
    };
    Some(Measure { label, source })
}

/// The parts of a sum, which must count the same kind of thing, and nothing twice.
fn sum_of(known: Known<'_>, sum: &pb::SumMeasure, scope: &mut Scope<'_>) -> Option<Vec<Source>> {
    if !(2..=PARTS_MAX).contains(&sum.indicators.len()) {
        let why = format!("has {} entries; it takes 2 to {PARTS_MAX}", sum.indicators.len());
        scope.invalid("indicators", why);
        return None;
    }
    let mut parts: Vec<(&pb::Indicator, Source)> = Vec::with_capacity(sum.indicators.len());
    for (index, name) in sum.indicators.iter().enumerate() {
        let path = format!("indicators[{index}]");
        let Some(indicator) = known.edition.indicator(name) else {
            scope.unknown(&path, name);
            continue;
        };
        if matches!(
            indicator.measure,
            Some(pb::Measure {
                source: Some(Wire::SumOf(_)),
                ..
            })
        ) {
            scope.invalid(&path, format!("{name:?} is a sum itself"));
            continue;
        }
        let Some(part) = self::indicator(known, indicator, &mut scope.scope(&path)) else {
            continue;
        };
        for (before, source) in &parts {
            if overlap((before, source), (indicator, &part.source)) {
                let why = format!("{} and {} count some of the same", before.name, indicator.name);
                scope.add(rule::OVERLAPPING_INDICATORS, &path, why);
            } else if before.unit_of_count != indicator.unit_of_count || source.counts() != part.source.counts() {
                let why = format!(
                    "{} and {} do not count the same kind of thing",
                    before.name, indicator.name
                );
                scope.invalid(&path, why);
            }
        }
        parts.push((indicator, part.source));
    }
    Some(parts.into_iter().map(|(_, source)| source).collect())
}

/// The indicators that a definition is the sum of, with the revisions that are gone by.
pub fn parts_of(edition: Edition<'_>, measure: Option<&pb::Measure>) -> Vec<(String, i32)> {
    let Some(Wire::SumOf(sum)) = measure.and_then(|measure| measure.source.as_ref()) else {
        return Vec::new();
    };
    let parts = sum.indicators.iter().filter_map(|name| edition.indicator(name));
    parts.map(|part| (part.name.clone(), part.revision)).collect()
}

/// Whether two indicators count some of the same: one of them says so, or their definitions do.
#[must_use]
pub fn overlap(one: (&pb::Indicator, &Source), other: (&pb::Indicator, &Source)) -> bool {
    one.0.name == other.0.name
        || one.0.overlaps.contains(&other.0.name)
        || other.0.overlaps.contains(&one.0.name)
        || one.1.overlaps(other.1)
}

fn event_measure(directory: &Directory, events: &pb::EventMeasure, scope: &mut Scope<'_>) -> Option<EventMeasure> {
    let filter = event_filter(directory, events.filter.as_ref(), &mut scope.scope("filter"));
    let sum = match wire::enumeration(events.sum, "sum", scope) {
        pb::EventSum::Unspecified => {
            scope.required("sum");
            None
        }
        pb::EventSum::Events => Some(EventSum::Events),
        pb::EventSum::Delegations => Some(EventSum::Delegations),
        pb::EventSum::Persons => Some(EventSum::Persons),
        pb::EventSum::Quantity => quantity(&events.quantity, scope).map(EventSum::Quantity),
        pb::EventSum::HomeUnits => Some(EventSum::HomeUnits),
        pb::EventSum::PartnerUnits => Some(EventSum::PartnerUnits),
        pb::EventSum::Markers => Some(EventSum::Markers),
    }?;
    if !events.quantity.is_empty() && !matches!(sum, EventSum::Quantity(_)) {
        scope.invalid("quantity", "goes with EVENT_SUM_QUANTITY only");
    }
    if events.repeated && !matches!(sum, EventSum::HomeUnits | EventSum::PartnerUnits | EventSum::Markers) {
        scope.invalid(
            "repeated",
            "goes with EVENT_SUM_HOME_UNITS, EVENT_SUM_PARTNER_UNITS and EVENT_SUM_MARKERS only",
        );
    }
    Some(EventMeasure {
        filter,
        sum,
        repeated: events.repeated,
    })
}

fn agreement_measure(agreements: &pb::AgreementMeasure, scope: &mut Scope<'_>) -> Option<AgreementMeasure> {
    let filter = agreement_filter(agreements.filter.as_ref(), &mut scope.scope("filter"));
    let date = match wire::enumeration(agreements.date, "date", scope) {
        pb::AgreementDate::Unspecified | pb::AgreementDate::SignedIn => AgreementDate::SignedIn,
        pb::AgreementDate::InForceAt => AgreementDate::InForceAt,
    };
    let sum = match wire::enumeration(agreements.sum, "sum", scope) {
        pb::AgreementSum::Unspecified => {
            scope.required("sum");
            None
        }
        pb::AgreementSum::Agreements => Some(AgreementSum::Agreements),
        pb::AgreementSum::HomeUnits => Some(AgreementSum::HomeUnits),
        pb::AgreementSum::PartnerUnits => Some(AgreementSum::PartnerUnits),
    }?;
    if agreements.repeated && sum == AgreementSum::Agreements {
        scope.invalid(
            "repeated",
            "goes with AGREEMENT_SUM_HOME_UNITS and AGREEMENT_SUM_PARTNER_UNITS only",
        );
    }
    Some(AgreementMeasure {
        filter,
        date,
        sum,
        repeated: agreements.repeated,
    })
}

/// Which events. Types are the journal's, of which nothing but the ids in its events is known here.
pub fn event_filter(
    directory: &Directory,
    filter: Option<&pb::EventMeasureFilter>,
    scope: &mut Scope<'_>,
) -> EventFilter {
    let Some(filter) = filter else {
        return EventFilter::default();
    };
    let direction: Direction = wire::enumeration(filter.direction, "direction", scope);
    let programmes = wire::ids(&filter.programmes, "programmes", "programmes", scope);
    for (index, id) in programmes
        .iter()
        .enumerate()
        .filter(|(_, id)| !directory.programmes().contains_key(*id))
    {
        scope.unknown(&format!("programmes[{index}]"), &name::name("programmes", id));
    }
    let units = wire::units(&filter.partner_units, "partner_units", scope);
    let mut partner_units = Vec::with_capacity(units.len());
    for (index, unit) in units.iter().enumerate() {
        match directory.hierarchy().key(unit) {
            Some(key) => partner_units.push(key),
            None => scope.unknown(&format!("partner_units[{index}]"), &unit.name()),
        }
    }
    EventFilter {
        event_types: wire::ids(&filter.event_types, "eventTypes", "event_types", scope),
        direction: (direction != Direction::Unspecified).then_some(direction),
        programmes,
        partner_countries: countries(&filter.partner_countries, scope),
        partner_units,
        aid_items: aid_items(&filter.aid_items, scope),
    }
}

/// Which items of aid. They are words of those who record, of which nothing is known here.
fn aid_items(items: &[String], scope: &mut Scope<'_>) -> Vec<String> {
    wire::at_most(wire::MAX_LIST, items.len(), "aid_items", scope);
    for (index, item) in items.iter().take(wire::MAX_LIST).enumerate() {
        let path = format!("aid_items[{index}]");
        if item.is_empty() {
            scope.required(&path);
        }
        wire::line(item, wire::MAX_NAME, &path, scope);
    }
    items.to_vec()
}

/// Which agreements. A kind or level that is not specified stands for any.
pub fn agreement_filter(filter: Option<&pb::AgreementMeasureFilter>, scope: &mut Scope<'_>) -> AgreementFilter {
    let Some(filter) = filter else {
        return AgreementFilter::default();
    };
    let kinds = filter.kinds.iter().enumerate();
    let kinds = kinds.map(|(index, kind)| wire::enumeration(*kind, &format!("kinds[{index}]"), scope));
    let mut kinds: Vec<AgreementKind> = kinds.collect();
    if kinds.contains(&AgreementKind::Unspecified) {
        kinds.clear();
    }
    let levels = filter.levels.iter().enumerate();
    let levels: Vec<_> = levels
        .map(|(index, level)| wire::level(*level, &format!("levels[{index}]"), scope))
        .collect();
    AgreementFilter {
        kinds,
        levels: levels.into_iter().collect::<Option<_>>().unwrap_or_default(),
        partner_countries: countries(&filter.partner_countries, scope),
    }
}

fn countries(codes: &[String], scope: &mut Scope<'_>) -> Vec<String> {
    for (index, code) in codes
        .iter()
        .enumerate()
        .filter(|(_, code)| !COUNTRIES.contains(&code.as_str()))
    {
        let path = format!("partner_countries[{index}]");
        scope.invalid(&path, format!("{code:?} is none of {}", COUNTRIES.join(", ")));
    }
    codes.to_vec()
}

fn quantity(key: &str, scope: &mut Scope<'_>) -> Option<String> {
    if key.is_empty() {
        scope.required("quantity");
        return None;
    }
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let valid = key.len() <= KEY_LENGTH_MAX && key.starts_with(|first: char| first.is_ascii_lowercase());
    if !valid || !key.bytes().all(lower) {
        scope.invalid(
            "quantity",
            format!("{key:?} is not the key of a quantity, as patrol_km"),
        );
        return None;
    }
    Some(key.to_owned())
}
