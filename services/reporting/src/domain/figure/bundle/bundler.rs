//! The bundler: goes through days and takes together what is alike.

use std::sync::Arc;

use banggiao_model::hierarchy::Key;

use super::{
    super::quick::Map,
    Bundled, Counts, Needs,
    class::{self, Classes, OUTSIDE, UNSEEN},
};
use crate::domain::{
    day::{Day, Front, Packed},
    facts::Index,
    query::Query,
    symbol::Symbol,
};

/// Room for so many kinds of events in each row at first.
const ROOM: usize = 32;
/// Of a type and direction that was not met yet: no row is so long.
const UNMET: u32 = u32::MAX;
/// After so many events what they add is put away before it could overflow.
const EVENTS_MAX: u32 = (1 << 24) - 1;

/// What is alike in some events where partners or programmes matter, too: row, kind, partner and programme.
type Particulars = (u32, u16, Option<Key>, Option<Symbol>);

/// Takes together what is alike.
pub struct Bundler<'a, 'q, 'l, 'd> {
    classes: Classes<'q, 'l, 'd>,
    needs: Needs,
    index: Index,
    /// By type and direction, up to the last one met, numbered as they are met, so that cells lie close together.
    kinds: Vec<u32>,
    kinds_met: u32,
    /// Room for so many kinds in each row.
    room: usize,
    /// By row, then by kind. What is in the rows of [`OUTSIDE`] is never asked for.
    cells: Vec<Counts>,
    particular: Map<Particulars, Counts>,
    /// The days whose events are in the cells, with the number of their first event.
    days: Vec<(u32, &'a Arc<Day>)>,
    /// The number of the next event.
    next: u32,
    /// How many events are in the cells.
    events: u32,
    bundled: Bundled<'a>,
}

impl<'a, 'q, 'l, 'd> Bundler<'a, 'q, 'l, 'd> {
    /// A bundler that has seen no day yet.
    pub fn new(query: &Query, classes: Classes<'q, 'l, 'd>) -> Self {
        Self {
            classes,
            needs: Needs::of(query),
            index: query.index(),
            kinds: Vec::new(),
            kinds_met: 0,
            room: ROOM,
            cells: vec![Counts::default(); 2 * ROOM],
            particular: Map::default(),
            days: Vec::new(),
            next: 0,
            events: 0,
            bundled: Bundled::default(),
        }
    }

    /// Bundles the events of the next day.
    pub fn take(&mut self, day: &'a Arc<Day>) {
        let (fronts, index) = (day.fronts(), self.index);
        let events = u32::try_from(fronts.len()).unwrap_or(u32::MAX);
        let standing = (0..fronts.len()).filter(|place| fronts[*place].stands_in(index));
        let first = self.enter(day, events);
        if events > EVENTS_MAX {
            self.bundled
                .single
                .extend(standing.map(|place| Packed::new(day, place)));
        } else if self.needs.is_plain() {
            self.take_alone(day, first);
            self.take_others(day, first);
        } else {
            standing.for_each(|place| self.take_one(day, first, place));
        }
        self.events = self.events.saturating_add(events);
    }

    /// Begins a day, or goes on with it, with room for so many more events; says which number its first event has.
    fn enter(&mut self, day: &'a Arc<Day>, events: u32) -> u32 {
        let length = u32::try_from(day.fronts().len()).unwrap_or(u32::MAX);
        let full = |sum: u32, more: u32| sum.saturating_add(more) > EVENTS_MAX;
        match self.days.last() {
            Some((first, last)) if Arc::ptr_eq(last, day) && !full(self.events, events) => return *first,
            _ => {}
        }
        if full(self.next, length) || full(self.events, events) {
            self.put_away();
        }
        self.classes.enter(day.date());
        let first = self.next;
        self.days.push((first, day));
        self.next = first.saturating_add(length);
        first
    }

    /// Bundles what some events were found to be together. They are alike, so whatever is true of one of them is true of
    /// all.
    pub fn take_sum(&mut self, one: Packed<'a>, counts: &Counts) {
        let (day, place) = one.place();
        let first = self.enter(day, counts.how_many());
        let front = &day.fronts()[place];
        let row = self.row(one, front);
        if row == UNSEEN {
            self.bundled.bundles.push((one, *counts));
            return;
        }
        self.cell(row, front.kind()).add_all(counts, first + place as u32);
        self.events += counts.how_many();
    }

    /// Takes an event as it is.
    pub fn take_single(&mut self, one: Packed<'a>) {
        self.bundled.single.push(one);
    }

    /// What was bundled since it was asked last.
    pub fn so_far(&mut self) -> Bundled<'a> {
        self.put_away();
        std::mem::take(&mut self.bundled)
    }

    /// The row of an event; [`UNSEEN`] if it is like no other.
    fn row(&mut self, one: Packed<'a>, front: &Front) -> u32 {
        let (date, classified) = (one.day(), front.classified());
        match *one.homes() {
            _ if front.is_whole() => UNSEEN,
            [home] => self.classes.of(home, classified, date),
            [first, second] => self.classes.of_two([first, second], classified, date),
            _ => UNSEEN,
        }
    }

    /// Adds the events with one home unit.
    fn take_alone(&mut self, day: &'a Arc<Day>, first: u32) {
        let mut place = self.run(day, first, 0);
        while let Some(front) = day.fronts().get(place) {
            if front.stands_alone_in(self.index) {
                self.take_one(day, first, place);
            }
            place = self.run(day, first, place + 1);
        }
    }

    /// Adds the events with several home units, and those that do not fit.
    fn take_others(&mut self, day: &'a Arc<Day>, first: u32) {
        for (place, homes) in day.several_homes() {
            let front = &day.fronts()[place];
            if front.stands_in(self.index) && !self.take_two(front, homes, first + place as u32) {
                self.take_one(day, first, place);
            }
        }
        for place in day.not_fitting() {
            if day.fronts()[place].stands_in(self.index) {
                self.take_one(day, first, place);
            }
        }
    }

    /// Adds events with one home unit for as long as nothing has to be thought about, and says where it stopped. By far the
    /// most events are added here, so it asks nothing twice, calls nobody, and takes the same way with those that do not
    /// count here: they are put where nobody looks.
    fn run(&mut self, day: &Day, first: u32, from: usize) -> usize {
        let (classes, kinds, cells) = (&self.classes, &*self.kinds, &mut *self.cells);
        let (index, room) = (self.index, self.room);
        for (place, front) in day.fronts().iter().enumerate().skip(from) {
            let row = classes.known(front.home, front.classified());
            let row = if front.stands_alone_in(index) { row } else { OUTSIDE };
            let kind = kinds.get(usize::from(front.kind())).copied().unwrap_or(UNMET);
            match cells.get_mut(row as usize * room + kind as usize) {
                Some(counts) => counts.add(front, first + place as u32),
                None => return place,
            }
        }
        day.fronts().len()
    }

    /// Adds an event with two home units if nothing has to be thought about; says whether it did.
    fn take_two(&mut self, front: &Front, homes: &[Key], number: u32) -> bool {
        let [first, second] = *homes else { return false };
        let row = self.classes.known_two([first, second], front.classified());
        let kind = self.kinds.get(usize::from(front.kind())).copied().unwrap_or(UNMET);
        match self.cells.get_mut(row as usize * self.room + kind as usize) {
            Some(counts) => {
                counts.add(front, number);
                true
            }
            None => false,
        }
    }

    /// Adds any event that stands.
    fn take_one(&mut self, day: &'a Arc<Day>, first: u32, place: usize) {
        let (one, front) = (Packed::new(day, place), &day.fronts()[place]);
        let row = self.row(one, front);
        if class::number(row) == OUTSIDE {
            return;
        }
        let number = first + place as u32;
        let singled =
            self.needs.quantities && day.has_quantities(place) || self.needs.extras && day.extra(place).is_some();
        let counts = if row == UNSEEN || singled {
            None
        } else if self.needs.partners || self.needs.programmes {
            self.particular(row, front)
        } else {
            Some(self.cell(row, front.kind()))
        };
        match counts {
            Some(counts) => counts.add(front, number),
            None => self.bundled.single.push(one),
        }
    }

    /// The cell of a row and kind.
    fn cell(&mut self, row: u32, kind: u16) -> &mut Counts {
        let kind = match self.kinds.get(usize::from(kind)) {
            Some(known) if *known != UNMET => *known,
            _ => self.meet(kind.into()),
        };
        let cell = row as usize * self.room + kind as usize;
        if cell >= self.cells.len() {
            self.cells
                .resize((cell + 1).next_multiple_of(self.room), Counts::default());
        }
        &mut self.cells[cell]
    }

    /// Numbers a kind, and makes more room in each row if there is none for it.
    #[cold]
    fn meet(&mut self, kind: usize) -> u32 {
        if self.kinds_met as usize == self.room {
            let mut cells = Vec::with_capacity(self.cells.len() * 2);
            for of_row in self.cells.chunks(self.room) {
                cells.extend_from_slice(of_row);
                cells.resize(cells.len() + self.room, Counts::default());
            }
            (self.cells, self.room) = (cells, self.room * 2);
        }
        if self.kinds.len() <= kind {
            self.kinds.resize(kind + 1, UNMET);
        }
        self.kinds[kind] = self.kinds_met;
        self.kinds_met += 1;
        self.kinds[kind]
    }

    /// The cell where partners or programmes matter; nothing if there are several of those.
    fn particular(&mut self, row: u32, front: &Front) -> Option<&mut Counts> {
        let partner = if self.needs.partners {
            front.partners()?.first().copied()
        } else {
            None
        };
        let programme = if self.needs.programmes {
            front.programme()?
        } else {
            None
        };
        Some(
            self.particular
                .entry((row, front.kind(), partner, programme))
                .or_default(),
        )
    }

    /// Makes bundles of the cells, and empties them.
    fn put_away(&mut self) {
        self.cells[..2 * self.room].fill(Counts::default());
        let cells = self.cells.iter_mut().chain(self.particular.values_mut());
        for counts in cells.filter(|counts| counts.events() > 0) {
            let counts = std::mem::take(counts);
            let day = self.days.partition_point(|(first, _)| *first <= counts.one) - 1;
            let (first, day) = self.days[day];
            let one = Packed::new(day, (counts.one - first) as usize);
            self.bundled.bundles.push((one, counts));
        }
        self.days.clear();
        (self.next, self.events) = (0, 0);
    }
}
