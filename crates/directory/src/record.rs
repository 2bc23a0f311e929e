//! The records of a directory, besides the units, which the hierarchy holds.

use std::sync::Arc;

use banggiao_contracts::registry::v1 as pb;
use banggiao_model::{date::Date, hierarchy::Key, level::Level, permission};

/// When something was recorded, and where it was last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Registry position of the last change.
    pub position: i64,
    /// Time of recording.
    pub time: prost_types::Timestamp,
}

/// An agreement with its parties and days at hand.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// As recorded.
    pub resource: pb::Agreement,
    /// Its kind.
    pub kind: pb::AgreementKind,
    /// The level of its first home unit's kind at signing.
    pub level: Level,
    /// The home side's parties, the leading one first.
    pub home_units: Vec<Key>,
    /// The partner side's parties, the leading one first.
    pub partner_units: Vec<Key>,
    /// Day of signing; absent for a draft.
    pub sign_date: Option<Date>,
    /// First day on which it holds; absent for a draft without one.
    pub start: Option<Date>,
    /// Last day on which it holds.
    pub end: Option<Date>,
}

impl Agreement {
    /// Whether it holds on a day.
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.sign_date.is_some()
            && self.start.is_some_and(|start| start <= day)
            && self.end.is_none_or(|end| day <= end)
    }

    /// Where it stands on a day.
    #[must_use]
    pub fn state_on(&self, day: Date) -> pb::AgreementState {
        match (self.sign_date, self.start, self.end) {
            (None, _, _) => pb::AgreementState::Draft,
            (_, _, Some(end)) if end < day => pb::AgreementState::Expired,
            (_, Some(start), _) if day < start => pb::AgreementState::Signed,
            _ => pb::AgreementState::InForce,
        }
    }
}

/// A grant as recorded, and as permission reads it.
#[derive(Debug, Clone)]
pub struct Grant {
    /// As recorded.
    pub resource: pb::Grant,
    /// As permission reads it.
    pub grant: Arc<permission::Grant>,
}
