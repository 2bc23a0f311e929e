//! A copy of a database in use is one moment of it, and reading a copy changes nothing.

use std::{fs, path::Path};

use banggiao_store::{Error, Store, head, snapshot};

use crate::fixture::{append, open, positions, sqlite};

const ENTRIES: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_one_moment_while_others_write() {
    let database = sqlite();
    let store = open(database.url()).await;
    let from = Path::new(database.url().trim_start_matches("sqlite:"));
    let writer = tokio::spawn(write(store.clone()));
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for number in 0.. {
        let ended = writer.is_finished();
        let before = head::read(store.reader()).await.unwrap().position;
        let to = folder.path().join(format!("copy 'no. {number}' %41?.db"));
        snapshot::copy(from, &to).await.unwrap();
        let copy = snapshot::Snapshot::open(&to).await.unwrap();
        let head = head::read(copy.reader()).await.unwrap().position;
        assert!(
            head >= before && head >= last,
            "{head} is of an earlier moment than {before}"
        );
        assert_eq!(positions(copy.reader()).await, (1..=head).collect::<Vec<_>>());
        assert_eq!(copy.faults().await.unwrap(), [""; 0]);
        copy.close().await.unwrap();
        last = head;
        if ended {
            break;
        }
    }
    writer.await.unwrap();
    assert_eq!(usize::try_from(last).unwrap(), ENTRIES);
    let files = fs::read_dir(folder.path()).unwrap();
    assert!(
        files
            .map(|file| file.unwrap().path())
            .all(|path| path.extension() == Some("db".as_ref()))
    );
}

async fn write(store: Store) {
    for number in 0..ENTRIES {
        let id = format!("entry-{number}");
        let appended = store.tx("entry.append", move |tx| {
            let id = id.clone();
            async move { append(&tx, "2026-03-15", &id).await }
        });
        appended.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_database_is_neither_copied_nor_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let missing = snapshot::copy(&path("missing.db"), &path("copy.db")).await.unwrap_err();
    assert!(matches!(missing, Error::Unavailable(_)), "{missing:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::write(
        path("text.db"),
        "not a database, though it is longer than nothing".repeat(100),
    )
    .unwrap();
    assert!(snapshot::copy(&path("text.db"), &path("copy.db")).await.is_err());
    fs::write(path("full.db"), "something").unwrap();
    let database = sqlite();
    open(database.url()).await.close().await.unwrap();
    let from = Path::new(database.url().trim_start_matches("sqlite:"));
    assert!(
        snapshot::copy(from, &path("full.db")).await.is_err(),
        "it replaces nothing"
    );
    assert_eq!(fs::read(path("full.db")).unwrap(), b"something");
}
