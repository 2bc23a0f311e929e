//! The third step: attachments that are stored, and who uploaded them.

use sea_orm_migration::prelude::*;

use crate::store::attachment::{self, upload};

/// The third step.
pub struct Attachments;

impl MigrationName for Attachments {
    fn name(&self) -> &'static str {
        "m0003_attachments"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Attachments {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(attachment::create_table()).await?;
        manager.create_table(upload::create_table()).await
    }
}
