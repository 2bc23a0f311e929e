//! `return matrix`: a row for each unit that owes returns, a column for each period, and where it stands.
//!
//! It owns the drawing. Who owes what, and until when, is what GetCompleteness says.

use crate::error::Error;
use crate::figures;
use crate::globals::{Lang, Session};
use crate::listing::{self, PageArgs};
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use crate::{dynamic, names, nouns};
use banggiao_contracts::registry::v1 as registry;
use banggiao_contracts::reporting::v1 as pb;
use clap::Args;
use pb::ReturnState;
use std::collections::{BTreeMap, BTreeSet};

/// The units and periods of a matrix.
#[derive(Debug, Clone, Args)]
pub struct Matrix {
    /// The unit whose subtree is meant.
    #[arg(long, value_parser = names::unit)]
    pub unit: String,
    /// The periods, as legal/2024-05,legal/2024-06; at most 24.
    #[arg(long, required = true, value_delimiter = ',', value_parser = names::period)]
    pub period: Vec<String>,
    /// As of which day; by default today.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub date: Option<String>,
}

/// The unit above each unit.
type Parents = BTreeMap<String, String>;

impl Matrix {
    /// The request, without minimum positions.
    #[must_use]
    pub fn request(&self) -> pb::GetCompletenessRequest {
        pb::GetCompletenessRequest {
            unit: self.unit.clone(),
            periods: self.period.clone(),
            date: self.date.clone().unwrap_or_default(),
            ..pb::GetCompletenessRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let connection = &session.connection;
        let mut request = self.request();
        let heads = figures::heads(connection).await?;
        request.min_log_index = heads.log_index();
        request.min_registry_position = heads.registry_position();
        let response: pb::GetCompletenessResponse =
            dynamic::ask(connection, nouns::COMPLETENESS.list, &request).await?;
        figures::tell_unknown(session, &heads);
        if session.output != Output::Table {
            return listing::print_list(session, &nouns::COMPLETENESS, &dynamic::message(&response)?);
        }
        let parents = self.parents(session, &response.date).await;
        let lang = session.lang;
        output::data(&table(&self.unit, &response, &parents, lang).render(lang, output::width()))
    }

    /// Under which unit each stands on a day. A matrix without a tree is still a matrix, so a failure gives none.
    async fn parents(&self, session: &Session, date: &str) -> Parents {
        let request = registry::ListUnitsRequest {
            filter: Some(registry::UnitFilter {
                subtree: self.unit.clone(),
                ..registry::UnitFilter::default()
            }),
            as_of: date.to_owned(),
            ..registry::ListUnitsRequest::default()
        };
        let page = PageArgs::default();
        let units: Result<registry::ListUnitsResponse, _> =
            listing::typed(session, nouns::UNIT.list, &request, &page).await;
        let units = units.map(|response| response.units).unwrap_or_default();
        units.into_iter().map(|unit| (unit.name, unit.parent)).collect()
    }
}

fn table(unit: &str, response: &pb::GetCompletenessResponse, parents: &Parents, lang: Lang) -> Table {
    let (units, periods) = axes(&response.cells);
    let mut columns = vec![Column::new("unit", lang.pick("Unit", "Đơn vị"))];
    columns.extend(periods.iter().enumerate().map(|(at, period)| {
        // Where there is no room for all, what was asked for first goes first: it is mostly the oldest.
        let readiness = u8::try_from(periods.len() - at).unwrap_or(u8::MAX - 1);
        let heading = names::short(period);
        let due = due(&response.cells, period);
        let heading = match due {
            Some(due) => format!("{heading} {} {due}", lang.pick("due", "hạn")),
            None => heading,
        };
        Column::new(*period, heading).detail(if at + 1 == periods.len() { 0 } else { readiness })
    }));
    let mut table = Table::new(columns);
    table.set_title(format!(
        "{} · {} {}",
        names::short(unit),
        lang.pick("as of", "tính đến"),
        response.date
    ));
    let known: BTreeSet<&str> = units.iter().copied().collect();
    let cell_of = |unit: &str, period: &str| {
        let mut cells = response.cells.iter();
        cells.find(|cell| cell.unit == unit && cell.period == period)
    };
    for name in &units {
        let indent = "·\u{a0}".repeat(depth(name, parents, &known));
        let mut row = vec![Cell::text(format!("{indent}{}", names::short(name)))];
        row.extend(
            periods
                .iter()
                .map(|period| Cell::text(cell_of(name, period).map(|cell| word(cell, lang)).unwrap_or_default())),
        );
        table.push(row);
    }
    let mut sum = vec![Cell::text(lang.pick("Sent of owed", "Đã gửi / phải gửi"))];
    sum.extend(periods.iter().map(|period| Cell::text(sent(&response.cells, period))));
    table.push_sum(sum);
    if response.cells.iter().any(|cell| cell.silent) {
        table.push_remark(lang.pick(
            "! Nothing was recorded, and nobody said that there was nothing.",
            "! Không ghi nhận gì và cũng không báo là không có phát sinh.",
        ));
    }
    table.push_remark(lang.pick(
        "Numbers: events that count, + events not approved yet.",
        "Con số: hoạt động được tính, + hoạt động chờ duyệt.",
    ));
    table
}

/// The units and periods of the cells, each once, in their order.
fn axes(cells: &[pb::CompletenessCell]) -> (Vec<&str>, Vec<&str>) {
    let (mut units, mut periods) = (Vec::new(), Vec::new());
    let (mut units_seen, mut periods_seen) = (BTreeSet::new(), BTreeSet::new());
    for cell in cells {
        if units_seen.insert(cell.unit.as_str()) {
            units.push(cell.unit.as_str());
        }
        if periods_seen.insert(cell.period.as_str()) {
            periods.push(cell.period.as_str());
        }
    }
    (units, periods)
}

/// The day on which all returns for a period are due; nothing if it is not the same for all.
fn due<'a>(cells: &'a [pb::CompletenessCell], period: &str) -> Option<&'a str> {
    let mut days = cells
        .iter()
        .filter(|cell| cell.period == period)
        .map(|cell| cell.due_date.as_str());
    let first = days.next().filter(|day| !day.is_empty())?;
    days.all(|day| day == first).then_some(first)
}

/// How many units of the matrix stand above one.
fn depth(unit: &str, parents: &Parents, known: &BTreeSet<&str>) -> usize {
    let mut depth = 0;
    let mut at = unit;
    // No chain is longer than there are units, so that one that ran in a circle would end.
    for _ in 0..parents.len() {
        let Some(parent) = parents.get(at) else { break };
        if known.contains(parent.as_str()) {
            depth += 1;
        }
        at = parent;
    }
    depth
}

/// Where a unit stands, in a word, and what it has recorded.
fn word(cell: &pb::CompletenessCell, lang: Lang) -> String {
    let state = match cell.state() {
        ReturnState::Unspecified => "",
        ReturnState::Owed => lang.pick("owed", "chưa đến hạn"),
        ReturnState::Sent => lang.pick("sent", "đã gửi"),
        ReturnState::Nil => lang.pick("nil", "không có"),
        ReturnState::SentLate => lang.pick("late", "gửi muộn"),
        ReturnState::Overdue => lang.pick("OVERDUE", "QUÁ HẠN"),
        ReturnState::Locked => lang.pick("LOCKED", "KHÓA SỔ"),
    };
    let mut word = format!("{state} {}", cell.event_count);
    if cell.pending_count > 0 {
        word.push_str(&format!(" +{}", cell.pending_count));
    }
    if cell.silent {
        word.push_str(" !");
    }
    word
}

/// How many units have sent their return for a period, of those that owe one.
fn sent(cells: &[pb::CompletenessCell], period: &str) -> String {
    let mut of_period = 0;
    let mut sent = 0;
    for cell in cells.iter().filter(|cell| cell.period == period) {
        of_period += 1;
        if matches!(
            cell.state(),
            ReturnState::Sent | ReturnState::Nil | ReturnState::SentLate
        ) {
            sent += 1;
        }
    }
    format!("{sent} / {of_period}")
}

#[cfg(test)]
mod tests;
