//! Where the logs of an installation stand, and how far each reader has read them.

use std::path::Path;

use anyhow::Context;
use banggiao_cli::Lang;
use banggiao_store::{cursor, head, snapshot::Snapshot};
use serde::{Deserialize, Serialize};

const REGISTRY: &str = "registry.db";
const JOURNAL: &str = "journal.db";
const REPORTING: &str = "reporting.db";

/// A place in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Grows when an operator declares a recovery from an older backup.
    pub epoch: i64,
    /// Number of entries up to here.
    pub position: i64,
}

/// The heads of the two logs and the cursors of their readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    /// Head of the registry's log.
    pub registry: Position,
    /// Head of the journal's log.
    pub journal: Position,
    /// How far the journal has read the registry.
    pub journal_of_registry: Position,
    /// How far reporting has read the registry.
    pub reporting_of_registry: Position,
    /// How far reporting has read the journal.
    pub reporting_of_journal: Position,
}

/// A reader that has read what its log does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    reader: &'static str,
    log: &'static str,
    cursor: Position,
    head: Position,
}

impl Positions {
    /// Reads them, and the number of events, from the three databases of a copy that nobody writes to.
    ///
    /// # Errors
    /// If a database is not there, or lacks what every one has.
    pub async fn read(folder: &Path) -> anyhow::Result<(Self, u64)> {
        let open = async |file: &'static str| Snapshot::open(&folder.join(file)).await.context(file);
        let (registry, journal) = (open(REGISTRY).await?, open(JOURNAL).await?);
        let reporting = open(REPORTING).await?;
        let positions = Self {
            registry: head(&registry).await.context(REGISTRY)?,
            journal: head(&journal).await.context(JOURNAL)?,
            journal_of_registry: cursor(&journal, "registry").await.context(JOURNAL)?,
            reporting_of_registry: cursor(&reporting, "registry").await.context(REPORTING)?,
            reporting_of_journal: cursor(&reporting, "journal").await.context(REPORTING)?,
        };
        let events = banggiao_journal::count_events(&journal).await.context(JOURNAL)?;
        for database in [registry, journal, reporting] {
            database.close().await?;
        }
        Ok((positions, events))
    }

    /// The readers that have read what their log does not have: nothing in a whole installation.
    #[must_use]
    pub fn ahead(&self) -> Vec<Ahead> {
        [
            ("journal", "registry", self.journal_of_registry, self.registry),
            ("reporting", "registry", self.reporting_of_registry, self.registry),
            ("reporting", "journal", self.reporting_of_journal, self.journal),
        ]
        .into_iter()
        .filter(|(_, _, cursor, head)| cursor.position > head.position || cursor.epoch > head.epoch)
        .map(|(reader, log, cursor, head)| Ahead {
            reader,
            log,
            cursor,
            head,
        })
        .collect()
    }
}

impl Ahead {
    /// In words.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let Self {
            reader,
            log,
            cursor,
            head,
        } = self;
        let (read, end) = (cursor.position, head.position);
        let (read_epoch, end_epoch) = (cursor.epoch, head.epoch);
        lang.pick(
            format!(
                "{reader} has read the log of {log} up to {read} of epoch {read_epoch}, and it ends at {end} of epoch \
                 {end_epoch}"
            ),
            format!(
                "{reader} đã đọc nhật ký của {log} đến {read} (thời kỳ {read_epoch}), mà nhật ký chỉ đến {end} (thời kỳ \
                 {end_epoch})"
            ),
        )
    }
}

async fn head(snapshot: &Snapshot) -> anyhow::Result<Position> {
    let head = head::read(snapshot.reader()).await?;
    Ok(Position {
        epoch: head.epoch,
        position: head.position,
    })
}

async fn cursor(snapshot: &Snapshot, feed: &'static str) -> anyhow::Result<Position> {
    let cursor = cursor::read(snapshot.reader(), feed).await?;
    Ok(Position {
        epoch: cursor.epoch,
        position: cursor.position,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_may_be_behind_and_never_ahead() {
        let at = |position| Position { epoch: 1, position };
        let positions = Positions {
            registry: at(7),
            journal: at(20),
            journal_of_registry: at(7),
            reporting_of_registry: Position { epoch: 0, position: 0 },
            reporting_of_journal: at(19),
        };
        assert_eq!(positions.ahead(), []);
        let ahead = Positions {
            journal_of_registry: at(8),
            reporting_of_journal: Position { epoch: 2, position: 20 },
            ..positions
        };
        let told: Vec<String> = ahead.ahead().iter().map(|ahead| ahead.text(Lang::En)).collect();
        assert_eq!(
            told,
            [
                "journal has read the log of registry up to 8 of epoch 1, and it ends at 7 of epoch 1",
                "reporting has read the log of journal up to 20 of epoch 2, and it ends at 20 of epoch 1",
            ]
        );
    }
}
