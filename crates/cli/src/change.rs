//! Calls that change something: each with a request id of its own, and with a word about it if it was only tried.
//!
//! It owns the request id. It must not know any method.

use crate::dynamic;
use crate::error::Error;
use crate::globals::Session;
use crate::listing;
use crate::nouns::Noun;
use crate::output;
use prost::Message;
use prost_reflect::{DynamicMessage, Value};

/// Sends a request that changes something, under a request id that no other request has: a call that is sent twice on its
/// way is done once.
///
/// # Errors
/// As the method.
pub(crate) async fn send<M>(session: &Session, method: &str, request: &M) -> Result<DynamicMessage, Error>
where
    M: Message + prost::Name,
{
    let method = dynamic::method(method)?;
    dynamic::unary(&session.connection, &method, identified(request)?).await
}

/// As [`send`], with an answer of a known type.
///
/// # Errors
/// As the method.
pub(crate) async fn typed<M, A>(session: &Session, method: &str, request: &M) -> Result<A, Error>
where
    M: Message + prost::Name,
    A: Message + Default,
{
    let response = send(session, method, request).await?;
    response.transcode_to().map_err(|error| Error::Failure(error.into()))
}

/// The request with an id of its own.
fn identified<M>(request: &M) -> Result<DynamicMessage, Error>
where
    M: Message + prost::Name,
{
    let mut message = dynamic::message(request)?;
    message
        .try_set_field_by_name("request_id", Value::String(request_id()))
        .map_err(|error| Error::Failure(error.into()))?;
    Ok(message)
}

/// Sends a request that changes one resource, and prints the resource.
///
/// # Errors
/// As the method.
pub(crate) async fn resource<M>(
    session: &Session,
    noun: &Noun,
    method: &str,
    request: &M,
    dry_run: bool,
) -> Result<(), Error>
where
    M: Message + prost::Name,
{
    let resource = send(session, method, request).await?;
    tell_dry_run(session, dry_run);
    listing::print_one(session, noun, &resource)
}

/// Says that nothing was stored, if nothing was.
pub(crate) fn tell_dry_run(session: &Session, dry_run: bool) {
    if dry_run {
        output::note(
            session
                .lang
                .pick("Only checked, nothing is stored.", "Chỉ kiểm tra, không lưu gì."),
        );
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "a command is where requests begin, and this is the one place that gives them their ids"
)]
fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::registry::v1::{GetUnitRequest, SuspendAgreementRequest};

    #[test]
    fn each_request_has_an_id_of_its_own() {
        let sent = || -> SuspendAgreementRequest {
            let request = SuspendAgreementRequest::default();
            identified(&request).unwrap().transcode_to().unwrap()
        };
        let (first, second) = (sent().request_id, sent().request_id);
        assert!(
            uuid::Uuid::parse_str(&first).is_ok() && first != second,
            "{first} {second}"
        );
        assert!(identified(&GetUnitRequest::default()).is_err(), "a question has none");
    }
}
