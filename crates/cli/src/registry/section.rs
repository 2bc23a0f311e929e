//! The verbs of sections of the border, each between two markers.
//!
//! It owns their flags and how these become requests.

use crate::error::Error;
use crate::given::Names;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use banggiao_model::decimal;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;

/// What can be done with sections of the border.
#[derive(Debug, Clone, Subcommand)]
pub enum SectionVerb {
    /// List sections in the order of their first markers.
    List {
        /// Only sections of this border, as VN-KH.
        #[arg(long, value_parser = names::border)]
        border: Option<String>,
        /// Only sections for which this unit, or one below it, is responsible today.
        #[arg(long, value_parser = names::unit)]
        unit: Option<String>,
        /// Which part of the list.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Record a section between two markers.
    Create(SectionCreate),
}

/// The section to record.
#[derive(Debug, Clone, Args)]
pub struct SectionCreate {
    /// The id that it shall have.
    #[arg(value_name = "ID", value_parser = names::section)]
    pub name: String,
    /// The marker at which it begins, by id or number.
    #[arg(long, value_name = "MARKER", value_parser = names::marker)]
    pub from: String,
    /// The marker at which it ends.
    #[arg(long, value_name = "MARKER", value_parser = names::marker)]
    pub to: String,
    /// The responsible unit of the home side.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub home_unit: String,
    /// The responsible unit of the partner side.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub partner_unit: String,
    /// Length in kilometres, as 12.5.
    #[arg(long, value_name = "DECIMAL", value_parser = length)]
    pub length_km: Option<String>,
    /// Its names.
    #[command(flatten)]
    pub names: Names,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

fn length(text: &str) -> Result<String, String> {
    decimal::parse(text)
        .map(decimal::format)
        .map_err(|error| error.to_string())
}

impl SectionCreate {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::CreateSectionRequest {
        let section = pb::Section {
            marker_from: self.from,
            marker_to: self.to,
            names: self.names.over(BTreeMap::new()),
            home_unit: self.home_unit,
            partner_unit: self.partner_unit,
            length_km: self.length_km.unwrap_or_default(),
            ..pb::Section::default()
        };
        pb::CreateSectionRequest {
            section_id: names::short(&self.name),
            section: Some(section),
            validate_only: self.dry_run,
            ..pb::CreateSectionRequest::default()
        }
    }
}

impl SectionVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List { border, unit, page } => {
                let request = pb::ListSectionsRequest {
                    border: border.unwrap_or_default(),
                    unit: unit.unwrap_or_default(),
                    ..pb::ListSectionsRequest::default()
                };
                listing::list(session, &nouns::SECTION, &request, &page).await
            }
            Self::Create(create) => {
                let dry_run = create.dry_run;
                let method = "banggiao.registry.v1.MarkerService/CreateSection";
                change::resource(session, &nouns::SECTION, method, &create.request(), dry_run).await
            }
        }
    }
}
