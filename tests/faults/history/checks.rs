//! The checks: each finds the first fault of one kind in a history.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use banggiao_contracts::journal::v1::{Event, EventRevision};

use super::{Command, Content, Entry, History, SOURCE};
use crate::faults::figures::{Figure, Fold};

/// Finds the first fault of one kind, if there is one.
pub(super) type Check = fn(&History) -> Result<(), String>;

/// What is known to be true of every history.
pub(super) const ALL: [Check; 7] = [
    gapless,
    references_once,
    told_stands,
    commands_once,
    in_real_time,
    readers_saw_the_log,
    figures_are_the_log,
];

/// The revisions of the log with their events.
fn revisions(history: &History) -> impl Iterator<Item = Result<(&EventRevision, &Event), String>> {
    history.log.iter().filter_map(Entry::revision).map(|revision| {
        let event = revision.event.as_ref();
        let event = event.ok_or_else(|| "a revision without event".to_owned())?;
        Ok((revision, event))
    })
}

/// The reference of an event that was written here.
fn own_reference(event: &Event) -> Option<&str> {
    let reference = event.external_reference.as_ref()?;
    (reference.source == SOURCE).then_some(reference.reference.as_str())
}

/// Positions are 1, 2, 3, and so on, in one epoch.
pub(super) fn gapless(history: &History) -> Result<(), String> {
    let mut expected = 0;
    for entry in &history.log {
        expected += 1;
        let (found, epoch) = (entry.position().log_index, entry.position().epoch);
        if found != expected || epoch != history.log[0].position().epoch {
            return Err(format!("the log has {found} where {expected} is due"));
        }
    }
    Ok(())
}

/// An external reference is that of one event, and each event's revisions are 1, 2, 3, and so on.
pub(super) fn references_once(history: &History) -> Result<(), String> {
    let (mut names, mut newest) = (HashMap::new(), HashMap::new());
    for revision in revisions(history) {
        let (_, event) = revision?;
        if let Some(reference) = &event.external_reference {
            let name = names
                .entry((&reference.source, &reference.reference))
                .or_insert(&event.name);
            if *name != &event.name {
                return Err(format!("{reference:?} is {name} and {}", event.name));
            }
        }
        let revisions = newest.entry(&event.name).or_insert(0);
        *revisions += 1;
        if event.revision != *revisions {
            return Err(format!(
                "{} has revision {} where {revisions} is due",
                event.name, event.revision
            ));
        }
    }
    Ok(())
}

/// What was acknowledged stands at the index that was told, as it was told.
pub(super) fn told_stands(history: &History) -> Result<(), String> {
    let mut told_indexes = HashSet::new();
    for command in &history.commands {
        let Some((_, told)) = &command.told else { continue };
        let place = usize::try_from(told.log_index - 1).map_err(|error| error.to_string())?;
        let stands = history.log.get(place).and_then(Entry::event);
        if stands != Some(told) {
            return Err(format!("told was {told:?}, and there stands {stands:?}"));
        }
        if !told_indexes.insert(told.log_index) {
            return Err(format!("{} was told for two commands", told.log_index));
        }
    }
    Ok(())
}

/// Each command at most once, an acknowledged one once, in the order in which they were sent, and nothing that nobody
/// sent.
pub(super) fn commands_once(history: &History) -> Result<(), String> {
    let mut sent: HashMap<&str, Vec<&Command>> = HashMap::new();
    for command in &history.commands {
        sent.entry(&command.reference).or_default().push(command);
    }
    let mut found: HashMap<&str, usize> = HashMap::new();
    for revision in revisions(history) {
        let (revision, event) = revision?;
        let Some(reference) = own_reference(event) else {
            continue;
        };
        let place = found.entry(reference).or_default();
        let command = sent.get(reference).and_then(|commands| commands.get(*place));
        let Some(command) = command else {
            return Err(format!(
                "{reference} has more revisions than were sent: {:?}",
                revision.action()
            ));
        };
        *place += 1;
        let content = Content {
            unit: event.home_unit.clone(),
            day: event.start_date.clone(),
            persons: event.persons.unwrap_or_default(),
        };
        if command.action != revision.action() || command.content != content {
            return Err(format!(
                "sent was {command:?}, and there stands {:?} of {content:?}",
                revision.action()
            ));
        }
    }
    for (reference, commands) in sent {
        let acknowledged = commands.iter().filter(|command| command.told.is_some()).count();
        if found.get(reference).copied().unwrap_or_default() < acknowledged {
            return Err(format!("a command on {reference} is lost"));
        }
    }
    Ok(())
}

/// What was acknowledged before another was sent has the smaller index.
pub(super) fn in_real_time(history: &History) -> Result<(), String> {
    let told = |command: &Command| {
        command
            .told
            .clone()
            .map(|(at, event)| (event.log_index, command.sent, at))
    };
    let mut by_index: Vec<(i64, Instant, Instant)> = history.commands.iter().filter_map(told).collect();
    by_index.sort_unstable();
    let mut last_sent: Option<(Instant, i64)> = None;
    for (index, sent, told) in by_index {
        if let Some((later, before)) = last_sent
            && told < later
        {
            return Err(format!(
                "{index} was told before the command was sent that stands at {before}"
            ));
        }
        last_sent = last_sent.max(Some((sent, index)));
    }
    Ok(())
}

/// Every reader received the log, each entry once and in order.
pub(super) fn readers_saw_the_log(history: &History) -> Result<(), String> {
    for received in &history.received {
        for (place, entry) in received.iter().enumerate() {
            if history.log.get(place) != Some(entry) {
                let index = entry.position().log_index;
                return Err(format!("a reader received {index} as number {}", place + 1));
            }
        }
        if received.len() != history.log.len() {
            return Err(format!("a reader received {} of {}", received.len(), history.log.len()));
        }
    }
    Ok(())
}

/// Every figure that was answered is that of the log up to the position that was told with it.
pub(super) fn figures_are_the_log(history: &History) -> Result<(), String> {
    let mut figures: Vec<&Figure> = history.figures.iter().collect();
    figures.sort_by_key(|figure| figure.log_index);
    let (mut fold, mut log) = (Fold::default(), history.log.iter());
    for figure in figures {
        while fold.log_index() < figure.log_index {
            match log.next().ok_or("a figure of what the log does not have")? {
                Entry::Revision(revision) => fold.apply(revision.event.as_ref().ok_or("a revision without event")?),
                Entry::Other(position) => fold.pass(position.log_index),
            }
        }
        let counted = fold.figure(&figure.unit, &figure.month, figure.unapproved);
        if counted != (figure.events, figure.persons) {
            return Err(format!("{figure:?}, and the log says {counted:?}"));
        }
    }
    Ok(())
}
