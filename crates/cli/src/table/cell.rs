//! What stands at one place of a table, as people read it and as machines do.
//!
//! It owns that nothing somebody wrote is obeyed: not by a terminal, and not by a spreadsheet.

use crate::globals::Lang;
use crate::number;
use comfy_table::CellAlignment;
use std::borrow::Cow;

/// What stands at one place of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words, names, dates.
    Text(String),
    /// A plain decimal.
    Number(String),
    /// Whether something is so: a word if it is, for people, and `true` or `false` for machines.
    Flag(bool),
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
            Self::Flag(flag) => flag.to_string(),
            Self::Absent => String::new(),
        }
    }

    /// The cell in CSV: a number without the marks of people, and text that no spreadsheet takes for a formula.
    pub(super) fn machine(&self) -> Cow<'_, str> {
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
            Self::Flag(flag) => flag.to_string().into(),
            Self::Absent => "".into(),
        }
    }

    /// The cell as people read it.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Text(text) => harmless(text),
            Self::Number(number) => number::grouped(number, lang),
            Self::Flag(true) => lang.pick("yes", "có").to_owned(),
            Self::Flag(false) => String::new(),
            Self::Absent => "–".to_owned(),
        }
    }

    pub(super) fn shown(&self, lang: Lang) -> comfy_table::Cell {
        let cell = comfy_table::Cell::new_owned(self.words(lang));
        match self {
            Self::Text(_) | Self::Flag(_) => cell,
            Self::Number(_) | Self::Absent => cell.set_alignment(CellAlignment::Right),
        }
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
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}
