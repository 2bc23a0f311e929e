//! Messages by descriptor: protobuf JSON of any message of the contracts, and what differs between two of them.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, SerializeOptions};

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(banggiao_contracts::FILE_DESCRIPTOR_SET).ok());

/// The message as a dynamic one, field by field; `None` if its type is none of the contracts'.
pub fn dynamic<M: Message + Name>(message: &M) -> Option<DynamicMessage> {
    let descriptor = POOL.as_ref()?.get_message_by_name(&M::full_name())?;
    DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).ok()
}

/// The fields in which two messages differ, each as `field: stored …, sent …`, for people to read.
pub fn differences<M: Message + Name>(stored: &M, sent: &M) -> Vec<String> {
    let (Some(stored), Some(sent)) = (dynamic(stored), dynamic(sent)) else {
        return Vec::new();
    };
    stored
        .descriptor()
        .fields()
        .filter(|field| stored.get_field(field) != sent.get_field(field))
        .map(|field| {
            let show = |message: &DynamicMessage| {
                if message.has_field(&field) {
                    text(&message.get_field(&field))
                } else {
                    "nothing".to_owned()
                }
            };
            format!("{}: stored {}, sent {}", field.name(), show(&stored), show(&sent))
        })
        .collect()
}

/// How a field differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Name of the field.
    pub field: String,
    /// Its value before, as protobuf JSON; empty: absent.
    pub before: String,
    /// Its value after.
    pub after: String,
}

/// The fields in which two messages differ, in the order of their numbers.
pub fn changes<M: Message + Name>(before: &M, after: &M) -> Vec<Change> {
    let (Some(before), Some(after)) = (dynamic(before), dynamic(after)) else {
        return Vec::new();
    };
    let (old, new) = (json_of(&before), json_of(&after));
    let mut fields: Vec<_> = before.descriptor().fields().collect();
    fields.sort_by_key(prost_reflect::FieldDescriptor::number);
    fields
        .iter()
        .filter(|field| {
            before.get_field(field) != after.get_field(field) || before.has_field(field) != after.has_field(field)
        })
        .map(|field| {
            let value = |json: &serde_json::Value| json.get(field.name()).map(ToString::to_string).unwrap_or_default();
            Change {
                field: field.name().to_owned(),
                before: value(&old),
                after: value(&new),
            }
        })
        .collect()
}

/// Where two messages differ, however deep: the path of each field that is not the same, with both values, at most so
/// many of them.
pub fn paths<M: Message + Name>(before: &M, after: &M, most: usize) -> Vec<String> {
    let (Some(before), Some(after)) = (dynamic(before), dynamic(after)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    walk(&json_of(&before), &json_of(&after), "", most, &mut found);
    found
}

fn walk(before: &serde_json::Value, after: &serde_json::Value, path: &str, most: usize, found: &mut Vec<String>) {
    use serde_json::Value;
    if before == after || found.len() >= most {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let of = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or_default();
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                walk(&of(old), &of(new), &path, most, found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                let of = |side: &[Value]| side.get(index).cloned().unwrap_or_default();
                walk(&of(old), &of(new), &format!("{path}[{index}]"), most, found);
            }
        }
        _ => found.push(format!("{path}: {before} and {after}")),
    }
}

/// Protobuf JSON with the names of the contract, in which only what is set stands.
fn json_of(message: &DynamicMessage) -> serde_json::Value {
    let options = SerializeOptions::new().use_proto_field_name(true);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap_or_default()
}

fn text(value: &prost_reflect::Value) -> String {
    use prost_reflect::Value;
    match value {
        Value::String(value) => format!("{value:?}"),
        Value::Bool(value) => value.to_string(),
        Value::I32(value) | Value::EnumNumber(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::List(values) => values.iter().map(text).collect::<Vec<_>>().join(";"),
        Value::Map(values) => {
            let mut entries: Vec<_> = values
                .iter()
                .map(|(key, value)| format!("{}={}", key.as_str().unwrap_or_default(), text(value)))
                .collect();
            entries.sort();
            entries.join(";")
        }
        other => other.to_string(),
    }
}
