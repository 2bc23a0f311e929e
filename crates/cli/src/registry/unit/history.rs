//! `unit history`: the versions of a unit, each with the text that ordered the reorganisation it began with.
//!
//! It owns how versions, reorganisations and succession are brought together; the registry keeps them apart.

use super::recorded;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::listing;
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use crate::{dynamic, json, names, nouns};
use banggiao_contracts::registry::v1 as pb;

/// Shows the history of a unit.
///
/// # Errors
/// As ListUnitVersions.
pub(super) async fn run(session: &Session, name: String) -> Result<(), Error> {
    let request = pb::ListUnitVersionsRequest { unit: name.clone() };
    let versions: pb::ListUnitVersionsResponse =
        dynamic::ask(&session.connection, nouns::UNIT_VERSION.list, &request).await?;
    if session.output == Output::Json {
        return output::data(&json::typed(&versions)?);
    }
    let as_of = String::new();
    let unit = dynamic::ask(
        &session.connection,
        nouns::UNIT.get,
        &pb::GetUnitRequest { name, as_of },
    )
    .await?;
    let reordered = versions
        .versions
        .iter()
        .any(|version| !version.reorganizations.is_empty());
    let reorganizations = if reordered {
        recorded::all(session).await?
    } else {
        Vec::new()
    };
    listing::print_table(
        session,
        table(&unit, &versions.versions, &reorganizations, session.lang)?,
    )
}

fn table(
    unit: &pb::Unit,
    versions: &[pb::UnitVersion],
    reorganizations: &[pb::Reorganization],
    lang: Lang,
) -> Result<Table, Error> {
    let mut columns = listing::columns(&nouns::UNIT_VERSION, lang);
    columns.push(Column::new("legal_basis", lang.pick("Legal basis", "Căn cứ pháp lý")));
    columns.push(Column::new("acts", lang.pick("Acts", "Nội dung")).detail(8));
    let mut table = Table::new(columns);
    for version in versions {
        let mut row = listing::row(&nouns::UNIT_VERSION, &dynamic::message(version)?, lang);
        let began: Vec<_> = reorganizations
            .iter()
            .filter(|reorganization| version.reorganizations.contains(&reorganization.name))
            .collect();
        let each = |words: &dyn Fn(&pb::Reorganization) -> String| {
            let words: Vec<_> = began.iter().map(|reorganization| words(reorganization)).collect();
            Cell::text(words.join("; "))
        };
        row.push(each(&|reorganization| reorganization.legal_basis.clone()));
        row.push(each(&|reorganization| recorded::acts_at(reorganization, &unit.name)));
        table.push(row);
    }
    let units = |units: &[String]| {
        units
            .iter()
            .map(|unit| names::short(unit))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (label, related) in [
        (lang.pick("Predecessors", "Tiền thân"), &unit.predecessors),
        (lang.pick("Successors", "Kế thừa"), &unit.successors),
    ] {
        if !related.is_empty() {
            table.push_remark(format!("{label}: {}", units(related)));
        }
    }
    Ok(table)
}
