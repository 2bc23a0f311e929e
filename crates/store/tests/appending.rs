//! The transaction of whoever appends for many: as all or nothing as the others, and in turn with them.

use std::sync::{Arc, Mutex};

use banggiao_store::{Appending, Error, Kind, Session, Store, Together, head};
use sea_orm::{DbBackend, DbErr, EntityTrait, Statement};
use tokio::task::JoinSet;

use crate::fixture::{self, append, entry, insert, open, positions, run, session};

/// So many of each kind write at once.
const WRITERS: usize = 20;

/// An append that works shows that nothing is left of the one before it, not even its connection.
async fn nothing_is_left(store: &Store) {
    assert_eq!(positions(store.reader()).await, Vec::<i64>::new());
    let clean = store.append("entry.append", |tx| async move {
        append(&tx, "2026-03-15", "clean").await?;
        assert_eq!(positions(&tx).await, [1], "what was written here is read here");
        Err::<(), _>(Error::Missing("the rest"))
    });
    assert!(matches!(clean.await, Err(Error::Missing("the rest"))));
}

pub async fn all_or_nothing(url: &str) {
    let store = open(url).await;
    let panics = store.append("entry.append", |tx| async move {
        append(&tx, "2026-03-15", "e1").await?;
        if positions(&tx).await.len() == 1 {
            panic!("as planned");
        }
        Ok::<_, Error>(())
    });
    assert!(matches!(panics.await, Err(Error::Lost)));
    nothing_is_left(&store).await;

    let goes_on = store.append("entry.append", |tx| async move {
        append(&tx, "2026-03-15", "e1").await?;
        let doubled = insert(&tx, 1, "2026-03-15", "e2").await;
        assert!(matches!(doubled, Err(Error::Duplicate(_))), "{doubled:?}");
        let after = insert(&tx, 2, "2026-03-15", "e2").await;
        assert!(after.is_err(), "what comes after a failure is not run");
        Ok::<_, Error>(())
    });
    assert!(matches!(goes_on.await, Err(Error::Duplicate(_))));
    nothing_is_left(&store).await;
}

pub async fn what_outlives_its_work_is_not_committed(url: &str) {
    let store = open(url).await;
    let kept: Arc<Mutex<Option<Appending>>> = Arc::default();
    let keeper = Arc::clone(&kept);
    let outcome = store.append("entry.append", move |tx| {
        let keeper = Arc::clone(&keeper);
        async move {
            append(&tx, "2026-03-15", "e1").await?;
            keeper.lock().unwrap().replace(tx);
            Ok::<_, Error>(())
        }
    });
    assert!(matches!(outcome.await, Err(Error::Damaged(_))));
    drop(kept.lock().unwrap().take());
    nothing_is_left(&store).await;
}

/// More statements than go in one message, a head that is moved among them, and a look in between.
pub async fn what_goes_together_is_done_or_not_together(url: &str) {
    let store = open(url).await;
    let put = |last: &'static str| {
        store.append("entry.append", move |tx| async move {
            let mut head = head::lock(&tx).await?;
            let together = Together::on(&tx);
            for _ in 0..11 {
                head.position += 1;
                let id = format!("e{}", head.position);
                insert(&together, head.position, "2026-03-15", &id).await?;
                if head.position % 7 == 0 {
                    assert!(
                        positions(&together).await.contains(&head.position),
                        "what waited is seen"
                    );
                }
            }
            head.position += 1;
            insert(&together, head.position, "2026-03-15", last).await?;
            head::advance(&together, &head).await?;
            together.sent().await?;
            Ok::<_, Error>(head.position)
        })
    };
    assert_eq!(put("last").await.unwrap(), 12);
    let doubled = put("last").await.unwrap_err();
    assert!(matches!(doubled, Error::Duplicate(_)), "{doubled:?}");
    assert_eq!(put("later").await.unwrap(), 24);
    assert_eq!(positions(store.reader()).await, (1..=24).collect::<Vec<i64>>());
    assert_eq!(head::read(store.reader()).await.unwrap().position, 24);
}

pub async fn who_appends_and_who_does_not_take_turns(url: &str) {
    let store = open(url).await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (one, other) = (store.clone(), store.clone());
        writers.spawn(async move {
            let id = format!("appended-{writer}");
            one.append("entry.append", move |tx| {
                let id = id.clone();
                async move { append(&tx, "2026-03-15", &id).await }
            })
            .await
        });
        writers.spawn(async move {
            let id = format!("put-{writer}");
            other
                .tx("entry.put", move |tx| {
                    let id = id.clone();
                    async move { append(&tx, "2026-03-15", &id).await }
                })
                .await
        });
    }
    let given: Result<Vec<i64>, Error> = writers.join_all().await.into_iter().collect();
    let mut given = given.unwrap();
    given.sort_unstable();
    let wanted: Vec<i64> = (1..=2 * i64::try_from(WRITERS).unwrap()).collect();
    assert_eq!(given, wanted);
    assert_eq!(positions(store.reader()).await, wanted);
}

/// What a try leaves behind that met a conflict cannot end the next one.
#[tokio::test]
async fn a_try_that_is_kept_does_not_touch_the_next() {
    let database = fixture::sqlite();
    let store = open(database.url()).await;
    let kept: Arc<Mutex<Option<Appending>>> = Arc::default();
    let keeper = Arc::clone(&kept);
    let outcome = store.append("entry.append", move |tx| {
        let keeper = Arc::clone(&keeper);
        async move {
            append(&tx, "2026-03-15", "e1").await?;
            let before = keeper.lock().unwrap().take();
            match before {
                None => {
                    keeper.lock().unwrap().replace(tx);
                    return Err(Error::Conflict(DbErr::Custom("in the way".to_owned())));
                }
                Some(before) => drop(before),
            }
            append(&tx, "2026-03-15", "e2").await
        }
    });
    assert_eq!(outcome.await.unwrap(), 2);
    assert_eq!(positions(store.reader()).await, [1, 2]);
}

/// What SQLite says there is sorted as what the other connections hear of it.
#[tokio::test]
async fn faults_of_sqlite_are_sorted() {
    let database = fixture::sqlite();
    let store = open(database.url()).await;
    let run_there = |sql: &'static str| {
        store.append("entry.append", move |tx| async move {
            tx.run(Statement::from_string(DbBackend::Sqlite, sql)).await
        })
    };
    for (sql, code) in [
        ("DELETE FROM nothing", "code: 1)"),
        (
            "INSERT INTO entry (position, day, id) VALUES (1, NULL, 'e')",
            "code: 1299)",
        ),
        // It answers a row, and from then on the file may not grow.
        ("PRAGMA max_page_count = 1", "code: 1)"),
    ] {
        let error = run_there(sql).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Fault, "{error:?}");
        assert!(format!("{error:?}").contains(code), "{code} is not in {error:?}");
    }
    let full = run_there("INSERT INTO entry (position, day, id) SELECT 1, '', hex(randomblob(9999))").await;
    let full = full.unwrap_err();
    assert!(
        matches!(full, Error::Unavailable(_)) && format!("{full:?}").contains("code: 13)"),
        "{full:?}"
    );
    assert!(positions(store.reader()).await.is_empty());
}

/// A stored value of another type is damage, and neither nothing nor zero.
#[tokio::test]
async fn a_value_of_another_type_is_damage() {
    let database = fixture::sqlite();
    let store = open(database.url()).await;
    let other = session(database.url()).await;
    run(&other, "INSERT INTO entry VALUES (1, X'6461', 'e1')")
        .await
        .unwrap();
    let read = store.append("entry.read", |tx| async move { tx.find(entry::Entity::find()).await });
    let error = read.await.unwrap_err();
    assert!(matches!(error, Error::Damaged(_)), "{error:?}");
}

/// What is closed stays closed.
#[tokio::test]
async fn nothing_is_appended_to_what_is_closed() {
    let database = fixture::sqlite();
    let store = open(database.url()).await;
    store.clone().close().await.unwrap();
    let late = store.append(
        "entry.append",
        |tx| async move { append(&tx, "2026-03-15", "e1").await },
    );
    assert_eq!(late.await.unwrap_err().kind(), Kind::Away);
}
