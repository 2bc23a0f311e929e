//! Rows over a stream: batches, a credit window, and going on after a break.
//!
//! It owns what is in flight. At most 1,000 rows are unanswered, one response belongs to each request, and imports are
//! idempotent, so that what was not answered can be sent again.

use super::lane::{Answer, Lane};
use crate::connection::Connection;
use crate::error::Error;
use indicatif::ProgressBar;
use prost::Message;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The most rows of a batch.
const BATCH_ROWS_MAX: usize = 500;

/// The most bytes of a batch, unless a single row is larger: services take messages of 4 MiB.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// For how long a server that is away is tried again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first pause before trying again; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long the end of a stream whose rows are all answered is waited for.
const FAREWELL: Duration = Duration::from_secs(2);

/// Cuts rows into batches.
#[must_use]
pub fn batches<R: Message>(rows: Vec<R>) -> Vec<Vec<R>> {
    let mut batches: Vec<Vec<R>> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let length = row.encoded_len();
        match batches
            .last_mut()
            .filter(|batch| batch.len() < BATCH_ROWS_MAX && bytes + length <= BATCH_BYTES_MAX)
        {
            Some(batch) => {
                bytes += length;
                batch.push(row);
            }
            None => {
                bytes = length;
                batches.push(vec![row]);
            }
        }
    }
    batches
}

/// Sends all batches and gathers an answer for each, in order. After an error `answers` holds what came before it.
///
/// # Errors
/// The status that ended the stream; UNAVAILABLE only after it has lasted ten seconds without any progress.
pub async fn send<L: Lane>(
    connection: &Connection,
    lane: &L,
    batches: &[Vec<L::Row>],
    answers: &mut Vec<Answer>,
    bar: &ProgressBar,
) -> Result<(), Error> {
    let mut patience = Patience::default();
    let begun = bar.position();
    while answers.len() < batches.len() {
        let before = answers.len();
        let Err(status) = attempt(connection, lane, batches, answers, bar).await else {
            continue;
        };
        if answers.len() > before {
            patience = Patience::default();
        }
        if !may_be_repeated(&status) || !patience.wait().await {
            return Err(Error::from(connection.located(status)));
        }
        if lane.dry_run() {
            // A new stream knows nothing of rows that were only checked.
            answers.clear();
            bar.set_position(begun);
        }
    }
    Ok(())
}

/// One stream, from the first batch without an answer to the last batch or a break.
async fn attempt<L: Lane>(
    connection: &Connection,
    lane: &L,
    batches: &[Vec<L::Row>],
    answers: &mut Vec<Answer>,
    bar: &ProgressBar,
) -> Result<(), Status> {
    let limit = connection.timeout();
    let late = |_| Status::deadline_exceeded("a batch was not answered within the time that --timeout gives");
    let (sender, receiver) = mpsc::channel(L::WINDOW);
    let mut waiting = batches[answers.len()..].iter();
    // The first batches are on their way before the stream is open: a service may read before it answers at all. They
    // fit into the channel, so that this never waits.
    for batch in waiting.by_ref().take(L::WINDOW) {
        let _ = sender.send(lane.request(batch)).await;
    }
    let opened = lane.open(connection, ReceiverStream::new(receiver));
    let mut stream = tokio::time::timeout(limit, opened).await.map_err(late)??;
    while let Some(batch) = batches.get(answers.len()) {
        let response = tokio::time::timeout(limit, stream.message()).await.map_err(late)??;
        let response = response.ok_or_else(|| Status::unavailable("the stream ended before every row was answered"))?;
        let answer = L::answer(response);
        if answer.results.len() != batch.len() {
            let (results, rows) = (answer.results.len(), batch.len());
            return Err(Status::internal(format!(
                "the server gave {results} results for {rows} rows"
            )));
        }
        answers.push(answer);
        bar.inc(batch.len() as u64);
        if let Some(batch) = waiting.next() {
            // If the stream has broken, reading from it tells why.
            let _ = sender.send(lane.request(batch)).await;
        }
    }
    drop(sender);
    // Leaving before the server has ended the stream would look like a client that ran away.
    let _ = tokio::time::timeout(FAREWELL, stream.message()).await;
    Ok(())
}

/// Whether rows may be sent again after this status: the server is away, or asks to wait, or the connection broke.
#[must_use]
pub fn may_be_repeated(status: &Status) -> bool {
    let broken = std::error::Error::source(status).is_some();
    match status.code() {
        Code::Unavailable => true,
        Code::ResourceExhausted => status.get_details_retry_info().is_some(),
        // What a connection that is cut inside a stream comes out as; a server's own status has no source.
        Code::Unknown | Code::Internal | Code::Cancelled => broken,
        _ => false,
    }
}

/// Pauses that grow, until patience ends.
#[derive(Debug, Default)]
pub struct Patience {
    since: Option<Instant>,
    pause: Duration,
}

impl Patience {
    /// Waits before another try; `false` if it is time to give up.
    pub async fn wait(&mut self) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        let left = PATIENCE.saturating_sub(since.elapsed());
        if left.is_zero() {
            return false;
        }
        self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        tokio::time::sleep(self.pause.min(left)).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::registry::v1 as registry;

    #[test]
    fn batches_are_bounded_in_rows_and_bytes() {
        let row = |length: usize| registry::RegistryPosition {
            epoch: length as i64,
            position: 0,
        };
        let sizes = |rows: Vec<_>| batches(rows).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes((0..1_001).map(|_| row(1)).collect()), [500, 500, 1]);
        assert_eq!(sizes(vec![]), [0_usize; 0]);
        let large = |length: usize| registry::ImportRowsRequest {
            source: "x".repeat(length),
            ..Default::default()
        };
        let sizes: Vec<_> = batches(vec![
            large(700_000),
            large(700_000),
            large(10),
            large(2_000_000),
            large(1),
        ])
        .iter()
        .map(Vec::len)
        .collect();
        assert_eq!(sizes, [1, 2, 1, 1]);
    }

    #[test]
    fn only_what_may_pass_is_repeated() {
        assert!(may_be_repeated(&Status::unavailable("away")));
        for status in [
            Status::internal("x"),
            Status::permission_denied("x"),
            Status::resource_exhausted("x"),
        ] {
            assert!(!may_be_repeated(&status), "{status:?}");
        }
    }

    #[tokio::test]
    async fn patience_ends_after_ten_seconds() {
        let mut patience = Patience::default();
        assert!(patience.wait().await);
        assert_eq!(patience.pause, PAUSE_MIN);
        patience.since = Instant::now().checked_sub(PATIENCE);
        assert!(!patience.wait().await);
    }
}
