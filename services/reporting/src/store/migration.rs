//! The schema, step by step. A step that was released is never changed; a new one is added after it.

use banggiao_audit::migration::Migration;
use banggiao_directory::changes;
use banggiao_store::{cursor, head};
use sea_orm_migration::prelude::*;

use super::{answer, definition, digest, fact, report, sent};
use crate::projection::FEED;

/// All steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(First),
            Box::new(Migration("m0002_audit")),
            Box::new(FactsByDay),
            Box::new(FactsByEvent),
            Box::new(Office),
            Box::new(ReportEntries),
        ]
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
        let facts = Table::create()
            .table("fact")
            .col(ColumnDef::new("log_index").big_integer().not_null())
            .primary_key(Index::create().col("log_index"))
            .to_owned();
        manager.create_table(facts).await
    }
}

/// The facts are read again from the journal's beginning, now with their days.
struct FactsByDay;

impl MigrationName for FactsByDay {
    fn name(&self) -> &'static str {
        "m0003_facts_by_day"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FactsByDay {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let old = Table::drop().table("fact").to_owned();
        manager.drop_table(old).await?;
        manager.create_table(fact::create_table()).await?;
        manager.create_index(fact::create_index()).await?;
        cursor::restart(manager.get_connection(), FEED).await
    }
}

/// The facts are found by event, and have a digest, for which they are read again from the journal's beginning.
struct FactsByEvent;

impl MigrationName for FactsByEvent {
    fn name(&self) -> &'static str {
        "m0004_facts_by_event"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FactsByEvent {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let old = Query::delete().from_table("fact").to_owned();
        manager.execute(old).await?;
        manager.create_index(fact::create_event_index()).await?;
        manager.create_table(digest::create_table()).await?;
        digest::insert_first(manager.get_connection(), FEED).await?;
        cursor::restart(manager.get_connection(), FEED).await
    }
}

/// What reporting itself is told and keeps, under a head of its own.
struct Office;

impl MigrationName for Office {
    fn name(&self) -> &'static str {
        "m0005_office"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Office {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(head::create_table()).await?;
        manager.alter_table(head::add_tree()).await?;
        head::insert_first(manager.get_connection()).await?;
        manager.create_table(definition::create_table()).await?;
        manager.create_table(answer::create_table()).await?;
        manager.create_table(report::create_table()).await?;
        manager.create_table(report::content::create_table()).await?;
        manager.create_table(sent::create_table()).await?;
        manager.create_index(sent::create_index()).await?;
        for index in report::create_indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// Where issued reports stand in the journal's log. Those that were issued before are handed over, too.
struct ReportEntries;

impl MigrationName for ReportEntries {
    fn name(&self) -> &'static str {
        "m0006_report_entries"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ReportEntries {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(report::entry::create_table()).await
    }
}
