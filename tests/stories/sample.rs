//! The main job: the sample goes in through the gateway, and every figure that must come out does, with the records
//! behind it.

use banggiao_contracts::{
    journal::v1::{GetHeadRequest as LogHeadRequest, event_feed_service_client::EventFeedServiceClient},
    registry::v1::{
        AgreementKind, GetHeadRequest as RegistryHeadRequest, registry_feed_service_client::RegistryFeedServiceClient,
    },
    reporting::v1::{
        self as pb, AgreementMeasure, AgreementMeasureFilter, AgreementSum, EventMeasure, EventMeasureFilter, EventSum,
        Hierarchy, Measure, measure::Source,
    },
    r#type::v1::{Direction, Level},
};
use banggiao_model::{decimal::Decimal, name};
use banggiao_standalone::sample;
use serde::Deserialize;

use crate::installation::Installation;

/// A row of `figures.csv`.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    sum: String,
    event_types: String,
    agreement_kind: String,
    agreement_levels: String,
    repeated: String,
    start_date: String,
    end_date: String,
    unit: String,
    direction: String,
    programme: String,
    partner_country: String,
    hierarchy: String,
    value: String,
}

fn rows() -> Vec<Row> {
    let rows = csv::Reader::from_reader(sample::FIGURES.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().expect("figures.csv reads")
}

fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').filter(|part| !part.is_empty())
}

impl Row {
    fn measure(&self) -> Measure {
        let source = if self.agreement_kind.is_empty() {
            self.events()
        } else {
            self.agreements()
        };
        Measure {
            label: String::new(),
            source: Some(source),
        }
    }

    fn events(&self) -> Source {
        let (sum, quantity) = match self.sum.as_str() {
            "events" => (EventSum::Events, ""),
            "delegations" => (EventSum::Delegations, ""),
            "persons" => (EventSum::Persons, ""),
            quantity => (EventSum::Quantity, quantity),
        };
        let direction = match self.direction.as_str() {
            "INBOUND" => Direction::Inbound,
            "OUTBOUND" => Direction::Outbound,
            _ => Direction::Unspecified,
        };
        let filter = EventMeasureFilter {
            event_types: list(&self.event_types)
                .map(|code| name::name("eventTypes", &name::code_to_id(code)))
                .collect(),
            direction: direction.into(),
            programmes: list(&self.programme).map(|id| name::name("programmes", id)).collect(),
            partner_countries: list(&self.partner_country).map(str::to_owned).collect(),
            partner_units: Vec::new(),
        };
        Source::Events(EventMeasure {
            filter: Some(filter),
            sum: sum.into(),
            quantity: quantity.to_owned(),
            repeated: false,
        })
    }

    fn agreements(&self) -> Source {
        let sum = match self.sum.as_str() {
            "home-units" => AgreementSum::HomeUnits,
            "partner-units" => AgreementSum::PartnerUnits,
            _ => AgreementSum::Agreements,
        };
        let level = |code: &str| {
            let level = Level::from_str_name(&format!("LEVEL_{}", code.to_uppercase())).expect("a level");
            i32::from(level)
        };
        let kind = AgreementKind::from_str_name(&format!("AGREEMENT_KIND_{}", self.agreement_kind)).expect("a kind");
        let filter = AgreementMeasureFilter {
            kinds: vec![kind.into()],
            levels: list(&self.agreement_levels).map(level).collect(),
            partner_countries: Vec::new(),
        };
        Source::Agreements(AgreementMeasure {
            filter: Some(filter),
            date: pb::AgreementDate::SignedIn.into(),
            sum: sum.into(),
            repeated: self.repeated == "yes",
        })
    }

    fn hierarchy(&self) -> (Hierarchy, String) {
        match self.hierarchy.strip_prefix("AS_OF ") {
            Some(day) => (Hierarchy::AsOf, day.to_owned()),
            None => (Hierarchy::AtEvent, String::new()),
        }
    }

    fn query(&self) -> pb::QueryFiguresRequest {
        let (hierarchy, hierarchy_date) = self.hierarchy();
        pb::QueryFiguresRequest {
            unit: name::name("units", &self.unit),
            measures: vec![self.measure()],
            start_date: self.start_date.clone(),
            end_date: self.end_date.clone(),
            hierarchy: hierarchy.into(),
            hierarchy_date,
            ..pb::QueryFiguresRequest::default()
        }
    }

    fn explanation(&self) -> pb::ExplainFigureRequest {
        let query = self.query();
        pb::ExplainFigureRequest {
            unit: query.unit,
            measures: query.measures,
            start_date: query.start_date,
            end_date: query.end_date,
            hierarchy: query.hierarchy,
            hierarchy_date: query.hierarchy_date,
            ..pb::ExplainFigureRequest::default()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_comes_out_and_explains_itself() {
    let installation = Installation::with_sample().await;
    let mut figures = installation.figures("administrator");
    let rows = rows();
    assert_eq!(rows.len(), 66, "figures.csv has lost or gained rows");
    let mut wrong = Vec::new();
    for row in &rows {
        let response = figures.query_figures(row.query()).await.expect("a figure").into_inner();
        let cell = response.cells.first().expect("a cell");
        if cell.value != row.value {
            wrong.push(format!("{}: {} instead of {}", row.id, cell.value, row.value));
        }
        let mut stream = figures
            .explain_figure(row.explanation())
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
    assert_eq!(before.0, 4259 + 20, "one revision for each event and each correction");
}
