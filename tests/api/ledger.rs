//! The ledger from the outside: what is signed, what is proved, and what is told to whom.

use banggiao_cli::ledger::{Evidence, Examination, Trusted};
use banggiao_contracts::{
    journal::v1::{
        Checkpoint, Event, GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest,
        ListEntriesRequest, ListEntriesResponse, ledger_service_client::LedgerServiceClient,
    },
    registry::v1::Role,
};
use banggiao_ledger::{Hash, proof};
use banggiao_rpc::channel::Authorized;
use tonic::Code;

use crate::{clerk::Clerk, installation::Installation};

fn ledger(installation: &Installation, principal: &str) -> LedgerServiceClient<Authorized> {
    LedgerServiceClient::new(installation.channel(principal))
}

fn visit(day: u32) -> Event {
    Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: format!("2026-02-{day:02}"),
        home_unit: "units/tayninh-ben-cau".to_owned(),
        persons: Some(5),
        ..Event::default()
    }
}

async fn checkpoint(installation: &Installation, min_log_index: i64) -> Checkpoint {
    let request = GetCheckpointRequest { min_log_index };
    let checkpoint = ledger(installation, "administrator").get_checkpoint(request).await;
    checkpoint.expect("a checkpoint").into_inner()
}

fn hashes(hashes: &[Vec<u8>]) -> Vec<Hash> {
    hashes
        .iter()
        .map(|hash| hash.as_slice().try_into().expect("a hash"))
        .collect()
}

async fn entries(installation: &Installation, principal: &str, include_content: bool) -> Vec<ListEntriesResponse> {
    let request = ListEntriesRequest { include_content };
    let answered = ledger(installation, principal).list_entries(request).await;
    let mut stream = answered.expect("the log").into_inner();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await.expect("the whole log") {
        messages.push(message);
    }
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_in_the_next_checkpoint_and_can_be_proved() {
    let installation = Installation::with_sample().await;
    let mut clerk = Clerk::new(&installation, "administrator");
    let mut older: Vec<Checkpoint> = Vec::new();
    for day in 1..=9 {
        let event = clerk.log(visit(day)).await.expect("logged");
        let newest = checkpoint(&installation, event.log_index).await;
        assert!(newest.tree_size >= event.log_index);
        let root: Hash = newest.root_hash.as_slice().try_into().expect("a hash");

        let request = GetInclusionProofRequest {
            digest: Vec::new(),
            report: String::new(),
            event: event.name.clone(),
            revision: 0,
            tree_size: newest.tree_size,
        };
        let proof = ledger(&installation, "administrator")
            .get_inclusion_proof(request)
            .await;
        let proof = proof.expect("a proof").into_inner();
        assert_eq!(proof.entry.as_ref().expect("an entry").log_index, event.log_index);
        let evidence = Evidence {
            checkpoint: newest.clone(),
            proofs: vec![proof],
            figure: None,
        };
        let checked = evidence.verify(&Trusted::default()).expect("a checkpoint to believe");
        assert_eq!(checked.findings, []);

        for old in &older {
            let request = GetConsistencyProofRequest {
                old_tree_size: old.tree_size,
                new_tree_size: newest.tree_size,
            };
            let answer = ledger(&installation, "administrator")
                .get_consistency_proof(request)
                .await;
            let proof = hashes(&answer.expect("a proof").into_inner().hashes);
            let old_root: Hash = old.root_hash.as_slice().try_into().expect("a hash");
            let size = |checkpoint: &Checkpoint| u64::try_from(checkpoint.tree_size).expect("a size");
            proof::verify_consistency(size(old), &old_root, size(&newest), &root, &proof).expect("consistent");
        }
        older.push(newest);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_log_is_checked_by_whoever_may_read_it() {
    let mut installation = Installation::with_sample().await;
    let old = checkpoint(&installation, 4000).await;
    let kept = installation.folder().join("kept");
    std::fs::write(&kept, &old.note).expect("a file");
    let trusted = Trusted {
        key: vec![old.verifier_key.clone()],
        since: vec![kept],
    };
    Clerk::new(&installation, "administrator")
        .log(visit(3))
        .await
        .expect("logged");
    installation.restart().await;
    for include_content in [false, true] {
        let mut examination = Examination::new(&trusted);
        let messages = entries(&installation, "administrator", include_content).await;
        for message in &messages {
            examination.take(message).expect("a checkpoint to believe");
        }
        let report = examination.finish(std::time::Duration::ZERO).expect("a log");
        assert!(report.is_whole(), "{report:?}");
        assert!(report.entries >= 4280, "{} entries", report.entries);
        let mut entries = messages.iter().flat_map(|message| &message.entries);
        assert!(entries.all(|entry| entry.content.is_empty() != include_content));
        assert!(messages.last().is_some_and(|last| !last.head.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_proves_what_it_may_read_and_nothing_else() {
    let installation = Installation::with_sample().await;
    installation.principal("near", Role::Reader, "tayninh").await;
    installation.principal("far", Role::Reader, "longan-duc-hue").await;
    let event = Clerk::new(&installation, "administrator")
        .log(visit(3))
        .await
        .expect("logged");
    let proof = |principal: &'static str, event: &str| {
        let request = GetInclusionProofRequest {
            digest: Vec::new(),
            report: String::new(),
            event: event.to_owned(),
            ..GetInclusionProofRequest::default()
        };
        let mut ledger = ledger(&installation, principal);
        async move { ledger.get_inclusion_proof(request).await }
    };
    let proved = proof("near", &event.name).await.expect("a proof").into_inner();
    assert!(proved.checkpoint.is_some());
    assert!(!proved.entry.expect("an entry").content.is_empty());
    let hidden = proof("far", &event.name).await.expect_err("hidden");
    let absent = proof("far", "events/e0123").await.expect_err("absent");
    assert_eq!(hidden.code(), Code::PermissionDenied);
    assert_eq!(
        (hidden.message(), hidden.details()),
        (absent.message(), absent.details())
    );
    for include_content in [false, true] {
        let request = ListEntriesRequest { include_content };
        let refused = ledger(&installation, "near").list_entries(request).await;
        assert_eq!(refused.expect_err("not for readers").code(), Code::PermissionDenied);
    }
    let request = GetCheckpointRequest::default();
    assert!(ledger(&installation, "near").get_checkpoint(request).await.is_ok());
}
