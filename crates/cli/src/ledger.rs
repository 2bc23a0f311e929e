//! `ledger` and `verify`: signed checkpoints, proofs, and checking a whole log or the evidence for a figure.
//!
//! It owns the verbs. Nothing here believes a server: what it gives is checked on this side, against a key and a checkpoint
//! that the caller has from elsewhere.

mod evidence;
mod examination;
mod file;
mod given;
mod keys;
mod shown;
mod words;

pub use evidence::{Evidence, Figure};
pub use examination::{Examination, Report};
pub use given::Trusted;
pub use keys::KeyVerb;

use crate::change;
use crate::error::Error;
use crate::globals::{Globals, Session};
use crate::names;
use crate::output::{self, Output};
use banggiao_contracts::{journal::v1 as pb, reporting::v1 as reporting};
use banggiao_ledger::{Entry, hex, proof};
use clap::{Args, Subcommand};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::path::PathBuf;
use std::time::Instant;

/// So many proofs are asked for at once.
const AT_ONCE: usize = 16;

/// What can be done with the ledger.
#[derive(Debug, Clone, Subcommand)]
pub enum LedgerVerb {
    /// Get a signed checkpoint: keep it, and nothing before it can ever be changed unnoticed.
    Checkpoint {
        /// Write the signed note into a file, overwriting it.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Write the key that it is checked with into a file, overwriting it.
        #[arg(long, value_name = "FILE")]
        key_to: Option<PathBuf>,
    },
    /// Prove that a revision of an event, or the digest of an issued report, is in the log.
    Prove {
        /// The event, or the report as reports/ID.
        #[arg(value_parser = names::record, value_name = "RECORD")]
        record: String,
        /// The event's revision [default: the newest].
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        revision: i32,
        /// Write what proves it into a file, overwriting it; `banggiao verify FILE` checks it anywhere.
        #[arg(long, value_name = "FILE")]
        export: Option<PathBuf>,
        /// With which key, and against which checkpoints.
        #[command(flatten)]
        trusted: Trusted,
    },
    /// Write the whole log into a file, overwriting it, to be checked where there is no server.
    Export {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// With the content of the events, not only what commits to it; needs the right to read everything.
        #[arg(long)]
        with_content: bool,
    },
    /// Check the whole log: every entry, every hash over it, and what was signed.
    Verify(Verify),
    /// Declare that a frozen log goes on from where it stands, in a new epoch.
    Recover {
        /// Why; it stands in the log for ever.
        #[arg(long)]
        reason: String,
        /// Others may have the key: make another one, though the log be sound, and destroy the former.
        #[arg(long)]
        new_key: bool,
    },
    /// The keys that sign for the log.
    #[command(subcommand)]
    Key(KeyVerb),
}

/// Which log to check.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// A log that `ledger export` wrote, in the place of the server's.
    #[arg(long, value_name = "FILE")]
    offline: Option<PathBuf>,
    /// With which key, and against which checkpoints.
    #[command(flatten)]
    trusted: Trusted,
}

/// A file to check.
#[derive(Debug, Clone, Args)]
pub struct VerifyFile {
    /// What `explain --export` or `ledger prove --export` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// With which key, and against which checkpoints.
    #[command(flatten)]
    trusted: Trusted,
}

impl LedgerVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::Checkpoint { to, key_to } => checkpoint(session, to, key_to).await,
            Self::Prove {
                record,
                revision,
                export,
                trusted,
            } => prove(session, record, revision, export, &trusted).await,
            Self::Export { file, with_content } => export(session, &file, with_content).await,
            Self::Verify(verify) => verify.online(session).await,
            Self::Recover { reason, new_key } => recover(session, reason, new_key).await,
            Self::Key(verb) => verb.run(session).await,
        }
    }

    /// The file that stands in the place of a server, if there is one.
    pub(crate) fn without_server(&self) -> Option<&Verify> {
        match self {
            Self::Verify(verify) if verify.offline.is_some() => Some(verify),
            _ => None,
        }
    }
}

async fn checkpoint(session: &Session, to: Option<PathBuf>, key_to: Option<PathBuf>) -> Result<(), Error> {
    let connection = &session.connection;
    let head = head(session).await?;
    let request = pb::GetCheckpointRequest { min_log_index: head };
    let checkpoint = connection.call(connection.ledger().get_checkpoint(request)).await?;
    if let Some(to) = key_to {
        file::write(&to, format!("{}\n", checkpoint.verifier_key).as_bytes())?;
    }
    if let Some(to) = to {
        file::write(&to, checkpoint.note.as_bytes())?;
        output::note(&session.lang.pick(
            format!("key: {}", checkpoint.verifier_key),
            format!("khóa: {}", checkpoint.verifier_key),
        ));
        return Ok(());
    }
    match session.output {
        Output::Json => output::data(&crate::json::typed(&checkpoint)?),
        Output::Table | Output::Csv => {
            output::note(&checkpoint.verifier_key);
            output::data(&checkpoint.note)
        }
    }
}

/// How many entries there are: what was written before is in the checkpoint that is asked for next.
async fn head(session: &Session) -> Result<i64, Error> {
    let connection = &session.connection;
    let head = connection
        .call(connection.event_feed().get_head(pb::GetHeadRequest {}))
        .await?;
    Ok(head.log_index)
}

async fn prove(
    session: &Session,
    record: String,
    revision: i32,
    export: Option<PathBuf>,
    trusted: &Trusted,
) -> Result<(), Error> {
    let connection = &session.connection;
    let asked = record.clone();
    let mut request = pb::GetInclusionProofRequest {
        revision,
        ..pb::GetInclusionProofRequest::default()
    };
    if names::is_report(&record) {
        request.digest = digest(session, &record).await?;
        request.report = record;
    } else {
        request.event = record;
    }
    let proof = connection
        .call(connection.ledger().get_inclusion_proof(request))
        .await?;
    let proved = proof.entry.as_ref().map(evidence::record);
    if proved.as_deref() != Some(asked.as_str()) {
        return Err(Error::failure(format!(
            "the proof is of {}",
            proved.unwrap_or_default()
        )));
    }
    let evidence = Evidence {
        checkpoint: proof.checkpoint.clone().unwrap_or_default(),
        proofs: vec![proof],
        figure: None,
    };
    let report = evidence.verify(trusted)?;
    if let Some(file) = export {
        file::write(&file, evidence.to_json()?.as_bytes())?;
    }
    shown::evidence(&evidence, &report, session.output, session.lang)
}

/// The digest of an issued report, which reporting tells whoever may read it.
async fn digest(session: &Session, report: &str) -> Result<Vec<u8>, Error> {
    let connection = &session.connection;
    let name = report.to_owned();
    let asked = reporting::GetReportRequest { name };
    let report = connection.call(connection.report_streams().get_report(asked)).await?;
    let digest = banggiao_model::hex::decode(&report.digest).filter(|digest| !digest.is_empty());
    digest.ok_or_else(|| {
        Error::failure(format!(
            "{} is not issued: there is nothing signed to prove",
            report.name
        ))
    })
}

async fn export(session: &Session, file: &std::path::Path, with_content: bool) -> Result<(), Error> {
    let mut writer = file::Writer::create(file)?;
    let mut entries = 0_usize;
    each(session, with_content, |message| {
        entries += message.entries.len();
        writer.put(&message)
    })
    .await?;
    writer.finish()?;
    output::note(&session.lang.pick(
        format!("{entries} entries are in {}", file.display()),
        format!("đã ghi {entries} mục vào {}", file.display()),
    ));
    Ok(())
}

/// The messages of the log.
async fn each(
    session: &Session,
    include_content: bool,
    mut take: impl FnMut(pb::ListEntriesResponse) -> Result<(), Error>,
) -> Result<(), Error> {
    let connection = &session.connection;
    let request = pb::ListEntriesRequest { include_content };
    let mut stream = connection
        .call(connection.ledger_stream().list_entries(request))
        .await?;
    while let Some(message) = connection.next(&mut stream).await? {
        take(message)?;
    }
    Ok(())
}

/// Refuses what nobody could check from the evidence alone.
fn provable(
    request: &reporting::ExplainFigureRequest,
    indicator: Option<&reporting::Indicator>,
) -> Result<(), &'static str> {
    let of_indicator = indicator.and_then(|indicator| indicator.measure.as_ref());
    let measure = of_indicator.or(request.measures.first());
    if let Some(reporting::measure::Source::SumOf(_)) = measure.and_then(|measure| measure.source.as_ref()) {
        return Err("several indicators taken together: write the evidence for each");
    }
    if request.period.starts_with("calendars/campaign/") {
        return Err("a campaign, whose days are not in the evidence: give --from and --to");
    }
    Ok(())
}

/// Writes a figure with what proves the records behind it.
///
/// # Errors
/// [`Error::Usage`] for a figure over agreements, which do not stand in the log; otherwise as the calls.
pub async fn export_figure(
    session: &Session,
    request: reporting::ExplainFigureRequest,
    response: &reporting::ExplainFigureResponse,
    file: &std::path::Path,
) -> Result<(), Error> {
    let connection = &session.connection;
    let contributions = &response.contributions;
    if contributions
        .iter()
        .any(|contribution| !contribution.resource.starts_with("events/"))
    {
        return Err(Error::Usage(
            "--export is for figures over events: agreements do not stand in the journal's log".into(),
        ));
    }
    let indicator = match request.indicators.first() {
        None => None,
        Some(name) => {
            let asked = reporting::GetIndicatorRequest {
                name: name.clone(),
                revision: 0,
            };
            Some(connection.call(connection.indicators().get_indicator(asked)).await?)
        }
    };
    provable(&request, indicator.as_ref()).map_err(|why| Error::Usage(format!("--export is not for {why}")))?;
    let checkpoint = pb::GetCheckpointRequest {
        min_log_index: response.log_index,
    };
    let checkpoint = connection.call(connection.ledger().get_checkpoint(checkpoint)).await?;
    let proofs = stream::iter(contributions.iter().map(|contribution| {
        let request = pb::GetInclusionProofRequest {
            event: contribution.resource.clone(),
            revision: contribution.revision,
            tree_size: checkpoint.tree_size,
            ..pb::GetInclusionProofRequest::default()
        };
        async move { connection.call(connection.ledger().get_inclusion_proof(request)).await }
    }));
    let proofs = proofs.buffered(AT_ONCE).try_collect::<Vec<_>>().await?;
    let evidence = Evidence {
        checkpoint,
        proofs,
        figure: Some(Figure {
            request,
            indicator,
            response: response.clone(),
        }),
    };
    let checked = evidence.verify(&Trusted::default())?;
    if let Some((record, why)) = checked.findings.first() {
        return Err(Error::failure(format!("the figure cannot be proved: {record} {why}")));
    }
    file::write(file, evidence.to_json()?.as_bytes())?;
    let records = evidence.proofs.len();
    output::note(&session.lang.pick(
        format!("the proofs of {records} records are in {}", file.display()),
        format!("đã ghi bằng chứng của {records} bản ghi vào {}", file.display()),
    ));
    Ok(())
}

impl Verify {
    async fn online(self, session: &Session) -> Result<(), Error> {
        let (began, mut examination) = (Instant::now(), Examination::new(&self.trusted));
        each(session, false, |message| examination.take(&message)).await?;
        let report = examination.finish(began.elapsed())?;
        shown::report(&report, session.output, session.lang)
    }

    pub(crate) fn offline(&self, globals: &Globals) -> Result<(), Error> {
        let Some(file) = &self.offline else { return Ok(()) };
        let (began, mut examination) = (Instant::now(), Examination::new(&self.trusted));
        for message in file::Reader::open(file)? {
            examination.take(&message?)?;
        }
        let report = examination.finish(began.elapsed())?;
        shown::report(&report, globals.output, globals.language())
    }
}

impl VerifyFile {
    pub(crate) fn run(&self, globals: &Globals) -> Result<(), Error> {
        let evidence = Evidence::read(&self.file)?;
        let report = evidence.verify(&self.trusted)?;
        shown::evidence(&evidence, &report, globals.output, globals.language())
    }
}

async fn recover(session: &Session, reason: String, new_key: bool) -> Result<(), Error> {
    let method = "banggiao.journal.v1.LedgerService/RecoverLog";
    let request = pb::RecoverLogRequest {
        reason,
        request_id: String::new(),
        new_key,
    };
    let recovery: pb::LedgerRecovery = change::typed(session, method, &request).await?;
    if session.output == Output::Json {
        return output::data(&crate::json::typed(&recovery)?);
    }
    let (epoch, kept, index) = (recovery.epoch, recovery.kept_log_index, recovery.log_index);
    output::note(&session.lang.pick(
        format!("epoch {epoch} of the log begins with entry {index}; {kept} entries were kept"),
        format!("thời kỳ {epoch} của nhật ký bắt đầu từ mục {index}; giữ lại {kept} mục"),
    ));
    if new_key {
        keys::new(session, &recovery.verifier_key);
    }
    Ok(())
}

/// An entry as it is hashed; nothing if a part of it cannot be one.
fn entry(entry: &pb::LedgerEntry) -> Option<Entry> {
    Some(Entry {
        kind: u8::try_from(entry.kind).ok()?,
        id: entry.id.clone(),
        revision: u32::try_from(entry.revision).ok()?,
        commitment: entry.commitment.as_slice().try_into().ok()?,
    })
}

/// Whether an entry is in a tree.
fn is_in(
    entry: &Entry,
    log_index: i64,
    size: i64,
    hashes: &[Vec<u8>],
    root: &banggiao_ledger::Hash,
) -> Result<(), String> {
    let malformed = || "the proof is malformed".to_owned();
    let leaf = u64::try_from(log_index.saturating_sub(1)).map_err(|_| malformed())?;
    let size = u64::try_from(size).map_err(|_| malformed())?;
    let hashes: Option<Vec<_>> = hashes.iter().map(|hash| hash.as_slice().try_into().ok()).collect();
    let hashes = hashes.ok_or_else(malformed)?;
    proof::verify_inclusion(&entry.leaf_hash(), leaf, size, &hashes, root)
        .map_err(|error| format!("{error} (leaf hash {})", hex(&entry.leaf_hash())))
}
