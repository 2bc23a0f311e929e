//! What people type about indicators, periods, reports and returns, and the requests that come of it.

use banggiao_cli::reporting::{IndicatorVerb, PeriodVerb, ReportVerb, ReturnVerb, indicator, period};
use banggiao_cli::{Error, Globals, Lang, Verb};
use banggiao_contracts::reporting::v1 as pb;
use banggiao_contracts::r#type::v1::{Direction, Level};
use clap::Parser;
use pb::measure::Source;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    _globals: Globals,
    #[command(subcommand)]
    verb: Verb,
}

/// The verb of a line, in which `~` stands for a blank within a word.
fn parse(line: &str) -> Verb {
    let words = line.split_whitespace().map(|word| word.replace('~', " "));
    let cli = Cli::try_parse_from(std::iter::once("banggiao".to_owned()).chain(words));
    cli.unwrap_or_else(|error| panic!("{line}: {error}")).verb
}

fn created(flags: &str) -> Result<pb::CreateIndicatorRequest, Error> {
    match parse(&format!("indicator create Delegations_In {flags}")) {
        Verb::Indicator(IndicatorVerb::Create(create)) => indicator::Create::request(*create),
        other => panic!("{other:?}"),
    }
}

fn updated(flags: &str) -> Result<pb::UpdateIndicatorRequest, Error> {
    let current = pb::Indicator {
        names: [("vi".into(), "cũ".into()), ("en".into(), "old".into())].into(),
        etag: "4-x".into(),
        legal_basis: "TT".into(),
        ..pb::Indicator::default()
    };
    match parse(&format!("indicator update delegations-in {flags}")) {
        Verb::Indicator(IndicatorVerb::Update(update)) => indicator::Update::request(*update, current),
        other => panic!("{other:?}"),
    }
}

#[test]
fn flags_become_an_indicator() {
    let request = created(
        "--name-vi Đoàn~vào --name-en Delegations --unit-of-count-vi đoàn --event-type DELEGATION_VISIT,aid \
         --direction inbound --sum delegations --overlaps persons-received,aid-given --legal-basis TT~58/2020",
    )
    .unwrap();
    assert_eq!(request.indicator_id, "delegations-in");
    let expected = pb::Indicator {
        names: [("vi".into(), "Đoàn vào".into()), ("en".into(), "Delegations".into())].into(),
        unit_of_count: [("vi".into(), "đoàn".into())].into(),
        measure: Some(pb::Measure {
            label: String::new(),
            source: Some(Source::Events(pb::EventMeasure {
                filter: Some(pb::EventMeasureFilter {
                    event_types: vec!["eventTypes/delegation-visit".into(), "eventTypes/aid".into()],
                    direction: Direction::Inbound.into(),
                    ..pb::EventMeasureFilter::default()
                }),
                sum: pb::EventSum::Delegations.into(),
                ..pb::EventMeasure::default()
            })),
        }),
        overlaps: vec!["indicators/persons-received".into(), "indicators/aid-given".into()],
        legal_basis: "TT 58/2020".into(),
        ..pb::Indicator::default()
    };
    assert_eq!(request.indicator, Some(expected));
}

#[test]
fn indicators_count_agreements_and_take_others_together() {
    let measure = |flags: &str| {
        created(flags)
            .unwrap()
            .indicator
            .unwrap()
            .measure
            .unwrap()
            .source
            .unwrap()
    };
    let Source::Agreements(agreements) = measure("--agreement-kind TWINNING --in-force") else {
        panic!()
    };
    assert_eq!(
        (agreements.sum(), agreements.date()),
        (pb::AgreementSum::Agreements, pb::AgreementDate::InForceAt)
    );
    let Source::SumOf(sum) = measure("--sum-of a,B") else {
        panic!()
    };
    assert_eq!(sum.indicators, ["indicators/a", "indicators/b"]);
    for flags in [
        "",
        "--name-vi x",
        "--event-type AID",
        "--sum persons --in-force",
        "--sum-of a",
        "--sum persons --agreement-kind TWINNING",
    ] {
        assert_eq!(created(flags).unwrap_err().exit_code(), 2, "{flags}");
    }
}

#[test]
fn an_update_names_what_was_given_and_the_etag() {
    let request = updated("--name-en New --legal-basis= --sum events").unwrap();
    assert_eq!(request.update_mask.unwrap().paths, ["names", "measure", "legal_basis"]);
    let indicator = request.indicator.unwrap();
    assert_eq!((indicator.etag.as_str(), indicator.legal_basis.as_str()), ("4-x", ""));
    assert_eq!(
        (indicator.names["vi"].as_str(), indicator.names["en"].as_str()),
        ("cũ", "New")
    );
    let request = updated("--overlaps= --etag 3-y").unwrap();
    assert_eq!(request.update_mask.unwrap().paths, ["overlaps"]);
    assert_eq!(request.indicator.unwrap().etag, "3-y");
    for flags in ["", "--direction inbound"] {
        assert_eq!(updated(flags).unwrap_err().exit_code(), 2, "{flags}");
    }
}

#[test]
fn a_season_is_recorded_with_its_days_and_deadlines() {
    let Verb::Period(PeriodVerb::Create(create)) = parse(
        "period create campaign/2023-2024-Wave-1 --kind wave --from 2023-11-01 --to 2024-01-31 --title-vi Đợt~1 \
         --title-en Wave~1 --parent campaign/2023-2024 --deadline district=2024-01-31:2024-02-05 \
         --deadline province=2024-01-31:2024-02-10:2024-03-01",
    ) else {
        panic!()
    };
    let request = period::Create::request(*create).unwrap();
    assert_eq!(
        (request.calendar.as_str(), request.period_id.as_str()),
        ("calendars/campaign", "2023-2024-wave-1")
    );
    let period = request.period.unwrap();
    assert_eq!(period.kind(), pb::PeriodKind::Wave);
    assert_eq!(
        (
            period.start_date.as_str(),
            period.end_date.as_str(),
            period.parent.as_str()
        ),
        ("2023-11-01", "2024-01-31", "calendars/campaign/periods/2023-2024")
    );
    assert_eq!(period.titles["vi"], "Đợt 1");
    assert_eq!(
        period.deadlines[1],
        pb::Deadline {
            level: Level::Province.into(),
            cut_off_date: "2024-01-31".into(),
            due_date: "2024-02-10".into(),
            lock_date: "2024-03-01".into(),
        }
    );
}

#[test]
fn a_period_is_changed_in_what_was_given() {
    let updated = |flags: &str| match parse(&format!("period update legal/2024-06 {flags}")) {
        Verb::Period(PeriodVerb::Update(update)) => {
            let current = pb::Period {
                etag: "0-z".into(),
                ..pb::Period::default()
            };
            period::Update::request(*update, current)
        }
        other => panic!("{other:?}"),
    };
    let request = updated("--deadline district=2024-06-14:2024-06-20:2024-07-20").unwrap();
    assert_eq!(request.update_mask.unwrap().paths, ["deadlines"]);
    let period = request.period.unwrap();
    assert_eq!(
        (period.name.as_str(), period.etag.as_str()),
        ("calendars/legal/periods/2024-06", "0-z")
    );
    assert_eq!(period.deadlines.len(), 1);
    let request = updated("--deadline= --title-en June --to 2024-06-20").unwrap();
    assert_eq!(request.update_mask.unwrap().paths, ["titles", "end_date", "deadlines"]);
    assert!(request.period.unwrap().deadlines.is_empty());
    for flags in [
        "",
        "--deadline district=2024-06-14:2024-06-20 --deadline district=2024-06-14:2024-06-21",
    ] {
        assert_eq!(updated(flags).unwrap_err().exit_code(), 2, "{flags}");
    }
}

#[test]
fn a_report_is_asked_for_as_figures_are() {
    let Verb::Report(ReportVerb::Generate(generate)) = parse(
        "report generate --template SIX_MONTH --unit tayninh --period civil/2024-H1 --programme da-1937 --restate 2025-07-01",
    ) else {
        panic!()
    };
    let expected = pb::GenerateReportRequest {
        template: "reportTemplates/six-month".into(),
        unit: "units/tayninh".into(),
        period: "calendars/civil/periods/2024-h1".into(),
        hierarchy: pb::Hierarchy::AsOf.into(),
        hierarchy_date: "2025-07-01".into(),
        programme: "programmes/da-1937".into(),
        ..pb::GenerateReportRequest::default()
    };
    assert_eq!(generate.request(), expected);
    let Verb::Report(ReportVerb::List(list)) = parse("report list --state issued,Superseded --period legal/2024")
    else {
        panic!()
    };
    let states = [pb::ReportState::Issued, pb::ReportState::Superseded].map(i32::from);
    assert_eq!(list.request().states, states);
    let Verb::Report(ReportVerb::Render(render)) = parse("report render R1 --format text") else {
        panic!()
    };
    let request = render.request(Lang::En);
    assert_eq!(
        (request.name.as_str(), request.format(), request.language.as_str()),
        ("reports/r1", pb::DocumentFormat::Text, "en")
    );
}

#[test]
fn a_return_may_say_that_there_was_nothing() {
    let Verb::Return(ReturnVerb::Submit(submit)) =
        parse("return submit --unit tanbien --period legal/2024-05 --nil --note không~có")
    else {
        panic!()
    };
    let sent = submit.request().r#return.unwrap();
    assert_eq!(
        (sent.unit.as_str(), sent.period.as_str(), sent.nil, sent.note.as_str()),
        ("units/tanbien", "calendars/legal/periods/2024-05", true, "không có")
    );
    let Verb::Return(ReturnVerb::Matrix(matrix)) =
        parse("return matrix --unit tayninh --period legal/2024-05,legal/2024-06 --date 2024-07-01")
    else {
        panic!()
    };
    let request = matrix.request();
    assert_eq!((request.periods.len(), request.date.as_str()), (2, "2024-07-01"));
    let Verb::Return(ReturnVerb::Findings(findings)) =
        parse("return findings --unit tayninh --kind missed-briefing --review-days 5 --marker-days 30")
    else {
        panic!()
    };
    let request = findings.request();
    assert_eq!(request.kinds, [i32::from(pb::FindingKind::MissedBriefing)]);
    assert_eq!(
        (request.review_days, request.expiry_days, request.marker_days),
        (5, 0, 30)
    );
}
