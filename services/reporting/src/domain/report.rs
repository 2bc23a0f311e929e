//! Reports: where one stands, and what may be done to it from there.

use banggiao_contracts::reporting::v1::{self as pb, ReportState};

use super::{Error, definition::check_etag, rule};

/// Refuses to issue what is no draft, or not the draft that the caller has seen.
///
/// # Errors
/// [`Error::Precondition`]; [`Error::StaleEtag`].
pub fn check_issuable(report: &pb::Report, etag: &str) -> Result<(), Error> {
    check_state(report, ReportState::Draft, "only a draft can be issued")?;
    check_etag(etag, &report.etag)
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
