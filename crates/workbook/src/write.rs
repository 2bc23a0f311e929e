//! A form as the bytes of an XLSX file.
//!
//! It owns where everything stands. The row of headings is frozen and can be filtered and sorted by; explanations stand above it, where
//! neither sorting nor filtering reaches them.

mod look;
mod rules;

use crate::Error;
use crate::bounds::TEXT_CHARS_MAX;
use crate::cell::decimal;
use crate::form::{Column, Form, Kind, List, Page, Sheet};
use look::{cell_format, explanation_format, heading_format, text_format};
use rust_xlsxwriter::{ExcelDateTime, Format, IgnoreError, Workbook, Worksheet, XlsxError};

/// The height of a line, in points.
const LINE_HEIGHT: f64 = 14.0;

impl Form {
    /// Writes the form.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if a name or a text is longer than the format allows, or there are more rows than it has.
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        self.workbook()
            .and_then(|mut workbook| workbook.save_to_buffer())
            .map_err(|error| Error::Unwritable(error.to_string()))
    }

    fn workbook(&self) -> Result<Workbook, XlsxError> {
        let mut workbook = Workbook::new();
        let worksheet = workbook.add_worksheet();
        write_sheet(worksheet, self)?;
        worksheet.set_active(true);
        for page in &self.pages {
            write_page(workbook.add_worksheet(), page)?;
        }
        for list in self.lists.iter().filter(|list| list.inline().is_none()) {
            write_list(workbook.add_worksheet(), list)?;
            let title = list.title.replace('\'', "''");
            let last = list.entries.len().max(1) + 1;
            workbook.define_name(list.defined_name(), &format!("='{title}'!$A$2:$A${last}"))?;
        }
        Ok(workbook)
    }
}

fn write_sheet(worksheet: &mut Worksheet, form: &Form) -> Result<(), XlsxError> {
    let sheet = &form.sheet;
    worksheet.set_name(&sheet.name)?.set_landscape().set_paper_size(9);
    let explained = sheet.columns.iter().any(|column| !column.explanation.is_empty());
    let heading = u32::from(explained);
    let first = heading + 1;
    let last = first + row_count(sheet).max(sheet.empty_rows).max(1) - 1;
    if explained {
        worksheet.set_row_height(0, explanation_height(&sheet.columns))?;
    }
    worksheet.set_row_height(heading, 45)?;
    let mut width = 0;
    for (index, column) in (0..).zip(&sheet.columns) {
        let format = cell_format(&column.kind, &form.words);
        worksheet.set_column_width(index, column.width)?;
        worksheet.set_column_format(index, &format)?;
        if explained {
            worksheet.write_string_with_format(0, index, &column.explanation, &explanation_format())?;
        }
        worksheet.write_string_with_format(heading, index, &column.heading, &heading_format(column.required))?;
        if let Some(validation) = rules::of(column, form)? {
            worksheet.add_data_validation(first, index, last, index, &validation)?;
        }
        for (row, fields) in (first..).zip(&sheet.rows) {
            if let Some(text) = fields.get(usize::from(index)).filter(|text| !text.is_empty()) {
                write_cell(worksheet, (row, index), text, &column.kind, &format)?;
            }
        }
        width = index;
    }
    // A number in a column of texts is meant to be one.
    worksheet.ignore_error_range(first, 0, last, width, IgnoreError::NumberStoredAsText)?;
    worksheet.autofilter(heading, 0, last, width)?;
    worksheet.set_freeze_panes(first, sheet.frozen_columns)?;
    worksheet.set_repeat_rows(heading, heading)?;
    worksheet.set_selection(first, 0, first, 0)?;
    Ok(())
}

fn row_count(sheet: &Sheet) -> u32 {
    u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX - 2)
}

/// Writes a field as what its column holds, or as the text that it is.
fn write_cell(
    worksheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    kind: &Kind,
    format: &Format,
) -> Result<(), XlsxError> {
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Err(XlsxError::MaxStringLengthExceeded);
    }
    let number = match kind {
        Kind::Whole | Kind::Decimal => text.parse().ok().filter(|number| decimal(*number) == text),
        _ => None,
    };
    let date = (*kind == Kind::Date).then(|| day(text)).flatten();
    if let Some(number) = number {
        worksheet.write_number_with_format(row, column, number, format)?;
    } else if let Some(date) = date {
        worksheet.write_datetime_with_format(row, column, &date, format)?;
    } else {
        worksheet.write_string_with_format(row, column, text, format)?;
    }
    Ok(())
}

/// A day of the form `YYYY-MM-DD`. Before March 1900 programs disagree about the calendar, so that such days stay texts.
fn day(text: &str) -> Option<ExcelDateTime> {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    let sized = (year.len(), month.len(), day.len()) == (4, 2, 2);
    let year = year.parse().ok().filter(|year| *year > 1900 && sized)?;
    ExcelDateTime::from_ymd(year, month.parse().ok()?, day.parse().ok()?).ok()
}

fn write_page(worksheet: &mut Worksheet, page: &Page) -> Result<(), XlsxError> {
    worksheet.set_name(&page.name)?.set_landscape().set_paper_size(9);
    for (index, width) in (0..).zip(&page.widths) {
        worksheet.set_column_width(index, *width)?;
    }
    let mut heading = true;
    for (row, fields) in (0..).zip(&page.rows) {
        let format = match fields.len() {
            _ if heading => heading_format(false),
            // A sentence alone in its row runs on over the columns beside it.
            1 => text_format(),
            _ => text_format().set_text_wrap(),
        };
        heading = fields.is_empty();
        let sized = fields.iter().zip(&page.widths);
        let lines = sized.map(|(text, width)| lines(text, *width)).max().unwrap_or(1);
        if fields.len() > 1 && lines > 1 {
            worksheet.set_row_height(row, LINE_HEIGHT * f64::from(lines))?;
        }
        for (column, text) in (0..).zip(fields) {
            worksheet.write_string_with_format(row, column, text, &format)?;
        }
    }
    Ok(())
}

fn write_list(worksheet: &mut Worksheet, list: &List) -> Result<(), XlsxError> {
    worksheet.set_name(&list.title)?;
    let format = text_format();
    let rows = list.headings.iter().map(|text| (text, true));
    for (column, (text, required)) in (0..).zip(rows) {
        worksheet.write_string_with_format(0, column, text, &heading_format(required))?;
        let longest = list.entries.iter().filter_map(|entry| entry.get(usize::from(column)));
        let longest = longest.map(|text| text.chars().count()).max().unwrap_or_default();
        worksheet.set_column_width(column, u16::try_from(longest.clamp(10, 80) + 2).unwrap_or(80))?;
    }
    for (row, entry) in (1..).zip(&list.entries) {
        for (column, text) in (0..).zip(entry) {
            worksheet.write_string_with_format(row, column, text, &format)?;
        }
    }
    worksheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// The height of the row of explanations, for the one that takes the most lines.
fn explanation_height(columns: &[Column]) -> f64 {
    let lines = columns.iter().map(|column| lines(&column.explanation, column.width));
    LINE_HEIGHT * f64::from(lines.max().unwrap_or(1).min(12))
}

/// How many lines a text takes in a column, at most: programs break lines at blanks, and no two alike.
fn lines(text: &str, width: u16) -> u32 {
    let width = usize::from(width.max(4) - 2);
    let mut lines = 1;
    let mut filled = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count() + 1;
        if filled + length > width && filled > 0 {
            lines += 1;
            filled = 0;
        }
        filled += length;
    }
    lines
}
