//! Cuts at every operation of a run: what was acknowledged before is there afterwards, and at most the one transaction
//! besides that was on its way. With weaker settings the same cuts lose something.

use banggiao_powercut::{Disk, Image};
use sea_orm::sqlx::sqlite::SqliteSynchronous;

use crate::bench::{RUN, Writer, look, template};

/// So many times every operation of a run is cut at, each time with another chance.
const ROUNDS: u64 = 2;
/// Within so many cuts a weaker setting has lost something.
const BOUND: u64 = 40;

/// Carries the run out on a disk until the power goes, and says how many transactions were acknowledged.
async fn run(disk: &Disk, synchronous: Option<SqliteSynchronous>) -> u64 {
    let opened = match synchronous {
        None => Writer::store(disk).await,
        Some(weaker) => Writer::weak(disk, weaker).await,
    };
    let Ok(writer) = opened else { return 0 };
    let acknowledged = writer.run().await;
    writer.close().await;
    acknowledged
}

/// A disk for one cut; what SQLite is promised changes what it writes, so both are tried.
fn disk(image: &Image, seed: u64) -> Disk {
    let disk = Disk::of(image, seed);
    if seed % 2 == 1 {
        disk.promise_neighbours();
    }
    disk
}

/// How many operations a run has, from opening to closing.
async fn length(image: &Image, seed: u64) -> u64 {
    let disk = disk(image, seed);
    assert_eq!(run(&disk, None).await, RUN);
    disk.operations()
}

/// Cuts the power at one operation of a run, and brings it back.
async fn cut(image: &Image, seed: u64, operation: u64, synchronous: Option<SqliteSynchronous>) -> (Disk, u64) {
    let disk = disk(image, seed);
    disk.cut_after(operation);
    let acknowledged = run(&disk, synchronous).await;
    disk.cut_now();
    disk.restore();
    (disk, acknowledged)
}

#[tokio::test]
async fn what_was_acknowledged_is_there_wherever_the_power_is_cut() {
    let image = template().await;
    let (mut cuts, mut besides) = (0, 0);
    for round in 0..ROUNDS {
        for operation in 1..=length(&image, round).await {
            let (disk, acknowledged) = cut(&image, round + ROUNDS * 2 * operation, operation, None).await;
            if operation % 3 == 0 {
                // Nor does it matter if the power goes again while what is left is put in order.
                disk.cut_after(1 + operation % 5);
                drop(look(&disk).await);
                disk.cut_now();
                disk.restore();
            }
            let found = look(&disk).await.unwrap_or_else(|wrong| {
                panic!("round {round}, operation {operation}: {wrong}");
            });
            let in_flight = u64::try_from(found.len()).unwrap() - acknowledged;
            assert!(
                in_flight <= 1,
                "round {round}, operation {operation}: {found:?}, {acknowledged} told"
            );
            assert!(found.into_iter().eq(1..=acknowledged + in_flight));
            besides += in_flight;
            cuts += 1;
        }
    }
    println!("{cuts} cuts; in {besides} the transaction in flight was there");
    assert!(cuts > 300 && besides > 0, "{cuts} cuts, {besides}");
}

/// Where no cut ever loses anything under a weaker setting, the disk would be too kind.
#[tokio::test]
async fn weaker_settings_lose_what_was_acknowledged() {
    let image = template().await;
    for weaker in [SqliteSynchronous::Normal, SqliteSynchronous::Off] {
        let (mut lost, mut damaged) = (0, 0);
        for seed in 0..BOUND {
            let (disk, acknowledged) = cut(&image, seed, 10 + seed * 2, Some(weaker)).await;
            match look(&disk).await {
                Ok(found) if u64::try_from(found.len()).unwrap() < acknowledged => lost += 1,
                Ok(_) => {}
                Err(_) => damaged += 1,
            }
        }
        println!("{weaker:?}: of {BOUND} cuts {lost} lost something, {damaged} damaged the database");
        assert!(lost > 0, "{weaker:?} lost nothing in {BOUND} cuts");
        // It syncs when it brings the log home, so it forgets and does no damage.
        assert!(weaker == SqliteSynchronous::Off || damaged == 0, "{damaged}");
    }
}

/// The very first opening makes the file, its journal and its log, and none of their names is durable by itself.
#[tokio::test]
async fn a_database_that_is_being_made_is_there_or_is_made_again() {
    let empty = Image::default();
    for operation in 1..=length(&empty, 0).await {
        let (disk, acknowledged) = cut(&empty, operation, operation, None).await;
        let found = look(&disk)
            .await
            .unwrap_or_else(|wrong| panic!("operation {operation}: {wrong}"));
        assert!((acknowledged..=acknowledged + 1).contains(&u64::try_from(found.len()).unwrap()));
    }
}
