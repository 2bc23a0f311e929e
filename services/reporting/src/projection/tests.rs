//! The projection on a real database: what was stored gives the same figures again, as of now and as of any position.

mod digest;
mod past;
mod replicas;
mod standstill;

use std::sync::Arc;

use banggiao_contracts::journal::v1::{self as journal, Phase, ReviewState, event_feed_service_client};
use banggiao_directory::{Follower, changes};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_store::{Error, Store, cursor};
use event_feed_service_client::EventFeedServiceClient;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{Projection, Reader, load::rebuild};
use crate::{
    domain::{
        figure::{Cell, Ground, compute},
        measure::EventSum,
        query::GroupKey,
        world::{World, event, events, names},
    },
    store::migration::Migrator,
};

/// A database in a folder that goes with it, holding the world's registry.
pub async fn database(world: &World) -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = copied(&url(&folder), world).await;
    (folder, store)
}

/// A database that holds the world's registry.
pub async fn copied(url: &str, world: &World) -> Store {
    let store = Store::open::<Migrator>(url).await.unwrap();
    let copied = world.changes.clone();
    let position = world.directory.position();
    let copy = move |tx| {
        let copied = copied.clone();
        async move {
            cursor::advance(&tx, "registry", 0, 1, position).await?;
            changes::append(&tx, &copied).await
        }
    };
    store.tx::<_, Error, _, _>("registry_change.copy", copy).await.unwrap();
    store
}

fn url(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("reporting.db").display())
}

/// A way to where nobody is.
pub fn nobody() -> Authorized {
    channel::authorized("http://127.0.0.1:9", Bearer::new("none").unwrap()).unwrap()
}

/// A projection and its reader, with nobody at the other end of either feed.
pub async fn open(store: &Store) -> (Arc<Projection>, Reader) {
    let ended = CancellationToken::new();
    ended.cancel();
    let follower = Follower::start(store.clone(), nobody(), ended).await.unwrap();
    let projection = Projection::open(store.clone(), follower).await.unwrap();
    let reader = Reader::new(Arc::clone(&projection), EventFeedServiceClient::new(nobody()));
    (projection, reader)
}

/// Events that are drafted, approved, corrected and cancelled in turn.
pub fn eventful() -> World {
    let mut world = World::new();
    for turn in 0..4_i64 {
        for number in 0..60_i64 {
            let (home, partner) = (
                ["east-a", "east-b", "west-a"][number as usize % 3],
                ["kh-a", "la"][number as usize % 2],
            );
            let id = format!("e{number:032x}");
            let mut event = event(&id, &format!("2024-0{}-10", 1 + number / 10), home);
            event.partner_units = names("units", &[partner]);
            event.programmes = names("programmes", &["p1", "p2"][..number as usize % 3]);
            event.persons = (number % 5 > 0).then_some(number + turn);
            event.quantities = [("patrol_km".to_owned(), format!("{number}.5"))].into();
            event.phase = if (turn + number) % 7 == 6 {
                Phase::Cancelled
            } else {
                Phase::Held
            }
            .into();
            event.review_state = if (turn + number) % 3 == 1 {
                ReviewState::Approved
            } else {
                ReviewState::Draft
            }
            .into();
            world.log(event);
        }
    }
    world
}

fn cells(ground: Ground<'_>, world: &World, include_unapproved: bool) -> Vec<Cell> {
    let mut query = world.query("region", "2024-01-01", "2024-12-31");
    query.measures = vec![
        events(EventSum::Persons),
        events(EventSum::Quantity("patrol_km".into())),
        events(EventSum::PartnerUnits),
    ];
    query.group_by = vec![GroupKey::Unit, GroupKey::Programme, GroupKey::Month];
    query.include_unapproved = include_unapproved;
    let figures = compute(ground, &query, &world.reach("administrator")).unwrap();
    figures
        .cells
        .into_iter()
        .chain(figures.totals.into_iter().map(|(total, _)| total))
        .collect()
}

/// A message of the feed.
pub fn batch(revisions: Vec<journal::EventRevision>) -> journal::WatchEventsResponse {
    journal::WatchEventsResponse {
        revisions,
        ..journal::WatchEventsResponse::default()
    }
}

fn assert_same(projection: &Projection, world: &World) {
    let (facts, directory) = projection.now();
    assert_eq!((facts.epoch, facts.position), (1, world.facts.position));
    for include_unapproved in [false, true] {
        let found = cells(
            Ground {
                facts: &facts,
                directory: &directory,
                keeping: None,
            },
            world,
            include_unapproved,
        );
        assert!(found.len() > 30);
        assert_eq!(found, cells(world.ground(), world, include_unapproved));
    }
}

#[tokio::test]
async fn what_was_stored_gives_the_same_figures_again() {
    let world = eventful();
    let (_folder, store) = database(&world).await;
    let (projection, mut reader) = open(&store).await;
    let (first, second) = world.revisions.split_at(170);
    reader.enter(batch(first.to_vec())).await.unwrap();
    reader.enter(batch(second.to_vec())).await.unwrap();
    assert_same(&projection, &world);
    let (projection, _) = open(&store).await;
    assert_same(&projection, &world);
}

#[tokio::test]
async fn any_past_state_can_be_computed_again() {
    let world = eventful();
    let (_folder, store) = database(&world).await;
    let (_, mut reader) = open(&store).await;
    reader.enter(batch(world.revisions.clone())).await.unwrap();
    for position in [1, 59, 60, 61, 130, 239] {
        let mut past = World::new();
        for event in world
            .revisions
            .iter()
            .take(position)
            .filter_map(|revision| revision.event.clone())
        {
            past.log(event);
        }
        let facts = rebuild(&store, &world.directory, 1, position as i64, None)
            .await
            .unwrap();
        let ground = Ground {
            facts: &facts,
            directory: &world.directory,
            keeping: None,
        };
        for include_unapproved in [false, true] {
            assert_eq!(
                cells(ground, &past, include_unapproved),
                cells(past.ground(), &past, include_unapproved)
            );
        }
    }
}

#[tokio::test]
async fn a_revision_out_of_order_or_ahead_of_the_registry_is_not_taken() {
    let world = eventful();
    let (_folder, store) = database(&world).await;
    let (projection, mut reader) = open(&store).await;
    assert!(reader.enter(batch(world.revisions[1..3].to_vec())).await.is_err());
    let mut ahead = world.revisions[..2].to_vec();
    let event: &mut journal::Event = ahead[1].event.as_mut().unwrap();
    event.registry_position = world.directory.position() + 1;
    assert!(reader.enter(batch(ahead)).await.is_err());
    assert_eq!(projection.now().0.position, 0);
    reader.enter(batch(world.revisions.clone())).await.unwrap();
    assert_same(&projection, &world);
}

/// The declaration that the log goes on after a position in the next epoch.
fn recovery(epoch: i64, kept: i64) -> journal::LedgerRecovery {
    journal::LedgerRecovery {
        epoch,
        kept_log_index: kept,
        log_index: kept + 1,
        ..journal::LedgerRecovery::default()
    }
}

#[tokio::test]
async fn what_a_recovered_journal_gave_up_is_counted_no_more() {
    let world = eventful();
    let (_folder, store) = database(&world).await;
    let (projection, mut reader) = open(&store).await;
    reader.enter(batch(world.revisions.clone())).await.unwrap();
    let kept = 130;
    let truncated = journal::WatchEventsResponse {
        truncated_to: Some(journal::LogPosition {
            epoch: 1,
            log_index: kept,
        }),
        ..batch(Vec::new())
    };
    reader.enter(truncated.clone()).await.unwrap();
    let mut before = World::new();
    let kept_revisions = world.revisions.iter().take(usize::try_from(kept).unwrap());
    for event in kept_revisions.filter_map(|revision| revision.event.clone()) {
        before.log(event);
    }
    assert_same(&projection, &before);
    // The connection broke off before the declaration came; told once more, there is nothing left to forget.
    reader.enter(truncated).await.unwrap();
    let declared = journal::WatchEventsResponse {
        recoveries: vec![recovery(2, kept)],
        ..batch(Vec::new())
    };
    reader.enter(declared.clone()).await.unwrap();
    let (facts, _) = projection.now();
    assert_eq!((facts.epoch, facts.position), (2, kept + 1));
    assert!(reader.enter(declared).await.is_err(), "it has come already");
    let (projection, _) = open(&store).await;
    let (facts, _) = projection.now();
    assert_eq!((facts.epoch, facts.position), (2, kept + 1));
}

#[tokio::test]
async fn a_declaration_has_its_place_among_the_revisions() {
    let world = eventful();
    let (_folder, store) = database(&world).await;
    let (projection, mut reader) = open(&store).await;
    let mut message = batch(world.revisions[..60].to_vec());
    message.recoveries.push(recovery(2, 40));
    assert!(
        reader.enter(message.clone()).await.is_err(),
        "two entries stand at one position"
    );
    for revision in &mut message.revisions[40..] {
        revision.epoch = 2;
        revision.event.as_mut().unwrap().log_index += 1;
    }
    let mut early = message.clone();
    early.recoveries[0].log_index = 42;
    assert!(reader.enter(early).await.is_err(), "and none at another");
    reader.enter(message).await.unwrap();
    let (facts, _) = projection.now();
    assert_eq!((facts.epoch, facts.position), (2, 61));
}
