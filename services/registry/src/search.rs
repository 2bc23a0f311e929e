//! Search: the texts by which units, agreements, programmes and markers are found.
//!
//! The directory is in memory, and so are these. A whole country's texts are a few megabytes, which are looked through in
//! a millisecond or two: less than any index on disk needs for the common words that names of units are made of, and the
//! same on every database. What is compared is `banggiao_model::text::search`; how hits are ranked is in `rank`, and how
//! texts are laid out in `shelf`. It knows texts and names, and nothing of what a unit or an agreement is.

mod rank;
mod shelf;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

pub use rank::{Place, Rank};

use rank::{Asked, Pattern, Spelling};
use shelf::{Row, Shelf};

/// The most hits at once: a full page, and one that tells whether there is another.
pub const LIMIT_MAX: usize = 1_001;
/// So many matching texts are ranked by looking at them all; of more, one rank is looked for after the other.
const FEW: usize = 4_000;
/// So many texts are kept apart from the others before all are laid out anew.
const FRESH_MAX: usize = 2_000;

/// Where a resource belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// `units/`
    Unit,
    /// `agreements/`
    Agreement,
    /// `programmes/`
    Programme,
    /// `markers/`
    Marker,
}

/// All texts by which one resource is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Name of the resource, as `units/tayninh`.
    pub resource: String,
    /// Where it belongs.
    pub collection: Collection,
    /// Names in every language, aliases, numbers, as they were written.
    pub texts: Vec<String>,
}

/// What is searched for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// As it was typed.
    pub text: String,
    /// Only in these; empty: everywhere.
    pub collections: Vec<Collection>,
    /// At most so many hits, and never more than [`LIMIT_MAX`].
    pub limit: usize,
    /// Only what comes after this hit's place.
    pub after: Option<Place>,
}

impl Query {
    fn asks_for(&self, row: &Row) -> bool {
        self.collections.is_empty() || self.collections.contains(&row.collection)
    }
}

/// A resource that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its name.
    pub resource: String,
    /// Where it belongs.
    pub collection: Collection,
    /// That of its texts which matches best, as it was written.
    pub text: String,
    /// Where it stands among all hits of the query.
    pub place: Place,
}

/// The texts of everything that can be found. What was put in last is kept apart, so that a single change is cheap.
#[derive(Debug, Clone, Default)]
pub struct Index {
    settled: Arc<Shelf>,
    fresh: Arc<Shelf>,
    /// Resources whose texts on the settled shelf no longer count.
    stale: Arc<HashSet<String>>,
}

impl Index {
    /// With the texts of each resource in the place of those it had; one without texts is no longer found. Of a resource
    /// that is named twice the last document counts.
    #[must_use]
    pub fn with(&self, documents: &[Document]) -> Self {
        if documents.is_empty() {
            return self.clone();
        }
        let newest: BTreeMap<&str, &Document> = documents
            .iter()
            .map(|document| (document.resource.as_str(), document))
            .collect();
        let kept = self.fresh.rows().filter(|row| !newest.contains_key(&*row.resource));
        let mut fresh: Vec<Row> = kept.cloned().collect();
        fresh.extend(newest.values().flat_map(|document| rows_of(document)));
        let mut stale = (*self.stale).clone();
        stale.extend(newest.keys().map(|resource| (*resource).to_owned()));
        if fresh.len() <= FRESH_MAX {
            return Self {
                settled: Arc::clone(&self.settled),
                fresh: Arc::new(Shelf::new(fresh)),
                stale: Arc::new(stale),
            };
        }
        let settled = self.settled.rows().filter(|row| !stale.contains(&*row.resource));
        Self {
            settled: Arc::new(Shelf::new(settled.cloned().chain(fresh).collect())),
            ..Self::default()
        }
    }

    /// The hits of a query, best first, one for each resource.
    ///
    /// Every word of the query must be in the text, in any order. A word of three letters or more may be any part of a
    /// word, one of two letters the beginning of a word, and a single letter is a whole word; of a script that puts no
    /// blanks between words, any part is found. What is no letter or digit only separates words; a query without words
    /// finds nothing. The order is that of [`Place`].
    #[must_use]
    pub fn find(&self, query: &Query) -> Vec<Hit> {
        let asked = Asked::of(&query.text);
        let limit = query.limit.min(LIMIT_MAX);
        let Some(widest) = asked.patterns().last() else {
            return Vec::new();
        };
        let mut hits = match self.few(&asked, widest, query) {
            Some(hits) => hits,
            None => self.by_rank(&asked, query, limit),
        };
        hits.truncate(limit);
        hits
    }

    /// All hits after the query's place, if few texts match at all.
    fn few(&self, asked: &Asked, widest: &Pattern, query: &Query) -> Option<Vec<Hit>> {
        let mut best: HashMap<&str, (Place, &Row)> = HashMap::new();
        let mut seen = 0;
        for (shelf, row) in self.matching(widest, 0) {
            seen += 1;
            if seen > FEW {
                return None;
            }
            let Some(place) = place(shelf, row, asked) else {
                continue;
            };
            let entry = best.entry(&row.resource).or_insert((place, row));
            if place < entry.0 {
                *entry = (place, row);
            }
        }
        let listed = best
            .into_values()
            .filter(|(place, row)| query.asks_for(row) && query.after.is_none_or(|after| *place > after));
        let mut hits: Vec<Hit> = listed.map(|(place, row)| hit(row, place)).collect();
        hits.sort_unstable_by_key(|hit| hit.place);
        Some(hits)
    }

    /// The first hits after the query's place, one rank after the other, each shelf in its order.
    fn by_rank(&self, asked: &Asked, query: &Query, limit: usize) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for pattern in asked.patterns() {
            let after = match query.after {
                Some(after) if after.rank > pattern.rank => continue,
                Some(after) if after.rank == pattern.rank => after.number,
                _ => 0,
            };
            let wanted = limit - hits.len();
            let mut found: Vec<Hit> = Vec::new();
            for shelf in [&*self.settled, &*self.fresh] {
                let of_shelf = self.on(shelf, pattern, after).filter(|row| query.asks_for(row));
                let of_rank = of_shelf.filter_map(|row| {
                    let place = place(shelf, row, asked).filter(|place| place.rank == pattern.rank)?;
                    let best = shelf
                        .of_resource(&row.resource)
                        .filter_map(|other| self::place(shelf, other, asked));
                    (best.min() == Some(place)).then(|| hit(row, place))
                });
                found.extend(of_rank.take(wanted));
            }
            found.sort_unstable_by_key(|hit| hit.place);
            found.truncate(wanted);
            hits.extend(found);
            if hits.len() >= limit {
                break;
            }
        }
        hits
    }

    /// The rows of both shelves that match a pattern.
    fn matching<'a>(&'a self, pattern: &'a Pattern, after: i64) -> impl Iterator<Item = (&'a Shelf, &'a Row)> {
        let shelves = [&*self.settled, &*self.fresh];
        shelves
            .into_iter()
            .flat_map(move |shelf| self.on(shelf, pattern, after).map(move |row| (shelf, row)))
    }

    /// The rows of a shelf that match a pattern and still count, in order, after a number.
    fn on<'a>(&'a self, shelf: &'a Shelf, pattern: &'a Pattern, after: i64) -> impl Iterator<Item = &'a Row> {
        let settled = std::ptr::eq(shelf, &*self.settled);
        shelf
            .matching(pattern, after)
            .filter(move |row| !(settled && self.stale.contains(&*row.resource)))
    }
}

fn place(shelf: &Shelf, row: &Row, asked: &Asked) -> Option<Place> {
    let (exact, folded) = shelf.spellings(row);
    let rank = asked.rank(exact, folded)?;
    Some(Place {
        rank,
        number: row.number,
    })
}

fn hit(row: &Row, place: Place) -> Hit {
    Hit {
        resource: row.resource.to_string(),
        collection: row.collection,
        text: row.text.to_string(),
        place,
    }
}

/// The rows of a document; a text that is there twice is one, and one without words is none.
fn rows_of(document: &Document) -> Vec<Row> {
    let texts: BTreeSet<&str> = document.texts.iter().map(String::as_str).collect();
    let resource: Arc<str> = document.resource.as_str().into();
    let rows = texts.into_iter().filter_map(|text| {
        let spelling = Spelling::of(text)?;
        Some(Row::new(Arc::clone(&resource), document.collection, text, spelling))
    });
    rows.collect()
}
