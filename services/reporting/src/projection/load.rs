//! Loading: the facts as of a position, from the store, and whether they are what was stored.

use banggiao_directory::Directory;
use banggiao_model::date::Date;
use banggiao_store::{self as store, Store, cursor};

use super::FEED;
use crate::{
    domain::{digest::Digest, fact, facts::Facts},
    store::{digest, fact as stored},
};

/// The facts as they are stored now. If their digest is not the one that was kept beside them, they are all dropped, and
/// the journal is read again from its beginning: better no figures for a while than wrong ones.
pub async fn load(store: &Store, directory: &Directory) -> Result<Facts, store::Error> {
    loop {
        let (position, digest) = kept(store).await?;
        let facts = rebuild(store, directory, position.epoch, position.position, None).await?;
        let found = facts.digest.to_string();
        if found == digest {
            return Ok(facts);
        }
        // Another process may have moved on, or back, while this one was reading.
        if (position.position, &digest) == at(&kept(store).await?) {
            tracing::error!(
                position = position.position,
                kept = digest,
                found,
                "the facts are not those that were stored; all are dropped and read again from the journal"
            );
            begin_again(store, position.position, digest).await?;
        }
    }
}

fn at((position, digest): &(cursor::Model, String)) -> (i64, &String) {
    (position.position, digest)
}

/// The position and the digest that goes with it.
async fn kept(store: &Store) -> Result<(cursor::Model, String), store::Error> {
    loop {
        let position = cursor::read(store.reader(), FEED).await?;
        let digest = digest::read(store.reader(), FEED).await?;
        if cursor::read(store.reader(), FEED).await? == position {
            return Ok((position, digest));
        }
    }
}

/// Drops every fact, if nobody else has touched them meanwhile.
async fn begin_again(store: &Store, position: i64, digest: String) -> Result<(), store::Error> {
    let dropped = store.tx("fact.drop", move |tx| {
        let digest = digest.clone();
        async move {
            cursor::advance(&tx, FEED, position, 0, 0).await?;
            digest::advance(&tx, FEED, &digest, &Digest::default().to_string()).await?;
            stored::forget_after(&tx, 0).await
        }
    });
    match dropped.await {
        Err(store::Error::CursorMoved(_)) => Ok(()),
        dropped => dropped,
    }
}

/// The facts as of a position, from the store: all, or those of some days.
pub async fn rebuild(
    store: &Store,
    directory: &Directory,
    epoch: i64,
    position: i64,
    days: Option<&[(Date, Date)]>,
) -> Result<Facts, store::Error> {
    let mut facts = Facts::at(epoch, position);
    let mut after = 0;
    loop {
        let rows = stored::read_standing(store.reader(), after, position, days).await?;
        let Some(last) = rows.last() else {
            facts.shrink_to_fit();
            return Ok(facts);
        };
        after = last.log_index;
        for row in &rows {
            let fact = fact::read(&row.decode()?, directory.hierarchy(), &mut facts.symbols);
            let fact = fact.map_err(store::Error::Damaged)?;
            facts.put(&fact, row.was_newest(position), row.did_count(position));
        }
    }
}
