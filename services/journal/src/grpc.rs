//! The journal's calls: each authorises, parses, hands a command to the sequencer or reads, and converts.

mod attachments;
mod duplicates;
mod event_types;
mod events;
mod feed;
mod filter;
mod import;
mod ledger;
mod status;
mod trail;

use std::sync::Arc;

use banggiao_audit::Trail;
use banggiao_contracts::journal::v1::{
    attachment_service_server::AttachmentServiceServer, audit_service_server::AuditServiceServer,
    event_feed_service_server::EventFeedServiceServer, event_service_server::EventServiceServer,
    event_type_service_server::EventTypeServiceServer, ledger_service_server::LedgerServiceServer,
};
use banggiao_model::permission::{Action, Classification};
use banggiao_rpc::{
    Domain, authenticated,
    identity::{self, Authenticate, Caller, Verifier},
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, service::RoutesBuilder};

use crate::{domain::command::Authority, journal::Journal};

/// The domain of the journal's error reasons.
pub const DOMAIN: Domain = Domain("journal.banggiao");

/// All services of the journal behind their authentication.
pub fn routes(
    journal: Arc<Journal>,
    verifier: Arc<Verifier>,
    trail: Trail,
    shutdown: CancellationToken,
) -> RoutesBuilder {
    let admission = Arc::new(journal.follower().clone());
    let auth = Authenticate::new(verifier, admission, DOMAIN);
    let calls = Calls {
        journal,
        auth: auth.clone(),
        trail,
        shutdown,
    };
    let mut routes = RoutesBuilder::default();
    routes
        .add_service(authenticated!(AttachmentServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(AuditServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(EventTypeServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(EventServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(LedgerServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(EventFeedServiceServer, calls, auth));
    routes
}

/// What every call works with.
#[derive(Debug, Clone)]
pub struct Calls {
    journal: Arc<Journal>,
    auth: Authenticate,
    trail: Trail,
    shutdown: CancellationToken,
}

/// Who calls, and on what it is decided.
struct Authorized {
    caller: Caller,
    authority: Authority,
}

impl Calls {
    /// The first line of every handler. A caller who may reach nothing goes no further; since a grant may have been given
    /// this moment, the registry is asked for its head before the refusal. Nothing is changed while the registry is not
    /// heard of.
    async fn authorize<T>(&self, request: &Request<T>, action: Action) -> Result<Authorized, Status> {
        let caller = identity::caller(request, DOMAIN)?;
        if action.is_change() {
            let fresh = self.journal.follower().fresh().await;
            fresh.map_err(|stale| status::refuse(stale.into()))?;
        }
        let mut authority = self.journal.authority(&caller, action, self.journal.follower().now());
        if authority.scope.is_empty() {
            let directory = self
                .journal
                .follower()
                .caught_up()
                .await
                .map_err(|behind| status::refuse(behind.into()))?;
            authority = self.journal.authority(&caller, action, directory);
        }
        if authority.scope.is_empty() {
            Err(DOMAIN.denied())
        } else {
            Ok(Authorized { caller, authority })
        }
    }

    /// As [`Self::authorize`], for what takes a grant for everything.
    async fn authorize_everywhere<T>(&self, request: &Request<T>, action: Action) -> Result<Authorized, Status> {
        let authorized = self.authorize(request, action).await?;
        if authorized.authority.scope.allows(&[], Classification::Unclassified) {
            Ok(authorized)
        } else {
            Err(DOMAIN.denied())
        }
    }
}
