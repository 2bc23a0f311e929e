//! Events that may be the same: who is shown them, and what becomes of them.

use banggiao_contracts::{
    journal::v1::{
        CancellationReason, DuplicateResolution, Event, EventFilter, ListPossibleDuplicatesRequest, Phase,
        ResolveDuplicateRequest, ResolveDuplicateResponse, ReviewState,
    },
    registry::v1::Role,
    r#type::v1::{Classification, Direction},
};
use tonic::Code;

use crate::{clerk::Clerk, installation::Installation};

fn visit(unit: &str, day: &str, persons: i64) -> Event {
    Event {
        event_type: "eventTypes/delegation-visit".to_owned(),
        start_date: day.to_owned(),
        direction: Direction::Inbound.into(),
        home_unit: format!("units/{unit}"),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        delegations: Some(1),
        persons: Some(persons),
        ..Event::default()
    }
}

/// The pairs that the caller may see of visits on these days, over all pages.
async fn pairs(clerk: &mut Clerk, page_size: i32) -> Vec<(String, String)> {
    let filter = EventFilter {
        start_date: "2026-02-01".to_owned(),
        ..EventFilter::default()
    };
    let mut request = ListPossibleDuplicatesRequest {
        filter: Some(filter),
        page_size,
        ..ListPossibleDuplicatesRequest::default()
    };
    let mut pairs = Vec::new();
    loop {
        let page = clerk
            .0
            .list_possible_duplicates(request.clone())
            .await
            .expect("a page")
            .into_inner();
        assert!(page.possible_duplicates.len() <= usize::try_from(page_size).unwrap());
        pairs.extend(page.possible_duplicates.into_iter().map(|pair| {
            let name = |event: Option<Event>| event.expect("an event").name;
            (name(pair.first), name(pair.second))
        }));
        if page.next_page_token.is_empty() {
            return pairs;
        }
        request.page_token = page.next_page_token;
    }
}

fn sorted(one: &str, other: &str) -> (String, String) {
    (one.min(other).to_owned(), one.max(other).to_owned())
}

async fn resolve(
    clerk: &mut Clerk,
    stays: &str,
    other: &str,
    resolution: DuplicateResolution,
) -> ResolveDuplicateResponse {
    let request = ResolveDuplicateRequest {
        name: stays.to_owned(),
        other: other.to_owned(),
        resolution: resolution.into(),
        reason: "Đối chiếu hai đơn vị".to_owned(),
        ..ResolveDuplicateRequest::default()
    };
    clerk.0.resolve_duplicate(request).await.expect("resolved").into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_logged_by_a_district_and_its_province_is_shown_and_made_one() {
    let installation = Installation::with_sample().await;
    installation.principal("approver", Role::Approver, "mr7").await;
    let mut administrator = Clerk::new(&installation, "administrator");
    let mut approver = Clerk::new(&installation, "approver");
    let district = administrator
        .log(visit("tayninh-ben-cau", "2026-02-10", 21))
        .await
        .expect("logged")
        .name;
    // The province counted another way, and from the day before.
    let mut of_province = visit("tayninh", "2026-02-09", 22);
    of_province.end_date = "2026-02-11".to_owned();
    let province = administrator.log(of_province).await.expect("logged").name;
    let unlike = [
        visit("tayninh", "2026-02-10", 60),
        visit("dongnai", "2026-02-10", 21),
        visit("tayninh", "2026-02-14", 21),
        Event {
            direction: Direction::Outbound.into(),
            ..visit("tayninh", "2026-02-10", 21)
        },
    ];
    for event in unlike {
        administrator.log(event).await.expect("logged");
    }
    let submitted = administrator.submit(&district).await.expect("submitted");
    assert_eq!(submitted.possible_duplicates, [province.as_str()]);
    administrator.submit(&province).await.expect("submitted");
    assert_eq!(
        approver.approve(&district).await.expect("approved").possible_duplicates,
        [province.as_str()]
    );
    approver.approve(&province).await.expect("approved");
    assert_eq!(pairs(&mut approver, 50).await, [sorted(&district, &province)]);

    let resolved = resolve(&mut administrator, &province, &district, DuplicateResolution::Same).await;
    let (stays, other) = (resolved.event.expect("one"), resolved.other.expect("another"));
    assert_eq!(stays.co_home_units, ["units/tayninh-ben-cau"]);
    assert_eq!(
        stays.review_state(),
        ReviewState::Submitted,
        "a change of what was approved awaits approval"
    );
    assert_eq!(other.phase(), Phase::Cancelled);
    assert_eq!(other.cancellation_reason(), CancellationReason::Duplicate);
    assert_eq!(pairs(&mut approver, 50).await, []);
    assert!(
        approver
            .approve(&district)
            .await
            .expect("cancelled")
            .possible_duplicates
            .is_empty()
    );
    approver.approve(&province).await.expect("approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_listed_once_over_all_pages_and_no_more_once_they_are_two() {
    let installation = Installation::with_sample().await;
    let mut administrator = Clerk::new(&installation, "administrator");
    let mut names = Vec::new();
    for day in ["2026-02-10", "2026-02-10", "2026-02-10", "2026-02-12"] {
        names.push(administrator.log(visit("tayninh", day, 21)).await.expect("logged").name);
    }
    let mut expected: Vec<(String, String)> = [(0, 1), (0, 2), (1, 2)]
        .map(|(one, other): (usize, usize)| sorted(&names[one], &names[other]))
        .to_vec();
    expected.sort();
    for page_size in [1, 2, 50] {
        let mut found = pairs(&mut administrator, page_size).await;
        found.sort();
        assert_eq!(found, expected, "in pages of {page_size}");
    }
    let resolved = resolve(&mut administrator, &names[0], &names[1], DuplicateResolution::Distinct).await;
    assert_eq!(resolved.event.expect("one").distinct_from, [names[1].as_str()]);
    assert_eq!(pairs(&mut administrator, 50).await.len(), 2);
    let shown = administrator.get(&names[1]).await.expect("shown");
    assert_eq!(shown.possible_duplicates, [names[2].as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_not_shown() {
    let installation = Installation::with_sample().await;
    installation
        .principal("recorder", Role::Recorder, "tayninh-ben-cau")
        .await;
    let mut administrator = Clerk::new(&installation, "administrator");
    let mut recorder = Clerk::new(&installation, "recorder");
    let secret = Event {
        classification: Classification::Secret.into(),
        ..visit("tayninh-ben-cau", "2026-02-10", 21)
    };
    let secret = administrator.log(secret).await.expect("logged").name;
    let open = recorder
        .log(visit("tayninh-ben-cau", "2026-02-10", 21))
        .await
        .expect("logged")
        .name;
    assert!(
        recorder
            .submit(&open)
            .await
            .expect("submitted")
            .possible_duplicates
            .is_empty()
    );
    assert_eq!(pairs(&mut recorder, 50).await, []);
    assert_eq!(
        administrator.get(&open).await.expect("shown").possible_duplicates,
        [secret.as_str()]
    );
    let request = ResolveDuplicateRequest {
        name: open,
        other: secret,
        resolution: DuplicateResolution::Distinct.into(),
        reason: "?".to_owned(),
        ..ResolveDuplicateRequest::default()
    };
    let denied = recorder.0.resolve_duplicate(request).await.expect_err("hidden");
    assert_eq!(denied.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_stays_whoever_decides() {
    let installation = Installation::with_sample().await;
    let mut clerk = Clerk::new(&installation, "administrator");
    let one = clerk
        .log(visit("tayninh", "2026-02-10", 21))
        .await
        .expect("logged")
        .name;
    let other = clerk
        .log(visit("tayninh", "2026-02-10", 21))
        .await
        .expect("logged")
        .name;
    let request = ResolveDuplicateRequest {
        name: one.clone(),
        other: other.clone(),
        resolution: DuplicateResolution::Same.into(),
        reason: "Trùng".to_owned(),
        request_id: "0192f1d4-7f4e-7c55-8a43-6d1f6f4b2a10".to_owned(),
        ..ResolveDuplicateRequest::default()
    };
    let first = clerk
        .0
        .resolve_duplicate(request.clone())
        .await
        .expect("resolved")
        .into_inner();
    // Somebody else decides the other way round, and somebody corrects the one that stays.
    let reversed = ResolveDuplicateRequest {
        name: other,
        other: one.clone(),
        request_id: String::new(),
        ..request.clone()
    };
    let refused = clerk
        .0
        .resolve_duplicate(reversed)
        .await
        .expect_err("cancelled already");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let mended = Event {
        name: one,
        persons: Some(22),
        ..Event::default()
    };
    clerk.correct(mended, &["persons"]).await.expect("corrected");
    let repeated = clerk.0.resolve_duplicate(request).await.expect("repeated").into_inner();
    assert_eq!(repeated, first, "the same id gives the same answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_know_of_an_event_is_not_told_that_it_is_another_one() {
    let installation = Installation::with_sample().await;
    installation.principal("reader", Role::Reader, "tayninh").await;
    let mut administrator = Clerk::new(&installation, "administrator");
    let mut reader = Clerk::new(&installation, "reader");
    let open = administrator
        .log(visit("tayninh", "2026-02-10", 21))
        .await
        .expect("logged")
        .name;
    let secret = Event {
        classification: Classification::Secret.into(),
        ..visit("tayninh", "2026-02-10", 21)
    };
    let secret = administrator.log(secret).await.expect("logged").name;
    resolve(&mut administrator, &open, &secret, DuplicateResolution::Distinct).await;
    assert_eq!(
        administrator.get(&open).await.expect("shown").distinct_from,
        [secret.as_str()]
    );
    assert!(reader.get(&open).await.expect("shown").distinct_from.is_empty());
    // Beside a third one, which it may be, too.
    administrator
        .log(visit("tayninh", "2026-02-10", 21))
        .await
        .expect("logged");
    let request = ListPossibleDuplicatesRequest {
        event: open,
        ..ListPossibleDuplicatesRequest::default()
    };
    let listed = reader
        .0
        .list_possible_duplicates(request)
        .await
        .expect("a page")
        .into_inner();
    let pair = &listed.possible_duplicates[0];
    let told = [&pair.first, &pair.second]
        .into_iter()
        .flatten()
        .any(|event| !event.distinct_from.is_empty());
    assert!(!told);
}
