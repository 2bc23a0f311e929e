//! Differences: the records that do not add the same to two figures, and a bridge from one figure to the other.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use banggiao_model::hierarchy::Key;

use super::{
    Cell,
    explain::{Contribution, Explanation},
};
use crate::domain::{Error, amount::Amount};

/// A record on both sides.
#[derive(Debug)]
pub struct Difference {
    /// What it is behind the first figure, if it stands there.
    pub before: Option<Contribution>,
    /// What it is behind the second figure, if it stands there.
    pub after: Option<Contribution>,
}

/// What the records of one home unit take away and bring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bridge {
    /// What stands behind the second figure only.
    pub entering: Amount,
    /// What stands behind the first figure only.
    pub leaving: Amount,
    /// How much more what stands behind both adds to the second.
    pub changed: Amount,
    /// How many records it is.
    pub records: i64,
}

/// Two figures and what lies between them.
#[derive(Debug)]
pub struct Differences {
    /// The first figure.
    pub before: Cell,
    /// The second figure.
    pub after: Cell,
    /// The records that do not add the same, by day, then by name.
    pub records: Vec<Difference>,
    /// By home unit: the first one of each record. Empty if units are counted once, which do not add up.
    pub bridge: BTreeMap<Key, Bridge>,
    /// Something was left out because the caller may not read it.
    pub withheld: bool,
}

impl Difference {
    /// The record as it is behind the second figure, or else behind the first.
    #[must_use]
    pub fn newest(&self) -> Option<&Contribution> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// Whether it adds the same to both. Of units counted once, what a record adds depends on those before it, so the
    /// units are compared.
    fn is_none(&self, once: bool) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if once => before.things == after.things,
            (Some(before), Some(after)) => before.amount == after.amount,
            _ => false,
        }
    }
}

/// What lies between two explained figures, which count the same kind of thing. `once` says that units are counted, each
/// once.
///
/// # Errors
/// [`Error::Broken`] if a sum is too large to be written down.
pub fn difference(before: Explanation, after: Explanation, once: bool) -> Result<Differences, Error> {
    let withheld = before.withheld || after.withheld;
    let mut seconds = by_record(after.contributions)?;
    let mut records: Vec<Difference> = Vec::new();
    for (resource, contribution) in by_record(before.contributions)? {
        records.push(Difference {
            before: Some(contribution),
            after: seconds.remove(&resource),
        });
    }
    records.extend(seconds.into_values().map(|contribution| Difference {
        before: None,
        after: Some(contribution),
    }));
    records.retain(|record| !record.is_none(once));
    records.sort_by_cached_key(|record| {
        let record = record.newest().map(|contribution| contribution.record.record());
        record.map(|record| (record.day(), record.resource()))
    });
    Ok(Differences {
        bridge: if once { BTreeMap::new() } else { bridge(&records)? },
        before: before.cell,
        after: after.cell,
        records,
        withheld,
    })
}

/// What each record adds, by its name: of a sum of indicators it may add by several of them.
fn by_record(contributions: Vec<Contribution>) -> Result<HashMap<String, Contribution>, Error> {
    let mut records: HashMap<String, Contribution> = HashMap::with_capacity(contributions.len());
    for contribution in contributions {
        match records.entry(contribution.record.record().resource()) {
            Entry::Vacant(place) => {
                place.insert(contribution);
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.amount = match (known.amount, contribution.amount) {
                    (Some(one), Some(other)) => Some(one.checked_add(other).ok_or_else(too_large)?),
                    (one, other) => one.or(other),
                };
                let new = contribution.things.into_iter();
                let new: Vec<_> = new.filter(|thing| !known.things.contains(thing)).collect();
                known.things.extend(new);
            }
        }
    }
    Ok(records)
}

fn too_large() -> Error {
    Error::Broken("a difference is too large to be written down".to_owned())
}

fn bridge(records: &[Difference]) -> Result<BTreeMap<Key, Bridge>, Error> {
    let mut bridge: BTreeMap<Key, Bridge> = BTreeMap::new();
    for record in records {
        let home = record
            .newest()
            .and_then(|one| one.record.record().homes().first().copied());
        let Some(home) = home else { continue };
        let line = bridge.entry(home).or_default();
        line.records += 1;
        let amount = |side: &Option<Contribution>| side.as_ref().map(|one| one.amount.unwrap_or_default());
        let (place, by) = match (amount(&record.before), amount(&record.after)) {
            (Some(before), Some(after)) => (&mut line.changed, after.checked_sub(before)),
            (Some(before), None) => (&mut line.leaving, Some(before)),
            (None, after) => (&mut line.entering, after),
        };
        *place = by.and_then(|by| place.checked_add(by)).ok_or_else(too_large)?;
    }
    Ok(bridge)
}
