//! What is asked about the parts of an event: those that are usual at a desk, as far as the type has them.
//!
//! It owns which parts these are. The others have flags, and `event correct` adds them later.

use super::question::Desk;
use crate::choices;
use crate::error::Error;
use crate::given::{Given, count, text};
use crate::globals::Lang;
use crate::journal::catalogue;
use crate::journal::entry::Log;
use crate::names;
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::r#type::v1::Direction;
use banggiao_model::decimal;
use pb::EventPart;
use std::collections::BTreeMap;

/// What may be left out.
const PERHAPS: (&str, &str) = ("empty: not known", "bỏ trống: không rõ");

/// What a type says about its parts; a plan may leave open what it needs.
struct Parts<'a> {
    kind: &'a pb::EventType,
    planned: bool,
}

impl Parts<'_> {
    fn has(&self, part: EventPart) -> bool {
        self.kind.forbids().all(|forbidden| forbidden != part)
    }

    fn needs(&self, part: EventPart) -> bool {
        !self.planned && self.kind.needs().any(|needed| needed == part)
    }
}

/// Asks for the usual parts that no flag gave.
pub(super) fn ask(log: &mut Log, desk: &Desk, kind: &pb::EventType) -> Result<(), Error> {
    let parts = Parts {
        kind,
        planned: log.planned,
    };
    let details = &mut log.details;
    if parts.has(EventPart::Direction) && details.direction.is_none() {
        details.direction = direction(desk, parts.needs(EventPart::Direction))?.map(Given::Value);
    }
    if parts.has(EventPart::Delegations) && details.delegations.is_none() {
        let needed = parts.needs(EventPart::Delegations);
        let answer = desk.perhaps(needed, ("Delegations", "Số đoàn"), PERHAPS, count)?;
        details.delegations = answer.map(Given::Value);
    }
    if parts.has(EventPart::Persons) && details.persons.is_none() && details.participants.is_none() {
        let needed = parts.needs(EventPart::Persons);
        let answer = desk.perhaps(needed, ("Persons, with repetition", "Lượt người"), PERHAPS, count)?;
        details.persons = answer.map(Given::Value);
    }
    if parts.has(EventPart::Markers) && details.marker_from.is_none() {
        let needed = parts.needs(EventPart::Markers);
        let help = (
            "its number, as 110 or 229/12; empty: none",
            "số mốc, như 110 hoặc 229/12; bỏ trống: không có",
        );
        details.marker_from = desk
            .perhaps(needed, ("First marker", "Từ mốc"), help, names::marker)?
            .map(Given::Value);
        if details.marker_from.is_some() && details.marker_to.is_none() {
            details.marker_to = desk
                .optional(("Last marker", "Đến mốc"), help, names::marker)?
                .map(Given::Value);
        }
    }
    if details.quantity.is_none() {
        let quantities = quantities(desk, kind)?;
        details.quantity = (!quantities.is_empty()).then_some(Given::Value(quantities));
    }
    if parts.has(EventPart::Place) && details.place.is_none() {
        let needed = parts.needs(EventPart::Place);
        let answer = desk.perhaps(needed, ("Place", "Địa điểm"), PERHAPS, text)?;
        details.place = answer.map(Given::Value);
    }
    if parts.has(EventPart::Summary) && details.summary.is_none() {
        let needed = parts.needs(EventPart::Summary);
        let answer = desk.perhaps(needed, ("What happened", "Nội dung"), PERHAPS, text)?;
        details.summary = answer.map(Given::Value);
    }
    Ok(())
}

/// The flags of parts that the type needs, that are not asked for here, and that are not given: it is said before the first
/// answer, for afterwards all of them would be lost.
pub(super) fn beyond(log: &Log, kind: &pb::EventType) -> Vec<&'static str> {
    let parts = Parts {
        kind,
        planned: log.planned,
    };
    let details = &log.details;
    let flags = [
        (EventPart::HeadOfDelegation, "--head-office", details.head.any()),
        (EventPart::Programmes, "--programme", details.programme.is_some()),
        (EventPart::Agreement, "--agreement", details.agreement.is_some()),
        (EventPart::Lines, "--line", !details.line.is_empty()),
        (
            EventPart::Participants,
            "--participants",
            details.participants.is_some(),
        ),
        (EventPart::Team, "--team", details.team.is_some()),
        (EventPart::Campaign, "--campaign", details.campaign.is_some()),
        (EventPart::Area, "--area", details.area.is_some()),
        (EventPart::Edition, "--edition", details.edition.is_some()),
        (EventPart::Organiser, "--organiser", details.organiser.is_some()),
    ];
    let missing = flags
        .into_iter()
        .filter(|(part, _, given)| parts.needs(*part) && !given);
    missing.map(|(_, flag, _)| flag).collect()
}

fn direction(desk: &Desk, needed: bool) -> Result<Option<Direction>, Error> {
    let mut options = vec![
        desk.session
            .lang
            .pick("inbound: they came", "đoàn bạn đến (inbound)")
            .to_owned(),
        desk.session
            .lang
            .pick("outbound: we went", "đoàn ta đi (outbound)")
            .to_owned(),
    ];
    if !needed {
        options.push(desk.session.lang.pick("not known", "không rõ").to_owned());
    }
    let picked = desk.pick(("Direction", "Chiều"), options)?;
    let word = ["inbound", "outbound"].get(picked);
    word.map(|word| choices::direction(word).map_err(Error::failure))
        .transpose()
}

/// What the type counts beside delegations and persons.
fn quantities(desk: &Desk, kind: &pb::EventType) -> Result<BTreeMap<String, String>, Error> {
    let lang = desk.session.lang;
    let mut quantities = BTreeMap::new();
    for definition in kind.quantities.iter().filter(|definition| !definition.sums_line_values) {
        let name = catalogue::name(&definition.names, lang);
        let question = match definition.unit.as_str() {
            "1" | "" => name,
            unit => format!("{name} ({unit})"),
        };
        let help = lang.pick(PERHAPS.0, PERHAPS.1);
        let parse = lang.pick(english_amount as fn(&str) -> Result<String, String>, vietnamese_amount);
        let answer = desk.typed(&question, help, false, parse)?;
        if !answer.is_empty() {
            quantities.insert(definition.key.clone(), parse(&answer).map_err(Error::failure)?);
        }
    }
    Ok(quantities)
}

fn english_amount(text: &str) -> Result<String, String> {
    amount(Lang::En, text)
}

fn vietnamese_amount(text: &str) -> Result<String, String> {
    amount(Lang::Vi, text)
}

/// An exact decimal as people of a language write it. A mark that groups thousands in one of the two languages and ends the
/// whole in the other is refused: a wrong guess is a factor of a thousand.
fn amount(lang: Lang, text: &str) -> Result<String, String> {
    let ambiguous = match text.split_once(['.', ',']) {
        Some((_, rest)) => rest.len() == 3 || rest.contains(['.', ',']),
        None => false,
    };
    let plain = match lang {
        Lang::Vi => text.replace(',', "."),
        Lang::En => text.to_owned(),
    };
    if ambiguous {
        return Err(format!("\"{text}\" can be read in two ways: write 1000 or 15.8"));
    }
    decimal::parse(&plain)
        .map(decimal::format)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_and_not_asked_for_is_known_before_the_first_answer() {
        let kind = pb::EventType {
            needs: vec![
                EventPart::Persons.into(),
                EventPart::Team.into(),
                EventPart::Campaign.into(),
            ],
            ..pb::EventType::default()
        };
        let mut log = Log::default();
        log.details.team = Some(Given::Value("units/k73".into()));
        assert_eq!(beyond(&log, &kind), ["--campaign"]);
        log.planned = true;
        assert!(beyond(&log, &kind).is_empty(), "a plan may leave it open");
    }

    #[test]
    fn an_amount_is_read_as_its_language_writes_it() {
        assert_eq!(amount(Lang::Vi, "15,8").as_deref(), Ok("15.8"));
        assert_eq!(amount(Lang::Vi, "15.8").as_deref(), Ok("15.8"));
        assert_eq!(amount(Lang::En, "15.80").as_deref(), Ok("15.8"));
        assert_eq!(amount(Lang::Vi, "1000").as_deref(), Ok("1000"));
        for (lang, text) in [
            (Lang::Vi, "1.000"),
            (Lang::Vi, "1.000.000"),
            (Lang::En, "1,000"),
            (Lang::En, "15,8"),
        ] {
            assert!(amount(lang, text).is_err(), "{text}");
        }
    }
}
