//! The questions of a report: its template's sections, read against what is known and defined.

use std::collections::{BTreeMap, BTreeSet};

use banggiao_contracts::reporting::v1::{self as pb, report_section};
use banggiao_model::{
    date::{self, Date},
    name,
};

use crate::{
    domain::{
        Error, calendar,
        definition::Edition,
        measure::{Source, wire::Known},
        query::Query,
        template::{self, Blank},
    },
    grpc::query,
};

/// A report whose questions are known to make sense.
#[derive(Debug)]
pub struct Plan {
    pub(super) report: pb::Report,
    pub(super) titles: BTreeMap<String, String>,
    pub(super) parts: Vec<(BTreeMap<String, String>, Asked)>,
    pub(super) uses: BTreeMap<String, i32>,
    pub(super) periods: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(super) enum Asked {
    Narrative(BTreeMap<String, String>, Option<Query>),
    /// With what it is divided by, as the contract has it.
    Table(Vec<i32>, Query),
    Records(Query),
}

/// Reads the questions of a report by its template.
///
/// # Errors
/// [`Error::Invalid`] or [`Error::Precondition`] if one of them makes no sense.
pub fn plan(known: Known<'_>, report: &pb::Report, template: &pb::ReportTemplate) -> Result<Plan, Error> {
    let report = &of_period(known.edition, report)?;
    let mut uses = BTreeMap::from([(template.name.clone(), template.revision)]);
    let mut parts = Vec::with_capacity(template.sections.len());
    for section in &template.sections {
        let asked = match section
            .content
            .clone()
            .unwrap_or(report_section::Content::Narrative(pb::Narrative::default()))
        {
            report_section::Content::Narrative(narrative) => {
                let table = mentioned(&narrative.text)?;
                let query = table.map(|table| ask(known, report, &table)).transpose()?;
                Asked::Narrative(narrative.text, query)
            }
            report_section::Content::Table(table) => {
                let query = ask(known, report, &table)?;
                Asked::Table(table.group_by, query)
            }
            report_section::Content::Records(list) => {
                let table = pb::FigureTable {
                    indicators: Some(list.indicator)
                        .filter(|name| !name.is_empty())
                        .into_iter()
                        .collect(),
                    measures: list.measure.into_iter().collect(),
                    ..pb::FigureTable::default()
                };
                Asked::Records(ask(known, report, &table)?)
            }
        };
        let query = match &asked {
            Asked::Narrative(_, query) => query.as_ref(),
            Asked::Table(_, query) | Asked::Records(query) => Some(query),
        };
        uses.extend(query.iter().flat_map(|query| query.uses.clone()));
        parts.push((section.titles.clone(), asked));
    }
    Ok(Plan {
        report: report.clone(),
        titles: template.titles.clone(),
        parts,
        uses,
        periods: period_titles(known.edition, report)?,
    })
}

impl Plan {
    /// All stretches of days whose records it counts.
    pub fn stretches(&self) -> Vec<(Date, Date)> {
        let queries = self.parts.iter().filter_map(|(_, asked)| match asked {
            Asked::Narrative(_, query) => query.as_ref(),
            Asked::Table(_, query) | Asked::Records(query) => Some(query),
        });
        let stretches: BTreeSet<(Date, Date)> = queries.flat_map(Query::stretches).collect();
        stretches.into_iter().collect()
    }
}

/// The figures that a text asks for, as a table; nothing if it asks for none.
fn mentioned(text: &BTreeMap<String, String>) -> Result<Option<pb::FigureTable>, Error> {
    let (mut indicators, mut compares) = (Vec::new(), false);
    for text in text.values() {
        let pieces = template::pieces(text).map_err(Error::Broken)?;
        for blank in pieces.into_iter().filter_map(|(_, blank)| blank) {
            if let Blank::Figure { indicator, before } = blank {
                let name = name::name("indicators", indicator);
                if !indicators.contains(&name) {
                    indicators.push(name);
                }
                compares |= before;
            }
        }
    }
    let compare = if compares {
        pb::Comparison::PreviousYear
    } else {
        pb::Comparison::Unspecified
    };
    Ok((!indicators.is_empty()).then(|| pb::FigureTable {
        indicators,
        compare: compare.into(),
        ..pb::FigureTable::default()
    }))
}

/// A table of a report as a query.
fn ask(known: Known<'_>, report: &pb::Report, table: &pb::FigureTable) -> Result<Query, Error> {
    let ranged = report.period.is_empty();
    let day = |day: &String| if ranged { day.clone() } else { String::new() };
    let request = pb::QueryFiguresRequest {
        unit: report.unit.clone(),
        indicators: table.indicators.clone(),
        measures: table.measures.clone(),
        period: report.period.clone(),
        start_date: day(&report.start_date),
        end_date: day(&report.end_date),
        hierarchy: report.hierarchy,
        hierarchy_date: report.hierarchy_date.clone(),
        narrow_events: table.narrow_events.clone(),
        narrow_agreements: table.narrow_agreements.clone(),
        group_by: table.group_by.clone(),
        compare: table.compare,
        ..pb::QueryFiguresRequest::default()
    };
    let mut query = query::figures(known, &request)?;
    let mut sources = query.measures.iter().flat_map(|measure| measure.source.parts());
    if let Some(id) = name::collection_id(&report.programme, "programmes")
        && sources.any(|source| matches!(source, Source::Events(_)))
    {
        query.narrow_events.programmes = vec![id.to_owned()];
    }
    Ok(query)
}

/// The report with the days that its period has by the definitions that are gone by.
fn of_period(edition: Edition<'_>, report: &pb::Report) -> Result<pb::Report, Error> {
    if report.period.is_empty() {
        return Ok(report.clone());
    }
    let (start, end) = calendar::find(edition, &report.period).map_err(Error::Broken)?.days;
    Ok(pb::Report {
        start_date: start.to_string(),
        end_date: end.to_string(),
        ..report.clone()
    })
}

/// What the period is called: its titles, or its days.
fn period_titles(edition: Edition<'_>, report: &pb::Report) -> Result<BTreeMap<String, String>, Error> {
    if !report.period.is_empty() {
        let period = calendar::show(edition, &report.period).map_err(Error::Broken)?;
        return Ok(period.titles);
    }
    let day = |text: &str, language: &str| {
        let day = date::parse(text).map(|day| date::written(day, language));
        day.unwrap_or_default()
    };
    let range = |language: &str, from: &str, to: &str| {
        let (start, end) = (day(&report.start_date, language), day(&report.end_date, language));
        (language.to_owned(), format!("{from} {start} {to} {end}"))
    };
    Ok([range("vi", "từ", "đến"), range("en", "from", "to")].into())
}
