//! The verbs of agreements: what there is, what was recorded and corrected, and what was done to them.
//!
//! It owns which verbs there are, and the flags of lists. Flags that record, correct or amend stand in [`entry`], those of
//! the acts in [`action`], and who takes whose place in [`succession`].

pub mod action;
pub mod entry;
pub mod succession;

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{choices, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use banggiao_contracts::r#type::v1::Level;
use clap::{Args, Subcommand};

/// What can be done with agreements.
#[derive(Debug, Clone, Subcommand)]
pub enum AgreementVerb {
    /// List agreements.
    List(Box<AgreementList>),
    /// Show an agreement.
    Get {
        /// The agreement.
        #[arg(value_parser = names::agreement)]
        name: String,
    },
    /// Record an agreement; without a day of signing it is a draft.
    Create(Box<entry::Create>),
    /// Correct what was recorded of an agreement, without a date; an empty value clears a field.
    Update(Box<entry::Update>),
    /// Sign a draft.
    Sign(action::Sign),
    /// Amend an agreement in force: from a day on, fields are others.
    Amend(Box<entry::Amend>),
    /// Put off the last day of an agreement.
    Extend(action::Extend),
    /// Suspend an agreement in force.
    Suspend(action::Action),
    /// Resume a suspended agreement.
    Resume(action::Action),
    /// End an agreement.
    Terminate(action::Action),
    /// Withdraw from an agreement, or drop a draft.
    Withdraw(action::Action),
    /// Say who takes the place of a party that has ended, in one agreement or in all of a file.
    Succeed(succession::Succeed),
    /// List what was done to an agreement, oldest first.
    Actions {
        /// The agreement.
        #[arg(value_parser = names::agreement)]
        name: String,
        /// Which part of the list.
        #[command(flatten)]
        page: PageArgs,
    },
}

/// Which agreements a list shall hold.
#[derive(Debug, Clone, Default, Args)]
pub struct AgreementList {
    /// Only agreements with a party in the subtree of this unit, on the day of signing or today.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only agreements of these kinds, as TWINNING.
    #[arg(long, value_delimiter = ',', value_parser = choices::agreement_kind)]
    pub kind: Vec<pb::AgreementKind>,
    /// Only agreements of these levels, as district.
    #[arg(long, value_delimiter = ',', value_parser = choices::level)]
    pub level: Vec<Level>,
    /// Only agreements that stand so today, as in-force, suspended.
    #[arg(long, value_delimiter = ',', value_parser = choices::agreement_state)]
    pub state: Vec<pb::AgreementState>,
    /// Only agreements with a partner of these countries: KH, LA.
    #[arg(long, value_name = "COUNTRY", value_delimiter = ',', value_parser = names::country)]
    pub partner_country: Vec<String>,
    /// Only agreements under this programme.
    #[arg(long, value_parser = names::programme)]
    pub programme: Option<String>,
    /// Only agreements in force on this day.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub in_force_on: Option<String>,
    /// Only agreements whose last day is before this day; with --state in-force, those that will expire by then.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub expires_before: Option<String>,
    /// Only agreements of which a party has ended and nobody has decided who takes its place.
    #[arg(long)]
    pub needs_successor: bool,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

impl AgreementList {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::ListAgreementsRequest {
        pb::ListAgreementsRequest {
            filter: Some(pb::AgreementFilter {
                unit: self.unit.clone().unwrap_or_default(),
                kinds: self.kind.iter().map(|kind| i32::from(*kind)).collect(),
                levels: self.level.iter().map(|level| i32::from(*level)).collect(),
                in_force_on: self.in_force_on.clone().unwrap_or_default(),
                expires_before: self.expires_before.clone().unwrap_or_default(),
                partner_countries: self.partner_country.clone(),
                states: self.state.iter().map(|state| i32::from(*state)).collect(),
                needs_successor: self.needs_successor,
                programme: self.programme.clone().unwrap_or_default(),
            }),
            ..pb::ListAgreementsRequest::default()
        }
    }
}

impl AgreementVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(args) => listing::list(session, &nouns::AGREEMENT, &args.request(), &args.page).await,
            Self::Get { name } => listing::get(session, &nouns::AGREEMENT, &pb::GetAgreementRequest { name }).await,
            Self::Create(create) => create.run(session).await,
            Self::Update(update) => update.run(session).await,
            Self::Sign(sign) => action::send(session, "SignAgreement", &sign.request()).await,
            Self::Amend(amend) => amend.run(session).await,
            Self::Extend(extend) => action::send(session, "ExtendAgreement", &extend.request()).await,
            Self::Suspend(act) => action::send(session, "SuspendAgreement", &act.suspend()).await,
            Self::Resume(act) => action::send(session, "ResumeAgreement", &act.resume()).await,
            Self::Terminate(act) => action::send(session, "TerminateAgreement", &act.terminate()).await,
            Self::Withdraw(act) => action::send(session, "WithdrawAgreement", &act.withdraw()).await,
            Self::Succeed(succeed) => succeed.run(session).await,
            Self::Actions { name, page } => {
                let request = pb::ListAgreementActionsRequest {
                    agreement: name,
                    ..pb::ListAgreementActionsRequest::default()
                };
                listing::list(session, &nouns::AGREEMENT_ACTION, &request, &page).await
            }
        }
    }
}
