//! Handing the digests of issued reports to the journal, in whose log they stand for ever.
//!
//! A report is issued whether or not the journal is there. What was issued is handed over afterwards, as often as it takes;
//! the journal answers the same digest with the same entry.

use std::{collections::HashSet, sync::Arc, time::Duration};

use banggiao_contracts::{
    journal::v1::{self as journal, ledger_service_client::LedgerServiceClient},
    reporting::v1 as pb,
};
use banggiao_model::hex;
use banggiao_rpc::channel::Authorized;
use banggiao_store as store;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status};

use crate::{office::Office, store::report as stored};

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
    #[error("it is not kept as it was signed")]
    Damaged,
}

impl Error {
    /// Whether it would befall any other report as well.
    fn is_of_all(&self) -> bool {
        match self {
            Self::Store(_) => true,
            Self::Journal(status) => matches!(
                status.code(),
                Code::Unavailable | Code::DeadlineExceeded | Code::FailedPrecondition | Code::PermissionDenied
            ),
            Self::Damaged => false,
        }
    }
}

/// Hands over until `shutdown` whatever is issued.
pub fn keep(office: Arc<Office>, journal: Authorized, shutdown: CancellationToken) {
    let mut clerk = Clerk {
        office,
        journal: LedgerServiceClient::new(journal),
        told: HashSet::new(),
    };
    tokio::spawn(async move {
        loop {
            if let Err(error) = clerk.hand_over().await {
                tracing::debug!(%error, "issued reports cannot be handed to the journal for the moment");
            }
            let pause = async {
                tokio::select! {
                    () = clerk.office.issued() => {}
                    () = tokio::time::sleep(EVERY) => {}
                }
            };
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    });
}

struct Clerk {
    office: Arc<Office>,
    journal: LedgerServiceClient<Authorized>,
    /// Reports that were refused, each of which is told of once.
    told: HashSet<String>,
}

impl Clerk {
    /// Hands over all that is missing. One that is refused holds none of the others up.
    async fn hand_over(&mut self) -> Result<(), Error> {
        let mut after = 0;
        loop {
            let reports = stored::entry::missing(self.office.reader(), after, REPORTS).await?;
            let Some((last, _)) = reports.last() else {
                return Ok(());
            };
            after = *last;
            for (_, report) in reports {
                let (name, entered) = match report {
                    Ok(report) => (report.name.clone(), self.enter(&report).await),
                    Err(id) => (id, Err(Error::Damaged)),
                };
                match entered {
                    Ok(()) => drop(self.told.remove(&name)),
                    Err(error) if error.is_of_all() => return Err(error),
                    Err(error) => {
                        if self.told.insert(name.clone()) {
                            tracing::warn!(report = name, %error, "a report cannot be entered into the journal's log");
                        }
                    }
                }
            }
        }
    }

    async fn enter(&self, report: &pb::Report) -> Result<(), Error> {
        let content = stored::content::read(self.office.reader(), stored::id_of(&report.name)).await?;
        let content = pb::ReportContent::decode(content.unwrap_or_default().as_slice());
        let content = content.map_err(|_| Error::Damaged)?;
        let mut request = Request::new(journal::EnterReportRequest {
            report: report.name.clone(),
            digest: hex::decode(&report.digest).ok_or(Error::Damaged)?,
            journal_epoch: content.journal_epoch,
            report_log_index: content.log_index,
            registry_position: content.registry_position,
            issue_time: report.issue_time,
        });
        request.set_timeout(PATIENCE);
        let entered = self.journal.clone().enter_report(request).await?.into_inner();
        let place = (entered.epoch, entered.log_index);
        self.office.entered(report.name.clone(), place.0, place.1).await?;
        Ok(())
    }
}
