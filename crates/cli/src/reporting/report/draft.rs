//! `report generate`: asking for a draft, and telling which one came of it.
//!
//! It owns that a name alone stands on stdout, where a shell can take it up.

use crate::error::Error;
use crate::figures;
use crate::globals::{Lang, Session};
use crate::output::{self, Output};
use crate::{change, listing, names, nouns};
use banggiao_contracts::reporting::v1 as pb;
use clap::Args;

/// The report to draft.
#[derive(Debug, Clone, Args)]
pub struct Generate {
    /// The template, as six-month.
    #[arg(long, value_parser = names::report_template)]
    pub template: String,
    /// The unit whose subtree is reported on.
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
    /// The programme, if the template is about one.
    #[arg(long, value_parser = names::programme)]
    pub programme: Option<String>,
    /// Restate to the units of this day, along succession; by default each record counts as it was.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub restate: Option<String>,
}

impl Generate {
    /// The request, without its id and minimum positions.
    #[must_use]
    pub fn request(self) -> pb::GenerateReportRequest {
        let hierarchy = match &self.restate {
            Some(_) => pb::Hierarchy::AsOf,
            None => pb::Hierarchy::AtEvent,
        };
        pb::GenerateReportRequest {
            template: self.template,
            unit: self.unit,
            period: self.period.unwrap_or_default(),
            start_date: self.from.unwrap_or_default(),
            end_date: self.to.unwrap_or_default(),
            hierarchy: hierarchy.into(),
            hierarchy_date: self.restate.unwrap_or_default(),
            programme: self.programme.unwrap_or_default(),
            ..pb::GenerateReportRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let mut request = self.request();
        let heads = figures::heads(&session.connection).await?;
        request.min_log_index = heads.log_index();
        request.min_registry_position = heads.registry_position();
        let method = "banggiao.reporting.v1.ReportService/GenerateReport";
        let report: pb::Report = change::typed(session, method, &request).await?;
        figures::tell_unknown(session, &heads);
        print_name(session, &report)
    }
}

/// Prints a draft's name alone for people, so that `R=$(banggiao report generate …)` takes it, and says beside it what the
/// name is of.
pub(super) fn print_name(session: &Session, report: &pb::Report) -> Result<(), Error> {
    if session.output != Output::Table {
        return listing::print(session, &nouns::REPORT, report);
    }
    output::note(&described(report, session.lang));
    output::data(&report.name)
}

fn described(report: &pb::Report, lang: Lang) -> String {
    let (template, unit) = (names::short(&report.template), names::short(&report.unit));
    let days = match report.period.as_str() {
        "" => format!("{} – {}", report.start_date, report.end_date),
        period => names::short(period),
    };
    let corrects = match report.supersedes.as_str() {
        "" => String::new(),
        other => lang.pick(format!(", corrects {other}"), format!(", thay thế {other}")),
    };
    let name = &report.name;
    lang.pick(
        format!(
            "draft of {template} for {unit}, {days}{corrects}; `banggiao report get {name}` shows it, `report issue` \
             freezes it"
        ),
        format!(
            "dự thảo {template} của {unit}, {days}{corrects}; xem bằng `banggiao report get {name}`, phát hành bằng \
             `report issue`"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_says_what_it_is() {
        let report = pb::Report {
            name: "reports/r1".into(),
            template: "reportTemplates/six-month".into(),
            unit: "units/tayninh".into(),
            period: "calendars/civil/periods/2024-h1".into(),
            supersedes: "reports/r0".into(),
            ..pb::Report::default()
        };
        assert_eq!(
            described(&report, Lang::En),
            "draft of six-month for tayninh, civil/2024-h1, corrects reports/r0; `banggiao report get reports/r1` shows \
             it, `report issue` freezes it"
        );
        assert!(described(&report, Lang::Vi).starts_with("dự thảo six-month của tayninh"));
    }
}
