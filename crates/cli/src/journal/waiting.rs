//! `event waiting`: what waits for approval, how long, and where.
//!
//! It owns the reckoning of days. Who may decide is the service's word: an event waits at the first unit of its chain.

use super::filter::Filter;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::listing::{self, PageArgs};
use crate::output::Output;
use crate::table::{Cell, Column, Table};
use crate::{json, names, output};
use banggiao_contracts::journal::v1 as pb;
use banggiao_model::date::{self, Date};
use clap::Args;
use jiff::Timestamp;

/// Which waiting events are listed.
#[derive(Debug, Clone, Default, Args)]
pub struct Waiting {
    /// Only events that wait at this unit: whose approvers are the nearest that may decide.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub at: Option<String>,
    /// Only events that have been waiting since this day or longer.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub since: Option<String>,
    /// Which of them.
    #[command(flatten)]
    pub filter: Filter,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

impl Waiting {
    /// The request, without its page; `installation` is the source of a reference that has none.
    #[must_use]
    pub fn request(self, filter: pb::EventFilter) -> pb::ListEventsRequest {
        pb::ListEventsRequest {
            filter: Some(pb::EventFilter {
                waiting_for: self.at.unwrap_or_default(),
                waiting_since: self.since.unwrap_or_default(),
                ..filter
            }),
            order: pb::EventOrder::LongestWaiting.into(),
            ..pb::ListEventsRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let page = self.page.clone();
        let filter = self.filter.clone().resolved(&session.connection).await?;
        let method = "banggiao.journal.v1.EventService/ListEvents";
        let response: pb::ListEventsResponse = listing::typed(session, method, &self.request(filter), &page).await?;
        if session.output == Output::Json {
            return output::data(&json::typed(&response)?);
        }
        listing::print_table(session, table(session.lang, &response.events, now()))
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long something has waited is asked at the desk, where the clock is that of the machine"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// The day in Vietnam on which an event was submitted.
fn submitted(event: &pb::Event) -> Option<Date> {
    let time = event.submit_time?;
    let time = Timestamp::new(time.seconds, time.nanos).ok()?;
    Some(date::today_in_vietnam(time))
}

fn table(lang: Lang, events: &[pb::Event], now: Timestamp) -> Table {
    let column = |key: &str, en: &str, vi: &str, detail: u8| Column::new(key, lang.pick(en, vi)).detail(detail);
    let mut table = Table::new(vec![
        column("name", "Id", "Mã", 0),
        column("days_waiting", "Days", "Số ngày", 0),
        column("waits_at", "Waits at", "Chờ tại", 0),
        column("submitted", "Since", "Từ ngày", 3),
        column("start_date", "Date", "Ngày", 4),
        column("event_type", "Type", "Loại", 2),
        column("home_unit", "Home unit", "Đơn vị ta", 1),
        column("phase", "Phase", "Giai đoạn", 5),
    ]);
    let today = date::today_in_vietnam(now);
    for event in events {
        let since = submitted(event);
        let days = since.and_then(|since| since.until(today).ok());
        let waits_at = event.review_chain.first().map_or("", String::as_str);
        let phase = event.phase().as_str_name().trim_start_matches("PHASE_");
        table.push(vec![
            Cell::text(names::short(&event.name)),
            days.map_or(Cell::Absent, |days| Cell::number(days.get_days())),
            Cell::text(names::short(waits_at)),
            Cell::text(since.map(date::format).unwrap_or_default()),
            Cell::text(event.start_date.clone()),
            Cell::text(names::short(&event.event_type)),
            Cell::text(names::short(&event.home_unit)),
            Cell::text(phase),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days are those of Vietnam: what was submitted at 18:00 UTC was submitted on the next day there.
    #[test]
    fn days_are_reckoned_in_vietnam() {
        let event = pb::Event {
            name: "events/a1".into(),
            review_chain: vec!["units/tayninh".into(), "units/mr7".into()],
            submit_time: Some(prost_types::Timestamp {
                seconds: "2024-05-01T18:00:00Z".parse::<Timestamp>().unwrap().as_second(),
                nanos: 0,
            }),
            ..pb::Event::default()
        };
        let waited = |now: &str| {
            let table = table(Lang::En, std::slice::from_ref(&event), now.parse().unwrap());
            table.csv().unwrap().lines().nth(1).unwrap().to_owned()
        };
        assert_eq!(waited("2024-05-01T18:01:00Z"), "a1,0,tayninh,2024-05-02,,,,UNSPECIFIED");
        assert!(waited("2024-05-31T17:00:00Z").starts_with("a1,30,tayninh,"));
    }
}
