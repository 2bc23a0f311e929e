//! Finding what one half remembers.

use banggiao_contracts::registry::v1::{self as pb, reorganization_act::Act};
use tonic::Code;

use super::harness::{Registry, mask, ok, refusal};

async fn unit(registry: &Registry, id: &str, names: &[(&str, &str)]) {
    let unit = pb::Unit {
        country: "VN".to_owned(),
        kind: "DISTRICT_COMMAND".to_owned(),
        names: names
            .iter()
            .map(|(language, name)| ((*language).to_owned(), (*name).to_owned()))
            .collect(),
        start_date: "1976-05-02".to_owned(),
        ..pb::Unit::default()
    };
    let request = pb::CreateUnitRequest {
        unit_id: id.to_owned(),
        unit: Some(unit),
        ..pb::CreateUnitRequest::default()
    };
    ok(registry.units().create_unit(request)).await;
}

async fn found(registry: &Registry, query: &str) -> Vec<(String, bool)> {
    let request = pb::SearchRequest {
        query: query.to_owned(),
        ..pb::SearchRequest::default()
    };
    let response = ok(registry.search().search(request)).await;
    let results = response.results.into_iter();
    results.map(|result| (result.resource, result.exact)).collect()
}

async fn names(registry: &Registry, query: &str) -> Vec<String> {
    found(registry, query).await.into_iter().map(|(name, _)| name).collect()
}

pub async fn what_is_written_is_found_as_it_is_typed(registry: &Registry) {
    unit(
        registry,
        "tan-bien",
        &[("vi", "Ban CHQS huyện Tân Biên"), ("en", "Tan Bien District")],
    )
    .await;
    unit(
        registry,
        "hoa-thanh",
        &[("vi", "Ban CHQS thị xã Hoà Thành"), ("km", "តំបន់ប្រតិបត្តិការសឹករង")],
    )
    .await;
    unit(registry, "dak-o", &[("vi", "Đồn Biên phòng Đắk Ơ")]).await;
    for query in [
        "tan bien",
        "Tân Biên",
        "bien tan",
        "chi huy quan su tan bien",
        "ban chqs tân biên",
    ] {
        assert_eq!(names(registry, query).await[0], "units/tan-bien", "{query}");
    }
    for query in ["hòa thành", "Hoà Thành", "hoa thanh", "ប្រតិបត្តិការ"] {
        assert_eq!(names(registry, query).await, ["units/hoa-thanh"], "{query}");
    }
    assert_eq!(names(registry, "dak").await, ["units/dak-o"], "d is typed for đ");
    assert_eq!(
        found(registry, "Tân Biên").await[0],
        ("units/tan-bien".to_owned(), true)
    );
    assert_eq!(
        found(registry, "tan bien").await[0],
        ("units/tan-bien".to_owned(), false)
    );
    assert!(names(registry, "không có đâu").await.is_empty());

    // What changes is found as it is now, and as it was called before.
    let rename = vec![Act::Rename(pb::Rename {
        unit: "units/dak-o".to_owned(),
        names: [("vi".to_owned(), "Đồn Biên phòng Bù Gia Mập".to_owned())].into(),
    })];
    registry.reorganize("2025-07-01", rename).await.unwrap();
    assert_eq!(names(registry, "bu gia map").await, ["units/dak-o"]);
    assert_eq!(names(registry, "dak o").await, ["units/dak-o"]);
    let request = pb::UpdateUnitRequest {
        unit: Some(pb::Unit {
            name: "units/tan-bien".to_owned(),
            aliases: vec!["Thiện Ngôn".to_owned()],
            ..pb::Unit::default()
        }),
        update_mask: mask(&["aliases"]),
        reason: "tên cũ".to_owned(),
        ..pb::UpdateUnitRequest::default()
    };
    ok(registry.units().update_unit(request)).await;
    assert_eq!(names(registry, "thien ngon").await, ["units/tan-bien"]);
}

pub async fn kinds_pages_and_faults_of_a_search(registry: &Registry) {
    for n in 0..25 {
        let name = format!("Ban CHQS xã Số {n}");
        unit(registry, &format!("commune-{n}"), &[("vi", &name)]).await;
    }
    let programme = pb::CreateProgrammeRequest {
        programme_id: "da-1".to_owned(),
        programme: Some(pb::Programme {
            number: "22-NQ/TW".to_owned(),
            title: [("vi".to_owned(), "Nghị quyết số 22".to_owned())].into(),
            ..pb::Programme::default()
        }),
        ..pb::CreateProgrammeRequest::default()
    };
    ok(registry.programmes().create_programme(programme)).await;
    assert_eq!(names(registry, "22-NQ/TW").await, ["programmes/da-1"]);
    let mut request = pb::SearchRequest {
        query: "so".to_owned(),
        kinds: vec![pb::SearchKind::Unit.into()],
        page_size: 10,
        ..pb::SearchRequest::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = ok(registry.search().search(request.clone())).await;
        seen.extend(page.results.into_iter().map(|result| result.resource));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    seen.sort_unstable();
    let count = seen.len();
    seen.dedup();
    assert_eq!((seen.len(), count), (25, 25), "each once, and no programme");
    let bad = pb::SearchRequest {
        query: "x".repeat(201),
        kinds: vec![0, 99],
        page_size: -1,
        page_token: String::new(),
    };
    let (code, _, mut fields) = refusal(registry.search().search(bad).await);
    fields.sort_unstable();
    fields.dedup();
    let expected = ["kinds[0]", "kinds[1]", "page_size", "query"];
    assert_eq!(
        (code, &fields[..]),
        (Code::InvalidArgument, &expected.map(str::to_owned)[..])
    );
    for hostile in ["\"", "*", "%", "_", "- NEAR(", "') OR 1=1 --", "a* OR b", "\u{200b}"] {
        let request = pb::SearchRequest {
            query: hostile.to_owned(),
            ..pb::SearchRequest::default()
        };
        let answer = registry.search().search(request).await;
        assert!(
            answer.is_ok_and(|answer| answer.into_inner().results.is_empty()),
            "{hostile:?}"
        );
    }
}

pub async fn the_largest_page_has_a_next_one(registry: &Registry) {
    unit(registry, "home", &[("vi", "Ta")]).await;
    unit(registry, "partner", &[("vi", "Bạn")]).await;
    // Numbers whose markers all begin with the same two digits.
    let marker = |number: String| pb::Marker {
        border: "VN-KH".to_owned(),
        number,
        home_unit: "units/home".to_owned(),
        partner_unit: "units/partner".to_owned(),
        ..pb::Marker::default()
    };
    let numbers = (1..=11).flat_map(|main| (1..=99).map(move |sub| format!("77{main:02}/{sub}")));
    let markers: Vec<pb::Marker> = numbers.take(1_050).map(marker).collect();
    for chunk in markers.chunks(1000) {
        let request = pb::BatchCreateMarkersRequest {
            markers: chunk.to_vec(),
            ..pb::BatchCreateMarkersRequest::default()
        };
        ok(registry.markers().batch_create_markers(request)).await;
    }
    let mut request = pb::SearchRequest {
        query: "77".to_owned(),
        page_size: 1000,
        ..pb::SearchRequest::default()
    };
    let first = ok(registry.search().search(request.clone())).await;
    assert_eq!(first.results.len(), 1000);
    request.page_token = first.next_page_token;
    assert_eq!(ok(registry.search().search(request)).await.results.len(), 50);
}
