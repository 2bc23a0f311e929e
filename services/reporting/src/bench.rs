//! A door for the benchmark of figures, which lives with the others in `tests/load`: it goes the way of the service, from
//! revisions of the feed to the answer of a call, without the network and without who may ask. It is no part of the
//! service, and nothing else comes through it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use banggiao_contracts::{journal::v1::EventRevision, registry::v1::Change, reporting::v1 as pb};
use banggiao_directory::Directory;
use banggiao_model::{date::Date, permission::Action};
use banggiao_store::Store;

use crate::{
    domain::{
        book::{Book, Ended},
        definition::{Definitions, Edition},
        fact,
        facts::Facts,
        figure::{self, Ground, Keeping, Kept, Reach},
        measure::wire::Known,
    },
    grpc::{answer, query},
    projection::load,
    store::{fact as stored, migration::Migrator},
};

/// Facts in memory, with the registry that they name.
#[derive(Debug, Default)]
pub struct Bench {
    directory: Arc<Directory>,
    facts: Facts,
    kept: Kept,
}

impl Bench {
    /// No facts yet, and the registry folded from these changes.
    ///
    /// # Panics
    /// If they contradict each other.
    #[must_use]
    pub fn new(changes: &[Change]) -> Self {
        let mut directory = Directory::default();
        for change in changes {
            directory.apply(change).expect("a change that fits");
        }
        Self {
            directory: Arc::new(directory),
            ..Self::default()
        }
    }

    /// Takes all revisions of an event, oldest first.
    ///
    /// # Panics
    /// If one does not read.
    pub fn take(&mut self, revisions: &[EventRevision]) {
        let mut book = Book::default();
        for revision in revisions {
            let fact = fact::read(revision, self.directory.hierarchy(), &mut self.facts.symbols);
            book.enter(&mut self.facts, &fact.expect("a revision that reads"));
        }
    }

    /// As when the facts have been rebuilt from the store.
    pub fn shrink_to_fit(&mut self) {
        self.facts.shrink_to_fit();
    }

    /// The answer to a question of a principal, and how long it took to compute: as if nobody had asked before, or not.
    ///
    /// # Panics
    /// If the question makes no sense.
    #[must_use]
    pub fn answer(
        &self,
        (principal, today): (&str, Date),
        request: &pb::QueryFiguresRequest,
        first: bool,
    ) -> (pb::QueryFiguresResponse, Duration) {
        let reach = Reach {
            events: self.directory.scope(principal, Action::ReadEvent, today),
            agreements: self.directory.scope(principal, Action::ReadAgreement, today),
        };
        let new = Kept::default();
        let ground = Ground {
            facts: &self.facts,
            directory: &self.directory,
            keeping: Some(Keeping {
                kept: if first { &new } else { &self.kept },
                directory: &self.directory,
            }),
        };
        let definitions = Definitions::default();
        let known = Known {
            directory: &self.directory,
            edition: Edition::newest(&definitions),
        };
        let began = Instant::now();
        let query = query::figures(known, request).expect("a question");
        let figures = figure::compute(ground, &query, &reach).expect("figures");
        let took = began.elapsed();
        (answer::figures(&self.facts, &self.directory, &query, figures), took)
    }
}

/// Stores revisions, each the first of its event, and gives how long it takes to rebuild the memory from them.
///
/// # Panics
/// If the database does not do it.
pub async fn rebuild(url: &str, changes: &[Change], revisions: impl Iterator<Item = EventRevision>) -> Duration {
    let store = Store::open::<Migrator>(url).await.expect("a database");
    let bench = Bench::new(changes);
    let (mut symbols, mut position) = (bench.facts.symbols.clone(), 0);
    let mut revisions = revisions.peekable();
    while revisions.peek().is_some() {
        let rows = revisions.by_ref().take(1000).map(|revision| {
            let fact = fact::read(&revision, bench.directory.hierarchy(), &mut symbols);
            stored::row(&revision, &fact.expect("a revision that reads"))
        });
        let rows: Arc<Vec<_>> = Arc::new(rows.collect());
        position = rows.last().map_or(position, |row| row.log_index);
        let append = move |tx| {
            let rows = Arc::clone(&rows);
            async move { stored::append(&tx, &rows, &vec![Ended::default(); rows.len()]).await }
        };
        store.tx("fact.append", append).await.expect("rows");
    }
    let began = Instant::now();
    let rebuilt = load::rebuild(&store, &bench.directory, 1, position, None).await;
    assert_eq!(rebuilt.expect("facts").position, position);
    began.elapsed()
}
