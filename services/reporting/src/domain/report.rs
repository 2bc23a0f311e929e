//! Reports: where one stands, and what may be done to it from there.

use banggiao_contracts::reporting::v1::{self as pb, ReportState};
use banggiao_model::hex;
use prost::Message;
use sha2::{Digest, Sha256};

use super::{Error, definition::check_etag, rule};

/// A report says at most so much.
const CONTENT_MAX: usize = 3 * 1024 * 1024;

/// Refuses to issue what is no draft, or says other than what the caller has seen.
///
/// # Errors
/// [`Error::Precondition`]; [`Error::StaleEtag`].
pub fn check_issuable(report: &pb::Report, content: &pb::ReportContent, seen: &str) -> Result<(), Error> {
    check_state(report, ReportState::Draft, "only a draft can be issued")?;
    check_etag(seen, &etag(report, content))
}

/// Refuses what would be too large to be handed to anybody: clients take messages of 4 MiB.
///
/// # Errors
/// [`Error::Precondition`].
pub fn check_size(report: &pb::Report, content: &pb::ReportContent) -> Result<(), Error> {
    let bytes = content.encoded_len();
    if bytes <= CONTENT_MAX {
        return Ok(());
    }
    let what = format!(
        "would be {bytes} bytes long with the records behind it, and {CONTENT_MAX} are taken: ask for a smaller unit, a \
         shorter period, or less in one report"
    );
    let name = if report.name.is_empty() {
        &report.template
    } else {
        &report.name
    };
    Err(Error::rule(rule::REPORT_TOO_LARGE, name, what))
}

/// The etag of a draft. It changes with what the draft says, whether somebody changed the draft or the records behind it;
/// that feeds have moved on is no change.
#[must_use]
pub fn etag(report: &pb::Report, content: &pb::ReportContent) -> String {
    let said = pb::ReportContent {
        journal_epoch: 0,
        log_index: 0,
        registry_epoch: 0,
        registry_position: 0,
        ..content.clone()
    };
    let hash: String = hex::encode(&Sha256::digest(said.encode_to_vec()))
        .chars()
        .take(16)
        .collect();
    format!("{}-{hash}", report.etag)
}

/// The digest of an issued report: SHA-256 over everything of it that was signed, its header without where it stands now,
/// and its content as it is kept.
#[must_use]
pub fn digest(report: &pb::Report, content: &[u8]) -> String {
    let header = pb::Report {
        state: ReportState::Unspecified.into(),
        superseded_by: String::new(),
        digest: String::new(),
        etag: String::new(),
        content: None,
        withheld: false,
        entry_log_index: 0,
        ..report.clone()
    };
    let mut digest = Sha256::new();
    digest.update(header.encode_length_delimited_to_vec());
    digest.update(content);
    hex::encode(&digest.finalize())
}

/// Refuses what takes a report that is issued and not yet corrected.
///
/// # Errors
/// [`Error::Precondition`].
pub fn check_issued(report: &pb::Report) -> Result<(), Error> {
    check_state(
        report,
        ReportState::Issued,
        "only an issued report can be corrected by another",
    )
}

/// Refuses what takes a report that was issued, be it corrected since.
///
/// # Errors
/// [`Error::Precondition`].
pub fn check_frozen(report: &pb::Report) -> Result<(), Error> {
    if report.state() == ReportState::Draft {
        return Err(Error::rule(
            rule::REPORT_STATE,
            &report.name,
            "is a draft: nothing of it was signed yet",
        ));
    }
    Ok(())
}

fn check_state(report: &pb::Report, state: ReportState, otherwise: &str) -> Result<(), Error> {
    if report.state() == state {
        return Ok(());
    }
    let is = report.state().as_str_name().trim_start_matches("REPORT_STATE_");
    Err(Error::rule(
        rule::REPORT_STATE,
        &report.name,
        format!("is {is}; {otherwise}"),
    ))
}

/// The draft that asks what an issued report asked.
#[must_use]
pub fn correction(of: &pb::Report, reason: &str) -> pb::Report {
    pb::Report {
        template: of.template.clone(),
        unit: of.unit.clone(),
        period: of.period.clone(),
        start_date: of.start_date.clone(),
        end_date: of.end_date.clone(),
        hierarchy: of.hierarchy,
        hierarchy_date: of.hierarchy_date.clone(),
        programme: of.programme.clone(),
        supersedes: of.name.clone(),
        reason: reason.to_owned(),
        state: ReportState::Draft.into(),
        ..pb::Report::default()
    }
}
