//! The life of a delegation: logged and submitted by a district's recorder, returned, corrected, approved by the
//! province, corrected after approval, cancelled; with the figure looked at after each step.

use banggiao_contracts::{
    journal::v1::{
        ApproveEventRequest, CancelEventRequest, CorrectEventRequest, Event, ListEventRevisionsRequest,
        LogEventRequest, ReturnEventRequest, ReviewState, SubmitEventRequest,
    },
    registry::v1::Role,
    reporting::v1::QueryFiguresRequest,
    r#type::v1::Direction,
};
use tonic::Code;

use crate::installation::Installation;

const DISTRICT: &str = "tayninh-ben-cau";

fn visit(persons: i64) -> Event {
    Event {
        event_type: "eventTypes/delegation-visit".to_owned(),
        start_date: "2023-10-10".to_owned(),
        direction: Direction::Inbound.into(),
        home_unit: format!("units/{DISTRICT}"),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        delegations: Some(1),
        persons: Some(persons),
        ..Event::default()
    }
}

async fn persons(installation: &Installation, logged: &Event) -> i64 {
    let request = QueryFiguresRequest {
        unit: format!("units/{DISTRICT}"),
        indicators: vec!["indicators/persons-received".to_owned()],
        start_date: "2023-10-10".to_owned(),
        end_date: "2023-10-10".to_owned(),
        min_log_index: logged.log_index,
        ..QueryFiguresRequest::default()
    };
    let response = installation
        .figures("administrator")
        .query_figures(request)
        .await
        .expect("a figure");
    response.into_inner().cells[0].value.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_count_the_last_approved_revision() {
    let installation = Installation::with_sample().await;
    installation.principal("recorder", Role::Recorder, DISTRICT).await;
    installation.principal("approver", Role::Approver, "tayninh").await;
    let mut recorder = installation.events("recorder");
    let mut approver = installation.events("approver");

    let request = LogEventRequest {
        event: Some(visit(7)),
        ..Default::default()
    };
    let event = recorder.log_event(request).await.expect("logged").into_inner();
    assert_eq!((event.review_state(), event.revision), (ReviewState::Draft, 1));
    assert_eq!(persons(&installation, &event).await, 0);
    let name = event.name.clone();

    let submit = || SubmitEventRequest {
        name: name.clone(),
        ..Default::default()
    };
    let event = recorder.submit_event(submit()).await.expect("submitted").into_inner();
    assert_eq!(persons(&installation, &event).await, 0);
    let twice = recorder.submit_event(submit()).await.expect_err("submitted already");
    assert_eq!(twice.code(), Code::FailedPrecondition);

    let reason = "Thiếu danh sách đoàn".to_owned();
    let request = ReturnEventRequest {
        name: name.clone(),
        reason,
        ..Default::default()
    };
    let event = approver.return_event(request).await.expect("returned").into_inner();
    assert_eq!(event.review_state(), ReviewState::Returned);

    let correct = |persons: i64, etag: &str| CorrectEventRequest {
        event: Some(Event {
            name: name.clone(),
            persons: Some(persons),
            etag: etag.to_owned(),
            ..Event::default()
        }),
        update_mask: Some(mask_of("persons")),
        reason: "Đối chiếu danh sách".to_owned(),
        ..Default::default()
    };
    let stale = recorder
        .correct_event(correct(8, "1-0000000000000000"))
        .await
        .expect_err("a stale etag");
    assert_eq!(stale.code(), Code::Aborted);
    let event = recorder
        .correct_event(correct(8, &event.etag))
        .await
        .expect("corrected")
        .into_inner();
    assert_eq!((event.review_state(), event.persons), (ReviewState::Returned, Some(8)));
    recorder.submit_event(submit()).await.expect("submitted again");

    let approve = || ApproveEventRequest {
        name: name.clone(),
        ..Default::default()
    };
    let own = recorder
        .approve_event(approve())
        .await
        .expect_err("a recorder approves nothing");
    assert_eq!(own.code(), Code::PermissionDenied);
    let event = approver.approve_event(approve()).await.expect("approved").into_inner();
    assert_eq!(persons(&installation, &event).await, 8);

    let event = recorder
        .correct_event(correct(9, ""))
        .await
        .expect("corrected after approval")
        .into_inner();
    assert_eq!(event.review_state(), ReviewState::Submitted);
    assert_eq!(
        persons(&installation, &event).await,
        8,
        "the approved revision goes on counting"
    );
    let event = approver
        .approve_event(approve())
        .await
        .expect("approved again")
        .into_inner();
    assert_eq!(persons(&installation, &event).await, 9);

    let reason = "Ghi nhầm".to_owned();
    let request = CancelEventRequest {
        name: name.clone(),
        reason,
        ..Default::default()
    };
    let event = recorder.cancel_event(request).await.expect("cancelled").into_inner();
    assert_eq!(
        persons(&installation, &event).await,
        9,
        "a cancellation awaits approval"
    );
    let event = approver
        .approve_event(approve())
        .await
        .expect("the cancellation approved")
        .into_inner();
    assert_eq!(persons(&installation, &event).await, 0);

    let request = ListEventRevisionsRequest {
        event: name,
        ..Default::default()
    };
    let revisions = recorder
        .list_event_revisions(request)
        .await
        .expect("the revisions")
        .into_inner()
        .revisions;
    let numbers: Vec<i32> = revisions
        .iter()
        .map(|r| r.event.as_ref().map_or(0, |event| event.revision))
        .collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    assert!(
        revisions
            .iter()
            .all(|revision| revision.event.as_ref().is_some_and(|event| !event.etag.is_empty()))
    );
}

fn mask_of(path: &str) -> banggiao_contracts::FieldMask {
    banggiao_contracts::FieldMask {
        paths: vec![path.to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_he_or_she_wrote() {
    let installation = Installation::with_sample().await;
    installation.principal("both", Role::Recorder, DISTRICT).await;
    let mut administrator = installation.events("administrator");
    let request = LogEventRequest {
        event: Some(visit(5)),
        ..Default::default()
    };
    let event = administrator.log_event(request).await.expect("logged").into_inner();
    let request = SubmitEventRequest {
        name: event.name.clone(),
        ..Default::default()
    };
    installation
        .events("both")
        .submit_event(request)
        .await
        .expect("submitted by another");
    let request = ApproveEventRequest {
        name: event.name,
        ..Default::default()
    };
    let refused = administrator
        .approve_event(request)
        .await
        .expect_err("an author of the unapproved revisions");
    assert_eq!(refused.code(), Code::FailedPrecondition);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_same_answer() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    let request_id = "0192f1d4-7f4e-7c55-8a43-6d1f6f4b2a01".to_owned();
    let request = LogEventRequest {
        event: Some(visit(4)),
        request_id,
        ..Default::default()
    };
    let first = events.log_event(request.clone()).await.expect("logged").into_inner();
    let second = events.log_event(request.clone()).await.expect("repeated").into_inner();
    assert_eq!(first, second);
    let other = LogEventRequest {
        event: Some(visit(6)),
        ..request
    };
    let refused = events
        .log_event(other)
        .await
        .expect_err("another body under the same id");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
