//! Boundary markers, who is responsible for them, and sections between them.

use banggiao_contracts::registry::v1::{self as pb, reorganization_act::Act};
use tonic::Code;

use super::harness::{Registry, mask, ok, refusal};

async fn markers(registry: &Registry) {
    registry.ground().await;
    let marker = |number: &str| pb::Marker {
        border: "VN-KH".to_owned(),
        number: number.to_owned(),
        home_unit: "units/west".to_owned(),
        partner_unit: "units/kh-north".to_owned(),
        ..pb::Marker::default()
    };
    let numbers = ["10", "9", "9/2", "9/10", "9(1)", "11"];
    let request = pb::BatchCreateMarkersRequest {
        markers: numbers.map(marker).to_vec(),
        ..pb::BatchCreateMarkersRequest::default()
    };
    assert_eq!(
        ok(registry.markers().batch_create_markers(request)).await.markers.len(),
        6
    );
}

async fn on(registry: &Registry, id: &str, day: &str) -> pb::Marker {
    let request = pb::GetMarkerRequest {
        name: format!("markers/{id}"),
        as_of: day.to_owned(),
    };
    ok(registry.markers().get_marker(request)).await
}

pub async fn responsible_units_by_date_and_succession(registry: &Registry) {
    markers(registry).await;
    let request = pb::UpdateMarkerRequest {
        marker: Some(pb::Marker {
            name: "markers/vn-kh-9".to_owned(),
            status: pb::MarkerStatus::Damaged.into(),
            responsibilities: vec![pb::Responsibility {
                unit: "units/east".to_owned(),
                start_date: "2024-01-01".to_owned(),
            }],
            ..pb::Marker::default()
        }),
        update_mask: mask(&["status", "responsibilities"]),
        ..pb::UpdateMarkerRequest::default()
    };
    let changed = ok(registry.markers().update_marker(request)).await;
    assert_eq!(changed.current_home_unit, "units/east");
    assert_eq!(
        on(registry, "vn-kh-9", "2023-12-31").await.current_home_unit,
        "units/west"
    );
    assert_eq!(
        on(registry, "vn-kh-9", "2024-01-01").await.current_home_unit,
        "units/east"
    );
    assert_eq!(
        on(registry, "vn-kh-9", "2024-01-01").await.current_partner_unit,
        "units/kh-north"
    );
    let merge = vec![Act::Merge(pb::Merge {
        sources: vec!["units/east".to_owned(), "units/west".to_owned()],
        target: "units/west".to_owned(),
        moves: Vec::new(),
    })];
    registry.reorganize("2025-07-01", merge).await.unwrap();
    assert_eq!(
        on(registry, "vn-kh-9", "2025-06-30").await.current_home_unit,
        "units/east"
    );
    assert_eq!(
        on(registry, "vn-kh-9", "2025-07-01").await.current_home_unit,
        "units/west",
        "by itself"
    );

    let list = |filter: pb::MarkerFilter| pb::ListMarkersRequest {
        filter: Some(filter),
        ..pb::ListMarkersRequest::default()
    };
    let numbers = |response: pb::ListMarkersResponse| -> Vec<String> {
        response.markers.into_iter().map(|marker| marker.number).collect()
    };
    let damaged = pb::MarkerFilter {
        statuses: vec![pb::MarkerStatus::Damaged.into()],
        ..pb::MarkerFilter::default()
    };
    assert_eq!(numbers(ok(registry.markers().list_markers(list(damaged))).await), ["9"]);
    let stretch = pb::MarkerFilter {
        marker_from: "markers/vn-kh-9-2".to_owned(),
        marker_to: "markers/vn-kh-10".to_owned(),
        ..pb::MarkerFilter::default()
    };
    let along = numbers(ok(registry.markers().list_markers(list(stretch))).await);
    assert_eq!(
        (along.first().unwrap().as_str(), along.last().unwrap().as_str()),
        ("9/2", "10"),
        "{along:?}"
    );
    let abroad = pb::UpdateMarkerRequest {
        marker: Some(pb::Marker {
            name: "markers/vn-kh-9".to_owned(),
            responsibilities: vec![pb::Responsibility::default()],
            status: 99,
            ..pb::Marker::default()
        }),
        update_mask: mask(&["status", "responsibilities"]),
        ..pb::UpdateMarkerRequest::default()
    };
    let (code, _, mut fields) = refusal(registry.markers().update_marker(abroad).await);
    fields.sort_unstable();
    let expected = [
        "marker.responsibilities[0].start_date",
        "marker.responsibilities[0].unit",
        "marker.status",
    ];
    assert_eq!(
        (code, &fields[..]),
        (Code::InvalidArgument, &expected.map(str::to_owned)[..])
    );
}

pub async fn sections_between_markers(registry: &Registry) {
    markers(registry).await;
    let section = |id: &str, from: &str, to: &str, length: &str| pb::CreateSectionRequest {
        section_id: id.to_owned(),
        section: Some(pb::Section {
            marker_from: format!("markers/vn-kh-{from}"),
            marker_to: format!("markers/vn-kh-{to}"),
            home_unit: "units/west-one".to_owned(),
            partner_unit: "units/kh-north".to_owned(),
            length_km: length.to_owned(),
            ..pb::Section::default()
        }),
        ..pb::CreateSectionRequest::default()
    };
    ok(registry.markers().create_section(section("later", "10", "11", "12.5"))).await;
    ok(registry.markers().create_section(section("first", "9", "10", ""))).await;
    let backwards = async {
        registry
            .markers()
            .create_section(section("back", "11", "9", "-1"))
            .await
    };
    let (code, _, mut fields) = refusal(backwards.await);
    fields.sort_unstable();
    let expected = ["section.length_km", "section.marker_to"];
    assert_eq!(
        (code, &fields[..]),
        (Code::InvalidArgument, &expected.map(str::to_owned)[..])
    );
    let again = async { registry.markers().create_section(section("first", "9", "10", "")).await };
    assert_eq!(refusal(again.await).0, Code::AlreadyExists);
    let list = |unit: &str| pb::ListSectionsRequest {
        unit: unit.to_owned(),
        ..pb::ListSectionsRequest::default()
    };
    let names = |response: pb::ListSectionsResponse| -> Vec<String> {
        response.sections.into_iter().map(|section| section.name).collect()
    };
    let all = ok(registry.markers().list_sections(list("units/west"))).await;
    assert_eq!(names(all), ["sections/first", "sections/later"], "along the border");
    assert!(names(ok(registry.markers().list_sections(list("units/east"))).await).is_empty());
}
