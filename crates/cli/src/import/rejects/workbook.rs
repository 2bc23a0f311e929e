//! Rejected rows as a workbook: each with the reason beside it, to be mended where it stands and imported again.

use crate::error::Error;
use crate::import::kind::Kind;
use crate::import::report::{FileSummary, Rejection, Summary};
use crate::import::template::columns::cells_of;
use banggiao_workbook::{Column, Form, Kind as Cells, Sheet};

/// The workbook of all rejected rows of a kind.
pub(super) fn rejects(summary: &Summary, kind: Kind) -> Result<Vec<u8>, Error> {
    let files: Vec<_> = summary
        .of_kind(kind)
        .filter(|file| !file.rejections.is_empty())
        .collect();
    let mut header: Vec<&str> = Vec::new();
    for name in files.iter().flat_map(|file| &file.header) {
        // The reason of an earlier import is not that of this one.
        if name != kind.reason_column() && !header.contains(&name.as_str()) {
            header.push(name);
        }
    }
    let mut columns = vec![column(kind.reason_column(), Cells::Prose, 50)];
    columns.extend(header.iter().map(|name| column(name, cells_of(name), 20)));
    let mut rows = Vec::new();
    for file in files {
        let mut rejections: Vec<_> = file.rejections.iter().collect();
        rejections.sort_by_key(|rejection| rejection.row.line);
        rows.extend(rejections.iter().map(|rejection| row(file, rejection, &header)));
    }
    let form = Form {
        sheet: Sheet {
            name: kind.word().to_owned(),
            columns,
            frozen_columns: 1,
            rows,
            empty_rows: 0,
        },
        ..Form::default()
    };
    form.write().map_err(|error| Error::Failure(error.into()))
}

fn column(name: &str, kind: Cells, width: u16) -> Column {
    Column {
        heading: name.to_owned(),
        explanation: String::new(),
        width,
        kind,
        required: false,
    }
}

/// The reason, then the fields as they were.
fn row(file: &FileSummary, rejection: &Rejection, header: &[&str]) -> Vec<String> {
    let reasons = rejection.faults.iter().map(|fault| {
        if fault.field.is_empty() {
            fault.description.clone()
        } else {
            format!("{}: {}", fault.field, fault.description)
        }
    });
    let mut row = vec![reasons.collect::<Vec<_>>().join("; ")];
    if let Some(damaged) = &rejection.row.damaged {
        // The fields of a damaged row cannot be told apart; its text stands in the first of them.
        row.push(damaged.clone());
        return row;
    }
    if rejection.row.fields.len() != file.header.len() {
        row.extend(rejection.row.fields.iter().cloned());
        return row;
    }
    row.extend(header.iter().map(|name| {
        let place = file.header.iter().position(|column| column == name);
        let field = place.and_then(|place| rejection.row.fields.get(place));
        field.cloned().unwrap_or_default()
    }));
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::fields::Fault;
    use crate::import::files::File;
    use crate::import::sheet::Row;

    #[test]
    fn a_rejected_row_comes_back_with_its_reason_and_can_be_read() {
        let header: Vec<String> = Kind::Events.columns().iter().map(|name| (*name).to_owned()).collect();
        let mut file = FileSummary::new(&File::new("events.csv", &b""[..]).unwrap());
        file.header = [&["reason".to_owned()], &header[..]].concat();
        let mut fields = vec![String::new(); file.header.len()];
        for (place, text) in [
            (0, "an older reason"),
            (1, "00123"),
            (3, "2024-02-30"),
            (11, "12"),
            (14, "229/12"),
        ] {
            fields[place] = text.to_owned();
        }
        let row = Row {
            line: 7,
            fields: fields.clone(),
            ..Row::default()
        };
        let fault = Fault {
            field: "start_date".into(),
            description: "is not a day".into(),
            reason: String::new(),
        };
        file.reject(
            row,
            vec![
                fault.clone(),
                Fault {
                    field: String::new(),
                    ..fault
                },
            ],
        );
        let summary = Summary {
            files: vec![file],
            ..Summary::default()
        };
        let bytes = rejects(&summary, Kind::Events).unwrap();
        let sheet = crate::import::workbook::read(&bytes, Kind::Events).unwrap();
        assert_eq!(sheet.rows.len(), 1);
        let mut expected = fields;
        expected[0] = "start_date: is not a day; is not a day".to_owned();
        assert_eq!(
            (&sheet.header[..1], &sheet.rows[0].fields),
            (&["reason".to_owned()][..], &expected)
        );
    }
}
