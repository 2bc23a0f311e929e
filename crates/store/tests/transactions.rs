//! All or nothing, whatever ends a transaction.

use std::sync::{Arc, Mutex};

use banggiao_store::{Error, Store, Tx};

use crate::fixture::{append, insert, open, positions};

/// A transaction that works shows that nothing is left of the one before it, not even its connection.
async fn nothing_is_left(store: &Store) {
    assert_eq!(positions(store.reader()).await, Vec::<i64>::new());
    let clean = store.tx(
        "entry.append",
        |tx| async move { append(&tx, "2026-03-15", "clean").await },
    );
    assert_eq!(clean.await.unwrap(), 1);
}

pub async fn an_error_leaves_nothing(url: &str) {
    let store = open(url).await;
    let outcome = store.tx("entry.append", |tx| async move {
        append(&tx, "2026-03-15", "e1").await?;
        append(&tx, "2026-03-15", "e2").await?;
        Err::<(), _>(Error::Missing("the third"))
    });
    assert!(matches!(outcome.await, Err(Error::Missing("the third"))));
    nothing_is_left(&store).await;
}

pub async fn a_panic_leaves_nothing(url: &str) {
    let store = open(url).await;
    let outcome = store.tx("entry.append", |tx| async move {
        append(&tx, "2026-03-15", "e1").await?;
        if positions(&tx).await.len() == 1 {
            panic!("as planned");
        }
        Ok::<_, Error>(())
    });
    assert!(matches!(outcome.await, Err(Error::Lost)));
    nothing_is_left(&store).await;
}

pub async fn a_transaction_that_outlives_its_work_is_not_committed(url: &str) {
    let store = open(url).await;
    let kept: Arc<Mutex<Option<Tx>>> = Arc::default();
    let keeper = Arc::clone(&kept);
    let outcome = store.tx("entry.append", move |tx| {
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

/// PostgreSQL answers the commit of a transaction that it has given up without an error.
pub async fn a_failed_statement_is_never_committed(url: &str) {
    let store = open(url).await;
    let outcome = store.tx("entry.append", |tx| async move {
        append(&tx, "2026-03-15", "e1").await?;
        let doubled = insert(&tx, 1, "2026-03-15", "e2").await;
        assert!(matches!(doubled, Err(Error::Duplicate(_))));
        Ok::<_, Error>(())
    });
    assert!(matches!(outcome.await, Err(Error::Duplicate(_))));
    nothing_is_left(&store).await;
}
