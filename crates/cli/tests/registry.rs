//! What people type about the registry, and the requests that come of it.

use banggiao_cli::registry::agreement::action::{Extend, Sign};
use banggiao_cli::registry::programme::TargetVerb;
use banggiao_cli::registry::{AgreementVerb, MarkerVerb, ProgrammeVerb, SectionVerb, UnitKindVerb, UnitVerb};
use banggiao_cli::{Error, Globals, Verb};
use banggiao_contracts::registry::v1 as pb;
use banggiao_contracts::r#type::v1::{GeoPoint, Level};
use clap::Parser;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    _globals: Globals,
    #[command(subcommand)]
    verb: Verb,
}

/// The verb of a line, in which `_` stands for a blank within a word.
fn verb(line: &str) -> Verb {
    let words = line.split_whitespace().map(|word| word.replace('_', " "));
    let parsed = Cli::try_parse_from(std::iter::once("banggiao".to_owned()).chain(words));
    parsed.unwrap_or_else(|error| panic!("{line}: {error}")).verb
}

fn unit_update(flags: &str, current: pb::Unit) -> Result<pb::UpdateUnitRequest, Error> {
    match verb(&format!("unit update longan --reason mistyped {flags}")) {
        Verb::Unit(UnitVerb::Update(update)) => update.request(current),
        other => panic!("{other:?}"),
    }
}

fn paths(mask: Option<prost_types::FieldMask>) -> Vec<String> {
    mask.unwrap().paths
}

#[test]
fn a_unit_is_recorded_whole() {
    let line = "unit create K74 --country vn --kind search-team --parent tayninh --start-date 2025-08-01 \
                --end-date 2026-08-01 --name-vi Đội_K74 --name-en Team_K74 --alias K.74 --alias K_74 --locality Xa_Mát \
                --contact Trợ_lý|A|0276 --contact Trực_ban --point 11.5,106 --dry-run";
    let Verb::Unit(UnitVerb::Create(create)) = verb(line) else {
        panic!("{line}")
    };
    let contact = |office: &str, person: &str, phone: &str| pb::Contact {
        office: office.into(),
        person_name: person.into(),
        phone: phone.into(),
        ..pb::Contact::default()
    };
    let unit = pb::Unit {
        country: "VN".into(),
        kind: "SEARCH_TEAM".into(),
        parent: "units/tayninh".into(),
        start_date: "2025-08-01".into(),
        end_date: "2026-08-01".into(),
        names: [("vi".into(), "Đội K74".into()), ("en".into(), "Team K74".into())].into(),
        aliases: vec!["K.74".into(), "K 74".into()],
        locality: "Xa Mát".into(),
        contacts: vec![contact("Trợ lý", "A", "0276"), contact("Trực ban", "", "")],
        point: Some(GeoPoint {
            latitude: 11.5,
            longitude: 106.0,
        }),
        ..pb::Unit::default()
    };
    let expected = pb::CreateUnitRequest {
        unit_id: "k74".into(),
        unit: Some(unit),
        validate_only: true,
        ..pb::CreateUnitRequest::default()
    };
    assert_eq!(create.request(), expected);
}

#[test]
fn a_correction_of_a_unit_names_what_is_given() {
    let current = || pb::Unit {
        names: [("vi".into(), "cũ".into()), ("en".into(), "old".into())].into(),
        etag: "7".into(),
        ..pb::Unit::default()
    };
    let request = unit_update("--name-vi mới --alias= --locality= --as-of 2024-01-01", current()).unwrap();
    let unit = request.unit.unwrap();
    assert_eq!(unit.names["en"], "old");
    assert_eq!(unit.names["vi"], "mới");
    assert_eq!((unit.name.as_str(), unit.etag.as_str()), ("units/longan", "7"));
    assert_eq!(paths(request.update_mask), ["names", "aliases", "locality"]);
    assert_eq!(
        (request.as_of.as_str(), request.reason.as_str()),
        ("2024-01-01", "mistyped")
    );

    let request = unit_update("--kind battalion --point= --etag 9", pb::Unit::default()).unwrap();
    let unit = request.unit.unwrap();
    assert_eq!(
        (unit.kind.as_str(), unit.etag.as_str(), unit.point),
        ("BATTALION", "9", None)
    );
    assert_eq!(paths(request.update_mask), ["kind", "point"]);
    assert_eq!(unit_update("", pb::Unit::default()).unwrap_err().exit_code(), 2);
}

#[test]
fn kinds_and_revocations_are_small() {
    let Verb::UnitKind(UnitKindVerb::Create(create)) = verb("unit-kind create border-post --level other --name-vi Đồn")
    else {
        panic!("unit-kind create")
    };
    let kind = create.request().unit_kind.unwrap();
    assert_eq!((kind.code.as_str(), kind.level()), ("BORDER_POST", Level::Other));
    let Verb::Unit(UnitVerb::Revoke(revoke)) = verb("unit revoke R1 --legal-basis QĐ_1 --note nhầm --dry-run")
    else {
        panic!("unit revoke")
    };
    let request = revoke.request();
    assert_eq!(
        (request.name.as_str(), request.legal_basis.as_str()),
        ("reorganizations/r1", "QĐ 1")
    );
    assert!(request.validate_only && request.note == "nhầm");
}

#[test]
fn agreements_are_found_by_every_filter() {
    let line = "agreement list --unit tayninh --kind twinning,memorandum --level district --state in-force,suspended \
                --partner-country kh,la --programme da-1937 --in-force-on 2024-01-01 --expires-before 2025-01-01 \
                --needs-successor";
    let Verb::Agreement(AgreementVerb::List(list)) = verb(line) else {
        panic!("{line}")
    };
    let expected = pb::AgreementFilter {
        unit: "units/tayninh".into(),
        kinds: vec![pb::AgreementKind::Twinning.into(), pb::AgreementKind::Memorandum.into()],
        levels: vec![Level::District.into()],
        in_force_on: "2024-01-01".into(),
        expires_before: "2025-01-01".into(),
        partner_countries: vec!["KH".into(), "LA".into()],
        states: vec![pb::AgreementState::InForce.into(), pb::AgreementState::Suspended.into()],
        needs_successor: true,
        programme: "programmes/da-1937".into(),
    };
    assert_eq!(list.request().filter, Some(expected));
}

#[test]
fn an_agreement_is_recorded_corrected_and_amended() {
    let line = "agreement create tw-x1 --kind twinning --home-unit tayninh,k73 --partner-unit kh-a --sign-date 2024-01-01 \
                --start-date 2024-02-01 --end-date 2029-01-31 --parent tw-h01 --signatory tayninh|Chỉ_huy_trưởng \
                --title-vi Kết_nghĩa --number 12/BB --programme da-1937 --event-type joint-patrol,aid \
                --briefing-interval 6 --attachment ABC|Văn_bản";
    let Verb::Agreement(AgreementVerb::Create(create)) = verb(line) else {
        panic!("{line}")
    };
    let request = create.request();
    let expected = pb::Agreement {
        kind: pb::AgreementKind::Twinning.into(),
        home_units: vec!["units/tayninh".into(), "units/k73".into()],
        partner_units: vec!["units/kh-a".into()],
        sign_date: "2024-01-01".into(),
        start_date: "2024-02-01".into(),
        end_date: "2029-01-31".into(),
        parent: "agreements/tw-h01".into(),
        signatories: vec![pb::Signatory {
            unit: "units/tayninh".into(),
            office: "Chỉ huy trưởng".into(),
            person_name: String::new(),
        }],
        title: [("vi".into(), "Kết nghĩa".into())].into(),
        number: "12/BB".into(),
        programmes: vec!["programmes/da-1937".into()],
        event_types: vec!["eventTypes/joint-patrol".into(), "eventTypes/aid".into()],
        briefing_interval_months: Some(6),
        attachments: vec![pb::Attachment {
            sha256: "abc".into(),
            title: "Văn bản".into(),
        }],
        ..pb::Agreement::default()
    };
    assert_eq!(
        (request.agreement_id.as_str(), request.agreement),
        ("tw-x1", Some(expected))
    );

    let Verb::Agreement(AgreementVerb::Update(update)) = verb("agreement update tw-x1 --parent= --end-date 2030-01-01")
    else {
        panic!("agreement update")
    };
    let request = update.request(pb::Agreement::default()).unwrap();
    assert_eq!(paths(request.update_mask), ["end_date", "parent"]);

    let line = "agreement amend tw-x1 --date 2025-01-01 --document BB_7 --briefing-interval= --title-en Twinning";
    let Verb::Agreement(AgreementVerb::Amend(amend)) = verb(line) else {
        panic!("{line}")
    };
    let current = pb::Agreement {
        title: [("vi".into(), "Kết nghĩa".into())].into(),
        etag: "3".into(),
        ..pb::Agreement::default()
    };
    let request = amend.request(current).unwrap();
    assert_eq!(paths(request.update_mask), ["title", "briefing_interval_months"]);
    assert_eq!((request.document.as_str(), request.etag.as_str()), ("BB 7", "3"));
    assert_eq!(request.agreement.unwrap().title.len(), 2);
}

#[test]
fn what_is_done_to_an_agreement_has_a_date_and_a_document() {
    let common = "tw-x1 --date 2025-01-01 --document BB_7 --note n --etag 3";
    let sign = |flags: &str| -> Sign {
        match verb(&format!("agreement sign {common} {flags}")) {
            Verb::Agreement(AgreementVerb::Sign(sign)) => sign,
            other => panic!("{other:?}"),
        }
    };
    let request = sign("--start-date 2025-02-01").request();
    let expected = pb::SignAgreementRequest {
        name: "agreements/tw-x1".into(),
        date: "2025-01-01".into(),
        document: "BB 7".into(),
        note: "n".into(),
        etag: "3".into(),
        start_date: "2025-02-01".into(),
        ..pb::SignAgreementRequest::default()
    };
    assert_eq!(request, expected);
    let extend = |flags: &str| -> Extend {
        match verb(&format!("agreement extend {common} {flags}")) {
            Verb::Agreement(AgreementVerb::Extend(extend)) => extend,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(extend("--end-date 2030-12-31").request().end_date, "2030-12-31");
    assert_eq!(extend("--without-end").request().end_date, "");
    let Verb::Agreement(AgreementVerb::Terminate(act)) = verb(&format!("agreement terminate {common}")) else {
        panic!("agreement terminate")
    };
    assert_eq!(act.terminate().document, "BB 7");
}

#[test]
fn a_party_is_succeeded_by_flags_or_by_a_file() {
    let common = "--date 2025-07-01 --document QĐ_9 --dry-run";
    let request = |flags: &str| match verb(&format!("agreement succeed {flags} {common}")) {
        Verb::Agreement(AgreementVerb::Succeed(succeed)) => succeed.request(),
        other => panic!("{other:?}"),
    };
    let one = request("tw-h04 --from longan --to tayninh").unwrap();
    assert!(one.validate_only && one.date == "2025-07-01" && one.document == "QĐ 9");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("batch.csv");
    std::fs::write(&file, "agreement,from_unit,to_unit\ntw-h04,longan,tayninh\n").unwrap();
    assert_eq!(request(&format!("--file {}", file.display())).unwrap(), one);
    assert_eq!(request("--file /no/such/file").unwrap_err().exit_code(), 1);
}

#[test]
fn programmes_have_targets() {
    let line = "programme create da-9 --title-vi Đề_án --number 9 --issuer QK7 --issue-date 2024-01-02 \
                --start-date 2024-02-01 --country kh,la --horizon đến_2030";
    let Verb::Programme(ProgrammeVerb::Create(create)) = verb(line) else {
        panic!("{line}")
    };
    let programme = create.request().programme.unwrap();
    assert_eq!((programme.countries.len(), programme.horizon.as_str()), (2, "đến 2030"));
    let Verb::Programme(ProgrammeVerb::Update(update)) = verb("programme update da-9 --end-date= --issuer QK") else {
        panic!("programme update")
    };
    let request = update.request(pb::Programme::default()).unwrap();
    assert_eq!(paths(request.update_mask), ["issuer", "end_date"]);

    let target = |value: &str| {
        let flags = "--indicator persons-sent --unit tayninh --period civil/2024-H1";
        match verb(&format!("programme target set da-9 {flags} --value={value}")) {
            Verb::Programme(ProgrammeVerb::Target(TargetVerb::Set(set))) => set.request().target.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let expected = pb::Target {
        programme: "programmes/da-9".into(),
        indicator: "indicators/persons-sent".into(),
        unit: "units/tayninh".into(),
        period: "calendars/civil/periods/2024-h1".into(),
        value: "15.5".into(),
        ..pb::Target::default()
    };
    assert_eq!(target("15.50"), expected);
    assert_eq!(target("").value, "");
}

#[test]
fn markers_and_sections_lie_along_the_border() {
    let Verb::Marker(MarkerVerb::List(list)) = verb("marker list --status damaged,lost --from 65 --to 127(1)") else {
        panic!("marker list")
    };
    let filter = list.request().filter.unwrap();
    assert_eq!(
        (filter.marker_from.as_str(), filter.marker_to.as_str()),
        ("markers/vn-kh-65", "markers/vn-kh-127-s1")
    );
    assert_eq!(filter.statuses.len(), 2);
    let create = |flags: &str| match verb(&format!("marker create {flags} --home-unit a --partner-unit kh-a")) {
        Verb::Marker(MarkerVerb::Create(create)) => create.request(),
        other => panic!("{other:?}"),
    };
    let request = create("229/12 230 --status standing").unwrap();
    assert_eq!(
        (request.markers.len(), request.markers[0].number.as_str()),
        (2, "229/12")
    );
    assert_eq!(
        (request.markers[0].border.as_str(), request.markers[1].status()),
        ("VN-KH", pb::MarkerStatus::Standing)
    );
    assert_eq!(create("1 2 --point 11,106").unwrap_err().exit_code(), 2);
    let line = "marker update 65 --status= --responsibility a:2024-01-01 --responsibility kh-b:2025-01-01";
    let Verb::Marker(MarkerVerb::Update(update)) = verb(line) else {
        panic!("{line}")
    };
    let request = update.request().unwrap();
    assert_eq!(paths(request.update_mask), ["status", "responsibilities"]);
    assert_eq!(request.marker.unwrap().responsibilities[1].unit, "units/kh-b");
    let line =
        "section create s1 --from 65 --to 70 --home-unit a --partner-unit kh-a --length-km 12.50 --name-vi Đoạn_1";
    let Verb::Section(SectionVerb::Create(create)) = verb(line) else {
        panic!("{line}")
    };
    let section = create.request().section.unwrap();
    assert_eq!(
        (section.length_km.as_str(), section.marker_to.as_str()),
        ("12.5", "markers/vn-kh-70")
    );
}

#[test]
fn a_search_is_all_its_words() {
    let Verb::Search(args) = verb("search tay ninh --kind unit,MARKER") else {
        panic!("search")
    };
    let request = args.request();
    assert_eq!(request.query, "tay ninh");
    assert_eq!(
        request.kinds,
        [pb::SearchKind::Unit, pb::SearchKind::Marker].map(i32::from)
    );
}
