//! Workbooks of other programs: the files of `tests/files` were made with openpyxl (`other-…`) and LibreOffice (`office`).

use banggiao_workbook::{Book, Error, Row};

fn rows(bytes: &[u8], sheet: &str) -> Vec<Row> {
    Book::open(bytes).unwrap().read(sheet).unwrap()
}

fn value<'a>(rows: &'a [Row], what: &str) -> &'a Row {
    rows.iter()
        .find(|row| row.texts[0] == what)
        .unwrap_or_else(|| panic!("{what}"))
}

/// The same content in both systems of counting days, which lie 1,462 days apart.
#[test]
fn days_and_numbers_of_another_program_are_read_in_both_systems() {
    for file in [
        &include_bytes!("files/other-1900.xlsx")[..],
        &include_bytes!("files/other-1904.xlsx")[..],
    ] {
        let rows = rows(file, "Sự kiện");
        for (what, text) in [
            ("date", "2024-06-30"),
            ("moment", "2024-06-30 08:15:00"),
            ("text date", "2024-06-30"),
            ("zeros", "00123"),
            ("whole", "398000000"),
            ("large", "1000000000000000000000"),
            ("tenth", "0.1"),
            ("true", "TRUE"),
            ("text", "  Bến Cầu, \"x\"\ny  "),
        ] {
            let row = value(&rows, what);
            assert_eq!((row.texts[1].as_str(), row.faults.is_empty()), (text, true), "{what}");
        }
        let error = value(&rows, "error");
        assert_eq!((error.number, error.texts[1].as_str()), (11, "#N/A"));
        assert_eq!((error.faults[0].address.as_str(), error.faults[0].column), ("B11", 1));
        assert_eq!(error.faults[0].description, "holds #N/A");
        assert_eq!(value(&rows, "duration").faults[0].description, "holds a duration");
        // A formula that no program has computed yet holds nothing; a coloured row without a text is none.
        assert_eq!(value(&rows, "sum").texts.len(), 1);
        assert_eq!(rows.last().unwrap().number, 14);
    }
}

#[test]
fn a_file_of_an_office_suite_is_read() {
    let bytes = include_bytes!("files/office.xlsx");
    let mut book = Book::open(bytes).unwrap();
    let sheets = book.sheets();
    assert_eq!(sheets.len(), 1);
    let rows = book.read(&sheets[0]).unwrap();
    let texts: Vec<_> = rows.iter().map(|row| row.texts.join("|")).collect();
    assert_eq!(texts[0], "reference|start_date|persons|quantities|summary_vi");
    assert_eq!(texts[1], "00123|2024-06-30|12|patrol_km=15.8|Tuần tra, \"song phương\"");
    assert_eq!(texts[2], "229/12|2024-02-29|0");
}

#[test]
fn hidden_sheets_are_not_offered_and_missing_ones_are_named() {
    let bytes = include_bytes!("files/other-1900.xlsx");
    let mut book = Book::open(bytes).unwrap();
    assert_eq!(book.sheets(), ["Sự kiện", "Danh mục"]);
    assert_eq!(book.read("Danh mục").unwrap(), []);
    assert_eq!(book.read("events").unwrap_err(), Error::NoSheet("events".to_owned()));
}
