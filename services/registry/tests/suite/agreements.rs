//! Agreements and what is done to them.

use banggiao_contracts::registry::v1::{self as pb, AgreementActionKind as Kind, AgreementState as State};
use tonic::{Code, Response, Status};

use super::harness::{Registry, mask, named, ok, refusal};

pub fn twinning(home: &[&str], partner: &[&str]) -> pb::Agreement {
    pb::Agreement {
        kind: pb::AgreementKind::Twinning.into(),
        title: [("vi".to_owned(), "Thỏa thuận kết nghĩa".to_owned())].into(),
        home_units: home.iter().map(|id| named("units", id)).collect(),
        partner_units: partner.iter().map(|id| named("units", id)).collect(),
        ..pb::Agreement::default()
    }
}

pub async fn create(registry: &Registry, id: &str, agreement: pb::Agreement) -> Result<pb::Agreement, Status> {
    let request = pb::CreateAgreementRequest {
        agreement_id: id.to_owned(),
        agreement: Some(agreement),
        ..pb::CreateAgreementRequest::default()
    };
    registry
        .agreements()
        .create_agreement(request)
        .await
        .map(Response::into_inner)
}

/// Takes a step by its verb, with the fields that all verbs have.
macro_rules! step {
    ($registry:expr, $verb:ident, $request:ident, $id:expr, $date:expr $(, $field:ident: $value:expr)*) => {
        async {
            let request = pb::$request {
                name: named("agreements", $id),
                date: $date.to_owned(),
                document: "Biên bản số 7".to_owned(),
                $($field: $value,)*
                ..pb::$request::default()
            };
            $registry.agreements().$verb(request).await
        }
    };
}

pub async fn get(registry: &Registry, id: &str) -> pb::Agreement {
    let name = named("agreements", id);
    ok(registry.agreements().get_agreement(pb::GetAgreementRequest { name })).await
}

pub async fn listed(registry: &Registry, filter: pb::AgreementFilter) -> Vec<String> {
    let request = pb::ListAgreementsRequest {
        filter: Some(filter),
        ..pb::ListAgreementsRequest::default()
    };
    let found = ok(registry.agreements().list_agreements(request)).await;
    let ids = found.agreements.into_iter();
    ids.map(|agreement| agreement.name.trim_start_matches("agreements/").to_owned())
        .collect()
}

pub async fn the_life_of_an_agreement(registry: &Registry) {
    registry.ground().await;
    let drafted = pb::Agreement {
        number: "12/BB".to_owned(),
        briefing_interval_months: Some(3),
        event_types: vec!["eventTypes/joint-patrol".to_owned()],
        signatories: vec![pb::Signatory {
            unit: "units/west".to_owned(),
            office: "Chỉ huy trưởng".to_owned(),
            person_name: String::new(),
        }],
        attachments: vec![pb::Attachment {
            sha256: "ab".repeat(32),
            title: "Văn bản đã ký".to_owned(),
        }],
        // What is derived is not taken from anybody.
        state: State::Terminated.into(),
        needs_successor: true,
        ..twinning(&["west"], &["kh-north"])
    };
    let draft = create(registry, "tw", drafted).await.unwrap();
    assert_eq!((draft.state(), draft.needs_successor), (State::Draft, false));
    let signed = ok(
        step!(registry, sign_agreement, SignAgreementRequest, "tw", "2020-05-01",
        end_date: "2025-12-31".to_owned()),
    )
    .await;
    assert_eq!(
        (signed.state(), signed.sign_date.as_str()),
        (State::Expired, "2020-05-01")
    );
    assert_eq!(signed.last_action(), Kind::Signed);
    let extended = ok(
        step!(registry, extend_agreement, ExtendAgreementRequest, "tw", "2025-06-01",
        end_date: "2030-12-31".to_owned()),
    )
    .await;
    assert_eq!(
        (extended.state(), extended.end_date.as_str()),
        (State::InForce, "2030-12-31")
    );
    let amended = ok(
        step!(registry, amend_agreement, AmendAgreementRequest, "tw", "2025-06-02",
        agreement: Some(pb::Agreement { briefing_interval_months: Some(6), ..pb::Agreement::default() }),
        update_mask: mask(&["briefing_interval_months"])),
    )
    .await;
    assert_eq!(amended.briefing_interval_months, Some(6));
    assert_eq!(amended.title, draft.title, "nothing else is amended");
    let suspended = ok(step!(
        registry,
        suspend_agreement,
        SuspendAgreementRequest,
        "tw",
        "2026-01-01"
    ))
    .await;
    assert_eq!(suspended.state(), State::Suspended);
    let in_force_on = |day: &str| pb::AgreementFilter {
        in_force_on: day.to_owned(),
        ..pb::AgreementFilter::default()
    };
    assert_eq!(listed(registry, in_force_on("2025-12-31")).await, ["tw"]);
    assert!(listed(registry, in_force_on("2026-01-01")).await.is_empty());
    ok(step!(
        registry,
        resume_agreement,
        ResumeAgreementRequest,
        "tw",
        "2026-02-01"
    ))
    .await;
    assert_eq!(listed(registry, in_force_on("2026-02-01")).await, ["tw"]);
    let ended = ok(step!(
        registry,
        terminate_agreement,
        TerminateAgreementRequest,
        "tw",
        "2026-03-01"
    ))
    .await;
    assert_eq!(ended.state(), State::Terminated);
    assert!(listed(registry, in_force_on("2026-03-01")).await.is_empty());
    assert_eq!(
        listed(registry, in_force_on("2026-02-28")).await,
        ["tw"],
        "the past stays"
    );
    let actions = async {
        registry
            .agreements()
            .list_agreement_actions(pb::ListAgreementActionsRequest {
                agreement: "agreements/tw".to_owned(),
                ..pb::ListAgreementActionsRequest::default()
            })
            .await
    };
    let actions = ok(actions).await.actions;
    let kinds: Vec<Kind> = actions.iter().map(pb::AgreementAction::kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Signed,
            Kind::Extended,
            Kind::Amended,
            Kind::Suspended,
            Kind::Resumed,
            Kind::Terminated
        ]
    );
    assert!(
        actions.iter().all(|action| action.author == "principals/administrator"),
        "{actions:?}"
    );
    assert_eq!(get(registry, "tw").await, ended);
}

pub async fn steps_that_do_not_follow_are_refused(registry: &Registry) {
    registry.ground().await;
    create(registry, "tw", twinning(&["west"], &["kh-north"]))
        .await
        .unwrap();
    let wrong = (
        Code::FailedPrecondition,
        "WRONG_STATE".to_owned(),
        vec!["agreements/tw".to_owned()],
    );
    assert_eq!(
        refusal(step!(registry, suspend_agreement, SuspendAgreementRequest, "tw", "2024-01-01").await),
        wrong
    );
    assert_eq!(
        refusal(step!(registry, resume_agreement, ResumeAgreementRequest, "tw", "2024-01-01").await),
        wrong
    );
    ok(step!(
        registry,
        sign_agreement,
        SignAgreementRequest,
        "tw",
        "2024-01-01"
    ))
    .await;
    assert_eq!(
        refusal(step!(registry, sign_agreement, SignAgreementRequest, "tw", "2024-02-01").await),
        wrong
    );
    let extend = step!(registry, extend_agreement, ExtendAgreementRequest, "tw", "2024-02-01",
        end_date: "2025-01-01".to_owned());
    assert_eq!(
        refusal(extend.await),
        wrong,
        "without an end there is nothing to put off"
    );
    ok(step!(
        registry,
        suspend_agreement,
        SuspendAgreementRequest,
        "tw",
        "2024-06-01"
    ))
    .await;
    let early = step!(registry, resume_agreement, ResumeAgreementRequest, "tw", "2024-05-01");
    assert_eq!(refusal(early.await), wrong, "dates do not go back");
    let etag = step!(registry, resume_agreement, ResumeAgreementRequest, "tw", "2024-07-01", etag: "1".to_owned());
    assert_eq!(refusal(etag.await).0, Code::Aborted);
    let empty = async {
        registry
            .agreements()
            .withdraw_agreement(pb::WithdrawAgreementRequest::default())
            .await
    };
    let (code, _, mut fields) = refusal(empty.await);
    fields.sort_unstable();
    assert_eq!(
        (code, fields),
        (
            Code::InvalidArgument,
            ["date", "document", "name"].map(str::to_owned).to_vec()
        )
    );
    let dead = step!(registry, sign_agreement, SignAgreementRequest, "late", "1970-01-01");
    assert_eq!(refusal(dead.await).0, Code::NotFound);
    create(registry, "late", twinning(&["west"], &["kh-north"]))
        .await
        .unwrap();
    let dead = step!(registry, sign_agreement, SignAgreementRequest, "late", "1970-01-01");
    assert_eq!(refusal(dead.await).1, "UNIT_NOT_ALIVE");
}

pub async fn a_draft_is_corrected_and_a_settled_one_is_not(registry: &Registry) {
    registry.ground().await;
    create(registry, "tw", twinning(&["west"], &["kh-north"]))
        .await
        .unwrap();
    let update = |new: pb::Agreement, paths: &[&str]| {
        let request = pb::UpdateAgreementRequest {
            agreement: Some(pb::Agreement {
                name: "agreements/tw".to_owned(),
                ..new
            }),
            update_mask: mask(paths),
            ..pb::UpdateAgreementRequest::default()
        };
        let mut agreements = registry.agreements();
        async move { agreements.update_agreement(request).await.map(Response::into_inner) }
    };
    let parties = update(twinning(&["east-one"], &["kh-south"]), &["home_units", "partner_units"])
        .await
        .unwrap();
    assert_eq!(parties.home_units, ["units/east-one"]);
    assert_eq!(
        parties.level(),
        banggiao_contracts::r#type::v1::Level::District,
        "the level follows"
    );
    let signed = pb::Agreement {
        sign_date: "2024-01-01".to_owned(),
        ..pb::Agreement::default()
    };
    let (code, _, fields) = refusal(update(signed, &["sign_date"]).await);
    assert_eq!(
        (code, fields),
        (Code::InvalidArgument, vec!["agreement.sign_date".to_owned()])
    );
    ok(step!(
        registry,
        sign_agreement,
        SignAgreementRequest,
        "tw",
        "2024-01-01"
    ))
    .await;
    ok(step!(
        registry,
        suspend_agreement,
        SuspendAgreementRequest,
        "tw",
        "2024-06-01"
    ))
    .await;
    ok(step!(
        registry,
        resume_agreement,
        ResumeAgreementRequest,
        "tw",
        "2024-06-02"
    ))
    .await;
    let (code, reason, fields) = refusal(update(twinning(&["west"], &["kh-north"]), &["home_units"]).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "WRONG_STATE"));
    assert_eq!(fields, ["agreement.home_units"]);
    let number = pb::Agreement {
        number: "5/TT".to_owned(),
        ..pb::Agreement::default()
    };
    let corrected = update(number, &["number"]).await.unwrap();
    assert_eq!((corrected.number.as_str(), corrected.state()), ("5/TT", State::InForce));
    assert_eq!(corrected.last_action(), Kind::Resumed, "what was done stays done");
    let nothing = update(pb::Agreement::default(), &["state"]).await;
    assert_eq!(refusal(nothing).2, ["update_mask"]);
}

pub async fn what_was_signed_can_be_corrected_until_something_else_is_done(registry: &Registry) {
    registry.ground().await;
    let signed = pb::Agreement {
        sign_date: "2020-01-01".to_owned(),
        end_date: "2024-12-31".to_owned(),
        ..twinning(&["west"], &["kh-north"])
    };
    create(registry, "tw", signed).await.unwrap();
    let end = |date: &str| {
        let request = pb::UpdateAgreementRequest {
            agreement: Some(pb::Agreement {
                name: "agreements/tw".to_owned(),
                end_date: date.to_owned(),
                ..pb::Agreement::default()
            }),
            update_mask: mask(&["end_date"]),
            ..pb::UpdateAgreementRequest::default()
        };
        let mut agreements = registry.agreements();
        async move { agreements.update_agreement(request).await.map(Response::into_inner) }
    };
    let in_force = |day: &str| pb::AgreementFilter {
        in_force_on: day.to_owned(),
        ..pb::AgreementFilter::default()
    };
    assert_eq!(end("2030-12-31").await.unwrap().state(), State::InForce);
    assert_eq!(listed(registry, in_force("2026-01-01")).await, ["tw"]);
    assert_eq!(end("2021-12-31").await.unwrap().state(), State::Expired);
    assert!(listed(registry, in_force("2022-06-30")).await.is_empty());
    let late = step!(registry, extend_agreement, ExtendAgreementRequest, "tw", "2022-05-01",
        end_date: "2022-12-31".to_owned());
    assert_eq!(refusal(late.await).1, "WRONG_STATE", "it had expired");
    assert_eq!(
        refusal(end("2019-12-31").await).2,
        ["agreement.end_date"],
        "before it was signed"
    );

    let again = step!(registry, sign_agreement, SignAgreementRequest, "tw", "2019-01-01");
    assert_eq!(refusal(again.await).1, "WRONG_STATE", "what is signed is signed");
    let early = step!(
        registry,
        withdraw_agreement,
        WithdrawAgreementRequest,
        "tw",
        "2019-01-01"
    );
    assert_eq!(
        refusal(early.await).1,
        "WRONG_STATE",
        "nobody withdraws before it was signed"
    );
    let ahead = step!(registry, amend_agreement, AmendAgreementRequest, "tw", "2040-01-01",
        agreement: Some(pb::Agreement { number: "9".to_owned(), ..pb::Agreement::default() }),
        update_mask: mask(&["number"]));
    assert_eq!(refusal(ahead.await).2, ["date"]);
    let both = create(registry, "both", twinning(&["west"], &["kh-north", "west"])).await;
    assert_eq!(refusal(both).2, ["agreement.partner_units"]);

    create(registry, "draft", twinning(&["west"], &["kh-north"]))
        .await
        .unwrap();
    ok(step!(
        registry,
        sign_agreement,
        SignAgreementRequest,
        "draft",
        "2023-05-10"
    ))
    .await;
    let typo = pb::UpdateAgreementRequest {
        agreement: Some(pb::Agreement {
            name: "agreements/draft".to_owned(),
            sign_date: "2023-05-01".to_owned(),
            ..pb::Agreement::default()
        }),
        update_mask: mask(&["sign_date"]),
        ..pb::UpdateAgreementRequest::default()
    };
    let corrected = ok(registry.agreements().update_agreement(typo)).await;
    assert_eq!(
        (corrected.sign_date.as_str(), corrected.state()),
        ("2023-05-01", State::InForce)
    );
}
