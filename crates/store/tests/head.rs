//! Positions come from the head row: gapless, in commit order, however many write.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use banggiao_store::{Error, Store, head};
use sea_orm::EntityTrait;
use tokio::task::JoinSet;

use crate::fixture::{append, entry, open, positions};

const WRITERS: usize = 8;
const ENTRIES: usize = 25;

/// Half of the writers use one handle, half another, as two processes would. Every fifth try gives up after its insert,
/// which must leave no gap.
pub async fn positions_are_gapless_under_many_writers(url: &str) {
    let stores = [open(url).await, open(url).await];
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read_along(stores[0].clone(), Arc::clone(&done)));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(stores[writer % 2].clone(), writer));
    }
    let told: Vec<i64> = writers.join_all().await.into_iter().flatten().collect();
    done.store(true, Ordering::Relaxed);
    let reads = reader.await.unwrap();
    assert!(reads > 0);

    let all = i64::try_from(WRITERS * ENTRIES).unwrap();
    assert_eq!(told.len(), WRITERS * ENTRIES);
    assert_eq!(told.iter().collect::<HashSet<_>>().len(), told.len());
    for store in &stores {
        assert_eq!(positions(store.reader()).await, (1..=all).collect::<Vec<_>>());
        assert_eq!(head::read(store.reader()).await.unwrap().position, all);
    }
}

async fn write(store: Store, writer: usize) -> Vec<i64> {
    let mut told = Vec::new();
    let mut tries = 0;
    while told.len() < ENTRIES {
        tries += 1;
        let gives_up = tries % 5 == 0;
        let id = format!("w{writer}-{tries}");
        let outcome = store.tx("entry.append", move |tx| {
            let id = id.clone();
            async move {
                let position = append(&tx, "2026-03-15", &id).await?;
                if gives_up {
                    Err(Error::Missing("the will to go on"))
                } else {
                    Ok(position)
                }
            }
        });
        match outcome.await {
            Ok(position) => told.push(position),
            Err(Error::Missing(_)) if gives_up => {}
            Err(error) => panic!("{error}"),
        }
    }
    told
}

/// A reader that sees a position sees all before it: one that had stored N + 1 would otherwise lose N for ever.
async fn read_along(store: Store, done: Arc<AtomicBool>) -> usize {
    let mut reads = 0;
    while !done.load(Ordering::Relaxed) {
        let rows = entry::Entity::find().all(store.reader()).await.unwrap();
        let newest = rows.iter().map(|row| row.position).max().unwrap_or_default();
        assert_eq!(i64::try_from(rows.len()).unwrap(), newest);
        reads += 1;
    }
    reads
}
