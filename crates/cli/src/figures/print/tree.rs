//! Figures by the units below another, drawn as a tree: the unit asked for with its total, and below it each of its own.
//!
//! It owns the branches. What stands in the other columns is the same as in any table of figures.

use super::{Figure, Names, Shape};
use crate::figures::Group;
use crate::names;
use crate::table::{Cell, Table};
use banggiao_contracts::reporting::v1 as pb;

/// Adds the rows of each measure: its total at the unit asked for, and the cells below. Cells of a measure without a total
/// would be left over; an answer has a total for each.
pub(super) fn rows(table: &mut Table, shape: &Shape<'_>, response: &pb::QueryFiguresResponse, called: &Names) {
    let id = names::short(shape.unit);
    for total in &response.totals {
        let cells: Vec<&pb::Cell> = response
            .cells
            .iter()
            .filter(|cell| cell.indicator == total.indicator)
            .collect();
        let mark = if total.overlapping { " *" } else { "" };
        let mut row = vec![
            Cell::text(called.of(&total.indicator)),
            Cell::text(format!("{id}{mark}")),
        ];
        row.extend(shape.groups.iter().skip(1).map(|_| Cell::text("")));
        row.extend(shape.values(&Figure::from(total)));
        table.push(row);
        for (at, cell) in cells.iter().enumerate() {
            let mut row = vec![Cell::text(""), Cell::text(branch(&cells, at, shape))];
            row.extend(shape.groups.iter().skip(1).map(|group| super::group_cell(cell, *group)));
            row.extend(shape.values(&Figure::from(*cell)));
            table.push(row);
        }
    }
}

/// The unit of a cell under its branch; a unit that several cells have in turn is named once.
fn branch(cells: &[&pb::Cell], at: usize, shape: &Shape<'_>) -> String {
    let key = Group::Child.cell_key();
    let child = |at: usize| cells.get(at).and_then(|cell| cell.group.get(&key)).map(String::as_str);
    let own = child(at);
    let followed = (at + 1..cells.len()).any(|later| child(later) != own);
    if at > 0 && child(at - 1) == own {
        return if followed { "│" } else { "" }.to_owned();
    }
    let name = own.unwrap_or_default();
    let itself = if name == shape.unit {
        shape.lang.pick(" (itself)", " (bản thân)")
    } else {
        ""
    };
    let branch = if followed { "├─" } else { "└─" };
    // Nothing is broken between a branch and what hangs on it.
    format!("{branch}\u{a0}{}{itself}", names::short(name))
}
