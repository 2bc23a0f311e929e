//! A workbook's sheets as rows of texts.
//!
//! It owns the walk over the cells and its limits. A row in which nothing stands is no row, however it is coloured.

use crate::bounds::{self, COLUMNS_MAX, ROWS_MAX, TEXT_BYTES_MAX, too_large};
use crate::{Error, cell};
use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A workbook that was measured and opened.
pub struct Book<'a> {
    inner: Xlsx<Cursor<&'a [u8]>>,
}

impl std::fmt::Debug for Book<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Book").finish_non_exhaustive()
    }
}

/// A row in which something stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number in the sheet, from 1.
    pub number: u32,
    /// The texts of its cells from the first column to the last in which something stands.
    pub texts: Vec<String>,
    /// The cells that cannot be used.
    pub faults: Vec<Fault>,
}

/// A cell that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its column, from 0.
    pub column: usize,
    /// Its address, as `F7`.
    pub address: String,
    /// What is wrong with it, as `holds #N/A`.
    pub description: String,
}

impl<'a> Book<'a> {
    /// Measures and opens a workbook.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Locked`] or [`Error::TooLarge`].
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        bounds::check(bytes)?;
        let inner = guarded(|| calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|error| damaged(&error)))?;
        Ok(Self { inner })
    }

    /// The names of the sheets that are not hidden, in their order.
    #[must_use]
    pub fn sheets(&self) -> Vec<String> {
        let sheets = self.inner.sheets_metadata().iter();
        sheets
            .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
            .map(|sheet| sheet.name.clone())
            .collect()
    }

    /// The rows of a sheet, in its order.
    ///
    /// # Errors
    /// [`Error::NoSheet`], [`Error::Damaged`] or [`Error::TooLarge`].
    pub fn read(&mut self, sheet: &str) -> Result<Vec<Row>, Error> {
        guarded(|| rows(&mut self.inner, sheet))
    }
}

fn rows(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str) -> Result<Vec<Row>, Error> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| match error {
        XlsxError::WorksheetNotFound(name) => Error::NoSheet(name),
        other => damaged(&other),
    })?;
    let mut rows: Vec<Row> = Vec::new();
    let mut bytes = 0;
    let mut last = (0, 0);
    loop {
        let cell = match cells.next_cell() {
            Ok(Some(cell)) => cell,
            Ok(None) => return Ok(rows),
            Err(XlsxError::CellError(error)) => {
                let behind = address(last.0, last.1);
                return Err(Error::Damaged(format!("a cell behind {behind} holds {error}")));
            }
            Err(error) => return Err(damaged(&error)),
        };
        last = cell.get_position();
        if *cell.get_value() == DataRef::Empty {
            continue;
        }
        let shown = cell::show(cell.get_value());
        if shown.text.is_empty() && shown.fault.is_none() {
            continue;
        }
        bytes += shown.text.len();
        if bytes > TEXT_BYTES_MAX {
            return Err(too_large(&format!("{} MiB of text in a sheet", TEXT_BYTES_MAX >> 20)));
        }
        put(&mut rows, last, shown)?;
    }
}

/// Puts a cell into its row, which is the last one or a new one.
fn put(rows: &mut Vec<Row>, (row, column): (u32, u32), shown: cell::Shown) -> Result<(), Error> {
    let number = row.saturating_add(1);
    let index = usize::try_from(column).unwrap_or(usize::MAX);
    if index >= COLUMNS_MAX {
        return Err(too_large(&format!("{COLUMNS_MAX} columns in a sheet")));
    }
    match rows.last() {
        Some(last) if last.number == number => {}
        Some(last) if last.number > number => {
            return Err(Error::Damaged(format!(
                "row {number} stands behind row {}",
                last.number
            )));
        }
        _ if rows.len() == ROWS_MAX => return Err(too_large(&format!("{ROWS_MAX} rows in a sheet"))),
        _ => rows.push(Row {
            number,
            ..Row::default()
        }),
    }
    let Some(last) = rows.last_mut() else {
        return Ok(());
    };
    if last.texts.len() <= index {
        last.texts.resize(index + 1, String::new());
    }
    last.texts[index] = shown.text;
    if let Some(description) = shown.fault {
        last.faults.push(Fault {
            column: index,
            address: address(row, column),
            description,
        });
    }
    Ok(())
}

/// `F7` for row 6 and column 5, both from 0.
fn address(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(column) + 1;
    while left > 0 {
        letters.push(char::from(b'A' + u8::try_from((left - 1) % 26).unwrap_or_default()));
        left = (left - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

fn damaged(error: &XlsxError) -> Error {
    match error {
        XlsxError::Password => Error::Locked,
        other => Error::Damaged(other.to_string()),
    }
}

/// A file that the reader was not written for must not end the process: what it stumbles over is a damage of the file.
fn guarded<T>(read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(Error::Damaged("it cannot be read".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_sheet() {
        for (row, column, text) in [
            (0, 0, "A1"),
            (6, 5, "F7"),
            (0, 25, "Z1"),
            (9, 26, "AA10"),
            (0, 701, "ZZ1"),
            (0, 702, "AAA1"),
        ] {
            assert_eq!(address(row, column), text);
        }
        assert!(address(u32::MAX, u32::MAX).ends_with("4294967296"));
    }
}
