//! Indicators (chỉ tiêu): figures with a name. What each counts is data, not code.

mod catalogue;

pub use catalogue::INDICATORS;

use banggiao_contracts::{registry::v1::AgreementKind, r#type::v1::Direction};
use banggiao_model::{level::Level, name};

use super::measure::{
    AgreementDate, AgreementFilter, AgreementMeasure, AgreementSum, EventFilter, EventMeasure, EventSum, Measure,
    Source,
};

/// The indicators that are shown to whoever names none: what a report begins with.
const HEADLINE: [&str; 8] = [
    "delegations-sent",
    "persons-sent",
    "delegations-received",
    "persons-received",
    "joint-patrols",
    "briefings",
    "aid-value",
    "remains-recovered",
];

/// An indicator.
#[derive(Debug, Clone, Copy)]
pub struct Indicator {
    /// Its id.
    pub id: &'static str,
    /// Its name in Vietnamese and English.
    pub names: [&'static str; 2],
    /// What is counted, in Vietnamese and English.
    pub unit_of_count: [&'static str; 2],
    /// Which records, and what of them.
    counts: Counts,
}

/// What an indicator counts.
#[derive(Debug, Clone, Copy)]
enum Counts {
    /// Of events of these types, in this direction.
    Events {
        types: &'static [&'static str],
        direction: Option<Direction>,
        sum: Sum,
    },
    /// Of twinning agreements of these levels, by the day of signing.
    Twinnings {
        levels: &'static [Level],
        sum: AgreementSum,
        repeated: bool,
    },
}

/// What is summed over events.
#[derive(Debug, Clone, Copy)]
enum Sum {
    Events,
    Delegations,
    Persons,
    Quantity(&'static str),
}

impl Indicator {
    /// Its resource name, which its cells bear.
    #[must_use]
    pub fn name(&self) -> String {
        name::name("indicators", self.id)
    }

    /// The definition of the figure.
    #[must_use]
    pub fn measure(&self) -> Measure {
        let source = match self.counts {
            Counts::Events { types, direction, sum } => {
                let event_types = types.iter().map(|id| (*id).to_owned()).collect();
                let sum = match sum {
                    Sum::Events => EventSum::Events,
                    Sum::Delegations => EventSum::Delegations,
                    Sum::Persons => EventSum::Persons,
                    Sum::Quantity(key) => EventSum::Quantity(key.to_owned()),
                };
                let filter = EventFilter {
                    event_types,
                    direction,
                    ..EventFilter::default()
                };
                Source::Events(EventMeasure {
                    filter,
                    sum,
                    repeated: false,
                })
            }
            Counts::Twinnings { levels, sum, repeated } => Source::Agreements(AgreementMeasure {
                filter: AgreementFilter {
                    kinds: vec![AgreementKind::Twinning],
                    levels: levels.to_vec(),
                    partner_countries: Vec::new(),
                },
                date: AgreementDate::SignedIn,
                sum,
                repeated,
            }),
        };
        Measure {
            label: self.name(),
            source,
        }
    }
}

/// The indicator of that name (`indicators/joint-patrols`), or of that bare id or code in any case.
#[must_use]
pub fn find(text: &str) -> Option<&'static Indicator> {
    let id = name::code_to_id(text.strip_prefix("indicators/").unwrap_or(text));
    INDICATORS.iter().find(|indicator| indicator.id == id)
}

/// The indicators that are shown to whoever names none.
pub fn headline() -> impl Iterator<Item = &'static Indicator> {
    HEADLINE.iter().filter_map(|id| find(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_indicator_is_found_by_name_id_and_code() {
        for (index, indicator) in INDICATORS.iter().enumerate() {
            assert!(name::valid_id(indicator.id));
            assert!(
                INDICATORS[..index].iter().all(|other| other.id != indicator.id),
                "{}",
                indicator.id
            );
            for text in [
                indicator.name(),
                indicator.id.to_owned(),
                name::id_to_code(indicator.id),
            ] {
                assert_eq!(find(&text).map(|found| found.id), Some(indicator.id));
            }
        }
        assert!(find("indicators/none").is_none());
        assert_eq!(headline().count(), HEADLINE.len());
    }
}
