//! Transactions that are in each other's way, and callers that go away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use banggiao_store::Error;
use sea_orm::{DbBackend, DbErr};
use tokio::time::sleep;

use crate::fixture::{append, open, positions, run, session, value};

/// So many callers go away.
const CANCELS: u32 = 200;

pub async fn a_conflict_is_tried_again_and_then_told(url: &str) {
    let store = open(url).await;
    for (conflicts, tries, succeeds) in [(0, 1, true), (2, 3, true), (4, 5, true), (5, 5, false), (9, 5, false)] {
        let attempts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&attempts);
        let outcome = store.tx("entry.append", move |tx| {
            let attempt = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                append(&tx, "2026-03-15", &format!("e{conflicts}")).await?;
                if attempt < conflicts {
                    return Err(Error::Conflict(DbErr::Custom("in the way".to_owned())));
                }
                Ok(())
            }
        });
        match outcome.await {
            Ok(()) => assert!(succeeds),
            Err(error) => assert!(!succeeds && error.is_conflict(), "{error}"),
        }
        assert_eq!(attempts.load(Ordering::Relaxed), tries);
    }
    assert_eq!(positions(store.reader()).await, [1, 2, 3]);
}

/// Another process holds the lock for longer than a statement waits: the first try gives up, the second succeeds.
pub async fn a_lock_that_is_held_too_long_is_a_conflict(url: &str) {
    let store = open(url).await;
    let other = session(url).await;
    let begin = match other.get_database_backend() {
        DbBackend::Sqlite => "BEGIN IMMEDIATE",
        _ => "BEGIN; SELECT * FROM head FOR UPDATE",
    };
    run(&other, begin).await.unwrap();
    let since = Instant::now();
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let waiting = tokio::spawn(async move {
        let appended = store.tx("entry.append", move |tx| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move { append(&tx, "2026-03-15", "e1").await }
        });
        appended.await
    });
    sleep(Duration::from_millis(5_500)).await;
    run(&other, "ROLLBACK").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), 1);
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
    // SQLite waits before the work begins, PostgreSQL at the work's first statement.
    let begun = if begin == "BEGIN IMMEDIATE" { 1 } else { 2 };
    assert_eq!(attempts.load(Ordering::Relaxed), begun);
}

/// A timer knows milliseconds only, in each of which there is room for several transactions.
async fn elapsed(time: Duration) {
    let since = Instant::now();
    while since.elapsed() < time {
        tokio::task::yield_now().await;
    }
}

pub async fn a_cancelled_caller_cancels_nothing(url: &str) {
    let store = open(url).await;
    let mut unanswered = 0;
    for caller in 0..CANCELS {
        let append = store.tx("entry.append", move |tx| async move {
            append(&tx, "2026-03-15", &format!("e{caller}")).await
        });
        // From before the connection is had to after the commit, and more often soon than late.
        let patience = Duration::from_micros(u64::from(caller % 20).pow(2) * 10);
        tokio::select! {
            // What was never asked for is not done.
            biased;
            answer = append => drop(answer.unwrap()),
            () = elapsed(patience) => unanswered += 1,
        }
    }
    assert!(unanswered > CANCELS / 10, "only {unanswered} callers went away");
    let append = store.tx(
        "entry.append",
        |tx| async move { append(&tx, "2026-03-15", "last").await },
    );
    let last = append.await.unwrap();
    let wanted: Vec<i64> = (1..=i64::from(CANCELS) + 1).collect();
    let since = Instant::now();
    while positions(store.reader()).await != wanted {
        assert!(since.elapsed() < Duration::from_secs(20), "a transaction was cancelled");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(last > 1);
    if store.reader().get_database_backend() == DbBackend::Postgres {
        let inside = "SELECT count(*) FROM pg_stat_activity \
                      WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        assert_eq!(value::<i64>(store.reader(), inside).await, 0);
    }
}
