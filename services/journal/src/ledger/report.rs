//! Reports that were issued: their digests stand in the log, so that nobody can say later that another one was signed.

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::Directory;
use banggiao_ledger::Kind;
use banggiao_rpc::feed;
use prost::Message;

use super::{Growth, Ledger, New, timestamp};
use crate::{
    domain::Error,
    store::revision::{self, Model},
};

/// A report on its way into the log.
#[derive(Debug, Clone)]
pub struct Issued {
    /// Bare id of the report.
    pub id: String,
    /// What is told of it.
    pub report: pb::LedgerReport,
    /// Id of the principal who tells it.
    pub principal: Arc<str>,
    /// The registry as it is known here, at the report's position or later.
    pub directory: Arc<Directory>,
}

impl Ledger {
    /// Enters a report, or gives the entry that the same digest has already. If the log knows another digest by its name,
    /// as after the restoration of reporting's database, both stand there.
    ///
    /// # Errors
    /// [`Error::Frozen`] if the log takes nothing in; or those of the database.
    pub async fn enter(&self, issued: Issued, known: feed::Head) -> Result<pb::LedgerReport, Error> {
        if let Some(entered) = self.entered(&issued).await? {
            return Ok(entered);
        }
        self.is_sound()?;
        let (heard, seams) = (Arc::clone(&self.heard), self.seams.clone());
        let work = move |tx| {
            let (heard, seams, issued) = (Arc::clone(&heard), seams.clone(), issued.clone());
            async move {
                let mut log = Growth::locked(&tx, known, seams.clock.now().as_microsecond()).await?;
                let before = revision::of_kind(&tx, Kind::Report, &issued.id).await?;
                if let Some(entered) = same(&before, &issued)? {
                    return Ok(entered);
                }
                let mut unheard = heard.unheard(&tx, log.head.epoch, &issued.directory).await?;
                let mut models: Vec<Model> = unheard.take().map(|new| log.place(seams.salt(), new)).collect();
                let report = pb::LedgerReport {
                    create_time: Some(timestamp(log.head.recorded_at)),
                    ..issued.report.clone()
                };
                let new = New {
                    kind: Kind::Report,
                    id: &issued.id,
                    number: before.last().map_or(0, |entry| entry.number).saturating_add(1),
                    content: report.encode_to_vec(),
                    principal: &issued.principal,
                    request: None,
                    part: 0,
                    registry_position: issued.report.registry_position,
                };
                let model = log.place(seams.salt(), new);
                let entered = entered(&model)?;
                models.push(model);
                revision::insert(&tx, models).await?;
                log.put(&tx).await?;
                Ok(entered)
            }
        };
        let written = self.store.tx("log.enter_report", work).await;
        self.seen_set_back(known, written)
    }

    async fn entered(&self, issued: &Issued) -> Result<Option<pb::LedgerReport>, Error> {
        same(
            &revision::of_kind(self.store.reader(), Kind::Report, &issued.id).await?,
            issued,
        )
    }
}

fn same(entries: &[Model], issued: &Issued) -> Result<Option<pb::LedgerReport>, Error> {
    for entry in entries {
        let entered = entered(entry)?;
        if entered.digest == issued.report.digest {
            return Ok(Some(entered));
        }
    }
    Ok(None)
}

/// The report that an entry holds, with its place in the log.
pub fn entered(entry: &Model) -> Result<pb::LedgerReport, Error> {
    let mut report = pb::LedgerReport::decode(entry.content.as_slice()).map_err(|error| entry.damaged(&error))?;
    (report.log_index, report.epoch) = (entry.log_index, entry.epoch);
    Ok(report)
}
