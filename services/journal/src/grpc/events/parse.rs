//! What several requests have in common, from the wire.

use std::collections::BTreeSet;

use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::{
    Violations,
    request::RequestId,
    violation::Scope,
    wire::{self, MAX_NAME},
};
use prost::Message;
use tonic::Status;

use crate::{
    domain::{
        checked,
        command::{Because, Repetition, Step, Target},
    },
    grpc::{DOMAIN, status::refuse},
};

/// A batch holds at most so many events.
pub const BATCH_MAX: usize = 1000;

/// The refusal of a request that lacks a field.
pub fn required(field: &str) -> Status {
    let mut violations = Violations::new();
    violations.root().required(field);
    DOMAIN.invalid(violations)
}

/// How a repetition of the request is recognised.
pub(super) fn repetition<R: Message>(
    method: &str,
    request: &mut R,
    id: impl Fn(&mut R) -> &mut String,
) -> Result<Option<Repetition>, Status> {
    let mut violations = Violations::new();
    let parsed = RequestId::take(method, request, id, &mut violations.root());
    checked(Some(()), violations).map_err(refuse)?;
    Ok(parsed.map(|request| Repetition::Request {
        id: request.id,
        digest: request.digest,
    }))
}

/// Which event, in which revision.
pub(super) fn target(name: &str, etag: String) -> Result<Target, Status> {
    let mut violations = Violations::new();
    let id = wire::required_id(name, "events", "name", &mut violations.root());
    let id = checked(id, violations).map_err(refuse)?;
    Ok(Target::Id { id, etag })
}

/// What the request is about, and why, in words or by a code.
pub(super) fn because<Code: TryFrom<i32> + Default>(
    name: &str,
    etag: String,
    reason: String,
    code: i32,
) -> Result<(Target, Because<Code>), Status> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let id = wire::required_id(name, "events", "name", &mut scope);
    let parsed = wire::enumeration(code, "reason_code", &mut scope);
    if reason.is_empty() && code == 0 {
        scope.required("reason");
    }
    wire::line(&reason, MAX_NAME, "reason", &mut scope);
    let id = checked(id, violations).map_err(refuse)?;
    Ok((Target::Id { id, etag }, Because { reason, code: parsed }))
}

/// What a batch approves, each event once.
pub(super) fn batch(requests: &[pb::ApproveEventRequest]) -> Result<Vec<Target>, Status> {
    let mut violations = Violations::new();
    if requests.is_empty() {
        violations.root().required("requests");
    }
    wire::at_most(BATCH_MAX, requests.len(), "requests", &mut violations.root());
    let (mut targets, mut seen) = (Vec::new(), BTreeSet::new());
    for (index, request) in requests.iter().take(BATCH_MAX).enumerate() {
        let mut scope = violations.scope(&format!("requests[{index}]"));
        let id = wire::required_id(&request.name, "events", "name", &mut scope);
        if !request.request_id.is_empty() {
            scope.invalid("request_id", "belongs to the batch");
        }
        if !seen.insert(&request.name) {
            scope.invalid("name", format!("{:?} is named twice", request.name));
        }
        targets.extend(id.map(|id| Target::Id {
            id,
            etag: request.etag.clone(),
        }));
    }
    checked(Some(targets), violations).map_err(refuse)
}

/// What becomes of a pair of events.
pub(super) fn resolution(request: &pb::ResolveDuplicateRequest) -> Result<Step, Status> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let stays = wire::required_id(&request.name, "events", "name", &mut scope);
    let other = wire::required_id(&request.other, "events", "other", &mut scope);
    if stays.is_some() && stays == other {
        scope.invalid("other", format!("{:?} is the same event", request.other));
    }
    let resolution = wire::enumeration::<pb::DuplicateResolution>(request.resolution, "resolution", &mut scope);
    if request.resolution == 0 {
        scope.required("resolution");
    }
    let reason = reason(&request.reason, &mut scope);
    let (stays, other) = checked(stays.zip(other), violations).map_err(refuse)?;
    let target = |id, etag: &String| Target::Id { id, etag: etag.clone() };
    Ok(Step::Resolve {
        targets: [target(stays, &request.etag), target(other, &request.other_etag)],
        same: resolution == pb::DuplicateResolution::Same,
        reason,
    })
}

/// Why, in words.
pub(super) fn reason(given: &str, scope: &mut Scope<'_>) -> String {
    if given.is_empty() {
        scope.required("reason");
    }
    wire::line(given, MAX_NAME, "reason", scope)
}
