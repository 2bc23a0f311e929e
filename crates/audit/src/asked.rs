//! What a refused call was about: read from the first bytes that it sent, for a call that is refused at once has told
//! nobody what it wanted.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use hyper::body::Bytes;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};
use uuid::Uuid;

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(banggiao_contracts::FILE_DESCRIPTOR_SET).ok());

/// More of a request than this is not looked at.
const BYTES_MAX: usize = 64 * 1024;
/// A message is preceded by a byte that says whether it is compressed, and four for its length.
const PREFIX: usize = 5;
/// The fields that name a resource, in the order of what they tell.
const NAMING: [&str; 8] = [
    "name",
    "principal_id",
    "unit_id",
    "agreement_id",
    "programme_id",
    "parent",
    "home_unit",
    "principal",
];

/// The first bytes of a request's body.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<Mutex<Vec<Bytes>>>);

impl Asked {
    /// Keeps a part of the body, which costs no copy.
    pub fn keep(&self, bytes: &Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().map(Bytes::len).sum::<usize>() < BYTES_MAX {
            kept.push(bytes.clone());
        }
    }

    /// The resource that the first message is about and its request id; empty where it names none.
    pub fn resource_and_request(&self, path: &str) -> (String, String) {
        let Some(message) = self.first_message(path) else {
            return (String::new(), String::new());
        };
        let inner = message.fields().filter_map(|(_, value)| match value {
            Value::Message(inner) => Some(inner),
            _ => None,
        });
        let resource = std::iter::once(&message).chain(inner).find_map(naming);
        let request = text(&message, "request_id").and_then(|id| Uuid::parse_str(&id).ok());
        (
            resource.unwrap_or_default(),
            request.map(|id| id.to_string()).unwrap_or_default(),
        )
    }

    fn first_message(&self, path: &str) -> Option<DynamicMessage> {
        let (service, method) = path.trim_start_matches('/').split_once('/')?;
        let service = POOL.as_ref()?.get_service_by_name(service)?;
        let method = service.methods().find(|found| found.name() == method)?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).concat();
        let (prefix, body) = kept.split_at_checked(PREFIX)?;
        let length = u32::from_be_bytes(prefix[1..].try_into().ok()?);
        let message = body.get(..usize::try_from(length).ok()?)?;
        // A compressed message begins with another byte, and tells nothing.
        (prefix[0] == 0).then(|| DynamicMessage::decode(method.input(), message).ok())?
    }
}

fn naming(message: &DynamicMessage) -> Option<String> {
    NAMING.iter().find_map(|field| text(message, field))
}

fn text(message: &DynamicMessage, field: &str) -> Option<String> {
    let value = message.get_field_by_name(field)?;
    value.as_str().filter(|text| is_a_name(text)).map(str::to_owned)
}

/// Whether a text could be the name of a resource or a part of one. Whatever else somebody writes there, a token perhaps,
/// is not kept.
fn is_a_name(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"/-".contains(&byte);
    (1..=130).contains(&text.len()) && text.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use super::is_a_name;

    #[test]
    fn only_names_are_kept() {
        for name in ["events/e01", "tayninh", "attachments/00ff", "eventTypes/joint-patrol"] {
            assert!(is_a_name(name), "{name}");
        }
        let token = format!("eyJ{}", "x".repeat(200));
        for other in ["", "agreements/\0x", "a b", "x\n", "\u{202e}x", "a.b.c", token.as_str()] {
            assert!(!is_a_name(other), "{other:?}");
        }
    }
}
