//! Events behind a figure that may be the same, logged twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use banggiao_contracts::{journal::v1 as journal, reporting::v1 as pb};
use banggiao_directory::duplicate;
use tonic::Status;

use super::{
    Calls,
    figures::{Basis, computed},
    refuse,
};
use crate::domain::{
    figure::{self, Reach},
    query::Query,
};

/// Behind more events than this they are not looked for.
const EVENTS_MAX: usize = 5000;
/// So many pairs are told at most.
const PAIRS_MAX: usize = 100;

impl Calls {
    /// The pairs among the events behind the figures of a query, as far as the caller may read them.
    pub(super) async fn duplicates(
        &self,
        basis: &Basis,
        query: &Query,
        reach: &Reach,
    ) -> Result<Vec<pb::DuplicatePair>, Status> {
        let (facts, directory) = (Arc::clone(&basis.facts), Arc::clone(&basis.directory));
        let (asked, reach) = (query.clone(), reach.clone());
        let behind = computed(move || {
            let mut names = BTreeSet::new();
            let ground = figure::Ground {
                facts: &facts,
                directory: &directory,
                keeping: None,
            };
            for measure in &asked.measures {
                let explained = figure::explain(ground, &asked.of_measure(measure), &reach, Vec::new())?;
                let records = explained.contributions.iter().map(|one| one.record.record().resource());
                names.extend(records.filter(|name| name.starts_with("events/")));
            }
            Ok(names)
        });
        let behind = behind.await?;
        if behind.len() > EVENTS_MAX {
            return Ok(Vec::new());
        }
        let window = query.window;
        let mut events = self
            .projection
            .counted(window.start, window.end)
            .await
            .map_err(refuse)?;
        events.retain(|event| behind.contains(&event.name));
        let directory = Arc::clone(&basis.directory);
        computed(move || {
            Ok(pairs(events, |one, other| {
                duplicate::alike(one, other, directory.hierarchy())
            }))
        })
        .await
    }
}

/// The pairs that are alike, by name. Only events of one type can be.
fn pairs(
    events: Vec<journal::Event>,
    alike: impl Fn(&journal::Event, &journal::Event) -> bool,
) -> Vec<pb::DuplicatePair> {
    let mut by_type: BTreeMap<String, Vec<journal::Event>> = BTreeMap::new();
    for event in events {
        by_type.entry(event.event_type.clone()).or_default().push(event);
    }
    let mut pairs = Vec::new();
    for of_type in by_type.values_mut() {
        of_type.sort_by(|one, other| (&one.start_date, &one.name).cmp(&(&other.start_date, &other.name)));
        for (place, one) in of_type.iter().enumerate() {
            let last = if one.end_date.is_empty() {
                &one.start_date
            } else {
                &one.end_date
            };
            // Those that begin after its last day share none with it.
            let near = of_type[place + 1..]
                .iter()
                .take_while(|other| other.start_date <= *last);
            for other in near.filter(|other| alike(one, other)) {
                if pairs.len() == PAIRS_MAX {
                    return pairs;
                }
                pairs.push(pb::DuplicatePair {
                    first: one.name.clone(),
                    second: other.name.clone(),
                });
            }
        }
    }
    pairs
}
