//! The audit trail: each call is watched, and what it changed or was refused becomes an entry.
//!
//! Entries are written in the background, many at once. A change waits for its place in the queue, so none is passed
//! over; refusals, of which anybody can cause any number, are counted instead when the queue is full. Bodies and tokens
//! are never kept.

mod asked;
pub mod migration;
mod watch;

pub use watch::Watched;

use std::{
    sync::{
        Arc, PoisonError,
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
use banggiao_store::{Error, Store, audit};
use hyper_util::service::TowerToHyperService;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{Code, service::Routes};

use banggiao_runtime::{Seams, serve};

/// So many entries wait to be written at most.
const QUEUE: usize = 8192;
/// So many are written at once at most.
const BATCH: usize = 2000;
/// Entries gather for so long before they are written.
const GATHERED: Duration = Duration::from_millis(200);
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
}

impl Trail {
    /// Opens the trail in a service's database, whose migrations must have made the table. Its writer ends after
    /// `shutdown`, when all is written.
    #[must_use]
    pub fn open(store: Store, seams: Seams, shutdown: CancellationToken) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write(store.clone(), waiting, shutdown));
        Self(Arc::new(Inner {
            store,
            seams,
            queue,
            passed_over: AtomicU64::new(0),
        }))
    }

    /// Makes an entry of an ended call, if it belongs into the trail.
    async fn enter(&self, path: &str, note: &Shared, code: Code, asked: &asked::Asked) {
        let note = note.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let changed = note.action.is_some_and(banggiao_model::permission::Action::is_change) && !note.tries;
        let refused = matches!(code, Code::Unauthenticated | Code::PermissionDenied);
        if !changed && !refused {
            return;
        }
        let entry = self.entry(path, note, code, asked);
        if !refused {
            // The queue is there as long as the process.
            drop(self.0.queue.send(entry).await);
        } else if self.0.queue.try_send(entry).is_err() {
            let passed_over = self.0.passed_over.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(passed_over, path, "more is refused than the audit trail can keep");
        }
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
    let watched = Watched::new(TowerToHyperService::new(routes), trail);
    serve::serve_with(entrance, watched, shutdown).await
}

async fn write(store: Store, mut waiting: mpsc::Receiver<audit::Model>, shutdown: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let ended = shutdown.is_cancelled();
        if batch.is_empty() {
            let received = tokio::select! {
                received = waiting.recv_many(&mut batch, BATCH) => received,
                () = tokio::time::sleep(GATHERED), if ended => 0,
            };
            if received == 0 {
                return;
            }
            if !ended {
                tokio::select! {
                    () = tokio::time::sleep(GATHERED) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
        if batch.len() < BATCH {
            let more = waiting.len().min(BATCH - batch.len());
            if more > 0 {
                waiting.recv_many(&mut batch, more).await;
            }
        }
        let rows = Arc::new(std::mem::take(&mut batch));
        let appended = {
            let rows = Arc::clone(&rows);
            store.tx("audit.append", move |tx| {
                let rows = Arc::clone(&rows);
                async move { audit::append(&tx, &rows).await }
            })
        };
        match appended.await {
            Ok(()) => {}
            // They were written by a try whose answer was lost.
            Err(Error::Duplicate(_)) => {}
            Err(error) if ended => {
                tracing::error!(%error, lost = rows.len(), "entries of the audit trail are lost");
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "the audit trail cannot be written at the moment");
                batch = Arc::unwrap_or_clone(rows);
                tokio::time::sleep(RETRY).await;
            }
        }
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
    let (service, method) = match given.method.split_once('/') {
        Some((service, method)) => (set(service), set(method)),
        None => (None, set(&given.method)),
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
        resource: set(&given.resource),
        service,
        method,
        code: set(&given.code),
        from: micros(&given.from_time),
        until: micros(&given.until_time),
    }
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
