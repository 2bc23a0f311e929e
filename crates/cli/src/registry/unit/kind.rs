//! The verbs of kinds of units.

use crate::error::Error;
use crate::given::Names;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, choices, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use banggiao_contracts::r#type::v1::Level;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;

/// What can be done with kinds of units.
#[derive(Debug, Clone, Subcommand)]
pub enum UnitKindVerb {
    /// List the kinds of units with their levels.
    List,
    /// Add a kind of units.
    Create(Create),
}

/// The kind to add.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// Its code, as SEARCH_TEAM.
    #[arg(value_parser = names::unit_kind)]
    pub code: String,
    /// The level at which units of this kind stand: region, province, district, commune, other.
    #[arg(long, value_parser = choices::level)]
    pub level: Level,
    /// Its names.
    #[command(flatten)]
    pub names: Names,
}

impl Create {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::CreateUnitKindRequest {
        pb::CreateUnitKindRequest {
            unit_kind: Some(pb::UnitKind {
                code: self.code,
                level: self.level.into(),
                names: self.names.over(BTreeMap::new()),
            }),
            ..pb::CreateUnitKindRequest::default()
        }
    }
}

impl UnitKindVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List => {
                let request = pb::ListUnitKindsRequest {};
                listing::list(session, &nouns::UNIT_KIND, &request, &PageArgs::default()).await
            }
            Self::Create(create) => {
                let method = "banggiao.registry.v1.UnitService/CreateUnitKind";
                change::resource(session, &nouns::UNIT_KIND, method, &create.request(), false).await
            }
        }
    }
}
