//! Parties of agreements that end, never were, or live on.

use banggiao_contracts::registry::v1::{self as pb, reorganization_act::Act};
use tonic::{Code, Response};

use super::{
    agreements::{create, get, listed, twinning},
    harness::{Registry, mask, named, ok, refusal},
};

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
