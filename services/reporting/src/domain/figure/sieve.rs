//! Sieves: a measure's filter together with what narrows it, made ready for millions of facts.
//!
//! Every condition must hold. A condition on partners holds if any partner unit meets it; which partners then count is
//! for those that meet all of them.

use std::borrow::Cow;

use banggiao_contracts::{registry::v1::AgreementKind, r#type::v1::Direction};
use banggiao_model::{
    date::Date,
    decimal::Decimal,
    hierarchy::{Hierarchy, Key},
    level::Level,
};

use super::{
    bundle::Counts,
    group::country,
    lens::{Lens, Seen},
    record::Record,
    tally::Adds,
};
use crate::domain::{
    amount::Amount,
    day::Packed,
    measure::{AID_VALUE, AgreementDate, AgreementFilter, EventFilter, EventSum, Side, Source, Things},
    query::{GroupKey, Query, Window},
    symbol::{Symbol, Symbols},
};

/// What a partner unit must meet.
#[derive(Debug)]
enum Condition<'a> {
    /// It is of one of these countries.
    Country(Vec<[u8; 2]>),
    /// It lies in one of these subtrees.
    Within(Vec<Lens<'a>>),
}

/// What the record itself must meet.
#[derive(Debug)]
enum Own {
    Event {
        types: Vec<Vec<Symbol>>,
        directions: Vec<Direction>,
        programmes: Vec<Vec<Symbol>>,
        aid_items: Vec<Vec<Symbol>>,
        sum: Sum,
    },
    Agreement {
        kinds: Vec<Vec<AgreementKind>>,
        levels: Vec<Vec<Level>>,
        date: AgreementDate,
    },
    /// A sum is asked for by its parts.
    Nothing,
}

/// What is summed over events; a quantity that no fact has named is unknown in all of them.
#[derive(Debug, Clone, Copy)]
enum Sum {
    Events,
    Delegations,
    Persons,
    Quantity(Option<Symbol>),
    /// What aid was worth, which has items.
    AidValue(Option<Symbol>),
}

/// A measure or a part of a sum, ready to be asked about records.
#[derive(Debug)]
pub struct Sieve<'a> {
    own: Own,
    partners: Vec<Condition<'a>>,
    /// Whether it matters where partner units are placed.
    pub places_partners: bool,
}

impl<'a> Sieve<'a> {
    /// A measure of the query over these symbols and this hierarchy.
    pub fn new(
        query: &Query,
        source: &Source,
        symbols: &Symbols,
        hierarchy: &'a Hierarchy,
        days_of_change: &'a [Date],
    ) -> Self {
        let lens = |root: &Key| Lens::new(hierarchy, days_of_change, Some(*root), query.as_of);
        let partners_counted = Things::Units(Side::Partner);
        let counts_partners = source.counts().is_some_and(|(things, _)| things == partners_counted);
        let by_partner = query.group_by.contains(&GroupKey::PartnerUnit);
        let mut partners = Vec::new();
        let own = match source {
            Source::Events(events) => {
                let filters = [&events.filter, &query.narrow_events];
                for filter in filters {
                    partners.extend(countries(&filter.partner_countries));
                    let roots = filter.partner_units.iter().map(lens).collect();
                    partners.extend((!filter.partner_units.is_empty()).then_some(Condition::Within(roots)));
                }
                own_event(filters, &events.sum, symbols)
            }
            Source::Agreements(agreements) => {
                let filters = [&agreements.filter, &query.narrow_agreements];
                partners.extend(filters.iter().filter_map(|filter| countries(&filter.partner_countries)));
                own_agreement(filters, agreements.date)
            }
            Source::Sum(_) => Own::Nothing,
        };
        let within = partners
            .iter()
            .any(|condition| matches!(condition, Condition::Within(_)));
        Self {
            own,
            partners,
            places_partners: counts_partners || by_partner || within,
        }
    }

    /// Whether the record itself passes, its units aside.
    pub fn admits(&self, record: Record<'_>, window: Window) -> bool {
        match (&self.own, record) {
            (
                Own::Event {
                    types,
                    directions,
                    programmes,
                    aid_items,
                    ..
                },
                Record::Event(fact),
            ) => {
                types.iter().all(|types| types.contains(&fact.event_type()))
                    && directions.iter().all(|direction| *direction == fact.direction())
                    && programmes
                        .iter()
                        .all(|any| fact.programmes().any(|id| any.contains(&id)))
                    && (aid_items.is_empty() || items(fact).iter().any(|(item, _)| all(aid_items, *item)))
            }
            (Own::Agreement { kinds, levels, date }, Record::Agreement(agreement, signed)) => {
                let placed = match date {
                    AgreementDate::SignedIn => window.contains(signed),
                    AgreementDate::InForceAt => agreement.in_force_on(window.end),
                };
                placed
                    && kinds.iter().all(|kinds| kinds.contains(&agreement.kind))
                    && levels.iter().all(|levels| levels.contains(&agreement.level))
            }
            (Own::Event { .. }, Record::Agreement(..))
            | (Own::Agreement { .. }, Record::Event(_))
            | (Own::Nothing, _) => false,
        }
    }

    /// Which of the record's partner units count: those that meet every condition, all of them without conditions.
    /// Nothing if the record does not pass, since some condition is met by none of them.
    pub fn partners<'s>(&mut self, hierarchy: &Hierarchy, day: Date, seen: &'s [Seen]) -> Option<Cow<'s, [Seen]>> {
        let mut passing = Cow::Borrowed(seen);
        for condition in &mut self.partners {
            let mut met = |seen: &Seen| match condition {
                Condition::Country(countries) => countries.contains(&country(hierarchy, seen.named)),
                Condition::Within(roots) => roots.iter_mut().any(|root| root.see(seen.named, day).child.is_some()),
            };
            if !seen.iter().any(&mut met) {
                return None;
            }
            passing.to_mut().retain(met);
        }
        Some(passing)
    }

    /// What several events without quantities add, if it is not units that are counted.
    pub fn sum(&self, counts: Counts) -> Adds {
        let (sum, told) = match &self.own {
            Own::Event { sum, .. } => match sum {
                Sum::Events => (counts.events(), counts.events()),
                Sum::Delegations => counts.delegations(),
                Sum::Persons => counts.persons(),
                Sum::Quantity(_) | Sum::AidValue(_) => (0, 0),
            },
            Own::Agreement { .. } | Own::Nothing => (0, 0),
        };
        Adds::Sum(Amount::whole(sum), counts.events() - told)
    }

    /// What an event adds under one of its items of aid, if it is not what it adds as a whole.
    pub fn of_item(&self, record: Record<'_>, item: Symbol) -> Option<Adds> {
        let (Own::Event { sum, aid_items, .. }, Record::Event(fact)) = (&self.own, record) else {
            return None;
        };
        let one = items(fact).iter().filter(|(known, _)| *known == item);
        match sum {
            Sum::AidValue(_) if all(aid_items, item) => Some(Adds::Amount(worth(one))),
            // What the filter leaves out is worth nothing here.
            Sum::AidValue(_) => Some(Adds::Amount(Some(Amount::ZERO))),
            _ => None,
        }
    }

    /// What a record adds, if it is not units that are counted.
    pub fn amount(&self, record: Record<'_>) -> Adds {
        Adds::Amount(match (&self.own, record) {
            (Own::Event { sum, aid_items, .. }, Record::Event(fact)) => match sum {
                Sum::AidValue(_) if !aid_items.is_empty() => {
                    worth(items(fact).iter().filter(|(item, _)| all(aid_items, *item)))
                }
                sum => amount(*sum, fact),
            },
            (Own::Agreement { .. } | Own::Nothing, _) | (_, Record::Agreement(..)) => Some(Amount::whole(1)),
        })
    }
}

/// The items of aid of an event, with what they were worth.
fn items(fact: Packed<'_>) -> &[(Symbol, Option<Decimal>)] {
    fact.extra().map_or(&[], |extra| &extra.items)
}

/// Whether an item is in each of some lists.
fn all(lists: &[Vec<Symbol>], item: Symbol) -> bool {
    lists.iter().all(|items| items.contains(&item))
}

/// What some items were worth together, if it is known of all.
fn worth<'i>(mut items: impl Iterator<Item = &'i (Symbol, Option<Decimal>)>) -> Option<Amount> {
    items.try_fold(Amount::ZERO, |sum, (_, value)| {
        sum.checked_add(Amount::from_decimal((*value)?)?)
    })
}

fn own_event(filters: [&EventFilter; 2], sum: &EventSum, symbols: &Symbols) -> Own {
    // An id that no fact has named finds no symbol and so admits nothing, while an empty list admits everything.
    let known = |ids: &[String]| ids.iter().filter_map(|id| symbols.find(id)).collect();
    let lists = |of: fn(&EventFilter) -> &Vec<String>| {
        filters
            .iter()
            .map(|filter| of(filter))
            .filter(|ids| !ids.is_empty())
            .map(|ids| known(ids))
            .collect()
    };
    let sum = match sum {
        EventSum::Events | EventSum::HomeUnits | EventSum::PartnerUnits | EventSum::Markers => Sum::Events,
        EventSum::Delegations => Sum::Delegations,
        EventSum::Persons => Sum::Persons,
        EventSum::Quantity(key) if key == AID_VALUE => Sum::AidValue(symbols.find(key)),
        EventSum::Quantity(key) => Sum::Quantity(symbols.find(key)),
    };
    Own::Event {
        types: lists(|filter| &filter.event_types),
        directions: filters.iter().filter_map(|filter| filter.direction).collect(),
        programmes: lists(|filter| &filter.programmes),
        aid_items: lists(|filter| &filter.aid_items),
        sum,
    }
}

fn own_agreement(filters: [&AgreementFilter; 2], date: AgreementDate) -> Own {
    Own::Agreement {
        kinds: filters
            .iter()
            .map(|filter| filter.kinds.clone())
            .filter(|kinds| !kinds.is_empty())
            .collect(),
        levels: filters
            .iter()
            .map(|filter| filter.levels.clone())
            .filter(|levels| !levels.is_empty())
            .collect(),
        date,
    }
}

fn countries<'a>(codes: &[String]) -> Option<Condition<'a>> {
    let code = |text: &String| {
        let mut letters = text.bytes();
        [letters.next().unwrap_or(b' '), letters.next().unwrap_or(b' ')]
    };
    (!codes.is_empty()).then(|| Condition::Country(codes.iter().map(code).collect()))
}

fn amount(sum: Sum, fact: Packed<'_>) -> Option<Amount> {
    match sum {
        Sum::Events => Some(Amount::whole(1)),
        Sum::Delegations => fact.delegations().map(|count| Amount::whole(count.into())),
        Sum::Persons => fact.persons().map(|count| Amount::whole(count.into())),
        Sum::Quantity(key) | Sum::AidValue(key) => fact.quantity(key?).and_then(Amount::from_decimal),
    }
}
