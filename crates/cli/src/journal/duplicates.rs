//! `event duplicates` and `event resolve`: events that may be the same, and the decision.
//!
//! It owns their flags and how a pair looks. What is alike is the service's word.

use super::filter::Filter;
use super::told;
use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::output::Output;
use crate::table::{Cell, Column, Table};
use crate::{change, dynamic, json, names, nouns, output};
use banggiao_contracts::journal::v1 as pb;
use clap::Args;

/// Which pairs are listed.
#[derive(Debug, Clone, Default, Args)]
pub struct Duplicates {
    /// Only pairs with this event.
    #[arg(long, value_parser = names::event)]
    pub event: Option<String>,
    /// Only pairs of which one event passes this.
    #[command(flatten)]
    pub filter: Filter,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Which pair is decided, and how.
#[derive(Debug, Clone, Args)]
pub struct Resolve {
    /// The event that stays.
    #[arg(value_parser = names::event)]
    pub event: String,
    /// The other one.
    #[arg(value_parser = names::event)]
    pub other: String,
    /// They are one event, logged twice: the other one is cancelled, and its home units join the one that stays.
    #[arg(long, required_unless_present = "distinct", conflicts_with = "distinct")]
    pub same: bool,
    /// They are two events.
    #[arg(long)]
    pub distinct: bool,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

impl Duplicates {
    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let request = pb::ListPossibleDuplicatesRequest {
            filter: Some(self.filter.resolved(&session.connection).await?),
            event: self.event.unwrap_or_default(),
            ..pb::ListPossibleDuplicatesRequest::default()
        };
        let method = "banggiao.journal.v1.EventService/ListPossibleDuplicates";
        let response: pb::ListPossibleDuplicatesResponse =
            listing::typed(session, method, &request, &self.page).await?;
        if session.output == Output::Json {
            return output::data(&json::typed(&response)?);
        }
        let pair = Column::new("pair", session.lang.pick("Pair", "Cặp"));
        let columns = std::iter::once(pair).chain(listing::columns(&nouns::EVENT, session.lang));
        let mut table = Table::new(columns.collect());
        for (index, pair) in response.possible_duplicates.iter().enumerate() {
            for event in [&pair.first, &pair.second].into_iter().flatten() {
                let cells = listing::row(&nouns::EVENT, &dynamic::message(event)?, session.lang);
                table.push(std::iter::once(Cell::number(index + 1)).chain(cells).collect());
            }
        }
        listing::print_table(session, table)
    }
}

impl Resolve {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::ResolveDuplicateRequest {
        let resolution = if self.same {
            pb::DuplicateResolution::Same
        } else {
            pb::DuplicateResolution::Distinct
        };
        pb::ResolveDuplicateRequest {
            name: self.event,
            other: self.other,
            resolution: resolution.into(),
            reason: self.reason,
            ..pb::ResolveDuplicateRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let method = "banggiao.journal.v1.EventService/ResolveDuplicate";
        let resolved: pb::ResolveDuplicateResponse = change::typed(session, method, &self.request()).await?;
        if session.output == Output::Json {
            return output::data(&json::typed(&resolved)?);
        }
        let events: Vec<_> = [resolved.event, resolved.other].into_iter().flatten().collect();
        for event in &events {
            told::event(session.lang, event);
        }
        let list = pb::ListEventsResponse {
            events,
            ..pb::ListEventsResponse::default()
        };
        listing::print_list(session, &nouns::EVENT, &dynamic::message(&list)?)
    }
}
