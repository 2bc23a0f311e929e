//! Rebuilding: everything is read again from the journal, beside the state that serves, and takes its place.
//!
//! What is read again goes the way that everything went, into a projection of its own on a database of its own. Only when
//! it stands where the other one stands are the two compared, row by row, and what is stored otherwise is replaced in one
//! transaction. Until then figures are answered as before, and nothing of the other state is touched.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use banggiao_contracts::journal::v1::event_feed_service_client::EventFeedServiceClient;
use banggiao_rpc::{channel::Authorized, feed::Reader as _};
use banggiao_store::{self as store, Store, cursor};
use tokio::sync::watch;
use tonic::{Code, Status};

use super::{
    FEED, Projection, order,
    reader::{self, Reader},
};
use crate::{
    domain::{self, facts::Facts, rule},
    store::{digest, fact as stored, migration::Migrator},
};

/// What is asked for comes in this time, or the journal is away.
const PATIENCE: Duration = Duration::from_secs(20);
/// A feed that ended is opened again after this time.
const PAUSE: Duration = Duration::from_millis(200);

/// Why a projection was not rebuilt. It is what it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is being rebuilt already.
    #[error("the projection is being rebuilt already")]
    Busy,
    /// The journal or the registry is away, or did not send what it has.
    #[error("{0}")]
    Away(String),
    /// What serves went back meanwhile, or another process went on with it.
    #[error("what was read of the journal was changed while it was read again; nothing was replaced")]
    Moved,
    /// The journal has less than was read of it before.
    #[error("the journal ends at position {head}, and {position} was read of it before")]
    Shorter {
        /// Where the journal ends.
        head: i64,
        /// Where the state that serves stands.
        position: i64,
    },
    /// The journal's feed does not read.
    #[error("{0}")]
    Damaged(String),
    /// The database, or the room beside it.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<reader::Error> for Error {
    fn from(error: reader::Error) -> Self {
        match error {
            reader::Error::Behind(behind) => Self::Away(behind.to_string()),
            reader::Error::Damaged(why) => Self::Damaged(why),
            reader::Error::Store(error) => Self::Store(error),
        }
    }
}

/// How far a rebuilding has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Position in the journal's log up to which it has read.
    pub position: i64,
    /// The position up to which it has to.
    pub target: i64,
}

/// What a rebuilding has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Position in the journal's log at which both states were compared.
    pub position: i64,
    /// The digest over what counts, as read again.
    pub digest: String,
    /// The digest that stood before.
    pub digest_before: String,
    /// So many revisions were read.
    pub revisions: i64,
    /// So many of them were stored otherwise, or not at all, or were never in the journal.
    pub mended: i64,
}

/// Reads everything again and puts it in the place of what there was. `progress` is told how far it is.
///
/// # Errors
/// The projection is then what it was.
pub async fn rebuild(
    projection: &Projection,
    journal: EventFeedServiceClient<Authorized>,
    progress: &watch::Sender<Progress>,
) -> Result<Rebuilt, Error> {
    let _alone = projection.rebuilding.try_lock().map_err(|_| Error::Busy)?;
    let room = tempfile::tempdir().map_err(|error| store::Error::Damaged(format!("no room to rebuild in: {error}")))?;
    let beside = Store::open::<Migrator>(&format!("sqlite:{}", room.path().join("anew.db").display())).await?;
    let anew = Projection::open(beside, projection.follower.clone()).await?;
    let mut again = Again {
        reader: Reader::new(Arc::clone(&anew), journal),
        anew,
        progress,
    };
    again.read_until(projection).await?;
    // Most is compared while the feed goes on. What is written meanwhile shows as different, and is looked at again.
    let compared = again.position();
    let doubtful = differing(&projection.store, &again.anew.store, &[(0, compared)]).await?;
    let mut stretches: Vec<(i64, i64)> = doubtful.into_iter().map(|found| (found.after, found.until)).collect();
    // What came meanwhile is little. The journal's feed waits while it is read, too, so that both end at one position.
    let _turn = projection.turn.lock().await;
    again.read_until(projection).await?;
    let (facts, before) = (
        Arc::clone(&again.anew.current.borrow()),
        Arc::clone(&projection.current.borrow()),
    );
    if (facts.epoch, facts.position) != (before.epoch, before.position) {
        return Err(Error::Moved);
    }
    // Nothing belongs beyond the end.
    stretches.push((compared, i64::MAX));
    let found = differing(&projection.store, &again.anew.store, &stretches).await?;
    let rebuilt = Rebuilt {
        position: facts.position,
        digest: facts.digest.to_string(),
        digest_before: before.digest.to_string(),
        revisions: stored::count(again.anew.store.reader()).await?,
        mended: found.iter().map(|stretch| stretch.rows).sum(),
    };
    replace(projection, &before, &facts, found).await?;
    projection.kept.clear();
    projection.current.send_replace(facts);
    if rebuilt.mended > 0 {
        tracing::warn!(
            position = rebuilt.position,
            mended = rebuilt.mended,
            "what was stored otherwise than the journal has it is replaced"
        );
    } else {
        tracing::info!(
            position = rebuilt.position,
            "everything is stored as the journal has it"
        );
    }
    Ok(rebuilt)
}

/// What is read again.
struct Again<'p> {
    anew: Arc<Projection>,
    reader: Reader,
    progress: &'p watch::Sender<Progress>,
}

impl Again<'_> {
    /// Reads on until it stands where the other projection stood at the beginning.
    async fn read_until(&mut self, other: &Projection) -> Result<(), Error> {
        let target = other.current.borrow().position;
        let away = |status: Status| match status.code() {
            Code::Unavailable | Code::DeadlineExceeded => Error::Away("the journal cannot be reached".to_owned()),
            _ => Error::Away(format!("the journal: {}", status.message())),
        };
        let (mut stream, mut last, mut since) = (None, self.position(), Instant::now());
        while self.position() < target {
            if self.position() != last {
                (last, since) = (self.position(), Instant::now());
            }
            let silent = || Error::Away(format!("the journal sent nothing for {} s", PATIENCE.as_secs()));
            let patience = PATIENCE.checked_sub(since.elapsed()).ok_or_else(silent)?;
            let messages = match &mut stream {
                Some(messages) => messages,
                none => none.insert(self.reader.open().await.map_err(away)?),
            };
            let message = tokio::time::timeout(patience, messages.message()).await;
            let Some(mut message) = message.map_err(|_| silent())?.map_err(away)? else {
                stream = None;
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let head = message.head.map_or(target, |head| head.log_index);
            if head < target {
                return Err(Error::Shorter { head, position: target });
            }
            order::cut_off(&mut message, target);
            self.reader.enter(message).await?;
            self.progress.send_replace(Progress {
                position: self.position(),
                target,
            });
        }
        Ok(())
    }

    fn position(&self) -> i64 {
        self.anew.current.borrow().position
    }
}

/// Replaces what is stored otherwise, under the position that both have.
async fn replace(
    projection: &Projection,
    before: &Arc<Facts>,
    facts: &Arc<Facts>,
    found: Vec<Stretch>,
) -> Result<(), Error> {
    let (stood, rebuilt, found) = (Arc::clone(before), Arc::clone(facts), Arc::new(found));
    let put = projection.store.tx("fact.replace", move |tx| {
        let (rebuilt, stood, found) = (Arc::clone(&rebuilt), Arc::clone(&stood), Arc::clone(&found));
        async move {
            // If another process went on, this is nobody's to replace any more.
            cursor::advance(&tx, FEED, stood.position, rebuilt.epoch, rebuilt.position).await?;
            digest::advance(&tx, FEED, &stood.digest.to_string(), &rebuilt.digest.to_string()).await?;
            for stretch in found.iter() {
                stored::replace(&tx, (stretch.after, stretch.until), &stretch.anew).await?;
            }
            Ok::<_, store::Error>(())
        }
    });
    match put.await {
        Ok(()) => Ok(()),
        Err(store::Error::CursorMoved(_)) => Err(Error::Moved),
        Err(error) => Err(error.into()),
    }
}

/// Positions between which two databases store something else, and the revisions that belong there.
struct Stretch {
    after: i64,
    until: i64,
    /// So many rows differ.
    rows: i64,
    anew: Vec<stored::Model>,
}

/// Where two databases store something else, within some stretches of positions.
async fn differing(standing: &Store, anew: &Store, within: &[(i64, i64)]) -> Result<Vec<Stretch>, store::Error> {
    let mut found = Vec::new();
    for (from, to) in within {
        let mut after = *from;
        while after < *to {
            let rows = stored::read_after(anew.reader(), after, *to).await?;
            let until = rows.last().map_or(*to, |last| last.log_index);
            let there = stored::read_between(standing.reader(), after, until).await?;
            if rows != there {
                found.push(Stretch {
                    after,
                    until,
                    rows: differ(&there, &rows),
                    anew: rows,
                });
            }
            after = until;
        }
    }
    Ok(found)
}

/// How many positions hold something else.
fn differ(there: &[stored::Model], anew: &[stored::Model]) -> i64 {
    let other = |rows: &[stored::Model], row: &stored::Model| {
        let place = rows.binary_search_by_key(&row.log_index, |row| row.log_index);
        place.map_or(None, |place| rows.get(place)) != Some(row)
    };
    let changed = anew.iter().filter(|row| other(there, row)).count();
    let known = |row: &&stored::Model| anew.binary_search_by_key(&row.log_index, |row| row.log_index).is_err();
    i64::try_from(changed + there.iter().filter(known).count()).unwrap_or(i64::MAX)
}

impl From<Error> for domain::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Away(_) => Self::Away(error.to_string()),
            Error::Busy | Error::Moved | Error::Shorter { .. } | Error::Damaged(_) => {
                Self::rule(rule::PROJECTION_NOT_REBUILT, "projection", error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use banggiao_contracts::journal::v1 as pb;

    use super::*;

    #[test]
    fn rows_that_differ_are_counted_once() {
        let row = |log_index, revision| stored::Model {
            log_index,
            event_id: format!("e{log_index}"),
            start_date: "2024-01-01".to_owned(),
            revision,
            newest_to: None,
            counted: true,
            counted_to: None,
            payload: Vec::new(),
        };
        let anew = [row(1, 1), row(2, 1), row(4, 1)];
        assert_eq!(differ(&anew, &anew), 0);
        // One that was changed, one that is missing, one that was never there.
        assert_eq!(differ(&[row(1, 1), row(2, 2), row(3, 1)], &anew), 3);
    }

    #[test]
    fn nothing_beyond_the_target_is_taken() {
        let revision = |log_index| pb::EventRevision {
            event: Some(pb::Event {
                log_index,
                ..pb::Event::default()
            }),
            ..pb::EventRevision::default()
        };
        let mut message = pb::WatchEventsResponse {
            revisions: (3..8).map(revision).collect(),
            ..pb::WatchEventsResponse::default()
        };
        order::cut_off(&mut message, 5);
        assert_eq!(order::end(&message).map(|end| end.log_index), Some(5));
    }
}
