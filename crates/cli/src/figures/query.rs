//! From flags to the request of a figure: pure functions, so that every example can be tested without a server.
//!
//! It owns where a filter goes: into the measure that a sum makes, or beside the indicators to narrow them.

use super::{Args, Filters, Query};
use crate::error::Error;
use banggiao_contracts::reporting::v1 as pb;
use pb::measure::Source;

/// What is summed over the records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the words are those of the command line, and their meaning stands in the contract"
)]
pub enum Sum {
    Events,
    Delegations,
    Persons,
    HomeUnits,
    PartnerUnits,
    Markers,
    Agreements,
    Quantity(String),
}

impl Sum {
    /// Whether it is things with names that are counted, and so once or in every record.
    fn counts_things(&self) -> bool {
        matches!(self, Self::HomeUnits | Self::PartnerUnits | Self::Markers)
    }

    /// The key, if this is a quantity.
    #[must_use]
    pub fn quantity(&self) -> Option<&str> {
        match self {
            Self::Quantity(key) => Some(key),
            _ => None,
        }
    }
}

/// What is summed: one of the known words, or the key of a quantity.
///
/// # Errors
/// A sentence if the word cannot be a key.
pub fn sum(word: &str) -> Result<Sum, String> {
    let key = word.to_ascii_lowercase().replace('-', "_");
    Ok(match key.as_str() {
        "events" => Sum::Events,
        "delegations" => Sum::Delegations,
        "persons" => Sum::Persons,
        "home_units" => Sum::HomeUnits,
        "partner_units" => Sum::PartnerUnits,
        "markers" => Sum::Markers,
        "agreements" => Sum::Agreements,
        key if banggiao_model::name::valid_id(&key.replace('_', "-")) => Sum::Quantity(key.to_owned()),
        _ => {
            return Err(format!(
                "\"{word}\" is neither a sum nor the key of a quantity, such as patrol_km"
            ));
        }
    })
}

/// What is counted, and what narrows it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Counted {
    pub(crate) measures: Vec<pb::Measure>,
    pub(crate) narrow_events: Option<pb::EventMeasureFilter>,
    pub(crate) narrow_agreements: Option<pb::AgreementMeasureFilter>,
}

/// The request of `figures`, without minimum positions.
///
/// # Errors
/// [`Error::Usage`] if the flags contradict each other.
pub fn figures(args: &Args) -> Result<pb::QueryFiguresRequest, Error> {
    let query = &args.query;
    let counted = counted(query)?;
    let (hierarchy, hierarchy_date) = hierarchy(query);
    let known = query.known_at.unwrap_or_default();
    Ok(pb::QueryFiguresRequest {
        unit: query.unit.clone(),
        indicators: query.indicator.clone(),
        measures: counted.measures,
        period: query.period.clone().unwrap_or_default(),
        start_date: query.from.clone().unwrap_or_default(),
        end_date: query.to.clone().unwrap_or_default(),
        hierarchy,
        hierarchy_date,
        include_unapproved: query.include_unapproved,
        narrow_events: counted.narrow_events,
        narrow_agreements: counted.narrow_agreements,
        min_log_index: 0,
        min_registry_position: 0,
        group_by: query.by.iter().map(|group| group.key().into()).collect(),
        compare: args.compare.map_or(0, |compare| compare.comparison().into()),
        known_log_index: known.log_index,
        known_registry_position: known.registry_position,
        find_duplicates: known.log_index == 0 && !query.include_unapproved,
    })
}

/// The hierarchy and its day.
pub(crate) fn hierarchy(query: &Query) -> (i32, String) {
    match &query.restate {
        Some(day) => (pb::Hierarchy::AsOf.into(), day.clone()),
        None => (pb::Hierarchy::AtEvent.into(), String::new()),
    }
}

/// Filters narrow indicators; with sums alone they are part of the measures, which then say by themselves what they
/// count.
pub(crate) fn counted(query: &Query) -> Result<Counted, Error> {
    let of_agreements = !query.filters.agreement_kind.is_empty() || !query.filters.level.is_empty();
    // What an indicator counts is said already: filters can only narrow it.
    let named = !query.indicator.is_empty() || !query.sum_of.is_empty();
    let sums = match &query.sum[..] {
        // A kind or level of agreement without anything else asks for the agreements.
        [] if of_agreements && !named => vec![Sum::Agreements],
        sums => sums.to_vec(),
    };
    if query.filters.repeated && !sums.iter().any(Sum::counts_things) {
        return Err(Error::Usage(
            "--repeated goes with --sum home-units, --sum partner-units or --sum markers".into(),
        ));
    }
    let (mut events, mut agreements) = (event_filter(&query.filters), agreement_filter(&query.filters));
    let inline = !named && !sums.is_empty();
    let mut measures = sum_measure(&query.sum_of)?;
    for sum in &sums {
        let source = if of_agreements || *sum == Sum::Agreements {
            check_agreement_filters(query)?;
            let filter = if inline { agreements.clone() } else { None };
            Source::Agreements(agreement_measure(sum, filter, query.filters.repeated)?)
        } else {
            Source::Events(event_measure(
                sum,
                if inline { events.clone() } else { None },
                query.filters.repeated,
            ))
        };
        measures.push(pb::Measure {
            label: String::new(),
            source: Some(source),
        });
    }
    if inline {
        (events, agreements) = (None, None);
    }
    Ok(Counted {
        measures,
        narrow_events: events,
        narrow_agreements: agreements,
    })
}

/// The measure that takes indicators together, if any are named.
fn sum_measure(indicators: &[String]) -> Result<Vec<pb::Measure>, Error> {
    match indicators {
        [] => Ok(Vec::new()),
        [_] => Err(Error::Usage("--sum-of takes two indicators or more".into())),
        indicators => Ok(vec![pb::Measure {
            label: String::new(),
            source: Some(Source::SumOf(pb::SumMeasure {
                indicators: indicators.to_vec(),
            })),
        }]),
    }
}

fn event_filter(filters: &Filters) -> Option<pb::EventMeasureFilter> {
    let filter = pb::EventMeasureFilter {
        event_types: filters.event_type.clone(),
        direction: filters.direction.unwrap_or_default().into(),
        programmes: filters.programme.clone(),
        partner_countries: filters.partner_country.clone(),
        partner_units: filters.partner_unit.clone(),
        aid_items: filters.aid_item.clone(),
    };
    (filter != pb::EventMeasureFilter::default()).then_some(filter)
}

fn agreement_filter(filters: &Filters) -> Option<pb::AgreementMeasureFilter> {
    let filter = pb::AgreementMeasureFilter {
        kinds: filters.agreement_kind.iter().map(|kind| i32::from(*kind)).collect(),
        levels: filters.level.iter().map(|level| i32::from(*level)).collect(),
        partner_countries: filters.partner_country.clone(),
    };
    (filter != pb::AgreementMeasureFilter::default()).then_some(filter)
}

/// A filter that agreements do not have would be passed over in silence, and the figure would be another one.
fn check_agreement_filters(query: &Query) -> Result<(), Error> {
    let foreign = [
        ("--event-type", !query.filters.event_type.is_empty()),
        ("--direction", query.filters.direction.is_some()),
        ("--programme", !query.filters.programme.is_empty()),
        ("--partner-unit", !query.filters.partner_unit.is_empty()),
        ("--aid-item", !query.filters.aid_item.is_empty()),
    ];
    let named = !query.indicator.is_empty() || !query.sum_of.is_empty();
    match foreign.iter().find(|(_, given)| *given && !named) {
        Some((flag, _)) => Err(Error::Usage(format!(
            "{flag} narrows events, but agreements are counted"
        ))),
        None => Ok(()),
    }
}

fn event_measure(sum: &Sum, filter: Option<pb::EventMeasureFilter>, repeated: bool) -> pb::EventMeasure {
    let (kind, quantity) = match sum {
        Sum::Events | Sum::Agreements => (pb::EventSum::Events, ""),
        Sum::Delegations => (pb::EventSum::Delegations, ""),
        Sum::Persons => (pb::EventSum::Persons, ""),
        Sum::HomeUnits => (pb::EventSum::HomeUnits, ""),
        Sum::PartnerUnits => (pb::EventSum::PartnerUnits, ""),
        Sum::Markers => (pb::EventSum::Markers, ""),
        Sum::Quantity(key) => (pb::EventSum::Quantity, key.as_str()),
    };
    let repeated = repeated && sum.counts_things();
    pb::EventMeasure {
        filter,
        sum: kind.into(),
        quantity: quantity.to_owned(),
        repeated,
    }
}

fn agreement_measure(
    sum: &Sum,
    filter: Option<pb::AgreementMeasureFilter>,
    repeated: bool,
) -> Result<pb::AgreementMeasure, Error> {
    let kind = match sum {
        Sum::Agreements => pb::AgreementSum::Agreements,
        Sum::HomeUnits => pb::AgreementSum::HomeUnits,
        Sum::PartnerUnits => pb::AgreementSum::PartnerUnits,
        Sum::Events | Sum::Delegations | Sum::Persons | Sum::Markers | Sum::Quantity(_) => {
            return Err(Error::Usage(
                "--agreement-kind and --level count agreements: --sum must be agreements, home-units or partner-units"
                    .into(),
            ));
        }
    };
    Ok(pb::AgreementMeasure {
        filter,
        date: pb::AgreementDate::SignedIn.into(),
        sum: kind.into(),
        repeated: repeated && *sum != Sum::Agreements,
    })
}
