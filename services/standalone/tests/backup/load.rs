//! Backups while many writers log events and the registry changes: each becomes an installation that has everything
//! acknowledged before it was begun, once, without a gap, with figures that agree with its own records.

use std::{
    collections::HashMap,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use banggiao_contracts::{
    journal::v1::{
        ApproveEventRequest, Event, ExternalReference, LogEventRequest, RecoverLogRequest, ReviewState,
        SubmitEventRequest, event_service_client::EventServiceClient, ledger_service_client::LedgerServiceClient,
    },
    registry::v1::access_service_client::AccessServiceClient,
    reporting::v1::figure_service_client::FigureServiceClient,
    r#type::v1::Direction,
};
use banggiao_rpc::channel::Authorized;
use tokio::task::JoinSet;
use tonic::Code;

use crate::{
    asked::{DAY, TYPE, UNIT, approver, channel_of, counted, create_principal, listed, log, sample_figures},
    done, put,
    up::{SAMPLE, Up},
};

const WRITERS: u64 = 24;
const BACKUPS: usize = 3;
/// So many more are taken if nobody wrote meanwhile.
const IDLE_MAX: usize = 10;

type Acknowledged = Arc<Mutex<Vec<Event>>>;

#[tokio::test(flavor = "multi_thread")]
async fn backups_under_load_lose_nothing_and_double_nothing() {
    let up = Up::start();
    up.json(&["import", SAMPLE]);
    put(up.folder.path(), "attachments/ab/abcd", "whole");
    let figures = sample_figures(&up).await;
    let administrator = channel_of(&up, &up.folder.path().join("admin.token"));
    let approver = approver(&up).await;
    let (acknowledged, stop) = (Acknowledged::default(), Arc::new(AtomicBool::new(false)));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let clients = [&administrator, &approver].map(|channel| EventServiceClient::new(channel.clone()));
        writers.spawn(write(clients, writer, Arc::clone(&acknowledged), Arc::clone(&stop)));
    }

    writers.spawn(change(AccessServiceClient::new(administrator), Arc::clone(&stop)));

    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let (mut taken, mut idle) = (Vec::new(), 0);
    while taken.len() < BACKUPS {
        let number = taken.len() + idle;
        tokio::time::sleep(Duration::from_millis(700)).await;
        let before = acknowledged.lock().unwrap().clone();
        let (backup, data_dir) = (folder.path().join(number.to_string()), Arc::clone(&up.folder));
        let path = backup.clone();
        let shown = tokio::task::spawn_blocking(move || done("backup", &path, data_dir.path()));
        let shown = shown.await.unwrap();
        let after = acknowledged.lock().unwrap().len();
        if after > before.len() {
            taken.push((backup, before, shown));
        } else {
            // On a busy machine it may be over before anybody was answered; it then proves nothing, and is taken again.
            idle += 1;
            assert!(idle < IDLE_MAX, "nobody wrote during {idle} backups");
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    writers.join_all().await;
    let written = acknowledged.lock().unwrap().len();
    assert!(written > 100, "only {written} events were logged");
    println!("{written} events logged in {seconds:.1} s");

    for (backup, before, shown) in taken {
        let restored = Arc::new(tempfile::tempdir().unwrap());
        done("restore", &backup, restored.path());
        let again = Up::on(restored);
        verify(&again, &before, &shown).await;
        assert_eq!(sample_figures(&again).await, figures);
        let attachment = again.folder.path().join("attachments/ab/abcd");
        assert_eq!(fs::read_to_string(attachment).unwrap(), "whole");
        let old_token = up.folder.path().join("admin.token");
        let who = again.run_with(&old_token, &["whoami"]);
        assert_eq!(who.status.code(), Some(0), "a token of before is one of after");
    }
}

fn visit(writer: u64, n: u64) -> LogEventRequest {
    let reference = ExternalReference {
        source: "load".to_owned(),
        reference: format!("{writer}-{n}"),
    };
    let event = Event {
        external_reference: Some(reference),
        event_type: TYPE.to_owned(),
        start_date: DAY.to_owned(),
        direction: Direction::Inbound.into(),
        home_unit: UNIT.to_owned(),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        delegations: Some(1),
        persons: Some(i64::try_from(n % 9).unwrap()),
        ..Event::default()
    };
    LogEventRequest {
        event: Some(event),
        ..LogEventRequest::default()
    }
}

/// Logs until it is told to stop; every third event is submitted and approved as well.
async fn write(
    clients: [EventServiceClient<Authorized>; 2],
    writer: u64,
    acknowledged: Acknowledged,
    stop: Arc<AtomicBool>,
) {
    let [mut recorder, mut approver] = clients;
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let event = recorder.log_event(visit(writer, n)).await.expect("logged").into_inner();
        let name = event.name.clone();
        acknowledged.lock().unwrap().push(event);
        if n % 3 == 0 {
            let submit = SubmitEventRequest {
                name: name.clone(),
                ..SubmitEventRequest::default()
            };
            recorder.submit_event(submit).await.expect("submitted");
            let approve = ApproveEventRequest {
                name,
                ..ApproveEventRequest::default()
            };
            approver.approve_event(approve).await.expect("approved");
        }
    }
}

/// Changes the registry until it is told to stop, so that the others have something to follow.
async fn change(mut access: AccessServiceClient<Authorized>, stop: Arc<AtomicBool>) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        create_principal(&mut access, &format!("clerk-{number}")).await;
    }
}

/// Checks a restored installation against what was acknowledged before its backup and what the backup says of itself.
async fn verify(up: &Up, before: &[Event], shown: &serde_json::Value) {
    let administrator = channel_of(up, &up.folder.path().join("admin.token"));
    let log = log(administrator.clone()).await;
    let head = log.last().unwrap().log_index;
    assert_eq!(shown["positions"]["journal"]["position"], head);
    let mut revisions = HashMap::new();
    for event in &log {
        let reference = event.external_reference.clone().expect("every event here has one");
        let number = revisions.entry((reference.source, reference.reference)).or_insert(0);
        *number += 1;
        assert_eq!(event.revision, *number, "an event is there twice");
    }
    assert_eq!(shown["events"], revisions.len());
    let by_place: HashMap<i64, &Event> = log.iter().map(|event| (event.log_index, event)).collect();
    for event in before {
        assert_eq!(
            by_place.get(&event.log_index),
            Some(&event),
            "an acknowledged event is not where it was"
        );
    }

    let mut events = EventServiceClient::new(administrator.clone());
    let listed = listed(&mut events).await;
    let of_load = listed
        .iter()
        .filter(|event| event.external_reference.as_ref().is_some_and(|r| r.source == "load"));
    assert!(
        of_load.count() >= before.len() && before.len() > 50,
        "{} before",
        before.len()
    );
    let approved: Vec<&Event> = listed
        .iter()
        .filter(|e| e.review_state() == ReviewState::Approved)
        .collect();
    assert!(!approved.is_empty() && approved.len() < listed.len());
    let mut ledger = LedgerServiceClient::new(administrator.clone());
    let mut figures = FigureServiceClient::new(administrator);
    assert_eq!(counted(&mut figures, true, head).await, plain_count(listed.iter()));
    assert_eq!(
        counted(&mut figures, false, head).await,
        plain_count(approved.into_iter())
    );

    // A copy could sign a second truth: nothing is taken in until somebody says that it is to go on.
    let refused = events.log_event(visit(WRITERS, 0)).await.expect_err("frozen");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    let request = RecoverLogRequest {
        reason: "restored from the backup".to_owned(),
        ..RecoverLogRequest::default()
    };
    let declared = ledger.recover_log(request).await.expect("a recovery").into_inner();
    assert_eq!((declared.epoch, declared.log_index), (2, head + 1));
    let next = events
        .log_event(visit(WRITERS, 0))
        .await
        .expect("it goes on")
        .into_inner();
    assert_eq!(next.log_index, head + 2);
}

/// Events, delegations and persons.
fn plain_count<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<String> {
    let sums = events.fold([0, 0, 0], |[count, delegations, persons], event| {
        let more = |sum: i64, amount: Option<i64>| sum + amount.unwrap_or_default();
        [
            count + 1,
            more(delegations, event.delegations),
            more(persons, event.persons),
        ]
    });
    sums.iter().map(i64::to_string).collect()
}
