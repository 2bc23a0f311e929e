//! The journal as its calls see it: the way to the sequencer, the registry as it is known here, and reading.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::{Directory, Follower, Stale};
use banggiao_model::{
    date::Date,
    name,
    permission::{Action, Classification, Scope},
};
use banggiao_rpc::{audit, feed, identity::Caller};
use banggiao_runtime::Seams;
use banggiao_store::{Store, head};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    attachments::{self, Attachments},
    config::Config,
    domain::{
        Error,
        command::{Authority, Command, Repetition, Step},
        event::{self, Neighbours},
        event_type::{self, Catalogue},
    },
    ledger::Ledger,
    sequencer::Sequencer,
    store::{self, revision},
};

/// A clock that is further than this behind the log's last entry is not to be trusted.
const CLOCK_BEHIND_MAX_MICROS: i64 = 5 * 60 * 1_000_000;

/// Event types that another replica wrote are looked for when those known here are so old.
const TYPES_AGE_MAX: Duration = Duration::from_millis(900);

/// The journal.
#[derive(Debug)]
pub struct Journal {
    store: Store,
    follower: Follower,
    sequencer: Sequencer,
    head: watch::Sender<feed::Head>,
    types: watch::Sender<Arc<Catalogue>>,
    /// The neighbours of the newest state of the registry that was asked about.
    neighbours: Mutex<Option<KnownNeighbours>>,
    attachments: Attachments,
    ledger: Arc<Ledger>,
    seams: Seams,
    allow_self_approval: bool,
    /// Content is shown on whatever hierarchy is known, however old: the fault that the tests must be able to find.
    #[cfg(test)]
    trusting: std::sync::atomic::AtomicBool,
}

/// Neighbours, with the registry position and the day to which they belong.
type KnownNeighbours = (i64, Date, Arc<Neighbours>);

impl Journal {
    /// Reads the head and starts the sequencer.
    pub async fn open(
        store: Store,
        follower: Follower,
        config: &Config,
        seams: Seams,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let types = watch::Sender::new(open_catalogue(&store).await?);
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
        let attachments = Attachments::open(&config.attachments)?;
        let ledger = Ledger::open(store.clone(), &config.ledger, seams.clone()).await?;
        ledger.keep(shutdown.clone());
        let sequencer = Sequencer::start(store.clone(), seams.clone(), head.clone(), Arc::clone(&ledger))?;
        let allow_self_approval = config.review.allow_self_approval;
        let journal = Arc::new(Self {
            store,
            follower,
            sequencer,
            head,
            types,
            neighbours: Mutex::new(None),
            attachments,
            ledger,
            seams,
            allow_self_approval,
            #[cfg(test)]
            trusting: std::sync::atomic::AtomicBool::new(false),
        });
        attachments::keep_swept(&journal, shutdown.clone());
        journal.hear_of_other_replicas(shutdown);
        Ok(journal)
    }

    /// Another replica on the same database may have moved the head, or written event types, which move nothing: these
    /// are known here within a second.
    fn hear_of_other_replicas(self: &Arc<Self>, shutdown: CancellationToken) {
        let (journal, mut refreshed) = (Arc::clone(self), Instant::now());
        self.store.follow_head(shutdown, move |newest| {
            journal.moved(feed::Head {
                epoch: newest.epoch,
                position: newest.position,
            });
            // The head moves with every commit; types are written seldom.
            if refreshed.elapsed() < TYPES_AGE_MAX {
                return;
            }
            refreshed = Instant::now();
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                if let Err(error) = journal.refresh_types().await {
                    tracing::debug!(%error, "the event types cannot be read for the moment");
                }
            });
        });
    }

    /// The event types as they are known here.
    pub fn types(&self) -> Arc<Catalogue> {
        Arc::clone(&self.types.borrow())
    }

    /// The event types as they are stored this moment.
    pub async fn refresh_types(&self) -> Result<Arc<Catalogue>, Error> {
        let catalogue = read_catalogue(&self.store).await?;
        self.types.send_replace(Arc::clone(&catalogue));
        Ok(catalogue)
    }

    fn neighbours(&self, directory: &Directory) -> Arc<Neighbours> {
        let (position, today) = (directory.position(), self.today());
        let mut known = self.neighbours.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((at, day, neighbours)) if (*at, *day) == (position, today) => Arc::clone(neighbours),
            _ => {
                let neighbours = Arc::new(Neighbours::of(directory, today));
                *known = Some((position, today, Arc::clone(&neighbours)));
                neighbours
            }
        }
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

    /// The head is there now; readers of the feed hear of it.
    pub fn moved(&self, head: feed::Head) {
        self.head.send_if_modified(|known| known.advance(head));
    }

    /// The day it is.
    pub fn today(&self) -> Date {
        self.seams.clock.today()
    }

    /// The time it is.
    pub fn now(&self) -> prost_types::Timestamp {
        let now = self.seams.clock.now();
        prost_types::Timestamp {
            seconds: now.as_second(),
            nanos: now.subsec_nanosecond(),
        }
    }

    /// An id for a new event.
    pub fn new_id(&self) -> String {
        format!("e{}", self.seams.uuid().simple())
    }

    /// What the caller may reach by an action on the newest hierarchy known here. While the registry is not heard of,
    /// what is classified is not read: the caller may have lost the right.
    pub fn scope(&self, caller: &Caller, action: Action, directory: &Directory) -> Scope {
        let scope = self.known_scope(caller, action, directory);
        match action {
            Action::ReadEvent | Action::ReadAgreement if !self.follower.is_fresh() => {
                scope.up_to(Classification::Unclassified)
            }
            _ => scope,
        }
    }

    /// The parts that could not be asked, so that lists are shorter than they might be.
    pub fn unreachable(&self) -> Vec<String> {
        let away = !self.follower.is_fresh();
        away.then(|| "registry".to_owned()).into_iter().collect()
    }

    /// As [`Self::scope`], however old what is known here may be.
    fn known_scope(&self, caller: &Caller, action: Action, directory: &Directory) -> Scope {
        directory.scope(&caller.principal, action, self.today())
    }

    /// On what a caller's command is decided.
    pub fn authority(&self, caller: &Caller, action: Action, directory: Arc<Directory>) -> Authority {
        audit::decided(action, directory.position());
        let scope = self.scope(caller, action, &directory);
        let agreements = self.scope(caller, Action::ReadAgreement, &directory);
        let stands_in = directory
            .grants_of(&caller.principal)
            .iter()
            .any(|grant| grant.substitute_for.is_some());
        let approver = (action == Action::ApproveEvent && stands_in)
            .then(|| Arc::new(directory.approver_scopes(&caller.principal, self.today())));
        Authority {
            approver,
            neighbours: self.neighbours(&directory),
            types: self.types(),
            today: self.today(),
            directory,
            scope,
            agreements,
            attachments: Arc::default(),
        }
    }

    /// A command of the caller's, on its way to the sequencer.
    pub fn command(
        &self,
        caller: &Caller,
        authority: Authority,
        repetition: Option<Repetition>,
        step: Step,
        validate_only: bool,
    ) -> Command {
        Command {
            principal: Arc::clone(&caller.principal),
            authority,
            repetition,
            step,
            allow_self_approval: self.allow_self_approval,
            validate_only,
        }
    }

    /// Where attachments are kept.
    pub fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// The log as a ledger.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Time and randomness.
    pub fn seams(&self) -> &Seams {
        &self.seams
    }

    /// The way to the sequencer.
    pub fn sequencer(&self) -> &Sequencer {
        &self.sequencer
    }

    /// The newest revision of an event, or another, if the caller may read it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for those who may read everything, [`Error::Denied`] for all others, whether it is hidden or
    /// absent.
    pub async fn read(&self, caller: &Caller, id: &str, number: i32) -> Result<pb::EventRevision, Error> {
        Ok(self.revision(caller, id, number).await?.1)
    }

    /// As [`Self::read`], with what is stored of it.
    ///
    /// # Errors
    /// As there.
    pub async fn revision(
        &self,
        caller: &Caller,
        id: &str,
        number: i32,
    ) -> Result<(revision::Model, pb::EventRevision), Error> {
        let db = self.store.reader();
        let rows = store::event::with_ids(db, &[id.to_owned()]).await?;
        let newest = match rows.first() {
            None => None,
            Some(row) => revision::at(db, &[row.log_index]).await?.remove(&row.log_index),
        };
        // Whoever may no longer read the event reads nothing of what it was.
        let Some(newest) = newest else {
            self.look_at_another(caller).await?;
            return Err(self.absent(caller, id));
        };
        if newest.event_id != id {
            let what = format!("entry {} is not of the event {id}", newest.log_index);
            return Err(banggiao_store::Error::Damaged(what).into());
        }
        let shown = self.shown(caller, &newest).await?.ok_or(Error::Denied)?;
        if number == 0 || number == newest.number {
            return Ok((newest, shown));
        }
        let found = revision::of_event(db, id, number - 1, 1).await?.pop();
        let found = found.filter(|model| model.number == number);
        let found = found.ok_or_else(|| self.absent(caller, id))?;
        let shown = self.shown(caller, &found).await?.ok_or(Error::Denied)?;
        Ok((found, shown))
    }

    /// Does for nothing what is done for an event that is there, so that the time tells nobody whether it is.
    async fn look_at_another(&self, caller: &Caller) -> Result<(), Error> {
        let db = self.store.reader();
        let position = self.head.borrow().position;
        if let Some(some) = revision::at(db, &[position]).await?.remove(&position) {
            // It may be one that cannot be decided on at the moment.
            drop(self.shown(caller, &some).await);
        }
        Ok(())
    }

    /// How an event, or a revision of it, that is not there is answered for.
    fn absent(&self, caller: &Caller, id: &str) -> Error {
        let scope = self.known_scope(caller, Action::ReadEvent, &self.follower.now());
        if scope.is_everything() {
            Error::NotFound(format!("events/{id}"))
        } else {
            Error::Denied
        }
    }

    /// A revision, if the caller may read it.
    async fn shown(&self, caller: &Caller, model: &revision::Model) -> Result<Option<pb::EventRevision>, Error> {
        let directory = self.seen(&[model]).await?;
        let revision = model.decode()?;
        let scope = self.scope(caller, Action::ReadEvent, &directory);
        let Some(event) = &revision.event else { return Ok(None) };
        if may_read(&scope, event, &directory) {
            return Ok(Some(revision));
        }
        let known = self.known_scope(caller, Action::ReadEvent, &directory);
        if may_read(&known, event, &directory) {
            // It is not hidden; it only cannot be decided at the moment.
            return Err(Stale.into());
        }
        Ok(None)
    }

    /// A revision's event, if the caller may read it.
    pub async fn shown_event(&self, caller: &Caller, model: &revision::Model) -> Result<Option<pb::Event>, Error> {
        Ok(self.shown(caller, model).await?.and_then(|revision| revision.event))
    }

    /// What an event was when an entry was appended to the log, if it was there.
    pub async fn before(&self, caller: &Caller, id: &str, log_index: i64) -> Result<Option<pb::Event>, Error> {
        let found = revision::newest_before(self.store.reader(), id, log_index).await?;
        match found {
            None => Ok(None),
            Some(model) => self.shown_event(caller, &model).await,
        }
    }

    /// How a caller sees events; made once for all events of an answer, after these were read, so that it knows what they
    /// name.
    pub fn reader<'a>(&'a self, caller: &'a Caller) -> Reader<'a> {
        Reader {
            journal: self,
            caller,
            directory: self.follower.now(),
            agreements: OnceLock::new(),
        }
    }

    /// The registry at a position at which all these revisions were authorised or later: content written after a move is
    /// never shown on the hierarchy of before it.
    pub async fn seen(&self, models: &[&revision::Model]) -> Result<Arc<Directory>, Error> {
        #[cfg(test)]
        if self.trusting.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(self.follower.now());
        }
        let newest = models.iter().map(|model| model.registry_position).max().unwrap_or(0);
        Ok(self.follower.at_least(newest).await?)
    }
}

/// Somebody who reads events, on one state of the registry.
#[derive(Debug)]
pub struct Reader<'a> {
    journal: &'a Journal,
    caller: &'a Caller,
    directory: Arc<Directory>,
    /// It takes a look at every unit, and few events name an agreement: found out when the first one does.
    agreements: OnceLock<Scope>,
}

impl Reader<'_> {
    /// The event without what the caller may not see of it: the names of events that it may not know of, and an agreement
    /// that it may not read.
    pub async fn shown(&self, mut event: pb::Event) -> pb::Event {
        self.withhold_agreement(&mut event);
        let mut readable = Vec::with_capacity(event.distinct_from.len());
        for name in std::mem::take(&mut event.distinct_from) {
            let id = name.trim_start_matches("events/");
            if self.journal.read(self.caller, id, 0).await.is_ok() {
                readable.push(name);
            }
        }
        event.distinct_from = readable;
        event
    }

    fn withhold_agreement(&self, event: &mut pb::Event) {
        let Some(id) = name::collection_id(&event.agreement, "agreements") else {
            return;
        };
        let scope = || self.journal.scope(self.caller, Action::ReadAgreement, &self.directory);
        if !may_read_agreement(self.agreements.get_or_init(scope), id, &self.directory) {
            event.agreement.clear();
            event.withheld_fields.push("agreement".to_owned());
        }
    }
}

/// The types that are stored, after those shipped ones that are not there yet were added.
async fn open_catalogue(store: &Store) -> anyhow::Result<Arc<Catalogue>> {
    let shipped = event_type::shipped()?;
    let stored = read_catalogue(store).await?;
    if shipped.iter().all(|shipped| stored.has(&shipped.name)) {
        return Ok(stored);
    }
    let shipped = Arc::new(shipped);
    store
        .tx("eventType.addShipped", move |tx| {
            let shipped = Arc::clone(&shipped);
            async move { store::event_type::add_shipped(&tx, shipped.to_vec()).await }
        })
        .await?;
    Ok(read_catalogue(store).await?)
}

async fn read_catalogue(store: &Store) -> Result<Arc<Catalogue>, Error> {
    let revisions = store::event_type::all(store.reader()).await?;
    Catalogue::of(revisions).map(Arc::new).map_err(Error::Broken)
}

/// Whether an agreement may be read; one that does not exist may not.
pub fn may_read_agreement(scope: &Scope, id: &str, directory: &Directory) -> bool {
    let agreement = directory.agreements().get(id);
    agreement.is_some_and(|agreement| scope.allows(&agreement.home_units, Classification::Unclassified))
}

/// Whether an event may be read.
pub fn may_read(scope: &Scope, event: &pb::Event, directory: &Directory) -> bool {
    let classification: Classification = event::classification(event);
    scope.allows(&event::homes(event, directory), classification)
}

#[cfg(test)]
mod tests;
