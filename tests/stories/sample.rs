//! The main job: the sample goes in through the gateway, and every figure that must come out does, with the records
//! behind it.

use banggiao_contracts::{
    journal::v1::{GetHeadRequest as LogHeadRequest, event_feed_service_client::EventFeedServiceClient},
    registry::v1::{GetHeadRequest as RegistryHeadRequest, registry_feed_service_client::RegistryFeedServiceClient},
    reporting::v1::{ExplainFigureRequest, QueryFiguresRequest, figure_service_client::FigureServiceClient},
};
use banggiao_model::decimal::Decimal;
use banggiao_rpc::channel::Authorized;
use banggiao_standalone::sample;

use crate::installation::Installation;

fn explanation(query: QueryFiguresRequest) -> ExplainFigureRequest {
    ExplainFigureRequest {
        unit: query.unit,
        measures: query.measures,
        start_date: query.start_date,
        end_date: query.end_date,
        hierarchy: query.hierarchy,
        hierarchy_date: query.hierarchy_date,
        ..ExplainFigureRequest::default()
    }
}

/// Asks for every figure of the sample and for the records behind it; panics with all that are wrong.
pub async fn check_every_figure(mut figures: FigureServiceClient<Authorized>) {
    let rows = sample::figures().expect("figures.csv reads");
    assert_eq!(rows.len(), 66, "figures.csv has lost or gained rows");
    let mut wrong = Vec::new();
    for row in &rows {
        let query = row.query().expect("a query");
        let response = figures
            .query_figures(query.clone())
            .await
            .expect("a figure")
            .into_inner();
        let cell = response.cells.first().expect("a cell");
        if cell.value != row.value {
            wrong.push(format!("{}: {} instead of {}", row.id, cell.value, row.value));
        }
        let mut stream = figures
            .explain_figure(explanation(query))
            .await
            .expect("an explanation")
            .into_inner();
        let (mut count, mut sum) = (0, Decimal::ZERO);
        while let Some(message) = stream.message().await.expect("a message") {
            for contribution in message.contributions {
                count += 1;
                if !contribution.amount.is_empty() {
                    sum += contribution.amount.parse::<Decimal>().expect("an amount");
                }
            }
        }
        if count != cell.record_count || sum != row.value.parse::<Decimal>().expect("a value") {
            wrong.push(format!(
                "{}: {count} contributions add up to {sum}, the cell says {cell:?}",
                row.id
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_comes_out_and_explains_itself() {
    let installation = Installation::with_sample().await;
    check_every_figure(installation.figures("administrator")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_import_again_changes_nothing() {
    let installation = Installation::with_sample().await;
    let mut log = EventFeedServiceClient::new(installation.channel("administrator"));
    let mut changes = RegistryFeedServiceClient::new(installation.channel("administrator"));
    let mut heads = async || {
        let log = log.get_head(LogHeadRequest {}).await.expect("a head").into_inner();
        let changes = changes
            .get_head(RegistryHeadRequest {})
            .await
            .expect("a head")
            .into_inner();
        (log.log_index, changes.position)
    };
    let before = heads().await;
    let again = installation.import(sample::files()).await;
    assert!(again.clean());
    for file in &again.files {
        assert_eq!((file.accepted, file.rejections.len()), (0, 0), "{file:?}");
        assert!(file.repeated > 0, "{file:?}");
    }
    assert_eq!(heads().await, before);
    let entries = 4259 + 20 + 6;
    assert_eq!(
        before.0, entries,
        "one for each event, each correction and each reorganisation"
    );
}
