//! From rows to messages.
//!
//! It owns the walk over a sheet: what can be read is handed on, what cannot is booked as rejected without being sent.
//! The columns' meaning stands in [`registry`] and [`journal`].

pub mod journal;
mod parts;
pub mod registry;

use super::fields::{Fault, Fields};
use super::report::{FileSummary, Origin};
use super::sheet::{INVALID, Sheet};

/// Reads every row of a sheet. `parse` makes the message of a row, given its line; `sink` takes it if the row is good.
pub fn prepare<M>(
    sheet: &Sheet,
    outcome: &mut FileSummary,
    parse: impl Fn(&mut Fields<'_>, i64) -> M,
    sink: &mut impl FnMut(M, Origin),
) {
    outcome.header.clone_from(&sheet.header);
    for row in &sheet.rows {
        if let Some((field, description)) = &row.fault {
            let fault = Fault {
                field: field.clone(),
                description: description.clone(),
                reason: INVALID.to_owned(),
            };
            outcome.reject(row.clone(), vec![fault]);
            continue;
        }
        let mut fields = Fields::new(&sheet.header, row);
        let message = parse(&mut fields, i64::try_from(row.line).unwrap_or(i64::MAX));
        let faults = fields.into_faults();
        if faults.is_empty() {
            sink(
                message,
                Origin {
                    file: 0,
                    row: row.clone(),
                },
            );
        } else {
            outcome.reject(row.clone(), faults);
        }
    }
}
