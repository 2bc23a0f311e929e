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
/// There are so many types and directions.
const KINDS: usize = 1 << u16::BITS;
/// Of a type and direction that was not met yet: no row is so long.
const UNMET: u32 = u32::MAX;
/// After so many events what they add is put away before it could overflow.
const EVENTS_MAX: u32 = 1 << 24;

/// What is alike in some events where partners or programmes matter, too: row, kind, partner and programme.
type Particulars = (u32, u16, Option<Key>, Option<Symbol>);

/// Takes together what is alike.
pub struct Bundler<'a, 'q, 'l, 'd> {
    classes: Classes<'q, 'l, 'd>,
    needs: Needs,
    index: Index,
    /// By type and direction, numbered as they are met, so that cells lie close together.
    kinds: Vec<u32>,
    kinds_met: u32,
    /// Room for so many kinds in each row.
    room: usize,
    /// By row, then by kind. What is in the rows of [`OUTSIDE`] is never asked for.
    cells: Vec<Counts>,
    particular: Map<Particulars, Counts>,
    /// The days whose events are in the cells, with the number of their first event.
    days: Vec<(u32, &'a Arc<Day>)>,
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
            kinds: vec![UNMET; KINDS],
            kinds_met: 0,
            room: ROOM,
            cells: vec![Counts::default(); 2 * ROOM],
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
        let (fronts, index) = (day.fronts(), self.index);
        let events = u32::try_from(fronts.len()).unwrap_or(u32::MAX);
        let standing = (0..fronts.len()).filter(|place| fronts[*place].stands_in(index));
        if self.events.saturating_add(events) > EVENTS_MAX {
            self.put_away();
        }
        self.classes.enter(day.date());
        self.days.push((self.events, day));
        if events > EVENTS_MAX {
            self.bundled
                .single
                .extend(standing.map(|place| Packed::new(day, place)));
        } else if self.needs.is_plain() {
            self.take_alone(day);
            self.take_others(day);
        } else {
            standing.for_each(|place| self.take_one(day, place));
        }
        self.events += events;
    }

    /// Adds the events with one home unit.
    fn take_alone(&mut self, day: &'a Arc<Day>) {
        let mut place = self.run(day, 0);
        while let Some(front) = day.fronts().get(place) {
            if front.stands_alone_in(self.index) {
                self.take_one(day, place);
            }
            place = self.run(day, place + 1);
        }
    }

    /// Adds the events with several home units, and those that do not fit.
    fn take_others(&mut self, day: &'a Arc<Day>) {
        for (place, homes) in day.several_homes() {
            let front = &day.fronts()[place];
            if front.stands_in(self.index) && !self.take_two(front, homes, place) {
                self.take_one(day, place);
            }
        }
        for place in day.not_fitting() {
            if day.fronts()[place].stands_in(self.index) {
                self.take_one(day, place);
            }
        }
    }

    /// Adds events with one home unit for as long as nothing has to be thought about, and says where it stopped. By far the
    /// most events are added here, so it asks nothing twice, calls nobody, and takes the same way with those that do not
    /// count here: they are put where nobody looks.
    fn run(&mut self, day: &Day, from: usize) -> usize {
        let (classes, kinds, cells) = (&self.classes, &*self.kinds, &mut *self.cells);
        let (index, room, first) = (self.index, self.room, self.events);
        for (place, front) in day.fronts().iter().enumerate().skip(from) {
            let row = classes.known(front.home, front.classified());
            let row = if front.stands_alone_in(index) { row } else { OUTSIDE };
            let kind = kinds[usize::from(front.kind())];
            match cells.get_mut(row as usize * room + kind as usize) {
                Some(counts) => counts.add(front, first + place as u32),
                None => return place,
            }
        }
        day.fronts().len()
    }
    /// Adds an event with two home units if nothing has to be thought about; says whether it did.
    fn take_two(&mut self, front: &Front, homes: &[Key], place: usize) -> bool {
        let [first, second] = *homes else { return false };
        let row = self.classes.known_two([first, second], front.classified());
        let kind = self.kinds[usize::from(front.kind())];
        match self.cells.get_mut(row as usize * self.room + kind as usize) {
            Some(counts) => {
                counts.add(front, self.events + place as u32);
                true
            }
            None => false,
        }
    }

    /// Adds any event that stands.
    fn take_one(&mut self, day: &'a Arc<Day>, place: usize) {
        let (one, front) = (Packed::new(day, place), &day.fronts()[place]);
        let (date, classified) = (day.date(), front.classified());
        let row = match *one.homes() {
            _ if front.is_whole() => UNSEEN,
            [home] => self.classes.of(home, classified, date),
            [first, second] => self.classes.of_two([first, second], classified, date),
            _ => UNSEEN,
        };
        if class::number(row) == OUTSIDE {
            return;
        }
        let number = self.events + place as u32;
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
        let kind = usize::from(kind);
        if self.kinds[kind] == UNMET {
            self.meet(kind);
        }
        let cell = row as usize * self.room + self.kinds[kind] as usize;
        if cell >= self.cells.len() {
            self.cells
                .resize((cell + 1).next_multiple_of(self.room), Counts::default());
        }
        &mut self.cells[cell]
    }

    /// Numbers a kind, and makes more room in each row if there is none for it.
    #[cold]
    fn meet(&mut self, kind: usize) {
        if self.kinds_met as usize == self.room {
            let mut cells = Vec::with_capacity(self.cells.len() * 2);
            for of_row in self.cells.chunks(self.room) {
                cells.extend_from_slice(of_row);
                cells.resize(cells.len() + self.room, Counts::default());
            }
            (self.cells, self.room) = (cells, self.room * 2);
        }
        self.kinds[kind] = self.kinds_met;
        self.kinds_met += 1;
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
        self.events = 0;
    }
}
