//! The first step: the log, what events are found by, the copy of the registry, imported rows.

use banggiao_directory::changes;
use banggiao_store::{cursor, head, import_row};
use sea_orm_migration::{prelude::*, schema};

use crate::store::revision;

/// The first step.
pub struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_journal"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(head::create_table()).await?;
        head::insert_first(manager.get_connection()).await?;
        manager.create_table(changes::create_table()).await?;
        manager.create_table(cursor::create_table()).await?;
        cursor::insert_first(manager.get_connection(), "registry").await?;
        manager.create_table(revision::create_table()).await?;
        for index in revision::create_indexes() {
            manager.create_index(index).await?;
        }
        for table in create_event_tables() {
            manager.create_table(table).await?;
        }
        manager.create_table(import_row::create_table()).await
    }
}

/// What events were found by before the second step made it anew.
fn create_event_tables() -> Vec<TableCreateStatement> {
    let event = Table::create()
        .table("event")
        .col(schema::string_len("id", 63).primary_key())
        .col(schema::big_integer("log_index"))
        .to_owned();
    let link = Table::create()
        .table("event_link")
        .col(schema::string_len("event_id", 63))
        .to_owned();
    vec![event, link]
}
