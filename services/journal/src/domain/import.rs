//! Rows of an import: how a row is recognised, what it asks for, and how its result reads.

use banggiao_contracts::{
    journal::v1::{self as pb, Phase, ReviewState, import_events_row::Row},
    r#type::v1::RowResult,
};
use banggiao_rpc::{Violation, Violations, reflect, request, rows, violation::reason, wire};

use super::{
    Error,
    command::{Authority, Repetition, Step, Target},
    correction, event, rule,
};

/// How the row is recognised for ever.
pub fn repetition(source: &str, row: &Row) -> Repetition {
    let (kind, key, digest) = match row {
        Row::Event(event) => {
            let reference = event.event.as_ref().and_then(|event| event.external_reference.as_ref());
            let mut key = reference
                .map(|reference| reference.reference.clone())
                .unwrap_or_default();
            // A reference that is too long is refused later; it only has to fit its column until then.
            key.truncate(key.floor_char_boundary(event::REFERENCE_MAX));
            ("event", key, request::digest("event", event))
        }
        // A correction has no id of its own: it is recognised by all that it says.
        Row::Correction(correction) => {
            let digest = request::digest("correction", correction);
            (
                "correction",
                digest.iter().map(|byte| format!("{byte:02x}")).collect(),
                digest,
            )
        }
    };
    Repetition::Row {
        source: source.to_owned(),
        kind,
        key,
        digest,
    }
}

/// What the row asks for. `id` is for a new event.
///
/// # Errors
/// Those of the event's content; every other violation with them.
pub fn step(row: &Row, source: &str, id: String, authority: &Authority) -> Result<Step, Error> {
    match row {
        Row::Event(row) => event_step(row, source, id, authority),
        Row::Correction(row) => correction_step(row, source),
    }
}

fn event_step(row: &pb::ImportedEvent, source: &str, id: String, authority: &Authority) -> Result<Step, Error> {
    let mut violations = Violations::new();
    let review = wire::enumeration::<ReviewState>(row.review_state, "review_state", &mut violations.root());
    if review == ReviewState::Unspecified {
        violations.root().required("review_state");
    }
    let mut sent = row.event.clone().unwrap_or_default();
    let phase = wire::enumeration::<Phase>(sent.phase, "phase", &mut violations.scope("event"));
    let phase = if phase == Phase::Unspecified {
        Phase::Held
    } else {
        phase
    };
    if phase == Phase::Planned && review == ReviewState::Approved {
        violations.scope("event").invalid(
            "phase",
            "a planned event from a file is a draft until it is reviewed here",
        );
    }
    match &mut sent.external_reference {
        Some(reference) => source.clone_into(&mut reference.source),
        None => violations.scope("event").required("external_reference.reference"),
    }
    // Unlike elsewhere a file may hold cancelled events; the content is checked apart from the phase.
    sent.phase = 0;
    let standing = event::Standing {
        // What was cancelled elsewhere may have been no more than a plan.
        planned: phase != Phase::Held,
        ..event::Standing::default()
    };
    let content = match event::check(sent, authority, standing, "event") {
        Ok(content) => violations.check(content).map_err(Error::Invalid)?,
        Err(Error::Invalid(more)) => {
            return Err(Error::Invalid(
                violations.into_vec().into_iter().chain(more.into_vec()).collect(),
            ));
        }
        Err(other) => {
            violations.check(()).map_err(Error::Invalid)?;
            return Err(other);
        }
    };
    Ok(Step::Import {
        id,
        content: Box::new(content),
        phase,
        review,
        source: source.to_owned(),
    })
}

fn correction_step(row: &pb::ImportedCorrection, source: &str) -> Result<Step, Error> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    for (field, value) in [("reference", &row.reference), ("reason", &row.reason)] {
        if value.is_empty() {
            scope.required(field);
        }
    }
    wire::line(&row.reason, wire::MAX_NAME, "reason", &mut scope);
    let mask = correction::FIELDS.check(row.update_mask.as_ref(), "update_mask", &mut scope);
    violations.check(()).map_err(Error::Invalid)?;
    Ok(Step::Correct {
        target: Target::Reference {
            source: source.to_owned(),
            reference: row.reference.clone(),
        },
        event: Box::new(row.event.clone().unwrap_or_default()),
        mask,
        reason: row.reason.clone(),
        imported: true,
    })
}

/// What an event, or a correction of one, is to hold.
pub fn content(row: &Row) -> Option<&pb::Event> {
    match row {
        Row::Event(row) => row.event.as_ref(),
        Row::Correction(row) => row.event.as_ref(),
    }
}

/// The event of a row with its review state and phase, as it is compared with what was imported before.
pub fn sent(row: &Row) -> pb::Event {
    match row {
        Row::Event(row) => pb::Event {
            review_state: row.review_state,
            ..row.event.clone().unwrap_or_default()
        },
        Row::Correction(_) => pb::Event::default(),
    }
}

/// How a row differs from what was imported under its key, showing both.
pub fn differences(stored: &pb::Event, step: &Step) -> String {
    let mut sent = match step {
        Step::Import {
            content, phase, review, ..
        } => pb::Event {
            review_state: (*review).into(),
            phase: (*phase).into(),
            ..content.event.clone()
        },
        Step::Refused { sent, .. } => (**sent).clone(),
        _ => return "the stored row differs".to_owned(),
    };
    if sent.phase() == Phase::Unspecified {
        sent.phase = Phase::Held.into();
    }
    if let (Some(sent), Some(stored)) = (&mut sent.external_reference, &stored.external_reference) {
        sent.source.clone_from(&stored.source);
    }
    let before = pb::Event {
        review_state: stored.review_state,
        ..event::without_output(stored.clone())
    };
    let differences = reflect::differences(&before, &sent);
    if differences.is_empty() {
        "the stored row differs".to_owned()
    } else {
        differences.join("; ")
    }
}

/// The result of a row that was refused.
///
/// # Errors
/// The error itself if it is not the row's fault.
pub fn rejected(line: i64, error: Error) -> Result<RowResult, Error> {
    let one = |path: &str, description: String, reason| {
        let path = path.to_owned();
        rows::rejected(
            line,
            [Violation {
                path,
                description,
                reason,
            }],
        )
    };
    Ok(match error {
        Error::Invalid(violations) => rows::rejected(line, violations.into_vec()),
        Error::Precondition { reason, violations } => {
            let violations = violations.into_iter().map(|(subject, description)| Violation {
                path: String::new(),
                description: format!("{subject} {description}"),
                reason,
            });
            rows::rejected(line, violations)
        }
        Error::NotFound(name) => one("reference", format!("{name} does not exist"), reason::UNKNOWN_REFERENCE),
        Error::ReferenceTaken(name) => one(
            "event.external_reference.reference",
            format!("{name} is taken by an event that was not imported"),
            rule::REFERENCE_TAKEN,
        ),
        Error::ImportedWithOtherContent(differences) => one(
            "",
            format!("was imported before with other content: {differences}"),
            rule::IMPORTED_WITH_OTHER_CONTENT,
        ),
        Error::HeldBack => one(
            "",
            "is right, and was not stored since another row of its request is not".to_owned(),
            rule::HELD_BACK,
        ),
        other @ (Error::StaleEtag { .. }
        | Error::RequestIdReused
        | Error::Exists(_)
        | Error::NoSuchType(_)
        | Error::NoSuchAttachment(_)
        | Error::TooLarge(_)
        | Error::Folder(_)
        | Error::Denied
        | Error::Behind(_)
        | Error::Stale(_)
        | Error::Overloaded
        | Error::Frozen(_)
        | Error::DamagedLog(_)
        | Error::NotFrozen
        | Error::Short { .. }
        | Error::HighWater(_)
        | Error::Store(_)
        | Error::Keys(_)
        | Error::NoSecret(_)
        | Error::Broken(_)) => return Err(other),
    })
}
