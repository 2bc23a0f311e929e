//! The rejected rows as files, to be mended and imported again.
//!
//! It owns their form: the header of their file, and nothing added.

use super::kind::Kind;
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
        fs::write(&path, rejects(summary, *kind)?).with_context(context)?;
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
    let failed = |error: csv::Error| Error::Failure(error.into());
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut header: Option<&[String]> = None;
    for file in summary.of_kind(kind).filter(|file| !file.rejections.is_empty()) {
        let first = header.is_none();
        let header = *header.get_or_insert(&file.header);
        if first {
            writer.write_record(header).map_err(failed)?;
        }
        let mut rejections: Vec<_> = file.rejections.iter().collect();
        rejections.sort_by_key(|rejection| rejection.row.line);
        for Rejection { row, .. } in rejections {
            // A second file may have its columns in another order; a row of the wrong length has none to go by.
            if header == file.header || row.fields.len() != file.header.len() {
                writer.write_record(&row.fields).map_err(failed)?;
                continue;
            }
            let place = |column: &String| file.header.iter().position(|name| name == column);
            let field = |column| {
                place(column)
                    .and_then(|index| row.fields.get(index))
                    .map_or("", String::as_str)
            };
            writer.write_record(header.iter().map(field)).map_err(failed)?;
        }
    }
    writer.into_inner().map_err(|error| Error::failure(error.to_string()))
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
                    fault: None,
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
}
