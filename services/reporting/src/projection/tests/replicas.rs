//! Several processes on one database: each message is stored by one of them, and the others take it over.

use std::sync::{Arc, atomic::Ordering};

use banggiao_store::Store;
use banggiao_testkit::postgres::Cluster;

use super::{assert_same, batch, copied, eventful, open};
use crate::{
    domain::world::World,
    projection::{Projection, Reader, tests::recovery},
    store::migration::Migrator,
};

/// Runs a test on both databases; on PostgreSQL only where there is one.
async fn on_both<F: Future<Output = ()>>(name: &str, test: impl Fn(World, Store, Store) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = super::url(&folder);
    let postgres = Cluster::shared().map(|cluster| cluster.database(name));
    for url in std::iter::once(sqlite).chain(postgres) {
        let world = eventful();
        let one = copied(&url, &world).await;
        let other = Store::open::<Migrator>(&url).await.unwrap();
        test(world, one, other).await;
    }
}

fn loaded(projection: &Projection) -> usize {
    projection.loaded.load(Ordering::Relaxed)
}

#[tokio::test]
async fn whoever_is_slower_takes_over_what_the_other_stored() {
    on_both("replicas_in_turn", |world, one, other| async move {
        let (first, mut fast) = open(&one).await;
        let (second, mut slow) = open(&other).await;
        for (turn, revisions) in world.revisions.chunks(7).enumerate() {
            fast.enter(batch(revisions.to_vec())).await.unwrap();
            slow.enter(batch(revisions.to_vec())).await.unwrap();
            if turn % 3 == 0 {
                std::mem::swap(&mut fast, &mut slow);
            }
        }
        for projection in [&first, &second] {
            assert_same(projection, &world);
            assert_eq!(loaded(projection), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn messages_that_end_elsewhere_overlap() {
    on_both("replicas_overlapping", |world, one, other| async move {
        let (first, mut fast) = open(&one).await;
        let (second, mut slow) = open(&other).await;
        fast.enter(batch(world.revisions[..100].to_vec())).await.unwrap();
        // The first message is behind what was stored, the second reaches beyond it, the third follows.
        slow.enter(batch(world.revisions[..30].to_vec())).await.unwrap();
        slow.enter(batch(world.revisions[30..130].to_vec())).await.unwrap();
        slow.enter(batch(world.revisions[130..].to_vec())).await.unwrap();
        fast.enter(batch(world.revisions[100..].to_vec())).await.unwrap();
        for projection in [&first, &second] {
            assert_same(projection, &world);
            assert_eq!(loaded(projection), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn two_at_once_store_everything_once() {
    on_both("replicas_at_once", |world, one, other| async move {
        let (first, fast) = open(&one).await;
        let (second, slow) = open(&other).await;
        let read = |mut reader: Reader, size: usize| {
            let revisions = world.revisions.clone();
            async move {
                for revisions in revisions.chunks(size) {
                    reader.enter(batch(revisions.to_vec())).await.unwrap();
                }
            }
        };
        tokio::join!(read(fast, 5), read(slow, 8));
        for projection in [&first, &second] {
            assert_same(projection, &world);
            assert_eq!(loaded(projection), 0);
        }
        let (third, _) = open(&one).await;
        assert_eq!(third.now().0.digest, world.facts.digest);
    })
    .await;
}

#[tokio::test]
async fn what_another_process_gave_up_is_given_up() {
    on_both("replicas_forget", |world, one, other| async move {
        let (first, mut fast) = open(&one).await;
        let (second, mut slow) = open(&other).await;
        for reader in [&mut fast, &mut slow] {
            reader.enter(batch(world.revisions[..200].to_vec())).await.unwrap();
        }
        let mut truncated = batch(Vec::new());
        truncated.truncated_to = Some(banggiao_contracts::journal::v1::LogPosition {
            epoch: 1,
            log_index: 130,
        });
        fast.enter(truncated.clone()).await.unwrap();
        let mut declared = batch(Vec::new());
        declared.recoveries = vec![recovery(2, 130)];
        fast.enter(declared.clone()).await.unwrap();
        // The slower one hears of it by the next message of a stream that is over, or by the truncation itself.
        let late = slow.enter(batch(world.revisions[200..].to_vec())).await;
        assert!(late.is_err(), "that stream is over");
        assert_eq!((second.now().0.epoch, second.now().0.position), (2, 131));
        slow.enter(truncated).await.unwrap();
        assert_eq!(second.now().0.digest, first.now().0.digest);
        assert!(Arc::ptr_eq(&second.now().0, &second.now().0));
    })
    .await;
}
