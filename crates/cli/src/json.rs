//! Protobuf JSON of messages, always in the same order: fields by number, map entries by key.
//!
//! It owns the order only; names and forms are those of the protobuf JSON mapping: camelCase, defaults left out, 64-bit
//! integers as strings, bytes in base 64.

use crate::error::Error;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use prost_reflect::{DynamicMessage, Kind, MapKey, ReflectMessage as _, Value};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use std::collections::BTreeMap;

/// The JSON of a message of the contracts, indented, with one line break at its end.
///
/// # Errors
/// [`Error::Failure`] if the contracts do not hold its type.
pub fn typed<M: prost::Message + prost::Name>(message: &M) -> Result<String, Error> {
    dynamic(&crate::dynamic::message(message)?)
}

/// The JSON of a message by descriptor, indented, with one line break at its end.
///
/// # Errors
/// [`Error::Failure`] if the message holds something that JSON cannot, as a timestamp beyond all bounds.
pub fn dynamic(message: &DynamicMessage) -> Result<String, Error> {
    let mut text = serde_json::to_string_pretty(&Ordered(message)).map_err(|error| Error::Failure(error.into()))?;
    text.push('\n');
    Ok(text)
}

/// The JSON of a message of the contracts as a part of other JSON.
///
/// # Errors
/// As [`typed`].
pub fn value<M: prost::Message + prost::Name>(message: &M) -> Result<serde_json::Value, Error> {
    let message = crate::dynamic::message(message)?;
    serde_json::to_value(Ordered(&message)).map_err(|error| Error::Failure(error.into()))
}

/// A message of the contracts from its JSON. Fields that are not known are refused.
///
/// # Errors
/// [`Error::Failure`] if it is none.
pub fn parsed<M: prost::Message + prost::Name + Default>(value: &serde_json::Value) -> Result<M, Error> {
    let descriptor = crate::dynamic::descriptor::<M>()?;
    let message = DynamicMessage::deserialize(descriptor, value).map_err(|error| Error::Failure(error.into()))?;
    message.transcode_to().map_err(|error| Error::Failure(error.into()))
}

struct Ordered<'a>(&'a DynamicMessage);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Timestamps, masks and the like have forms of their own.
        if self.0.descriptor().package_name() == "google.protobuf" {
            return self.0.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.0.fields() {
            map.serialize_entry(field.json_name(), &Part(value, &field.kind()))?;
        }
        map.end()
    }
}

/// A value with its kind, which tells names of enum values and kinds of map entries.
struct Part<'a>(&'a Value, &'a Kind);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::I32(value) => serializer.serialize_i32(*value),
            Value::U32(value) => serializer.serialize_u32(*value),
            Value::I64(value) => serializer.collect_str(value),
            Value::U64(value) => serializer.collect_str(value),
            Value::F32(value) => serializer.serialize_f32(*value),
            Value::F64(value) => serializer.serialize_f64(*value),
            Value::String(value) => serializer.serialize_str(value),
            Value::Bytes(value) => serializer.serialize_str(&BASE64_STANDARD.encode(value)),
            Value::EnumNumber(number) => match self.1.as_enum().and_then(|kind| kind.get_value(*number)) {
                Some(value) => serializer.serialize_str(value.name()),
                None => serializer.serialize_i32(*number),
            },
            Value::Message(message) => Ordered(message).serialize(serializer),
            Value::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Part(value, self.1))?;
                }
                list.end()
            }
            Value::Map(entries) => {
                let kind = match self.1 {
                    Kind::Message(entry) => entry.map_entry_value_field().kind(),
                    other => other.clone(),
                };
                let sorted: BTreeMap<_, _> = entries.iter().map(|(key, value)| (key_text(key), value)).collect();
                let mut map = serializer.serialize_map(Some(sorted.len()))?;
                for (key, value) in sorted {
                    map.serialize_entry(&key, &Part(value, &kind))?;
                }
                map.end()
            }
        }
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::journal::v1::{Event, ExternalReference, ReviewState};

    #[test]
    fn an_event_is_written_as_protobuf_json() {
        let event = Event {
            name: "events/a1".into(),
            external_reference: Some(ExternalReference {
                source: "mr7".into(),
                reference: "EV-1".into(),
            }),
            delegations: Some(0),
            persons: None,
            quantities: [("patrol_km".into(), "15.8".into()), ("items".into(), "2".into())].into(),
            co_home_units: vec!["units/a".into(), "units/b".into()],
            review_state: ReviewState::Approved.into(),
            log_index: 9_007_199_254_740_993,
            create_time: Some(prost_types::Timestamp {
                seconds: 1_700_000_000,
                nanos: 0,
            }),
            ..Event::default()
        };
        let written = typed(&event).unwrap();
        let expected = r#"{
  "name": "events/a1",
  "externalReference": {
    "source": "mr7",
    "reference": "EV-1"
  },
  "coHomeUnits": [
    "units/a",
    "units/b"
  ],
  "delegations": "0",
  "quantities": {
    "items": "2",
    "patrol_km": "15.8"
  },
  "reviewState": "REVIEW_STATE_APPROVED",
  "logIndex": "9007199254740993",
  "createTime": "2023-11-14T22:13:20Z"
}
"#;
        assert_eq!(written, expected);
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        let canonical = serde_json::to_value(crate::dynamic::message(&event).unwrap()).unwrap();
        assert_eq!(read, canonical);
    }

    #[test]
    fn an_empty_message_is_an_empty_object() {
        assert_eq!(typed(&Event::default()).unwrap(), "{}\n");
    }
}
