//! How a step makes the next revision out of the newest one.

use banggiao_contracts::journal::v1::{
    self as pb, Action as Done, CancellationReason, Phase, ReturnReason, ReviewState,
};
use banggiao_model::name;

use super::{
    Because, Command, Current, Draft, Step, Target, covers,
    state::{self, pending_authors_after},
};
use crate::domain::{Error, correction, event, rule};

impl Command {
    /// The next revisions of the events that the step is about, in its order.
    ///
    /// # Errors
    /// [`Error::StaleEtag`], or a rule of the step with everything that breaks it.
    pub fn next(&self, currents: &[&Current]) -> Result<Vec<Draft>, Error> {
        for (current, target) in currents.iter().zip(self.step.targets()) {
            fresh(current, target)?;
        }
        let Some(first) = currents.first().copied() else {
            return Err(Error::Broken("a new event has no newest revision".to_owned()));
        };
        let one = |draft: Draft| vec![draft];
        match &self.step {
            Step::Correct {
                event,
                mask,
                reason,
                imported,
                ..
            } => self.corrected(first, event, mask, reason, *imported).map(one),
            Step::Hold { event, mask, .. } => self.held(first, event, mask).map(one),
            Step::Submit(_) => self.submitted(first).map(one),
            Step::Approve(_) => self.all_approved(currents),
            Step::Return(_, because) => self.returned(first, because).map(one),
            Step::Cancel(_, because) => self.cancelled(first, because).map(one),
            Step::Resolve { same, reason, .. } => match currents {
                [stays, other] if *same => self.united(stays, other, reason),
                [stays, other] => Ok(vec![self.distinguished(stays, other, reason)]),
                _ => Err(Error::Broken("a pair is two events".to_owned())),
            },
            Step::Log(_) | Step::Import { .. } | Step::Refused { .. } => {
                Err(Error::Broken("a new event has no newest revision".to_owned()))
            }
        }
    }

    fn corrected(
        &self,
        current: &Current,
        values: &pb::Event,
        mask: &[String],
        reason: &str,
        imported: bool,
    ) -> Result<Draft, Error> {
        let before = &current.event;
        if before.phase() == Phase::Cancelled && !imported {
            return Err(Error::wrong_state(&before.name, "is cancelled and cannot be corrected"));
        }
        let content = self.laid(before, values, mask, before.phase() == Phase::Planned)?;
        // What a correction does not touch was right when it was written; an act that came later, dated back, must not
        // stand in the way of mending something else.
        let touches = |fields: &[&str]| mask.iter().any(|path| fields.contains(&path.as_str()));
        let units = ["home_unit", "co_home_units", "partner_units", "team", "organiser"];
        if touches(&["start_date"]) || touches(&units) {
            content.alive(&self.authority.directory)?;
        }
        if touches(&["start_date", "agreement"]) {
            content.in_force(&self.authority.directory)?;
        }
        let approved = before.review_state() == ReviewState::Approved;
        let review = if imported {
            before.review_state()
        } else {
            awaiting(before)
        };
        let action = if imported {
            Done::ImportCorrection
        } else {
            Done::Correct
        };
        // A cancelled event keeps its phase, and why.
        let event = pb::Event {
            phase: before.phase,
            cancellation_reason: before.cancellation_reason,
            ..content.event
        };
        Ok(self.follow(current, event, review, action, reason, approved && imported))
    }

    fn held(&self, current: &Current, values: &pb::Event, mask: &[String]) -> Result<Draft, Error> {
        let before = &current.event;
        match before.phase() {
            Phase::Planned => {}
            Phase::Held | Phase::Unspecified => {
                return Err(Error::wrong_state(&before.name, "is not planned: it was held already"));
            }
            Phase::Cancelled => return Err(Error::wrong_state(&before.name, "is cancelled and was not held")),
        }
        let content = self.laid(before, values, mask, false)?;
        content.alive(&self.authority.directory)?;
        content.in_force(&self.authority.directory)?;
        let event = pb::Event {
            phase: Phase::Held.into(),
            ..content.event
        };
        // The plan was approved, or was to be; the result is a new matter.
        Ok(self.follow(current, event, ReviewState::Draft, Done::Hold, "", false))
    }

    /// New values laid over what an event was, checked as a whole.
    fn laid(
        &self,
        before: &pb::Event,
        values: &pb::Event,
        mask: &[String],
        planned: bool,
    ) -> Result<event::Content, Error> {
        let kept = before.event_type_revision.max(1);
        let masked = |field: &str| mask.iter().any(|path| path == field);
        let standing = event::Standing {
            type_revision: (!masked("event_type")).then_some(kept),
            planned,
            keeps_agreement: !masked("agreement"),
        };
        let mut laid = pb::Event {
            // A cancelled event would by itself not pass as the content of a new one.
            phase: 0,
            ..correction::FIELDS.lay_over(before.clone(), values, mask)
        };
        let type_id = name::collection_id(&before.event_type, "eventTypes").unwrap_or_default();
        let event_type = self.authority.types.revision(type_id, kept);
        correction::drop_stale_sums(&mut laid, mask, event_type.map(|found| &**found));
        // What it names already it may go on naming, whoever corrects something else.
        let authority = self.authority.naming_again(before);
        let mut content = event::parse(laid, &authority, standing, "event")?;
        self.covered(content.home)?;
        content.event.return_reason = before.return_reason;
        content.event.review_chain.clone_from(&before.review_chain);
        content.event.submit_time = before.submit_time;
        content.event.distinct_from.clone_from(&before.distinct_from);
        Ok(content)
    }

    fn submitted(&self, current: &Current) -> Result<Draft, Error> {
        let event = &current.event;
        match event.review_state() {
            ReviewState::Draft | ReviewState::Returned => Ok(self.follow(
                current,
                (**event).clone(),
                ReviewState::Submitted,
                Done::Submit,
                "",
                false,
            )),
            state @ (ReviewState::Unspecified | ReviewState::Submitted | ReviewState::Approved) => {
                let why = format!("is {} and cannot be submitted", state::word(state));
                Err(Error::wrong_state(&event.name, why))
            }
        }
    }

    fn all_approved(&self, currents: &[&Current]) -> Result<Vec<Draft>, Error> {
        let (mut drafts, mut reason, mut faults) = (Vec::with_capacity(currents.len()), None, Vec::new());
        for current in currents {
            match self.approved(current) {
                Ok(draft) => drafts.push(draft),
                Err(Error::Precondition {
                    reason: why,
                    violations,
                }) => {
                    reason.get_or_insert(why);
                    faults.extend(violations);
                }
                Err(other) => return Err(other),
            }
        }
        match reason {
            None => Ok(drafts),
            Some(reason) => Err(Error::Precondition {
                reason,
                violations: faults,
            }),
        }
    }

    fn approved(&self, current: &Current) -> Result<Draft, Error> {
        let event = waiting(current, "approved")?;
        if !self.allow_self_approval && current.pending_authors.contains(&*self.principal) {
            let why = "has revisions since the last approval that the approver wrote".to_owned();
            return Err(Error::Precondition {
                reason: rule::SELF_APPROVAL,
                violations: vec![(event.name.clone(), why)],
            });
        }
        let for_whom = self.on_behalf_of(current, !self.allow_self_approval)?;
        let mut draft = self.follow(current, event.clone(), ReviewState::Approved, Done::Approve, "", true);
        draft.revision.on_behalf_of = for_whom;
        Ok(draft)
    }

    /// For whom the approver decides on an event, as `principals/{principal}`: for itself, which is said by nothing,
    /// wherever its own grants reach; otherwise for one it stands in for. That one must not be an author of what is
    /// approved, any more than the approver.
    fn on_behalf_of(&self, current: &Current, by_another: bool) -> Result<String, Error> {
        let Some(scopes) = &self.authority.approver else {
            return Ok(String::new());
        };
        let homes = event::homes(&current.event, &self.authority.directory);
        let home = *homes.first().ok_or(Error::Denied)?;
        if covers(&scopes.own, home) {
            return Ok(String::new());
        }
        let standing_in = scopes.standing_in.iter();
        let standing_in = standing_in.filter(|(_, scopes)| scopes.iter().all(|scope| covers(scope, home)));
        let mut allowed = standing_in.filter(|(one, _)| !by_another || !current.pending_authors.contains(&**one));
        match allowed.next() {
            Some((one, _)) => Ok(name::name("principals", one)),
            None => Err(Error::Precondition {
                reason: rule::SELF_APPROVAL,
                violations: vec![(
                    current.event.name.clone(),
                    "has revisions since the last approval that the one whom the approver stands in for wrote"
                        .to_owned(),
                )],
            }),
        }
    }

    fn returned(&self, current: &Current, because: &Because<ReturnReason>) -> Result<Draft, Error> {
        let mut event = waiting(current, "returned")?.clone();
        if event.phase() == Phase::Cancelled {
            // The cancellation is refused, so the event is what it was, and can be mended again.
            event.phase = match current.phase_before_cancellation {
                Phase::Planned => Phase::Planned,
                Phase::Unspecified | Phase::Held | Phase::Cancelled => Phase::Held,
            }
            .into();
        }
        event.return_reason = because.code.into();
        let for_whom = self.on_behalf_of(current, false)?;
        let mut draft = self.follow(
            current,
            event,
            ReviewState::Returned,
            Done::Return,
            &because.reason,
            false,
        );
        draft.revision.on_behalf_of = for_whom;
        Ok(draft)
    }

    fn cancelled(&self, current: &Current, because: &Because<CancellationReason>) -> Result<Draft, Error> {
        let event = &current.event;
        if event.phase() == Phase::Cancelled {
            return Err(Error::wrong_state(&event.name, "is cancelled already"));
        }
        let (review, before) = (awaiting(event), event.phase);
        let event = pb::Event {
            phase: Phase::Cancelled.into(),
            cancellation_reason: because.code.into(),
            ..(**event).clone()
        };
        let mut draft = self.follow(current, event, review, Done::Cancel, &because.reason, false);
        draft.revision.phase_before_cancellation = before;
        Ok(draft)
    }

    /// Two events that are one: the home units of the other join the one that stays, and the other is cancelled.
    fn united(&self, stays: &Current, other: &Current, reason: &str) -> Result<Vec<Draft>, Error> {
        if stays.event.phase() == Phase::Cancelled {
            return Err(Error::wrong_state(
                &stays.event.name,
                "is cancelled and cannot be the one that stays",
            ));
        }
        let because = Because {
            reason: reason.to_owned(),
            code: CancellationReason::Duplicate,
        };
        let cancelled = self.cancelled(other, &because)?;
        let named = |unit: &String| *unit == stays.event.home_unit || stays.event.co_home_units.contains(unit);
        let joining = std::iter::once(&other.event.home_unit).chain(&other.event.co_home_units);
        let joining: Vec<String> = joining.filter(|unit| !named(unit)).cloned().collect();
        if joining.is_empty() {
            return Ok(vec![cancelled]);
        }
        let values = pb::Event {
            co_home_units: [stays.event.co_home_units.clone(), joining].concat(),
            ..pb::Event::default()
        };
        let mask = ["co_home_units".to_owned()];
        Ok(vec![self.corrected(stays, &values, &mask, reason, false)?, cancelled])
    }

    /// Two events that only look alike. Nothing that counts changes, so neither does the review.
    fn distinguished(&self, current: &Current, other: &Current, reason: &str) -> Draft {
        let mut event = (*current.event).clone();
        if !event.distinct_from.contains(&other.event.name) {
            event.distinct_from.push(other.event.name.clone());
        }
        let review = event.review_state();
        let approved = review == ReviewState::Approved;
        self.follow(current, event, review, Done::Distinguish, reason, approved)
    }

    /// The revision after the newest one. `approved` says that it counts by itself.
    fn follow(
        &self,
        current: &Current,
        mut event: pb::Event,
        review: ReviewState,
        action: Done,
        reason: &str,
        approved: bool,
    ) -> Draft {
        let before = &current.event;
        state::settle(&mut event, before, review, &self.authority);
        let event = pb::Event {
            name: before.name.clone(),
            revision: before.revision + 1,
            registry_position: self.authority.directory.position(),
            author: name::name("principals", &self.principal),
            log_index: 0,
            create_time: None,
            etag: String::new(),
            possible_duplicates: Vec::new(),
            ..event
        };
        let phase_before_cancellation = match event.phase() {
            Phase::Cancelled => current.phase_before_cancellation.into(),
            Phase::Unspecified | Phase::Planned | Phase::Held => 0,
        };
        let revision = pb::EventRevision {
            approved_revision: if approved {
                event.revision
            } else {
                current.approved_revision
            },
            event: Some(event),
            action: action.into(),
            reason: reason.to_owned(),
            phase_before_cancellation,
            ..pb::EventRevision::default()
        };
        let id = name::collection_id(&before.name, "events").unwrap_or_default();
        Draft {
            id: id.to_owned(),
            pending_authors: pending_authors_after(&current.pending_authors, &revision),
            revision,
        }
    }
}

/// A change of what was approved awaits approval; any other event stays where it is in its review.
fn awaiting(event: &pb::Event) -> ReviewState {
    match event.review_state() {
        ReviewState::Approved => ReviewState::Submitted,
        unchanged
        @ (ReviewState::Unspecified | ReviewState::Draft | ReviewState::Submitted | ReviewState::Returned) => unchanged,
    }
}

fn fresh(current: &Current, target: &Target) -> Result<(), Error> {
    match target {
        Target::Id { etag, .. } if !etag.is_empty() && *etag != current.event.etag => Err(Error::StaleEtag {
            given: etag.clone(),
            newest: current.event.etag.clone(),
        }),
        Target::Id { .. } | Target::Reference { .. } => Ok(()),
    }
}

fn waiting<'a>(current: &'a Current, what: &str) -> Result<&'a pb::Event, Error> {
    let event = &current.event;
    match event.review_state() {
        ReviewState::Submitted => Ok(event),
        state @ (ReviewState::Unspecified | ReviewState::Draft | ReviewState::Returned | ReviewState::Approved) => {
            let why = format!("is {} and cannot be {what}", state::word(state));
            Err(Error::wrong_state(&event.name, why))
        }
    }
}
