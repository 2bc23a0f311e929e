//! An office with its people: whoever is given a role can do its work and no more, a merger takes the rights along, and
//! what is taken back is gone everywhere within seconds. The auditor can tell afterwards who did what, and what was
//! refused by which rule.

use std::time::Duration;

use banggiao_contracts::{
    FieldMask,
    journal::v1::{
        self as journal, Event, ListEventRevisionsRequest, WatchEventsRequest,
        audit_service_client::AuditServiceClient, event_feed_service_client::EventFeedServiceClient,
    },
    registry::v1::{
        self as registry, ConfirmGrantRequest, CreatePrincipalRequest, Grant, GrantRoleRequest, ListTokensRequest,
        Merge, Principal, Reorganization, ReorganizationAct, ReorganizeUnitsRequest, RevokeGrantRequest,
        RevokeTokenRequest, Role, UpdatePrincipalRequest, WhoAmIRequest, access_service_client::AccessServiceClient,
        reorganization_act::Act, unit_service_client::UnitServiceClient,
    },
    reporting::v1::{GetPositionRequest, figure_service_client::FigureServiceClient},
    r#type::v1::{AuditEntry, AuditFilter, Classification},
};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{clerk::Clerk, installation::Installation};

/// The administrator's desk.
struct Desk(AccessServiceClient<Authorized>);

impl Desk {
    fn of(installation: &Installation, principal: &str) -> Self {
        Self(AccessServiceClient::new(installation.channel(principal)))
    }

    async fn employ(&mut self, id: &str) {
        let request = CreatePrincipalRequest {
            principal_id: id.to_owned(),
            principal: Some(Principal {
                display_name: id.to_owned(),
                ..Principal::default()
            }),
            ..CreatePrincipalRequest::default()
        };
        self.0.create_principal(request).await.expect("a principal");
    }

    async fn grant(&mut self, grant: Grant) -> Result<Grant, Status> {
        let request = GrantRoleRequest {
            grant: Some(grant),
            ..GrantRoleRequest::default()
        };
        Ok(self.0.grant_role(request).await?.into_inner())
    }

    async fn confirm(&mut self, name: &str) -> Result<Grant, Status> {
        let request = ConfirmGrantRequest {
            name: name.to_owned(),
            ..ConfirmGrantRequest::default()
        };
        Ok(self.0.confirm_grant(request).await?.into_inner())
    }

    async fn revoke(&mut self, name: &str) -> Result<(), Status> {
        let request = RevokeGrantRequest {
            name: name.to_owned(),
            ..RevokeGrantRequest::default()
        };
        self.0.revoke_grant(request).await.map(drop)
    }

    async fn revoke_token(&mut self, id: &str) -> Result<registry::Token, Status> {
        let request = RevokeTokenRequest {
            name: format!("tokens/{id}"),
            ..RevokeTokenRequest::default()
        };
        Ok(self.0.revoke_token(request).await?.into_inner())
    }

    async fn disable(&mut self, id: &str, disabled: bool) -> Result<Principal, Status> {
        let request = UpdatePrincipalRequest {
            principal: Some(Principal {
                name: format!("principals/{id}"),
                disabled,
                ..Principal::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["disabled".to_owned()],
            }),
            ..UpdatePrincipalRequest::default()
        };
        Ok(self.0.update_principal(request).await?.into_inner())
    }
}

fn grant(principal: &str, role: Role, unit: &str, clearance: Classification) -> Grant {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!("units/{unit}")
    };
    Grant {
        principal: format!("principals/{principal}"),
        role: role.into(),
        unit,
        clearance: clearance.into(),
        ..Grant::default()
    }
}

fn meeting(unit: &str, classification: Classification) -> Event {
    Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2026-02-10".to_owned(),
        home_unit: format!("units/{unit}"),
        classification: classification.into(),
        ..Event::default()
    }
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// The entries of the journal's trail that match; the trail is written behind the calls, so they are waited for.
async fn trail(installation: &Installation, filter: AuditFilter, at_least: usize) -> Vec<AuditEntry> {
    let mut audit = AuditServiceClient::new(installation.channel("auditor"));
    let mut entries = Vec::new();
    for _ in 0..100 {
        let request = journal::ListAuditEntriesRequest {
            filter: Some(filter.clone()),
            ..Default::default()
        };
        let listed = audit.list_audit_entries(request).await;
        entries = listed.expect("the auditor reads the trail").into_inner().entries;
        if entries.len() >= at_least {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    entries
}

/// Until a call ends as wanted: what registry records reaches the others by its feed.
async fn until<F: Future<Output = Result<(), Status>>>(wanted: Code, mut call: impl FnMut() -> F) -> Status {
    for _ in 0..100 {
        if let Err(status) = call().await
            && status.code() == wanted
        {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not end with {wanted:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_does_the_work_of_the_role_and_the_auditor_can_tell() {
    let installation = Installation::with_sample().await;
    let mut desk = Desk::of(&installation, "administrator");
    for id in ["registrar", "recorder", "approver", "reader", "auditor"] {
        desk.employ(id).await;
    }
    for one in [
        grant("registrar", Role::Registrar, "", Classification::Unspecified),
        grant(
            "recorder",
            Role::Recorder,
            "tayninh-ben-cau",
            Classification::Confidential,
        ),
        grant("approver", Role::Approver, "tayninh", Classification::Secret),
        grant("reader", Role::Reader, "tayninh", Classification::Unspecified),
        grant("auditor", Role::Auditor, "", Classification::Unspecified),
    ] {
        desk.grant(one).await.expect("a grant");
    }
    let [mut recorder, mut approver, mut reader] =
        ["recorder", "approver", "reader"].map(|id| Clerk::new(&installation, id));

    let open = recorder
        .log(meeting("tayninh-ben-cau", Classification::Unspecified))
        .await
        .expect("logged");
    let closed = recorder
        .log(meeting("tayninh-ben-cau", Classification::Confidential))
        .await
        .expect("logged");
    let beside = recorder
        .log(meeting("tayninh-go-dau", Classification::Unspecified))
        .await;
    assert_eq!(beside.expect_err("not the own district").code(), Code::PermissionDenied);
    installation.clock.move_by(1);
    recorder.submit(&closed.name).await.expect("submitted");
    installation.clock.move_by(1);
    assert_eq!(approver.approve(&closed.name).await.expect("approved").revision, 3);
    assert!(reader.get(&open.name).await.is_ok());
    let hidden = reader.get(&closed.name).await.expect_err("confidential");
    installation.clock.move_by(1);
    let absent = reader.get("events/e0").await.expect_err("absent");
    assert_eq!(
        (hidden.code(), hidden.message(), hidden.details()),
        (absent.code(), absent.message(), absent.details())
    );

    // The merger of the recorder's district into its neighbour.
    let mut units = UnitServiceClient::new(installation.channel("registrar"));
    let merger = ReorganizationAct {
        act: Some(Act::Merge(Merge {
            sources: vec!["units/tayninh-ben-cau".to_owned(), "units/tayninh-go-dau".to_owned()],
            target: "units/tayninh-go-dau".to_owned(),
            moves: Vec::new(),
        })),
    };
    let merged = units.reorganize_units(ReorganizeUnitsRequest {
        reorganization: Some(Reorganization {
            acts: vec![merger],
            legal_basis: "Nghị quyết 1/2026".to_owned(),
            effective_date: "2026-03-01".to_owned(),
            ..Reorganization::default()
        }),
        ..ReorganizeUnitsRequest::default()
    });
    let merged = merged.await.expect("merged").into_inner();
    let position = merged.reorganization.map_or(0, |acts| acts.registry_position);
    let after = Event {
        start_date: "2026-03-05".to_owned(),
        ..meeting("tayninh-go-dau", Classification::Unspecified)
    };
    let request = journal::LogEventRequest {
        event: Some(after),
        min_registry_position: position,
        ..Default::default()
    };
    let logged = recorder
        .0
        .log_event(request)
        .await
        .expect("the right moved along")
        .into_inner();
    assert!(logged.registry_position >= position);

    let of_reader = AuditFilter {
        principal: "principals/reader".to_owned(),
        ..AuditFilter::default()
    };
    let refused = trail(&installation, of_reader, 2).await;
    let told: Vec<_> = refused
        .iter()
        .map(|entry| {
            (
                entry.method.as_str(),
                entry.resource.as_str(),
                entry.rule.as_str(),
                entry.code.as_str(),
            )
        })
        .collect();
    let get = "banggiao.journal.v1.EventService/GetEvent";
    assert_eq!(
        told,
        [
            (get, "events/e0", "READ_EVENT", "PERMISSION_DENIED"),
            (get, closed.name.as_str(), "READ_EVENT", "PERMISSION_DENIED"),
        ],
        "newest first, and nothing of what was read"
    );
    let of_event = AuditFilter {
        resource: closed.name.clone(),
        code: "OK".to_owned(),
        ..AuditFilter::default()
    };
    let changes = trail(&installation, of_event, 3).await;
    let mut told: Vec<_> = changes
        .iter()
        .map(|entry| {
            (
                entry.method.rsplit('/').next().unwrap_or_default(),
                entry.principal.as_str(),
            )
        })
        .collect();
    told.reverse();
    assert_eq!(
        told,
        [
            ("LogEvent", "principals/recorder"),
            ("SubmitEvent", "principals/recorder"),
            ("ApproveEvent", "principals/approver"),
        ]
    );
    let mut curious = AuditServiceClient::new(installation.channel("registrar"));
    let refused = curious
        .list_audit_entries(journal::ListAuditEntriesRequest::default())
        .await;
    assert_eq!(refused.expect_err("not for registrars").code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_takes_two() {
    let installation = Installation::start().await;
    let mut first = Desk::of(&installation, "administrator");
    for id in ["second", "third"] {
        first.employ(id).await;
    }
    let administrator = |id| grant(id, Role::Administrator, "", Classification::TopSecret);
    let second = first
        .grant(administrator("second"))
        .await
        .expect("there is nobody else to ask");
    assert!(!second.proposed);

    let third = first.grant(administrator("third")).await.expect("a proposal");
    assert!(third.proposed && third.granted_by == "principals/administrator");
    let mut of_third = Desk::of(&installation, "third");
    let nothing = of_third
        .grant(administrator("third"))
        .await
        .expect_err("it gives nothing yet");
    assert_eq!(nothing.code(), Code::PermissionDenied);
    let own = first.confirm(&third.name).await.expect_err("the same pair of eyes");
    assert_eq!(
        (own.code(), reason(&own).as_str()),
        (Code::FailedPrecondition, "OTHER_PERSON_NEEDED")
    );
    let mut of_second = Desk::of(&installation, "second");
    let confirmed = of_second.confirm(&third.name).await.expect("confirmed");
    assert!(!confirmed.proposed && confirmed.confirmed_by == "principals/second");
    of_third.employ("fourth").await;
    let again = of_second.confirm(&third.name).await.expect_err("once is enough");
    assert_eq!(reason(&again), "WRONG_STATE");

    // Nobody gets round the second pair of eyes by shutting it.
    first.employ("puppet").await;
    of_second.disable("administrator", true).await.expect("disabled");
    let puppet = of_second.grant(administrator("puppet")).await.expect("a proposal");
    assert!(puppet.proposed, "there was another administrator once");
    of_second.disable("administrator", false).await.expect("let in again");

    // One is always left.
    first.revoke(&third.name).await.expect("revoked");
    of_second.disable("administrator", true).await.expect("disabled");
    let last = of_second.revoke(&second.name).await.expect_err("the last one");
    assert_eq!(reason(&last), "LAST_ADMINISTRATOR");
    let last = of_second.disable("second", true).await.expect_err("the last one");
    assert_eq!(reason(&last), "LAST_ADMINISTRATOR");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_gone_everywhere() {
    let installation = Installation::start().await;
    let mut desk = Desk::of(&installation, "administrator");
    desk.employ("watcher").await;
    desk.grant(grant("watcher", Role::Auditor, "", Classification::TopSecret))
        .await
        .expect("a grant");
    let token = installation.token("watcher");
    let bearer = || Bearer::new(&token).expect("a token");
    let channel = channel::authorized(&installation.address(), bearer()).expect("an address");
    let who = AccessServiceClient::new(channel.clone())
        .who_am_i(WhoAmIRequest {})
        .await;
    assert_eq!(who.expect("let in").into_inner().grants.len(), 1);
    let mut feed = EventFeedServiceClient::new(channel.clone());
    let mut feed = feed
        .watch_events(WatchEventsRequest::default())
        .await
        .expect("a feed")
        .into_inner();
    assert!(feed.message().await.expect("open").is_some());

    let id = token_id(&token);
    let revoked = desk.revoke_token(&id).await.expect("revoked");
    assert!(revoked.revoke_time.is_some() && revoked.revoked_by == "principals/administrator");
    assert_eq!(desk.revoke_token(&id).await.expect("revoked before"), revoked);
    let at_registry = AccessServiceClient::new(channel.clone())
        .who_am_i(WhoAmIRequest {})
        .await;
    assert_eq!(at_registry.expect_err("at once").code(), Code::Unauthenticated);
    let figures = FigureServiceClient::new(channel.clone());
    let at_reporting = until(Code::Unauthenticated, || {
        let mut figures = figures.clone();
        async move { figures.get_position(GetPositionRequest {}).await.map(drop) }
    });
    assert!(at_reporting.await.message().contains("revoked"));
    let ended = loop {
        match feed.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the feed ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unauthenticated, "a long stream ends, too");
    let listed = desk
        .0
        .list_tokens(ListTokensRequest::default())
        .await
        .expect("a list")
        .into_inner()
        .tokens;
    assert!(
        listed
            .iter()
            .any(|token| token.name == revoked.name && token.revoke_time.is_some())
    );

    // A disabled principal is out with every token, and comes back with its grants.
    let mut again = AccessServiceClient::new(installation.channel("watcher"));
    assert!(
        again.who_am_i(WhoAmIRequest {}).await.is_ok(),
        "another token is another matter"
    );
    desk.disable("watcher", true).await.expect("disabled");
    assert_eq!(
        again.who_am_i(WhoAmIRequest {}).await.expect_err("out").code(),
        Code::Unauthenticated
    );
    desk.disable("watcher", false).await.expect("let in again");
    assert_eq!(
        again
            .who_am_i(WhoAmIRequest {})
            .await
            .expect("in")
            .into_inner()
            .grants
            .len(),
        1
    );
    installation.clock.move_by(101 * 24 * 3600);
    let expired = again.who_am_i(WhoAmIRequest {}).await.expect_err("expired");
    assert_eq!(
        (expired.code(), expired.message()),
        (Code::Unauthenticated, "the token has expired")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_substitute_approves_for_another_and_not_what_that_one_wrote() {
    let installation = Installation::with_sample().await;
    let mut desk = Desk::of(&installation, "administrator");
    for id in ["chief", "deputy"] {
        desk.employ(id).await;
    }
    installation.principal("recorder", Role::Recorder, "tayninh").await;
    desk.grant(grant("chief", Role::Approver, "tayninh", Classification::Unspecified))
        .await
        .expect("a grant");
    desk.grant(grant("chief", Role::Recorder, "tayninh", Classification::Unspecified))
        .await
        .expect("a grant");
    let standing_in = |unit: &str| Grant {
        substitute_for: "principals/chief".to_owned(),
        end_date: "2026-03-31".to_owned(),
        ..grant("deputy", Role::Approver, unit, Classification::Unspecified)
    };
    let more = desk
        .grant(standing_in("mr7"))
        .await
        .expect_err("more than the chief has");
    assert_eq!(more.code(), Code::InvalidArgument);
    desk.grant(standing_in("tayninh")).await.expect("a substitute");

    let [mut recorder, mut chief, mut deputy] = ["recorder", "chief", "deputy"].map(|id| Clerk::new(&installation, id));
    let unit = "tayninh-ben-cau";
    let event = recorder
        .log(meeting(unit, Classification::Unspecified))
        .await
        .expect("logged")
        .name;
    recorder.submit(&event).await.expect("submitted");
    deputy.approve(&event).await.expect("approved for the chief");
    let request = ListEventRevisionsRequest {
        event: event.clone(),
        ..ListEventRevisionsRequest::default()
    };
    let revisions = chief
        .0
        .list_event_revisions(request)
        .await
        .expect("revisions")
        .into_inner()
        .revisions;
    let last = revisions.last().expect("a revision");
    assert_eq!(last.on_behalf_of, "principals/chief");
    assert_eq!(
        last.event.as_ref().map(|event| event.author.as_str()),
        Some("principals/deputy")
    );

    let others = recorder
        .log(meeting(unit, Classification::Unspecified))
        .await
        .expect("logged")
        .name;
    recorder.submit(&others).await.expect("submitted");
    desk.disable("chief", true).await.expect("disabled");
    until(Code::PermissionDenied, || {
        let mut deputy = deputy.clone();
        let etag = "0-0".to_owned();
        let request = journal::ApproveEventRequest {
            name: others.clone(),
            etag,
            ..Default::default()
        };
        async move { deputy.0.approve_event(request).await.map(drop) }
    })
    .await;
    desk.disable("chief", false).await.expect("let in again");
    for _ in 0..100 {
        // The journal hears of it by the feed.
        if chief.get(&event).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let own = chief
        .log(meeting(unit, Classification::Unspecified))
        .await
        .expect("logged")
        .name;
    chief.submit(&own).await.expect("submitted");
    let refused = deputy.approve(&own).await.expect_err("the chief wrote it");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SELF_APPROVAL")
    );
    installation.clock.move_by(17 * 24 * 3600);
    let over = recorder
        .log(meeting(unit, Classification::Unspecified))
        .await
        .expect("logged")
        .name;
    recorder.submit(&over).await.expect("submitted");
    let refused = deputy.approve(&over).await.expect_err("the days are over");
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registrar_corrects_nothing_that_is_hidden_from_it() {
    let installation = Installation::with_sample().await;
    installation.principal("registrar", Role::Registrar, "").await;
    let reference = |reference: &str| journal::ExternalReference {
        source: "office".to_owned(),
        reference: reference.to_owned(),
    };
    let mut administrator = Clerk::new(&installation, "administrator");
    let secret = Event {
        external_reference: Some(reference("S-7")),
        ..meeting("tayninh", Classification::Secret)
    };
    let secret = administrator.log(secret).await.expect("logged");
    let mut registrar = Clerk::new(&installation, "registrar");
    let correct = |reference: &str| journal::ImportEventsRequest {
        source: "office".to_owned(),
        rows: vec![journal::ImportEventsRow {
            line: 2,
            row: Some(journal::import_events_row::Row::Correction(
                journal::ImportedCorrection {
                    reference: reference.to_owned(),
                    event: Some(Event::default()),
                    update_mask: Some(FieldMask {
                        paths: vec!["classification".to_owned()],
                    }),
                    reason: "r".to_owned(),
                },
            )),
        }],
        ..Default::default()
    };
    let mut told = Vec::new();
    for row in ["S-7", "S-8"] {
        let requests = tokio_stream::iter([correct(row)]);
        let mut answers = registrar
            .0
            .import_events(requests)
            .await
            .expect("a stream")
            .into_inner();
        let answer = answers.message().await.expect("an answer").expect("one");
        told.push(format!("{:?}", answer.results).replace(row, "it"));
    }
    assert_eq!(told[0], told[1], "hidden and absent look the same");
    assert!(told[0].contains("does not exist"), "{}", told[0]);
    assert_eq!(administrator.get(&secret.name).await.expect("read").revision, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missing_in_the_trail_of_a_process_that_ended() {
    let mut installation = Installation::start().await;
    let mut desk = Desk::of(&installation, "administrator");
    for number in 0..40 {
        desk.employ(&format!("clerk-{number}")).await;
    }
    installation.restart().await;
    let mut audit = banggiao_contracts::registry::v1::audit_service_client::AuditServiceClient::new(
        installation.channel("administrator"),
    );
    let request = registry::ListAuditEntriesRequest {
        filter: Some(AuditFilter {
            method: "CreatePrincipal".to_owned(),
            ..AuditFilter::default()
        }),
        page_size: 1000,
        ..Default::default()
    };
    let entries = audit
        .list_audit_entries(request)
        .await
        .expect("a list")
        .into_inner()
        .entries;
    assert_eq!(entries.len(), 40);
}

/// The claim `jti` of a token.
fn token_id(token: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let claims = token.split('.').nth(1).expect("claims");
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
    let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
    claims["jti"].as_str().expect("an id").to_owned()
}
