//! Places for uploads: how many come in at once, of one principal and of all, since each holds up to a message in memory
//! and a file open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Uploads that one principal may have under way; there are more places than this, or nobody else would get one.
const OF_ONE: usize = 4;

/// The uploads under way.
#[derive(Debug, Clone)]
pub(super) struct Places {
    of_all: usize,
    taken: Arc<Mutex<HashMap<Arc<str>, usize>>>,
}

impl Places {
    pub(super) fn new(of_all: usize) -> Self {
        Self {
            of_all,
            taken: Arc::default(),
        }
    }

    /// A place, if there is one left.
    pub(super) fn take(&self, principal: &Arc<str>) -> Option<Place> {
        let mut taken = self.taken();
        let of_one = taken.get(principal).copied().unwrap_or_default();
        if taken.values().sum::<usize>() >= self.of_all || of_one >= OF_ONE {
            return None;
        }
        taken.insert(Arc::clone(principal), of_one + 1);
        drop(taken);
        Some(Place {
            places: self.clone(),
            principal: Arc::clone(principal),
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one upload, which is given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    principal: Arc<str>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(of_one) = taken.get_mut(&self.principal) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.remove(&self.principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places_and_each_is_given_back() {
        let places = Places::new(6);
        let take = |who: &str| -> Vec<Place> { std::iter::from_fn(|| places.take(&who.into())).collect() };
        let (greedy, modest) = (take("greedy"), take("modest"));
        assert_eq!((greedy.len(), modest.len()), (OF_ONE, 2));
        drop(greedy);
        assert_eq!(take("late").len(), 4);
        drop(modest);
        assert!(places.taken().is_empty());
    }
}
