//! Texts in their order, their spellings one behind the other, so that all of them are looked through in one go.

use std::{cmp::Reverse, sync::Arc};

use memchr::memmem::Finder;

use super::{
    Collection,
    rank::{Form, Pattern, Spelling},
};

/// Between two spellings stands what is in no pattern.
const BETWEEN: char = '\n';
/// How rare a part is, is guessed from so many samples of so many bytes.
const SAMPLES: usize = 32;
const SAMPLE_BYTES: usize = 2_048;

/// One text of a resource.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Order among texts that match equally well.
    pub number: i64,
    pub resource: Arc<str>,
    pub collection: Collection,
    pub text: Arc<str>,
    spelling: Arc<Spelling>,
    place: usize,
}

impl Row {
    pub fn new(resource: Arc<str>, collection: Collection, text: &str, spelling: Spelling) -> Self {
        Self {
            number: spelling.number(&resource, text),
            resource,
            collection,
            text: text.into(),
            spelling: Arc::new(spelling),
            place: 0,
        }
    }
}

/// All spellings of one form, and where each begins.
#[derive(Debug, Default)]
struct Line {
    text: String,
    starts: Vec<usize>,
}

impl Line {
    fn new<'a>(spellings: impl Iterator<Item = &'a str>) -> Self {
        let mut line = Self::default();
        for spelling in spellings {
            line.starts.push(line.text.len());
            line.text.push_str(spelling);
            line.text.push(BETWEEN);
        }
        line
    }

    fn start(&self, place: usize) -> usize {
        self.starts.get(place).copied().unwrap_or(self.text.len())
    }

    fn of(&self, place: usize) -> &str {
        let end = self.start(place + 1).saturating_sub(BETWEEN.len_utf8());
        &self.text[self.start(place)..end]
    }

    /// The places of the spellings that hold a part, in order, from a place on.
    fn holding<'a>(&'a self, part: &'a str, from: usize) -> impl Iterator<Item = usize> + 'a {
        let finder = Finder::new(part);
        let mut at = self.start(from);
        std::iter::from_fn(move || {
            let found = at + finder.find(&self.text.as_bytes()[at..])?;
            let place = self.starts.partition_point(|start| *start <= found) - 1;
            at = self.start(place + 1);
            Some(place)
        })
    }

    /// How often a part stands in samples of the text.
    fn sampled(&self, part: &str) -> usize {
        let bytes = self.text.as_bytes();
        let finder = Finder::new(part);
        let step = (bytes.len() / SAMPLES).max(SAMPLE_BYTES);
        let samples = bytes.chunks(step).map(|chunk| &chunk[..chunk.len().min(SAMPLE_BYTES)]);
        samples.map(|sample| finder.find_iter(sample).count()).sum()
    }
}

/// Rows in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    rows: Vec<Row>,
    by_resource: Vec<usize>,
    exact: Line,
    folded: Line,
}

impl Shelf {
    /// Puts rows in order.
    pub fn new(mut rows: Vec<Row>) -> Self {
        rows.sort_by(|left, right| {
            let (left, right) = [left, right].map(|row| (row.number, &row.resource, &row.text)).into();
            left.cmp(&right)
        });
        for (place, row) in rows.iter_mut().enumerate() {
            row.place = place;
        }
        let mut by_resource: Vec<usize> = (0..rows.len()).collect();
        by_resource.sort_by(|left, right| rows[*left].resource.cmp(&rows[*right].resource));
        Self {
            exact: Line::new(rows.iter().map(|row| row.spelling.exact.as_str())),
            folded: Line::new(rows.iter().map(|row| row.spelling.folded.as_str())),
            by_resource,
            rows,
        }
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// The rows of one resource.
    pub fn of_resource<'a>(&'a self, resource: &'a str) -> impl Iterator<Item = &'a Row> + 'a {
        let first = self
            .by_resource
            .partition_point(|place| *self.rows[*place].resource < *resource);
        self.by_resource[first..]
            .iter()
            .map(|place| &self.rows[*place])
            .take_while(move |row| *row.resource == *resource)
    }

    /// The exact and the folded spelling of a row of this shelf.
    pub fn spellings(&self, row: &Row) -> (&str, &str) {
        (self.exact.of(row.place), self.folded.of(row.place))
    }

    /// The rows that match a pattern, in order, after a number.
    pub fn matching<'a>(&'a self, pattern: &'a Pattern, after: i64) -> impl Iterator<Item = &'a Row> + 'a {
        let line = match pattern.form {
            Form::Exact => &self.exact,
            Form::Folded => &self.folded,
        };
        // The rarest part is looked for; of those equally rare the longest. The others are then seen in few spellings.
        let rarity = |part: &&String| (line.sampled(part), Reverse(part.len()));
        let rarest = pattern.parts.iter().min_by_key(rarity);
        let from = self.rows.partition_point(|row| row.number <= after);
        let places = rarest.into_iter().flat_map(move |part| line.holding(part, from));
        places
            .filter(move |place| pattern.parts.iter().all(|part| line.of(*place).contains(part.as_str())))
            .map(|place| &self.rows[place])
    }
}
