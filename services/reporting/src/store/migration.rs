//! The schema, step by step. A step that was released is never changed; a new one is added after it.

use banggiao_audit::migration::Migration;
use banggiao_directory::changes;
use banggiao_store::cursor;
use sea_orm_migration::prelude::*;

use super::fact;
use crate::projection::FEED;

/// All steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(First), Box::new(Migration("m0002_audit"))]
    }
}

struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_facts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(cursor::create_table()).await?;
        cursor::insert_first(manager.get_connection(), "registry").await?;
        cursor::insert_first(manager.get_connection(), FEED).await?;
        manager.create_table(changes::create_table()).await?;
        manager.create_table(fact::create_table()).await
    }
}
