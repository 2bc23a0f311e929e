//! The registry's calls: each authorises, parses, runs one transaction or reads the directory, and converts.

mod access;
mod agreements;
mod feed;
mod import;
mod markers;
mod programmes;
mod search;
mod status;
mod trail;
mod units;

use std::sync::Arc;

use banggiao_audit::Trail;
use banggiao_contracts::registry::v1::{
    Change, access_service_server::AccessServiceServer, agreement_service_server::AgreementServiceServer,
    audit_service_server::AuditServiceServer, change::Resource, import_service_server::ImportServiceServer,
    marker_service_server::MarkerServiceServer, programme_service_server::ProgrammeServiceServer,
    registry_feed_service_server::RegistryFeedServiceServer, search_service_server::SearchServiceServer,
    unit_service_server::UnitServiceServer,
};
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    name::UnitId,
    permission::{Action, Classification, Scope},
};
use banggiao_rpc::{
    Domain, Violations, audit, authenticated,
    identity::{self, Authenticate, Caller, Verifier},
    request::RequestId,
    wire,
};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, service::RoutesBuilder};

use crate::{
    domain::checked,
    registry::{Registry, Write, Written},
};
use status::refuse;

/// The domain of the registry's error reasons.
pub const DOMAIN: Domain = Domain("registry.banggiao");

/// All services of the registry behind their authentication.
pub fn routes(
    registry: Arc<Registry>,
    verifier: Arc<Verifier>,
    trail: Trail,
    shutdown: CancellationToken,
) -> RoutesBuilder {
    let admission = Arc::<Registry>::clone(&registry);
    let auth = Authenticate::new(verifier, admission, DOMAIN);
    let calls = Calls {
        registry,
        auth: auth.clone(),
        trail,
        shutdown,
    };
    let mut routes = RoutesBuilder::default();
    routes
        .add_service(authenticated!(UnitServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(AgreementServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(ProgrammeServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(MarkerServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(SearchServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(AccessServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(AuditServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(ImportServiceServer, calls.clone(), auth.clone()))
        .add_service(authenticated!(RegistryFeedServiceServer, calls, auth));
    routes
}

/// What every call works with.
#[derive(Debug, Clone)]
pub struct Calls {
    registry: Arc<Registry>,
    auth: Authenticate,
    trail: Trail,
    shutdown: CancellationToken,
}

impl Calls {
    /// The first line of every handler: who calls, the directory at which it is decided, and what the caller may reach
    /// by this action. A caller who may reach nothing goes no further.
    fn authorize<T>(&self, request: &Request<T>, action: Action) -> Result<(Caller, Arc<Directory>, Scope), Status> {
        let caller = identity::caller(request, DOMAIN)?;
        let directory = self.registry.now();
        audit::decided(action, directory.position());
        let scope = directory.scope(&caller.principal, action, self.registry.today());
        if scope.is_empty() {
            Err(DOMAIN.denied())
        } else {
            Ok((caller, directory, scope))
        }
    }

    /// The beginning of every change: who makes it, and its request id. `what` says what the transaction is called, as
    /// `unit.create`, and what the caller's grants must cover.
    fn begin<R: Message>(
        &self,
        request: Request<R>,
        what: (&'static str, Action),
        id: impl Fn(&mut R) -> &mut String,
    ) -> Result<(R, Write), Status> {
        let (request, (), write) = self.change(request, what, id, ("", |_: &mut R| Some(())))?;
        Ok((request, write))
    }

    /// As [`Self::begin`], with the resource that the request must hold.
    fn change<R: Message, T>(
        &self,
        request: Request<R>,
        (name, action): (&'static str, Action),
        id: impl Fn(&mut R) -> &mut String,
        (field, resource): (&str, impl Fn(&mut R) -> Option<T>),
    ) -> Result<(R, T, Write), Status> {
        let (caller, _) = self.authorize_all(&request, action)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let request_id = RequestId::take(name, &mut request, id, &mut violations.root());
        let resource = resource(&mut request);
        if resource.is_none() {
            violations.root().required(field);
        }
        let resource = checked(resource, violations).map_err(refuse)?;
        Ok((
            request,
            resource,
            Write {
                name,
                caller,
                action,
                request: request_id,
                validate_only: false,
            },
        ))
    }

    /// As [`Self::authorize`], for what concerns the installation as a whole.
    fn authorize_all<T>(&self, request: &Request<T>, action: Action) -> Result<(Caller, Arc<Directory>), Status> {
        let (caller, directory, scope) = self.authorize(request, action)?;
        if scope.allows(&[], Classification::Unclassified) {
            Ok((caller, directory))
        } else {
            Err(DOMAIN.denied())
        }
    }
}

/// The bare id of a resource name that must be given.
fn id_of(name: &str, collection: &str, field: &str) -> Result<String, Status> {
    let mut violations = Violations::new();
    let id = wire::required_id(name, collection, field, &mut violations.root());
    checked(id, violations).map_err(refuse)
}

/// What a write recorded, and the day of it. A request that comes again is answered from the same change, so its answer
/// is the same whatever happened since.
fn recorded(written: &Written) -> Result<(&Resource, &Change, Date), Status> {
    let change = written.changes.first().ok_or_else(|| DOMAIN.internal())?;
    let resource = change.resource.as_ref().ok_or_else(|| DOMAIN.internal())?;
    let seconds = change.record_time.map_or(0, |time| time.seconds);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Ok((resource, change, date::today_in_vietnam(time)))
}

/// The key of a unit that a filter names.
fn known_unit(
    directory: &Directory,
    unit: Option<UnitId>,
    field: &str,
    scope: &mut banggiao_rpc::Scope<'_>,
) -> Option<Key> {
    let unit = unit?;
    let key = directory.hierarchy().key(&unit);
    if key.is_none() {
        scope.unknown(field, &unit.name());
    }
    key
}
