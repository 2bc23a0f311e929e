//! Which events a list holds, and the exact test of it.

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    name,
};

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
