//! Bad input, as data: each case of `bad_input.json` is sent as it stands, and answered with its status, its reason and
//! all its fields at once; rows of an import with all their fields. Nothing of it is stored, and no method is without a
//! case.

use std::collections::BTreeSet;

use banggiao_cli::dynamic;
use banggiao_contracts::{journal::v1::ImportEventsResponse, registry::v1::ImportRowsResponse, r#type::v1::RowResult};
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, prost::Message};
use serde::Deserialize;
use tonic::{Request, Status, Streaming};
use tonic_types::StatusExt;

use super::raw;
use crate::installation::Installation;

/// One request and how it must be answered.
#[derive(Debug, Deserialize)]
struct Case {
    method: String,
    request: serde_json::Value,
    /// Who sends it.
    #[serde(default = "administrator")]
    principal: String,
    #[serde(default = "invalid")]
    code: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    fields: Vec<String>,
    /// Line, field and reason of each fault, where rows are refused one by one.
    #[serde(default)]
    rows: Vec<String>,
}

fn invalid() -> String {
    "INVALID_ARGUMENT".to_owned()
}

fn administrator() -> String {
    "administrator".to_owned()
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("bad_input.json")).expect("the cases read")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_answered_and_nothing_is_stored() {
    let installation = Installation::with_sample().await;
    let connection = installation.connection();
    let heads = || banggiao_cli::figures::heads(&connection);
    let before = heads().await.expect("the heads");
    let mut wrong = Vec::new();
    for case in cases() {
        let method = dynamic::method(&format!("banggiao.{}", case.method)).expect("a method");
        let request = DynamicMessage::deserialize(method.input(), &case.request).expect("a request");
        let status = match send(&installation, &case.principal, &method, request.encode_to_vec()).await {
            Err(status) => status,
            Ok(answer) => {
                let rows = faults(&method, &answer);
                if case.rows.is_empty() || rows != case.rows {
                    wrong.push(format!("{} {}: {rows:?}", case.method, case.request));
                }
                continue;
            }
        };
        let details = status.get_error_details();
        let mut fields: Vec<String> = details
            .bad_request()
            .map(|bad| {
                bad.field_violations
                    .iter()
                    .map(|violation| violation.field.clone())
                    .collect()
            })
            .unwrap_or_default();
        fields.sort_unstable();
        let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
        let code = banggiao_cli::error::code_name(status.code());
        let told = code == case.code && fields == case.fields && case.reason.as_ref().is_none_or(|r| *r == reason);
        if !told || reason.is_empty() {
            wrong.push(format!(
                "{} {}: {code} {reason} {fields:?} {}",
                case.method,
                case.request,
                status.message()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = heads().await.expect("the heads");
    assert_eq!(
        (after.log_index(), after.registry_position()),
        (before.log_index(), before.registry_position())
    );
}

/// One request and the first answer to it, whatever streams; an empty answer if there was none.
async fn send(
    installation: &Installation,
    principal: &str,
    method: &MethodDescriptor,
    request: Vec<u8>,
) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(installation.channel(principal));
    client.ready().await.expect("a connection");
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = path.parse().expect("a path");
    let requests = tokio_stream::iter([request]);
    let answers = client.streaming(Request::new(requests), path, raw::Bytes).await;
    let mut answers: Streaming<Vec<u8>> = answers?.into_inner();
    Ok(answers.message().await?.unwrap_or_default())
}

/// Line, field and reason of each fault of the rows that were refused.
fn faults(method: &MethodDescriptor, answer: &[u8]) -> Vec<String> {
    let results: Vec<RowResult> = match method.name() {
        "ImportRows" => ImportRowsResponse::decode(answer).expect("results").results,
        "ImportEvents" => ImportEventsResponse::decode(answer).expect("results").results,
        _ => Vec::new(),
    };
    let faults = results.iter().flat_map(|row| {
        let faults = row.violations.iter();
        faults.map(|fault| format!("{} {} {}", row.line, fault.field, fault.reason))
    });
    let mut faults: Vec<String> = faults.collect();
    faults.sort_unstable();
    faults
}

#[test]
fn no_method_is_without_a_case() {
    let covered: BTreeSet<String> = cases()
        .into_iter()
        .map(|case| format!("banggiao.{}", case.method))
        .collect();
    let pool = prost_reflect::DescriptorPool::decode(banggiao_contracts::FILE_DESCRIPTOR_SET).expect("it decodes");
    let mut missing = Vec::new();
    for service in pool.services() {
        for method in service.methods() {
            let name = format!("{}/{}", service.full_name(), method.name());
            // Yes and no cannot be said wrongly.
            let can_be_wrong = method.input().fields().any(|field| field.kind() != Kind::Bool);
            if can_be_wrong && !covered.contains(&name) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
