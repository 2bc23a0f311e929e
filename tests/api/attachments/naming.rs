//! Events name attachments that are there and that their author may name, and nothing else.

use banggiao_contracts::{
    FieldMask,
    journal::v1::{
        BatchLogEventsRequest, CorrectEventRequest, Event, HoldEventRequest, ImportEventsRequest, ImportEventsRow,
        ImportedCorrection, ImportedEvent, LogEventRequest, Phase, ReviewState, import_events_row::Row,
    },
    registry::v1::Role,
    r#type::v1::RowOutcome,
};
use tonic::{Code, Status};

use super::{client, event, files, log, upload, violations, with_units};
use crate::installation::Installation;

fn unknown(field: &str) -> (String, String) {
    (field.to_owned(), "UNKNOWN_REFERENCE".to_owned())
}

fn absent() -> String {
    format!("attachments/{}", "0".repeat(64))
}

async fn correct(installation: &Installation, principal: &str, event: Event, path: &str) -> Result<Event, Status> {
    let request = CorrectEventRequest {
        event: Some(event),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        reason: "a document".to_owned(),
        ..CorrectEventRequest::default()
    };
    Ok(installation
        .events(principal)
        .correct_event(request)
        .await?
        .into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_told_with_all_other_faults() {
    let installation = with_units().await;
    let there = upload(client(&installation, "administrator"), &files::pdf(900, 1))
        .await
        .expect("uploaded")
        .name;
    let bad = Event {
        persons: Some(-1),
        ..event("tayninh", &[&there, &absent(), "attachments/x", &there])
    };
    let refused = log(&installation, "administrator", bad.clone())
        .await
        .expect_err("four faults");
    let invalid = |field: &str| (field.to_owned(), "INVALID_FIELD".to_owned());
    let mut told = violations(&refused);
    told.sort_unstable();
    let expected = [
        unknown("event.attachments[1].attachment"),
        invalid("event.attachments[2].attachment"),
        invalid("event.attachments[3].attachment"),
        invalid("event.persons"),
    ];
    assert_eq!((refused.code(), told), (Code::InvalidArgument, expected.to_vec()));
    let request = BatchLogEventsRequest {
        events: vec![event("tayninh", &[&there]), event("tayninh", &[&absent()])],
        ..BatchLogEventsRequest::default()
    };
    let refused = installation
        .events("administrator")
        .batch_log_events(request)
        .await
        .expect_err("one is absent");
    assert_eq!(violations(&refused), [unknown("events[1].attachments[0].attachment")]);
    let request = LogEventRequest {
        event: Some(event("tayninh", &[&absent()])),
        validate_only: true,
        ..LogEventRequest::default()
    };
    let refused = installation
        .events("administrator")
        .log_event(request)
        .await
        .expect_err("it is absent");
    assert_eq!(violations(&refused), [unknown("event.attachments[0].attachment")]);

    let planned = Event {
        phase: Phase::Planned.into(),
        ..event("tayninh", &[])
    };
    let planned = log(&installation, "administrator", planned)
        .await
        .expect("it is logged");
    let naming = |name: &str| Event {
        attachments: event("tayninh", &[name]).attachments,
        ..planned.clone()
    };
    let refused = correct(&installation, "administrator", naming(&absent()), "attachments").await;
    assert_eq!(
        violations(&refused.expect_err("absent")),
        [unknown("event.attachments[0].attachment")]
    );
    let hold = |name: &str| HoldEventRequest {
        event: Some(naming(name)),
        update_mask: Some(FieldMask {
            paths: vec!["attachments".to_owned()],
        }),
        ..HoldEventRequest::default()
    };
    let refused = installation
        .events("administrator")
        .hold_event(hold(&absent()))
        .await
        .expect_err("absent");
    assert_eq!(violations(&refused), [unknown("event.attachments[0].attachment")]);
    let held = installation
        .events("administrator")
        .hold_event(hold(&there))
        .await
        .expect("it is held")
        .into_inner();
    assert_eq!(held.attachments[0].attachment, there);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_uploaded_does_not_exist_until_it_may_be_read() {
    let installation = with_units().await;
    installation.principal("clerk", Role::Recorder, "tayninh-ben-cau").await;
    installation.principal("beside", Role::Recorder, "binhphuoc").await;
    let name = upload(client(&installation, "clerk"), &files::pdf(900, 2))
        .await
        .expect("uploaded")
        .name;
    for taken in [&name, &absent()] {
        let refused = log(&installation, "beside", event("binhphuoc", &[taken]))
            .await
            .expect_err("not theirs");
        assert_eq!(violations(&refused), [unknown("event.attachments[0].attachment")]);
    }
    let logged = log(&installation, "clerk", event("tayninh-ben-cau", &[&name]))
        .await
        .expect("the own one");
    log(&installation, "beside", event("binhphuoc", &[&name]))
        .await
        .expect_err("it may still not be read");
    log(&installation, "administrator", event("tayninh", &[&name]))
        .await
        .expect("it may be read");

    // Whoever corrects something else need not own what is attached already, nor what another one attached.
    let by_another = upload(client(&installation, "administrator"), &files::pdf(900, 3))
        .await
        .expect("uploaded")
        .name;
    let both = Event {
        attachments: event("tayninh", &[&name, &by_another]).attachments,
        ..logged
    };
    let both = correct(&installation, "administrator", both, "attachments")
        .await
        .expect("one more");
    let counted = Event {
        persons: Some(7),
        ..both.clone()
    };
    let counted = correct(&installation, "clerk", counted, "persons")
        .await
        .expect("another field");
    assert_eq!(counted.attachments, both.attachments);
    // The same content, uploaded by whoever has it, may be named by both.
    let again = upload(client(&installation, "beside"), &files::pdf(900, 2))
        .await
        .expect("uploaded")
        .name;
    assert_eq!(again, name);
    log(&installation, "beside", event("binhphuoc", &[&name]))
        .await
        .expect("it is theirs, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_import_name_only_what_is_there() {
    let installation = with_units().await;
    let there = upload(client(&installation, "administrator"), &files::pdf(900, 4))
        .await
        .expect("uploaded")
        .name;
    let new = |reference: &str, name: &str| {
        let reference = banggiao_contracts::journal::v1::ExternalReference {
            reference: reference.to_owned(),
            ..Default::default()
        };
        let event = Event {
            external_reference: Some(reference),
            ..event("tayninh", &[name])
        };
        Row::Event(ImportedEvent {
            event: Some(event),
            review_state: ReviewState::Draft.into(),
        })
    };
    let correction = |name: &str| {
        Row::Correction(ImportedCorrection {
            reference: "a".to_owned(),
            event: Some(event("tayninh", &[name])),
            update_mask: Some(FieldMask {
                paths: vec!["attachments".to_owned()],
            }),
            reason: "a document".to_owned(),
        })
    };
    let rows = [
        new("a", &there),
        new("b", &absent()),
        correction(&absent()),
        correction(&there),
    ];
    let rows = (1..)
        .zip(rows)
        .map(|(line, row)| ImportEventsRow { line, row: Some(row) });
    let request = ImportEventsRequest {
        source: "book".to_owned(),
        rows: rows.collect(),
        ..ImportEventsRequest::default()
    };
    let mut answers = installation
        .events("administrator")
        .import_events(tokio_stream::iter([request]))
        .await
        .expect("a stream")
        .into_inner();
    let results = answers.message().await.expect("no fault").expect("an answer").results;
    let outcomes: Vec<_> = results
        .iter()
        .map(banggiao_contracts::r#type::v1::RowResult::outcome)
        .collect();
    let (accepted, rejected) = (RowOutcome::Accepted, RowOutcome::Rejected);
    assert_eq!(outcomes, [accepted, rejected, rejected, accepted], "{results:?}");
    for row in &results[1..3] {
        let faults: Vec<_> = row
            .violations
            .iter()
            .map(|fault| (fault.field.clone(), fault.reason.clone()))
            .collect();
        assert_eq!(faults, [unknown("event.attachments[0].attachment")]);
    }
}
