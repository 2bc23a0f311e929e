//! Measures between the wire and the domain. From the wire, converting is validating.

use banggiao_contracts::{
    registry::v1::AgreementKind,
    reporting::v1::{self as pb, measure::Source as Wire},
    r#type::v1::Direction,
};
use banggiao_directory::{Directory, wire::COUNTRIES};
use banggiao_model::name;
use banggiao_rpc::{Scope, wire};

use crate::domain::measure::{
    AgreementDate, AgreementFilter, AgreementMeasure, AgreementSum, EventFilter, EventMeasure, EventSum, Measure,
    Source,
};

/// A key of a quantity is at most so long.
const KEY_LENGTH_MAX: usize = 63;

/// A measure given inline.
pub fn measure(directory: &Directory, measure: &pb::Measure, scope: &mut Scope<'_>) -> Option<Measure> {
    let label = wire::line(&measure.label, wire::MAX_NAME, "label", scope);
    let source = match &measure.source {
        Some(Wire::Events(events)) => event_measure(directory, events, &mut scope.scope("events")).map(Source::Events),
        Some(Wire::Agreements(agreements)) => {
            agreement_measure(agreements, &mut scope.scope("agreements")).map(Source::Agreements)
        }
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
    }?;
    if !events.quantity.is_empty() && !matches!(sum, EventSum::Quantity(_)) {
        scope.invalid("quantity", "goes with EVENT_SUM_QUANTITY only");
    }
    if events.repeated && !matches!(sum, EventSum::HomeUnits | EventSum::PartnerUnits) {
        scope.invalid(
            "repeated",
            "goes with EVENT_SUM_HOME_UNITS and EVENT_SUM_PARTNER_UNITS only",
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
    }
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

/// A shipped measure for the wire. Shipped measures name no partner units, whose keys only a directory could read.
pub fn shipped(measure: &Measure) -> pb::Measure {
    let source = match &measure.source {
        Source::Events(events) => {
            let (sum, quantity) = match &events.sum {
                EventSum::Events => (pb::EventSum::Events, ""),
                EventSum::Delegations => (pb::EventSum::Delegations, ""),
                EventSum::Persons => (pb::EventSum::Persons, ""),
                EventSum::Quantity(key) => (pb::EventSum::Quantity, key.as_str()),
                EventSum::HomeUnits => (pb::EventSum::HomeUnits, ""),
                EventSum::PartnerUnits => (pb::EventSum::PartnerUnits, ""),
            };
            let names = |collection, ids: &[String]| ids.iter().map(|id| name::name(collection, id)).collect();
            let filter = pb::EventMeasureFilter {
                event_types: names("eventTypes", &events.filter.event_types),
                direction: events.filter.direction.unwrap_or_default().into(),
                programmes: names("programmes", &events.filter.programmes),
                partner_countries: events.filter.partner_countries.clone(),
                partner_units: Vec::new(),
            };
            let (filter, quantity) = (Some(filter), quantity.to_owned());
            Wire::Events(pb::EventMeasure {
                filter,
                sum: sum.into(),
                quantity,
                repeated: events.repeated,
            })
        }
        Source::Agreements(agreements) => {
            let sum = match agreements.sum {
                AgreementSum::Agreements => pb::AgreementSum::Agreements,
                AgreementSum::HomeUnits => pb::AgreementSum::HomeUnits,
                AgreementSum::PartnerUnits => pb::AgreementSum::PartnerUnits,
            };
            let date = match agreements.date {
                AgreementDate::SignedIn => pb::AgreementDate::SignedIn,
                AgreementDate::InForceAt => pb::AgreementDate::InForceAt,
            };
            let filter = pb::AgreementMeasureFilter {
                kinds: agreements.filter.kinds.iter().map(|kind| (*kind).into()).collect(),
                levels: agreements
                    .filter
                    .levels
                    .iter()
                    .map(|level| wire::level_pb(*level).into())
                    .collect(),
                partner_countries: agreements.filter.partner_countries.clone(),
            };
            let repeated = agreements.repeated;
            Wire::Agreements(pb::AgreementMeasure {
                filter: Some(filter),
                date: date.into(),
                sum: sum.into(),
                repeated,
            })
        }
    };
    pb::Measure {
        label: String::new(),
        source: Some(source),
    }
}
