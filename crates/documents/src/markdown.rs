//! Markdown with tables, as GitHub and most others read it.
//!
//! It owns which characters of a text must be escaped, so that it is read as it was written: no text becomes a heading, a
//! link, a tag or the border of a cell.

use crate::document::{Align, Block, Column, Document, Row, RowKind, Table};
use crate::{Renderer, plain};

/// The blanks of a step down in a tree; others are dropped where a cell begins.
const STEP: &str = "\u{a0}\u{a0}";
/// After how many steps a row does not go further in.
const DEPTH_MAX: usize = 8;

/// Writes Markdown.
#[derive(Debug)]
pub(crate) struct Markdown;

impl Renderer for Markdown {
    fn media_type(&self) -> &'static str {
        "text/markdown; charset=utf-8"
    }

    fn extension(&self) -> &'static str {
        "md"
    }

    fn bytes(&self, document: &Document) -> Vec<u8> {
        text(document).into_bytes()
    }
}

/// The document as Markdown.
pub(crate) fn text(document: &Document) -> String {
    let mut parts = vec![heading("#", &document.title), paragraph(&document.subtitle.join("\n"))];
    parts.extend(document.blocks.iter().map(block));
    let footer = paragraph(&document.footer.join("\n"));
    if !footer.is_empty() {
        parts.push("---".to_owned());
        parts.push(footer);
    }
    parts.retain(|part| !part.is_empty());
    format!("{}\n", parts.join("\n\n"))
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => heading("##", text),
        Block::Paragraph(text) => paragraph(text),
        Block::Note(text) => quoted(&paragraph(text)),
        Block::Table(table) => captioned(table),
    }
}

fn heading(mark: &str, text: &str) -> String {
    let text = escaped(&plain::line(text));
    if text.is_empty() {
        text
    } else {
        format!("{mark} {text}")
    }
}

/// Sentences, in which a line break stays one and blank lines part paragraphs.
fn paragraph(text: &str) -> String {
    let mut paragraphs: Vec<Vec<String>> = vec![Vec::new()];
    for line in plain::lines(text) {
        match paragraphs.last_mut() {
            Some(lines) if !line.is_empty() => lines.push(begun(&escaped(&line))),
            _ => paragraphs.push(Vec::new()),
        }
    }
    let paragraphs = paragraphs.iter().filter(|lines| !lines.is_empty());
    // A backslash at the end of a line is a line break; two blanks would be, but nobody sees them.
    paragraphs
        .map(|lines| lines.join("\\\n"))
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn quoted(text: &str) -> String {
    let lines = text.lines().map(|line| format!("> {line}"));
    lines
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn captioned(table: &Table) -> String {
    let caption = plain::line(&table.caption);
    let caption = if caption.is_empty() {
        caption
    } else {
        bold(&escaped(&caption))
    };
    let parts = [caption, rows(table)];
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.map(String::as_str).collect::<Vec<_>>().join("\n\n")
}

fn rows(table: &Table) -> String {
    if table.columns.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let rule = |column: &Column| match column.align {
        Align::Left => ":---".to_owned(),
        Align::Right => "---:".to_owned(),
    };
    let headings = table.columns.iter().map(|column| cell(&column.heading));
    let mut lines = vec![line(headings.collect()), line(table.columns.iter().map(rule).collect())];
    let columns = table.columns.len();
    lines.extend(table.rows.iter().map(|row| line(cells(row, columns))));
    lines.join("\n")
}

fn cells(row: &Row, columns: usize) -> Vec<String> {
    let texts = (0..columns).map(|column| cell(row.cell(column)));
    let mut cells: Vec<String> = match row.kind {
        RowKind::Body => texts.collect(),
        RowKind::Total | RowKind::Group => texts
            .map(|text| if text.is_empty() { text } else { bold(&text) })
            .collect(),
    };
    if let Some(first) = cells.first_mut() {
        first.insert_str(0, &STEP.repeat(row.depth.min(DEPTH_MAX)));
    }
    cells
}

/// The text of a cell; a table has one line for each row, so that a line break is written as a tag.
fn cell(text: &str) -> String {
    let lines = plain::lines(text);
    let lines = lines.iter().filter(|line| !line.is_empty()).map(|line| escaped(line));
    lines.collect::<Vec<_>>().join("<br>")
}

/// A text in bold letters. Blanks that Markdown knows are gone from its ends; those that only look like blanks would keep
/// the stars from being read as marks.
fn bold(text: &str) -> String {
    format!("**{}**", text.trim())
}

/// A text whose characters stand for themselves, wherever in a line it stands.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(
            character,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '$'
        ) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// An escaped text at the beginning of a line, where more has a meaning: lists, rules, numbers of lists.
fn begun(escaped: &str) -> String {
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = escaped.split_at(digits);
    let marks: &[char] = if digits == 0 {
        &['-', '+', '=', ':']
    } else {
        &['.', ')']
    };
    if rest.starts_with(marks) {
        format!("{number}\\{rest}")
    } else {
        escaped.to_owned()
    }
}

#[cfg(test)]
mod tests;
