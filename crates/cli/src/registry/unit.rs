//! The verbs of units: what there is, what was recorded and corrected, and how units came and went.
//!
//! It owns which verbs there are, and the flags of lists. Flags that record or correct stand in [`entry`].

pub mod entry;
mod history;
pub mod kind;
mod recorded;
pub mod reorganization;
mod reorganization_file;
pub mod tree;

pub use kind::UnitKindVerb;

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{names, nouns};
use banggiao_contracts::registry::v1 as pb;
use clap::{Args, Subcommand};

/// What can be done with units.
#[derive(Debug, Clone, Subcommand)]
pub enum UnitVerb {
    /// List the units that existed on a day.
    List(UnitList),
    /// Show a unit as it was on a day.
    Get {
        /// The unit.
        #[arg(value_parser = names::unit)]
        name: String,
        /// The day; by default today.
        #[arg(long, value_name = "DATE", value_parser = names::day)]
        as_of: Option<String>,
    },
    /// Record a unit as it began.
    Create(Box<entry::Create>),
    /// Correct what a unit is said to have been, without a date; an empty value clears a field.
    Update(Box<entry::Update>),
    /// Show all versions of a unit, each with the text that ordered it, and who came before and after.
    History {
        /// The unit.
        #[arg(value_parser = names::unit)]
        name: String,
    },
    /// Draw the units of a day as a tree.
    Tree(tree::Tree),
    /// List the recorded reorganisations, newest recorded first.
    Reorganizations(PageArgs),
    /// Record a reorganisation from a file: all its acts, or none.
    Reorganize(reorganization::Reorganize),
    /// Revoke a recorded reorganisation: from now on the history is as if it had not been.
    Revoke(reorganization::Revoke),
}

/// Which units a list shall hold.
#[derive(Debug, Clone, Default, Args)]
pub struct UnitList {
    /// Only direct children of this unit.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub parent: Option<String>,
    /// Only this unit and all below it.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub subtree: Option<String>,
    /// Only units of these countries: VN, KH, LA.
    #[arg(long, value_delimiter = ',', value_parser = names::country)]
    pub country: Vec<String>,
    /// Only units of these kinds, as PROVINCIAL_COMMAND.
    #[arg(long, value_delimiter = ',', value_parser = names::unit_kind)]
    pub kind: Vec<String>,
    /// Only units whose id or one of whose names or aliases holds this text, with or without diacritics.
    #[arg(long)]
    pub text: Option<String>,
    /// The day; by default today.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub as_of: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

impl UnitList {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::ListUnitsRequest {
        pb::ListUnitsRequest {
            filter: Some(pb::UnitFilter {
                parent: self.parent.clone().unwrap_or_default(),
                subtree: self.subtree.clone().unwrap_or_default(),
                countries: self.country.clone(),
                kinds: self.kind.clone(),
                text: self.text.clone().unwrap_or_default(),
            }),
            as_of: self.as_of.clone().unwrap_or_default(),
            ..pb::ListUnitsRequest::default()
        }
    }
}

impl UnitVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(args) => listing::list(session, &nouns::UNIT, &args.request(), &args.page).await,
            Self::Get { name, as_of } => {
                let as_of = as_of.unwrap_or_default();
                listing::get(session, &nouns::UNIT, &pb::GetUnitRequest { name, as_of }).await
            }
            Self::Create(create) => create.run(session).await,
            Self::Update(update) => update.run(session).await,
            Self::History { name } => history::run(session, name).await,
            Self::Tree(tree) => tree.run(session).await,
            Self::Reorganizations(page) => recorded::list(session, &page).await,
            Self::Reorganize(reorganize) => reorganize.run(session).await,
            Self::Revoke(revoke) => revoke.run(session).await,
        }
    }
}
