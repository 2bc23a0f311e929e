//! The verbs of indicators.
//!
//! It owns their flags and how these become requests. What an indicator counts stands in [`definition`].

pub mod definition;

use crate::error::Error;
use crate::figures::vocabulary;
use crate::given::{Draft, Given, Names, UnitsOfCount, given, list, text};
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, dynamic, names, nouns};
use banggiao_contracts::reporting::v1 as pb;
use clap::{Args, Subcommand};
use definition::Definition;
use prost_types::FieldMask;

/// What can be done with indicators.
#[derive(Debug, Clone, Subcommand)]
pub enum IndicatorVerb {
    /// List indicators.
    List(PageArgs),
    /// Show an indicator and what it counts, in its newest revision or in another.
    Get {
        /// The indicator, as delegations-received.
        #[arg(value_parser = names::indicator)]
        name: String,
        /// Number of the revision; by default the newest.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        revision: Option<i32>,
    },
    /// Add an indicator.
    Create(Box<Create>),
    /// Change an indicator from now on; issued reports keep the revision that they name.
    Update(Box<Update>),
}

/// The indicator to add.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The id that it shall have, as delegations-received.
    #[arg(value_name = "ID", value_parser = names::indicator)]
    pub name: String,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
}

/// The fields to change. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The indicator, as delegations-received.
    #[arg(value_name = "ID", value_parser = names::indicator)]
    pub name: String,
    /// The fields.
    #[command(flatten)]
    pub details: Details,
    /// Etag that was read: the indicator must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
}

/// What an indicator is. Lists are given as a whole, and so is what it counts.
#[derive(Debug, Clone, Default, Args)]
pub struct Details {
    /// Its names; those in other languages stay.
    #[command(flatten)]
    pub names: Names,
    /// What is counted.
    #[command(flatten)]
    pub unit_of_count: UnitsOfCount,
    /// The definition.
    #[command(flatten)]
    pub definition: Definition,
    /// Indicators that count some of the same and must not be added to it.
    #[arg(long, value_name = "INDICATOR,…", value_parser = given(list(names::indicator)))]
    pub overlaps: Option<Given<Vec<String>>>,
    /// The text that asks for the figure, as "Thông tư 58/2020/TT-BQP".
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub legal_basis: Option<Given<String>>,
}

impl Details {
    /// Puts what is given into an indicator; `current` is the one it had been.
    fn put(self, draft: &mut Draft<pb::Indicator>, current: pb::Indicator) -> Result<(), Error> {
        draft.put("names", self.names.given(current.names), |indicator, names| {
            indicator.names = names;
        });
        let unit_of_count = self.unit_of_count.given(current.unit_of_count);
        draft.put("unit_of_count", unit_of_count, |indicator, texts| {
            indicator.unit_of_count = texts;
        });
        let measure = self.definition.measure()?.map(Given::Value);
        draft.put("measure", measure, |indicator, measure| {
            indicator.measure = Some(measure);
        });
        draft.put("overlaps", self.overlaps, |indicator, overlaps| {
            indicator.overlaps = overlaps;
        });
        draft.put("legal_basis", self.legal_basis, |indicator, text| {
            indicator.legal_basis = text;
        });
        Ok(())
    }

    /// Refuses words that nobody knows.
    async fn check(&self, session: &Session) -> Result<(), Error> {
        let sums: Vec<_> = self.definition.sum.iter().cloned().collect();
        vocabulary::check(&session.connection, &self.definition.filters.event_type, &sums).await
    }
}

impl Create {
    /// The request, without its id.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is not said what is counted.
    pub fn request(self) -> Result<pb::CreateIndicatorRequest, Error> {
        let mut draft = Draft::new(pb::Indicator::default());
        self.details.put(&mut draft, pb::Indicator::default())?;
        if draft.message.measure.is_none() {
            return Err(Error::Usage(
                "say what is counted: --sum, --agreement-kind, --level or --sum-of".into(),
            ));
        }
        Ok(pb::CreateIndicatorRequest {
            indicator_id: names::short(&self.name),
            indicator: Some(draft.message),
            ..pb::CreateIndicatorRequest::default()
        })
    }
}

impl Update {
    /// The request, without its id; `current` is the indicator as it stands, since the contract takes texts in all
    /// languages together, and only changes what has not changed meanwhile.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to change.
    pub fn request(self, mut current: pb::Indicator) -> Result<pb::UpdateIndicatorRequest, Error> {
        let mut draft = Draft::new(pb::Indicator {
            name: self.name,
            etag: self.etag.unwrap_or(std::mem::take(&mut current.etag)),
            ..pb::Indicator::default()
        });
        self.details.put(&mut draft, current)?;
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to change is given".into()));
        }
        Ok(pb::UpdateIndicatorRequest {
            indicator: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            ..pb::UpdateIndicatorRequest::default()
        })
    }

    async fn run(self, session: &Session) -> Result<(), Error> {
        self.details.check(session).await?;
        let asked = pb::GetIndicatorRequest {
            name: self.name.clone(),
            revision: 0,
        };
        let current = dynamic::ask(&session.connection, nouns::INDICATOR.get, &asked).await?;
        let method = "banggiao.reporting.v1.IndicatorService/UpdateIndicator";
        change::resource(session, &nouns::INDICATOR, method, &self.request(current)?, false).await
    }
}

impl IndicatorVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(page) => {
                listing::list(session, &nouns::INDICATOR, &pb::ListIndicatorsRequest::default(), &page).await
            }
            Self::Get { name, revision } => {
                let revision = revision.unwrap_or_default();
                listing::get(session, &nouns::INDICATOR, &pb::GetIndicatorRequest { name, revision }).await
            }
            Self::Create(create) => {
                create.details.check(session).await?;
                let method = "banggiao.reporting.v1.IndicatorService/CreateIndicator";
                change::resource(session, &nouns::INDICATOR, method, &create.request()?, false).await
            }
            Self::Update(update) => update.run(session).await,
        }
    }
}
