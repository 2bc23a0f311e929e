//! The catalogue of event types as a table: what events of each type need, and what they may carry.
//!
//! It owns what "may carry" means: every part that the type neither needs nor forbids.

use super::words;
use crate::connection::Connection;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::listing::{self, PageArgs};
use crate::output::Output;
use crate::table::{Cell, Column, Table};
use crate::{dynamic, names, nouns};
use banggiao_contracts::journal::v1 as pb;
use pb::EventPart;

/// The parts of an event, in the order in which they are asked for and shown.
pub(super) const PARTS: [EventPart; 17] = [
    EventPart::Direction,
    EventPart::PartnerUnits,
    EventPart::Delegations,
    EventPart::Persons,
    EventPart::HeadOfDelegation,
    EventPart::Participants,
    EventPart::Markers,
    EventPart::Place,
    EventPart::Area,
    EventPart::Team,
    EventPart::Campaign,
    EventPart::Lines,
    EventPart::Edition,
    EventPart::Organiser,
    EventPart::Programmes,
    EventPart::Agreement,
    EventPart::Summary,
];

/// The parts that events of every shipped type may have; a table names only what tells types apart.
const COMMON: [EventPart; 7] = [
    EventPart::PartnerUnits,
    EventPart::Persons,
    EventPart::HeadOfDelegation,
    EventPart::Place,
    EventPart::Programmes,
    EventPart::Agreement,
    EventPart::Summary,
];

/// The parts that events of a type may have without needing them.
pub(super) fn may_have(kind: &pb::EventType) -> Vec<EventPart> {
    let named = |parts: &[i32], part: EventPart| parts.contains(&i32::from(part));
    let free = |part: &EventPart| !named(&kind.needs, *part) && !named(&kind.forbids, *part);
    PARTS.into_iter().filter(free).collect()
}

/// All event types.
pub(super) async fn all(connection: &Connection) -> Result<Vec<pb::EventType>, Error> {
    let request = pb::ListEventTypesRequest {
        page_size: 1_000,
        ..pb::ListEventTypesRequest::default()
    };
    let response: pb::ListEventTypesResponse = dynamic::ask(connection, nouns::EVENT_TYPE.list, &request).await?;
    Ok(response.event_types)
}

/// Lists the catalogue and prints it.
pub(super) async fn list(session: &Session, page: &PageArgs) -> Result<(), Error> {
    let request = pb::ListEventTypesRequest::default();
    if session.output == Output::Json {
        return listing::list(session, &nouns::EVENT_TYPE, &request, page).await;
    }
    let response: pb::ListEventTypesResponse = listing::typed(session, nouns::EVENT_TYPE.list, &request, page).await?;
    listing::print_table(session, table(session.output, session.lang, &response.event_types))
}

fn table(form: Output, lang: Lang, kinds: &[pb::EventType]) -> Table {
    let column = |key: &str, en: &str, vi: &str, detail: u8| Column::new(key, lang.pick(en, vi)).detail(detail);
    let mut table = Table::new(vec![
        column("name", "Id", "Mã", 0),
        column("names", "Name", "Tên", 0),
        column("group", "Group", "Nhóm", 5),
        column("needs", "Needs", "Phải có", 2),
        column("may_have", "May have", "Có thể có", 1),
        column("quantities", "Quantities", "Số lượng", 1),
        column("revision", "Revision", "Lần sửa", 6),
        column("discontinued", "Discontinued", "Ngừng dùng", 3),
    ]);
    for kind in kinds {
        let needs = pb::EventType::needs(kind).collect::<Vec<_>>();
        let mut may_have = may_have(kind);
        if form == Output::Table {
            may_have.retain(|part| !COMMON.contains(part));
        }
        let quantities = kind.quantities.iter().map(|quantity| match quantity.unit.as_str() {
            "1" | "" => quantity.key.clone(),
            unit => format!("{} ({unit})", quantity.key),
        });
        table.push(vec![
            Cell::text(names::short(&kind.name)),
            Cell::text(name(&kind.names, lang)),
            Cell::text(kind.group.clone()),
            Cell::text(parts(form, lang, &needs)),
            Cell::text(parts(form, lang, &may_have)),
            Cell::text(quantities.collect::<Vec<_>>().join("; ")),
            Cell::number(kind.revision),
            Cell::Flag(kind.discontinued),
        ]);
    }
    if form == Output::Table && !kinds.is_empty() {
        let common: Vec<_> = COMMON.iter().map(|part| words::part(*part, lang)).collect();
        let common = common.join(", ");
        table.push_remark(crate::table::wrapped(
            &lang.pick(
                format!("Unless a type forbids them, all may have: {common}"),
                format!("Trừ khi loại không cho phép, mọi loại đều có thể có: {common}"),
            ),
            crate::output::width(),
        ));
    }
    table
}

/// Parts in words for people, and by the names that flags take for machines.
fn parts(form: Output, lang: Lang, parts: &[EventPart]) -> String {
    let words = parts.iter().map(|part| match form {
        Output::Csv => part.as_str_name().trim_start_matches("EVENT_PART_").to_owned(),
        _ => words::part(*part, lang),
    });
    words.collect::<Vec<_>>().join("; ")
}

/// A name in the language asked for, else in Vietnamese, which every type has.
pub(super) fn name(names: &std::collections::BTreeMap<String, String>, lang: Lang) -> String {
    let name = names.get(lang.key()).or_else(|| names.get("vi"));
    name.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_needed_nor_forbidden_may_be_there() {
        let parts = |parts: &[EventPart]| parts.iter().map(|part| i32::from(*part)).collect();
        let kind = pb::EventType {
            name: "eventTypes/visit".into(),
            names: [("vi".into(), "Đoàn".into())].into(),
            needs: parts(&[EventPart::Direction]),
            forbids: parts(&PARTS[4..]),
            ..pb::EventType::default()
        };
        assert_eq!(
            may_have(&kind),
            [EventPart::PartnerUnits, EventPart::Delegations, EventPart::Persons]
        );
        let csv = table(Output::Csv, Lang::Vi, std::slice::from_ref(&kind)).csv().unwrap();
        assert!(
            csv.ends_with("visit,Đoàn,,DIRECTION,PARTNER_UNITS; DELEGATIONS; PERSONS,,0,false\n"),
            "{csv}"
        );
        let shown = table(Output::Table, Lang::Vi, &[kind]).render(Lang::Vi, None);
        assert!(shown.contains("Chiều") && shown.contains("Số đoàn"), "{shown}");
    }
}
