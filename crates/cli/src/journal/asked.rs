//! `event log` as a conversation: what is missing is asked for, shown once more, and stored when the clerk says so.
//!
//! It owns the order of the questions. How a question is asked stands in [`question`], how units are found in [`unit`],
//! and what is asked about the parts of an event in [`part`].

mod part;
mod question;
mod unit;

use super::entry::Log;
use super::{catalogue, told, words};
use crate::error::Error;
use crate::given::Given;
use crate::globals::{Lang, Session};
use crate::table::{Cell, Column, Table};
use crate::{dynamic, names, output, show};
use banggiao_contracts::journal::v1 as pb;
use banggiao_model::date;
use question::Desk;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use unit::Units;

/// Whether there is somebody to ask: answers come from stdin, and questions go to stderr.
pub(super) fn possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for what is missing.
///
/// # Errors
/// [`Error::Reported`] if the clerk breaks off.
pub(super) async fn complete(log: Log, session: &Session) -> Result<Log, Error> {
    at_desk(session, move |desk| questions(log, desk)).await
}

/// Shows the event as it would be stored, with what is remarkable about it, and asks whether to store it.
///
/// # Errors
/// [`Error::Reported`] if it is not to be stored.
pub(super) async fn confirm(session: &Session, request: &pb::LogEventRequest) -> Result<(), Error> {
    if request.validate_only {
        return Ok(());
    }
    let request = pb::LogEventRequest {
        validate_only: true,
        ..request.clone()
    };
    let method = "banggiao.journal.v1.EventService/LogEvent";
    let event: pb::Event = dynamic::ask(&session.connection, method, &request).await?;
    output::note(&shown(session.lang, &event)?);
    told::event(session.lang, &event);
    let stored = at_desk(session, |desk| {
        desk.confirm("Store it as a draft?", "Lưu thành bản nháp?")
    })
    .await?;
    if stored {
        return Ok(());
    }
    question::tell_nothing_stored(session.lang);
    Err(Error::Reported)
}

/// Runs a conversation where it may wait for keys without holding up anything else.
async fn at_desk<T: Send + 'static>(
    session: &Session,
    conversation: impl FnOnce(&Desk) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let desk = Desk::new(session.clone());
    let talked = tokio::task::spawn_blocking(move || conversation(&desk)).await;
    talked.map_err(|error| Error::Failure(error.into()))?
}

fn questions(mut log: Log, desk: &Desk) -> Result<Log, Error> {
    desk.greet();
    let kinds = desk.wait(catalogue::all(&desk.session.connection))?;
    let kind = which_kind(&mut log, desk, kinds)?;
    let beyond = part::beyond(&log, &kind);
    if !beyond.is_empty() {
        let flags = beyond.join(", ");
        return Err(Error::Usage(desk.session.lang.pick(
            format!("events of this type need what is not asked for here: give {flags}"),
            format!("loại hoạt động này cần thêm các tham số: {flags}"),
        )));
    }
    if log.date.is_none() {
        log.date = Some(desk.required(
            ("Day", "Ngày"),
            ("as 2026-03-03 or 3/3/2026", "như 2026-03-03 hoặc 3/3/2026"),
            day,
        )?);
    }
    let first = log.date.clone().unwrap_or_default();
    if log.details.to.is_none() {
        let help = ("empty: it lasted one day", "bỏ trống: trong một ngày");
        log.details.to = desk.optional(("Last day", "Ngày cuối"), help, day)?.map(Given::Value);
    }
    let units = Arc::new(desk.wait(Units::alive(&desk.session, &first))?);
    let home = match log.unit.take() {
        Some(unit) => unit,
        None => unit::one(desk, &units, "")?,
    };
    if log.details.partner.is_none() && !kind.forbids().any(|part| part == pb::EventPart::PartnerUnits) {
        let needed = !log.planned && kind.needs().any(|part| part == pb::EventPart::PartnerUnits);
        let partners = unit::several(desk, &units, units.country(&home), needed)?;
        log.details.partner = (!partners.is_empty()).then_some(Given::Value(partners));
    }
    log.unit = Some(home);
    part::ask(&mut log, desk, &kind)?;
    Ok(log)
}

/// The type that was given, or one picked from those that are still in use.
fn which_kind(log: &mut Log, desk: &Desk, kinds: Vec<pb::EventType>) -> Result<pb::EventType, Error> {
    if let Some(name) = &log.event_type {
        let found = kinds.into_iter().find(|kind| kind.name == *name);
        return found.ok_or_else(|| Error::Usage(format!("there is no event type \"{}\"", names::short(name))));
    }
    let mut kinds: Vec<_> = kinds.into_iter().filter(|kind| !kind.discontinued).collect();
    let label = |kind: &pb::EventType| {
        let name = catalogue::name(&kind.names, desk.session.lang);
        format!("{name} · {}", names::short(&kind.name))
    };
    kinds.sort_by_key(label);
    let picked = desk.pick(("Type", "Loại hoạt động"), kinds.iter().map(label).collect())?;
    log.event_type = Some(kinds[picked].name.clone());
    Ok(kinds.swap_remove(picked))
}

/// A day as calendars write it, or as people in Vietnam do: day, month, year.
fn day(text: &str) -> Result<String, String> {
    let parts: Vec<_> = text.split('/').collect();
    if let [day, month, year] = parts[..] {
        return names::day(&format!("{year:0>4}-{month:0>2}-{day:0>2}"));
    }
    date::parse(text).map(date::format).map_err(|error| error.to_string())
}

/// The event for people, field by field.
fn shown(lang: Lang, event: &pb::Event) -> Result<String, Error> {
    let headings = lang.pick(["Field", "Value"], ["Mục", "Nội dung"]);
    let mut table = Table::new(vec![
        Column::new("field", headings[0]),
        Column::new("value", headings[1]),
    ]);
    for (field, cell) in show::fields(&dynamic::message(event)?, lang) {
        if words::known(&field) && field != "warnings" {
            table.push(vec![
                Cell::text(words::field(&field, lang)),
                Cell::text(cell.into_text()),
            ]);
        }
    }
    Ok(format!("\n{}\n", table.render(lang, output::width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_taken_as_people_write_them() {
        assert_eq!(day("2026-03-03").as_deref(), Ok("2026-03-03"));
        assert_eq!(day("3/12/2026").as_deref(), Ok("2026-12-03"));
        for wrong in ["31/2/2026", "2026/03/03", "3/3", "", "hôm nay"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_event_is_shown_in_words() {
        let event = pb::Event {
            event_type: "eventTypes/joint-patrol".into(),
            persons: Some(12),
            etag: "1-ab".into(),
            ..pb::Event::default()
        };
        let text = shown(Lang::Vi, &event).unwrap();
        assert!(
            text.contains("Lượt người") && text.contains("joint-patrol") && !text.contains("etag"),
            "{text}"
        );
    }
}
