//! Somebody who checks the journal's whole log from outside, and copies of its database for whoever alters it.

use std::{fs, path::Path, time::Instant};

use banggiao_cli::ledger::{Examination, Report, Trusted};
use banggiao_contracts::journal::v1::{
    ListEntriesRequest, WatchEventsResponse, ledger_service_client::LedgerServiceClient,
};
use banggiao_rpc::channel::Authorized;

/// Checks every entry, every hash over it and what was signed, as `ledger verify` does.
pub async fn examined(channel: Authorized, trusted: &Trusted, include_content: bool) -> Result<Report, String> {
    let (began, mut examination) = (Instant::now(), Examination::new(trusted));
    let mut ledger = LedgerServiceClient::new(channel);
    let listed = ledger.list_entries(ListEntriesRequest { include_content }).await;
    let mut stream = listed.map_err(|status| status.to_string())?.into_inner();
    while let Some(message) = stream.message().await.map_err(|status| status.to_string())? {
        examination.take(&message).map_err(|error| error.text())?;
    }
    examination.finish(began.elapsed()).map_err(|error| error.text())
}

/// The places of the log that a message of the feed tells of, in order.
pub fn places(message: &WatchEventsResponse) -> Vec<i64> {
    let events = message.revisions.iter().filter_map(|revision| revision.event.as_ref());
    let mut places: Vec<i64> = events.map(|event| event.log_index).collect();
    places.extend(message.recoveries.iter().map(|recovery| recovery.log_index));
    places.extend(message.other_entries.iter().map(|other| other.log_index));
    places.sort_unstable();
    places
}

/// Copies the journal's database with what belongs to it, and with further files that begin with its name.
pub fn copy_journal(folder: &Path, from: &str, to: &str, further: &[&str]) {
    for part in ["db", "db-wal", "db-shm"].iter().chain(further) {
        let path = |name: &str| folder.join(format!("{name}.{part}"));
        drop(fs::remove_file(path(to)));
        if path(from).exists() {
            fs::copy(path(from), path(to)).expect("a copy");
        }
    }
}
