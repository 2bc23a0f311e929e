//! The tables that every service has, and how their rows are found, put and paged through.

use std::sync::Arc;

use banggiao_store::{Error, Store, cursor, import_row};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{ExprTrait, OnConflict},
};
use tokio::sync::Barrier;

use crate::fixture::{FEED, entry, insert, open};

pub async fn a_cursor_is_moved_once(url: &str) {
    let store = open(url).await;
    let first = cursor::read(store.reader(), FEED).await.unwrap();
    assert_eq!((first.epoch, first.position), (0, 0));
    advance(&store, 0, 7).await.unwrap();
    assert!(matches!(advance(&store, 0, 7).await, Err(Error::CursorMoved(FEED))));
    advance(&store, 7, 9).await.unwrap();

    // Two processes that have read the same entries: one of them applies them.
    let together = Arc::new(Barrier::new(2));
    let mut racers = Vec::new();
    for store in [open(url).await, open(url).await] {
        let together = Arc::clone(&together);
        racers.push(tokio::spawn(async move {
            together.wait().await;
            advance(&store, 9, 12).await
        }));
    }
    let mut moved = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(()) => moved += 1,
            Err(error) => assert!(matches!(error, Error::CursorMoved(FEED)), "{error}"),
        }
    }
    assert_eq!(moved, 1);
    let last = cursor::read(store.reader(), FEED).await.unwrap();
    assert_eq!((last.epoch, last.position), (1, 12));
    assert!(matches!(
        cursor::read(store.reader(), "other").await,
        Err(Error::Missing(_))
    ));
}

async fn advance(store: &Store, expected: i64, position: i64) -> Result<(), Error> {
    let advance = store.tx("cursor.advance", move |tx| async move {
        cursor::advance(&tx, FEED, expected, 1, position).await
    });
    advance.await
}

pub async fn an_imported_row_is_recognised(url: &str) {
    let store = open(url).await;
    let rows = [
        ("a.csv", "event", "k1"),
        ("a.csv", "unit", "k1"),
        ("đơn vị.csv", "event", "k2"),
    ];
    let row = |(source, kind, key): (&str, &str, &str), position| import_row::Model {
        source: source.to_owned(),
        kind: kind.to_owned(),
        key: key.to_owned(),
        digest: vec![0, 1, 255],
        position,
    };
    let stored: Vec<import_row::Model> = rows.into_iter().zip(1..).map(|(key, at)| row(key, at)).collect();
    let again = stored[0].clone();
    let expected = stored.clone();
    let found = store.tx("row.import", move |tx| {
        let stored = stored.clone();
        async move {
            for row in stored {
                import_row::insert(&tx, vec![row]).await?;
            }
            let keys = [
                rows[0],
                rows[1],
                rows[2],
                ("a.csv", "event", "k2"),
                ("b.csv", "event", "k1"),
            ];
            let keys = keys.map(|(source, kind, key)| (source.to_owned(), kind.to_owned(), key.to_owned()));
            import_row::find(&tx, &keys).await
        }
    });
    let mut found: Vec<import_row::Model> = found.await.unwrap().into_values().collect();
    found.sort_by_key(|row| row.position);
    assert_eq!(found, expected);
    let twice = store.tx("row.import", move |tx| {
        let again = again.clone();
        async move { import_row::insert(&tx, vec![again]).await }
    });
    assert!(matches!(twice.await, Err(Error::Duplicate(_))));
}

pub async fn a_row_that_is_there_is_left_alone(url: &str) {
    let store = open(url).await;
    let put = |position, day: &'static str| {
        store.tx("entry.put", move |tx| async move {
            let row = entry::ActiveModel {
                position: Set(position),
                day: Set(day.to_owned()),
                id: Set("same".to_owned()),
            };
            let ignore = OnConflict::new().do_nothing().to_owned();
            let put = entry::Entity::insert(row).on_conflict(ignore);
            Ok::<_, Error>(put.exec_without_returning(&tx).await?)
        })
    };
    assert_eq!(put(1, "2026-03-15").await.unwrap(), 1);
    assert_eq!(put(1, "2026-03-16").await.unwrap(), 0, "the primary key is there");
    assert_eq!(put(2, "2026-03-17").await.unwrap(), 0, "another unique key is there");
    let rows = entry::Entity::find().all(store.reader()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].day, "2026-03-15");
}

/// Newest day first, and within a day by id, in the order of bytes on both databases.
pub async fn pages_follow_each_other(url: &str) {
    let store = open(url).await;
    let ids = [
        "a", "B", "b", "a-1", "a1", "đ", "Đ", "d", "ơ", "o", "e10", "e9", "_", "~",
    ];
    let insert = store.tx("entry.append", move |tx| async move {
        for (place, id) in ids.iter().cycle().take(ids.len() * 4).enumerate() {
            let day = format!("2026-03-{:02}", 1 + place % 5);
            insert(&tx, i64::try_from(place).unwrap(), &day, &format!("{id}/{place}")).await?;
        }
        Ok::<_, Error>(())
    });
    insert.await.unwrap();
    let mut seen: Vec<(String, String)> = Vec::new();
    loop {
        let page = page_after(&store, seen.last(), 5).await;
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen.len(), ids.len() * 4);
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(seen, sorted);
}

async fn page_after(store: &Store, after: Option<&(String, String)>, limit: u64) -> Vec<(String, String)> {
    let mut query = entry::Entity::find();
    if let Some((day, id)) = after {
        let same_day = entry::Column::Day.eq(day).and(entry::Column::Id.lt(id));
        query = query.filter(Condition::any().add(entry::Column::Day.lt(day)).add(same_day));
    }
    let page = query
        .order_by_desc(entry::Column::Day)
        .order_by_desc(entry::Column::Id)
        .limit(limit)
        .all(store.reader())
        .await
        .unwrap();
    page.into_iter().map(|row| (row.day, row.id)).collect()
}
