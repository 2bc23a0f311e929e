//! The witness: keeps every checkpoint that it is shown while things go wrong, and holds the whole log against all of them at
//! the end.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use banggiao_cli::ledger::Trusted;
use banggiao_contracts::journal::v1::{GetCheckpointRequest, ledger_service_client::LedgerServiceClient};

use super::{
    office::{Office, Passing, bounded},
    writing::Tally,
};
use crate::auditor;

/// Before the next one is asked for.
const PAUSE: Duration = Duration::from_millis(50);

/// Keeps what it is shown until it is told to stop; by size, for of one size there must be one.
pub async fn witness(office: Office, tally: &Tally) -> Result<BTreeMap<i64, String>, String> {
    let mut ledger = LedgerServiceClient::new(office.recorder());
    let mut kept = BTreeMap::<i64, String>::new();
    while !tally.stop.load(Ordering::Relaxed) {
        match ledger.get_checkpoint(bounded(GetCheckpointRequest::default())).await {
            Ok(answer) => {
                let checkpoint = answer.into_inner();
                let note = kept
                    .entry(checkpoint.tree_size)
                    .or_insert_with(|| checkpoint.note.clone());
                if *note != checkpoint.note {
                    return Err(format!("two checkpoints of {} entries", checkpoint.tree_size));
                }
            }
            Err(status) => assert!(Passing::BrokenCalls.includes(&status), "a checkpoint: {status:?}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(kept)
}

/// Every entry, every hash over it, and every checkpoint that was ever shown. Says how many entries were checked.
pub async fn check(office: &Office, kept: &BTreeMap<i64, String>) -> Result<u64, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |(size, note): (&i64, &String)| {
        let path = folder.path().join(size.to_string());
        std::fs::write(&path, note).expect("a file");
        path
    };
    let trusted = Trusted {
        key: Vec::new(),
        since: kept.iter().map(file).collect(),
    };
    let report = auditor::examined(office.recorder(), &trusted, true).await?;
    if report.is_whole() {
        Ok(report.entries)
    } else {
        Err(format!("the ledger: {:?} {:?}", report.findings, report.given_up))
    }
}
