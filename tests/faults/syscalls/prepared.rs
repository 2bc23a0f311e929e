//! The folder from which every case starts. Its journal's write-ahead log is so long that a few changes more lead to a
//! checkpoint: then pages are brought home, and the log begins anew.

use std::path::PathBuf;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};
use tempfile::TempDir;

use super::up;
use crate::{faults::office::Office, processes};

/// The journal makes a checkpoint at so many frames.
const CHECKPOINT: u64 = 8000;
/// So many frames before that a case starts; a change takes about ten.
const BEFORE: u64 = 110;
/// A page and what the log says of it, in bytes.
const FRAME: u64 = 4096 + 24;

pub struct Prepared {
    folder: TempDir,
    pub office: Office,
}

impl Prepared {
    pub async fn make() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let (mut up, address) = up(&data);
        processes::serving(&address).await;
        let office = Office::open(&address, &address, &data).await;
        let prepared = Self { folder, office };
        prepared.lengthen().await;
        up.kill();
        prepared
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes one page again and again, and in the end as it was. The journal runs meanwhile: whoever closes the last
    /// connection makes a checkpoint.
    async fn lengthen(&self) {
        let journal = self.folder().join("journal.db");
        let mut options = ConnectOptions::new(format!("sqlite:{}", journal.display()));
        options.max_connections(1).sqlx_logging(false);
        let database = Database::connect(options).await.expect("a database");
        for pragma in ["PRAGMA synchronous = OFF", "PRAGMA wal_autocheckpoint = 0"] {
            database.execute_unprepared(pragma).await.expect("a setting");
        }
        let log = self.folder().join("journal.db-wal");
        while log.metadata().expect("a log").len() < (CHECKPOINT - BEFORE) * FRAME {
            // What stays as it is would not be written.
            for there_and_back in ["+ 1", "- 1"] {
                let change = format!("UPDATE head SET recorded_at = recorded_at {there_and_back}");
                database.execute_unprepared(&change).await.expect("a change");
            }
        }
        database.close().await.expect("it closes");
    }
}
