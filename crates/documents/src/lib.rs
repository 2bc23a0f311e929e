//! A document as data, and its renderings: plain text and Markdown.
//!
//! It owns how titles, tables and notes look in each format, and that nothing somebody wrote into a cell breaks the
//! document it stands in. Which report a document is, where its figures come from and in which language it speaks is not
//! known here: all texts come in ready to be read, numbers with their marks.

mod document;
mod markdown;
mod plain;
mod text;

pub use document::{Align, Block, Column, Document, Row, RowKind, Table};
pub use text::COLUMNS_MAX;

/// The form of a document's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text, at most [`COLUMNS_MAX`] columns wide.
    Text,
    /// Markdown with tables, as GitHub and most others read it.
    Markdown,
}

/// What each format implements, whether its files are text or not.
pub trait Renderer {
    /// The media type of its files.
    fn media_type(&self) -> &'static str;
    /// What the names of its files end with, without the dot.
    fn extension(&self) -> &'static str;
    /// The bytes of the document's file.
    fn bytes(&self, document: &Document) -> Vec<u8>;
}

impl Format {
    /// Who writes this format.
    #[must_use]
    pub fn renderer(self) -> &'static dyn Renderer {
        match self {
            Self::Text => &text::Text,
            Self::Markdown => &markdown::Markdown,
        }
    }

    /// The media type of its files, as `text/markdown; charset=utf-8`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        self.renderer().media_type()
    }

    /// What the names of its files end with, as `md`.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.renderer().extension()
    }
}

/// The document in a format that is text, with one line break at its end.
#[must_use]
pub fn render(document: &Document, format: Format) -> String {
    match format {
        Format::Text => text::text(document),
        Format::Markdown => markdown::text(document),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_what_is_rendered() {
        let document = Document::new("Báo cáo");
        for (format, extension) in [(Format::Text, "txt"), (Format::Markdown, "md")] {
            let text = render(&document, format);
            assert!(text.contains("Báo cáo") && text.ends_with('\n'), "{text}");
            assert_eq!(format.renderer().bytes(&document), text.into_bytes());
            assert_eq!(format.extension(), extension);
            assert!(format.media_type().starts_with("text/"));
        }
    }
}
