//! An agreement with what was done to it, and where it stands on a day.

use std::sync::Arc;

use banggiao_contracts::registry::v1::{self as pb, AgreementActionKind as Kind, AgreementState as State};
use banggiao_model::{
    date::Date,
    hierarchy::{Hierarchy, Key},
    level::Level,
};

/// An agreement with its parties, days and actions at hand.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// As recorded and corrected, with the dates and fields that its actions gave it.
    pub resource: pb::Agreement,
    /// Its kind.
    pub kind: pb::AgreementKind,
    /// The level of its first home unit's kind at signing.
    pub level: Level,
    /// The home side's parties as they signed, the leading one first.
    pub home_units: Vec<Key>,
    /// The partner side's parties as they signed, the leading one first.
    pub partner_units: Vec<Key>,
    /// Day of signing; absent for a draft.
    pub sign_date: Option<Date>,
    /// First day on which it holds; absent for a draft without one.
    pub start: Option<Date>,
    /// Last day on which it holds, as far as it is known now.
    pub end: Option<Date>,
    /// The last day that it was signed with, before any extension.
    pub first_end: Option<Date>,
    /// What was done to it, in order; dates never go back.
    pub actions: Vec<Arc<Action>>,
}

/// Something that was done to an agreement.
#[derive(Debug, Clone)]
pub struct Action {
    /// As recorded.
    pub resource: pb::AgreementAction,
    /// What was done.
    pub kind: Kind,
    /// The day from which it holds.
    pub date: Date,
    /// The new last day, where it was extended.
    pub end: Option<Date>,
    /// Who took whose place, where a party was succeeded.
    pub succession: Option<(Key, Key)>,
}

/// A unit as a party: from a day, until another took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The unit.
    pub unit: Key,
    /// Whether it stands on the home side.
    pub home: bool,
    /// First day as a party; absent for a draft.
    pub from: Option<Date>,
    /// First day on which it is no longer one.
    pub until: Option<Date>,
    /// Whose place it took.
    pub replaces: Option<Key>,
}

impl Agreement {
    /// Whether it holds on a day.
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.state_on(day) == State::InForce
    }

    /// Where it stands on a day.
    #[must_use]
    pub fn state_on(&self, day: Date) -> State {
        let (mut suspended, mut end) = (false, self.first_end);
        for action in self.actions.iter().take_while(|action| action.date <= day) {
            match action.kind {
                Kind::Terminated => return State::Terminated,
                Kind::Withdrawn => return State::Withdrawn,
                Kind::Suspended => suspended = true,
                Kind::Resumed => suspended = false,
                Kind::Extended => end = action.end,
                Kind::Unspecified | Kind::Signed | Kind::Amended | Kind::Succeeded => {}
            }
        }
        match (self.sign_date, self.start) {
            (None, _) => State::Draft,
            (Some(signed), _) if day < signed => State::Draft,
            _ if end.is_some_and(|end| end < day) => State::Expired,
            (_, Some(start)) if day < start => State::Signed,
            _ if suspended => State::Suspended,
            _ => State::InForce,
        }
    }

    /// Whether more was done to it than to sign it: what it was signed with can then no longer be corrected.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.actions.iter().any(|action| action.kind != Kind::Signed)
    }

    /// Every party there ever was, the home side first, each followed by those that took its place.
    #[must_use]
    pub fn parties(&self) -> Vec<Party> {
        let sides = [(true, &self.home_units), (false, &self.partner_units)];
        let signed = sides
            .into_iter()
            .flat_map(|(home, units)| units.iter().map(move |unit| (home, *unit)));
        let mut parties = Vec::new();
        for (home, unit) in signed {
            let mut party = Party {
                unit,
                home,
                from: self.sign_date,
                until: None,
                replaces: None,
            };
            for action in &self.actions {
                if let Some((_, heir)) = action.succession.filter(|(ended, _)| *ended == party.unit) {
                    party.until = Some(action.date);
                    parties.push(party);
                    party = Party {
                        // Whoever has its place back has taken nobody's.
                        replaces: (party.replaces != Some(heir)).then_some(party.unit),
                        unit: heir,
                        from: Some(action.date),
                        until: None,
                        ..party
                    };
                }
            }
            parties.push(party);
        }
        parties
    }

    /// The units that are parties by now: those that signed, or took the place of one that did.
    pub fn current_units(&self) -> impl Iterator<Item = Key> + '_ {
        let signed = self.home_units.iter().chain(&self.partner_units);
        signed.map(|unit| {
            // In the order of the actions, since a unit may come back when an act is revoked.
            let successions = self.actions.iter().filter_map(|action| action.succession);
            successions.fold(*unit, |unit, (ended, heir)| if ended == unit { heir } else { unit })
        })
    }

    /// The units of the home side that signed, and those that took their place: whoever may read of one of them may read
    /// the agreement.
    pub fn home_side(&self) -> Vec<Key> {
        let heirs = self.actions.iter().filter_map(|action| action.succession);
        let mut side = self.home_units.clone();
        for (ended, heir) in heirs {
            if side.contains(&ended) && !side.contains(&heir) {
                side.push(heir);
            }
        }
        side
    }

    /// The parties about which somebody has to decide: those that have ended by a day, or never were since the act that
    /// established them was revoked, and those whose predecessor lives on since the act that ended it was revoked. An
    /// agreement that no longer holds needs nobody.
    #[must_use]
    pub fn orphaned_on(&self, hierarchy: &Hierarchy, day: Date) -> Vec<Party> {
        if !matches!(self.state_on(day), State::InForce | State::Signed | State::Suspended) {
            return Vec::new();
        }
        let undecided = |party: &Party| {
            party.until.is_none()
                && (has_ended(hierarchy, party.unit, day)
                    || party.replaces.is_some_and(|old| hierarchy.alive_on(old, day)))
        };
        self.parties().into_iter().filter(undecided).collect()
    }
}

/// Whether a unit is over by a day: it has ended, or never was.
#[must_use]
pub fn has_ended(hierarchy: &Hierarchy, unit: Key, day: Date) -> bool {
    hierarchy.unit(unit).is_void() || hierarchy.last_day(unit).is_some_and(|last| last < day)
}
