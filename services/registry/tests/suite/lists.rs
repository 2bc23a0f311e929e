//! Which agreements a list holds.

use banggiao_contracts::registry::v1::{self as pb, AgreementState as State};

use super::{
    agreements::{create, listed, twinning},
    harness::Registry,
};

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
