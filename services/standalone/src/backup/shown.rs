//! What a backup holds, on stdout: part by part, with positions, files and bytes.

use std::path::Path;

use anyhow::Context;
use banggiao_cli::{
    Error, Globals, Output, output,
    table::{Cell, Column, Table},
};

use super::manifest::{ATTACHMENTS, Manifest, SIGNING_KEY};

/// Prints what was copied from one folder to another as the command line asks: a table, or the manifest with the folder
/// where everything is now.
///
/// # Errors
/// If stdout cannot be written.
pub fn print(manifest: &Manifest, from: &Path, to: &Path, globals: &Globals) -> Result<(), Error> {
    let lang = globals.language();
    if globals.output == Output::Json {
        let mut shown = serde_json::to_value(manifest).context("the manifest cannot be shown")?;
        shown["folder"] = to.display().to_string().into();
        return output::data(&format!("{shown:#}"));
    }
    let mut table = Table::new(vec![
        Column::new("part", lang.pick("Part", "Phần")),
        Column::new("position", lang.pick("Position", "Vị trí")),
        Column::new("events", lang.pick("Events", "Hoạt động")),
        Column::new("files", lang.pick("Files", "Tệp")),
        Column::new("bytes", lang.pick("Bytes", "Byte")),
    ]);
    table.set_title(format!("{} → {}", from.display(), to.display()));
    let positions = &manifest.positions;
    let mut row = |part: &str, path: &str, position: Option<i64>, events: Option<u64>| {
        let (files, bytes) = counted(manifest, |file| file.starts_with(path));
        table.push(vec![
            Cell::text(part),
            position.map_or(Cell::Absent, Cell::number),
            events.map_or(Cell::Absent, Cell::number),
            Cell::number(files),
            Cell::number(bytes),
        ]);
    };
    row("registry", "registry.db", Some(positions.registry.position), None);
    row(
        "journal",
        "journal.db",
        Some(positions.journal.position),
        Some(manifest.events),
    );
    row(
        "reporting",
        "reporting.db",
        Some(positions.reporting_of_journal.position),
        None,
    );
    row(ATTACHMENTS, ATTACHMENTS, None, None);
    row(SIGNING_KEY, SIGNING_KEY, None, None);
    let (files, bytes) = counted(manifest, |_| true);
    table.push_sum(vec![
        Cell::text(lang.pick("Total", "Tổng")),
        Cell::Absent,
        Cell::Absent,
        Cell::number(files),
        Cell::number(bytes),
    ]);
    output::data(&match globals.output {
        Output::Csv => table.csv()?,
        Output::Table | Output::Json => table.render(lang, output::width()),
    })
}

fn counted(manifest: &Manifest, which: impl Fn(&str) -> bool) -> (usize, u64) {
    let files = manifest.files.iter().filter(|(path, _)| which(path));
    files.fold((0, 0), |(files, bytes), (_, digest)| (files + 1, bytes + digest.size))
}
