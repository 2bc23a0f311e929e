//! Feeds: the server's side, which sends everything after a position and then stays open, and the reader's side, which
//! comes back whenever the stream ends.
//!
//! Ordered, unique, reliable, resumable: the position is the reader's, stored with what it made of the entries. Entries
//! travel in batches, never one tiny message each, since HTTP/2 peers close connections that hold many small unread
//! frames.

use std::{future::Future, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

/// Without entries a progress message is sent so often.
pub const PROGRESS: Duration = Duration::from_secs(1);
/// A batch is closed when its entries' bytes reach this.
const BATCH_BYTES: usize = 64 * 1024;
/// Entries are read from the database in such numbers.
const READ_ENTRIES: u64 = 500;
/// The shortest and the longest wait before a reader comes back.
const WAITS: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

/// The newest position of a log: epoch and number of entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Grows when a recovery from an older backup is declared.
    pub epoch: i64,
    /// Position of the last entry; 0 before the first.
    pub position: i64,
}

impl Head {
    /// Moves on to a later position; says whether it was one.
    pub fn advance(&mut self, to: Self) -> bool {
        let later = (self.epoch, self.position) < (to.epoch, to.position);
        if later {
            *self = to;
        }
        later
    }
}

/// The log behind a feed.
pub trait Source: Send + Sync + 'static {
    /// One entry, ready for the wire.
    type Entry: Send + 'static;
    /// One message of the stream.
    type Message: Send + 'static;

    /// The entries after a position, oldest first, at most `limit`.
    fn read(&self, after: i64, limit: u64) -> impl Future<Output = Result<Vec<Self::Entry>, Status>> + Send;
    /// Whether the caller may still read, asked again and again while the stream is open.
    ///
    /// # Errors
    /// PERMISSION_DENIED if not.
    fn may_read(&self) -> Result<(), Status>;
    /// How many bytes an entry takes on the wire.
    fn bytes(entry: &Self::Entry) -> usize;
    /// A batch of entries, or a progress message without any.
    fn message(&self, entries: Vec<Self::Entry>, head: Head) -> Self::Message;
    /// The first message, a progress message that may say more.
    fn first(&self, head: Head) -> Self::Message {
        self.message(Vec::new(), head)
    }
}

/// The stream of everything after a position. It ends when the service shuts down, the log's head goes away, or a new epoch
/// begins: the reader then stands in one that is over, and is told so when it comes back.
pub fn serve<S: Source>(
    source: S,
    mut after: i64,
    mut head: watch::Receiver<Head>,
    shutdown: CancellationToken,
) -> impl tokio_stream::Stream<Item = Result<S::Message, Status>> + Send {
    async_stream::try_stream! {
        source.may_read()?;
        let start = *head.borrow_and_update();
        yield source.first(start);
        loop {
            source.may_read()?;
            let newest = *head.borrow_and_update();
            if newest.epoch != start.epoch { break }
            if after < newest.position {
                let entries = source.read(after, READ_ENTRIES).await?;
                after += i64::try_from(entries.len()).unwrap_or(0);
                for batch in batches(entries, S::bytes) {
                    yield source.message(batch, newest);
                }
                continue;
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(PROGRESS) => {
                    let newest = *head.borrow();
                    if newest.epoch != start.epoch { break }
                    yield source.message(Vec::new(), newest);
                }
                () = shutdown.cancelled() => break,
            }
        }
    }
}

/// Entries in batches, each closed when its bytes on the wire are enough for one message.
pub fn batches<E>(entries: Vec<E>, bytes_of: fn(&E) -> usize) -> Vec<Vec<E>> {
    let (mut batches, mut bytes) = (Vec::new(), BATCH_BYTES);
    for entry in entries {
        if bytes >= BATCH_BYTES {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += bytes_of(&entry);
        if let Some(batch) = batches.last_mut() {
            batch.push(entry);
        }
    }
    batches
}

/// The reader of a feed.
pub trait Reader: Send {
    /// One message of the stream.
    type Message: Send + 'static;
    /// What can go wrong when a message is applied.
    type Error: std::fmt::Display + Send;

    /// Opens the stream after what has been applied.
    fn open(&mut self) -> impl Future<Output = Result<Streaming<Self::Message>, Status>> + Send;
    /// Applies a message: its entries and the new position in one transaction.
    fn apply(&mut self, message: Self::Message) -> impl Future<Output = Result<(), Self::Error>> + Send;
    /// Whether this error was told already: one that stays until somebody acts is not told with every try.
    fn told(&mut self, error: &Self::Error) -> bool {
        let _ = error;
        false
    }
}

/// Follows a feed until `shutdown`, coming back whenever the stream ends or a message could not be applied.
pub async fn follow<R: Reader>(feed: &'static str, mut reader: R, shutdown: CancellationToken) {
    let mut wait = WAITS[0];
    while !shutdown.is_cancelled() {
        let moved = tokio::select! {
            moved = read_once(feed, &mut reader) => moved,
            () = shutdown.cancelled() => return,
        };
        wait = if moved { WAITS[0] } else { (wait * 2).min(WAITS[1]) };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Reads until the stream ends. Says whether anything was applied.
async fn read_once<R: Reader>(feed: &'static str, reader: &mut R) -> bool {
    let mut stream = match reader.open().await {
        Ok(stream) => stream,
        Err(status) => {
            tracing::debug!(feed, code = ?status.code(), message = status.message(), "the feed is not there");
            return false;
        }
    };
    let mut moved = false;
    loop {
        match stream.message().await {
            Ok(Some(message)) => {
                if let Err(error) = reader.apply(message).await {
                    if !reader.told(&error) {
                        tracing::error!(feed, %error, "a message of the feed could not be applied");
                    }
                    return moved;
                }
                moved = true;
            }
            Ok(None) => return moved,
            Err(status) => {
                tracing::debug!(feed, code = ?status.code(), message = status.message(), "the feed broke off");
                return moved;
            }
        }
    }
}
