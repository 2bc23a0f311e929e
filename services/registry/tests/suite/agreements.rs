//! Agreements and what is done to them.

use banggiao_contracts::registry::v1::{
    self as pb, AgreementActionKind as Kind, AgreementState as State, reorganization_act::Act,
};
use tonic::{Code, Response, Status};

use super::harness::{Registry, mask, named, ok, refusal};

fn twinning(home: &[&str], partner: &[&str]) -> pb::Agreement {
    pb::Agreement {
        kind: pb::AgreementKind::Twinning.into(),
        title: [("vi".to_owned(), "Thỏa thuận kết nghĩa".to_owned())].into(),
        home_units: home.iter().map(|id| named("units", id)).collect(),
        partner_units: partner.iter().map(|id| named("units", id)).collect(),
        ..pb::Agreement::default()
    }
}

async fn create(registry: &Registry, id: &str, agreement: pb::Agreement) -> Result<pb::Agreement, Status> {
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

async fn get(registry: &Registry, id: &str) -> pb::Agreement {
    let name = named("agreements", id);
    ok(registry.agreements().get_agreement(pb::GetAgreementRequest { name })).await
}

async fn listed(registry: &Registry, filter: pb::AgreementFilter) -> Vec<String> {
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

pub async fn successors_of_parties_are_settled_in_a_batch(registry: &Registry) {
    registry.ground().await;
    let signed = |home: &[&str]| pb::Agreement {
        sign_date: "2020-01-01".to_owned(),
        ..twinning(home, &["kh-north"])
    };
    for (id, home) in [("a", "west-one"), ("b", "west-two"), ("c", "east-one")] {
        create(registry, id, signed(&[home])).await.unwrap();
    }
    let dissolve = |id: &str| {
        Act::Dissolve(pb::Dissolve {
            unit: named("units", id),
            moves: Vec::new(),
        })
    };
    let done = registry
        .reorganize("2025-07-01", vec![dissolve("west-one"), dissolve("west-two")])
        .await
        .unwrap();
    assert_eq!(done.agreements_needing_successor, ["agreements/a", "agreements/b"]);
    let orphaned = || pb::AgreementFilter {
        needs_successor: true,
        ..pb::AgreementFilter::default()
    };
    assert_eq!(listed(registry, orphaned()).await, ["a", "b"]);
    assert!(get(registry, "a").await.needs_successor);

    let one = |agreement: &str, from: &str, to: &str| pb::PartySuccession {
        agreement: named("agreements", agreement),
        from_unit: named("units", from),
        to_unit: named("units", to),
    };
    let succeed = |successions: Vec<pb::PartySuccession>| {
        let request = pb::SucceedAgreementPartiesRequest {
            successions,
            date: "2025-07-15".to_owned(),
            document: "Quyết định 3".to_owned(),
            ..pb::SucceedAgreementPartiesRequest::default()
        };
        let mut agreements = registry.agreements();
        async move {
            agreements
                .succeed_agreement_parties(request)
                .await
                .map(Response::into_inner)
        }
    };
    let wrong = vec![
        one("a", "west-one", "west"),
        one("b", "west-two", "kh-south"),
        one("c", "east-one", "east"),
    ];
    let (code, reason, subjects) = refusal(succeed(wrong).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "WRONG_STATE"));
    assert_eq!(
        subjects,
        ["successions[1]", "successions[2]"],
        "another country, and one that has not ended"
    );
    assert!(get(registry, "a").await.needs_successor, "all or none");

    let right = vec![one("a", "west-one", "west"), one("b", "west-two", "west")];
    let settled = succeed(right).await.unwrap().agreements;
    assert_eq!(settled.len(), 2);
    assert!(listed(registry, orphaned()).await.is_empty());
    let parties = &settled[0].parties;
    let told: Vec<_> = parties
        .iter()
        .map(|party| (party.unit.as_str(), party.start_date.as_str(), party.end_date.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("units/west-one", "2020-01-01", "2025-07-14"),
            ("units/west", "2025-07-15", ""),
            ("units/kh-north", "2020-01-01", ""),
        ]
    );
    assert_eq!(settled[0].home_units, ["units/west-one"], "who signed, signed");
    let of_west = pb::AgreementFilter {
        unit: "units/west".to_owned(),
        ..pb::AgreementFilter::default()
    };
    assert_eq!(listed(registry, of_west).await, ["a", "b"]);
}

pub async fn filters_of_agreements(registry: &Registry) {
    registry.ground().await;
    registry.unit("la-north", "PROVINCIAL_COMMAND", "").await;
    let signed = |home: &[&str], partner: &[&str], end: &str| pb::Agreement {
        sign_date: "2020-01-01".to_owned(),
        end_date: end.to_owned(),
        ..twinning(home, partner)
    };
    create(registry, "a", signed(&["west"], &["kh-north"], "2026-06-30"))
        .await
        .unwrap();
    create(
        registry,
        "b",
        signed(&["east-one"], &["kh-north", "kh-south"], "2021-12-31"),
    )
    .await
    .unwrap();
    create(registry, "c", twinning(&["east"], &["kh-south"])).await.unwrap();
    let filter = pb::AgreementFilter::default;
    let states = |states: &[State]| states.iter().map(|state| (*state).into()).collect();
    let cases = [
        (
            pb::AgreementFilter {
                states: states(&[State::InForce]),
                ..filter()
            },
            vec!["a"],
        ),
        (
            pb::AgreementFilter {
                states: states(&[State::Expired, State::Draft]),
                ..filter()
            },
            vec!["b", "c"],
        ),
        (
            pb::AgreementFilter {
                expires_before: "2026-07-01".to_owned(),
                ..filter()
            },
            vec!["a", "b"],
        ),
        (
            pb::AgreementFilter {
                expires_before: "2026-07-01".to_owned(),
                states: states(&[State::InForce]),
                ..filter()
            },
            vec!["a"],
        ),
        (
            pb::AgreementFilter {
                unit: "units/kh-south".to_owned(),
                ..filter()
            },
            vec!["b", "c"],
        ),
        (
            pb::AgreementFilter {
                unit: "units/east".to_owned(),
                ..filter()
            },
            vec!["b", "c"],
        ),
        (
            pb::AgreementFilter {
                partner_countries: vec!["KH".to_owned()],
                ..filter()
            },
            vec!["a", "b", "c"],
        ),
        (
            pb::AgreementFilter {
                partner_countries: vec!["LA".to_owned()],
                ..filter()
            },
            vec![],
        ),
        (
            pb::AgreementFilter {
                levels: vec![3],
                ..filter()
            },
            vec!["b"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(listed(registry, filter.clone()).await, expected, "{filter:?}");
    }
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

pub async fn parties_after_backdated_and_revoked_acts(registry: &Registry) {
    registry.ground().await;
    let signed = |home: &str| pb::Agreement {
        sign_date: "2024-05-01".to_owned(),
        ..twinning(&[home], &["kh-north"])
    };
    let establish = Act::Establish(pb::Establish {
        unit_id: "guard".to_owned(),
        unit: Some(pb::Unit {
            country: "VN".to_owned(),
            kind: "REGIONAL_DEFENCE_COMMAND".to_owned(),
            parent: "units/west".to_owned(),
            names: [("vi".to_owned(), "Phòng thủ khu vực".to_owned())].into(),
            ..pb::Unit::default()
        }),
    });
    let established = registry.reorganize("2024-01-01", vec![establish]).await.unwrap();
    create(registry, "void", signed("guard")).await.unwrap();
    // Something dated far ahead has no say in what needs a successor now.
    let rename = Act::Rename(pb::Rename {
        unit: "units/kh-south".to_owned(),
        names: [("vi".to_owned(), "Nam".to_owned())].into(),
    });
    registry.reorganize("2090-01-01", vec![rename]).await.unwrap();
    let revoke = |name: String| {
        let request = pb::RevokeReorganizationRequest {
            name,
            legal_basis: "Quyết định 9".to_owned(),
            ..pb::RevokeReorganizationRequest::default()
        };
        let mut units = registry.units();
        async move { units.revoke_reorganization(request).await.map(Response::into_inner) }
    };
    let succeed = |agreement: &str, from: &str, to: &str, date: &str| {
        let request = pb::SucceedAgreementPartiesRequest {
            successions: vec![pb::PartySuccession {
                agreement: named("agreements", agreement),
                from_unit: named("units", from),
                to_unit: named("units", to),
            }],
            date: date.to_owned(),
            document: "Quyết định 3".to_owned(),
            ..pb::SucceedAgreementPartiesRequest::default()
        };
        let mut agreements = registry.agreements();
        async move {
            agreements
                .succeed_agreement_parties(request)
                .await
                .map(Response::into_inner)
        }
    };
    let revoked = revoke(established.reorganization.unwrap().name).await.unwrap();
    assert_eq!(revoked.agreements_needing_successor, ["agreements/void"]);
    let of_west = || pb::AgreementFilter {
        unit: "units/west".to_owned(),
        needs_successor: true,
        ..pb::AgreementFilter::default()
    };
    assert_eq!(
        listed(registry, of_west()).await,
        ["void"],
        "it stands where the unit would have stood"
    );
    succeed("void", "guard", "west", "2024-06-01").await.unwrap();
    assert!(listed(registry, of_west()).await.is_empty());

    create(registry, "tw", signed("west-one")).await.unwrap();
    let merge = Act::Merge(pb::Merge {
        sources: vec!["units/west-one".to_owned(), "units/west-two".to_owned()],
        target: "units/west-two".to_owned(),
        moves: Vec::new(),
    });
    let merged = registry.reorganize("2020-01-01", vec![merge]).await.unwrap();
    assert_eq!(merged.agreements_needing_successor, ["agreements/tw"]);
    let of_two = pb::AgreementFilter {
        unit: "units/west-two".to_owned(),
        ..pb::AgreementFilter::default()
    };
    assert_eq!(listed(registry, of_two).await, ["tw"], "as figures count it");
    let title = pb::UpdateAgreementRequest {
        agreement: Some(pb::Agreement {
            name: "agreements/tw".to_owned(),
            number: "1/TT".to_owned(),
            ..pb::Agreement::default()
        }),
        update_mask: mask(&["number"]),
        ..pb::UpdateAgreementRequest::default()
    };
    ok(registry.agreements().update_agreement(title)).await;
    succeed("tw", "west-one", "west-two", "2024-06-01").await.unwrap();
    let revoked = revoke(merged.reorganization.unwrap().name).await.unwrap();
    assert_eq!(
        revoked.agreements_needing_successor,
        ["agreements/tw"],
        "its ground is gone"
    );
    assert_eq!(
        refusal(succeed("tw", "west-two", "east", "2024-07-01").await).1,
        "WRONG_STATE"
    );
    let back = succeed("tw", "west-two", "west-one", "2024-07-01").await.unwrap();
    assert!(!back.agreements[0].needs_successor);
}
