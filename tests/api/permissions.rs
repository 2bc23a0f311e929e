//! Who may do what, for every method of the contract: each role, at a unit or over everything, with a low and a high
//! clearance, at objects of its own unit, below, above, beside, and of a unit that its own succeeded; through the gateway
//! and at the service itself.
//!
//! The rules stand in `permissions.json` as data, and what follows from them is told here in plain words a second time,
//! so that the model is not its own judge. A method without a rule fails.

use std::{collections::BTreeSet, fmt};

use banggiao_cli::dynamic;
use banggiao_contracts::{
    journal::v1::{Event, EventAttachment, LogEventRequest},
    registry::v1::{
        Agreement, AgreementKind, ConfirmGrantRequest, CreateAgreementRequest, CreatePrincipalRequest, Grant,
        GrantRoleRequest, Principal, Role, access_service_client::AccessServiceClient,
        agreement_service_client::AgreementServiceClient,
    },
    reporting::v1::{GenerateReportRequest, report_service_client::ReportServiceClient},
    r#type::v1::Classification,
};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use prost_reflect::{DynamicMessage, MethodDescriptor, prost::Message};
use serde::Deserialize;
use serde_json::Value;
use tonic::{Code, Request, Status, Streaming};

use super::{attachments, raw};
use crate::installation::Installation;

/// One method and the rule by which it is decided.
#[derive(Debug, Deserialize)]
struct Rule {
    method: String,
    /// The action that the caller's grants must cover.
    rule: String,
    /// What the action is done to.
    on: On,
    /// A request that changes nothing, or little, where it is allowed.
    request: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum On {
    /// Whoever has a token may.
    Anybody,
    /// The role is enough; what a list shows is decided row by row.
    Role,
    /// It takes a grant over everything.
    Everything,
    /// It takes a grant over everything, up to the highest classification.
    All,
    /// An event that exists. Whoever may not read it may do nothing to it.
    Event,
    /// A new event, by its home unit.
    Home,
    /// An agreement, by its home unit.
    Agreement,
    /// The draft of a report, by its unit. Whoever may not read of the unit may do nothing to it.
    Report,
}

impl On {
    /// Whether it concerns an object of some unit.
    fn has_object(self) -> bool {
        matches!(self, Self::Event | Self::Home | Self::Agreement | Self::Report)
    }
}

/// Where an object's home unit stands, seen from the unit of the grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Own,
    Below,
    Above,
    Beside,
    Succeeded,
}

/// The unit that grants are for, and the places around it. Long An was merged into Tây Ninh.
const GRANTED: &str = "units/tayninh";
const PLACES: [(Place, &str); 5] = [
    (Place::Own, GRANTED),
    (Place::Below, "units/tayninh-ben-cau"),
    (Place::Above, "units/mr7"),
    (Place::Beside, "units/dongnai"),
    (Place::Succeeded, "units/longan"),
];
const CLASSES: [Classification; 2] = [Classification::Unspecified, Classification::Secret];
const ROLES: [Role; 7] = [
    Role::Reader,
    Role::Recorder,
    Role::Approver,
    Role::Registrar,
    Role::Auditor,
    Role::Administrator,
    Role::Service,
];

/// Somebody with one grant.
#[derive(Debug, Clone, Copy)]
struct Actor {
    role: Role,
    everything: bool,
    clearance: Classification,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.as_str_name().trim_start_matches("ROLE_").to_lowercase();
        let place = if self.everything { "all" } else { "unit" };
        write!(formatter, "{role}-{place}-{}", self.clearance as i32)
    }
}

fn actors() -> Vec<Actor> {
    let mut actors = Vec::new();
    for role in ROLES {
        for everything in [false, true] {
            for clearance in [Classification::Unspecified, Classification::TopSecret] {
                actors.push(Actor {
                    role,
                    everything,
                    clearance,
                });
            }
        }
    }
    actors
}

/// Something that a method is tried on.
#[derive(Debug)]
struct Object {
    place: Place,
    unit: &'static str,
    classification: Classification,
    event: String,
    other: String,
    attachment: String,
    agreement: String,
    report: String,
}

/// What each role is for, as the handbook has it.
fn role_may(role: Role, action: &str) -> bool {
    let reads = matches!(
        action,
        "READ_REFERENCE" | "READ_AGREEMENT" | "READ_EVENT" | "READ_FIGURES"
    );
    match role {
        Role::Unspecified => false,
        Role::Reader => reads,
        Role::Recorder => reads || matches!(action, "RECORD_EVENT" | "WRITE_REPORT"),
        Role::Approver => reads || matches!(action, "APPROVE_EVENT" | "WRITE_REPORT" | "ISSUE_REPORT"),
        Role::Registrar => reads || matches!(action, "MANAGE_REGISTRY" | "MIGRATE_EVENTS"),
        Role::Auditor => reads || matches!(action, "READ_ACCESS" | "READ_FEED"),
        Role::Service => reads || matches!(action, "READ_ACCESS" | "READ_FEED" | "ENTER_REPORT"),
        Role::Administrator => action != "ENTER_REPORT",
    }
}

/// Whether a grant at a unit reaches an object's place: an approver decides on the work of others, below.
fn reaches(actor: Actor, action: &str, place: Place) -> bool {
    match place {
        _ if actor.everything => true,
        Place::Below => true,
        Place::Own | Place::Succeeded => action != "APPROVE_EVENT",
        Place::Above | Place::Beside => false,
    }
}

/// What follows from a rule for an actor and an object.
fn allowed(rule: &Rule, actor: Actor, object: Option<&Object>) -> bool {
    let may = role_may(actor.role, &rule.rule);
    let place = object.map_or(Place::Own, |object| object.place);
    let cleared = object.is_none_or(|object| object.classification as i32 <= actor.clearance as i32);
    match rule.on {
        On::Anybody => true,
        On::Role => may,
        On::Everything => may && actor.everything,
        On::All => may && actor.everything && actor.clearance == Classification::TopSecret,
        On::Home | On::Agreement => may && reaches(actor, &rule.rule, place),
        On::Report => may && reaches(actor, &rule.rule, place) && reaches(actor, "READ_EVENT", place),
        On::Event => may && reaches(actor, &rule.rule, place) && reaches(actor, "READ_EVENT", place) && cleared,
    }
}

fn rules() -> Vec<Rule> {
    serde_json::from_str(include_str!("permissions.json")).expect("the rules read")
}

#[test]
fn no_method_is_without_a_rule() {
    let ruled: BTreeSet<String> = rules()
        .into_iter()
        .map(|rule| format!("banggiao.{}", rule.method))
        .collect();
    let pool = prost_reflect::DescriptorPool::decode(banggiao_contracts::FILE_DESCRIPTOR_SET).expect("it decodes");
    let services = pool
        .services()
        .filter(|service| service.full_name().starts_with("banggiao."));
    let methods: BTreeSet<String> = services
        .flat_map(|service| {
            let service_name = service.full_name().to_owned();
            let methods: Vec<_> = service
                .methods()
                .map(|method| format!("{service_name}/{}", method.name()))
                .collect();
            methods
        })
        .collect();
    assert_eq!(methods, ruled, "a method has no rule, or a rule no method");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_method_is_decided_by_its_rule_at_both_doors() {
    let installation = Installation::with_sample().await;
    let objects = objects(&installation).await;
    let actors = actors();
    for actor in &actors {
        employ(&installation, *actor).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    let (installation, objects) = (std::sync::Arc::new(installation), std::sync::Arc::new(objects));
    for actor in actors {
        let (installation, objects) = (installation.clone(), objects.clone());
        tasks.spawn(async move { tried(&installation, actor, &objects).await });
    }
    let (mut calls, mut wrong) = (0, Vec::new());
    for (tried, found) in tasks.join_all().await {
        calls += tried;
        wrong.extend(found);
    }
    assert!(
        wrong.is_empty(),
        "{} of {calls}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    println!("{calls} calls were decided by their rules");
    assert!(calls > 12_000, "only {calls} calls");
}

/// Everything that one actor can try, at both doors.
async fn tried(installation: &Installation, actor: Actor, objects: &[Object]) -> (usize, Vec<String>) {
    let (mut calls, mut wrong) = (0, Vec::new());
    let token = installation.token(&actor.to_string());
    let [registry, journal, reporting] = installation.service_addresses();
    let doors = [installation.address(), registry, journal, reporting];
    let doors: Vec<Authorized> = doors.iter().map(|address| door(address, &token)).collect();
    for rule in rules() {
        let service = match rule.method.split('.').next() {
            Some("registry") => &doors[1],
            Some("journal") => &doors[2],
            _ => &doors[3],
        };
        let method = dynamic::method(&format!("banggiao.{}", rule.method)).expect("a method");
        for door in [&doors[0], service] {
            let with_objects = objects.iter().filter(|_| rule.on.has_object()).map(Some);
            let without = (!rule.on.has_object()).then_some(None);
            for object in with_objects.chain(without) {
                let request = filled(&rule.request, object);
                let request = DynamicMessage::deserialize(method.input(), &request).expect("a request");
                let answer = send(door.clone(), &method, request.encode_to_vec()).await;
                calls += 1;
                let wanted = allowed(&rule, actor, object);
                let fine = match &answer {
                    Ok(()) => wanted,
                    Err(status) if status.code() == Code::PermissionDenied => !wanted,
                    Err(status) => wanted && is_told_to_the_permitted(status.code()),
                };
                if !fine {
                    let place = object.map(|object| (object.place, object.classification));
                    wrong.push(format!(
                        "{actor} {} {place:?}: wanted {wanted}, {answer:?}",
                        rule.method
                    ));
                }
            }
        }
    }
    (calls, wrong)
}

/// What a permitted caller may be told of a request that is not whole.
fn is_told_to_the_permitted(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists
    )
}

fn door(address: &str, token: &str) -> Authorized {
    channel::authorized(address, Bearer::new(token).expect("a token")).expect("an address")
}

/// One request and the first answer to it, whatever streams.
async fn send(door: Authorized, method: &MethodDescriptor, request: Vec<u8>) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(door);
    client.ready().await.expect("a connection");
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = path.parse().expect("a path");
    let answers = client
        .streaming(Request::new(tokio_stream::iter([request])), path, raw::Bytes)
        .await;
    let mut answers: Streaming<Vec<u8>> = answers?.into_inner();
    answers.message().await.map(drop)
}

/// The request with the object's names in it.
fn filled(request: &Value, object: Option<&Object>) -> Value {
    let Some(object) = object else { return request.clone() };
    match request {
        Value::String(text) => match text.as_str() {
            "{event}" => object.event.clone().into(),
            "{other}" => object.other.clone().into(),
            "{agreement}" => object.agreement.clone().into(),
            "{report}" => object.report.clone().into(),
            "{unit}" => object.unit.into(),
            "{attachment}" => object.attachment.clone().into(),
            "{content}" => serde_json::json!({
                "eventType": "eventTypes/diplomatic-event",
                "startDate": "2019-05-05",
                "homeUnit": object.unit,
                "classification": object.classification.as_str_name(),
            }),
            _ => text.clone().into(),
        },
        Value::Array(values) => values.iter().map(|value| filled(value, Some(object))).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, Some(object))))
            .collect(),
        other => other.clone(),
    }
}

/// For each place and class: two events, the first with an attachment, and an agreement.
async fn objects(installation: &Installation) -> Vec<Object> {
    let mut objects = Vec::new();
    for (place, unit) in PLACES {
        let agreement = agreement(installation, unit).await;
        let report = report(installation, unit).await;
        for classification in CLASSES {
            let seed = u64::try_from(objects.len()).expect("few objects");
            let file = attachments::files::pdf(5000, seed);
            let uploaded = attachments::upload(attachments::client(installation, "administrator"), &file).await;
            let attachment = uploaded.expect("an attachment").name;
            let named = EventAttachment {
                attachment: attachment.clone(),
                file_name: "bien-ban.pdf".to_owned(),
                ..EventAttachment::default()
            };
            let event = logged(installation, unit, classification, vec![named]).await;
            let other = logged(installation, unit, classification, Vec::new()).await;
            objects.push(Object {
                place,
                unit,
                classification,
                event,
                other,
                attachment,
                agreement: agreement.clone(),
                report: report.clone(),
            });
        }
    }
    objects
}

async fn logged(
    installation: &Installation,
    unit: &str,
    classification: Classification,
    attachments: Vec<EventAttachment>,
) -> String {
    let event = Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2019-05-05".to_owned(),
        home_unit: unit.to_owned(),
        classification: classification.into(),
        attachments,
        ..Event::default()
    };
    let request = LogEventRequest {
        event: Some(event),
        ..LogEventRequest::default()
    };
    let logged = installation.events("administrator").log_event(request).await;
    logged.expect("an event").into_inner().name
}

async fn agreement(installation: &Installation, unit: &str) -> String {
    let agreement = Agreement {
        kind: AgreementKind::Memorandum.into(),
        title: [("vi".to_owned(), "Bản ghi nhớ".to_owned())].into(),
        sign_date: "2019-05-05".to_owned(),
        home_units: vec![unit.to_owned()],
        partner_units: vec!["units/kh-svayrieng-sector".to_owned()],
        ..Agreement::default()
    };
    let request = CreateAgreementRequest {
        agreement_id: format!("mou-{}", unit.trim_start_matches("units/")),
        agreement: Some(agreement),
        ..CreateAgreementRequest::default()
    };
    let mut agreements = AgreementServiceClient::new(installation.channel("administrator"));
    agreements
        .create_agreement(request)
        .await
        .expect("an agreement")
        .into_inner()
        .name
}

async fn report(installation: &Installation, unit: &str) -> String {
    let request = GenerateReportRequest {
        template: "reportTemplates/agreement-register".to_owned(),
        unit: unit.to_owned(),
        period: "civil/2019".to_owned(),
        ..GenerateReportRequest::default()
    };
    let mut reports = ReportServiceClient::new(installation.channel("administrator"));
    reports
        .generate_report(request)
        .await
        .expect("a draft")
        .into_inner()
        .name
}

async fn employ(installation: &Installation, actor: Actor) {
    let mut access = AccessServiceClient::new(installation.channel("administrator"));
    let request = CreatePrincipalRequest {
        principal_id: actor.to_string(),
        principal: Some(Principal {
            display_name: actor.to_string(),
            ..Principal::default()
        }),
        ..CreatePrincipalRequest::default()
    };
    access.create_principal(request).await.expect("a principal");
    let grant = Grant {
        principal: format!("principals/{actor}"),
        role: actor.role.into(),
        unit: if actor.everything {
            String::new()
        } else {
            GRANTED.to_owned()
        },
        clearance: actor.clearance.into(),
        ..Grant::default()
    };
    let request = GrantRoleRequest {
        grant: Some(grant),
        ..GrantRoleRequest::default()
    };
    let granted = access.grant_role(request).await.expect("a grant").into_inner();
    if granted.proposed {
        // The first of them, who administers everything, is the second pair of eyes for all others.
        let first = Actor {
            role: Role::Administrator,
            everything: true,
            clearance: Classification::Unspecified,
        };
        let mut access = AccessServiceClient::new(installation.channel(&first.to_string()));
        let request = ConfirmGrantRequest {
            name: granted.name,
            ..ConfirmGrantRequest::default()
        };
        access.confirm_grant(request).await.expect("a confirmation");
    }
}
