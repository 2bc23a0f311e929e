//! `UnitService`: units, mergers and splits.

use banggiao_contracts::registry::v1::{
    CreateUnitRequest, GetUnitRequest, ListUnitVersionsRequest, ListUnitsRequest, Merge, Reorganization,
    ReorganizationAct, ReorganizeUnitsRequest, Split, Unit, UnitFilter, reorganization_act::Act,
};
use tonic::Code;
use tonic_types::StatusExt;

use crate::installation::Installation;

fn unit(kind: &str, parent: &str, start_date: &str) -> Unit {
    Unit {
        country: "VN".to_owned(),
        kind: kind.to_owned(),
        parent: parent.to_owned(),
        names: [("vi".to_owned(), "Đơn vị".to_owned())].into(),
        start_date: start_date.to_owned(),
        ..Unit::default()
    }
}

fn create(id: &str, unit: Unit) -> CreateUnitRequest {
    CreateUnitRequest {
        unit_id: id.to_owned(),
        unit: Some(unit),
        ..CreateUnitRequest::default()
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("units/{name}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_unit_is_refused_with_every_fault_at_once() {
    let installation = Installation::start().await;
    let mut units = installation.units("administrator");
    let bad = Unit {
        country: "XX".to_owned(),
        kind: "CIRCUS".to_owned(),
        parent: "unit/mr7".to_owned(),
        names: [("fr".to_owned(), "Unité".to_owned())].into(),
        start_date: "2024-13-01".to_owned(),
        ..Unit::default()
    };
    let refused = units.create_unit(create("Not-An-Id", bad)).await.expect_err("refused");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = refused.get_error_details();
    let violations = &details.bad_request().expect("field violations").field_violations;
    let mut fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    fields.sort_unstable();
    let expected = [
        "unit.country",
        "unit.kind",
        "unit.names[\"fr\"]",
        "unit.names[\"vi\"]",
        "unit.parent",
        "unit.start_date",
        "unit_id",
    ];
    assert_eq!(fields, expected);
    assert_eq!(
        details.error_info().map(|info| info.domain.as_str()),
        Some("registry.banggiao")
    );
    let listed = units
        .list_units(ListUnitsRequest::default())
        .await
        .expect("a list")
        .into_inner();
    assert_eq!(listed.units, Vec::new(), "nothing is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parent_must_exist_and_be_alive_and_the_id_be_free() {
    let installation = Installation::start().await;
    let mut units = installation.units("administrator");
    let orphan = units
        .create_unit(create("a", unit("DIVISION", "units/nobody", "2000-01-01")))
        .await;
    assert_eq!(orphan.expect_err("unknown parent").code(), Code::InvalidArgument);
    units
        .create_unit(create("a", unit("DIVISION", "", "2000-01-01")))
        .await
        .expect("a root");
    let early = units
        .create_unit(create("b", unit("BATTALION", "units/a", "1999-12-31")))
        .await;
    assert_eq!(early.expect_err("before its parent").code(), Code::FailedPrecondition);
    let taken = units.create_unit(create("a", unit("DIVISION", "", "2001-01-01"))).await;
    assert_eq!(taken.expect_err("taken").code(), Code::AlreadyExists);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mergers_of_july_2025_move_children_with_their_unit() {
    let installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let get = |name: &str, as_of: &str| GetUnitRequest {
        name: format!("units/{name}"),
        as_of: as_of.to_owned(),
    };
    let k73 = units
        .get_unit(get("k73", "2025-06-30"))
        .await
        .expect("K73")
        .into_inner();
    assert_eq!(k73.parent, "units/longan");
    let k73 = units
        .get_unit(get("k73", "2025-07-01"))
        .await
        .expect("K73")
        .into_inner();
    assert_eq!(k73.parent, "units/tayninh");
    let longan = units
        .get_unit(get("longan", ""))
        .await
        .expect("Long An, as it was last")
        .into_inner();
    assert_eq!(
        (longan.end_date.as_str(), longan.successors),
        ("2025-06-30", names(&["tayninh"]))
    );
    let gone = units
        .get_unit(get("longan", "2025-07-01"))
        .await
        .expect_err("Long An has ended");
    assert_eq!(gone.code(), Code::NotFound);
    let request = ListUnitVersionsRequest {
        unit: "units/tayninh".to_owned(),
    };
    let versions = units
        .list_unit_versions(request)
        .await
        .expect("versions")
        .into_inner()
        .versions;
    let days: Vec<_> = versions
        .iter()
        .map(|v| (v.start_date.as_str(), v.end_date.as_str()))
        .collect();
    assert_eq!(days, [("1976-05-02", "2025-06-30"), ("2025-07-01", "")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_is_shown_before_it_is_recorded_and_recorded_once() {
    let installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let merge = Merge {
        sources: names(&["k70", "k71"]),
        target: "units/k70".to_owned(),
        moves: Vec::new(),
    };
    let reorganization = Reorganization {
        effective_date: "2026-01-01".to_owned(),
        legal_basis: "Quyết định 1".to_owned(),
        acts: vec![ReorganizationAct {
            act: Some(Act::Merge(merge)),
        }],
        ..Reorganization::default()
    };
    let request = ReorganizeUnitsRequest {
        reorganization: Some(reorganization),
        request_id: "0192f1d4-7f4e-7c55-8a43-6d1f6f4b2a02".to_owned(),
        validate_only: true,
    };
    let shown = units
        .reorganize_units(request.clone())
        .await
        .expect("shown")
        .into_inner();
    let changed: Vec<_> = shown
        .changed_versions
        .iter()
        .map(|v| (v.unit.as_str(), v.end_date.as_str()))
        .collect();
    assert_eq!(
        changed,
        [
            ("units/k70", "2025-12-31"),
            ("units/k70", ""),
            ("units/k71", "2025-12-31")
        ]
    );
    let get = || GetUnitRequest {
        name: "units/k71".to_owned(),
        as_of: String::new(),
    };
    assert_eq!(
        units.get_unit(get()).await.expect("K71").into_inner().end_date,
        "",
        "nothing is stored"
    );

    let request = ReorganizeUnitsRequest {
        validate_only: false,
        ..request
    };
    let first = units
        .reorganize_units(request.clone())
        .await
        .expect("recorded")
        .into_inner();
    assert_eq!(first.changed_versions, shown.changed_versions);
    let second = units
        .reorganize_units(request.clone())
        .await
        .expect("repeated")
        .into_inner();
    assert_eq!(first, second);
    assert_eq!(
        units.get_unit(get()).await.expect("K71").into_inner().end_date,
        "2025-12-31"
    );

    let mut other = request;
    other.reorganization.as_mut().expect("acts").note = "something else".to_owned();
    let reused = units
        .reorganize_units(other)
        .await
        .expect_err("another body under the same id");
    assert_eq!(reused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_acts_are_refused_and_named() {
    let installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let split = Split {
        source: "units/longan".to_owned(),
        targets: names(&["longan", "k73"]),
        moves: Vec::new(),
    };
    let acts = vec![ReorganizationAct {
        act: Some(Act::Split(split)),
    }];
    let reorganization = Reorganization {
        effective_date: "2026-01-01".to_owned(),
        acts,
        ..Reorganization::default()
    };
    let request = ReorganizeUnitsRequest {
        reorganization: Some(reorganization),
        ..Default::default()
    };
    let refused = units.reorganize_units(request).await.expect_err("Long An ended before");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let details = refused.get_error_details();
    let violations = &details.precondition_failure().expect("what broke the rule").violations;
    assert!(
        violations
            .iter()
            .any(|v| v.subject.contains("acts[0]") && v.description.contains("longan")),
        "{violations:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_and_hold_what_the_filter_says() {
    let installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let filter = UnitFilter {
        subtree: "units/tayninh".to_owned(),
        ..UnitFilter::default()
    };
    let mut request = ListUnitsRequest {
        filter: Some(filter),
        as_of: "2025-06-30".to_owned(),
        page_size: 7,
        ..ListUnitsRequest::default()
    };
    let mut found = Vec::new();
    loop {
        let page = units.list_units(request.clone()).await.expect("a page").into_inner();
        assert!(page.units.len() <= 7);
        found.extend(page.units.into_iter().map(|unit| unit.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert!(found.is_sorted() && found.len() > 10);
    assert!(found.contains(&"units/k70".to_owned()) && !found.contains(&"units/k73".to_owned()));

    request.as_of = "2025-07-01".to_owned();
    let refused = units.list_units(request).await.expect_err("a token of another request");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let text = UnitFilter {
        text: "tay ninh".to_owned(),
        ..UnitFilter::default()
    };
    let request = ListUnitsRequest {
        filter: Some(text),
        ..ListUnitsRequest::default()
    };
    let found = units.list_units(request).await.expect("a list").into_inner().units;
    assert!(
        found.iter().any(|unit| unit.name == "units/tayninh"),
        "diacritics need not be typed"
    );
}
