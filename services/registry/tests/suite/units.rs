//! Units and reorganisations.

use banggiao_contracts::{
    registry::v1::{self as pb, reorganization_act::Act},
    r#type::v1::{GeoPoint, Level},
};
use tonic::{Code, Response};

use super::harness::{Registry, document, mask, named, ok, refusal};

fn names(vi: &str) -> std::collections::BTreeMap<String, String> {
    [("vi".to_owned(), vi.to_owned())].into()
}

pub async fn a_unit_is_corrected_without_a_date(registry: &Registry) {
    registry.ground().await;
    let before = registry.unit_on("west", "").await.unwrap();
    let contact = pb::Contact {
        office: "Trợ lý đối ngoại".to_owned(),
        phone: "0276 3822 000".to_owned(),
        start_date: "2024-01-01".to_owned(),
        ..pb::Contact::default()
    };
    let request = pb::UpdateUnitRequest {
        unit: Some(pb::Unit {
            name: "units/west".to_owned(),
            names: names("Bộ CHQS tỉnh Tây"),
            aliases: vec!["Tinh doi Tay".to_owned()],
            locality: "Phường 1".to_owned(),
            contacts: vec![contact.clone()],
            point: Some(GeoPoint {
                latitude: 11.3,
                longitude: 106.1,
            }),
            etag: before.etag.clone(),
            ..pb::Unit::default()
        }),
        update_mask: mask(&["names", "aliases", "locality", "contacts", "point"]),
        reason: "Ghi nhầm tên".to_owned(),
        request_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".to_owned(),
        ..pb::UpdateUnitRequest::default()
    };
    let after = ok(registry.units().update_unit(request.clone())).await;
    assert_eq!(after.names["vi"], "Bộ CHQS tỉnh Tây");
    assert_eq!(
        (after.locality.as_str(), &after.contacts[..]),
        ("Phường 1", &[contact][..])
    );
    assert_ne!(after.etag, before.etag);
    assert_eq!(after.create_time, before.create_time);
    let long_ago = registry.unit_on("west", "1980-01-01").await.unwrap();
    assert_eq!(long_ago.names, after.names, "it should have been so from the start");
    let versions = async {
        registry
            .units()
            .list_unit_versions(pb::ListUnitVersionsRequest {
                unit: "units/west".to_owned(),
            })
            .await
    };
    assert_eq!(ok(versions).await.versions.len(), 1, "no new version begins");

    let again = ok(registry.units().update_unit(request.clone())).await;
    assert_eq!(again, after, "the same request, the same answer");
    let stale = pb::UpdateUnitRequest {
        request_id: String::new(),
        ..request.clone()
    };
    let (code, reason, _) = refusal(registry.units().update_unit(stale).await);
    assert_eq!((code, reason.as_str()), (Code::Aborted, "STALE_ETAG"));

    let bad = pb::UpdateUnitRequest {
        unit: Some(pb::Unit {
            name: "units/west".to_owned(),
            kind: "NOTHING".to_owned(),
            aliases: vec![String::new()],
            contacts: vec![pb::Contact::default()],
            point: Some(GeoPoint {
                latitude: f64::NAN,
                longitude: 181.0,
            }),
            ..pb::Unit::default()
        }),
        update_mask: mask(&["names", "kind", "aliases", "contacts", "point"]),
        reason: "x".to_owned(),
        ..pb::UpdateUnitRequest::default()
    };
    let (code, _, mut fields) = refusal(registry.units().update_unit(bad).await);
    fields.sort_unstable();
    let expected = [
        "unit.aliases[0]",
        "unit.contacts[0].office",
        "unit.kind",
        "unit.names",
        "unit.point.latitude",
        "unit.point.longitude",
    ];
    assert_eq!(
        (code, &fields[..]),
        (Code::InvalidArgument, &expected.map(str::to_owned)[..])
    );
    let listed = ok(registry.units().list_units(pb::ListUnitsRequest {
        filter: Some(pb::UnitFilter {
            text: "tinh doi".to_owned(),
            ..pb::UnitFilter::default()
        }),
        ..pb::ListUnitsRequest::default()
    }))
    .await;
    assert_eq!(listed.units.len(), 1, "aliases are found as well");
}

pub async fn acts_of_every_kind_in_one_document(registry: &Registry) {
    registry.ground().await;
    let acts = vec![
        Act::Establish(pb::Establish {
            unit_id: "guard".to_owned(),
            unit: Some(pb::Unit {
                country: "VN".to_owned(),
                kind: "REGIONAL_DEFENCE_COMMAND".to_owned(),
                parent: "units/west".to_owned(),
                names: names("Ban Chỉ huy phòng thủ khu vực 1"),
                aliases: vec!["PTKV 1".to_owned()],
                ..pb::Unit::default()
            }),
        }),
        Act::Rename(pb::Rename {
            unit: "units/west-one".to_owned(),
            names: names("Tên mới"),
        }),
        Act::ChangeKind(pb::ChangeKind {
            unit: "units/west-one".to_owned(),
            kind: "COMMUNE_COMMAND".to_owned(),
        }),
        Act::Move(pb::UnitMove {
            unit: "units/west-one".to_owned(),
            parent: "units/guard".to_owned(),
        }),
        Act::Dissolve(pb::Dissolve {
            unit: "units/west-two".to_owned(),
            moves: Vec::new(),
        }),
    ];
    let checked = pb::ReorganizeUnitsRequest {
        reorganization: Some(document("2025-07-01", acts.clone())),
        validate_only: true,
        ..pb::ReorganizeUnitsRequest::default()
    };
    let shown = ok(registry.units().reorganize_units(checked)).await;
    assert!(registry.unit_on("guard", "").await.is_err(), "only checked");
    let done = registry.reorganize("2025-07-01", acts).await.unwrap();
    assert_eq!(
        shown.changed_versions, done.changed_versions,
        "what was shown is what came"
    );
    assert_eq!(done.ended_units, ["units/west-two"]);
    let name = done.reorganization.unwrap().name;

    let before = registry.unit_on("west-one", "2025-06-30").await.unwrap();
    assert_eq!(
        (before.parent.as_str(), before.level()),
        ("units/west", Level::District)
    );
    let after = registry.unit_on("west-one", "2025-07-01").await.unwrap();
    assert_eq!((after.parent.as_str(), after.level()), ("units/guard", Level::Commune));
    assert_eq!(
        (after.names["vi"].as_str(), after.version_start_date.as_str()),
        ("Tên mới", "2025-07-01")
    );
    let guard = registry.unit_on("guard", "2025-07-01").await.unwrap();
    assert_eq!(
        (guard.start_date.as_str(), &guard.aliases[..]),
        ("2025-07-01", &["PTKV 1".to_owned()][..])
    );
    assert_eq!(
        refusal(registry.unit_on("west-two", "2025-07-01").await).0,
        Code::NotFound
    );
    let versions = async {
        registry
            .units()
            .list_unit_versions(pb::ListUnitVersionsRequest {
                unit: "units/west-one".to_owned(),
            })
            .await
    };
    let versions = ok(versions).await.versions;
    let begun: Vec<_> = versions.iter().map(|version| version.reorganizations.clone()).collect();
    assert_eq!(
        begun,
        [vec![], vec![name]],
        "every version names the act that it begins with"
    );
}

pub async fn an_impossible_document_changes_nothing(registry: &Registry) {
    registry.ground().await;
    let under_itself = vec![
        Act::Rename(pb::Rename {
            unit: "units/east".to_owned(),
            names: names("Đổi tên"),
        }),
        Act::Move(pb::UnitMove {
            unit: "units/west".to_owned(),
            parent: "units/west-one".to_owned(),
        }),
    ];
    let (code, reason, subjects) = refusal(registry.reorganize("2025-07-01", under_itself).await);
    assert_eq!(
        (code, reason.as_str()),
        (Code::FailedPrecondition, "IMPOSSIBLE_REORGANIZATION")
    );
    assert!(!subjects.is_empty());
    assert_eq!(registry.unit_on("east", "").await.unwrap().names["vi"], "Đơn vị east");

    let unknown = vec![
        Act::Dissolve(pb::Dissolve {
            unit: "units/nobody".to_owned(),
            moves: Vec::new(),
        }),
        Act::ChangeKind(pb::ChangeKind {
            unit: "units/east".to_owned(),
            kind: "NOTHING".to_owned(),
        }),
    ];
    let (code, _, fields) = refusal(registry.reorganize("2025-07-01", unknown).await);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(fields, ["reorganization.acts[1].kind"], "what is malformed comes first");

    let dissolve = || {
        vec![Act::Dissolve(pb::Dissolve {
            unit: "units/west-two".to_owned(),
            moves: Vec::new(),
        })]
    };
    let many = std::iter::repeat_with(dissolve).flatten().take(1_001).collect();
    assert_eq!(
        refusal(registry.reorganize("2025-07-01", many).await).0,
        Code::InvalidArgument
    );
    registry.reorganize("2025-07-01", dissolve()).await.unwrap();
    let (code, reason, _) = refusal(registry.reorganize("2025-08-01", dissolve()).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "UNIT_NOT_ALIVE"));
}

pub async fn a_merger_is_revoked_and_stays_on_record(registry: &Registry) {
    registry.ground().await;
    let merge = vec![Act::Merge(pb::Merge {
        sources: vec!["units/east".to_owned(), "units/west".to_owned()],
        target: "units/east".to_owned(),
        moves: Vec::new(),
    })];
    let merged = registry.reorganize("2025-07-01", merge).await.unwrap();
    let name = merged.reorganization.unwrap().name;
    assert_eq!(
        registry.unit_on("west-one", "2025-07-01").await.unwrap().parent,
        "units/east"
    );
    // Something that needs the merger is recorded after it.
    let again = vec![Act::Move(pb::UnitMove {
        unit: "units/west-one".to_owned(),
        parent: "units/region".to_owned(),
    })];
    let moved = registry.reorganize("2025-09-01", again).await.unwrap();
    let request = pb::RevokeReorganizationRequest {
        name: name.clone(),
        legal_basis: "Quyết định 2".to_owned(),
        request_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".to_owned(),
        ..pb::RevokeReorganizationRequest::default()
    };
    let shown = pb::RevokeReorganizationRequest {
        validate_only: true,
        request_id: String::new(),
        ..request.clone()
    };
    ok(registry.units().revoke_reorganization(shown)).await;
    assert_eq!(
        registry.unit_on("west-one", "2025-07-01").await.unwrap().parent,
        "units/east"
    );
    let revoked = ok(registry.units().revoke_reorganization(request.clone())).await;
    let told = revoked.reorganization.clone().unwrap().revocation.unwrap();
    assert_eq!(
        (told.legal_basis.as_str(), told.author.as_str()),
        ("Quyết định 2", "principals/administrator")
    );
    assert_eq!(
        registry.unit_on("west-one", "2025-07-01").await.unwrap().parent,
        "units/west"
    );
    assert_eq!(
        registry.unit_on("west-one", "2025-09-01").await.unwrap().parent,
        "units/region"
    );
    assert_eq!(registry.unit_on("west", "").await.unwrap().end_date, "");
    let listed = ok(registry
        .units()
        .list_reorganizations(pb::ListReorganizationsRequest::default()))
    .await;
    assert_eq!(listed.reorganizations.len(), 2, "nothing is erased");
    assert!(listed.reorganizations[1].revocation.is_some());
    let repeated = ok(registry.units().revoke_reorganization(request.clone())).await;
    assert_eq!(repeated, revoked);
    let twice = pb::RevokeReorganizationRequest {
        request_id: String::new(),
        ..request
    };
    let (code, reason, _) = refusal(registry.units().revoke_reorganization(twice).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "WRONG_STATE"));
    assert!(moved.reorganization.is_some());
}

pub async fn a_new_kind_of_units(registry: &Registry) {
    registry.unit("region", "MILITARY_REGION", "").await;
    let kind = |code: &str| pb::CreateUnitKindRequest {
        unit_kind: Some(pb::UnitKind {
            code: code.to_owned(),
            level: Level::District.into(),
            names: names("Đội công tác"),
        }),
        ..pb::CreateUnitKindRequest::default()
    };
    let create = |code: &str| {
        let (mut units, request) = (registry.units(), kind(code));
        async move { units.create_unit_kind(request).await.map(Response::into_inner) }
    };
    assert_eq!(refusal(create("bad code").await).0, Code::InvalidArgument);
    assert_eq!(refusal(create("DIVISION").await).0, Code::AlreadyExists);
    create("WORK_TEAM").await.unwrap();
    assert_eq!(refusal(create("WORK_TEAM").await).0, Code::AlreadyExists);
    let unit = registry.unit("team", "WORK_TEAM", "region").await;
    assert_eq!(unit.level(), Level::District);
    let kinds = ok(registry.units().list_unit_kinds(pb::ListUnitKindsRequest {})).await;
    assert!(kinds.unit_kinds.iter().any(|kind| kind.code == "WORK_TEAM"));
}

pub async fn a_repeated_request_is_answered_as_it_was(registry: &Registry) {
    let unit = pb::Unit {
        country: "VN".to_owned(),
        kind: "DIVISION".to_owned(),
        names: names("Sư đoàn 5"),
        start_date: "1976-05-02".to_owned(),
        ..pb::Unit::default()
    };
    let request = pb::CreateUnitRequest {
        unit_id: "division".to_owned(),
        unit: Some(unit),
        request_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964aa".to_owned(),
        validate_only: false,
    };
    let created = ok(registry.units().create_unit(request.clone())).await;
    let rename = vec![Act::Rename(pb::Rename {
        unit: named("units", "division"),
        names: names("Sư đoàn bộ binh 5"),
    })];
    registry.reorganize("2025-07-01", rename).await.unwrap();
    let again = ok(registry.units().create_unit(request)).await;
    assert_eq!(again, created, "whatever happened to the unit since");
}
