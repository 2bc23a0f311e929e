//! `agreement create`, `update` and `amend`: an agreement, or fields of one, from flags.
//!
//! It owns how flags become an agreement and the mask of what was given. Which fields may still be corrected is the
//! registry's business.

use super::action::{self, Action};
use crate::change;
use crate::error::Error;
use crate::given::{Draft, Given, Titles, each, given, list, text};
use crate::globals::Session;
use crate::{choices, dynamic, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use clap::Args;
use prost_types::FieldMask;
use std::collections::BTreeMap;

/// The agreement to record.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The id that it shall have.
    #[arg(value_name = "ID", value_parser = names::agreement)]
    pub name: String,
    /// What it was made of.
    #[command(flatten)]
    pub terms: Terms,
    /// What may be amended.
    #[command(flatten)]
    pub details: Details,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The fields to correct. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The agreement.
    #[arg(value_parser = names::agreement)]
    pub name: String,
    /// What it was made of; kind, parties and dates as long as nothing was done to it.
    #[command(flatten)]
    pub terms: Terms,
    /// What may be amended.
    #[command(flatten)]
    pub details: Details,
    /// Etag that was read: the agreement must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The fields that are others from a day on. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Amend {
    /// What is done.
    #[command(flatten)]
    pub action: Action,
    /// The fields.
    #[command(flatten)]
    pub details: Details,
}

/// What an agreement was made of.
#[derive(Debug, Clone, Default, Args)]
pub struct Terms {
    /// What kind it is, as TWINNING.
    #[arg(long, value_parser = given(choices::agreement_kind))]
    pub kind: Option<Given<pb::AgreementKind>>,
    /// The home side's parties, the leading one first.
    #[arg(long, value_name = "UNIT,…", value_parser = given(list(names::unit)))]
    pub home_unit: Option<Given<Vec<String>>>,
    /// The partner side's parties, the leading one first.
    #[arg(long, value_name = "UNIT,…", value_parser = given(list(names::unit)))]
    pub partner_unit: Option<Given<Vec<String>>>,
    /// Day of signing; a draft has none.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub sign_date: Option<Given<String>>,
    /// First day on which it holds; by default the day of signing.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub start_date: Option<Given<String>>,
    /// Last day on which it holds, inclusive; by default it has no end.
    #[arg(long, value_name = "DATE", value_parser = given(names::day))]
    pub end_date: Option<Given<String>>,
    /// The agreement under which it hangs.
    #[arg(long, value_name = "AGREEMENT", value_parser = given(names::agreement))]
    pub parent: Option<Given<String>>,
    /// Who signed for a party, by office; may be given several times.
    #[arg(long, value_name = "UNIT|OFFICE|PERSON", value_parser = given(signatory))]
    pub signatory: Vec<Given<pb::Signatory>>,
}

/// What may be amended. Lists are given as a whole.
#[derive(Debug, Clone, Default, Args)]
pub struct Details {
    /// Its titles; those in other languages stay.
    #[command(flatten)]
    pub titles: Titles,
    /// Number of the text, as 12/BB-BCHQS.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub number: Option<Given<String>>,
    /// The programmes that it serves.
    #[arg(long, value_name = "PROGRAMME,…", value_parser = given(list(names::programme)))]
    pub programme: Option<Given<Vec<String>>>,
    /// What is agreed to do together, as JOINT_PATROL.
    #[arg(long, value_name = "TYPE,…", value_parser = given(list(names::event_type)))]
    pub event_type: Option<Given<Vec<String>>>,
    /// The two sides meet for a briefing every so many months.
    #[arg(long, value_name = "MONTHS", value_parser = given(months))]
    pub briefing_interval: Option<Given<i32>>,
    /// A text by the SHA-256 of its file, and what it is; may be given several times.
    #[arg(long, value_name = "SHA256|TITLE", value_parser = given(attachment))]
    pub attachment: Vec<Given<pb::Attachment>>,
}

fn months(text: &str) -> Result<i32, String> {
    let months = text.parse().ok().filter(|months| *months > 0);
    months.ok_or_else(|| format!("\"{text}\" is not a number of months such as 6"))
}

/// A signatory, `UNIT|OFFICE|PERSON`; the person may be left out.
fn signatory(text: &str) -> Result<pb::Signatory, String> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    let (unit, office, person) = match parts[..] {
        [unit, office] => (unit, office, ""),
        [unit, office, person] => (unit, office, person),
        _ => return Err(format!("\"{text}\" is not of the form UNIT|OFFICE|PERSON")),
    };
    Ok(pb::Signatory {
        unit: names::unit(unit)?,
        office: office.to_owned(),
        person_name: person.to_owned(),
    })
}

/// An attachment, `SHA256|TITLE`.
fn attachment(text: &str) -> Result<pb::Attachment, String> {
    let (sha256, title) = text
        .split_once('|')
        .ok_or_else(|| format!("\"{text}\" is not of the form SHA256|TITLE"))?;
    Ok(pb::Attachment {
        sha256: sha256.trim().to_ascii_lowercase(),
        title: title.trim().to_owned(),
    })
}

impl Terms {
    fn put(self, draft: &mut Draft<pb::Agreement>) {
        draft.put("kind", self.kind, |agreement, kind| agreement.kind = kind.into());
        draft.put("home_units", self.home_unit, |agreement, units| {
            agreement.home_units = units;
        });
        draft.put("partner_units", self.partner_unit, |agreement, units| {
            agreement.partner_units = units;
        });
        draft.put("sign_date", self.sign_date, |agreement, day| agreement.sign_date = day);
        draft.put("start_date", self.start_date, |agreement, day| {
            agreement.start_date = day;
        });
        draft.put("end_date", self.end_date, |agreement, day| agreement.end_date = day);
        draft.put("parent", self.parent, |agreement, parent| agreement.parent = parent);
        draft.put("signatories", each(self.signatory), |agreement, signatories| {
            agreement.signatories = signatories;
        });
    }
}

impl Details {
    /// Puts what is given into an agreement; `titles` are those it has.
    fn put(self, draft: &mut Draft<pb::Agreement>, titles: BTreeMap<String, String>) {
        draft.put("title", self.titles.given(titles), |agreement, title| {
            agreement.title = title;
        });
        draft.put("number", self.number, |agreement, number| agreement.number = number);
        draft.put("programmes", self.programme, |agreement, names| {
            agreement.programmes = names;
        });
        draft.put("event_types", self.event_type, |agreement, names| {
            agreement.event_types = names;
        });
        draft.put(
            "briefing_interval_months",
            self.briefing_interval,
            |agreement, months| {
                agreement.briefing_interval_months = Some(months);
            },
        );
        draft.put("attachments", each(self.attachment), |agreement, attachments| {
            agreement.attachments = attachments;
        });
    }

    /// The agreement as it stands, if a title is given: the contract takes the titles in all languages together.
    async fn current(&self, session: &Session, name: &str) -> Result<pb::Agreement, Error> {
        if !self.titles.any() {
            return Ok(pb::Agreement::default());
        }
        let request = pb::GetAgreementRequest { name: name.to_owned() };
        dynamic::ask(&session.connection, nouns::AGREEMENT.get, &request).await
    }
}

/// The mask of what was given.
fn mask(paths: Vec<String>) -> Result<Option<FieldMask>, Error> {
    if paths.is_empty() {
        return Err(Error::Usage("no field to change is given".into()));
    }
    Ok(Some(FieldMask { paths }))
}

impl Create {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::CreateAgreementRequest {
        let mut draft = Draft::new(pb::Agreement::default());
        self.terms.put(&mut draft);
        self.details.put(&mut draft, BTreeMap::new());
        pb::CreateAgreementRequest {
            agreement_id: names::short(&self.name),
            agreement: Some(draft.message),
            validate_only: self.dry_run,
            ..pb::CreateAgreementRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let method = "banggiao.registry.v1.AgreementService/CreateAgreement";
        change::resource(session, &nouns::AGREEMENT, method, &self.request(), dry_run).await
    }
}

impl Update {
    /// The request, without its id; `current` is the agreement as it stands if a title is given.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to correct.
    pub fn request(self, current: pb::Agreement) -> Result<pb::UpdateAgreementRequest, Error> {
        let mut draft = Draft::new(pb::Agreement {
            name: self.name,
            etag: self.etag.unwrap_or(current.etag),
            ..pb::Agreement::default()
        });
        self.terms.put(&mut draft);
        self.details.put(&mut draft, current.title);
        Ok(pb::UpdateAgreementRequest {
            agreement: Some(draft.message),
            update_mask: mask(draft.paths)?,
            validate_only: self.dry_run,
            ..pb::UpdateAgreementRequest::default()
        })
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let current = self.details.current(session, &self.name).await?;
        let method = "banggiao.registry.v1.AgreementService/UpdateAgreement";
        change::resource(session, &nouns::AGREEMENT, method, &self.request(current)?, dry_run).await
    }
}

impl Amend {
    /// The request, without its id; `current` is the agreement as it stands if a title is given.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to amend.
    pub fn request(mut self, current: pb::Agreement) -> Result<pb::AmendAgreementRequest, Error> {
        let mut draft = Draft::new(pb::Agreement::default());
        self.details.put(&mut draft, current.title);
        let read = Some(current.etag).filter(|etag| !etag.is_empty());
        self.action.etag = self.action.etag.or(read);
        Ok(action::request!(
            AmendAgreementRequest, self.action,
            agreement: Some(draft.message),
            update_mask: mask(draft.paths)?
        ))
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let current = self.details.current(session, &self.action.name).await?;
        action::send(session, "AmendAgreement", &self.request(current)?).await
    }
}
