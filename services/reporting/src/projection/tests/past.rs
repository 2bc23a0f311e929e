//! Random worlds on a real database: a figure as it was known at an earlier position is what the oracle makes of the world
//! as it was then.

use std::cell::Cell;

use proptest::{prelude::*, test_runner::TestRunner};

use super::{batch, database, open};
use crate::domain::figure::{
    Ground, compute,
    tests::{oracle, properties::question},
};

/// A position of a log that has so many entries.
fn position(length: usize, share: f64) -> usize {
    ((length as f64) * share) as usize
}

#[test]
fn a_past_state_is_the_world_as_it_was_known() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let compared = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(200));
    let cases = (question(), 0.0..1.0, 0.6..1.0);
    let outcome = runner.run(&cases, |((world, query, principal), log_share, registry_share)| {
        let log_index = position(world.revisions.len(), log_share);
        let registry_position = position(world.changes.len(), registry_share);
        let Some(then) = world.known_at(log_index, registry_position) else {
            return Ok(());
        };
        let known = then.directory.hierarchy();
        let names = [query.root]
            .into_iter()
            .chain(query.narrow_events.partner_units.clone());
        if names.into_iter().any(|unit| unit.index() >= known.len()) {
            return Ok(());
        }
        let (_folder, store) = runtime.block_on(database(&world));
        let past = runtime.block_on(async {
            let (projection, mut reader) = open(&store).await;
            reader.enter(batch(world.revisions.clone())).await.unwrap();
            let directory = projection.past_directory(registry_position as i64).await.unwrap();
            let facts = projection
                .past_facts(log_index as i64, &directory, &query.stretches())
                .await
                .unwrap();
            (facts, directory)
        });
        let ground = Ground {
            facts: &past.0,
            directory: &past.1,
            keeping: None,
        };
        // What may be read is decided by the rights of now.
        let reach = world.reach(principal);
        let found = compute(ground, &query, &reach).unwrap();
        let expected = oracle::answer(&then, &query, &reach, query.window);
        let total = &found.totals[0].0;
        prop_assert_eq!((total.value.to_string(), total.records, total.unknown), expected.total);
        compared.set(compared.get() + i64::from(total.records > 0));
        Ok(())
    });
    outcome.unwrap();
    let compared = compared.get();
    assert!(compared > 10, "only {compared} figures had records");
}
