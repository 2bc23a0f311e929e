//! The verbs of returns: sending one, what was sent, what is still missing, and what somebody should look at.
//!
//! It owns their flags and how these become requests. The matrix of who has sent what is drawn in [`matrix`].

pub mod matrix;

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, choices, figures, names, nouns};
use banggiao_contracts::reporting::v1 as pb;
use clap::{Args, Subcommand};

/// What can be done with returns.
#[derive(Debug, Clone, Subcommand)]
pub enum ReturnVerb {
    /// Send a unit's return for a period: its records are complete, or there was nothing.
    Submit(Submit),
    /// List the returns that were sent, the newest first.
    List(ReturnList),
    /// Show which units have sent their returns for which periods.
    Matrix(matrix::Matrix),
    /// List what somebody should look at: ageing reviews, missed briefings, expiring agreements, unvisited markers.
    Findings(Findings),
}

/// The return to send.
#[derive(Debug, Clone, Args)]
pub struct Submit {
    /// The unit.
    #[arg(long, value_parser = names::unit)]
    pub unit: String,
    /// The period, as legal/2024-05.
    #[arg(long, value_parser = names::period)]
    pub period: String,
    /// There was nothing to report.
    #[arg(long)]
    pub nil: bool,
    /// A word to the superior unit.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Which returns a list shall hold.
#[derive(Debug, Clone, Default, Args)]
pub struct ReturnList {
    /// Only returns of this unit's subtree of today.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only returns for this period.
    #[arg(long, value_parser = names::period)]
    pub period: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

/// What is looked for.
#[derive(Debug, Clone, Default, Args)]
pub struct Findings {
    /// The unit whose subtree is meant.
    #[arg(long, value_parser = names::unit)]
    pub unit: String,
    /// Only these kinds: ageing-review, missed-briefing, expiring-agreement, unvisited-marker.
    #[arg(long, value_delimiter = ',', value_parser = choices::finding_kind)]
    pub kind: Vec<pb::FindingKind>,
    /// As of which day; by default today.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub date: Option<String>,
    /// A review is ageing after so many days; by default 10.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub review_days: Option<i32>,
    /// An agreement is expiring so many days before its end; by default 90.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub expiry_days: Option<i32>,
    /// A marker is unvisited after so many days; by default 180.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub marker_days: Option<i32>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

impl Submit {
    /// The request, without its id and minimum positions.
    #[must_use]
    pub fn request(self) -> pb::SubmitReturnRequest {
        pb::SubmitReturnRequest {
            r#return: Some(pb::Return {
                unit: self.unit,
                period: self.period,
                nil: self.nil,
                note: self.note.unwrap_or_default(),
                ..pb::Return::default()
            }),
            ..pb::SubmitReturnRequest::default()
        }
    }
}

impl ReturnList {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::ListReturnsRequest {
        pb::ListReturnsRequest {
            unit: self.unit.clone().unwrap_or_default(),
            period: self.period.clone().unwrap_or_default(),
            ..pb::ListReturnsRequest::default()
        }
    }
}

impl Findings {
    /// The request, without its page and minimum positions.
    #[must_use]
    pub fn request(&self) -> pb::ListFindingsRequest {
        pb::ListFindingsRequest {
            unit: self.unit.clone(),
            kinds: self.kind.iter().map(|kind| i32::from(*kind)).collect(),
            date: self.date.clone().unwrap_or_default(),
            review_days: self.review_days.unwrap_or_default(),
            expiry_days: self.expiry_days.unwrap_or_default(),
            marker_days: self.marker_days.unwrap_or_default(),
            ..pb::ListFindingsRequest::default()
        }
    }
}

impl ReturnVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::Submit(submit) => {
                let method = "banggiao.reporting.v1.ReturnService/SubmitReturn";
                let (heads, mut request) = (figures::heads(&session.connection).await?, submit.request());
                request.min_log_index = heads.log_index();
                request.min_registry_position = heads.registry_position();
                change::resource(session, &nouns::RETURN, method, &request, false).await
            }
            Self::List(list) => listing::list(session, &nouns::RETURN, &list.request(), &list.page).await,
            Self::Matrix(matrix) => matrix.run(session).await,
            Self::Findings(findings) => {
                let (heads, mut request) = (figures::heads(&session.connection).await?, findings.request());
                request.min_log_index = heads.log_index();
                request.min_registry_position = heads.registry_position();
                listing::list(session, &nouns::FINDING, &request, &findings.page).await
            }
        }
    }
}
