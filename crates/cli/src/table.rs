//! Tables: for people with ruled headings and grouped digits, for machines as CSV.
//!
//! It owns how rows look, not what stands in them.

use crate::error::Error;
use crate::globals::Lang;
use crate::number;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, TableStyle};
use std::borrow::Cow;

/// One heading line with a rule below, and nothing else that would have to be cut away when a table is pasted.
const LIGHT: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A column: its name for machines and its heading for people.
#[derive(Debug, Clone)]
pub struct Column {
    key: String,
    heading: String,
}

impl Column {
    /// A column with a CSV name and a heading.
    pub fn new(key: impl Into<String>, heading: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            heading: heading.into(),
        }
    }
}

/// What stands at one place of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words, names, dates.
    Text(String),
    /// A plain decimal.
    Number(String),
    /// Not known: a dash for people, nothing for machines.
    Absent,
}

impl Cell {
    /// Words, names, dates.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A plain decimal, or anything else that is written like one.
    #[allow(clippy::needless_pass_by_value, reason = "counts and texts are both given by value")]
    pub fn number(number: impl ToString) -> Self {
        Self::Number(number.to_string())
    }

    /// The words, names or digits.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Absent => String::new(),
        }
    }

    /// The cell in CSV: a number without the marks of people, and text that no spreadsheet takes for a formula.
    fn machine(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => {
                let plain = number.strip_prefix('+').unwrap_or(number);
                if banggiao_model::decimal::parse(plain).is_ok() {
                    plain.into()
                } else {
                    inert(number)
                }
            }
            Self::Text(text) => inert(text),
            Self::Absent => "".into(),
        }
    }

    fn shown(&self, lang: Lang) -> comfy_table::Cell {
        match self {
            Self::Text(text) => comfy_table::Cell::new_owned(harmless(text)),
            Self::Number(number) => {
                comfy_table::Cell::new_owned(number::grouped(number, lang)).set_alignment(CellAlignment::Right)
            }
            Self::Absent => comfy_table::Cell::new("–").set_alignment(CellAlignment::Right),
        }
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

    /// The table for people, no wider than `width` if that is given.
    #[must_use]
    pub fn render(&self, lang: Lang, width: Option<u16>) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(LIGHT);
        match width {
            Some(width) => table
                .set_width(width)
                .set_content_arrangement(ContentArrangement::Dynamic),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        let rows = || self.rows.iter().chain(&self.sums);
        let header = self.columns.iter().enumerate().map(|(index, column)| {
            let numeric = rows().any(|row| matches!(row.get(index), Some(Cell::Number(_))));
            let alignment = if numeric {
                CellAlignment::Right
            } else {
                CellAlignment::Left
            };
            comfy_table::Cell::new(&column.heading).set_alignment(alignment)
        });
        table.set_header(header.collect::<Vec<_>>());
        for row in rows() {
            table.add_row(row.iter().map(|cell| cell.shown(lang)).collect::<Vec<_>>());
        }
        // Without a blank before the first column the table stands flush with its title.
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let body = table.lines().map(|line| line.trim_end().to_owned());
        let title = self.title.iter().map(|title| harmless(title));
        title
            .chain(body)
            .chain(self.remarks.iter().cloned())
            .collect::<Vec<_>>()
            .join("\n")
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

/// A text that a spreadsheet would take for a formula, with an apostrophe before it, which spreadsheets take for the mark
/// of text. Who needs a text to the letter asks for JSON.
fn inert(text: &str) -> Cow<'_, str> {
    const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(BEGINNINGS) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// Texts come from many hands, and a terminal obeys control characters: they are shown as blanks.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
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
