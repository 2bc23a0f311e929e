//! `attachment upload`, `get` and `download`, and the files that `event log` and `event correct` attach.
//!
//! It owns how a file becomes a stream and a stream a file. What kinds of documents there are is the server's business.

use crate::connection::Connection;
use crate::error::Error;
use crate::given::Given;
use crate::globals::Session;
use crate::output::Output;
use crate::target::Target;
use crate::{listing, names, nouns, output};
use anyhow::Context as _;
use banggiao_contracts::journal::v1 as pb;
use clap::Subcommand;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// One message of an upload carries so many bytes.
const DATA_BYTES: usize = 256 * 1024;

/// What can be done with attachments.
#[derive(Debug, Clone, Subcommand)]
pub enum AttachmentVerb {
    /// Store a document, so that events can name it: PDF, images, DOCX, XLSX, PPTX, ODT, ODS, plain text.
    Upload {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Show what a document is.
    Get {
        /// The document, by its name or SHA-256.
        #[arg(value_parser = names::attachment)]
        name: String,
    },
    /// Write a document into a file.
    Download {
        /// The document, by its name or SHA-256.
        #[arg(value_parser = names::attachment)]
        name: String,
        /// The file; `-` is stdout [default: called by its SHA-256, in this folder].
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Overwrite the file if it is there.
        #[arg(long)]
        force: bool,
    },
}

impl AttachmentVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        let connection = &session.connection;
        match self {
            Self::Upload { file } => {
                let stored = upload(connection, &file).await?;
                listing::print(session, &nouns::ATTACHMENT, &stored)
            }
            Self::Get { name } => listing::get(session, &nouns::ATTACHMENT, &pb::GetAttachmentRequest { name }).await,
            Self::Download { name, to, force } => download(session, name, to.as_deref(), force).await,
        }
    }
}

/// Uploads the files of `--attach`; an event names them by what they are called here.
pub(super) async fn attach(
    connection: &Connection,
    files: Option<Given<Vec<PathBuf>>>,
) -> Result<Option<Given<Vec<pb::EventAttachment>>>, Error> {
    let files = match files {
        Some(Given::Value(files)) => files,
        Some(Given::Empty) => return Ok(Some(Given::Empty)),
        None => return Ok(None),
    };
    let mut attachments = Vec::with_capacity(files.len());
    for file in files {
        let called = file.file_name().map(|name| name.to_string_lossy().into_owned());
        attachments.push(pb::EventAttachment {
            attachment: upload(connection, &file).await?.name,
            file_name: called.unwrap_or_default(),
            title: String::new(),
        });
    }
    Ok(Some(Given::Value(attachments)))
}

/// Sends a file. It is read twice: what it holds is said first, so that nothing is stored that differs.
async fn upload(connection: &Connection, path: &Path) -> Result<pb::Attachment, Error> {
    let file = path.to_owned();
    let said = tokio::task::spawn_blocking(move || said(&file)).await;
    let said = said.context("reading a file ended without an answer")??;
    let (sender, messages) = mpsc::channel(2);
    let file = path.to_owned();
    let sending = tokio::task::spawn_blocking(move || send(&file, said, &sender));
    let stored = connection
        .attachment_streams()
        .upload_attachment(ReceiverStream::new(messages))
        .await;
    let stored = stored.map_err(|status| Error::from(connection.located(status)));
    // A file that could not be read to its end is why the server refused what came of it.
    sending.await.context("reading a file ended without an answer")??;
    Ok(stored?.into_inner())
}

/// The first message, which says what the file holds.
fn said(path: &Path) -> anyhow::Result<pb::UploadAttachmentRequest> {
    let (mut hash, mut size_bytes) = (Sha256::new(), 0);
    pieces(path, |piece| {
        size_bytes += i64::try_from(piece.len()).unwrap_or(0);
        hash.update(&piece);
        true
    })?;
    Ok(pb::UploadAttachmentRequest {
        size_bytes: Some(size_bytes),
        sha256: hexadecimal(hash),
        data: Vec::new(),
    })
}

/// Sends the messages of a file until they are taken no more.
fn send(
    path: &Path,
    said: pb::UploadAttachmentRequest,
    sender: &mpsc::Sender<pb::UploadAttachmentRequest>,
) -> anyhow::Result<()> {
    if sender.blocking_send(said).is_err() {
        return Ok(());
    }
    pieces(path, |data| {
        let message = pb::UploadAttachmentRequest {
            data,
            ..pb::UploadAttachmentRequest::default()
        };
        sender.blocking_send(message).is_ok()
    })
}

/// The pieces of a file, as long as they are wanted.
fn pieces(path: &Path, mut wanted: impl FnMut(Vec<u8>) -> bool) -> anyhow::Result<()> {
    let cannot_read = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(cannot_read)?;
    loop {
        let mut piece = Vec::with_capacity(DATA_BYTES);
        let read = (&mut file).take(DATA_BYTES as u64).read_to_end(&mut piece);
        if read.with_context(cannot_read)? == 0 || !wanted(piece) {
            return Ok(());
        }
    }
}

async fn download(session: &Session, name: String, to: Option<&Path>, force: bool) -> Result<(), Error> {
    let connection = &session.connection;
    let digest = name.trim_start_matches("attachments/").to_owned();
    let request = pb::DownloadAttachmentRequest { name };
    let mut messages = connection
        .call(connection.attachment_streams().download_attachment(request))
        .await?;
    let (mut target, mut found) = (None, None);
    let mut hash = Sha256::new();
    while let Some(message) = connection.next(&mut messages).await? {
        let mut writing = match target.take() {
            Some(target) => target,
            None => {
                let media_type = message.attachment.as_ref().map(|found| found.media_type.as_str());
                let own = format!("{digest}{}", extension(media_type.unwrap_or_default()));
                Target::open(to.unwrap_or(Path::new(&own)), force)?
            }
        };
        found = message.attachment.or(found);
        hash.update(&message.data);
        writing.write(&message.data)?;
        target = Some(writing);
    }
    if hexadecimal(hash) != digest {
        return Err(Error::failure(
            "what came is not what the name says; nothing is kept of it",
        ));
    }
    match (target.map(Target::keep).transpose()?.flatten(), found) {
        (Some(path), Some(found)) if session.output == Output::Table => {
            output::note(&session.lang.pick(
                format!("{} ({} bytes)", path.display(), found.size_bytes),
                format!("{} ({} byte)", path.display(), found.size_bytes),
            ));
            Ok(())
        }
        (Some(_), Some(found)) => listing::print(session, &nouns::ATTACHMENT, &found),
        _ => Ok(()),
    }
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What files of a kind are called at their end.
fn extension(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => ".pdf",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "image/tiff" => ".tif",
        "text/plain" => ".txt",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => ".docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => ".xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => ".pptx",
        "application/vnd.oasis.opendocument.text" => ".odt",
        "application/vnd.oasis.opendocument.spreadsheet" => ".ods",
        _ => "",
    }
}
