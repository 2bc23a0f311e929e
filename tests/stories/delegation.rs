//! The life of a delegation from plan to correction after approval: planned by a district, agreed to by the province,
//! held, returned, mended, approved, corrected; with the figure, the lists and the warnings looked at after each step.

use banggiao_contracts::{
    journal::v1::{
        CancellationReason, Event, EventFilter, EventOrder, ListEventsRequest, Phase, ReturnReason, ReviewState,
        WarningCode,
    },
    registry::v1::Role,
    reporting::v1::QueryFiguresRequest,
    r#type::v1::Direction,
};
use tonic::Code;

use crate::{clerk::Clerk, installation::Installation};

const DISTRICT: &str = "units/tayninh-ben-cau";
/// After the day of the tests: a plan lies ahead.
const DAY: &str = "2026-04-10";

fn plan() -> Event {
    Event {
        event_type: "eventTypes/delegation-visit".to_owned(),
        start_date: DAY.to_owned(),
        direction: Direction::Inbound.into(),
        home_unit: DISTRICT.to_owned(),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        delegations: Some(1),
        phase: Phase::Planned.into(),
        summary: [("vi".to_owned(), "Đoàn Bộ Chỉ huy tỉnh bạn sang chúc Tết".to_owned())].into(),
        ..Event::default()
    }
}

struct Office {
    installation: Installation,
    recorder: Clerk,
    approver: Clerk,
    second: Clerk,
}

impl Office {
    /// A recorder of the district, an approver of the province, and another recorder of the province.
    async fn open() -> Self {
        let installation = Installation::with_sample().await;
        installation
            .principal("recorder", Role::Recorder, "tayninh-ben-cau")
            .await;
        installation.principal("approver", Role::Approver, "tayninh").await;
        installation.principal("second", Role::Recorder, "tayninh").await;
        Self {
            recorder: Clerk::new(&installation, "recorder"),
            approver: Clerk::new(&installation, "approver"),
            second: Clerk::new(&installation, "second"),
            installation,
        }
    }

    async fn persons(&self, event: &Event) -> String {
        let request = QueryFiguresRequest {
            unit: DISTRICT.to_owned(),
            indicators: vec!["indicators/persons-received".to_owned()],
            start_date: DAY.to_owned(),
            end_date: DAY.to_owned(),
            min_log_index: event.log_index,
            ..QueryFiguresRequest::default()
        };
        let response = self.installation.figures("administrator").query_figures(request).await;
        response.expect("a figure").into_inner().cells[0].value.clone()
    }

    async fn unreported(&mut self) -> usize {
        let filter = EventFilter {
            unit: DISTRICT.to_owned(),
            planned_not_reported: true,
            ..EventFilter::default()
        };
        self.second.list(filter).await.len()
    }

    async fn waiting(&mut self, filter: EventFilter) -> Vec<String> {
        let request = ListEventsRequest {
            filter: Some(EventFilter {
                start_date: DAY.to_owned(),
                ..filter
            }),
            order: EventOrder::LongestWaiting.into(),
            page_size: 1,
            ..ListEventsRequest::default()
        };
        self.approver.walk(request).await
    }
}

fn state(event: &Event) -> (Phase, ReviewState) {
    (event.phase(), event.review_state())
}

#[tokio::test(flavor = "multi_thread")]
async fn from_plan_to_correction_after_approval() {
    let mut office = Office::open().await;
    let logged = office.recorder.log(plan()).await.expect("planned");
    let name = logged.name.clone();
    assert_eq!(state(&logged), (Phase::Planned, ReviewState::Draft));
    assert!(
        logged.warnings.is_empty(),
        "a plan lies ahead, and may: {:?}",
        logged.warnings
    );
    assert_eq!(office.persons(&logged).await, "0");

    let submitted = office.recorder.submit(&name).await.expect("the plan submitted");
    assert_eq!(submitted.review_chain, ["units/tayninh", "units/mr7"]);
    assert_eq!(office.waiting(EventFilter::default()).await, [name.as_str()]);
    let plan_approved = office.approver.approve(&name).await.expect("the plan approved");
    assert_eq!(state(&plan_approved), (Phase::Planned, ReviewState::Approved));
    assert!(plan_approved.review_chain.is_empty() && plan_approved.submit_time.is_none());
    assert_eq!(
        office.persons(&plan_approved).await,
        "0",
        "an approved plan is no visit"
    );

    // The day passes, and nobody has said whether they came.
    assert_eq!(office.unreported().await, 0);
    office.installation.clock.move_by(36 * 24 * 3600);
    assert_eq!(office.unreported().await, 1);

    let result = Event {
        name: name.clone(),
        persons: Some(900),
        ..Event::default()
    };
    let held = office.recorder.hold(result, &["persons"]).await.expect("held");
    assert_eq!(state(&held), (Phase::Held, ReviewState::Draft));
    let codes: Vec<_> = held
        .warnings
        .iter()
        .map(|warning| (warning.code(), warning.field.as_str()))
        .collect();
    assert_eq!(codes, [(WarningCode::UnusuallyMany, "persons")]);
    assert_eq!(
        office.persons(&held).await,
        "0",
        "the result is approved apart from the plan"
    );
    assert_eq!(office.unreported().await, 0);

    office.recorder.submit(&name).await.expect("the result submitted");
    let returned = office
        .approver
        .give_back(&name, ReturnReason::WrongFigures)
        .await
        .expect("returned");
    assert_eq!(returned.return_reason(), ReturnReason::WrongFigures);
    let mended = Event {
        name: name.clone(),
        persons: Some(21),
        ..Event::default()
    };
    let mended = office.second.correct(mended, &["persons"]).await.expect("mended");
    assert_eq!(state(&mended), (Phase::Held, ReviewState::Returned));
    assert!(mended.warnings.is_empty());
    let again = office.recorder.submit(&name).await.expect("submitted again");
    assert_eq!(again.return_reason(), ReturnReason::Unspecified);
    let approved = office.approver.approve(&name).await.expect("approved");
    assert_eq!(office.persons(&approved).await, "21");

    let corrected = Event {
        name: name.clone(),
        persons: Some(22),
        ..Event::default()
    };
    let corrected = office.second.correct(corrected, &["persons"]).await.expect("corrected");
    assert_eq!(corrected.review_state(), ReviewState::Submitted);
    assert_eq!(
        office.persons(&corrected).await,
        "21",
        "the approved revision goes on counting"
    );
    let last = office.approver.approve(&name).await.expect("approved at last");
    assert_eq!(office.persons(&last).await, "22");
    assert_eq!(last.revision, 11);
    let returned_once = EventFilter {
        returned_for: vec![ReturnReason::WrongFigures.into()],
        ..EventFilter::default()
    };
    assert_eq!(
        office.approver.list(returned_once).await,
        [name],
        "what was returned can be counted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_cancelled_or_held_and_only_once() {
    let mut office = Office::open().await;
    let name = office.recorder.log(plan()).await.expect("planned").name;
    let named = || Event {
        name: name.clone(),
        ..Event::default()
    };
    let held = office.recorder.hold(named(), &[]).await.expect("held as planned");
    // Its day is still to come, and somebody should look again.
    assert_eq!(held.warnings[0].code(), WarningCode::FutureDate);
    let twice = office.recorder.hold(named(), &[]).await.expect_err("held already");
    assert_eq!(twice.code(), Code::FailedPrecondition);

    let other = office.recorder.log(plan()).await.expect("planned").name;
    let cancelled = office
        .recorder
        .cancel(&other, CancellationReason::Weather)
        .await
        .expect("cancelled");
    assert_eq!(cancelled.cancellation_reason(), CancellationReason::Weather);
    let gone = Event {
        name: other.clone(),
        ..Event::default()
    };
    let gone = office.recorder.hold(gone, &[]).await.expect_err("cancelled");
    assert_eq!(gone.code(), Code::FailedPrecondition);
    let for_weather = EventFilter {
        cancelled_for: vec![CancellationReason::Weather.into()],
        ..EventFilter::default()
    };
    assert_eq!(office.recorder.list(for_weather).await, [other]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_longest_comes_first_and_is_approved_in_one_batch() {
    let mut office = Office::open().await;
    let mut names = Vec::new();
    for _ in 0..5 {
        office.installation.clock.move_by(3600);
        let name = office.recorder.log(plan()).await.expect("planned").name;
        office.recorder.submit(&name).await.expect("submitted");
        names.push(name);
    }
    assert_eq!(office.waiting(EventFilter::default()).await, names);
    let at = |unit: &str| EventFilter {
        waiting_for: unit.to_owned(),
        ..EventFilter::default()
    };
    assert_eq!(office.waiting(at("units/tayninh")).await.len(), 5);
    assert_eq!(
        office.waiting(at("units/mr7")).await.len(),
        0,
        "it waits at the nearest"
    );
    let since = |day: &str| EventFilter {
        waiting_since: day.to_owned(),
        ..EventFilter::default()
    };
    assert_eq!(office.waiting(since("2026-03-15")).await.len(), 5);
    assert_eq!(office.waiting(since("2026-03-14")).await.len(), 0);

    let mut with_a_draft = names.clone();
    with_a_draft.push(office.recorder.log(plan()).await.expect("a draft").name);
    let refused = approve_all(&mut office.approver, &with_a_draft)
        .await
        .expect_err("one is a draft");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(office.waiting(EventFilter::default()).await.len(), 5, "all or none");
    let approved = approve_all(&mut office.approver, &names).await.expect("approved");
    let states: Vec<_> = approved
        .iter()
        .map(|event| (event.name.clone(), event.review_state()))
        .collect();
    let expected: Vec<_> = names.into_iter().map(|name| (name, ReviewState::Approved)).collect();
    assert_eq!(states, expected);
}

async fn approve_all(approver: &mut Clerk, names: &[String]) -> Result<Vec<Event>, tonic::Status> {
    use banggiao_contracts::journal::v1::{ApproveEventRequest, BatchApproveEventsRequest};
    let requests = names.iter().map(|name| ApproveEventRequest {
        name: name.clone(),
        ..ApproveEventRequest::default()
    });
    let request = BatchApproveEventsRequest {
        requests: requests.collect(),
        ..BatchApproveEventsRequest::default()
    };
    let response = approver.0.batch_approve_events(request).await?;
    Ok(response.into_inner().events)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_with_its_unit() {
    let mut office = Office::open().await;
    let name = office.recorder.log(plan()).await.expect("planned").name;
    office.recorder.submit(&name).await.expect("submitted");
    let moved = Event {
        name: name.clone(),
        home_unit: "units/dongnai".to_owned(),
        ..Event::default()
    };
    let mut administrator = Clerk::new(&office.installation, "administrator");
    let moved = administrator.correct(moved, &["home_unit"]).await.expect("moved");
    assert_eq!(moved.review_chain, ["units/mr7"], "whose approvers may decide now");
    assert!(moved.submit_time.is_some());
    let at_the_region = EventFilter {
        waiting_for: "units/mr7".to_owned(),
        start_date: DAY.to_owned(),
        ..EventFilter::default()
    };
    assert_eq!(administrator.list(at_the_region).await, [name]);
}
