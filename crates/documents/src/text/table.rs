//! A table in plain text: blanks between its columns, a rule below its headings and above its sums.
//!
//! It owns how narrow a column may become. Numbers are never broken, since half a number is another number; a table that
//! is too wide even so goes on below itself, with its first column repeated.

use super::width::{longest_word, padded, width, wrap};
use crate::document::{Align, Row, RowKind, Table};
use crate::plain;

/// The blanks between two columns.
const GAP: usize = 2;
/// A word is cut rather than that its column takes more places than this; two such columns stand side by side.
const WORD_MAX: usize = 40;
/// A letter may take two places, and what stands beside it in a narrower column would not be aligned any more.
const WIDTH_MIN: usize = 2;
/// The blanks of a step down in a tree, and after how many steps it does not go further in.
const STEP: usize = 2;
const DEPTH_MAX: usize = 8;

/// A row of the table whose texts are clean.
struct Line {
    cells: Vec<Vec<String>>,
    kind: RowKind,
    indent: usize,
}

/// What the layout has to know of a column.
#[derive(Debug, Clone, Copy)]
struct Need {
    /// The width without which a word would be cut.
    word: usize,
    /// The width in which nothing is broken.
    whole: usize,
}

/// The lines of a table, none wider than `most`; without columns there are none.
pub(super) fn table(table: &Table, most: usize) -> Vec<String> {
    let headings: Vec<String> = table
        .columns
        .iter()
        .map(|column| plain::line(&column.heading))
        .collect();
    let rows: Vec<Line> = table.rows.iter().map(|row| clean(row, headings.len())).collect();
    let needs: Vec<Need> = (0..headings.len())
        .map(|column| need(&headings[column], &rows, column))
        .collect();
    let mut lines = Vec::new();
    for band in bands(&needs, most) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let widths = widths(&band.iter().map(|column| needs[*column]).collect::<Vec<_>>(), most);
        let shown: Vec<Shown> = band
            .iter()
            .zip(widths)
            .map(|(column, width)| Shown {
                column: *column,
                width,
                right: table.columns[*column].align == Align::Right,
            })
            .collect();
        lines.extend(body(&headings, &rows, &shown));
    }
    lines
}

/// A column that is shown, and how wide.
struct Shown {
    column: usize,
    width: usize,
    right: bool,
}

fn clean(row: &Row, columns: usize) -> Line {
    // Blank lines within a cell would tear its row apart.
    let lines = |text: &str| plain::lines(text).into_iter().filter(|line| !line.is_empty()).collect();
    Line {
        cells: (0..columns).map(|column| lines(row.cell(column))).collect(),
        kind: row.kind,
        indent: row.depth.min(DEPTH_MAX) * STEP,
    }
}

fn need(heading: &str, rows: &[Line], column: usize) -> Need {
    let mut need = Need {
        word: longest_word(heading),
        whole: width(heading),
    };
    // The heading of a group stands across all columns.
    for row in rows.iter().filter(|row| !row.spans()) {
        let indent = if column == 0 { row.indent } else { 0 };
        for text in &row.cells[column] {
            need.word = need.word.max(indent + longest_word(text));
            need.whole = need.whole.max(indent + width(text));
        }
    }
    need.word = need.word.clamp(WIDTH_MIN, WORD_MAX);
    need.whole = need.whole.max(need.word);
    need
}

/// Which columns stand side by side: as many as no word must be cut for, the first in each.
fn bands(needs: &[Need], most: usize) -> Vec<Vec<usize>> {
    let Some(first) = needs.first() else { return Vec::new() };
    let mut bands = vec![vec![0]];
    let mut taken = first.word;
    for (column, need) in needs.iter().enumerate().skip(1) {
        if taken + GAP + need.word > most {
            bands.push(vec![0]);
            taken = first.word;
        }
        taken += GAP + need.word;
        if let Some(band) = bands.last_mut() {
            band.push(column);
        }
    }
    bands
}

/// How wide each column is: as wide as its longest word, and what room there is goes to the narrowest that want more.
fn widths(needs: &[Need], most: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = needs.iter().map(|need| need.word).collect();
    let taken: usize = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    for _ in taken..most {
        let wanting = widths
            .iter_mut()
            .zip(needs)
            .filter(|(width, need)| **width < need.whole);
        let Some((narrowest, _)) = wanting.min_by_key(|(width, _)| **width) else {
            break;
        };
        *narrowest += 1;
    }
    widths
}

fn body(headings: &[String], rows: &[Line], shown: &[Shown]) -> Vec<String> {
    let all = shown.iter().map(|column| column.width).sum::<usize>() + GAP * shown.len().saturating_sub(1);
    let rule = "─".repeat(all);
    let header = |column: &Shown| wrap(&headings[column.column], column.width);
    let mut lines = side_by_side(shown, &shown.iter().map(header).collect::<Vec<_>>(), true);
    lines.push(rule.clone());
    let mut before = RowKind::Body;
    for (index, row) in rows.iter().enumerate() {
        if row.kind == RowKind::Total && before != RowKind::Total && index > 0 {
            lines.push(rule.clone());
        }
        before = row.kind;
        if row.spans() {
            lines.extend(row.cells[0].iter().flat_map(|text| wrap(text, all)));
            continue;
        }
        let pieces = |column: &Shown| {
            let indent = if column.column == 0 { row.indent } else { 0 };
            // What is indented further than its column is wide is indented less, never cut to nothing.
            let indent = indent.min(column.width.saturating_sub(WIDTH_MIN));
            let lines = row.cells[column.column]
                .iter()
                .flat_map(|text| wrap(text, column.width - indent));
            lines.map(|line| format!("{}{line}", " ".repeat(indent))).collect()
        };
        lines.extend(side_by_side(
            shown,
            &shown.iter().map(pieces).collect::<Vec<Vec<_>>>(),
            false,
        ));
    }
    lines
}

/// The pieces of each column beside those of the others; headings stand at the bottom, on their rule.
fn side_by_side(shown: &[Shown], pieces: &[Vec<String>], bottom: bool) -> Vec<String> {
    let height = pieces.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let line = |at: usize| {
        let cells = shown.iter().zip(pieces).map(|(column, pieces)| {
            let above = if bottom { height - pieces.len() } else { 0 };
            let piece = at.checked_sub(above).and_then(|at| pieces.get(at));
            padded(piece.map_or("", String::as_str), column.width, column.right)
        });
        let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
        line.trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

impl Line {
    /// Whether this is the heading of a group, which stands across all columns.
    fn spans(&self) -> bool {
        self.kind == RowKind::Group && self.cells.iter().skip(1).all(Vec::is_empty)
    }
}
