//! How far journal and registry have come, so that an answer holds everything that was written before the question.

use crate::connection::Connection;
use crate::error::Error;
use crate::globals::Session;
use crate::output;
use banggiao_contracts::{journal, registry};
use tonic::Code;

/// How far journal and registry had come before a question was asked.
#[derive(Debug, Default)]
pub struct Heads {
    log_index: i64,
    registry_position: i64,
    /// Services that could not say.
    unknown: Vec<&'static str>,
}

/// Asks journal and registry how far they are, so that an answer holds everything that was written before the question.
/// One that cannot be asked does not stand in the way: reporting answers from what it has, and the caller is told.
///
/// # Errors
/// UNAUTHENTICATED and every other status that the figures would meet as well.
pub async fn heads(connection: &Connection) -> Result<Heads, Error> {
    let mut event_feed = connection.event_feed();
    let mut registry_feed = connection.registry_feed();
    let (log, changes) = tokio::join!(
        connection.call(event_feed.get_head(journal::v1::GetHeadRequest {})),
        connection.call(registry_feed.get_head(registry::v1::GetHeadRequest {})),
    );
    let mut heads = Heads::default();
    heads.log_index = known(log, "journal", &mut heads.unknown)?.map_or(0, |head| head.log_index);
    heads.registry_position = known(changes, "registry", &mut heads.unknown)?.map_or(0, |head| head.position);
    Ok(heads)
}

/// What a service said about its position, if it said anything; a service that is away is noted as unknown.
pub(crate) fn known<T>(
    head: Result<T, Error>,
    service: &'static str,
    unknown: &mut Vec<&'static str>,
) -> Result<Option<T>, Error> {
    match head {
        Ok(head) => Ok(Some(head)),
        Err(Error::Status(status)) => match status.code() {
            Code::PermissionDenied | Code::Unimplemented => Ok(None),
            Code::Unavailable | Code::DeadlineExceeded => {
                unknown.push(service);
                Ok(None)
            }
            _ => Err(Error::Status(status)),
        },
        Err(error) => Err(error),
    }
}

/// Says whose newest records may be missing from an answer.
pub(crate) fn tell_unknown(session: &Session, heads: &Heads) {
    for service in &heads.unknown {
        output::note(&session.lang.pick(
            format!("note: {service} cannot be reached; what it recorded last may not be counted yet"),
            format!("lưu ý: không liên lạc được với {service}; bản ghi mới nhất có thể chưa được tính"),
        ));
    }
}

impl Heads {
    /// The journal's position, 0 if it could not say.
    #[must_use]
    pub fn log_index(&self) -> i64 {
        self.log_index
    }

    /// The registry's position, 0 if it could not say.
    #[must_use]
    pub fn registry_position(&self) -> i64 {
        self.registry_position
    }
}
