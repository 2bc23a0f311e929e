//! What tests do to the journal from inside: they let it die between two steps, lose the answer of a commit, and plant faults
//! that their suites must find. None of it is in a program that anybody runs.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

/// A moment between two steps, at which a process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Locked,
    Decided,
    Stored,
    Committed,
    Answering,
    Answered,
    Signed,
    KeptInDatabase,
    KeptOutside,
    KeyMade,
    KeysWritten,
    KeysArranged,
}

impl Moment {
    pub const ALL: [Self; 12] = [
        Self::Locked,
        Self::Decided,
        Self::Stored,
        Self::Committed,
        Self::Answering,
        Self::Answered,
        Self::Signed,
        Self::KeptInDatabase,
        Self::KeptOutside,
        Self::KeyMade,
        Self::KeysWritten,
        Self::KeysArranged,
    ];
}

/// What may be wrong with a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Whoever waits is answered although the commit failed.
    AcknowledgeBeforeCommit,
    /// Positions come from a counter that no rollback takes back, as a database's sequence.
    OwnCounter,
    /// Repeated requests are not looked for in the database.
    RepetitionsForgotten,
    /// A checkpoint is signed before the entries are committed.
    SignBeforeCommit,
    /// The hashes of the tree are not kept.
    NodesNotStored,
    /// The head moves, and what is kept of the tree with it stays.
    TreeNotAdvanced,
    /// A commit that was not answered is taken for a success.
    LostCommitIsSuccess,
    /// A commit that was not answered is tried again.
    LostCommitIsTriedAgain,
    /// The checkpoint outside the database is not looked at.
    HighWaterIgnored,
    /// What was to be carried out all or none is carried out in part.
    GroupHalfStored,
}

impl Fault {
    pub const ALL: [Self; 10] = [
        Self::AcknowledgeBeforeCommit,
        Self::OwnCounter,
        Self::RepetitionsForgotten,
        Self::SignBeforeCommit,
        Self::NodesNotStored,
        Self::TreeNotAdvanced,
        Self::LostCommitIsSuccess,
        Self::LostCommitIsTriedAgain,
        Self::HighWaterIgnored,
        Self::GroupHalfStored,
    ];
}

/// How a commit goes unanswered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It never reached the database.
    Request,
    /// It was carried out.
    Answer,
}

/// What is done to one process.
#[derive(Debug, Default)]
pub struct Trial {
    planted: Option<Fault>,
    dies: Mutex<Option<(Moment, u32)>>,
    dead: AtomicBool,
    lost: Mutex<Option<Lost>>,
    counter: AtomicI64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Trial {
    pub fn with(planted: Option<Fault>) -> Arc<Self> {
        Arc::new(Self {
            planted,
            ..Self::default()
        })
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.planted == Some(fault)
    }

    /// It dies when it comes to a moment for that time.
    pub fn dies_at(&self, moment: Moment, time: u32) {
        *lock(&self.dies) = Some((moment, time));
    }

    /// The next commit goes unanswered.
    pub fn loses(&self, lost: Lost) {
        *lock(&self.lost) = Some(lost);
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Goes on, or dies; whatever is dead does nothing more.
    pub fn reach(&self, moment: Moment) {
        let mut dies = lock(&self.dies);
        if let Some((at, time)) = &mut *dies
            && *at == moment
        {
            *time -= 1;
            if *time == 0 {
                self.dead.store(true, Ordering::SeqCst);
                *dies = None;
            }
        }
        drop(dies);
        if self.is_dead() {
            // A panic would tell of itself.
            std::panic::resume_unwind(Box::new("it died"));
        }
    }

    /// Whether the commit at hand goes unanswered in this way.
    pub fn is_lost(&self, lost: Lost) -> bool {
        lock(&self.lost).take_if(|next| *next == lost).is_some()
    }

    /// With the counter planted, the position from which to go on.
    pub fn position(&self, found: i64) -> i64 {
        if self.has(Fault::OwnCounter) {
            self.counter.fetch_max(found, Ordering::SeqCst).max(found)
        } else {
            found
        }
    }

    pub fn counted(&self, position: i64) {
        self.counter.fetch_max(position, Ordering::SeqCst);
    }
}

/// The error of a commit that was not answered.
pub fn unsettled() -> crate::domain::Error {
    let cause = sea_orm::DbErr::Custom("the connection was lost".to_owned());
    banggiao_store::Error::Unsettled(cause).into()
}
