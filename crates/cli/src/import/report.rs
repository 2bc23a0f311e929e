//! What became of the rows: counts per file, and every rejected row with its reasons.
//!
//! It owns the words of `events.csv:17: persons: …`. Nothing here sends anything.

use super::fields::Fault;
use super::files::File;
use super::kind::Kind;
use super::sheet::Row;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use banggiao_contracts::r#type::v1::{RowOutcome, RowResult};

/// Where a row that is under way came from.
#[derive(Debug)]
pub struct Origin {
    /// Index of its file in the summary.
    pub file: usize,
    /// The row.
    pub row: Row,
}

/// What became of an import.
#[derive(Debug, Default)]
pub struct Summary {
    /// The files in the order of import.
    pub files: Vec<FileSummary>,
    /// Position of the journal's log after the import, 0 if nothing was sent there.
    pub log_index: i64,
    /// Position of the registry after the import, 0 if nothing was sent there.
    pub registry_position: i64,
    /// Reporting was seen to have reached both positions.
    pub shown: bool,
}

/// What became of one file.
#[derive(Debug)]
pub struct FileSummary {
    /// What messages call the file.
    pub label: String,
    /// The file's kind.
    pub kind: Kind,
    /// New rows.
    pub accepted: usize,
    /// Rows that were known already.
    pub repeated: usize,
    /// Rows that were refused, by us or by the server.
    pub rejections: Vec<Rejection>,
    /// Why the whole file was refused.
    pub refused: Option<String>,
    /// The rows that could be read were not checked: in a dry run what they may refer to is not there yet.
    pub skipped: bool,
    pub(super) header: Vec<String>,
}

/// A row that was refused.
#[derive(Debug)]
pub struct Rejection {
    /// The row as it stands in the file.
    pub row: Row,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Summary {
    /// Whether every row of every file was taken.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.files
            .iter()
            .all(|file| file.rejections.is_empty() && file.refused.is_none())
    }

    /// Books the server's answer to a row.
    pub(super) fn book(&mut self, origin: Origin, result: &RowResult) {
        let Some(file) = self.files.get_mut(origin.file) else {
            return;
        };
        match result.outcome() {
            RowOutcome::Accepted => file.accepted += 1,
            RowOutcome::Repeated => file.repeated += 1,
            RowOutcome::Rejected | RowOutcome::Unspecified => {
                let faults = result.violations.iter().map(|violation| Fault {
                    field: file.kind.column_of(&violation.field),
                    description: violation.description.clone(),
                    reason: violation.reason.clone(),
                });
                let faults = faults.collect();
                file.reject(origin.row, faults);
            }
        }
    }
}

impl FileSummary {
    /// The summary of a file of which nothing is known yet.
    #[must_use]
    pub fn new(file: &File) -> Self {
        Self {
            label: file.label().to_owned(),
            kind: file.kind(),
            accepted: 0,
            repeated: 0,
            rejections: Vec::new(),
            refused: None,
            skipped: false,
            header: Vec::new(),
        }
    }

    pub(super) fn reject(&mut self, row: Row, faults: Vec<Fault>) {
        self.rejections.push(Rejection { row, faults });
    }

    /// One line per fault, in the order of the file.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self
            .refused
            .iter()
            .map(|reason| format!("{}: {reason}", self.label))
            .collect();
        let mut rejections: Vec<_> = self.rejections.iter().collect();
        rejections.sort_by_key(|rejection| rejection.row.line);
        for Rejection { row, faults } in rejections {
            let place = format!("{}:{}", self.label, row.line);
            if faults.is_empty() {
                lines.push(format!("{place}: refused without a reason"));
            }
            lines.extend(faults.iter().map(|fault| {
                let field = if fault.field.is_empty() {
                    String::new()
                } else {
                    format!("{}: ", fault.field)
                };
                let reason = if fault.reason.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", fault.reason)
                };
                format!("{place}: {field}{}{reason}", fault.description)
            }));
        }
        lines
    }
}

/// Names every refused file and rejected row on stderr.
pub fn print_rejections(summary: &Summary) {
    for line in summary.files.iter().flat_map(FileSummary::lines) {
        output::note(&line);
    }
}

/// Prints the counts.
///
/// # Errors
/// [`Error::Failure`] if stdout cannot be written.
pub fn print(session: &Session, summary: &Summary, dry_run: bool) -> Result<(), Error> {
    let lang = session.lang;
    if !dry_run && !summary.shown && (summary.log_index > 0 || summary.registry_position > 0) {
        output::note(lang.pick(
            "note: everything is stored, but figures do not show all of it yet",
            "lưu ý: đã lưu xong, nhưng số liệu chưa cập nhật hết",
        ));
    }
    if summary.files.iter().any(|file| file.skipped) {
        output::note(lang.pick(
            "note: events and corrections are not checked; they can be once units, programmes, markers and agreements \
             are imported",
            "lưu ý: chưa kiểm tra sự kiện và đính chính; chỉ kiểm tra được sau khi nhập đơn vị, đề án, mốc giới và thỏa thuận",
        ));
    }
    output::data(&match session.output {
        Output::Json => json(summary, dry_run),
        Output::Csv => table(summary, dry_run, lang).csv()?,
        Output::Table => table(summary, dry_run, lang).render(lang, output::width()),
    })
}

fn json(summary: &Summary, dry_run: bool) -> String {
    let files = summary.files.iter().map(|file| {
        let count = |count: usize| (!file.skipped).then_some(count);
        serde_json::json!({
            "file": file.label, "accepted": count(file.accepted), "repeated": count(file.repeated),
            "rejected": file.rejections.len(), "refused": file.refused, "skipped": file.skipped,
        })
    });
    let object = serde_json::json!({
        "files": files.collect::<Vec<_>>(), "logIndex": summary.log_index.to_string(),
        "registryPosition": summary.registry_position.to_string(), "dryRun": dry_run,
    });
    format!("{object:#}")
}

fn table(summary: &Summary, dry_run: bool, lang: Lang) -> Table {
    let mut table = Table::new(vec![
        Column::new("file", lang.pick("File", "Tệp")),
        Column::new("accepted", lang.pick("Accepted", "Đã nhập")),
        Column::new("repeated", lang.pick("Repeated", "Đã có")),
        Column::new("rejected", lang.pick("Rejected", "Từ chối")),
    ]);
    for file in &summary.files {
        // Of a refused file no row was looked at, which is another thing than none rejected. Of a skipped one, rows
        // that could not even be read are known.
        let known = |known: bool, count: usize| if known { Cell::number(count) } else { Cell::Absent };
        let looked_at = file.refused.is_none() && !file.skipped;
        table.push(vec![
            Cell::text(&file.label),
            known(looked_at, file.accepted),
            known(looked_at, file.repeated),
            known(looked_at || !file.rejections.is_empty(), file.rejections.len()),
        ]);
    }
    if dry_run {
        table.push_remark(lang.pick("Only checked, nothing is stored.", "Chỉ kiểm tra, không lưu gì."));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::r#type::v1::RowViolation;

    fn summary() -> Summary {
        let mut file = FileSummary::new(&File::new("events.csv", &b""[..]).unwrap());
        file.header = vec!["reference".into(), "persons".into()];
        let mut summary = Summary {
            files: vec![file],
            ..Summary::default()
        };
        let row = |line: u64| Row {
            line,
            fields: vec![format!("EV-{line}"), "a,b".into()],
            ..Row::default()
        };
        let violation = |field: &str| RowViolation {
            field: field.into(),
            description: "is wrong".into(),
            reason: "INVALID_FIELD".into(),
        };
        for (line, outcome, violations) in [
            (
                17,
                RowOutcome::Rejected,
                vec![violation("event.persons"), violation("")],
            ),
            (5, RowOutcome::Rejected, vec![]),
            (2, RowOutcome::Accepted, vec![]),
            (3, RowOutcome::Repeated, vec![]),
        ] {
            let result = RowResult {
                line: line as i64,
                outcome: outcome.into(),
                violations,
                ..RowResult::default()
            };
            summary.book(
                Origin {
                    file: 0,
                    row: row(line),
                },
                &result,
            );
        }
        summary
    }

    #[test]
    fn every_fault_is_named_by_line_and_column() {
        let summary = summary();
        let file = &summary.files[0];
        assert_eq!((file.accepted, file.repeated, file.rejections.len()), (1, 1, 2));
        assert!(!summary.clean());
        assert_eq!(
            file.lines(),
            [
                "events.csv:5: refused without a reason",
                "events.csv:17: persons: is wrong (INVALID_FIELD)",
                "events.csv:17: is wrong (INVALID_FIELD)",
            ]
        );
    }

    #[test]
    fn what_was_not_looked_at_has_no_counts() {
        let mut summary = summary();
        let row = |summary: &Summary, lang| {
            table(summary, true, lang)
                .csv()
                .unwrap()
                .lines()
                .nth(1)
                .map(str::to_owned)
        };
        assert_eq!(row(&summary, Lang::En).as_deref(), Some("events.csv,1,1,2"));
        summary.files[0].skipped = true;
        assert_eq!(row(&summary, Lang::En).as_deref(), Some("events.csv,,,2"));
        summary.files[0].rejections.clear();
        assert_eq!(row(&summary, Lang::En).as_deref(), Some("events.csv,,,"));
        let shown = table(&summary, true, Lang::Vi).render(Lang::Vi, None);
        assert_eq!(
            shown.lines().nth(2).map(|line| line.matches('–').count()),
            Some(3),
            "{shown}"
        );
        let json: serde_json::Value = serde_json::from_str(&json(&summary, true)).unwrap();
        assert!(json["files"][0]["accepted"].is_null() && json["files"][0]["skipped"] == true);
    }
}
