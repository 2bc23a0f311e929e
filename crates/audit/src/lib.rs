//! The audit trail: each call is watched, and what it changed or was refused becomes an entry.
//!
//! Entries are written in the background, many at once, and what is still unwritten when a process is killed is lost; that
//! of a process that ends is not. Refusals, of which anybody can cause any number, are bounded, and counted in the log
//! beyond that. Bodies and tokens are never kept.

mod asked;
pub mod migration;
mod watch;

pub use watch::Watched;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use banggiao_contracts::r#type::v1::{AuditEntry, AuditFilter};
use banggiao_model::name;
use banggiao_rpc::{
    audit::{Note, Shared},
    page::Page,
    violation::Scope,
    wire,
};
use banggiao_store::{Error, Kind, Store, audit};
use hyper_util::service::TowerToHyperService;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, service::Routes};

use banggiao_runtime::{Seams, serve};

/// So many entries wait to be written at most.
const QUEUE: usize = 8192;
/// So many are written at once at most.
const BATCH: usize = 2000;
/// Entries gather for so long before they are written.
const GATHERED: Duration = Duration::from_millis(200);
/// So many refusals of one second are kept.
const REFUSALS: u32 = 200;
/// A change waits so long for its place in the queue.
const PATIENCE: Duration = Duration::from_secs(2);
/// The database is closed in this time at the end.
const CLOSE_MAX: Duration = Duration::from_secs(2);
/// After a failure they are tried again so much later.
const RETRY: Duration = Duration::from_secs(1);

/// The trail of one service.
#[derive(Debug, Clone)]
pub struct Trail(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    seams: Seams,
    queue: mpsc::Sender<audit::Model>,
    passed_over: AtomicU64,
    /// The present second since 1970, and how many refusals were entered in it.
    refused: Mutex<(i64, u32)>,
    closing: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Trail {
    /// Opens the trail in a service's database, whose migrations must have made the table.
    #[must_use]
    pub fn open(store: Store, seams: Seams) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let closing = CancellationToken::new();
        let writer = tokio::spawn(write(store.clone(), waiting, closing.clone()));
        Self(Arc::new(Inner {
            store,
            seams,
            queue,
            passed_over: AtomicU64::new(0),
            refused: Mutex::default(),
            closing,
            writer: Mutex::new(Some(writer)),
        }))
    }

    /// Ends the trail once everything is written. Nothing is entered after that.
    pub async fn close(&self) {
        self.0.closing.cancel();
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && writer.await.is_err()
        {
            tracing::error!("the writer of the audit trail panicked");
        }
    }

    /// Makes an entry of an ended call, if it belongs into the trail.
    fn enter(&self, path: &str, note: &Shared, code: Code, asked: &asked::Asked) {
        let note = note.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let changed = note.action.is_some_and(banggiao_model::permission::Action::is_change) && !note.tries;
        let refused = matches!(code, Code::Unauthenticated | Code::PermissionDenied);
        if !changed && !refused {
            return;
        }
        if refused && !self.has_room() {
            return self.pass_over(path);
        }
        let entry = self.entry(path, note, code, asked);
        match self.0.queue.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(entry)) if !refused => {
                let (trail, path) = (self.clone(), path.to_owned());
                tokio::spawn(async move {
                    if trail.0.queue.send_timeout(entry, PATIENCE).await.is_err() {
                        trail.pass_over(&path);
                    }
                });
            }
            Err(_) => self.pass_over(path),
        }
    }

    /// Anybody can cause any number of refusals; the trail keeps so many of a second.
    fn has_room(&self) -> bool {
        let now = self.0.seams.clock.now().as_second();
        let mut refused = self.0.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.0 != now {
            *refused = (now, 0);
        }
        refused.1 += 1;
        refused.1 <= REFUSALS
    }

    fn pass_over(&self, path: &str) {
        let passed_over = self.0.passed_over.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(passed_over, path, "more happens than the audit trail can keep");
    }

    fn entry(&self, path: &str, note: Note, code: Code, asked: &asked::Asked) -> audit::Model {
        let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let asked = || asked.resource_and_request(path);
        let (resource, request_id) = match (note.resource, note.request) {
            (Some(resource), request) => (resource, request.map(|id| id.to_string()).unwrap_or_default()),
            (None, request) => {
                let (resource, id) = asked();
                (resource, request.map_or(id, |id| id.to_string()))
            }
        };
        let caller = note.caller.as_ref();
        let text = |part: Option<&Arc<str>>| part.map(ToString::to_string).unwrap_or_default();
        audit::Model {
            id: format!("a{}", self.0.seams.uuid().simple()),
            time: self.0.seams.clock.now().as_microsecond(),
            principal: text(caller.map(|caller| &caller.principal)),
            token: text(caller.map(|caller| &caller.token)),
            service: service.to_owned(),
            method: method.to_owned(),
            resource,
            rule: note.action.map_or("IDENTITY", |action| action.code()).to_owned(),
            code: code_name(code).to_owned(),
            request_id,
            registry_position: note.registry_position,
        }
    }

    /// The entries of a page, newest first, and the token of the next one.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn list(&self, filter: &audit::Filter, page: &Page) -> Result<(Vec<AuditEntry>, String), Error> {
        let limit = u64::try_from(page.size + 1).unwrap_or(u64::MAX);
        let rows = audit::list(self.0.store.reader(), filter, page.after.as_deref(), limit).await?;
        let keys: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let mut entries: Vec<AuditEntry> = rows.into_iter().map(shown).collect();
        let next_page_token = page.cut_by(&mut entries, &keys);
        Ok((entries, next_page_token))
    }
}

/// Serves a service's routes behind the gateway until `shutdown`, leaving a trail.
///
/// # Errors
/// As [`serve::serve_with`].
pub async fn serve(
    entrance: serve::Entrance,
    routes: Routes,
    trail: Trail,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let watched = Watched::new(TowerToHyperService::new(routes), trail.clone());
    let served = serve::serve_with(entrance, watched, shutdown).await;
    trail.close().await;
    // A database that is closed has brought its log home, and can be copied as one file. Nothing is lost if it cannot be.
    let closed = tokio::time::timeout(CLOSE_MAX, trail.0.store.clone().close()).await;
    if !matches!(closed, Ok(Ok(()))) {
        tracing::debug!(?closed, "the database was left open");
    }
    served
}

/// Writes what gathers, until it is asked to end and everything is written.
async fn write(store: Store, mut waiting: mpsc::Receiver<audit::Model>, closing: CancellationToken) {
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        let received = tokio::select! {
            biased;
            received = waiting.recv_many(&mut batch, BATCH) => received,
            () = closing.cancelled() => 0,
        };
        if received == 0 {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(GATHERED) => {}
            () = closing.cancelled() => {}
        }
        let more = waiting.len().min(BATCH - batch.len());
        if more > 0 {
            waiting.recv_many(&mut batch, more).await;
        }
        append(&store, batch, &closing).await;
    }
}

/// Appends entries, however long the database is away. If it is asked to end meanwhile, what cannot be written is told.
async fn append(store: &Store, batch: Vec<audit::Model>, closing: &CancellationToken) {
    let batch = Arc::new(batch);
    while let Err(error) = appended(store, Arc::clone(&batch)).await {
        match error.kind() {
            Kind::Fault if batch.len() > 1 => {
                // One of them is at fault, and must not take the others with it.
                for entry in batch.iter() {
                    Box::pin(append(store, vec![entry.clone()], closing)).await;
                }
                return;
            }
            Kind::Fault => {
                tracing::error!(%error, entries = 1, "an entry of the audit trail cannot be written and is lost");
                return;
            }
            Kind::Conflict | Kind::Away if closing.is_cancelled() => {
                tracing::error!(%error, entries = batch.len(), "entries of the audit trail are lost");
                return;
            }
            Kind::Conflict | Kind::Away => {
                tracing::warn!(%error, "the audit trail cannot be written at the moment");
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = closing.cancelled() => {}
                }
            }
        }
    }
}

async fn appended(store: &Store, batch: Arc<Vec<audit::Model>>) -> Result<(), Error> {
    let written = store.tx("audit.append", move |tx| {
        let batch = Arc::clone(&batch);
        async move { audit::append(&tx, &batch).await }
    });
    match written.await {
        // They were written by a try whose answer was lost.
        Err(Error::Duplicate(_)) => Ok(()),
        written => written,
    }
}

fn shown(row: audit::Model) -> AuditEntry {
    let named = |collection: &str, id: &str| {
        if id.is_empty() {
            String::new()
        } else {
            name::name(collection, id)
        }
    };
    AuditEntry {
        name: name::name("auditEntries", &row.id),
        time: Some(prost_types::Timestamp {
            seconds: row.time.div_euclid(1_000_000),
            nanos: i32::try_from(row.time.rem_euclid(1_000_000) * 1000).unwrap_or(0),
        }),
        principal: named("principals", &row.principal),
        token: named("tokens", &row.token),
        method: format!("{}/{}", row.service, row.method),
        resource: row.resource,
        rule: row.rule,
        code: row.code,
        request_id: row.request_id,
        registry_position: row.registry_position,
    }
}

/// The filter of a request.
pub fn filter(given: &AuditFilter, scope: &mut Scope<'_>) -> audit::Filter {
    let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let method = words(&given.method, "method", scope).unwrap_or_default();
    let (service, method) = match method.split_once('/') {
        Some((service, method)) => (set(service), set(method)),
        None => (None, set(&method)),
    };
    if let Some(code) = set(&given.code)
        && !CODES.iter().any(|(_, name)| *name == code)
    {
        scope.invalid("code", format!("{code:?} is not the name of a status"));
    }
    let micros = |time: &Option<prost_types::Timestamp>| {
        time.map(|time| {
            time.seconds
                .saturating_mul(1_000_000)
                .saturating_add(i64::from(time.nanos) / 1000)
        })
    };
    audit::Filter {
        principal: wire::id(&given.principal, "principals", "principal", scope),
        resource: words(&given.resource, "resource", scope),
        service,
        method,
        code: set(&given.code),
        from: micros(&given.from_time),
        until: micros(&given.until_time),
    }
}

/// A text to be looked for, if there is one.
fn words(text: &str, field: &str, scope: &mut Scope<'_>) -> Option<String> {
    wire::line(text, wire::MAX_NAME, field, scope);
    (!text.is_empty()).then(|| text.to_owned())
}

/// The statuses by the names that the protocol gives them.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

fn code_name(code: Code) -> &'static str {
    let found = CODES.iter().find(|(known, _)| *known == code);
    found.map_or("UNKNOWN", |(_, name)| name)
}
