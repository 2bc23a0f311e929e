//! Plain text: what a mail or a terminal shows, never wider than a page.

mod table;
mod width;

use crate::document::{Block, Document, Table};
use crate::{Renderer, plain};
use width::{width, wrap};

/// The places of a line: a page of equal characters, and as much as most terminals show.
pub const COLUMNS_MAX: usize = 100;
/// How far a note stands in from the rest.
const NOTE: &str = "  ";

/// Writes plain text.
#[derive(Debug)]
pub(crate) struct Text;

impl Renderer for Text {
    fn media_type(&self) -> &'static str {
        "text/plain; charset=utf-8"
    }

    fn extension(&self) -> &'static str {
        "txt"
    }

    fn bytes(&self, document: &Document) -> Vec<u8> {
        text(document).into_bytes()
    }
}

/// The document as plain text.
pub(crate) fn text(document: &Document) -> String {
    let mut head = underlined(&document.title, "═");
    head.extend(document.subtitle.iter().flat_map(|line| paragraph(line, "")));
    let blocks = document.blocks.iter().map(block);
    let mut foot: Vec<String> = document.footer.iter().flat_map(|line| paragraph(line, "")).collect();
    if !foot.is_empty() {
        foot.insert(0, "─".repeat(COLUMNS_MAX));
    }
    let parts = std::iter::once(head).chain(blocks).chain([foot]);
    let parts = parts.filter(|part| !part.is_empty()).map(|part| part.join("\n"));
    format!("{}\n", parts.collect::<Vec<_>>().join("\n\n"))
}

fn block(block: &Block) -> Vec<String> {
    match block {
        Block::Heading(heading) => underlined(heading, "─"),
        Block::Paragraph(text) => paragraph(text, ""),
        Block::Note(text) => paragraph(text, NOTE),
        Block::Table(table) => captioned(table),
    }
}

fn captioned(table: &Table) -> Vec<String> {
    let mut lines = wrap(&plain::line(&table.caption), COLUMNS_MAX);
    lines.extend(table::table(table, COLUMNS_MAX));
    lines
}

/// A heading with a line below that is as wide as its widest line.
fn underlined(heading: &str, with: &str) -> Vec<String> {
    let mut lines = wrap(&plain::line(heading), COLUMNS_MAX);
    let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    if widest > 0 {
        lines.push(with.repeat(widest));
    }
    lines
}

/// A text as lines, each with the same blanks before it; blank lines at its ends are left out.
fn paragraph(text: &str, before: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in plain::lines(text) {
        let broken = wrap(&line, COLUMNS_MAX - before.len());
        if broken.is_empty() && lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(String::new());
        }
        lines.extend(broken.into_iter().map(|line| format!("{before}{line}")));
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests;
