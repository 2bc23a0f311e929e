//! The other figure of a difference, as flags: what it has in place of the first one's.
//!
//! It owns which of the two comes first: the other figure is the one that was, so that the difference leads from it to
//! the one that was asked for.

use super::{Args, request, request_of};
use crate::error::Error;
use crate::figures::{Group, KnownAt, Query};
use crate::names;
use banggiao_contracts::reporting::v1 as pb;

/// What the other figure has in place of the first one's; everything else is the same.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Against {
    /// Explain the difference from the figure of this period.
    #[arg(long, value_name = "PERIOD", value_parser = names::period, conflicts_with_all = ["against_from", "against_to"])]
    pub against_period: Option<String>,
    /// Explain the difference from the figure of other days: the first.
    #[arg(long, value_name = "DATE", value_parser = names::day, requires = "against_to")]
    pub against_from: Option<String>,
    /// The last of them, inclusive.
    #[arg(long, value_name = "DATE", value_parser = names::day, requires = "against_from")]
    pub against_to: Option<String>,
    /// Explain the difference from the figure restated to the units of this day.
    #[arg(long, value_name = "DATE", value_parser = names::day, conflicts_with = "against_at_event")]
    pub against_restate: Option<String>,
    /// Explain the difference that --restate makes: from the figure as it was.
    #[arg(long)]
    pub against_at_event: bool,
    /// Explain the difference from the figure as it was known at these positions.
    #[arg(long, value_name = "LOG[:REGISTRY]", value_parser = crate::figures::known_at)]
    pub against_known_at: Option<KnownAt>,
    /// Explain the difference from the figure of this unit.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub against_unit: Option<String>,
}

impl Against {
    /// Whether there is another figure.
    #[must_use]
    pub fn any(&self) -> bool {
        let texts = [
            &self.against_period,
            &self.against_from,
            &self.against_restate,
            &self.against_unit,
        ];
        texts.iter().any(|text| text.is_some()) || self.against_at_event || self.against_known_at.is_some()
    }

    /// The question behind the other figure.
    fn query(&self, query: &Query) -> Query {
        let mut other = query.clone();
        if let Some(period) = &self.against_period {
            (other.period, other.from, other.to) = (Some(period.clone()), None, None);
        }
        if let (Some(from), Some(to)) = (&self.against_from, &self.against_to) {
            (other.period, other.from, other.to) = (None, Some(from.clone()), Some(to.clone()));
        }
        if self.against_at_event {
            other.restate = None;
        }
        other.restate = self.against_restate.clone().or(other.restate);
        other.known_at = self.against_known_at.or(other.known_at);
        other.unit = self.against_unit.clone().unwrap_or(other.unit);
        other
    }
}

/// The request of a difference, without minimum positions.
///
/// # Errors
/// [`Error::Usage`] as for each of the two figures, if they are the same one, or if evidence is to be written.
pub fn difference(args: &Args) -> Result<pb::ExplainDifferenceRequest, Error> {
    if args.export.is_some() {
        return Err(Error::Usage("--export is for the records of one figure".into()));
    }
    let against = &args.against;
    if against.against_period.is_some() || against.against_from.is_some() {
        let times = [Group::Month, Group::Quarter, Group::Half, Group::Year, Group::Campaign];
        if let Some((group, _)) = args.group.iter().find(|(group, _)| times.contains(group)) {
            let key = group.cell_key();
            let why = format!("--group {key}=… names a {key} of one of the two periods; give that as a period instead");
            return Err(Error::Usage(why));
        }
    }
    let after = request(args)?;
    let before = request_of(&args.against.query(&args.query), &args.group)?;
    if before == after {
        return Err(Error::Usage("both figures are the same one: nothing to explain".into()));
    }
    Ok(pb::ExplainDifferenceRequest {
        before: Some(before),
        after: Some(after),
    })
}
