//! What an answer of figures looks like: a title, a row per cell, and sums over the groups.
//!
//! It owns words and order; nothing here asks a server.

mod bar;
mod tree;

use super::{Args, Compare, Group};
use crate::globals::Lang;
use crate::names;
use crate::number;
use crate::table::{Cell, Column, Table};
use banggiao_contracts::reporting::v1 as pb;
use std::collections::BTreeMap;

/// A terminal must have so many columns before room is spent on what the numbers beside it say as well.
const WIDTH_OF_BARS: u16 = 110;

/// For whom an answer is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    lang: Lang,
    people: bool,
    bars: bool,
}

impl Look {
    /// For people in front of a terminal of this width, or behind a pipe.
    #[must_use]
    pub fn people(lang: Lang, width: Option<u16>) -> Self {
        Self {
            lang,
            people: true,
            bars: width.is_some_and(|width| width >= WIDTH_OF_BARS),
        }
    }

    /// For machines: each row stands for itself.
    #[must_use]
    pub fn machine(lang: Lang) -> Self {
        Self {
            lang,
            people: false,
            bars: false,
        }
    }
}

/// What people call resources.
struct Names<'a>(&'a BTreeMap<String, String>);

impl Names<'_> {
    fn of(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| names::short(name))
    }
}

/// A figure of a cell or of a total.
struct Figure<'a> {
    value: &'a str,
    before: Option<&'a str>,
    target: Option<&'a str>,
    records: i64,
    unknown: i64,
}

macro_rules! figure {
    ($kind:ident) => {
        impl<'a> From<&'a pb::$kind> for Figure<'a> {
            fn from(from: &'a pb::$kind) -> Self {
                Self {
                    value: &from.value,
                    before: from.comparison_value.as_deref(),
                    target: from.target_value.as_deref(),
                    records: from.record_count,
                    unknown: from.unknown_count,
                }
            }
        }
    };
}

figure!(Cell);
figure!(Total);

/// Which columns the answer has.
struct Shape<'a> {
    unit: &'a str,
    groups: &'a [Group],
    compare: Option<Compare>,
    targets: bool,
    bars: bool,
    lang: Lang,
}

/// The answer as a table. `called` maps resource names, of indicators and of the unit, to what people call them.
#[must_use]
pub fn table(args: &Args, response: &pb::QueryFiguresResponse, called: &BTreeMap<String, String>, look: Look) -> Table {
    let (lang, called) = (look.lang, Names(called));
    let cells = response.cells.iter().map(|cell| &cell.target_value);
    let totals = response.totals.iter().map(|total| &total.target_value);
    let shape = Shape {
        unit: &args.query.unit,
        groups: &args.query.by,
        compare: args.compare,
        targets: cells.chain(totals).any(Option::is_some),
        bars: look.bars && args.compare.is_some(),
        lang,
    };
    let mut table = Table::new(shape.columns());
    let id = names::short(shape.unit);
    let unit = called.0.get(shape.unit);
    let unit = unit.map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
    table.set_title(title(&unit, response, lang));
    if look.people && shape.groups.first() == Some(&Group::Child) {
        tree::rows(&mut table, &shape, response, &called);
    } else {
        rows(&mut table, &shape, response, &called);
    }
    if !shape.groups.is_empty() && response.totals.iter().any(|total| total.overlapping) {
        table.push_remark(lang.pick(
            "* Some records or units stand in several rows: the rows add up to more than the total.",
            "* Có bản ghi hoặc đơn vị nằm ở nhiều dòng: cộng các dòng sẽ lớn hơn tổng.",
        ));
    }
    table
}

/// A row for each cell, and if there are groups, a sum for each measure.
fn rows(table: &mut Table, shape: &Shape<'_>, response: &pb::QueryFiguresResponse, called: &Names<'_>) {
    for cell in &response.cells {
        let mut row = vec![Cell::text(called.of(&cell.indicator))];
        row.extend(shape.groups.iter().map(|group| group_cell(cell, *group)));
        row.extend(shape.values(&Figure::from(cell)));
        table.push(row);
    }
    if shape.groups.is_empty() {
        return;
    }
    for total in &response.totals {
        let mark = if total.overlapping { " *" } else { "" };
        let mut row = vec![Cell::text(called.of(&total.indicator))];
        row.push(Cell::text(format!("{}{mark}", shape.lang.pick("Total", "Tổng"))));
        row.extend(shape.groups.iter().skip(1).map(|_| Cell::text("")));
        row.extend(shape.values(&Figure::from(total)));
        table.push_sum(row);
    }
}

/// The value that a cell has under a key.
fn group_cell(cell: &pb::Cell, group: Group) -> Cell {
    let value = cell.group.get(&group.cell_key());
    Cell::text(value.map(|value| names::short(value)).unwrap_or_default())
}

impl Shape<'_> {
    fn columns(&self) -> Vec<Column> {
        let lang = self.lang;
        let mut columns = vec![Column::new("indicator", lang.pick("Indicator", "Chỉ tiêu"))];
        let groups = self.groups.iter();
        columns.extend(groups.map(|group| Column::new(group.cell_key(), heading(*group, lang))));
        columns.push(Column::new("value", lang.pick("Value", "Số liệu")));
        if let Some(compare) = self.compare {
            let before = match compare {
                Compare::PreviousYear => lang.pick("Year before", "Cùng kỳ năm trước"),
                Compare::PreviousPeriod => lang.pick("Period before", "Kỳ trước"),
            };
            columns.push(Column::new("comparison_value", before));
            columns.push(Column::new("difference", lang.pick("Difference", "Tăng/giảm")));
        }
        if self.bars {
            columns.push(Column::new("bar", "").ornament());
        }
        if self.targets {
            columns.push(Column::new("target_value", lang.pick("Target", "Chỉ tiêu giao")).detail(2));
            columns.push(Column::new("reached_percent", lang.pick("Reached %", "Đạt %")).detail(2));
        }
        columns.push(Column::new("record_count", lang.pick("Records", "Bản ghi")).detail(3));
        columns.push(Column::new("unknown_count", lang.pick("Unknown", "Không rõ")).detail(4));
        columns
    }

    /// The value and what stands beside it; where there is nothing to compare with, or no target, it is left blank.
    fn values(&self, figure: &Figure<'_>) -> Vec<Cell> {
        let number = |number: Option<String>| Cell::number(number.unwrap_or_default());
        let mut cells = vec![Cell::number(figure.value)];
        if self.compare.is_some() {
            cells.push(number(figure.before.map(str::to_owned)));
            cells.push(number(
                figure
                    .before
                    .and_then(|before| number::difference(figure.value, before)),
            ));
        }
        if self.bars {
            let bar = figure.before.map(|before| bar::bar(figure.value, before));
            cells.push(Cell::text(bar.unwrap_or_default()));
        }
        if self.targets {
            cells.push(number(figure.target.map(str::to_owned)));
            cells.push(number(
                figure.target.and_then(|target| number::percent(figure.value, target)),
            ));
        }
        cells.push(Cell::number(figure.records));
        cells.push(Cell::number(figure.unknown));
        cells
    }
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
        Group::Level => lang.pick("Level", "Cấp"),
        Group::Month => lang.pick("Month", "Tháng"),
        Group::Quarter => lang.pick("Quarter", "Quý"),
        Group::Half => lang.pick("Half", "Nửa năm"),
        Group::Year => lang.pick("Year", "Năm"),
        Group::Campaign => lang.pick("Season", "Mùa khô"),
        Group::Team => lang.pick("Team", "Đội quy tập"),
        Group::AidItem => lang.pick("Item", "Mặt hàng"),
    }
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
mod tests;
