//! The columns of events and corrections, and the messages of their rows.
//!
//! An event's column is read by one function, whether it stands in its own row or in a correction's value, so that both
//! mean the same. Markers are named by number: the border of events.csv is that with Cambodia.

use super::parts;
use crate::import::fields::Fields;
use crate::import::kind::Kind;
use crate::{choices, names};
use banggiao_contracts::journal::v1 as pb;
use pb::import_events_row::Row;
use pb::{Phase, ReviewState};
use prost_types::FieldMask;

/// Columns of events.csv that no correction can name: the first two say which event it is, and the state is reached by
/// review.
const FIXED: [&str; 3] = ["reference", "type", "state"];

/// The message of one row of a journal file.
#[must_use]
pub fn row(kind: Kind, fields: &mut Fields<'_>, line: i64) -> pb::ImportEventsRow {
    let row = match kind {
        Kind::Corrections => Row::Correction(correction(fields)),
        _ => Row::Event(event(fields)),
    };
    pb::ImportEventsRow { line, row: Some(row) }
}

fn event(fields: &mut Fields<'_>) -> pb::ImportedEvent {
    let reference = fields.required("reference").to_owned();
    let mut event = pb::Event {
        // The source is that of the request.
        external_reference: Some(pb::ExternalReference {
            source: String::new(),
            reference,
        }),
        event_type: fields.required_value("type", names::event_type).unwrap_or_default(),
        ..pb::Event::default()
    };
    fields.required("start_date");
    fields.required("home_unit");
    for column in correctable() {
        set(&mut event, column, fields);
    }
    let (phase, review_state) = fields.required_value("state", state).unwrap_or_default();
    event.set_phase(phase);
    pb::ImportedEvent {
        event: Some(event),
        review_state: review_state.into(),
    }
}

/// The columns of events.csv that a correction can name.
fn correctable() -> impl Iterator<Item = &'static str> {
    let columns = Kind::Events.columns().iter().chain(Kind::Events.optional_columns());
    columns.copied().filter(|column| !FIXED.contains(column))
}

/// What a word in the column `state` says about phase and review.
fn state(word: &str) -> Result<(Phase, ReviewState), String> {
    match names::picked(word).to_ascii_uppercase().as_str() {
        "DRAFT" => Ok((Phase::Held, ReviewState::Draft)),
        "SUBMITTED" => Ok((Phase::Held, ReviewState::Submitted)),
        "RETURNED" => Ok((Phase::Held, ReviewState::Returned)),
        "APPROVED" => Ok((Phase::Held, ReviewState::Approved)),
        "PLANNED" => Ok((Phase::Planned, ReviewState::Draft)),
        "CANCELLED" => Ok((Phase::Cancelled, ReviewState::Approved)),
        _ => Err(format!(
            "\"{word}\" is not a state; it is one of DRAFT, SUBMITTED, RETURNED, APPROVED, PLANNED, CANCELLED"
        )),
    }
}

fn correction(fields: &mut Fields<'_>) -> pb::ImportedCorrection {
    let reference = fields.required("reference").to_owned();
    let reason = fields.required("reason").to_owned();
    let column = fields.required("field");
    let mut event = pb::Event::default();
    let mut paths = Vec::new();
    if !column.is_empty() {
        if correctable().any(|known| known == column) {
            fields.read_all_as("value");
            paths.extend(set(&mut event, column, fields).map(str::to_owned));
        } else {
            fields.fault(
                "field",
                format!("\"{column}\" is not a column of events.csv that can be corrected"),
            );
        }
    }
    pb::ImportedCorrection {
        reference,
        event: Some(event),
        update_mask: Some(FieldMask { paths }),
        reason,
    }
}

/// Sets the field of an event that a column of events.csv holds, and gives the field's path for a mask.
fn set(event: &mut pb::Event, column: &str, fields: &mut Fields<'_>) -> Option<&'static str> {
    match column {
        "start_date" => {
            event.start_date = fields.date(column);
            Some("start_date")
        }
        "end_date" => {
            event.end_date = fields.date(column);
            Some("end_date")
        }
        "direction" => {
            event.direction = fields.value(column, choices::direction).unwrap_or_default().into();
            Some("direction")
        }
        "home_unit" => {
            event.home_unit = fields.value(column, names::unit).unwrap_or_default();
            Some("home_unit")
        }
        "co_home_units" => {
            event.co_home_units = fields.list(column, names::unit);
            Some("co_home_units")
        }
        "partner_units" => {
            event.partner_units = fields.list(column, names::unit);
            Some("partner_units")
        }
        "place_vi" => {
            event.place.extend(fields.texts(&[("vi", column)]));
            Some("place")
        }
        "delegations" => {
            event.delegations = fields.count(column);
            Some("delegations")
        }
        "persons" => {
            event.persons = fields.count(column);
            Some("persons")
        }
        "programmes" => {
            event.programmes = fields.list(column, names::programme);
            Some("programmes")
        }
        "agreement" => {
            event.agreement = fields.value(column, names::agreement).unwrap_or_default();
            Some("agreement")
        }
        "marker_from" => {
            event.marker_from = fields.value(column, names::marker).unwrap_or_default();
            Some("marker_from")
        }
        "marker_to" => {
            event.marker_to = fields.value(column, names::marker).unwrap_or_default();
            Some("marker_to")
        }
        "quantities" => {
            event.quantities = fields.quantities(column);
            Some("quantities")
        }
        "summary_vi" => {
            event.summary.extend(fields.texts(&[("vi", column)]));
            Some("summary")
        }
        _ => parts::set(event, column, fields),
    }
}
