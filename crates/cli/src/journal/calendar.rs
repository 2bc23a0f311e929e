//! `event calendar`: what is planned, for the calendars that people have on their desks.
//!
//! It owns what an event is there: an entry of whole days. How such a file is written stands in [`super::icalendar`].

mod known;

use super::catalogue;
use super::filter::Filter;
use super::icalendar::Calendar as File;
use crate::connection::Connection;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::listing::{self, PageArgs};
use crate::names;
use crate::output::{self, Output};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::r#type::v1::Classification;
use banggiao_model::date;
use clap::Args;
use known::Known;
use std::path::PathBuf;

/// What is planned, and by whom.
#[derive(Debug, Clone, Default, Args)]
pub struct Calendar {
    /// Only events with a home unit in the subtree of this unit.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only events that begin on this day or later.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub from: Option<String>,
    /// Only events that begin on this day or earlier.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub to: Option<String>,
    /// Write it to this file, in place of what is there; by default to stdout.
    #[arg(long, value_name = "FILE")]
    pub to_file: Option<PathBuf>,
}

impl Calendar {
    /// Which events may be in the calendar: planned ones, and cancelled ones, of which those are taken that were planned.
    #[must_use]
    pub fn request(&self) -> pb::ListEventsRequest {
        let filter = Filter {
            unit: self.unit.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            phase: vec![pb::Phase::Planned, pb::Phase::Cancelled],
            ..Filter::default()
        };
        pb::ListEventsRequest {
            filter: Some(filter.with_installation("")),
            ..pb::ListEventsRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        if session.output != Output::Table {
            return Err(Error::Usage(
                "a calendar has a form of its own: leave --output away".into(),
            ));
        }
        let connection = &session.connection;
        let method = "banggiao.journal.v1.EventService/ListEvents";
        let listed: pb::ListEventsResponse =
            listing::typed(session, method, &self.request(), &PageArgs::default()).await?;
        let mut events = Vec::new();
        for event in listed.events {
            if event.phase() == pb::Phase::Planned || was_planned(connection, &event.name).await? {
                events.push(event);
            }
        }
        let known = Known::of(session, &events).await?;
        let text = file(&events, &known, session.lang);
        let Some(path) = self.to_file else {
            return output::data(&text);
        };
        std::fs::write(&path, text).map_err(|error| {
            Error::Failure(anyhow::Error::new(error).context(format!("cannot write {}", path.display())))
        })?;
        let (count, path) = (events.len(), path.display());
        output::note(&session.lang.pick(
            format!("{count} events are in {path}."),
            format!("Đã ghi {count} hoạt động vào {path}."),
        ));
        Ok(())
    }
}

/// Whether a cancelled event was a plan: its newest revision says what it was before.
async fn was_planned(connection: &Connection, name: &str) -> Result<bool, Error> {
    let mut request = pb::ListEventRevisionsRequest {
        event: name.to_owned(),
        page_size: 1_000,
        ..pb::ListEventRevisionsRequest::default()
    };
    loop {
        let page = connection
            .call(connection.events().list_event_revisions(request.clone()))
            .await?;
        if page.next_page_token.is_empty() || page.next_page_token == request.page_token {
            let last = page.revisions.last();
            return Ok(last.is_some_and(|last| last.phase_before_cancellation() == pb::Phase::Planned));
        }
        request.page_token = page.next_page_token;
    }
}

/// The whole file.
fn file(events: &[pb::Event], known: &Known, lang: Lang) -> String {
    let mut file = File::new("-//banggiao//banggiao//EN");
    for event in events {
        entry(&mut file, event, known, lang);
    }
    file.finish()
}

/// One entry. Days are civil days without a zone, and the end is the first day after the last.
fn entry(file: &mut File, event: &pb::Event, known: &Known, lang: Lang) {
    let last = if event.end_date.is_empty() {
        &event.start_date
    } else {
        &event.end_date
    };
    let Ok(last) = date::parse(last) else { return };
    file.plain("BEGIN", "VEVENT");
    file.text(
        "UID",
        &format!("{}@{}", names::short(&event.name), known.installation()),
    );
    file.plain("DTSTAMP", &instant(event));
    file.plain("SEQUENCE", &event.revision.to_string());
    file.plain("DTSTART;VALUE=DATE", &event.start_date.replace('-', ""));
    let end = date::format(date::day_after(last)).replace('-', "");
    file.plain("DTEND;VALUE=DATE", &end);
    file.text("SUMMARY", &summary(event, known));
    file.text("LOCATION", &catalogue::name(&event.place, lang));
    file.text("DESCRIPTION", &catalogue::name(&event.summary, lang));
    let status = match (event.phase(), event.review_state()) {
        (pb::Phase::Cancelled, _) => "CANCELLED",
        (_, pb::ReviewState::Approved) => "CONFIRMED",
        _ => "TENTATIVE",
    };
    file.plain("STATUS", status);
    if event.classification() != Classification::Unspecified {
        file.plain("CLASS", "CONFIDENTIAL");
    }
    file.plain("END", "VEVENT");
}

/// What kind of event it is, and with whom.
fn summary(event: &pb::Event, known: &Known) -> String {
    let kind = known.event_type(&event.event_type);
    let partners = event.partner_units.iter();
    let partners: Vec<_> = partners.map(|unit| known.unit(unit, &event.start_date)).collect();
    if partners.is_empty() {
        kind
    } else {
        format!("{kind}: {}", partners.join(", "))
    }
}

/// When the revision was written, as a calendar says it.
fn instant(event: &pb::Event) -> String {
    let time = event.create_time.unwrap_or_default();
    let time = jiff::Timestamp::from_second(time.seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> pb::Event {
        pb::Event {
            name: "events/a1".into(),
            event_type: "eventTypes/joint-patrol".into(),
            start_date: "2026-02-27".into(),
            end_date: "2026-02-28".into(),
            partner_units: vec!["units/kh-a".into(), "units/kh-b".into()],
            place: [("vi".into(), "Mốc 110, xã Long Thuận".into())].into(),
            phase: pb::Phase::Planned.into(),
            revision: 3,
            create_time: Some(prost_types::Timestamp {
                seconds: 1_700_000_000,
                nanos: 5,
            }),
            ..pb::Event::default()
        }
    }

    #[test]
    fn a_plan_is_an_entry_of_whole_days() {
        let known = Known::new(
            "mr7",
            [("eventTypes/joint-patrol", "Tuần tra song phương")],
            [("2026-02-27", "units/kh-a", "Tiểu khu Svay Rieng")],
        );
        let text = file(&[planned()], &known, Lang::Vi).replace("\r\n ", "");
        let lines: Vec<_> = text.split("\r\n").skip(5).collect();
        assert_eq!(
            lines,
            [
                "BEGIN:VEVENT",
                "UID:a1@mr7",
                "DTSTAMP:20231114T221320Z",
                "SEQUENCE:3",
                "DTSTART;VALUE=DATE:20260227",
                "DTEND;VALUE=DATE:20260301",
                "SUMMARY:Tuần tra song phương: Tiểu khu Svay Rieng\\, kh-b",
                "LOCATION:Mốc 110\\, xã Long Thuận",
                "STATUS:TENTATIVE",
                "END:VEVENT",
                "END:VCALENDAR",
                "",
            ]
        );
    }

    #[test]
    fn the_status_says_how_far_a_plan_has_come() {
        let status = |phase: pb::Phase, state: pb::ReviewState| {
            let event = pb::Event {
                phase: phase.into(),
                review_state: state.into(),
                ..planned()
            };
            let text = file(&[event], &Known::default(), Lang::Vi);
            let line = text.lines().find(|line| line.starts_with("STATUS:"));
            line.unwrap_or_default().to_owned()
        };
        assert_eq!(
            status(pb::Phase::Planned, pb::ReviewState::Approved),
            "STATUS:CONFIRMED"
        );
        assert_eq!(
            status(pb::Phase::Planned, pb::ReviewState::Submitted),
            "STATUS:TENTATIVE"
        );
        assert_eq!(
            status(pb::Phase::Cancelled, pb::ReviewState::Approved),
            "STATUS:CANCELLED"
        );
    }
}
