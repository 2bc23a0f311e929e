//! How two revisions of an event differ, for people to read.

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::reflect;

/// Every revision changes these, or they follow from the others.
const BOOKKEEPING: [&str; 7] = [
    "revision",
    "log_index",
    "registry_position",
    "author",
    "create_time",
    "etag",
    "event_type_revision",
];

/// The fields that differ, in the order of the contract, as protobuf JSON.
pub fn differences(before: &pb::Event, after: &pb::Event) -> Vec<pb::FieldDifference> {
    let fields = reflect::changes(before, after).into_iter();
    fields
        .filter(|change| !BOOKKEEPING.contains(&change.field.as_str()))
        .map(|change| pb::FieldDifference {
            field: change.field,
            before: change.before,
            after: change.after,
        })
        .collect()
}
