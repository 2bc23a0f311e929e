//! `FigureService`: faults of a query, groups, comparison, and a cell explained.

use banggiao_contracts::reporting::v1::{Comparison, ExplainFigureRequest, GroupKey, Hierarchy, QueryFiguresRequest};
use banggiao_model::decimal::Decimal;
use tonic::Code;
use tonic_types::StatusExt;

use crate::installation::Installation;

fn six_months() -> QueryFiguresRequest {
    QueryFiguresRequest {
        unit: "units/tayninh".to_owned(),
        indicators: vec!["indicators/persons-received".to_owned()],
        period: "civil/2024-H1".to_owned(),
        ..QueryFiguresRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_query_is_refused_with_every_fault_at_once() {
    let installation = Installation::with_sample().await;
    let mut figures = installation.figures("administrator");
    let bad = QueryFiguresRequest {
        unit: "units/nowhere".to_owned(),
        indicators: vec!["indicators/nonsense".to_owned()],
        period: "lunar/2024".to_owned(),
        hierarchy: Hierarchy::AsOf.into(),
        min_log_index: -1,
        ..QueryFiguresRequest::default()
    };
    let refused = figures.query_figures(bad).await.expect_err("five faults");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = refused.get_error_details();
    let mut fields: Vec<&str> = details
        .bad_request()
        .expect("violations")
        .field_violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["hierarchy_date", "indicators[0]", "min_log_index", "period", "unit"]
    );
    let gone = QueryFiguresRequest {
        unit: "units/longan".to_owned(),
        hierarchy: Hierarchy::AsOf.into(),
        hierarchy_date: "2025-07-01".to_owned(),
        ..six_months()
    };
    let refused = figures
        .query_figures(gone)
        .await
        .expect_err("Long An was not alive that day");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        refused.message().contains("tayninh"),
        "the successor is named: {}",
        refused.message()
    );
    let early = QueryFiguresRequest {
        min_log_index: 1_000_000,
        ..six_months()
    };
    assert_eq!(
        figures.query_figures(early).await.expect_err("not reached").code(),
        Code::Unavailable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn months_add_up_to_the_half_year_and_each_explains_itself() {
    let installation = Installation::with_sample().await;
    let mut figures = installation.figures("administrator");
    let grouped = QueryFiguresRequest {
        group_by: vec![GroupKey::Month.into(), GroupKey::ChildUnit.into()],
        compare: Comparison::PreviousYear.into(),
        ..six_months()
    };
    let answer = figures
        .query_figures(grouped.clone())
        .await
        .expect("figures")
        .into_inner();
    let number = |text: &str| text.parse::<Decimal>().expect("a number");
    let sum: Decimal = answer.cells.iter().map(|cell| number(&cell.value)).sum();
    assert_eq!((sum, answer.totals[0].value.as_str()), (number("317"), "317"));
    let before: Decimal = answer
        .cells
        .iter()
        .filter_map(|cell| cell.comparison_value.as_deref())
        .map(number)
        .sum();
    assert_eq!(
        (before, answer.totals[0].comparison_value.as_deref()),
        (number("99"), Some("99"))
    );
    assert_eq!(
        (
            answer.comparison_start_date.as_str(),
            answer.comparison_end_date.as_str()
        ),
        ("2023-01-01", "2023-06-30")
    );
    assert!(
        answer
            .cells
            .iter()
            .all(|cell| cell.group["month"].starts_with("calendars/civil/periods/2024-0"))
    );

    for cell in answer.cells {
        let request = ExplainFigureRequest {
            unit: grouped.unit.clone(),
            indicators: grouped.indicators.clone(),
            period: grouped.period.clone(),
            group_by: grouped.group_by.clone(),
            group: cell.group.clone(),
            ..ExplainFigureRequest::default()
        };
        let mut stream = figures
            .explain_figure(request)
            .await
            .expect("an explanation")
            .into_inner();
        let (mut count, mut sum) = (0, Decimal::ZERO);
        while let Some(message) = stream.message().await.expect("a message") {
            for contribution in message.contributions {
                count += 1;
                sum += number(&contribution.amount);
            }
        }
        assert_eq!((count, sum), (cell.record_count, number(&cell.value)), "{cell:?}");
    }
}
