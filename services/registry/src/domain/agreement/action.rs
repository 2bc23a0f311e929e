//! What is done to an agreement, with its date and document, and which step follows which.

use banggiao_contracts::registry::v1::{
    self as pb, AgreementActionKind as Kind, AgreementState as State, change::Resource,
};
use banggiao_directory::{Agreement, Directory, wire::AGREEMENT_FIELDS};
use banggiao_model::date::{self, Date};
use banggiao_rpc::{
    Violations, mask,
    wire::{self as shared, MAX_NAME, MAX_TEXT},
};

use super::{alive_at_signing, check_content, level_at_signing, not_before};
use crate::domain::{Error, checked, fresh, rule};

/// The fields that an amendment may change.
const AMENDABLE: [&str; 6] = [
    "title",
    "number",
    "programmes",
    "event_types",
    "briefing_interval_months",
    "attachments",
];

/// The day of an action and the document that it rests on.
#[derive(Debug, Clone)]
pub struct Document {
    /// The day from which it holds, as it was sent.
    pub date: String,
    /// The document.
    pub document: String,
    /// More about it.
    pub note: String,
}

impl Document {
    pub(super) fn check(&self, violations: &mut Violations) -> Option<Date> {
        let mut scope = violations.root();
        if self.document.is_empty() {
            scope.required("document");
        }
        shared::line(&self.document, MAX_NAME, "document", &mut scope);
        shared::line(&self.note, MAX_TEXT, "note", &mut scope);
        shared::required_day(&self.date, "date", &mut scope)
    }

    pub(super) fn action(&self, agreement: &str, kind: Kind) -> pb::AgreementAction {
        pb::AgreementAction {
            agreement: agreement.to_owned(),
            kind: kind.into(),
            date: self.date.clone(),
            document: self.document.clone(),
            note: self.note.clone(),
            ..pb::AgreementAction::default()
        }
    }
}

/// What is done.
#[derive(Debug, Clone)]
pub enum Act {
    /// A draft is signed.
    Sign {
        /// First day on which it holds; empty: that of the draft, or the day of signing.
        start_date: String,
        /// Last day; empty: that of the draft.
        end_date: String,
    },
    /// Fields are others from a day on.
    Amend {
        /// The new values.
        new: Box<pb::Agreement>,
        /// Which fields.
        mask: Option<prost_types::FieldMask>,
    },
    /// The last day is put off.
    Extend {
        /// The new one; empty: without end.
        end_date: String,
    },
    /// It does not hold until it is resumed.
    Suspend,
    /// It holds again.
    Resume,
    /// It ends.
    Terminate,
    /// The home side withdraws, or drops a draft.
    Withdraw,
}

impl Act {
    fn kind(&self) -> Kind {
        match self {
            Self::Sign { .. } => Kind::Signed,
            Self::Amend { .. } => Kind::Amended,
            Self::Extend { .. } => Kind::Extended,
            Self::Suspend => Kind::Suspended,
            Self::Resume => Kind::Resumed,
            Self::Terminate => Kind::Terminated,
            Self::Withdraw => Kind::Withdrawn,
        }
    }

    /// In which states an agreement must stand on the day.
    fn needs(&self) -> &'static [State] {
        match self {
            Self::Sign { .. } => &[State::Draft],
            Self::Amend { .. } | Self::Extend { .. } | Self::Terminate => {
                &[State::Signed, State::InForce, State::Suspended]
            }
            Self::Suspend => &[State::InForce],
            Self::Resume => &[State::Suspended],
            Self::Withdraw => &[State::Draft, State::Signed, State::InForce, State::Suspended],
        }
    }
}

/// An action to be recorded. With an etag, the agreement must not have changed since.
pub fn draft(
    directory: &Directory,
    name: &str,
    etag: &str,
    document: &Document,
    act: &Act,
    today: Date,
) -> Result<Resource, Error> {
    let mut violations = Violations::new();
    let day = document.check(&mut violations);
    let id = shared::required_id(name, "agreements", "name", &mut violations.root());
    let agreement = id.as_ref().and_then(|id| directory.agreements().get(id));
    let mut action = document.action(name, act.kind());
    fill(
        &mut action,
        directory,
        agreement.map(AsRef::as_ref),
        day,
        act,
        &mut violations,
    );
    if let (Act::Amend { .. } | Act::Extend { .. }, Some(day)) = (act, day)
        && today < day
    {
        let why = format!("{day} lies ahead; what is amended or extended is recorded when its day has come");
        violations.root().invalid("date", why);
    }
    let day = checked(day, violations)?;
    let agreement = agreement.ok_or_else(|| Error::NotFound(name.to_owned()))?;
    fresh(name, &agreement.resource.etag, etag)?;
    stands(agreement, name, day, act.needs())?;
    match act {
        Act::Sign { .. } => {
            let hierarchy = directory.hierarchy();
            let units = agreement.home_units.iter().chain(&agreement.partner_units);
            alive_at_signing(hierarchy, Some(day), units)?;
        }
        Act::Extend { .. } => {
            let later = match (agreement.end, date::parse(&action.end_date).ok()) {
                (None, _) => return Err(wrong_state(name, "has no last day that could be put off")),
                (Some(_), None) => true,
                (Some(end), Some(new)) => end < new,
            };
            if !later {
                return Err(wrong_state(name, "would not last longer"));
            }
        }
        _ => {}
    }
    Ok(Resource::AgreementAction(action))
}

/// Lays into the action what the act says besides its day and document, and lists what is wrong with that.
fn fill(
    action: &mut pb::AgreementAction,
    directory: &Directory,
    agreement: Option<&Agreement>,
    day: Option<Date>,
    act: &Act,
    violations: &mut Violations,
) {
    match act {
        Act::Sign { start_date, end_date } => {
            let before = agreement
                .map(|agreement| agreement.resource.clone())
                .unwrap_or_default();
            let or = |given: &String, drafted: String| if given.is_empty() { drafted } else { given.clone() };
            let mut new = pb::Agreement {
                sign_date: action.date.clone(),
                start_date: or(start_date, before.start_date),
                end_date: or(end_date, before.end_date),
                ..pb::Agreement::default()
            };
            let (start, end) = shared::days(&new.start_date, &new.end_date, &mut violations.root());
            // What was signed before is refused for that.
            if agreement.is_none_or(|agreement| agreement.sign_date.is_none()) {
                not_before(day, (start, end), &mut violations.root());
            }
            if let Some(agreement) = agreement {
                let level = level_at_signing(directory.hierarchy(), day, agreement.home_units[0]);
                new.level = shared::level_pb(level).into();
            }
            action.amended = Some(new);
            action.update_mask = Some(mask_of(&["sign_date", "start_date", "end_date", "level"]));
        }
        Act::Amend { new, mask: asked } => {
            let paths = mask::check(&AMENDABLE, asked.as_ref(), "update_mask", &mut violations.root());
            let before = agreement
                .map(|agreement| agreement.resource.clone())
                .unwrap_or_default();
            let after = AGREEMENT_FIELDS.lay_over(before, new, &paths);
            if agreement.is_some() {
                check_content(directory, &after, &mut violations.scope("agreement"));
            }
            // Only what is amended is kept, so that the action says nothing else.
            action.amended = Some(AGREEMENT_FIELDS.lay_over(pb::Agreement::default(), new, &paths));
            action.update_mask = Some(prost_types::FieldMask { paths });
        }
        Act::Extend { end_date } => {
            shared::day(end_date, "end_date", &mut violations.root());
            action.end_date.clone_from(end_date);
        }
        Act::Suspend | Act::Resume | Act::Terminate | Act::Withdraw => {}
    }
}

fn mask_of(paths: &[&str]) -> prost_types::FieldMask {
    prost_types::FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    }
}

/// Whether an agreement stands where an action needs it to, on the action's day and after every other.
pub(super) fn stands(agreement: &Agreement, name: &str, day: Date, needs: &[State]) -> Result<(), Error> {
    if let Some(last) = agreement.actions.last().filter(|last| day < last.date) {
        let last = last.date;
        return Err(wrong_state(
            name,
            &format!("has an action of {last}; one of {day} comes too late"),
        ));
    }
    if let Some(signed) = agreement.sign_date.filter(|signed| day < *signed) {
        return Err(wrong_state(name, &format!("was signed on {signed}, after {day}")));
    }
    // An action of the day itself decides it, so the state that counts is the one that the day begins with.
    let state = agreement.state_on(day);
    if needs.contains(&state) {
        return Ok(());
    }
    let word = |state: &State| state.as_str_name().trim_start_matches("AGREEMENT_STATE_");
    let needed: Vec<_> = needs.iter().map(word).collect();
    let why = format!(
        "stands at {} on {day}; this needs {}",
        word(&state),
        needed.join(" or ")
    );
    Err(wrong_state(name, &why))
}

fn wrong_state(name: &str, why: &str) -> Error {
    Error::Precondition {
        reason: rule::WRONG_STATE,
        violations: vec![(name.to_owned(), why.to_owned())],
    }
}
