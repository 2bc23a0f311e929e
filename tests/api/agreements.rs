//! `AgreementService`, `ProgrammeService` and `MarkerService`.

use banggiao_contracts::{
    registry::v1::{
        Agreement, AgreementFilter, AgreementKind, AgreementState, CreateAgreementRequest, GetMarkerRequest,
        ListAgreementsRequest, ListMarkersRequest, MarkerFilter, agreement_service_client::AgreementServiceClient,
        marker_service_client::MarkerServiceClient,
    },
    r#type::v1::Level,
};
use tonic::Code;

use crate::installation::Installation;

fn twinning(home: &str, partner: &str, sign_date: &str) -> Agreement {
    Agreement {
        kind: AgreementKind::Twinning.into(),
        title: [("vi".to_owned(), "Thỏa thuận kết nghĩa".to_owned())].into(),
        sign_date: sign_date.to_owned(),
        home_units: vec![format!("units/{home}")],
        partner_units: vec![format!("units/{partner}")],
        ..Agreement::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_has_the_level_of_its_home_unit_and_parties_that_were_alive() {
    let installation = Installation::with_sample().await;
    let mut agreements = AgreementServiceClient::new(installation.channel("administrator"));
    let create = |id: &str, agreement: Agreement| CreateAgreementRequest {
        agreement_id: id.to_owned(),
        agreement: Some(agreement),
        ..CreateAgreementRequest::default()
    };
    let signed = create(
        "tw-new",
        twinning("tayninh-ben-cau", "kh-svayrieng-sector", "2026-03-01"),
    );
    let signed = agreements.create_agreement(signed).await.expect("signed").into_inner();
    assert_eq!(
        (signed.level(), signed.state()),
        (Level::District, AgreementState::InForce)
    );
    let late = create("tw-late", twinning("longan", "kh-svayrieng-sector", "2025-07-01"));
    let late = agreements.create_agreement(late).await.expect_err("Long An had ended");
    assert_eq!(late.code(), Code::FailedPrecondition);
    let unknown = create("tw-unknown", twinning("nobody", "kh-svayrieng-sector", "2025-07-01"));
    assert_eq!(
        agreements.create_agreement(unknown).await.expect_err("unknown").code(),
        Code::InvalidArgument
    );

    let filter = AgreementFilter {
        unit: "units/tayninh".to_owned(),
        kinds: vec![AgreementKind::CooperationMinutes.into()],
        in_force_on: "2024-06-30".to_owned(),
        ..AgreementFilter::default()
    };
    let request = ListAgreementsRequest {
        filter: Some(filter),
        ..ListAgreementsRequest::default()
    };
    let minutes = agreements
        .list_agreements(request)
        .await
        .expect("a list")
        .into_inner()
        .agreements;
    assert!(!minutes.is_empty());
    assert!(
        minutes
            .iter()
            .all(|agreement| agreement.state() == AgreementState::Expired)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_sort_by_number_and_follow_succession() {
    let installation = Installation::with_sample().await;
    let mut markers = MarkerServiceClient::new(installation.channel("administrator"));
    let request = GetMarkerRequest {
        as_of: String::new(),
        name: "markers/vn-kh-229-12".to_owned(),
    };
    let marker = markers.get_marker(request).await.expect("a marker").into_inner();
    assert_eq!(
        (marker.home_unit.as_str(), marker.current_home_unit.as_str()),
        ("units/longan", "units/tayninh")
    );
    let filter = MarkerFilter {
        unit: "units/dongnai".to_owned(),
        ..MarkerFilter::default()
    };
    let request = ListMarkersRequest {
        filter: Some(filter),
        page_size: 1000,
        ..ListMarkersRequest::default()
    };
    let listed = markers
        .list_markers(request)
        .await
        .expect("a list")
        .into_inner()
        .markers;
    let numbers: Vec<&str> = listed.iter().map(|marker| marker.number.as_str()).collect();
    assert_eq!(numbers.first(), Some(&"60"));
    let place = |number: &str| numbers.iter().position(|n| *n == number).expect("listed");
    assert!(place("65") < place("66") && place("66") < place("68"));
}
