//! A workbook as header and rows, as if its sheet were a CSV file.
//!
//! It owns how the sheet and its columns are found again after people have worked in it: rows may be sorted, filtered and
//! removed, columns moved and headed in words. How cells become texts stands in `banggiao_workbook`.

use super::kind::Kind;
use super::sheet::{self, Row, Sheet};
use crate::names;
use banggiao_workbook::{Book, Error};

/// How every cell of a row begins that explains and is no data. No field of ours begins so.
pub const REMARK: char = '»';

/// A column of a sheet: its name, and the places at which it stands.
type Column = (String, Vec<usize>);

/// Reads the sheet of a kind.
///
/// # Errors
/// A sentence that says why the whole file is refused.
pub fn read(bytes: &[u8], kind: Kind) -> Result<Sheet, String> {
    let told = |error: Error| error.to_string();
    let mut book = Book::open(bytes).map_err(told)?;
    let name = sheet_of(&book.sheets(), kind)?;
    let rows = book.read(&name).map_err(told)?;
    let mut rows = rows.into_iter().filter(|row| !is_remark(row));
    let header = rows.next().ok_or_else(|| format!("the sheet \"{name}\" is empty"))?;
    let columns = columns(&header, kind)?;
    let rows = rows.map(|row| fields(&row, &columns)).collect();
    let header = columns.into_iter().map(|(name, _)| name).collect();
    Ok(Sheet { header, rows })
}

/// The sheet that is called like the kind, or the only one there is.
fn sheet_of(sheets: &[String], kind: Kind) -> Result<String, String> {
    let names = [kind.word().to_owned(), kind.title_vi().to_lowercase()];
    let named = sheets.iter().find(|sheet| names.contains(&sheet.trim().to_lowercase()));
    match (named, sheets) {
        (Some(sheet), _) => Ok(sheet.clone()),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(format!(
            "none of the sheets is called \"{}\" or \"{}\"; there are {}",
            kind.word(),
            kind.title_vi(),
            sheets.join(", ")
        )),
    }
}

fn is_remark(row: &banggiao_workbook::Row) -> bool {
    let mut filled = row.texts.iter().filter(|text| !text.trim().is_empty());
    filled.all(|text| text.starts_with(REMARK))
}

/// The columns by the row of headings: bare names, or headings with the name in parentheses.
fn columns(header: &banggiao_workbook::Row, kind: Kind) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    for (place, heading) in header.texts.iter().enumerate() {
        let name = names::picked(heading.trim()).to_lowercase();
        let known = columns.iter_mut().find(|(known, _)| *known == name);
        match known {
            _ if name.is_empty() => {}
            Some((_, places)) if kind.list_columns().contains(&name.as_str()) => places.push(place),
            // A column that is no list and stands twice is told below.
            _ => columns.push((name, vec![place])),
        }
    }
    let names: Vec<_> = columns.iter().map(|(name, _)| name.clone()).collect();
    let told = |faults| format!("the headings in row {}: {faults}", header.number);
    sheet::check_header(&names, kind.columns(), &optional(kind)).map_err(told)?;
    Ok(columns)
}

/// The columns that a file may have besides those that it must have.
pub(super) fn optional(kind: Kind) -> Vec<&'static str> {
    let mut optional = kind.optional_columns().to_vec();
    optional.push(kind.reason_column());
    optional
}

/// The fields of a row, and the first thing that makes it unreadable as a whole.
fn fields(row: &banggiao_workbook::Row, columns: &[Column]) -> Row {
    let mut faults: Vec<(String, String)> = Vec::new();
    let column_at = |place: usize| columns.iter().find(|(_, places)| places.contains(&place));
    for fault in &row.faults {
        let column = column_at(fault.column).map(|(name, _)| name.clone());
        faults.push((
            column.unwrap_or_default(),
            format!("cell {} {}", fault.address, fault.description),
        ));
    }
    let astray = row
        .texts
        .iter()
        .enumerate()
        .find(|(place, text)| !text.trim().is_empty() && column_at(*place).is_none());
    if let Some((place, _)) = astray {
        faults.push((
            String::new(),
            format!("something stands in column {}, which has no heading", place + 1),
        ));
    }
    let fields = columns.iter().map(|(_, places)| {
        let texts = places.iter().filter_map(|place| row.texts.get(*place));
        let texts: Vec<_> = texts.map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        texts.join(";")
    });
    Row {
        line: u64::from(row.number),
        fields: fields.collect(),
        damaged: None,
        fault: one_fault(faults),
    }
}

/// Several faults as one of the whole row.
fn one_fault(mut faults: Vec<(String, String)>) -> Option<(String, String)> {
    if faults.len() <= 1 {
        return faults.pop();
    }
    let told = faults.iter().map(|(column, fault)| {
        if column.is_empty() {
            fault.clone()
        } else {
            format!("{column}: {fault}")
        }
    });
    Some((String::new(), told.collect::<Vec<_>>().join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u32, texts: &[&str]) -> banggiao_workbook::Row {
        banggiao_workbook::Row {
            number,
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            faults: Vec::new(),
        }
    }

    const CORRECTIONS: [&str; 4] = ["Số hiệu (reference)", "Cột\n(field)", "VALUE", " reason "];

    #[test]
    fn columns_are_known_by_name_or_by_the_name_in_parentheses() {
        let found = columns(&row(1, &CORRECTIONS), Kind::Corrections).unwrap();
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["reference", "field", "value", "reason"]);
        let faults = columns(
            &row(3, &["reference", "Cột (colour)", "value", "value"]),
            Kind::Corrections,
        )
        .unwrap_err();
        assert_eq!(
            faults,
            "the headings in row 3: unknown column \"colour\"; column \"value\" stands twice; column \"field\" is missing; \
             column \"reason\" is missing"
        );
    }

    #[test]
    fn a_list_may_stand_in_several_columns() {
        let headings: Vec<_> = Kind::Events
            .columns()
            .iter()
            .copied()
            .chain(["Bạn 2 (partner_units)", "", "reason"])
            .collect();
        let found = columns(&row(1, &headings), Kind::Events).unwrap();
        let place = headings.iter().position(|name| *name == "partner_units").unwrap();
        let mut texts = vec![""; headings.len()];
        texts[place] = "kh-a; kh-b";
        texts[18] = "Bạn C (kh-c)";
        texts[20] = "was wrong";
        let read = fields(&row(5, &texts), &found);
        assert_eq!(read.fields[place], "kh-a; kh-b;Bạn C (kh-c)");
        assert_eq!((read.line, read.fault), (5, None));
        texts[19] = "astray";
        let fault = fields(&row(6, &texts), &found).fault.unwrap();
        assert!(fault.1.contains("column 20, which has no heading"), "{fault:?}");
    }

    #[test]
    fn sheets_are_found_by_name_in_both_languages() {
        let of = |sheets: &[&str]| {
            let sheets: Vec<_> = sheets.iter().map(|name| (*name).to_owned()).collect();
            sheet_of(&sheets, Kind::Events)
        };
        assert_eq!(of(&["Hướng dẫn", "SỰ KIỆN"]).unwrap(), "SỰ KIỆN");
        assert_eq!(of(&["Guide", "Events"]).unwrap(), "Events");
        assert_eq!(of(&["Sheet1"]).unwrap(), "Sheet1");
        assert!(of(&["Sheet1", "Sheet2"]).unwrap_err().contains("Sheet1, Sheet2"));
    }

    #[test]
    fn remarks_are_no_data() {
        assert!(is_remark(&row(1, &["", "» the first day", "»"])));
        assert!(!is_remark(&row(1, &["» number", "EV-1"])));
        assert!(is_remark(&row(1, &["", " "])), "a row of blanks is none");
    }
}
