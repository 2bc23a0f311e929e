//! Words of the command line and of files that stand for values of the contracts' enums, in any case.
//!
//! It owns the spelling. A word is the value's name without the enum's prefix; `-` and `_` are the same.

use crate::names;
use banggiao_contracts::journal::v1::{
    CancellationReason, EventPart, Phase, RankGroup, ReturnReason, ReviewState, WarningCode,
};
use banggiao_contracts::registry::v1::{AgreementKind, AgreementState, MarkerStatus, Role, SearchKind};
use banggiao_contracts::reporting::v1::{FindingKind, PeriodKind, ReportState};
use banggiao_contracts::r#type::v1::{Classification, Direction, Level};
use banggiao_model::name;

fn choose<E: Copy + PartialEq>(
    what: &str,
    prefix: &str,
    values: &[E],
    named: fn(&str) -> Option<E>,
    name_of: fn(&E) -> &'static str,
    word: &str,
) -> Result<E, String> {
    let full = format!("{prefix}{}", name::id_to_code(names::picked(word)));
    if let Some(value) = named(&full).filter(|value| values.contains(value)) {
        return Ok(value);
    }
    let known: Vec<_> = values
        .iter()
        .map(|value| name_of(value).trim_start_matches(prefix))
        .collect();
    let shown: String = word.chars().take(80).collect();
    Err(format!("\"{shown}\" is not {what}; it is one of {}", known.join(", ")))
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident: $kind:ident, $what:literal, $prefix:literal, [$($value:ident),*];)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// A sentence that names the words there are.
        pub fn $name(word: &str) -> Result<$kind, String> {
            choose($what, $prefix, &[$($kind::$value),*], $kind::from_str_name, $kind::as_str_name, word)
        })*
    };
}

choices! {
    /// A kind of agreement, as `TWINNING`.
    agreement_kind: AgreementKind, "a kind of agreement", "AGREEMENT_KIND_",
        [Twinning, CooperationMinutes, ProvincialCooperation, Memorandum];
    /// Where an agreement stands, as `in-force`.
    agreement_state: AgreementState, "a state of an agreement", "AGREEMENT_STATE_",
        [Draft, Signed, InForce, Expired, Suspended, Terminated, Withdrawn];
    /// In what state a boundary marker is, as `standing`.
    marker_status: MarkerStatus, "a state of a marker", "MARKER_STATUS_", [Planned, Standing, Damaged, Lost];
    /// What is searched, as `unit`.
    search_kind: SearchKind, "a kind of what is searched", "SEARCH_KIND_", [Unit, Agreement, Programme, Marker];
    /// A level, as `district`.
    level: Level, "a level", "LEVEL_", [Region, Province, District, Commune, Other];
    /// A direction, as `inbound`.
    direction: Direction, "a direction", "DIRECTION_", [Inbound, Outbound];
    /// A classification, as `confidential`.
    classification: Classification, "a classification", "CLASSIFICATION_", [Confidential, Secret, TopSecret];
    /// A state of review, as `APPROVED`.
    review_state: ReviewState, "a state of review", "REVIEW_STATE_", [Draft, Submitted, Returned, Approved];
    /// A phase, as `held`.
    phase: Phase, "a phase", "PHASE_", [Planned, Held, Cancelled];
    /// Why an event was returned, as `wrong-figures`.
    return_reason: ReturnReason, "a reason to return", "RETURN_REASON_",
        [Incomplete, WrongFigures, WrongDate, WrongUnit, WrongType, DocumentMissing, Duplicate, PlanRefused];
    /// Why an event was cancelled, as `weather`.
    cancellation_reason: CancellationReason, "a reason to cancel", "CANCELLATION_REASON_",
        [Partner, Order, Weather, Epidemic, Situation, Postponed, Duplicate, RecordedInError];
    /// A kind of what looks implausible, as `unusually-many`.
    warning_code: WarningCode, "a kind of warning", "WARNING_CODE_",
        [UnusuallyMany, UnusuallyLong, FutureDate, NotBordering, SameSide];
    /// A group of ranks, as `field-officer`.
    rank_group: RankGroup, "a group of ranks", "RANK_GROUP_",
        [GeneralOfficer, FieldOfficer, CompanyOfficer, ProfessionalSoldier, Soldier, DefenceWorker, Militia, Other];
    /// A part of an event, as `direction`.
    event_part: EventPart, "a part of an event", "EVENT_PART_",
        [Direction, Delegations, Markers, Agreement, Persons, PartnerUnits, HeadOfDelegation, Programmes, Place, Summary,
         Lines, Participants, Team, Campaign, Area, Edition, Organiser];
    /// A role, as `recorder`.
    role: Role, "a role", "ROLE_", [Reader, Recorder, Approver, Registrar, Auditor, Administrator, Service];
    /// A kind of period that an office records, as `dry-season`.
    period_kind: PeriodKind, "a kind of recorded period", "PERIOD_KIND_", [DrySeason, Stage, Wave];
    /// Where a report stands, as `issued`.
    report_state: ReportState, "a state of a report", "REPORT_STATE_", [Draft, Issued, Superseded];
    /// A kind of finding, as `ageing-review`.
    finding_kind: FindingKind, "a kind of finding", "FINDING_KIND_",
        [AgeingReview, MissedBriefing, ExpiringAgreement, UnvisitedMarker];
}

/// A classification, or `unclassified` for events that have none.
///
/// # Errors
/// A sentence that names the words there are.
pub fn classification_or_none(word: &str) -> Result<Classification, String> {
    if word.eq_ignore_ascii_case("unclassified") {
        return Ok(Classification::Unspecified);
    }
    classification(word).map_err(|error| format!("{error}, UNCLASSIFIED"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_in_any_case() {
        assert_eq!(
            agreement_kind("cooperation-minutes"),
            Ok(AgreementKind::CooperationMinutes)
        );
        assert_eq!(agreement_kind("TWINNING"), Ok(AgreementKind::Twinning));
        assert_eq!(level("District"), Ok(Level::District));
        assert_eq!(classification("top_secret"), Ok(Classification::TopSecret));
        assert_eq!(direction("INBOUND"), Ok(Direction::Inbound));
        assert_eq!(direction("Đoàn vào (INBOUND)"), Ok(Direction::Inbound));
        assert_eq!(rank_group("field-officer"), Ok(RankGroup::FieldOfficer));
        assert_eq!(period_kind("dry-season"), Ok(PeriodKind::DrySeason));
        assert!(period_kind("month").is_err(), "months follow from their calendar");
        assert_eq!(return_reason("wrong-figures"), Ok(ReturnReason::WrongFigures));
        assert_eq!(classification_or_none("Unclassified"), Ok(Classification::Unspecified));
    }

    #[test]
    fn other_words_are_told_what_there_is() {
        assert_eq!(
            direction("sideways").unwrap_err(),
            "\"sideways\" is not a direction; it is one of INBOUND, OUTBOUND"
        );
        for word in ["", "unspecified", "UNSPECIFIED", "DIRECTION_INBOUND"] {
            assert!(direction(word).is_err(), "{word}");
        }
    }
}
