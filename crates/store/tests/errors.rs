//! Faults as the databases really report them, each provoked, and what they are sorted into.

use std::{fs, sync::Arc, time::Duration};

use banggiao_store::{Error, Kind, Store, Tx};
use banggiao_testkit::postgres::Cluster;
use sea_orm::DatabaseConnection;
use tokio::{sync::Notify, time::sleep};

use crate::fixture::{self, Migrator, append, insert, open, positions, run, session};

/// Two sessions beside each other, on a table with two rows.
async fn two_sessions(url: &str) -> [DatabaseConnection; 2] {
    let sessions = [session(url).await, session(url).await];
    for sql in [
        "CREATE TABLE row (id INTEGER PRIMARY KEY, n INTEGER)",
        "INSERT INTO row VALUES (1, 0), (2, 0)",
    ] {
        run(&sessions[0], &sql.replace("row ", "\"row\" ")).await.unwrap();
    }
    sessions
}

/// Asserts what the outcome is sorted into, and that it is the fault that was meant.
fn assert_sorted(outcome: Result<(), Error>, kind: Kind, code: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(format!("{error:?}").contains(code), "{code} is not in {error:?}");
}

pub async fn a_unique_key_is_a_duplicate(url: &str) {
    let store = open(url).await;
    let doubled = |position, id: &'static str| {
        store.tx("entry.append", move |tx| async move {
            insert(&tx, 1, "2026-03-15", "e1").await?;
            insert(&tx, position, "2026-03-15", id).await
        })
    };
    for (position, id) in [(1, "e2"), (2, "e1")] {
        let error = doubled(position, id).await.unwrap_err();
        assert!(matches!(error, Error::Duplicate(_)), "{error:?}");
        assert_eq!(error.kind(), Kind::Fault);
    }
    assert!(positions(store.reader()).await.is_empty());
}

#[tokio::test]
async fn sqlite_is_busy() {
    let database = fixture::sqlite();
    open(database.url()).await.close().await.unwrap();
    let [one, other] = two_sessions(database.url()).await;
    run(&one, "BEGIN IMMEDIATE").await.unwrap();
    run(&other, "PRAGMA busy_timeout = 0").await.unwrap();
    assert_sorted(run(&other, "BEGIN IMMEDIATE").await, Kind::Conflict, "code: 5,");
    run(&one, "ROLLBACK").await.unwrap();
    // A reader that turns into a writer after another one wrote.
    run(&one, "BEGIN; SELECT * FROM \"row\"").await.unwrap();
    run(&other, "UPDATE \"row\" SET n = 1").await.unwrap();
    let stale = run(&one, "UPDATE \"row\" SET n = 2").await;
    assert_sorted(stale, Kind::Conflict, "code: 517,");
}

#[tokio::test]
async fn sqlite_is_away() {
    let database = fixture::sqlite();
    let [one, _] = two_sessions(database.url()).await;
    run(&one, "PRAGMA max_page_count = 1; CREATE TABLE more (blob)")
        .await
        .unwrap_err();
    let full = run(&one, "INSERT INTO \"row\" (n) SELECT randomblob(9999) FROM \"row\"").await;
    assert_sorted(full, Kind::Away, "code: 13,");
    let reader = session(&format!("{}?mode=ro", database.url())).await;
    assert_sorted(run(&reader, "DELETE FROM \"row\"").await, Kind::Away, "code: 8,");
    // The file was moved away: an extended code of `read-only`.
    let file = database.url().trim_start_matches("sqlite:");
    fs::remove_file(file).unwrap();
    assert_sorted(run(&one, "DELETE FROM \"row\"").await, Kind::Away, "code: 1032,");
}

#[tokio::test]
async fn sqlite_has_a_fault() {
    let database = fixture::sqlite();
    let [one, _] = two_sessions(database.url()).await;
    assert_sorted(run(&one, "SELECT * FROM nothing").await, Kind::Fault, "code: 1,");
    run(&one, "CREATE TABLE checked (n INTEGER CHECK (n > 0))")
        .await
        .unwrap();
    assert_sorted(
        run(&one, "INSERT INTO checked VALUES (0)").await,
        Kind::Fault,
        "code: 275,",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_in_the_way() {
    let Some(url) = fixture::postgres("in_the_way") else {
        return;
    };
    let [one, other] = two_sessions(&url).await;
    run(&one, "BEGIN; UPDATE \"row\" SET n = 1 WHERE id = 1").await.unwrap();
    let late = run(&other, "SET lock_timeout = 100; UPDATE \"row\" SET n = 2 WHERE id = 1").await;
    assert_sorted(late, Kind::Conflict, "55P03");
    // Each waits for the other's row.
    run(
        &other,
        "SET lock_timeout = 0; BEGIN; UPDATE \"row\" SET n = 2 WHERE id = 2",
    )
    .await
    .unwrap();
    let crossed = tokio::join!(
        run(&one, "UPDATE \"row\" SET n = 1 WHERE id = 2"),
        run(&other, "UPDATE \"row\" SET n = 2 WHERE id = 1"),
    );
    let failed = if crossed.0.is_err() { crossed.0 } else { crossed.1 };
    assert_sorted(failed, Kind::Conflict, "40P01");
    for session in [&one, &other] {
        run(
            session,
            "ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM \"row\"",
        )
        .await
        .unwrap();
    }
    run(&one, "UPDATE \"row\" SET n = 3; COMMIT").await.unwrap();
    let stale = run(&other, "UPDATE \"row\" SET n = 4").await;
    assert_sorted(stale, Kind::Conflict, "40001");
}

#[tokio::test]
async fn postgres_has_a_fault() {
    let Some(url) = fixture::postgres("fault") else { return };
    let [one, _] = two_sessions(&url).await;
    assert_sorted(run(&one, "SELECT * FROM nothing").await, Kind::Fault, "42P01");
    assert_sorted(run(&one, "SELECT 1 / 0").await, Kind::Fault, "22012");
    let read_only = run(&one, "BEGIN READ ONLY; DELETE FROM \"row\"").await;
    assert_sorted(read_only, Kind::Away, "25006");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_session_is_ended() {
    let Some(url) = fixture::postgres("ended") else { return };
    let [one, other] = two_sessions(&url).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let (ended, _) = tokio::join!(run(&one, "SELECT pg_sleep(30)"), async {
        sleep(Duration::from_millis(300)).await;
        run(&other, end).await.unwrap();
    });
    assert_sorted(ended, Kind::Away, "57P01");
    assert_sorted(idle_too_long(&url).await, Kind::Away, "25P03");
    assert_sorted(database_is_missing(&url).await, Kind::Away, "3D000");
}

/// A process that was frozen inside a transaction finds that the others went on.
async fn idle_too_long(url: &str) -> Result<(), Error> {
    let work = |tx: Tx| async move {
        run(&tx, "SET LOCAL idle_in_transaction_session_timeout = 100").await?;
        append(&tx, "2026-03-15", "e1").await?;
        sleep(Duration::from_millis(500)).await;
        append(&tx, "2026-03-15", "e2").await.map(drop)
    };
    open(url).await.tx("entry.append", work).await
}

async fn database_is_missing(url: &str) -> Result<(), Error> {
    Store::open::<Migrator>(&url.replace("/ended", "/missing"))
        .await
        .map(drop)
}

/// A server that crashes inside a transaction takes the transaction with it, and the same store goes on once the server
/// is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_server_goes_away_and_comes_back() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database("gone");
    let store = open(&url).await;
    let put = |id: &'static str| {
        store.tx(
            "entry.append",
            move |tx| async move { append(&tx, "2026-03-15", id).await },
        )
    };
    assert_eq!(put("e1").await.unwrap(), 1);

    let (inside, crashed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let halfway = {
        let (inside, crashed) = (Arc::clone(&inside), Arc::clone(&crashed));
        store.tx("entry.append", move |tx| {
            let (inside, crashed) = (Arc::clone(&inside), Arc::clone(&crashed));
            async move {
                append(&tx, "2026-03-15", "e2").await?;
                inside.notify_one();
                crashed.notified().await;
                append(&tx, "2026-03-15", "e3").await
            }
        })
    };
    let (halfway, ()) = tokio::join!(halfway, async {
        inside.notified().await;
        cluster.crash();
        crashed.notify_one();
    });
    let error = halfway.unwrap_err();
    assert_eq!(error.kind(), Kind::Away, "{error:?}");
    // Nobody is there; a connection is waited for, and then it is told so.
    let error = put("e4").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Away, "{error:?}");

    cluster.restart();
    assert_eq!(put("e5").await.unwrap(), 2);
    assert_eq!(positions(store.reader()).await, [1, 2]);
}
