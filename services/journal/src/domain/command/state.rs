//! What a revision does to the state of its event's review.

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1::{self as pb, Action as Done, Phase, ReviewState};
use banggiao_model::name;

use super::Authority;

/// Who has written something that is not approved yet, once a revision was added to what was there before it.
pub fn pending_authors_after(before: &BTreeSet<String>, revision: &pb::EventRevision) -> BTreeSet<String> {
    let Some(event) = &revision.event else {
        return before.clone();
    };
    if revision.approved_revision == event.revision {
        return BTreeSet::new();
    }
    let mut authors = before.clone();
    match revision.action() {
        // Whoever sends an event back has written nothing of it and may approve it when it comes again. Nor is it
        // written by saying that it is another one.
        Done::Return | Done::Distinguish => {}
        Done::Unspecified
        | Done::Log
        | Done::Correct
        | Done::Hold
        | Done::Submit
        | Done::Approve
        | Done::Cancel
        | Done::Import
        | Done::ImportCorrection => {
            authors.extend(name::collection_id(&event.author, "principals").map(str::to_owned));
        }
    }
    authors
}

/// The units whose approvers may decide about an event, the nearest first: those over its home unit, as the hierarchy
/// has it today.
pub fn review_chain(event: &pb::Event, authority: &Authority) -> Vec<String> {
    let (hierarchy, today) = (authority.directory.hierarchy(), authority.today);
    let home = name::collection_id(&event.home_unit, "units").and_then(|id| hierarchy.key_of(id));
    let placed = home.and_then(|home| hierarchy.place(home, today, today).unit);
    let chain = placed
        .map(|home| hierarchy.ancestors_on(home, today))
        .unwrap_or_default();
    let over = chain.into_iter().filter(|key| Some(*key) != placed);
    over.map(|key| hierarchy.unit(key).id().name()).collect()
}

/// An event's outputs that say how it stands in review, as `review` has it after what it was `before`.
pub fn settle(event: &mut pb::Event, before: &pb::Event, review: ReviewState, authority: &Authority) {
    event.review_state = review.into();
    if review == ReviewState::Submitted {
        let submitted_before = before.review_state() == ReviewState::Submitted;
        if !submitted_before || before.home_unit != event.home_unit {
            event.review_chain = review_chain(event, authority);
        }
        if !submitted_before {
            // It is submitted when it is recorded; the log knows when that is.
            event.submit_time = None;
        }
    } else {
        event.review_chain.clear();
        event.submit_time = None;
    }
    if review != ReviewState::Returned {
        event.return_reason = 0;
    }
    if event.phase() != Phase::Cancelled {
        event.cancellation_reason = 0;
    }
}

/// A state of review in words.
pub fn word(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Unspecified => "unknown",
        ReviewState::Draft => "a draft",
        ReviewState::Submitted => "submitted",
        ReviewState::Returned => "returned",
        ReviewState::Approved => "approved",
    }
}
