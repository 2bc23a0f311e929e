//! The digest: whatever the order, it is that of a plain recomputation; and facts that are not those that were stored are
//! dropped.

use std::collections::BTreeMap;

use banggiao_contracts::journal::v1::{EventRevision, Phase, ReviewState};
use proptest::prelude::*;
use sea_orm::ConnectionTrait;

use super::{assert_same, batch, database, eventful, open};
use crate::{
    domain::{
        digest::Digest,
        world::{World, event},
    },
    projection::FEED,
    store::digest as stored,
};

/// By plain loops: the last approved revision of each event, held or not.
fn recomputed(revisions: &[EventRevision]) -> Digest {
    let mut counted = BTreeMap::new();
    for event in revisions.iter().filter_map(|revision| revision.event.as_ref()) {
        if event.review_state() == ReviewState::Approved {
            counted.insert(&event.name, (event.revision, event.log_index));
        }
    }
    let mut digest = Digest::default();
    for (name, (revision, log_index)) in counted {
        digest.add(name.trim_start_matches("events/"), revision, log_index);
    }
    digest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_interleaving_gives_the_digest_of_a_recomputation(
        logged in proptest::collection::vec((0_u8..6, any::<bool>(), any::<bool>(), 1_u8..3), 0..40),
    ) {
        let mut world = World::new();
        for (id, approved, held, day) in logged {
            let mut event = event(&format!("e{id}"), &format!("2024-03-0{day}"), "east");
            event.review_state = if approved { ReviewState::Approved } else { ReviewState::Submitted }.into();
            event.phase = if held { Phase::Held } else { Phase::Cancelled }.into();
            world.log(event);
        }
        prop_assert_eq!(world.facts.digest, recomputed(&world.revisions));
    }
}

#[tokio::test]
async fn it_is_stored_with_the_position() {
    let world = eventful();
    let (_folder, store) = database(&world).await;
    let (projection, mut reader) = open(&store).await;
    for revisions in world.revisions.chunks(50) {
        reader.enter(batch(revisions.to_vec())).await.unwrap();
        let position = projection.now().0.position;
        let expected = recomputed(&world.revisions[..usize::try_from(position).unwrap()]);
        assert_eq!(projection.now().0.digest, expected);
        assert_eq!(stored::read(store.reader(), FEED).await.unwrap(), expected.to_string());
    }
}

#[tokio::test]
async fn facts_that_are_not_those_that_were_stored_are_read_again() {
    let world = eventful();
    for harm in [
        "DELETE FROM fact WHERE log_index = (SELECT max(log_index) FROM fact WHERE counted)",
        "UPDATE fact SET counted = FALSE WHERE log_index = (SELECT max(log_index) FROM fact WHERE counted)",
        "UPDATE fact SET counted_to = 240 WHERE log_index = (SELECT max(log_index) FROM fact WHERE counted)",
        "UPDATE digest SET value = 'none'",
    ] {
        let (_folder, store) = database(&world).await;
        let (_, mut reader) = open(&store).await;
        reader.enter(batch(world.revisions.clone())).await.unwrap();
        let harm = harm.to_owned();
        let harm = move |tx: banggiao_store::Tx| {
            let harm = harm.clone();
            async move { Ok(tx.execute_unprepared(&harm).await.map(|_| ())?) }
        };
        store
            .tx::<_, banggiao_store::Error, _, _>("fact.harm", harm)
            .await
            .unwrap();
        let (projection, mut reader) = open(&store).await;
        let (facts, _) = projection.now();
        assert_eq!((facts.position, facts.digest), (0, Digest::default()));
        reader.enter(batch(world.revisions.clone())).await.unwrap();
        assert_same(&projection, &world);
    }
}
