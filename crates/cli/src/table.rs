//! Tables: for people with ruled headings and grouped digits, for machines as CSV.
//!
//! It owns how rows look, not what stands in them.

mod cell;
mod layout;

pub use cell::Cell;
pub(crate) use cell::harmless;
pub(crate) use layout::{wrap, wrapped};

use crate::error::Error;
use crate::globals::Lang;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};
use layout::Need;
use std::borrow::Cow;

/// One heading line with a rule below, and nothing else that would have to be cut away when a table is pasted.
const LIGHT: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A column: its name for machines and its heading for people.
#[derive(Debug, Clone)]
pub struct Column {
    key: String,
    heading: String,
    detail: u8,
}

impl Column {
    /// A column with a CSV name and a heading.
    pub fn new(key: impl Into<String>, heading: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            heading: heading.into(),
            detail: 0,
        }
    }

    /// The same column as one that is left out where there is no room for it, the more readily the higher the number.
    #[must_use]
    pub fn detail(mut self, readiness: u8) -> Self {
        self.detail = readiness;
        self
    }

    /// The same column as one that says nothing new: it is the first to go, and nobody misses it.
    #[must_use]
    pub fn ornament(self) -> Self {
        self.detail(u8::MAX)
    }
}

/// Columns and rows, with an optional title above and sums and remarks below.
#[derive(Debug, Clone, Default)]
pub struct Table {
    title: Option<String>,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    sums: Vec<Vec<Cell>>,
    remarks: Vec<String>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// Puts a line above the table.
    pub fn set_title(&mut self, title: impl Into<String>) {
        self.title = Some(title.into());
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Adds a row that sums up others. It is left out of CSV, where it would be summed again.
    pub fn push_sum(&mut self, row: Vec<Cell>) {
        self.sums.push(row);
    }

    /// Adds a line below the table.
    pub fn push_remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// Takes out the columns in which no row has anything, if there are rows.
    pub fn drop_empty_columns(&mut self) {
        let empty = |index: usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(index));
            !self.rows.is_empty()
                && cells.all(|cell| matches!(cell, Cell::Text(text) if text.is_empty()) || *cell == Cell::Flag(false))
        };
        let kept: Vec<bool> = (0..self.columns.len()).map(|index| !empty(index)).collect();
        let mut flags = kept.iter();
        self.columns.retain(|_| flags.next() == Some(&true));
        for row in self.rows.iter_mut().chain(&mut self.sums) {
            let mut flags = kept.iter();
            row.retain(|_| flags.next() == Some(&true));
        }
    }

    /// The table for people, no wider than `width` if that is given. Columns that tell details are left out, and named
    /// below, rather than words cut in two.
    #[must_use]
    pub fn render(&self, lang: Lang, width: Option<u16>) -> String {
        let needs: Vec<Need> = (0..self.columns.len()).map(|index| self.need(index, lang)).collect();
        let shown = layout::shown(&needs, width);
        let body = self.body(lang, width, &needs, &shown);
        let title = self.title.iter().map(|title| wrapped(&harmless(title), width));
        let left_out: Vec<_> = (0..needs.len())
            .filter(|index| !shown.contains(index) && needs[*index].detail < u8::MAX)
            .map(|index| self.columns[index].heading.as_str())
            .collect();
        let left_out = (!left_out.is_empty()).then(|| {
            let (before, behind) = lang.pick(
                ("No room for: ", " (--output csv has them)"),
                ("Không đủ chỗ cho: ", " (có trong --output csv)"),
            );
            wrapped(&format!("{before}{}{behind}", left_out.join(", ")), width)
        });
        title
            .chain(body)
            .chain(self.remarks.iter().map(|remark| wrapped(remark, width)))
            .chain(left_out)
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn need(&self, index: usize, lang: Lang) -> Need {
        let column = &self.columns[index];
        let cells = self.rows.iter().chain(&self.sums).filter_map(|row| row.get(index));
        let texts: Vec<_> = cells.map(|cell| cell.words(lang)).collect();
        let heading = layout::longest_word(&column.heading);
        let widest = |width: fn(&str) -> usize| texts.iter().map(|text| width(text)).fold(heading, usize::max);
        Need {
            word: widest(layout::longest_word),
            line: widest(layout::line),
            whole: widest(|text| text.chars().count()).max(column.heading.chars().count()),
            detail: column.detail,
        }
    }

    /// The lines of headings and rows.
    fn body(&self, lang: Lang, width: Option<u16>, needs: &[Need], shown: &[usize]) -> Vec<String> {
        let mut table = comfy_table::Table::new();
        table.load_style(LIGHT);
        match width {
            Some(width) => table
                .set_width(width)
                .set_content_arrangement(ContentArrangement::Dynamic),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        let rows = || self.rows.iter().chain(&self.sums);
        let header = shown.iter().map(|index| {
            let numeric = rows().any(|row| matches!(row.get(*index), Some(Cell::Number(_))));
            let alignment = if numeric {
                CellAlignment::Right
            } else {
                CellAlignment::Left
            };
            comfy_table::Cell::new(&self.columns[*index].heading).set_alignment(alignment)
        });
        table.set_header(header.collect::<Vec<_>>());
        for row in rows() {
            let cells = shown.iter().filter_map(|index| row.get(*index));
            table.add_row(cells.map(|cell| cell.shown(lang)).collect::<Vec<_>>());
        }
        let needs: Vec<_> = shown.iter().map(|index| &needs[*index]).collect();
        let widths = width.and_then(|width| layout::widths(&needs, width));
        for (index, column) in table.column_iter_mut().enumerate() {
            // Without a blank before the first column the table stands flush with its title.
            column.set_padding((0, layout::PADDING));
            if let Some(widths) = &widths {
                let fixed = u16::try_from(widths[index])
                    .unwrap_or(u16::MAX)
                    .saturating_add(layout::PADDING);
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(fixed)));
            }
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// The rows as CSV with a header line.
    ///
    /// # Errors
    /// [`Error::Failure`] if the writer fails, which it cannot in memory.
    pub fn csv(&self) -> Result<String, Error> {
        let failed = |error: csv::Error| Error::Failure(error.into());
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(self.columns.iter().map(|column| column.key.as_str()))
            .map_err(failed)?;
        for row in &self.rows {
            let cells = row.iter().map(Cell::machine);
            writer.write_record(cells.map(Cow::into_owned)).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| Error::failure(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| Error::Failure(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(vec![Column::new("unit", "Unit"), Column::new("value", "Value")]);
        table.set_title("tayninh");
        table.push(vec![Cell::text("Bộ Chỉ huy, Tây Ninh"), Cell::number(8797)]);
        table.push(vec![Cell::text("ខេត្ត"), Cell::number("15.8")]);
        table.push_sum(vec![Cell::text("Total"), Cell::number("8812.8")]);
        table
    }

    #[test]
    fn people_get_aligned_columns() {
        let shown = sample().render(Lang::Vi, None);
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0], "tayninh");
        assert!(lines[1].contains("Unit") && lines[1].ends_with("Value"));
        assert!(lines[2].trim().chars().all(|character| character == '─'));
        assert!(lines[3].contains("Bộ Chỉ huy, Tây Ninh") && lines[3].ends_with("8.797"));
        assert!(lines[4].ends_with("15,8"));
        assert!(lines[5].contains("Total") && lines[5].ends_with("8.812,8"));
    }

    #[test]
    fn a_narrow_terminal_wraps() {
        let shown = sample().render(Lang::En, Some(24));
        // Khmer signs below a letter take no place of their own, so that line has more characters than columns.
        let mut lines = shown.lines().skip(1).filter(|line| !line.contains('ខ'));
        assert!(lines.all(|line| line.chars().count() <= 24), "{shown}");
        assert!(shown.lines().count() > sample().render(Lang::En, None).lines().count());
    }

    #[test]
    fn machines_get_plain_numbers_and_no_sums() {
        assert_eq!(
            sample().csv().unwrap(),
            "unit,value\n\"Bộ Chỉ huy, Tây Ninh\",8797\nខេត្ត,15.8\n"
        );
    }

    #[test]
    fn no_spreadsheet_computes_what_somebody_wrote() {
        for (cell, written) in [
            (
                Cell::text("=HYPERLINK(\"http://x\",\"y\")"),
                "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"",
            ),
            (Cell::text("+84"), "'+84"),
            (Cell::text("-"), "'-"),
            (Cell::text("@SUM(A1)"), "'@SUM(A1)"),
            (Cell::text("\t=1"), "'\t=1"),
            (Cell::text("a=1"), "a=1"),
            (Cell::text("a\r\nb"), "\"a\r\nb\""),
            (Cell::number("-3.5"), "-3.5"),
            (Cell::number("+4"), "4"),
            (Cell::number("-1+1"), "'-1+1"),
            (Cell::number(""), ""),
            (Cell::Absent, ""),
        ] {
            let mut table = Table::new(vec![Column::new("a", "A"), Column::new("b", "B")]);
            table.push(vec![Cell::text("x"), cell]);
            assert_eq!(table.csv().unwrap(), format!("a,b\nx,{written}\n"));
        }
    }

    #[test]
    fn a_terminal_is_not_obeyed() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
