//! The new enemy: a unit moves away from an office, something is logged for it after that, and a replica that has not
//! heard of the move yet is asked for it by somebody of the old office.
//!
//! Two replicas work on one database; the registry is a feed that the test holds back from one of them. Each try is one
//! move and one event. With the check switched off the first try must leak, or the test proves nothing.

mod lists;

use std::{path::Path, pin::Pin, sync::atomic::Ordering};

use banggiao_contracts::{
    journal::v1::Event,
    registry::v1::{
        self as registry, Change, Grant, Reorganization, ReorganizationAct, Role, Unit, UnitMove,
        change::Resource,
        registry_feed_service_server::{RegistryFeedService, RegistryFeedServiceServer},
        reorganization_act::Act,
    },
};
use banggiao_rpc::channel::{self, Bearer};
use banggiao_testkit::HandClock;
use tokio::net::TcpListener;
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{Request, Response, Status, transport::Server};

use super::*;
use crate::{
    domain::{command::Step, event as content},
    store::migration::Migrator,
};

/// Tries with the check on; every one must hold. Each waits as long as a reader of a late replica would.
const TRIES: i64 = 5;

/// The registry's feed as far as the test lets a replica see it.
#[derive(Clone)]
struct Feed {
    changes: Arc<Mutex<Vec<Change>>>,
    seen: watch::Receiver<usize>,
}

#[tonic::async_trait]
impl RegistryFeedService for Feed {
    type WatchChangesStream = Pin<Box<dyn Stream<Item = Result<registry::WatchChangesResponse, Status>> + Send>>;

    async fn get_head(
        &self,
        _: Request<registry::GetHeadRequest>,
    ) -> Result<Response<registry::RegistryPosition>, Status> {
        let position = i64::try_from(*self.seen.borrow()).unwrap();
        Ok(Response::new(registry::RegistryPosition { epoch: 1, position }))
    }

    async fn watch_changes(
        &self,
        request: Request<registry::WatchChangesRequest>,
    ) -> Result<Response<Self::WatchChangesStream>, Status> {
        let mut sent = usize::try_from(request.into_inner().after.unwrap_or_default().position).unwrap();
        let mut feed = self.clone();
        Ok(Response::new(Box::pin(async_stream::stream! {
            loop {
                let seen = *feed.seen.borrow_and_update();
                let changes = feed.changes.lock().unwrap()[sent.min(seen)..seen].to_vec();
                sent = sent.max(seen);
                let head = registry::RegistryPosition { epoch: 1, position: i64::try_from(seen).unwrap() };
                yield Ok(registry::WatchChangesResponse { changes, head: Some(head) });
                if feed.seen.changed().await.is_err() {
                    break;
                }
            }
        })))
    }
}

/// A journal on a database that others use as well, with its own view of the registry.
async fn replica(url: &str, feed: Feed) -> Arc<Journal> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::builder().add_service(RegistryFeedServiceServer::new(feed));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let registry = channel::authorized(&address, Bearer::new("token").unwrap()).unwrap();
    let store = Store::open::<Migrator>(url).await.unwrap();
    let follower = Follower::start(store.clone(), registry, CancellationToken::new())
        .await
        .unwrap();
    let mut config: Config = banggiao_runtime::config::load(crate::DEFAULTS, None).unwrap();
    let database = Path::new(url.trim_start_matches("sqlite:"));
    config.ledger.key_file = database.with_extension("key");
    config.ledger.checkpoint_file = database.with_extension("checkpoint");
    let seams = banggiao_testkit::seams(HandClock::at("2026-03-15T01:00:00Z"));
    Journal::open(store, follower, &config, seams, CancellationToken::new())
        .await
        .unwrap()
}

fn unit(name: &str, parent: &str) -> Resource {
    Resource::Unit(Unit {
        name: format!("units/{name}"),
        country: "VN".to_owned(),
        kind: "DISTRICT_COMMAND".to_owned(),
        parent: if parent.is_empty() {
            String::new()
        } else {
            format!("units/{parent}")
        },
        names: [("vi".to_owned(), name.to_owned())].into(),
        start_date: "1976-05-02".to_owned(),
        ..Unit::default()
    })
}

fn grant(principal: &str, role: Role, unit: &str) -> Resource {
    Resource::Grant(Grant {
        name: format!("grants/{principal}"),
        principal: format!("principals/{principal}"),
        role: role.into(),
        unit: unit.to_owned(),
        ..Grant::default()
    })
}

/// The unit goes to the other parent, a day later with each try.
fn moved(number: i64) -> Resource {
    let parent = if number % 2 == 0 { "new" } else { "old" };
    Resource::Reorganization(Reorganization {
        name: format!("reorganizations/r{number}"),
        effective_date: format!("2026-02-{:02}", number + 1),
        acts: vec![ReorganizationAct {
            act: Some(Act::Move(UnitMove {
                unit: "units/mobile".to_owned(),
                parent: format!("units/{parent}"),
            })),
        }],
        ..Reorganization::default()
    })
}

fn caller(principal: &str) -> Caller {
    Caller {
        principal: principal.into(),
        token: "t".into(),
        until: i64::MAX,
        key: "k".into(),
    }
}

struct Bench {
    changes: Arc<Mutex<Vec<Change>>>,
    early: (Arc<Journal>, watch::Sender<usize>),
    late: (Arc<Journal>, watch::Sender<usize>),
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let changes = Arc::new(Mutex::new(Vec::new()));
        // Each replica has its copy of the registry in a database of its own, as if the late one had not caught up; the
        // log is what they share, and what the early one appends is copied.
        let url = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let (early_seen, seen) = watch::channel(0);
        let feed = |seen| Feed {
            changes: Arc::clone(&changes),
            seen,
        };
        let early = (replica(&url("early.db"), feed(seen)).await, early_seen);
        let (late_seen, seen) = watch::channel(0);
        let late = (replica(&url("late.db"), feed(seen)).await, late_seen);
        let bench = Self {
            changes,
            early,
            late,
            _folder: folder,
        };
        for resource in [
            unit("old", ""),
            unit("new", ""),
            unit("mobile", "old"),
            grant("enemy", Role::Reader, "units/old"),
            grant("writer", Role::Administrator, ""),
        ] {
            let position = bench.record(resource);
            bench.tell(&bench.early, position).await;
            bench.tell(&bench.late, position).await;
        }
        bench
    }

    fn record(&self, resource: Resource) -> usize {
        let mut changes = self.changes.lock().unwrap();
        let position = changes.len() + 1;
        changes.push(Change {
            position: i64::try_from(position).unwrap(),
            epoch: 1,
            resource: Some(resource),
            ..Change::default()
        });
        position
    }

    /// Lets a replica see the registry up to a position.
    async fn tell(&self, (journal, seen): &(Arc<Journal>, watch::Sender<usize>), position: usize) {
        seen.send_replace(position);
        let position = i64::try_from(position).unwrap();
        journal.follower.at_least(position).await.unwrap();
    }

    /// Logs an event of the unit at the early replica, and carries it over to the late one's database as a replica of
    /// the database would.
    async fn log(&self) -> String {
        let journal = &self.early.0;
        let directory = journal.follower.now();
        let authority = journal.authority(&caller("writer"), Action::RecordEvent, directory);
        let event = Event {
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: "2026-03-10".to_owned(),
            home_unit: "units/mobile".to_owned(),
            ..Event::default()
        };
        let content = content::check(event, &authority, content::Standing::default(), "event").unwrap();
        let step = Step::Log(vec![(journal.new_id(), content)]);
        let command = journal.command(&caller("writer"), authority, None, step, false);
        let answer = journal.sequencer.submit(command).await.unwrap();
        let event = (*answer.events[0]).clone();
        let rows = revision::after(journal.store.reader(), event.log_index - 1, 1)
            .await
            .unwrap();
        let id = rows[0].event_id.clone();
        let shown = Arc::new((rows, event));
        let copied = self.late.0.store.tx("revision.copy", move |tx| {
            let shown = Arc::clone(&shown);
            async move {
                let (rows, event) = &*shown;
                let written = store::event::Written {
                    id: &rows[0].event_id,
                    before: None,
                    event,
                    pending_authors: &std::collections::BTreeSet::new(),
                };
                store::event::put(&tx, store::event::Rows::of(&[written])).await?;
                revision::insert(&tx, rows.clone()).await
            }
        });
        copied.await.unwrap();
        id
    }

    /// Whether the old office's reader gets to see, at the late replica, what was logged after the unit had moved away.
    async fn leaks(&self, number: i64) -> bool {
        let position = self.record(moved(2 * number));
        self.tell(&self.early, position).await;
        let id = self.log().await;
        let read = self.late.0.read(&caller("enemy"), &id, 0).await;
        assert!(matches!(read, Ok(_) | Err(Error::Behind(_))), "{read:?}");
        let leaked = read.is_ok();
        self.tell(&self.late, position).await;
        let read = self.late.0.read(&caller("enemy"), &id, 0).await;
        assert!(
            matches!(read, Err(Error::Denied)),
            "the unit is another office's: {read:?}"
        );
        // And back again, for the next try.
        let position = self.record(moved(2 * number + 1));
        self.tell(&self.early, position).await;
        self.tell(&self.late, position).await;
        leaked
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_logged_after_a_move_is_never_shown_on_the_hierarchy_of_before() {
    let bench = Bench::new().await;
    bench.late.0.trusting.store(true, Ordering::Relaxed);
    assert!(
        bench.leaks(0).await,
        "without the check it must leak, or nothing is proved"
    );
    bench.late.0.trusting.store(false, Ordering::Relaxed);
    for number in 1..=TRIES {
        assert!(!bench.leaks(number).await, "it leaked in try {number}");
    }
}
