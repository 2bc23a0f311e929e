//! The journal as its calls see it: the way to the sequencer, the registry as it is known here, and reading.

use std::sync::Arc;

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::{Directory, Follower};
use banggiao_model::{
    date::Date,
    permission::{Action, Classification, Scope},
};
use banggiao_rpc::{feed, identity::Caller};
use banggiao_runtime::Seams;
use banggiao_store::{Store, head};
use tokio::sync::watch;

use crate::{
    config::Config,
    domain::{
        Error,
        command::{Authority, Command, Repetition, Step},
        event,
    },
    sequencer::{Answer, Sequencer},
    store::{self, revision},
};

/// A clock that is further than this behind the log's last entry is not to be trusted.
const CLOCK_BEHIND_MAX_MICROS: i64 = 5 * 60 * 1_000_000;

/// The journal.
#[derive(Debug)]
pub struct Journal {
    store: Store,
    follower: Follower,
    sequencer: Sequencer,
    head: watch::Sender<feed::Head>,
    seams: Seams,
    allow_self_approval: bool,
}

impl Journal {
    /// Reads the head and starts the sequencer.
    pub async fn open(store: Store, follower: Follower, config: &Config, seams: Seams) -> anyhow::Result<Arc<Self>> {
        let newest = head::read(store.reader()).await?;
        let now = seams.clock.now().as_microsecond();
        anyhow::ensure!(
            now + CLOCK_BEHIND_MAX_MICROS > newest.recorded_at,
            "the clock is more than five minutes behind the last entry of the log; set it right first"
        );
        let head = watch::Sender::new(feed::Head {
            epoch: newest.epoch,
            position: newest.position,
        });
        let sequencer = Sequencer::start(store.clone(), seams.clone(), head.clone());
        let allow_self_approval = config.review.allow_self_approval;
        Ok(Arc::new(Self {
            store,
            follower,
            sequencer,
            head,
            seams,
            allow_self_approval,
        }))
    }

    /// The database, for reading.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The registry as it is known here.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// The newest position, and every one to come.
    pub fn watch_head(&self) -> watch::Receiver<feed::Head> {
        self.head.subscribe()
    }

    /// The day it is.
    pub fn today(&self) -> Date {
        self.seams.clock.today()
    }

    /// An id for a new event.
    pub fn new_id(&self) -> String {
        format!("e{}", self.seams.uuid().simple())
    }

    /// What the caller may reach by an action on the newest hierarchy known here.
    pub fn scope(&self, caller: &Caller, action: Action, directory: &Directory) -> Scope {
        directory.scope(&caller.principal, action, self.today())
    }

    /// On what a caller's command is decided.
    pub fn authority(&self, caller: &Caller, action: Action, directory: Arc<Directory>) -> Authority {
        let scope = self.scope(caller, action, &directory);
        let agreements = self.scope(caller, Action::ReadAgreement, &directory);
        Authority {
            directory,
            scope,
            agreements,
        }
    }

    /// Hands a command to the sequencer.
    pub async fn carry_out(
        &self,
        caller: &Caller,
        authority: Authority,
        repetition: Option<Repetition>,
        step: Step,
        validate_only: bool,
    ) -> Result<Answer, Error> {
        let command = Command {
            principal: Arc::clone(&caller.principal),
            authority,
            repetition,
            step,
            allow_self_approval: self.allow_self_approval,
            validate_only,
        };
        self.sequencer.submit(command).await
    }

    /// The newest revision of an event, or another, if the caller may read it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for those who may read everything, [`Error::Denied`] for all others, whether it is hidden or
    /// absent.
    pub async fn read(&self, caller: &Caller, id: &str, number: i32) -> Result<pb::EventRevision, Error> {
        let db = self.store.reader();
        let rows = store::event::with_ids(db, &[id.to_owned()]).await?;
        let model = match (rows.first(), number) {
            (None, _) => None,
            (Some(row), 0) => revision::at(db, &[row.log_index]).await?.remove(&row.log_index),
            (Some(_), number) => {
                let found = revision::of_event(db, id, number - 1, 1).await?.pop();
                found.filter(|model| model.number == number)
            }
        };
        let Some(model) = model else {
            let scope = self.scope(caller, Action::ReadEvent, &self.follower.now());
            return Err(if scope.is_everything() {
                Error::NotFound(format!("events/{id}"))
            } else {
                Error::Denied
            });
        };
        let directory = self.seen(&[&model]).await?;
        let revision = model.decode()?;
        let scope = self.scope(caller, Action::ReadEvent, &directory);
        match &revision.event {
            Some(event) if may_read(&scope, event, &directory) => Ok(revision),
            _ => Err(Error::Denied),
        }
    }

    /// The registry at a position at which all these revisions were authorised or later: content written after a move is
    /// never shown on the hierarchy of before it.
    pub async fn seen(&self, models: &[&revision::Model]) -> Result<Arc<Directory>, Error> {
        let newest = models.iter().map(|model| model.registry_position).max().unwrap_or(0);
        Ok(self.follower.at_least(newest).await?)
    }
}

/// Whether an event may be read.
pub fn may_read(scope: &Scope, event: &pb::Event, directory: &Directory) -> bool {
    let classification: Classification = event::classification(event);
    scope.allows(&event::homes(event, directory), classification)
}
