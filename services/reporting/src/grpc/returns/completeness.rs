//! Completeness: where each unit stands in each period.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, ReturnState};
use banggiao_model::{date::Date, hierarchy::Key};
use banggiao_rpc::wire;

use crate::{
    domain::{
        calendar::{Days, Deadline},
        facts::Index,
        figure::{Reach, Record},
        returns,
    },
    grpc::figures::Basis,
};

/// How many events of each unit itself begin in a stretch of days: those that count, and those that wait.
pub fn counts(basis: &Basis, reach: &Reach, days: Days) -> BTreeMap<Key, (i64, i64)> {
    let mut counts: BTreeMap<Key, (i64, i64)> = BTreeMap::new();
    for (index, waiting) in [(Index::Counted, false), (Index::Newest, true)] {
        for fact in basis.facts.within(index, days.0, days.1) {
            let record = Record::Event(fact);
            if (waiting && fact.is_approved()) || !reach.allows(record) {
                continue;
            }
            for home in record.homes() {
                let (counted, pending) = counts.entry(*home).or_default();
                *(if waiting { pending } else { counted }) += 1;
            }
        }
    }
    counts
}

/// Where one unit stands.
pub fn cell(
    unit: String,
    period: &str,
    deadline: Deadline,
    sent: Option<&pb::Return>,
    (counted, pending): (i64, i64),
    on: Date,
) -> pb::CompletenessCell {
    let state = returns::state(deadline, sent, on);
    pb::CompletenessCell {
        unit,
        level: wire::level_pb(deadline.level).into(),
        period: period.to_owned(),
        state: state.into(),
        due_date: deadline.due.to_string(),
        lock_date: deadline.lock.map(|day| day.to_string()).unwrap_or_default(),
        event_count: counted,
        pending_count: pending,
        r#return: sent.map(|sent| sent.name.clone()).unwrap_or_default(),
        silent: counted + pending == 0 && matches!(state, ReturnState::Overdue | ReturnState::Locked),
    }
}
