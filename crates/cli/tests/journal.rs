//! What people type about the journal, and the requests that come of it.

use banggiao_cli::journal::{EventTypeVerb, EventVerb, event_type};
use banggiao_cli::{Error, Globals, Lang, Verb};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::r#type::v1::{Classification, Direction};
use clap::Parser;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    _globals: Globals,
    #[command(subcommand)]
    verb: Verb,
}

/// The verb of a line, in which `~` stands for a blank within a word.
fn parse(line: &str) -> Result<Verb, clap::Error> {
    let words = line.split_whitespace().map(|word| word.replace('~', " "));
    Cli::try_parse_from(std::iter::once("banggiao".to_owned()).chain(words)).map(|cli| cli.verb)
}

fn event(line: &str) -> EventVerb {
    match parse(&format!("event {line}")) {
        Ok(Verb::Event(verb)) => verb,
        other => panic!("{line}: {other:?}"),
    }
}

fn logged(line: &str) -> pb::LogEventRequest {
    match event(&format!("log {line}")) {
        EventVerb::Log(log) => log.request(Lang::Vi, "mr7".into(), 9),
        other => panic!("{other:?}"),
    }
}

fn correction(flags: &str, current: pb::Event) -> Result<pb::CorrectEventRequest, Error> {
    match event(&format!("correct a1 --reason recount {flags}")) {
        EventVerb::Correct(correct) => correct.request(Lang::Vi, current),
        other => panic!("{other:?}"),
    }
}

fn paths(mask: Option<prost_types::FieldMask>) -> Vec<String> {
    mask.unwrap().paths
}

#[test]
fn flags_become_an_event() {
    let request = logged(
        "--type JOINT_PATROL --date 2024-03-03 --to 2024-03-04 --unit tayninh --co-unit a,B --partner kh-a \
         --direction inbound --delegations 0 --persons 12 --programme da-1937 --agreement tw-h01 --marker-from 110 \
         --marker-to 111 --quantity patrol_km=15.80,items=2 --place Xa-mát --summary Tuần-tra --reference EV-1 \
         --classification confidential --planned --validate-only",
    );
    let expected = pb::Event {
        event_type: "eventTypes/joint-patrol".into(),
        start_date: "2024-03-03".into(),
        end_date: "2024-03-04".into(),
        home_unit: "units/tayninh".into(),
        co_home_units: vec!["units/a".into(), "units/b".into()],
        partner_units: vec!["units/kh-a".into()],
        direction: Direction::Inbound.into(),
        delegations: Some(0),
        persons: Some(12),
        programmes: vec!["programmes/da-1937".into()],
        agreement: "agreements/tw-h01".into(),
        marker_from: "markers/vn-kh-110".into(),
        marker_to: "markers/vn-kh-111".into(),
        quantities: [("patrol_km".into(), "15.8".into()), ("items".into(), "2".into())].into(),
        place: [("vi".into(), "Xa-mát".into())].into(),
        summary: [("vi".into(), "Tuần-tra".into())].into(),
        external_reference: Some(pb::ExternalReference {
            source: "mr7".into(),
            reference: "EV-1".into(),
        }),
        classification: Classification::Confidential.into(),
        phase: pb::Phase::Planned.into(),
        ..pb::Event::default()
    };
    assert_eq!(request.event, Some(expected));
    assert!(request.validate_only && request.min_registry_position == 9 && request.request_id.is_empty());
}

#[test]
fn the_parts_of_special_types_have_flags() {
    let request = logged(
        "--type AID --date 2024-03-03 --unit a --line rice|2000.0|kg|30000000|Bavet --line medicine \
         --participants field-officer=3,SOLDIER=20 --team k73 --campaign campaign/2023-2024 --area Svay~Rieng --edition 7 \
         --organiser kh-consulate --head-office Deputy~Commander --head-level province --head-name A",
    );
    let line = |item: &str, quantity: &str, unit: &str, value: &str, recipient: &str| pb::Line {
        item: item.into(),
        quantity: quantity.into(),
        unit: unit.into(),
        value_vnd: value.into(),
        recipient: recipient.into(),
    };
    let group = |rank_group: pb::RankGroup, persons| pb::ParticipantGroup {
        rank_group: rank_group.into(),
        persons,
    };
    let expected = pb::Event {
        event_type: "eventTypes/aid".into(),
        start_date: "2024-03-03".into(),
        home_unit: "units/a".into(),
        lines: vec![
            line("rice", "2000", "kg", "30000000", "Bavet"),
            line("medicine", "", "", "", ""),
        ],
        participants: vec![group(pb::RankGroup::FieldOfficer, 3), group(pb::RankGroup::Soldier, 20)],
        team: "units/k73".into(),
        campaign: "calendars/campaign/periods/2023-2024".into(),
        area: [("vi".into(), "Svay Rieng".into())].into(),
        edition: Some(7),
        organiser: "units/kh-consulate".into(),
        head_of_delegation: Some(pb::DelegationHead {
            office: "Deputy Commander".into(),
            level: "province".into(),
            name: "A".into(),
        }),
        phase: pb::Phase::Held.into(),
        ..pb::Event::default()
    };
    assert_eq!(request.event, Some(expected));
}

#[test]
fn what_is_given_is_the_mask_and_an_empty_value_clears() {
    let flags = "--persons 12 --agreement= --quantity= --type AID --line= --team=";
    let request = correction(flags, pb::Event::default()).unwrap();
    let expected = pb::Event {
        name: "events/a1".into(),
        event_type: "eventTypes/aid".into(),
        persons: Some(12),
        ..pb::Event::default()
    };
    assert_eq!((request.event, request.reason.as_str()), (Some(expected), "recount"));
    assert_eq!(
        paths(request.update_mask),
        ["event_type", "persons", "agreement", "quantities", "lines", "team"]
    );
    assert_eq!(correction("", pb::Event::default()).unwrap_err().exit_code(), 2);
}

/// A text takes the place of that in its own language only, a part of the head that of the same part, and both of the
/// revision that was read.
#[test]
fn what_is_taken_together_keeps_what_was_not_given() {
    let current = || pb::Event {
        summary: [("vi".into(), "cũ".into()), ("en".into(), "old".into())].into(),
        place: [("en".into(), "there".into())].into(),
        head_of_delegation: Some(pb::DelegationHead {
            office: "Chief".into(),
            level: "district".into(),
            name: String::new(),
        }),
        etag: "2-ab".into(),
        ..pb::Event::default()
    };
    let request = correction("--summary mới --place= --head-level province", current()).unwrap();
    let event = request.event.unwrap();
    assert_eq!(
        event.summary,
        [("vi".into(), "mới".into()), ("en".into(), "old".into())].into()
    );
    assert!(event.place.is_empty() && event.etag == "2-ab");
    let head = event.head_of_delegation.unwrap();
    assert_eq!((head.office.as_str(), head.level.as_str()), ("Chief", "province"));
    assert_eq!(paths(request.update_mask), ["head_of_delegation", "place", "summary"]);

    let cleared = correction("--head-office= --head-level=", current()).unwrap();
    assert_eq!(cleared.event.unwrap().head_of_delegation, None);
    assert_eq!(paths(cleared.update_mask), ["head_of_delegation"]);
}

#[test]
fn a_plan_is_held_as_planned_or_with_what_came_of_it() {
    let held = |flags: &str| match event(&format!("hold a1 {flags}")) {
        EventVerb::Hold(hold) => hold.request(Lang::Vi, pb::Event::default()),
        other => panic!("{other:?}"),
    };
    assert!(paths(held("").update_mask).is_empty());
    let request = held("--persons 9 --date 2026-03-04 --etag 1-ab");
    assert_eq!(paths(request.update_mask), ["start_date", "persons"]);
    let event = request.event.unwrap();
    assert_eq!((event.name.as_str(), event.etag.as_str()), ("events/a1", "1-ab"));
}

#[test]
fn reasons_are_codes_or_words() {
    let EventVerb::Return(step) = event("return a1 --reason-code wrong-figures") else {
        panic!("return")
    };
    let request = step.request();
    assert_eq!(request.reason_code(), pb::ReturnReason::WrongFigures);
    assert!(request.reason.is_empty());
    let EventVerb::Cancel(step) = event("cancel a1 --reason-code Recorded_In_Error --reason twice") else {
        panic!("cancel")
    };
    let request = step.request();
    assert_eq!(
        (request.reason_code(), request.reason.as_str()),
        (pb::CancellationReason::RecordedInError, "twice")
    );
    let EventVerb::Approve(several) = event("approve a1 events/B2 c3") else {
        panic!("approve")
    };
    let names: Vec<_> = several.batch().requests.into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["events/a1", "events/b2", "events/c3"]);
}

#[test]
fn every_flag_of_a_list_narrows_it() {
    let EventVerb::List(list) = event(
        "list --partner-country kh --agreement tw-h01 --marker-from 110 --marker-to 120 --text ba~vet \
         --returned-for wrong-figures,incomplete --cancelled-for weather --warning unusually-many \
         --classification unclassified --reference EV-1",
    ) else {
        panic!("list")
    };
    let expected = pb::EventFilter {
        partner_country: "KH".into(),
        agreement: "agreements/tw-h01".into(),
        marker_from: "markers/vn-kh-110".into(),
        marker_to: "markers/vn-kh-120".into(),
        text: "ba vet".into(),
        returned_for: vec![
            pb::ReturnReason::WrongFigures.into(),
            pb::ReturnReason::Incomplete.into(),
        ],
        cancelled_for: vec![pb::CancellationReason::Weather.into()],
        warnings: vec![pb::WarningCode::UnusuallyMany.into()],
        classification: Some(Classification::Unspecified.into()),
        external_reference: Some(pb::ExternalReference {
            source: "mr7".into(),
            reference: "EV-1".into(),
        }),
        ..pb::EventFilter::default()
    };
    assert_eq!(list.filter.with_installation("mr7"), expected);
    let EventVerb::Waiting(waiting) = event("waiting --at tayninh --since 2026-01-31") else {
        panic!("waiting")
    };
    let request = waiting.request(pb::EventFilter::default());
    let filter = request.filter.clone().unwrap();
    assert_eq!(request.order(), pb::EventOrder::LongestWaiting);
    assert_eq!(
        (filter.waiting_for.as_str(), filter.waiting_since.as_str()),
        ("units/tayninh", "2026-01-31")
    );
}

#[test]
fn pairs_are_the_same_or_distinct() {
    let resolution = |flag: &str| match event(&format!("resolve a1 b2 {flag} --reason twice")) {
        EventVerb::Resolve(resolve) => resolve.request(),
        other => panic!("{other:?}"),
    };
    assert_eq!(resolution("--same").resolution(), pb::DuplicateResolution::Same);
    let distinct = resolution("--distinct");
    assert_eq!(distinct.resolution(), pb::DuplicateResolution::Distinct);
    assert_eq!(
        (distinct.name.as_str(), distinct.other.as_str()),
        ("events/a1", "events/b2")
    );
}

#[test]
fn an_event_type_is_data() {
    let Ok(Verb::EventType(EventTypeVerb::Create(create))) = parse(
        "event-type create BORDER_FAIR --name-vi Hội~chợ --group border --needs direction,persons --forbids markers \
         --quantity stalls:1:gian~hàng:whole:max=500:en=stalls --quantity turnover_vnd:VND:doanh~thu --plausible-persons 5000 \
         --plausible-days 3 --among-neighbours true",
    ) else {
        panic!("create")
    };
    let quantity = |key: &str, unit: &str, vi: &str| pb::QuantityDefinition {
        key: key.into(),
        unit: unit.into(),
        names: [("vi".into(), vi.into())].into(),
        ..pb::QuantityDefinition::default()
    };
    let mut stalls = quantity("stalls", "1", "gian hàng");
    stalls.whole = true;
    stalls.plausible_max = "500".into();
    stalls.names.insert("en".into(), "stalls".into());
    let expected = pb::CreateEventTypeRequest {
        event_type_id: "border-fair".into(),
        event_type: Some(pb::EventType {
            names: [("vi".into(), "Hội chợ".into())].into(),
            group: "border".into(),
            needs: vec![pb::EventPart::Direction.into(), pb::EventPart::Persons.into()],
            forbids: vec![pb::EventPart::Markers.into()],
            quantities: vec![stalls, quantity("turnover_vnd", "VND", "doanh thu")],
            plausible_persons: Some(5_000),
            plausible_days: Some(3),
            among_neighbours: true,
            ..pb::EventType::default()
        }),
        ..pb::CreateEventTypeRequest::default()
    };
    assert_eq!(create.request(), expected);
}

#[test]
fn a_change_of_an_event_type_names_what_is_given() {
    let update = |flags: &str, current: pb::EventType| -> Result<pb::UpdateEventTypeRequest, Error> {
        match parse(&format!("event-type update BORDER_FAIR {flags}")) {
            Ok(Verb::EventType(EventTypeVerb::Update(update))) => event_type::Update::request(*update, current),
            other => panic!("{other:?}"),
        }
    };
    let current = pb::EventType {
        names: [("vi".into(), "Hội chợ".into()), ("en".into(), "Fair".into())].into(),
        etag: "1-ab".into(),
        ..pb::EventType::default()
    };
    let request = update("--name-vi Phiên~chợ --plausible-days= --discontinue", current).unwrap();
    let kind = request.event_type.unwrap();
    assert_eq!(
        (kind.names["en"].as_str(), kind.names["vi"].as_str()),
        ("Fair", "Phiên chợ")
    );
    assert!(kind.discontinued && kind.etag == "1-ab");
    assert_eq!(paths(request.update_mask), ["names", "plausible_days", "discontinued"]);
    let again = update("--discontinue=false", pb::EventType::default()).unwrap();
    assert!(!again.event_type.unwrap().discontinued);
    assert_eq!(update("", pb::EventType::default()).unwrap_err().exit_code(), 2);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for line in [
        "event log --type AID --date 2024-02-30 --unit a",
        "event log --type AID --date 2024-03-03 --unit a --persons many",
        "event log --type AID --date 2024-03-03 --unit a --partner b,,c",
        "event log --type AID --date 2024-03-03 --unit a --quantity km=1,km=2",
        "event log --type AID --date 2024-03-03 --unit a --quantity km=1.000.000",
        "event log --type AID --date 2024-03-03 --unit a --source mr7",
        "event log --type AID --date 2024-03-03 --unit a --line |2|kg",
        "event log --type AID --date 2024-03-03 --unit a --line rice|much",
        "event log --type AID --date 2024-03-03 --unit a --line a|1|b|2|c|d",
        "event log --type AID --date 2024-03-03 --unit a --participants king=1",
        "event log --type AID --date 2024-03-03 --unit a --edition 0",
        "event correct a1 --persons 1",
        "event correct a1 --reason x --planned",
        "event return a1",
        "event return a1 --reason-code weather",
        "event cancel a1",
        "event approve",
        "event diff a1 --from 0",
        "event resolve a1 b2 --reason x",
        "event resolve a1 b2 --reason x --same --distinct",
        "event resolve a1 b2 --same",
        "event list --marker-to 120",
        "event-type create a --quantity km:km",
        "event-type create a --quantity km:km:x:huge",
        "event-type create a --needs everything",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}
