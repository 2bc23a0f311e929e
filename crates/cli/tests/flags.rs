//! What people type, and the requests that come of it.

use banggiao_cli::{Globals, Verb, explain, figures};
use banggiao_contracts::registry::v1::AgreementKind;
use banggiao_contracts::reporting::v1 as pb;
use banggiao_contracts::r#type::v1::{Direction, Level};
use clap::{CommandFactory as _, Parser};
use pb::measure::Source;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: Verb,
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

fn query(line: &str) -> pb::QueryFiguresRequest {
    match parse(line).unwrap().verb {
        Verb::Figures(args) => figures::query::figures(&args).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The error's exit code, or 2 if the flags alone do not parse.
fn refused(line: &str) -> u8 {
    let Ok(cli) = parse(line) else { return 2 };
    match cli.verb {
        Verb::Figures(args) => figures::query::figures(&args).unwrap_err().exit_code(),
        Verb::Explain(args) => explain::request(&args).unwrap_err().exit_code(),
        other => panic!("{other:?}"),
    }
}

fn explanation(line: &str) -> pb::ExplainFigureRequest {
    match parse(line).unwrap().verb {
        Verb::Explain(args) => explain::request(&args).unwrap(),
        other => panic!("{other:?}"),
    }
}

const HALF: &str = "--unit tayninh --from 2024-01-01 --to 2024-06-30";

#[test]
fn the_command_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn global_flags_stand_anywhere() {
    let cli = parse("banggiao unit list --output json --server http://a:1 --timeout 5 --subtree mr7").unwrap();
    assert_eq!(cli.globals.server.as_deref(), Some("http://a:1"));
    assert_eq!(
        (cli.globals.output, cli.globals.timeout),
        (banggiao_cli::Output::Json, 5)
    );
}

#[test]
fn an_import_reads_files_or_writes_a_form() {
    for line in [
        "import a b/events.xlsx --rejects back.xlsx --dry-run",
        "import --template events.xlsx",
        "import --template events.xlsx --unit TayNinh --force --lang vi",
    ] {
        assert!(parse(&format!("banggiao {line}")).is_ok(), "{line}");
    }
    for line in [
        "import",
        "import a --template events.xlsx",
        "import a --unit tayninh",
        "import a --force",
        "import --template events.xlsx --dry-run",
        "import --template events.xlsx --rejects x.csv",
        "import --template events.xlsx --unit tây",
    ] {
        assert!(parse(&format!("banggiao {line}")).is_err(), "{line}");
    }
}

#[test]
fn every_noun_lists_and_gets() {
    for line in [
        "unit list --parent mr7 --subtree MR7 --country vn,KH --kind district-command --text tay --as-of 2024-06-30",
        "unit get tayninh --as-of 2024-06-30",
        "unit history units/tayninh",
        "agreement list --unit tayninh --kind TWINNING --level district --in-force-on 2024-01-01 --expires-before 2025-01-01",
        "agreement get tw-h01",
        "agreement actions tw-h01 --page-size 5",
        "attachment get 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "unit-kind list",
        "unit tree mr7 --as-of 2025-07-01 --depth 2",
        "unit reorganizations",
        "unit reorganize - --dry-run",
        "section list --border vn-kh --unit tayninh",
        "programme target list da-1937 --unit tayninh --indicator persons-sent",
        "search tay ninh --kind unit,agreement,programme,marker",
        "programme list",
        "programme get da-1937",
        "marker list --border vn-kh --unit tayninh",
        "marker get 229/12",
        "event-type list --page-size 10",
        "event-type get JOINT_PATROL",
        "event list --unit tayninh --type JOINT_PATROL,aid --from 2024-01-01 --to 2024-06-30 --direction inbound \
         --programme da-1937 --partner-unit kh-bavet --state approved --phase held --reference EV-1 --source mr7",
        "event get a1 --revision 2",
        "event revisions a1",
        "event log --type JOINT_PATROL --date 2024-03-03 --unit tayninh --marker-from 110 --quantity patrol_km=3.5",
        "event correct a1 --reason recount --persons 12 --place=",
        "event submit a1",
        "event approve a1 --etag 2-ab",
        "event return a1 --reason incomplete",
        "event cancel a1 --reason rain",
        "event cancel a1 --reason-code weather",
        "event approve a1 b2",
        "event hold a1 --persons 12",
        "event diff a1 --from 1 --to 3",
        "event waiting --at tayninh --since 2026-01-31",
        "event unreported --unit tayninh",
        "event duplicates --event a1 --unit tayninh",
        "event resolve a1 b2 --same --reason twice",
        "event calendar --unit tayninh --from 2026-01-01 --to 2026-12-31 --to-file plan.ics",
        "event-type create fair --name-vi x",
        "event-type update fair --discontinue",
        "indicator list",
        "indicator get persons-sent",
        "period list --calendar legal --year 2024",
        "period get civil/2024-H1",
        "period list --calendar campaign",
        "period get campaign/2023-2024 --revision 2",
        "report templates",
        "report template get six-month --revision 1",
        "report template create template.json",
        "report template update - --etag 3-x",
        "report list --unit tayninh --period civil/2024-H1 --template six-month --state draft,issued --page-size 5",
        "report get reports/r1",
        "report issue r1 --document-number 123/BC-BCH --etag 1-x",
        "report supersede r1 --reason recount",
        "report verify r1",
        "report since r1",
        "report render r1 --format markdown --language vi --to r.md --force",
        "return list --unit tayninh --period legal/2024-05",
        "return findings --unit tayninh --kind ageing-review,UNVISITED_MARKER --review-days 5 --date 2024-07-01",
        "principal list",
        "principal get clerk",
        "principal create clerk --display-name Clerk",
        "grant list --principal clerk",
        "grant create --principal clerk --role recorder --unit tayninh --clearance confidential",
        "grant revoke g1",
        "import data --dry-run --source mr7 --rejects r.csv",
        "whoami",
        "health",
    ] {
        parse(&format!("banggiao {line}")).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    for line in [
        "event return a1",
        "grant create --principal a --role king",
        "unit get tây",
        "unit create a --country VN --kind COMMAND",
        "unit update a --name-vi x",
        "unit revoke r1",
        "search",
        "agreement sign a --date 2024-01-01",
        "agreement extend a --date 2024-01-01 --document d",
        "agreement extend a --date 2024-01-01 --document d --end-date 2025-01-01 --without-end",
        "agreement succeed a --from b --date 2024-01-01 --document d",
        "agreement succeed --date 2024-01-01 --document d",
        "agreement succeed a --from b --to c --file f --date 2024-01-01 --document d",
        "agreement create a --kind treaty",
        "marker create --home-unit a --partner-unit b",
        "marker create 065 --home-unit a --partner-unit b",
        "programme target set a --indicator b --unit c --period civil/2024 --value many",
        "import",
        "event get a --revision 0",
        "period create campaign/2023-2024 --kind month",
        "period create 2023-2024 --kind dry-season",
        "period update campaign/2023-2024 --deadline district=2024-06-14",
        "report generate --template six-month --unit tayninh",
        "report generate --unit tayninh --period civil/2024-H1",
        "report supersede r1",
        "report render r1",
        "report render r1 --format pdf",
        "return submit --unit tayninh",
        "return matrix --unit tayninh",
        "indicator create a --sum-of a,b --sum persons",
    ] {
        assert!(parse(&format!("banggiao {line}")).is_err(), "{line}");
    }
}

#[test]
fn the_plain_example_asks_for_indicators() {
    let request = query(
        "banggiao figures --unit tayninh --from 2024-01-01 --to 2024-06-30 \
         --indicator delegations-sent,persons-sent,delegations-received,persons-received",
    );
    let expected = pb::QueryFiguresRequest {
        unit: "units/tayninh".into(),
        indicators: [
            "delegations-sent",
            "persons-sent",
            "delegations-received",
            "persons-received",
        ]
        .map(|id| format!("indicators/{id}"))
        .to_vec(),
        start_date: "2024-01-01".into(),
        end_date: "2024-06-30".into(),
        hierarchy: pb::Hierarchy::AtEvent.into(),
        find_duplicates: true,
        ..pb::QueryFiguresRequest::default()
    };
    assert_eq!(request, expected);
}

#[test]
fn the_restated_example_groups_and_compares() {
    let request = query(
        "banggiao figures --unit tayninh --period legal/2024-H1 --by child,month --restate 2025-07-01 \
         --compare previous-year --output json",
    );
    let expected = pb::QueryFiguresRequest {
        unit: "units/tayninh".into(),
        period: "calendars/legal/periods/2024-h1".into(),
        hierarchy: pb::Hierarchy::AsOf.into(),
        hierarchy_date: "2025-07-01".into(),
        group_by: vec![pb::GroupKey::ChildUnit.into(), pb::GroupKey::Month.into()],
        compare: pb::Comparison::PreviousYear.into(),
        find_duplicates: true,
        ..pb::QueryFiguresRequest::default()
    };
    assert_eq!(request, expected);
}

#[test]
fn filters_are_part_of_a_sum_and_narrow_an_indicator() {
    let filters = "--event-type DELEGATION_VISIT --direction inbound --programme da-1937 --partner-country kh \
                   --aid-item rice,Gạo";
    let filter = pb::EventMeasureFilter {
        event_types: vec!["eventTypes/delegation-visit".into()],
        direction: Direction::Inbound.into(),
        programmes: vec!["programmes/da-1937".into()],
        partner_countries: vec!["KH".into()],
        partner_units: vec![],
        aid_items: vec!["rice".into(), "Gạo".into()],
    };
    let summed = query(&format!(
        "banggiao figures {HALF} --sum delegations,patrol_km {filters}"
    ));
    let measure = |sum: pb::EventSum, quantity: &str| pb::Measure {
        label: String::new(),
        source: Some(Source::Events(pb::EventMeasure {
            filter: Some(filter.clone()),
            sum: sum.into(),
            quantity: quantity.into(),
            repeated: false,
        })),
    };
    assert_eq!(
        summed.measures,
        [
            measure(pb::EventSum::Delegations, ""),
            measure(pb::EventSum::Quantity, "patrol_km")
        ]
    );
    assert_eq!((summed.narrow_events, summed.narrow_agreements), (None, None));

    for what in ["", "--indicator persons-received"] {
        let narrowed = query(&format!("banggiao figures {HALF} {what} {filters}"));
        assert!(narrowed.measures.is_empty());
        assert_eq!(narrowed.narrow_events.as_ref(), Some(&filter));
        assert_eq!(narrowed.narrow_agreements.unwrap().partner_countries, ["KH"]);
    }
}

#[test]
fn kinds_and_levels_count_agreements() {
    let measure = |sum: pb::AgreementSum, repeated| pb::Measure {
        label: String::new(),
        source: Some(Source::Agreements(pb::AgreementMeasure {
            filter: Some(pb::AgreementMeasureFilter {
                kinds: vec![AgreementKind::Twinning.into()],
                levels: vec![Level::District.into(), Level::Commune.into()],
                partner_countries: vec![],
            }),
            date: pb::AgreementDate::SignedIn.into(),
            sum: sum.into(),
            repeated,
        })),
    };
    let kinds = "--agreement-kind TWINNING --level district,commune";
    let request = query(&format!("banggiao figures {HALF} --sum home-units {kinds} --repeated"));
    assert_eq!(request.measures, [measure(pb::AgreementSum::HomeUnits, true)]);
    let request = query(&format!("banggiao figures {HALF} {kinds}"));
    assert_eq!(request.measures, [measure(pb::AgreementSum::Agreements, false)]);
    let request = query(&format!(
        "banggiao figures {HALF} {kinds} --indicator agreements-signed"
    ));
    assert!(request.measures.is_empty() && request.narrow_agreements.is_some());
    let request = query(&format!("banggiao figures {HALF} --sum home-units --repeated"));
    let Some(Source::Events(events)) = &request.measures[0].source else {
        panic!("{request:?}")
    };
    assert!(events.repeated && events.sum() == pb::EventSum::HomeUnits);
}

#[test]
fn contradictions_are_wrong_usage() {
    for flags in [
        "--unit tayninh",
        "--unit tayninh --from 2024-01-01",
        "--unit tayninh --period civil/2024 --from 2024-01-01 --to 2024-06-30",
        "--from 2024-01-01 --to 2024-06-30",
        "--unit tayninh --from 2024-02-30 --to 2024-06-30",
        &format!("{HALF} --repeated"),
        &format!("{HALF} --indicator a --repeated"),
        &format!("{HALF} --sum persons --agreement-kind TWINNING"),
        &format!("{HALF} --sum agreements --event-type AID"),
        &format!("{HALF} --by moon"),
        &format!("{HALF} --sum 1%"),
        &format!("{HALF} --sum-of persons-sent"),
        &format!("{HALF} --known-at 0"),
        &format!("{HALF} --compare yesterday"),
    ] {
        assert_eq!(refused(&format!("banggiao figures {flags}")), 2, "{flags}");
    }
}

#[test]
fn the_example_of_explain_asks_for_one_cell() {
    let request = explanation(&format!("banggiao explain {HALF} --indicator delegations-received"));
    assert_eq!(request.indicators, ["indicators/delegations-received"]);
    assert!(request.group.is_empty() && request.group_by.is_empty());

    let request = explanation(
        "banggiao explain --unit tayninh --period legal/2024-H1 --sum persons \
         --group child=Longan,month=2024-03,type=AID,partner-country=kh",
    );
    let group = |key: &str| request.group[key].as_str();
    assert_eq!(group("child_unit"), "units/longan");
    assert_eq!(group("month"), "calendars/legal/periods/2024-03");
    assert_eq!(group("event_type"), "eventTypes/aid");
    assert_eq!(group("partner_country"), "KH");
    assert_eq!(request.group_by.len(), 4);
}

#[test]
fn explain_wants_one_figure_and_a_whole_group() {
    for flags in [
        "",
        "--indicator a,b",
        "--indicator a --sum persons",
        "--indicator a --by child",
        "--indicator a --by child --group month=2024-03",
        "--indicator a --group child=a,child=b",
        "--indicator a --group child",
        "--indicator a --sum-of b,c",
    ] {
        assert_eq!(refused(&format!("banggiao explain {HALF} {flags}")), 2, "{flags}");
    }
}

#[test]
fn figures_are_taken_together_and_as_they_were_known() {
    let request = query(&format!(
        "banggiao figures {HALF} --sum-of persons-sent,persons-received --direction inbound --by level,half,campaign \
         --compare previous-period --known-at 1024:88"
    ));
    let Some(Source::SumOf(sum)) = &request.measures[0].source else {
        panic!("{request:?}")
    };
    assert_eq!(
        sum.indicators,
        ["indicators/persons-sent", "indicators/persons-received"]
    );
    assert!(request.measures.len() == 1 && request.narrow_events.is_some());
    assert_eq!(
        request.group_by,
        [pb::GroupKey::Level, pb::GroupKey::Half, pb::GroupKey::Campaign].map(i32::from)
    );
    assert_eq!(request.compare(), pb::Comparison::PreviousPeriod);
    assert_eq!((request.known_log_index, request.known_registry_position), (1024, 88));
}

fn difference(line: &str) -> Result<pb::ExplainDifferenceRequest, u8> {
    match parse(&format!("banggiao explain --indicator persons-sent {line}")) {
        Ok(cli) => match cli.verb {
            Verb::Explain(args) if args.against.any() => {
                explain::against::difference(&args).map_err(|error| error.exit_code())
            }
            other => panic!("{other:?}"),
        },
        Err(_) => Err(2),
    }
}

#[test]
fn a_difference_leads_from_the_other_figure_to_the_one_asked_for() {
    let both = |line: &str| {
        let request = difference(line).unwrap();
        (request.before.unwrap(), request.after.unwrap())
    };
    let period = "--unit tayninh --period civil/2024-H1";
    let (before, after) = both(&format!(
        "{period} --against-period civil/2023-H1 --group direction=inbound"
    ));
    assert_eq!(before.period, "calendars/civil/periods/2023-h1");
    assert_eq!(after.period, "calendars/civil/periods/2024-h1");
    assert_eq!((before.unit, before.group), (after.unit, after.group));

    let (before, after) = both(&format!("{period} --against-from 2023-01-01 --against-to 2023-02-01"));
    assert_eq!(
        (
            before.period.as_str(),
            before.start_date.as_str(),
            before.end_date.as_str()
        ),
        ("", "2023-01-01", "2023-02-01")
    );
    assert!(after.start_date.is_empty());

    let (before, after) = both(&format!("{period} --restate 2025-07-01 --against-at-event"));
    assert_eq!(
        (before.hierarchy(), after.hierarchy()),
        (pb::Hierarchy::AtEvent, pb::Hierarchy::AsOf)
    );
    let (before, _) = both(&format!("{period} --against-restate 2025-07-01"));
    assert_eq!(
        (before.hierarchy(), before.hierarchy_date.as_str()),
        (pb::Hierarchy::AsOf, "2025-07-01")
    );

    let (before, after) = both(&format!("{period} --against-known-at 7 --against-unit longan"));
    assert_eq!((before.known_log_index, before.unit.as_str()), (7, "units/longan"));
    assert_eq!((after.known_log_index, after.unit.as_str()), (0, "units/tayninh"));
}

#[test]
fn a_difference_is_one_between_two_figures() {
    for flags in [
        "--against-at-event",
        "--against-period civil/2024-H1",
        "--against-from 2023-01-01",
        "--against-period civil/2023 --against-from 2023-01-01 --against-to 2023-02-01",
        "--against-restate 2025-07-01 --against-at-event",
        "--against-unit longan --export evidence.json",
        "--against-unit longan --sum persons",
    ] {
        let line = format!("--unit tayninh --period civil/2024-H1 {flags}");
        assert_eq!(difference(&line).err(), Some(2), "{flags}");
    }
}
