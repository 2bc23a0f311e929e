//! What an indicator counts, said in the words of `figures`.
//!
//! It owns that a definition is given as a whole: half of one would be another figure.

use crate::error::Error;
use crate::figures::{Query, query};
use crate::{choices, names};
use banggiao_contracts::registry::v1::AgreementKind;
use banggiao_contracts::reporting::v1 as pb;
use banggiao_contracts::r#type::v1::{Direction, Level};
use clap::Args;
use pb::measure::Source;

/// What an indicator counts: what is summed over which events or agreements, or several indicators taken together.
#[derive(Debug, Clone, Default, Args)]
pub struct Definition {
    /// What to sum: events, delegations, persons, home-units, partner-units, agreements, or the key of a quantity.
    #[arg(long, value_parser = query::sum)]
    pub sum: Option<query::Sum>,
    /// Only events of these types, as JOINT_PATROL.
    #[arg(long, value_name = "TYPE", value_delimiter = ',', value_parser = names::event_type)]
    pub event_type: Vec<String>,
    /// Only events with this direction: inbound, outbound.
    #[arg(long, value_parser = choices::direction)]
    pub direction: Option<Direction>,
    /// Only events under one of these programmes.
    #[arg(long, value_delimiter = ',', value_parser = names::programme)]
    pub programme: Vec<String>,
    /// Only records with a partner unit of these countries: KH, LA.
    #[arg(long, value_name = "COUNTRY", value_delimiter = ',', value_parser = names::country)]
    pub partner_country: Vec<String>,
    /// Only events with a partner unit in the subtree of one of these units.
    #[arg(long, value_name = "UNIT", value_delimiter = ',', value_parser = names::unit)]
    pub partner_unit: Vec<String>,
    /// Only agreements of these kinds, as TWINNING; counts agreements.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = choices::agreement_kind)]
    pub agreement_kind: Vec<AgreementKind>,
    /// Only agreements of these levels, as district; counts agreements.
    #[arg(long, value_delimiter = ',', value_parser = choices::level)]
    pub level: Vec<Level>,
    /// Count agreements that are in force at the end of the days asked for, instead of those signed in them.
    #[arg(long)]
    pub in_force: bool,
    /// Count a unit in every record, not once; with the sums home-units and partner-units.
    #[arg(long)]
    pub repeated: bool,
    /// Indicators to be taken together; each record counts once.
    #[arg(
        long,
        value_name = "INDICATOR",
        value_delimiter = ',',
        value_parser = names::indicator,
        conflicts_with_all = ["sum", "event_type", "direction", "programme", "partner_country", "partner_unit",
                              "agreement_kind", "level", "in_force", "repeated"]
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
            event_type: self.event_type.clone(),
            direction: self.direction,
            programme: self.programme.clone(),
            partner_country: self.partner_country.clone(),
            partner_unit: self.partner_unit.clone(),
            agreement_kind: self.agreement_kind.clone(),
            level: self.level.clone(),
            repeated: self.repeated,
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
