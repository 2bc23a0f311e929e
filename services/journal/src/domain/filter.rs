//! Which events a list holds, and the exact test of it.

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    name, text,
};
use prost_types::Timestamp;

/// What a list asks for.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only with a home unit in this subtree on the event's first day.
    pub unit: Option<Key>,
    /// Only with a partner unit in this subtree on that day.
    pub partner_unit: Option<Key>,
    /// Only of these types, by id; empty: any.
    pub event_types: Vec<String>,
    /// Only beginning on this day or later.
    pub start: Option<Date>,
    /// Only beginning on this day or earlier.
    pub end: Option<Date>,
    /// Only of this direction, as the wire has it.
    pub direction: Option<i32>,
    /// Only under this programme.
    pub programme: Option<String>,
    /// Only in these review states, as the wire has them; empty: any.
    pub review_states: Vec<i32>,
    /// Only in these phases, as the wire has them; empty: any.
    pub phases: Vec<i32>,
    /// Only with this source and reference.
    pub reference: Option<(String, String)>,
    /// Only of this classification, as the wire has it.
    pub classification: Option<i32>,
    /// Only with a home unit that did not exist on the event's first day.
    pub home_unit_not_alive: bool,
    /// Only with a partner unit of this country.
    pub partner_country: Option<String>,
    /// Only carrying out this agreement.
    pub agreement: Option<String>,
    /// Only along markers in this range.
    pub markers: Option<Stretch>,
    /// Only with all these words, folded.
    pub words: Vec<String>,
    /// Only planned, with a last day before this one.
    pub planned_before: Option<Date>,
    /// Only waiting at one of these units: those for which the one that was asked for stands today.
    pub waiting_for: Option<Vec<Key>>,
    /// Only submitted before this instant, in microseconds since 1970.
    pub submitted_before: Option<i64>,
    /// Only ever returned for one of these reasons, as the wire has them; empty: any.
    pub returned_for: Vec<i32>,
    /// Only cancelled for one of these reasons, as the wire has them; empty: any.
    pub cancelled_for: Vec<i32>,
    /// Only with one of these warnings, as the wire has them; empty: any.
    pub warnings: Vec<i32>,
}

/// In which order a list comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Newest first day first.
    Newest,
    /// What has been waiting for approval longest first.
    Waiting,
}

/// Where an event stands in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListKey {
    /// The first day, or the time of submission in microseconds since 1970.
    pub first: String,
    /// The id.
    pub id: String,
}

impl Order {
    /// Where an event stands, as a page token carries it.
    pub fn key(self, event: &pb::Event) -> String {
        let id = event.name.trim_start_matches("events/");
        match self {
            Self::Newest => format!("{} {id}", event.start_date),
            Self::Waiting => format!("{} {id}", event.submit_time.as_ref().map_or(0, micros)),
        }
    }

    /// Where a page token says that it goes on.
    pub fn read_key(self, key: &str) -> Option<ListKey> {
        let (first, id) = key.split_once(' ')?;
        let reads = match self {
            Self::Newest => true,
            Self::Waiting => first.parse::<i64>().is_ok(),
        };
        reads.then(|| ListKey {
            first: first.to_owned(),
            id: id.to_owned(),
        })
    }
}

/// An instant as microseconds since 1970.
pub fn micros(time: &Timestamp) -> i64 {
    time.seconds.saturating_mul(1_000_000) + i64::from(time.nanos) / 1000
}

/// A stretch of a border, from one marker to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Where it begins, as [`stretch_key`] has it.
    pub from: String,
    /// Where it ends.
    pub to: String,
}

impl Stretch {
    /// Between two markers, in the order of the border.
    pub fn between(one: String, other: String) -> Self {
        let (from, to) = if other < one { (other, one) } else { (one, other) };
        Self { from, to }
    }
}

/// A marker's id, as `vn-kh-229-12-s1`, as a text that sorts along its border: main, auxiliary and sub-number.
pub fn stretch_key(marker: &str) -> Option<String> {
    let mut parts = marker.splitn(3, '-');
    let (home, partner, mut number) = (parts.next()?, parts.next()?, parts.next()?.split('-').peekable());
    let main: u16 = number.next()?.parse().ok()?;
    let seq: u16 = number
        .next_if(|part| !part.starts_with('s'))
        .map_or(Some(0), |seq| seq.parse().ok())?;
    let sub: u8 = number
        .next()
        .map_or(Some(0), |sub| sub.strip_prefix('s')?.parse().ok())?;
    Some(format!("{home}-{partner} {main:05} {seq:04} {sub}"))
}

/// The stretch of an event's markers, in the order of the border: people walk either way.
pub fn stretch_of(event: &pb::Event) -> Option<Stretch> {
    let from = stretch_key(name::collection_id(&event.marker_from, "markers")?)?;
    let to = name::collection_id(&event.marker_to, "markers").and_then(stretch_key);
    let to = to.unwrap_or_else(|| from.clone());
    Some(Stretch::between(from, to))
}

/// The text of an event that is searched, folded.
pub fn search_text(event: &pb::Event) -> String {
    let reference = event.external_reference.as_ref();
    let head = event.head_of_delegation.as_ref();
    let texts = [&event.place, &event.area, &event.summary]
        .into_iter()
        .flat_map(|texts| texts.values());
    let all = texts
        .chain(
            reference
                .into_iter()
                .flat_map(|reference| [&reference.reference, &reference.source]),
        )
        .chain(
            head.into_iter()
                .flat_map(|head| [&head.office, &head.level, &head.name]),
        )
        .chain(event.lines.iter().flat_map(|line| [&line.item, &line.recipient]));
    let joined: Vec<&str> = all.map(String::as_str).collect();
    text::fold(&joined.join(" "))
}

impl Filter {
    /// Whether the event's units lie where they are asked for, and its home unit is dead if that is, on its first day.
    pub fn passes(&self, event: &pb::Event, directory: &Directory) -> bool {
        let Ok(day) = date::parse(&event.start_date) else {
            return false;
        };
        let hierarchy = directory.hierarchy();
        let inside = |root: Option<Key>, units: &mut dyn Iterator<Item = &String>| {
            root.is_none_or(|root| {
                units
                    .filter_map(|unit| hierarchy.key_of(name::collection_id(unit, "units")?))
                    .filter_map(|key| hierarchy.place(key, day, day).unit)
                    .any(|key| hierarchy.in_subtree(key, root, day))
            })
        };
        let mut homes = std::iter::once(&event.home_unit).chain(&event.co_home_units);
        let dead = name::collection_id(&event.home_unit, "units")
            .and_then(|id| hierarchy.key_of(id))
            .is_none_or(|home| !hierarchy.alive_on(home, day));
        (!self.home_unit_not_alive || dead)
            && inside(self.unit, &mut homes)
            && inside(self.partner_unit, &mut event.partner_units.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_sort_along_their_border() {
        let ids = [
            "vn-kh-65",
            "vn-kh-127-s1",
            "vn-kh-127-s2",
            "vn-kh-229",
            "vn-kh-229-2",
            "vn-kh-229-12",
            "vn-kh-229-12-s1",
        ];
        let keys: Vec<String> = ids.iter().map(|id| stretch_key(id).unwrap()).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for other in ["vn-kh", "vn-kh-x", "vn-kh-65-s", "vn-kh-65-1-2", ""] {
            assert_eq!(stretch_key(other), None, "{other}");
        }
    }
}
