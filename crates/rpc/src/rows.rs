//! Results of the rows of an import.

use banggiao_contracts::r#type::v1::{RowOutcome, RowResult, RowViolation};

use crate::violation::Violation;

/// A row that is stored now, or was when it came before, in a resource.
#[must_use]
pub fn stands(line: i64, outcome: RowOutcome, resource: &str) -> RowResult {
    RowResult {
        line,
        outcome: outcome.into(),
        resource: resource.to_owned(),
        violations: Vec::new(),
    }
}

/// A row that was refused, with everything that is wrong with it.
#[must_use]
pub fn rejected(line: i64, violations: impl IntoIterator<Item = Violation>) -> RowResult {
    let violations = violations.into_iter().map(|violation| RowViolation {
        field: violation.path,
        description: violation.description,
        reason: violation.reason.to_owned(),
    });
    let violations = violations.collect();
    RowResult {
        line,
        outcome: RowOutcome::Rejected.into(),
        resource: String::new(),
        violations,
    }
}
