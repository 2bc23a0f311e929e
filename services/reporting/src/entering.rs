//! Handing the digests of issued reports to the journal, in whose log they stand for ever.
//!
//! A report is issued whether or not the journal is there. What was issued is handed over afterwards, as often as it takes;
//! the journal answers the same digest with the same entry.

use std::{sync::Arc, time::Duration};

use banggiao_contracts::{
    journal::v1::{self as journal, ledger_service_client::LedgerServiceClient},
    reporting::v1 as pb,
};
use banggiao_rpc::channel::Authorized;
use banggiao_store as store;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};

use crate::{domain::report, office::Office, store::report as stored};

/// So often is looked for what another replica has issued, and for what was refused.
const EVERY: Duration = Duration::from_secs(2);
/// So many are read at once.
const REPORTS: u64 = 100;
/// So long is the journal waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a report could not be handed over.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("{0}")]
    Journal(#[from] Status),
    #[error("{0} is not kept as it was signed")]
    Damaged(String),
}

/// Hands over until `shutdown` whatever is issued.
pub fn keep(office: Arc<Office>, journal: Authorized, shutdown: CancellationToken) {
    let journal = LedgerServiceClient::new(journal);
    tokio::spawn(async move {
        loop {
            if let Err(error) = hand_over(&office, &journal).await {
                tracing::debug!(%error, "issued reports cannot be handed to the journal for the moment");
            }
            let pause = async {
                tokio::select! {
                    () = office.issued() => {}
                    () = tokio::time::sleep(EVERY) => {}
                }
            };
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    });
}

async fn hand_over(office: &Office, journal: &LedgerServiceClient<Authorized>) -> Result<(), Error> {
    loop {
        let reports = stored::entry::missing(office.reader(), REPORTS).await?;
        if reports.is_empty() {
            return Ok(());
        }
        let mut refused = None;
        for report in reports {
            // One that does not read holds none of the others up.
            if let Err(error) = enter(office, journal, &report).await {
                tracing::warn!(report = report.name, %error, "a report is not in the journal's log yet");
                refused = Some(error);
            }
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
    }
}

async fn enter(office: &Office, journal: &LedgerServiceClient<Authorized>, report: &pb::Report) -> Result<(), Error> {
    let damaged = || Error::Damaged(report.name.clone());
    let content = stored::content::read(office.reader(), stored::id_of(&report.name)).await?;
    let content = pb::ReportContent::decode(content.unwrap_or_default().as_slice()).map_err(|_| damaged())?;
    let mut request = Request::new(journal::EnterReportRequest {
        report: report.name.clone(),
        digest: report::digest_bytes(&report.digest).ok_or_else(damaged)?,
        journal_epoch: content.journal_epoch,
        report_log_index: content.log_index,
        registry_position: content.registry_position,
        issue_time: report.issue_time,
    });
    request.set_timeout(PATIENCE);
    let entered = journal.clone().enter_report(request).await?.into_inner();
    office
        .entered(report.name.clone(), entered.epoch, entered.log_index)
        .await?;
    Ok(())
}
