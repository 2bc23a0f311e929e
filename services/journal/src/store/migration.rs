//! The schema, step by step. A step that was released is never changed; a new one is added after it.

mod attachments;
mod events_anew;
mod first;
mod ledger;
mod links_by_month;

use banggiao_audit::migration::Migration;
use sea_orm_migration::prelude::*;

/// All steps in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(first::First),
            Box::new(events_anew::EventsAnew),
            Box::new(attachments::Attachments),
            Box::new(Migration("m0004_audit")),
            Box::new(ledger::Ledger),
            Box::new(links_by_month::LinksByMonth),
        ]
    }
}
