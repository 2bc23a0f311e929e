//! The sixth step: what events lead to, by month instead of by day, and references indexed where there are any: each commit then writes to
//! half as many pages.

use sea_orm::{ConnectionTrait, EntityName, IdenStatic, Statement};
use sea_orm_migration::prelude::*;

use crate::store::event::{self, link};

/// What the column was called in which the month stands.
const DAY: &str = "start_date";

/// The sixth step.
pub struct LinksByMonth;

impl MigrationName for LinksByMonth {
    fn name(&self) -> &'static str {
        "m0006_links_by_month"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for LinksByMonth {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = link::Entity.table_name();
        // A database that is made by this program has them already.
        if !manager.has_column(table, DAY).await? {
            return Ok(());
        }
        let db = manager.get_connection();
        let month = link::Column::Month.as_str();
        for sql in [
            // The first of them keeps whoever writes days away until the second has seen all of them.
            format!("ALTER TABLE {table} RENAME COLUMN {DAY} TO {month}"),
            format!(
                "UPDATE {table} SET {month} = CASE side WHEN '{}' THEN SUBSTR({month}, 1, 7) ELSE '' END",
                link::PARTNER
            ),
        ] {
            db.execute_raw(Statement::from_string(manager.get_database_backend(), sql))
                .await?;
        }
        let reference = event::create_reference_index();
        let old = Index::drop()
            .name(event::REFERENCE_INDEX)
            .table(event::Entity)
            .to_owned();
        manager.drop_index(old).await?;
        manager.create_index(reference).await
    }
}

#[cfg(test)]
mod tests {
    use banggiao_store::Store;
    use banggiao_testkit::postgres::Cluster;
    use sea_orm::EntityTrait;

    use super::*;
    use crate::store::migration::Migrator;

    /// A database as it was before this step: an event with its partner, its home and an attachment.
    const BEFORE: [&str; 6] = [
        "DELETE FROM seaql_migrations WHERE version = 'm0006_links_by_month'",
        "ALTER TABLE event_link RENAME COLUMN month TO start_date",
        "DROP INDEX event_reference",
        "CREATE UNIQUE INDEX event_reference ON event (source, reference)",
        "INSERT INTO event_link (side, target, start_date, event_id) VALUES ('partner', 'kh', '2026-03-15', 'e1'), \
         ('partner', 'kh', '2026-03-16', 'e2'), ('home', 'district', '2026-03-15', 'e1')",
        "INSERT INTO event_link (side, target, start_date, event_id) VALUES ('attachment', 'abc', '', 'e1')",
    ];

    async fn migrated(url: &str) {
        let store = Store::open::<Migrator>(url).await.unwrap();
        for sql in BEFORE {
            let run = store.tx("link.before", move |tx| async move {
                tx.execute_unprepared(sql).await?;
                Ok::<_, banggiao_store::Error>(())
            });
            run.await.unwrap();
        }
        store.close().await.unwrap();

        let store = Store::open::<Migrator>(url).await.unwrap();
        let mut links = link::Entity::find().all(store.reader()).await.unwrap();
        links.sort();
        let links: Vec<_> = links
            .iter()
            .map(|link| [&*link.side, &*link.target, &*link.month, &*link.event_id])
            .collect();
        let wanted = [
            ["attachment", "abc", "", "e1"],
            ["home", "district", "", "e1"],
            ["partner", "kh", "2026-03", "e1"],
            ["partner", "kh", "2026-03", "e2"],
        ];
        assert_eq!(links, wanted);
        store.close().await.unwrap();
    }

    #[tokio::test]
    async fn days_become_months_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        migrated(&format!("sqlite:{}", folder.path().join("journal.db").display())).await;
    }

    #[tokio::test]
    async fn days_become_months_on_postgres() {
        if let Some(cluster) = Cluster::shared() {
            migrated(&cluster.database("links_by_month")).await;
        }
    }
}
