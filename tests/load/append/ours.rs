//! Our journal with its registry, in this process, and its callers.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use banggiao_contracts::{
    journal::v1::{self as pb, event_service_client::EventServiceClient},
    registry::v1::{CreateUnitRequest, Unit, unit_service_client::UnitServiceClient},
    r#type::v1::{Direction, RowOutcome},
};
use banggiao_rpc::{
    channel::{self, Authorized, Bearer},
    token::Issuer,
};
use banggiao_runtime::{
    Seams,
    config::{Database, Peer},
};
use banggiao_testkit::postgres::Cluster;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::{CHANNELS, Rate, rate};

const PROVINCES: u64 = 10;
const DISTRICTS: u64 = 100;
const PARTNERS: u64 = 20;
/// Rows of an import travel in such numbers.
const ROWS: usize = 1000;

/// A running journal.
pub struct Journal {
    clients: Vec<EventServiceClient<Authorized>>,
    shutdown: CancellationToken,
    counter: Arc<AtomicU64>,
    registry_position: i64,
    _folder: TempDir,
}

impl Journal {
    pub async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("journal.db").display());
        Self::start(folder, url).await
    }

    pub async fn on_postgres(cluster: &Cluster, name: &str) -> Self {
        Self::start(tempfile::tempdir().expect("a folder"), cluster.database(name)).await
    }

    async fn start(folder: TempDir, url: String) -> Self {
        // The machine's own time and randomness: under a clock that stands still all ids are of one millisecond, in
        // which only chance orders them, and no journal that runs fills its indexes so.
        let seams = Seams::default();
        let shutdown = CancellationToken::new();
        let mut registry: banggiao_registry::Config =
            toml::from_str(banggiao_registry::DEFAULTS).expect("the defaults read");
        let issuer = Issuer::new(&[7; 32], &registry.identity.issuer, &registry.identity.installation);
        let token = |principal: &str| {
            issuer
                .issue(principal, 36_000, principal, &*seams.clock)
                .expect("a token")
        };
        let keys = folder.path().join("jwks.json");
        fs::write(&keys, issuer.jwks()).expect("a file");
        let own = folder.path().join("journal.token");
        fs::write(&own, token("journal")).expect("a file");
        registry.identity.jwks_file = keys;
        registry.database = Database {
            url: format!("sqlite:{}", folder.path().join("registry.db").display()),
        };
        let mut journal: banggiao_journal::Config =
            toml::from_str(banggiao_journal::DEFAULTS).expect("the defaults read");
        journal.identity = registry.identity.clone();
        journal.token_file = own;
        journal.database = Database { url };
        journal.attachments.folder = folder.path().join("attachments");
        journal.ledger.key_file = folder.path().join("journal.key");
        journal.ledger.checkpoint_file = folder.path().join("journal.checkpoint");
        let (listener, registry_address) = loopback().await;
        journal.registry = Peer::at(registry_address.clone());
        tokio::spawn(banggiao_registry::start(
            registry,
            listener,
            seams.clone(),
            shutdown.clone(),
        ));
        let (listener, address) = loopback().await;
        tokio::spawn(banggiao_journal::start(
            journal,
            listener,
            seams.clone(),
            shutdown.clone(),
        ));
        let channel = |address: &str| {
            let bearer = Bearer::new(&token("administrator")).expect("a token");
            channel::authorized(address, bearer).expect("an address")
        };
        let registry_position = ground(UnitServiceClient::new(channel(&registry_address))).await;
        Self {
            clients: (0..CHANNELS)
                .map(|_| EventServiceClient::new(channel(&address)))
                .collect(),
            shutdown,
            counter: Arc::default(),
            registry_position,
            _folder: folder,
        }
    }

    /// Events logged in a second by so many callers.
    pub async fn append_rate(&self, callers: usize) -> Rate {
        let (clients, counter) = (self.clients.clone(), Arc::clone(&self.counter));
        rate(callers, move |caller| {
            let (mut client, n) = (
                clients[caller % CHANNELS].clone(),
                counter.fetch_add(1, Ordering::Relaxed),
            );
            async move {
                let request = pb::LogEventRequest {
                    event: Some(event(n)),
                    request_id: uuid::Uuid::from_u64_pair(n, 7).to_string(),
                    ..pb::LogEventRequest::default()
                };
                client.log_event(request).await.expect("an event is logged");
            }
        })
        .await
    }

    /// How many seconds it takes to import so many rows, and the most memory that this process had meanwhile.
    pub async fn import(&self, rows: usize) -> (f64, f64) {
        let (sender, requests) = tokio::sync::mpsc::channel(1);
        let (since, min_registry_position) = (Instant::now(), self.registry_position);
        tokio::spawn(async move {
            for first in (0..rows).step_by(ROWS) {
                let numbers = first..rows.min(first + ROWS);
                let request = pb::ImportEventsRequest {
                    source: "book".to_owned(),
                    rows: numbers.map(|n| row(n as u64, rows as u64)).collect(),
                    min_registry_position,
                    ..pb::ImportEventsRequest::default()
                };
                if sender.send(request).await.is_err() {
                    return;
                }
            }
        });
        let mut client = self.clients[0].clone();
        let answers = client.import_events(ReceiverStream::new(requests)).await;
        let mut answers = answers.expect("an import").into_inner();
        let (mut accepted, mut peak) = (0, 0.0f64);
        while let Some(answer) = answers.message().await.expect("an answer") {
            accepted += answer
                .results
                .iter()
                .filter(|result| result.outcome() == RowOutcome::Accepted)
                .count();
            peak = peak.max(resident_megabytes());
        }
        assert_eq!(accepted, rows, "every row is accepted");
        (since.elapsed().as_secs_f64(), peak)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// What this process holds in memory.
pub fn resident_megabytes() -> f64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0.0);
    pages * 4096.0 / 1e6
}

pub fn event(n: u64) -> pb::Event {
    let scattered = banggiao_testkit::scattered(n);
    pb::Event {
        event_type: "eventTypes/delegation-visit".to_owned(),
        // What is logged from day to day is of the last weeks.
        start_date: format!("2026-02-{:02}", 1 + scattered % 28),
        direction: Direction::Inbound.into(),
        home_unit: format!("units/district-{}", scattered % DISTRICTS),
        co_home_units: vec![format!("units/province-{}", scattered % PROVINCES)],
        partner_units: vec![format!("units/kh-{}", scattered % PARTNERS)],
        delegations: Some(1),
        persons: i64::try_from(5 + scattered % 40).ok(),
        place: [("vi".to_owned(), "Cửa khẩu quốc tế Mộc Bài".to_owned())].into(),
        summary: [("vi".to_owned(), format!("Đoàn đại biểu thăm, chúc mừng lần thứ {n}"))].into(),
        ..pb::Event::default()
    }
}

/// A row of a book that was kept day by day for ten years.
fn row(n: u64, rows: u64) -> pb::ImportEventsRow {
    let day = n * 3650 / rows;
    let event = pb::Event {
        start_date: format!(
            "{}-{:02}-{:02}",
            2016 + day / 365,
            1 + day % 365 / 31,
            1 + day % 365 % 31 % 28
        ),
        external_reference: Some(pb::ExternalReference {
            source: String::new(),
            reference: format!("EV-{n:07}"),
        }),
        ..event(n)
    };
    let imported = pb::ImportedEvent {
        event: Some(event),
        review_state: pb::ReviewState::Approved.into(),
    };
    pb::ImportEventsRow {
        line: i64::try_from(n).unwrap_or(0) + 2,
        row: Some(pb::import_events_row::Row::Event(imported)),
    }
}

async fn loopback() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, address)
}

/// A region with provinces and districts, and partners. Gives the position of the last.
async fn ground(mut units: UnitServiceClient<Authorized>) -> i64 {
    let mut position = 0;
    let mut all = vec![("region".to_owned(), "MILITARY_REGION", "VN", String::new())];
    all.extend((0..PROVINCES).map(|n| {
        (
            format!("province-{n}"),
            "PROVINCIAL_COMMAND",
            "VN",
            "units/region".to_owned(),
        )
    }));
    all.extend((0..DISTRICTS).map(|n| {
        let province = format!("units/province-{}", n % PROVINCES);
        (format!("district-{n}"), "DISTRICT_COMMAND", "VN", province)
    }));
    all.extend((0..PARTNERS).map(|n| (format!("kh-{n}"), "PROVINCIAL_COMMAND", "KH", String::new())));
    for (id, kind, country, parent) in all {
        let unit = Unit {
            country: country.to_owned(),
            kind: kind.to_owned(),
            parent,
            names: [("vi".to_owned(), id.clone())].into(),
            start_date: "1976-05-02".to_owned(),
            ..Unit::default()
        };
        let request = CreateUnitRequest {
            unit_id: id,
            unit: Some(unit),
            ..CreateUnitRequest::default()
        };
        let unit = units.create_unit(request).await.expect("a unit");
        position = unit.into_inner().registry_position;
    }
    position
}
