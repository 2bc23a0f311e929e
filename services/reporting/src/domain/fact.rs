//! A fact: what a revision of an event says, as compactly as figures need it. Reading one from the wire checks it.
//!
//! Which of an event's facts counts is not known here.

use banggiao_contracts::{journal::v1 as pb, r#type::v1::Direction};
use banggiao_model::{
    date::{self, Date},
    decimal::{self, Decimal},
    hierarchy::{Hierarchy, Key},
    name,
    permission::Classification,
};
use banggiao_rpc::{Violations, wire};

use super::symbol::{Symbol, Symbols};

/// What a revision of an event says, as it was read. What stands in memory for millions of them is [packed](super::day).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Id of the event.
    pub event: Box<str>,
    /// Position of the revision in the journal's log.
    pub log_index: i64,
    /// Number of the revision.
    pub revision: i32,
    /// First day of the event, which places it.
    pub day: Date,
    /// Id of its type.
    pub event_type: Symbol,
    /// Which way the delegation travelled.
    pub direction: Direction,
    /// How secret it is.
    pub classification: Classification,
    /// Whether the event was held: only then does it contribute to figures.
    pub held: bool,
    /// Whether the revision is approved, and so counts from its position on instead of what counted before.
    pub approved: bool,
    /// Number of delegations, if known.
    pub delegations: Option<u32>,
    /// Number of persons, if known.
    pub persons: Option<u32>,
    /// The home unit and the co-home units, each once; never empty.
    pub homes: Box<[Key]>,
    /// The partner units, each once.
    pub partners: Box<[Key]>,
    /// Ids of its programmes.
    pub programmes: Box<[Symbol]>,
    /// Its quantities by key.
    pub quantities: Box<[(Symbol, Decimal)]>,
    /// What only some types of events have.
    pub extra: Extra,
}

/// What only some types of events have, and few figures ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    /// The team that searched.
    pub team: Option<Key>,
    /// Ids of the first and the last boundary marker.
    pub stretch: Option<[Symbol; 2]>,
    /// The items of aid, each once, and what they were worth in đồng, if that is known of all of an item.
    pub items: Box<[(Symbol, Option<Decimal>)]>,
}

impl Fact {
    /// A quantity, if it is known.
    #[must_use]
    pub fn quantity(&self, key: Symbol) -> Option<Decimal> {
        let mut quantities = self.quantities.iter();
        quantities.find(|(known, _)| *known == key).map(|(_, amount)| *amount)
    }
}

/// Reads a revision of the feed.
///
/// # Errors
/// If it does not read as what it must be. The journal has checked it, so this means that the feed is damaged, or newer
/// than this program.
pub fn read(revision: &pb::EventRevision, hierarchy: &Hierarchy, symbols: &mut Symbols) -> Result<Fact, String> {
    let event = revision.event.as_ref().ok_or("a revision without event")?;
    fact(event, hierarchy, symbols).map_err(|why| format!("revision {}: {why}", event.log_index))
}

fn fact(event: &pb::Event, hierarchy: &Hierarchy, symbols: &mut Symbols) -> Result<Fact, String> {
    let mut violations = Violations::new();
    let classification = wire::classification(event.classification, "classification", &mut violations.root());
    if let Some(violation) = violations.as_slice().first() {
        return Err(violation.to_string());
    }
    let homes = std::iter::once(&event.home_unit).chain(&event.co_home_units);
    let programmes = event
        .programmes
        .iter()
        .map(|name| Ok(symbols.intern(id(name, "programmes")?)));
    let programmes = programmes.collect::<Result<_, String>>()?;
    let quantities = event.quantities.iter().map(|(key, amount)| {
        let amount = decimal::parse(amount).map_err(|error| format!("{key}: {error}"))?;
        Ok((symbols.intern(key), amount))
    });
    let quantities = quantities.collect::<Result<_, String>>()?;
    let extra = extra(event, hierarchy, symbols)?;
    Ok(Fact {
        event: id(&event.name, "events")?.into(),
        log_index: event.log_index,
        revision: event.revision,
        day: date::parse(&event.start_date).map_err(|error| error.to_string())?,
        event_type: symbols.intern(id(&event.event_type, "eventTypes")?),
        direction: event.direction(),
        classification,
        held: matches!(event.phase(), pb::Phase::Held | pb::Phase::Unspecified),
        approved: event.review_state() == pb::ReviewState::Approved,
        delegations: count(event.delegations)?,
        persons: count(event.persons)?,
        homes: keys(homes, hierarchy)?,
        partners: keys(event.partner_units.iter(), hierarchy)?,
        programmes,
        quantities,
        extra,
    })
}

fn extra(event: &pb::Event, hierarchy: &Hierarchy, symbols: &mut Symbols) -> Result<Extra, String> {
    let team = std::iter::once(&event.team).filter(|team| !team.is_empty());
    let mut stretch = None;
    if !event.marker_from.is_empty() {
        let last = if event.marker_to.is_empty() {
            &event.marker_from
        } else {
            &event.marker_to
        };
        let mut marker = |name| Ok::<_, String>(symbols.intern(id(name, "markers")?));
        stretch = Some([marker(&event.marker_from)?, marker(last)?]);
    }
    let mut items: Vec<(Symbol, Option<Decimal>)> = Vec::new();
    for line in &event.lines {
        let value = (!line.value_vnd.is_empty()).then(|| decimal::parse(&line.value_vnd));
        let value = value.transpose().map_err(|error| format!("{}: {error}", line.item))?;
        let item = symbols.intern(&line.item);
        match items.iter_mut().find(|(known, _)| *known == item) {
            Some((_, sum)) => *sum = sum.zip(value).and_then(|(sum, value)| sum.checked_add(value)),
            None => items.push((item, value)),
        }
    }
    Ok(Extra {
        team: keys(team, hierarchy)?.first().copied(),
        stretch,
        items: items.into(),
    })
}

fn id<'a>(name: &'a str, collection: &str) -> Result<&'a str, String> {
    name::collection_id(name, collection).ok_or_else(|| format!("{name:?} is not of the form {collection}/{{id}}"))
}

fn keys<'a>(names: impl Iterator<Item = &'a String>, hierarchy: &Hierarchy) -> Result<Box<[Key]>, String> {
    let mut keys = Vec::new();
    for name in names {
        let key = hierarchy
            .key_of(id(name, "units")?)
            .ok_or_else(|| format!("{name:?} is not known"))?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys.into())
}

fn count(value: Option<i64>) -> Result<Option<u32>, String> {
    let count = value.map(u32::try_from).transpose();
    count.map_err(|_| format!("{} is no count", value.unwrap_or_default()))
}
