//! What a field of a message looks like at one place of a table.
//!
//! It works by descriptor and must not know any message of the contracts.

use crate::globals::Lang;
use crate::names;
use crate::table::Cell;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};
use std::collections::{BTreeMap, HashMap};

/// The field at a dotted path, as `event.revision`. A path through a list gives all its values. What is absent gives an
/// empty cell.
#[must_use]
pub fn cell(message: &DynamicMessage, path: &str, lang: Lang) -> Cell {
    let (head, rest) = path
        .split_once('.')
        .map_or((path, None), |(head, rest)| (head, Some(rest)));
    let Some(field) = message.descriptor().get_field_by_name(head) else {
        return Cell::text("");
    };
    if field.supports_presence() && !message.has_field(&field) {
        return Cell::text("");
    }
    let value = message.get_field(&field);
    match (rest, value.as_ref()) {
        (None, value) => value_cell(&field, value, lang),
        (Some(rest), Value::Message(inner)) => cell(inner, rest, lang),
        (Some(rest), Value::List(values)) => {
            let inner = values.iter().filter_map(Value::as_message);
            Cell::text(
                inner
                    .map(|inner| cell(inner, rest, lang).into_text())
                    .collect::<Vec<_>>()
                    .join("; "),
            )
        }
        (Some(_), _) => Cell::text(""),
    }
}

/// The fields of a message that are set, by name, in the order of their numbers. A list of messages takes a line for each,
/// and a text in several languages a line for each language.
#[must_use]
pub fn fields(message: &DynamicMessage, lang: Lang) -> Vec<(String, Cell)> {
    let mut lines = Vec::new();
    for (field, value) in message.fields() {
        let name = field.name().to_owned();
        match value {
            Value::List(values) if matches!(field.kind(), Kind::Message(_)) => {
                let labels = std::iter::once(name).chain(std::iter::repeat(String::new()));
                lines.extend(labels.zip(values.iter().map(|value| single(&field.kind(), value, lang))));
            }
            Value::Map(entries) if entries.len() > 1 && by_language(&texts(entries)) => {
                let texts = texts(entries);
                lines.extend(
                    texts
                        .iter()
                        .map(|(language, text)| (format!("{name}.{language}"), Cell::text(*text))),
                );
            }
            value => lines.push((name, value_cell(&field, value, lang))),
        }
    }
    lines
}

fn value_cell(field: &FieldDescriptor, value: &Value, lang: Lang) -> Cell {
    match value {
        Value::Map(entries) => Cell::text(map_text(entries, lang)),
        Value::List(values) => {
            let items = values
                .iter()
                .map(|value| single(&field.kind(), value, lang).into_text());
            Cell::text(items.collect::<Vec<_>>().join("; "))
        }
        value => single(&field.kind(), value, lang),
    }
}

fn single(kind: &Kind, value: &Value, lang: Lang) -> Cell {
    match value {
        Value::Bool(value) => Cell::Flag(*value),
        Value::I32(value) => Cell::number(value),
        Value::I64(value) => Cell::number(value),
        Value::U32(value) => Cell::number(value),
        Value::U64(value) => Cell::number(value),
        Value::F32(value) => Cell::number(value),
        Value::F64(value) => Cell::number(value),
        Value::String(value) => Cell::text(names::short(value)),
        Value::EnumNumber(number) => Cell::text(enum_word(kind, *number)),
        Value::Message(message) => Cell::text(message_text(message, lang)),
        // No contract holds bytes, and lists and maps do not nest.
        Value::Bytes(_) | Value::List(_) | Value::Map(_) => Cell::text(""),
    }
}

/// The value's name without the enum's prefix; nothing for the value that stands for absence.
fn enum_word(kind: &Kind, number: i32) -> String {
    let Some(kind) = kind.as_enum() else {
        return number.to_string();
    };
    let unspecified = kind.default_value();
    if number == unspecified.number() {
        return String::new();
    }
    let prefix = unspecified.name().strip_suffix("UNSPECIFIED").unwrap_or_default();
    kind.get_value(number).map_or_else(
        || number.to_string(),
        |value| {
            value
                .name()
                .strip_prefix(prefix)
                .unwrap_or_else(|| value.name())
                .to_owned()
        },
    )
}

/// The entries of a map of texts, in order.
fn texts(entries: &HashMap<MapKey, Value>) -> BTreeMap<&str, &str> {
    entries
        .iter()
        .filter_map(|(key, value)| Some((key.as_str()?, value.as_str()?)))
        .collect()
}

fn by_language(texts: &BTreeMap<&str, &str>) -> bool {
    !texts.is_empty() && texts.keys().all(|key| ["vi", "en", "km", "lo"].contains(key))
}

/// A text by language in the language asked for, else in English, else in Vietnamese; other maps as `key=value; …`.
fn map_text(entries: &HashMap<MapKey, Value>, lang: Lang) -> String {
    let entries = texts(entries);
    if by_language(&entries) {
        let text = [lang.key(), "en", "vi"]
            .iter()
            .find_map(|key| entries.get(key))
            .or(entries.values().next());
        return text.map(|text| (*text).to_owned()).unwrap_or_default();
    }
    entries
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join("; ")
}

/// A message inside a cell: instants and the like in their own form, anything else as `field: value, …`.
fn message_text(message: &DynamicMessage, lang: Lang) -> String {
    if message.descriptor().full_name() == "google.protobuf.FieldMask" {
        // Its own form has no blanks between which a line could be broken.
        let paths = message.get_field_by_name("paths");
        let paths = paths.as_deref().and_then(Value::as_list).unwrap_or_default();
        return paths.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    }
    if message.descriptor().package_name() == "google.protobuf" {
        return match serde_json::to_value(message) {
            Ok(serde_json::Value::String(text)) => text,
            Ok(value) => value.to_string(),
            Err(_) => String::new(),
        };
    }
    let fields = message.fields().map(|(field, value)| {
        let text = value_cell(&field, value, lang).into_text();
        let nested = matches!(value, Value::Message(inner) if inner.descriptor().package_name() != "google.protobuf");
        if nested {
            format!("{}: ({text})", field.name())
        } else {
            format!("{}: {text}", field.name())
        }
    });
    fields.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::journal::v1::{
        Event, EventRevision, EventType, ExternalReference, QuantityDefinition, ReviewState,
    };

    fn revision() -> DynamicMessage {
        let event = Event {
            name: "events/a1".into(),
            external_reference: Some(ExternalReference {
                source: "mr7".into(),
                reference: "EV-1".into(),
            }),
            persons: Some(0),
            partner_units: vec!["units/kh-a".into(), "units/kh-b".into()],
            quantities: [("patrol_km".into(), "15.8".into()), ("items".into(), "2".into())].into(),
            summary: [("vi".into(), "Giao ban".into())].into(),
            review_state: ReviewState::Approved.into(),
            create_time: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            ..Event::default()
        };
        crate::dynamic::message(&EventRevision {
            event: Some(event),
            ..EventRevision::default()
        })
        .unwrap()
    }

    #[test]
    fn every_kind_of_field_has_a_look() {
        let shown = |path: &str| cell(&revision(), path, Lang::En);
        assert_eq!(shown("event.name"), Cell::text("a1"));
        assert_eq!(shown("event.external_reference.reference"), Cell::text("EV-1"));
        assert_eq!(shown("event.persons"), Cell::number(0));
        assert_eq!(shown("event.delegations"), Cell::text(""));
        assert_eq!(shown("event.partner_units"), Cell::text("kh-a; kh-b"));
        assert_eq!(shown("event.quantities"), Cell::text("items=2; patrol_km=15.8"));
        assert_eq!(shown("event.summary"), Cell::text("Giao ban"));
        assert_eq!(shown("event.review_state"), Cell::text("APPROVED"));
        assert_eq!(shown("event.direction"), Cell::text(""));
        assert_eq!(shown("event.create_time"), Cell::text("1970-01-01T00:00:00Z"));
        assert_eq!(shown("action"), Cell::text(""));
        assert_eq!(shown("no.such.field"), Cell::text(""));
    }

    #[test]
    fn a_path_goes_through_lists() {
        let quantity = |key: &str| QuantityDefinition {
            key: key.into(),
            ..QuantityDefinition::default()
        };
        let kind = EventType {
            quantities: vec![quantity("a"), quantity("b")],
            ..EventType::default()
        };
        let message = crate::dynamic::message(&kind).unwrap();
        assert_eq!(cell(&message, "quantities.key", Lang::En), Cell::text("a; b"));
    }
}
