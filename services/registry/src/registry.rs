//! The registry's one way in: with the head of the log locked, a draft is checked against the directory as it stands at
//! that head, appended, and published. It knows the domain and the store, and nothing of the wire's calls.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use banggiao_contracts::{
    registry::v1::{self as pb, change::Resource, import_row::Row},
    r#type::v1::{RowOutcome, RowResult},
};
use banggiao_directory::{Directory, changes};
use banggiao_model::{date::Date, permission::Action};
use banggiao_rpc::{feed, identity::Caller, request::RequestId, rows};
use banggiao_runtime::Seams;
use banggiao_store::{Store, Tx, head, import_row};
use tokio::sync::{Mutex, watch};

use crate::{
    config::{Bootstrap, Config},
    domain::{Error, import},
    store::{migration::Migrator, request},
};

/// The registry.
#[derive(Debug)]
pub struct Registry {
    store: Store,
    seams: Seams,
    current: watch::Sender<Arc<Directory>>,
    head: watch::Sender<feed::Head>,
    /// Writers take turns, so that what is published is in the order of what was committed.
    turn: Mutex<()>,
    installation: String,
}

/// What a write did.
#[derive(Debug)]
pub struct Written {
    /// The directory after it.
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

/// Rows of an import, with the drafts of a dry run so far.
#[derive(Debug, Default, Clone)]
pub struct DryRun {
    directory: Option<Directory>,
    rows: BTreeMap<import::Recognition, String>,
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
        Ok(Arc::new(Self {
            store,
            seams,
            current: watch::Sender::new(Arc::new(directory)),
            head: watch::Sender::new(head),
            turn: Mutex::default(),
            installation: config.identity.installation.clone(),
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

    /// The stored changes after a position.
    pub async fn changes_after(&self, position: i64, limit: u64) -> Result<Vec<pb::Change>, Error> {
        Ok(changes::read_after(self.store.reader(), position, limit).await?)
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
            let before = self.now();
            let mut session = Session::open(&self.seams, &author, (*before).clone(), before.epoch());
            for resource in plan(&before)? {
                session.record(resource)?;
            }
            return Ok(Written {
                after: Arc::new(session.directory),
                changes: session.changes,
            });
        }
        let request = write
            .request
            .map(|request| (write.caller.principal.to_string(), request));
        self.commit(write.name, &author, request, Arc::new(plan)).await
    }

    /// Whether the caller may do this to the registry as a whole.
    pub fn authorize(&self, caller: &Caller, action: Action) -> Result<(), Error> {
        let scope = self.now().scope(&caller.principal, action, self.today());
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
                            return Ok::<_, Error>(Written { after: before, changes });
                        }
                        let mut session = Session::open(&registry.seams, &author, (*before).clone(), head.epoch);
                        for resource in plan(&before)? {
                            session.record(resource)?;
                        }
                        session.store(&tx, &mut head).await?;
                        remember(&tx, request, &session.changes).await?;
                        Ok(Written {
                            after: Arc::new(session.directory),
                            changes: session.changes,
                        })
                    }
                }
            };
            let written: Written = registry.store.tx(name, work).await?;
            registry.publish(&written.after);
            Ok(written)
        })
        .await
    }

    /// Takes rows of an import: each is accepted, repeated or rejected on its own.
    pub async fn import(
        self: &Arc<Self>,
        caller: &Caller,
        source: String,
        rows: Vec<pb::ImportRow>,
    ) -> Result<(Vec<RowResult>, i64), Error> {
        self.authorize(caller, Action::ManageRegistry)?;
        let (author, rows) = (caller.name(), Arc::new(rows));
        self.in_turn(move |registry| async move {
            let work = {
                let registry = Arc::clone(&registry);
                move |tx: Tx| {
                    let (registry, author) = (Arc::clone(&registry), author.clone());
                    let (source, rows) = (source.clone(), Arc::clone(&rows));
                    async move {
                        let (mut head, before) = registry.at_head(&tx).await?;
                        let mut session = Session::open(&registry.seams, &author, (*before).clone(), head.epoch);
                        let mut known = known_rows(&tx, &source, &rows).await?;
                        let mut results = Vec::with_capacity(rows.len());
                        for row in rows.iter() {
                            results.push(registry.import_row(&tx, &mut session, &source, &mut known, row).await?);
                        }
                        session.store(&tx, &mut head).await?;
                        Ok::<_, Error>((results, Arc::new(session.directory)))
                    }
                }
            };
            let (results, after) = registry.store.tx("registry.import", work).await?;
            registry.publish(&after);
            Ok((results, after.position()))
        })
        .await
    }

    async fn import_row(
        &self,
        tx: &Tx,
        session: &mut Session,
        source: &str,
        known: &mut KnownRows,
        row: &pb::ImportRow,
    ) -> Result<RowResult, Error> {
        let Some(content) = &row.row else {
            return import::rejected(row.line, empty_row());
        };
        let recognition = import::recognition(content);
        let key = key_of(source, &recognition);
        if let Some(before) = known.get(&key) {
            let stored = match session.changes.iter().find(|change| change.position == before.position) {
                Some(change) => change.clone(),
                None => changes::read(tx, before.position).await?,
            };
            let resource = stored.resource.as_ref();
            return Ok(if before.digest == recognition.digest {
                let name = resource.map(import::resource_name).unwrap_or_default();
                rows::stands(row.line, RowOutcome::Repeated, name)
            } else {
                import::differs(row.line, resource, content, source)
            });
        }
        let (position, name) = match self.record_row(session, content) {
            Ok(recorded) => recorded,
            Err(error) => return import::rejected(row.line, error),
        };
        let stored = import_row::Model {
            source: key.0.clone(),
            kind: key.1.clone(),
            key: key.2.clone(),
            digest: recognition.digest.to_vec(),
            position,
        };
        import_row::insert(tx, stored.clone()).await?;
        known.insert(key, stored);
        Ok(rows::stands(row.line, RowOutcome::Accepted, &name))
    }

    /// Drafts and folds in what a row records; gives its position and the resource's name.
    fn record_row(&self, session: &mut Session, row: &Row) -> Result<(i64, String), Error> {
        let resource = import::draft(&session.directory, row, &self.new_id('r'), &session.author)?;
        let name = import::resource_name(&resource).to_owned();
        Ok((session.record(resource)?, name))
    }

    /// Checks rows as [`Self::import`] would take them, storing nothing; rows see those of the stream before them.
    pub async fn check_rows(
        self: &Arc<Self>,
        caller: &Caller,
        source: &str,
        rows: &[pb::ImportRow],
        dry: &mut DryRun,
    ) -> Result<Vec<RowResult>, Error> {
        self.authorize(caller, Action::ManageRegistry)?;
        let directory = dry.directory.take().unwrap_or_else(|| (*self.now()).clone());
        let epoch = directory.epoch();
        let mut session = Session::open(&self.seams, &caller.name(), directory, epoch);
        let stored = {
            let (source, rows) = (source.to_owned(), Arc::new(rows.to_vec()));
            let find = move |tx: Tx| {
                let (source, rows) = (source.clone(), Arc::clone(&rows));
                async move { known_rows(&tx, &source, &rows).await }
            };
            self.store.tx("registry.recognize", find).await?
        };
        let mut results = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(content) = &row.row else {
                results.push(import::rejected(row.line, empty_row())?);
                continue;
            };
            let known = import::recognition(content);
            let before = stored.get(&key_of(source, &known));
            results.push(match (before, dry.rows.get(&known)) {
                (Some(before), _) if before.digest == known.digest => rows::stands(row.line, RowOutcome::Repeated, ""),
                (Some(before), _) => {
                    let stored = changes::read(self.store.reader(), before.position).await?;
                    import::differs(row.line, stored.resource.as_ref(), content, source)
                }
                (None, Some(name)) => rows::stands(row.line, RowOutcome::Repeated, name),
                (None, None) => match self.record_row(&mut session, content) {
                    Ok((_, name)) => {
                        let result = rows::stands(row.line, RowOutcome::Accepted, &name);
                        dry.rows.insert(known, name);
                        result
                    }
                    Err(error) => import::rejected(row.line, error)?,
                },
            });
        }
        dry.directory = Some(session.directory);
        Ok(results)
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

    fn publish(&self, after: &Arc<Directory>) {
        self.current.send_replace(Arc::clone(after));
        let head = feed::Head {
            epoch: after.epoch(),
            position: after.position(),
        };
        self.head.send_replace(head);
    }
}

/// Rows that were imported before, by source, kind and key.
type KnownRows = HashMap<import_row::Key, import_row::Model>;

fn key_of(source: &str, row: &import::Recognition) -> import_row::Key {
    (source.to_owned(), row.kind.to_owned(), row.key.clone())
}

async fn known_rows(tx: &Tx, source: &str, rows: &[pb::ImportRow]) -> Result<KnownRows, Error> {
    let contents = rows.iter().filter_map(|row| row.row.as_ref());
    let keys: Vec<_> = contents
        .map(|content| key_of(source, &import::recognition(content)))
        .collect();
    Ok(import_row::find(tx, &keys).await?)
}

fn empty_row() -> Error {
    let mut violations = banggiao_rpc::Violations::new();
    violations.root().required("row");
    Error::Invalid(violations)
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

/// Changes under way: each is folded in as soon as it is drafted, so that the next sees it.
struct Session {
    directory: Directory,
    position: i64,
    epoch: i64,
    author: String,
    time: prost_types::Timestamp,
    micros: i64,
    changes: Vec<pb::Change>,
}

impl Session {
    fn open(seams: &Seams, author: &str, directory: Directory, epoch: i64) -> Self {
        let now = seams.clock.now();
        let time = prost_types::Timestamp {
            seconds: now.as_second(),
            nanos: now.subsec_nanosecond(),
        };
        let position = directory.position();
        Self {
            directory,
            position,
            epoch,
            author: author.to_owned(),
            time,
            micros: now.as_microsecond(),
            changes: vec![],
        }
    }

    /// Gives the resource its place, folds it in, and says at which position.
    fn record(&mut self, mut resource: Resource) -> Result<i64, Error> {
        let position = self.position + 1;
        stamp(&mut resource, position, self.time);
        let change = pb::Change {
            position,
            epoch: self.epoch,
            record_time: Some(self.time),
            author: self.author.clone(),
            resource: Some(resource),
        };
        self.directory.apply(&change)?;
        self.position = position;
        self.changes.push(change);
        Ok(position)
    }

    async fn store(&self, tx: &Tx, head: &mut head::Model) -> Result<(), Error> {
        if self.changes.is_empty() {
            return Ok(());
        }
        changes::append(tx, &self.changes).await?;
        head.position = self.position;
        // Recorded times never run backwards, whatever the clock does.
        head.recorded_at = head.recorded_at.max(self.micros);
        Ok(head::advance(tx, head).await?)
    }
}

fn stamp(resource: &mut Resource, position: i64, time: prost_types::Timestamp) {
    let etag = position.to_string();
    match resource {
        Resource::Unit(unit) => {
            (unit.registry_position, unit.create_time, unit.etag) = (position, Some(time), etag);
        }
        Resource::Reorganization(acts) => (acts.registry_position, acts.create_time) = (position, Some(time)),
        Resource::Agreement(agreement) => {
            (agreement.registry_position, agreement.create_time, agreement.etag) = (position, Some(time), etag);
        }
        Resource::Programme(programme) => {
            (programme.registry_position, programme.create_time, programme.etag) = (position, Some(time), etag);
        }
        Resource::Marker(marker) => {
            (marker.registry_position, marker.create_time, marker.etag) = (position, Some(time), etag);
        }
        Resource::Principal(principal) => {
            (principal.registry_position, principal.create_time) = (position, Some(time));
        }
        Resource::Grant(grant) => (grant.registry_position, grant.create_time) = (position, Some(time)),
        Resource::RevokedGrant(_) => {}
    }
}
