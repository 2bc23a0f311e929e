//! The sequencer under many writers at once, on a real SQLite file: every acknowledged command stands in the log exactly
//! once, at the index that it was told, with the bytes that it was told; indexes have no gap; repetitions get the same
//! answer; a refusal leaves nothing behind.

mod model;
mod power;
mod reorganizations;

use std::{collections::HashMap, path::Path};

use banggiao_contracts::{
    journal::v1::{Event, ReviewState},
    registry::v1::{self as registry, change::Resource},
};
use banggiao_directory::Directory;
use banggiao_ledger::{Entry, Kind};
use banggiao_model::permission::Action;
use banggiao_store::head;
use banggiao_testkit::{HandClock, postgres::Cluster};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::{
    config,
    domain::{
        command::{Authority, Repetition, Step, Target},
        event as content, event_type,
    },
    ledger::{Declared, State},
    store::{attachment, migration::Migrator, revision},
};

const WRITERS: u64 = 8;
const COMMANDS: u64 = 60;

fn directory() -> Arc<Directory> {
    let mut directory = Directory::default();
    let unit = registry::Unit {
        name: "units/tayninh".to_owned(),
        country: "VN".to_owned(),
        kind: "PROVINCIAL_COMMAND".to_owned(),
        names: [("vi".to_owned(), "Tây Ninh".to_owned())].into(),
        start_date: "1976-05-02".to_owned(),
        ..registry::Unit::default()
    };
    let grant = registry::Grant {
        name: "grants/g1".to_owned(),
        principal: "principals/writer".to_owned(),
        role: registry::Role::Administrator.into(),
        ..registry::Grant::default()
    };
    for (position, resource) in [(1, Resource::Unit(unit)), (2, Resource::Grant(grant))] {
        let change = registry::Change {
            position,
            epoch: 1,
            resource: Some(resource),
            ..Default::default()
        };
        directory.apply(&change).unwrap();
    }
    Arc::new(directory)
}

/// A folder in memory where the system has such a place: these tests look at what is lost, not at how long a disk takes.
fn folder_in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    folder.unwrap()
}

fn ledger_in(folder: &Path) -> config::Ledger {
    config::Ledger {
        origin: "test/journal".to_owned(),
        key_file: folder.join("journal.key"),
        checkpoint_file: folder.join("journal.checkpoint"),
    }
}

struct Bench {
    store: Store,
    sequencer: Sequencer,
    authority: Authority,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("journal.db").display());
        Self::on(folder, url).await
    }

    /// On a file, and on a PostgreSQL database of its own if there is a server.
    async fn on_each(name: &str) -> Vec<Self> {
        let mut benches = vec![Self::new().await];
        if let Some(cluster) = Cluster::shared() {
            benches.push(Self::on(tempfile::tempdir().unwrap(), cluster.database(name)).await);
        }
        benches
    }

    /// Another sequencer on the same database, with a memory of its own.
    async fn replica(&self) -> Sequencer {
        let seams = banggiao_testkit::seams_of(HandClock::at("2026-03-15T01:00:00Z"), 1);
        let config = ledger_in(self.folder.path());
        let ledger = Ledger::open(self.store.clone(), &config, seams.clone()).await.unwrap();
        let head = watch::Sender::default();
        Sequencer::start(self.store.clone(), seams, head, ledger).unwrap()
    }

    async fn on(folder: TempDir, url: String) -> Self {
        let store = Store::open::<Migrator>(&url).await.unwrap();
        let seams = banggiao_testkit::seams(HandClock::at("2026-03-15T01:00:00Z"));
        let ledger = Ledger::open(store.clone(), &ledger_in(folder.path()), seams.clone())
            .await
            .unwrap();
        let head = watch::Sender::new(feed::Head::default());
        let sequencer = Sequencer::start(store.clone(), seams, head, ledger).unwrap();
        let directory = directory();
        let scope = |action| directory.scope("writer", action, "2026-03-15".parse().unwrap());
        let (scope, agreements) = (scope(Action::RecordEvent), scope(Action::ReadAgreement));
        let types = event_type::Catalogue::of(event_type::shipped().unwrap()).unwrap();
        let authority = Authority {
            types: Arc::new(types),
            neighbours: Arc::default(),
            today: "2026-03-15".parse().unwrap(),
            directory,
            scope,
            approver: None,
            agreements,
            attachments: Arc::default(),
        };
        Self {
            store,
            sequencer,
            authority,
            folder,
        }
    }

    fn command(&self, request: u64, step: Step) -> Command {
        let id = Uuid::from_u64_pair(7, request);
        Command {
            principal: "writer".into(),
            authority: self.authority.clone(),
            repetition: Some(Repetition::Request {
                id,
                digest: [u8::try_from(request % 251).unwrap(); 32],
            }),
            step,
            allow_self_approval: false,
            validate_only: false,
        }
    }

    fn log(&self, id: String, persons: u64) -> Step {
        let event = Event {
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: "2024-05-01".to_owned(),
            home_unit: "units/tayninh".to_owned(),
            persons: i64::try_from(persons).ok(),
            ..Event::default()
        };
        Step::Log(vec![(
            id,
            content::check(event, &self.authority, content::Standing::default(), "event").unwrap(),
        )])
    }

    async fn log_rows(&self) -> Vec<revision::Model> {
        revision::after(self.store.reader(), 0, 100_000).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_command_stands_once_where_it_was_told() {
    let bench = Arc::new(Bench::new().await);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let bench = Arc::clone(&bench);
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0..COMMANDS {
                let request = writer * 1000 + n;
                let id = format!("e{writer}x{n}");
                let answer = bench
                    .sequencer
                    .submit(bench.command(request, bench.log(id.clone(), n)))
                    .await
                    .unwrap();
                let event = (*answer.events[0]).clone();
                // The answer got lost on the way, so the same request comes again, under another drafted id.
                let again = bench.command(request, bench.log(format!("{id}again"), n));
                let repeated = bench.sequencer.submit(again).await.unwrap();
                assert!(repeated.repeated);
                assert_eq!(repeated.events, answer.events);
                let target = |etag: &str| Target::Id {
                    id: id.clone(),
                    etag: etag.to_owned(),
                };
                let stale = Step::Submit(target("1-0123456789abcdef"));
                let refused = bench.sequencer.submit(bench.command(request + 400, stale)).await;
                assert!(matches!(refused, Err(Error::StaleEtag { .. })), "{refused:?}");
                let submit = Step::Submit(target(&event.etag));
                let answer = bench
                    .sequencer
                    .submit(bench.command(request + 500, submit))
                    .await
                    .unwrap();
                assert_eq!(answer.events[0].review_state(), ReviewState::Submitted);
                acknowledged.push(event);
                acknowledged.push((*answer.events[0]).clone());
            }
            acknowledged
        });
    }
    let acknowledged: Vec<Event> = writers.join_all().await.into_iter().flatten().collect();
    let rows = bench.log_rows().await;
    assert_eq!(
        rows.len(),
        acknowledged.len(),
        "nothing is there that was not acknowledged"
    );
    let indexes: Vec<i64> = rows.iter().map(|row| row.log_index).collect();
    assert_eq!(indexes, (1..=i64::try_from(rows.len()).unwrap()).collect::<Vec<_>>());
    let by_index: HashMap<i64, &revision::Model> = rows.iter().map(|row| (row.log_index, row)).collect();
    for event in &acknowledged {
        let row = by_index[&event.log_index];
        assert_eq!(row.decode().unwrap().event.as_ref(), Some(event));
        let salt: [u8; 32] = row.salt.as_slice().try_into().unwrap();
        let number = u32::try_from(row.number).unwrap();
        let entry = Entry::new(Kind::EventRevision, &row.event_id, number, &salt, &row.content);
        assert_eq!(row.leaf_hash, entry.leaf_hash(), "the leaf commits to the stored bytes");
    }
    let head = head::read(bench.store.reader()).await.unwrap();
    assert_eq!(head.position, i64::try_from(rows.len()).unwrap());
}

/// A stored attachment that nobody names.
async fn store_attachment(bench: &mut Bench) -> pb::EventAttachment {
    let digest = "ab".repeat(32);
    bench.authority.attachments = Arc::new([digest.clone()].into());
    let given = pb::EventAttachment {
        attachment: format!("attachments/{digest}"),
        file_name: "a.pdf".to_owned(),
        title: String::new(),
    };
    let row = attachment::Model {
        digest,
        size_bytes: 1,
        media_type: "text/plain".to_owned(),
        uploaded_at: 1,
    };
    let put = bench.store.tx("attachment.upload", move |tx| {
        let row = row.clone();
        async move { attachment::put(&tx, row).await }
    });
    put.await.unwrap();
    given
}

async fn sweep(bench: &Bench, orphans: Vec<String>) {
    let swept = bench.store.tx("attachment.sweep", move |tx| {
        let orphans = orphans.clone();
        async move { attachment::take_orphans(&tx, 2, &orphans).await }
    });
    swept.await.unwrap();
}

async fn orphans(bench: &Bench) -> Vec<String> {
    attachment::orphans(bench.store.reader(), 2, 10).await.unwrap()
}

/// What an event names was there when its author was told so, and is swept before the commit; or the commit comes first.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_swept_is_not_named_and_what_is_named_is_not_swept() {
    for bench in Bench::on_each("swept_or_named").await {
        swept_or_named(bench).await;
    }
}

async fn swept_or_named(mut bench: Bench) {
    let given = store_attachment(&mut bench).await;
    let naming = |bench: &Bench, id: &str, path: &str| {
        let event = Event {
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: "2024-05-01".to_owned(),
            home_unit: "units/tayninh".to_owned(),
            attachments: vec![given.clone()],
            ..Event::default()
        };
        let content = content::check(event, &bench.authority, content::Standing::default(), path).unwrap();
        Step::Log(vec![(id.to_owned(), content)])
    };
    let found = orphans(&bench).await;
    assert_eq!(found, ["ab".repeat(32)]);
    let first = naming(&bench, "e1", "events[4]");
    sweep(&bench, found.clone()).await;
    let refused = bench.sequencer.submit(bench.command(1, first)).await;
    let Err(Error::Invalid(violations)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(violations.as_slice()[0].path, "events[4].attachments[0].attachment");

    store_attachment(&mut bench).await;
    let second = naming(&bench, "e2", "event");
    bench.sequencer.submit(bench.command(2, second)).await.unwrap();
    sweep(&bench, found.clone()).await;
    let kept = attachment::find(bench.store.reader(), &found[0]).await.unwrap();
    assert!(kept.is_some() && orphans(&bench).await.is_empty());
}

/// One transaction may hold several revisions of an event, of which not the last one names it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_revision_in_the_midst_of_a_transaction_names_stays_found() {
    for bench in Bench::on_each("named_in_the_midst").await {
        named_in_the_midst(bench).await;
    }
}

async fn named_in_the_midst(mut bench: Bench) {
    let given = store_attachment(&mut bench).await;
    let correct = |attachments: Vec<pb::EventAttachment>| Step::Correct {
        target: Target::Id {
            id: "e1".to_owned(),
            etag: String::new(),
        },
        event: Box::new(Event {
            attachments,
            ..Event::default()
        }),
        mask: vec!["attachments".to_owned()],
        reason: "x".to_owned(),
        imported: false,
    };
    let logged = bench.log("e1".to_owned(), 1);
    bench.sequencer.submit(bench.command(1, logged)).await.unwrap();
    let commands = vec![
        bench.command(2, correct(vec![given])),
        bench.command(3, correct(Vec::new())),
    ];
    let group = Group {
        commands,
        together: false,
    };
    for outcome in bench.sequencer.hand_in(group).unwrap().outcomes().await.unwrap() {
        outcome.unwrap();
    }
    assert!(orphans(&bench).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_which_one_event_is_refused_leaves_nothing() {
    let bench = Bench::new().await;
    let with_reference = |id: &str| {
        let Step::Log(mut events) = bench.log(id.to_owned(), 1) else {
            unreachable!()
        };
        let reference = pb::ExternalReference {
            source: "book".to_owned(),
            reference: "7".to_owned(),
        };
        events[0].1.event.external_reference = Some(reference);
        events.remove(0)
    };
    let both = Step::Log(vec![with_reference("e1"), with_reference("e2")]);
    let refused = bench.sequencer.submit(bench.command(1, both)).await;
    assert!(matches!(refused, Err(Error::ReferenceTaken(_))), "{refused:?}");
    assert_eq!(bench.log_rows().await, Vec::new());
    let one = Step::Log(vec![with_reference("e3")]);
    assert_eq!(
        bench.sequencer.submit(bench.command(1, one)).await.unwrap().events[0].log_index,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_commands_that_belong_together_all_are_stored_or_none() {
    let bench = Bench::new().await;
    let stale = || {
        Step::Submit(Target::Id {
            id: "e1".to_owned(),
            etag: "1-0123456789abcdef".to_owned(),
        })
    };
    let together = |commands| Group {
        commands,
        together: true,
    };
    let log = || bench.command(1, bench.log("e1".to_owned(), 1));
    let group = together(vec![log(), log(), bench.command(2, stale())]);
    let outcomes = bench.sequencer.hand_in(group).unwrap().outcomes().await.unwrap();
    // The second repeats the first, which was never stored.
    assert!(matches!(outcomes[0], Err(Error::HeldBack)), "{:?}", outcomes[0]);
    assert!(matches!(outcomes[1], Err(Error::HeldBack)), "{:?}", outcomes[1]);
    assert!(matches!(outcomes[2], Err(Error::StaleEtag { .. })), "{:?}", outcomes[2]);
    assert_eq!(bench.log_rows().await, Vec::new());
    let outcomes = bench
        .sequencer
        .hand_in(together(vec![log(), log()]))
        .unwrap()
        .outcomes()
        .await
        .unwrap();
    let repeated: Vec<bool> = outcomes.into_iter().map(|outcome| outcome.unwrap().repeated).collect();
    assert_eq!(repeated, [false, true]);
    assert_eq!(bench.log_rows().await.len(), 1);
}

/// As when a standby takes over that had not received everything: nothing of it need have been signed.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_lost_what_was_acknowledged_takes_nothing_in_until_a_recovery() {
    let bench = Bench::new().await;
    let seams = banggiao_testkit::seams(HandClock::at("2026-03-15T01:00:00Z"));
    let (store, config) = (bench.store.clone(), ledger_in(bench.folder.path()));
    let ledger = Ledger::open(store.clone(), &config, seams.clone()).await.unwrap();
    let known = watch::Sender::new(feed::Head { epoch: 1, position: 5 });
    let sequencer = Sequencer::start(store, seams, known, Arc::clone(&ledger)).unwrap();
    let log = |request: u64| bench.command(request, bench.log(format!("e{request}"), 1));
    for request in [1, 2] {
        let refused = sequencer.submit(log(request)).await;
        assert!(matches!(refused, Err(Error::Frozen(_))), "{refused:?}");
        assert!(matches!(ledger.examine().await.unwrap(), State::Frozen(_)));
    }
    let declared = Declared {
        principal: "writer".into(),
        reason: "the standby took over".to_owned(),
        request: None,
    };
    assert_eq!(ledger.recover(declared, false).await.unwrap().log_index, 1);
    assert_eq!(ledger.examine().await.unwrap(), State::Sound);
    assert_eq!(sequencer.submit(log(3)).await.unwrap().events[0].log_index, 2);
}
