//! Units, reorganisations and corrections, from the wire.

use std::sync::Arc;

use banggiao_contracts::{registry::v1 as pb, r#type::v1::GeoPoint};
use banggiao_model::{
    date::Date,
    hierarchy::{Act, Correction, Reorganization, UnitSeed},
    level::Level,
    name::UnitId,
};
use banggiao_rpc::{
    violation::Scope,
    wire::{self, MAX_NAME, at_most},
};

use super::{country, geo_point};
use crate::record::{Details, Kinds};

/// Lists that people keep by hand have at most so many entries.
const MANY: usize = 50;

/// A kind of units, by its code.
fn kind(code: &str, kinds: &Kinds, field: &str, scope: &mut Scope<'_>) -> Option<(Arc<str>, Level)> {
    let kind = kinds.level(code);
    if kind.is_none() {
        scope.invalid(field, format!("{code:?} is no kind of unit"));
    }
    kind
}

/// A unit as it began, under the id given.
pub fn unit_seed(id: Option<UnitId>, unit: &pb::Unit, kinds: &Kinds, scope: &mut Scope<'_>) -> Option<UnitSeed> {
    if unit.start_date.is_empty() {
        scope.required("start_date");
    }
    let (start, end) = wire::days(&unit.start_date, &unit.end_date, scope);
    beginning(id, unit, kinds, scope, (start, end))
}

/// A unit that begins between two days, whatever its own dates say.
fn beginning(
    id: Option<UnitId>,
    unit: &pb::Unit,
    kinds: &Kinds,
    scope: &mut Scope<'_>,
    (start, end): (Option<Date>, Option<Date>),
) -> Option<UnitSeed> {
    country(&unit.country, "country", scope);
    let kind = kind(&unit.kind, kinds, "kind", scope);
    let parent = wire::unit(&unit.parent, "parent", scope);
    let names = wire::names(&unit.names, "names", scope);
    let (kind, level) = kind?;
    Some(UnitSeed {
        id: id?,
        country: unit.country.as_str().into(),
        kind,
        level,
        parent,
        names: Arc::new(names),
        start: start?,
        end,
    })
}

/// What is true of a unit whatever the day.
pub fn details_of_unit(unit: &pb::Unit, scope: &mut Scope<'_>) -> Details {
    details(
        (&unit.aliases, &unit.locality, &unit.contacts, unit.point.as_ref()),
        scope,
    )
}

fn details(
    (aliases, locality, contacts, point): (&[String], &str, &[pb::Contact], Option<&GeoPoint>),
    scope: &mut Scope<'_>,
) -> Details {
    at_most(MANY, aliases.len(), "aliases", scope);
    for (index, alias) in aliases.iter().enumerate() {
        let field = format!("aliases[{index}]");
        if alias.is_empty() {
            scope.required(&field);
        }
        wire::line(alias, MAX_NAME, &field, scope);
    }
    at_most(MANY, contacts.len(), "contacts", scope);
    for (index, contact) in contacts.iter().enumerate() {
        let mut scope = scope.scope(&format!("contacts[{index}]"));
        if contact.office.is_empty() {
            scope.required("office");
        }
        wire::line(&contact.office, MAX_NAME, "office", &mut scope);
        wire::line(&contact.person_name, MAX_NAME, "person_name", &mut scope);
        wire::line(&contact.phone, MAX_NAME, "phone", &mut scope);
        wire::days(&contact.start_date, &contact.end_date, &mut scope);
    }
    geo_point(point, "point", scope);
    Details {
        aliases: aliases.to_vec(),
        locality: wire::line(locality, MAX_NAME, "locality", scope),
        contacts: contacts.to_vec(),
        point: point.copied(),
    }
}

/// A correction of a unit: what its history should have said, if that is corrected, and what is true of it from now on.
pub fn correction(
    text: &pb::UnitCorrection,
    kinds: &Kinds,
    scope: &mut Scope<'_>,
) -> Option<(UnitId, Option<Correction>, Details)> {
    let unit = wire::required_unit(&text.unit, "unit", scope);
    let from = wire::day(&text.version_start_date, "version_start_date", scope);
    let names = (!text.names.is_empty()).then(|| Arc::new(wire::names(&text.names, "names", scope)));
    let kind = if text.kind.is_empty() {
        None
    } else {
        kind(&text.kind, kinds, "kind", scope)
    };
    if from.is_none() && (names.is_some() || kind.is_some()) {
        scope.required("version_start_date");
    }
    let details = details(
        (&text.aliases, &text.locality, &text.contacts, text.point.as_ref()),
        scope,
    );
    let unit = unit?;
    let corrected = from
        .filter(|_| names.is_some() || kind.is_some())
        .map(|from| Correction {
            unit: unit.clone(),
            from,
            names,
            kind,
        });
    Some((unit, corrected, details))
}

/// Acts with their effective date, under the id given.
pub fn reorganization(
    id: &str,
    text: &pb::Reorganization,
    kinds: &Kinds,
    scope: &mut Scope<'_>,
) -> Option<Reorganization> {
    let effective = wire::required_day(&text.effective_date, "effective_date", scope);
    wire::day(&text.legal_date, "legal_date", scope);
    wire::line(&text.legal_basis, MAX_NAME, "legal_basis", scope);
    wire::line(&text.note, wire::MAX_TEXT, "note", scope);
    if text.acts.is_empty() {
        scope.required("acts");
    }
    let mut acts = Vec::with_capacity(text.acts.len());
    for (index, act) in text.acts.iter().enumerate() {
        let mut scope = scope.scope(&format!("acts[{index}]"));
        acts.extend(self::act(act, effective, kinds, &mut scope));
    }
    Some(Reorganization {
        id: id.to_owned(),
        effective: effective?,
        acts,
    })
}

fn act(act: &pb::ReorganizationAct, effective: Option<Date>, kinds: &Kinds, scope: &mut Scope<'_>) -> Option<Act> {
    use pb::reorganization_act::Act as Text;
    match &act.act {
        Some(Text::Merge(merge)) => {
            let sources = wire::units(&merge.sources, "sources", scope);
            let moves = moves(&merge.moves, scope);
            let target = wire::required_unit(&merge.target, "target", scope)?;
            Some(Act::Merge { sources, target, moves })
        }
        Some(Text::Split(split)) => {
            let targets = wire::units(&split.targets, "targets", scope);
            let moves = moves(&split.moves, scope);
            let source = wire::required_unit(&split.source, "source", scope)?;
            Some(Act::Split { source, targets, moves })
        }
        Some(Text::Establish(establish)) => self::establish(establish, effective, kinds, scope),
        Some(Text::Rename(rename)) => {
            let names = Arc::new(wire::names(&rename.names, "names", scope));
            let unit = wire::required_unit(&rename.unit, "unit", scope)?;
            Some(Act::Rename { unit, names })
        }
        Some(Text::ChangeKind(change)) => {
            let kind = kind(&change.kind, kinds, "kind", scope);
            let unit = wire::required_unit(&change.unit, "unit", scope)?;
            let (kind, level) = kind?;
            Some(Act::ChangeKind { unit, kind, level })
        }
        Some(Text::Move(text)) => {
            let parent = wire::unit(&text.parent, "parent", scope);
            let unit = wire::required_unit(&text.unit, "unit", scope)?;
            Some(Act::Move { unit, parent })
        }
        Some(Text::Dissolve(dissolve)) => {
            let moves = moves(&dissolve.moves, scope);
            let unit = wire::required_unit(&dissolve.unit, "unit", scope)?;
            Some(Act::Dissolve { unit, moves })
        }
        None => {
            scope.required("");
            None
        }
    }
}

fn establish(text: &pb::Establish, effective: Option<Date>, kinds: &Kinds, scope: &mut Scope<'_>) -> Option<Act> {
    let id = UnitId::parse(&text.unit_id);
    match &id {
        Err(_) if text.unit_id.is_empty() => scope.required("unit_id"),
        Err(error) => scope.invalid("unit_id", error.to_string()),
        Ok(_) => {}
    }
    let Some(unit) = &text.unit else {
        scope.required("unit");
        return None;
    };
    let mut scope = scope.scope("unit");
    for (field, date) in [("start_date", &unit.start_date), ("end_date", &unit.end_date)] {
        if !date.is_empty() {
            scope.invalid(field, "is that of the reorganisation, and is left out here");
        }
    }
    details_of_unit(unit, &mut scope);
    beginning(id.ok(), unit, kinds, &mut scope, (effective, None)).map(Act::Establish)
}

/// The unit that an act establishes, if that is what it does.
#[must_use]
pub fn established(act: &pb::ReorganizationAct) -> Option<&pb::Unit> {
    match &act.act {
        Some(pb::reorganization_act::Act::Establish(text)) => text.unit.as_ref(),
        _ => None,
    }
}

fn moves(moves: &[pb::UnitMove], scope: &mut Scope<'_>) -> Vec<(UnitId, UnitId)> {
    let mut pairs = Vec::with_capacity(moves.len());
    for (index, one) in moves.iter().enumerate() {
        let mut scope = scope.scope(&format!("moves[{index}]"));
        let unit = wire::required_unit(&one.unit, "unit", &mut scope);
        let parent = wire::required_unit(&one.parent, "parent", &mut scope);
        pairs.extend(unit.zip(parent));
    }
    pairs
}
