//! The verbs of periods: those that follow from a calendar, and those of a campaign, which an office records.
//!
//! It owns their flags, how a deadline is written on the command line, and how these become requests.

use crate::error::Error;
use crate::given::{Draft, Given, Titles, each, given};
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, choices, dynamic, names, nouns};
use banggiao_contracts::reporting::v1 as pb;
use clap::{Args, Subcommand};
use prost_types::FieldMask;

/// What can be done with periods.
#[derive(Debug, Clone, Subcommand)]
pub enum PeriodVerb {
    /// List the periods of a year, or of a campaign.
    List {
        /// The calendar: civil, legal or campaign; by default civil.
        #[arg(long, value_parser = names::calendar)]
        calendar: Option<String>,
        /// The year; by default this year, of a campaign every year.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1901..=2199))]
        year: Option<i32>,
    },
    /// Show a period and when the returns for it are due, in its newest revision or in another.
    Get {
        /// The period, as civil/2024-H1 or campaign/2023-2024.
        #[arg(value_parser = names::period)]
        name: String,
        /// Number of the revision; by default the newest.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        revision: Option<i32>,
    },
    /// Record a dry season, or a stage or wave of one.
    Create(Box<Create>),
    /// Change a period from now on; of the civil and legal calendars its titles and deadlines.
    Update(Box<Update>),
}

/// The period to record.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The calendar and the id that it shall have, as campaign/2023-2024.
    #[arg(value_name = "CALENDAR/ID", value_parser = names::period)]
    pub name: String,
    /// What kind of period it is: dry-season, stage, wave.
    #[arg(long, value_parser = choices::period_kind)]
    pub kind: pb::PeriodKind,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
}

/// The fields to change. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The period, as campaign/2023-2024.
    #[arg(value_parser = names::period)]
    pub name: String,
    /// The fields.
    #[command(flatten)]
    pub details: Details,
    /// Etag that was read: the period must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
}

/// What a period is. Deadlines are given as a whole.
#[derive(Debug, Clone, Default, Args)]
pub struct Details {
    /// Its titles; those in other languages stay.
    #[command(flatten)]
    pub titles: Titles,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub from: Option<Given<String>>,
    /// Last day, inclusive.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub to: Option<Given<String>>,
    /// The dry season that a stage or wave belongs to, as campaign/2023-2024.
    #[arg(long, value_name = "PERIOD", value_parser = given(names::period))]
    pub parent: Option<Given<String>>,
    /// When the returns of a level are due, as 'district=2024-06-14:2024-06-20:2024-07-20'; once for each level. Behind the
    /// day up to which they count stand the day until which they must be sent and, if there is one, that after which none
    /// is taken.
    #[arg(long, value_name = "LEVEL=CUT-OFF:DUE[:LOCK]", value_parser = given(deadline))]
    pub deadline: Vec<Given<pb::Deadline>>,
}

/// A deadline: a level, and two or three days in their order.
fn deadline(text: &str) -> Result<pb::Deadline, String> {
    let form = || format!("\"{text}\" is not of the form LEVEL=CUT-OFF:DUE[:LOCK], as district=2024-06-14:2024-06-20");
    let (level, days) = text.split_once('=').ok_or_else(form)?;
    let days: Vec<&str> = days.split(':').map(str::trim).collect();
    let (cut_off, due, lock) = match days[..] {
        [cut_off, due] => (cut_off, due, None),
        [cut_off, due, lock] => (cut_off, due, Some(lock)),
        _ => return Err(form()),
    };
    let deadline = pb::Deadline {
        level: choices::level(level.trim())?.into(),
        cut_off_date: names::day(cut_off)?,
        due_date: names::day(due)?,
        lock_date: lock.map(names::day).transpose()?.unwrap_or_default(),
    };
    // Days as the contracts write them are in the order of their letters.
    if !deadline.lock_date.is_empty() && deadline.lock_date < deadline.due_date {
        return Err(format!(
            "\"{text}\": the day of the lock lies before the day on which they are due"
        ));
    }
    Ok(deadline)
}

impl Details {
    /// Puts what is given into a period; `current` is the one it had been.
    fn put(self, draft: &mut Draft<pb::Period>, current: pb::Period) {
        draft.put("titles", self.titles.given(current.titles), |period, titles| {
            period.titles = titles;
        });
        draft.put("start_date", self.from, |period, day| period.start_date = day);
        draft.put("end_date", self.to, |period, day| period.end_date = day);
        draft.put("parent", self.parent, |period, parent| period.parent = parent);
        draft.put("deadlines", each(self.deadline), |period, deadlines| {
            period.deadlines = deadlines;
        });
    }
}

impl Create {
    /// The request, without its id.
    ///
    /// # Errors
    /// [`Error::Usage`] if a level has two deadlines.
    pub fn request(self) -> Result<pb::CreatePeriodRequest, Error> {
        let mut draft = Draft::new(pb::Period {
            kind: self.kind.into(),
            ..pb::Period::default()
        });
        self.details.put(&mut draft, pb::Period::default());
        one_for_each_level(&draft.message.deadlines)?;
        let (calendar, period_id) = self.name.split_once("/periods/").unwrap_or_default();
        Ok(pb::CreatePeriodRequest {
            calendar: calendar.to_owned(),
            period_id: period_id.to_owned(),
            period: Some(draft.message),
            ..pb::CreatePeriodRequest::default()
        })
    }
}

impl Update {
    /// The request, without its id; `current` is the period as it stands, since the contract takes the titles in all
    /// languages together, and only changes what has not changed meanwhile.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to change, or a level has two deadlines.
    pub fn request(self, mut current: pb::Period) -> Result<pb::UpdatePeriodRequest, Error> {
        let mut draft = Draft::new(pb::Period {
            name: self.name,
            etag: self.etag.unwrap_or(std::mem::take(&mut current.etag)),
            ..pb::Period::default()
        });
        self.details.put(&mut draft, current);
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to change is given".into()));
        }
        one_for_each_level(&draft.message.deadlines)?;
        Ok(pb::UpdatePeriodRequest {
            period: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            ..pb::UpdatePeriodRequest::default()
        })
    }

    async fn run(self, session: &Session) -> Result<(), Error> {
        let name = self.name.clone();
        let asked = pb::GetPeriodRequest { name, revision: 0 };
        let current = dynamic::ask(&session.connection, nouns::PERIOD.get, &asked).await?;
        let method = "banggiao.reporting.v1.CalendarService/UpdatePeriod";
        change::resource(session, &nouns::PERIOD, method, &self.request(current)?, false).await
    }
}

/// Two deadlines for one level would leave open which of them holds.
fn one_for_each_level(deadlines: &[pb::Deadline]) -> Result<(), Error> {
    let mut levels: Vec<i32> = deadlines.iter().map(|deadline| deadline.level).collect();
    levels.sort_unstable();
    if levels.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::Usage("--deadline is given twice for the same level".into()));
    }
    Ok(())
}

impl PeriodVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List { calendar, year } => {
                let request = pb::ListPeriodsRequest {
                    calendar: calendar.unwrap_or_default(),
                    year: year.unwrap_or_default(),
                };
                listing::list(session, &nouns::PERIOD, &request, &PageArgs::default()).await
            }
            Self::Get { name, revision } => {
                let revision = revision.unwrap_or_default();
                listing::get(session, &nouns::PERIOD, &pb::GetPeriodRequest { name, revision }).await
            }
            Self::Create(create) => {
                let method = "banggiao.reporting.v1.CalendarService/CreatePeriod";
                change::resource(session, &nouns::PERIOD, method, &create.request()?, false).await
            }
            Self::Update(update) => update.run(session).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::r#type::v1::Level;

    #[test]
    fn a_deadline_is_a_level_and_its_days() {
        let expected = |lock: &str| pb::Deadline {
            level: Level::District.into(),
            cut_off_date: "2024-06-14".into(),
            due_date: "2024-06-20".into(),
            lock_date: lock.into(),
        };
        assert_eq!(
            deadline("District=2024-06-14:2024-06-20:2024-07-20"),
            Ok(expected("2024-07-20"))
        );
        assert_eq!(deadline("DISTRICT=2024-06-14 : 2024-06-20"), Ok(expected("")));
        for text in [
            "",
            "district",
            "district=2024-06-14",
            "district=2024-06-14:2024-06-20:2024-07-20:2024-08-20",
            "district=2024-06-14:2024-06-31",
            "village=2024-06-14:2024-06-20",
            "district=2024-06-14:2024-06-20:",
            "district=2024-06-14:2024-06-20:2024-06-19",
        ] {
            assert!(deadline(text).is_err(), "{text}");
        }
        let of = |text: &str| deadline(text).unwrap();
        let (district, province) = (
            of("district=2024-06-14:2024-06-20"),
            of("province=2024-06-14:2024-06-25"),
        );
        assert!(one_for_each_level(&[district.clone(), province]).is_ok());
        assert!(one_for_each_level(&[district.clone(), district]).is_err());
    }
}
