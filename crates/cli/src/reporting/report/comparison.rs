//! `report verify` and `report since`: an issued report beside what is computed again, at its positions and now.
//!
//! It owns what the differences look like.

use crate::error::Error;
use crate::explain::difference::{amount, revision};
use crate::figures;
use crate::globals::{Lang, Session};
use crate::names;
use crate::number;
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use crate::{dynamic, json};
use banggiao_contracts::reporting::v1 as pb;

/// Computes a report again, prints what came of it, and fails if it is not the same to the last bit.
///
/// # Errors
/// [`Error::Reported`] if it is not; otherwise as VerifyReport.
pub(super) async fn verify(session: &Session, name: String) -> Result<(), Error> {
    let method = "banggiao.reporting.v1.ReportService/VerifyReport";
    let request = pb::VerifyReportRequest { name };
    let response: pb::VerifyReportResponse = dynamic::ask(&session.connection, method, &request).await?;
    let lang = session.lang;
    match session.output {
        Output::Json => output::data(&json::typed(&response)?)?,
        Output::Csv => output::data(&faults(&response).csv()?)?,
        Output::Table => output::data(&verdict(&request.name, &response, lang).render(lang, output::width()))?,
    }
    if response.verified {
        Ok(())
    } else {
        Err(Error::Reported)
    }
}

fn verdict(name: &str, response: &pb::VerifyReportResponse, lang: Lang) -> Table {
    let mut table = Table::new(vec![
        Column::new("field", lang.pick("Field", "Mục")),
        Column::new("value", lang.pick("Value", "Nội dung")),
    ]);
    let verdict = if response.verified {
        lang.pick("the same to the last bit", "khớp từng bit")
    } else {
        lang.pick("NOT the same", "KHÔNG khớp")
    };
    table.push(vec![
        Cell::text(lang.pick("Report", "Báo cáo")),
        Cell::text(names::short(name)),
    ]);
    table.push(vec![
        Cell::text(lang.pick("Computed again", "Tính lại")),
        Cell::text(verdict),
    ]);
    table.push(vec![
        Cell::text(lang.pick("Digest as signed", "Mã băm khi ký")),
        Cell::text(&response.digest),
    ]);
    if response.digest != response.computed_digest {
        table.push(vec![
            Cell::text(lang.pick("Digest now", "Mã băm tính lại")),
            Cell::text(&response.computed_digest),
        ]);
    }
    for fault in &response.faults {
        table.push_remark(crate::table::harmless(fault));
    }
    table
}

fn faults(response: &pb::VerifyReportResponse) -> Table {
    let mut table = Table::new(vec![Column::new("fault", "fault")]);
    for fault in &response.faults {
        table.push(vec![Cell::text(fault)]);
    }
    table
}

/// Prints what an issued report would say otherwise now.
///
/// # Errors
/// As ListChangesSinceIssue.
pub(super) async fn since(session: &Session, name: String) -> Result<(), Error> {
    let heads = figures::heads(&session.connection).await?;
    let request = pb::ListChangesSinceIssueRequest {
        name,
        min_log_index: heads.log_index(),
        min_registry_position: heads.registry_position(),
    };
    let method = "banggiao.reporting.v1.ReportService/ListChangesSinceIssue";
    let response: pb::ListChangesSinceIssueResponse = dynamic::ask(&session.connection, method, &request).await?;
    figures::tell_unknown(session, &heads);
    let lang = session.lang;
    if response.withheld {
        output::note(&figures::notes::withheld(lang));
    }
    if !response.newer_definitions.is_empty() {
        let newer = response.newer_definitions.iter();
        let newer: Vec<String> = newer
            .map(|one| format!("{} r{}", names::short(&one.name), one.revision))
            .collect();
        output::note(&lang.pick(
            format!("defined otherwise since, which is not told here: {}", newer.join(", ")),
            format!("định nghĩa đã thay đổi, không xét ở đây: {}", newer.join(", ")),
        ));
    }
    match session.output {
        Output::Json => output::data(&json::typed(&response)?),
        Output::Csv => output::data(&changed_records(&response, Lang::En).csv()?),
        Output::Table if response.figures.is_empty() && response.records.is_empty() => output::data(lang.pick(
            "It would say the same now.",
            "Nếu lập lại bây giờ, báo cáo vẫn như vậy.",
        )),
        Output::Table => {
            output::data(&changed_figures(&response, lang).render(lang, output::width()))?;
            output::data("")?;
            output::data(&changed_records(&response, lang).render(lang, output::width()))
        }
    }
}

fn changed_figures(response: &pb::ListChangesSinceIssueResponse, lang: Lang) -> Table {
    let mut table = Table::new(vec![
        Column::new("part", lang.pick("Section", "Phần")),
        Column::new("indicator", lang.pick("Indicator", "Chỉ tiêu")),
        Column::new("group", lang.pick("Group", "Nhóm")),
        Column::new("aspect", lang.pick("Number", "Số liệu")),
        Column::new("signed_value", lang.pick("As signed", "Khi ký")),
        Column::new("current_value", lang.pick("Now", "Hiện nay")),
        Column::new("difference", lang.pick("Difference", "Tăng/giảm")),
    ]);
    for figure in &response.figures {
        let group = figure.group.iter();
        let group: Vec<_> = group
            .map(|(key, value)| format!("{key}={}", names::short(value)))
            .collect();
        let aspect = match figure.aspect() {
            pb::FigureAspect::Comparison => ("compared with", "kỳ so sánh"),
            pb::FigureAspect::Target => ("target", "mục tiêu"),
            pb::FigureAspect::Value | pb::FigureAspect::Unspecified => ("figure", "trong kỳ"),
        };
        let (signed, current) = (figure.signed_value.as_deref(), figure.current_value.as_deref());
        // A figure that was not there has no records, which is zero to whoever takes the difference.
        let difference = number::difference(current.unwrap_or("0"), signed.unwrap_or("0"));
        table.push(vec![
            // People count sections from 1.
            Cell::number(figure.part + 1),
            Cell::text(names::short(&figure.indicator)),
            Cell::text(group.join(", ")),
            Cell::text(lang.pick(aspect.0, aspect.1)),
            amount(signed, lang),
            amount(current, lang),
            Cell::number(difference.unwrap_or_default()),
        ]);
    }
    table
}

fn changed_records(response: &pb::ListChangesSinceIssueResponse, lang: Lang) -> Table {
    let mut table = Table::new(vec![
        Column::new("indicator", lang.pick("Indicator", "Chỉ tiêu")),
        Column::new("resource", lang.pick("Record", "Bản ghi")),
        Column::new("signed_amount", lang.pick("As signed", "Khi ký")),
        Column::new("current_amount", lang.pick("Now", "Hiện nay")),
        Column::new("signed_revision", lang.pick("Revision signed", "Lần sửa khi ký")).detail(3),
        Column::new("current_revision", lang.pick("Revision now", "Lần sửa hiện nay")).detail(3),
    ]);
    for record in &response.records {
        table.push(vec![
            Cell::text(names::short(&record.indicator)),
            Cell::text(names::short(&record.resource)),
            amount(record.signed_amount.as_deref(), lang),
            amount(record.current_amount.as_deref(), lang),
            revision(record.signed_revision),
            revision(record.current_revision),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_stand_below_the_verdict() {
        let mut response = pb::VerifyReportResponse {
            verified: false,
            digest: "aa".into(),
            computed_digest: "bb".into(),
            faults: vec!["parts[0].cells[2].value: 19, computed 20".into()],
        };
        let shown = verdict("reports/r1", &response, Lang::En).render(Lang::En, None);
        assert!(shown.contains("NOT the same") && shown.contains("bb"), "{shown}");
        assert!(shown.ends_with("\nparts[0].cells[2].value: 19, computed 20"), "{shown}");
        assert_eq!(
            faults(&response).csv().unwrap(),
            "fault\n\"parts[0].cells[2].value: 19, computed 20\"\n"
        );
        (response.verified, response.computed_digest) = (true, "aa".into());
        response.faults.clear();
        let shown = verdict("reports/r1", &response, Lang::Vi).render(Lang::Vi, None);
        assert!(
            shown.contains("khớp từng bit") && !shown.contains("tính lại"),
            "{shown}"
        );
    }

    #[test]
    fn what_came_and_what_went_is_told_apart_from_what_is_unknown() {
        let response = pb::ListChangesSinceIssueResponse {
            figures: vec![pb::ChangedFigure {
                indicator: "indicators/persons-sent".into(),
                group: [("child_unit".into(), "units/longan".into())].into(),
                current_value: Some("12".into()),
                ..pb::ChangedFigure::default()
            }],
            records: vec![pb::ChangedRecord {
                indicator: "indicators/persons-sent".into(),
                resource: "events/a1".into(),
                signed_amount: Some(String::new()),
                current_amount: None,
                signed_revision: 2,
                current_revision: 0,
            }],
            ..pb::ListChangesSinceIssueResponse::default()
        };
        let shown = changed_figures(&response, Lang::En).render(Lang::En, None);
        let last: Vec<_> = shown.lines().last().unwrap_or_default().split_whitespace().collect();
        assert_eq!(
            last,
            ["1", "persons-sent", "child_unit=longan", "figure", "–", "12", "+12"]
        );
        assert_eq!(
            changed_records(&response, Lang::En).csv().unwrap(),
            "indicator,resource,signed_amount,current_amount,signed_revision,current_revision\n\
             persons-sent,a1,unknown,,2,\n"
        );
    }
}
