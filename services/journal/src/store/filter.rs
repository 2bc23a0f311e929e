//! A list's filter and its reader's rights, as conditions for the database.

use banggiao_contracts::journal::v1::{self as pb, Phase};
use banggiao_directory::duplicate;
use banggiao_model::{
    date,
    hierarchy::{Hierarchy, Key},
    permission::{Scope, Units},
};
use banggiao_rpc::wire;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait,
    sea_query::{ExprTrait, LikeExpr},
};

use super::event::{self, Column, link};
use crate::domain::filter::Filter;

/// Both together.
pub fn listed(filter: &Filter, scope: &Scope, hierarchy: &Hierarchy) -> Condition {
    Condition::all()
        .add(readable(scope, hierarchy))
        .add(condition(filter, hierarchy))
}

/// What the database can narrow by. Units stand under others on some days only, so of a subtree the database gets
/// every unit that ever was in it; [`Filter::passes`] decides by the day.
fn condition(filter: &Filter, hierarchy: &Hierarchy) -> Condition {
    let mut all = Condition::all();
    let sides = [(link::HOME, filter.unit), (link::PARTNER, filter.partner_unit)];
    for (side, root) in sides.into_iter().filter_map(|(side, root)| Some((side, root?))) {
        all = all.add(Column::Id.in_subquery(link::linked(side, ids(hierarchy, &ever_below(hierarchy, root)))));
    }
    if filter.home_unit_not_alive {
        // Nothing is recorded before a unit begins, so only an end, or a beginning that was revoked, leaves it dead.
        let ended = |key: &Key| hierarchy.unit(*key).is_void() || hierarchy.last_day(*key).is_some();
        let ended: Vec<Key> = hierarchy.keys().filter(ended).collect();
        all = all.add(Column::Id.in_subquery(link::linked(link::HOME, ids(hierarchy, &ended))));
    }
    if let Some(programme) = &filter.programme {
        all = all.add(Column::Id.in_subquery(link::linked(link::PROGRAMME, vec![programme.clone()])));
    }
    if !filter.event_types.is_empty() {
        all = all.add(Column::EventType.is_in(&filter.event_types));
    }
    if let Some(start) = filter.start {
        all = all.add(Column::StartDate.gte(date::format(start)));
    }
    if let Some(end) = filter.end {
        all = all.add(Column::StartDate.lte(date::format(end)));
    }
    if let Some(direction) = filter.direction {
        all = all.add(Column::Direction.eq(direction));
    }
    if !filter.review_states.is_empty() {
        all = all.add(Column::ReviewState.is_in(filter.review_states.iter().copied()));
    }
    if !filter.phases.is_empty() {
        all = all.add(Column::Phase.is_in(filter.phases.iter().copied()));
    }
    if let Some((source, reference)) = &filter.reference {
        all = all
            .add(Column::Source.eq(source.as_str()))
            .add(Column::Reference.eq(reference.as_str()));
    }
    if let Some(classification) = filter.classification {
        all = all.add(Column::Classification.eq(classification));
    }
    all.add(links(filter, hierarchy))
        .add(review(filter, hierarchy))
        .add(words(filter))
}

/// Events are found by what they lead to.
fn links(filter: &Filter, hierarchy: &Hierarchy) -> Condition {
    let numbers = |numbers: &[i32]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>();
    let of_country = |country: &String| {
        let units: Vec<Key> = hierarchy
            .keys()
            .filter(|key| hierarchy.unit(*key).country() == country)
            .collect();
        ids(hierarchy, &units)
    };
    let mut all = Condition::all();
    for (side, targets) in [
        (
            link::AGREEMENT,
            filter.agreement.clone().map(|agreement| vec![agreement]),
        ),
        (link::PARTNER, filter.partner_country.as_ref().map(of_country)),
        (link::RETURNED, some(&filter.returned_for).map(numbers)),
        (link::WARNING, some(&filter.warnings).map(numbers)),
    ] {
        if let Some(targets) = targets {
            all = all.add(Column::Id.in_subquery(link::linked(side, targets)));
        }
    }
    if let Some(markers) = &filter.markers {
        all = all
            .add(Column::MarkerFrom.lte(markers.to.as_str()))
            .add(Column::MarkerTo.gte(markers.from.as_str()));
    }
    all
}

fn review(filter: &Filter, hierarchy: &Hierarchy) -> Condition {
    let mut all = Condition::all();
    if let Some(day) = filter.planned_before {
        all = all
            .add(Column::Phase.eq(i32::from(Phase::Planned)))
            .add(Column::EndDate.lt(date::format(day)));
    }
    if let Some(units) = &filter.waiting_for {
        all = all.add(Column::WaitingFor.is_in(ids(hierarchy, units)));
    }
    if let Some(micros) = filter.submitted_before {
        all = all.add(Column::SubmittedAt.lt(micros));
    }
    if let Some(reasons) = some(&filter.cancelled_for) {
        let cancelled = Column::Phase.eq(i32::from(Phase::Cancelled));
        all = all
            .add(cancelled)
            .add(Column::CancellationReason.is_in(reasons.iter().copied()));
    }
    all
}

fn words(filter: &Filter) -> Condition {
    let mut all = Condition::all();
    for word in &filter.words {
        let pattern = LikeExpr::new(format!("%{}%", escaped(word))).escape('\\');
        all = all.add(Column::SearchText.into_expr().like(pattern));
    }
    all
}

/// A word of the caller's is no pattern.
fn escaped(word: &str) -> String {
    word.chars()
        .flat_map(|character| {
            matches!(character, '%' | '_' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([character])
        })
        .collect()
}

fn some<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

/// Positions of the newest revisions of events that may be the same as this one, as far as the database can tell.
pub async fn alike(
    db: &impl ConnectionTrait,
    event: &pb::Event,
    hierarchy: &Hierarchy,
) -> Result<Vec<i64>, banggiao_store::Error> {
    let Some((first, last)) = duplicate::first_and_last_day(event) else {
        return Ok(Vec::new());
    };
    let (earliest, latest) = date::around(first, duplicate::FIRST_DAYS_APART_MAX);
    let latest = latest.min(last);
    let kin = ids(hierarchy, &duplicate::kin_of_partners(event, hierarchy));
    let (earliest, latest) = (date::format(earliest), date::format(latest));
    let near = link::of_partners_about(kin, &earliest, &latest);
    let event_type = event.event_type.trim_start_matches("eventTypes/");
    let condition = Condition::all()
        .add(Column::Id.in_subquery(near))
        .add(Column::StartDate.between(earliest, latest))
        .add(Column::EventType.eq(event_type))
        .add(Column::Direction.eq(event.direction))
        .add(Column::EndDate.gte(event.start_date.as_str()))
        .add(Column::Phase.ne(i32::from(Phase::Cancelled)))
        .add(Column::Id.ne(event.name.trim_start_matches("events/")));
    event::positions(db, condition).await
}

/// The events that name an attachment in some revision, and whose newest one a caller may read, as far as the database
/// can tell.
pub fn naming(digest: &str, scope: &Scope, hierarchy: &Hierarchy) -> Condition {
    let linked = link::linked(link::ATTACHMENT, vec![digest.to_owned()]);
    Condition::all()
        .add(readable(scope, hierarchy))
        .add(Column::Id.in_subquery(linked))
}

/// What a caller may read, as a condition: exactly what could be read one by one.
fn readable(scope: &Scope, hierarchy: &Hierarchy) -> Condition {
    let mut any = Condition::any();
    for part in scope.parts() {
        let cleared = Column::Classification.lte(wire::classification_pb(part.clearance) as i32);
        any = any.add(match &part.units {
            Units::All => Condition::all().add(cleared),
            Units::Set(keys) => {
                let homes = link::linked(link::HOME, ids(hierarchy, keys));
                Condition::all().add(cleared).add(Column::Id.in_subquery(homes))
            }
        });
    }
    any
}

fn ids(hierarchy: &Hierarchy, keys: &[Key]) -> Vec<String> {
    keys.iter().map(|key| hierarchy.unit(*key).id().to_string()).collect()
}

/// The units that were in the subtree on any day, or whose records may be placed there.
fn ever_below(hierarchy: &Hierarchy, root: Key) -> Vec<Key> {
    let mut inside = vec![false; hierarchy.len()];
    inside[root.index()] = true;
    loop {
        let found: Vec<Key> = hierarchy
            .keys()
            .filter(|key| !inside[key.index()])
            .filter(|key| {
                let unit = hierarchy.unit(*key);
                let versions = unit.versions().iter().filter_map(|version| version.parent);
                // What was recorded at a unit that never was is placed at the parent that it was recorded with.
                let mut parents = versions.chain(unit.first_parent());
                let mut kin = hierarchy.successors(*key).iter().chain(hierarchy.predecessors(*key));
                parents.any(|parent| inside[parent.index()]) || kin.any(|other| inside[other.index()])
            })
            .collect();
        if found.is_empty() {
            return hierarchy.keys().filter(|key| inside[key.index()]).collect();
        }
        for key in found {
            inside[key.index()] = true;
        }
    }
}
