//! The schema, step by step. A step that was released is never changed; a new one is added after it.

use banggiao_directory::changes;
use banggiao_store::{cursor, head, import_row};
use sea_orm_migration::prelude::*;

use super::{event, revision};

/// All steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First)]
    }
}

struct First;

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
        for table in event::create_tables() {
            manager.create_table(table).await?;
        }
        for index in event::create_indexes() {
            manager.create_index(index).await?;
        }
        manager.create_table(import_row::create_table()).await
    }
}
