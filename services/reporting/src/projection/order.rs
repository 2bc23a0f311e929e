//! The order of the feed: where a message leaves the log, what of it is known already, and that nothing is missing.

use banggiao_contracts::journal::v1 as pb;

/// Where a message leaves the log; nothing if it has no entries.
pub fn end(message: &pb::WatchEventsResponse) -> Option<pb::LogPosition> {
    let revision = message.revisions.last().map(|revision| pb::LogPosition {
        epoch: revision.epoch,
        log_index: log_index(revision),
    });
    let recovery = message.recoveries.last().map(|recovery| pb::LogPosition {
        epoch: recovery.epoch,
        log_index: recovery.log_index,
    });
    let other = message.other_entries.last().copied();
    let last = revision.into_iter().chain(recovery).chain(other);
    last.max_by_key(|end| end.log_index)
}

/// Takes the entries up to a position away.
pub fn pass_over(message: &mut pb::WatchEventsResponse, position: i64) {
    message.revisions.retain(|revision| log_index(revision) > position);
    message.recoveries.retain(|recovery| recovery.log_index > position);
    message.other_entries.retain(|other| other.log_index > position);
}

/// Takes the entries after a position away.
pub fn cut_off(message: &mut pb::WatchEventsResponse, position: i64) {
    message.revisions.retain(|revision| log_index(revision) <= position);
    message.recoveries.retain(|recovery| recovery.log_index <= position);
    message.other_entries.retain(|other| other.log_index <= position);
}

/// The registry position that must be known here before these can be read.
pub fn registry_position<'a>(revisions: impl IntoIterator<Item = &'a pb::EventRevision>) -> i64 {
    let events = revisions.into_iter().filter_map(|revision| revision.event.as_ref());
    events.map(|event| event.registry_position).max().unwrap_or_default()
}

/// The journal's positions have no gaps: one would mean that a revision was lost for ever.
///
/// # Errors
/// Which entry came where another was expected.
pub fn check(after: i64, message: &pb::WatchEventsResponse) -> Result<(), String> {
    let recoveries = message.recoveries.iter().map(|recovery| recovery.log_index);
    let others = message.other_entries.iter().map(|other| other.log_index);
    let mut between: Vec<i64> = recoveries.chain(others).collect();
    between.sort_unstable();
    let mut between = between.into_iter().peekable();
    let mut expected = after;
    let misplaced = |position, expected| format!("entry {position} came where {expected} was expected");
    for position in message.revisions.iter().map(log_index) {
        expected += 1;
        while between.next_if_eq(&expected).is_some() {
            expected += 1;
        }
        if position != expected {
            return Err(misplaced(position, expected));
        }
    }
    while between.next_if_eq(&(expected + 1)).is_some() {
        expected += 1;
    }
    match between.next() {
        None => Ok(()),
        Some(position) => Err(misplaced(position, expected + 1)),
    }
}

fn log_index(revision: &pb::EventRevision) -> i64 {
    revision.event.as_ref().map_or(0, |event| event.log_index)
}
