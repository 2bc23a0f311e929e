//! Returns for a legal month: sent in time, late, as nil, and not taken any more; and what is still missing.

use banggiao_contracts::{
    FieldMask,
    reporting::v1::{
        CompletenessCell, Deadline, FindingKind, GetCompletenessRequest, ListFindingsRequest, ListReturnsRequest,
        Period, Return, ReturnState, SubmitReturnRequest, UpdatePeriodRequest,
        calendar_service_client::CalendarServiceClient, return_service_client::ReturnServiceClient,
    },
    r#type::v1::Level,
};
use banggiao_rpc::channel::Authorized;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::installation::Installation;

const DAY: i64 = 24 * 3600;
/// 15 February to 14 March 2026: communes owe their return by the 16th, districts by the 18th, provinces by the 21st.
const MONTH: &str = "calendars/legal/periods/2026-03";
const PROVINCE: &str = "units/tayninh";
const DISTRICT: &str = "units/tayninh-ben-cau";
const COMMUNE: &str = "units/longan-xa-my-quy-dong";

fn returns(installation: &Installation) -> ReturnServiceClient<Authorized> {
    ReturnServiceClient::new(installation.channel("administrator"))
}

async fn submit(installation: &Installation, unit: &str, nil: bool) -> Result<Return, Status> {
    let request = SubmitReturnRequest {
        r#return: Some(Return {
            unit: unit.to_owned(),
            period: MONTH.to_owned(),
            nil,
            ..Return::default()
        }),
        ..SubmitReturnRequest::default()
    };
    let sent = returns(installation).submit_return(request).await;
    sent.map(tonic::Response::into_inner)
}

async fn matrix(installation: &Installation, date: &str) -> Vec<CompletenessCell> {
    let request = GetCompletenessRequest {
        unit: PROVINCE.to_owned(),
        periods: vec![MONTH.to_owned()],
        date: date.to_owned(),
        ..GetCompletenessRequest::default()
    };
    let answer = returns(installation).get_completeness(request).await;
    answer.expect("a matrix").into_inner().cells
}

fn state(cells: &[CompletenessCell], unit: &str) -> ReturnState {
    let cell = cells.iter().find(|cell| cell.unit == unit);
    cell.expect("it owes a return").state()
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_returns() {
    let installation = Installation::with_sample().await;
    let cells = matrix(&installation, "").await;
    for unit in [PROVINCE, DISTRICT, COMMUNE] {
        assert_eq!(state(&cells, unit), ReturnState::Owed, "{unit}");
    }
    let first = submit(&installation, PROVINCE, true).await.expect("sent");
    assert!(!first.late && first.log_index > 0);
    assert_eq!(state(&matrix(&installation, "").await, PROVINCE), ReturnState::Nil);
    let second = submit(&installation, PROVINCE, false).await.expect("sent again");
    let cells = matrix(&installation, "").await;
    assert_eq!(state(&cells, PROVINCE), ReturnState::Sent);
    assert!(cells.iter().any(|cell| cell.r#return == second.name));

    let later = matrix(&installation, "2026-03-17").await;
    assert_eq!(state(&later, COMMUNE), ReturnState::Overdue);
    assert_eq!(state(&later, DISTRICT), ReturnState::Owed);
    let silent = later.iter().find(|cell| cell.unit == COMMUNE).expect("the commune");
    assert!(silent.silent && silent.event_count == 0);

    installation.clock.move_by(5 * DAY);
    let late = submit(&installation, DISTRICT, true).await.expect("it is still taken");
    assert!(late.late);
    assert_eq!(state(&matrix(&installation, "").await, DISTRICT), ReturnState::SentLate);

    installation.clock.move_by(73 * DAY);
    let refused = submit(&installation, COMMUNE, true).await.expect_err("it is locked");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "RETURN_NOT_TAKEN")
    );
    assert_eq!(state(&matrix(&installation, "").await, COMMUNE), ReturnState::Locked);
    let partner = submit(&installation, "units/kh-svayrieng-sector", true).await;
    assert_eq!(partner.expect_err("it is not ours").code(), Code::FailedPrecondition);

    extend(&installation).await;
    assert_eq!(
        state(&matrix(&installation, "").await, PROVINCE),
        ReturnState::Sent,
        "the others owe as before"
    );
    let sent = submit(&installation, COMMUNE, false).await.expect("the lock was moved");
    assert!(sent.late);
    let request = ListReturnsRequest {
        unit: PROVINCE.to_owned(),
        ..ListReturnsRequest::default()
    };
    let listed = returns(&installation)
        .list_returns(request)
        .await
        .expect("a list")
        .into_inner();
    let units: Vec<&str> = listed.returns.iter().map(|sent| sent.unit.as_str()).collect();
    assert_eq!(units, [COMMUNE, DISTRICT, PROVINCE, PROVINCE], "the newest first");
}

/// Communes may send until the end of June.
async fn extend(installation: &Installation) {
    let request = UpdatePeriodRequest {
        period: Some(Period {
            name: MONTH.to_owned(),
            deadlines: vec![Deadline {
                level: Level::Commune.into(),
                cut_off_date: "2026-03-14".to_owned(),
                due_date: "2026-03-16".to_owned(),
                lock_date: "2026-06-30".to_owned(),
            }],
            ..Period::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["deadlines".to_owned()],
        }),
        ..UpdatePeriodRequest::default()
    };
    let mut calendars = CalendarServiceClient::new(installation.channel("administrator"));
    let period = calendars.update_period(request).await.expect("a revision").into_inner();
    assert_eq!((period.revision, period.start_date.as_str()), (1, "2026-02-15"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_should_look_at() {
    let installation = Installation::with_sample().await;
    let find = async |kind: FindingKind, date: &str| {
        let request = ListFindingsRequest {
            unit: "units/mr7".to_owned(),
            kinds: vec![kind.into()],
            date: date.to_owned(),
            page_size: 1000,
            ..ListFindingsRequest::default()
        };
        let answer = returns(&installation).list_findings(request).await;
        answer.expect("findings").into_inner().findings
    };
    let unvisited = find(FindingKind::UnvisitedMarker, "2025-06-30").await;
    let marker = |number: &str| {
        let name = format!("markers/vn-kh-{number}");
        unvisited
            .iter()
            .find(|one| one.resource == name)
            .map(|one| (one.date.clone(), one.days))
    };
    assert_eq!(marker("60"), Some(("2024-12-13".to_owned(), 199)));
    assert_eq!(marker("68"), Some(("2023-06-20".to_owned(), 741)));
    assert!(unvisited.iter().all(|one| one.days > 180 || one.date.is_empty()));
    // Everything that waits in the sample was imported this moment.
    assert_eq!(find(FindingKind::AgeingReview, "").await.len(), 0);
    let waiting = find(FindingKind::AgeingReview, "2026-04-30").await;
    assert!(
        !waiting.is_empty() && waiting.iter().all(|one| one.days == 46),
        "{waiting:?}"
    );
    for expiring in find(FindingKind::ExpiringAgreement, "2020-06-01").await {
        assert!((0..=90).contains(&expiring.days), "{expiring:?}");
    }
}
