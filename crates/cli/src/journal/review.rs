//! The steps of review: submit, approve, return, cancel.
//!
//! It owns their flags and how these become requests.

use super::{send, told};
use crate::error::Error;
use crate::globals::Session;
use crate::{change, choices, listing, names, nouns};
use banggiao_contracts::journal::v1 as pb;
use clap::Args;

/// Which event a step of review is about.
#[derive(Debug, Clone, Args)]
pub struct Step {
    /// The event.
    #[arg(value_parser = names::event)]
    pub name: String,
    /// Etag of the revision that is meant; by default the newest.
    #[arg(long)]
    pub etag: Option<String>,
}

/// Which events are approved.
#[derive(Debug, Clone, Args)]
pub struct Approve {
    /// The events; several are approved all or none.
    #[arg(value_name = "EVENT", required = true, num_args = 1..=1000, value_parser = names::event)]
    pub events: Vec<String>,
    /// Etag of the revision that is meant, of one event; by default the newest.
    #[arg(long)]
    pub etag: Option<String>,
}

/// Which event is returned, and why.
#[derive(Debug, Clone, Args)]
pub struct Return {
    /// The event and its revision.
    #[command(flatten)]
    pub step: Step,
    /// What is to be mended: incomplete, wrong-figures, wrong-date, wrong-unit, wrong-type, document-missing, duplicate,
    /// plan-refused.
    #[arg(long, value_name = "CODE", required_unless_present = "reason", value_parser = choices::return_reason)]
    pub reason_code: Option<pb::ReturnReason>,
    /// What is to be mended, in words.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Which event is cancelled, and why.
#[derive(Debug, Clone, Args)]
pub struct Cancel {
    /// The event and its revision.
    #[command(flatten)]
    pub step: Step,
    /// Why: partner, order, weather, epidemic, situation, postponed, duplicate, recorded-in-error.
    #[arg(long, value_name = "CODE", required_unless_present = "reason", value_parser = choices::cancellation_reason)]
    pub reason_code: Option<pb::CancellationReason>,
    /// Why, in words.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

impl Step {
    pub(super) async fn submit(self, session: &Session) -> Result<(), Error> {
        let request = pb::SubmitEventRequest {
            name: self.name,
            etag: self.etag.unwrap_or_default(),
            ..pb::SubmitEventRequest::default()
        };
        send(session, "SubmitEvent", &request, false).await
    }
}

impl Approve {
    /// The request for several events, without its id.
    #[must_use]
    pub fn batch(self) -> pb::BatchApproveEventsRequest {
        let requests = self.events.into_iter().map(|name| pb::ApproveEventRequest {
            name,
            ..pb::ApproveEventRequest::default()
        });
        pb::BatchApproveEventsRequest {
            requests: requests.collect(),
            ..pb::BatchApproveEventsRequest::default()
        }
    }

    pub(super) async fn run(mut self, session: &Session) -> Result<(), Error> {
        if self.events.len() == 1 {
            let request = pb::ApproveEventRequest {
                name: self.events.remove(0),
                etag: self.etag.unwrap_or_default(),
                ..pb::ApproveEventRequest::default()
            };
            return send(session, "ApproveEvent", &request, false).await;
        }
        if self.etag.is_some() {
            return Err(Error::Usage("--etag is for one event".into()));
        }
        let method = "banggiao.journal.v1.EventService/BatchApproveEvents";
        let response = change::send(session, method, &self.batch()).await?;
        let approved: pb::BatchApproveEventsResponse =
            response.transcode_to().map_err(|error| Error::Failure(error.into()))?;
        for event in &approved.events {
            told::event(session.lang, event);
        }
        listing::print_list(session, &nouns::EVENT, &response)
    }
}

impl Return {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::ReturnEventRequest {
        pb::ReturnEventRequest {
            name: self.step.name,
            etag: self.step.etag.unwrap_or_default(),
            reason: self.reason.unwrap_or_default(),
            reason_code: self.reason_code.unwrap_or_default().into(),
            ..pb::ReturnEventRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        send(session, "ReturnEvent", &self.request(), false).await
    }
}

impl Cancel {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::CancelEventRequest {
        pb::CancelEventRequest {
            name: self.step.name,
            etag: self.step.etag.unwrap_or_default(),
            reason: self.reason.unwrap_or_default(),
            reason_code: self.reason_code.unwrap_or_default().into(),
            ..pb::CancelEventRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        send(session, "CancelEvent", &self.request(), false).await
    }
}
