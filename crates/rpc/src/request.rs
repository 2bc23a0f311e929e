//! Request ids: the same id gives the same answer, the same id with another body is refused.

use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::violation::Scope;

/// What makes a repeated request recognisable: its id, and a digest of what it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId {
    /// The id, chosen by the caller and scoped to the caller.
    pub id: Uuid,
    /// SHA-256 of the request without its id and other volatile fields, prefixed by the method's name.
    pub digest: [u8; 32],
}

impl RequestId {
    /// As [`Self::parse`], taking the id out of the request, where `field` finds it.
    pub fn take<R: Message>(
        method: &str,
        request: &mut R,
        field: impl Fn(&mut R) -> &mut String,
        scope: &mut Scope<'_>,
    ) -> Option<Self> {
        let id = std::mem::take(field(request));
        Self::parse(method, &id, request, scope)
    }

    /// Reads the id of a mutating request; empty is none. `body` is the request without its id.
    pub fn parse(method: &str, id: &str, body: &impl Message, scope: &mut Scope<'_>) -> Option<Self> {
        if id.is_empty() {
            return None;
        }
        let Ok(id) = Uuid::parse_str(id) else {
            scope.invalid("request_id", format!("{id:?} is not a UUID"));
            return None;
        };
        crate::audit::requested(id);
        Some(Self {
            id,
            digest: digest(method, body),
        })
    }
}

/// SHA-256 of a named body: of requests and of rows to import.
#[must_use]
pub fn digest(name: &str, body: &impl Message) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(name.as_bytes());
    hash.update([0]);
    hash.update(body.encode_to_vec());
    hash.finalize().into()
}
