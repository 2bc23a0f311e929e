//! The verbs of the journal's nouns: event types, events and attachments.
//!
//! It owns their flags and how these become requests. Bulk entry lives in [`crate::import`].

pub mod attachment;
pub mod entry;

use crate::connection::Connection;
use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{choices, names, nouns};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::registry::v1::WhoAmIRequest;
use banggiao_contracts::r#type::v1::Direction;
use clap::{Args, Subcommand};

/// What can be done with event types.
#[derive(Debug, Clone, Subcommand)]
pub enum EventTypeVerb {
    /// List event types.
    List(PageArgs),
    /// Show an event type.
    Get {
        /// The event type, as JOINT_PATROL.
        #[arg(value_parser = names::event_type)]
        name: String,
        /// Number of the revision; by default the newest.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        revision: Option<i32>,
    },
}

impl EventTypeVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(page) => {
                listing::list(
                    session,
                    &nouns::EVENT_TYPE,
                    &pb::ListEventTypesRequest::default(),
                    &page,
                )
                .await
            }
            Self::Get { name, revision } => {
                let request = pb::GetEventTypeRequest {
                    name,
                    revision: revision.unwrap_or_default(),
                };
                listing::get(session, &nouns::EVENT_TYPE, &request).await
            }
        }
    }
}

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
    /// Log an event as a draft.
    Log(Box<entry::Log>),
    /// Correct fields of an event; an empty value makes a field unknown.
    Correct(Box<entry::Correct>),
    /// Submit a draft or returned event for approval.
    Submit(Step),
    /// Approve a submitted event.
    Approve(Step),
    /// Return a submitted event to its recorder.
    Return(ReasonedStep),
    /// Cancel an event.
    Cancel(ReasonedStep),
}

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

/// Which event a step of review is about, and why it is taken.
#[derive(Debug, Clone, Args)]
pub struct ReasonedStep {
    /// The event and its revision.
    #[command(flatten)]
    pub step: Step,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Which events a list shall hold.
#[derive(Debug, Clone, Default, Args)]
pub struct EventList {
    /// Only events with a home unit in the subtree of this unit.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only events of these types, as JOINT_PATROL.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = names::event_type)]
    pub types: Vec<String>,
    /// Only events whose home unit did not exist on their first day, as an act recorded later has it.
    #[arg(long)]
    pub home_unit_not_alive: bool,
    /// Only events that begin on this day or later.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub from: Option<String>,
    /// Only events that begin on this day or earlier.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub to: Option<String>,
    /// Only events with this direction: inbound, outbound.
    #[arg(long, value_parser = choices::direction)]
    pub direction: Option<Direction>,
    /// Only events under this programme.
    #[arg(long, value_parser = names::programme)]
    pub programme: Option<String>,
    /// Only events with a partner unit in the subtree of this unit.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub partner_unit: Option<String>,
    /// Only events in these states of review: draft, submitted, returned, approved.
    #[arg(long, value_delimiter = ',', value_parser = choices::review_state)]
    pub state: Vec<pb::ReviewState>,
    /// Only events in these phases: planned, held, cancelled.
    #[arg(long, value_delimiter = ',', value_parser = choices::phase)]
    pub phase: Vec<pb::Phase>,
    /// Only the event with this reference in its source.
    #[arg(long)]
    pub reference: Option<String>,
    /// The source of the reference; by default the installation's name.
    #[arg(long, requires = "reference")]
    pub source: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

impl EventList {
    fn request(&self, installation: &str) -> pb::ListEventsRequest {
        let external_reference = self.reference.as_ref().map(|reference| pb::ExternalReference {
            source: self.source.clone().unwrap_or_else(|| installation.to_owned()),
            reference: reference.clone(),
        });
        let filter = pb::EventFilter {
            unit: self.unit.clone().unwrap_or_default(),
            event_types: self.types.clone(),
            start_date: self.from.clone().unwrap_or_default(),
            end_date: self.to.clone().unwrap_or_default(),
            direction: self.direction.unwrap_or_default().into(),
            programme: self.programme.clone().unwrap_or_default(),
            partner_unit: self.partner_unit.clone().unwrap_or_default(),
            review_states: self.state.iter().map(|state| i32::from(*state)).collect(),
            phases: self.phase.iter().map(|phase| i32::from(*phase)).collect(),
            external_reference,
            classification: None,
            home_unit_not_alive: self.home_unit_not_alive,
            ..pb::EventFilter::default()
        };
        pb::ListEventsRequest {
            filter: Some(filter),
            ..pb::ListEventsRequest::default()
        }
    }
}

/// The name of the installation, which is the source of references unless another is given.
async fn installation(connection: &Connection) -> Result<String, Error> {
    let response = connection.call(connection.access().who_am_i(WhoAmIRequest {})).await?;
    Ok(response.installation)
}

impl EventVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        let event = match self {
            Self::List(args) => {
                let installation = match (&args.reference, &args.source) {
                    (Some(_), None) => installation(&session.connection).await?,
                    _ => String::new(),
                };
                return listing::list(session, &nouns::EVENT, &args.request(&installation), &args.page).await;
            }
            Self::Get { name, revision } => {
                let request = pb::GetEventRequest {
                    name,
                    revision: revision.unwrap_or_default(),
                };
                return listing::get(session, &nouns::EVENT, &request).await;
            }
            Self::Revisions { name, page } => {
                let request = pb::ListEventRevisionsRequest {
                    event: name,
                    ..Default::default()
                };
                return listing::list(session, &nouns::EVENT_REVISION, &request, &page).await;
            }
            Self::Log(log) => log.run(session).await?,
            Self::Correct(correct) => correct.run(session).await?,
            Self::Submit(step) => step.submit(&session.connection).await?,
            Self::Approve(step) => step.approve(&session.connection).await?,
            Self::Return(step) => step.give_back(&session.connection).await?,
            Self::Cancel(step) => step.cancel(&session.connection).await?,
        };
        listing::print(session, &nouns::EVENT, &event)
    }
}

impl Step {
    async fn submit(self, connection: &Connection) -> Result<pb::Event, Error> {
        let request = pb::SubmitEventRequest {
            name: self.name,
            etag: self.etag.unwrap_or_default(),
            ..Default::default()
        };
        connection.call(connection.events().submit_event(request)).await
    }

    async fn approve(self, connection: &Connection) -> Result<pb::Event, Error> {
        let request = pb::ApproveEventRequest {
            name: self.name,
            etag: self.etag.unwrap_or_default(),
            ..Default::default()
        };
        connection.call(connection.events().approve_event(request)).await
    }
}

impl ReasonedStep {
    async fn give_back(self, connection: &Connection) -> Result<pb::Event, Error> {
        let request = pb::ReturnEventRequest {
            name: self.step.name,
            etag: self.step.etag.unwrap_or_default(),
            reason: self.reason,
            ..Default::default()
        };
        connection.call(connection.events().return_event(request)).await
    }

    async fn cancel(self, connection: &Connection) -> Result<pb::Event, Error> {
        let request = pb::CancelEventRequest {
            name: self.step.name,
            etag: self.step.etag.unwrap_or_default(),
            reason: self.reason,
            ..Default::default()
        };
        connection.call(connection.events().cancel_event(request)).await
    }
}
