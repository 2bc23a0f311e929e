//! The columns of units, reorganizations, programmes, markers and agreements, and the messages of their rows.
//!
//! A bare id stands for a resource name; ids, codes and kinds are taken in any case. Whether a row makes sense is the
//! registry's business; here only what cannot be read is refused.

use crate::import::fields::Fields;
use crate::import::kind::Kind;
use crate::{choices, names};
use banggiao_contracts::registry::v1 as pb;
use banggiao_model::marker;
use pb::import_row::Row;
use pb::reorganization_act::Act;

/// The message of one row of a registry file.
#[must_use]
pub fn row(kind: Kind, fields: &mut Fields<'_>, line: i64) -> pb::ImportRow {
    let row = match kind {
        Kind::Units => Some(Row::Unit(unit(fields))),
        Kind::Reorganizations => Some(Row::Reorganization(reorganization(fields))),
        Kind::Programmes => Some(Row::Programme(programme(fields))),
        Kind::Markers => Some(Row::Marker(marker_row(fields))),
        Kind::Agreements => Some(Row::Agreement(agreement(fields))),
        Kind::Events | Kind::Corrections => None,
    };
    pb::ImportRow { line, row }
}

fn unit(fields: &mut Fields<'_>) -> pb::Unit {
    pb::Unit {
        name: fields.required_value("id", names::unit).unwrap_or_default(),
        country: fields.required_value("country", names::country).unwrap_or_default(),
        kind: fields.required_value("kind", names::unit_kind).unwrap_or_default(),
        parent: fields.value("parent", names::unit).unwrap_or_default(),
        names: fields.texts(&[("vi", "name_vi"), ("en", "name_en"), ("km", "name_km")]),
        start_date: fields.date("start_date"),
        end_date: fields.date("end_date"),
        ..pb::Unit::default()
    }
}

fn reorganization(fields: &mut Fields<'_>) -> pb::Reorganization {
    let kind = fields.required("kind").to_ascii_uppercase();
    let act = match kind.as_str() {
        "MERGE" => merge(fields),
        "SPLIT" => split(fields),
        "" => None,
        other => {
            let shown: String = other.chars().take(80).collect();
            fields.fault("kind", format!("\"{shown}\" is not an act; it is one of MERGE, SPLIT"));
            None
        }
    };
    pb::Reorganization {
        effective_date: fields.date("effective_date"),
        legal_basis: fields.text("legal_basis").to_owned(),
        note: fields.text("note").to_owned(),
        acts: vec![pb::ReorganizationAct { act }],
        ..pb::Reorganization::default()
    }
}

/// The act of a row that merges units.
pub(crate) fn merge(fields: &mut Fields<'_>) -> Option<Act> {
    let sources = fields.list("sources", names::unit);
    let targets = fields.list("targets", names::unit);
    let moves = fields.list("moves", unit_move);
    let target = only(fields, "targets", targets, "a merge has one target")?;
    Some(Act::Merge(pb::Merge { sources, target, moves }))
}

/// The act of a row that splits a unit.
pub(crate) fn split(fields: &mut Fields<'_>) -> Option<Act> {
    let sources = fields.list("sources", names::unit);
    let targets = fields.list("targets", names::unit);
    let moves = fields.list("moves", unit_move);
    let source = only(fields, "sources", sources, "a split has one source")?;
    Some(Act::Split(pb::Split { source, targets, moves }))
}

/// The only unit of a column.
pub(crate) fn only(fields: &mut Fields<'_>, column: &str, mut units: Vec<String>, rule: &str) -> Option<String> {
    let unit = units.pop();
    if unit.is_none() || !units.is_empty() {
        fields.fault(column, rule);
        return None;
    }
    unit
}

/// A unit and where it goes, `CHILD:NEW-PARENT`.
pub(crate) fn unit_move(element: &str) -> Result<pb::UnitMove, String> {
    let (unit, parent) = element
        .split_once(':')
        .ok_or_else(|| format!("\"{element}\" is not of the form CHILD:NEW-PARENT"))?;
    Ok(pb::UnitMove {
        unit: names::unit(unit.trim())?,
        parent: names::unit(parent.trim())?,
    })
}

fn programme(fields: &mut Fields<'_>) -> pb::Programme {
    pb::Programme {
        name: fields.required_value("id", names::programme).unwrap_or_default(),
        number: fields.text("number").to_owned(),
        title: fields.texts(&[("vi", "title_vi")]),
        issuer: fields.text("issuer").to_owned(),
        issue_date: fields.date("issue_date"),
        start_date: fields.date("start_date"),
        end_date: fields.date("end_date"),
        countries: fields.list("countries", names::country),
        ..pb::Programme::default()
    }
}

fn marker_row(fields: &mut Fields<'_>) -> pb::Marker {
    let border = fields.required_value("border", names::border).unwrap_or_default();
    let number = fields.required_value("number", |text| {
        marker::Number::parse(text).map_err(|error| error.to_string())
    });
    pb::Marker {
        name: number
            .map(|number| format!("markers/{}", number.id(&border)))
            .unwrap_or_default(),
        number: number.map(|number| number.to_string()).unwrap_or_default(),
        border,
        home_unit: fields.value("home_unit", names::unit).unwrap_or_default(),
        partner_unit: fields.value("partner_unit", names::unit).unwrap_or_default(),
        ..pb::Marker::default()
    }
}

fn agreement(fields: &mut Fields<'_>) -> pb::Agreement {
    pb::Agreement {
        name: fields.required_value("id", names::agreement).unwrap_or_default(),
        kind: fields
            .required_value("kind", choices::agreement_kind)
            .unwrap_or_default()
            .into(),
        title: fields.texts(&[("vi", "title_vi")]),
        sign_date: fields.date("sign_date"),
        start_date: fields.date("start_date"),
        end_date: fields.date("end_date"),
        home_units: fields.list("home_units", names::unit),
        partner_units: fields.list("partner_units", names::unit),
        parent: fields.value("parent", names::agreement).unwrap_or_default(),
        ..pb::Agreement::default()
    }
}
