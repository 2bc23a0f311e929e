//! The second step: event types as data, and what events are found by made anew from the log, with more of it.

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1 as pb;
use sea_orm_migration::prelude::*;

use crate::{
    domain::command::pending_authors_after,
    store::{event, event_type, revision},
};

/// So many entries of the log are read at once.
const ENTRIES: u64 = 1000;

/// The second step.
pub struct EventsAnew;

impl MigrationName for EventsAnew {
    fn name(&self) -> &'static str {
        "m0002_events_anew"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for EventsAnew {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(event_type::create_table()).await?;
        manager.create_index(event_type::create_index()).await?;
        let by_request = Index::drop().name("revision_request").table("revision").to_owned();
        manager.drop_index(by_request).await?;
        manager.create_index(revision::create_request_index()).await?;
        for table in ["event_link", "event"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for table in event::create_tables(manager.get_database_backend()) {
            manager.create_table(table).await?;
        }
        for index in event::create_indexes() {
            manager.create_index(index).await?;
        }
        let db = manager.get_connection();
        refill(db).await.map_err(|error| DbErr::Migration(error.to_string()))
    }
}

/// An event as the entries of the log that were read so far leave it.
#[derive(Default)]
struct Standing {
    id: String,
    event: Option<pb::Event>,
    pending_authors: BTreeSet<String>,
}

async fn refill(db: &impl ConnectionTrait) -> Result<(), banggiao_store::Error> {
    let mut standing = Standing::default();
    let mut after: Option<(String, i32)> = None;
    loop {
        let key = after.as_ref().map(|(id, number)| (id.as_str(), *number));
        let entries = revision::by_event(db, key, ENTRIES).await?;
        for entry in &entries {
            if entry.event_id != standing.id {
                put(db, &standing).await?;
                standing = Standing {
                    id: entry.event_id.clone(),
                    ..Standing::default()
                };
            }
            let revision = entry.decode()?;
            standing.pending_authors = pending_authors_after(&standing.pending_authors, &revision);
            if let Some(event) = &revision.event {
                event::link::put_lasting(db, event::link::lasting(&standing.id, event)).await?;
            }
            standing.event = revision.event;
        }
        match entries.last() {
            Some(last) => after = Some((last.event_id.clone(), last.number)),
            None => return put(db, &standing).await,
        }
    }
}

async fn put(db: &impl ConnectionTrait, standing: &Standing) -> Result<(), banggiao_store::Error> {
    let Some(event) = &standing.event else { return Ok(()) };
    let written = event::Written {
        id: &standing.id,
        before: None,
        event,
        pending_authors: &standing.pending_authors,
    };
    event::put(db, event::Rows::of(&[written])).await
}
