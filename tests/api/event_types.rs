//! Event types as data: what is created and revised, and what their events must and cannot have.

use banggiao_contracts::journal::v1::{
    CreateEventTypeRequest, Event, EventPart, EventType, GetEventTypeRequest, Line, ParticipantGroup, Phase,
    QuantityDefinition, RankGroup, UpdateEventTypeRequest, WarningCode,
    event_type_service_client::EventTypeServiceClient,
};
use banggiao_contracts::registry::v1::Role;
use tonic::Code;
use tonic_types::StatusExt;

use crate::{
    clerk::{Clerk, mask},
    installation::Installation,
};

fn names(vi: &str) -> std::collections::BTreeMap<String, String> {
    [("vi".to_owned(), vi.to_owned())].into()
}

fn clinic() -> EventType {
    EventType {
        names: names("Khám bệnh, cấp thuốc miễn phí"),
        group: "support".to_owned(),
        quantities: vec![QuantityDefinition {
            key: "patients".to_owned(),
            unit: "1".to_owned(),
            names: names("lượt người khám"),
            whole: true,
            plausible_max: "500".to_owned(),
            ..QuantityDefinition::default()
        }],
        needs: vec![EventPart::PartnerUnits.into()],
        forbids: vec![EventPart::Direction.into()],
        plausible_days: Some(3),
        ..EventType::default()
    }
}

fn held(event_type: &str) -> Event {
    Event {
        event_type: format!("eventTypes/{event_type}"),
        start_date: "2026-03-01".to_owned(),
        home_unit: "units/tayninh".to_owned(),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        ..Event::default()
    }
}

fn violations(status: &tonic::Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details
        .bad_request()
        .map(|bad| bad.field_violations.clone())
        .unwrap_or_default();
    bad.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_is_created_used_revised_and_discontinued() {
    let installation = Installation::with_sample().await;
    let mut types = EventTypeServiceClient::new(installation.channel("administrator"));
    let mut clerk = Clerk::new(&installation, "administrator");
    let create = CreateEventTypeRequest {
        event_type_id: "free-clinic".to_owned(),
        event_type: Some(clinic()),
        request_id: "0192f1d4-7f4e-7c55-8a43-6d1f6f4b2a09".to_owned(),
    };
    let first = types
        .create_event_type(create.clone())
        .await
        .expect("created")
        .into_inner();
    assert_eq!((first.code.as_str(), first.revision), ("FREE_CLINIC", 1));
    assert_eq!(
        types.create_event_type(create).await.expect("repeated").into_inner(),
        first
    );

    let mut event = held("free-clinic");
    event.quantities.insert("patients".to_owned(), "600".to_owned());
    let old = clerk.log(event).await.expect("logged at once");
    assert_eq!(
        (old.event_type_revision, old.warnings[0].code()),
        (1, WarningCode::UnusuallyMany)
    );

    let update = |fields: &[&str], event_type: EventType| UpdateEventTypeRequest {
        event_type: Some(EventType {
            name: "eventTypes/free-clinic".to_owned(),
            ..event_type
        }),
        update_mask: Some(mask(fields)),
        ..UpdateEventTypeRequest::default()
    };
    let stricter = EventType {
        etag: first.etag.clone(),
        needs: vec![EventPart::Persons.into()],
        ..EventType::default()
    };
    let second = types
        .update_event_type(update(&["needs", "quantities"], stricter.clone()))
        .await;
    assert_eq!(second.expect("revised").into_inner().revision, 2);
    let stale = types
        .update_event_type(update(&["needs"], stricter))
        .await
        .expect_err("a stale etag");
    assert_eq!(stale.code(), Code::Aborted);
    let refused = clerk.log(held("free-clinic")).await.expect_err("persons are needed");
    assert_eq!(violations(&refused), ["event.persons"]);

    // What was recorded by the first revision is corrected by it.
    let mended = Event {
        name: old.name.clone(),
        quantities: [("patients".to_owned(), "60".to_owned())].into(),
        ..Event::default()
    };
    let mended = clerk.correct(mended, &["quantities"]).await.expect("corrected");
    assert_eq!((mended.event_type_revision, mended.warnings.len()), (1, 0));

    let gone = EventType {
        discontinued: true,
        ..EventType::default()
    };
    types
        .update_event_type(update(&["discontinued"], gone))
        .await
        .expect("discontinued");
    let with_persons = Event {
        persons: Some(4),
        ..held("free-clinic")
    };
    let refused = clerk.log(with_persons).await.expect_err("no new ones");
    assert_eq!(violations(&refused), ["event.event_type"]);
    let request = GetEventTypeRequest {
        name: "eventTypes/free-clinic".to_owned(),
        revision: 1,
    };
    let before = types
        .get_event_type(request)
        .await
        .expect("the first revision")
        .into_inner();
    assert_eq!(before, first, "a revision stays what it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_type_is_told_and_only_registrars_write_types() {
    let installation = Installation::with_sample().await;
    installation.principal("recorder", Role::Recorder, "tayninh").await;
    let mut types = EventTypeServiceClient::new(installation.channel("administrator"));
    let mut wrong = clinic();
    wrong.names.clear();
    wrong.group = String::new();
    wrong.forbids = vec![EventPart::PartnerUnits.into(), 99];
    wrong.plausible_days = Some(0);
    wrong.quantities.push(wrong.quantities[0].clone());
    wrong.quantities[0].plausible_max = "many".to_owned();
    let create = |id: &str, event_type: EventType| CreateEventTypeRequest {
        event_type_id: id.to_owned(),
        event_type: Some(event_type),
        ..CreateEventTypeRequest::default()
    };
    let refused = types
        .create_event_type(create("Free Clinic", wrong))
        .await
        .expect_err("wrong");
    let mut fields = violations(&refused);
    fields.sort();
    let expected = [
        "event_type.forbids",
        "event_type.forbids[1]",
        "event_type.group",
        "event_type.names[\"vi\"]",
        "event_type.plausible_days",
        "event_type.quantities[0].plausible_max",
        "event_type.quantities[1].key",
        "event_type_id",
    ];
    assert_eq!(fields, expected);
    let taken = types
        .create_event_type(create("joint-patrol", clinic()))
        .await
        .expect_err("taken");
    assert_eq!(taken.code(), Code::AlreadyExists);
    let mut recorder = EventTypeServiceClient::new(installation.channel("recorder"));
    let denied = recorder
        .create_event_type(create("free-clinic", clinic()))
        .await
        .expect_err("denied");
    assert_eq!(denied.code(), Code::PermissionDenied);
}

fn line(item: &str, value_vnd: &str) -> Line {
    Line {
        item: item.to_owned(),
        value_vnd: value_vnd.to_owned(),
        ..Line::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities_are_the_sums_of_their_lines() {
    let installation = Installation::with_sample().await;
    let mut clerk = Clerk::new(&installation, "administrator");
    let mut aid = held("aid");
    aid.lines = vec![line("gạo", "12500000"), line("thuốc", "7500000.5")];
    let logged = clerk.log(aid.clone()).await.expect("logged");
    assert_eq!(logged.quantities["aid_value_vnd"], "20000000.5");
    let mut contradicting = aid.clone();
    contradicting
        .quantities
        .insert("aid_value_vnd".to_owned(), "1".to_owned());
    let refused = clerk.log(contradicting).await.expect_err("another sum");
    assert_eq!(violations(&refused), ["event.quantities[\"aid_value_vnd\"]"]);
    // A value that is unknown leaves the sum unknown.
    aid.lines.push(line("vở", ""));
    assert!(clerk.log(aid).await.expect("logged").quantities.is_empty());
    let mended = Event {
        name: logged.name,
        lines: vec![line("gạo", "10000000")],
        ..Event::default()
    };
    let mended = clerk.correct(mended, &["lines"]).await.expect("corrected");
    assert_eq!(
        mended.quantities["aid_value_vnd"], "10000000",
        "the sum follows its lines"
    );

    let mut course = held("training-course");
    let group = |rank_group: RankGroup, persons| ParticipantGroup {
        rank_group: rank_group.into(),
        persons,
    };
    course.participants = vec![group(RankGroup::FieldOfficer, 4), group(RankGroup::CompanyOfficer, 26)];
    assert_eq!(clerk.log(course.clone()).await.expect("logged").persons, Some(30));
    course.participants.push(group(RankGroup::FieldOfficer, 1));
    course.persons = Some(29);
    let refused = clerk.log(course).await.expect_err("twice, and another sum");
    assert_eq!(
        violations(&refused),
        ["event.participants[2].rank_group", "event.persons"]
    );
    let refused = clerk
        .log(Event {
            lines: vec![line("gạo", "1")],
            phase: Phase::Held.into(),
            ..held("briefing-regular")
        })
        .await
        .expect_err("briefings give nothing");
    assert_eq!(violations(&refused), ["event.lines"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_filled_in_is_held_to_the_same_rules() {
    let installation = Installation::with_sample().await;
    let mut types = EventTypeServiceClient::new(installation.channel("administrator"));
    let mut clerk = Clerk::new(&installation, "administrator");
    let course = |needs: Vec<i32>, forbids: Vec<i32>| EventType {
        names: names("Tập huấn"),
        group: "support".to_owned(),
        needs,
        forbids,
        ..EventType::default()
    };
    let persons = vec![i32::from(EventPart::Persons)];
    for (id, event_type) in [
        ("course-counted", course(persons.clone(), Vec::new())),
        ("course-uncounted", course(Vec::new(), persons)),
    ] {
        let create = CreateEventTypeRequest {
            event_type_id: id.to_owned(),
            event_type: Some(event_type),
            ..CreateEventTypeRequest::default()
        };
        types.create_event_type(create).await.expect("created");
    }
    let attended = |event_type: &str| Event {
        participants: vec![ParticipantGroup {
            rank_group: RankGroup::Militia.into(),
            persons: 5,
        }],
        ..held(event_type)
    };
    assert_eq!(
        clerk.log(attended("course-counted")).await.expect("counted").persons,
        Some(5)
    );
    let refused = clerk
        .log(attended("course-uncounted"))
        .await
        .expect_err("nobody is counted");
    assert_eq!(violations(&refused), ["event.persons"]);
    let mut aid = held("aid");
    aid.lines = vec![line("gạo", "900000000000000"), line("thuốc", "900000000000000")];
    let refused = clerk.log(aid).await.expect_err("too much");
    assert_eq!(violations(&refused), ["event.quantities[\"aid_value_vnd\"]"]);
}
