//! Search: the texts by which units, agreements, programmes and markers are found, on both databases behind one query.
//!
//! Each text is a row whose number is its order: shorter texts first. Trigrams of the two spellings are indexed by
//! SQLite's FTS5 and PostgreSQL's `pg_trgm`, and texts are walked in that order until a page is full, so that a word that
//! stands in nearly every one of them need not be sorted first. What is compared is `banggiao_model::text::search`; how hits are
//! ranked is in `rank`. It knows texts and names, and nothing of what a unit or an agreement is.

mod rank;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use banggiao_store::{Error, Tx};
use sea_orm::{ActiveValue::Set, QuerySelect, QueryTrait, entity::prelude::*};

pub use rank::{Place, Rank};
pub use table::{Collection, create, indexed_position, set_indexed_position};

use rank::{Asked, Spelling};
use table::{ActiveModel, Column, Entity};

/// The most hits of one page.
pub const LIMIT_MAX: usize = 1_000;
/// So many matching texts are ranked by reading them all.
const FEW: usize = 1_000;
/// So many resources are written by one statement, well below what either database binds.
const CHUNK: usize = 500;

/// All texts by which one resource is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Name of the resource, as `units/tayninh`.
    pub resource: String,
    /// Where it belongs.
    pub collection: Collection,
    /// Names in every language, aliases, ids, numbers, as they were written.
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

/// Puts the texts of each resource in the place of those it had; one without texts is no longer found. Of a resource
/// that is named twice the last document counts. The transaction holds the lock of the log's head, so that no other one
/// gives out the same numbers.
///
/// # Errors
/// If the database is away.
pub async fn replace(tx: &Tx, documents: &[Document]) -> Result<(), Error> {
    let newest: BTreeMap<&str, &Document> = documents
        .iter()
        .map(|document| (document.resource.as_str(), document))
        .collect();
    let newest: Vec<&Document> = newest.into_values().collect();
    for chunk in newest.chunks(CHUNK) {
        let resources = chunk.iter().map(|document| document.resource.as_str());
        Entity::delete_many()
            .filter(Column::Resource.is_in(resources))
            .exec(tx)
            .await?;
        let rows = number(tx, chunk).await?;
        for rows in rows.chunks(CHUNK) {
            Entity::insert_many(rows.iter().cloned())
                .exec_without_returning(tx)
                .await?;
        }
    }
    Ok(())
}

/// The rows of documents, each with a number that no other row has: of two texts with the same length and digest the
/// later one takes the next free number.
async fn number(tx: &Tx, documents: &[&Document]) -> Result<Vec<ActiveModel>, Error> {
    let mut rows = BTreeMap::new();
    for document in documents {
        let texts: BTreeSet<&str> = document.texts.iter().map(String::as_str).collect();
        for text in texts {
            let Some(spelling) = Spelling::of(text) else { continue };
            let number = spelling.number(&document.resource, text);
            let row = ActiveModel {
                number: Set(number),
                resource: Set(document.resource.clone()),
                collection: Set(document.collection),
                text: Set(text.to_owned()),
                exact: Set(spelling.exact),
                folded: Set(spelling.folded),
            };
            put(&mut rows, number, row);
        }
    }
    loop {
        let taken = taken(tx, rows.keys().copied().collect()).await?;
        if taken.is_empty() {
            return Ok(rows.into_values().collect());
        }
        for number in taken {
            if let Some(row) = rows.remove(&number) {
                put(&mut rows, number + 1, row);
            }
        }
    }
}

/// Gives a row the first free number.
fn put(rows: &mut BTreeMap<i64, ActiveModel>, first: i64, mut row: ActiveModel) {
    let mut number = first;
    while rows.contains_key(&number) {
        number += 1;
    }
    row.number = Set(number);
    rows.insert(number, row);
}

/// Those of the numbers that rows have already.
async fn taken(tx: &Tx, numbers: Vec<i64>) -> Result<Vec<i64>, Error> {
    let mut taken = Vec::new();
    for numbers in numbers.chunks(10 * CHUNK) {
        let rows = Entity::find()
            .select_only()
            .column(Column::Number)
            .filter(Column::Number.is_in(numbers.iter().copied()))
            .into_tuple::<i64>();
        taken.extend(rows.all(tx).await?);
    }
    Ok(taken)
}

/// The hits of a query, best first, one for each resource.
///
/// Every word of the query must be in the text, in any order. A word of three letters or more may be any part of a
/// word, one of two letters the beginning of a word, and a single letter is a whole word; of a script that puts no
/// blanks between words, any part is found. What is no letter or digit only separates words; a query without words
/// finds nothing. The order is that of [`Place`].
///
/// What costs most is a query of several common words that hardly ever stand together: then every text that has them is
/// looked at, but never more than that.
///
/// # Errors
/// If the database is away. No text is an error.
pub async fn find(db: &impl ConnectionTrait, query: &Query) -> Result<Vec<Hit>, Error> {
    let asked = Asked::of(&query.text);
    let limit = query.limit.min(LIMIT_MAX);
    let mut hits: Vec<Hit> = Vec::new();
    for (turn, pattern) in asked.patterns().iter().enumerate() {
        if turn == asked.turn_of_few()
            && hits.len() < limit
            && let Some(few) = find_among_few(db, &asked, query).await?
        {
            hits = few;
            break;
        }
        let mut after = match query.after {
            Some(after) if after.rank > pattern.rank => continue,
            Some(after) if after.rank == pattern.rank => after.number,
            _ => 0,
        };
        while hits.len() < limit {
            // Some candidates are of a better rank, or not the best text of their resource.
            let wanted = 2 * (limit - hits.len()) + 8;
            let numbers = table::candidates(db, pattern, &query.collections, after, wanted).await?;
            let Some(last) = numbers.last() else { break };
            after = *last;
            let mut found = best(db, &asked, &numbers).await?;
            found.retain(|hit| hit.place.rank == pattern.rank && numbers.binary_search(&hit.place.number).is_ok());
            hits.extend(found);
            if numbers.len() < wanted {
                break;
            }
        }
    }
    hits.truncate(limit);
    Ok(hits)
}

/// All hits after the query's place, if few texts match at all: it costs less to rank these here than to ask for one
/// rank after the other.
async fn find_among_few(db: &impl ConnectionTrait, asked: &Asked, query: &Query) -> Result<Option<Vec<Hit>>, Error> {
    let Some(widest) = asked.patterns().last() else {
        return Ok(Some(Vec::new()));
    };
    let numbers = table::candidates(db, widest, &query.collections, 0, FEW + 1).await?;
    if numbers.len() > FEW {
        return Ok(None);
    }
    let mut hits = best(db, asked, &numbers).await?;
    hits.retain(|hit| Some(hit.place) > query.after);
    Ok(Some(hits))
}

/// The best text of each resource that has one of these texts, best first.
async fn best(db: &impl ConnectionTrait, asked: &Asked, numbers: &[i64]) -> Result<Vec<Hit>, Error> {
    let resources = Entity::find()
        .select_only()
        .column(Column::Resource)
        .filter(Column::Number.is_in(numbers.iter().copied()))
        .into_query();
    let rows = Entity::find()
        .filter(Column::Resource.in_subquery(resources))
        .all(db)
        .await?;
    let mut best: HashMap<String, Hit> = HashMap::new();
    for row in rows {
        let Some(rank) = asked.rank(&row.exact, &row.folded) else {
            continue;
        };
        let place = Place {
            rank,
            number: row.number,
        };
        if best.get(&row.resource).is_none_or(|hit| place < hit.place) {
            let hit = Hit {
                resource: row.resource.clone(),
                collection: row.collection,
                text: row.text,
                place,
            };
            best.insert(row.resource, hit);
        }
    }
    let mut best: Vec<Hit> = best.into_values().collect();
    best.sort_unstable_by_key(|hit| hit.place);
    Ok(best)
}
