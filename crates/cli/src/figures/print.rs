//! What an answer of figures looks like: a title, a row per cell, and sums over the groups.
//!
//! It owns words and order; nothing here asks a server.

use super::{Args, Group};
use crate::globals::Lang;
use crate::names;
use crate::number;
use crate::table::{Cell, Column, Table};
use banggiao_contracts::reporting::v1 as pb;
use std::collections::BTreeMap;

/// The answer as a table. `called` maps resource names, of indicators and of the unit, to what people call them.
#[must_use]
pub fn table(args: &Args, response: &pb::QueryFiguresResponse, called: &BTreeMap<String, String>, lang: Lang) -> Table {
    let groups = &args.query.by;
    let compared = args.compare.is_some();
    let mut table = Table::new(columns(groups, compared, lang));
    let id = names::short(&args.query.unit);
    let unit = called
        .get(&args.query.unit)
        .map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
    table.set_title(title(&unit, response, lang));
    let label = |name: &str| called.get(name).cloned().unwrap_or_else(|| names::short(name));
    for cell in &response.cells {
        let mut row = vec![Cell::text(label(&cell.indicator))];
        row.extend(groups.iter().map(|group| {
            Cell::text(
                cell.group
                    .get(&group.cell_key())
                    .map(|value| names::short(value))
                    .unwrap_or_default(),
            )
        }));
        let comparison = compared.then_some(cell.comparison_value.as_deref());
        row.extend(values(&cell.value, comparison, cell.record_count, cell.unknown_count));
        table.push(row);
    }
    if groups.is_empty() {
        return table;
    }
    for total in &response.totals {
        let mark = if total.overlapping { " *" } else { "" };
        let mut row = vec![Cell::text(label(&total.indicator))];
        row.push(Cell::text(format!("{}{mark}", lang.pick("Total", "Tổng"))));
        row.extend(groups.iter().skip(1).map(|_| Cell::text("")));
        let comparison = compared.then_some(total.comparison_value.as_deref());
        row.extend(values(
            &total.value,
            comparison,
            total.record_count,
            total.unknown_count,
        ));
        table.push_sum(row);
    }
    if response.totals.iter().any(|total| total.overlapping) {
        table.push_remark(lang.pick(
            "* Some records or units stand in several rows: the rows add up to more than the total.",
            "* Có bản ghi hoặc đơn vị nằm ở nhiều dòng: cộng các dòng sẽ lớn hơn tổng.",
        ));
    }
    table
}

fn columns(groups: &[Group], compared: bool, lang: Lang) -> Vec<Column> {
    let mut columns = vec![Column::new("indicator", lang.pick("Indicator", "Chỉ tiêu"))];
    columns.extend(
        groups
            .iter()
            .map(|group| Column::new(group.cell_key(), heading(*group, lang))),
    );
    columns.push(Column::new("value", lang.pick("Value", "Số liệu")));
    if compared {
        columns.push(Column::new(
            "comparison_value",
            lang.pick("Year before", "Cùng kỳ năm trước"),
        ));
        columns.push(Column::new("difference", lang.pick("Difference", "Tăng/giảm")));
    }
    columns.push(Column::new("record_count", lang.pick("Records", "Bản ghi")));
    columns.push(Column::new("unknown_count", lang.pick("Unknown", "Không rõ")));
    columns
}

fn heading(group: Group, lang: Lang) -> &'static str {
    match group {
        Group::Child => lang.pick("Unit below", "Đơn vị trực thuộc"),
        Group::Unit => lang.pick("Unit", "Đơn vị"),
        Group::PartnerUnit => lang.pick("Partner unit", "Đơn vị bạn"),
        Group::PartnerCountry => lang.pick("Country", "Nước bạn"),
        Group::Type => lang.pick("Type", "Loại"),
        Group::Direction => lang.pick("Direction", "Chiều"),
        Group::Programme => lang.pick("Programme", "Đề án"),
        Group::Month => lang.pick("Month", "Tháng"),
        Group::Quarter => lang.pick("Quarter", "Quý"),
        Group::Year => lang.pick("Year", "Năm"),
    }
}

/// The value and what stands beside it; `comparison` is given if a comparison was asked for, even where it has no value.
fn values(value: &str, comparison: Option<Option<&str>>, records: i64, unknown: i64) -> Vec<Cell> {
    let mut cells = vec![Cell::number(value)];
    if let Some(before) = comparison {
        cells.push(Cell::number(before.unwrap_or_default()));
        cells.push(Cell::number(
            before
                .and_then(|before| number::difference(value, before))
                .unwrap_or_default(),
        ));
    }
    cells.push(Cell::number(records));
    cells.push(Cell::number(unknown));
    cells
}

/// Whose figures these are, of which days, and along which hierarchy.
fn title(unit: &str, response: &pb::QueryFiguresResponse, lang: Lang) -> String {
    let hierarchy = match response.hierarchy() {
        pb::Hierarchy::AsOf => format!(
            "{} {}",
            lang.pick("restated to the units of", "tính lại theo đơn vị ngày"),
            response.hierarchy_date
        ),
        pb::Hierarchy::Unspecified | pb::Hierarchy::AtEvent => {
            lang.pick("as it was", "theo thời điểm sự kiện").to_owned()
        }
    };
    let mut title = format!("{unit} · {} – {} · {hierarchy}", response.start_date, response.end_date);
    if !response.comparison_start_date.is_empty() {
        title.push_str(&format!(
            " · {} {} – {}",
            lang.pick("compared with", "so với"),
            response.comparison_start_date,
            response.comparison_end_date
        ));
    }
    title
}

#[cfg(test)]
mod tests {
    use super::super::{Compare, Query};
    use super::*;

    fn response() -> pb::QueryFiguresResponse {
        pb::QueryFiguresResponse {
            cells: vec![pb::Cell {
                indicator: "indicators/persons-received".into(),
                group: [("child_unit".into(), "units/longan".into())].into(),
                value: "8797".into(),
                comparison_value: Some("8800.5".into()),
                record_count: 12,
                unknown_count: 1,
            }],
            totals: vec![pb::Total {
                indicator: "indicators/persons-received".into(),
                value: "8797".into(),
                record_count: 12,
                overlapping: true,
                ..pb::Total::default()
            }],
            start_date: "2024-01-01".into(),
            end_date: "2024-06-30".into(),
            hierarchy: pb::Hierarchy::AsOf.into(),
            hierarchy_date: "2025-07-01".into(),
            withheld: true,
            ..pb::QueryFiguresResponse::default()
        }
    }

    fn args() -> Args {
        let query = Query {
            unit: "units/tayninh".into(),
            by: vec![Group::Child],
            ..Query::default()
        };
        Args {
            query,
            compare: Some(Compare::PreviousYear),
        }
    }

    #[test]
    fn a_grouped_answer_has_rows_totals_and_remarks() {
        let names = [("indicators/persons-received".into(), "Persons received".into())].into();
        let shown = table(&args(), &response(), &names, Lang::En).render(Lang::En, None);
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(
            lines[0],
            "tayninh · 2024-01-01 – 2024-06-30 · restated to the units of 2025-07-01"
        );
        let words = |line: &str| {
            line.split("  ")
                .map(str::trim)
                .filter(|w| !w.is_empty())
                .map(String::from)
                .collect()
        };
        let row: Vec<String> = words(lines[3]);
        assert_eq!(
            row,
            ["Persons received", "longan", "8,797", "8,800.5", "-3.5", "12", "1"]
        );
        let total: Vec<String> = words(lines[4]);
        assert_eq!(total, ["Persons received", "Total *", "8,797", "12", "0"]);
        assert!(lines[5].starts_with("* "));
    }

    #[test]
    fn machines_get_cells_only() {
        let csv = table(&args(), &response(), &BTreeMap::new(), Lang::Vi).csv().unwrap();
        assert_eq!(
            csv,
            "indicator,child_unit,value,comparison_value,difference,record_count,unknown_count\n\
             persons-received,longan,8797,8800.5,-3.5,12,1\n"
        );
    }
}
