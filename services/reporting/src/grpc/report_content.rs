//! What a report says: its template's sections, asked as figures and put together.
//!
//! Everything here follows from the question, the definitions and one state of facts and directory, so that the same
//! gives the same bytes again.

mod labels;

use std::collections::{BTreeMap, BTreeSet};

use banggiao_contracts::reporting::v1::{self as pb, report_part, report_section};
use banggiao_model::{
    date::{self, Date},
    decimal, name,
    permission::Classification,
};

use super::{answer, query};
use crate::domain::{
    Error, calendar,
    definition::Edition,
    figure::{self, Contribution, Ground, Reach, Record},
    measure::{Source, wire::Known},
    query::Query,
    template::{self, Blank},
};
use labels::Labels;

/// A report that was computed.
#[derive(Debug)]
pub struct Composed {
    /// What it says.
    pub content: pb::ReportContent,
    /// Something was left out because the reader may not read it.
    pub withheld: bool,
    /// How secret the most secret record in it is.
    pub classification: Classification,
    /// The first and the last day that it is about.
    pub days: (String, String),
}

/// A report whose questions are known to make sense.
#[derive(Debug)]
pub struct Plan {
    report: pb::Report,
    titles: BTreeMap<String, String>,
    parts: Vec<(BTreeMap<String, String>, Asked)>,
    uses: BTreeMap<String, i32>,
    periods: BTreeMap<String, String>,
}

#[derive(Debug)]
enum Asked {
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

    /// Computes what the report says.
    ///
    /// # Errors
    /// [`Error::Broken`] if a sum is too large to be written down.
    pub fn compose(&self, ground: Ground<'_>, edition: Edition<'_>, reach: &Reach) -> Result<Composed, Error> {
        let mut writer = Writer {
            ground,
            edition,
            reach,
            labels: Labels::new(ground.directory, date::parse(&self.report.end_date).ok()),
            withheld: false,
            classification: Classification::Unclassified,
        };
        writer.labels.unit(&self.report.unit);
        writer.labels.programme(&self.report.programme);
        let mut parts = Vec::with_capacity(self.parts.len());
        for (titles, asked) in &self.parts {
            parts.push(pb::ReportPart {
                titles: titles.clone(),
                content: Some(writer.part(self, asked)?),
            });
        }
        let titles = self.titles.iter().map(|(language, title)| {
            let filled = template::fill(title, |blank| writer.word(self, blank, language));
            (language.clone(), filled)
        });
        let definitions = self.uses.iter().map(|(name, revision)| pb::DefinitionUse {
            name: name.clone(),
            revision: *revision,
        });
        let content = pb::ReportContent {
            titles: titles.collect(),
            journal_epoch: ground.facts.epoch,
            log_index: ground.facts.position,
            registry_epoch: ground.directory.epoch(),
            registry_position: ground.directory.position(),
            definitions: definitions.collect(),
            parts,
            labels: Vec::new(),
        };
        Ok(Composed {
            content: pb::ReportContent {
                labels: writer.labels.list(),
                ..content
            },
            withheld: writer.withheld,
            classification: writer.classification,
            days: (self.report.start_date.clone(), self.report.end_date.clone()),
        })
    }
}

struct Writer<'a> {
    ground: Ground<'a>,
    edition: Edition<'a>,
    reach: &'a Reach,
    labels: Labels<'a>,
    withheld: bool,
    classification: Classification,
}

impl Writer<'_> {
    fn part(&mut self, plan: &Plan, asked: &Asked) -> Result<report_part::Content, Error> {
        Ok(match asked {
            Asked::Narrative(text, query) => {
                let figures = query.as_ref().map(|query| self.table(query, &[])).transpose()?;
                let filled = text.iter().map(|(language, text)| {
                    let value = |blank: &Blank<'_>| match blank {
                        Blank::Word(_) => self.word(plan, blank, language),
                        Blank::Figure { indicator, before } => figure_of(figures.as_ref()?, indicator, *before)
                            .map(|value| decimal::written(value, language)),
                    };
                    (language.clone(), template::fill(text, value))
                });
                report_part::Content::Narrative(pb::ReportNarrative {
                    text: filled.collect(),
                    figures,
                })
            }
            Asked::Table(group_by, query) => report_part::Content::Table(self.table(query, group_by)?),
            Asked::Records(query) => report_part::Content::Records(self.records(query)?),
        })
    }

    /// A table of figures with the records behind its totals.
    fn table(&mut self, query: &Query, group_by: &[i32]) -> Result<pb::ReportTable, Error> {
        let figures = figure::compute(self.ground, query, self.reach)?;
        self.withheld |= figures.withheld;
        if let Some(window) = query.comparison {
            for place in 0..query.measures.len() {
                self.explained(
                    &Query {
                        window,
                        ..query.clone()
                    },
                    place,
                )?;
            }
        }
        let answer = answer::figures(self.ground.facts, self.ground.directory, query, figures);
        for cell in &answer.cells {
            cell.group.values().for_each(|value| self.labels.any(value));
        }
        for placement in answer.placements.iter().chain(&answer.unplaced) {
            self.labels.unit(&placement.unit);
            self.labels.unit(&placement.placed_at);
        }
        let mut contributions = Vec::new();
        for place in 0..query.measures.len() {
            for contribution in &self.explained(query, place)?.contributions {
                let shown = answer::contribution(self.ground.directory.hierarchy(), contribution);
                contributions.push(pb::ReportContribution {
                    measure: i32::try_from(place).unwrap_or(i32::MAX),
                    resource: shown.resource,
                    revision: shown.revision,
                    position: shown.position,
                    amount: shown.amount,
                });
            }
        }
        Ok(pb::ReportTable {
            measures: query
                .measures
                .iter()
                .map(|measure| self.measure(&measure.label))
                .collect(),
            group_by: group_by.to_vec(),
            cells: answer.cells,
            totals: answer.totals,
            comparison_start_date: answer.comparison_start_date,
            comparison_end_date: answer.comparison_end_date,
            placements: answer.placements,
            unplaced: answer.unplaced,
            contributions,
        })
    }

    /// The records behind one figure.
    fn records(&mut self, query: &Query) -> Result<pb::ReportRecords, Error> {
        let explained = self.explained(query, 0)?;
        let (mut records, mut agreements) = (Vec::new(), Vec::new());
        for contribution in &explained.contributions {
            let shown = answer::contribution(self.ground.directory.hierarchy(), contribution);
            for unit in shown.home_units.iter().chain(&shown.partner_units) {
                self.labels.unit(unit);
            }
            records.push(shown);
            if let Record::Agreement(agreement, _) = contribution.record.record() {
                agreements.push(pb::AgreementLine {
                    agreement: agreement.resource.name.clone(),
                    titles: agreement.resource.title.clone(),
                    kind: agreement
                        .kind
                        .as_str_name()
                        .trim_start_matches("AGREEMENT_KIND_")
                        .to_owned(),
                    text_number: agreement.resource.number.clone(),
                    start_date: agreement.start.map(|day| day.to_string()).unwrap_or_default(),
                    end_date: agreement.end.map(|day| day.to_string()).unwrap_or_default(),
                });
            }
        }
        let cell = answer::cell(query, &explained.cell);
        Ok(pb::ReportRecords {
            measure: query.measures.first().map(|measure| self.measure(&measure.label)),
            total: Some(pb::Total {
                indicator: cell.indicator,
                value: cell.value,
                record_count: cell.record_count,
                unknown_count: cell.unknown_count,
                ..pb::Total::default()
            }),
            records,
            agreements,
        })
    }

    fn explained(&mut self, query: &Query, place: usize) -> Result<figure::Explanation, Error> {
        let one = Query {
            measures: vec![query.measures[place].clone()],
            group_by: Vec::new(),
            comparison: None,
            ..query.clone()
        };
        let explained = figure::explain(self.ground, &one, self.reach, Vec::new())?;
        self.withheld |= explained.withheld;
        let secret = |contribution: &Contribution| contribution.record.record().classification();
        let most = explained.contributions.iter().map(secret).max().unwrap_or_default();
        self.classification = self.classification.max(most);
        Ok(explained)
    }

    fn measure(&self, label: &str) -> pb::ReportMeasure {
        let indicator = label
            .starts_with("indicators/")
            .then(|| self.edition.indicator(label))
            .flatten();
        pb::ReportMeasure {
            indicator: label.to_owned(),
            names: indicator.map(|one| one.names.clone()).unwrap_or_default(),
            unit_of_count: indicator.map(|one| one.unit_of_count.clone()).unwrap_or_default(),
        }
    }

    /// A word that stands for something of the report itself.
    fn word(&self, plan: &Plan, blank: &Blank<'_>, language: &str) -> Option<String> {
        let Blank::Word(word) = blank else { return None };
        let day = |text: &str| date::parse(text).ok().map(|day| date::written(day, language));
        match *word {
            "unit" => self.labels.name(&plan.report.unit, language),
            "programme" => self.labels.name(&plan.report.programme, language),
            "period" => plan.periods.get(language).or_else(|| plan.periods.get("vi")).cloned(),
            "start_date" => day(&plan.report.start_date),
            "end_date" => day(&plan.report.end_date),
            _ => None,
        }
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

/// The figure of an indicator in a table without groups.
fn figure_of<'a>(table: &'a pb::ReportTable, indicator: &str, before: bool) -> Option<&'a str> {
    let name = name::name("indicators", indicator);
    let cell = table.cells.iter().find(|cell| cell.indicator == name)?;
    if before {
        cell.comparison_value.as_deref()
    } else {
        Some(&cell.value)
    }
}
