//! `import`: files of the import format into registry and journal.
//!
//! It owns the order of the work: registry rows first, then events and corrections, then waiting until figures show
//! them. Files come from folders or, for a demonstration, from memory.

mod cuts;
pub mod fields;
pub mod files;
pub mod kind;
pub mod lane;
pub mod order;
mod rejects;
pub mod report;
pub mod rows;
pub mod sheet;
pub mod stream;
pub mod template;
mod wait;
pub mod workbook;

pub use files::File;
pub use kind::Kind;
pub use report::{FileSummary, Rejection, Summary};

use crate::connection::Connection;
use crate::error::Error;
use crate::globals::Session;
use crate::{names, output};
use banggiao_contracts::journal::v1::ImportEventsRow;
use banggiao_contracts::registry::v1::{ImportRow, WhoAmIRequest};
use fields::Fields;
use indicatif::{ProgressBar, ProgressStyle};
use lane::{Journal, Lane, Registry};
use report::Origin;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// What to import.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folders and files: units.csv, reorganizations.csv, programmes.csv, markers.csv, agreements.csv, events.csv,
    /// corrections.csv; or workbooks of the same names and columns, as events.xlsx.
    #[arg(value_name = "DIR|FILE", required_unless_present = "template")]
    pub paths: Vec<PathBuf>,
    /// Write an entry form for events instead, to be filled in and imported: events.xlsx.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "dry_run", "source", "rejects"])]
    pub template: Option<PathBuf>,
    /// Offer only this unit and those below it as home units in the form.
    #[arg(long, requires = "template", conflicts_with = "paths", value_parser = names::unit)]
    pub unit: Option<String>,
    /// Overwrite the form if it is there already.
    #[arg(long, requires = "template", conflicts_with = "paths")]
    pub force: bool,
    /// Only check, store nothing; events and corrections wait until what they may refer to is imported.
    #[arg(long)]
    pub dry_run: bool,
    /// Where the rows come from; by default the installation's name.
    #[arg(long)]
    pub source: Option<String>,
    /// Write the rejected rows to this file, one file for each kind: CSV, or a workbook that says why if it ends in .xlsx.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

/// What to import, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The files, in any order.
    pub files: Vec<File>,
    /// Where the rows come from; by default the installation's name.
    pub source: Option<String>,
    /// Only check, store nothing.
    pub dry_run: bool,
    /// Show a progress bar on stderr.
    pub progress: bool,
}

/// Imports what the command line names, prints the summary, and fails if anything was rejected.
///
/// # Errors
/// [`Error::Usage`] for a file that is none of ours, [`Error::Reported`] if anything was rejected, otherwise as
/// [`run`].
pub async fn command(session: &Session, args: Args) -> Result<(), Error> {
    if let Some(path) = &args.template {
        return template::command(session, path, args.unit.as_deref(), args.force).await;
    }
    let found = files::find(&args.paths)?;
    for left in &found.left {
        output::note(
            &session
                .lang
                .pick(format!("{left}: left alone"), format!("{left}: bỏ qua")),
        );
    }
    let progress = std::io::stderr().is_terminal();
    let options = Options {
        files: found.files,
        source: args.source,
        dry_run: args.dry_run,
        progress,
    };
    let mut summary = Summary::default();
    let outcome = run_into(&session.connection, &options, &mut summary).await;
    // Whatever stopped the import, what is known of the rows so far is told.
    report::print_rejections(&summary);
    if let Some(path) = &args.rejects {
        for written in rejects::write(&summary, path)? {
            output::note(&session.lang.pick(
                format!("rejected rows: {}", written.display()),
                format!("dòng bị từ chối: {}", written.display()),
            ));
        }
    }
    outcome?;
    report::print(session, &summary, args.dry_run)?;
    if summary.clean() { Ok(()) } else { Err(Error::Reported) }
}

/// Imports files. Rejected rows and refused files are part of the summary, not errors.
///
/// # Errors
/// UNAVAILABLE if the server is away for longer than retries bridge, and every other status that ends a stream.
pub async fn run(connection: &Connection, options: &Options) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    run_into(connection, options, &mut summary).await?;
    Ok(summary)
}

async fn run_into(connection: &Connection, options: &Options, summary: &mut Summary) -> Result<(), Error> {
    let (registry_rows, journal_rows) = read(&options.files, summary);
    if registry_rows.is_empty() && journal_rows.is_empty() {
        return Ok(());
    }
    let source = match &options.source {
        Some(source) => source.clone(),
        None => installation(connection).await?,
    };
    let bar = progress_bar(options.progress, registry_rows.len() + journal_rows.len());
    let registry = Registry {
        source: source.clone(),
        dry_run: options.dry_run,
    };
    summary.registry_position = send(connection, &registry, registry_rows, &bar, summary).await?;
    // What was only checked there is not known here, and events that name it would be rejected without being wrong.
    if options.dry_run && summary.files.iter().any(|file| file.accepted > 0) {
        for (_, origin) in &journal_rows {
            summary.files[origin.file].skipped = true;
        }
    } else {
        let journal = Journal {
            source,
            dry_run: options.dry_run,
            min_registry_position: summary.registry_position.max(newest(connection, &journal_rows).await),
        };
        summary.log_index = send(connection, &journal, journal_rows, &bar, summary).await?;
    }
    bar.finish_and_clear();
    if !options.dry_run {
        summary.shown = wait::until_shown(connection, summary.log_index, summary.registry_position).await;
    }
    Ok(())
}

/// Where the registry stands, if rows may name what another command has put there a moment ago. Whoever cannot be asked is
/// not waited for.
async fn newest(connection: &Connection, rows: &[Sent<ImportEventsRow>]) -> i64 {
    if rows.is_empty() {
        return 0;
    }
    let heads = crate::figures::heads(connection).await;
    heads.map_or(0, |heads| heads.registry_position())
}

/// A row to be sent, and where it came from.
type Sent<M> = (M, Origin);

/// Reads the files in the order of import. What cannot be read is booked; the rest is for registry and journal.
fn read(files: &[File], summary: &mut Summary) -> (Vec<Sent<ImportRow>>, Vec<Sent<ImportEventsRow>>) {
    let mut files: Vec<_> = files.iter().collect();
    // Sorting is stable: two files of one kind stay in the order in which they were named.
    files.sort_by_key(|file| file.kind());
    let mut registry_rows = Vec::new();
    let mut journal_rows = Vec::new();
    for file in files {
        let index = summary.files.len();
        let mut outcome = FileSummary::new(file);
        match sheet_of(file) {
            Err(reason) => outcome.refused = Some(reason),
            Ok(sheet) => match file.kind() {
                kind @ (Kind::Events | Kind::Corrections) => {
                    let parse = |fields: &mut Fields<'_>, line| rows::journal::row(kind, fields, line);
                    rows::prepare(&sheet, &mut outcome, parse, &mut |row, origin| {
                        journal_rows.push((row, Origin { file: index, ..origin }));
                    });
                }
                kind => {
                    let mut prepared = Vec::new();
                    let parse = |fields: &mut Fields<'_>, line| rows::registry::row(kind, fields, line);
                    rows::prepare(&sheet, &mut outcome, parse, &mut |row, origin| {
                        prepared.push((row, Origin { file: index, ..origin }));
                    });
                    registry_rows.extend(order::parents_first(prepared));
                }
            },
        }
        summary.files.push(outcome);
    }
    (registry_rows, journal_rows)
}

/// A file's sheet, in whichever format it stands.
fn sheet_of(file: &File) -> Result<sheet::Sheet, String> {
    let kind = file.kind();
    if file.is_workbook() {
        return workbook::read(file.bytes(), kind);
    }
    sheet::read_with(file.bytes(), file.left_out(), kind.columns(), &workbook::optional(kind))
}

/// Sends rows over one lane and books every answer, those before a failure included.
async fn send<L: Lane>(
    connection: &Connection,
    lane: &L,
    rows: Vec<(L::Row, Origin)>,
    bar: &ProgressBar,
    summary: &mut Summary,
) -> Result<i64, Error> {
    let (rows, origins): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let batches = stream::batches(rows);
    let mut answers = Vec::new();
    let outcome = stream::send(connection, lane, &batches, &mut answers, bar).await;
    let results = answers.iter().flat_map(|answer| &answer.results);
    for (origin, result) in origins.into_iter().zip(results) {
        summary.book(origin, result);
    }
    if outcome.is_err() {
        bar.finish_and_clear();
    }
    outcome?;
    Ok(answers.iter().map(|answer| answer.position).max().unwrap_or_default())
}

/// The name of the installation, which is the source of its imports unless another is given.
async fn installation(connection: &Connection) -> Result<String, Error> {
    let mut patience = stream::Patience::default();
    loop {
        match connection.call(connection.access().who_am_i(WhoAmIRequest {})).await {
            Ok(response) if response.installation.is_empty() => {
                return Err(Error::failure(
                    "the server does not tell its installation's name: give --source",
                ));
            }
            Ok(response) => return Ok(response.installation),
            Err(Error::Status(status)) if stream::may_be_repeated(&status) && patience.wait().await => {}
            Err(error) => return Err(error),
        }
    }
}

fn progress_bar(shown: bool, rows: usize) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rows as u64);
    // A template that indicatif does not understand leaves its own style, which is good enough.
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}
