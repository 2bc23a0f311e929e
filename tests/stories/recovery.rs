//! A database that is set back: it is told by what was signed of it, takes nothing in until an operator declares a recovery,
//! and then everybody forgets what was lost and goes on.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use banggiao_cli::ledger::Trusted;
use banggiao_contracts::{
    journal::v1::{
        Event, GetCheckpointRequest, RecoverLogRequest, WatchEventsRequest,
        event_feed_service_client::EventFeedServiceClient, ledger_service_client::LedgerServiceClient,
    },
    reporting::v1::{EventMeasure, EventSum, GetPositionRequest, Measure, QueryFiguresRequest, measure::Source},
};
use banggiao_rpc::channel::Authorized;
use tonic::Code;
use tonic_types::StatusExt;

use crate::{auditor, clerk::Clerk, installation::Installation};

fn visit(n: u32) -> Event {
    Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2026-02-10".to_owned(),
        home_unit: "units/tayninh-ben-cau".to_owned(),
        persons: Some(i64::from(n)),
        ..Event::default()
    }
}

async fn log(installation: &Installation, count: u32) -> i64 {
    let mut clerk = Clerk::new(installation, "administrator");
    let mut last = 0;
    for n in 0..count {
        last = clerk.log(visit(n)).await.expect("logged").log_index;
    }
    last
}

/// Waits until reporting reads an epoch of the log. Positions of different epochs cannot be compared, so that a figure asked
/// for at least at a position may still be of the epoch before.
async fn in_epoch(installation: &Installation, epoch: i64) {
    let mut figures = installation.figures("administrator");
    let patience = Instant::now() + Duration::from_secs(20);
    while figures
        .get_position(GetPositionRequest {})
        .await
        .expect("a position")
        .into_inner()
        .journal_epoch
        < epoch
    {
        assert!(Instant::now() < patience, "reporting stays in the epoch before");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn ledger(installation: &Installation) -> LedgerServiceClient<Authorized> {
    LedgerServiceClient::new(installation.channel("administrator"))
}

/// Persons in February, as reporting counts the newest revisions.
async fn persons(installation: &Installation, min_log_index: i64) -> String {
    let measure = Measure {
        label: "events".to_owned(),
        source: Some(Source::Events(EventMeasure {
            sum: EventSum::Events.into(),
            ..EventMeasure::default()
        })),
    };
    let request = QueryFiguresRequest {
        unit: "units/tayninh-ben-cau".to_owned(),
        start_date: "2026-02-01".to_owned(),
        end_date: "2026-02-28".to_owned(),
        measures: vec![measure],
        include_unapproved: true,
        min_log_index,
        ..QueryFiguresRequest::default()
    };
    let figures = installation.figures("administrator").query_figures(request).await;
    let cells = figures.expect("figures").into_inner().cells;
    cells.into_iter().next().expect("a cell").value
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_set_back_is_frozen_until_a_recovery_is_declared() {
    let mut installation = Installation::with_sample().await;
    let kept = log(&installation, 3).await;
    let old = ledger(&installation)
        .get_checkpoint(GetCheckpointRequest { min_log_index: kept })
        .await
        .expect("a checkpoint")
        .into_inner();
    assert_eq!(persons(&installation, kept).await, "3");
    installation
        .while_stopped(|folder| auditor::copy_journal(folder, "journal", "copy", &[]))
        .await;
    let lost = log(&installation, 4).await;
    let given_up = ledger(&installation)
        .get_checkpoint(GetCheckpointRequest { min_log_index: lost })
        .await
        .expect("a checkpoint")
        .into_inner();
    assert_eq!(persons(&installation, lost).await, "7");
    installation
        .while_stopped(|folder| auditor::copy_journal(folder, "copy", "journal", &[]))
        .await;

    // It is read, and takes nothing in.
    let mut clerk = Clerk::new(&installation, "administrator");
    let refused = clerk.log(visit(9)).await.expect_err("frozen");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    let reason = refused.get_error_details().error_info().map(|info| info.reason.clone());
    assert_eq!(reason.as_deref(), Some("LOG_FROZEN"));
    let unsigned = ledger(&installation)
        .get_checkpoint(GetCheckpointRequest::default())
        .await;
    assert_eq!(
        unsigned.expect_err("nothing is signed").code(),
        Code::FailedPrecondition
    );
    assert_eq!(installation.health("banggiao.journal.v1").await, "SERVING");
    assert_eq!(installation.health("banggiao.journal.v1.writes").await, "NOT_SERVING");

    let request = RecoverLogRequest {
        new_key: false,
        reason: "the disk was set back to the copy of the morning".to_owned(),
        request_id: "00000000-0000-4000-8000-000000000001".to_owned(),
    };
    let declared = ledger(&installation).recover_log(request.clone()).await;
    let declared = declared.expect("a recovery").into_inner();
    assert_eq!(
        (declared.epoch, declared.kept_log_index, declared.log_index),
        (2, kept, kept + 1)
    );
    assert_eq!(declared.last_checkpoint, given_up.note);
    let again = ledger(&installation).recover_log(request).await;
    assert_eq!(again.expect("the same answer").into_inner(), declared);
    assert_eq!(installation.health("banggiao.journal.v1.writes").await, "SERVING");

    // Reporting forgot the four that were lost, and goes on with what comes.
    let newest = log(&installation, 1).await;
    assert_eq!(newest, kept + 2);
    in_epoch(&installation, 2).await;
    assert_eq!(persons(&installation, newest).await, "4");
    check_feed(&installation, kept, lost).await;
    check_log(&installation, &old.note, &given_up.note).await;

    installation.restart().await;
    assert_eq!(persons(&installation, log(&installation, 1).await).await, "5");
}

/// A reader of the old epoch is told how much of it holds, and gets the declaration and what came after it.
async fn check_feed(installation: &Installation, kept: i64, lost: i64) {
    let mut feed = EventFeedServiceClient::new(installation.channel("administrator"));
    for (after, truncated) in [(lost, Some(kept)), (kept, None), (kept - 2, None)] {
        let mut request = WatchEventsRequest::default();
        request.after.get_or_insert_default().epoch = 1;
        request.after.get_or_insert_default().log_index = after;
        let mut stream = feed.watch_events(request).await.expect("the feed").into_inner();
        let first = stream.message().await.expect("no fault").expect("a message");
        assert_eq!(first.truncated_to.map(|kept| kept.log_index), truncated);
        let mut next = after.min(kept) + 1;
        while next <= kept + 2 {
            let message = stream.message().await.expect("no fault").expect("a message");
            for index in auditor::places(&message) {
                assert_eq!(index, next);
                next += 1;
            }
        }
    }
}

/// Whoever kept a checkpoint of what was kept finds everything in order; whoever kept one of what was given up is told.
async fn check_log(installation: &Installation, old: &str, given_up: &str) {
    for (note, is_whole) in [(old, true), (given_up, false)] {
        let file = installation.folder().join("kept");
        fs::write(&file, note).expect("a file");
        let trusted = Trusted {
            key: Vec::new(),
            since: vec![file],
        };
        let channel = installation.channel("administrator");
        let report = auditor::examined(channel, &trusted, false).await.expect("a log");
        assert_eq!(report.findings, []);
        assert_eq!(report.is_whole(), is_whole, "{report:?}");
        assert!(report.origin.ends_with("/2"), "{}", report.origin);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_does_not_read_is_replaced_by_one_recovery() {
    let mut installation = Installation::with_sample().await;
    let kept = log(&installation, 1).await;
    for (epoch, unreadable) in [(2, ""), (3, "no checkpoint")] {
        let write = |folder: &Path| fs::write(folder.join("journal.checkpoint"), unreadable).expect("a file");
        installation.while_stopped(write).await;
        assert_eq!(installation.health("banggiao.journal.v1.writes").await, "NOT_SERVING");
        let request = RecoverLogRequest {
            new_key: false,
            reason: "the file of checkpoints was lost".to_owned(),
            ..RecoverLogRequest::default()
        };
        let declared = ledger(&installation).recover_log(request.clone()).await;
        let declared = declared.expect("a recovery").into_inner();
        assert_eq!((declared.epoch, declared.log_index), (epoch, kept + epoch - 1));
        let again = ledger(&installation).recover_log(request).await;
        assert_eq!(again.expect_err("it is sound").code(), Code::FailedPrecondition);
        installation.restart().await;
        assert_eq!(installation.health("banggiao.journal.v1.writes").await, "SERVING");
    }
    log(&installation, 1).await;
}
