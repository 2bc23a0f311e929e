//! What a question looks at besides what all events have.

use crate::domain::{
    measure::{EventFilter, EventSum, Side, Source, Things},
    query::{GroupKey, Query},
};

/// What makes events different for a question, besides class, type and direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The direct children of the root.
    pub children: bool,
    /// The home units themselves.
    pub homes: bool,
    /// Their levels, which change in time.
    pub levels: bool,
    /// Partner units or their countries.
    pub partners: bool,
    /// Programmes.
    pub programmes: bool,
    /// Quantities.
    pub quantities: bool,
    /// What only some types of events have.
    pub extras: bool,
}

impl Needs {
    /// Of a question.
    pub fn of(query: &Query) -> Self {
        let keys = |wanted: &[GroupKey]| query.group_by.iter().any(|key| wanted.contains(key));
        let counts = |wanted: Things| {
            let mut sources = query.sources();
            sources.any(|source| source.counts().is_some_and(|(things, _)| things == wanted))
        };
        let of_measures = query.sources().filter_map(|source| match source {
            Source::Events(events) => Some(events),
            Source::Agreements(_) | Source::Sum(_) => None,
        });
        let filters: Vec<&EventFilter> = of_measures
            .clone()
            .map(|events| &events.filter)
            .chain([&query.narrow_events])
            .collect();
        let by_partner =
            |filter: &&EventFilter| !filter.partner_countries.is_empty() || !filter.partner_units.is_empty();
        let mut sums = of_measures.map(|events| &events.sum);
        Self {
            children: keys(&[GroupKey::ChildUnit]),
            homes: keys(&[GroupKey::Unit, GroupKey::Level]) || counts(Things::Units(Side::Home)),
            levels: keys(&[GroupKey::Level]),
            partners: keys(&[GroupKey::PartnerUnit, GroupKey::PartnerCountry])
                || counts(Things::Units(Side::Partner))
                || filters.iter().any(by_partner),
            programmes: keys(&[GroupKey::Programme]) || filters.iter().any(|filter| !filter.programmes.is_empty()),
            extras: keys(&[GroupKey::Team, GroupKey::AidItem])
                || counts(Things::Markers)
                || filters.iter().any(|filter| !filter.aid_items.is_empty()),
            quantities: sums.any(|sum| matches!(sum, EventSum::Quantity(_))),
        }
    }

    /// Whether nothing is looked at but class and kind.
    pub fn is_plain(self) -> bool {
        !self.partners && !self.programmes && !self.quantities && !self.extras
    }
}
