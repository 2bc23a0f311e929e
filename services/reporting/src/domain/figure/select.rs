//! The selection: which records a measure counts in a window, under which groups, and what each adds.
//!
//! Figures and explanations are both made of what this one function finds, so that they cannot disagree.

use std::borrow::Cow;

use banggiao_model::hierarchy::Key;

use super::{
    Ground, Reach,
    lens::{self, Lens, Seen},
    notes::Notes,
    part::{self, Divided, Groups, Part},
    record::Record,
    sieve::Sieve,
    tally::Adds,
};
use crate::domain::{
    facts::Index,
    measure::{Side, Source},
    query::{Query, Window},
};

/// A record that counts for a measure, or would if the caller might read it.
#[derive(Debug)]
pub struct Found<'a, 's> {
    /// Which measure of the query.
    pub measure: usize,
    /// Whether the caller may read the record; if not, all that may be told is that something was withheld.
    pub readable: bool,
    /// The record.
    pub record: Record<'a>,
    /// What it adds.
    pub adds: Adds,
    /// All its units that are counted.
    pub units: &'s [Key],
    /// The groups that it stands under, with those of its units that are counted there.
    pub parts: &'s [Part],
}

/// Finds every record that the measures of a query count in a window, events in the order of days. Groups are numbered
/// as they are met.
pub fn select<'a>(
    ground: Ground<'a>,
    query: &Query,
    reach: &Reach,
    window: Window,
    groups: &mut Groups,
    emit: &mut dyn FnMut(Found<'a, '_>),
) -> Notes {
    let hierarchy = ground.directory.hierarchy();
    let days_of_change = lens::days_of_change(hierarchy);
    let parts = query.measures.iter().enumerate();
    let parts = parts.flat_map(|(measure, of)| of.source.parts().iter().map(move |source| (measure, source)));
    let asks = parts.map(|(measure, source)| Ask {
        measure,
        source,
        sieve: Sieve::new(query, source, &ground.facts.symbols, hierarchy, &days_of_change),
    });
    let mut selection = Selection {
        ground,
        query,
        reach,
        window,
        groups,
        asks: asks.collect(),
        homes: Lens::new(hierarchy, &days_of_change, Some(query.root), query.as_of),
        partners: Lens::new(hierarchy, &days_of_change, None, query.as_of),
        notes: Notes::default(),
    };
    let mut sides = Sides::default();
    let over = |events: bool| {
        let mut asks = selection.asks.iter();
        asks.any(|ask| matches!(ask.source, Source::Events(_)) == events)
    };
    let (over_events, over_agreements) = (over(true), over(false));
    if over_events {
        let index = if query.include_unapproved {
            Index::Newest
        } else {
            Index::Counted
        };
        for fact in ground.facts.within(index, window.start, window.end) {
            selection.consider(Record::Event(fact), &mut sides, emit);
        }
    }
    if over_agreements {
        let agreements = ground.directory.agreements().values();
        for (agreement, signed) in agreements.filter_map(|agreement| Some((agreement, agreement.sign_date?))) {
            selection.consider(Record::Agreement(agreement, signed), &mut sides, emit);
        }
    }
    selection.notes
}

/// What is asked of each record: by a measure, or by a part of a sum.
struct Ask<'q, 'd> {
    measure: usize,
    source: &'q Source,
    sieve: Sieve<'d>,
}

struct Selection<'a, 'q, 'd> {
    ground: Ground<'a>,
    query: &'q Query,
    reach: &'q Reach,
    window: Window,
    groups: &'q mut Groups,
    asks: Vec<Ask<'q, 'd>>,
    homes: Lens<'d>,
    partners: Lens<'d>,
    notes: Notes,
}

/// The two sides of a record, and how it is divided by them. One for all records: millions of records need no memory
/// of their own.
#[derive(Default)]
struct Sides {
    homes: Vec<Seen>,
    inside: Vec<Seen>,
    partners: Vec<Seen>,
    /// The parts of the record as a whole, for all measures that ask for no units.
    whole: Vec<Part>,
    /// The parts for one measure.
    parts: Vec<Part>,
}

/// What has been found out about a record so far, for no measure does it twice.
#[derive(Default)]
struct Known {
    seen: bool,
    readable: Option<bool>,
    noted_homes: bool,
    noted_partners: bool,
    divided: bool,
}

impl<'a> Selection<'a, '_, '_> {
    /// Asks every measure about a record.
    fn consider(&mut self, record: Record<'a>, sides: &mut Sides, emit: &mut dyn FnMut(Found<'a, '_>)) {
        let mut known = Known::default();
        for ask in 0..self.asks.len() {
            if self.asks[ask].sieve.admits(record, self.window) {
                self.consider_for(ask, record, sides, &mut known, emit);
            }
        }
    }

    fn consider_for(
        &mut self,
        ask: usize,
        record: Record<'a>,
        sides: &mut Sides,
        known: &mut Known,
        emit: &mut dyn FnMut(Found<'a, '_>),
    ) {
        if !std::mem::replace(&mut known.seen, true) {
            self.see(record, sides);
        }
        let hierarchy = self.ground.directory.hierarchy();
        let Ask { measure, source, sieve } = &mut self.asks[ask];
        let Some(partners) = sieve.partners(hierarchy, record.day(), &sides.partners) else {
            return;
        };
        let readable = *known.readable.get_or_insert_with(|| self.reach.allows(record));
        if readable && !std::mem::replace(&mut known.noted_homes, true) {
            self.notes.take(&sides.homes, !sides.inside.is_empty());
        }
        if sides.inside.is_empty() {
            return;
        }
        if readable && sieve.places_partners && !std::mem::replace(&mut known.noted_partners, true) {
            self.notes.take_partners(&partners);
        }
        let counts = source.counts_units();
        let adds = match counts {
            None => sieve.amount(record),
            Some((_, true)) => Adds::UnitsRepeated,
            Some((_, false)) => Adds::UnitsOnce,
        };
        let counted = counts.map(|(side, _)| side);
        let units = match counted {
            None => Vec::new(),
            Some(Side::Home) => shown(&sides.inside),
            Some(Side::Partner) => shown(&partners),
        };
        // With all partners and no units counted, a record is divided alike for every measure.
        let alike = counted.is_none() && matches!(partners, Cow::Borrowed(_));
        let parts = if alike { &mut sides.whole } else { &mut sides.parts };
        if !alike || !std::mem::replace(&mut known.divided, true) {
            let divided = Divided {
                record,
                homes: &sides.inside,
                partners: &partners,
                counted,
            };
            part::divide(self.query, self.window, hierarchy, self.groups, divided, parts);
        }
        emit(Found {
            measure: *measure,
            readable,
            record,
            adds,
            units: &units,
            parts,
        });
    }

    fn see(&mut self, record: Record<'a>, sides: &mut Sides) {
        let day = record.day();
        sides.homes.clear();
        sides
            .homes
            .extend(record.homes().iter().map(|unit| self.homes.see(*unit, day)));
        sides.inside.clear();
        sides
            .inside
            .extend(sides.homes.iter().filter(|seen| seen.child.is_some()));
        sides.partners.clear();
        sides
            .partners
            .extend(record.partners().iter().map(|unit| self.partners.see(*unit, day)));
    }
}

/// The units as what they count, each once.
fn shown(seen: &[Seen]) -> Vec<Key> {
    let mut units = Vec::with_capacity(seen.len());
    for unit in seen.iter().filter_map(|seen| seen.shown) {
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    units
}
