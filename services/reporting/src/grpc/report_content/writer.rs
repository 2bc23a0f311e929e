//! Writing a report: each section computed and put into words, tables and lists.

use banggiao_contracts::reporting::v1::{self as pb, report_part};
use banggiao_model::{date, decimal, name, permission::Classification};

use super::{
    labels::Labels,
    plan::{Asked, Plan},
};
use crate::{
    domain::{
        Error,
        definition::Edition,
        figure::{self, Contribution, Ground, Reach, Record},
        query::Query,
        template::{self, Blank},
    },
    grpc::answer,
};

/// What is written with, and what has been found while writing.
pub struct Writer<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) edition: Edition<'a>,
    pub(super) reach: &'a Reach,
    pub(super) labels: Labels<'a>,
    pub(super) withheld: bool,
    pub(super) classification: Classification,
}

impl Writer<'_> {
    /// One section.
    pub fn part(&mut self, plan: &Plan, asked: &Asked) -> Result<report_part::Content, Error> {
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
            comparison: None,
            ..query.of_measure(&query.measures[place])
        };
        let explained = figure::explain(self.ground, &one, self.reach, Vec::new())?;
        self.withheld |= explained.withheld;
        let secret = |contribution: &Contribution| contribution.record.record().classification();
        let most = explained.contributions.iter().map(secret).max().unwrap_or_default();
        self.classification = self.classification.max(most);
        Ok(explained)
    }

    fn measure(&self, label: &str) -> pb::ReportMeasure {
        let indicator = self.edition.labelled(label);
        pb::ReportMeasure {
            indicator: label.to_owned(),
            names: indicator.map(|one| one.names.clone()).unwrap_or_default(),
            unit_of_count: indicator.map(|one| one.unit_of_count.clone()).unwrap_or_default(),
        }
    }

    /// A word that stands for something of the report itself.
    pub fn word(&self, plan: &Plan, blank: &Blank<'_>, language: &str) -> Option<String> {
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
