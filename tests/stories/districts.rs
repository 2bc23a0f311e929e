//! The district commands are dissolved. After the mergers of 1 July 2025, one document ends all fifty of them: the
//! communes come under their provinces, a hundred twinnings need a successor and get one in a batch, and nothing of what
//! was before has changed.

use std::collections::BTreeMap;

use banggiao_contracts::{
    journal::v1::{EventFilter, ListEventsRequest},
    registry::v1::{
        self as pb, Dissolve, ReorganizationAct, agreement_service_client::AgreementServiceClient,
        reorganization_act::Act, unit_service_client::UnitServiceClient,
    },
};
use banggiao_rpc::channel::Authorized;

use super::{
    restated::{count, events_of},
    sample::check_every_figure,
};
use crate::installation::Installation;

/// The districts end the day before.
const EFFECTIVE: &str = "2026-01-01";

async fn tree(units: &mut UnitServiceClient<Authorized>, day: &str) -> BTreeMap<String, pb::Unit> {
    let request = pb::ListUnitsRequest {
        as_of: day.to_owned(),
        page_size: 1000,
        ..pb::ListUnitsRequest::default()
    };
    let page = units.list_units(request).await.expect("a tree").into_inner();
    assert!(page.next_page_token.is_empty(), "all fits one page");
    page.units.into_iter().map(|unit| (unit.name.clone(), unit)).collect()
}

/// What a unit was on its day, without what came after it.
fn as_it_was(unit: &pb::Unit) -> (&str, &str, &BTreeMap<String, String>, &str) {
    (&unit.parent, &unit.kind, &unit.names, &unit.version_start_date)
}

async fn orphaned(agreements: &mut AgreementServiceClient<Authorized>) -> Vec<pb::Agreement> {
    let request = pb::ListAgreementsRequest {
        filter: Some(pb::AgreementFilter {
            needs_successor: true,
            ..pb::AgreementFilter::default()
        }),
        page_size: 1000,
        ..pb::ListAgreementsRequest::default()
    };
    let page = agreements.list_agreements(request).await.expect("a list");
    page.into_inner().agreements
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_districts_end_and_their_twinnings_go_on() {
    let installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let mut agreements = AgreementServiceClient::new(installation.channel("administrator"));

    let (eve, day) = (
        tree(&mut units, "2025-06-30").await,
        tree(&mut units, "2025-07-01").await,
    );
    let parent = |tree: &BTreeMap<String, pb::Unit>, id: &str| tree[&format!("units/{id}")].parent.clone();
    assert_eq!(parent(&eve, "k73"), "units/longan");
    assert_eq!(parent(&day, "k73"), "units/tayninh", "K73 moved with its province");
    assert!(eve.contains_key("units/longan") && !day.contains_key("units/longan"));
    let silvester = tree(&mut units, "2025-12-31").await;
    let districts: Vec<&pb::Unit> = silvester
        .values()
        .filter(|unit| unit.country == "VN" && unit.kind == "DISTRICT_COMMAND")
        .collect();
    assert_eq!(districts.len(), 50);
    let before = orphaned(&mut agreements).await;

    let dissolve = |unit: &&pb::Unit| ReorganizationAct {
        act: Some(Act::Dissolve(Dissolve {
            unit: unit.name.clone(),
            moves: Vec::new(),
        })),
    };
    let request = pb::ReorganizeUnitsRequest {
        reorganization: Some(pb::Reorganization {
            effective_date: EFFECTIVE.to_owned(),
            legal_basis: "Nghị quyết về tổ chức chính quyền địa phương hai cấp".to_owned(),
            acts: districts.iter().map(dissolve).collect(),
            ..pb::Reorganization::default()
        }),
        ..pb::ReorganizeUnitsRequest::default()
    };
    let done = units
        .reorganize_units(request)
        .await
        .expect("one document")
        .into_inner();
    assert_eq!(done.ended_units.len(), 50);
    assert_eq!(done.agreements_needing_successor.len(), 100);
    let after = tree(&mut units, EFFECTIVE).await;
    for commune in silvester
        .values()
        .filter(|unit| unit.kind == "COMMUNE_COMMAND" && unit.country == "VN")
    {
        let province = &silvester[&commune.parent].parent;
        assert_eq!(&after[&commune.name].parent, province, "{}", commune.name);
    }

    let waiting = orphaned(&mut agreements).await;
    assert_eq!(waiting.len(), before.len() + 100);
    let mut successions = Vec::new();
    for agreement in &waiting {
        for party in agreement
            .parties
            .iter()
            .filter(|party| party.unit_end_date == "2025-12-31")
        {
            successions.push(pb::PartySuccession {
                agreement: agreement.name.clone(),
                from_unit: party.unit.clone(),
                to_unit: silvester[&party.unit].parent.clone(),
            });
        }
    }
    assert_eq!(successions.len(), 100);
    let request = pb::SucceedAgreementPartiesRequest {
        successions,
        date: EFFECTIVE.to_owned(),
        document: "Công văn về kế thừa thỏa thuận kết nghĩa".to_owned(),
        ..pb::SucceedAgreementPartiesRequest::default()
    };
    let settled = agreements
        .succeed_agreement_parties(request)
        .await
        .expect("a batch")
        .into_inner();
    assert_eq!(settled.agreements.len(), 100);
    assert_eq!(orphaned(&mut agreements).await.len(), before.len());

    for (then, now) in [("2025-06-30", &eve), ("2025-07-01", &day), ("2025-12-31", &silvester)] {
        let again = tree(&mut units, then).await;
        assert!(again.keys().eq(now.keys()), "the units of {then}");
        for (name, unit) in now {
            assert_eq!(as_it_was(&again[name]), as_it_was(unit), "{name} on {then}");
        }
    }
    check_every_figure(installation.figures("administrator")).await;
}

/// A backdated act leaves events on a unit that no longer existed. They are listed, and count with the successor.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_unit_that_had_ended_are_listed_and_counted_with_its_successor() {
    let installation = Installation::with_sample().await;
    let (mut units, mut events) = (
        installation.units("administrator"),
        installation.events("administrator"),
    );
    let mut listed = async |min_registry_position: i64| {
        let request = ListEventsRequest {
            filter: Some(EventFilter {
                home_unit_not_alive: true,
                ..EventFilter::default()
            }),
            page_size: 1000,
            min_registry_position,
            ..ListEventsRequest::default()
        };
        let page = events.list_events(request).await.expect("a list").into_inner();
        page.events
    };
    assert!(listed(0).await.is_empty());
    let year = || events_of("tayninh", "civil/2024");
    let before = count(&installation, year(), 0).await;
    let merge = pb::Merge {
        sources: vec![
            "units/tayninh-tan-bien".to_owned(),
            "units/tayninh-chau-thanh".to_owned(),
        ],
        target: "units/tayninh-tan-bien".to_owned(),
        moves: Vec::new(),
    };
    let request = pb::ReorganizeUnitsRequest {
        reorganization: Some(pb::Reorganization {
            effective_date: "2024-03-01".to_owned(),
            legal_basis: "Một quyết định đến muộn".to_owned(),
            acts: vec![ReorganizationAct {
                act: Some(Act::Merge(merge)),
            }],
            ..pb::Reorganization::default()
        }),
        ..pb::ReorganizeUnitsRequest::default()
    };
    let done = units.reorganize_units(request).await.expect("backdated").into_inner();
    assert_eq!(done.ended_units, ["units/tayninh-chau-thanh"]);
    let position = done.reorganization.expect("as recorded").registry_position;
    let left = listed(position).await;
    assert!(!left.is_empty());
    for event in &left {
        assert_eq!(event.home_unit, "units/tayninh-chau-thanh");
        assert!(event.start_date.as_str() >= "2024-03-01");
    }
    assert_eq!(
        count(&installation, year(), position).await,
        before,
        "nothing is dropped"
    );
}
