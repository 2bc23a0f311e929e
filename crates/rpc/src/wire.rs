//! Conversions of the values that every API shares, between the wire and the model. From the wire, converting is
//! validating: every fault is recorded with its path.

use std::collections::BTreeMap;

use banggiao_contracts::r#type::v1 as pb;
use banggiao_model::{
    date::{self, Date},
    level::Level,
    name::{self, UnitId},
    permission::Classification,
    text,
};

use crate::violation::Scope;

/// Languages in which names and texts may be given.
pub const LANGUAGES: [&str; 4] = ["vi", "en", "km", "lo"];
/// A text in one language has at most so many characters.
pub const MAX_TEXT: usize = 4000;
/// A name or title has at most so many characters.
pub const MAX_NAME: usize = 300;
/// A list in a message has at most so many entries.
pub const MAX_LIST: usize = 100;

/// An optional day.
pub fn day(value: &str, field: &str, scope: &mut Scope<'_>) -> Option<Date> {
    if value.is_empty() {
        return None;
    }
    match date::parse(value) {
        Ok(day) => Some(day),
        Err(error) => {
            scope.invalid(field, error.to_string());
            None
        }
    }
}

/// A day that must be given.
pub fn required_day(value: &str, field: &str, scope: &mut Scope<'_>) -> Option<Date> {
    if value.is_empty() {
        scope.required(field);
        return None;
    }
    day(value, field, scope)
}

/// An optional first and last day, in order.
pub fn days(start: &str, end: &str, scope: &mut Scope<'_>) -> (Option<Date>, Option<Date>) {
    let (first, last) = (day(start, "start_date", scope), day(end, "end_date", scope));
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        scope.invalid("end_date", format!("{last} is before the start date {first}"));
    }
    (first, last)
}

/// An optional resource name, checked for its form; gives the bare id.
pub fn id(value: &str, collection: &str, field: &str, scope: &mut Scope<'_>) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let id = name::collection_id(value, collection).map(str::to_owned);
    if id.is_none() {
        scope.invalid(field, format!("{value:?} is not of the form {collection}/{{id}}"));
    }
    id
}

/// A resource name that must be given; gives the bare id.
pub fn required_id(value: &str, collection: &str, field: &str, scope: &mut Scope<'_>) -> Option<String> {
    if value.is_empty() {
        scope.required(field);
        return None;
    }
    id(value, collection, field, scope)
}

/// An optional unit.
pub fn unit(value: &str, field: &str, scope: &mut Scope<'_>) -> Option<UnitId> {
    id(value, "units", field, scope).and_then(|id| UnitId::parse(&id).ok())
}

/// A unit that must be given.
pub fn required_unit(value: &str, field: &str, scope: &mut Scope<'_>) -> Option<UnitId> {
    required_id(value, "units", field, scope).and_then(|id| UnitId::parse(&id).ok())
}

/// Refuses a list that is too long.
pub fn at_most(max: usize, count: usize, field: &str, scope: &mut Scope<'_>) {
    if count > max {
        scope.invalid(field, format!("has {count} entries; at most {max} are allowed"));
    }
}

/// A list of resource names, each once; gives the bare ids.
pub fn ids(values: &[String], collection: &str, field: &str, scope: &mut Scope<'_>) -> Vec<String> {
    at_most(MAX_LIST, values.len(), field, scope);
    if values.len() > MAX_LIST {
        return Vec::new();
    }
    let mut ids: Vec<String> = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let path = format!("{field}[{index}]");
        if let Some(id) = required_id(value, collection, &path, scope) {
            if ids.contains(&id) {
                scope.invalid(&path, format!("{value:?} is named twice"));
            }
            ids.push(id);
        }
    }
    ids
}

/// A list of units, each once.
pub fn units(values: &[String], field: &str, scope: &mut Scope<'_>) -> Vec<UnitId> {
    ids(values, "units", field, scope)
        .iter()
        .filter_map(|id| UnitId::parse(id).ok())
        .collect()
}

/// A text without language, on one line.
pub fn line(value: &str, max_chars: usize, field: &str, scope: &mut Scope<'_>) -> String {
    if let Err(error) = text::check(value, max_chars) {
        scope.invalid(field, error.to_string());
    }
    value.to_owned()
}

/// A text by language. Lines may be broken.
pub fn texts(
    values: &BTreeMap<String, String>,
    max_chars: usize,
    field: &str,
    scope: &mut Scope<'_>,
) -> BTreeMap<String, String> {
    for (language, value) in values {
        let path = format!("{field}[{language:?}]");
        if !LANGUAGES.contains(&language.as_str()) {
            scope.invalid(
                &path,
                format!("{language:?} is none of the languages {}", LANGUAGES.join(", ")),
            );
        }
        if let Err(error) = text::check_lines(value, max_chars) {
            scope.invalid(&path, error.to_string());
        }
    }
    values.clone()
}

/// Names by language, of which the Vietnamese one must be given.
pub fn names(values: &BTreeMap<String, String>, field: &str, scope: &mut Scope<'_>) -> BTreeMap<String, String> {
    if values.get("vi").is_none_or(|name| name.trim().is_empty()) {
        scope.required(&format!("{field}[\"vi\"]"));
    }
    for (language, name) in values.iter().filter(|(_, name)| name.contains('\n')) {
        scope.invalid(
            &format!("{field}[{language:?}]"),
            format!("{name:?} is not on one line"),
        );
    }
    texts(values, MAX_NAME, field, scope)
}

/// An enum's number as its value; a number that is none of ours is a fault.
pub fn enumeration<E: TryFrom<i32> + Default>(value: i32, field: &str, scope: &mut Scope<'_>) -> E {
    E::try_from(value).unwrap_or_else(|_| {
        scope.invalid(field, format!("{value} is no value of this enum"));
        E::default()
    })
}

/// A classification from the wire.
pub fn classification(value: i32, field: &str, scope: &mut Scope<'_>) -> Classification {
    match enumeration::<pb::Classification>(value, field, scope) {
        pb::Classification::Unspecified => Classification::Unclassified,
        pb::Classification::Confidential => Classification::Confidential,
        pb::Classification::Secret => Classification::Secret,
        pb::Classification::TopSecret => Classification::TopSecret,
    }
}

/// A classification for the wire.
#[must_use]
pub fn classification_pb(value: Classification) -> pb::Classification {
    match value {
        Classification::Unclassified => pb::Classification::Unspecified,
        Classification::Confidential => pb::Classification::Confidential,
        Classification::Secret => pb::Classification::Secret,
        Classification::TopSecret => pb::Classification::TopSecret,
    }
}

/// A level for the wire.
#[must_use]
pub fn level_pb(value: Level) -> pb::Level {
    match value {
        Level::Region => pb::Level::Region,
        Level::Province => pb::Level::Province,
        Level::District => pb::Level::District,
        Level::Commune => pb::Level::Commune,
        Level::Other => pb::Level::Other,
    }
}

/// A level from the wire; `None` is any.
pub fn level(value: i32, field: &str, scope: &mut Scope<'_>) -> Option<Level> {
    level_of(enumeration::<pb::Level>(value, field, scope))
}

/// The level that the wire names; `None` if it names none.
#[must_use]
pub fn level_of(value: pb::Level) -> Option<Level> {
    match value {
        pb::Level::Unspecified => None,
        pb::Level::Region => Some(Level::Region),
        pb::Level::Province => Some(Level::Province),
        pb::Level::District => Some(Level::District),
        pb::Level::Commune => Some(Level::Commune),
        pb::Level::Other => Some(Level::Other),
    }
}

/// A position that may not be negative; 0 is none.
pub fn position(value: i64, field: &str, scope: &mut Scope<'_>) -> u64 {
    u64::try_from(value).unwrap_or_else(|_| {
        scope.invalid(field, format!("{value} is negative"));
        0
    })
}
