//! The verbs of programmes and their targets.
//!
//! It owns their flags and how these become requests.

use crate::error::Error;
use crate::given::{Draft, Given, Titles, given, list, text};
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, dynamic, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use banggiao_model::decimal;
use clap::{Args, Subcommand};
use prost_types::FieldMask;
use std::collections::BTreeMap;

/// What can be done with programmes.
#[derive(Debug, Clone, Subcommand)]
pub enum ProgrammeVerb {
    /// List programmes.
    List(PageArgs),
    /// Show a programme.
    Get {
        /// The programme.
        #[arg(value_parser = names::programme)]
        name: String,
    },
    /// Record a programme.
    Create(Box<Create>),
    /// Change a programme; an empty value clears a field.
    Update(Box<Update>),
    /// What a programme wants to reach.
    #[command(subcommand)]
    Target(TargetVerb),
}

/// What can be done with targets.
#[derive(Debug, Clone, Subcommand)]
pub enum TargetVerb {
    /// Set a target, anew or for the first time.
    Set(TargetSet),
    /// List the targets of a programme.
    List(TargetList),
}

/// The programme to record.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The id that it shall have.
    #[arg(value_name = "ID", value_parser = names::programme)]
    pub name: String,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The fields to change. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The programme.
    #[arg(value_parser = names::programme)]
    pub name: String,
    /// The fields.
    #[command(flatten)]
    pub details: Details,
    /// Etag that was read: the programme must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What a programme is.
#[derive(Debug, Clone, Default, Args)]
pub struct Details {
    /// Its titles; those in other languages stay.
    #[command(flatten)]
    pub titles: Titles,
    /// Number of the text, as 22-NQ/TW.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub number: Option<Given<String>>,
    /// Who issued it.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub issuer: Option<Given<String>>,
    /// Day of issue.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub issue_date: Option<Given<String>>,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub start_date: Option<Given<String>>,
    /// Last day, inclusive; by default it has no end.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub end_date: Option<Given<String>>,
    /// Countries in its scope; by default any.
    #[arg(long, value_name = "COUNTRY,…", value_parser = given(list(names::country)))]
    pub country: Option<Given<Vec<String>>>,
    /// How far it looks, as "đến năm 2020, tầm nhìn 2030".
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub horizon: Option<Given<String>>,
}

/// The target to set.
#[derive(Debug, Clone, Args)]
pub struct TargetSet {
    /// The programme.
    #[arg(value_parser = names::programme)]
    pub programme: String,
    /// The indicator, as delegations-received.
    #[arg(long, value_parser = names::indicator)]
    pub indicator: String,
    /// The unit whose subtree is meant.
    #[arg(long, value_parser = names::unit)]
    pub unit: String,
    /// The period, as civil/2024-H1.
    #[arg(long, value_parser = names::period)]
    pub period: String,
    /// The value to reach, as 12 or 15.5; empty: there is no target any more.
    #[arg(long, value_name = "DECIMAL", value_parser = given(value))]
    pub value: Given<String>,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Which targets a list shall hold.
#[derive(Debug, Clone, Args)]
pub struct TargetList {
    /// The programme.
    #[arg(value_parser = names::programme)]
    pub programme: String,
    /// Only targets of this unit.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only targets of this indicator.
    #[arg(long, value_parser = names::indicator)]
    pub indicator: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

fn value(text: &str) -> Result<String, String> {
    decimal::parse(text)
        .map(decimal::format)
        .map_err(|error| error.to_string())
}

impl Details {
    /// Puts what is given into a programme; `title` are the titles it has.
    fn put(self, draft: &mut Draft<pb::Programme>, title: BTreeMap<String, String>) {
        draft.put("title", self.titles.given(title), |programme, title| {
            programme.title = title;
        });
        draft.put("number", self.number, |programme, number| programme.number = number);
        draft.put("issuer", self.issuer, |programme, issuer| programme.issuer = issuer);
        draft.put("issue_date", self.issue_date, |programme, day| {
            programme.issue_date = day;
        });
        draft.put("start_date", self.start_date, |programme, day| {
            programme.start_date = day;
        });
        draft.put("end_date", self.end_date, |programme, day| programme.end_date = day);
        draft.put("countries", self.country, |programme, countries| {
            programme.countries = countries;
        });
        draft.put("horizon", self.horizon, |programme, horizon| {
            programme.horizon = horizon;
        });
    }
}

impl Create {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::CreateProgrammeRequest {
        let mut draft = Draft::new(pb::Programme::default());
        self.details.put(&mut draft, BTreeMap::new());
        pb::CreateProgrammeRequest {
            programme_id: names::short(&self.name),
            programme: Some(draft.message),
            validate_only: self.dry_run,
            ..pb::CreateProgrammeRequest::default()
        }
    }
}

impl Update {
    /// The request, without its id; `current` is the programme as it stands if a title is given, since the contract takes
    /// the titles in all languages together.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to change.
    pub fn request(self, current: pb::Programme) -> Result<pb::UpdateProgrammeRequest, Error> {
        let mut draft = Draft::new(pb::Programme {
            name: self.name,
            etag: self.etag.unwrap_or(current.etag),
            ..pb::Programme::default()
        });
        self.details.put(&mut draft, current.title);
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to change is given".into()));
        }
        Ok(pb::UpdateProgrammeRequest {
            programme: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            validate_only: self.dry_run,
            ..pb::UpdateProgrammeRequest::default()
        })
    }

    async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let current = if self.details.titles.any() {
            let name = self.name.clone();
            let request = pb::GetProgrammeRequest { name };
            dynamic::ask(&session.connection, nouns::PROGRAMME.get, &request).await?
        } else {
            pb::Programme::default()
        };
        let method = "banggiao.registry.v1.ProgrammeService/UpdateProgramme";
        change::resource(session, &nouns::PROGRAMME, method, &self.request(current)?, dry_run).await
    }
}

impl TargetSet {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::SetTargetRequest {
        let target = pb::Target {
            programme: self.programme,
            indicator: self.indicator,
            unit: self.unit,
            period: self.period,
            value: match self.value {
                Given::Empty => String::new(),
                Given::Value(value) => value,
            },
            ..pb::Target::default()
        };
        pb::SetTargetRequest {
            target: Some(target),
            validate_only: self.dry_run,
            ..pb::SetTargetRequest::default()
        }
    }
}

impl TargetList {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::ListTargetsRequest {
        pb::ListTargetsRequest {
            programme: self.programme.clone(),
            unit: self.unit.clone().unwrap_or_default(),
            indicator: self.indicator.clone().unwrap_or_default(),
            ..pb::ListTargetsRequest::default()
        }
    }
}

impl ProgrammeVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(page) => {
                listing::list(session, &nouns::PROGRAMME, &pb::ListProgrammesRequest::default(), &page).await
            }
            Self::Get { name } => listing::get(session, &nouns::PROGRAMME, &pb::GetProgrammeRequest { name }).await,
            Self::Create(create) => {
                let dry_run = create.dry_run;
                let method = "banggiao.registry.v1.ProgrammeService/CreateProgramme";
                change::resource(session, &nouns::PROGRAMME, method, &create.request(), dry_run).await
            }
            Self::Update(update) => update.run(session).await,
            Self::Target(TargetVerb::Set(set)) => {
                let dry_run = set.dry_run;
                let method = "banggiao.registry.v1.ProgrammeService/SetTarget";
                change::resource(session, &nouns::TARGET, method, &set.request(), dry_run).await
            }
            Self::Target(TargetVerb::List(list)) => {
                listing::list(session, &nouns::TARGET, &list.request(), &list.page).await
            }
        }
    }
}
