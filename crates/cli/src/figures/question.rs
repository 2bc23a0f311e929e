//! The question behind a figure, as flags: what `figures` and `explain` take alike.
//!
//! It owns the words of the command line. How they become a request stands in [`super::query`].

use super::query;
use crate::{choices, names};
use banggiao_contracts::registry::v1::AgreementKind;
use banggiao_contracts::reporting::v1 as pb;
use banggiao_contracts::r#type::v1::{Direction, Level};
use clap::ValueEnum;

/// The question behind a figure.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Query {
    /// The unit whose subtree counts.
    #[arg(long, value_parser = names::unit)]
    pub unit: String,
    /// The period, as civil/2024-H1 or legal/2024-05.
    #[arg(long, value_parser = names::period, conflicts_with_all = ["from", "to"], required_unless_present = "from")]
    pub period: Option<String>,
    /// First day, instead of a period.
    #[arg(long, value_name = "DATE", value_parser = names::day, requires = "to")]
    pub from: Option<String>,
    /// Last day, inclusive.
    #[arg(long, value_name = "DATE", value_parser = names::day, requires = "from")]
    pub to: Option<String>,
    /// Indicators, as delegations-received; with neither indicator nor sum, the shipped headline set.
    #[arg(long, value_delimiter = ',', value_parser = names::indicator)]
    pub indicator: Vec<String>,
    /// Indicators to be taken together as one figure, as delegations-sent,delegations-received; each record counts once.
    #[arg(long, value_name = "INDICATOR", value_delimiter = ',', value_parser = names::indicator)]
    pub sum_of: Vec<String>,
    /// What to sum: events, delegations, persons, home-units, partner-units, markers, agreements, or the key of a quantity.
    #[arg(long, value_delimiter = ',', value_parser = query::sum)]
    pub sum: Vec<query::Sum>,
    /// What narrows it.
    #[command(flatten)]
    pub filters: Filters,
    /// Restate to the units of this day, along succession; by default each record counts as it was.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub restate: Option<String>,
    /// What to divide the figures by.
    #[arg(long, value_name = "KEY", value_enum, value_delimiter = ',')]
    pub by: Vec<Group>,
    /// Count the newest revision of each event instead of the last approved.
    #[arg(long)]
    pub include_unapproved: bool,
    /// The figure as it was known at these positions of the journal's log and of the registry.
    #[arg(long, value_name = "LOG[:REGISTRY]", value_parser = known_at)]
    pub known_at: Option<KnownAt>,
}

/// Which records are counted: what `figures`, `explain` and the definition of an indicator take alike.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Filters {
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
    /// Only events with aid of these items, as rice; of aid-value-vnd only what these were worth is summed.
    #[arg(long, value_name = "ITEM", value_delimiter = ',')]
    pub aid_item: Vec<String>,
    /// Only agreements of these kinds, as TWINNING; counts agreements.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = choices::agreement_kind)]
    pub agreement_kind: Vec<AgreementKind>,
    /// Only agreements of these levels, as district; counts agreements.
    #[arg(long, value_delimiter = ',', value_parser = choices::level)]
    pub level: Vec<Level>,
    /// Count a unit or marker in every record, not once; with the sums home-units, partner-units and markers.
    #[arg(long)]
    pub repeated: bool,
}

/// Positions up to which something was known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KnownAt {
    /// Position in the journal's log, from 1.
    pub log_index: i64,
    /// Position of the registry, from 1; 0: as it is known now.
    pub registry_position: i64,
}

/// Positions as people give them: `1024:88`, or `1024` for the log alone.
pub(crate) fn known_at(text: &str) -> Result<KnownAt, String> {
    let position = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let position = if plain { digits.parse::<i64>().ok() } else { None };
        position
            .filter(|position| *position > 0)
            .ok_or_else(|| format!("\"{text}\" is not a position such as 1024, or 1024:88 with that of the registry"))
    };
    let (log, registry) = match text.split_once(':') {
        Some((log, registry)) => (log, position(registry)?),
        None => (text, 0),
    };
    Ok(KnownAt {
        log_index: position(log)?,
        registry_position: registry,
    })
}

/// What a figure can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compare {
    /// The same period a year before.
    PreviousYear,
    /// The period before in the same calendar; of a range of days, as many days before.
    PreviousPeriod,
}

/// What figures can be divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(
    missing_docs,
    reason = "the words are those of the command line, and their meaning stands in the contract"
)]
pub enum Group {
    Child,
    Unit,
    PartnerUnit,
    PartnerCountry,
    Type,
    Direction,
    Programme,
    Level,
    Month,
    Quarter,
    Half,
    Year,
    Campaign,
    Team,
    AidItem,
}

impl Group {
    /// The contract's key.
    #[must_use]
    pub fn key(self) -> pb::GroupKey {
        match self {
            Self::Child => pb::GroupKey::ChildUnit,
            Self::Unit => pb::GroupKey::Unit,
            Self::PartnerUnit => pb::GroupKey::PartnerUnit,
            Self::PartnerCountry => pb::GroupKey::PartnerCountry,
            Self::Type => pb::GroupKey::EventType,
            Self::Direction => pb::GroupKey::Direction,
            Self::Programme => pb::GroupKey::Programme,
            Self::Level => pb::GroupKey::Level,
            Self::Month => pb::GroupKey::Month,
            Self::Quarter => pb::GroupKey::Quarter,
            Self::Half => pb::GroupKey::Half,
            Self::Year => pb::GroupKey::Year,
            Self::Campaign => pb::GroupKey::Campaign,
            Self::Team => pb::GroupKey::Team,
            Self::AidItem => pb::GroupKey::AidItem,
        }
    }

    /// The key as it stands in a cell's group, as `child_unit`.
    #[must_use]
    pub fn cell_key(self) -> String {
        self.key()
            .as_str_name()
            .trim_start_matches("GROUP_KEY_")
            .to_ascii_lowercase()
    }
}

impl Compare {
    /// The contract's comparison.
    #[must_use]
    pub fn comparison(self) -> pb::Comparison {
        match self {
            Self::PreviousYear => pb::Comparison::PreviousYear,
            Self::PreviousPeriod => pb::Comparison::PreviousPeriod,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_whole_and_begin_at_1() {
        let at = |log_index, registry_position| KnownAt {
            log_index,
            registry_position,
        };
        assert_eq!(known_at("1024:88"), Ok(at(1024, 88)));
        assert_eq!(known_at("7"), Ok(at(7, 0)));
        for text in [
            "",
            ":",
            "0",
            "0:1",
            "1:0",
            "1:",
            ":1",
            "-1",
            "1:2:3",
            "99999999999999999999",
            "+1",
        ] {
            assert!(known_at(text).is_err(), "{text}");
        }
    }
}
