//! `explain`: the records behind one figure, each with what it adds.
//!
//! It owns how a group is named on the command line and how the stream becomes one answer. The question itself is
//! built as that of [`crate::figures`]; what leads from another figure to this one stands in [`difference`].

pub mod against;
mod bridge;
pub mod difference;
mod records;

pub use against::Against;

use crate::error::Error;
use crate::figures::{self, Group, Query, query, vocabulary};
use crate::globals::Session;
use crate::ledger;
use crate::names;
use crate::output::{self, Output};
use banggiao_contracts::reporting::v1 as pb;
use clap::ValueEnum as _;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which figure to explain.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// What was asked; exactly one indicator or sum.
    #[command(flatten)]
    pub query: Query,
    /// The group of the cell, as child=longan,month=2024-03.
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = group)]
    pub group: Vec<(Group, String)>,
    /// Write the records with what proves them into a file, overwriting it; `banggiao verify FILE` checks it anywhere. Of
    /// events only.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Another figure, from which the difference is explained.
    #[command(flatten)]
    pub against: Against,
}

/// One part of a group: a key as `--by` takes it, or as a cell has it, and a value.
fn group(text: &str) -> Result<(Group, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| format!("\"{text}\" is not of the form KEY=VALUE"))?;
    let word = key.to_ascii_lowercase();
    let by_cell_key = Group::value_variants()
        .iter()
        .find(|group| group.cell_key() == word)
        .copied();
    let group = by_cell_key.map_or_else(|| Group::from_str(&word, true), Ok);
    Ok((
        group.map_err(|_| format!("\"{key}\" is not a key to group by"))?,
        value.to_owned(),
    ))
}

/// The request of `explain`, without minimum positions.
///
/// # Errors
/// [`Error::Usage`] unless exactly one figure is asked for and its group is whole.
pub fn request(args: &Args) -> Result<pb::ExplainFigureRequest, Error> {
    request_of(&args.query, &args.group)
}

fn request_of(query: &Query, group_flags: &[(Group, String)]) -> Result<pb::ExplainFigureRequest, Error> {
    let counted = query::counted(query)?;
    if query.indicator.len() + counted.measures.len() != 1 {
        return Err(Error::Usage(
            "explain takes exactly one --indicator, one --sum or one --sum-of".into(),
        ));
    }
    let of_agreements = counted
        .measures
        .iter()
        .any(|measure| matches!(measure.source, Some(pb::measure::Source::Agreements(_))));
    let mut group = BTreeMap::new();
    for (key, value) in group_flags {
        let value = group_value(*key, value, query, of_agreements).map_err(Error::Usage)?;
        if group.insert(key.cell_key(), value).is_some() {
            return Err(Error::Usage(format!("--group names {} twice", key.cell_key())));
        }
    }
    // Naming a group says well enough what it was grouped by.
    let by: Vec<_> = if query.by.is_empty() {
        group_flags.iter().map(|(key, _)| *key).collect()
    } else {
        query.by.clone()
    };
    if by.len() != group.len() || !by.iter().all(|key| group.contains_key(&key.cell_key())) {
        return Err(Error::Usage(
            "--group must have a value for each key of --by, and for no other".into(),
        ));
    }
    let (hierarchy, hierarchy_date) = query::hierarchy(query);
    let known = query.known_at.unwrap_or_default();
    Ok(pb::ExplainFigureRequest {
        unit: query.unit.clone(),
        indicators: query.indicator.clone(),
        measures: counted.measures,
        period: query.period.clone().unwrap_or_default(),
        start_date: query.from.clone().unwrap_or_default(),
        end_date: query.to.clone().unwrap_or_default(),
        hierarchy,
        hierarchy_date,
        include_unapproved: query.include_unapproved,
        narrow_events: counted.narrow_events,
        narrow_agreements: counted.narrow_agreements,
        min_log_index: 0,
        min_registry_position: 0,
        group_by: by.iter().map(|key| key.key().into()).collect(),
        group,
        known_log_index: known.log_index,
        known_registry_position: known.registry_position,
    })
}

/// What the group of records without a value is called.
const NONE: &str = "NONE";

/// A group's value as cells have it: a resource name or a code. `NONE`, or nothing, is the group of records without one.
fn group_value(key: Group, value: &str, query: &Query, of_agreements: bool) -> Result<String, String> {
    if value.is_empty() || value.eq_ignore_ascii_case(NONE) {
        return Ok(NONE.to_owned());
    }
    match key {
        Group::Child | Group::Unit | Group::PartnerUnit | Group::Team => names::unit(value),
        Group::AidItem => Ok(value.to_owned()),
        Group::Programme => names::programme(value),
        Group::PartnerCountry => names::country(value),
        Group::Type if of_agreements => Ok(banggiao_model::name::id_to_code(value)),
        Group::Type => names::event_type(value),
        Group::Direction | Group::Level => Ok(value.to_ascii_uppercase()),
        Group::Month | Group::Quarter | Group::Half | Group::Year | Group::Campaign if value.contains('/') => {
            names::period(value)
        }
        Group::Campaign => names::period(&format!("campaign/{value}")),
        Group::Month | Group::Quarter | Group::Half | Group::Year => {
            let calendar = query
                .period
                .as_deref()
                .and_then(|period| period.split('/').nth(1))
                .unwrap_or("civil");
            names::period(&format!("{calendar}/{value}"))
        }
    }
}

/// Asks for the records and prints them.
///
/// # Errors
/// [`Error::Usage`] as [`request`] or for words that nobody knows, otherwise as ExplainFigure.
pub async fn run(session: &Session, args: &Args) -> Result<(), Error> {
    if args.against.any() {
        return difference::run(session, args).await;
    }
    let mut request = request(args)?;
    check_words(session, args, &request).await?;
    let heads = figures::heads(&session.connection).await?;
    request.min_log_index = heads.log_index();
    request.min_registry_position = heads.registry_position();
    let response = collect(session, request.clone()).await?;
    if let Some(file) = &args.export {
        ledger::export_figure(session, request, &response, file).await?;
    }
    figures::tell_unknown(session, &heads);
    if response.withheld {
        output::note(&figures::notes::withheld(session.lang));
    }
    match session.output {
        Output::Json => output::data(&crate::json::typed(&response)?),
        Output::Csv => output::data(&records::table(&response, session.lang).csv()?),
        Output::Table => output::data(&records::table(&response, session.lang).render(session.lang, output::width())),
    }
}

/// Refuses words that nobody knows, among the flags and in the group.
async fn check_words(session: &Session, args: &Args, request: &pb::ExplainFigureRequest) -> Result<(), Error> {
    let type_of_group = request
        .group
        .get(&Group::Type.cell_key())
        .filter(|name| name.contains('/'));
    let types = args.query.filters.event_type.iter().chain(type_of_group);
    vocabulary::check(&session.connection, types, &args.query.sum).await
}

/// The whole stream as one response.
async fn collect(session: &Session, request: pb::ExplainFigureRequest) -> Result<pb::ExplainFigureResponse, Error> {
    let connection = &session.connection;
    let mut stream = connection
        .call(connection.explanations().explain_figure(request))
        .await?;
    let mut merged: Option<pb::ExplainFigureResponse> = None;
    while let Some(next) = connection.next(&mut stream).await? {
        match &mut merged {
            Some(merged) => merged.contributions.extend(next.contributions),
            None => merged = Some(next),
        }
    }
    Ok(merged.unwrap_or_default())
}
