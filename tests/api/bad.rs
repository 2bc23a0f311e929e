//! Bad input, as data: each case of `bad_input.json` is sent as it stands, and answered with its status, its reason and
//! all its fields at once. Nothing of it is stored, and no unary method is without a case.

use std::collections::BTreeSet;

use banggiao_cli::{Error, dynamic};
use prost_reflect::DynamicMessage;
use serde::Deserialize;
use tonic_types::StatusExt;

use crate::installation::Installation;

/// One request and how it must be answered.
#[derive(Debug, Deserialize)]
struct Case {
    method: String,
    request: serde_json::Value,
    #[serde(default = "invalid")]
    code: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    fields: Vec<String>,
}

fn invalid() -> String {
    "INVALID_ARGUMENT".to_owned()
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
        let status = match dynamic::unary(&connection, &method, request).await {
            Err(Error::Status(status)) => status,
            other => {
                wrong.push(format!("{} {}: {other:?}", case.method, case.request));
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

#[test]
fn no_unary_method_is_without_a_case() {
    let covered: BTreeSet<String> = cases()
        .into_iter()
        .map(|case| format!("banggiao.{}", case.method))
        .collect();
    let pool = prost_reflect::DescriptorPool::decode(banggiao_contracts::FILE_DESCRIPTOR_SET).expect("it decodes");
    let mut missing = Vec::new();
    for service in pool.services() {
        for method in service.methods() {
            let unary = !method.is_client_streaming() && !method.is_server_streaming();
            let name = format!("{}/{}", service.full_name(), method.name());
            if unary && method.input().fields().len() > 0 && !covered.contains(&name) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
