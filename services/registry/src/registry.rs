//! The registry's one way in: with the head of the log locked, a draft is checked against the directory as it stands at
//! that head, appended, and published. It knows the domain and the store, and nothing of the wire's calls.

mod index;
mod rows;
mod session;

pub use rows::DryRun;

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use banggiao_contracts::registry::v1::{self as pb, change::Resource};
use banggiao_directory::{Directory, changes};
use banggiao_model::{date::Date, permission::Action};
use banggiao_rpc::{
    audit, feed,
    identity::{Admission, Caller},
    request::RequestId,
    token::{self, Issued},
};
use banggiao_runtime::Seams;
use banggiao_store::{Store, Tx, head};
use tokio::sync::{Mutex, watch};

use crate::{
    config::{Bootstrap, Config},
    domain::{Error, import},
    search,
    store::{migration::Migrator, request},
};
use session::Session;

/// The registry.
#[derive(Debug)]
pub struct Registry {
    store: Store,
    seams: Seams,
    current: watch::Sender<Arc<Directory>>,
    /// The texts of the directory, for searching.
    texts: RwLock<Arc<search::Index>>,
    head: watch::Sender<feed::Head>,
    /// What was last folded for a request that came again; it will come again soon, or not at all.
    looked_back: Mutex<Arc<Directory>>,
    /// Writers take turns, so that what is published is in the order of what was committed.
    turn: Mutex<()>,
    installation: String,
    four_eyes: bool,
    /// Where the installation's issuer notes the tokens that it makes.
    issued_file: Option<PathBuf>,
}

/// What a write did.
#[derive(Debug)]
pub struct Written {
    /// The directory right before it, if it was made now.
    before: Option<Arc<Directory>>,
    /// The directory right after it: of a request that comes again, as it was then, so that the answer is the same.
    pub after: Arc<Directory>,
    /// The changes that it made, now or when the same request came first.
    pub changes: Vec<pb::Change>,
}

/// Who writes what, apart from the draft.
#[derive(Debug, Clone)]
pub struct Write {
    /// Name of the transaction, as `unit.create`.
    pub name: &'static str,
    /// Who asks.
    pub caller: Caller,
    /// What the caller's grants must cover.
    pub action: Action,
    /// The request's id, if it has one.
    pub request: Option<RequestId>,
    /// Check only.
    pub validate_only: bool,
}

type Plan = dyn Fn(&Directory) -> Result<Vec<Resource>, Error> + Send + Sync;

impl Registry {
    /// Opens the database and folds the directory.
    pub async fn open(config: &Config, seams: Seams) -> anyhow::Result<Arc<Self>> {
        let store = Store::open::<Migrator>(&config.database.url).await?;
        let mut directory = Directory::default();
        changes::fold_stored(store.reader(), &mut directory).await?;
        let newest = head::read(store.reader()).await?;
        let head = feed::Head {
            epoch: newest.epoch,
            position: newest.position,
        };
        let texts = search::Index::default().with(&index::changed(&Directory::default(), &directory));
        Ok(Arc::new(Self {
            store,
            seams,
            current: watch::Sender::new(Arc::new(directory)),
            texts: RwLock::new(Arc::new(texts)),
            head: watch::Sender::new(head),
            looked_back: Mutex::default(),
            turn: Mutex::default(),
            installation: config.identity.installation.clone(),
            four_eyes: config.four_eyes,
            issued_file: config.issued_tokens_file.clone(),
        }))
    }

    /// Puts the principals that an installation ships with into an empty registry.
    pub async fn bootstrap(self: &Arc<Self>, principals: &[Bootstrap]) -> anyhow::Result<()> {
        if self.now().position() > 0 {
            return Ok(());
        }
        for shipped in principals {
            let role = pb::Role::from_str_name(&format!("ROLE_{}", shipped.role))
                .ok_or_else(|| anyhow::anyhow!("{:?} is no role", shipped.role))?;
            let shipped = shipped.clone();
            let plan = move |directory: &Directory| {
                import::bootstrap(directory, &shipped.principal, &shipped.display_name, role).map(Vec::from)
            };
            self.commit("principal.bootstrap", "principals/registry", None, Arc::new(plan))
                .await?;
        }
        Ok(())
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The directory as it stands.
    pub fn now(&self) -> Arc<Directory> {
        Arc::clone(&self.current.borrow())
    }

    /// The newest position, and every one to come.
    pub fn watch_head(&self) -> watch::Receiver<feed::Head> {
        self.head.subscribe()
    }

    /// The day it is.
    pub fn today(&self) -> Date {
        self.seams.clock.today()
    }

    /// An id for a resource whose id the server makes.
    pub fn new_id(&self, prefix: char) -> String {
        format!("{prefix}{}", self.seams.uuid().simple())
    }

    /// Name of the installation.
    pub fn installation(&self) -> &str {
        &self.installation
    }

    /// Whether it takes two administrators to make another.
    pub fn four_eyes(&self) -> bool {
        self.four_eyes
    }

    /// The tokens that the installation issued and that have not expired, as far as it is known here.
    ///
    /// # Errors
    /// If there is a list of them and it cannot be read.
    pub fn issued_tokens(&self) -> Result<Vec<Issued>, Error> {
        let Some(file) = &self.issued_file else {
            return Ok(Vec::new());
        };
        let now = self.seams.clock.now().as_second();
        let issued = token::issued(file).map_err(|error| Error::Broken(error.to_string()))?;
        Ok(issued.into_iter().filter(|issued| issued.expire_time > now).collect())
    }

    /// The stored changes after a position.
    pub async fn changes_after(&self, position: i64, limit: u64) -> Result<Vec<pb::Change>, Error> {
        Ok(changes::read_after(self.store.reader(), position, limit).await?)
    }

    /// What a search finds, best first.
    pub fn search(&self, query: &search::Query) -> Vec<search::Hit> {
        let texts = Arc::clone(&self.texts.read().unwrap_or_else(PoisonError::into_inner));
        texts.find(query)
    }

    /// Records what the plan drafts, or answers again what the same request was answered before.
    ///
    /// # Errors
    /// [`Error::Denied`] if the caller's grants do not cover the action, the plan's own refusal, and whatever the
    /// history of the units refuses.
    pub async fn write(
        self: &Arc<Self>,
        write: Write,
        plan: impl Fn(&Directory) -> Result<Vec<Resource>, Error> + Send + Sync + 'static,
    ) -> Result<Written, Error> {
        self.authorize(&write.caller, write.action)?;
        let author = write.caller.name();
        if write.validate_only {
            audit::tries();
            let before = self.now();
            let mut session = Session::open(&self.seams, &author, (*before).clone(), before.epoch());
            for resource in plan(&before)? {
                session.record(resource)?;
            }
            return Ok(Written {
                before: Some(before),
                after: Arc::new(session.directory),
                changes: session.changes,
            });
        }
        let request = write
            .request
            .map(|request| (write.caller.principal.to_string(), request));
        let mut written = self.commit(write.name, &author, request, Arc::new(plan)).await?;
        if let Some(resource) = written.changes.first().and_then(|change| change.resource.as_ref()) {
            audit::about(import::resource_name(resource));
        }
        let last = written.changes.last().map_or(0, |change| change.position);
        if written.before.is_none() && last < written.after.position() {
            written.after = self.as_of(last).await?;
        }
        Ok(written)
    }

    /// The registry right before a write.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn before(&self, written: &Written) -> Result<Arc<Directory>, Error> {
        match (&written.before, written.changes.first()) {
            (Some(before), _) => Ok(Arc::clone(before)),
            (None, Some(first)) => self.as_of(first.position - 1).await,
            (None, None) => Err(Error::Broken("an answered request made no change".to_owned())),
        }
    }

    /// The registry as it was at a position, folded from the log: for the answer of a request that comes again, which is
    /// rare, and keeps no writer waiting. One is folded at a time, however many come again.
    async fn as_of(&self, position: i64) -> Result<Arc<Directory>, Error> {
        let mut last = self.looked_back.lock().await;
        if last.position() != position {
            *last = Arc::new(changes::fold_until(self.store.reader(), position).await?);
        }
        Ok(Arc::clone(&last))
    }

    /// Whether the caller may do this to the registry as a whole.
    pub fn authorize(&self, caller: &Caller, action: Action) -> Result<(), Error> {
        let directory = self.now();
        audit::decided(action, directory.position());
        let scope = directory.scope(&caller.principal, action, self.today());
        if scope.allows(&[], banggiao_model::permission::Classification::Unclassified) {
            Ok(())
        } else {
            Err(Error::Denied)
        }
    }

    async fn commit(
        self: &Arc<Self>,
        name: &'static str,
        author: &str,
        request: Option<(String, RequestId)>,
        plan: Arc<Plan>,
    ) -> Result<Written, Error> {
        let author = author.to_owned();
        self.in_turn(move |registry| async move {
            let work = {
                let registry = Arc::clone(&registry);
                move |tx: Tx| {
                    let (registry, author) = (Arc::clone(&registry), author.clone());
                    let (request, plan) = (request.clone(), Arc::clone(&plan));
                    async move {
                        let (mut head, before) = registry.at_head(&tx).await?;
                        if let Some(changes) = answered(&tx, request.as_ref()).await? {
                            let written = Written {
                                before: None,
                                after: Arc::clone(&before),
                                changes,
                            };
                            return Ok::<_, Error>((written, before));
                        }
                        let mut session = Session::open(&registry.seams, &author, (*before).clone(), head.epoch);
                        for resource in plan(&before)? {
                            session.record(resource)?;
                        }
                        session.store(&tx, &mut head).await?;
                        remember(&tx, request, &session.changes).await?;
                        let after = Arc::new(session.directory);
                        let written = Written {
                            before: Some(before),
                            after: Arc::clone(&after),
                            changes: session.changes,
                        };
                        Ok((written, after))
                    }
                }
            };
            let (written, newest) = registry.store.tx(name, work).await?;
            registry.publish(&newest);
            Ok(written)
        })
        .await
    }

    /// Runs a write when it is its turn, in a task that no client can cancel: what was committed is always published.
    async fn in_turn<T, F>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> F + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send,
    {
        let registry = Arc::clone(self);
        let task = tokio::spawn(async move {
            let _turn = registry.turn.lock().await;
            work(Arc::clone(&registry)).await
        });
        task.await
            .unwrap_or_else(|_| Err(Error::Broken("a write ended without an answer".to_owned())))
    }

    /// Locks the head, and gives the directory as it stands there: another process may have written since.
    async fn at_head(&self, tx: &Tx) -> Result<(head::Model, Arc<Directory>), Error> {
        let head = head::lock(tx).await?;
        let mut directory = self.now();
        if directory.position() < head.position {
            changes::fold_stored(tx, Arc::make_mut(&mut directory)).await?;
        }
        Ok((head, directory))
    }

    /// Lets readers see what was committed, when it is the writer's turn.
    fn publish(&self, after: &Arc<Directory>) {
        let before = self.now();
        if before.position() == after.position() {
            // Everything was repeated.
            return;
        }
        let documents = index::changed(&before, after);
        if !documents.is_empty() {
            let texts = Arc::clone(&self.texts.read().unwrap_or_else(PoisonError::into_inner));
            let texts = Arc::new(texts.with(&documents));
            *self.texts.write().unwrap_or_else(PoisonError::into_inner) = texts;
        }
        self.current.send_replace(Arc::clone(after));
        let head = feed::Head {
            epoch: after.epoch(),
            position: after.position(),
        };
        self.head.send_replace(head);
    }
}

impl Admission for Registry {
    fn admits(&self, caller: &Caller) -> bool {
        self.now().admits(&caller.principal, &caller.token)
    }
}

async fn answered(tx: &Tx, request: Option<&(String, RequestId)>) -> Result<Option<Vec<pb::Change>>, Error> {
    let Some((principal, request)) = request else {
        return Ok(None);
    };
    let Some(before) = request::find(tx, principal, request.id).await? else {
        return Ok(None);
    };
    if before.digest != request.digest {
        return Err(Error::RequestIdReused);
    }
    let count = u64::try_from(before.last_position - before.first_position + 1).unwrap_or(0);
    Ok(Some(changes::read_after(tx, before.first_position - 1, count).await?))
}

async fn remember(tx: &Tx, request: Option<(String, RequestId)>, changes: &[pb::Change]) -> Result<(), Error> {
    let (Some((principal, request)), [first, ..], [.., last]) = (request, changes, changes) else {
        return Ok(());
    };
    let row = request::Model {
        principal,
        id: request.id,
        digest: request.digest.to_vec(),
        first_position: first.position,
        last_position: last.position,
    };
    Ok(request::insert(tx, row).await?)
}
