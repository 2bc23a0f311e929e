//! The sample data, carried inside the program: real units, programmes and published totals of Military Region 7 and its
//! neighbours, with made-up events and agreements that add up to them. `sample/README.md` says more.

use anyhow::Context;
use banggiao_cli::import::File;
use banggiao_contracts::{
    registry::v1::AgreementKind,
    reporting::v1::{
        AgreementDate, AgreementMeasure, AgreementMeasureFilter, AgreementSum, EventMeasure, EventMeasureFilter,
        EventSum, Hierarchy, Measure, QueryFiguresRequest, measure::Source,
    },
    r#type::v1::{Direction, Level},
};
use banggiao_model::name;
use serde::Deserialize;

/// The files of the sample, in the import format.
const FILES: [(&str, &[u8]); 7] = [
    ("units.csv", include_bytes!("../sample/units.csv")),
    ("reorganizations.csv", include_bytes!("../sample/reorganizations.csv")),
    ("programmes.csv", include_bytes!("../sample/programmes.csv")),
    ("markers.csv", include_bytes!("../sample/markers.csv")),
    ("agreements.csv", include_bytes!("../sample/agreements.csv")),
    ("events.csv", include_bytes!("../sample/events.csv")),
    ("corrections.csv", include_bytes!("../sample/corrections.csv")),
];

/// The figures that must come out of the sample.
const FIGURES: &str = include_str!("../sample/figures.csv");

/// The files, ready to be imported.
#[must_use]
pub fn files() -> Vec<File> {
    FILES
        .iter()
        .filter_map(|(name, bytes)| File::new(name, *bytes))
        .collect()
}

/// The figures that must come out of the sample, published or computed by hand.
///
/// # Errors
/// If the file that the program carries does not read.
pub fn figures() -> anyhow::Result<Vec<Figure>> {
    let rows = csv::Reader::from_reader(FIGURES.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().context("figures.csv cannot be read")
}

/// A figure that must come out: a row of `figures.csv`, whose columns `sample/README.md` explains.
#[derive(Debug, Clone, Deserialize)]
pub struct Figure {
    /// What the figure is called.
    pub id: String,
    /// Where it was published; empty if it was computed.
    pub source: String,
    /// First day.
    pub start_date: String,
    /// Last day, inclusive.
    pub end_date: String,
    /// The unit whose subtree counts.
    pub unit: String,
    /// Only under this programme.
    pub programme: String,
    /// The figure.
    pub value: String,
    sum: String,
    event_types: String,
    agreement_kind: String,
    agreement_levels: String,
    repeated: String,
    direction: String,
    partner_country: String,
    hierarchy: String,
}

impl Figure {
    /// The question that the figure answers, with an inline measure.
    ///
    /// # Errors
    /// If the row holds a word that the contract does not know.
    pub fn query(&self) -> anyhow::Result<QueryFiguresRequest> {
        let (hierarchy, hierarchy_date) = match self.hierarchy.strip_prefix("AS_OF ") {
            Some(day) => (Hierarchy::AsOf, day.to_owned()),
            None => (Hierarchy::AtEvent, String::new()),
        };
        let source = if self.agreement_kind.is_empty() {
            self.events()
        } else {
            self.agreements()?
        };
        Ok(QueryFiguresRequest {
            unit: name::name("units", &self.unit),
            measures: vec![Measure {
                label: String::new(),
                source: Some(source),
            }],
            start_date: self.start_date.clone(),
            end_date: self.end_date.clone(),
            hierarchy: hierarchy.into(),
            hierarchy_date,
            ..QueryFiguresRequest::default()
        })
    }

    fn events(&self) -> Source {
        let (sum, quantity) = match self.sum.as_str() {
            "events" => (EventSum::Events, ""),
            "delegations" => (EventSum::Delegations, ""),
            "persons" => (EventSum::Persons, ""),
            quantity => (EventSum::Quantity, quantity),
        };
        let direction = Direction::from_str_name(&format!("DIRECTION_{}", self.direction)).unwrap_or_default();
        let event_type = |code: &str| name::name("eventTypes", &name::code_to_id(code));
        let filter = EventMeasureFilter {
            event_types: list(&self.event_types).map(event_type).collect(),
            direction: direction.into(),
            programmes: list(&self.programme).map(|id| name::name("programmes", id)).collect(),
            partner_countries: list(&self.partner_country).map(str::to_owned).collect(),
            partner_units: Vec::new(),
            ..EventMeasureFilter::default()
        };
        Source::Events(EventMeasure {
            filter: Some(filter),
            sum: sum.into(),
            quantity: quantity.to_owned(),
            repeated: false,
        })
    }

    fn agreements(&self) -> anyhow::Result<Source> {
        let sum = match self.sum.as_str() {
            "home-units" => AgreementSum::HomeUnits,
            "partner-units" => AgreementSum::PartnerUnits,
            _ => AgreementSum::Agreements,
        };
        let level = |code: &str| {
            let level = Level::from_str_name(&format!("LEVEL_{}", code.to_uppercase()));
            level.map(i32::from).with_context(|| format!("{code:?} is no level"))
        };
        let kind = AgreementKind::from_str_name(&format!("AGREEMENT_KIND_{}", self.agreement_kind));
        let filter = AgreementMeasureFilter {
            kinds: vec![
                kind.with_context(|| format!("{:?} is no kind of agreement", self.agreement_kind))?
                    .into(),
            ],
            levels: list(&self.agreement_levels).map(level).collect::<Result<_, _>>()?,
            partner_countries: Vec::new(),
        };
        Ok(Source::Agreements(AgreementMeasure {
            filter: Some(filter),
            date: AgreementDate::SignedIn.into(),
            sum: sum.into(),
            repeated: self.repeated == "yes",
        }))
    }
}

fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').filter(|part| !part.is_empty())
}
