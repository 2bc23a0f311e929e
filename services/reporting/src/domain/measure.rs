//! Measures: which records a figure counts, and what it sums over them.
//!
//! It owns their shape as the engine takes them. How they travel is not known here.

use banggiao_contracts::{registry::v1::AgreementKind, r#type::v1::Direction};
use banggiao_model::{hierarchy::Key, level::Level};

/// What a figure counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// What its cells are called: an indicator's name, or the label of an inline measure.
    pub label: String,
    /// Where the records come from.
    pub source: Source,
}

/// Where the records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Events of the journal.
    Events(EventMeasure),
    /// Agreements of the registry.
    Agreements(AgreementMeasure),
}

/// A figure over events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMeasure {
    /// Which events.
    pub filter: EventFilter,
    /// What is summed.
    pub sum: EventSum,
    /// Count a unit in every event, not once.
    pub repeated: bool,
}

/// Which events; an empty list does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Ids of types.
    pub event_types: Vec<String>,
    /// The direction.
    pub direction: Option<Direction>,
    /// Ids of programmes.
    pub programmes: Vec<String>,
    /// Countries of which a partner unit must be.
    pub partner_countries: Vec<String>,
    /// Units in whose subtree a partner unit must lie.
    pub partner_units: Vec<Key>,
}

/// What is summed over events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventSum {
    /// The events.
    Events,
    /// The delegations.
    Delegations,
    /// The persons, with repetition.
    Persons,
    /// A quantity, by its key.
    Quantity(String),
    /// The home and co-home units inside the subtree.
    HomeUnits,
    /// The partner units.
    PartnerUnits,
}

/// A figure over agreements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementMeasure {
    /// Which agreements.
    pub filter: AgreementFilter,
    /// Which day places an agreement in the window.
    pub date: AgreementDate,
    /// What is summed.
    pub sum: AgreementSum,
    /// Count a unit in every agreement, not once.
    pub repeated: bool,
}

/// Which agreements; an empty list does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgreementFilter {
    /// Kinds.
    pub kinds: Vec<AgreementKind>,
    /// Levels.
    pub levels: Vec<Level>,
    /// Countries of which a partner unit must be.
    pub partner_countries: Vec<String>,
}

/// Which day places an agreement in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementDate {
    /// Signed in the window.
    SignedIn,
    /// In force at its end.
    InForceAt,
}

/// What is summed over agreements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementSum {
    /// The agreements.
    Agreements,
    /// The home units inside the subtree.
    HomeUnits,
    /// The partner units.
    PartnerUnits,
}

impl Source {
    /// What an inline measure without a label is called: what it sums.
    #[must_use]
    pub fn default_label(&self) -> &str {
        match self {
            Self::Events(measure) => match &measure.sum {
                EventSum::Events => "events",
                EventSum::Delegations => "delegations",
                EventSum::Persons => "persons",
                EventSum::Quantity(key) => key,
                EventSum::HomeUnits => "home_units",
                EventSum::PartnerUnits => "partner_units",
            },
            Self::Agreements(measure) => match measure.sum {
                AgreementSum::Agreements => "agreements",
                AgreementSum::HomeUnits => "home_units",
                AgreementSum::PartnerUnits => "partner_units",
            },
        }
    }

    /// Which units are counted, if units are what is counted, and whether in every record.
    #[must_use]
    pub fn counts_units(&self) -> Option<(Side, bool)> {
        match self {
            Self::Events(measure) => match measure.sum {
                EventSum::HomeUnits => Some((Side::Home, measure.repeated)),
                EventSum::PartnerUnits => Some((Side::Partner, measure.repeated)),
                EventSum::Events | EventSum::Delegations | EventSum::Persons | EventSum::Quantity(_) => None,
            },
            Self::Agreements(measure) => match measure.sum {
                AgreementSum::HomeUnits => Some((Side::Home, measure.repeated)),
                AgreementSum::PartnerUnits => Some((Side::Partner, measure.repeated)),
                AgreementSum::Agreements => None,
            },
        }
    }
}

/// One of the two sides of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The home and co-home units.
    Home,
    /// The partner units.
    Partner,
}
