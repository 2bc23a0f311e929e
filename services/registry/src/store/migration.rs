//! The schema, step by step. A step that was released is never changed; a new one is added after it.

use banggiao_audit::migration::Migration;
use banggiao_directory::changes;
use banggiao_store::{head, import_row};
use sea_orm_migration::prelude::*;

use super::request;

/// All steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(First),
            Box::new(Migration("m0002_audit")),
            Box::new(HeadWithTree),
        ]
    }
}

struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_changes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(head::create_table()).await?;
        head::insert_first(manager.get_connection()).await?;
        manager.create_table(changes::create_table()).await?;
        manager.create_table(request::create_table()).await?;
        manager.create_table(import_row::create_table()).await
    }
}

/// Every log has the same head row; the registry's has no tree.
struct HeadWithTree;

impl MigrationName for HeadWithTree {
    fn name(&self) -> &'static str {
        "m0003_head_with_tree"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for HeadWithTree {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(head::add_tree()).await
    }
}
