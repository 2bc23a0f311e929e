//! Faults with the power on: they are told, and what was acknowledged before and after them is there after a cut.

use std::collections::BTreeSet;

use banggiao_powercut::{Disk, Fault, Image};
use banggiao_store::Kind;

use crate::bench::{RUN, Writer, look, template};

/// Carries a run out whatever fails, and says which transactions were acknowledged and which were refused.
async fn run(writer: &Writer, mut before_each: impl FnMut(u64)) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let (mut acknowledged, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for n in 1..=RUN {
        before_each(n);
        match writer.carry_out(n).await {
            Ok(()) => acknowledged.insert(n),
            Err(error) => {
                assert_eq!(error.kind(), Kind::Away, "{error}");
                refused.insert(n)
            }
        };
        if n % 3 == 0 {
            // Bringing the log home may meet the fault as well; nobody was promised anything by it.
            drop(writer.checkpoint().await);
        }
    }
    (acknowledged, refused)
}

/// Lets a fault come at its n-th occasion, and returns how many transactions it made fail.
///
/// The disk promises what SQLite takes for granted on Unix. Without that promise SQLite fills up the last sector with
/// another frame and leaves the end of it to the next sync. If that one fails while the log is brought home, nobody
/// writes that end again, and every later transaction stands behind a frame that is not durable.
async fn meets(image: &Image, fault: Fault, n: u64) -> usize {
    let disk = Disk::of(image, n);
    disk.promise_neighbours();
    let writer = Writer::store(&disk).await.unwrap();
    disk.fail_next(fault, n);
    let (acknowledged, refused) = run(&writer, |n| {
        if n == RUN / 2 {
            disk.make_room();
        }
    })
    .await;
    judge(&disk, writer, &acknowledged, &refused).await;
    refused.len()
}

/// Cuts the power and looks at what is left: all that was acknowledged, and nothing that was neither told nor refused.
async fn judge(disk: &Disk, writer: Writer, acknowledged: &BTreeSet<u64>, refused: &BTreeSet<u64>) {
    disk.cut_now();
    writer.close().await;
    disk.restore();
    let found = look(disk).await.unwrap();
    let as_told = found.is_superset(acknowledged) && found.difference(acknowledged).all(|n| refused.contains(n));
    assert!(
        as_told,
        "{found:?} are there, {acknowledged:?} were told, {refused:?} were refused"
    );
}

/// Lets a fault come at each of its first occasions.
async fn at_each(fault: Fault, occasions: u64) {
    let image = template().await;
    let mut told = 0;
    for n in 1..=occasions {
        told += meets(&image, fault, n).await;
    }
    println!("{fault:?}: {told} transactions refused at {occasions} occasions");
    assert!(told > 5, "{fault:?} was hardly ever met: {told}");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_after_a_write_failed() {
    at_each(Fault::Write, 60).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_after_a_sync_failed() {
    at_each(Fault::Sync, 16).await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_after_the_disk_was_full() {
    at_each(Fault::Full, 40).await;
}

/// A transaction that fails is over, whatever failed in it, and the next one is not a part of it: that one would be told
/// and never committed.
#[tokio::test]
async fn after_several_failures_what_is_told_is_committed() {
    let image = template().await;
    for (fault, failures, first) in [
        (Fault::Sync, 2, 1),
        (Fault::Write, 2, 1),
        (Fault::Write, 3, 2),
        (Fault::Write, 4, 5),
    ] {
        let disk = Disk::of(&image, first);
        disk.promise_neighbours();
        let writer = Writer::store(&disk).await.unwrap();
        let (acknowledged, refused) = run(&writer, |n| {
            if n <= failures {
                disk.fail_next(fault, first);
            }
        })
        .await;
        judge(&disk, writer, &acknowledged, &refused).await;
    }
}

#[tokio::test]
async fn a_full_disk_refuses_until_there_is_room() {
    let disk = Disk::of(&template().await, 1);
    let writer = Writer::store(&disk).await.unwrap();
    writer.carry_out(1).await.unwrap();
    disk.fail_next(Fault::Full, 1);
    for n in 2..5 {
        assert_eq!(writer.carry_out(n).await.unwrap_err().kind(), Kind::Away);
    }
    disk.make_room();
    writer.carry_out(5).await.unwrap();
    disk.cut_now();
    writer.close().await;
    disk.restore();
    assert_eq!(look(&disk).await.unwrap(), [1, 5].into());
}

/// A process that ends and one that begins find what was written, synced or not.
#[tokio::test]
async fn the_end_of_a_process_loses_nothing() {
    let disk = Disk::of(&template().await, 1);
    let writer = Writer::store(&disk).await.unwrap();
    let acknowledged = writer.run().await;
    disk.end_process();
    writer.carry_out(RUN + 1).await.unwrap_err();
    writer.close().await;
    assert!(look(&disk).await.unwrap().into_iter().eq(1..=acknowledged));
}
