//! The rejected rows as files, to be mended and imported again.
//!
//! It owns their form: as CSV the header of their file and nothing added; as a workbook with the reasons beside them.

mod workbook;

use super::kind::{Kind, WORKBOOK};
use super::report::{FileSummary, Rejection, Summary};
use crate::error::Error;
use anyhow::Context as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the rejected rows under the header of their file, one file for each kind, and tells which files these are.
pub(super) fn write(summary: &Summary, path: &Path) -> Result<Vec<PathBuf>, Error> {
    let rejecting: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|kind| summary.of_kind(*kind).any(|file| !file.rejections.is_empty()))
        .collect();
    let mut written = Vec::new();
    for kind in &rejecting {
        let path = if rejecting.len() == 1 {
            path.to_owned()
        } else {
            suffixed(path, *kind)
        };
        let context = || format!("cannot write {}", path.display());
        let workbook = path.to_string_lossy().ends_with(WORKBOOK);
        let bytes = if workbook {
            workbook::rejects(summary, *kind)
        } else {
            rejects(summary, *kind)
        };
        fs::write(&path, bytes?).with_context(context)?;
        written.push(path);
    }
    Ok(written)
}

impl Summary {
    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &FileSummary> {
        self.files.iter().filter(move |file| file.kind == kind)
    }
}

/// `rejects.csv` becomes `rejects-events.csv`.
fn suffixed(path: &Path, kind: Kind) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path
        .extension()
        .map_or_else(String::new, |extension| format!(".{}", extension.to_string_lossy()));
    path.with_file_name(format!("{stem}-{}{extension}", kind.word()))
}

fn rejects(summary: &Summary, kind: Kind) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let mut header: Option<&[String]> = None;
    for file in summary.of_kind(kind).filter(|file| !file.rejections.is_empty()) {
        let first = header.is_none();
        let header = *header.get_or_insert(&file.header);
        if first {
            write_row(&mut text, header)?;
        }
        let mut rejections: Vec<_> = file.rejections.iter().collect();
        rejections.sort_by_key(|rejection| rejection.row.line);
        for Rejection { row, .. } in rejections {
            // With its damage a row is rejected again until somebody has mended it; fields guessed from it would not be.
            if let Some(damaged) = &row.damaged {
                // Of a line that was too long there is nothing: half of it might be taken for the whole.
                if damaged.is_empty() {
                    continue;
                }
                text.extend_from_slice(damaged.as_bytes());
                text.push(b'\n');
                continue;
            }
            // A second file may have its columns in another order; a row of the wrong length has none to go by.
            if header == file.header || row.fields.len() != file.header.len() {
                write_row(&mut text, &row.fields)?;
                continue;
            }
            let place = |column: &String| file.header.iter().position(|name| name == column);
            let field = |column| {
                place(column)
                    .and_then(|index| row.fields.get(index))
                    .map_or("", String::as_str)
            };
            write_row(&mut text, header.iter().map(field))?;
        }
    }
    Ok(text)
}

fn write_row(text: &mut Vec<u8>, fields: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<(), Error> {
    let failed = |error: csv::Error| Error::Failure(error.into());
    let mut writer = csv::Writer::from_writer(text);
    writer.write_record(fields).map_err(failed)?;
    writer.flush().map_err(|error| Error::Failure(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::files::File;
    use crate::import::sheet::Row;

    fn summary() -> Summary {
        let mut file = FileSummary::new(&File::new("events.csv", &b""[..]).unwrap());
        file.header = vec!["reference".into(), "persons".into()];
        for line in [17, 5] {
            file.reject(
                Row {
                    line,
                    fields: vec![format!("EV-{line}"), "a,b".into()],
                    ..Row::default()
                },
                vec![],
            );
        }
        Summary {
            files: vec![file],
            ..Summary::default()
        }
    }

    #[test]
    fn rejected_rows_can_be_written_back() {
        let summary = summary();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        assert_eq!(write(&summary, &path).unwrap(), std::slice::from_ref(&path));
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "reference,persons\nEV-5,\"a,b\"\nEV-17,\"a,b\"\n"
        );
        assert_eq!(suffixed(&path, Kind::Units).file_name().unwrap(), "rejects-units.csv");
        assert!(write(&Summary::default(), &path).unwrap().is_empty());
    }

    #[test]
    fn a_damaged_row_keeps_its_damage() {
        let mut summary = summary();
        let damaged = Row {
            line: 9,
            damaged: Some("EV-9,\"a".into()),
            ..Row::default()
        };
        summary.files[0].reject(damaged, vec![]);
        let text = rejects(&summary, Kind::Events).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "reference,persons\nEV-5,\"a,b\"\nEV-9,\"a\nEV-17,\"a,b\"\n"
        );
    }
}
