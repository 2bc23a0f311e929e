//! What is done to an agreement on a day and by a document: signing, extending, suspending and so on.
//!
//! It owns the flags that all these have in common.

use crate::change;
use crate::error::Error;
use crate::globals::Session;
use crate::{names, nouns};
use banggiao_contracts::registry::v1 as pb;
use clap::Args;

/// What is done, from when on, and by what document.
#[derive(Debug, Clone, Args)]
pub struct Action {
    /// The agreement.
    #[arg(value_parser = names::agreement)]
    pub name: String,
    /// The day from which it holds.
    #[arg(long, value_parser = names::day)]
    pub date: String,
    /// The document that does it, as "Biên bản số 7 ngày 2-6-2024".
    #[arg(long, value_name = "TEXT")]
    pub document: String,
    /// More about it.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Etag that was read: the agreement must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
}

/// A draft is signed.
#[derive(Debug, Clone, Args)]
pub struct Sign {
    /// What is done.
    #[command(flatten)]
    pub action: Action,
    /// First day on which it holds; by default that of the draft, or the day of signing.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub start_date: Option<String>,
    /// Last day on which it holds, inclusive; by default that of the draft.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub end_date: Option<String>,
}

/// The last day of an agreement is put off.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Extend {
    /// What is done.
    #[command(flatten)]
    pub action: Action,
    /// The new last day, inclusive.
    #[arg(long, value_name = "DATE", value_parser = names::day, required_unless_present = "without_end")]
    pub end_date: Option<String>,
    /// It holds without end.
    #[arg(long, conflicts_with = "end_date")]
    pub without_end: bool,
}

/// A request of what has an action and nothing else to say, or fields of its own besides.
macro_rules! request {
    ($kind:ident, $action:expr $(, $field:ident: $value:expr)*) => {{
        let action = $action;
        pb::$kind {
            name: action.name,
            date: action.date,
            document: action.document,
            note: action.note.unwrap_or_default(),
            etag: action.etag.unwrap_or_default(),
            request_id: String::new(),
            $($field: $value,)*
        }
    }};
}
pub(super) use request;

impl Action {
    /// The request that suspends, without its id.
    #[must_use]
    pub fn suspend(self) -> pb::SuspendAgreementRequest {
        request!(SuspendAgreementRequest, self)
    }

    /// The request that resumes, without its id.
    #[must_use]
    pub fn resume(self) -> pb::ResumeAgreementRequest {
        request!(ResumeAgreementRequest, self)
    }

    /// The request that ends, without its id.
    #[must_use]
    pub fn terminate(self) -> pb::TerminateAgreementRequest {
        request!(TerminateAgreementRequest, self)
    }

    /// The request that withdraws, without its id.
    #[must_use]
    pub fn withdraw(self) -> pb::WithdrawAgreementRequest {
        request!(WithdrawAgreementRequest, self)
    }
}

impl Sign {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::SignAgreementRequest {
        request!(
            SignAgreementRequest, self.action,
            start_date: self.start_date.unwrap_or_default(),
            end_date: self.end_date.unwrap_or_default()
        )
    }
}

impl Extend {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::ExtendAgreementRequest {
        request!(ExtendAgreementRequest, self.action, end_date: self.end_date.unwrap_or_default())
    }
}

/// Sends an action by one of the methods of agreements, and prints the agreement as it stands then.
pub(super) async fn send<M>(session: &Session, method: &str, request: &M) -> Result<(), Error>
where
    M: prost::Message + prost::Name,
{
    let method = format!("banggiao.registry.v1.AgreementService/{method}");
    change::resource(session, &nouns::AGREEMENT, &method, request, false).await
}
