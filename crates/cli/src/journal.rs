//! The verbs of the journal's nouns: event types, events and attachments.
//!
//! It owns which verbs of events there are; their flags and how these become requests stand in the modules below. Bulk
//! entry lives in [`crate::import`].

mod asked;
pub mod attachment;
pub mod calendar;
mod catalogue;
pub mod details;
pub mod diff;
pub mod duplicates;
pub mod entry;
pub mod event_type;
pub mod filter;
pub mod forms;
mod icalendar;
pub mod review;
mod told;
pub mod waiting;
mod words;

pub use event_type::EventTypeVerb;

use crate::connection::Connection;
use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, names, nouns};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::registry::v1::WhoAmIRequest;
use clap::{Args, Subcommand};
use prost::Message;

/// What can be done with events.
#[derive(Debug, Clone, Subcommand)]
pub enum EventVerb {
    /// List events, newest first day first.
    List(Box<EventList>),
    /// Show an event in its newest revision, or in another.
    Get {
        /// The event.
        #[arg(value_parser = names::event)]
        name: String,
        /// Number of the revision.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        revision: Option<i32>,
    },
    /// Show the revisions of an event, oldest first.
    Revisions {
        /// The event.
        #[arg(value_parser = names::event)]
        name: String,
        /// Which part of the list.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show in which fields two revisions of an event differ.
    Diff(diff::Diff),
    /// Log an event as a draft; on a terminal what is missing is asked for.
    Log(Box<entry::Log>),
    /// Correct fields of an event; an empty value makes a field unknown.
    Correct(Box<entry::Correct>),
    /// Say that a planned event was held, and with what result.
    Hold(Box<entry::Hold>),
    /// Submit a draft or returned event for approval.
    Submit(review::Step),
    /// Approve submitted events; several all or none.
    Approve(review::Approve),
    /// Return a submitted event to its recorder.
    Return(review::Return),
    /// Cancel an event.
    Cancel(review::Cancel),
    /// List what waits for approval, the longest first.
    Waiting(Box<waiting::Waiting>),
    /// List what is planned although its last day has passed: nobody has said whether it was held.
    Unreported(Box<EventList>),
    /// List pairs of events that may be the same, logged twice.
    Duplicates(Box<duplicates::Duplicates>),
    /// Decide whether two events that look alike are the same.
    Resolve(duplicates::Resolve),
    /// Give what is planned as an iCalendar file.
    Calendar(calendar::Calendar),
}

/// Which events a list shall hold, and which part of it.
#[derive(Debug, Clone, Default, Args)]
pub struct EventList {
    /// Which events.
    #[command(flatten)]
    pub filter: filter::Filter,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

impl EventList {
    async fn run(self, session: &Session, planned_not_reported: bool) -> Result<(), Error> {
        let filter = pb::EventFilter {
            planned_not_reported,
            ..self.filter.resolved(&session.connection).await?
        };
        let request = pb::ListEventsRequest {
            filter: Some(filter),
            ..pb::ListEventsRequest::default()
        };
        listing::list(session, &nouns::EVENT, &request, &self.page).await
    }
}

/// The name of the installation, which is the source of references unless another is given.
async fn installation(connection: &Connection) -> Result<String, Error> {
    let response = connection.call(connection.access().who_am_i(WhoAmIRequest {})).await?;
    Ok(response.installation)
}

/// Sends what changes an event, tells what is remarkable about it as it stands then, and prints it.
async fn send<M>(session: &Session, method: &str, request: &M, dry_run: bool) -> Result<(), Error>
where
    M: Message + prost::Name,
{
    let method = format!("banggiao.journal.v1.EventService/{method}");
    let event: pb::Event = change::typed(session, &method, request).await?;
    change::tell_dry_run(session, dry_run);
    told::event(session.lang, &event);
    listing::print(session, &nouns::EVENT, &event)
}

impl EventVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(list) => list.run(session, false).await,
            Self::Get { name, revision } => {
                let request = pb::GetEventRequest {
                    name,
                    revision: revision.unwrap_or_default(),
                };
                let event: pb::Event = crate::dynamic::ask(&session.connection, nouns::EVENT.get, &request).await?;
                told::event(session.lang, &event);
                listing::print(session, &nouns::EVENT, &event)
            }
            Self::Revisions { name, page } => {
                let request = pb::ListEventRevisionsRequest {
                    event: name,
                    ..pb::ListEventRevisionsRequest::default()
                };
                listing::list(session, &nouns::EVENT_REVISION, &request, &page).await
            }
            Self::Diff(diff) => diff.run(session).await,
            Self::Log(log) => log.run(session).await,
            Self::Correct(correct) => correct.run(session).await,
            Self::Hold(hold) => hold.run(session).await,
            Self::Submit(step) => step.submit(session).await,
            Self::Approve(approve) => approve.run(session).await,
            Self::Return(step) => step.run(session).await,
            Self::Cancel(step) => step.run(session).await,
            Self::Waiting(waiting) => waiting.run(session).await,
            Self::Unreported(list) => list.run(session, true).await,
            Self::Duplicates(duplicates) => duplicates.run(session).await,
            Self::Resolve(resolve) => resolve.run(session).await,
            Self::Calendar(calendar) => calendar.run(session).await,
        }
    }
}
