//! What a document is made of, in the order in which it is read.
//!
//! It owns the shape only. Texts may hold anything; what a line break or a mark of the format in them becomes is the
//! business of the formats.

/// A document: its title, what stands below the title, its blocks, and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// What it is called.
    pub title: String,
    /// Lines below the title, as the unit and the days.
    pub subtitle: Vec<String>,
    /// What it says.
    pub blocks: Vec<Block>,
    /// Lines at the end that tell where it comes from: positions, definitions, digest.
    pub footer: Vec<String>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The heading of what follows.
    Heading(String),
    /// Sentences; a line break in them stays one.
    Paragraph(String),
    /// Rows and columns.
    Table(Table),
    /// What must be known beside the rest, as that something was left out.
    Note(String),
}

/// Rows and columns, with a caption above if there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns; the first names the rows.
    pub columns: Vec<Column>,
    /// The rows. One with fewer cells than there are columns ends in blanks, and what stands beyond the columns is left
    /// out.
    pub rows: Vec<Row>,
    /// What the table shows; empty: nothing is said.
    pub caption: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub heading: String,
    /// On which side its texts stand.
    pub align: Align,
}

/// On which side the texts of a column stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// A row of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// What stands under each column.
    pub cells: Vec<String>,
    /// What kind of row it is.
    pub kind: RowKind,
    /// How far its first cell is indented: 0 on top of a tree, 1 for what stands under that.
    pub depth: usize,
}

/// What kind of row a row is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RowKind {
    /// One of many.
    #[default]
    Body,
    /// The sum of others.
    Total,
    /// The heading of the rows below it.
    Group,
}

impl Document {
    /// A document with a title and nothing else yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }
}

impl Column {
    /// A column of words.
    pub fn left(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Left,
        }
    }

    /// A column of numbers.
    pub fn right(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            align: Align::Right,
        }
    }
}

impl Row {
    /// A row like others.
    #[must_use]
    pub fn body(cells: Vec<String>) -> Self {
        Self {
            cells,
            ..Self::default()
        }
    }

    /// A row that sums up others.
    #[must_use]
    pub fn total(cells: Vec<String>) -> Self {
        Self {
            cells,
            kind: RowKind::Total,
            depth: 0,
        }
    }

    /// The heading of the rows below it.
    pub fn group(heading: impl Into<String>) -> Self {
        Self {
            cells: vec![heading.into()],
            kind: RowKind::Group,
            depth: 0,
        }
    }

    /// The same row, so far down in a tree.
    #[must_use]
    pub fn at_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// The text under a column; nothing if the row ends before it.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}
