//! Rows of every kind of file, and the messages that they become.

use banggiao_cli::import::fields::Fields;
use banggiao_cli::import::{Kind, rows, sheet};
use banggiao_contracts::journal::v1 as journal;
use banggiao_contracts::registry::v1 as registry;
use banggiao_contracts::r#type::v1::{Classification, Direction};
use journal::import_events_row::Row as JournalRow;
use registry::import_row::Row;
use registry::reorganization_act::Act;

/// The messages of the good rows, and the columns of the faults of the bad ones.
fn read<M>(kind: Kind, text: &str, row: impl Fn(Kind, &mut Fields<'_>, i64) -> M) -> (Vec<M>, Vec<String>) {
    let sheet = sheet::read_with(text.as_bytes(), &[], kind.columns(), kind.optional_columns()).unwrap();
    let (mut messages, mut faults) = (Vec::new(), Vec::new());
    for line in &sheet.rows {
        let mut fields = Fields::new(&sheet.header, line);
        let message = row(kind, &mut fields, line.line as i64);
        let found = fields.into_faults();
        if found.is_empty() {
            messages.push(message);
        }
        faults.extend(found.into_iter().map(|fault| fault.field));
    }
    (messages, faults)
}

fn registry_rows(kind: Kind, text: &str) -> Vec<Row> {
    let (messages, faults) = read(kind, text, rows::registry::row);
    assert!(faults.is_empty(), "{faults:?}");
    messages.into_iter().filter_map(|message| message.row).collect()
}

fn registry_faults(kind: Kind, text: &str) -> Vec<String> {
    read(kind, text, rows::registry::row).1
}

#[test]
fn units() {
    let text = "kind,country,id,parent,name_vi,name_en,name_km,start_date,end_date\n\
                district-command,vn,Longan-Can-Duoc,longan,Cần Đước,,ខេត្ត,1976-05-02,2025-06-30\n";
    let expected = registry::Unit {
        name: "units/longan-can-duoc".into(),
        country: "VN".into(),
        kind: "DISTRICT_COMMAND".into(),
        parent: "units/longan".into(),
        names: [("vi".into(), "Cần Đước".into()), ("km".into(), "ខេត្ត".into())].into(),
        start_date: "1976-05-02".into(),
        end_date: "2025-06-30".into(),
        ..registry::Unit::default()
    };
    assert_eq!(registry_rows(Kind::Units, text), [Row::Unit(expected)]);
    let bad = "id,country,kind,parent,name_vi,name_en,name_km,start_date,end_date\n,Vietnam,,tây,x,,,1976,\n";
    assert_eq!(
        registry_faults(Kind::Units, bad),
        ["id", "country", "kind", "parent", "start_date"]
    );
}

#[test]
fn reorganizations() {
    let text = "effective_date,kind,sources,targets,moves,legal_basis,note\n\
                2025-07-01,merge,tayninh;longan,tayninh,,Resolution 202/2025/QH15,children move\n\
                2013-12-31,SPLIT,kc,kc;tk,a:tk;b:tk,,\n";
    let rows = registry_rows(Kind::Reorganizations, text);
    let Row::Reorganization(merge) = &rows[0] else { panic!() };
    let expected = registry::Merge {
        sources: vec!["units/tayninh".into(), "units/longan".into()],
        target: "units/tayninh".into(),
        moves: vec![],
    };
    assert_eq!(merge.acts[0].act, Some(Act::Merge(expected)));
    assert_eq!(
        (merge.effective_date.as_str(), merge.legal_basis.as_str()),
        ("2025-07-01", "Resolution 202/2025/QH15")
    );
    let Row::Reorganization(split) = &rows[1] else { panic!() };
    let moved = |unit: &str| registry::UnitMove {
        unit: unit.into(),
        parent: "units/tk".into(),
    };
    let expected = registry::Split {
        source: "units/kc".into(),
        targets: vec!["units/kc".into(), "units/tk".into()],
        moves: vec![moved("units/a"), moved("units/b")],
    };
    assert_eq!(split.acts[0].act, Some(Act::Split(expected)));
    let bad = "effective_date,kind,sources,targets,moves,legal_basis,note\n\
               2025-07-01,MERGE,a;b,c;d,,,\n2025-07-01,SPLIT,a;b,c,x,,\n2025-07-01,BURN,a,b,,,\n";
    assert_eq!(
        registry_faults(Kind::Reorganizations, bad),
        ["targets", "moves", "sources", "kind"]
    );
}

#[test]
fn programmes_markers_and_agreements() {
    let text = "id,number,title_vi,issuer,issue_date,start_date,countries,end_date\n\
                da-1937,1937,Đề án,Military Region 7,2014-09-23,2014-09-23,KH;LA,2020-12-31\n";
    let Row::Programme(programme) = &registry_rows(Kind::Programmes, text)[0] else {
        panic!()
    };
    assert_eq!(
        (programme.name.as_str(), &programme.countries[..]),
        ("programmes/da-1937", &["KH".into(), "LA".into()][..])
    );
    assert_eq!(programme.title["vi"], "Đề án");

    let text = "border,number,home_unit,partner_unit\nvn-kh,171/1(2),tayninh,kh-tk\n";
    let Row::Marker(marker) = &registry_rows(Kind::Markers, text)[0] else {
        panic!()
    };
    assert_eq!(
        (marker.name.as_str(), marker.border.as_str()),
        ("markers/vn-kh-171-1-s2", "VN-KH")
    );
    assert_eq!(
        (marker.number.as_str(), marker.partner_unit.as_str()),
        ("171/1(2)", "units/kh-tk")
    );
    assert_eq!(
        registry_faults(Kind::Markers, "border,number,home_unit,partner_unit\nVNKH,065,,\n"),
        ["border", "number"]
    );

    let text = "id,kind,title_vi,sign_date,start_date,end_date,home_units,partner_units,parent\n\
                bb-1,cooperation_minutes,Biên bản,2024-01-02,,,a;b,kh-c,TW-H01\n";
    let Row::Agreement(agreement) = &registry_rows(Kind::Agreements, text)[0] else {
        panic!()
    };
    assert_eq!(agreement.kind(), registry::AgreementKind::CooperationMinutes);
    assert_eq!(
        (agreement.home_units.len(), agreement.parent.as_str()),
        (2, "agreements/tw-h01")
    );
}

const EVENTS: &str = "reference,type,start_date,end_date,direction,home_unit,co_home_units,partner_units,place_vi,\
                      delegations,persons,programmes,agreement,marker_from,marker_to,quantities,state,summary_vi\n";

fn event(line: &str) -> journal::ImportedEvent {
    let (mut messages, faults) = read(Kind::Events, &format!("{EVENTS}{line}\n"), rows::journal::row);
    assert!(faults.is_empty(), "{faults:?}");
    match messages.remove(0) {
        journal::ImportEventsRow {
            line: 2,
            row: Some(JournalRow::Event(event)),
        } => event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn events() {
    let imported = event(
        "EV-1,joint_patrol,2024-03-01,2024-03-02,Inbound,tayninh,a;b,kh-c,Mộc Bài,0,,da-1937;nq-22,tw-h01,110,\
         127(1),patrol_km=15.80;items=2,approved,\"Tuần tra, song phương\"",
    );
    let expected = journal::Event {
        external_reference: Some(journal::ExternalReference {
            source: String::new(),
            reference: "EV-1".into(),
        }),
        event_type: "eventTypes/joint-patrol".into(),
        start_date: "2024-03-01".into(),
        end_date: "2024-03-02".into(),
        place: [("vi".into(), "Mộc Bài".into())].into(),
        direction: Direction::Inbound.into(),
        home_unit: "units/tayninh".into(),
        co_home_units: vec!["units/a".into(), "units/b".into()],
        partner_units: vec!["units/kh-c".into()],
        delegations: Some(0),
        persons: None,
        programmes: vec!["programmes/da-1937".into(), "programmes/nq-22".into()],
        agreement: "agreements/tw-h01".into(),
        marker_from: "markers/vn-kh-110".into(),
        marker_to: "markers/vn-kh-127-s1".into(),
        quantities: [("patrol_km".into(), "15.8".into()), ("items".into(), "2".into())].into(),
        summary: [("vi".into(), "Tuần tra, song phương".into())].into(),
        phase: journal::Phase::Held.into(),
        ..journal::Event::default()
    };
    assert_eq!(imported.event, Some(expected));
    assert_eq!(imported.review_state(), journal::ReviewState::Approved);
}

/// The fields of the contract that have come since the format was made, under columns that a file may leave out.
#[test]
fn events_may_have_further_columns() {
    let columns = Kind::Events.optional_columns().join(",");
    let header = format!("{},{columns}\n", EVENTS.trim());
    let read = |further: &str| {
        let line = format!("E,AID,2024-03-01,,,a,,,Mộc Bài,,,,,,,,APPROVED,Gạo,{further}\n");
        read(Kind::Events, &format!("{header}{line}"), rows::journal::row)
    };
    let (mut messages, faults) = read(
        "Phó Chỉ huy trưởng,district,,k70,campaign/xxv,Dambae,5,kh-consulate,rice|500.50|kg|7500000|Dambae;books,\
         militia=3;Field_Officer=2,top-secret,Rice,Moc Bai",
    );
    assert!(faults.is_empty(), "{faults:?}");
    let Some(JournalRow::Event(imported)) = messages.remove(0).row else {
        panic!()
    };
    let line = |item: &str| journal::Line {
        item: item.into(),
        ..journal::Line::default()
    };
    let group = |group: journal::RankGroup, persons| journal::ParticipantGroup {
        rank_group: group.into(),
        persons,
    };
    let plain = event("E,AID,2024-03-01,,,a,,,Mộc Bài,,,,,,,,APPROVED,Gạo")
        .event
        .unwrap();
    let expected = journal::Event {
        head_of_delegation: Some(journal::DelegationHead {
            office: "Phó Chỉ huy trưởng".into(),
            level: "district".into(),
            name: String::new(),
        }),
        team: "units/k70".into(),
        campaign: "calendars/campaign/periods/xxv".into(),
        area: [("vi".into(), "Dambae".into())].into(),
        edition: Some(5),
        organiser: "units/kh-consulate".into(),
        lines: vec![
            journal::Line {
                quantity: "500.5".into(),
                unit: "kg".into(),
                value_vnd: "7500000".into(),
                recipient: "Dambae".into(),
                ..line("rice")
            },
            line("books"),
        ],
        participants: vec![
            group(journal::RankGroup::Militia, 3),
            group(journal::RankGroup::FieldOfficer, 2),
        ],
        classification: Classification::TopSecret.into(),
        place: [("vi".into(), "Mộc Bài".into()), ("en".into(), "Moc Bai".into())].into(),
        summary: [("vi".into(), "Gạo".into()), ("en".into(), "Rice".into())].into(),
        ..plain.clone()
    };
    assert_eq!(imported.event, Some(expected));

    let (mut messages, _) = read(",,,,,,,,,,,,");
    let Some(JournalRow::Event(empty)) = messages.remove(0).row else {
        panic!()
    };
    assert_eq!(empty.event, Some(plain), "empty columns are as good as none");

    let (_, faults) = read("x,y,z,1,autumn,,0x1,2,|5,COLONEL=1,UNKNOWN,,");
    assert_eq!(
        faults,
        [
            "team",
            "campaign",
            "edition",
            "organiser",
            "lines",
            "participants",
            "classification"
        ]
    );
    assert_eq!(read(",,,,,,,,,OTHER=1;other=2,,,").1, ["participants"]);
}

#[test]
fn states_are_phase_and_review() {
    use journal::{Phase, ReviewState};
    for (word, phase, review) in [
        ("DRAFT", Phase::Held, ReviewState::Draft),
        ("submitted", Phase::Held, ReviewState::Submitted),
        ("RETURNED", Phase::Held, ReviewState::Returned),
        ("APPROVED", Phase::Held, ReviewState::Approved),
        ("Planned", Phase::Planned, ReviewState::Draft),
        ("CANCELLED", Phase::Cancelled, ReviewState::Approved),
    ] {
        let imported = event(&format!("E,AID,2024-03-01,,,a,,,,,,,,,,,{word},"));
        assert_eq!(
            (imported.event.as_ref().unwrap().phase(), imported.review_state()),
            (phase, review)
        );
    }
}

#[test]
fn all_faults_of_an_event_are_told_at_once() {
    let line = ",1,2024-02-30,,sideways,,,x y,,-1,many,,,065,,km,DONE,";
    let (messages, mut faults) = read(Kind::Events, &format!("{EVENTS}{line}\n"), rows::journal::row);
    assert!(messages.is_empty());
    faults.sort();
    assert_eq!(
        faults,
        [
            "delegations",
            "direction",
            "home_unit",
            "marker_from",
            "partner_units",
            "persons",
            "quantities",
            "reference",
            "start_date",
            "state",
            "type",
        ]
    );
}

#[test]
fn corrections_are_masked_fields() {
    let text = "reference,field,value,reason\nEV-1,persons,12,recount\nEV-1,quantities,a=1;b=2,x\n\
                EV-2,place_vi,Mộc Bài,x\nEV-2,summary_vi,\"Giao ban, lần 2\",x\nEV-3,persons,,unknown\n";
    let (messages, faults) = read(Kind::Corrections, text, rows::journal::row);
    assert!(faults.is_empty(), "{faults:?}");
    let corrections: Vec<_> = messages
        .into_iter()
        .filter_map(|message| match message.row {
            Some(JournalRow::Correction(correction)) => Some(correction),
            _ => None,
        })
        .collect();
    let paths: Vec<_> = corrections
        .iter()
        .map(|row| row.update_mask.as_ref().unwrap().paths.join(","))
        .collect();
    assert_eq!(paths, ["persons", "quantities", "place", "summary", "persons"]);
    let event = |index: usize| corrections[index].event.as_ref().unwrap();
    assert_eq!(
        (event(0).persons, corrections[0].reason.as_str()),
        (Some(12), "recount")
    );
    assert_eq!(event(1).quantities.len(), 2);
    assert_eq!(event(2).place["vi"], "Mộc Bài");
    assert_eq!(event(3).summary["vi"], "Giao ban, lần 2");
    assert_eq!(event(4).persons, None);

    let bad =
        "reference,field,value,reason\nEV-1,type,AID,x\nEV-1,persons,many,x\n,persons,1,\nEV-1,,1,x\nEV-1,colour,1,x\n";
    let faults = read(Kind::Corrections, bad, rows::journal::row).1;
    assert_eq!(faults, ["field", "persons", "reference", "reason", "field", "field"]);
}

/// Every column of events.csv that can be corrected sets a field of the contract.
#[test]
fn every_column_can_be_corrected() {
    for (column, value) in [
        ("start_date", "2024-01-01"),
        ("end_date", "2024-01-01"),
        ("direction", "INBOUND"),
        ("home_unit", "a"),
        ("co_home_units", "a"),
        ("partner_units", "a"),
        ("place_vi", "a"),
        ("delegations", "1"),
        ("persons", "1"),
        ("programmes", "a"),
        ("agreement", "a"),
        ("marker_from", "1"),
        ("marker_to", "1"),
        ("quantities", "a=1"),
        ("summary_vi", "a"),
        ("head_office", "a"),
        ("head_level", "a"),
        ("head_name", "a"),
        ("team", "a"),
        ("campaign", "campaign/a"),
        ("area_vi", "a"),
        ("edition", "1"),
        ("organiser", "a"),
        ("lines", "a"),
        ("participants", "OTHER=1"),
        ("classification", "secret"),
        ("summary_en", "a"),
        ("place_en", "a"),
    ] {
        let text = format!("reference,field,value,reason\nEV-1,{column},{value},x\n");
        let (messages, faults) = read(Kind::Corrections, &text, rows::journal::row);
        let Some(JournalRow::Correction(correction)) = &messages[0].row else {
            panic!("{column}")
        };
        assert!(
            faults.is_empty() && correction.event != Some(journal::Event::default()),
            "{column}"
        );
        assert_eq!(correction.update_mask.as_ref().unwrap().paths.len(), 1);
    }
}
