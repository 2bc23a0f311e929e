//! Targets: what programmes want a figure to be.

use std::collections::HashMap;

use banggiao_directory::Directory;
use banggiao_model::{decimal, name};

use super::Cell;
use crate::domain::{
    amount::Amount,
    measure::{AgreementFilter, EventFilter},
    query::{GroupKey, Query},
};

/// Gives each cell the sum of what the programmes asked about, or all programmes, want it to be: of its indicator, at the
/// unit asked for or its child, in the period asked for. Divided by anything else, or narrowed, a figure has none.
pub fn aim<'a>(directory: &Directory, query: &Query, cells: impl Iterator<Item = &'a mut Cell>) {
    let Some(period) = query.period.as_deref().filter(|_| !directory.targets().is_empty()) else {
        return;
    };
    if narrowed(query) {
        return;
    }
    let mut wanted: HashMap<(&str, &str), Amount> = HashMap::new();
    for ((programme, indicator, unit, of), target) in directory.targets() {
        let asked = of == period && under(query, programme);
        if let Some(value) = decimal::parse(&target.value).ok().filter(|_| asked)
            && let Some(value) = Amount::from_decimal(value)
        {
            let sum = wanted.entry((indicator, unit)).or_default();
            *sum = sum.checked_add(value).unwrap_or(*sum);
        }
    }
    let root = directory.hierarchy().unit(query.root).id().name();
    for cell in cells {
        let unit = match (query.group_by.as_slice(), &*cell.group) {
            (_, []) => &root,
            // What hangs on the unit itself is not all of the unit.
            ([GroupKey::ChildUnit], [child]) if *child != root => child,
            _ => continue,
        };
        let label = query.measures[cell.measure].label.as_str();
        cell.target = wanted.get(&(label, unit.as_str())).copied();
    }
}

/// Whether the question counts less than the indicator does, or what is not approved: a target is of neither. Narrowed by
/// programmes, it is that of those programmes.
fn narrowed(query: &Query) -> bool {
    let of_programmes = EventFilter {
        programmes: query.narrow_events.programmes.clone(),
        ..EventFilter::default()
    };
    query.include_unapproved
        || query.narrow_events != of_programmes
        || query.narrow_agreements != AgreementFilter::default()
}

/// Whether a programme is among those asked about.
fn under(query: &Query, programme: &str) -> bool {
    let asked = &query.narrow_events.programmes;
    asked.is_empty() || asked.iter().any(|id| name::name("programmes", id) == programme)
}
