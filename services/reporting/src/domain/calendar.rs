//! Calendars: which days a period has, which one came before it, and when its returns are due.
//!
//! It owns what campaigns are and how they lie to each other. What follows from the date alone is known to
//! [`banggiao_model::period`].

mod draft;

pub use draft::{FIELDS, check, period_id};

use banggiao_contracts::reporting::v1::{self as pb, PeriodKind};
use banggiao_model::{
    date::{self, Date},
    level::Level,
    period::{Calendar, Period},
};
use banggiao_rpc::wire;

use super::definition::Edition;

/// The calendar whose periods are recorded.
pub const CAMPAIGN: &str = "campaign";

/// So many days after the end of a period the returns of a level are due, and so many after that they are not taken any
/// more, where nobody has decided otherwise: each level has the time to put together what the one below it has sent.
const DUE_DAYS: [(Level, i32); 4] = [
    (Level::Commune, 2),
    (Level::District, 4),
    (Level::Province, 7),
    (Level::Region, 10),
];
const LOCK_DAYS: i32 = 30;

/// Days from one to another, both inclusive.
pub type Days = (Date, Date);

/// A period, with what a question about it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its resource name.
    pub name: String,
    /// Its revision; 0 if nobody has changed what follows from the calendar.
    pub revision: i32,
    /// The first and the last day.
    pub days: Days,
    /// The calendar of its months.
    pub months_of: Calendar,
    /// The same days a year before.
    pub year_before: Days,
    /// The period before, with how many months lie between, if its months can stand beside those of this one.
    pub previous: Option<(Days, Option<u16>)>,
}

/// When the returns of a level are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The level.
    pub level: Level,
    /// Up to which day's events a return counts.
    pub cut_off: Date,
    /// Until when it must be sent.
    pub due: Date,
    /// After which day it is not taken any more; absent: always taken.
    pub lock: Option<Date>,
}

/// A dry season.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// Its resource name.
    pub name: String,
    /// The first and the last day.
    pub days: Days,
}

/// Reads the name of a period, in any case: `civil/2024-H1`, `calendars/campaign/periods/2023-2024`.
///
/// # Errors
/// Why it is none, in words for the caller.
pub fn find(edition: Edition<'_>, text: &str) -> Result<Span, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(id) = campaign_id(&lower) {
        let known = edition.get::<pb::Period>(&format!("{CAMPAIGN}/{id}"));
        return known
            .and_then(|period| recorded(edition, period))
            .ok_or_else(|| format!("{:?} is no period of a campaign that is recorded", shortened(text)));
    }
    let period = Period::parse(text).map_err(|error| error.to_string())?;
    let before = period.previous();
    Ok(Span {
        name: period.name(),
        revision: changed(edition, period).map_or(0, |changed| changed.revision),
        days: (period.start(), period.end()),
        months_of: period.calendar(),
        year_before: (period.previous_year().start(), period.previous_year().end()),
        previous: Some(((before.start(), before.end()), Some(period.months().into()))),
    })
}

/// A period by its name as it is shown.
///
/// # Errors
/// As [`find`].
pub fn show(edition: Edition<'_>, text: &str) -> Result<pb::Period, String> {
    let span = find(edition, text)?;
    match Period::parse(&span.name) {
        Ok(period) => Ok(computed(edition, period)),
        Err(_) => Ok(edition
            .get::<pb::Period>(&stored_id(&span.name))
            .cloned()
            .unwrap_or_default()),
    }
}

/// The periods of a year: of a campaign those that begin or end in it, or all.
#[must_use]
pub fn list(edition: Edition<'_>, calendar: Option<Calendar>, year: Option<i16>, today: Date) -> Vec<pb::Period> {
    if let Some(calendar) = calendar {
        let year = year.unwrap_or_else(|| calendar.year_of(today).year());
        let periods = Period::list(calendar, year).into_iter();
        return periods.map(|period| computed(edition, period)).collect();
    }
    let of_year = |period: &&pb::Period| {
        days(period).is_some_and(|(start, end)| year.is_none_or(|year| [start.year(), end.year()].contains(&year)))
    };
    let mut periods: Vec<pb::Period> = campaigns(edition).filter(of_year).cloned().collect();
    periods.sort_by(|one, other| {
        let key = |period: &pb::Period| (period.kind != PeriodKind::DrySeason as i32, period.start_date.clone());
        key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
    });
    periods
}

/// The dry seasons by date. No two of them share a day.
#[must_use]
pub fn seasons(edition: Edition<'_>) -> Vec<Season> {
    let mut seasons: Vec<Season> = campaigns(edition)
        .filter(|period| period.kind() == PeriodKind::DrySeason)
        .filter_map(|period| {
            Some(Season {
                name: period.name.clone(),
                days: days(period)?,
            })
        })
        .collect();
    seasons.sort_by_key(|season| season.days);
    seasons
}

/// When the returns for a period are due, by level.
///
/// # Errors
/// As [`find`].
pub fn deadlines(edition: Edition<'_>, text: &str) -> Result<Vec<Deadline>, String> {
    let shown = show(edition, text)?;
    let read = |deadline: &pb::Deadline| {
        Some(Deadline {
            level: wire::level_of(deadline.level())?,
            cut_off: date::parse(&deadline.cut_off_date).ok()?,
            due: date::parse(&deadline.due_date).ok()?,
            lock: date::parse(&deadline.lock_date).ok(),
        })
    };
    Ok(shown.deadlines.iter().filter_map(read).collect())
}

/// A period of the civil or legal calendar, with what somebody has changed of it.
fn computed(edition: Edition<'_>, period: Period) -> pb::Period {
    let changed = changed(edition, period).cloned().unwrap_or_default();
    let titles = ["vi", "en"].map(|language| (language.to_owned(), period.title(language)));
    pb::Period {
        name: period.name(),
        titles: if changed.titles.is_empty() {
            titles.into()
        } else {
            changed.titles
        },
        start_date: period.start().to_string(),
        end_date: period.end().to_string(),
        kind: match period.months() {
            12 => PeriodKind::Year,
            6 => PeriodKind::Half,
            3 => PeriodKind::Quarter,
            _ => PeriodKind::Month,
        }
        .into(),
        deadlines: deadlines_of(period.end(), &changed.deadlines),
        ..changed
    }
}

/// The deadlines of a period: what somebody has decided for a level, and the usual ones for the others.
fn deadlines_of(end: Date, decided: &[pb::Deadline]) -> Vec<pb::Deadline> {
    let usual = usual_deadlines(end).into_iter();
    let others = usual.filter(|usual| decided.iter().all(|one| one.level != usual.level));
    let mut deadlines: Vec<pb::Deadline> = decided.iter().cloned().chain(others).collect();
    // From the commune up, as they come in.
    deadlines.sort_by_key(|deadline| std::cmp::Reverse(deadline.level));
    deadlines
}

/// The deadlines of a period where nobody has decided otherwise.
fn usual_deadlines(end: Date) -> Vec<pb::Deadline> {
    let deadline = |(level, days): &(Level, i32)| {
        let due = after(end, *days);
        pb::Deadline {
            level: wire::level_pb(*level).into(),
            cut_off_date: end.to_string(),
            due_date: due.to_string(),
            lock_date: after(due, LOCK_DAYS).to_string(),
        }
    };
    DUE_DAYS.iter().map(deadline).collect()
}

/// A campaign's period as a span.
fn recorded(edition: Edition<'_>, period: &pb::Period) -> Option<Span> {
    let (start, end) = days(period)?;
    let siblings = campaigns(edition).filter(|other| other.kind == period.kind && other.parent == period.parent);
    let previous = siblings.filter_map(days).filter(|(_, end)| *end < start).max();
    Some(Span {
        name: period.name.clone(),
        revision: period.revision,
        days: (start, end),
        months_of: Calendar::Civil,
        year_before: date::year_before(start, end),
        previous: previous.map(|days| (days, None)),
    })
}

fn campaigns<'a>(edition: Edition<'a>) -> impl Iterator<Item = &'a pb::Period> {
    let of_campaign = |(id, _): &(&str, &pb::Period)| id.starts_with("campaign/");
    let shelf = edition.definitions.periods.iter().filter(of_campaign);
    shelf.filter_map(move |(id, _)| edition.get::<pb::Period>(id))
}

/// What somebody has changed of a period of the civil or legal calendar.
fn changed(edition: Edition<'_>, period: Period) -> Option<&pb::Period> {
    edition.get::<pb::Period>(&stored_id(&period.name()))
}

/// The id under which a period stands on its shelf.
fn stored_id(name: &str) -> String {
    super::definition::id_of::<pb::Period>(name)
}

/// The id of a campaign's period in a name that is in lower case already.
fn campaign_id(lower: &str) -> Option<&str> {
    let rest = lower.strip_prefix("calendars/").unwrap_or(lower);
    let rest = rest.strip_prefix(CAMPAIGN)?.strip_prefix('/')?;
    Some(rest.strip_prefix("periods/").unwrap_or(rest))
}

fn days(period: &pb::Period) -> Option<Days> {
    Some((
        date::parse(&period.start_date).ok()?,
        date::parse(&period.end_date).ok()?,
    ))
}

/// A day so many days later, or the last there is.
fn after(day: Date, days: i32) -> Date {
    date::around(day, days.into()).1
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}
