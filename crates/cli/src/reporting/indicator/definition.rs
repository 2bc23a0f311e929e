//! What an indicator counts, said in the words of `figures`.
//!
//! It owns that a definition is given as a whole: half of one would be another figure.

use crate::error::Error;
use crate::figures::{Filters, Query, query};
use crate::names;
use banggiao_contracts::reporting::v1 as pb;
use clap::Args;
use pb::measure::Source;

/// What an indicator counts: what is summed over which events or agreements, or several indicators taken together.
#[derive(Debug, Clone, Default, Args)]
pub struct Definition {
    /// What to sum: events, delegations, persons, home-units, partner-units, markers, agreements, or the key of a quantity.
    #[arg(long, value_parser = query::sum)]
    pub sum: Option<query::Sum>,
    /// Which of them.
    #[command(flatten)]
    pub filters: Filters,
    /// Count agreements that are in force at the end of the days asked for, instead of those signed in them.
    #[arg(long)]
    pub in_force: bool,
    /// Indicators to be taken together; each record counts once.
    #[arg(
        long,
        value_name = "INDICATOR",
        value_delimiter = ',',
        value_parser = names::indicator,
        conflicts_with_all = ["sum", "event_type", "direction", "programme", "partner_country", "partner_unit",
                              "aid_item", "agreement_kind", "level", "in_force", "repeated"]
    )]
    pub sum_of: Vec<String>,
}

impl Definition {
    /// The measure; nothing if no flag of it is given.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is not said what is summed, or the flags contradict each other.
    pub(super) fn measure(&self) -> Result<Option<pb::Measure>, Error> {
        let query = Query {
            sum: self.sum.iter().cloned().collect(),
            filters: self.filters.clone(),
            sum_of: self.sum_of.clone(),
            ..Query::default()
        };
        let counted = query::counted(&query)?;
        let Some(mut measure) = counted.measures.into_iter().next() else {
            if counted.narrow_events.is_some() || counted.narrow_agreements.is_some() || self.in_force {
                return Err(Error::Usage(
                    "what an indicator counts is given as a whole: say with --sum what is summed".into(),
                ));
            }
            return Ok(None);
        };
        match &mut measure.source {
            Some(Source::Agreements(agreements)) if self.in_force => {
                agreements.set_date(pb::AgreementDate::InForceAt);
            }
            _ if self.in_force => return Err(Error::Usage("--in-force goes with agreements".into())),
            _ => {}
        }
        Ok(Some(measure))
    }
}
