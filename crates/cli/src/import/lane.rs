//! The two ways that rows take: into the registry and into the journal.
//!
//! It owns what their streams have in common, so that batching and retrying are written once.

use crate::connection::Connection;
use banggiao_contracts::journal::v1 as journal;
use banggiao_contracts::registry::v1 as registry;
use banggiao_contracts::r#type::v1::RowResult;
use prost::Message;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// The results of one batch.
#[derive(Debug)]
pub struct Answer {
    /// A result per row.
    pub results: Vec<RowResult>,
    /// Position of the service after the batch.
    pub position: i64,
}

/// One of the two services that take rows.
pub trait Lane {
    /// A row.
    type Row: Message + Clone;
    /// Some rows.
    type Request: Send + 'static;
    /// Their results.
    type Response;

    /// The most batches without an answer: the credit that the service gives.
    const WINDOW: usize;

    /// The request of a batch.
    fn request(&self, rows: &[Self::Row]) -> Self::Request;

    /// The results in a response.
    fn answer(response: Self::Response) -> Answer;

    /// Opens a stream.
    fn open(
        &self,
        connection: &Connection,
        requests: ReceiverStream<Self::Request>,
    ) -> impl Future<Output = Result<Streaming<Self::Response>, Status>>;

    /// Whether nothing is stored, so that only the stream itself knows its earlier rows.
    fn dry_run(&self) -> bool;
}

/// Rows into the registry.
#[derive(Debug)]
pub struct Registry {
    /// Where the rows come from.
    pub source: String,
    /// Only check, store nothing.
    pub dry_run: bool,
}

impl Lane for Registry {
    type Row = registry::ImportRow;
    type Request = registry::ImportRowsRequest;
    type Response = registry::ImportRowsResponse;

    const WINDOW: usize = 2;

    fn request(&self, rows: &[Self::Row]) -> Self::Request {
        Self::Request {
            source: self.source.clone(),
            rows: rows.to_vec(),
            validate_only: self.dry_run,
        }
    }

    fn answer(response: Self::Response) -> Answer {
        Answer {
            results: response.results,
            position: response.registry_position,
        }
    }

    async fn open(
        &self,
        connection: &Connection,
        requests: ReceiverStream<Self::Request>,
    ) -> Result<Streaming<Self::Response>, Status> {
        connection
            .registry_imports()
            .import_rows(requests)
            .await
            .map(tonic::Response::into_inner)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }
}

/// Rows into the journal.
#[derive(Debug)]
pub struct Journal {
    /// Where the rows come from.
    pub source: String,
    /// Only check, store nothing.
    pub dry_run: bool,
    /// What the journal must know of the registry before it checks the rows.
    pub min_registry_position: i64,
}

impl Lane for Journal {
    type Row = journal::ImportEventsRow;
    type Request = journal::ImportEventsRequest;
    type Response = journal::ImportEventsResponse;

    const WINDOW: usize = 8;

    fn request(&self, rows: &[Self::Row]) -> Self::Request {
        Self::Request {
            source: self.source.clone(),
            rows: rows.to_vec(),
            validate_only: self.dry_run,
            min_registry_position: self.min_registry_position,
            all_or_nothing: false,
        }
    }

    fn answer(response: Self::Response) -> Answer {
        Answer {
            results: response.results,
            position: response.log_index,
        }
    }

    async fn open(
        &self,
        connection: &Connection,
        requests: ReceiverStream<Self::Request>,
    ) -> Result<Streaming<Self::Response>, Status> {
        connection
            .event_imports()
            .import_events(requests)
            .await
            .map(tonic::Response::into_inner)
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }
}
