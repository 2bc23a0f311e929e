//! A question for figures, once it is known to make sense.
//!
//! It owns the shape of the question, and the one rule that needs the history of units to check it: a figure cannot be
//! restated to a day on which its unit did not exist.

use std::collections::BTreeMap;

use banggiao_model::{
    date::{self, Date},
    hierarchy::{Hierarchy, Key},
    period::Calendar,
};

use super::{
    Error,
    calendar::Season,
    facts::Index,
    measure::{AgreementFilter, EventFilter, Measure, Source},
    rule,
};

/// The most keys that figures can be divided by at once.
pub const GROUP_KEYS_MAX: usize = 3;

/// A question for figures.
#[derive(Debug, Clone)]
pub struct Query {
    /// The unit whose subtree counts.
    pub root: Key,
    /// The days asked for.
    pub window: Window,
    /// The name of the period with those days, if one was asked for.
    pub period: Option<String>,
    /// The days compared with.
    pub comparison: Option<Window>,
    /// The calendar of months, quarters and years.
    pub calendar: Calendar,
    /// The dry seasons by date.
    pub seasons: Vec<Season>,
    /// The day of the hierarchy; absent: that of each record's own day.
    pub as_of: Option<Date>,
    /// What is counted.
    pub measures: Vec<Measure>,
    /// Narrows every measure over events.
    pub narrow_events: EventFilter,
    /// Narrows every measure over agreements.
    pub narrow_agreements: AgreementFilter,
    /// What the figures are divided by, at most [`GROUP_KEYS_MAX`].
    pub group_by: Vec<GroupKey>,
    /// Count the newest revision of each event instead of the last approved.
    pub include_unapproved: bool,
    /// The definitions that it was made of, by name with their revisions.
    pub uses: BTreeMap<String, i32>,
}

impl Query {
    /// Which of an event's revisions counts.
    #[must_use]
    pub fn index(&self) -> Index {
        if self.include_unapproved {
            Index::Newest
        } else {
            Index::Counted
        }
    }
}

/// Days from one to another, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
    /// How many months lie between these days and those asked for, so that months stand beside each other.
    pub months_back: u16,
}

impl Window {
    /// Says whether a day lies in it.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        (self.start..=self.end).contains(&day)
    }

    /// The day of the window asked for that stands beside a day of this one. A day that the month does not have becomes
    /// its last one, so the day stays in its month in both calendars.
    #[must_use]
    pub fn aligned(&self, day: Date) -> Date {
        if self.months_back == 0 {
            return day;
        }
        date::months_later(day, self.months_back)
    }
}

impl Query {
    /// The same question about one of its measures alone, as one figure.
    #[must_use]
    pub fn of_measure(&self, measure: &Measure) -> Self {
        Self {
            measures: vec![measure.clone()],
            group_by: Vec::new(),
            ..self.clone()
        }
    }

    /// What its measures count, part by part.
    pub fn sources(&self) -> impl Iterator<Item = &Source> + Clone {
        self.measures.iter().flat_map(|measure| measure.source.parts())
    }

    /// All stretches of days whose records it counts.
    #[must_use]
    pub fn stretches(&self) -> Vec<(Date, Date)> {
        let windows = std::iter::once(self.window).chain(self.comparison);
        windows.map(|window| (window.start, window.end)).collect()
    }
}

/// What figures can be divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKey {
    /// The direct child of the unit asked for.
    ChildUnit,
    /// Each home or co-home unit inside the subtree.
    Unit,
    /// Each partner unit.
    PartnerUnit,
    /// Each country of the partner units.
    PartnerCountry,
    /// The event's type, or the agreement's kind.
    EventType,
    /// The event's direction.
    Direction,
    /// Each programme of the event.
    Programme,
    /// The month.
    Month,
    /// The level of each home or co-home unit inside the subtree.
    Level,
    /// The quarter.
    Quarter,
    /// The half-year.
    Half,
    /// The dry season.
    Campaign,
    /// The team that searched.
    Team,
    /// Each item of aid.
    AidItem,
    /// The year.
    Year,
}

impl GroupKey {
    /// Whether it is a stretch of days, the same for all records of a day.
    #[must_use]
    pub fn is_period(self) -> bool {
        matches!(
            self,
            Self::Month | Self::Quarter | Self::Half | Self::Year | Self::Campaign
        )
    }

    /// The key as it stands in a cell's group.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChildUnit => "child_unit",
            Self::Unit => "unit",
            Self::PartnerUnit => "partner_unit",
            Self::PartnerCountry => "partner_country",
            Self::EventType => "event_type",
            Self::Direction => "direction",
            Self::Programme => "programme",
            Self::Month => "month",
            Self::Level => "level",
            Self::Quarter => "quarter",
            Self::Half => "half",
            Self::Campaign => "campaign",
            Self::Team => "team",
            Self::AidItem => "aid_item",
            Self::Year => "year",
        }
    }
}

/// Refuses to restate a figure to a day on which its unit was not alive, and says what could be asked instead.
///
/// # Errors
/// [`Error::Precondition`] naming the unit's successors, or its first or last day.
pub fn check_alive(hierarchy: &Hierarchy, unit: Key, on: Date) -> Result<(), Error> {
    if hierarchy.alive_on(unit, on) {
        return Ok(());
    }
    let name = hierarchy.unit(unit).id().name();
    let names = |units: &[Key]| {
        let names: Vec<String> = units.iter().map(|unit| hierarchy.unit(*unit).id().name()).collect();
        names.join(", ")
    };
    let first = hierarchy.first_day(unit).filter(|first| on < *first);
    let description = match (first, hierarchy.last_day(unit), hierarchy.successors(unit)) {
        (Some(first), _, _) => format!("was not alive on {on}: its first day is {first}"),
        (None, Some(last), []) => format!("was not alive on {on}: its last day was {last}, and nothing succeeded it"),
        (None, Some(last), successors) => {
            format!(
                "was not alive on {on}: its last day was {last}; succeeded by {}",
                names(successors)
            )
        }
        (None, None, _) => format!("was not alive on {on}"),
    };
    Err(Error::Precondition {
        reason: rule::UNIT_NOT_ALIVE,
        violations: vec![(name, description)],
    })
}
