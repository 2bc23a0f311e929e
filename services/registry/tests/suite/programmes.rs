//! Programmes and their targets.

use banggiao_contracts::registry::v1 as pb;
use tonic::Code;

use super::harness::{Registry, mask, ok, refusal};

pub async fn a_programme_changes_and_has_targets(registry: &Registry) {
    registry.ground().await;
    let programme = pb::Programme {
        title: [("vi".to_owned(), "Đề án 1".to_owned())].into(),
        countries: vec!["KH".to_owned()],
        horizon: "đến năm 2030".to_owned(),
        ..pb::Programme::default()
    };
    let request = pb::CreateProgrammeRequest {
        programme_id: "da-1".to_owned(),
        programme: Some(programme),
        ..pb::CreateProgrammeRequest::default()
    };
    let created = ok(registry.programmes().create_programme(request)).await;
    let update = |number: &str, etag: &str, paths: &[&str]| pb::UpdateProgrammeRequest {
        programme: Some(pb::Programme {
            name: "programmes/da-1".to_owned(),
            number: number.to_owned(),
            etag: etag.to_owned(),
            ..pb::Programme::default()
        }),
        update_mask: mask(paths),
        ..pb::UpdateProgrammeRequest::default()
    };
    let changed = ok(registry
        .programmes()
        .update_programme(update("1/DA", &created.etag, &["number"])))
    .await;
    assert_eq!((changed.number.as_str(), &changed.title), ("1/DA", &created.title));
    assert_eq!(changed.create_time, created.create_time);
    let stale = async {
        registry
            .programmes()
            .update_programme(update("2/DA", &created.etag, &["number"]))
            .await
    };
    assert_eq!(refusal(stale.await).0, Code::Aborted);
    let untitled = async { registry.programmes().update_programme(update("", "", &["title"])).await };
    assert_eq!(refusal(untitled.await).2, ["programme.title[\"vi\"]"]);

    let target = |unit: &str, period: &str, value: &str| pb::SetTargetRequest {
        target: Some(pb::Target {
            programme: "programmes/da-1".to_owned(),
            indicator: "indicators/delegations-sent".to_owned(),
            unit: unit.to_owned(),
            period: period.to_owned(),
            value: value.to_owned(),
            ..pb::Target::default()
        }),
        ..pb::SetTargetRequest::default()
    };
    let year = "calendars/civil/periods/2026";
    ok(registry.programmes().set_target(target("units/west", year, "12"))).await;
    ok(registry.programmes().set_target(target("units/east", year, "8"))).await;
    let set = ok(registry.programmes().set_target(target("units/west", year, "15.5"))).await;
    assert_eq!(set.author, "principals/administrator");
    let list = |unit: &str| pb::ListTargetsRequest {
        programme: "programmes/da-1".to_owned(),
        unit: unit.to_owned(),
        ..pb::ListTargetsRequest::default()
    };
    let values = |response: pb::ListTargetsResponse| -> Vec<String> {
        response.targets.into_iter().map(|target| target.value).collect()
    };
    assert_eq!(
        values(ok(registry.programmes().list_targets(list(""))).await),
        ["8", "15.5"]
    );
    assert_eq!(
        values(ok(registry.programmes().list_targets(list("units/west"))).await),
        ["15.5"]
    );
    ok(registry.programmes().set_target(target("units/west", year, ""))).await;
    assert_eq!(values(ok(registry.programmes().list_targets(list(""))).await), ["8"]);
    let bad = async {
        registry
            .programmes()
            .set_target(target("units/nobody", "2026", "many"))
            .await
    };
    let (code, _, mut fields) = refusal(bad.await);
    fields.sort_unstable();
    let expected = ["target.period", "target.unit", "target.value"];
    assert_eq!(
        (code, &fields[..]),
        (Code::InvalidArgument, &expected.map(str::to_owned)[..])
    );
}
