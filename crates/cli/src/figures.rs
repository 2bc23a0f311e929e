//! `figures`: computes figures for a unit and a period, and prints them.
//!
//! It owns the flags that `figures` and `explain` share and the asking. How flags become a request stands in
//! [`query`], what an answer looks like in [`mod@print`] and [`notes`]; `vocabulary` knows which words there are.

pub mod notes;
pub mod print;
pub mod query;
pub(crate) mod vocabulary;

use crate::choices;
use crate::connection::Connection;
use crate::error::Error;
use crate::globals::Session;
use crate::names;
use crate::output::{self, Output};
use banggiao_contracts::registry::v1::AgreementKind;
use banggiao_contracts::reporting::v1 as pb;
use banggiao_contracts::r#type::v1::{Direction, Level};
use banggiao_contracts::{journal, registry};
use clap::ValueEnum;
use std::collections::BTreeMap;
use tonic::Code;

/// What to compute.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// What is asked.
    #[command(flatten)]
    pub query: Query,
    /// Compare with the same period of the year before.
    #[arg(long, value_enum)]
    pub compare: Option<Compare>,
}

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
    /// What to sum: events, delegations, persons, home-units, partner-units, agreements, or the key of a quantity.
    #[arg(long, value_delimiter = ',', value_parser = query::sum)]
    pub sum: Vec<query::Sum>,
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
    /// Count a unit in every record, not once; with the sums home-units and partner-units.
    #[arg(long)]
    pub repeated: bool,
    /// Restate to the units of this day, along succession; by default each record counts as it was.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub restate: Option<String>,
    /// What to divide the figures by.
    #[arg(long, value_name = "KEY", value_enum, value_delimiter = ',')]
    pub by: Vec<Group>,
    /// Count the newest revision of each event instead of the last approved.
    #[arg(long)]
    pub include_unapproved: bool,
}

/// What a figure can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compare {
    /// The same period a year before.
    PreviousYear,
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
    Month,
    Quarter,
    Year,
}

/// How far journal and registry had come before a question was asked.
#[derive(Debug, Default)]
pub struct Heads {
    log_index: i64,
    registry_position: i64,
    /// Services that could not say.
    unknown: Vec<&'static str>,
}

/// Computes figures and prints them.
///
/// # Errors
/// [`Error::Usage`] if the flags contradict each other or name what nobody knows, otherwise as QueryFigures.
pub async fn run(session: &Session, args: &Args) -> Result<(), Error> {
    let mut request = query::figures(args)?;
    let connection = &session.connection;
    vocabulary::check(connection, &args.query.event_type, &args.query.sum).await?;
    let heads = heads(connection).await?;
    request.min_log_index = heads.log_index;
    request.min_registry_position = heads.registry_position;
    let response = connection.call(connection.figures().query_figures(request)).await?;
    tell_unknown(session, &heads);
    notes::notes(session.lang, &response)
        .iter()
        .for_each(|note| output::note(note));
    match session.output {
        Output::Json => output::data(&crate::json::typed(&response)?),
        Output::Csv => output::data(&print::table(args, &response, &BTreeMap::new(), session.lang).csv()?),
        Output::Table => {
            let names = called(session, &args.query.unit).await;
            let table = print::table(args, &response, &names, session.lang);
            output::data(&table.render(session.lang, output::width()))
        }
    }
}

/// Asks journal and registry how far they are, so that an answer holds everything that was written before the question.
/// One that cannot be asked does not stand in the way: reporting answers from what it has, and the caller is told.
///
/// # Errors
/// UNAUTHENTICATED and every other status that the figures would meet as well.
pub async fn heads(connection: &Connection) -> Result<Heads, Error> {
    let mut event_feed = connection.event_feed();
    let mut registry_feed = connection.registry_feed();
    let (log, changes) = tokio::join!(
        connection.call(event_feed.get_head(journal::v1::GetHeadRequest {})),
        connection.call(registry_feed.get_head(registry::v1::GetHeadRequest {})),
    );
    let mut heads = Heads::default();
    heads.log_index = known(log, "journal", &mut heads.unknown)?.map_or(0, |head| head.log_index);
    heads.registry_position = known(changes, "registry", &mut heads.unknown)?.map_or(0, |head| head.position);
    Ok(heads)
}

/// What a service said about its position, if it said anything; a service that is away is noted as unknown.
pub(crate) fn known<T>(
    head: Result<T, Error>,
    service: &'static str,
    unknown: &mut Vec<&'static str>,
) -> Result<Option<T>, Error> {
    match head {
        Ok(head) => Ok(Some(head)),
        Err(Error::Status(status)) => match status.code() {
            Code::PermissionDenied | Code::Unimplemented => Ok(None),
            Code::Unavailable | Code::DeadlineExceeded => {
                unknown.push(service);
                Ok(None)
            }
            _ => Err(Error::Status(status)),
        },
        Err(error) => Err(error),
    }
}

/// Says whose newest records may be missing from an answer.
pub(crate) fn tell_unknown(session: &Session, heads: &Heads) {
    for service in &heads.unknown {
        output::note(&session.lang.pick(
            format!("note: {service} cannot be reached; what it recorded last may not be counted yet"),
            format!("lưu ý: không liên lạc được với {service}; bản ghi mới nhất có thể chưa được tính"),
        ));
    }
}

impl Heads {
    /// The journal's position, 0 if it could not say.
    #[must_use]
    pub fn log_index(&self) -> i64 {
        self.log_index
    }

    /// The registry's position, 0 if it could not say.
    #[must_use]
    pub fn registry_position(&self) -> i64 {
        self.registry_position
    }
}

/// What people call the indicators and the unit, by resource name, in the session's language. A table without names is
/// still a table, so failures give none.
async fn called(session: &Session, unit: &str) -> BTreeMap<String, String> {
    let connection = &session.connection;
    let indicators = pb::ListIndicatorsRequest {
        page_size: 1_000,
        ..pb::ListIndicatorsRequest::default()
    };
    let unit = registry::v1::GetUnitRequest {
        name: unit.to_owned(),
        ..registry::v1::GetUnitRequest::default()
    };
    let (mut of_indicators, mut of_units) = (connection.indicators(), connection.units());
    let (indicators, unit) = tokio::join!(
        connection.call(of_indicators.list_indicators(indicators)),
        connection.call(of_units.get_unit(unit)),
    );
    let in_language = |mut names: BTreeMap<String, String>| {
        [session.lang.key(), "en", "vi"]
            .iter()
            .find_map(|key| names.remove(*key))
    };
    let indicators = indicators.unwrap_or_default().indicators.into_iter();
    indicators
        .map(|indicator| (indicator.name, indicator.names))
        .chain(unit.ok().map(|unit| (unit.name, unit.names)))
        .filter_map(|(name, names)| Some((name, in_language(names)?)))
        .collect()
}
