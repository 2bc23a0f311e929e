//! The service as a whole, between two feeds: what arrives is counted, and whoever asks for a position waits for it.

use std::{path::Path, pin::Pin, sync::Arc, time::Duration};

use banggiao_contracts::{
    journal::v1::{
        self as journal, EventRevision,
        event_feed_service_server::{EventFeedService, EventFeedServiceServer},
    },
    registry::v1::{
        self as registry, Change,
        registry_feed_service_server::{RegistryFeedService, RegistryFeedServiceServer},
    },
    reporting::v1::{self as pb, figure_service_client::FigureServiceClient},
};
use banggiao_model::clock::SystemClock;
use banggiao_rpc::{
    channel::{self, Authorized, Bearer},
    token::Issuer,
};
use banggiao_runtime::{Seams, config};
use tokio::{net::TcpListener, sync::watch};
use tokio_stream::{Stream, StreamExt, wrappers::TcpListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, transport::Server};

use crate::{Config, DEFAULTS, projection::tests::eventful, start};

type Answer<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Both feeds; the journal's grows as far as the test lets it.
#[derive(Clone)]
struct Feeds {
    changes: Arc<Vec<Change>>,
    revisions: Arc<Vec<EventRevision>>,
    journal_head: watch::Receiver<usize>,
}

#[tonic::async_trait]
impl RegistryFeedService for Feeds {
    type WatchChangesStream = Answer<registry::WatchChangesResponse>;

    async fn get_head(
        &self,
        _: Request<registry::GetHeadRequest>,
    ) -> Result<Response<registry::RegistryPosition>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn watch_changes(
        &self,
        request: Request<registry::WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        let after = request.into_inner().after.unwrap_or_default().position as usize;
        let first = registry::WatchChangesResponse {
            changes: self.changes[after..].to_vec(),
            head: None,
        };
        Ok(Response::new(Box::pin(
            tokio_stream::once(Ok(first)).chain(tokio_stream::pending()),
        )))
    }
}

#[tonic::async_trait]
impl EventFeedService for Feeds {
    type WatchEventsStream = Answer<journal::WatchEventsResponse>;

    async fn get_head(&self, _: Request<journal::GetHeadRequest>) -> Result<Response<journal::LogPosition>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn watch_events(
        &self,
        request: Request<journal::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let mut sent = request.into_inner().after.unwrap_or_default().log_index as usize;
        let revisions = Arc::clone(&self.revisions);
        let mut journal_head = self.journal_head.clone();
        let stream = async_stream::stream! {
            loop {
                let head = *journal_head.borrow_and_update();
                let message = revisions[sent.min(head)..head].to_vec();
                sent = sent.max(head);
                yield Ok(journal::WatchEventsResponse { revisions: message, ..Default::default() });
                if journal_head.changed().await.is_err() {
                    break;
                }
            }
        };
        Ok(Response::new(Box::pin(stream)))
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

async fn serve(feeds: Feeds) -> String {
    let (listener, address) = listen().await;
    let server = Server::builder()
        .add_service(RegistryFeedServiceServer::new(feeds.clone()))
        .add_service(EventFeedServiceServer::new(feeds));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

/// A configuration with its files in a folder, and a way to make tokens that it knows.
fn configure(folder: &Path, feeds: &str) -> (Config, Issuer) {
    let issuer = Issuer::new(&[7; 32], "banggiao", "banggiao");
    let mut config: Config = config::load(DEFAULTS, None).unwrap();
    config.database.url = format!("sqlite:{}", folder.join("reporting.db").display());
    config.identity.jwks_file = folder.join("jwks.json");
    config.token_file = folder.join("token");
    (config.registry.address, config.journal.address) = (feeds.to_owned(), feeds.to_owned());
    std::fs::write(&config.identity.jwks_file, issuer.jwks()).unwrap();
    std::fs::write(&config.token_file, token(&issuer, "reporting")).unwrap();
    (config, issuer)
}

fn token(issuer: &Issuer, principal: &str) -> String {
    issuer.issue(principal, 600, "t", &SystemClock).unwrap()
}

fn client(address: &str, token: &str) -> FigureServiceClient<Authorized> {
    FigureServiceClient::new(channel::authorized(address, Bearer::new(token).unwrap()).unwrap())
}

fn question(min_log_index: i64) -> pb::QueryFiguresRequest {
    let events = pb::EventMeasure {
        sum: pb::EventSum::Events.into(),
        ..pb::EventMeasure::default()
    };
    pb::QueryFiguresRequest {
        unit: "units/region".into(),
        measures: vec![pb::Measure {
            label: String::new(),
            source: Some(pb::measure::Source::Events(events)),
        }],
        period: "civil/2024".into(),
        include_unapproved: true,
        min_log_index,
        ..pb::QueryFiguresRequest::default()
    }
}

#[tokio::test]
async fn what_the_feeds_tell_is_counted_and_waited_for() {
    let world = eventful();
    let (head, journal_head) = watch::channel(60);
    let feeds = Feeds {
        changes: world.changes.into(),
        revisions: world.revisions.into(),
        journal_head,
    };
    let folder = tempfile::tempdir().unwrap();
    let (config, issuer) = configure(folder.path(), &serve(feeds).await);
    let (listener, address) = listen().await;
    let shutdown = CancellationToken::new();
    let service = tokio::spawn(start(config, listener, Seams::default(), shutdown.clone()));

    // The administrator is known only once the registry's changes have arrived.
    let mut figures = client(&address, &token(&issuer, "administrator"));
    let first = loop {
        match figures.query_figures(question(60)).await {
            Ok(answer) => break answer.into_inner(),
            Err(status) if status.code() == Code::PermissionDenied => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(status) => panic!("{status}"),
        }
    };
    assert_eq!((first.log_index, first.cells[0].value.as_str()), (60, "52"));

    let late = tokio::spawn({
        let mut figures = figures.clone();
        async move { figures.query_figures(question(240)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    head.send_replace(240);
    let last = late.await.unwrap().unwrap().into_inner();
    assert_eq!((last.log_index, last.cells[0].value.as_str()), (240, "51"));
    assert_eq!(
        figures.query_figures(question(241)).await.unwrap_err().code(),
        Code::Unavailable
    );

    let refused = client(&address, "none").query_figures(question(0)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
    drop(figures);
    shutdown.cancel();
    service.await.unwrap().unwrap();
}
