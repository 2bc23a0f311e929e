//! A column for what only some facts of a day have, or have several of: values by place, those of one fact together.

use std::ops::Range;

/// Values by place, in order.
#[derive(Debug, Clone)]
pub struct Side<T> {
    places: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for Side<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<T> Side<T> {
    /// Adds the values of the last fact.
    pub fn push(&mut self, place: usize, values: impl IntoIterator<Item = T>) {
        for value in values {
            push(&mut self.places, narrow(place));
            push(&mut self.values, value);
        }
    }

    /// The values of a fact.
    pub fn of(&self, place: usize) -> &[T] {
        &self.values[self.range(place)]
    }

    /// Takes a fact out; all after it move up.
    pub fn remove(&mut self, place: usize) {
        let range = self.range(place);
        self.places.drain(range.clone());
        self.values.drain(range.clone());
        self.places[range.start..].iter_mut().for_each(|place| *place -= 1);
    }

    /// The facts that have values, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[T])> {
        let mut rest = &*self.values;
        self.places.chunk_by(PartialEq::eq).map(move |same| {
            let (values, others) = rest.split_at(same.len());
            rest = others;
            (same[0] as usize, values)
        })
    }

    pub fn shrink_to_fit(&mut self) {
        self.places.shrink_to_fit();
        self.values.shrink_to_fit();
    }

    fn range(&self, place: usize) -> Range<usize> {
        let before = |bound: u32| self.places.partition_point(|known| *known < bound);
        let place = narrow(place);
        before(place)..before(place + 1)
    }
}

/// A day of 4,000,000,000 facts does not fit into memory.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX - 1)
}

/// Adds an entry to a column, which grows by an eighth: doubled, millions of facts would take room that nobody uses.
pub fn push<T>(column: &mut Vec<T>, entry: T) {
    if column.len() == column.capacity() {
        column.reserve_exact(column.len() / 8 + 2);
    }
    column.push(entry);
}
