//! Several connections of one process on one disk: whoever reads sees whole transactions only, while others write and
//! bring the log home.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use banggiao_powercut::Disk;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::task::JoinSet;

use crate::bench::{Writer, look, template};

const TRANSACTIONS: u64 = 150;

/// How many transactions there are, counted twice in one statement.
async fn counts(db: &DatabaseConnection) -> (i64, i64) {
    let sql = "SELECT (SELECT entries FROM total), (SELECT count(DISTINCT n) FROM entry)";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    let row = row.unwrap().unwrap();
    (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_whole_transactions_while_others_write_and_bring_the_log_home() {
    let disk = Disk::of(&template().await, 1);
    // Two processes would be two stores; here they are in each other's way with their locks as well.
    let writers = [Writer::store(&disk).await.unwrap(), Writer::store(&disk).await.unwrap()].map(Arc::new);
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for writer in writers.iter().cycle().take(6) {
        let (writer, done) = (Arc::clone(writer), Arc::clone(&done));
        readers.spawn(async move {
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                let (told, counted) = counts(writer.reader()).await;
                assert_eq!(told, counted);
                assert!(told >= seen, "what was seen once is not gone");
                seen = told;
            }
            seen
        });
    }
    let mut writing = JoinSet::new();
    for (half, writer) in (0..).zip(writers) {
        writing.spawn(async move {
            for n in (1..=TRANSACTIONS).filter(|n| n % 2 == half) {
                writer.carry_out(n).await.unwrap();
                if n % 10 == half {
                    // Readers may be in its way; it then brings home what it can.
                    drop(writer.checkpoint().await);
                }
            }
        });
    }
    writing.join_all().await;
    done.store(true, Ordering::Relaxed);
    let seen = readers.join_all().await;
    assert!(seen.iter().any(|seen| *seen > 0), "{seen:?}");
    disk.cut_now();
    disk.restore();
    assert!(look(&disk).await.unwrap().into_iter().eq(1..=TRANSACTIONS));
}
