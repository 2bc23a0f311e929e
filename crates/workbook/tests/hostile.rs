//! Files that were damaged on their way, and files that were made to do harm. None may panic or take much memory.

use banggiao_workbook::{Book, Error, FILE_BYTES_MAX, ROWS_MAX};
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

const TYPES: &str =
    r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
const RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#;
const WORKBOOK_RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A workbook by hand: the rows of its sheet, and further parts.
fn workbook(rows: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let sheet = format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    );
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let fixed = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELS.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    for (name, content) in fixed.iter().chain(parts) {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn read(bytes: &[u8]) -> Result<Vec<banggiao_workbook::Row>, Error> {
    Book::open(bytes)?.read("S")
}

fn too_large(bytes: &[u8], what: &str) {
    match read(bytes) {
        Err(Error::TooLarge(told)) if told.contains(what) => {}
        other => panic!("{what}: {:?}", other.map(|rows| rows.len())),
    }
}

#[test]
fn a_workbook_by_hand_is_read() {
    let rows = read(&workbook(
        r#"<row r="2"><c r="B2"><v>1e21</v></c><c r="A2" t="inlineStr"><is><t>a</t></is></c></row><row><c><v>5</v></c></row>"#,
        &[],
    ))
    .unwrap();
    assert_eq!(
        (rows[0].number, rows[0].texts.join("|")),
        (2, "a|1000000000000000000000".to_owned())
    );
    assert_eq!((rows[1].number, rows[1].texts.join("|")), (3, "5".to_owned()));
}

#[test]
fn what_unpacks_to_too_much_is_refused_unread() {
    let blanks = vec![b' '; 40 << 20];
    too_large(
        &workbook("", &[("xl/sharedStrings.xml", &blanks)]),
        "32 MiB in xl/sharedstrings.xml",
    );
    too_large(&workbook("", &[("xl/media/image1.png", &blanks)]), "32 MiB");
    too_large(
        &workbook("", &[("xl/styles.xml", &blanks[..5 << 20])]),
        "4 MiB in xl/styles.xml",
    );
    let whole = vec![b' '; 130 << 20];
    too_large(
        &workbook("", &[("xl/worksheets/sheet2.xml", &whole)]),
        "MiB in xl/worksheets/sheet2.xml",
    );
    too_large(&vec![0; FILE_BYTES_MAX + 1], "32 MiB");
    let many: Vec<_> = (0..1_001).map(|number| format!("xl/media/{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    too_large(&workbook("", &many), "1000 parts");
}

/// The reader would reserve memory for as many texts as the file says that it has.
#[test]
fn a_file_cannot_ask_for_memory() {
    for count in ["9999999999999", "99999999999999999999999", "  2000001"] {
        let strings = format!("<sst uniqueCount = '{count}'><si><t>a</t></si></sst>");
        too_large(
            &workbook("", &[("xl/SharedStrings.xml", strings.as_bytes())]),
            "shared texts",
        );
    }
    let wide: Vec<u8> = r#"<sst uniqueCount="9999999999999"/>"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(
        read(&workbook("", &[("xl/sharedStrings.xml", &wide)])),
        Err(Error::Damaged(_))
    ));
}

#[test]
fn a_text_that_many_cells_share_is_bounded_like_many_texts() {
    let strings = format!("<sst uniqueCount=\"1\"><si><t>{}</t></si></sst>", "x".repeat(30_000));
    let mut rows = String::new();
    for row in 1..=200 {
        let _ = write!(rows, "<row r=\"{row}\">{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(50));
    }
    too_large(
        &workbook(&rows, &[("xl/sharedStrings.xml", strings.as_bytes())]),
        "128 MiB of text",
    );
}

#[test]
fn rows_columns_and_texts_have_limits() {
    let mut rows = String::new();
    for row in 1..=ROWS_MAX + 1 {
        let _ = write!(rows, "<row r=\"{row}\"><c><v>1</v></c></row>");
    }
    too_large(&workbook(&rows, &[]), "100000 rows");
    too_large(
        &workbook(r#"<row r="1"><c r="XFD1"><v>1</v></c></row>"#, &[]),
        "100 columns",
    );
    // Far away, but empty: nothing stands there.
    let empty = r#"<row r="1048576"><c r="XFD1048576" s="0"/></row>"#;
    assert_eq!(read(&workbook(empty, &[])).unwrap(), []);
    let long = format!(r#"<row r="1"><c t="str"><v>{}</v></c></row>"#, "x".repeat(32_768));
    let rows = read(&workbook(&long, &[])).unwrap();
    assert!(
        rows[0].texts[0].is_empty() && rows[0].faults[0].description.contains("32767"),
        "{:?}",
        rows[0].faults
    );
}

#[test]
fn cells_without_sense_are_faults_or_damages() {
    let fault = |cell: &str| {
        read(&workbook(&format!("<row r=\"1\">{cell}</row>"), &[])).unwrap()[0]
            .faults
            .len()
    };
    assert_eq!(fault("<c><v>nan</v></c>"), 1);
    assert_eq!(fault("<c t=\"e\"><v>#REF!</v></c>"), 1);
    for cell in [
        "<c t=\"e\"><v>#SPILL!</v></c>",
        "<c t=\"b\"><v>7</v></c>",
        "<c t=\"s\"><v>7</v></c>",
        "<c t=\"n\"><v>seven</v></c>",
        "<c t=\"x\"><v>7</v></c>",
        "<c r=\"ZZZZZZZZZZZZZZZ99999999999999999\"><v>7</v></c>",
        "<c r=\"A0\"><v>7</v></c>",
        "<c><v>7",
    ] {
        let error = read(&workbook(&format!("<row r=\"1\">{cell}</row>"), &[]));
        assert!(
            matches!(error, Err(Error::Damaged(_) | Error::TooLarge(_))),
            "{cell}: {error:?}"
        );
    }
    let twisted = r#"<row r="5"><c><v>1</v></c></row><row r="4"><c><v>1</v></c></row>"#;
    assert_eq!(
        read(&workbook(twisted, &[])).unwrap_err(),
        Error::Damaged("row 4 stands behind row 5".to_owned())
    );
}

#[test]
fn other_files_are_told_apart() {
    for bytes in [&b""[..], b"reference,type\n", b"PK\x03\x04", b"PK\x05\x06"] {
        assert!(matches!(read(bytes), Err(Error::Damaged(_))), "{bytes:?}");
    }
    assert_eq!(
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 a locked workbook"),
        Err(Error::Locked)
    );
}

/// Every byte of a good file changed, and the file cut off at every place.
#[test]
fn no_damage_panics() {
    let strings = br#"<sst uniqueCount="1"><si><t>a</t></si></sst>"#;
    let styles = br#"<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    let good = workbook(
        r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="0"><v>45000</v></c></row>"#,
        &[("xl/sharedStrings.xml", strings), ("xl/styles.xml", styles)],
    );
    assert_eq!(read(&good).unwrap()[0].texts, ["a", "2023-03-15"]);
    for place in 0..good.len() {
        let _ = read(&good[..place]);
        for change in [0x01, 0x20, 0xff] {
            let mut bad = good.clone();
            bad[place] ^= change;
            let _ = read(&bad);
        }
    }
}

/// The parts themselves changed byte by byte and packed again, so that no checksum stands in the way.
#[test]
fn no_damaged_part_panics() {
    let strings = br#"<sst uniqueCount="1"><si><t>a</t></si></sst>"#;
    let row = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="0"><v>45000</v></c></row>"#;
    for place in 0..row.len() {
        for byte in [b'9', b'<', b'Z', b'"', 0] {
            let mut bad = row.as_bytes().to_vec();
            bad[place] = byte;
            let Ok(bad) = String::from_utf8(bad) else { continue };
            let _ = read(&workbook(&bad, &[("xl/sharedStrings.xml", strings)]));
        }
    }
    for place in 0..strings.len() {
        for byte in [b'9', b'<', b'Z', b'"', 0xff] {
            let mut bad = strings.to_vec();
            bad[place] = byte;
            let _ = read(&workbook(row, &[("xl/sharedStrings.xml", &bad)]));
        }
    }
}
