//! Surgery on version lists: cutting, ending, and giving a unit another parent from a day on.
//!
//! It owns two promises: versions follow each other without gap or overlap, and a parent is alive as long as the
//! version that names it holds. Whether an act makes sense is not known here.

use super::{Hierarchy, Key, Version};
use crate::date::Date;

/// A stretch of days, the end exclusive, with the parent during it.
type Span = (Date, Option<Date>, Option<Key>);

/// Which versions get another parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Only until the unit's next decision about its parent, which a backdated move must not undo.
    NextDecision,
    /// Every version under the old parent, because the old parent is no more.
    All,
}

impl Hierarchy {
    /// The parents of a unit that stands under `parent` from a day on: when a parent ends, the unit goes on to its
    /// principal successor, or, without one, to the last parent of the parent.
    pub(super) fn parents_through(&self, parent: Key, from: Date, until: Option<Date>) -> Vec<Span> {
        let mut spans = Vec::new();
        let (mut parent, mut from) = (Some(parent), from);
        // Succession never returns, so there are fewer steps than units; the limit only makes that plain.
        for _ in 0..self.units.len() {
            let Some(unit) = parent.and_then(|key| self.find(key)) else {
                break;
            };
            let Some(end) = unit.until().filter(|end| until.is_none_or(|until| *end < until)) else {
                break;
            };
            if from < end {
                spans.push((from, Some(end), parent));
                from = end;
            }
            let last_parent = unit.versions.last().and_then(|version| version.parent);
            parent = unit.successors.first().copied().or(last_parent);
        }
        spans.push((from, until, parent));
        spans
    }

    /// Begins a new version on a day on which the unit is alive; nothing happens if one begins there already.
    pub(super) fn cut(&mut self, key: Key, date: Date) {
        let Some(unit) = self.find_mut(key) else { return };
        let inside = |version: &Version| version.from < date && version.until.is_none_or(|until| date < until);
        if let Some(index) = unit.versions.iter().position(inside) {
            let later = Version {
                from: date,
                ..unit.versions[index].clone()
            };
            unit.versions[index].until = Some(date);
            unit.versions.insert(index + 1, later);
        }
    }

    /// Ends a unit: `until` is the first day on which it is no longer alive. It must be alive the day before.
    pub(super) fn end(&mut self, key: Key, until: Date) {
        let Some(unit) = self.find_mut(key) else { return };
        unit.versions.retain(|version| version.from < until);
        if let Some(last) = unit.versions.last_mut() {
            last.until = Some(until);
        }
    }

    /// Puts a unit under another parent from a day on, in those versions in which it stands under `old`.
    pub(super) fn reparent(&mut self, child: Key, from: Date, old: Key, new: Key, reach: Reach) {
        self.cut(child, from);
        let Some(unit) = self.find(child) else { return };
        let mut versions: Vec<Version> = Vec::with_capacity(unit.versions.len() + 1);
        let mut decided = false;
        for version in &unit.versions {
            let under_old = version.parent == Some(old);
            decided |= version.from >= from && !under_old && reach == Reach::NextDecision;
            if version.from < from || !under_old || decided {
                versions.push(version.clone());
                continue;
            }
            let spans = self.parents_through(new, version.from, version.until);
            versions.extend(spans.into_iter().map(|(from, until, parent)| Version {
                from,
                until,
                parent,
                ..version.clone()
            }));
        }
        let parents: Vec<Key> = versions.iter().filter_map(|version| version.parent).collect();
        if let Some(unit) = self.find_mut(child) {
            unit.versions = versions;
        }
        for parent in parents {
            self.remember_child(parent, child);
        }
    }

    /// Notes that a unit has stood under another.
    pub(super) fn remember_child(&mut self, parent: Key, child: Key) {
        // Asking first keeps a shared unit from being copied for nothing.
        if self
            .find(parent)
            .is_some_and(|unit| !unit.children_ever.contains(&child))
            && let Some(unit) = self.find_mut(parent)
        {
            unit.children_ever.insert(child);
        }
    }
}
