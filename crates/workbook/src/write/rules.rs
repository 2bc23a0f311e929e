//! What the cells of a form take, as the rules by which a spreadsheet program checks them.

use crate::form::{Column, Form, Kind, List};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Formula, XlsxError,
};

/// Days that a form takes: what lies outside is a slip of the finger.
const FIRST_YEAR: u16 = 1945;
const LAST_YEAR: u16 = 2199;

/// What a cell takes; nothing where it takes anything.
pub(super) fn of(column: &Column, form: &Form) -> Result<Option<DataValidation>, XlsxError> {
    let words = &form.words;
    let named = |name: &String| {
        form.lists
            .iter()
            .find(|list| list.name == *name && !list.entries.is_empty())
    };
    let (validation, message) = match &column.kind {
        Kind::Text | Kind::Prose => return Ok(None),
        Kind::Date => (date_validation()?, &words.not_a_date),
        Kind::Whole => {
            let rule = DataValidationRule::GreaterThanOrEqualTo(0);
            (DataValidation::new().allow_whole_number(rule), &words.not_whole)
        }
        Kind::Decimal => {
            let rule = DataValidationRule::Between(-1e15, 1e15);
            (DataValidation::new().allow_decimal_number(rule), &words.not_a_number)
        }
        Kind::OneOf(name) | Kind::SeveralOf(name) => match named(name) {
            Some(list) => (list_validation(list)?, &words.not_listed),
            None => return Ok(None),
        },
    };
    let validation = validation
        .set_error_message(message)?
        .set_error_style(DataValidationErrorStyle::Stop)
        // Several elements are typed: the list only helps.
        .show_error_message(!matches!(column.kind, Kind::SeveralOf(_)));
    Ok(Some(validation))
}

fn date_validation() -> Result<DataValidation, XlsxError> {
    let first = ExcelDateTime::from_ymd(FIRST_YEAR, 1, 1)?;
    let last = ExcelDateTime::from_ymd(LAST_YEAR, 12, 31)?;
    Ok(DataValidation::new().allow_date(DataValidationRule::Between(&first, &last)))
}

fn list_validation(list: &List) -> Result<DataValidation, XlsxError> {
    match list.inline() {
        Some(choices) => DataValidation::new().allow_list_strings(&choices),
        None => Ok(DataValidation::new().allow_list_formula(Formula::new(format!("={}", list.defined_name())))),
    }
}
