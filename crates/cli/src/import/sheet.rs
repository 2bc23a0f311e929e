//! A CSV file as header and rows, each row with the physical line on which it stands.
//!
//! It owns what is wrong with a file as such: its header, its encoding, its number of fields. What quotation marks may do
//! stands in `cuts`; what a column means is not known here.

use super::cuts::Cuts;
use csv::{ByteRecord, Position};
use std::io::Cursor;

/// The faults of fields that are none of the service's reasons carry this one.
pub const INVALID: &str = "INVALID_FIELD";

/// What some programs put at the beginning of a text in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A file that could be read as CSV with the right header.
#[derive(Debug, Default)]
pub struct Sheet {
    /// The columns in the order of the file.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The physical line on which the row begins, from 1.
    pub line: u64,
    /// The fields as they stand in the file.
    pub fields: Vec<String>,
    /// The text of a row whose quotation marks are damaged, and which therefore has no fields.
    pub damaged: Option<String>,
    /// What makes the row unreadable as a whole: the field, if it is one, and the reason.
    pub fault: Option<(String, String)>,
}

/// Reads a file that must have exactly these columns, in any order. `left_out` are the places of lines that were too long
/// to be read.
///
/// # Errors
/// A sentence that says why the whole file is refused.
pub fn read(bytes: &[u8], left_out: &[usize], columns: &[&str]) -> Result<Sheet, String> {
    read_with(bytes, left_out, columns, &[])
}

/// Reads a file that must have these columns, and may have the optional ones.
///
/// # Errors
/// As [`read`].
pub fn read_with(bytes: &[u8], left_out: &[usize], columns: &[&str], optional: &[&str]) -> Result<Sheet, String> {
    let mark = bytes.strip_prefix(MARK).map_or(0, |_| MARK.len());
    let bytes = &bytes[mark..];
    let left_out: Vec<usize> = left_out.iter().map(|place| place - mark).collect();
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("the file is not in UTF-8".into());
    }
    if left_out.is_empty() && bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("the file is empty".into());
    }
    let mut cuts = Cuts::new(bytes, &left_out);
    if let Some(reason) = cuts.next().and_then(|cut| cut.damage) {
        return Err(format!("the header cannot be read: {reason}"));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(Cursor::new(bytes));
    let mut record = ByteRecord::new();
    let failed = |error: csv::Error| error.to_string();
    reader.read_byte_record(&mut record).map_err(failed)?;
    let header = header(&record, columns, optional)?;
    cuts.expect(header.len());
    let mut rows = Vec::new();
    let mut behind_damage = false;
    for cut in cuts {
        if let Some(reason) = cut.damage {
            rows.push(Row {
                line: cut.line,
                fields: Vec::new(),
                damaged: Some(String::from_utf8_lossy(&bytes[cut.bytes]).into_owned()),
                fault: Some((String::new(), reason)),
            });
            behind_damage = true;
            continue;
        }
        if std::mem::take(&mut behind_damage) {
            let mut position = Position::new();
            position.set_byte(cut.bytes.start as u64);
            reader.seek(position).map_err(failed)?;
        }
        reader.read_byte_record(&mut record).map_err(failed)?;
        rows.push(row(&record, cut.line, &header));
    }
    Ok(Sheet { header, rows })
}

/// Checks the header and tells everything that is wrong with it at once.
fn header(record: &ByteRecord, columns: &[&str], optional: &[&str]) -> Result<Vec<String>, String> {
    let mut header = Vec::with_capacity(record.len());
    for field in record {
        let field = std::str::from_utf8(field).map_err(|_| "the header is not in UTF-8".to_owned())?;
        header.push(field.trim().to_owned());
    }
    let Err(faults) = check_header(&header, columns, optional) else {
        return Ok(header);
    };
    if let [only] = &header[..]
        && (only.contains(';') || only.contains('\t'))
    {
        return Err("the fields are not separated by commas".into());
    }
    Err(faults)
}

/// Whether a header has every column that it must have, and none that is unknown or stands twice.
pub(super) fn check_header(header: &[String], columns: &[&str], optional: &[&str]) -> Result<(), String> {
    let mut faults = Vec::new();
    for (index, column) in header.iter().enumerate() {
        if !columns.contains(&column.as_str()) && !optional.contains(&column.as_str()) {
            let shown: String = column.chars().take(80).collect();
            faults.push(format!("unknown column \"{shown}\""));
        } else if header[..index].contains(column) {
            faults.push(format!("column \"{column}\" stands twice"));
        }
    }
    let missing = columns
        .iter()
        .filter(|column| !header.iter().any(|present| present == **column));
    faults.extend(missing.map(|column| format!("column \"{column}\" is missing")));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("; "))
    }
}

fn row(record: &ByteRecord, line: u64, header: &[String]) -> Row {
    let mut fault = None;
    let mut fields = Vec::with_capacity(record.len());
    for (index, bytes) in record.iter().enumerate() {
        if std::str::from_utf8(bytes).is_err() && fault.is_none() {
            let column = header.get(index).cloned().unwrap_or_default();
            fault = Some((column, "is not in UTF-8".to_owned()));
        }
        fields.push(String::from_utf8_lossy(bytes).into_owned());
    }
    if fields.len() != header.len() {
        let message = format!("the row has {} fields, the header has {}", fields.len(), header.len());
        fault = Some((String::new(), message));
    }
    Row {
        line,
        fields,
        damaged: None,
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["a", "b"];

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        read(text.as_bytes(), &[], COLUMNS)
            .unwrap()
            .rows
            .into_iter()
            .map(|row| (row.line, row.fields))
            .collect()
    }

    fn fields(line: u64, a: &str, b: &str) -> (u64, Vec<String>) {
        (line, vec![a.into(), b.into()])
    }

    #[test]
    fn marks_and_line_ends_do_not_matter() {
        for text in [
            "a,b\n1,2\n3,4\n",
            "a,b\r\n1,2\r\n3,4\r\n",
            "\u{feff}a,b\n1,2\n3,4",
            " a , b \n1,2\n3,4",
        ] {
            assert_eq!(rows(text), [fields(2, "1", "2"), fields(3, "3", "4")], "{text:?}");
        }
        assert_eq!(rows("a,b"), []);
        assert_eq!(rows("a,b\r\n"), []);
    }

    #[test]
    fn lines_are_physical() {
        assert_eq!(
            rows("a,b\n\n\n1,\"x\ny\"\n\n3,4\n"),
            [fields(4, "1", "x\ny"), fields(7, "3", "4")]
        );
        assert_eq!(
            rows("a,b\r\n\r\n1,2\r\n\r\n3,4\r\n"),
            [fields(3, "1", "2"), fields(5, "3", "4")]
        );
        assert_eq!(rows("\n\na,b\n1,2\n"), [fields(4, "1", "2")]);
    }

    #[test]
    fn a_line_that_was_too_long_is_named_and_taken_for_no_part_of_a_row() {
        // Left out: lines 3 and 6, the second in the middle of a field over three lines.
        let sheet = read(b"a,b\n1,2\n\n3,4\n5,\"x\n\ny\"\n7,8\n", &[8, 18], COLUMNS).unwrap();
        let told: Vec<_> = sheet.rows.iter().map(|row| (row.line, row.fault.is_some())).collect();
        assert_eq!(
            told,
            [
                (2, false),
                (3, true),
                (4, false),
                (5, true),
                (6, true),
                (7, true),
                (8, false)
            ]
        );
        let reason = "a line has more than 1 MiB, and is not read";
        assert_eq!(sheet.rows[1].fault, Some((String::new(), reason.to_owned())));
        let refused = read(b"\na,b\n1,2\n", &[0], COLUMNS).unwrap_err();
        assert_eq!(refused, format!("the header cannot be read: {reason}"));
    }

    #[test]
    fn a_wrong_header_refuses_the_file() {
        for (text, reason) in [
            ("", "the file is empty"),
            ("\u{feff}\r\n", "the file is empty"),
            ("a\n1\n", "column \"b\" is missing"),
            ("a,b,c\n", "unknown column \"c\""),
            ("a,b,a\n", "column \"a\" stands twice"),
            (
                "a,x,a\n",
                "unknown column \"x\"; column \"a\" stands twice; column \"b\" is missing",
            ),
            ("a;b\n1;2\n", "the fields are not separated by commas"),
            (
                "a,\"b\n1,2\n",
                "the header cannot be read: a quotation mark is not closed",
            ),
        ] {
            assert_eq!(read(text.as_bytes(), &[], COLUMNS).unwrap_err(), reason, "{text:?}");
        }
        assert_eq!(
            read(b"\xff\xfea\0", &[], COLUMNS).unwrap_err(),
            "the file is not in UTF-8"
        );
    }

    #[test]
    fn an_optional_column_may_be_left_out_and_no_other() {
        let header = |text: &str| read_with(text.as_bytes(), &[], COLUMNS, &["c"]).map(|sheet| sheet.header);
        assert_eq!(header("b,c,a\n").unwrap(), ["b", "c", "a"]);
        assert_eq!(header("a,b\n").unwrap(), ["a", "b"]);
        assert_eq!(header("c,a\n").unwrap_err(), "column \"b\" is missing");
        assert_eq!(header("a,b,d\n").unwrap_err(), "unknown column \"d\"");
        assert_eq!(header("a,b,c,c\n").unwrap_err(), "column \"c\" stands twice");
    }

    #[test]
    fn bad_rows_are_named_and_the_others_read() {
        let sheet = read(b"a,b\n1\n1,2,3\n\xff,2\n5,6\n7,\"8\n9,10\n", &[], COLUMNS).unwrap();
        let faults: Vec<_> = sheet.rows.iter().map(|row| (row.line, row.fault.clone())).collect();
        let whole = |reason: &str| Some((String::new(), reason.to_owned()));
        assert_eq!(
            faults,
            [
                (2, whole("the row has 1 fields, the header has 2")),
                (3, whole("the row has 3 fields, the header has 2")),
                (4, Some(("a".into(), "is not in UTF-8".into()))),
                (5, None),
                (
                    6,
                    whole("a quotation mark is not closed before line 7, which looks like a row of its own")
                ),
                (7, None),
            ]
        );
        assert_eq!(sheet.rows[4].damaged.as_deref(), Some("7,\"8"));
        assert_eq!(sheet.rows[5].fields, ["9", "10"]);
    }

    /// Two damaged rows, with good ones between and behind.
    #[test]
    fn stray_marks_take_no_good_row_with_them() {
        const EVENTS: &[&str] = &["reference", "type", "state", "summary_vi"];
        let text = "reference,type,state,summary_vi\nZC1,AID,APPROVED,\"a\nZC2,AID,APPROVED,\"Trao đổi, \"\"x\"\"\"\n\
                    ZC3,AID,APPROVED,c\nZC4,AID,APPROVED,\"b\nZC5,AID,APPROVED,\"d\ne, f\"\n";
        let sheet = read(text.as_bytes(), &[], EVENTS).unwrap();
        let told: Vec<_> = sheet
            .rows
            .iter()
            .map(|row| (row.line, row.damaged.as_deref(), row.fields.last().map(String::as_str)))
            .collect();
        assert_eq!(
            told,
            [
                (2, Some("ZC1,AID,APPROVED,\"a"), None),
                (3, None, Some("Trao đổi, \"x\"")),
                (4, None, Some("c")),
                (5, Some("ZC4,AID,APPROVED,\"b"), None),
                (6, None, Some("d\ne, f")),
            ]
        );
        assert!(
            sheet
                .rows
                .iter()
                .all(|row| row.damaged.is_some() == row.fault.is_some())
        );
    }

    /// Whatever stands in a file, what is not damaged is read as the reader of fields alone would read it.
    #[test]
    fn cuts_and_fields_agree() {
        let parts = ["1", "\"", ",", "\r\n", "\"\""];
        for mut number in 0..parts.len().pow(5) {
            let mut text = "a,b\n".to_owned();
            for _ in 0..5 {
                text.push_str(parts[number % parts.len()]);
                number /= parts.len();
            }
            let rows = read(text.as_bytes(), &[], COLUMNS).unwrap().rows;
            let mut cuts = Cuts::new(text.as_bytes(), &[]);
            cuts.expect(COLUMNS.len());
            let cuts: Vec<_> = cuts.skip(1).collect();
            assert_eq!(rows.len(), cuts.len(), "{text:?}");
            for (row, cut) in rows.into_iter().zip(cuts) {
                let alone = &text[cut.bytes];
                if cut.damage.is_some() {
                    assert_eq!(row.damaged.as_deref(), Some(alone), "{text:?}");
                    continue;
                }
                let reader = csv::ReaderBuilder::new()
                    .has_headers(false)
                    .from_reader(alone.as_bytes());
                let records: Vec<_> = reader.into_records().map(Result::unwrap).collect();
                assert_eq!(records.len(), 1, "{text:?}");
                assert!(records[0].iter().eq(row.fields.iter()), "{text:?}");
            }
        }
    }
}
