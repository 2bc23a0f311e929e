//! The checks find what they are there to find: each history below has one fault.

use std::time::Duration;

use banggiao_contracts::journal::v1::{ExternalReference, Phase, ReviewState};

use super::{checks::*, *};

/// Three events of 1, 2 and 3 persons, logged one after the other; the first of them is then approved.
fn right() -> History {
    let begin = Instant::now();
    let mut history = History::default();
    let mut add = |number: i64, action: Action, revision: i32| {
        let log_index = i64::try_from(history.log.len()).unwrap() + 1;
        let review_state = match action {
            Action::Log => ReviewState::Draft,
            _ => ReviewState::Approved,
        };
        let event = Event {
            name: format!("events/{number}"),
            external_reference: Some(ExternalReference {
                source: SOURCE.to_owned(),
                reference: number.to_string(),
            }),
            start_date: "2016-05-01".to_owned(),
            home_unit: "units/one".to_owned(),
            persons: Some(number),
            phase: Phase::Held.into(),
            review_state: review_state.into(),
            revision,
            log_index,
            ..Event::default()
        };
        let at = |step: i64| begin + Duration::from_secs(u64::try_from(log_index * 10 + step).unwrap());
        history.commands.push(Command {
            reference: number.to_string(),
            action,
            content: Content {
                unit: event.home_unit.clone(),
                day: event.start_date.clone(),
                persons: number,
            },
            sent: at(0),
            told: Some((at(5), event.clone())),
        });
        history.log.push(Entry::Revision(Box::new(EventRevision {
            event: Some(event),
            action: action.into(),
            epoch: 1,
            ..EventRevision::default()
        })));
    };
    for number in 1..=3 {
        add(number, Action::Log, 1);
    }
    add(1, Action::Approve, 2);
    history.received = vec![history.log.clone(); 2];
    for (log_index, unapproved, events, persons) in [(2, true, 2, 3), (3, false, 0, 0), (4, false, 1, 1)] {
        history.figures.push(Figure {
            unit: "units/one".to_owned(),
            month: "2016-05".to_owned(),
            unapproved,
            log_index,
            events,
            persons,
        });
    }
    history
}

fn revision(entry: &mut Entry) -> &mut EventRevision {
    match entry {
        Entry::Revision(revision) => revision,
        Entry::Other(_) => panic!("no revision"),
    }
}

fn stored(history: &mut History, place: usize) -> &mut Event {
    revision(&mut history.log[place]).event.as_mut().unwrap()
}

fn told(history: &mut History, place: usize) -> &mut Event {
    &mut history.commands[place].told.as_mut().unwrap().1
}

/// The fault that a check finds after something was done to a history that was right.
fn fault(check: Check, damage: impl FnOnce(&mut History)) -> String {
    let mut history = right();
    assert_eq!(check(&history), Ok(()));
    damage(&mut history);
    assert!(history.check().is_err(), "the check is not in the list");
    check(&history).expect_err("it is not found")
}

#[test]
fn what_is_right_passes() {
    assert_eq!(right().check(), Ok(()));
    assert_eq!(right().acknowledged(), 4);
    // A command that got no answer may have been carried out or not.
    let mut unanswered = right();
    unanswered.commands[3].told = None;
    assert_eq!(unanswered.check(), Ok(()));
    unanswered.log.pop();
    unanswered.received.iter_mut().for_each(|received| drop(received.pop()));
    unanswered.figures.pop();
    assert_eq!(unanswered.check(), Ok(()));
    // What concerns no event takes a place, and changes no figure.
    let mut other = right();
    let position = LogPosition { epoch: 1, log_index: 5 };
    other.log.push(Entry::Other(position));
    other
        .received
        .iter_mut()
        .for_each(|received| received.push(Entry::Other(position)));
    other.figures[2].log_index = 5;
    assert_eq!(other.check(), Ok(()));
}

#[test]
fn a_gap_is_found() {
    let found = fault(gapless, |history| drop(history.log.remove(1)));
    assert!(found.contains("has 3 where 2 is due"), "{found}");
    let found = fault(gapless, |history| history.log.swap(1, 2));
    assert!(found.contains("has 3 where 2 is due"), "{found}");
    fault(gapless, |history| revision(&mut history.log[2]).epoch = 2);
    let found = fault(gapless, |history| {
        let position = history.log[1].position();
        history.log.insert(1, Entry::Other(position));
    });
    assert!(found.contains("has 2 where 3 is due"), "{found}");
}

#[test]
fn a_lost_command_is_found() {
    let lost = |history: &mut History| drop(history.log.pop());
    let found = fault(told_stands, lost);
    assert!(found.contains("there stands None"), "{found}");
    let found = fault(commands_once, lost);
    assert!(found.contains("a command on 1 is lost"), "{found}");
}

#[test]
fn other_content_is_found() {
    fault(told_stands, |history| stored(history, 1).persons = Some(7));
    fault(told_stands, |history| told(history, 1).log_index = 3);
    fault(told_stands, |history| {
        let other = history.commands[0].told.clone();
        history.commands[1].told = other;
    });
    fault(commands_once, |history| stored(history, 1).persons = Some(7));
    fault(commands_once, |history| {
        revision(&mut history.log[1]).action = Action::Cancel.into();
    });
}

#[test]
fn a_doubled_command_is_found() {
    let doubled = |history: &mut History| {
        let mut again = history.log[2].clone();
        revision(&mut again).event.as_mut().unwrap().log_index = 5;
        history.log.push(again);
    };
    let found = fault(commands_once, doubled);
    assert!(found.contains("more revisions than were sent"), "{found}");
    let found = fault(references_once, doubled);
    assert!(found.contains("revision 1 where 2 is due"), "{found}");
    let found = fault(references_once, |history| {
        doubled(history);
        stored(history, 4).name = "events/other".to_owned();
    });
    assert!(found.contains("events/3 and events/other"), "{found}");
    // One that got no answer was carried out twice.
    fault(commands_once, |history| {
        history.commands[2].told = None;
        doubled(history);
    });
}

#[test]
fn what_nobody_sent_is_found() {
    fault(commands_once, |history| drop(history.commands.remove(1)));
}

#[test]
fn another_order_than_that_of_time_is_found() {
    let found = fault(in_real_time, |history| {
        // The second was over before the first began, and yet stands behind it.
        history.commands[0].sent += Duration::from_secs(100);
        history.commands[0].told.as_mut().unwrap().0 += Duration::from_secs(100);
    });
    assert!(
        found.contains("2 was told before the command was sent that stands at 1"),
        "{found}"
    );
}

#[test]
fn commands_under_way_at_the_same_time_have_any_order() {
    let mut history = right();
    for command in &mut history.commands {
        command.told.as_mut().unwrap().0 += Duration::from_secs(100);
    }
    history.commands.swap(0, 1);
    assert_eq!(in_real_time(&history), Ok(()));
}

#[test]
fn a_reader_with_a_gap_or_a_double_or_another_order_is_found() {
    let damages: [fn(&mut Vec<Entry>); 5] = [
        |received| drop(received.remove(1)),
        |received| drop(received.pop()),
        |received| received.insert(1, received[1].clone()),
        |received| received.swap(0, 1),
        |received| revision(&mut received[0]).reason = "another".to_owned(),
    ];
    for damage in damages {
        fault(readers_saw_the_log, |history| damage(&mut history.received[1]));
    }
}

#[test]
fn a_wrong_figure_is_found() {
    fault(figures_are_the_log, |history| history.figures[0].persons = 4);
    fault(figures_are_the_log, |history| history.figures[1].events = 1);
    // It is right, but not of the position that it names.
    fault(figures_are_the_log, |history| history.figures[2].log_index = 3);
    fault(figures_are_the_log, |history| history.figures[2].log_index = 9);
}
