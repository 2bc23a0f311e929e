//! The verbs of event types.
//!
//! It owns their flags and how these become requests. How the catalogue looks stands in [`super::catalogue`].

use super::catalogue;
use crate::error::Error;
use crate::given::{Draft, Given, Names, count, each, given, list, text};
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, choices, dynamic, names, nouns};
use banggiao_contracts::journal::v1 as pb;
use banggiao_model::decimal;
use clap::{Args, Subcommand};
use prost_types::FieldMask;
use std::collections::BTreeMap;

/// What can be done with event types.
#[derive(Debug, Clone, Subcommand)]
pub enum EventTypeVerb {
    /// List event types, and what their events need and may carry.
    List(PageArgs),
    /// Show an event type in its newest revision, or in another.
    Get {
        /// The event type, as JOINT_PATROL.
        #[arg(value_parser = names::event_type)]
        name: String,
        /// Number of the revision; by default the newest.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        revision: Option<i32>,
    },
    /// Add an event type.
    Create(Box<Create>),
    /// Change an event type from now on; events that were recorded keep the revision by which they were checked.
    Update(Box<Update>),
}

/// The event type to add.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The id that it shall have, as joint-patrol.
    #[arg(value_name = "ID", value_parser = names::event_type)]
    pub name: String,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
}

/// The fields to change. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The event type, as JOINT_PATROL.
    #[arg(value_name = "ID", value_parser = names::event_type)]
    pub name: String,
    /// The fields.
    #[command(flatten)]
    pub details: Details,
    /// Etag that was read: the type must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
}

/// What an event type is. Lists are given as a whole.
#[derive(Debug, Clone, Default, Args)]
pub struct Details {
    /// Its names; those in other languages stay.
    #[command(flatten)]
    pub names: Names,
    /// Heading under which reports list it, as visits or border.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub group: Option<Given<String>>,
    /// Parts that its events must have once they were held, as direction,persons.
    #[arg(long, value_name = "PART,…", value_parser = given(list(choices::event_part)))]
    pub needs: Option<Given<Vec<pb::EventPart>>>,
    /// Parts that its events cannot have, as markers,edition.
    #[arg(long, value_name = "PART,…", value_parser = given(list(choices::event_part)))]
    pub forbids: Option<Given<Vec<pb::EventPart>>>,
    /// A quantity that its events may carry, as 'patrol_km:km:quãng đường tuần tra:max=100'; once for each. Behind the
    /// Vietnamese name may stand whole, sums (of the values of lines), max=N and en=NAME.
    #[arg(long, value_name = "KEY:UNIT:NAME[:whole][:sums][:max=N][:en=NAME]", value_parser = given(quantity))]
    pub quantity: Vec<Given<pb::QuantityDefinition>>,
    /// More persons than this give a warning.
    #[arg(long, value_name = "N", value_parser = given(count))]
    pub plausible_persons: Option<Given<i64>>,
    /// More delegations than this give a warning.
    #[arg(long, value_name = "N", value_parser = given(count))]
    pub plausible_delegations: Option<Given<i64>>,
    /// More days than this give a warning.
    #[arg(long, value_name = "N", value_parser = given(count))]
    pub plausible_days: Option<Given<i64>>,
    /// Whether its events are held among neighbours, so that a partner from elsewhere gives a warning.
    #[arg(long, value_name = "true|false")]
    pub among_neighbours: Option<bool>,
    /// No new events of this type are logged any more; `--discontinue=false` takes that back.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub discontinue: Option<bool>,
}

/// A quantity: key, unit of measure and Vietnamese name, and what may stand behind them.
fn quantity(text: &str) -> Result<pb::QuantityDefinition, String> {
    let mut parts = text.split(':').map(str::trim);
    let mut required = || parts.next().filter(|part| !part.is_empty());
    let (Some(key), Some(unit), Some(name)) = (required(), required(), required()) else {
        return Err(format!("\"{text}\" is not of the form KEY:UNIT:NAME"));
    };
    let mut definition = pb::QuantityDefinition {
        key: key.to_owned(),
        unit: unit.to_owned(),
        names: [("vi".to_owned(), name.to_owned())].into(),
        ..pb::QuantityDefinition::default()
    };
    for part in parts {
        match part.split_once('=') {
            None if part == "whole" => definition.whole = true,
            None if part == "sums" => definition.sums_line_values = true,
            Some(("max", most)) => {
                let most = decimal::parse(most).map_err(|error| error.to_string())?;
                definition.plausible_max = decimal::format(most);
            }
            Some(("en", name)) => drop(definition.names.insert("en".to_owned(), name.to_owned())),
            _ => return Err(format!("\"{part}\" is none of whole, sums, max=N, en=NAME")),
        }
    }
    Ok(definition)
}

fn numbers(parts: Vec<pb::EventPart>) -> Vec<i32> {
    parts.into_iter().map(i32::from).collect()
}

impl Details {
    /// Puts what is given into an event type; `names` are those it has.
    fn put(self, draft: &mut Draft<pb::EventType>, names: BTreeMap<String, String>) {
        draft.put("names", self.names.given(names), |kind, names| kind.names = names);
        draft.put("group", self.group, |kind, group| kind.group = group);
        draft.put("needs", self.needs, |kind, parts| kind.needs = numbers(parts));
        draft.put("forbids", self.forbids, |kind, parts| kind.forbids = numbers(parts));
        draft.put("quantities", each(self.quantity), |kind, quantities| {
            kind.quantities = quantities;
        });
        draft.put("plausible_persons", self.plausible_persons, |kind, most| {
            kind.plausible_persons = Some(most);
        });
        draft.put("plausible_delegations", self.plausible_delegations, |kind, most| {
            kind.plausible_delegations = Some(most);
        });
        draft.put("plausible_days", self.plausible_days, |kind, most| {
            kind.plausible_days = Some(most);
        });
        let neighbours = self.among_neighbours.map(Given::Value);
        draft.put("among_neighbours", neighbours, |kind, among| {
            kind.among_neighbours = among;
        });
        let discontinued = self.discontinue.map(Given::Value);
        draft.put("discontinued", discontinued, |kind, discontinued| {
            kind.discontinued = discontinued;
        });
    }
}

impl Create {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::CreateEventTypeRequest {
        let mut draft = Draft::new(pb::EventType::default());
        self.details.put(&mut draft, BTreeMap::new());
        pb::CreateEventTypeRequest {
            event_type_id: names::short(&self.name),
            event_type: Some(draft.message),
            ..pb::CreateEventTypeRequest::default()
        }
    }
}

impl Update {
    /// The request, without its id; `current` is the type as it stands if a name is given, since the contract takes the
    /// names in all languages together.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to change.
    pub fn request(self, current: pb::EventType) -> Result<pb::UpdateEventTypeRequest, Error> {
        let mut draft = Draft::new(pb::EventType {
            name: self.name,
            etag: self.etag.unwrap_or(current.etag),
            ..pb::EventType::default()
        });
        self.details.put(&mut draft, current.names);
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to change is given".into()));
        }
        Ok(pb::UpdateEventTypeRequest {
            event_type: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            ..pb::UpdateEventTypeRequest::default()
        })
    }

    async fn run(self, session: &Session) -> Result<(), Error> {
        let current = if self.details.names.any() {
            let request = pb::GetEventTypeRequest {
                name: self.name.clone(),
                revision: 0,
            };
            dynamic::ask(&session.connection, nouns::EVENT_TYPE.get, &request).await?
        } else {
            pb::EventType::default()
        };
        let method = "banggiao.journal.v1.EventTypeService/UpdateEventType";
        change::resource(session, &nouns::EVENT_TYPE, method, &self.request(current)?, false).await
    }
}

impl EventTypeVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(page) => catalogue::list(session, &page).await,
            Self::Get { name, revision } => {
                let request = pb::GetEventTypeRequest {
                    name,
                    revision: revision.unwrap_or_default(),
                };
                listing::get(session, &nouns::EVENT_TYPE, &request).await
            }
            Self::Create(create) => {
                let method = "banggiao.journal.v1.EventTypeService/CreateEventType";
                change::resource(session, &nouns::EVENT_TYPE, method, &create.request(), false).await
            }
            Self::Update(update) => update.run(session).await,
        }
    }
}
