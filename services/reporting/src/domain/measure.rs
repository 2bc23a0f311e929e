//! Measures: which records a figure counts, and what it sums over them.
//!
//! It owns their shape as the engine takes them, and when two of them may count the same record twice. How they travel
//! is for [`wire`] to know.

pub mod wire;

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
    /// Several of the other two taken together, none of which overlaps another.
    Sum(Vec<Self>),
}

/// A figure over events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMeasure {
    /// Which events.
    pub filter: EventFilter,
    /// What is summed.
    pub sum: EventSum,
    /// Count a unit or marker in every event, not once.
    pub repeated: bool,
}

/// The quantity that an event of aid has by its items.
pub const AID_VALUE: &str = "aid_value_vnd";

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
    /// Items of aid.
    pub aid_items: Vec<String>,
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
    /// The boundary markers along the events' stretches.
    Markers,
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
                EventSum::Markers => "markers",
            },
            Self::Agreements(measure) => match measure.sum {
                AgreementSum::Agreements => "agreements",
                AgreementSum::HomeUnits => "home_units",
                AgreementSum::PartnerUnits => "partner_units",
            },
            Self::Sum(_) => "sum",
        }
    }

    /// What is taken together: itself, or the parts of a sum.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::Events(_) | Self::Agreements(_) => std::slice::from_ref(self),
            Self::Sum(parts) => parts,
        }
    }

    /// Which things are counted, if it is things that have names, and whether in every record.
    #[must_use]
    pub fn counts(&self) -> Option<(Things, bool)> {
        let units = |side, repeated| Some((Things::Units(side), repeated));
        match self {
            Self::Events(measure) => match measure.sum {
                EventSum::HomeUnits => units(Side::Home, measure.repeated),
                EventSum::PartnerUnits => units(Side::Partner, measure.repeated),
                EventSum::Markers => Some((Things::Markers, measure.repeated)),
                EventSum::Events | EventSum::Delegations | EventSum::Persons | EventSum::Quantity(_) => None,
            },
            Self::Agreements(measure) => match measure.sum {
                AgreementSum::HomeUnits => units(Side::Home, measure.repeated),
                AgreementSum::PartnerUnits => units(Side::Partner, measure.repeated),
                AgreementSum::Agreements => None,
            },
            // All parts of a sum count the same.
            Self::Sum(parts) => parts.first().and_then(Self::counts),
        }
    }

    /// Whether some record may add the same to both: what they count is the same, and nothing in the filters keeps a
    /// record from passing both. A record can be under two programmes and have partners of two countries, so those keep
    /// nothing apart.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Events(one), Self::Events(other)) => {
                one.sum == other.sum
                    && meet(&one.filter.event_types, &other.filter.event_types)
                    && one
                        .filter
                        .direction
                        .zip(other.filter.direction)
                        .is_none_or(|(one, other)| one == other)
            }
            (Self::Agreements(one), Self::Agreements(other)) => {
                one.sum == other.sum
                    && meet(&one.filter.kinds, &other.filter.kinds)
                    && meet(&one.filter.levels, &other.filter.levels)
            }
            (Self::Sum(parts), whole) | (whole, Self::Sum(parts)) => parts.iter().any(|part| part.overlaps(whole)),
            (Self::Events(_), Self::Agreements(_)) | (Self::Agreements(_), Self::Events(_)) => false,
        }
    }
}

/// Whether two lists that narrow let the same through; an empty one lets everything through.
fn meet<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|value| other.contains(value))
}

/// Things that have names, and are counted by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Things {
    /// The units of a side.
    Units(Side),
    /// Boundary markers.
    Markers,
}

/// One of the two sides of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The home and co-home units.
    Home,
    /// The partner units.
    Partner,
}
