//! The verbs of reporting's nouns: indicators and periods. Figures have modules of their own.

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{names, nouns};
use banggiao_contracts::reporting::v1 as pb;
use clap::Subcommand;

/// What can be done with indicators.
#[derive(Debug, Clone, Subcommand)]
pub enum IndicatorVerb {
    /// List indicators.
    List(PageArgs),
    /// Show an indicator and what it counts.
    Get {
        /// The indicator, as delegations-received.
        #[arg(value_parser = names::indicator)]
        name: String,
    },
}

impl IndicatorVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(page) => {
                listing::list(session, &nouns::INDICATOR, &pb::ListIndicatorsRequest::default(), &page).await
            }
            Self::Get { name } => listing::get(session, &nouns::INDICATOR, &pb::GetIndicatorRequest { name }).await,
        }
    }
}

/// What can be done with periods.
#[derive(Debug, Clone, Subcommand)]
pub enum PeriodVerb {
    /// List the periods of a year.
    List {
        /// The calendar: civil or legal; by default civil.
        #[arg(long, value_parser = names::calendar)]
        calendar: Option<String>,
        /// The year; by default this year.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1901..=2199))]
        year: Option<i32>,
    },
    /// Show a period.
    Get {
        /// The period, as civil/2024-H1.
        #[arg(value_parser = names::period)]
        name: String,
    },
}

impl PeriodVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List { calendar, year } => {
                let request = pb::ListPeriodsRequest {
                    calendar: calendar.unwrap_or_default(),
                    year: year.unwrap_or_default(),
                };
                listing::list(session, &nouns::PERIOD, &request, &PageArgs::default()).await
            }
            Self::Get { name } => listing::get(session, &nouns::PERIOD, &pb::GetPeriodRequest { name }).await,
        }
    }
}
