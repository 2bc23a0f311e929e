//! The verbs of the registry's nouns: units, agreements, programmes, boundary markers.
//!
//! It owns their flags and how these become requests.

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{choices, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use banggiao_contracts::r#type::v1::Level;
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
    /// Show all versions of a unit, oldest first.
    History {
        /// The unit.
        #[arg(value_parser = names::unit)]
        name: String,
    },
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
    /// Only units whose id or name holds this text, with or without diacritics.
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
    fn request(&self) -> pb::ListUnitsRequest {
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
                let request = pb::GetUnitRequest {
                    name,
                    as_of: as_of.unwrap_or_default(),
                };
                listing::get(session, &nouns::UNIT, &request).await
            }
            Self::History { name } => {
                let request = pb::ListUnitVersionsRequest { unit: name };
                listing::list(session, &nouns::UNIT_VERSION, &request, &PageArgs::default()).await
            }
        }
    }
}

/// What can be done with agreements.
#[derive(Debug, Clone, Subcommand)]
pub enum AgreementVerb {
    /// List agreements.
    List(AgreementList),
    /// Show an agreement.
    Get {
        /// The agreement.
        #[arg(value_parser = names::agreement)]
        name: String,
    },
}

/// Which agreements a list shall hold.
#[derive(Debug, Clone, Default, Args)]
pub struct AgreementList {
    /// Only agreements with a party in the subtree of this unit.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only agreements of these kinds, as TWINNING.
    #[arg(long, value_delimiter = ',', value_parser = choices::agreement_kind)]
    pub kind: Vec<pb::AgreementKind>,
    /// Only agreements of these levels, as district.
    #[arg(long, value_delimiter = ',', value_parser = choices::level)]
    pub level: Vec<Level>,
    /// Only agreements in force on this day.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub in_force_on: Option<String>,
    /// Only agreements whose last day is before this day.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub expires_before: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

impl AgreementList {
    fn request(&self) -> pb::ListAgreementsRequest {
        pb::ListAgreementsRequest {
            filter: Some(pb::AgreementFilter {
                unit: self.unit.clone().unwrap_or_default(),
                kinds: self.kind.iter().map(|kind| i32::from(*kind)).collect(),
                levels: self.level.iter().map(|level| i32::from(*level)).collect(),
                in_force_on: self.in_force_on.clone().unwrap_or_default(),
                expires_before: self.expires_before.clone().unwrap_or_default(),
                ..pb::AgreementFilter::default()
            }),
            ..pb::ListAgreementsRequest::default()
        }
    }
}

impl AgreementVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(args) => listing::list(session, &nouns::AGREEMENT, &args.request(), &args.page).await,
            Self::Get { name } => listing::get(session, &nouns::AGREEMENT, &pb::GetAgreementRequest { name }).await,
        }
    }
}

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
}

impl ProgrammeVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(page) => {
                listing::list(session, &nouns::PROGRAMME, &pb::ListProgrammesRequest::default(), &page).await
            }
            Self::Get { name } => listing::get(session, &nouns::PROGRAMME, &pb::GetProgrammeRequest { name }).await,
        }
    }
}

/// What can be done with boundary markers.
#[derive(Debug, Clone, Subcommand)]
pub enum MarkerVerb {
    /// List boundary markers along the border.
    List {
        /// Only markers of this border, as VN-KH.
        #[arg(long, value_parser = names::border)]
        border: Option<String>,
        /// Only markers for which this unit, or one below it, is responsible today.
        #[arg(long, value_parser = names::unit)]
        unit: Option<String>,
        /// Which part of the list.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a boundary marker.
    Get {
        /// The marker, by id (vn-kh-65) or by its number on the border with Cambodia (65, 127(1), 229/12).
        #[arg(value_parser = names::marker)]
        name: String,
    },
}

impl MarkerVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List { border, unit, page } => {
                let filter = pb::MarkerFilter {
                    border: border.unwrap_or_default(),
                    unit: unit.unwrap_or_default(),
                    ..pb::MarkerFilter::default()
                };
                let request = pb::ListMarkersRequest {
                    filter: Some(filter),
                    ..pb::ListMarkersRequest::default()
                };
                listing::list(session, &nouns::MARKER, &request, &page).await
            }
            Self::Get { name } => {
                listing::get(
                    session,
                    &nouns::MARKER,
                    &pb::GetMarkerRequest {
                        name,
                        ..pb::GetMarkerRequest::default()
                    },
                )
                .await
            }
        }
    }
}
