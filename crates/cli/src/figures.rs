//! `figures`: computes figures for a unit and a period, and prints them.
//!
//! It owns the asking. The flags that `figures` and `explain` share stand in `question`, how they become a request in
//! [`query`], what an answer looks like in [`mod@print`] and [`notes`]; `vocabulary` knows which words there are, and
//! `positions` how far the services have come.

pub mod notes;
mod positions;
pub mod print;
pub mod query;
mod question;
pub(crate) mod vocabulary;

pub use positions::{Heads, heads};
pub(crate) use positions::{known, tell_unknown};
pub(crate) use question::known_at;
pub use question::{Compare, Filters, Group, KnownAt, Query};

use crate::error::Error;
use crate::globals::Session;
use crate::output::{self, Output};
use banggiao_contracts::registry;
use banggiao_contracts::reporting::v1 as pb;
use print::Look;
use std::collections::BTreeMap;

/// What to compute.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// What is asked.
    #[command(flatten)]
    pub query: Query,
    /// Compare with the same period of the year before, or with the period before in the same calendar.
    #[arg(long, value_enum)]
    pub compare: Option<Compare>,
}

/// Computes figures and prints them.
///
/// # Errors
/// [`Error::Usage`] if the flags contradict each other or name what nobody knows, otherwise as QueryFigures.
pub async fn run(session: &Session, args: &Args) -> Result<(), Error> {
    let mut request = query::figures(args)?;
    let connection = &session.connection;
    vocabulary::check(connection, &args.query.filters.event_type, &args.query.sum).await?;
    let heads = heads(connection).await?;
    request.min_log_index = heads.log_index();
    request.min_registry_position = heads.registry_position();
    let response = connection.call(connection.figures().query_figures(request)).await?;
    tell_unknown(session, &heads);
    notes::notes(session.lang, &response)
        .iter()
        .for_each(|note| output::note(note));
    let lang = session.lang;
    match session.output {
        Output::Json => output::data(&crate::json::typed(&response)?),
        Output::Csv => output::data(&print::table(args, &response, &BTreeMap::new(), Look::machine(lang)).csv()?),
        Output::Table => {
            let names = called(session, &args.query.unit).await;
            let width = output::width();
            let table = print::table(args, &response, &names, Look::people(lang, width));
            output::data(&table.render(lang, width))
        }
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
