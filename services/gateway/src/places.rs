//! Places: how many calls are open at once, of one principal and of all. Calls share connections to the services, so that
//! nobody may fill them alone.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};

/// Calls that one principal may have open.
const OF_ONE: usize = 200;
/// Calls that all may have open; less than one connection to a service holds.
const OF_ALL: usize = 2000;

/// The calls that are open.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_principal: HashMap<Arc<str>, usize>,
}

impl Places {
    /// A place for a call, if there is one left. It is given back when it is dropped.
    pub fn take(&self, principal: &Arc<str>) -> Option<Place> {
        let mut taken = self.taken();
        let of_one = taken.by_principal.get(principal).copied().unwrap_or_default();
        if taken.all >= OF_ALL || of_one >= OF_ONE {
            return None;
        }
        taken.all += 1;
        taken.by_principal.insert(Arc::clone(principal), of_one + 1);
        drop(taken);
        Some(Place {
            places: self.clone(),
            principal: Arc::clone(principal),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one open call.
#[derive(Debug)]
pub struct Place {
    places: Places,
    principal: Arc<str>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(of_one) = taken.by_principal.get_mut(&self.principal) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.by_principal.remove(&self.principal);
            }
        }
    }
}

/// An answer that holds its call's place until it has ended.
#[derive(Debug)]
pub struct Held<B> {
    body: B,
    _place: Place,
}

impl<B> Held<B> {
    /// The answer and the place.
    pub fn new(body: B, place: Place) -> Self {
        Self { body, _place: place }
    }
}

impl<B: Body + Unpin> Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places_and_each_is_given_back() {
        let places = Places::default();
        let greedy: Arc<str> = "greedy".into();
        let taken: Vec<Place> = std::iter::from_fn(|| places.take(&greedy)).collect();
        assert_eq!(taken.len(), OF_ONE);
        assert!(places.take(&"modest".into()).is_some());
        drop(taken);
        assert_eq!(places.taken().all, 0);
        assert!(places.taken().by_principal.is_empty());
    }
}
