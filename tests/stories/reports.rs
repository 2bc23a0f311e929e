//! Reports from the draft to the correction: what was signed stays as it was signed, whatever happens afterwards, and what
//! would be otherwise is told with the records that make it so.

use banggiao_cli::import::File;
use banggiao_contracts::{
    FieldMask,
    journal::v1::Event,
    registry::v1::{self as registry, Role, reorganization_act::Act},
    reporting::v1::{
        self as pb, GenerateReportRequest, IssueReportRequest, ListChangesSinceIssueRequest, Report, ReportState,
        SupersedeReportRequest, VerifyReportRequest, VerifyReportResponse,
        calendar_service_client::CalendarServiceClient, report_service_client::ReportServiceClient,
    },
    r#type::v1::Classification,
};
use banggiao_rpc::channel::Authorized;
use prost_reflect::prost::Message;
use sea_orm::{ConnectionTrait, Database};
use tonic::Code;
use tonic_types::StatusExt;

use super::restated::reorganize;
use crate::{clerk::Clerk, installation::Installation};

/// So many events are recorded after the report was issued, and so many of those before are corrected.
const LATER_EVENTS: usize = 9_600;
const LATER_CORRECTIONS: usize = 400;

fn reports(installation: &Installation, principal: &str) -> ReportServiceClient<Authorized> {
    ReportServiceClient::new(installation.channel(principal))
}

fn six_months(unit: &str) -> GenerateReportRequest {
    GenerateReportRequest {
        template: "reportTemplates/six-month".to_owned(),
        unit: format!("units/{unit}"),
        period: "civil/2024-H1".to_owned(),
        ..GenerateReportRequest::default()
    }
}

async fn draft(installation: &Installation, unit: &str) -> Report {
    let mut reports = reports(installation, "administrator");
    reports
        .generate_report(six_months(unit))
        .await
        .expect("a draft")
        .into_inner()
}

async fn issue(installation: &Installation, draft: &Report) -> Report {
    let request = IssueReportRequest {
        name: draft.name.clone(),
        etag: draft.etag.clone(),
        document_number: "12/BC-BCH".to_owned(),
        ..IssueReportRequest::default()
    };
    let mut reports = reports(installation, "administrator");
    reports
        .issue_report(request)
        .await
        .expect("an issued report")
        .into_inner()
}

async fn verify(installation: &Installation, report: &Report) -> VerifyReportResponse {
    let request = VerifyReportRequest {
        name: report.name.clone(),
    };
    let mut reports = reports(installation, "administrator");
    reports.verify_report(request).await.expect("an answer").into_inner()
}

async fn assert_verified(installation: &Installation, report: &Report) {
    let answer = verify(installation, report).await;
    assert!(answer.verified, "{:?}", answer.faults);
    assert_eq!(answer.digest, report.digest);
    assert_eq!(answer.computed_digest, report.digest);
    let request = pb::GetReportRequest {
        name: report.name.clone(),
    };
    let mut reports = reports(installation, "administrator");
    let shown = reports.get_report(request).await.expect("the report").into_inner();
    assert_eq!(shown.content, report.content, "what is shown is what was signed");
}

/// The figure of an indicator in the second section of a six-month report.
fn figure<'a>(report: &'a Report, indicator: &str) -> &'a str {
    let part = &report.content.as_ref().expect("a content").parts[1];
    let Some(pb::report_part::Content::Table(table)) = &part.content else {
        panic!("no table: {part:?}")
    };
    let cell = table
        .cells
        .iter()
        .find(|cell| cell.indicator == format!("indicators/{indicator}"));
    &cell.expect("a figure").value
}

const HEADER: &str = "reference,type,start_date,end_date,direction,home_unit,co_home_units,partner_units,place_vi,\
                      delegations,persons,programmes,agreement,marker_from,marker_to,quantities,state,summary_vi\n";

/// A row of a delegation that Tây Ninh received.
fn visit(reference: &str, day: &str) -> String {
    format!("{reference},DELEGATION_VISIT,{day},{day},INBOUND,tayninh,,kh-svayrieng-sector,,1,2,,,,,,APPROVED,\n")
}

/// Events of the half-year that was reported, and corrections of some that stood in the report.
fn later() -> Vec<File> {
    let mut events = String::from(HEADER);
    for number in 0..LATER_EVENTS {
        let day = format!("2024-0{}-{:02}", 1 + number % 6, 1 + number % 28);
        events.push_str(&visit(&format!("LATE-{number}"), &day));
    }
    let mut corrections = String::from("reference,field,value,reason\n");
    for number in 0..LATER_CORRECTIONS {
        // Delegations received in the half-year have these references, and each is corrected again and again.
        let reference = 1280 + number % 19;
        corrections.push_str(&format!(
            "EV-0{reference},persons,{},Đối chiếu lần {number}\n",
            20 + number
        ));
    }
    let file = |name: &str, text: String| File::new(name, text.into_bytes()).expect("a file to be imported");
    vec![file("events.csv", events), file("corrections.csv", corrections)]
}

/// Ends the services, takes the projection away, and starts again, so that all of it is read anew.
async fn rebuild(installation: &mut Installation) {
    let folder = installation.folder().to_owned();
    installation.stop().await;
    let db = Database::connect(format!("sqlite:{}", folder.join("reporting.db").display())).await;
    let db = db.expect("the database");
    for sql in [
        "DELETE FROM fact",
        "UPDATE cursor SET position = 0, epoch = 0 WHERE feed = 'journal'",
    ] {
        db.execute_unprepared(sql).await.expect("a change");
    }
    db.close().await.expect("closed");
    installation.restart().await;
    let head = journal_head(installation).await;
    let mut figures = installation.figures("administrator");
    while figures
        .get_position(pb::GetPositionRequest {})
        .await
        .expect("a position")
        .into_inner()
        .log_index
        < head
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn journal_head(installation: &Installation) -> i64 {
    let heads = banggiao_cli::figures::heads(&installation.connection()).await;
    heads.expect("the heads").log_index()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_is_the_same_after_all_that_comes_later() {
    let mut installation = Installation::with_sample().await;
    let drafted = draft(&installation, "tayninh").await;
    assert_eq!((drafted.state(), drafted.number), (ReportState::Draft, 0));
    let signed = issue(&installation, &drafted).await;
    assert_eq!(
        (signed.state(), signed.number, signed.number_year),
        (ReportState::Issued, 1, 2026)
    );
    assert_eq!(figure(&signed, "delegations-received"), "19");
    assert_eq!(figure(&signed, "persons-received"), "317");
    assert_verified(&installation, &signed).await;

    let before = journal_head(&installation).await;
    let summary = installation.import(later()).await;
    assert!(summary.clean(), "{:?}", summary.files);
    assert_eq!(journal_head(&installation).await - before, 10_000);
    assert_verified(&installation, &signed).await;

    let merged = Act::Merge(registry::Merge {
        sources: vec!["units/tayninh-go-dau".to_owned(), "units/tayninh-trang-bang".to_owned()],
        target: "units/tayninh-trang-bang".to_owned(),
        ..registry::Merge::default()
    });
    reorganize(&installation, "2024-02-01", vec![merged]).await;
    assert_verified(&installation, &signed).await;

    rebuild(&mut installation).await;
    assert_verified(&installation, &signed).await;

    let request = ListChangesSinceIssueRequest {
        name: signed.name.clone(),
        min_log_index: journal_head(&installation).await,
        ..ListChangesSinceIssueRequest::default()
    };
    let since = reports(&installation, "administrator")
        .list_changes_since_issue(request)
        .await;
    let since = since.expect("the changes").into_inner();
    let changed = |indicator: &str| {
        let mut figures = since.figures.iter();
        let found = figures.find(|one| one.part == 1 && one.group.is_empty() && one.indicator.ends_with(indicator));
        found.map(|one| (one.signed_value().to_owned(), one.current_value().to_owned()))
    };
    let received = (19 + LATER_EVENTS).to_string();
    assert_eq!(changed("/delegations-received"), Some(("19".to_owned(), received)));
    assert_eq!(changed("/delegations-sent"), None);
    let of = |indicator: &str| {
        since
            .records
            .iter()
            .filter(|one| one.indicator.ends_with(indicator))
            .count()
    };
    assert_eq!(
        of("/delegations-received"),
        LATER_EVENTS,
        "a correction of persons changes no delegation"
    );
    assert_eq!(of("/persons-received"), LATER_EVENTS + 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_a_new_report_with_a_number_of_its_own() {
    let installation = Installation::with_sample().await;
    let first = issue(&installation, &draft(&installation, "tayninh").await).await;
    let supersede = |reason: &str| SupersedeReportRequest {
        name: first.name.clone(),
        reason: reason.to_owned(),
        ..SupersedeReportRequest::default()
    };
    let mut reports = reports(&installation, "administrator");
    let correction = reports.supersede_report(supersede("Bổ sung số liệu")).await;
    let correction = correction.expect("a draft").into_inner();
    assert_eq!(
        (correction.state(), &correction.supersedes),
        (ReportState::Draft, &first.name)
    );
    let twice = reports
        .supersede_report(supersede("Lần nữa"))
        .await
        .expect_err("one is enough");
    assert_eq!(twice.code(), Code::FailedPrecondition);
    let second = issue(&installation, &correction).await;
    assert_eq!((second.number, second.state()), (2, ReportState::Issued));
    let request = pb::GetReportRequest {
        name: first.name.clone(),
    };
    let shown = reports.get_report(request).await.expect("the first").into_inner();
    assert_eq!(
        (shown.state(), &shown.superseded_by),
        (ReportState::Superseded, &second.name)
    );
    assert_verified(&installation, &first).await;
    assert_verified(&installation, &second).await;
    let again = IssueReportRequest {
        name: first.name.clone(),
        ..IssueReportRequest::default()
    };
    let again = reports.issue_report(again).await.map(drop).expect_err("it was signed");
    assert_eq!(again.code(), Code::FailedPrecondition);
    let other = issue(&installation, &draft(&installation, "longan").await).await;
    assert_eq!(other.number, 1, "each unit counts its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_for_what_he_may_not_read() {
    let installation = Installation::with_sample().await;
    let mut clerk = Clerk::new(&installation, "administrator");
    let secret = Event {
        event_type: "eventTypes/joint-patrol".to_owned(),
        start_date: "2024-03-03".to_owned(),
        home_unit: "units/tayninh".to_owned(),
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        classification: Classification::Secret.into(),
        ..Event::default()
    };
    let logged = clerk.log(secret).await.expect("an event");
    clerk.submit(&logged.name).await.expect("submitted");
    installation.principal("chief", Role::Approver, "mr7").await;
    let cleared = Classification::TopSecret;
    installation
        .cleared_principal("general", Role::Approver, "", cleared)
        .await;
    let approved = Clerk::new(&installation, "general").approve(&logged.name).await;
    approved.expect("approved");
    let drafted = draft(&installation, "tayninh").await;
    let request = IssueReportRequest {
        name: drafted.name.clone(),
        ..IssueReportRequest::default()
    };
    let mut chief = reports(&installation, "chief");
    let refused = chief
        .issue_report(request)
        .await
        .map(drop)
        .expect_err("something is withheld");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let reason = refused.get_error_details().error_info().map(|info| info.reason.clone());
    assert_eq!(reason.as_deref(), Some("WITHHELD"));
    let signed = issue(&installation, &drafted).await;
    assert_eq!(signed.classification(), Classification::Secret);
    let request = pb::GetReportRequest { name: signed.name };
    let hidden = chief.get_report(request).await.map(drop).expect_err("it is secret now");
    assert_eq!(hidden.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_seen_is_signed() {
    let installation = Installation::with_sample().await;
    let seen = draft(&installation, "tayninh").await;
    let correction = "reference,field,value,reason\nEV-01288,delegations,5,Đối chiếu\n";
    let file = File::new("corrections.csv", correction.as_bytes()).expect("a file");
    assert!(installation.import(vec![file]).await.clean());
    let request = IssueReportRequest {
        name: seen.name.clone(),
        etag: seen.etag.clone(),
        min_log_index: journal_head(&installation).await,
        ..IssueReportRequest::default()
    };
    let mut reports = reports(&installation, "administrator");
    let refused = reports
        .issue_report(request.clone())
        .await
        .map(drop)
        .expect_err("it says 23 now");
    assert_eq!(refused.code(), Code::Aborted);
    let again = pb::GetReportRequest { name: seen.name };
    let now = reports.get_report(again).await.expect("the draft").into_inner();
    assert_eq!(figure(&now, "delegations-received"), "23");
    let request = IssueReportRequest {
        etag: now.etag,
        ..request
    };
    let signed = reports
        .issue_report(request)
        .await
        .expect("as it was seen")
        .into_inner();
    assert_verified(&installation, &signed).await;

    // An event of the year before changes what the figures are compared with.
    let row = visit("BEFORE", "2023-03-03");
    let file = File::new("events.csv", format!("{HEADER}{row}").into_bytes()).expect("a file");
    assert!(installation.import(vec![file]).await.clean());
    let request = ListChangesSinceIssueRequest {
        name: signed.name,
        min_log_index: journal_head(&installation).await,
        ..ListChangesSinceIssueRequest::default()
    };
    let since = reports
        .list_changes_since_issue(request)
        .await
        .expect("the changes")
        .into_inner();
    let told: Vec<_> = since
        .figures
        .iter()
        .filter(|one| one.part == 1 && one.indicator.ends_with("/delegations-received"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].aspect(), pb::FigureAspect::Comparison);
    assert_eq!((told[0].signed_value(), told[0].current_value()), ("9", "10"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_season_that_was_prolonged_while_the_report_was_a_draft() {
    let installation = Installation::with_sample().await;
    let mut calendars = CalendarServiceClient::new(installation.channel("administrator"));
    let season = pb::Period {
        name: "calendars/campaign/periods/2023-2024".to_owned(),
        titles: [("vi".to_owned(), "Mùa khô".to_owned())].into(),
        start_date: "2023-11-01".to_owned(),
        end_date: "2024-03-31".to_owned(),
        kind: pb::PeriodKind::DrySeason.into(),
        ..pb::Period::default()
    };
    let request = pb::CreatePeriodRequest {
        calendar: "calendars/campaign".to_owned(),
        period_id: "2023-2024".to_owned(),
        period: Some(season.clone()),
        ..pb::CreatePeriodRequest::default()
    };
    calendars.create_period(request).await.expect("a season");
    let request = GenerateReportRequest {
        template: "reportTemplates/recovery-campaign".to_owned(),
        unit: "units/tayninh".to_owned(),
        period: "campaign/2023-2024".to_owned(),
        ..GenerateReportRequest::default()
    };
    let mut clients = reports(&installation, "administrator");
    let drafted = clients.generate_report(request).await.expect("a draft").into_inner();
    assert_eq!(drafted.end_date, "2024-03-31");
    let request = pb::UpdatePeriodRequest {
        period: Some(pb::Period {
            end_date: "2024-05-31".to_owned(),
            ..season.clone()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["end_date".to_owned()],
        }),
        ..pb::UpdatePeriodRequest::default()
    };
    calendars.update_period(request).await.expect("a revision");
    let request = IssueReportRequest {
        name: drafted.name,
        ..IssueReportRequest::default()
    };
    let signed = clients.issue_report(request).await.expect("issued").into_inner();
    assert_eq!(
        signed.end_date, "2024-05-31",
        "it is about the days that the period has now"
    );
    let content = signed.content.as_ref().expect("a content");
    let Some(pb::report_part::Content::Narrative(told)) = &content.parts[0].content else {
        panic!("no narrative")
    };
    let text = &told.text["en"];
    assert!(text.contains("31 May 2024") && text.contains("246 fallen"), "{text}");
    assert_verified(&installation, &signed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_what_was_signed_is_found_out() {
    let mut installation = Installation::with_sample().await;
    let signed = issue(&installation, &draft(&installation, "tayninh").await).await;
    let folder = installation.folder().to_owned();
    let kept = Report {
        document_number: "99/BC-BCH".to_owned(),
        content: None,
        etag: String::new(),
        ..signed.clone()
    };
    let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut content = signed.content.clone().expect("a content");
    content.log_index -= 1;
    for (sql, back) in [
        (
            format!("UPDATE report SET report = x'{}'", bytes(&kept.encode_to_vec())),
            format!(
                "UPDATE report SET report = x'{}'",
                bytes(
                    &Report {
                        document_number: signed.document_number.clone(),
                        ..kept.clone()
                    }
                    .encode_to_vec()
                )
            ),
        ),
        (
            format!(
                "UPDATE report_content SET content = x'{}'",
                bytes(&content.encode_to_vec())
            ),
            "UPDATE report_content SET content = x'ff'".to_owned(),
        ),
        (
            "UPDATE report_content SET content = x''".to_owned(),
            "DELETE FROM report_content".to_owned(),
        ),
    ] {
        for (sql, found) in [(sql, true), (back.clone(), !back.starts_with("UPDATE report SET"))] {
            installation.stop().await;
            let db = Database::connect(format!("sqlite:{}", folder.join("reporting.db").display())).await;
            let db = db.expect("the database");
            db.execute_unprepared(&sql).await.expect("a change");
            db.close().await.expect("closed");
            installation.restart().await;
            let answer = verify(&installation, &signed).await;
            assert_eq!(!answer.verified, found, "{:.60}: {:?}", sql, answer.faults);
            assert_eq!(answer.faults.is_empty(), !found);
        }
    }
}
