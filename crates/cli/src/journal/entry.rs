//! `event log`, `event correct` and `event hold`: one event, or fields of one, from flags.
//!
//! It owns how flags become a request and the mask of what was given. What is missing on a terminal is asked for by
//! [`super::asked`].

use super::details::Details;
use super::{asked, attachment, installation, send};
use crate::connection::Connection;
use crate::error::Error;
use crate::figures;
use crate::given::{Draft, Given, given};
use crate::globals::{Lang, Session};
use crate::names;
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::registry::v1::GetHeadRequest;
use clap::Args;
use prost_types::FieldMask;

/// The event to log. On a terminal what is missing is asked for.
#[derive(Debug, Clone, Default, Args)]
pub struct Log {
    /// What kind of event it is, as JOINT_PATROL.
    #[arg(long = "type", value_name = "TYPE", value_parser = names::event_type)]
    pub event_type: Option<String>,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub date: Option<String>,
    /// The unit whose event it is.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
    /// How another book or file names the event.
    #[arg(long)]
    pub reference: Option<String>,
    /// The book or file; by default the installation's name.
    #[arg(long, requires = "reference")]
    pub source: Option<String>,
    /// It is planned, not held.
    #[arg(long)]
    pub planned: bool,
    /// Only check, store nothing.
    #[arg(long)]
    pub validate_only: bool,
}

/// The fields to correct. An empty value makes a field unknown.
#[derive(Debug, Clone, Args)]
pub struct Correct {
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The event and its fields.
    #[command(flatten)]
    pub changed: Changed,
}

/// What the result of a plan fills in or changes. An empty value makes a field unknown.
#[derive(Debug, Clone, Args)]
pub struct Hold {
    /// The event and its fields.
    #[command(flatten)]
    pub changed: Changed,
}

/// An event, and the fields of it that become others.
#[derive(Debug, Clone, Args)]
pub struct Changed {
    /// The event.
    #[arg(value_parser = names::event)]
    pub name: String,
    /// Etag of the revision that is meant; by default the newest.
    #[arg(long)]
    pub etag: Option<String>,
    /// What kind of event it is, as JOINT_PATROL.
    #[arg(long = "type", value_name = "TYPE", value_parser = given(names::event_type))]
    pub event_type: Option<Given<String>>,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub date: Option<Given<String>>,
    /// The unit whose event it is.
    #[arg(long, value_parser = given(names::unit))]
    pub unit: Option<Given<String>>,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
}

impl Log {
    /// The flags without which nothing can be logged, as far as they are not given.
    fn missing(&self) -> Vec<&'static str> {
        let required = [
            ("--type", &self.event_type),
            ("--date", &self.date),
            ("--unit", &self.unit),
        ];
        let missing = required.into_iter().filter(|(_, value)| value.is_none());
        missing.map(|(flag, _)| flag).collect()
    }

    /// The request, without its id; `installation` is the source of a reference that has none.
    #[must_use]
    pub fn request(self, lang: Lang, installation: String, min_registry_position: i64) -> pb::LogEventRequest {
        let phase = if self.planned {
            pb::Phase::Planned
        } else {
            pb::Phase::Held
        };
        let source = self.source.unwrap_or(installation);
        let mut draft = Draft::new(pb::Event {
            event_type: self.event_type.unwrap_or_default(),
            start_date: self.date.unwrap_or_default(),
            home_unit: self.unit.unwrap_or_default(),
            external_reference: self
                .reference
                .map(|reference| pb::ExternalReference { source, reference }),
            phase: phase.into(),
            ..pb::Event::default()
        });
        self.details.put(&mut draft, lang);
        pb::LogEventRequest {
            event: Some(draft.message),
            request_id: String::new(),
            min_registry_position,
            validate_only: self.validate_only,
        }
    }

    pub(super) async fn run(mut self, session: &Session) -> Result<(), Error> {
        let connection = &session.connection;
        let missing = self.missing();
        let asks = !missing.is_empty();
        if asks && !asked::possible() {
            let missing = missing.join(", ");
            return Err(Error::Usage(session.lang.pick(
                format!("these flags are missing: {missing}"),
                format!("thiếu các tham số: {missing}"),
            )));
        }
        if asks {
            self = asked::complete(self, session).await?;
        }
        self.details.attached = attachment::attach(connection, self.details.attach.take()).await?;
        let installation = match (&self.reference, &self.source) {
            (Some(_), None) => installation(connection).await?,
            _ => String::new(),
        };
        let position = registry_position(connection).await?;
        let request = self.request(session.lang, installation, position);
        if asks {
            asked::confirm(session, &request).await?;
        }
        let dry_run = request.validate_only;
        send(session, "LogEvent", &request, dry_run).await
    }
}

impl Changed {
    /// An event with the fields that are given, and their mask; `current` is the event as it stands if something is added
    /// to it.
    fn draft(self, lang: Lang, current: pb::Event) -> Draft<pb::Event> {
        let etag = self.etag.unwrap_or_else(|| current.etag.clone());
        let mut draft = Draft::new(pb::Event {
            name: self.name,
            etag,
            ..self.details.kept(current)
        });
        draft.put("event_type", self.event_type, |event, name| event.event_type = name);
        draft.put("start_date", self.date, |event, day| event.start_date = day);
        draft.put("home_unit", self.unit, |event, unit| event.home_unit = unit);
        self.details.put(&mut draft, lang);
        draft
    }

    /// Uploads what is attached, and gives the event as it stands if something is added to it.
    async fn current(&mut self, connection: &Connection) -> Result<pb::Event, Error> {
        self.details.attached = attachment::attach(connection, self.details.attach.take()).await?;
        if !self.details.adds_to_what_is_there() {
            return Ok(pb::Event::default());
        }
        let request = pb::GetEventRequest {
            name: self.name.clone(),
            revision: 0,
        };
        connection.call(connection.events().get_event(request)).await
    }
}

impl Correct {
    /// The request, without its id; `current` is the event as it stands if something is added to it.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to correct.
    pub fn request(self, lang: Lang, current: pb::Event) -> Result<pb::CorrectEventRequest, Error> {
        let draft = self.changed.draft(lang, current);
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to correct is given".into()));
        }
        Ok(pb::CorrectEventRequest {
            event: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            reason: self.reason,
            ..pb::CorrectEventRequest::default()
        })
    }

    pub(super) async fn run(mut self, session: &Session) -> Result<(), Error> {
        let connection = &session.connection;
        let current = self.changed.current(connection).await?;
        let mut request = self.request(session.lang, current)?;
        request.min_registry_position = registry_position(connection).await?;
        send(session, "CorrectEvent", &request, false).await
    }
}

impl Hold {
    /// The request, without its id; `current` is the event as it stands if something is added to it.
    #[must_use]
    pub fn request(self, lang: Lang, current: pb::Event) -> pb::HoldEventRequest {
        let draft = self.changed.draft(lang, current);
        pb::HoldEventRequest {
            event: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            ..pb::HoldEventRequest::default()
        }
    }

    pub(super) async fn run(mut self, session: &Session) -> Result<(), Error> {
        let connection = &session.connection;
        let current = self.changed.current(connection).await?;
        let mut request = self.request(session.lang, current);
        request.min_registry_position = registry_position(connection).await?;
        send(session, "HoldEvent", &request, false).await
    }
}

/// How far the registry has come, so that what was just recorded there may be named; 0 if it cannot say.
async fn registry_position(connection: &Connection) -> Result<i64, Error> {
    let head = connection
        .call(connection.registry_feed().get_head(GetHeadRequest {}))
        .await;
    let head = figures::known(head, "registry", &mut Vec::new())?;
    Ok(head.map_or(0, |head| head.position))
}
