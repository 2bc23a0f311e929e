//! What of an event logging, correcting and holding have in common: flags, and how they are put into an event.
//!
//! It owns which flags these are. Texts are in the language of the session. How a flag is written stands in
//! [`super::forms`].

use super::forms::{Head, edition, file, line, participants, quantities};
use crate::given::{Draft, Given, count, each, given, list, text};
use crate::globals::Lang;
use crate::{choices, names};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::r#type::v1::{Classification, Direction};
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What logging, correcting and holding have in common. Lists and quantities are given as a whole.
#[derive(Debug, Clone, Default, Args)]
pub struct Details {
    /// Last day, inclusive; by default the first.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub to: Option<Given<String>>,
    /// Further home units that took part.
    #[arg(long, value_name = "UNIT,…", value_parser = given(list(names::unit)))]
    pub co_unit: Option<Given<Vec<String>>>,
    /// The units of the partner side.
    #[arg(long, value_name = "UNIT,…", value_parser = given(list(names::unit)))]
    pub partner: Option<Given<Vec<String>>>,
    /// Which way the delegation travelled: inbound, outbound.
    #[arg(long, value_parser = given(choices::direction))]
    pub direction: Option<Given<Direction>>,
    /// Number of delegations (đoàn).
    #[arg(long, value_name = "N", value_parser = given(count))]
    pub delegations: Option<Given<i64>>,
    /// Number of persons, with repetition (lượt người).
    #[arg(long, value_name = "N", value_parser = given(count))]
    pub persons: Option<Given<i64>>,
    /// Who led the delegation.
    #[command(flatten)]
    pub head: Head,
    /// The programmes under which it counts.
    #[arg(long, value_name = "PROGRAMME,…", value_parser = given(list(names::programme)))]
    pub programme: Option<Given<Vec<String>>>,
    /// The agreement that it carries out.
    #[arg(long, value_parser = given(names::agreement))]
    pub agreement: Option<Given<String>>,
    /// First boundary marker, by id (vn-kh-65) or by its number on the border with Cambodia.
    #[arg(long, value_name = "MARKER", value_parser = given(names::marker))]
    pub marker_from: Option<Given<String>>,
    /// Last boundary marker.
    #[arg(long, value_name = "MARKER", value_parser = given(names::marker))]
    pub marker_to: Option<Given<String>>,
    /// Quantities, as patrol_km=15.8,items=2.
    #[arg(long, value_name = "KEY=DECIMAL,…", value_parser = given(quantities))]
    pub quantity: Option<Given<BTreeMap<String, String>>>,
    /// What was given, as 'rice|2000|kg|30000000|Bavet'; once for each item. What is not known stays empty.
    #[arg(long, value_name = "ITEM|QUANTITY|UNIT|VALUE|RECIPIENT", value_parser = given(line))]
    pub line: Vec<Given<pb::Line>>,
    /// Who took part by rank group, as field-officer=3,soldier=20.
    #[arg(long, value_name = "GROUP=N,…", value_parser = given(participants))]
    pub participants: Option<Given<Vec<pb::ParticipantGroup>>>,
    /// The team that searched (đội quy tập).
    #[arg(long, value_name = "UNIT", value_parser = given(names::unit))]
    pub team: Option<Given<String>>,
    /// The campaign to which a search belongs, as campaign/2023-2024.
    #[arg(long, value_name = "PERIOD", value_parser = given(names::period))]
    pub campaign: Option<Given<String>>,
    /// The area that was searched (địa bàn), in the language of --lang.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub area: Option<Given<String>>,
    /// Which edition of a recurring exchange it is (lần thứ).
    #[arg(long, value_name = "N", value_parser = given(edition))]
    pub edition: Option<Given<i32>>,
    /// Who held what was attended.
    #[arg(long, value_name = "UNIT", value_parser = given(names::unit))]
    pub organiser: Option<Given<String>>,
    /// Where it took place, in the language of --lang.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub place: Option<Given<String>>,
    /// What happened, in the language of --lang.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub summary: Option<Given<String>>,
    /// How secret the event is: confidential, secret, top-secret.
    #[arg(long, value_parser = given(choices::classification))]
    pub classification: Option<Given<Classification>>,
    /// Files to upload and attach, beside what is attached already; an empty value takes everything off.
    #[arg(long, value_name = "FILE,…", value_parser = given(list(file)))]
    pub attach: Option<Given<Vec<PathBuf>>>,
    /// Those files once they are uploaded.
    #[arg(skip)]
    pub attached: Option<Given<Vec<pb::EventAttachment>>>,
}

impl Details {
    /// Whether something is given that is added to what is there: the contract takes the texts of all languages, the
    /// head's three parts and all attachments together, so that the others must be known.
    pub(super) fn adds_to_what_is_there(&self) -> bool {
        [&self.place, &self.summary, &self.area]
            .iter()
            .any(|text| matches!(text, Some(Given::Value(_))))
            || matches!(self.attached, Some(Given::Value(_)))
            || self.head.any()
    }

    /// What of the event as it stands is added to.
    pub(super) fn kept(&self, current: pb::Event) -> pb::Event {
        let texts = |given: &Option<Given<String>>, texts| match given {
            Some(Given::Value(_)) => texts,
            _ => BTreeMap::new(),
        };
        pb::Event {
            place: texts(&self.place, current.place),
            summary: texts(&self.summary, current.summary),
            area: texts(&self.area, current.area),
            head_of_delegation: current.head_of_delegation.filter(|_| self.head.any()),
            attachments: match &self.attached {
                Some(Given::Value(_)) => current.attachments,
                _ => Vec::new(),
            },
            ..pb::Event::default()
        }
    }

    /// Puts what is given into an event.
    pub(super) fn put(self, draft: &mut Draft<pb::Event>, lang: Lang) {
        draft.put("end_date", self.to, |event, day| event.end_date = day);
        draft.put("co_home_units", self.co_unit, |event, units| {
            event.co_home_units = units;
        });
        draft.put("partner_units", self.partner, |event, units| {
            event.partner_units = units;
        });
        draft.put("direction", self.direction, |event, direction| {
            event.direction = direction.into();
        });
        draft.put("delegations", self.delegations, |event, count| {
            event.delegations = Some(count);
        });
        draft.put("persons", self.persons, |event, count| event.persons = Some(count));
        let head = self.head.over(draft.message.head_of_delegation.take());
        draft.put("head_of_delegation", head, |event, head| {
            event.head_of_delegation = Some(head);
        });
        draft.put("programmes", self.programme, |event, names| event.programmes = names);
        draft.put("agreement", self.agreement, |event, name| event.agreement = name);
        draft.put("marker_from", self.marker_from, |event, name| {
            event.marker_from = name;
        });
        draft.put("marker_to", self.marker_to, |event, name| event.marker_to = name);
        draft.put("quantities", self.quantity, |event, all| event.quantities = all);
        draft.put("lines", each(self.line), |event, lines| event.lines = lines);
        draft.put("participants", self.participants, |event, groups| {
            event.participants = groups;
        });
        draft.put("team", self.team, |event, unit| event.team = unit);
        draft.put("campaign", self.campaign, |event, period| event.campaign = period);
        draft.put("edition", self.edition, |event, edition| event.edition = Some(edition));
        draft.put("organiser", self.organiser, |event, unit| event.organiser = unit);
        draft.put("classification", self.classification, |event, classification| {
            event.classification = classification.into();
        });
        put_texts(draft, lang, self.area, self.place, self.summary);
        draft.put("attachments", self.attached, |event, more| {
            // The same document again is the one that is there.
            event
                .attachments
                .retain(|kept| more.iter().all(|new| new.attachment != kept.attachment));
            event.attachments.extend(more);
        });
    }
}

/// Puts the texts in, each under the language in which it is written.
fn put_texts(
    draft: &mut Draft<pb::Event>,
    lang: Lang,
    area: Option<Given<String>>,
    place: Option<Given<String>>,
    summary: Option<Given<String>>,
) {
    let key = || lang.key().to_owned();
    draft.put("area", area, |event, text| {
        event.area.insert(key(), text);
    });
    draft.put("place", place, |event, text| {
        event.place.insert(key(), text);
    });
    draft.put("summary", summary, |event, text| {
        event.summary.insert(key(), text);
    });
}
