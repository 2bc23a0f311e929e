//! Finding units while their names are typed.
//!
//! It owns what a suggestion looks like. What a word finds is the registry's word; here it is only narrowed to the units
//! that were alive on the day.

use super::question::{Both, Desk};
use crate::error::Error;
use crate::globals::Session;
use crate::journal::catalogue;
use crate::listing::{self, PageArgs};
use crate::{dynamic, names};
use banggiao_contracts::registry::v1 as pb;
use inquire::Autocomplete;
use inquire::autocompletion::Replacement;
use inquire::error::CustomUserError;
use inquire::validator::Validation;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fewer letters than this find too much to be looked through.
const LETTERS_MIN: usize = 2;
/// The most that a search is asked for; what is not alive on the day goes out of it.
const FOUND_MAX: i32 = 50;
/// What stands between the id of a suggestion and the names.
const BEHIND_ID: &str = " · ";

/// The units that were alive on one day.
#[derive(Debug)]
pub(super) struct Units {
    by_name: BTreeMap<String, Unit>,
}

#[derive(Debug)]
struct Unit {
    country: String,
    label: String,
}

impl Units {
    /// Those alive on a day, as far as the caller may read them.
    pub(super) async fn alive(session: &Session, day: &str) -> Result<Self, Error> {
        let request = pb::ListUnitsRequest {
            as_of: day.to_owned(),
            ..pb::ListUnitsRequest::default()
        };
        let method = "banggiao.registry.v1.UnitService/ListUnits";
        let listed: pb::ListUnitsResponse = listing::typed(session, method, &request, &PageArgs::default()).await?;
        let called: BTreeMap<String, String> = listed
            .units
            .iter()
            .map(|unit| (unit.name.clone(), catalogue::name(&unit.names, session.lang)))
            .collect();
        let units = listed.units.into_iter().map(|unit| {
            let id = names::short(&unit.name);
            let name = catalogue::name(&unit.names, session.lang);
            let parent = called.get(&unit.parent);
            let parent = parent.map_or_else(String::new, |parent| format!(" ({parent})"));
            let label = format!("{id}{BEHIND_ID}{name}{parent}");
            let country = unit.country;
            (unit.name, Unit { country, label })
        });
        Ok(Self {
            by_name: units.collect(),
        })
    }

    /// The country of a unit; empty if it was not alive.
    pub(super) fn country(&self, name: &str) -> &str {
        self.by_name.get(name).map_or("", |unit| &unit.country)
    }
}

/// A search that suggests units, but none of one country: partners stand on the other side.
#[derive(Clone)]
struct Search {
    desk: Desk,
    units: Arc<Units>,
    without_country: String,
    /// Whether no unit at all is an answer.
    optional: bool,
}

impl Search {
    /// The names of what is found, the best first.
    fn found(&self, typed: &str) -> Result<Vec<String>, Error> {
        if typed.chars().count() < LETTERS_MIN {
            return Ok(Vec::new());
        }
        let request = pb::SearchRequest {
            query: typed.to_owned(),
            kinds: vec![pb::SearchKind::Unit.into()],
            page_size: FOUND_MAX,
            ..pb::SearchRequest::default()
        };
        let method = "banggiao.registry.v1.SearchService/Search";
        let connection = &self.desk.session.connection;
        let response: pb::SearchResponse = self.desk.wait(dynamic::ask(connection, method, &request))?;
        let mut found: Vec<String> = Vec::new();
        for result in response.results {
            if self.fits(&result.resource) && !found.contains(&result.resource) {
                found.push(result.resource);
            }
        }
        Ok(found)
    }

    fn fits(&self, name: &str) -> bool {
        let unit = self.units.by_name.get(name);
        unit.is_some_and(|unit| self.without_country.is_empty() || unit.country != self.without_country)
    }

    /// The unit that an answer means: a suggestion, an id, or words that find one unit only.
    fn meant(&self, answer: &str) -> Result<Option<String>, Error> {
        let answer = answer.trim();
        let id = answer.split_once(BEHIND_ID).map_or(answer, |(id, _)| id);
        if let Some(name) = names::unit(id).ok().filter(|name| self.fits(name)) {
            return Ok(Some(name));
        }
        let mut found = self.found(answer)?;
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    fn ask(self, question: Both) -> Result<Option<String>, Error> {
        let (desk, checked) = (self.desk.clone(), self.clone());
        let check = move |answer: &str| -> Result<Validation, CustomUserError> {
            if answer.trim().is_empty() && checked.optional {
                return Ok(Validation::Valid);
            }
            let meant = checked.meant(answer).map_err(|error| error.text())?;
            let which = checked.desk.session.lang.pick(
                "Take one of the list with the arrow keys; more letters narrow it.",
                "Chọn một đơn vị trong danh sách bằng phím mũi tên; gõ thêm để thu hẹp.",
            );
            Ok(meant.map_or_else(|| Validation::Invalid(which.into()), |_| Validation::Valid))
        };
        let help = if self.optional {
            (
                "a part of the name, then the arrow keys; empty: no more",
                "gõ một phần tên, rồi dùng phím mũi tên; bỏ trống: không thêm nữa",
            )
        } else {
            (
                "a part of the name, then the arrow keys",
                "gõ một phần tên, rồi dùng phím mũi tên",
            )
        };
        let answer = desk.searched(question, help, self.clone(), check)?;
        if answer.is_empty() {
            return Ok(None);
        }
        self.meant(&answer)
    }
}

impl Autocomplete for Search {
    fn get_suggestions(&mut self, typed: &str) -> Result<Vec<String>, CustomUserError> {
        let typed = typed.split_once(BEHIND_ID).map_or(typed, |(id, _)| id).trim();
        let found = self.found(typed).map_err(|error| error.text())?;
        let units = found.iter().filter_map(|name| self.units.by_name.get(name));
        Ok(units.map(|unit| unit.label.clone()).collect())
    }

    fn get_completion(&mut self, _: &str, highlighted: Option<String>) -> Result<Replacement, CustomUserError> {
        Ok(highlighted)
    }
}

/// The unit whose event it is.
pub(super) fn one(desk: &Desk, units: &Arc<Units>, without_country: &str) -> Result<String, Error> {
    let search = Search {
        desk: desk.clone(),
        units: Arc::clone(units),
        without_country: without_country.to_owned(),
        optional: false,
    };
    let unit = search.ask(("Home unit", "Đơn vị ta"))?;
    unit.ok_or_else(|| Error::failure("no unit was named"))
}

/// The units of the partner side, one after the other until the answer is empty.
pub(super) fn several(
    desk: &Desk,
    units: &Arc<Units>,
    without_country: &str,
    needed: bool,
) -> Result<Vec<String>, Error> {
    let mut partners: Vec<String> = Vec::new();
    loop {
        let search = Search {
            desk: desk.clone(),
            units: Arc::clone(units),
            without_country: without_country.to_owned(),
            optional: !(needed && partners.is_empty()),
        };
        match search.ask(("Partner unit", "Đơn vị bạn"))? {
            Some(unit) if partners.contains(&unit) => {}
            Some(unit) => partners.push(unit),
            None => return Ok(partners),
        }
    }
}
