//! Roles, actions, and the table of which role may do what.
//!
//! It owns the table and nothing else: where and up to which classification is decided beside it.

use std::fmt;

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Reader,
    /// Records events (cán bộ ghi nhận).
    Recorder,
    /// Approves what units below recorded (người phê duyệt).
    Approver,
    /// Keeps the registry and migrates old records (văn thư, quản lý danh mục).
    Registrar,
    /// Reads everything that happened, access included (kiểm tra).
    Auditor,
    /// Does everything, and gives the other roles (quản trị).
    Administrator,
    /// One of the services, asking another.
    Service,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Reader,
        Self::Recorder,
        Self::Approver,
        Self::Registrar,
        Self::Auditor,
        Self::Administrator,
        Self::Service,
    ];

    /// The code that files and contracts use, as `RECORDER`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Reader => "READER",
            Self::Recorder => "RECORDER",
            Self::Approver => "APPROVER",
            Self::Registrar => "REGISTRAR",
            Self::Auditor => "AUDITOR",
            Self::Administrator => "ADMINISTRATOR",
            Self::Service => "SERVICE",
        }
    }

    /// The role of that code, in any case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.code().eq_ignore_ascii_case(code))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Read units, programmes, markers, types, indicators, calendars: what everybody needs to name things.
    ReadReference,
    /// Read agreements.
    ReadAgreement,
    /// Read events, their revisions and attachments.
    ReadEvent,
    /// Log, correct, submit or cancel an event. Decided by its home unit.
    RecordEvent,
    /// Approve or return an event. Decided by its home unit, whose parent or a unit higher the grant must cover.
    ApproveEvent,
    /// Import events with a review state, and correct them likewise.
    MigrateEvents,
    /// Change units, agreements, programmes, markers, types, indicators.
    ManageRegistry,
    /// Read principals, grants and the audit trail.
    ReadAccess,
    /// Change principals and grants.
    ManageAccess,
    /// Follow a service's feed, which carries everything.
    ReadFeed,
    /// Make a draft of a report, correct a report, send a return. Decided by the unit that it is about.
    WriteReport,
    /// Issue a report. Decided by the unit that it is about.
    IssueReport,
    /// Enter the digest of an issued report into the log. Between services.
    EnterReport,
    /// Ask for figures. What they may count is decided by reading events and agreements.
    ReadFigures,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 14] = [
        Self::ReadReference,
        Self::ReadAgreement,
        Self::ReadEvent,
        Self::RecordEvent,
        Self::ApproveEvent,
        Self::MigrateEvents,
        Self::ManageRegistry,
        Self::ReadAccess,
        Self::ManageAccess,
        Self::ReadFeed,
        Self::WriteReport,
        Self::IssueReport,
        Self::EnterReport,
        Self::ReadFigures,
    ];

    /// Says whether a role may do this at all. Every pair is written out, so that a new role or action cannot be
    /// forgotten.
    #[must_use]
    pub fn permits(self, role: Role) -> bool {
        use Action as A;
        use Role as R;
        match (self, role) {
            (
                A::ReadReference | A::ReadFigures | A::ReadAgreement | A::ReadEvent,
                R::Reader | R::Recorder | R::Approver | R::Registrar | R::Auditor | R::Administrator | R::Service,
            )
            | (A::RecordEvent, R::Recorder | R::Administrator)
            | (A::ApproveEvent, R::Approver | R::Administrator)
            | (A::MigrateEvents | A::ManageRegistry, R::Registrar | R::Administrator)
            | (A::ReadAccess | A::ReadFeed, R::Auditor | R::Administrator | R::Service)
            | (A::WriteReport, R::Recorder | R::Approver | R::Administrator)
            | (A::IssueReport, R::Approver | R::Administrator)
            | (A::EnterReport, R::Service)
            | (A::ManageAccess, R::Administrator) => true,
            (A::RecordEvent, R::Reader | R::Approver | R::Registrar | R::Auditor | R::Service)
            | (A::ApproveEvent, R::Reader | R::Recorder | R::Registrar | R::Auditor | R::Service)
            | (A::MigrateEvents | A::ManageRegistry, R::Reader | R::Recorder | R::Approver | R::Auditor | R::Service)
            | (A::WriteReport, R::Reader | R::Registrar | R::Auditor | R::Service)
            | (A::IssueReport, R::Reader | R::Recorder | R::Registrar | R::Auditor | R::Service)
            | (A::EnterReport, R::Reader | R::Recorder | R::Approver | R::Registrar | R::Auditor | R::Administrator)
            | (A::ReadAccess | A::ReadFeed, R::Reader | R::Recorder | R::Approver | R::Registrar)
            | (A::ManageAccess, R::Reader | R::Recorder | R::Approver | R::Registrar | R::Auditor | R::Service) => {
                false
            }
        }
    }

    /// The code by which audit trails name it, as `RECORD_EVENT`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ReadReference => "READ_REFERENCE",
            Self::ReadAgreement => "READ_AGREEMENT",
            Self::ReadEvent => "READ_EVENT",
            Self::RecordEvent => "RECORD_EVENT",
            Self::ApproveEvent => "APPROVE_EVENT",
            Self::MigrateEvents => "MIGRATE_EVENTS",
            Self::ManageRegistry => "MANAGE_REGISTRY",
            Self::ReadAccess => "READ_ACCESS",
            Self::ManageAccess => "MANAGE_ACCESS",
            Self::ReadFeed => "READ_FEED",
            Self::WriteReport => "WRITE_REPORT",
            Self::IssueReport => "ISSUE_REPORT",
            Self::EnterReport => "ENTER_REPORT",
            Self::ReadFigures => "READ_FIGURES",
        }
    }

    /// Says whether it changes anything.
    #[must_use]
    pub fn is_change(self) -> bool {
        match self {
            Self::RecordEvent
            | Self::ApproveEvent
            | Self::MigrateEvents
            | Self::ManageRegistry
            | Self::WriteReport
            | Self::IssueReport
            | Self::EnterReport
            | Self::ManageAccess => true,
            Self::ReadReference
            | Self::ReadAgreement
            | Self::ReadEvent
            | Self::ReadAccess
            | Self::ReadFeed
            | Self::ReadFigures => false,
        }
    }

    /// How a grant on a unit reaches objects of this action.
    pub(super) fn reach(self) -> Reach {
        match self {
            Self::ReadReference | Self::ReadFigures => Reach::Everything,
            Self::ReadFeed | Self::EnterReport => Reach::Nothing,
            Self::ApproveEvent => Reach::Below,
            Self::ReadAgreement
            | Self::ReadEvent
            | Self::RecordEvent
            | Self::MigrateEvents
            | Self::ManageRegistry
            | Self::WriteReport
            | Self::IssueReport
            | Self::ReadAccess
            | Self::ManageAccess => Reach::Within,
        }
    }
}

/// What a grant on a unit reaches. A grant over everything reaches everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everything: the action knows no units.
    Everything,
    /// The unit and those below it.
    Within,
    /// Only the units below it, whose work it decides upon.
    Below,
    /// Nothing: the action takes a grant over everything.
    Nothing,
}
