//! The step that makes the trail's table in a service's database.

use banggiao_store::audit;
use sea_orm_migration::prelude::*;

/// The step, under the name that the service gives it among its own.
#[derive(Debug)]
pub struct Migration(pub &'static str);

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(audit::create_table()).await?;
        manager.create_index(audit::create_index()).await
    }
}
