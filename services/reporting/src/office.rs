//! The office: what reporting itself is told and keeps, definitions, reports and returns, beside what the feeds tell.
//!
//! It owns the one way to write: under the lock of the head, so that of several who write at once each sees what the
//! others wrote, and with the answer kept for whoever asks again under the same id.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use banggiao_model::{date::Date, name};
use banggiao_rpc::request::RequestId;
use banggiao_runtime::Seams;
use banggiao_store::{self as store, Store, Tx, head};
use prost::Message;
use sea_orm::DatabaseConnection;
use tokio::sync::Notify;

use crate::{
    domain::{
        Error,
        definition::{Definition, Definitions, id_of},
        indicator, template,
    },
    store as stored,
};

/// What is kept of one call that writes.
#[derive(Debug, Clone)]
pub struct Write {
    /// What the transaction is called, as `indicator.create`.
    pub name: &'static str,
    /// Id of the principal.
    pub principal: Arc<str>,
    /// The request's id, if it has one.
    pub request: Option<RequestId>,
}

/// Definitions, reports and returns.
#[derive(Debug)]
pub struct Office {
    store: Store,
    seams: Seams,
    /// The definitions as of a position of the head.
    definitions: Mutex<(i64, Arc<Definitions>)>,
    issued: Notify,
}

impl Office {
    /// Opens the office, with the shipped definitions in it.
    ///
    /// # Errors
    /// If the database is away, or what is compiled in does not read.
    pub async fn open(store: Store, seams: Seams) -> anyhow::Result<Self> {
        let shipped = (indicator::shipped()?, template::shipped()?);
        let add = move |tx: Tx| {
            let (indicators, templates) = shipped.clone();
            async move {
                head::lock(&tx).await?;
                stored::definition::add_shipped(&tx, indicators).await?;
                stored::definition::add_shipped(&tx, templates).await
            }
        };
        store.tx::<_, store::Error, _, _>("definition.ship", add).await?;
        let definitions = Mutex::new((-1, Arc::default()));
        Ok(Self {
            store,
            seams,
            definitions,
            issued: Notify::new(),
        })
    }

    /// For queries.
    pub fn reader(&self) -> &DatabaseConnection {
        self.store.reader()
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

    /// Tells that a report was issued.
    pub fn tell_issued(&self) {
        self.issued.notify_one();
    }

    /// Waits until a report was issued here.
    pub async fn issued(&self) {
        self.issued.notified().await;
    }

    /// Keeps where an issued report stands in the journal's log.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn entered(&self, report: String, epoch: i64, log_index: i64) -> Result<(), store::Error> {
        let keep = move |tx: Tx| {
            let report = report.clone();
            async move { stored::report::entry::keep(&tx, &report, epoch, log_index).await }
        };
        self.store.tx("report.entered", keep).await
    }

    /// The definitions as they are this moment, whichever process wrote them.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn definitions(&self) -> Result<Arc<Definitions>, Error> {
        let position = head::read(self.reader()).await?.position;
        let known = self.definitions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.0 == position {
            return Ok(known.1);
        }
        let read = Arc::new(stored::definition::all(self.reader()).await?);
        *self.definitions.lock().unwrap_or_else(PoisonError::into_inner) = (position, Arc::clone(&read));
        Ok(read)
    }

    /// Writes something, or gives the answer that the same request got before. The work is told the position that the
    /// head gets by it, which nothing else has.
    ///
    /// # Errors
    /// [`Error::RequestIdReused`] if another request had the id; those of the work.
    pub async fn write<A, W, F>(&self, write: Write, work: W) -> Result<A, Error>
    where
        A: Message + Default + Send + 'static,
        W: Fn(Tx, i64) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<A, Error>> + Send,
    {
        let (name, time) = (write.name, self.seams.clock.now().as_microsecond());
        let run = move |tx: Tx| {
            let (write, work) = (write.clone(), work.clone());
            async move {
                let mut head = head::lock(&tx).await?;
                if let Some(request) = &write.request
                    && let Some(kept) = stored::answer::find(&tx, &write.principal, request.id).await?
                {
                    return again(request, &kept);
                }
                head.position += 1;
                head.recorded_at = head.recorded_at.max(time);
                let answer = work(tx.clone(), head.position).await?;
                if let Some(request) = &write.request {
                    stored::answer::keep(&tx, &write.principal, request, answer.encode_to_vec()).await?;
                }
                head::advance(&tx, &head).await?;
                Ok(answer)
            }
        };
        self.store.tx(name, run).await
    }

    /// Writes the next revision of a definition, which `draft` makes of the newest one and of everything else that is
    /// defined.
    ///
    /// # Errors
    /// As [`Self::write`], and those of the draft.
    pub async fn define<D: Definition>(
        &self,
        write: Write,
        name: String,
        draft: impl Fn(Option<&D>, &Definitions) -> Result<D, Error> + Clone + Send + Sync + 'static,
    ) -> Result<D, Error> {
        let author = name::name("principals", &write.principal);
        let now = self.now();
        let work = move |tx: Tx, _| {
            let (name, author, draft) = (name.clone(), author.clone(), draft.clone());
            async move {
                let definitions = stored::definition::all(&tx).await?;
                let newest = D::shelf(&definitions).newest(&id_of::<D>(&name));
                let mut revision = draft(newest, &definitions)?;
                let number = newest.map_or(0, Definition::revision) + 1;
                revision.written(number, author, Some(now));
                Ok(stored::definition::insert(&tx, revision).await?)
            }
        };
        self.write(write, work).await
    }
}

fn again<A: Message + Default>(request: &RequestId, kept: &stored::answer::Model) -> Result<A, Error> {
    if kept.request_digest != request.digest {
        return Err(Error::RequestIdReused);
    }
    let damaged = |error: prost::DecodeError| store::Error::Damaged(format!("a kept answer: {error}"));
    Ok(A::decode(kept.content.as_slice()).map_err(damaged)?)
}
