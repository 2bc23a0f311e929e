//! The recorded reorganisations, with their acts in words.
//!
//! It owns how an act is told in a line; files and requests have forms of their own.

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::output::Output;
use crate::table::{Cell, Column, Table};
use crate::{dynamic, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use pb::reorganization_act::Act;

/// All recorded reorganisations.
pub(super) async fn all(session: &Session) -> Result<Vec<pb::Reorganization>, Error> {
    let request = pb::ListReorganizationsRequest::default();
    let response: pb::ListReorganizationsResponse =
        listing::typed(session, nouns::REORGANIZATION.list, &request, &PageArgs::default()).await?;
    Ok(response.reorganizations)
}

/// Lists the recorded reorganisations with their acts in words.
pub(super) async fn list(session: &Session, page: &PageArgs) -> Result<(), Error> {
    let request = pb::ListReorganizationsRequest::default();
    if session.output == Output::Json {
        return listing::list(session, &nouns::REORGANIZATION, &request, page).await;
    }
    let response: pb::ListReorganizationsResponse =
        listing::typed(session, nouns::REORGANIZATION.list, &request, page).await?;
    let lang = session.lang;
    let mut columns = listing::columns(&nouns::REORGANIZATION, lang);
    columns.push(Column::new("acts", lang.pick("Acts", "Nội dung")));
    let mut table = Table::new(columns);
    for reorganization in &response.reorganizations {
        let mut row = listing::row(&nouns::REORGANIZATION, &dynamic::message(reorganization)?, lang);
        row.push(Cell::text(acts(&reorganization.acts)));
        table.push(row);
    }
    listing::print_table(session, table)
}

fn acts(acts: &[pb::ReorganizationAct]) -> String {
    let words = acts.iter().filter_map(|act| act.act.as_ref()).map(act_words);
    words.collect::<Vec<_>>().join("; ")
}

/// The acts of a reorganisation that name a unit.
pub(super) fn acts_at(reorganization: &pb::Reorganization, unit: &str) -> String {
    let named = reorganization.acts.iter().filter(|act| {
        let moved = |moves: &[pb::UnitMove]| moves.iter().any(|moved| moved.unit == unit || moved.parent == unit);
        match &act.act {
            Some(Act::Merge(merge)) => {
                merge.target == unit || merge.sources.iter().any(|source| source == unit) || moved(&merge.moves)
            }
            Some(Act::Split(split)) => {
                split.source == unit || split.targets.iter().any(|target| target == unit) || moved(&split.moves)
            }
            Some(Act::Establish(establish)) => names::unit(&establish.unit_id).as_deref() == Ok(unit),
            Some(Act::Rename(rename)) => rename.unit == unit,
            Some(Act::ChangeKind(change)) => change.unit == unit,
            Some(Act::Move(moving)) => moving.unit == unit,
            Some(Act::Dissolve(dissolve)) => dissolve.unit == unit || moved(&dissolve.moves),
            None => false,
        }
    });
    acts(&named.cloned().collect::<Vec<_>>())
}

/// An act in a line: its kind as files write it, and the units, as `MERGE longan, tayninh → tayninh`.
fn act_words(act: &Act) -> String {
    let list = |units: &[String]| {
        units
            .iter()
            .map(|unit| names::short(unit))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match act {
        Act::Merge(merge) => format!("MERGE {} → {}", list(&merge.sources), names::short(&merge.target)),
        Act::Split(split) => format!("SPLIT {} → {}", names::short(&split.source), list(&split.targets)),
        Act::Establish(establish) => format!("ESTABLISH {}", establish.unit_id),
        Act::Rename(rename) => format!("RENAME {}", names::short(&rename.unit)),
        Act::ChangeKind(change) => format!("CHANGE_KIND {} → {}", names::short(&change.unit), change.kind),
        Act::Move(moving) => format!("MOVE {} → {}", names::short(&moving.unit), names::short(&moving.parent)),
        Act::Dissolve(dissolve) => format!("DISSOLVE {}", names::short(&dissolve.unit)),
    }
}
