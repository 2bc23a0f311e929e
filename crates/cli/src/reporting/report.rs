//! The verbs of reports: drafted by a template, issued, superseded, checked, and written as documents.
//!
//! It owns which verbs there are, and how reports are listed and issued. How one is asked for stands in [`draft`],
//! templates in [`template`], documents in [`rendering`], and what has changed since a report was signed in
//! [`comparison`].

pub mod comparison;
pub mod draft;
pub mod rendering;
pub mod template;

use crate::error::Error;
use crate::figures;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::output::Output;
use crate::{change, choices, names, nouns};
use banggiao_contracts::reporting::v1 as pb;
use clap::{Args, Subcommand};

/// What can be done with reports.
#[derive(Debug, Clone, Subcommand)]
pub enum ReportVerb {
    /// List the templates of reports.
    Templates(PageArgs),
    /// One template: show it as a file, add it, change it.
    #[command(subcommand)]
    Template(template::TemplateVerb),
    /// Draft a report and print its name.
    Generate(draft::Generate),
    /// List reports, the newest first.
    List(ReportList),
    /// Show what a report says: a draft as of this moment, an issued one as it was signed.
    Get {
        /// The report.
        #[arg(value_parser = names::report)]
        name: String,
    },
    /// Freeze a draft as it stands now, under a number of its own.
    Issue(Issue),
    /// Draft a report that shall take the place of an issued one, and print its name.
    Supersede {
        /// The issued report.
        #[arg(value_parser = names::report)]
        name: String,
        /// Why it must be corrected.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Compute an issued report again and compare it with what was signed.
    Verify {
        /// The report.
        #[arg(value_parser = names::report)]
        name: String,
    },
    /// Show what an issued report would say otherwise now, and which records make the difference.
    Since {
        /// The report.
        #[arg(value_parser = names::report)]
        name: String,
    },
    /// Write a report as a document.
    Render(rendering::Render),
}

/// Which reports a list shall hold.
#[derive(Debug, Clone, Default, Args)]
pub struct ReportList {
    /// Only reports on a unit of this unit's subtree of today.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only reports of this period.
    #[arg(long, value_parser = names::period)]
    pub period: Option<String>,
    /// Only reports by this template.
    #[arg(long, value_parser = names::report_template)]
    pub template: Option<String>,
    /// Only reports that stand so, as draft, issued, superseded.
    #[arg(long, value_delimiter = ',', value_parser = choices::report_state)]
    pub state: Vec<pb::ReportState>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

/// The draft to freeze.
#[derive(Debug, Clone, Args)]
pub struct Issue {
    /// The report.
    #[arg(value_parser = names::report)]
    pub name: String,
    /// Number of the signed document, as 123/BC-BCH.
    #[arg(long, value_name = "TEXT")]
    pub document_number: Option<String>,
    /// Etag that was read: the draft must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
}

impl ReportList {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::ListReportsRequest {
        pb::ListReportsRequest {
            unit: self.unit.clone().unwrap_or_default(),
            period: self.period.clone().unwrap_or_default(),
            template: self.template.clone().unwrap_or_default(),
            states: self.state.iter().map(|state| i32::from(*state)).collect(),
            ..pb::ListReportsRequest::default()
        }
    }
}

impl Issue {
    async fn run(self, session: &Session) -> Result<(), Error> {
        let heads = figures::heads(&session.connection).await?;
        let request = pb::IssueReportRequest {
            name: self.name,
            document_number: self.document_number.unwrap_or_default(),
            etag: self.etag.unwrap_or_default(),
            request_id: String::new(),
            min_log_index: heads.log_index(),
            min_registry_position: heads.registry_position(),
        };
        let method = "banggiao.reporting.v1.ReportService/IssueReport";
        let mut report: pb::Report = change::typed(session, method, &request).await?;
        figures::tell_unknown(session, &heads);
        if session.output == Output::Table {
            // What it says is what `report get` shows; here it would be one endless line.
            report.content = None;
        }
        listing::print(session, &nouns::REPORT, &report)
    }
}

impl ReportVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::Templates(page) => {
                let request = pb::ListReportTemplatesRequest::default();
                listing::list(session, &nouns::REPORT_TEMPLATE, &request, &page).await
            }
            Self::Template(verb) => verb.run(session).await,
            Self::Generate(generate) => generate.run(session).await,
            Self::List(list) => listing::list(session, &nouns::REPORT, &list.request(), &list.page).await,
            Self::Get { name } if session.output == Output::Table => rendering::show(session, name).await,
            Self::Get { name } => listing::get(session, &nouns::REPORT, &pb::GetReportRequest { name }).await,
            Self::Issue(issue) => issue.run(session).await,
            Self::Supersede { name, reason } => {
                let request = pb::SupersedeReportRequest {
                    name,
                    reason,
                    ..pb::SupersedeReportRequest::default()
                };
                let method = "banggiao.reporting.v1.ReportService/SupersedeReport";
                draft::print_name(session, &change::typed(session, method, &request).await?)
            }
            Self::Verify { name } => comparison::verify(session, name).await,
            Self::Since { name } => comparison::since(session, name).await,
            Self::Render(render) => render.run(session).await,
        }
    }
}
