//! The records behind one figure as a table, with their sum.

use crate::globals::Lang;
use crate::names;
use crate::table::{Cell, Column, Table};
use banggiao_contracts::reporting::v1 as pb;

/// Names as short as people would type them.
pub(super) fn short_list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| names::short(name)).collect();
    names.join("; ")
}

/// A row for each record.
pub(super) fn table(response: &pb::ExplainFigureResponse, lang: Lang) -> Table {
    let counts_units = response
        .contributions
        .iter()
        .any(|contribution| !contribution.counted_units.is_empty());
    let mut columns = vec![
        Column::new("date", lang.pick("Date", "Ngày")),
        Column::new("resource", lang.pick("Record", "Bản ghi")),
        Column::new("reference", lang.pick("Reference", "Số hồ sơ")),
        Column::new("home_units", lang.pick("Home units", "Đơn vị ta")),
        Column::new("partner_units", lang.pick("Partner units", "Đơn vị bạn")),
    ];
    if counts_units {
        columns.push(Column::new("counted_units", lang.pick("Counted", "Được tính")));
    }
    columns.push(Column::new("amount", lang.pick("Amount", "Số lượng")));
    let width = columns.len();
    let mut table = Table::new(columns);
    for contribution in &response.contributions {
        let mut row = vec![
            Cell::text(&contribution.date),
            Cell::text(names::short(&contribution.resource)),
            Cell::text(&contribution.reference),
            Cell::text(short_list(&contribution.home_units)),
            Cell::text(short_list(&contribution.partner_units)),
        ];
        if counts_units {
            row.push(Cell::text(short_list(&contribution.counted_units)));
        }
        row.push(Cell::number(&contribution.amount));
        table.push(row);
    }
    let mut sum = vec![Cell::text(lang.pick("Total", "Tổng"))];
    sum.extend((2..width).map(|_| Cell::text("")));
    sum.push(Cell::number(
        response.cell.as_ref().map_or("0", |cell| cell.value.as_str()),
    ));
    table.push_sum(sum);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_sum() {
        let contribution = pb::Contribution {
            date: "2024-03-01".into(),
            resource: "events/a1".into(),
            reference: "EV-1".into(),
            home_units: vec!["units/tayninh".into()],
            amount: "2".into(),
            ..pb::Contribution::default()
        };
        let response = pb::ExplainFigureResponse {
            contributions: vec![contribution],
            cell: Some(pb::Cell {
                value: "2".into(),
                ..pb::Cell::default()
            }),
            ..pb::ExplainFigureResponse::default()
        };
        let table = table(&response, Lang::Vi);
        let shown = table.render(Lang::Vi, None);
        assert!(
            shown
                .lines()
                .last()
                .is_some_and(|line| line.contains("Tổng") && line.ends_with('2'))
        );
        assert_eq!(
            table.csv().unwrap(),
            "date,resource,reference,home_units,partner_units,amount\n2024-03-01,a1,EV-1,tayninh,,2\n"
        );
    }
}
