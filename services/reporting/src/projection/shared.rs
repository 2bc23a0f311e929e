//! What another process did on the same database: taken over from there, without beginning again where it only went on.

use banggiao_store::{self as store, Store, cursor};

use super::{FEED, Projection, load, order, reader::Error};
use crate::{
    domain::{
        book::Book,
        fact::{self, Fact},
        facts::Facts,
    },
    store::{fact as stored, standing},
};

/// Takes over what another process has stored beyond the memory, and shows it. It begins again with all that is stored if
/// that process went back: gave up what a recovered journal gave up, or read everything anew.
///
/// # Errors
/// If it cannot be read. Nothing is shown then.
pub async fn take_over(projection: &Projection) -> Result<(), Error> {
    let stored = cursor::read(projection.store.reader(), FEED).await?;
    let mut facts = (**projection.current.borrow()).clone();
    if facts.position == 0 {
        facts.epoch = stored.epoch;
    }
    if facts.epoch == stored.epoch && follow(projection, &mut facts, stored.position).await? {
        tracing::debug!(position = facts.position, "what another process stored was taken over");
    } else {
        tracing::warn!(
            position = stored.position,
            "another process has changed what was read; it is read from the database again"
        );
        facts = load::load(&projection.store, &projection.directory()).await?;
        projection.kept.clear();
        #[cfg(test)]
        projection.loaded.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    projection.publish(facts);
    Ok(())
}

/// Enters what is stored up to a position that is ahead. Says whether everything was there.
async fn follow(projection: &Projection, facts: &mut Facts, until: i64) -> Result<bool, Error> {
    if until <= facts.position {
        return Ok(false);
    }
    while facts.position < until {
        let rows = stored::read_after(projection.store.reader(), facts.position, until).await?;
        let in_order = rows.iter().zip(facts.position + 1..);
        if rows.is_empty() || !in_order.into_iter().all(|(row, expected)| row.log_index == expected) {
            return Ok(false);
        }
        let revisions: Result<Vec<_>, _> = rows.iter().map(stored::Model::decode).collect();
        let revisions = revisions?;
        let registry_position = order::registry_position(&revisions);
        let directory = projection.follower.at_least(registry_position).await?;
        let mut entries = Vec::with_capacity(revisions.len());
        for revision in &revisions {
            let entry = fact::read(revision, directory.hierarchy(), &mut facts.symbols);
            entries.push(entry.map_err(Error::Damaged)?);
        }
        let mut book = book(&projection.store, &entries, facts.position).await?;
        for entry in &entries {
            book.enter(facts, entry);
        }
    }
    Ok(true)
}

/// Where the events of some revisions stood as of a position. First revisions have nothing before them.
pub async fn book(store: &Store, entries: &[Fact], as_of: i64) -> Result<Book, store::Error> {
    let again = entries.iter().filter(|entry| entry.revision > 1);
    let events: Vec<&str> = again.map(|entry| &*entry.event).collect();
    let mut book = Book::default();
    for row in standing::of(store.reader(), &events, as_of).await? {
        let (placed, stands) = (row.placed()?, book.standing(&row.event_id));
        if row.was_newest(as_of) {
            stands.newest = Some(placed);
        }
        if row.did_count(as_of) {
            stands.counted = Some(placed);
        }
    }
    Ok(book)
}
