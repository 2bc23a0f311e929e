//! Groups from the wire: the keys to divide figures by, and the values of one cell.

use banggiao_contracts::reporting::v1 as pb;
use banggiao_rpc::Scope;

use crate::domain::{
    figure::NONE,
    query::{GROUP_KEYS_MAX, GroupKey},
};

/// The keys to divide figures by.
pub fn keys(keys: &[i32], scope: &mut Scope<'_>) -> Vec<GroupKey> {
    if keys.len() > GROUP_KEYS_MAX {
        scope.invalid(
            "group_by",
            format!("has {} keys; at most {GROUP_KEYS_MAX} are allowed", keys.len()),
        );
    }
    let mut parsed = Vec::with_capacity(GROUP_KEYS_MAX);
    for (index, value) in keys.iter().take(GROUP_KEYS_MAX).enumerate() {
        let path = format!("group_by[{index}]");
        let Ok(key) = pb::GroupKey::try_from(*value) else {
            scope.invalid(&path, format!("{value} is no value of this enum"));
            continue;
        };
        match from_wire(key) {
            Some(key) if parsed.contains(&key) => scope.invalid(&path, format!("{} is named twice", key.name())),
            Some(key) => parsed.push(key),
            None => scope.invalid(&path, "a key to divide by must be named"),
        }
    }
    parsed
}

fn from_wire(key: pb::GroupKey) -> Option<GroupKey> {
    match key {
        pb::GroupKey::Unspecified => None,
        pb::GroupKey::ChildUnit => Some(GroupKey::ChildUnit),
        pb::GroupKey::Unit => Some(GroupKey::Unit),
        pb::GroupKey::PartnerUnit => Some(GroupKey::PartnerUnit),
        pb::GroupKey::PartnerCountry => Some(GroupKey::PartnerCountry),
        pb::GroupKey::EventType => Some(GroupKey::EventType),
        pb::GroupKey::Direction => Some(GroupKey::Direction),
        pb::GroupKey::Programme => Some(GroupKey::Programme),
        pb::GroupKey::Month => Some(GroupKey::Month),
        pb::GroupKey::Quarter => Some(GroupKey::Quarter),
        pb::GroupKey::Year => Some(GroupKey::Year),
        pb::GroupKey::Level => Some(GroupKey::Level),
        pb::GroupKey::Half => Some(GroupKey::Half),
        pb::GroupKey::Campaign => Some(GroupKey::Campaign),
        pb::GroupKey::Team => Some(GroupKey::Team),
        pb::GroupKey::AidItem => Some(GroupKey::AidItem),
    }
}

/// The values of the cell's group in the order of the keys. An empty one stands for the group of records without a
/// value.
pub fn values(request: &pb::ExplainFigureRequest, scope: &mut Scope<'_>) -> Vec<String> {
    let keys = request
        .group_by
        .iter()
        .filter_map(|key| from_wire(pb::GroupKey::try_from(*key).ok()?));
    let keys: Vec<&str> = keys.map(GroupKey::name).collect();
    for key in request.group.keys().filter(|key| !keys.contains(&key.as_str())) {
        scope.invalid(&format!("group[{key:?}]"), "is none of the keys in group_by");
    }
    let mut values = Vec::with_capacity(keys.len());
    for key in keys {
        match request.group.get(key) {
            Some(value) if value.is_empty() => values.push(NONE.to_owned()),
            Some(value) => values.push(value.clone()),
            None => scope.required(&format!("group[{key:?}]")),
        }
    }
    values
}
