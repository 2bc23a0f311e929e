//! What happened to units afterwards, seen through figures: restated backwards and forwards, and as it was.

use banggiao_contracts::{
    registry::v1::{
        self as pb, CreateUnitRequest, ReorganizationAct, ReorganizeUnitsRequest, Unit, reorganization_act::Act,
    },
    reporting::v1::{EventMeasure, EventMeasureFilter, EventSum, Hierarchy, Measure, QueryFiguresRequest, measure},
};

use crate::installation::Installation;

/// Counts events of a unit's subtree in a period, as they were.
pub fn events_of(unit: &str, period: &str) -> QueryFiguresRequest {
    let counted = EventMeasure {
        sum: EventSum::Events.into(),
        ..EventMeasure::default()
    };
    QueryFiguresRequest {
        unit: format!("units/{unit}"),
        period: period.to_owned(),
        measures: vec![Measure {
            label: "events".to_owned(),
            source: Some(measure::Source::Events(counted)),
        }],
        ..QueryFiguresRequest::default()
    }
}

fn restated(query: QueryFiguresRequest, day: &str) -> QueryFiguresRequest {
    QueryFiguresRequest {
        hierarchy: Hierarchy::AsOf.into(),
        hierarchy_date: day.to_owned(),
        ..query
    }
}

fn with_partners(query: QueryFiguresRequest, partners: &[&str]) -> QueryFiguresRequest {
    QueryFiguresRequest {
        narrow_events: Some(EventMeasureFilter {
            partner_units: partners.iter().map(|id| format!("units/{id}")).collect(),
            ..EventMeasureFilter::default()
        }),
        ..query
    }
}

/// The figure, of a registry as new as a position.
pub async fn count(installation: &Installation, query: QueryFiguresRequest, min_registry_position: i64) -> i64 {
    let query = QueryFiguresRequest {
        min_registry_position,
        ..query
    };
    let answer = installation.figures("administrator").query_figures(query).await;
    let answer = answer.expect("a figure").into_inner();
    answer.cells[0].value.parse().expect("a number")
}

/// Records acts that take effect on a day, and gives the document's name and position.
pub async fn reorganize(installation: &Installation, day: &str, acts: Vec<Act>) -> (String, i64) {
    let request = ReorganizeUnitsRequest {
        reorganization: Some(pb::Reorganization {
            effective_date: day.to_owned(),
            legal_basis: "Quyết định".to_owned(),
            acts: acts
                .into_iter()
                .map(|act| ReorganizationAct { act: Some(act) })
                .collect(),
            ..pb::Reorganization::default()
        }),
        ..ReorganizeUnitsRequest::default()
    };
    let done = installation.units("administrator").reorganize_units(request).await;
    let recorded = done
        .expect("a document")
        .into_inner()
        .reorganization
        .expect("as recorded");
    (recorded.name, recorded.registry_position)
}

#[tokio::test(flavor = "multi_thread")]
async fn kampong_cham_before_and_after_it_was_split() {
    let installation = Installation::with_sample().await;
    let decade = QueryFiguresRequest {
        period: String::new(),
        start_date: "2014-01-01".to_owned(),
        end_date: "2025-12-31".to_owned(),
        ..events_of("mr7", "")
    };
    let (whole, half) = ("kh-kampongcham-sector", "kh-tboungkhmum-sector");
    let with = |partners: &[&str]| with_partners(decade.clone(), partners);
    let at_event = count(&installation, with(&[whole]), 0).await;
    let both = count(&installation, with(&[whole, half]), 0).await;
    assert!(0 < at_event && at_event < both, "{at_event} of {both}");
    let eve = count(&installation, restated(with(&[whole]), "2013-12-30"), 0).await;
    assert_eq!(eve, both, "backwards, what was with either half was with the whole");
    let day = count(&installation, restated(with(&[whole]), "2013-12-31"), 0).await;
    assert_eq!(day, at_event, "forwards, the half that kept the name is only itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_province_comes_under_another_region_and_gets_a_name_on_the_same_day() {
    let installation = Installation::with_sample().await;
    let region = Unit {
        country: "VN".to_owned(),
        kind: "MILITARY_REGION".to_owned(),
        names: [("vi".to_owned(), "Quân khu 9".to_owned())].into(),
        start_date: "1976-05-02".to_owned(),
        ..Unit::default()
    };
    let request = CreateUnitRequest {
        unit_id: "mr9".to_owned(),
        unit: Some(region),
        ..CreateUnitRequest::default()
    };
    let mut units = installation.units("administrator");
    units.create_unit(request).await.expect("a region");
    let year = |unit: &str| events_of(unit, "civil/2024");
    let before = count(&installation, year("mr7"), 0).await;
    let province = count(&installation, year("longan"), 0).await;
    let acts = vec![
        Act::Move(pb::UnitMove {
            unit: "units/longan".to_owned(),
            parent: "units/mr9".to_owned(),
        }),
        Act::Rename(pb::Rename {
            unit: "units/longan".to_owned(),
            names: [("vi".to_owned(), "Bộ CHQS tỉnh Long An mới".to_owned())].into(),
        }),
    ];
    let (_, position) = reorganize(&installation, "2025-01-01", acts).await;
    for (day, parent, name) in [
        ("2024-12-31", "units/mr7", "Bộ Chỉ huy Quân sự tỉnh Long An"),
        ("2025-01-01", "units/mr9", "Bộ CHQS tỉnh Long An mới"),
    ] {
        let request = pb::GetUnitRequest {
            name: "units/longan".to_owned(),
            as_of: day.to_owned(),
        };
        let unit = units.get_unit(request).await.expect("a unit").into_inner();
        assert_eq!(
            (unit.parent.as_str(), unit.names["vi"].as_str()),
            (parent, name),
            "{day}"
        );
    }
    assert_eq!(
        count(&installation, year("mr7"), position).await,
        before,
        "nothing of before has changed"
    );
    assert_eq!(count(&installation, year("mr9"), position).await, 0);
    let now = count(&installation, restated(year("mr9"), "2025-01-01"), position).await;
    assert_eq!(now, province, "restated, all of the province is the new region's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_district_is_split_and_merged_again() {
    let installation = Installation::with_sample().await;
    let year = |unit: &str| events_of(unit, "civil/2025");
    let (one, other) = ("tayninh-tan-bien", "tayninh-thien-ngon");
    let before = count(&installation, year(one), 0).await;
    assert!(before > 0);
    let split = vec![
        Act::Establish(pb::Establish {
            unit_id: other.to_owned(),
            unit: Some(Unit {
                country: "VN".to_owned(),
                kind: "DISTRICT_COMMAND".to_owned(),
                parent: "units/tayninh".to_owned(),
                names: [("vi".to_owned(), "Ban CHQS huyện Thiện Ngôn".to_owned())].into(),
                ..Unit::default()
            }),
        }),
        Act::Split(pb::Split {
            source: format!("units/{one}"),
            targets: vec![format!("units/{one}"), format!("units/{other}")],
            moves: Vec::new(),
        }),
    ];
    reorganize(&installation, "2024-06-01", split).await;
    let merge = vec![Act::Merge(pb::Merge {
        sources: vec![format!("units/{one}"), format!("units/{other}")],
        target: format!("units/{one}"),
        moves: Vec::new(),
    })];
    let (_, position) = reorganize(&installation, "2025-01-01", merge).await;
    for day in ["2024-05-31", "2024-06-01", "2025-01-01"] {
        let now = count(&installation, restated(year(one), day), position).await;
        assert_eq!(now, before, "as of {day}");
    }
    let request = pb::GetUnitRequest {
        name: format!("units/{other}"),
        ..pb::GetUnitRequest::default()
    };
    let ended = installation
        .units("administrator")
        .get_unit(request)
        .await
        .expect("its last version");
    let ended = ended.into_inner();
    assert_eq!(
        (ended.start_date.as_str(), ended.end_date.as_str()),
        ("2024-06-01", "2024-12-31")
    );
    assert_eq!(ended.successors, [format!("units/{one}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merger_is_revoked() {
    let installation = Installation::with_sample().await;
    let mut units = installation.units("administrator");
    let recorded = units
        .list_reorganizations(pb::ListReorganizationsRequest::default())
        .await;
    let recorded = recorded.expect("a list").into_inner().reorganizations;
    let merges = |acts: &&pb::Reorganization| {
        let target = acts.acts.iter().find_map(|act| match &act.act {
            Some(Act::Merge(merge)) => Some(merge.target.as_str()),
            _ => None,
        });
        target == Some("units/dongnai")
    };
    let merger = recorded
        .iter()
        .find(merges)
        .expect("the merger of Đồng Nai")
        .name
        .clone();
    let year = |unit: &str| events_of(unit, "civil/2024");
    let (dongnai, binhphuoc) = (
        count(&installation, year("dongnai"), 0).await,
        count(&installation, year("binhphuoc"), 0).await,
    );
    let merged = count(&installation, restated(year("dongnai"), "2025-07-01"), 0).await;
    assert!(
        merged > dongnai && merged <= dongnai + binhphuoc,
        "{merged} of {dongnai} and {binhphuoc}"
    );
    let request = pb::RevokeReorganizationRequest {
        name: merger,
        legal_basis: "Quyết định bãi bỏ".to_owned(),
        ..pb::RevokeReorganizationRequest::default()
    };
    let revoked = units
        .revoke_reorganization(request)
        .await
        .expect("a revocation")
        .into_inner();
    let revocation = revoked
        .reorganization
        .expect("as recorded")
        .revocation
        .expect("revoked");
    let position = revocation.registry_position;
    for (unit, events) in [("dongnai", dongnai), ("binhphuoc", binhphuoc)] {
        let now = count(&installation, restated(year(unit), "2025-07-01"), position).await;
        assert_eq!(now, events, "{unit} goes on by itself");
    }
}
