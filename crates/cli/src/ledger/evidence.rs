//! Evidence: a figure, the records behind it, and for each the proof that it stands in the log as it does. It is one file of
//! JSON, to be read by people and checked years later without a server.
//!
//! What it proves: each record was in the log when the checkpoint was signed, with this very content; each adds what it is
//! said to add; and that makes the figure. That these are all the records, and that they belong to the unit, is said by
//! reporting and can be checked by asking it again.

mod amounts;

use super::examination::is_as_noted;
use super::given::Trusted;
use super::{entry, is_in};
use crate::error::Error;
use crate::json;
use anyhow::Context as _;
use banggiao_contracts::{journal::v1 as pb, reporting::v1 as reporting};
use banggiao_ledger::{Checkpoint, commitment, hex};
use prost::Message as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What the file says that it is.
const FORMAT: &str = "banggiao.org/evidence/v1";

/// Records with their proofs, and the figure that they make, if it is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The checkpoint for which the proofs hold.
    pub checkpoint: pb::Checkpoint,
    /// The proofs, each with the record.
    pub proofs: Vec<pb::GetInclusionProofResponse>,
    /// The figure.
    pub figure: Option<Figure>,
}

/// A figure as it was asked and answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What was asked.
    pub request: reporting::ExplainFigureRequest,
    /// The indicator that was asked for; absent for a sum.
    pub indicator: Option<reporting::Indicator>,
    /// What was answered, with all contributions.
    pub response: reporting::ExplainFigureResponse,
}

/// What came of checking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The log.
    pub origin: String,
    /// How many entries the checkpoint speaks of.
    pub size: u64,
    /// Its root, in hexadecimal digits.
    pub root: String,
    /// The key that its signature was checked with.
    pub key: String,
    /// Whether the caller gave it.
    pub key_is_given: bool,
    /// What does not fit: a record, and why.
    pub findings: Vec<(String, String)>,
}

impl Evidence {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let none = || format!("{shown} is not evidence that explain --export or ledger prove --export wrote");
        let value: Value = serde_json::from_str(&text).with_context(none)?;
        if value["format"] != FORMAT {
            return Err(Error::failure(none()));
        }
        let figure = match &value["figure"] {
            Value::Null => None,
            figure => Some(Figure {
                request: json::parsed(&figure["request"])?,
                indicator: match &figure["indicator"] {
                    Value::Null => None,
                    indicator => Some(json::parsed(indicator)?),
                },
                response: json::parsed(&figure["response"])?,
            }),
        };
        let proofs = value["proofs"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(Self {
            checkpoint: json::parsed(&value["checkpoint"])?,
            proofs: proofs.iter().map(json::parsed).collect::<Result<_, _>>()?,
            figure,
        })
    }

    /// As it stands in a file.
    ///
    /// # Errors
    /// If the contracts in this program do not hold its messages.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut value = serde_json::Map::new();
        value.insert("format".into(), FORMAT.into());
        if let Some(figure) = &self.figure {
            let mut of_figure = serde_json::Map::new();
            of_figure.insert("request".into(), json::value(&figure.request)?);
            if let Some(indicator) = &figure.indicator {
                of_figure.insert("indicator".into(), json::value(indicator)?);
            }
            of_figure.insert("response".into(), json::value(&figure.response)?);
            value.insert("figure".into(), of_figure.into());
        }
        value.insert("checkpoint".into(), json::value(&self.checkpoint)?);
        let proofs: Result<Vec<_>, _> = self.proofs.iter().map(json::value).collect();
        value.insert("proofs".into(), proofs?.into());
        let mut text = serde_json::to_string_pretty(&Value::Object(value)).context("cannot write the evidence")?;
        text.push('\n');
        Ok(text)
    }

    /// Checks everything that can be checked without asking anybody.
    ///
    /// # Errors
    /// If the checkpoint cannot be believed, or a file that the caller trusts cannot be read.
    pub fn verify(&self, trusted: &Trusted) -> Result<Checked, Error> {
        let sent = &self.checkpoint;
        let trust = trusted.trust(&sent.verifier_key)?;
        let (checkpoint, signers) = trust.believed(&sent.note)?;
        let mut findings = Vec::new();
        let mut fault = |why: &str| findings.push((String::new(), why.to_owned()));
        if !is_as_noted(sent, &checkpoint) {
            fault("the checkpoint is not what its note says");
        }
        for kept in trusted.kept()? {
            let (kept, _) = trust.believed_of(&kept)?;
            // Of other sizes nothing can be said without the hashes between.
            match (kept.size == checkpoint.size, kept.root == checkpoint.root) {
                (true, true) => {}
                (true, false) => fault("the checkpoint is not the one that was kept"),
                (false, _) => fault("the checkpoint that was kept is of another size, and nothing here compares them"),
            }
        }
        if self.proofs.is_empty() && self.figure.is_none() {
            fault("it proves nothing");
        }
        let mut records = BTreeMap::new();
        for proof in &self.proofs {
            match opened(proof, &checkpoint) {
                Ok(Opened::Event(revision)) => {
                    let event = revision.event.clone().unwrap_or_default();
                    records.insert((event.name, event.revision), *revision);
                }
                Ok(Opened::Report(_)) => {}
                Err((record, why)) => findings.push((record, why)),
            }
        }
        if let Some(figure) = &self.figure {
            amounts::check(figure, &records, &mut findings);
        }
        Ok(Checked {
            origin: checkpoint.origin.clone(),
            size: checkpoint.size,
            root: hex(&checkpoint.root),
            key: signers.last().map_or_else(String::new, ToString::to_string),
            key_is_given: trust.is_given,
            findings,
        })
    }
}

/// What a proof proves.
#[derive(Debug)]
pub enum Opened {
    /// A revision of an event.
    Event(Box<pb::EventRevision>),
    /// That a report with a digest was issued.
    Report(pb::LedgerReport),
}

/// The name of the record that an entry is about.
pub fn record(entry: &pb::LedgerEntry) -> String {
    let collection = match entry.kind() {
        pb::LedgerEntryKind::Report => "reports",
        _ => "events",
    };
    format!("{collection}/{}", entry.id)
}

/// The record that a proof is about, if it proves it.
fn opened(proof: &pb::GetInclusionProofResponse, checkpoint: &Checkpoint) -> Result<Opened, (String, String)> {
    let sent = proof.entry.clone().unwrap_or_default();
    let record = record(&sent);
    let fault = |why: &str| (record.clone(), why.to_owned());
    let entry = entry(&sent).ok_or_else(|| fault("its entry is malformed"))?;
    let salt: &[u8; 32] = sent
        .salt
        .as_slice()
        .try_into()
        .map_err(|_| fault("its content is withheld, or a part of it from whoever asked"))?;
    if commitment(salt, &sent.content) != entry.commitment {
        return Err(fault("its content is not what the log commits to"));
    }
    if u64::try_from(proof.tree_size) != Ok(checkpoint.size) {
        return Err(fault("its proof is for another checkpoint"));
    }
    is_in(&entry, sent.log_index, proof.tree_size, &proof.hashes, &checkpoint.root)
        .map_err(|why| (record.clone(), why))?;
    content(&sent, &record).ok_or_else(|| fault("its content does not read, or is of another record"))
}

/// What an entry commits to, if it is about the record that it is said to be about.
pub fn content(entry: &pb::LedgerEntry, record: &str) -> Option<Opened> {
    match entry.kind() {
        pb::LedgerEntryKind::Report => {
            let report = pb::LedgerReport::decode(entry.content.as_slice()).ok()?;
            (report.report == record).then_some(Opened::Report(report))
        }
        pb::LedgerEntryKind::EventRevision => {
            let revision = pb::EventRevision::decode(entry.content.as_slice()).ok()?;
            let event = revision.event.as_ref()?;
            let is_of_record = event.name == record && event.revision == entry.revision;
            is_of_record.then_some(Opened::Event(Box::new(revision)))
        }
        _ => None,
    }
}
