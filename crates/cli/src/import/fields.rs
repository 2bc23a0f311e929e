//! The fields of one row, read as what their columns hold. All faults of a row are gathered, not only the first.
//!
//! It owns the forms: dates, counts, decimals, lists, names. Which column holds which form stands in [`super::rows`].

use super::sheet::{INVALID, Row};
use banggiao_model::{date, decimal};
use std::collections::BTreeMap;

/// A row that can be asked for its fields.
#[derive(Debug)]
pub struct Fields<'a> {
    header: &'a [String],
    row: &'a Row,
    /// Set while a value of one column is read as if it stood in another.
    stand_in: Option<&'a str>,
    faults: Vec<Fault>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The column.
    pub field: String,
    /// What is wrong, with the value that was met.
    pub description: String,
    /// A name of the API's reasons.
    pub reason: String,
}

impl<'a> Fields<'a> {
    /// The fields of a row under a header.
    #[must_use]
    pub fn new(header: &'a [String], row: &'a Row) -> Self {
        Self {
            header,
            row,
            stand_in: None,
            faults: Vec::new(),
        }
    }

    /// From here on every column gives the value of this one.
    pub fn read_all_as(&mut self, column: &'a str) {
        self.stand_in = Some(column);
    }

    /// The faults met so far.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Notes a fault of a column.
    pub fn fault(&mut self, column: &str, description: impl Into<String>) {
        self.faults.push(Fault {
            field: column.to_owned(),
            description: description.into(),
            reason: INVALID.to_owned(),
        });
    }

    /// The text of a column without surrounding blanks; empty if absent.
    #[must_use]
    pub fn text(&self, column: &str) -> &'a str {
        let column = self.stand_in.unwrap_or(column);
        let index = self.header.iter().position(|name| name == column);
        index
            .and_then(|index| self.row.fields.get(index))
            .map_or("", |field| field.trim())
    }

    /// The text of a column that must not be empty.
    pub fn required(&mut self, column: &str) -> &'a str {
        let text = self.text(column);
        if text.is_empty() {
            self.faults.push(Fault {
                field: column.to_owned(),
                description: "is required".to_owned(),
                reason: "REQUIRED_FIELD".to_owned(),
            });
        }
        text
    }

    /// The value of a column by a parser; nothing if the column is empty or, which is a fault, cannot be read.
    pub fn value<T>(&mut self, column: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        parse(text).map_err(|description| self.fault(column, description)).ok()
    }

    /// The value of a column that must not be empty.
    pub fn required_value<T>(&mut self, column: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.required(column).is_empty() {
            None
        } else {
            self.value(column, parse)
        }
    }

    /// A civil date as contracts have it; empty if absent.
    pub fn date(&mut self, column: &str) -> String {
        let parse = |text: &str| date::parse(text).map(date::format).map_err(|error| error.to_string());
        self.value(column, parse).unwrap_or_default()
    }

    /// A count: digits only, since `1.000` and `1,000` mean different things to different people.
    pub fn count(&mut self, column: &str) -> Option<i64> {
        self.value(column, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let count = if digits { text.parse().ok() } else { None };
            count.ok_or_else(|| format!("\"{text}\" is not a whole number such as 0 or 12"))
        })
    }

    /// A list separated by `;`, each element by a parser.
    pub fn list<T>(&mut self, column: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let text = self.text(column);
        let mut values = Vec::new();
        // A separator at the end is not worth an error, an empty element between two is.
        for element in text
            .strip_suffix(';')
            .unwrap_or(text)
            .split(';')
            .filter(|_| !text.is_empty())
        {
            match parse(element.trim()) {
                Ok(value) => values.push(value),
                Err(description) => self.fault(column, description),
            }
        }
        values
    }

    /// Quantities, `key=decimal;…`.
    pub fn quantities(&mut self, column: &str) -> BTreeMap<String, String> {
        let mut quantities = BTreeMap::new();
        for (key, value) in self.list(column, quantity) {
            let twice = format!("\"{key}\" stands twice");
            if quantities.insert(key, value).is_some() {
                self.fault(column, twice);
            }
        }
        quantities
    }

    /// A text under one language; nothing if the column is empty.
    #[must_use]
    pub fn texts(&self, columns: &[(&str, &str)]) -> BTreeMap<String, String> {
        let texts = columns
            .iter()
            .map(|(language, column)| ((*language).to_owned(), self.text(column).to_owned()));
        texts.filter(|(_, text)| !text.is_empty()).collect()
    }
}

/// One quantity, `key=decimal`.
pub(crate) fn quantity(element: &str) -> Result<(String, String), String> {
    let (key, value) = element
        .split_once('=')
        .ok_or_else(|| format!("\"{element}\" is not of the form KEY=DECIMAL"))?;
    let key = key.trim().to_ascii_lowercase();
    if key.is_empty() {
        return Err(format!("\"{element}\" has no key"));
    }
    let value = decimal::parse(value.trim()).map_err(|error| format!("{key}: {error}"))?;
    Ok((key, decimal::format(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(value: &str, read: impl Fn(&mut Fields) -> T) -> (T, Vec<String>) {
        let header = vec!["x".to_owned()];
        let row = Row {
            line: 2,
            fields: vec![value.to_owned()],
            ..Row::default()
        };
        let mut fields = Fields::new(&header, &row);
        let value = read(&mut fields);
        (
            value,
            fields
                .into_faults()
                .into_iter()
                .map(|fault| fault.description)
                .collect(),
        )
    }

    #[test]
    fn empty_is_unknown_and_zero_is_zero() {
        assert_eq!(with("", |fields| fields.count("x")), (None, vec![]));
        assert_eq!(with(" 0 ", |fields| fields.count("x")), (Some(0), vec![]));
        for text in ["-1", "1.5", "1,000", "+1", "x", "99999999999999999999"] {
            let (count, faults) = with(text, |fields| fields.count("x"));
            assert_eq!((count, faults.len()), (None, 1), "{text}");
        }
    }

    #[test]
    fn lists_are_separated_by_semicolons() {
        let read = |text: &str| with(text, |fields| fields.list("x", crate::names::unit));
        assert_eq!(read("a; B;"), (vec!["units/a".into(), "units/b".into()], vec![]));
        assert_eq!(read(""), (vec![], vec![]));
        assert_eq!(read("a;;b").1.len(), 1);
        assert_eq!(read("a;1").0, ["units/a"]);
    }

    #[test]
    fn quantities_are_exact_decimals() {
        let read = |text: &str| with(text, |fields| fields.quantities("x"));
        let (quantities, faults) = read("patrol_km=15.80; items=2");
        assert!(faults.is_empty());
        assert_eq!(
            quantities.into_iter().collect::<Vec<_>>(),
            [("items".into(), "2".into()), ("patrol_km".into(), "15.8".into())]
        );
        for text in ["patrol_km", "=1", "a=1,5", "a=1;a=2", "a="] {
            assert_eq!(read(text).1.len(), 1, "{text}");
        }
    }

    #[test]
    fn dates_have_one_form() {
        assert_eq!(
            with("2024-06-30", |fields| fields.date("x")),
            ("2024-06-30".into(), vec![])
        );
        assert_eq!(with("30/06/2024", |fields| fields.date("x")).1.len(), 1);
    }
}
