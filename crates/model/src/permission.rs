//! Permission (quyền): who may do what, where, up to which classification.
//!
//! It owns the one decision, role × unit scope × classification, as a pure function of grants and today's hierarchy.
//! The same [`Scope`] answers for one object and gives the filter for a list, so that a list is exactly what could be
//! read one by one. It must not know who the caller is, nor how grants or objects are kept.

mod role;
mod scope;

pub use role::{Action, Role};
pub use scope::{Part, Scope, Units, decide, scope};

use crate::date::Date;
use crate::name::UnitId;
use std::sync::Arc;

/// How far a record must be kept from view (độ mật), under the Law on the Protection of State Secrets. A clearance
/// covers its own classification and all below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Classification {
    /// No state secret. A record without classification is unclassified.
    #[default]
    Unclassified,
    /// Mật.
    Confidential,
    /// Tối mật.
    Secret,
    /// Tuyệt mật.
    TopSecret,
}

impl Classification {
    /// All classifications, from the lowest.
    pub const ALL: [Self; 4] = [Self::Unclassified, Self::Confidential, Self::Secret, Self::TopSecret];

    /// The code that files and contracts use, as `TOP_SECRET`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unclassified => "UNCLASSIFIED",
            Self::Confidential => "CONFIDENTIAL",
            Self::Secret => "SECRET",
            Self::TopSecret => "TOP_SECRET",
        }
    }

    /// The classification of a code or id, in any case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let code = crate::name::id_to_code(code);
        Self::ALL
            .into_iter()
            .find(|classification| classification.code() == code)
    }
}

/// One role given to a principal, over a unit or over everything, up to a classification, for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What the principal is there.
    pub role: Role,
    /// The unit whose subtree it covers; absent: everything.
    pub unit: Option<UnitId>,
    /// The highest classification it reaches.
    pub clearance: Classification,
    /// The first day it holds; absent: since ever.
    pub start: Option<Date>,
    /// The last day it holds; absent: until revoked.
    pub end: Option<Date>,
    /// Id of the principal for whom it is exercised; absent: for oneself.
    pub substitute_for: Option<Arc<str>>,
}

impl Grant {
    /// Says whether the grant holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.start.is_none_or(|start| start <= day) && self.end.is_none_or(|end| day <= end)
    }
}
