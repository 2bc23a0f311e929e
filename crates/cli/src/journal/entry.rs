//! `event log` and `event correct`: one event, or fields of one, from flags.
//!
//! It owns how flags become an event and the mask of what was given. Texts are in the language of the session. Files
//! have their own way in, [`crate::import`].

use super::{attachment, installation};
use crate::connection::Connection;
use crate::error::Error;
use crate::figures;
use crate::given::{Draft, Given, count, given, list, text};
use crate::globals::{Lang, Session};
use crate::import::fields::quantity;
use crate::{choices, names, output};
use banggiao_contracts::journal::v1 as pb;
use banggiao_contracts::registry::v1::GetHeadRequest;
use banggiao_contracts::r#type::v1::{Classification, Direction};
use clap::Args;
use prost_types::FieldMask;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The event to log.
#[derive(Debug, Clone, Args)]
pub struct Log {
    /// What kind of event it is, as JOINT_PATROL.
    #[arg(long = "type", value_name = "TYPE", value_parser = names::event_type)]
    pub event_type: String,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub date: String,
    /// The unit whose event it is.
    #[arg(long, value_parser = names::unit)]
    pub unit: String,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
    /// How another book or file names the event.
    #[arg(long)]
    pub reference: Option<String>,
    /// The book or file; by default the installation's name.
    #[arg(long, requires = "reference")]
    pub source: Option<String>,
    /// It is planned, not held.
    #[arg(long)]
    pub planned: bool,
    /// Only check, store nothing.
    #[arg(long)]
    pub validate_only: bool,
}

/// The fields to correct. An empty value makes a field unknown.
#[derive(Debug, Clone, Args)]
pub struct Correct {
    /// The event.
    #[arg(value_parser = names::event)]
    pub name: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Etag of the revision that is meant; by default the newest.
    #[arg(long)]
    pub etag: Option<String>,
    /// What kind of event it is, as JOINT_PATROL.
    #[arg(long = "type", value_name = "TYPE", value_parser = given(names::event_type))]
    pub event_type: Option<Given<String>>,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub date: Option<Given<String>>,
    /// The unit whose event it is.
    #[arg(long, value_parser = given(names::unit))]
    pub unit: Option<Given<String>>,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
}

/// What logging and correcting have in common. Lists and quantities are given as a whole.
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

fn file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let named = path.file_name().is_some();
    named.then_some(path).ok_or_else(|| format!("\"{text}\" names no file"))
}

fn quantities(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut quantities = BTreeMap::new();
    for (key, value) in list(quantity)(text)? {
        if quantities.insert(key.clone(), value).is_some() {
            return Err(format!("\"{key}\" stands twice"));
        }
    }
    Ok(quantities)
}

/// Puts what logging and correcting have in common into an event.
fn put_details(draft: &mut Draft<pb::Event>, details: Details, lang: Lang) {
    draft.put("end_date", details.to, |event, day| event.end_date = day);
    draft.put("co_home_units", details.co_unit, |event, units| {
        event.co_home_units = units;
    });
    draft.put("partner_units", details.partner, |event, units| {
        event.partner_units = units;
    });
    draft.put("direction", details.direction, |event, direction| {
        event.direction = direction.into();
    });
    draft.put("delegations", details.delegations, |event, count| {
        event.delegations = Some(count);
    });
    draft.put("persons", details.persons, |event, count| event.persons = Some(count));
    draft.put("programmes", details.programme, |event, names| event.programmes = names);
    draft.put("agreement", details.agreement, |event, name| event.agreement = name);
    draft.put("marker_from", details.marker_from, |event, name| {
        event.marker_from = name;
    });
    draft.put("marker_to", details.marker_to, |event, name| event.marker_to = name);
    draft.put("quantities", details.quantity, |event, all| event.quantities = all);
    let key = || lang.key().to_owned();
    draft.put("place", details.place, |event, text| {
        event.place.insert(key(), text);
    });
    draft.put("summary", details.summary, |event, text| {
        event.summary.insert(key(), text);
    });
    draft.put("classification", details.classification, |event, classification| {
        event.classification = classification.into();
    });
    draft.put("attachments", details.attached, |event, more| {
        // The same document again is the one that is there.
        event
            .attachments
            .retain(|kept| more.iter().all(|new| new.attachment != kept.attachment));
        event.attachments.extend(more);
    });
}

impl Log {
    fn request(self, lang: Lang, installation: String, min_registry_position: i64) -> pb::LogEventRequest {
        let phase = if self.planned {
            pb::Phase::Planned
        } else {
            pb::Phase::Held
        };
        let source = self.source.unwrap_or(installation);
        let mut draft = Draft::new(pb::Event {
            event_type: self.event_type,
            start_date: self.date,
            home_unit: self.unit,
            external_reference: self
                .reference
                .map(|reference| pb::ExternalReference { source, reference }),
            phase: phase.into(),
            ..pb::Event::default()
        });
        put_details(&mut draft, self.details, lang);
        pb::LogEventRequest {
            event: Some(draft.message),
            request_id: String::new(),
            min_registry_position,
            validate_only: self.validate_only,
        }
    }

    pub(super) async fn run(mut self, session: &Session) -> Result<pb::Event, Error> {
        let connection = &session.connection;
        self.details.attached = attachment::attach(connection, self.details.attach.take()).await?;
        let installation = match (&self.reference, &self.source) {
            (Some(_), None) => installation(connection).await?,
            _ => String::new(),
        };
        let position = registry_position(connection).await?;
        let request = self.request(session.lang, installation, position);
        let only_checked = request.validate_only;
        let event = connection.call(connection.events().log_event(request)).await?;
        if only_checked {
            output::note(
                session
                    .lang
                    .pick("Only checked, nothing is stored.", "Chỉ kiểm tra, không lưu gì."),
            );
        }
        Ok(event)
    }
}

impl Correct {
    /// Whether a text or a file is given: the contract takes all languages and all attachments together, so that the
    /// others must be known.
    fn adds_to_what_is_there(&self) -> bool {
        let details = &self.details;
        [&details.place, &details.summary]
            .iter()
            .any(|text| matches!(text, Some(Given::Value(_))))
            || matches!(details.attached, Some(Given::Value(_)))
    }

    /// The request; `current` is the event as it stands if something is added to it.
    fn request(self, lang: Lang, current: pb::Event) -> Result<pb::CorrectEventRequest, Error> {
        let kept = |given: &Option<Given<String>>, texts| match given {
            Some(Given::Value(_)) => texts,
            _ => BTreeMap::new(),
        };
        let mut draft = Draft::new(pb::Event {
            name: self.name,
            etag: self.etag.unwrap_or(current.etag),
            place: kept(&self.details.place, current.place),
            summary: kept(&self.details.summary, current.summary),
            attachments: match &self.details.attached {
                Some(Given::Value(_)) => current.attachments,
                _ => Vec::new(),
            },
            ..pb::Event::default()
        });
        draft.put("event_type", self.event_type, |event, name| event.event_type = name);
        draft.put("start_date", self.date, |event, day| event.start_date = day);
        draft.put("home_unit", self.unit, |event, unit| event.home_unit = unit);
        put_details(&mut draft, self.details, lang);
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to correct is given".into()));
        }
        Ok(pb::CorrectEventRequest {
            event: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            reason: self.reason,
            ..pb::CorrectEventRequest::default()
        })
    }

    pub(super) async fn run(mut self, session: &Session) -> Result<pb::Event, Error> {
        let connection = &session.connection;
        self.details.attached = attachment::attach(connection, self.details.attach.take()).await?;
        let current = if self.adds_to_what_is_there() {
            let request = pb::GetEventRequest {
                name: self.name.clone(),
                revision: 0,
            };
            connection.call(connection.events().get_event(request)).await?
        } else {
            pb::Event::default()
        };
        let mut request = self.request(session.lang, current)?;
        request.min_registry_position = registry_position(connection).await?;
        connection.call(connection.events().correct_event(request)).await
    }
}

/// How far the registry has come, so that what was just recorded there may be named; 0 if it cannot say.
async fn registry_position(connection: &Connection) -> Result<i64, Error> {
    let head = connection
        .call(connection.registry_feed().get_head(GetHeadRequest {}))
        .await;
    let head = figures::known(head, "registry", &mut Vec::new())?;
    Ok(head.map_or(0, |head| head.position))
}

#[cfg(test)]
mod tests {
    use super::super::EventVerb;
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        verb: EventVerb,
    }

    fn parse(args: &[&str]) -> Result<EventVerb, clap::Error> {
        Cli::try_parse_from(["event"].iter().chain(args)).map(|cli| cli.verb)
    }

    fn correction(args: &[&str], current: pb::Event) -> Result<pb::CorrectEventRequest, Error> {
        let args = [&["correct", "a1", "--reason", "recount"][..], args].concat();
        match parse(&args).unwrap() {
            EventVerb::Correct(correct) => correct.request(Lang::Vi, current),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_become_an_event() {
        let line = "log --type JOINT_PATROL --date 2024-03-03 --to 2024-03-04 --unit tayninh --co-unit a,B --partner kh-a \
                    --direction inbound --delegations 0 --persons 12 --programme da-1937 --agreement tw-h01 --marker-from 110 \
                    --marker-to 111 --quantity patrol_km=15.80,items=2 --place Xa-mát --summary Tuần-tra --reference EV-1 \
                    --classification confidential --planned --validate-only";
        let Ok(EventVerb::Log(log)) = parse(&line.split_whitespace().collect::<Vec<_>>()) else {
            panic!("{line}")
        };
        let request = log.request(Lang::Vi, "mr7".into(), 9);
        let expected = pb::Event {
            event_type: "eventTypes/joint-patrol".into(),
            start_date: "2024-03-03".into(),
            end_date: "2024-03-04".into(),
            home_unit: "units/tayninh".into(),
            co_home_units: vec!["units/a".into(), "units/b".into()],
            partner_units: vec!["units/kh-a".into()],
            direction: Direction::Inbound.into(),
            delegations: Some(0),
            persons: Some(12),
            programmes: vec!["programmes/da-1937".into()],
            agreement: "agreements/tw-h01".into(),
            marker_from: "markers/vn-kh-110".into(),
            marker_to: "markers/vn-kh-111".into(),
            quantities: [("patrol_km".into(), "15.8".into()), ("items".into(), "2".into())].into(),
            place: [("vi".into(), "Xa-mát".into())].into(),
            summary: [("vi".into(), "Tuần-tra".into())].into(),
            external_reference: Some(pb::ExternalReference {
                source: "mr7".into(),
                reference: "EV-1".into(),
            }),
            classification: Classification::Confidential.into(),
            phase: pb::Phase::Planned.into(),
            ..pb::Event::default()
        };
        assert_eq!(request.event, Some(expected));
        assert!(request.validate_only && request.min_registry_position == 9 && request.request_id.is_empty());
    }

    #[test]
    fn what_is_given_is_the_mask_and_an_empty_value_clears() {
        let request = correction(
            &["--persons", "12", "--agreement", "", "--quantity=", "--type", "AID"],
            pb::Event::default(),
        )
        .unwrap();
        let mask = request.update_mask.unwrap().paths;
        assert_eq!(mask, ["event_type", "persons", "agreement", "quantities"]);
        let expected = pb::Event {
            name: "events/a1".into(),
            event_type: "eventTypes/aid".into(),
            persons: Some(12),
            ..pb::Event::default()
        };
        assert_eq!((request.event, request.reason.as_str()), (Some(expected), "recount"));
        assert_eq!(correction(&[], pb::Event::default()).unwrap_err().exit_code(), 2);
    }

    /// A text takes the place of that in its own language only, and of the revision that was read.
    #[test]
    fn a_text_leaves_those_in_other_languages() {
        let current = pb::Event {
            summary: [("vi".into(), "cũ".into()), ("en".into(), "old".into())].into(),
            place: [("en".into(), "there".into())].into(),
            etag: "2-ab".into(),
            ..pb::Event::default()
        };
        let request = correction(&["--summary", "mới", "--place", ""], current).unwrap();
        let event = request.event.unwrap();
        assert_eq!(
            event.summary,
            [("vi".into(), "mới".into()), ("en".into(), "old".into())].into()
        );
        assert!(event.place.is_empty() && event.etag == "2-ab");
        assert_eq!(request.update_mask.unwrap().paths, ["place", "summary"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for flags in [
            "log --type AID --date 2024-03-03",
            "log --type AID --date 2024-02-30 --unit a",
            "log --type AID --date 2024-03-03 --unit a --persons many",
            "log --type AID --date 2024-03-03 --unit a --partner b,,c",
            "log --type AID --date 2024-03-03 --unit a --quantity km=1,km=2",
            "log --type AID --date 2024-03-03 --unit a --quantity km=1.000.000",
            "log --type AID --date 2024-03-03 --unit a --source mr7",
            "correct a1 --persons 1",
            "correct a1 --reason x --planned",
        ] {
            assert!(parse(&flags.split_whitespace().collect::<Vec<_>>()).is_err(), "{flags}");
        }
    }
}
