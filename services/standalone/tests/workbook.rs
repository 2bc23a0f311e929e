//! Workbooks as offices send them around: forms that are filled in, sheets that come back, and large ones.

#[cfg(target_os = "linux")]
#[path = "workbook/measured.rs"]
mod measured;
#[path = "workbook/sheets.rs"]
mod sheets;
#[path = "process/up.rs"]
mod up;

use banggiao_workbook::Book;
use sheets::{Cell, choice, day, fill, like_csv};
use std::{fs, path::Path, process::Output, time::Duration};
use up::{SAMPLE, Up};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Everything that a command said.
fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn sum(up: &Up, unit: &str, days: [&str; 2], what: &str) -> String {
    let arguments = [
        "figures", "--unit", unit, "--from", days[0], "--to", days[1], "--sum", what,
    ];
    let cells = &up.json(&arguments)["cells"];
    cells[0]["value"]
        .as_str()
        .unwrap_or_else(|| panic!("{what}: {cells}"))
        .to_owned()
}

fn counts(imported: &serde_json::Value) -> [u64; 3] {
    let count = |what: &str| {
        imported["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file[what].as_u64().unwrap())
            .sum()
    };
    [count("accepted"), count("repeated"), count("rejected")]
}

const MARCH: [&str; 2] = ["2026-03-01", "2026-03-31"];

#[test]
fn a_form_is_written_filled_in_and_imported() {
    let up = Up::start();
    up.json(&["import", SAMPLE]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.xlsx");
    let written = up.run(&["import", "--template", text(&path), "--unit", "tayninh"]);
    assert_eq!(written.status.code(), Some(0), "{}", told(&written));
    let form = fs::read(&path).unwrap();
    let refused = up.run(&["import", "--template", text(&path)]);
    assert_eq!(refused.status.code(), Some(1), "it is there already");
    assert_eq!(fs::read(&path).unwrap(), form, "and stays as it is");
    let misnamed = folder.path().join("form.xlsx");
    assert_eq!(
        up.run(&["import", "--template", text(&misnamed)]).status.code(),
        Some(2)
    );
    assert_eq!(
        counts(&up.json(&["import", text(&path)])),
        [0, 0, 0],
        "nothing is filled in yet"
    );

    let unit = choice(&form, "Home units", "tayninh-ben-cau");
    let partner = choice(&form, "Partner units", "kh-svayrieng-sector");
    let police = choice(&form, "Partner units", "kh-svayrieng-police");
    let patrol = choice(&form, "Types", "JOINT_PATROL");
    let aid = choice(&form, "Types", "AID");
    assert!(
        unit.ends_with(" (tayninh-ben-cau)") && patrol.ends_with(" (JOINT_PATROL)"),
        "{unit}, {patrol}"
    );
    assert_eq!(
        sheets::choices(&form, "Home units")
            .iter()
            .filter(|text| text.contains("(longan)"))
            .count(),
        0
    );
    let filled = fill(
        &form,
        &[
            &[
                ("reference", Cell::Text("00123")),
                ("type", Cell::Text(&patrol)),
                ("start_date", Cell::Day(2026, 3, 3)),
                ("home_unit", Cell::Text(&unit)),
                ("partner_units", Cell::Text(&partner)),
                ("partner_units", Cell::Text(&police)),
                ("persons", Cell::Number("12")),
                ("marker_from", Cell::Text("171/1(2)")),
                ("quantities", Cell::Text("patrol_km=15.8")),
                ("state", Cell::Text("Approved (APPROVED)")),
                ("head_office", Cell::Text("Phó Chỉ huy trưởng")),
                ("head_level", Cell::Text("District (district)")),
            ],
            &[
                ("reference", Cell::Text("00124")),
                ("type", Cell::Text(&aid)),
                ("start_date", Cell::Text("2026-03-31")),
                ("home_unit", Cell::Text("tayninh-ben-cau")),
                ("state", Cell::Text("approved")),
                ("lines", Cell::Text("gạo|500|kg|7500000|Xã Dambae;chăn|20||398000000")),
                ("summary_en", Cell::Text("Rice and blankets")),
            ],
            // A row of colours and blanks, as clerks leave them.
            &[("reference", Cell::Text(" "))],
            &[
                ("reference", Cell::Text("00125")),
                ("type", Cell::Text(&patrol)),
                ("start_date", Cell::Error("#N/A")),
                ("home_unit", Cell::Text(&unit)),
                ("state", Cell::Text("approved")),
            ],
        ],
    );
    fs::write(&path, filled).unwrap();
    let imported = up.run(&["import", text(&path)]);
    let said = told(&imported);
    assert_eq!(imported.status.code(), Some(1), "{said}");
    assert!(said.contains("events.xlsx:6: start_date: cell C6 holds #N/A"), "{said}");
    assert_eq!(sum(&up, "tayninh", MARCH, "persons"), "12");
    assert_eq!(sum(&up, "tayninh", MARCH, "patrol_km"), "15.8");
    assert_eq!(
        sum(&up, "tayninh", MARCH, "aid_value_vnd"),
        "405500000",
        "the sum of the lines"
    );
    let events = up.json(&[
        "event", "list", "--unit", "tayninh", "--from", MARCH[0], "--to", MARCH[1],
    ]);
    let event = |reference: &str| {
        let events = events["events"].as_array().unwrap().iter();
        let mut events = events.filter(|event| event["externalReference"]["reference"] == reference);
        events.next().unwrap_or_else(|| panic!("{reference}")).clone()
    };
    assert_eq!(event("00123")["partnerUnits"].as_array().unwrap().len(), 2);
    assert_eq!(event("00123")["markerFrom"], "markers/vn-kh-171-1-s2");
    assert_eq!(event("00123")["headOfDelegation"]["level"], "district");
    assert_eq!(event("00124")["lines"][1]["valueVnd"], "398000000");

    correct_parts(&up, folder.path());
}

/// A correction of one of several columns that share a field leaves the others.
fn correct_parts(up: &Up, folder: &Path) {
    let path = folder.join("corrections.xlsx");
    let text_of = "reference,field,value,reason\n00123,head_name,Nguyễn Văn A,x\n00123,head_level,,x\n\
                   00124,summary_vi,Gạo và chăn,x\n00124,summary_en,Rice,x\n00124,place_en,Dambae,x\n";
    fs::write(&path, like_csv(text_of, "Đính chính")).unwrap();
    let corrected = up.run(&["import", text(&path)]);
    assert_eq!(corrected.status.code(), Some(0), "{}", told(&corrected));
    let events = up.json(&[
        "event", "list", "--unit", "tayninh", "--from", MARCH[0], "--to", MARCH[1],
    ]);
    let events = events["events"].as_array().unwrap();
    let event = |reference: &str| {
        events
            .iter()
            .find(|event| event["externalReference"]["reference"] == reference)
            .unwrap()
    };
    let head = &event("00123")["headOfDelegation"];
    assert_eq!(
        (head["name"].as_str(), head["office"].as_str()),
        (Some("Nguyễn Văn A"), Some("Phó Chỉ huy trưởng")),
        "{head}"
    );
    assert!(head["level"].as_str().unwrap_or_default().is_empty(), "{head}");
    let aid = event("00124");
    assert_eq!(
        (aid["summary"]["vi"].as_str(), aid["summary"]["en"].as_str()),
        (Some("Gạo và chăn"), Some("Rice")),
        "{aid}"
    );
    assert_eq!(aid["place"]["en"], "Dambae");
}

/// Whatever stood in a CSV file is known when it comes as a workbook, whichever kind of cells it is in.
#[test]
fn a_workbook_with_the_rows_of_a_csv_file_is_repeated() {
    let up = Up::start();
    let accepted = counts(&up.json(&["import", SAMPLE]));
    let folder = tempfile::tempdir().unwrap();
    for kind in [
        "units",
        "reorganizations",
        "programmes",
        "markers",
        "agreements",
        "events",
        "corrections",
    ] {
        let csv = fs::read_to_string(format!("{SAMPLE}/{kind}.csv")).unwrap();
        fs::write(folder.path().join(format!("{kind}.xlsx")), like_csv(&csv, "Sheet1")).unwrap();
    }
    // Further columns in which nothing stands make no other rows.
    let events = fs::read_to_string(format!("{SAMPLE}/events.csv")).unwrap();
    let (header, rows) = events.split_once('\n').unwrap();
    let mut wider = format!("{header},lines,head_office,edition,summary_en\n");
    // No field of the sample goes over several lines.
    wider.extend(rows.lines().map(|row| format!("{row},,,,\n")));
    let csv = folder.path().join("events.csv");
    fs::write(&csv, wider).unwrap();
    assert_eq!(counts(&up.json(&["import", text(&csv)])), [0, 4_259, 0]);
    fs::remove_file(csv).unwrap();
    fs::write(
        folder.path().join("~$events.xlsx"),
        "what a program leaves while it has a file open",
    )
    .unwrap();
    let imported = up.run(&["import", text(folder.path()), "--output", "json"]);
    assert_eq!(imported.status.code(), Some(0), "{}", told(&imported));
    let imported = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!(counts(&imported), [0, accepted[0], 0], "{imported}");
}

#[test]
fn rejected_rows_come_back_with_their_reasons_and_are_mended() {
    let up = Up::start();
    up.json(&["import", &format!("{SAMPLE}/units.csv")]);
    let folder = tempfile::tempdir().unwrap();
    let header = fs::read_to_string(format!("{SAMPLE}/events.csv"))
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let row = |reference: &str, date: &str, unit: &str, persons: &str| {
        format!("{reference},DIPLOMATIC_EVENT,{date},,,{unit},,,,,{persons},,,,,,APPROVED,x\n")
    };
    let csv = header
        + "\n"
        + &row("007", "2026-03-01", "tayninh", "5")
        + &row("008", "2026-02-30", "tayninh", "7")
        + &row("009", "2026-03-02", "nowhere", "many");
    let path = folder.path().join("events.xlsx");
    fs::write(&path, like_csv(&csv, "events")).unwrap();
    let back = folder.path().join("back");
    fs::create_dir(&back).unwrap();
    let rejects = back.join("events.xlsx");
    let refused = up.run(&["import", text(&path), "--rejects", text(&rejects)]);
    let said = told(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("events.xlsx:3: start_date") && said.contains("events.xlsx:4: persons"),
        "{said}"
    );

    let bytes = fs::read(&rejects).unwrap();
    let rows = Book::open(&bytes).unwrap().read("events").unwrap();
    let reasons: Vec<_> = rows.iter().map(|row| row.texts[0].as_str()).collect();
    assert_eq!((reasons.len(), reasons[0]), (3, "reason"), "{reasons:?}");
    assert!(
        reasons[1].starts_with("start_date: ") && reasons[2].starts_with("persons: "),
        "{reasons:?}"
    );
    let references: Vec<_> = rows.iter().map(|row| row.texts[1].as_str()).collect();
    assert_eq!(references, ["reference", "008", "009"]);
    let again = up.run(&["import", text(&rejects)]);
    assert_eq!(again.status.code(), Some(1), "nobody has mended anything yet");

    let mended = sheets::replace(
        &bytes,
        &[
            ("2026-02-30", "2026-02-28"),
            ("nowhere", "tayninh-ben-cau"),
            ("many", "1"),
        ],
    );
    fs::write(&rejects, mended).unwrap();
    assert_eq!(counts(&up.json(&["import", text(&rejects)])), [2, 0, 0]);
    assert_eq!(sum(&up, "tayninh", ["2026-02-01", "2026-03-31"], "persons"), "13");
}

/// Twenty thousand events take no more memory than an office's machine has to spare.
#[cfg(target_os = "linux")]
#[test]
fn a_large_sheet_takes_little_memory() {
    const ROWS: i32 = 20_000;
    let mut up = Up::start();
    up.json(&["import", &format!("{SAMPLE}/units.csv")]);
    let folder = tempfile::tempdir().unwrap();
    let header = fs::read_to_string(format!("{SAMPLE}/events.csv"))
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let mut csv = header + "\n";
    for row in 0..ROWS {
        let date = day(2025, row % 365);
        csv += &format!(
            "L-{row},BRIEFING_REGULAR,{date},{date},,tayninh-ben-cau,,kh-svayrieng-sector,Mộc Bài,,3,,,,,,APPROVED,\
             \"Giao ban định kỳ, trao đổi tình hình lần {row}\"\n"
        );
    }
    let path = folder.path().join("events.xlsx");
    fs::write(&path, like_csv(&csv, "events")).unwrap();
    let (output, peak_mib) = measured::run(&up, &["import", text(&path), "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let imported = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts(&imported), [20_000, 0, 0]);
    assert_eq!(sum(&up, "tayninh", ["2025-01-01", "2025-12-31"], "persons"), "60000");
    assert!((1..200).contains(&peak_mib), "{peak_mib} MiB");
    assert!(up.terminate() < Duration::from_secs(10));
}
