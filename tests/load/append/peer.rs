//! The usual way, as a peer: a gRPC server whose handler opens a transaction, inserts and commits. An event row with six
//! indexes, three participants and a row for an outbox; no validation, no permission, no log.

use std::{
    convert::Infallible,
    future::Future,
    path::Path,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task,
    time::Duration,
};

use banggiao_contracts::journal::v1::{Event, LogEventRequest};
use http::uri::PathAndQuery;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService, UnaryService},
    transport::{Channel, Endpoint, Server},
};
use tonic_prost::ProstCodec;

use super::{CHANNELS, CONCURRENCY, Rate, rate};

/// The tables; text is what both databases take.
pub const TABLES: [&str; 9] = [
    "CREATE TABLE event (id TEXT PRIMARY KEY, event_type TEXT NOT NULL, start_date TEXT NOT NULL, home_unit TEXT NOT \
     NULL, partner_unit TEXT NOT NULL, direction INTEGER NOT NULL, persons INTEGER NOT NULL, state INTEGER NOT NULL, \
     summary TEXT NOT NULL)",
    "CREATE INDEX event_type ON event (event_type)",
    "CREATE INDEX event_start ON event (start_date)",
    "CREATE INDEX event_home ON event (home_unit, start_date)",
    "CREATE INDEX event_partner ON event (partner_unit, start_date)",
    "CREATE INDEX event_state ON event (state)",
    "CREATE INDEX event_persons ON event (persons)",
    "CREATE TABLE participant (event TEXT NOT NULL, rank INTEGER NOT NULL, persons INTEGER NOT NULL, PRIMARY KEY \
     (event, rank))",
    "CREATE TABLE outbox (id TEXT PRIMARY KEY, content TEXT NOT NULL)",
];

/// Ids that sort as they are made.
static IDS: AtomicU64 = AtomicU64::new(0);

/// Clients of the server.
pub type Peer = Vec<Channel>;

pub async fn on_sqlite(folder: &Path) -> Peer {
    let mut options = ConnectOptions::new(format!("sqlite:{}", folder.join("peer.db").display()));
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
        });
    start(options).await
}

pub async fn on_postgres(url: &str) -> Peer {
    let mut options = ConnectOptions::new(url);
    options.max_connections(16).sqlx_logging(false);
    start(options).await
}

async fn start(mut options: ConnectOptions) -> Peer {
    options.acquire_timeout(Duration::from_secs(60));
    let db = Database::connect(options).await.expect("a database");
    for table in TABLES {
        db.execute_unprepared(table).await.expect("a table");
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(
        Server::builder()
            .add_service(Append(db))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let endpoint = Endpoint::from_shared(address).expect("an address");
    (0..CHANNELS).map(|_| endpoint.connect_lazy()).collect()
}

pub async fn measured(peer: &Peer) -> Vec<Rate> {
    let mut rates = Vec::new();
    for callers in CONCURRENCY {
        let peer = peer.clone();
        rates.push(rate(callers, move |caller| append(peer[caller % CHANNELS].clone())).await);
    }
    rates
}

async fn append(channel: Channel) {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.expect("a connection");
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let event = super::ours::event(COUNTER.fetch_add(1, Ordering::Relaxed));
    let request = LogEventRequest {
        event: Some(event),
        ..LogEventRequest::default()
    };
    let path = PathAndQuery::from_static("/peer.Append/Append");
    let codec = ProstCodec::<LogEventRequest, Event>::default();
    let answer: Result<Response<Event>, Status> = client.unary(Request::new(request), path, codec).await;
    answer.expect("an answer");
}

#[derive(Clone)]
struct Append(DatabaseConnection);

impl Append {
    async fn insert(&self, event: &Event) -> Result<(), sea_orm::DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.0.begin_with_options(options).await?;
        let backend = tx.get_database_backend();
        let id = uuid::Uuid::from_u64_pair(IDS.fetch_add(1, Ordering::Relaxed), 7)
            .simple()
            .to_string();
        let run = async |sql: &str, values: Vec<sea_orm::Value>| {
            tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
                .await
        };
        let values: Vec<sea_orm::Value> = vec![
            id.clone().into(),
            event.event_type.clone().into(),
            event.start_date.clone().into(),
            event.home_unit.clone().into(),
            event.partner_units.concat().into(),
            event.direction.into(),
            event.persons.unwrap_or(0).into(),
            1.into(),
            event.summary.values().cloned().collect::<String>().into(),
        ];
        run("INSERT INTO event VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", values).await?;
        for rank in 1..=3 {
            let values: Vec<sea_orm::Value> = vec![id.clone().into(), rank.into(), 4.into()];
            run("INSERT INTO participant VALUES ($1, $2, $3)", values).await?;
        }
        let values: Vec<sea_orm::Value> = vec![id.clone().into(), event.start_date.clone().into()];
        run("INSERT INTO outbox VALUES ($1, $2)", values).await?;
        tx.commit().await
    }
}

impl UnaryService<LogEventRequest> for Append {
    type Response = Event;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Event>, Status>> + Send>>;

    fn call(&mut self, request: Request<LogEventRequest>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let event = request.into_inner().event.unwrap_or_default();
            let inserted = this.insert(&event).await;
            inserted.map_err(|error| Status::internal(error.to_string()))?;
            Ok(Response::new(event))
        })
    }
}

impl NamedService for Append {
    const NAME: &'static str = "peer.Append";
}

impl tower_service::Service<http::Request<Body>> for Append {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Event, LogEventRequest>::default());
            Ok(grpc.unary(this, request).await)
        })
    }
}
