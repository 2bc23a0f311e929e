//! Reporting's calls: each authorises, parses, computes on one state of facts and directory, and converts.

pub(crate) mod answer;
mod calendars;
mod duplicates;
mod figures;
mod group;
mod indicators;
mod projection;
pub(crate) mod query;
mod report_content;
mod reports;
mod returns;
mod status;
mod stream;
mod templates;
#[cfg(test)]
mod tests;
mod trail;

use std::sync::Arc;

use banggiao_audit::Trail;
use banggiao_contracts::{
    journal::v1::event_feed_service_client::EventFeedServiceClient,
    reporting::v1::{
        audit_service_server::AuditServiceServer, calendar_service_server::CalendarServiceServer,
        figure_service_server::FigureServiceServer, indicator_service_server::IndicatorServiceServer,
        projection_service_server::ProjectionServiceServer, report_service_server::ReportServiceServer,
        return_service_server::ReturnServiceServer,
    },
};
use banggiao_directory::Directory;
use banggiao_model::{
    date::Date,
    permission::{Action, Classification, Scope},
};
use banggiao_rpc::{
    Domain, audit, authenticated,
    channel::Authorized,
    identity::{self, Authenticate, Caller, Verifier},
};
use tonic::{Request, Status, service::RoutesBuilder};

use crate::{domain::figure::Reach, office::Office, projection::Projection};
use status::refuse;

/// The domain of reporting's error reasons.
pub const DOMAIN: Domain = Domain("reporting.banggiao");

/// All services of reporting behind their authentication.
pub fn routes(
    projection: Arc<Projection>,
    journal: EventFeedServiceClient<Authorized>,
    office: Arc<Office>,
    verifier: Arc<Verifier>,
    trail: Trail,
) -> RoutesBuilder {
    let admission = Arc::new(projection.follower().clone());
    let auth = Authenticate::new(verifier, admission, DOMAIN);
    let calls = Calls {
        projection,
        journal,
        office,
        auth: auth.clone(),
        trail,
    };
    let mut routes = RoutesBuilder::default();
    routes
        .add_service(authenticated!(IndicatorServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(AuditServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(CalendarServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(ReportServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(ReturnServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(ProjectionServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(FigureServiceServer, calls, auth));
    routes
}

/// What every call works with.
#[derive(Clone)]
pub struct Calls {
    projection: Arc<Projection>,
    /// From which the projection is rebuilt.
    journal: EventFeedServiceClient<Authorized>,
    office: Arc<Office>,
    auth: Authenticate,
    trail: Trail,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Calls")
    }
}

impl Calls {
    /// The first line of every handler: who calls, and that it may do this at all.
    fn authorize<T>(&self, request: &Request<T>, action: Action) -> Result<Caller, Status> {
        let caller = identity::caller(request, DOMAIN)?;
        if self.scope(&self.decided(action), &caller, action).is_empty() {
            return Err(DOMAIN.denied());
        }
        Ok(caller)
    }

    /// As [`Self::authorize`], for what takes a grant for everything.
    fn authorize_everywhere<T>(&self, request: &Request<T>, action: Action) -> Result<Caller, Status> {
        let caller = identity::caller(request, DOMAIN)?;
        let scope = self.scope(&self.decided(action), &caller, action);
        if scope.allows(&[], Classification::Unclassified) {
            Ok(caller)
        } else {
            Err(DOMAIN.denied())
        }
    }

    fn decided(&self, action: Action) -> Arc<Directory> {
        let directory = self.projection.directory();
        audit::decided(action, directory.position());
        directory
    }

    /// What the caller may read, decided on the very directory that is computed on.
    fn reach(&self, directory: &Directory, caller: &Caller) -> Reach {
        Reach {
            events: self.scope(directory, caller, Action::ReadEvent),
            agreements: self.scope(directory, caller, Action::ReadAgreement),
        }
    }

    /// While the registry is not heard of, what is classified is not counted: the caller may have lost the right.
    fn scope(&self, directory: &Directory, caller: &Caller, action: Action) -> Scope {
        let scope = directory.scope(&caller.principal, action, self.today());
        match action {
            Action::ReadEvent | Action::ReadAgreement if !self.projection.follower().is_fresh() => {
                scope.up_to(Classification::Unclassified)
            }
            _ => scope,
        }
    }

    fn today(&self) -> Date {
        self.office.today()
    }
}
