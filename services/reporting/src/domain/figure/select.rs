//! The selection: which records a measure counts in a window, under which groups, and what each adds.
//!
//! Figures and explanations are both made of what this one function finds, so that they cannot disagree.

use std::{borrow::Cow, sync::Arc};

use banggiao_model::date::Date;

use super::{
    Ground, Reach,
    bundle::{Bundled, Bundler, Classes, Counts, Keeping, Needs, Shape, Sums},
    group::Value,
    lens::{Lens, Seen},
    marker::Markers,
    notes::Notes,
    part::{self, Divided, Groups, Part},
    record::Record,
    sieve::Sieve,
    tally::{Adds, Thing},
};
use crate::domain::{
    amount::Amount,
    day::Packed,
    measure::{Side, Source, Things},
    query::{GroupKey, Query, Window},
    symbol::Symbols,
};

/// A record that counts for a measure, or would if the caller might read it.
#[derive(Debug)]
pub struct Found<'a, 's> {
    /// Which measure of the query.
    pub measure: usize,
    /// How many records it stands for.
    pub records: i64,
    /// Whether the caller may read the record; if not, all that may be told is that something was withheld.
    pub readable: bool,
    /// The record.
    pub record: Record<'a>,
    /// What it adds.
    pub adds: Adds,
    /// All its units or markers that are counted.
    pub things: &'s [Thing],
    /// The groups that it stands under, with those of its units or markers that are counted there.
    pub parts: &'s [Part],
}

/// How events are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// Those that are alike together.
    Bundled,
    /// One by one, in the order of days.
    Single,
}

/// Finds every record that the measures of a query count in a window. Groups are numbered as they are met.
pub fn select<'a>(
    ground: Ground<'a>,
    query: &Query,
    reach: &Reach,
    window: Window,
    (events, days_of_change): (Events, &[Date]),
    groups: &mut Groups,
    emit: &mut dyn FnMut(Found<'a, '_>),
) -> Notes {
    let hierarchy = ground.directory.hierarchy();
    let parts = query.measures.iter().enumerate();
    let parts = parts.flat_map(|(measure, of)| of.source.parts().iter().map(move |source| (measure, source)));
    let asks = parts.map(|(measure, source)| Ask {
        measure,
        over_events: matches!(source, Source::Events(_)),
        counts: source.counts(),
        sieve: Sieve::new(query, source, &ground.facts.symbols, hierarchy, days_of_change),
    });
    let mut selection = Selection {
        ground,
        query,
        reach,
        window,
        groups,
        needs: Needs::of(query),
        asks: asks.collect(),
        by_item: query.group_by.contains(&GroupKey::AidItem),
        markers: None,
        homes: Lens::new(hierarchy, days_of_change, Some(query.root), query.as_of),
        partners: Lens::new(hierarchy, days_of_change, None, query.as_of),
        notes: Notes::default(),
    };
    let counts_markers = |ask: &Ask<'_>| matches!(ask.counts, Some((Things::Markers, _)));
    if selection.asks.iter().any(counts_markers) {
        selection.markers = Some(Markers::new(ground.directory));
    }
    let mut sides = Sides::default();
    let over = |events: bool| {
        let mut asks = selection.asks.iter();
        asks.any(|ask| ask.over_events == events)
    };
    let (over_events, over_agreements) = (over(true), over(false));
    if over_events {
        match events {
            Events::Bundled => selection.consider_bundled(&mut sides, emit),
            Events::Single => {
                for fact in ground.facts.within(query.index(), window.start, window.end) {
                    selection.consider(Alike::one(Record::Event(fact)), &mut sides, emit);
                }
            }
        }
    }
    if over_agreements {
        let agreements = ground.directory.agreements().values();
        for (agreement, signed) in agreements.filter_map(|agreement| Some((agreement, agreement.sign_date?))) {
            selection.consider(Alike::one(Record::Agreement(agreement, signed)), &mut sides, emit);
        }
    }
    selection.notes
}

/// What is asked of each record: by a measure, or by a part of a sum.
struct Ask<'d> {
    measure: usize,
    over_events: bool,
    /// Which things it counts, if it does.
    counts: Option<(Things, bool)>,
    sieve: Sieve<'d>,
}

/// A record, which may stand for several events alike.
#[derive(Debug, Clone, Copy)]
struct Alike<'a> {
    record: Record<'a>,
    /// What the events are together, if they are several.
    counts: Option<Counts>,
}

impl<'a> Alike<'a> {
    fn one(record: Record<'a>) -> Self {
        Self { record, counts: None }
    }

    fn records(self) -> i64 {
        self.counts.map_or(1, |counts| counts.events())
    }
}

struct Selection<'a, 'q, 'g, 'd> {
    ground: Ground<'a>,
    query: &'q Query,
    reach: &'q Reach,
    window: Window,
    groups: &'g mut Groups,
    needs: Needs,
    asks: Vec<Ask<'d>>,
    /// Items of aid are told apart.
    by_item: bool,
    /// If markers are counted.
    markers: Option<Markers<'a>>,
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

impl<'a, 'd> Selection<'a, '_, '_, 'd> {
    /// Asks every measure about the events of the window, those that are alike together.
    fn consider_bundled(&mut self, sides: &mut Sides, emit: &mut dyn FnMut(Found<'a, '_>)) {
        let bundled = self.bundled();
        for (one, counts) in bundled.bundles {
            let alike = Alike {
                record: Record::Event(one),
                counts: Some(counts),
            };
            self.consider(alike, sides, emit);
        }
        for fact in bundled.single {
            self.consider(Alike::one(Record::Event(fact)), sides, emit);
        }
    }

    /// The events of the window in bundles: of whole months as they were found before, if they were.
    fn bundled(&mut self) -> Bundled<'a> {
        let (facts, window) = (self.ground.facts, self.window);
        let kept: Vec<_> = match self.ground.keeping.filter(|_| self.needs.is_plain()) {
            None => Vec::new(),
            Some(keeping) => self.kept(keeping),
        };
        let mut kept = kept.into_iter();
        let mut bundler = self.bundler();
        for (_, days) in facts.months(window.start, window.end) {
            let Some(sums) = kept.next().flatten() else {
                let days = days.range(window.start..=window.end);
                days.for_each(|(_, day)| bundler.take(day));
                continue;
            };
            let fact = |day: &Date, place: &usize| Some(Packed::new(days.get(day)?, *place));
            for (day, place, counts) in &sums.alike {
                fact(day, place)
                    .into_iter()
                    .for_each(|one| bundler.take_sum(one, counts));
            }
            for (day, place) in &sums.single {
                fact(day, place).into_iter().for_each(|one| bundler.take_single(one));
            }
        }
        bundler.so_far()
    }

    /// What each month adds up to that lies in the window as a whole, found out now where it was not kept.
    fn kept(&mut self, keeping: Keeping<'a>) -> Vec<Option<Arc<Sums>>> {
        let (facts, window) = (self.ground.facts, self.window);
        let shape = Arc::new(Shape::new(self.query, window, &self.reach.events));
        let mut kept: Vec<_> = Vec::new();
        let mut unknown: Vec<_> = Vec::new();
        for (place, (first, days)) in facts.months(window.start, window.end).enumerate() {
            let whole = window.start <= first && first.last_of_month() <= window.end;
            let sums = whole.then(|| keeping.get(first, days, &shape)).flatten();
            if whole && sums.is_none() {
                unknown.push((place, first, days));
            }
            kept.push(sums);
        }
        // Where periods are told apart, each month has classes of its own, which the next one has no use for.
        let together = if self.query.group_by.iter().any(|key| key.is_period()) {
            1
        } else {
            unknown.len().max(1)
        };
        for months in unknown.chunks(together) {
            let mut bundler = self.bundler();
            for (place, first, days) in months {
                days.values().for_each(|day| bundler.take(day));
                let sums = Arc::new(Sums::of(bundler.so_far()));
                keeping.put(*first, days, &shape, &sums);
                kept[*place] = Some(sums);
            }
        }
        kept
    }

    fn bundler<'b>(&'b mut self) -> Bundler<'a, 'b, 'b, 'd> {
        let (query, units) = (self.query, self.ground.directory.hierarchy().len());
        let classes = Classes::new(query, self.window, &self.reach.events, &mut self.homes, units);
        Bundler::new(query, classes)
    }

    /// Asks every measure about a record, and all that it stands for.
    fn consider(&mut self, alike: Alike<'a>, sides: &mut Sides, emit: &mut dyn FnMut(Found<'a, '_>)) {
        let mut known = Known::default();
        for ask in 0..self.asks.len() {
            if self.asks[ask].sieve.admits(alike.record, self.window) {
                self.consider_for(ask, alike, sides, &mut known, emit);
            }
        }
    }

    fn consider_for(
        &mut self,
        ask: usize,
        alike: Alike<'a>,
        sides: &mut Sides,
        known: &mut Known,
        emit: &mut dyn FnMut(Found<'a, '_>),
    ) {
        let (record, records) = (alike.record, alike.records());
        if !std::mem::replace(&mut known.seen, true) {
            self.see(record, sides);
        }
        let hierarchy = self.ground.directory.hierarchy();
        let Ask {
            measure, counts, sieve, ..
        } = &mut self.asks[ask];
        let counts = *counts;
        let Some(partners) = sieve.partners(hierarchy, record.day(), &sides.partners) else {
            return;
        };
        let readable = *known.readable.get_or_insert_with(|| self.reach.allows(record));
        if readable && !std::mem::replace(&mut known.noted_homes, true) {
            self.notes.take(&sides.homes, !sides.inside.is_empty(), records);
        }
        if sides.inside.is_empty() {
            return;
        }
        if readable && sieve.places_partners && !std::mem::replace(&mut known.noted_partners, true) {
            self.notes.take_partners(&partners, records);
        }
        let markers = match counts {
            Some((Things::Markers, _)) => along(self.markers.as_ref(), record, &self.ground.facts.symbols),
            _ => None,
        };
        let adds = match counts {
            None => alike
                .counts
                .map_or_else(|| sieve.amount(record), |counts| sieve.sum(counts)),
            Some((Things::Markers, _)) if markers.is_none() => match alike.counts {
                None => Adds::Amount(None),
                Some(_) => Adds::Sum(Amount::ZERO, records),
            },
            Some((_, true)) => Adds::Repeated,
            Some((_, false)) => Adds::Once,
        };
        let counted = counts.and_then(|(things, _)| match things {
            Things::Units(side) => Some(side),
            Things::Markers => None,
        });
        let things = match counts {
            None => Vec::new(),
            Some((Things::Units(Side::Home), _)) => shown(&sides.inside),
            Some((Things::Units(Side::Partner), _)) => shown(&partners),
            Some((Things::Markers, _)) => markers.unwrap_or_default(),
        };
        // With all partners, no units counted and no items told apart, a record is divided alike for every measure.
        let same = counts.is_none() && !self.by_item && matches!(partners, Cow::Borrowed(_));
        let parts = if same { &mut sides.whole } else { &mut sides.parts };
        if !same || !std::mem::replace(&mut known.divided, true) {
            let divided = Divided {
                record,
                homes: &sides.inside,
                partners: &partners,
                counted,
            };
            part::divide(self.query, self.window, hierarchy, self.groups, divided, parts);
        }
        if !same {
            for part in parts.iter_mut() {
                if counted.is_none() {
                    part.things.clone_from(&things);
                }
                part.adds = part.group.iter().find_map(|value| match value {
                    Value::AidItem(item) => sieve.of_item(record, *item),
                    _ => None,
                });
            }
        }
        emit(Found {
            measure: *measure,
            records,
            readable,
            record,
            adds,
            things: &things,
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
        if self.needs.partners || matches!(record, Record::Agreement(..)) {
            let partners = record.partners().iter();
            sides
                .partners
                .extend(partners.map(|unit| self.partners.see(*unit, day)));
        }
    }
}

/// The units as what they count, each once.
fn shown(seen: &[Seen]) -> Vec<Thing> {
    let mut units = Vec::with_capacity(seen.len());
    for unit in seen.iter().filter_map(|seen| seen.shown).map(Thing::Unit) {
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    units
}

/// The markers along the stretch of an event, if it names one that is known.
fn along(markers: Option<&Markers<'_>>, record: Record<'_>, symbols: &Symbols) -> Option<Vec<Thing>> {
    let Record::Event(fact) = record else { return None };
    let stretch = fact.extra()?.stretch?;
    let markers = markers?.along(stretch.map(|id| symbols.text(id)))?;
    Some(markers.iter().copied().map(Thing::Marker).collect())
}
