//! What stands in the log beside events: reorganisations as the registry told of them, before whatever was written in
//! knowledge of them; and the digests of issued reports.

use std::time::{Duration, Instant};

use banggiao_cli::ledger::{Evidence, Trusted};
use banggiao_contracts::{
    journal::v1::{
        EnterReportRequest, Event, EventRevision, GetInclusionProofRequest, LedgerEntry, LedgerEntryKind,
        LedgerReorganization, LedgerReport, ListEntriesRequest, LogEventRequest, RecoverLogRequest,
        event_feed_service_client::EventFeedServiceClient, ledger_reorganization::Change,
        ledger_service_client::LedgerServiceClient,
    },
    registry::v1::{ListReorganizationsRequest, Rename, RevokeReorganizationRequest, reorganization_act::Act},
    reporting::v1::{
        GenerateReportRequest, GetReportRequest, IssueReportRequest, Report, VerifyReportRequest,
        report_service_client::ReportServiceClient,
    },
};
use banggiao_rpc::channel::Authorized;
use prost_reflect::prost::Message;
use tonic::Code;

use super::restated::reorganize;
use crate::{auditor, installation::Installation};

fn ledger(installation: &Installation, principal: &str) -> LedgerServiceClient<Authorized> {
    LedgerServiceClient::new(installation.channel(principal))
}

fn reports(installation: &Installation) -> ReportServiceClient<Authorized> {
    ReportServiceClient::new(installation.channel("administrator"))
}

/// The log with its contents.
async fn entries(installation: &Installation) -> Vec<LedgerEntry> {
    let request = ListEntriesRequest { include_content: true };
    let listed = ledger(installation, "administrator").list_entries(request).await;
    let (mut stream, mut entries) = (listed.expect("the log").into_inner(), Vec::new());
    while let Some(message) = stream.message().await.expect("the whole log") {
        entries.extend(message.entries);
    }
    entries
}

/// Name, place in the registry, and whether it was revoked there, of each reorganisation in the log, in its order.
fn reorganizations(entries: &[LedgerEntry]) -> Vec<(String, i64, bool)> {
    let of_kind = entries
        .iter()
        .filter(|entry| entry.kind() == LedgerEntryKind::Reorganization);
    let told = of_kind.enumerate().map(|(number, entry)| {
        assert_eq!(
            (entry.id.as_str(), entry.revision),
            ("reorganization", i32::try_from(number + 1).expect("few"))
        );
        let told = LedgerReorganization::decode(entry.content.as_slice()).expect("a reorganisation");
        match told.change.expect("a change") {
            Change::Reorganization(recorded) => {
                assert_eq!(recorded.registry_position, told.registry_position);
                assert!(recorded.revocation.is_none(), "as it was recorded");
                (recorded.name, told.registry_position, false)
            }
            Change::Revocation(revocation) => (revocation.reorganization, told.registry_position, true),
        }
    });
    told.collect()
}

/// No revision stands before a reorganisation that was known when it was authorised.
fn check_order(entries: &[LedgerEntry]) {
    let known = reorganizations(entries);
    let (mut noted, mut revisions) = (0, 0);
    for entry in entries {
        match entry.kind() {
            LedgerEntryKind::Reorganization => noted += 1,
            LedgerEntryKind::EventRevision => {
                let revision = EventRevision::decode(entry.content.as_slice()).expect("a revision");
                let at = revision.event.expect("an event").registry_position;
                let before = known.iter().filter(|(_, position, _)| *position <= at).count();
                assert!(noted >= before, "entry {}: {noted} of {before}", entry.log_index);
                revisions += 1;
            }
            _ => {}
        }
    }
    assert!(revisions > 0);
}

/// Logs an event in knowledge of the registry up to a position; gives its place.
async fn log(installation: &Installation, unit: &str, min_registry_position: i64) -> i64 {
    let event = Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2026-02-10".to_owned(),
        home_unit: format!("units/{unit}"),
        ..Event::default()
    };
    let request = LogEventRequest {
        event: Some(event),
        min_registry_position,
        ..LogEventRequest::default()
    };
    let logged = installation.events("administrator").log_event(request).await;
    logged.expect("logged").into_inner().log_index
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_stands_before_what_was_written_in_knowledge_of_it() {
    let mut installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let listed = units.list_reorganizations(ListReorganizationsRequest::default());
    let mut recorded: Vec<(String, i64, bool)> = listed
        .await
        .expect("the reorganisations")
        .into_inner()
        .reorganizations
        .into_iter()
        .map(|recorded| (recorded.name, recorded.registry_position, false))
        .collect();
    recorded.sort_by_key(|(_, position, _)| *position);
    assert!(!recorded.is_empty(), "the sample has some");
    let before = entries(&installation).await;
    assert_eq!(reorganizations(&before), recorded);
    check_order(&before);

    let rename = |name: &str| {
        vec![Act::Rename(Rename {
            unit: "units/tayninh-ben-cau".to_owned(),
            names: [("vi".to_owned(), name.to_owned())].into(),
        })]
    };
    let (name, position) = reorganize(&installation, "2026-03-01", rename("Bến Cầu mới")).await;
    // Nothing was written in knowledge of it.
    assert_eq!(entries(&installation).await.len(), before.len());
    recorded.push((name.clone(), position, false));
    let index = log(&installation, "tayninh-ben-cau", position).await;
    let after = entries(&installation).await;
    assert_eq!(usize::try_from(index).expect("a place"), before.len() + 2);
    assert_eq!(reorganizations(&after), recorded);

    // A start forgets what is kept in mind, and the log does not.
    installation.restart().await;
    assert_eq!(log(&installation, "tayninh", 0).await, index + 1);
    let request = RevokeReorganizationRequest {
        name: name.clone(),
        legal_basis: "Quyết định".to_owned(),
        ..RevokeReorganizationRequest::default()
    };
    let revoked = installation.units("administrator").revoke_reorganization(request).await;
    let revocation = revoked
        .expect("revoked")
        .into_inner()
        .reorganization
        .and_then(|acts| acts.revocation);
    let (second, at) = reorganize(&installation, "2026-03-02", rename("Bến Cầu khác")).await;
    recorded.push((name, revocation.expect("a revocation").registry_position, true));
    recorded.push((second, at, false));
    assert_eq!(log(&installation, "tayninh", at).await, index + 4);
    let all = entries(&installation).await;
    assert_eq!(reorganizations(&all), recorded);
    check_order(&all);
    check_feed(&installation, index + 4).await;
    let report = auditor::examined(installation.channel("administrator"), &Trusted::default(), true).await;
    assert!(
        report.as_ref().is_ok_and(banggiao_cli::ledger::Report::is_whole),
        "{report:?}"
    );
}

/// Whoever follows the feed is told of every place, also of those that tell of no event.
async fn check_feed(installation: &Installation, until: i64) {
    let mut feed = EventFeedServiceClient::new(installation.channel("administrator"));
    let mut stream = feed
        .watch_events(banggiao_contracts::journal::v1::WatchEventsRequest::default())
        .await
        .expect("the feed")
        .into_inner();
    let (mut places, mut others) = (Vec::new(), 0);
    while places.len() < usize::try_from(until).expect("few") {
        let message = stream.message().await.expect("no fault").expect("a message");
        others += message.other_entries.len();
        places.extend(auditor::places(&message));
    }
    assert_eq!(places, (1..=until).collect::<Vec<_>>());
    assert!(others > 3);
}

async fn issued(installation: &Installation) -> Report {
    let request = GenerateReportRequest {
        template: "reportTemplates/six-month".to_owned(),
        unit: "units/tayninh".to_owned(),
        period: "civil/2024-H1".to_owned(),
        ..GenerateReportRequest::default()
    };
    let draft = reports(installation)
        .generate_report(request)
        .await
        .expect("a draft")
        .into_inner();
    let request = IssueReportRequest {
        name: draft.name,
        ..IssueReportRequest::default()
    };
    reports(installation)
        .issue_report(request)
        .await
        .expect("a report")
        .into_inner()
}

/// The report once its entry is another than that one.
async fn entered(installation: &Installation, name: &str, other_than: i64) -> Report {
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let request = GetReportRequest { name: name.to_owned() };
        let report = reports(installation)
            .get_report(request)
            .await
            .expect("the report")
            .into_inner();
        if ![0, other_than].contains(&report.entry_log_index) {
            return report;
        }
        assert!(Instant::now() < patience, "the report is not in the log");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn bytes(digest: &str) -> Vec<u8> {
    banggiao_model::hex::decode(digest).expect("a digest")
}

async fn proof(installation: &Installation, report: &Report) -> Evidence {
    let request = GetInclusionProofRequest {
        report: report.name.clone(),
        digest: bytes(&report.digest),
        ..GetInclusionProofRequest::default()
    };
    let proof = ledger(installation, "administrator").get_inclusion_proof(request).await;
    let proof = proof.expect("a proof").into_inner();
    Evidence {
        checkpoint: proof.checkpoint.clone().expect("a checkpoint"),
        proofs: vec![proof],
        figure: None,
    }
}

async fn verified(installation: &Installation, report: &Report) {
    let request = VerifyReportRequest {
        name: report.name.clone(),
    };
    let answer = reports(installation)
        .verify_report(request)
        .await
        .expect("an answer")
        .into_inner();
    assert!(answer.verified, "{:?}", answer.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_stands_in_the_log() {
    let mut installation = Installation::with_sample().await;
    let signed = issued(&installation).await;
    let report = entered(&installation, &signed.name, 0).await;
    verified(&installation, &report).await;
    let content = signed.content.as_ref().expect("a content");
    let log = entries(&installation).await;
    let entry = log.last().expect("an entry");
    assert_eq!(
        (entry.kind(), entry.log_index),
        (LedgerEntryKind::Report, report.entry_log_index)
    );
    let told = LedgerReport::decode(entry.content.as_slice()).expect("a report");
    assert_eq!(
        (told.report.as_str(), told.digest.as_slice()),
        (&*signed.name, &*bytes(&signed.digest))
    );
    assert_eq!(
        (
            told.journal_epoch,
            told.report_log_index,
            told.registry_position,
            told.issue_time
        ),
        (
            content.journal_epoch,
            content.log_index,
            content.registry_position,
            signed.issue_time
        )
    );

    // It is proved without a server, and no other digest is.
    let evidence = proof(&installation, &signed).await;
    assert_eq!(evidence.verify(&Trusted::default()).expect("a checkpoint").findings, []);
    let mut altered = evidence.clone();
    altered.proofs[0].entry.as_mut().expect("an entry").content = LedgerReport {
        digest: vec![1; 32],
        ..told.clone()
    }
    .encode_to_vec();
    let checked = altered.verify(&Trusted::default()).expect("a checkpoint");
    assert_eq!(checked.findings.len(), 1, "{:?}", checked.findings);

    // Reporting may ask as often as it likes; nobody else may.
    let request = EnterReportRequest {
        report: signed.name.clone(),
        digest: told.digest.clone(),
        journal_epoch: told.journal_epoch,
        report_log_index: told.report_log_index,
        registry_position: told.registry_position,
        issue_time: told.issue_time,
    };
    let again = ledger(&installation, "reporting").enter_report(request.clone()).await;
    assert_eq!(
        again.expect("the same entry").into_inner().log_index,
        report.entry_log_index
    );
    let denied = ledger(&installation, "administrator")
        .enter_report(request.clone())
        .await;
    assert_eq!(denied.expect_err("denied").code(), Code::PermissionDenied);
    // Another digest by the same name, as after the restoration of an older reporting, stands beside it.
    let other = EnterReportRequest {
        digest: vec![7; 32],
        ..request
    };
    let other = ledger(&installation, "reporting")
        .enter_report(other)
        .await
        .expect("an entry")
        .into_inner();
    assert_eq!(other.log_index, report.entry_log_index + 1);
    let both = entries(&installation).await;
    let numbers: Vec<i32> = both
        .iter()
        .filter(|entry| entry.kind() == LedgerEntryKind::Report)
        .map(|entry| entry.revision)
        .collect();
    assert_eq!(numbers, [1, 2]);

    installation.restart().await;
    let restarted = entered(&installation, &signed.name, 0).await;
    assert_eq!(restarted.entry_log_index, report.entry_log_index);
    verified(&installation, &restarted).await;
    let next = issued(&installation).await;
    assert!(entered(&installation, &next.name, 0).await.entry_log_index > other.log_index);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_recovery_gave_up_is_entered_again() {
    let mut installation = Installation::with_sample().await;
    let kept = log(&installation, "tayninh", 0).await;
    installation
        .while_stopped(|folder| auditor::copy_journal(folder, "journal", "copy", &[]))
        .await;
    let signed = issued(&installation).await;
    let lost = entered(&installation, &signed.name, 0).await.entry_log_index;
    assert_eq!(lost, kept + 1);
    // It is signed for, so that its loss is told.
    proof(&installation, &signed).await;
    installation
        .while_stopped(|folder| auditor::copy_journal(folder, "copy", "journal", &[]))
        .await;
    let request = RecoverLogRequest {
        reason: "the disk was set back".to_owned(),
        ..RecoverLogRequest::default()
    };
    let declared = ledger(&installation, "administrator")
        .recover_log(request)
        .await
        .expect("a recovery")
        .into_inner();
    assert_eq!(declared.log_index, lost);
    let report = entered(&installation, &signed.name, lost).await;
    assert_eq!(report.entry_log_index, lost + 1);
    assert_eq!(report.digest, signed.digest);
    verified(&installation, &report).await;
    let evidence = proof(&installation, &signed).await;
    assert_eq!(evidence.verify(&Trusted::default()).expect("a checkpoint").findings, []);
}
