//! Databases to throw away, and a schema that has everything that the store knows.

use std::time::Duration;

use banggiao_store::{Error, Session, Store, cursor, head, import_row};
use banggiao_testkit::postgres::Cluster;
use sea_orm::{
    ActiveValue::Set, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, EntityTrait, QueryTrait,
};
use sea_orm_migration::prelude::*;
use tempfile::TempDir;

/// What the one cursor is called.
pub const FEED: &str = "registry";

/// An SQLite file in a folder of its own.
pub struct Sqlite {
    url: String,
    _folder: TempDir,
}

impl Sqlite {
    pub fn url(&self) -> &str {
        &self.url
    }
}

pub fn sqlite() -> Sqlite {
    let folder = tempfile::tempdir().unwrap();
    Sqlite {
        url: format!("sqlite:{}", folder.path().join("store.db").display()),
        _folder: folder,
    }
}

/// An empty database on the server that this process shares, if there is PostgreSQL.
pub fn postgres(name: &str) -> Option<String> {
    Cluster::shared().map(|cluster| cluster.database(name))
}

/// A single session beside the store, with the server's own settings.
pub async fn session(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| options.create_if_missing(true));
    Database::connect(options).await.unwrap()
}

/// Runs statements that answer nothing.
pub async fn run(db: &impl ConnectionTrait, sql: &str) -> Result<(), Error> {
    Ok(db.execute_unprepared(sql).await.map(drop)?)
}

/// The first value of the first row.
pub async fn value<T: sea_orm::TryGetable>(db: &impl ConnectionTrait, sql: &str) -> T {
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Whether a table is there.
pub async fn has_table(db: &DatabaseConnection, table: &str) -> bool {
    SchemaManager::new(db).has_table(table).await.unwrap()
}

pub async fn open(url: &str) -> Store {
    Store::open::<Migrator>(url).await.unwrap()
}

/// An entry of the log.
pub mod entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        pub day: String,
        pub id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Appends an entry behind the head, which it locks.
pub async fn append(tx: &impl Session, day: &str, id: &str) -> Result<i64, Error> {
    let mut head = head::lock(tx).await?;
    head.position += 1;
    insert(tx, head.position, day, id).await?;
    head::advance(tx, &head).await?;
    Ok(head.position)
}

pub async fn insert(db: &impl Session, position: i64, day: &str, id: &str) -> Result<(), Error> {
    let row = entry::ActiveModel {
        position: Set(position),
        day: Set(day.to_owned()),
        id: Set(id.to_owned()),
    };
    db.run(entry::Entity::insert(row).build(db.backend())).await
}

/// All positions in order.
pub async fn positions(db: &impl Session) -> Vec<i64> {
    let rows = db.find(entry::Entity::find()).await.unwrap();
    let mut positions: Vec<i64> = rows.into_iter().map(|row| row.position).collect();
    positions.sort_unstable();
    positions
}

/// All steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First)]
    }
}

pub struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(head::create_table()).await?;
        manager.alter_table(head::add_tree()).await?;
        head::insert_first(manager.get_connection()).await?;
        manager.create_table(cursor::create_table()).await?;
        cursor::insert_first(manager.get_connection(), FEED).await?;
        manager.create_table(import_row::create_table()).await?;
        let table = Table::create()
            .table(entry::Entity)
            .col(ColumnDef::new(entry::Column::Position).big_integer().not_null())
            .col(ColumnDef::new(entry::Column::Day).string_len(10).not_null())
            .col(ColumnDef::new(entry::Column::Id).string_len(63).not_null().unique_key())
            .primary_key(Index::create().col(entry::Column::Position))
            .to_owned();
        manager.create_table(table).await
    }
}
