//! The two ways out: data on stdout, messages on stderr.
//!
//! It owns what happens when nobody reads them any more: a closed pipe ends quietly, since `banggiao event list | head`
//! is no failure.

use crate::error::Error;
use std::io::{self, IsTerminal as _, Write as _};

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// A table for people.
    Table,
    /// The protobuf JSON of the response, one object.
    Json,
    /// The table's columns with machine-readable numbers; an apostrophe stands before text that a spreadsheet would take
    /// for a formula.
    Csv,
}

/// The width that a table may have when stdout is a terminal that does not tell its own.
const WIDTH_FALLBACK: u16 = 100;
/// A terminal narrower than this cannot hold a table; the width is then taken for a mistake.
const WIDTH_MIN: u16 = 20;

/// Writes data to stdout, with one line break at its end.
///
/// # Errors
/// [`Error::Failure`] if stdout cannot be written, as on a full disk; a closed pipe is no error.
pub fn data(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    let line_break = if text.ends_with('\n') { "" } else { "\n" };
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.write_all(line_break.as_bytes()))
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Failure(
            anyhow::Error::new(error).context("cannot write to stdout"),
        )),
        _ => Ok(()),
    }
}

/// Writes a message to stderr. If stderr is closed there is nobody left to tell.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The width of the terminal on stdout; `None` if stdout is none, so that pipes get whole lines.
#[must_use]
pub fn width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let told = terminal_size::terminal_size().map(|(width, _)| width.0);
    Some(told.filter(|width| *width >= WIDTH_MIN).unwrap_or(WIDTH_FALLBACK))
}
