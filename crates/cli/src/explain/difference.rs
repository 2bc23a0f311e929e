//! `explain --against-…`: what leads from one figure to another, by unit, and the records that make the difference.
//!
//! It owns how the stream becomes one answer and what that looks like. The two questions are built in [`super::against`].

use super::bridge::bridge;
use super::records::short_list;
use super::{Args, against, check_words};
use crate::error::Error;
use crate::figures;
use crate::globals::{Lang, Session};
use crate::names;
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use banggiao_contracts::reporting::v1 as pb;

/// Asks for the difference and prints it.
///
/// # Errors
/// [`Error::Usage`] as [`against::difference`] or for words that nobody knows, otherwise as ExplainDifference.
pub async fn run(session: &Session, args: &Args) -> Result<(), Error> {
    let mut request = against::difference(args)?;
    if let Some(after) = &request.after {
        check_words(session, args, after).await?;
    }
    let heads = figures::heads(&session.connection).await?;
    for figure in [&mut request.before, &mut request.after].into_iter().flatten() {
        figure.min_log_index = heads.log_index();
        figure.min_registry_position = heads.registry_position();
    }
    let response = collect(session, request.clone()).await?;
    figures::tell_unknown(session, &heads);
    if response.withheld {
        output::note(&figures::notes::withheld(session.lang));
    }
    let lang = session.lang;
    match session.output {
        Output::Json => output::data(&crate::json::typed(&response)?),
        // Machines get the same words whoever asks.
        Output::Csv => output::data(&records(&response, Lang::En).csv()?),
        Output::Table => {
            let width = output::width();
            output::data(&bridge(&request, &response, lang).render(lang, width))?;
            if response.differences.is_empty() {
                return Ok(());
            }
            output::data("")?;
            output::data(&records(&response, lang).render(lang, width))
        }
    }
}

/// The whole stream as one response.
async fn collect(
    session: &Session,
    request: pb::ExplainDifferenceRequest,
) -> Result<pb::ExplainDifferenceResponse, Error> {
    let connection = &session.connection;
    let mut stream = connection
        .call(connection.explanations().explain_difference(request))
        .await?;
    let mut merged: Option<pb::ExplainDifferenceResponse> = None;
    while let Some(next) = connection.next(&mut stream).await? {
        match &mut merged {
            Some(merged) => merged.differences.extend(next.differences),
            None => merged = Some(next),
        }
    }
    Ok(merged.unwrap_or_default())
}

/// The records that do not add the same to both.
fn records(response: &pb::ExplainDifferenceResponse, lang: Lang) -> Table {
    let mut table = Table::new(vec![
        Column::new("date", lang.pick("Date", "Ngày")),
        Column::new("resource", lang.pick("Record", "Bản ghi")),
        Column::new("reference", lang.pick("Reference", "Số hồ sơ")).detail(3),
        Column::new("home_units", lang.pick("Home units", "Đơn vị ta")),
        Column::new("partner_units", lang.pick("Partner units", "Đơn vị bạn")).detail(4),
        Column::new("difference", lang.pick("What", "Việc")).detail(2),
        Column::new("before_amount", lang.pick("Before", "Trước")),
        Column::new("after_amount", lang.pick("After", "Sau")),
        Column::new("before_revision", lang.pick("Revision before", "Lần sửa trước")).detail(5),
        Column::new("after_revision", lang.pick("Revision after", "Lần sửa sau")).detail(5),
    ]);
    for record in &response.differences {
        table.push(vec![
            Cell::text(&record.date),
            Cell::text(names::short(&record.resource)),
            Cell::text(&record.reference),
            Cell::text(short_list(&record.home_units)),
            Cell::text(short_list(&record.partner_units)),
            Cell::text(what(record, lang)),
            amount(record.before_amount.as_deref(), lang),
            amount(record.after_amount.as_deref(), lang),
            revision(record.before_revision),
            revision(record.after_revision),
        ]);
    }
    table
}

fn what(record: &pb::Difference, lang: Lang) -> &'static str {
    match (&record.before_amount, &record.after_amount) {
        (None, _) => lang.pick("entering", "thêm vào"),
        (_, None) => lang.pick("leaving", "bớt đi"),
        _ => lang.pick("changed", "thay đổi"),
    }
}

/// What a record adds: a dash if it does not stand behind the figure, a word if it says nothing of what is summed.
pub(crate) fn amount(amount: Option<&str>, lang: Lang) -> Cell {
    match amount {
        None => Cell::Absent,
        Some("") => Cell::text(lang.pick("unknown", "không rõ")),
        Some(amount) => Cell::number(amount),
    }
}

/// A revision; agreements have none.
pub(crate) fn revision(revision: i32) -> Cell {
    match revision {
        0 => Cell::Absent,
        revision => Cell::number(revision),
    }
}

#[cfg(test)]
mod tests;
