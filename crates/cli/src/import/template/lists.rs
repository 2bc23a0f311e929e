//! What may be chosen in the form: asked of the server, and written as `Tân Biên (tanbien)`.
//!
//! It owns the texts that are picked. That they are understood again is the business of [`crate::names::picked`].

mod ask;

use super::columns::{self, Choice};
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::names;
use banggiao_contracts::journal::v1::EventType;
use banggiao_contracts::registry::v1 as pb;
use banggiao_workbook::List;
use std::collections::BTreeMap;

/// The longest name in a text to be picked: the id behind it must stay in sight.
const NAME_CHARS_MAX: usize = 70;

/// Everything that may be chosen, and the quantities that types have.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) lists: Vec<List>,
    /// Type, key, unit of measure, name.
    pub(super) quantities: Vec<Vec<String>>,
}

/// Asks for all lists; the units are those of today.
pub(super) async fn fetch(session: &Session, unit: Option<&str>) -> Result<Catalogue, Error> {
    let lang = session.lang;
    let types = ask::event_types(session).await?;
    let (home, partners) = ask::units(session, unit).await?;
    let of_kinds = |units: &[pb::Unit], kinds: &[&str]| -> Vec<pb::Unit> {
        let units = units.iter().filter(|unit| kinds.contains(&unit.kind.as_str()));
        units.cloned().collect()
    };
    let everybody = [&home[..], &partners[..]].concat();
    let teams = of_kinds(&home, &["SEARCH_TEAM"]);
    let organisers = of_kinds(&everybody, &["CONSULATE", "ASSOCIATION"]);
    let page = |name: &str, en: &str, vi: &str, entries| list(name, lang.pick(en, vi), lang, entries);
    let lists = vec![
        page(
            "types",
            "Types",
            "Loại sự kiện",
            types.iter().map(|kind| type_entry(kind, lang)).collect(),
        ),
        page("home_units", "Home units", "Đơn vị", unit_entries(&home, lang)),
        page(
            "partner_units",
            "Partner units",
            "Đơn vị bạn",
            unit_entries(&partners, lang),
        ),
        page(
            "programmes",
            "Programmes",
            "Nghị quyết, đề án",
            ask::programmes(session).await?,
        ),
        page(
            "agreements",
            "Agreements",
            "Thỏa thuận",
            ask::agreements(session, unit).await?,
        ),
        page("markers", "Markers", "Mốc giới", ask::markers(session).await?),
        page("teams", "Search teams", "Đội quy tập", unit_entries(&teams, lang)),
        page(
            "organisers",
            "Organisers",
            "Cơ quan tổ chức",
            unit_entries(&organisers, lang),
        ),
        fixed("directions", &columns::DIRECTIONS, lang),
        fixed("states", &columns::STATES, lang),
        fixed("levels", &columns::LEVELS, lang),
        fixed("classifications", &columns::CLASSIFICATIONS, lang),
    ];
    Ok(Catalogue {
        // A page without anything to choose would only puzzle.
        lists: lists.into_iter().filter(|list| !list.entries.is_empty()).collect(),
        quantities: types.iter().flat_map(|kind| quantities(kind, lang)).collect(),
    })
}

/// A list with the id, the whole name and more beside each element.
fn list(name: &str, title: &str, lang: Lang, entries: Vec<Vec<String>>) -> List {
    let headings = lang.pick(
        ["To choose", "Id", "Name", "More"],
        ["Để chọn", "Mã", "Tên", "Thông tin thêm"],
    );
    List {
        name: name.to_owned(),
        title: title.to_owned(),
        headings: headings.map(str::to_owned).to_vec(),
        entries,
    }
}

fn fixed(name: &str, choices: &[Choice], lang: Lang) -> List {
    let entries = choices
        .iter()
        .map(|(word, vi, en)| vec![picked(lang.pick(en, vi), word)]);
    List {
        name: name.to_owned(),
        title: name.to_owned(),
        headings: Vec::new(),
        entries: entries.collect(),
    }
}

/// `Tân Biên (tanbien)`. The separator of lists must not stand in it.
fn picked(name: &str, id: &str) -> String {
    let name = name.replace(';', ",");
    let mut short: String = name.chars().take(NAME_CHARS_MAX).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    format!("{} ({id})", short.trim())
}

/// The text of a language, else the Vietnamese one, which is never missing.
fn text(texts: &BTreeMap<String, String>, lang: Lang) -> &str {
    let text = texts.get(lang.key()).or_else(|| texts.get(Lang::Vi.key()));
    text.map_or("", String::as_str)
}

fn type_entry(kind: &EventType, lang: Lang) -> Vec<String> {
    let name = text(&kind.names, lang);
    vec![
        picked(name, &kind.code),
        kind.code.clone(),
        name.to_owned(),
        kind.group.clone(),
    ]
}

fn quantities(kind: &EventType, lang: Lang) -> Vec<Vec<String>> {
    let rows = kind.quantities.iter().map(|quantity| {
        vec![
            text(&kind.names, lang).to_owned(),
            quantity.key.clone(),
            quantity.unit.clone(),
            text(&quantity.names, lang).to_owned(),
        ]
    });
    rows.collect()
}

fn unit_entries(units: &[pb::Unit], lang: Lang) -> Vec<Vec<String>> {
    let entry = |unit: &pb::Unit| {
        let (id, name) = (names::short(&unit.name), text(&unit.names, lang).to_owned());
        vec![picked(&name, &id), id, name, names::short(&unit.parent)]
    };
    units.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_picked_can_be_read_again() {
        assert_eq!(picked("Tân Biên", "tanbien"), "Tân Biên (tanbien)");
        let text = picked(&"Ban CHQS (huyện); ".repeat(20), "tanbien");
        assert!(!text.contains(';') && text.chars().count() < 90, "{text}");
        assert_eq!(names::unit(&text).unwrap(), "units/tanbien");
        for (word, ..) in columns::STATES {
            assert_eq!(names::picked(&picked("Trạng thái", word)), word);
        }
    }
}
