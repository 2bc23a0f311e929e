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

/// Room for so many kinds of events in each class at first.
const KINDS: usize = 32;
/// Of a type and direction that was not met yet.
const UNMET: u16 = u16::MAX;
/// After so many events what they add is put away before it could overflow.
const EVENTS_MAX: u32 = 1 << 24;

/// What is alike in some events where partners or programmes matter, too: class, whether they may be read, kind, partner
/// and programme.
type Particulars = (u32, bool, usize, Option<Key>, Option<Symbol>);

/// Takes together what is alike.
pub struct Bundler<'a, 'q, 'l, 'd> {
    classes: Classes<'q, 'l, 'd>,
    needs: Needs,
    index: Index,
    /// By type and direction, numbered as they are met, so that cells lie close together.
    kinds: Vec<u16>,
    kinds_met: u16,
    /// Room for so many kinds in each class.
    room: usize,
    /// By class, then by kind, then by whether they may be read.
    cells: Vec<Counts>,
    particular: Map<Particulars, Counts>,
    /// The days whose events are in the cells, with the number of their first event.
    days: Vec<(u32, &'a Arc<Day>)>,
    events: u32,
    bundled: Bundled<'a>,
}

impl<'a, 'q, 'l, 'd> Bundler<'a, 'q, 'l, 'd> {
    /// A bundler that has seen no day yet. There are so many symbols.
    pub fn new(query: &Query, classes: Classes<'q, 'l, 'd>, symbols: usize) -> Self {
        Self {
            classes,
            needs: Needs::of(query),
            index: query.index(),
            kinds: vec![UNMET; symbols * 4],
            kinds_met: 0,
            room: KINDS,
            cells: Vec::new(),
            particular: Map::default(),
            days: Vec::new(),
            events: 0,
            bundled: Bundled::default(),
        }
    }

    /// What was bundled.
    pub fn end(mut self) -> Bundled<'a> {
        self.put_away();
        self.bundled
    }

    /// Bundles the events of the next day.
    pub fn take(&mut self, day: &'a Arc<Day>) {
        let events = u32::try_from(day.fronts().len()).unwrap_or(u32::MAX);
        if self.events.saturating_add(events) > EVENTS_MAX {
            self.put_away();
        }
        self.classes.enter(day.date());
        self.days.push((self.events, day));
        let (mut place, mut begin) = (0, 0);
        while place < day.fronts().len() {
            if self.needs.is_plain() {
                place = self.run(day, place, &mut begin);
            }
            if day.fronts().get(place).is_some_and(|front| front.stands_in(self.index)) {
                self.take_one(day, place, &mut begin);
            }
            place += 1;
        }
        self.events += events;
    }

    /// Adds events for as long as nothing has to be thought about, and says where it stopped. By far the most events are
    /// added here, so it asks nothing twice and calls nobody.
    fn run(&mut self, day: &Day, from: usize, begin: &mut usize) -> usize {
        let (classes, kinds, cells) = (&self.classes, &*self.kinds, &mut *self.cells);
        let (index, room, first) = (self.index, self.room, self.events);
        for (place, front) in day.fronts().iter().enumerate().skip(from) {
            let here = *begin;
            let class = if front.stands_alone_in(index) {
                classes.known(front.home)
            } else if !front.stands_in(index) {
                continue;
            } else if let [first, second] = *day.next_homes(begin, place) {
                classes.known_two([first, second])
            } else {
                UNSEEN
            };
            if class::number(class) == OUTSIDE {
                continue;
            }
            let kind = kinds[front.kind()];
            let readable = class::is_readable(class, front.classified());
            let cell = (class::number(class) as usize * room + usize::from(kind)) * 2 + usize::from(readable);
            match cells.get_mut(cell) {
                Some(counts) if kind != UNMET && class != UNSEEN => counts.add(front, first + place as u32),
                _ => {
                    *begin = here;
                    return place;
                }
            }
        }
        day.fronts().len()
    }

    /// Adds any event that stands.
    fn take_one(&mut self, day: &'a Arc<Day>, place: usize, begin: &mut usize) {
        let front = &day.fronts()[place];
        let homes = if front.has_one_home() {
            [front.home; 2]
        } else if let [first, second] = *day.next_homes(begin, place) {
            [first, second]
        } else {
            self.bundled.single.push(Packed::new(day, place));
            return;
        };
        let class = self.classes.of_two(homes, day.date());
        if class::number(class) == OUTSIDE {
            return;
        }
        let readable = class::is_readable(class, front.classified());
        let number = self.events + place as u32;
        let counts = if self.needs.quantities && day.has_quantities(place) {
            None
        } else if self.needs.partners || self.needs.programmes {
            self.particular(class::number(class), front, readable)
        } else {
            Some(self.cell(class::number(class), front.kind(), readable))
        };
        match counts {
            Some(counts) => counts.add(front, number),
            None => self.bundled.single.push(Packed::new(day, place)),
        }
    }

    /// The cell of a class and kind.
    fn cell(&mut self, class: u32, kind: usize, readable: bool) -> &mut Counts {
        if self.kinds[kind] == UNMET {
            self.meet(kind);
        }
        let cell = class as usize * self.room + usize::from(self.kinds[kind]);
        let cell = cell * 2 + usize::from(readable);
        if cell >= self.cells.len() {
            let row = self.room * 2;
            self.cells.resize((cell + 1).next_multiple_of(row), Counts::default());
        }
        &mut self.cells[cell]
    }

    /// Numbers a kind, and makes more room in each class if there is none for it.
    #[cold]
    fn meet(&mut self, kind: usize) {
        if usize::from(self.kinds_met) == self.room {
            let row = self.room * 2;
            let mut cells = Vec::with_capacity(self.cells.len() * 2);
            for of_class in self.cells.chunks(row) {
                cells.extend_from_slice(of_class);
                cells.resize(cells.len() + row, Counts::default());
            }
            (self.cells, self.room) = (cells, row);
        }
        self.kinds[kind] = self.kinds_met;
        self.kinds_met += 1;
    }

    /// The cell where partners or programmes matter; nothing if there are several of those.
    fn particular(&mut self, class: u32, front: &Front, readable: bool) -> Option<&mut Counts> {
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
        let particulars = (class, readable, front.kind(), partner, programme);
        Some(self.particular.entry(particulars).or_default())
    }

    /// Makes bundles of the cells, and empties them.
    fn put_away(&mut self) {
        let cells = self.cells.iter_mut().chain(self.particular.values_mut());
        for counts in cells.filter(|counts| counts.events > 0) {
            let counts = std::mem::take(counts);
            let day = self.days.partition_point(|(first, _)| *first <= counts.one) - 1;
            let (first, day) = self.days[day];
            let one = Packed::new(day, (counts.one - first) as usize);
            self.bundled.bundles.push((one, counts));
        }
        self.days.clear();
        self.events = 0;
    }
}
