//! Surgery on version lists: cutting, ending, and giving a unit another parent from a day on.
//!
//! It owns two promises: versions follow each other without gap or overlap, and a parent is alive as long as the
//! version that names it holds. Whether an act makes sense is not known here.

use super::{Hierarchy, Key, Version};
use crate::date::Date;

/// A stretch of days, the end exclusive, with the parent during it.
pub(super) type Span = (Date, Option<Date>, Option<Key>);

impl Hierarchy {
    /// The parents, through the whole history, of a unit that stands under `parent` from a day on and that no act
    /// names: when a parent ends, the unit goes with its other children.
    pub(super) fn parents_through(&self, parent: Key, from: Date, until: Option<Date>) -> Vec<Span> {
        let mut spans = Vec::new();
        let (mut parent, mut from) = (Some(parent), from);
        // Every step leads to a unit that ends later or on the same day, so there are fewer steps than units; the
        // limit only makes that plain.
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
            parent = unit.heir;
        }
        spans.push((from, until, parent));
        spans
    }

    /// The version from a day on, the day that the fold has come to, of a unit that is alive: a new one, unless one
    /// begins there already.
    pub(super) fn cut(&mut self, key: Key, date: Date) -> Option<&mut Version> {
        let unit = self.find_mut(key)?;
        let last = unit.versions.last_mut()?;
        if last.from < date {
            let later = Version {
                from: date,
                ..last.clone()
            };
            last.until = Some(date);
            unit.versions.push(later);
        }
        unit.versions.last_mut()
    }

    /// Ends a unit that was alive the day before: `until` is the first day on which it no longer is. The heir takes
    /// its children.
    pub(super) fn end(&mut self, key: Key, until: Date, heir: Option<Key>) {
        let Some(unit) = self.find_mut(key) else { return };
        unit.heir = heir;
        unit.versions.retain(|version| version.from < until);
        if let Some(last) = unit.versions.last_mut() {
            last.until = Some(until);
        }
    }

    /// Puts a unit that is alive under another parent, or under none, from a day on.
    pub(super) fn reparent(&mut self, child: Key, date: Date, parent: Option<Key>) {
        if let Some(version) = self.cut(child, date) {
            version.parent = parent;
        }
        if let Some(parent) = parent {
            self.remember_child(parent, child);
        }
    }

    /// The units directly below one that may just have ended, as the fold has come to them.
    pub(super) fn children_of(&self, parent: Key) -> Vec<Key> {
        let below = |child: &Key| {
            let open = self.find(*child).and_then(super::Unit::open);
            open.is_some_and(|version| version.parent == Some(parent))
        };
        let ever = self.find(parent).into_iter().flat_map(|unit| &unit.children_ever);
        ever.copied().filter(below).collect()
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
