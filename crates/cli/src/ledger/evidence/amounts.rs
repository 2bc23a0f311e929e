//! Whether the records make the figure: each counts, lies in the days asked for, fits the filter as far as it can be told from
//! the record alone, adds what it is said to add, and together they are the figure.

use super::Figure;
use banggiao_contracts::journal::v1::{Event, EventRevision, Phase, ReviewState};
use banggiao_contracts::reporting::v1::{
    Cell, Contribution, EventMeasure, EventMeasureFilter, EventSum, ExplainFigureRequest, measure::Source,
};
use banggiao_contracts::r#type::v1::Direction;
use banggiao_model::date::{self, Date};
use banggiao_model::decimal::Decimal;
use banggiao_model::period::Period;
use std::collections::{BTreeMap, BTreeSet};

/// What the group of records without a value is called.
const NONE: &str = "NONE";
/// The quantity that an event of aid has by its items.
const AID_VALUE: &str = "aid_value_vnd";

/// Records by name and revision.
pub type Records = BTreeMap<(String, i32), EventRevision>;
type Findings = Vec<(String, String)>;

/// Tells what does not fit.
pub fn check(figure: &Figure, records: &Records, findings: &mut Findings) {
    let inline = figure.request.measures.first();
    let named: Vec<&str> = figure
        .indicator
        .iter()
        .map(|indicator| indicator.name.as_str())
        .collect();
    if figure.request.indicators != named || figure.request.measures.len() + named.len() != 1 {
        findings.push((String::new(), "the figure is not the one that was asked for".to_owned()));
    }
    let measure = figure
        .indicator
        .as_ref()
        .and_then(|indicator| indicator.measure.as_ref());
    let Some(Source::Events(measure)) = measure.or(inline).and_then(|measure| measure.source.as_ref()) else {
        findings.push((String::new(), "the figure is not one over events".to_owned()));
        return;
    };
    let asked = Asked {
        request: &figure.request,
        measure,
        days: days(&figure.request),
    };
    let (mut sum, mut units, mut seen) = (Decimal::ZERO, BTreeSet::new(), BTreeSet::new());
    for contribution in &figure.response.contributions {
        let key = (contribution.resource.clone(), contribution.revision);
        let mut fault = |why: String| findings.push((contribution.resource.clone(), why));
        match records.get(&key) {
            None => fault("it counts and is not proved".to_owned()),
            Some(revision) => asked.faults(revision, contribution).into_iter().for_each(&mut fault),
        }
        if !seen.insert(key) {
            fault("it counts twice".to_owned());
        }
        match amount(&contribution.amount) {
            Ok(amount) => match sum.checked_add(amount) {
                Some(more) => sum = more,
                None => fault(too_large()),
            },
            Err(why) => fault(why),
        }
        units.extend(contribution.counted_units.iter().map(String::as_str));
    }
    for (name, _) in records.keys().filter(|key| !seen.contains(*key)) {
        findings.push((name.clone(), "it is proved and does not count".to_owned()));
    }
    let cell = figure.response.cell.clone().unwrap_or_default();
    counts(figure, &cell, findings);
    if amount(&cell.value) != Ok(sum) {
        let why = format!("the figure is {}, and its records make {sum}", cell.value);
        findings.push((String::new(), why));
    }
    if asked.counts_units() && !measure.repeated && amount(&cell.value) != Ok(Decimal::from(units.len())) {
        let why = format!(
            "the figure is {}, and its records name {} units",
            cell.value,
            units.len()
        );
        findings.push((String::new(), why));
    }
}

/// What is said of the figure besides its value.
fn counts(figure: &Figure, cell: &Cell, findings: &mut Findings) {
    let contributions = &figure.response.contributions;
    let unknown = contributions
        .iter()
        .filter(|contribution| contribution.amount.is_empty())
        .count();
    let indicator = figure
        .indicator
        .as_ref()
        .map_or("", |indicator| indicator.name.as_str());
    let as_said = [
        (
            i64::try_from(contributions.len()) == Ok(cell.record_count),
            "it has another number of records",
        ),
        (
            i64::try_from(unknown) == Ok(cell.unknown_count),
            "it has another number of records that say nothing",
        ),
        (
            indicator.is_empty() || cell.indicator == indicator,
            "it is of another indicator",
        ),
        (cell.group == figure.request.group, "it is of another group"),
        (!figure.response.withheld, "something was withheld from whoever asked"),
    ];
    let wrong = as_said.into_iter().filter(|(fits, _)| !fits);
    findings.extend(wrong.map(|(_, why)| (String::new(), format!("the figure: {why}"))));
}

fn amount(text: &str) -> Result<Decimal, String> {
    if text.is_empty() {
        return Ok(Decimal::ZERO);
    }
    banggiao_model::decimal::parse(text).map_err(|_| format!("its amount {text:?} is no number"))
}

struct Asked<'a> {
    request: &'a ExplainFigureRequest,
    measure: &'a EventMeasure,
    /// The first and the last day.
    days: Option<(Date, Date)>,
}

/// The days that were asked for, by name or by themselves.
fn days(request: &ExplainFigureRequest) -> Option<(Date, Date)> {
    let has_dates = !(request.start_date.is_empty() && request.end_date.is_empty());
    if !request.period.is_empty() && has_dates {
        return None;
    }
    if request.period.is_empty() {
        let day = |text: &str| date::parse(text).ok();
        return Some((day(&request.start_date)?, day(&request.end_date)?));
    }
    let period = Period::parse(&request.period).ok()?;
    Some((period.start(), period.end()))
}

fn is_within(day: &str, (first, last): (Date, Date)) -> bool {
    date::parse(day).is_ok_and(|day| first <= day && day <= last)
}

/// Whether a record is of a group, as far as the record tells: what stands under which unit, and in which country, is the
/// registry's knowledge.
fn is_of(event: &Event, key: &str, value: &str) -> bool {
    let one_of = |named: &[String]| match value {
        NONE => named.is_empty(),
        value => named.iter().any(|name| name == value),
    };
    match key {
        "month" | "quarter" | "half" | "year" => {
            Period::parse(value).is_ok_and(|period| is_within(&event.start_date, (period.start(), period.end())))
        }
        "event_type" => event.event_type == value,
        "programme" => one_of(&event.programmes),
        "team" => event.team == if value == NONE { "" } else { value },
        "aid_item" => match value {
            NONE => event.lines.is_empty(),
            item => event.lines.iter().any(|line| line.item == item),
        },
        "partner_unit" => one_of(&event.partner_units),
        "direction" => match event.direction() {
            Direction::Unspecified => value == NONE,
            direction => direction.as_str_name().trim_start_matches("DIRECTION_") == value,
        },
        _ => true,
    }
}

impl Asked<'_> {
    fn counts_units(&self) -> bool {
        matches!(
            self.measure.sum(),
            EventSum::HomeUnits | EventSum::PartnerUnits | EventSum::Markers
        )
    }

    fn faults(&self, revision: &EventRevision, contribution: &Contribution) -> Vec<String> {
        let Some(event) = &revision.event else {
            return vec!["it holds no event".to_owned()];
        };
        let mut faults = Vec::new();
        let mut unless = |fits: bool, why: &str| {
            if !fits {
                faults.push(why.to_owned());
            }
        };
        unless(event.phase() == Phase::Held, "it was not held");
        let approved = event.review_state() == ReviewState::Approved;
        unless(approved || self.request.include_unapproved, "it is not approved");
        let day = &event.start_date;
        unless(
            self.days.is_some_and(|days| is_within(day, days)),
            "it does not lie in the days asked for",
        );
        unless(*day == contribution.date, "it is of another day");
        let homes = [&event.home_unit].into_iter().chain(&event.co_home_units);
        let same = same_names(&contribution.home_units, homes)
            && same_names(&contribution.partner_units, event.partner_units.iter());
        unless(same, "it names other units");
        for (key, value) in &self.request.group {
            unless(is_of(event, key, value), "it is not of the group");
        }
        let narrow = self.request.narrow_events.as_ref();
        for filter in self.measure.filter.iter().chain(narrow) {
            unless(passes(event, filter), "it does not pass the filter");
        }
        unless(self.adds(event, contribution), "it does not add what it is said to");
        faults
    }

    /// Whether the record says what it is said to add. Of units it must name those that it is counted for: which of them an
    /// earlier record named already is told by the figure as a whole.
    fn adds(&self, event: &Event, contribution: &Contribution) -> bool {
        let said = &contribution.amount;
        let is = |count: Option<i64>| match count {
            None => said.is_empty(),
            Some(count) => amount(said) == Ok(Decimal::from(count)),
        };
        match self.measure.sum() {
            EventSum::Unspecified => false,
            EventSum::Events => is(Some(1)),
            EventSum::Delegations => is(event.delegations),
            EventSum::Persons => is(event.persons),
            EventSum::Quantity => match self.quantity(event) {
                None => said.is_empty(),
                Some(quantity) => amount(said).is_ok_and(|said| quantity == Ok(said)),
            },
            EventSum::HomeUnits => names(
                &contribution.counted_units,
                event.co_home_units.iter().chain([&event.home_unit]),
            ),
            EventSum::PartnerUnits => names(&contribution.counted_units, event.partner_units.iter()),
            // Which markers stand along a stretch is the registry's knowledge.
            EventSum::Markers => event.marker_from.is_empty() == said.is_empty(),
        }
    }

    /// The quantity that counts, if the event tells it: of what aid was worth only the items asked for, if any are.
    fn quantity(&self, event: &Event) -> Option<Result<Decimal, String>> {
        let quantity = &self.measure.quantity;
        let filters = self.measure.filter.iter().chain(&self.request.narrow_events);
        let mut items: Vec<&[String]> = filters.map(|filter| &*filter.aid_items).collect();
        let group = self.request.group.get("aid_item").filter(|item| *item != NONE);
        items.extend(group.map(std::slice::from_ref));
        items.retain(|items| !items.is_empty());
        if quantity != AID_VALUE || items.is_empty() {
            return event.quantities.get(quantity).map(|quantity| amount(quantity));
        }
        let lines = event.lines.iter();
        let mut lines = lines.filter(|line| items.iter().all(|items| items.contains(&line.item)));
        lines.try_fold(Ok(Decimal::ZERO), |sum, line| {
            let value = (!line.value_vnd.is_empty()).then(|| amount(&line.value_vnd))?;
            Some(sum.and_then(|sum: Decimal| sum.checked_add(value?).ok_or_else(too_large)))
        })
    }
}

fn too_large() -> String {
    "what is added up is too large to be checked".to_owned()
}

fn same_names<'a>(said: &[String], named: impl Iterator<Item = &'a String>) -> bool {
    said.iter().collect::<BTreeSet<_>>() == named.collect::<BTreeSet<_>>()
}

fn names<'a>(counted: &[String], named: impl Iterator<Item = &'a String>) -> bool {
    let named: BTreeSet<_> = named.collect();
    counted.iter().all(|unit| named.contains(unit))
}

/// As far as the record tells: where partner units lie is the registry's knowledge.
fn passes(event: &Event, filter: &EventMeasureFilter) -> bool {
    let types = &filter.event_types;
    let programmes = &filter.programmes;
    let by_type = types.is_empty() || types.contains(&event.event_type);
    let by_direction = filter.direction == 0 || filter.direction == event.direction;
    let by_programme = programmes.is_empty() || event.programmes.iter().any(|programme| programmes.contains(programme));
    let by_partner =
        (filter.partner_countries.is_empty() && filter.partner_units.is_empty()) || !event.partner_units.is_empty();
    let items = &filter.aid_items;
    let by_item = items.is_empty() || event.lines.iter().any(|line| items.contains(&line.item));
    by_type && by_direction && by_programme && by_partner && by_item
}
