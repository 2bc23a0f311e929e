//! Figures and contributions for the wire.

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::hierarchy::{Hierarchy, Key, Rule};

use crate::domain::{
    amount::Amount,
    facts::Facts,
    figure::{Cell, Contribution, Figures, Note, Record},
    query::Query,
};

/// The answer of QueryFigures.
pub fn figures(facts: &Facts, directory: &Directory, query: &Query, figures: Figures) -> pb::QueryFiguresResponse {
    let notes = |notes: Vec<Note>| notes.iter().map(|one| note(directory.hierarchy(), one)).collect();
    let compared =
        |day: fn(&crate::domain::query::Window) -> String| query.comparison.as_ref().map(day).unwrap_or_default();
    let totals = figures.totals.iter().map(|(total, overlapping)| pb::Total {
        indicator: query.measures[total.measure].label.clone(),
        value: total.value.to_string(),
        comparison_value: total.comparison.as_ref().map(Amount::to_string),
        record_count: total.records,
        unknown_count: total.unknown,
        overlapping: *overlapping,
    });
    pb::QueryFiguresResponse {
        cells: figures.cells.iter().map(|one| cell(query, one)).collect(),
        totals: totals.collect(),
        start_date: query.window.start.to_string(),
        end_date: query.window.end.to_string(),
        comparison_start_date: compared(|window| window.start.to_string()),
        comparison_end_date: compared(|window| window.end.to_string()),
        log_index: facts.position,
        registry_position: directory.position(),
        hierarchy: if query.as_of.is_some() {
            pb::Hierarchy::AsOf
        } else {
            pb::Hierarchy::AtEvent
        }
        .into(),
        hierarchy_date: query.as_of.map(|day| day.to_string()).unwrap_or_default(),
        withheld: figures.withheld,
        placements: notes(figures.placements),
        unplaced: notes(figures.unplaced),
    }
}

/// One figure.
pub fn cell(query: &Query, cell: &Cell) -> pb::Cell {
    let keys = query.group_by.iter().map(|key| key.name().to_owned());
    pb::Cell {
        indicator: query.measures[cell.measure].label.clone(),
        group: keys.zip(cell.group.iter().cloned()).collect(),
        value: cell.value.to_string(),
        comparison_value: cell.comparison.as_ref().map(Amount::to_string),
        record_count: cell.records,
        unknown_count: cell.unknown,
    }
}

/// One record behind a figure.
pub fn contribution(hierarchy: &Hierarchy, contribution: &Contribution) -> pb::Contribution {
    let record = contribution.record.record();
    let (revision, position) = match record {
        Record::Event(fact) => (fact.revision(), fact.log_index()),
        Record::Agreement(agreement, _) => (0, agreement.resource.registry_position),
    };
    pb::Contribution {
        resource: record.resource(),
        revision,
        amount: contribution.amount.as_ref().map(Amount::to_string).unwrap_or_default(),
        date: record.day().to_string(),
        position,
        home_units: names(hierarchy, record.homes()),
        partner_units: names(hierarchy, record.partners()),
        counted_units: names(hierarchy, &contribution.units),
        // Filled in from the database, where it alone is.
        reference: String::new(),
    }
}

fn names(hierarchy: &Hierarchy, units: &[Key]) -> Vec<String> {
    units.iter().map(|unit| hierarchy.unit(*unit).id().name()).collect()
}

fn note(hierarchy: &Hierarchy, note: &Note) -> pb::UnitPlacement {
    pb::UnitPlacement {
        unit: hierarchy.unit(note.unit).id().name(),
        placed_at: note
            .placed
            .map(|unit| hierarchy.unit(unit).id().name())
            .unwrap_or_default(),
        rule: rule(note.rule).into(),
        record_count: note.records,
    }
}

/// Rules that do not have to choose are never told.
fn rule(rule: Rule) -> pb::PlacementRule {
    match rule {
        Rule::Itself | Rule::Successor | Rule::Predecessor => pb::PlacementRule::Unspecified,
        Rule::PrincipalSuccessor => pb::PlacementRule::PrincipalSuccessor,
        Rule::MergedBackward => pb::PlacementRule::MergedBackward,
        Rule::CommonAncestor => pb::PlacementRule::CommonAncestor,
        Rule::LastParent => pb::PlacementRule::LastParent,
        Rule::FirstParent => pb::PlacementRule::FirstParent,
        Rule::Unplaced => pb::PlacementRule::Unplaced,
    }
}
