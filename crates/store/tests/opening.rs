//! Opening: what is set on the connections, what is refused, and how the schema comes about.

use banggiao_store::{Error, Store};
use banggiao_testkit::postgres::Cluster;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use sea_orm_migration::prelude::*;

use crate::fixture::{self, First, Migrator, append, has_table, open, positions, run, session, value};

/// The first step and one more, which does what it is told.
struct Later<const SUCCEEDS: bool>;

#[async_trait::async_trait]
impl<const SUCCEEDS: bool> MigratorTrait for Later<SUCCEEDS> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First), Box::new(Second::<SUCCEEDS>)]
    }
}

struct Second<const SUCCEEDS: bool>;

impl<const SUCCEEDS: bool> MigrationName for Second<SUCCEEDS> {
    fn name(&self) -> &'static str {
        "m0002_second"
    }
}

#[async_trait::async_trait]
impl<const SUCCEEDS: bool> MigrationTrait for Second<SUCCEEDS> {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let id = ColumnDef::new("id").integer().not_null().to_owned();
        manager
            .create_table(Table::create().table("second").col(id).to_owned())
            .await?;
        if SUCCEEDS {
            Ok(())
        } else {
            Err(DbErr::Migration("as planned".to_owned()))
        }
    }
}

/// Which steps the database has, and when each was taken.
async fn steps(db: &DatabaseConnection) -> Vec<(String, i64)> {
    let sql = "SELECT version, applied_at FROM seaql_migrations ORDER BY version";
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_many_by_index().unwrap()).collect()
}

pub async fn opening_again_migrates_nothing(url: &str) {
    let store = open(url).await;
    let taken = steps(store.reader()).await;
    let append = store.tx(
        "entry.append",
        |tx| async move { append(&tx, "2026-03-15", "e1").await },
    );
    append.await.unwrap();
    store.close().await.unwrap();
    let store = open(url).await;
    assert_eq!(steps(store.reader()).await, taken);
    assert_eq!(positions(store.reader()).await, [1]);
    // A step that is new is taken, and the one before it is not taken again.
    let later = Store::open::<Later<true>>(url).await.unwrap();
    let both = steps(later.reader()).await;
    assert_eq!((both.len(), &both[0]), (2, &taken[0]));
    assert_eq!(positions(later.reader()).await, [1]);
}

/// Replicas are started together, and each would find the same steps pending.
pub async fn many_can_open_at_once(url: &str) {
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let url = url.to_owned();
            tokio::spawn(async move { Store::open::<Migrator>(&url).await })
        })
        .collect();
    for opened in opening {
        let store = opened.await.unwrap().unwrap();
        assert_eq!(steps(store.reader()).await.len(), 1);
    }
}

pub async fn a_newer_schema_is_refused_and_left_alone(url: &str) {
    open(url).await.close().await.unwrap();
    let other = session(url).await;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_newer', 1)";
    run(&other, newer).await.unwrap();
    let before = steps(&other).await;
    let refused = Store::open::<Migrator>(url).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Schema(text) if text.contains("m9999_newer")),
        "{refused}"
    );
    // Nor is a step of our own taken.
    let refused = Store::open::<Later<true>>(url).await.unwrap_err();
    assert!(matches!(refused, Error::Schema(_)), "{refused}");
    assert_eq!(steps(&other).await, before);
    assert!(!has_table(&other, "second").await);
}

pub async fn a_step_that_fails_leaves_nothing(url: &str) {
    let failed = Store::open::<Later<false>>(url).await.unwrap_err();
    assert!(
        matches!(&failed, Error::Schema(text) if text == "as planned"),
        "{failed}"
    );
    let other = session(url).await;
    for table in ["head", "second", "seaql_migrations"] {
        assert!(!has_table(&other, table).await, "{table}");
    }
    // So the program that can is not in the way of what the one that could not has left.
    let store = Store::open::<Later<true>>(url).await.unwrap();
    assert_eq!(steps(store.reader()).await.len(), 2);
}

#[tokio::test]
async fn an_sqlite_file_is_durable_on_every_connection() {
    let database = fixture::sqlite();
    let store = open(database.url()).await;
    let settings = [
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("busy_timeout", 5_000),
    ];
    for (setting, wanted) in settings {
        let pragma = format!("PRAGMA {setting}");
        assert_eq!(value::<i64>(store.reader(), &pragma).await, wanted, "{setting}");
        let written = store.tx("setting.read", move |tx| {
            let pragma = pragma.clone();
            async move { Ok::<_, Error>(value::<i64>(&tx, &pragma).await) }
        });
        assert_eq!(written.await.unwrap(), wanted, "{setting}");
    }
    assert_eq!(value::<String>(store.reader(), "PRAGMA journal_mode").await, "wal");
    let version: String = value(store.reader(), "SELECT sqlite_version()").await;
    let version: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version >= vec![3, 51, 3], "{version:?}");
}

#[tokio::test]
async fn a_postgres_session_has_our_settings() {
    let Some(url) = fixture::postgres("settings") else {
        return;
    };
    let store = open(&url).await;
    for (setting, wanted) in [
        ("transaction_isolation", "read committed"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("application_name", "banggiao"),
        ("server_encoding", "UTF8"),
    ] {
        let show = format!("SHOW {setting}");
        assert_eq!(value::<String>(store.reader(), &show).await, wanted);
        let written = store.tx("setting.read", move |tx| {
            let show = show.clone();
            async move { Ok::<_, Error>(value::<String>(&tx, &show).await) }
        });
        assert_eq!(written.await.unwrap(), wanted);
    }
    let named = open(&format!("{url}?application_name=journal")).await;
    assert_eq!(
        value::<String>(named.reader(), "SHOW application_name").await,
        "journal"
    );
}

/// Each setting is really changed on a server of its own, and the refusal names it.
#[tokio::test]
async fn a_postgres_server_that_would_forget_is_refused() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database("forgetful");
    let server = session(&cluster.database("beside")).await;
    for (weaken, mend, named) in [
        (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM RESET fsync",
            "fsync is off",
        ),
        (
            "ALTER SYSTEM SET full_page_writes = off",
            "ALTER SYSTEM RESET full_page_writes",
            "full_page_writes is off",
        ),
        (
            "ALTER DATABASE forgetful SET synchronous_commit = off",
            "ALTER DATABASE forgetful RESET synchronous_commit",
            "synchronous_commit is off",
        ),
    ] {
        change(&server, weaken).await;
        refused(&url, named).await;
        change(&server, mend).await;
    }
    // Without standbys there is nobody to wait for.
    change(&server, "ALTER DATABASE forgetful SET synchronous_commit = local").await;
    change(&server, "ALTER SYSTEM SET synchronous_standby_names = 'other'").await;
    refused(&url, "synchronous_commit is local").await;
    assert!(!has_table(&session(&url).await, "seaql_migrations").await);
    change(&server, "ALTER SYSTEM RESET synchronous_standby_names").await;
    open(&url).await;
}

async fn change(server: &DatabaseConnection, sql: &str) {
    run(server, sql).await.unwrap();
    run(server, "SELECT pg_reload_conf(), pg_sleep(0.3)").await.unwrap();
}

async fn refused(url: &str, named: &str) {
    let refused = Store::open::<Migrator>(url).await.unwrap_err();
    assert!(
        matches!(&refused, Error::NotDurable(text) if text.starts_with(named)),
        "{refused}"
    );
}

#[tokio::test]
async fn an_address_of_nothing_is_refused() {
    let refused = Store::open::<Migrator>("mysql://u:secret@h/registry")
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Address), "{refused}");
    let missing = fixture::sqlite();
    let nowhere = missing.url().replace("store.db", "no/such/folder.db");
    let refused = Store::open::<Migrator>(&nowhere).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
}
