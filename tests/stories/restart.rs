//! What was acknowledged is there after a restart, and the services go on where they stood.

use banggiao_contracts::reporting::v1::{
    GetPositionRequest, QueryFiguresRequest, QueryFiguresResponse, ReportingPosition,
};

use crate::installation::Installation;

/// The answer apart from how long ago the feeds were heard.
fn timeless(answer: QueryFiguresResponse) -> QueryFiguresResponse {
    QueryFiguresResponse {
        journal_age: None,
        registry_age: None,
        unreachable: Vec::new(),
        ..answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_and_positions_survive_a_restart() {
    let mut installation = Installation::with_sample().await;
    let request = QueryFiguresRequest {
        unit: "units/mr7".to_owned(),
        period: "civil/2019".to_owned(),
        ..QueryFiguresRequest::default()
    };
    let mut figures = installation.figures("administrator");
    let before = figures
        .query_figures(request.clone())
        .await
        .expect("figures")
        .into_inner();
    let position = figures
        .get_position(GetPositionRequest {})
        .await
        .expect("a position")
        .into_inner();
    installation.restart().await;
    let mut figures = installation.figures("administrator");
    let request = QueryFiguresRequest {
        min_log_index: position.log_index,
        ..request
    };
    let after = figures.query_figures(request).await.expect("figures").into_inner();
    assert_eq!(timeless(after), timeless(before));
    let again = figures.get_position(GetPositionRequest {}).await.expect("a position");
    // How long ago journal and registry were heard is another matter.
    let again = ReportingPosition {
        journal_age: position.journal_age,
        registry_age: position.registry_age,
        ..again.into_inner()
    };
    assert_eq!(again, position);
}
