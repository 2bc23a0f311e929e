//! The verbs of templates: their sections are too much for flags, so that they are read from files of protobuf JSON, as
//! `report template get` writes them.
//!
//! It owns what of such a file is sent.

use crate::error::Error;
use crate::globals::Session;
use crate::output::{self, Output};
use crate::{change, dynamic, input, json, listing, names, nouns};
use banggiao_contracts::FieldMask;
use banggiao_contracts::reporting::v1 as pb;
use clap::{Args, Subcommand};

/// What can be done with one template.
#[derive(Debug, Clone, Subcommand)]
pub enum TemplateVerb {
    /// Show a template as the JSON that `create` and `update` read, in its newest revision or in another.
    Get {
        /// The template, as six-month.
        #[arg(value_parser = names::report_template)]
        name: String,
        /// Number of the revision; by default the newest.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        revision: Option<i32>,
    },
    /// Add a template from a file of protobuf JSON; its "name" says which id it shall have.
    Create {
        /// The file; `-` is stdin.
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Change a template from now on to what a file says; issued reports keep the revision that they name.
    Update(Update),
}

/// What a template shall be.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The file; `-` is stdin.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Etag that was read: the template must not have changed since [default: that of the file, if it has one].
    #[arg(long)]
    pub etag: Option<String>,
}

/// A template as a file has it, with its name in full.
fn read(file: &str) -> Result<pb::ReportTemplate, Error> {
    let text = String::from_utf8(input::bytes(file)?).map_err(|_| Error::failure(format!("{file} is not UTF-8")))?;
    parsed(&text).map_err(|error| match error {
        Error::Failure(error) => Error::Failure(error.context(format!("cannot read {file}"))),
        other => other,
    })
}

fn parsed(text: &str) -> Result<pb::ReportTemplate, Error> {
    let mut template: pb::ReportTemplate = dynamic::from_json(text)?;
    if template.name.is_empty() {
        return Err(Error::failure(
            "it has no \"name\", such as \"reportTemplates/six-month\"",
        ));
    }
    template.name = names::report_template(&template.name).map_err(Error::failure)?;
    Ok(template)
}

/// The request that adds a template, without its id. What only a server says of a template is left behind, so that a file
/// that was shown can be added under another name.
fn creation(template: pb::ReportTemplate) -> pb::CreateReportTemplateRequest {
    pb::CreateReportTemplateRequest {
        report_template_id: names::short(&template.name),
        report_template: Some(pb::ReportTemplate {
            etag: String::new(),
            name: String::new(),
            ..said(template)
        }),
        ..pb::CreateReportTemplateRequest::default()
    }
}

/// What a file says of a template, and no server.
fn said(template: pb::ReportTemplate) -> pb::ReportTemplate {
    pb::ReportTemplate {
        revision: 0,
        author: String::new(),
        create_time: None,
        ..template
    }
}

impl Update {
    async fn run(self, session: &Session) -> Result<(), Error> {
        let mut template = said(read(&self.file)?);
        if let Some(etag) = self.etag {
            template.etag = etag;
        }
        if template.etag.is_empty() {
            let name = template.name.clone();
            let asked = pb::GetReportTemplateRequest { name, revision: 0 };
            let current: pb::ReportTemplate =
                dynamic::ask(&session.connection, nouns::REPORT_TEMPLATE.get, &asked).await?;
            template.etag = current.etag;
        }
        // Everything becomes what the file says.
        let paths = ["titles", "legal_basis", "of_programme", "sections"].map(str::to_owned);
        let request = pb::UpdateReportTemplateRequest {
            report_template: Some(template),
            update_mask: Some(FieldMask { paths: paths.into() }),
            ..pb::UpdateReportTemplateRequest::default()
        };
        let method = "banggiao.reporting.v1.ReportService/UpdateReportTemplate";
        change::resource(session, &nouns::REPORT_TEMPLATE, method, &request, false).await
    }
}

impl TemplateVerb {
    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::Get { name, revision } => {
                let revision = revision.unwrap_or_default();
                let request = pb::GetReportTemplateRequest { name, revision };
                if session.output == Output::Csv {
                    return listing::get(session, &nouns::REPORT_TEMPLATE, &request).await;
                }
                let template: pb::ReportTemplate =
                    dynamic::ask(&session.connection, nouns::REPORT_TEMPLATE.get, &request).await?;
                output::data(&json::typed(&template)?)
            }
            Self::Create { file } => {
                let method = "banggiao.reporting.v1.ReportService/CreateReportTemplate";
                let request = creation(read(&file)?);
                change::resource(session, &nouns::REPORT_TEMPLATE, method, &request, false).await
            }
            Self::Update(update) => update.run(session).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_shown_can_be_added_under_another_name() {
        let shown = pb::ReportTemplate {
            name: "reportTemplates/six-month".into(),
            titles: [("vi".into(), "Báo cáo {period}".into())].into(),
            revision: 3,
            author: "principals/a".into(),
            etag: "3-x".into(),
            sections: vec![pb::ReportSection::default()],
            ..pb::ReportTemplate::default()
        };
        let file = json::typed(&shown).unwrap().replace("six-month", "Quarter");
        let request = creation(parsed(&file).unwrap());
        assert_eq!(request.report_template_id, "quarter");
        let expected = pb::ReportTemplate {
            titles: shown.titles,
            sections: shown.sections,
            ..pb::ReportTemplate::default()
        };
        assert_eq!(request.report_template, Some(expected));
    }

    #[test]
    fn a_file_must_be_a_template_with_a_name() {
        for text in ["", "[]", "{}", r#"{"name": "a b"}"#, r#"{"name": "a", "moon": 1}"#] {
            assert_eq!(parsed(text).unwrap_err().exit_code(), 1, "{text}");
        }
    }
}
