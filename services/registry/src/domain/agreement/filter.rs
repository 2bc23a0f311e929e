//! Which agreements a list holds.

use banggiao_contracts::registry::v1 as pb;
use banggiao_directory::Agreement;
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key},
    level::Level,
};

/// Which agreements a list holds.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only with a party in this unit's subtree on the day of signing or today.
    pub unit: Option<Key>,
    /// Only of these kinds; empty: any.
    pub kinds: Vec<pb::AgreementKind>,
    /// Only of these levels; empty: any.
    pub levels: Vec<Level>,
    /// Only in force on this day.
    pub in_force_on: Option<Date>,
    /// Only with a last day before this day.
    pub expires_before: Option<Date>,
    /// Only with a partner of one of these countries; empty: any.
    pub partner_countries: Vec<String>,
    /// Only in one of these states today; empty: any.
    pub states: Vec<pb::AgreementState>,
    /// Only those of which a party has ended.
    pub needs_successor: bool,
    /// Only under this programme; empty: any.
    pub programme: String,
}

impl Filter {
    /// Whether an agreement is held.
    pub fn passes(&self, hierarchy: &Hierarchy, agreement: &Agreement, today: Date) -> bool {
        self.unit.is_none_or(|root| within(hierarchy, agreement, root, today))
            && (self.kinds.is_empty() || self.kinds.contains(&agreement.kind))
            && (self.levels.is_empty() || self.levels.contains(&agreement.level))
            && self.in_force_on.is_none_or(|day| agreement.in_force_on(day))
            && self
                .expires_before
                .is_none_or(|day| agreement.end.is_some_and(|end| end < day))
            && (self.partner_countries.is_empty() || self.has_partner(hierarchy, agreement))
            && (self.states.is_empty() || self.states.contains(&agreement.state_on(today)))
            && (!self.needs_successor || !agreement.orphaned_on(hierarchy, today).is_empty())
            && (self.programme.is_empty() || agreement.resource.programmes.contains(&self.programme))
    }

    fn has_partner(&self, hierarchy: &Hierarchy, agreement: &Agreement) -> bool {
        let country = |unit: &Key| hierarchy.unit(*unit).country();
        let mut partners = agreement.partner_units.iter().map(country);
        partners.any(|country| self.partner_countries.iter().any(|wanted| wanted == country))
    }
}

/// Whether a party lies in a subtree: as it signed, or as it stands today.
fn within(hierarchy: &Hierarchy, agreement: &Agreement, root: Key, today: Date) -> bool {
    // As figures have it: what an act that was recorded later leaves on a unit that had ended stands with its successor.
    let under = |party: Key, day: Date| {
        let placed = hierarchy.place(party, day, day).unit;
        placed.is_some_and(|unit| hierarchy.in_subtree(unit, root, day))
    };
    let day = agreement.sign_date.unwrap_or(today);
    let mut signed = agreement.home_units.iter().chain(&agreement.partner_units);
    signed.any(|party| under(*party, day)) || agreement.current_units().any(|party| under(party, today))
}
