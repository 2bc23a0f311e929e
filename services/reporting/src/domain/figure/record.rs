//! A record: an event's fact or an agreement, as figures see both alike.

use std::borrow::Cow;
use std::sync::Arc;

use banggiao_directory::Agreement;
use banggiao_model::{date::Date, hierarchy::Key, name, permission::Classification};

use crate::domain::day::{Day, Packed};

/// A record that may count.
#[derive(Debug, Clone, Copy)]
pub enum Record<'a> {
    /// A revision of an event.
    Event(Packed<'a>),
    /// An agreement with its day of signing; drafts are no records.
    Agreement(&'a Arc<Agreement>, Date),
}

/// A record that is kept beyond the scan that found it.
#[derive(Debug, Clone)]
pub enum Kept {
    /// A revision of an event, at its place in its day.
    Event(Arc<Day>, usize),
    /// An agreement with its day of signing.
    Agreement(Arc<Agreement>, Date),
}

impl Kept {
    /// The record.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        match self {
            Self::Event(day, place) => Record::Event(Packed::new(day, *place)),
            Self::Agreement(agreement, signed) => Record::Agreement(agreement, *signed),
        }
    }
}

impl<'a> Record<'a> {
    /// The record for keeping.
    #[must_use]
    pub fn keep(self) -> Kept {
        match self {
            Self::Event(fact) => {
                let (day, place) = fact.place();
                Kept::Event(Arc::clone(day), place)
            }
            Self::Agreement(agreement, signed) => Kept::Agreement(Arc::clone(agreement), signed),
        }
    }

    /// The day that places it: first day of the event, day of signing.
    #[must_use]
    pub fn day(self) -> Date {
        match self {
            Self::Event(fact) => fact.day(),
            Self::Agreement(_, signed) => signed,
        }
    }

    /// The home and co-home units.
    #[must_use]
    pub fn homes(self) -> &'a [Key] {
        match self {
            Self::Event(fact) => fact.homes(),
            Self::Agreement(agreement, _) => &agreement.home_units,
        }
    }

    /// The units of which somebody must be allowed to read to read this: of an agreement also those that took the place
    /// of a party, as the registry has it.
    #[must_use]
    pub fn readers(self) -> Cow<'a, [Key]> {
        match self {
            Self::Event(fact) => fact.homes().into(),
            Self::Agreement(agreement, _) => agreement.home_side().into(),
        }
    }

    /// The partner units.
    #[must_use]
    pub fn partners(self) -> &'a [Key] {
        match self {
            Self::Event(fact) => fact.partners(),
            Self::Agreement(agreement, _) => &agreement.partner_units,
        }
    }

    /// How secret it is.
    #[must_use]
    pub fn classification(self) -> Classification {
        match self {
            Self::Event(fact) => fact.classification(),
            Self::Agreement(..) => Classification::Unclassified,
        }
    }

    /// Its resource name.
    #[must_use]
    pub fn resource(self) -> String {
        match self {
            Self::Event(fact) => name::name("events", &fact.event()),
            Self::Agreement(agreement, _) => agreement.resource.name.clone(),
        }
    }
}
