//! Reports as documents: streamed to stdout or into a file that is there whole or not at all.
//!
//! It owns where the bytes go. What a document looks like is the server's business.

use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::names;
use crate::output;
use crate::target::Target;
use banggiao_contracts::reporting::v1 as pb;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Stdout, as files are named on the command line.
const STDOUT: &str = "-";

/// The document to write.
#[derive(Debug, Clone, Args)]
pub struct Render {
    /// The report.
    #[arg(value_parser = names::report)]
    pub name: String,
    /// The form of the document.
    #[arg(long, value_enum)]
    pub format: Format,
    /// The language of the document [default: that of tables].
    #[arg(long, value_enum)]
    pub language: Option<Lang>,
    /// The file; `-` is stdout [default: stdout].
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Overwrite the file if it is there.
    #[arg(long)]
    pub force: bool,
}

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Plain text, at most 100 columns wide.
    Text,
    /// Markdown with tables.
    Markdown,
}

impl Format {
    fn format(self) -> pb::DocumentFormat {
        match self {
            Self::Text => pb::DocumentFormat::Text,
            Self::Markdown => pb::DocumentFormat::Markdown,
        }
    }
}

impl Render {
    /// The request; `lang` is the language if none is given.
    #[must_use]
    pub fn request(&self, lang: Lang) -> pb::RenderReportRequest {
        pb::RenderReportRequest {
            name: self.name.clone(),
            format: self.format.format().into(),
            language: self.language.unwrap_or(lang).key().to_owned(),
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let to = self.to.as_deref().unwrap_or(Path::new(STDOUT));
        let written = write(session, self.request(session.lang), to, self.force).await?;
        if let Some(path) = written {
            output::note(&path.display().to_string());
        }
        Ok(())
    }
}

/// Shows a report as text in the language of the session.
///
/// # Errors
/// As RenderReport.
pub(super) async fn show(session: &Session, name: String) -> Result<(), Error> {
    let request = pb::RenderReportRequest {
        name,
        format: pb::DocumentFormat::Text.into(),
        language: session.lang.key().to_owned(),
    };
    write(session, request, Path::new(STDOUT), false).await.map(drop)
}

/// Writes the document; gives the file if it is one. Nothing is opened before the server has begun to answer, so that a
/// report that may not be read leaves no file behind.
async fn write(
    session: &Session,
    request: pb::RenderReportRequest,
    to: &Path,
    force: bool,
) -> Result<Option<PathBuf>, Error> {
    let connection = &session.connection;
    let mut messages = connection
        .call(connection.report_streams().render_report(request))
        .await?;
    let mut target = None;
    while let Some(message) = connection.next(&mut messages).await? {
        let mut writing = match target.take() {
            Some(target) => target,
            None => Target::open(to, force)?,
        };
        writing.write(&message.data)?;
        target = Some(writing);
    }
    target
        .ok_or_else(|| Error::failure("the server gave no document"))?
        .keep()
}
