//! A question for figures from the wire. Converting is validating: every fault of the request is found at once.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{
    date::{self, Date},
    hierarchy::Key,
    period::Calendar,
};
use banggiao_rpc::{Scope, Violations, violation::reason, wire};

use super::group;
use crate::domain::{
    Error, calendar, checked,
    definition::Edition,
    indicator,
    measure::{self, Measure, Source, wire::Known},
    query::{self, GroupKey, Query, Window},
};

/// What QueryFigures asks.
///
/// # Errors
/// [`Error::Invalid`] with every fault; [`Error::Precondition`] if a unit was not alive on the hierarchy's day.
pub fn figures(known: Known<'_>, request: &pb::QueryFiguresRequest) -> Result<Query, Error> {
    let mut violations = Violations::new();
    let query = parse(known, request, &mut violations.root());
    alive(known.directory, checked(query, violations)?)
}

/// What ExplainFigure asks: the query of one measure, and the group of the cell with a value for each key.
///
/// # Errors
/// As [`figures`].
pub fn explanation(known: Known<'_>, request: &pb::ExplainFigureRequest) -> Result<(Query, Vec<String>), Error> {
    let mut violations = Violations::new();
    let explained = explained(known, request, &mut violations.root());
    let (query, group) = checked(explained, violations)?;
    Ok((alive(known.directory, query)?, group))
}

/// What ExplainDifference asks: two such figures, each with what is known on its side.
///
/// # Errors
/// As [`figures`].
pub fn difference(
    known: [Known<'_>; 2],
    request: &pb::ExplainDifferenceRequest,
) -> Result<[(Query, Vec<String>); 2], Error> {
    let mut violations = Violations::new();
    let mut side = |field: &str, known: Known<'_>, given: &Option<pb::ExplainFigureRequest>| match given {
        Some(given) => explained(known, given, &mut violations.scope(field)),
        None => {
            violations.root().required(field);
            None
        }
    };
    let before = side("before", known[0], &request.before);
    let after = side("after", known[1], &request.after);
    let (before, after) = checked(before.zip(after), violations)?;
    let counts = |(query, _): &(Query, Vec<String>)| query.measures.first().and_then(|one| one.source.counts());
    if counts(&before) != counts(&after) {
        let mut violations = Violations::new();
        violations
            .root()
            .invalid("after", "counts another kind of thing than the figure before");
        return Err(Error::Invalid(violations));
    }
    Ok([
        (alive(known[0].directory, before.0)?, before.1),
        (alive(known[1].directory, after.0)?, after.1),
    ])
}

fn explained(
    known: Known<'_>,
    request: &pb::ExplainFigureRequest,
    scope: &mut Scope<'_>,
) -> Option<(Query, Vec<String>)> {
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
    let query = parse(known, &as_query(request), scope);
    let group = group::values(request, scope);
    Some((query?, group))
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
        known_log_index: request.known_log_index,
        known_registry_position: request.known_registry_position,
        find_duplicates: false,
    }
}

/// Reads a query; nothing if something is wrong with it.
pub fn parse(known: Known<'_>, request: &pb::QueryFiguresRequest, scope: &mut Scope<'_>) -> Option<Query> {
    let directory = known.directory;
    let root = root(directory, &request.unit, scope);
    let days = days(known.edition, request, scope);
    let as_of = as_of(request, scope);
    let (measures, mut uses) = measures(known, request, scope);
    let narrow_events = measure::wire::event_filter(
        directory,
        request.narrow_events.as_ref(),
        &mut scope.scope("narrow_events"),
    );
    let narrow_agreements = measure::wire::agreement_filter(
        request.narrow_agreements.as_ref(),
        &mut scope.scope("narrow_agreements"),
    );
    wire::position(request.min_log_index, "min_log_index", scope);
    wire::position(request.min_registry_position, "min_registry_position", scope);
    let group_by = group::keys(&request.group_by, scope);
    wire::position(request.known_log_index, "known_log_index", scope);
    wire::position(request.known_registry_position, "known_registry_position", scope);
    if request.known_log_index == 0 && request.known_registry_position != 0 {
        scope.invalid("known_registry_position", "goes with known_log_index only");
    }
    let compare = wire::enumeration(request.compare, "compare", scope);
    idle_filters(request, &measures, scope);
    let days = days?;
    let comparison = comparison(compare, &days, &group_by, scope);
    if days.period.is_some() {
        uses.extend(days.uses);
    }
    let (start, end) = days.own;
    Some(Query {
        root: root?,
        window: window((start, end), 0),
        period: days.period,
        comparison: comparison?,
        calendar: days.calendar,
        seasons: calendar::seasons(known.edition),
        as_of,
        measures,
        narrow_events,
        narrow_agreements,
        group_by,
        include_unapproved: request.include_unapproved,
        uses,
    })
}

/// The days compared with, if any are; nothing if there are none to compare with.
#[allow(clippy::option_option, reason = "absent if faulty, as every parsed value")]
fn comparison(
    compare: pb::Comparison,
    days: &Days,
    group_by: &[GroupKey],
    scope: &mut Scope<'_>,
) -> Option<Option<Window>> {
    match compare {
        pb::Comparison::Unspecified => Some(None),
        pb::Comparison::PreviousYear => Some(Some(window(days.year_before, 12))),
        pb::Comparison::PreviousPeriod => {
            let Some((previous, months)) = days.previous else {
                scope.invalid("compare", "there is no period before this one");
                return None;
            };
            let by_time = group_by.iter().any(|key| {
                matches!(
                    key,
                    GroupKey::Month | GroupKey::Quarter | GroupKey::Half | GroupKey::Year | GroupKey::Campaign
                )
            });
            if by_time && months.is_none() {
                scope.invalid(
                    "compare",
                    "divided by time, this period cannot stand beside the one before: they are not of the same months",
                );
                return None;
            }
            Some(Some(window(previous, months.unwrap_or_default())))
        }
    }
}

/// A filter that can narrow nothing was meant for another question: its figures would look narrowed and not be.
fn idle_filters(request: &pb::QueryFiguresRequest, measures: &[Measure], scope: &mut Scope<'_>) {
    let over_agreements = |measure: &Measure| {
        let mut parts = measure.source.parts().iter();
        parts.all(|part| matches!(part, Source::Agreements(_)))
    };
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

/// The days asked for, and what they can be compared with.
struct Days {
    own: calendar::Days,
    period: Option<String>,
    calendar: Calendar,
    year_before: calendar::Days,
    previous: Option<(calendar::Days, Option<u16>)>,
    uses: Option<(String, i32)>,
}

fn days(edition: Edition<'_>, request: &pb::QueryFiguresRequest, scope: &mut Scope<'_>) -> Option<Days> {
    let ranged = !request.start_date.is_empty() || !request.end_date.is_empty();
    if !request.period.is_empty() {
        if ranged {
            scope.invalid(
                "period",
                "is given together with start_date or end_date; only one of the two may be",
            );
        }
        let span = calendar::find(edition, &request.period)
            .map_err(|why| scope.invalid("period", why))
            .ok()?;
        return Some(Days {
            own: span.days,
            calendar: span.months_of,
            year_before: span.year_before,
            previous: span.previous,
            uses: (span.revision > 0).then(|| (span.name.clone(), span.revision)),
            period: Some(span.name),
        });
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
    Some(Days {
        own: (start, end),
        period: None,
        calendar: Calendar::Civil,
        year_before: date::year_before(start, end),
        previous: Some((date::days_before(start, end), None)),
        uses: None,
    })
}

fn window((start, end): calendar::Days, months_back: u16) -> Window {
    Window {
        start,
        end,
        months_back,
    }
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

/// Indicators first, then measures, each in its order; with neither, the headline set. With the revisions of the
/// indicators that they are made of.
fn measures(
    known: Known<'_>,
    request: &pb::QueryFiguresRequest,
    scope: &mut Scope<'_>,
) -> (Vec<Measure>, BTreeMap<String, i32>) {
    for (field, count) in [
        ("indicators", request.indicators.len()),
        ("measures", request.measures.len()),
    ] {
        wire::at_most(wire::MAX_LIST, count, field, scope);
        if count > wire::MAX_LIST {
            return Default::default();
        }
    }
    let headline = if request.indicators.is_empty() && request.measures.is_empty() {
        indicator::headline().unwrap_or_default()
    } else {
        Vec::new()
    };
    let (mut measures, mut uses): (Vec<Measure>, BTreeMap<String, i32>) = Default::default();
    for (index, name) in headline.iter().chain(&request.indicators).enumerate() {
        let path = format!("indicators[{index}]");
        match known.edition.indicator(name) {
            Some(indicator) if measures.iter().any(|measure| measure.label == indicator.name) => {
                scope.invalid(&path, format!("{name:?} is named twice"));
            }
            Some(indicator) => {
                measures.extend(measure::wire::indicator(known, indicator, &mut scope.scope(&path)));
                uses.insert(indicator.name.clone(), indicator.revision);
                uses.extend(measure::wire::parts_of(known.edition, indicator.measure.as_ref()));
            }
            None => scope.unknown(&path, name),
        }
    }
    for (index, inline) in request.measures.iter().enumerate() {
        let path = format!("measures[{index}]");
        measures.extend(measure::wire::measure(known, inline, &mut scope.scope(&path)));
        uses.extend(measure::wire::parts_of(known.edition, Some(inline)));
    }
    (measures, uses)
}

/// Refuses a question about the hierarchy of a day on which one of its units did not exist.
fn alive(directory: &Directory, query: Query) -> Result<Query, Error> {
    let Some(on) = query.as_of else { return Ok(query) };
    let of_source = |source: &Source| match source {
        Source::Events(events) => events.filter.partner_units.clone(),
        Source::Agreements(_) | Source::Sum(_) => Vec::new(),
    };
    let named = query
        .measures
        .iter()
        .flat_map(|measure| measure.source.parts())
        .flat_map(of_source)
        .chain(query.narrow_events.partner_units.iter().copied());
    for unit in std::iter::once(query.root).chain(named) {
        query::check_alive(directory.hierarchy(), unit, on)?;
    }
    Ok(query)
}
