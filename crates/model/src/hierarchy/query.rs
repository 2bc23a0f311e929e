//! Questions about one day: who was alive, who stood under whom, and who came after whom.
//!
//! It owns no state and changes none. A key of another hierarchy is answered like a unit that was never alive.

use super::{Hierarchy, Key, Version};
use crate::date::Date;

impl Hierarchy {
    /// The version of a unit in force on a day; absent if it was not alive.
    #[must_use]
    pub fn version_on(&self, key: Key, date: Date) -> Option<&Version> {
        self.find(key)?.version_on(date)
    }

    /// Says whether a unit was alive on a day.
    #[must_use]
    pub fn alive_on(&self, key: Key, date: Date) -> bool {
        self.version_on(key, date).is_some()
    }

    /// The unit above on a day; absent for a root and for a unit that was not alive.
    #[must_use]
    pub fn parent_on(&self, key: Key, date: Date) -> Option<Key> {
        self.version_on(key, date)?.parent
    }

    /// The unit itself and those above it on a day, up to its root. Empty if it was not alive.
    #[must_use]
    pub fn ancestors_on(&self, key: Key, date: Date) -> Vec<Key> {
        self.upwards(key, date).collect()
    }

    /// Says whether a unit stood within the subtree of another on a day; each stands within its own.
    #[must_use]
    pub fn in_subtree(&self, unit: Key, root: Key, date: Date) -> bool {
        self.upwards(unit, date).any(|above| above == root)
    }

    /// The units directly below on a day, sorted by id.
    #[must_use]
    pub fn children_on(&self, key: Key, date: Date) -> Vec<Key> {
        let mut children: Vec<Key> = self.children_unsorted(key, date).collect();
        self.sort_by_id(&mut children);
        children
    }

    /// The units alive on a day that have none above them, sorted by id.
    #[must_use]
    pub fn roots_on(&self, date: Date) -> Vec<Key> {
        let is_root = |key: &Key| {
            self.version_on(*key, date)
                .is_some_and(|version| version.parent.is_none())
        };
        let mut roots: Vec<Key> = self.keys().filter(is_root).collect();
        self.sort_by_id(&mut roots);
        roots
    }

    /// A unit and all below it on a day: each before those below it, siblings sorted by id. Empty if it was not alive.
    #[must_use]
    pub fn subtree_on(&self, root: Key, date: Date) -> Vec<Key> {
        let mut subtree = Vec::new();
        let mut waiting = if self.alive_on(root, date) {
            vec![root]
        } else {
            Vec::new()
        };
        while let Some(key) = waiting.pop() {
            subtree.push(key);
            waiting.extend(self.children_on(key, date).into_iter().rev());
        }
        subtree
    }

    /// As [`Self::subtree_on`] in no particular order, which spares the sorting where only membership matters.
    pub(crate) fn subtree_unsorted(&self, root: Key, date: Date) -> Vec<Key> {
        let mut subtree = Vec::from_iter(self.alive_on(root, date).then_some(root));
        let mut next = 0;
        while let Some(key) = subtree.get(next).copied() {
            subtree.extend(self.children_unsorted(key, date));
            next += 1;
        }
        subtree
    }

    /// The direct child of `root` whose subtree holds `unit` on a day; `root` itself for `root`; nothing outside.
    #[must_use]
    pub fn child_towards(&self, root: Key, unit: Key, date: Date) -> Option<Key> {
        let mut below = root;
        for above in self.upwards(unit, date) {
            if above == root {
                return Some(if unit == root { root } else { below });
            }
            below = above;
        }
        None
    }

    /// Who came after a unit when it ended, the principal successor first. Empty while it goes on.
    #[must_use]
    pub fn successors(&self, key: Key) -> &[Key] {
        self.find(key).map_or(&[], |unit| &unit.successors)
    }

    /// Whom a unit came after: the units that merged into it and ended, or the unit it was split from, in the order of
    /// the acts. A unit that goes on is not its own predecessor.
    #[must_use]
    pub fn predecessors(&self, key: Key) -> &[Key] {
        self.find(key).map_or(&[], |unit| &unit.predecessors)
    }

    /// The first day of a unit; absent for a void one and for a key of another hierarchy.
    #[must_use]
    pub fn first_day(&self, key: Key) -> Option<Date> {
        self.find(key)?.first_day()
    }

    /// The last day of a unit; absent while no end is known, and for a void one.
    #[must_use]
    pub fn last_day(&self, key: Key) -> Option<Date> {
        self.find(key)?.last_day()
    }

    /// The walk from a unit to its root. Accepted changes leave no cycle; the limit keeps a draft that is still being
    /// checked from walking in one.
    pub(super) fn upwards(&self, key: Key, date: Date) -> impl Iterator<Item = Key> {
        let start = self.alive_on(key, date).then_some(key);
        std::iter::successors(start, move |below| self.parent_on(*below, date)).take(self.units.len())
    }

    fn children_unsorted(&self, key: Key, date: Date) -> impl Iterator<Item = Key> {
        let ever = self
            .find(key)
            .into_iter()
            .flat_map(|unit| unit.children_ever.iter().copied());
        ever.filter(move |child| self.parent_on(*child, date) == Some(key))
    }

    fn sort_by_id(&self, keys: &mut [Key]) {
        keys.sort_unstable_by(|left, right| {
            let id = |key: &Key| self.find(*key).map(super::Unit::id);
            id(left).cmp(&id(right))
        });
    }
}
