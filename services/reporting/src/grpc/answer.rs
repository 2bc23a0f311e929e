//! Figures and contributions for the wire.

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::hierarchy::{Hierarchy, Key, Rule};

use crate::domain::{
    amount::Amount,
    definition::Edition,
    facts::Facts,
    figure::{Bridge, Cell, Contribution, Difference, Differences, Figures, Note, Record, Thing},
    measure::wire::overlap,
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
        target_value: total.target.as_ref().map(Amount::to_string),
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
        ..pb::QueryFiguresResponse::default()
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
        target_value: cell.target.as_ref().map(Amount::to_string),
    }
}

/// The pairs of measures that count some of the same.
pub fn overlaps(edition: Edition<'_>, query: &Query) -> Vec<pb::OverlappingIndicators> {
    let named: Vec<_> = query
        .measures
        .iter()
        .filter_map(|measure| Some((edition.labelled(&measure.label)?, &measure.source)))
        .collect();
    let pairs = named.iter().enumerate();
    let pairs = pairs.flat_map(|(place, one)| named[place + 1..].iter().map(move |other| (one, other)));
    pairs
        .filter(|(one, other)| overlap(**one, **other))
        .map(|(one, other)| pb::OverlappingIndicators {
            first: one.0.name.clone(),
            second: other.0.name.clone(),
        })
        .collect()
}

/// The first message of a difference, without records.
pub fn differences(
    (before, after): (&Query, &Query),
    hierarchy: &Hierarchy,
    differences: &Differences,
) -> pb::ExplainDifferenceResponse {
    let line = |(unit, line): (&Key, &Bridge)| pb::BridgeLine {
        unit: hierarchy.unit(*unit).id().name(),
        entering_value: line.entering.to_string(),
        leaving_value: line.leaving.to_string(),
        changed_value: line.changed.to_string(),
        record_count: line.records,
    };
    pb::ExplainDifferenceResponse {
        differences: Vec::new(),
        before: Some(cell(before, &differences.before)),
        after: Some(cell(after, &differences.after)),
        bridge: differences.bridge.iter().map(line).collect(),
        withheld: differences.withheld,
    }
}

/// One record that does not add the same to two figures.
pub fn difference(hierarchy: &Hierarchy, difference: &Difference) -> pb::Difference {
    let side = |side: &Option<Contribution>| side.as_ref().map(|one| contribution(hierarchy, one));
    let (before, after) = (side(&difference.before), side(&difference.after));
    let shown = after.clone().or_else(|| before.clone()).unwrap_or_default();
    pb::Difference {
        resource: shown.resource,
        before_revision: before.as_ref().map_or(0, |one| one.revision),
        after_revision: after.as_ref().map_or(0, |one| one.revision),
        before_amount: before.map(|one| one.amount),
        after_amount: after.map(|one| one.amount),
        date: shown.date,
        home_units: shown.home_units,
        partner_units: shown.partner_units,
        reference: shown.reference,
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
        counted_units: contribution
            .things
            .iter()
            .map(|thing| match thing {
                Thing::Unit(unit) => hierarchy.unit(*unit).id().name(),
                Thing::Marker(marker) => marker.name(),
            })
            .collect(),
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
