//! Which events a list shall hold.
//!
//! It owns the flags that narrow lists of events, and how these become the contract's filter.

use super::installation;
use crate::connection::Connection;
use crate::error::Error;
use crate::{choices, names};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::r#type::v1::{Classification, Direction};
use clap::Args;

/// Which events a list shall hold; what is not given does not narrow.
#[derive(Debug, Clone, Default, Args)]
pub struct Filter {
    /// Only events with a home unit in the subtree of this unit.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only events of these types, as JOINT_PATROL.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = names::event_type)]
    pub types: Vec<String>,
    /// Only events whose home unit did not exist on their first day, as an act recorded later has it.
    #[arg(long)]
    pub home_unit_not_alive: bool,
    /// Only events that begin on this day or later.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub from: Option<String>,
    /// Only events that begin on this day or earlier.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub to: Option<String>,
    /// Only events with this direction: inbound, outbound.
    #[arg(long, value_parser = choices::direction)]
    pub direction: Option<Direction>,
    /// Only events under this programme.
    #[arg(long, value_parser = names::programme)]
    pub programme: Option<String>,
    /// Only events that carry out this agreement.
    #[arg(long, value_parser = names::agreement)]
    pub agreement: Option<String>,
    /// Only events with a partner unit in the subtree of this unit.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub partner_unit: Option<String>,
    /// Only events with a partner unit of this country: KH, LA.
    #[arg(long, value_name = "COUNTRY", value_parser = names::country)]
    pub partner_country: Option<String>,
    /// Only events along this boundary marker, or along the stretch from it to --marker-to.
    #[arg(long, value_name = "MARKER", value_parser = names::marker)]
    pub marker_from: Option<String>,
    /// The last marker of the stretch.
    #[arg(long, value_name = "MARKER", requires = "marker_from", value_parser = names::marker)]
    pub marker_to: Option<String>,
    /// Only events in whose texts all these words occur, with or without diacritics.
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    /// Only events in these states of review: draft, submitted, returned, approved.
    #[arg(long, value_delimiter = ',', value_parser = choices::review_state)]
    pub state: Vec<pb::ReviewState>,
    /// Only events in these phases: planned, held, cancelled.
    #[arg(long, value_delimiter = ',', value_parser = choices::phase)]
    pub phase: Vec<pb::Phase>,
    /// Only events that were ever returned for these reasons, as wrong-figures.
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = choices::return_reason)]
    pub returned_for: Vec<pb::ReturnReason>,
    /// Only events that are cancelled for these reasons, as weather.
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = choices::cancellation_reason)]
    pub cancelled_for: Vec<pb::CancellationReason>,
    /// Only events with these warnings, as unusually-many.
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = choices::warning_code)]
    pub warning: Vec<pb::WarningCode>,
    /// Only events with exactly this classification: unclassified, confidential, secret, top-secret.
    #[arg(long, value_parser = choices::classification_or_none)]
    pub classification: Option<Classification>,
    /// Only the event with this reference in its source.
    #[arg(long)]
    pub reference: Option<String>,
    /// The source of the reference; by default the installation's name.
    #[arg(long, requires = "reference")]
    pub source: Option<String>,
}

impl Filter {
    /// The contract's filter; `installation` is the source of a reference that has none.
    #[must_use]
    pub fn with_installation(self, installation: &str) -> pb::EventFilter {
        let source = self.source;
        let external_reference = self.reference.map(|reference| pb::ExternalReference {
            source: source.unwrap_or_else(|| installation.to_owned()),
            reference,
        });
        pb::EventFilter {
            unit: self.unit.unwrap_or_default(),
            event_types: self.types,
            start_date: self.from.unwrap_or_default(),
            end_date: self.to.unwrap_or_default(),
            direction: self.direction.unwrap_or_default().into(),
            programme: self.programme.unwrap_or_default(),
            partner_unit: self.partner_unit.unwrap_or_default(),
            review_states: self.state.into_iter().map(i32::from).collect(),
            phases: self.phase.into_iter().map(i32::from).collect(),
            external_reference,
            classification: self.classification.map(i32::from),
            home_unit_not_alive: self.home_unit_not_alive,
            partner_country: self.partner_country.unwrap_or_default(),
            agreement: self.agreement.unwrap_or_default(),
            marker_from: self.marker_from.unwrap_or_default(),
            marker_to: self.marker_to.unwrap_or_default(),
            text: self.text.unwrap_or_default(),
            returned_for: self.returned_for.into_iter().map(i32::from).collect(),
            cancelled_for: self.cancelled_for.into_iter().map(i32::from).collect(),
            warnings: self.warning.into_iter().map(i32::from).collect(),
            ..pb::EventFilter::default()
        }
    }

    /// As [`Self::with_installation`], of the installation that answers.
    pub(super) async fn resolved(self, connection: &Connection) -> Result<pb::EventFilter, Error> {
        let installation = match (&self.reference, &self.source) {
            (Some(_), None) => installation(connection).await?,
            _ => String::new(),
        };
        Ok(self.with_installation(&installation))
    }
}
