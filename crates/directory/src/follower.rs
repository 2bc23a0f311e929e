//! Following the registry's feed: a stored copy of its changes, and the directory folded from them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use banggiao_contracts::registry::v1::{self as pb, registry_feed_service_client::RegistryFeedServiceClient};
use banggiao_rpc::{
    channel::Authorized,
    feed,
    identity::{Admission, Caller},
};
use banggiao_store::{Error, Store, cursor};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, Streaming};

use crate::{Directory, changes};

/// So long does a request wait for a position that is not here yet.
pub const GRACE: Duration = Duration::from_secs(2);
/// What was not heard of for so long is not decided upon: rights may have been taken back since.
pub const STALE: Duration = Duration::from_secs(10);
/// What the cursor of this feed is called.
const FEED: &str = "registry";

/// The copy has not reached the position that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the registry is known here up to position {reached}, not yet up to {wanted}")]
pub struct Behind {
    /// The position that was asked for.
    pub wanted: i64,
    /// The position that is here.
    pub reached: i64,
}

/// The registry has not been heard of for [`STALE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the registry has not been heard of for {} s; rights may have changed since", STALE.as_secs())]
pub struct Stale;

/// A reader's copy of the registry, kept up to date in the background.
#[derive(Debug, Clone)]
pub struct Follower {
    current: watch::Receiver<Arc<Directory>>,
    /// When the feed was last heard, be it only of progress; never at first.
    heard: watch::Receiver<Option<Instant>>,
    registry: RegistryFeedServiceClient<Authorized>,
}

impl Admission for Follower {
    fn admits(&self, caller: &Caller) -> bool {
        self.current.borrow().admits(&caller.principal, &caller.token)
    }
}

impl Follower {
    /// Folds what is stored and follows the feed from there until `shutdown`. The service's first migration must have
    /// made the tables of [`changes`] and of the cursors, with a cursor for `registry`.
    ///
    /// # Errors
    /// If the stored copy cannot be read.
    pub async fn start(store: Store, registry: Authorized, shutdown: CancellationToken) -> Result<Self, Error> {
        let mut directory = Directory::default();
        changes::fold_stored(store.reader(), &mut directory).await?;
        let registry = RegistryFeedServiceClient::new(registry);
        let (sender, current) = watch::channel(Arc::new(directory));
        let (hears, heard) = watch::channel(None);
        let reader = Reader {
            store,
            registry: registry.clone(),
            current: sender,
            hears,
            doubtful: false,
        };
        tokio::spawn(feed::follow(FEED, reader, shutdown));
        Ok(Self {
            current,
            heard,
            registry,
        })
    }

    /// Whether the registry was heard of in time: what is known here is then at most [`STALE`] old.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.heard.borrow().is_some_and(|heard| heard.elapsed() < STALE)
    }

    /// When the registry was heard last, if it was since the start.
    #[must_use]
    pub fn heard(&self) -> Option<Instant> {
        *self.heard.borrow()
    }

    /// As [`Self::is_fresh`], waiting up to [`GRACE`] for a feed that was never heard since the start.
    ///
    /// # Errors
    /// [`Stale`] if not.
    pub async fn fresh(&self) -> Result<(), Stale> {
        let mut heard = self.heard.clone();
        let first = tokio::time::timeout(GRACE, heard.wait_for(Option::is_some));
        // What was found is given back before it is looked at again: whoever holds it keeps the feed from being heard.
        let first = first.await.is_ok_and(|heard| heard.is_ok());
        if first && self.is_fresh() { Ok(()) } else { Err(Stale) }
    }

    /// The directory as it is known here now.
    #[must_use]
    pub fn now(&self) -> Arc<Directory> {
        Arc::clone(&self.current.borrow())
    }

    /// To be told of changes.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Directory>> {
        self.current.clone()
    }

    /// The directory once it has reached a position, waiting up to [`GRACE`].
    ///
    /// # Errors
    /// [`Behind`] if it has not.
    pub async fn at_least(&self, wanted: i64) -> Result<Arc<Directory>, Behind> {
        let mut current = self.current.clone();
        let reached = current.wait_for(|directory| directory.position() >= wanted);
        match tokio::time::timeout(GRACE, reached).await {
            Ok(Ok(directory)) => Ok(Arc::clone(&directory)),
            Ok(Err(_)) | Err(_) => Err(Behind {
                wanted,
                reached: self.now().position(),
            }),
        }
    }

    /// The directory as the registry has it this moment: asks for its head and waits until the copy is there. If the
    /// registry is away, what is known here is all that can be had.
    ///
    /// # Errors
    /// [`Behind`] if the copy does not get there in time.
    pub async fn caught_up(&self) -> Result<Arc<Directory>, Behind> {
        let mut request = Request::new(pb::GetHeadRequest {});
        request.set_timeout(GRACE);
        match self.registry.clone().get_head(request).await {
            Ok(head) => self.at_least(head.into_inner().position).await,
            Err(status) => {
                tracing::warn!(code = ?status.code(), "the registry does not tell its head");
                Ok(self.now())
            }
        }
    }
}

struct Reader {
    store: Store,
    registry: RegistryFeedServiceClient<Authorized>,
    current: watch::Sender<Arc<Directory>>,
    hears: watch::Sender<Option<Instant>>,
    /// Something failed since the memory was last known to be what is stored.
    doubtful: bool,
}

impl Reader {
    /// The registry was heard, if what is here is what it has: one that is being caught up with may have taken rights
    /// back long ago.
    fn hear(&self, newest: Option<&pb::RegistryPosition>) {
        let position = self.current.borrow().position();
        if newest.is_some_and(|newest| position >= newest.position) {
            self.hears.send_replace(Some(Instant::now()));
        }
    }

    /// Folds in what is stored beyond the memory: another process on the same database may have moved on.
    async fn restore(&mut self) -> Result<(), Error> {
        let mut directory = (**self.current.borrow()).clone();
        changes::fold_stored(self.store.reader(), &mut directory).await?;
        self.current.send_replace(Arc::new(directory));
        self.doubtful = false;
        Ok(())
    }
}

impl feed::Reader for Reader {
    type Message = pb::WatchChangesResponse;
    type Error = Error;

    async fn open(&mut self) -> Result<Streaming<Self::Message>, Status> {
        if self.doubtful {
            let restored = self.restore().await;
            restored.map_err(|error| Status::unavailable(error.to_string()))?;
        }
        let (epoch, position) = {
            let directory = self.current.borrow();
            (directory.epoch(), directory.position())
        };
        let after = Some(pb::RegistryPosition { epoch, position });
        Ok(self
            .registry
            .watch_changes(pb::WatchChangesRequest { after })
            .await?
            .into_inner())
    }

    async fn apply(&mut self, message: Self::Message) -> Result<(), Error> {
        if message.changes.is_empty() {
            self.hear(message.head.as_ref());
            return Ok(());
        }
        let newest = message.head;
        let before = Arc::clone(&self.current.borrow());
        let mut directory = (*before).clone();
        for change in &message.changes {
            directory
                .apply(change)
                .map_err(|error| Error::Damaged(error.to_string()))?;
        }
        let expected = before.position();
        let (epoch, position) = (directory.epoch(), directory.position());
        let copied = Arc::new(message.changes);
        self.doubtful = true;
        self.store
            .tx("registry_change.copy", move |tx| {
                let copied = Arc::clone(&copied);
                async move {
                    cursor::advance(&tx, FEED, expected, epoch, position).await?;
                    changes::append(&tx, &copied).await
                }
            })
            .await?;
        self.current.send_replace(Arc::new(directory));
        self.doubtful = false;
        self.hear(newest.as_ref());
        Ok(())
    }
}
