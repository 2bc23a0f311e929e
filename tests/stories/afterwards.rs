//! What was done stays done, whatever comes afterwards: a backdated act changes no answer that was given, and no row
//! that was imported.

use banggiao_cli::import;
use banggiao_contracts::{
    journal::v1::{
        ApproveEventRequest, CancelEventRequest, CorrectEventRequest, Event, ListEventRevisionsRequest,
        LogEventRequest, Phase, ReturnEventRequest, ReviewState, SubmitEventRequest,
    },
    registry::v1::{
        CreateUnitRequest, GetAgreementRequest, Grant, GrantRoleRequest, Merge, Reorganization, ReorganizationAct,
        ReorganizeUnitsRequest, RevokeGrantRequest, Role, Unit, access_service_client::AccessServiceClient,
        agreement_service_client::AgreementServiceClient, reorganization_act::Act,
    },
    r#type::v1::Classification,
};
use banggiao_standalone::sample;
use tonic::Code;
use tonic_types::StatusExt;

use crate::installation::Installation;

/// A merger that is recorded long after its day.
async fn merge(installation: &Installation, sources: [&str; 2], day: &str) {
    let sources = sources.map(|unit| format!("units/{unit}"));
    let merge = Merge {
        target: sources[0].clone(),
        sources: sources.to_vec(),
        moves: Vec::new(),
    };
    let acts = vec![ReorganizationAct {
        act: Some(Act::Merge(merge)),
    }];
    let reorganization = Reorganization {
        effective_date: day.to_owned(),
        acts,
        ..Reorganization::default()
    };
    let request = ReorganizeUnitsRequest {
        reorganization: Some(reorganization),
        ..Default::default()
    };
    installation
        .units("administrator")
        .reorganize_units(request)
        .await
        .expect("a backdated merger");
}

fn meeting(unit: &str) -> Event {
    Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2022-03-03".to_owned(),
        home_unit: format!("units/{unit}"),
        ..Event::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backdated_act_rejects_no_row_that_was_imported() {
    let installation = Installation::with_sample().await;
    merge(&installation, ["tayninh-trang-bang", "tayninh-go-dau"], "2020-01-01").await;
    let again = installation.import(sample::files()).await;
    assert!(again.clean(), "{:?}", again.files);
    let header = "reference,type,start_date,end_date,direction,home_unit,co_home_units,partner_units,place_vi,\
                  delegations,persons,programmes,agreement,marker_from,marker_to,quantities,state,summary_vi";
    let changed = "EV-01281,DELEGATION_VISIT,2024-02-10,,INBOUND,longan,,nobody,,1,5,,,,,,APPROVED,Khác";
    let file = import::File::new("events.csv", format!("{header}\n{changed}\n").into_bytes()).expect("a known name");
    let rejected = installation.import(vec![file]).await;
    let told = format!("{:?}", rejected.files);
    assert!(
        told.contains("imported before with other content") && told.contains("units/nobody"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_gets_the_same_answer_after_a_backdated_act() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    let mut units = installation.units("administrator");
    let request_id = "0192f1d4-7f4e-7c55-8a43-6d1f6f4b2a03".to_owned();
    let log = LogEventRequest {
        event: Some(meeting("tayninh-go-dau")),
        request_id: request_id.clone(),
        ..Default::default()
    };
    let logged = events.log_event(log.clone()).await.expect("logged").into_inner();
    let unit = Unit {
        country: "VN".to_owned(),
        kind: "BATTALION".to_owned(),
        names: [("vi".to_owned(), "Tiểu đoàn 1".to_owned())].into(),
        start_date: "2010-01-01".to_owned(),
        ..Unit::default()
    };
    let create = |id: &str, request_id: &str| CreateUnitRequest {
        unit_id: id.to_owned(),
        unit: Some(unit.clone()),
        request_id: request_id.to_owned(),
        ..CreateUnitRequest::default()
    };
    let created = units
        .create_unit(create("new-bn-1", &request_id))
        .await
        .expect("created")
        .into_inner();
    units.create_unit(create("new-bn-2", "")).await.expect("another");
    merge(&installation, ["tayninh-trang-bang", "tayninh-go-dau"], "2020-01-01").await;
    merge(&installation, ["new-bn-2", "new-bn-1"], "2020-01-01").await;
    assert_eq!(events.log_event(log).await.expect("repeated").into_inner(), logged);
    assert_eq!(
        units
            .create_unit(create("new-bn-1", &request_id))
            .await
            .expect("repeated")
            .into_inner(),
        created
    );
    // What the act left on a unit that had ended can still be mended in other fields.
    let correct = CorrectEventRequest {
        event: Some(Event {
            name: logged.name,
            persons: Some(5),
            ..Event::default()
        }),
        update_mask: Some(banggiao_contracts::FieldMask {
            paths: vec!["persons".to_owned()],
        }),
        reason: "Bổ sung".to_owned(),
        ..CorrectEventRequest::default()
    };
    assert_eq!(
        events
            .correct_event(correct)
            .await
            .expect("corrected")
            .into_inner()
            .persons,
        Some(5)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_cancellation_leaves_the_event_as_it_was() {
    let installation = Installation::with_sample().await;
    installation
        .principal("recorder", Role::Recorder, "tayninh-ben-cau")
        .await;
    installation.principal("approver", Role::Approver, "tayninh").await;
    let (mut recorder, mut approver) = (installation.events("recorder"), installation.events("approver"));
    let log = LogEventRequest {
        event: Some(meeting("tayninh-ben-cau")),
        ..Default::default()
    };
    let name = recorder.log_event(log).await.expect("logged").into_inner().name;
    let submit = || SubmitEventRequest {
        name: name.clone(),
        ..Default::default()
    };
    let approve = || ApproveEventRequest {
        name: name.clone(),
        ..Default::default()
    };
    recorder.submit_event(submit()).await.expect("submitted");
    approver.approve_event(approve()).await.expect("approved");
    let reason = || "Nhầm".to_owned();
    let cancel = || CancelEventRequest {
        name: name.clone(),
        reason: reason(),
        ..Default::default()
    };
    recorder.cancel_event(cancel()).await.expect("cancelled");
    let refuse = ReturnEventRequest {
        name: name.clone(),
        reason: reason(),
        ..Default::default()
    };
    let event = approver.return_event(refuse).await.expect("returned").into_inner();
    assert_eq!(
        (event.phase(), event.review_state()),
        (Phase::Held, ReviewState::Returned)
    );
    recorder
        .cancel_event(cancel())
        .await
        .expect("it can be cancelled again");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_revisions_lead_past_those_that_are_hidden() {
    let installation = Installation::with_sample().await;
    installation.principal("reader", Role::Reader, "tayninh").await;
    let mut events = installation.events("administrator");
    let secret = Event {
        classification: Classification::Secret.into(),
        ..meeting("tayninh")
    };
    let log = LogEventRequest {
        event: Some(secret),
        ..Default::default()
    };
    let name = events.log_event(log).await.expect("logged").into_inner().name;
    for (path, classification) in [("persons", 2), ("persons", 2), ("classification", 0), ("persons", 0)] {
        let correct = CorrectEventRequest {
            event: Some(Event {
                name: name.clone(),
                persons: Some(3),
                classification,
                ..Event::default()
            }),
            update_mask: Some(banggiao_contracts::FieldMask {
                paths: vec![path.to_owned()],
            }),
            reason: "Giải mật".to_owned(),
            ..CorrectEventRequest::default()
        };
        events.correct_event(correct).await.expect("corrected");
    }
    let mut reader = installation.events("reader");
    for page_size in [1, 2, 3, 50] {
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListEventRevisionsRequest {
                event: name.clone(),
                page_size,
                page_token,
            };
            let page = reader.list_event_revisions(request).await.expect("a page").into_inner();
            seen.extend(
                page.revisions
                    .into_iter()
                    .filter_map(|revision| revision.event)
                    .map(|event| event.revision),
            );
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, [4, 5], "with pages of {page_size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_agreement_cannot_be_found_out_by_naming_it() {
    let installation = Installation::with_sample().await;
    installation.principal("recorder", Role::Recorder, "binhphuoc").await;
    let mut agreements = AgreementServiceClient::new(installation.channel("recorder"));
    let hidden = GetAgreementRequest {
        name: "agreements/tw-h03".to_owned(),
    };
    assert_eq!(
        agreements.get_agreement(hidden).await.expect_err("hidden").code(),
        Code::PermissionDenied
    );
    let mut events = installation.events("recorder");
    let mut answers = Vec::new();
    for agreement in ["agreements/tw-h03", "agreements/absent"] {
        let event = Event {
            agreement: agreement.to_owned(),
            ..meeting("binhphuoc")
        };
        let request = LogEventRequest {
            event: Some(event),
            validate_only: true,
            ..Default::default()
        };
        let refused = events.log_event(request).await.expect_err("unknown to the caller");
        let details = refused.get_error_details();
        let violation = details.bad_request().expect("a violation").field_violations[0].clone();
        answers.push((refused.code(), violation.field, violation.reason));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_always_administers() {
    let installation = Installation::start().await;
    installation.principal("deputy", Role::Reader, "").await;
    let mut access = AccessServiceClient::new(installation.channel("administrator"));
    let grant = Grant {
        principal: "principals/deputy".to_owned(),
        role: Role::Administrator.into(),
        end_date: "2026-03-17".to_owned(),
        ..Grant::default()
    };
    access
        .grant_role(GrantRoleRequest {
            grant: Some(grant),
            ..Default::default()
        })
        .await
        .expect("for two days");
    let shipped = || RevokeGrantRequest {
        name: "grants/shipped-administrator".to_owned(),
        ..Default::default()
    };
    let refused = access
        .revoke_grant(shipped())
        .await
        .expect_err("the deputy's grant ends");
    assert_eq!(refused.code(), Code::FailedPrecondition);
}
