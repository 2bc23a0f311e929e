//! What a call tells of itself for the audit trail while it is under way: who calls, by which rule it is decided, what it
//! is about.
//!
//! It stands beside the call and not in any argument, so that no handler can forget to pass it on. Outside a call that is
//! watched, as in tests of a single handler, nothing is noted.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use banggiao_model::permission::Action;
use uuid::Uuid;

use crate::identity::Caller;

/// What is known of a call.
#[derive(Debug, Clone, Default)]
pub struct Note {
    /// Who calls.
    pub caller: Option<Caller>,
    /// The action that the caller's grants must cover; the last one that was asked about.
    pub action: Option<Action>,
    /// The call only tries, and changes nothing.
    pub tries: bool,
    /// What it is about.
    pub resource: Option<String>,
    /// The request's id.
    pub request: Option<Uuid>,
    /// Registry position at which it was decided.
    pub registry_position: i64,
}

/// A note that is shared between the call and whoever watches it.
pub type Shared = Arc<Mutex<Note>>;

tokio::task_local! {
    static NOTE: Shared;
}

/// Runs a call, which writes on this note.
pub fn watched<F: Future>(note: Shared, call: F) -> impl Future<Output = F::Output> {
    NOTE.scope(note, call)
}

/// Notes who calls.
pub fn called_by(caller: &Caller) {
    write(|note| note.caller = Some(caller.clone()));
}

/// Notes the action that the caller's grants must cover, and the registry position at which that is decided.
pub fn decided(action: Action, registry_position: i64) {
    write(|note| {
        // What a change looks at on its way is not what it is.
        if note.action.is_none_or(|noted| !noted.is_change()) {
            note.action = Some(action);
        }
        note.registry_position = registry_position;
    });
}

/// Notes that the call changes nothing.
pub fn tries() {
    write(|note| note.tries = true);
}

/// Notes what the call is about; what was noted first stands.
pub fn about(resource: &str) {
    write(|note| {
        note.resource.get_or_insert_with(|| resource.to_owned());
    });
}

/// Notes the request's id.
pub fn requested(id: Uuid) {
    write(|note| note.request = Some(id));
}

fn write(change: impl FnOnce(&mut Note)) {
    // Without a watcher there is nothing to write on.
    let _unwatched = NOTE.try_with(|note| change(&mut note.lock().unwrap_or_else(PoisonError::into_inner)));
}
