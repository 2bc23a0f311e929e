//! A table whose every transaction can be told from half of it, and a run of transactions on it.

use std::collections::{BTreeMap, BTreeSet};

use banggiao_powercut::{Disk, Image};
use banggiao_store::{Error, Session, Store};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait::async_trait};

const FILE: &str = "store.db";
/// Transactions of one run, numbered from 1.
pub const RUN: u64 = 8;
/// After this one the log is brought home into the file, and begins anew.
const CHECKPOINT_AFTER: u64 = 4;

pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First)]
    }
}

struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            "CREATE TABLE entry (n BIGINT, part BIGINT, text TEXT, PRIMARY KEY (n, part))",
            "CREATE INDEX entry_text ON entry (text)",
            "CREATE TABLE total (entries BIGINT, checksum BIGINT)",
            "INSERT INTO total VALUES (0, 0)",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}

/// What the parts of a transaction say: a few of them, some longer than a page.
fn texts(n: u64) -> impl Iterator<Item = String> {
    (0..1 + n * 7 % 5)
        .map(move |part| format!("{n}/{part};").repeat(1 + usize::try_from((n * 31 + part * 17) % 1500).unwrap()))
}

/// A sum that a lost, a doubled or a changed part alters.
fn checksum(texts: impl Iterator<Item = String>) -> i64 {
    let sum = |sum: i64, byte: u8| (sum * 31 + i64::from(byte)) % 1_000_003;
    texts.map(|text| text.bytes().fold(7, sum)).sum()
}

fn statements(n: u64) -> Vec<String> {
    let insert = |(part, text)| format!("INSERT INTO entry VALUES ({n}, {part}, '{text}')");
    let sum = checksum(texts(n));
    let total = format!("UPDATE total SET entries = entries + 1, checksum = checksum + {sum}");
    texts(n).enumerate().map(insert).chain([total]).collect()
}

/// Who carries transactions out.
pub enum Writer {
    /// The store, with its own settings.
    Store(Store),
    /// A connection with a weaker setting.
    Weak(DatabaseConnection),
}

impl Writer {
    pub async fn store(disk: &Disk) -> Result<Self, Error> {
        Store::open::<Migrator>(&disk.url(FILE)).await.map(Self::Store)
    }

    pub async fn weak(disk: &Disk, synchronous: SqliteSynchronous) -> Result<Self, Error> {
        let mut options = ConnectOptions::new(disk.url(FILE));
        options
            .max_connections(1)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(move |options| options.journal_mode(SqliteJournalMode::Wal).synchronous(synchronous));
        Ok(Self::Weak(Database::connect(options).await?))
    }

    /// For looking at it.
    pub fn reader(&self) -> &DatabaseConnection {
        match self {
            Self::Store(store) => store.reader(),
            Self::Weak(db) => db,
        }
    }

    /// Carries one transaction out; that it succeeds is the acknowledgement. The store's two kinds of transactions take
    /// turns, since each has a connection of its own.
    pub async fn carry_out(&self, n: u64) -> Result<(), Error> {
        match self {
            Self::Store(store) if n.is_multiple_of(2) => {
                let work = move |tx: banggiao_store::Appending| async move {
                    for statement in statements(n) {
                        tx.run(Statement::from_string(tx.backend(), statement)).await?;
                    }
                    Ok(())
                };
                store.append("entry.append", work).await
            }
            Self::Store(store) => {
                let work = move |tx: banggiao_store::Tx| async move {
                    for statement in statements(n) {
                        tx.execute_unprepared(&statement).await?;
                    }
                    Ok(())
                };
                store.tx("entry.put", work).await
            }
            Self::Weak(db) => {
                let all = format!("BEGIN IMMEDIATE; {}; COMMIT", statements(n).join("; "));
                Ok(db.execute_unprepared(&all).await.map(drop)?)
            }
        }
    }

    /// Brings the log home.
    pub async fn checkpoint(&self) -> Result<(), Error> {
        let pragma = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(RESTART)");
        Ok(self.reader().query_one_raw(pragma).await.map(drop)?)
    }

    /// Carries the whole run out up to the first failure, and says how many were acknowledged.
    pub async fn run(&self) -> u64 {
        for n in 1..=RUN {
            if self.carry_out(n).await.is_err() {
                return n - 1;
            }
            if n == CHECKPOINT_AFTER && self.checkpoint().await.is_err() {
                return n;
            }
        }
        RUN
    }

    pub async fn close(self) {
        // After a cut nothing closes in peace.
        match self {
            Self::Store(store) => drop(store.close().await),
            Self::Weak(db) => drop(db.close().await),
        }
    }
}

/// A database that has its tables and nothing in them.
pub async fn template() -> Image {
    let disk = Disk::new(0);
    Writer::store(&disk).await.unwrap().close().await;
    disk.image()
}

/// Which transactions are there whole; what is wrong, if anything is.
pub async fn look(disk: &Disk) -> Result<BTreeSet<u64>, String> {
    let writer = Writer::store(disk).await.map_err(|error| error.to_string())?;
    let found = look_through(writer.reader()).await;
    writer.close().await;
    found
}

async fn look_through(db: &DatabaseConnection) -> Result<BTreeSet<u64>, String> {
    let rows = |sql: &str| db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let told = |error: DbErr| error.to_string();
    let checked = rows("PRAGMA integrity_check").await.map_err(told)?;
    let checked: Vec<String> = checked.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    if checked != ["ok"] {
        return Err(checked.join("; "));
    }
    let mut parts: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for row in rows("SELECT n, text FROM entry ORDER BY n, part").await.map_err(told)? {
        let n: i64 = row.try_get_by_index(0).unwrap();
        let of_it = parts.entry(u64::try_from(n).unwrap()).or_default();
        of_it.push(row.try_get_by_index(1).unwrap());
    }
    for (n, found) in &parts {
        if !found.iter().cloned().eq(texts(*n)) {
            return Err(format!("of transaction {n} there is something else than was written"));
        }
    }
    let total = &rows("SELECT entries, checksum FROM total").await.map_err(told)?[0];
    let total: (i64, i64) = (total.try_get_by_index(0).unwrap(), total.try_get_by_index(1).unwrap());
    let sum = parts.keys().map(|n| checksum(texts(*n))).sum();
    if total != (i64::try_from(parts.len()).unwrap(), sum) {
        return Err(format!("the total is {total:?} of {} transactions", parts.len()));
    }
    Ok(parts.into_keys().collect())
}
