//! The sweep: what was uploaded and never named goes, and so does what a crash left.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use banggiao_store::head;
use tokio_util::sync::CancellationToken;

use crate::{domain::Error, journal::Journal, store::attachment};

/// It is swept so often, and at start.
const INTERVAL: Duration = Duration::from_secs(3600);
/// One transaction takes so many, since everybody who writes waits for it.
const CHUNK: usize = 500;

/// Sweeps now and every hour, until `shutdown`.
pub fn keep_swept(journal: &Arc<Journal>, shutdown: CancellationToken) {
    let journal = Arc::clone(journal);
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(INTERVAL);
        while shutdown.run_until_cancelled(interval.tick()).await.is_some() {
            if let Err(error) = journal.sweep().await {
                tracing::warn!(%error, "attachments could not be swept; it is tried again in an hour");
            }
        }
    });
}

impl Journal {
    /// Removes attachments that no revision names and that were uploaded long enough ago, contents without a row, and what
    /// is left of uploads that broke off.
    ///
    /// # Errors
    /// If the database or the folder refuses; what is left then is found by the next sweep.
    pub async fn sweep(&self) -> Result<(), Error> {
        let contents = self.attachments().contents();
        contents.remove_abandoned().await?;
        let before = self.seams().clock.now().as_microsecond() - self.attachments().sweep_after_micros;
        loop {
            // They are looked for while nobody waits; under the lock it is only asked whether these still are orphans.
            let orphans = attachment::orphans(self.store().reader(), before, CHUNK as u64).await?;
            if orphans.is_empty() {
                break;
            }
            let digests = Arc::new(orphans.clone());
            let taken = self.store().tx("attachment.sweep", move |tx| {
                let digests = Arc::clone(&digests);
                async move {
                    head::lock(&tx).await?;
                    Ok::<_, Error>(attachment::take_orphans(&tx, before, &digests).await?)
                }
            });
            taken.await?;
            self.remove_contents(orphans).await?;
        }
        // A database that knows of no attachment at all may not be the one that belongs to the folder.
        if attachment::is_any(self.store().reader()).await? {
            self.remove_contents(contents.digests().await?).await?;
        }
        Ok(())
    }

    /// Removes those of the contents that have no row. Whoever stores one of them gives it its row and its name under the
    /// same lock.
    async fn remove_contents(&self, digests: Vec<String>) -> Result<(), Error> {
        let digests = BTreeSet::from_iter(digests);
        let known = attachment::stored(self.store().reader(), &digests).await?;
        let unknown: Vec<String> = digests.difference(&known).cloned().collect();
        for chunk in unknown.chunks(CHUNK) {
            let (contents, chunk) = (
                self.attachments().contents().clone(),
                BTreeSet::from_iter(chunk.to_vec()),
            );
            let removed = self.store().tx("attachment.sweepContents", move |tx| {
                let (contents, chunk) = (contents.clone(), chunk.clone());
                async move {
                    head::lock(&tx).await?;
                    let known = attachment::stored(&tx, &chunk).await?;
                    contents.remove(chunk.difference(&known).cloned().collect()).await
                }
            });
            removed.await?;
        }
        Ok(())
    }
}
