//! Findings: what somebody should look at. Each is found from the records and the directory alone, as of a day.

use std::collections::HashMap;

use banggiao_contracts::{
    journal::v1::{self as journal, ReviewState},
    registry::v1 as registry,
    reporting::v1::{self as pb, FindingKind},
};
use banggiao_directory::{Directory, marker::responsible};
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    name,
};

use super::figure::Marker;

/// The types of events that are briefings.
const BRIEFINGS: [&str; 2] = ["eventTypes/briefing-regular", "eventTypes/briefing-ad-hoc"];

/// What is looked for, and where.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The registry.
    pub directory: &'a Directory,
    /// The unit whose subtree is meant.
    pub root: Key,
    /// As of which day.
    pub on: Date,
}

impl Search<'_> {
    /// Whether a unit, or whatever stands for it on the day, lies in the subtree.
    fn within(&self, unit: Key) -> bool {
        let hierarchy = self.directory.hierarchy();
        let recorded = hierarchy.last_day(unit).map_or(self.on, |last| last.min(self.on));
        let placed = hierarchy.place(unit, recorded, self.on).unit.unwrap_or(unit);
        placed == self.root || hierarchy.in_subtree(placed, self.root, self.on)
    }

    fn unit(&self, name: &str) -> Option<Key> {
        self.directory.hierarchy().key_of(name::collection_id(name, "units")?)
    }

    fn name(&self, unit: Key) -> String {
        self.directory.hierarchy().unit(unit).id().name()
    }

    /// Events whose newest revision has waited for a decision for more than so many days.
    #[must_use]
    pub fn ageing_reviews(&self, waiting: &[journal::Event], days: i64) -> Vec<pb::Finding> {
        let submitted = waiting
            .iter()
            .filter(|event| event.review_state() == ReviewState::Submitted);
        let found = submitted.filter_map(|event| {
            let unit = self.unit(&event.home_unit).filter(|unit| self.within(*unit))?;
            let since = event.create_time?;
            let since = date::day_in_vietnam(since.seconds)?;
            let waited = date::days_between(since, self.on);
            (waited > days).then(|| pb::Finding {
                kind: FindingKind::AgeingReview.into(),
                unit: self.name(unit),
                resource: event.name.clone(),
                date: since.to_string(),
                days: waited,
            })
        });
        found.collect()
    }

    /// Agreements in force that end within so many days.
    #[must_use]
    pub fn expiring_agreements(&self, days: i64) -> Vec<pb::Finding> {
        let agreements = self.directory.agreements().values();
        let found = agreements
            .filter(|agreement| agreement.in_force_on(self.on))
            .filter_map(|agreement| {
                let end = agreement.end?;
                let home = agreement.home_side().into_iter().find(|unit| self.within(*unit))?;
                let left = date::days_between(self.on, end);
                (0..=days).contains(&left).then(|| pb::Finding {
                    kind: FindingKind::ExpiringAgreement.into(),
                    unit: self.name(home),
                    resource: agreement.resource.name.clone(),
                    date: end.to_string(),
                    days: left,
                })
            });
        found.collect()
    }

    /// Agreements in force by which there should have been a briefing, and there was none: the interval has run out since
    /// the last one with one of the partners, or since the agreement began.
    #[must_use]
    pub fn missed_briefings(&self, counted: &[journal::Event]) -> Vec<pb::Finding> {
        let mut held: HashMap<&str, Vec<&journal::Event>> = HashMap::new();
        for event in counted
            .iter()
            .filter(|event| BRIEFINGS.contains(&event.event_type.as_str()))
        {
            for home in std::iter::once(&event.home_unit).chain(&event.co_home_units) {
                held.entry(home).or_default().push(event);
            }
        }
        let agreements = self.directory.agreements().values();
        let found = agreements
            .filter(|agreement| agreement.in_force_on(self.on))
            .filter_map(|agreement| {
                let months = u16::try_from(agreement.resource.briefing_interval_months?).ok()?;
                let home = agreement.home_side().into_iter().find(|unit| self.within(*unit))?;
                let sides = |units: Vec<Key>| units.into_iter().map(|unit| self.name(unit)).collect::<Vec<String>>();
                let (homes, all) = (sides(agreement.home_side()), sides(agreement.current_units().collect()));
                let theirs = |event: &&&journal::Event| event.partner_units.iter().any(|unit| all.contains(unit));
                let days = homes.iter().filter_map(|home| held.get(home.as_str())).flatten();
                let last = days
                    .filter(theirs)
                    .filter_map(|event| date::parse(&event.start_date).ok())
                    .filter(|day| *day <= self.on)
                    .max();
                let due = date::months_later(last.max(agreement.start)?, months);
                (due < self.on).then(|| pb::Finding {
                    kind: FindingKind::MissedBriefing.into(),
                    unit: self.name(home),
                    resource: agreement.resource.name.clone(),
                    date: due.to_string(),
                    days: date::days_between(due, self.on),
                })
            });
        found.collect()
    }

    /// Markers that stand and were not visited for more than so many days, by any event that names them or a stretch
    /// that holds them.
    #[must_use]
    pub fn unvisited_markers(&self, counted: &[journal::Event], days: i64) -> Vec<pb::Finding> {
        let hierarchy = self.directory.hierarchy();
        let mut stretches = Vec::new();
        for event in counted {
            let (Some(from), Some(day)) = (self.place(&event.marker_from), date::parse(&event.start_date).ok()) else {
                continue;
            };
            let to = self.place(&event.marker_to).unwrap_or(from);
            if day <= self.on {
                stretches.push((from.min(to), from.max(to), day));
            }
        }
        let mut found = Vec::new();
        for (id, marker) in self.directory.markers() {
            let Some(home) = responsible(hierarchy, marker, self.on)[0].filter(|unit| self.within(*unit)) else {
                continue;
            };
            let stands = !matches!(
                marker.status(),
                registry::MarkerStatus::Planned | registry::MarkerStatus::Lost
            );
            let Some(place) = self.place(&name::name("markers", id)).filter(|_| stands) else {
                continue;
            };
            let visits = stretches.iter().filter(|(from, to, _)| *from <= place && place <= *to);
            let day = visits.map(|(.., day)| *day).max();
            let since = day.map(|day| date::days_between(day, self.on));
            if since.is_none_or(|since| since > days) {
                found.push(pb::Finding {
                    kind: FindingKind::UnvisitedMarker.into(),
                    unit: self.name(home),
                    resource: name::name("markers", id),
                    date: day.map(|day| day.to_string()).unwrap_or_default(),
                    days: since.unwrap_or_default(),
                });
            }
        }
        found
    }

    /// A marker's place along its border.
    fn place(&self, marker: &str) -> Option<Marker> {
        Marker::of(self.directory.markers().get(name::collection_id(marker, "markers")?)?)
    }
}
