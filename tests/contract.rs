//! The contract as a client meets it: reflection shows everything, health answers for everybody, and every RPC of every
//! service asks who calls.

use banggiao_rpc::channel;
use prost_reflect::DescriptorPool;
use tokio_stream::StreamExt;
use tonic::{Code, Request};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::installation::Installation;

/// What stands in the contracts, line by line: names and numbers that other programs have been built with.
const GOLDEN: &str = include_str!("contract/golden.txt");

fn pool() -> DescriptorPool {
    DescriptorPool::decode(banggiao_contracts::FILE_DESCRIPTOR_SET).expect("the descriptor set decodes")
}

fn services() -> Vec<prost_reflect::ServiceDescriptor> {
    pool().services().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_shows_every_service_and_the_details_of_errors() {
    let installation = Installation::start().await;
    let mut client = ServerReflectionClient::new(channel::lazy(&installation.address()).expect("an address"));
    let ask = |message| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    };
    let requests = tokio_stream::iter([
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("google.rpc.BadRequest".to_owned())),
    ]);
    let mut answers = client
        .server_reflection_info(requests)
        .await
        .expect("reflection without a token")
        .into_inner();
    let first = answers
        .next()
        .await
        .expect("an answer")
        .expect("no fault")
        .message_response;
    let Some(MessageResponse::ListServicesResponse(listed)) = first else {
        panic!("no list: {first:?}")
    };
    let listed: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    for service in services() {
        assert!(
            listed.iter().any(|name| name == service.full_name()),
            "{} is not shown",
            service.full_name()
        );
    }
    let second = answers
        .next()
        .await
        .expect("an answer")
        .expect("no fault")
        .message_response;
    assert!(
        matches!(second, Some(MessageResponse::FileDescriptorResponse(_))),
        "{second:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_answers_for_the_gateway_and_for_each_service() {
    let installation = Installation::start().await;
    let mut health = HealthClient::new(channel::lazy(&installation.address()).expect("an address"));
    for service in [
        "",
        "banggiao.registry.v1",
        "banggiao.journal.v1",
        "banggiao.reporting.v1",
    ] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = health.check(request).await.expect("health").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service:?}");
    }
    let unknown = HealthCheckRequest {
        service: "banggiao.nothing.v1".to_owned(),
    };
    assert_eq!(health.check(unknown).await.expect_err("unknown").code(), Code::NotFound);
}

/// Sends an empty message, whatever the method takes; permission must come before everything else.
#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_refuses_a_stranger_first() {
    let installation = Installation::start().await;
    let open = ["WhoAmI"];
    for service in services() {
        for method in service.methods().filter(|method| !open.contains(&method.name())) {
            let mut client = tonic::client::Grpc::new(installation.channel("stranger"));
            client.ready().await.expect("a connection");
            let path = format!("/{}/{}", service.full_name(), method.name())
                .parse()
                .expect("a path");
            let codec = tonic_prost::ProstCodec::<(), ()>::default();
            let outcome = client.server_streaming(Request::new(()), path, codec).await;
            let refused = match outcome {
                Err(status) => status,
                Ok(stream) => stream
                    .into_inner()
                    .message()
                    .await
                    .expect_err("a stranger gets nothing"),
            };
            assert_eq!(
                refused.code(),
                Code::PermissionDenied,
                "{}: {refused:?}",
                method.full_name()
            );
        }
    }
}

fn listed() -> String {
    let (pool, mut lines) = (pool(), Vec::new());
    for message in pool
        .all_messages()
        .filter(|message| message.full_name().starts_with("banggiao."))
    {
        for field in message.fields() {
            let name = field.full_name();
            lines.push(format!(
                "{name} = {} {:?} {:?}",
                field.number(),
                field.cardinality(),
                field.kind()
            ));
        }
    }
    for values in pool
        .all_enums()
        .filter(|values| values.full_name().starts_with("banggiao."))
    {
        lines.extend(
            values
                .values()
                .map(|value| format!("{} = {}", value.full_name(), value.number())),
        );
    }
    for method in pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
    {
        let stream = |streams: bool| if streams { "stream " } else { "" };
        lines.push(format!(
            "{}({}{}) returns ({}{})",
            method.full_name(),
            stream(method.is_client_streaming()),
            method.input().full_name(),
            stream(method.is_server_streaming()),
            method.output().full_name(),
        ));
    }
    lines.sort();
    lines.join("\n") + "\n"
}

/// A name or number that changes breaks whoever was built with it. What is new is added to the golden file on purpose:
/// BANGGIAO_BLESS=1 writes it anew.
#[test]
fn names_and_numbers_are_those_that_others_were_built_with() {
    let listed = listed();
    if std::env::var_os("BANGGIAO_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/contract/golden.txt"), &listed).expect("the golden file");
        return;
    }
    let lines = |text: &str| {
        text.lines()
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    let (before, now) = (lines(GOLDEN), lines(&listed));
    let gone: Vec<_> = before.difference(&now).collect();
    let new: Vec<_> = now.difference(&before).collect();
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:#?}\nnew: {new:#?}");
}
