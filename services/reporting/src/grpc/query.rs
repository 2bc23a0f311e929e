//! A question for figures from the wire. Converting is validating: every fault of the request is found at once.

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    period::{Calendar, Period},
};
use banggiao_rpc::{Scope, Violations, violation::reason, wire};

use super::{group, measure};
use crate::domain::{
    Error, checked, indicator,
    measure::{Measure, Source},
    query::{self, Query, Window},
};

/// What QueryFigures asks.
///
/// # Errors
/// [`Error::Invalid`] with every fault; [`Error::Precondition`] if a unit was not alive on the hierarchy's day.
pub fn figures(directory: &Directory, request: &pb::QueryFiguresRequest) -> Result<Query, Error> {
    let mut violations = Violations::new();
    let query = parse(directory, request, &mut violations.root());
    alive(directory, checked(query, violations)?)
}

/// What ExplainFigure asks: the query of one measure, and the group of the cell with a value for each key.
///
/// # Errors
/// As [`figures`].
pub fn explanation(directory: &Directory, request: &pb::ExplainFigureRequest) -> Result<(Query, Vec<String>), Error> {
    let mut violations = Violations::new();
    let mut scope = violations.root();
    let reason = match request.indicators.len() + request.measures.len() {
        0 => Some(reason::REQUIRED_FIELD),
        1 => None,
        _ => Some(reason::INVALID_FIELD),
    };
    if let Some(reason) = reason {
        scope.add(
            reason,
            "indicators",
            "exactly one indicator or one measure must be given",
        );
    }
    let query = parse(directory, &as_query(request), &mut scope);
    let group = group::values(request, &mut scope);
    let query = alive(directory, checked(query, violations)?)?;
    Ok((query, group))
}

/// The query that holds the cell.
fn as_query(request: &pb::ExplainFigureRequest) -> pb::QueryFiguresRequest {
    let request = request.clone();
    pb::QueryFiguresRequest {
        unit: request.unit,
        indicators: request.indicators,
        measures: request.measures,
        period: request.period,
        start_date: request.start_date,
        end_date: request.end_date,
        hierarchy: request.hierarchy,
        hierarchy_date: request.hierarchy_date,
        include_unapproved: request.include_unapproved,
        narrow_events: request.narrow_events,
        narrow_agreements: request.narrow_agreements,
        min_log_index: request.min_log_index,
        min_registry_position: request.min_registry_position,
        group_by: request.group_by,
        compare: pb::Comparison::Unspecified.into(),
    }
}

fn parse(directory: &Directory, request: &pb::QueryFiguresRequest, scope: &mut Scope<'_>) -> Option<Query> {
    let root = root(directory, &request.unit, scope);
    let days = days(request, scope);
    let as_of = as_of(request, scope);
    let measures = measures(directory, request, scope);
    let narrow_events = measure::event_filter(
        directory,
        request.narrow_events.as_ref(),
        &mut scope.scope("narrow_events"),
    );
    let narrow_agreements = measure::agreement_filter(
        request.narrow_agreements.as_ref(),
        &mut scope.scope("narrow_agreements"),
    );
    wire::position(request.min_log_index, "min_log_index", scope);
    wire::position(request.min_registry_position, "min_registry_position", scope);
    let group_by = group::keys(&request.group_by, scope);
    let compares = match wire::enumeration(request.compare, "compare", scope) {
        pb::Comparison::Unspecified => false,
        pb::Comparison::PreviousYear => true,
    };
    idle_filters(request, &measures, scope);
    let (window, before, calendar) = days?;
    Some(Query {
        root: root?,
        window,
        comparison: compares.then_some(before),
        calendar,
        as_of,
        measures,
        narrow_events,
        narrow_agreements,
        group_by,
        include_unapproved: request.include_unapproved,
    })
}

/// A filter that can narrow nothing was meant for another question: its figures would look narrowed and not be.
fn idle_filters(request: &pb::QueryFiguresRequest, measures: &[Measure], scope: &mut Scope<'_>) {
    let over_agreements = |measure: &Measure| matches!(measure.source, Source::Agreements(_));
    let of_agreements = request.narrow_agreements.as_ref();
    let of_events = request.narrow_events.as_ref();
    if of_agreements.is_some_and(|filter| !filter.kinds.is_empty() || !filter.levels.is_empty())
        && !measures.is_empty()
        && !measures.iter().any(over_agreements)
    {
        scope.invalid("narrow_agreements", "narrows nothing: no measure is over agreements");
    }
    if of_events.is_some_and(|filter| !filter.event_types.is_empty() || !filter.programmes.is_empty())
        && !measures.is_empty()
        && measures.iter().all(over_agreements)
    {
        scope.invalid("narrow_events", "narrows nothing: no measure is over events");
    }
}

fn root(directory: &Directory, name: &str, scope: &mut Scope<'_>) -> Option<Key> {
    let unit = wire::required_unit(name, "unit", scope)?;
    let key = directory.hierarchy().key(&unit);
    if key.is_none() {
        scope.unknown("unit", name);
    }
    key
}

/// The days asked for, those of the year before, and the calendar of their months.
fn days(request: &pb::QueryFiguresRequest, scope: &mut Scope<'_>) -> Option<(Window, Window, Calendar)> {
    let ranged = !request.start_date.is_empty() || !request.end_date.is_empty();
    if !request.period.is_empty() {
        if ranged {
            scope.invalid(
                "period",
                "is given together with start_date or end_date; only one of the two may be",
            );
        }
        let period = Period::parse(&request.period)
            .map_err(|error| scope.invalid("period", error.to_string()))
            .ok()?;
        let before = period.previous_year();
        return Some((
            window(period.start(), period.end(), 0),
            window(before.start(), before.end(), 1),
            period.calendar(),
        ));
    }
    if !ranged {
        scope.add(
            reason::REQUIRED_FIELD,
            "period",
            "a period, or start_date and end_date, must be given",
        );
        return None;
    }
    for (field, value) in [("start_date", &request.start_date), ("end_date", &request.end_date)] {
        if value.is_empty() {
            scope.required(field);
        }
    }
    let (start, end) = wire::days(&request.start_date, &request.end_date, scope);
    let (start, end) = (start?, end?);
    let (start_before, end_before) = date::year_before(start, end);
    Some((
        window(start, end, 0),
        window(start_before, end_before, 1),
        Calendar::Civil,
    ))
}

fn window(start: Date, end: Date, years_back: i16) -> Window {
    Window { start, end, years_back }
}

fn as_of(request: &pb::QueryFiguresRequest, scope: &mut Scope<'_>) -> Option<Date> {
    match wire::enumeration(request.hierarchy, "hierarchy", scope) {
        pb::Hierarchy::AsOf => wire::required_day(&request.hierarchy_date, "hierarchy_date", scope),
        pb::Hierarchy::Unspecified | pb::Hierarchy::AtEvent => {
            if !request.hierarchy_date.is_empty() {
                scope.invalid("hierarchy_date", "goes with HIERARCHY_AS_OF only");
            }
            None
        }
    }
}

/// Indicators first, then measures, each in its order; with neither, the headline set.
fn measures(directory: &Directory, request: &pb::QueryFiguresRequest, scope: &mut Scope<'_>) -> Vec<Measure> {
    if request.indicators.is_empty() && request.measures.is_empty() {
        return indicator::headline().map(indicator::Indicator::measure).collect();
    }
    for (field, count) in [
        ("indicators", request.indicators.len()),
        ("measures", request.measures.len()),
    ] {
        wire::at_most(wire::MAX_LIST, count, field, scope);
        if count > wire::MAX_LIST {
            return Vec::new();
        }
    }
    let mut measures: Vec<Measure> = Vec::with_capacity(request.indicators.len() + request.measures.len());
    for (index, name) in request.indicators.iter().enumerate() {
        let path = format!("indicators[{index}]");
        match indicator::find(name).map(indicator::Indicator::measure) {
            Some(measure) if measures.contains(&measure) => scope.invalid(&path, format!("{name:?} is named twice")),
            Some(measure) => measures.push(measure),
            None => scope.unknown(&path, name),
        }
    }
    for (index, inline) in request.measures.iter().enumerate() {
        measures.extend(measure::measure(
            directory,
            inline,
            &mut scope.scope(&format!("measures[{index}]")),
        ));
    }
    measures
}

/// Refuses a question about the hierarchy of a day on which one of its units did not exist.
fn alive(directory: &Directory, query: Query) -> Result<Query, Error> {
    let Some(on) = query.as_of else { return Ok(query) };
    let of_measure = |measure: &Measure| match &measure.source {
        Source::Events(events) => events.filter.partner_units.clone(),
        Source::Agreements(_) => Vec::new(),
    };
    let named = query
        .measures
        .iter()
        .flat_map(of_measure)
        .chain(query.narrow_events.partner_units.iter().copied());
    for unit in std::iter::once(query.root).chain(named) {
        query::check_alive(directory.hierarchy(), unit, on)?;
    }
    Ok(query)
}
