//! What is written can be read, and a form holds what it promises to whoever fills it in.

use banggiao_workbook::{Book, Column, Form, Kind, List, Page, Sheet};
use std::io::{Cursor, Read as _};

fn column(heading: &str, kind: Kind) -> Column {
    Column {
        heading: heading.to_owned(),
        explanation: format!("» {heading}"),
        width: 12,
        kind,
        required: true,
    }
}

fn texts(rows: &[&[&str]]) -> Vec<Vec<String>> {
    let owned = |row: &&[&str]| row.iter().map(|text| (*text).to_owned()).collect();
    rows.iter().map(owned).collect()
}

/// The text of a part of a file.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn form() -> Form {
    Form {
        sheet: Sheet {
            name: "Sự kiện".to_owned(),
            columns: vec![
                column("reference", Kind::Text),
                column("date", Kind::Date),
                column("persons", Kind::Whole),
                column("km", Kind::Decimal),
                column("unit", Kind::OneOf("units".to_owned())),
                column("partners", Kind::SeveralOf("units".to_owned())),
                column("state", Kind::OneOf("states".to_owned())),
                column("nothing", Kind::OneOf("empty".to_owned())),
            ],
            frozen_columns: 1,
            rows: Vec::new(),
            empty_rows: 500,
        },
        pages: vec![Page {
            name: "Hướng dẫn".to_owned(),
            widths: vec![40],
            rows: texts(&[&["How"], &["so"], &[], &["Column"]]),
        }],
        lists: vec![
            List {
                name: "units".to_owned(),
                title: "Đơn vị 'A' nữa".to_owned(),
                headings: vec!["Pick".to_owned(), "Id".to_owned()],
                entries: (0..300)
                    .map(|n| vec![format!("Đơn vị {n} (u-{n})"), format!("u-{n}")])
                    .collect(),
            },
            List {
                name: "states".to_owned(),
                entries: texts(&[&["Duyệt (APPROVED)"], &["Nháp (DRAFT)"]]),
                ..List::default()
            },
            List {
                name: "empty".to_owned(),
                ..List::default()
            },
        ],
        ..Form::default()
    }
}

#[test]
fn what_is_written_reads_the_same() {
    let mut form = form();
    let rows: &[&[&str]] = &[
        &[
            "00123",
            "2024-06-30",
            "12",
            "15.8",
            "Đơn vị 1 (u-1)",
            "u-1;u-2",
            "DRAFT",
        ],
        &["229/12", "1945-09-02", "0", "0.1", "=1+1", "+84", "@x"],
        &["1e21", "30/06/2024", "007", "1e3", " a ", "x\ny", "_x000D_"],
        &["-", "1899-12-31", "398000000", "123456789.123457", "\"", "<&>", "TRUE"],
        &["x\r\ny", "2024-02-30", "1000000000000000000000", "-3.5", "", "", "end"],
    ];
    form.sheet.rows = texts(rows);
    let bytes = form.write().unwrap();
    let read = Book::open(&bytes).unwrap().read("Sự kiện").unwrap();
    assert_eq!(read[1].texts[0], "reference", "the headings follow the explanations");
    for (written, read) in form.sheet.rows.iter().zip(&read[2..]) {
        assert_eq!((written, read.faults.len()), (&read.texts, 0));
    }
    assert_eq!(read.len(), rows.len() + 2, "rows that were made ready hold nothing");
}

#[test]
fn lists_are_offered_from_a_page_or_from_the_cell_itself() {
    let bytes = form().write().unwrap();
    let workbook = part(&bytes, "xl/workbook.xml");
    assert!(
        workbook.contains("<definedName name=\"list_units\">'Đơn vị ''A'' nữa'!$A$2:$A$301</definedName>"),
        "{workbook}"
    );
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    let rule = |formula: &str| sheet.matches(&format!("<formula1>{formula}</formula1>")).count();
    assert_eq!(
        (rule("list_units"), rule("\"Duyệt (APPROVED),Nháp (DRAFT)\"")),
        (2, 1),
        "{sheet}"
    );
    assert!(!sheet.contains("list_empty"), "there is nothing to choose");
    // Several elements are typed, so that one that is not in the list is no mistake there.
    let several = sheet
        .split("<dataValidation ")
        .find(|rule| rule.contains("sqref=\"F3:"))
        .unwrap();
    assert!(!several.contains("showErrorMessage=\"1\""), "{several}");
    let one = sheet
        .split("<dataValidation ")
        .find(|rule| rule.contains("sqref=\"E3:E502\""))
        .unwrap();
    assert!(one.contains("showErrorMessage=\"1\""), "{one}");
    let mut book = Book::open(&bytes).unwrap();
    assert_eq!(book.sheets(), ["Sự kiện", "Hướng dẫn", "Đơn vị 'A' nữa"]);
    assert_eq!(
        book.read("Đơn vị 'A' nữa").unwrap()[300].texts,
        ["Đơn vị 299 (u-299)", "u-299"]
    );
}

#[test]
fn headings_are_frozen_and_filtered_below_the_explanations() {
    let sheet = part(&form().write().unwrap(), "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<autoFilter ref=\"A2:H502\"/>"), "{sheet}");
    assert!(
        sheet.contains("ySplit=\"2\"") && sheet.contains("topLeftCell=\"B3\""),
        "{sheet}"
    );
    assert!(sheet.contains("type=\"date\"") && sheet.contains("type=\"whole\"") && sheet.contains("type=\"decimal\""));
}

#[test]
fn what_does_not_fit_is_told() {
    let mut long = form();
    long.sheet.rows = vec![vec!["x".repeat(32_768)]];
    assert!(
        long.write()
            .unwrap_err()
            .to_string()
            .starts_with("it cannot be written as a workbook")
    );
    let mut named = form();
    named.sheet.name = "a/b".to_owned();
    assert!(named.write().is_err());
}
