//! A form as data: what is to be filled in, what may be chosen, and what is told about it.
//!
//! It owns the shape of a form and nothing of its look. All texts are in the language of whoever fills the form in.

/// A workbook to be filled in.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// The sheet with the columns; it comes first.
    pub sheet: Sheet,
    /// Pages to be read, behind the sheet.
    pub pages: Vec<Page>,
    /// What may be chosen. A list with details, or one that is too long for a cell's own list, becomes a page.
    pub lists: Vec<List>,
    /// What is said to whoever fills a cell in wrongly.
    pub words: Words,
}

/// The sheet with the columns.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its name, at most 31 characters.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// So many columns at the left stay in sight.
    pub frozen_columns: u16,
    /// Rows that are filled in already, as texts; what does not fit its column's kind stays a text.
    pub rows: Vec<Vec<String>>,
    /// So many rows are made ready to be filled in.
    pub empty_rows: u32,
}

/// A column of the sheet.
#[derive(Debug, Clone)]
pub struct Column {
    /// What stands over it.
    pub heading: String,
    /// What is told about it, over its heading; in no column anything: there is no such row.
    pub explanation: String,
    /// Its width in characters.
    pub width: u16,
    /// What its cells hold.
    pub kind: Kind,
    /// Whether its heading stands out, as one that must be filled in.
    pub required: bool,
}

/// What the cells of a column hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A text, also if it looks like a number or a date: `00123` and `229/12` stay as they are.
    Text,
    /// A long text over several lines.
    Prose,
    /// A day.
    Date,
    /// A whole number, zero or more.
    Whole,
    /// A number.
    Decimal,
    /// One element of the list of this name.
    OneOf(String),
    /// One element of the list of this name, or several that are typed.
    SeveralOf(String),
}

/// What may be chosen.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// By which columns refer to it: letters and `_`.
    pub name: String,
    /// The name of its page, at most 31 characters.
    pub title: String,
    /// The headings of its columns; the first is that of what is chosen.
    pub headings: Vec<String>,
    /// Its elements: what is chosen, and details beside it.
    pub entries: Vec<Vec<String>>,
}

/// A page to be read.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Its name, at most 31 characters.
    pub name: String,
    /// The widths of its columns, in characters.
    pub widths: Vec<u16>,
    /// Its rows. The first of each block that follows an empty row is a heading.
    pub rows: Vec<Vec<String>>,
}

/// What is said to whoever fills a cell in wrongly, and how days look.
#[derive(Debug, Clone)]
pub struct Words {
    /// Not an element of the list.
    pub not_listed: String,
    /// Not a day.
    pub not_a_date: String,
    /// Not a whole number.
    pub not_whole: String,
    /// Not a number.
    pub not_a_number: String,
    /// How days are shown, as `dd/mm/yyyy`. What is stored is a day in any case.
    pub date_format: String,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            not_listed: "Please choose from the list.".to_owned(),
            not_a_date: "Please enter a day, as 2026-03-31.".to_owned(),
            not_whole: "Please enter a whole number, 0 or more.".to_owned(),
            not_a_number: "Please enter a number.".to_owned(),
            date_format: "yyyy-mm-dd".to_owned(),
        }
    }
}

impl List {
    /// The texts that can be chosen.
    pub(crate) fn choices(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter_map(|entry| entry.first())
            .map(String::as_str)
    }

    /// The choices, if a cell's own list can hold them: it takes 255 characters, and separates by commas.
    pub(crate) fn inline(&self) -> Option<Vec<&str>> {
        let choices: Vec<_> = self.choices().collect();
        let length: usize = choices.iter().map(|choice| choice.encode_utf16().count() + 1).sum();
        let plain = choices.iter().all(|choice| !choice.contains([',', '"']));
        let alone = self.entries.iter().all(|entry| entry.len() == 1);
        (alone && plain && length <= 255).then_some(choices)
    }

    /// The name under which a workbook knows the list's range; it must not look like the address of a cell.
    pub(crate) fn defined_name(&self) -> String {
        format!("list_{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_short_list_without_details_fits_into_a_cell() {
        let list = |entries: &[&[&str]]| List {
            entries: entries
                .iter()
                .map(|entry| entry.iter().map(|text| (*text).to_owned()).collect())
                .collect(),
            ..List::default()
        };
        assert_eq!(list(&[&["a"], &["b"]]).inline(), Some(vec!["a", "b"]));
        assert_eq!(list(&[&["a", "detail"]]).inline(), None);
        assert_eq!(list(&[&["a, b"]]).inline(), None);
        let long = "x".repeat(100);
        assert_eq!(list(&[&[&long], &[&long], &[&long]]).inline(), None);
    }
}
