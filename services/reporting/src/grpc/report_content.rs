//! What a report says: its template's sections, asked as figures and put together.
//!
//! Everything here follows from the question, the definitions and one state of facts and directory, so that the same
//! gives the same bytes again.

mod labels;
mod plan;
mod writer;

pub use plan::{Plan, plan};

use banggiao_contracts::reporting::v1 as pb;
use banggiao_model::{date, permission::Classification};

use crate::domain::{
    Error,
    definition::Edition,
    figure::{Ground, Reach},
    template,
};
use labels::Labels;
use writer::Writer;

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

impl Plan {
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
