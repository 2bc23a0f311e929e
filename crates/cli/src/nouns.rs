//! The nouns of the command line as data: which methods list and get them, and which columns their tables have.
//!
//! A new noun is a new entry here and its flags in the module of its service. Nothing here speaks to a server.

mod registry;
mod reporting;

pub use registry::*;
pub use reporting::*;

/// A kind of resource that can be listed.
#[derive(Debug)]
pub struct Noun {
    /// The method that lists; empty if there is none.
    pub list: &'static str,
    /// The method that gives one by name; empty if there is none.
    pub get: &'static str,
    /// The columns of a list.
    pub columns: &'static [Column],
}

/// A column: the dotted path of a field in the resource, and its heading in both languages.
#[derive(Debug)]
pub struct Column {
    /// Path of the field, which is the column's name in CSV.
    pub path: &'static str,
    /// English heading.
    pub en: &'static str,
    /// Vietnamese heading.
    pub vi: &'static str,
    /// How readily a narrow terminal does without it; 0: never.
    pub detail: u8,
    /// Whether it holds decimals, which contracts write as texts.
    pub decimal: bool,
}

const fn column(path: &'static str, en: &'static str, vi: &'static str) -> Column {
    Column {
        path,
        en,
        vi,
        detail: 0,
        decimal: false,
    }
}

const fn detail(readiness: u8, path: &'static str, en: &'static str, vi: &'static str) -> Column {
    Column {
        path,
        en,
        vi,
        detail: readiness,
        decimal: false,
    }
}

const fn decimal(path: &'static str, en: &'static str, vi: &'static str) -> Column {
    Column {
        path,
        en,
        vi,
        detail: 0,
        decimal: true,
    }
}

const ID: Column = column("name", "Id", "Mã");
const START: Column = column("start_date", "From", "Từ ngày");
const END: Column = column("end_date", "To", "Đến ngày");
const NAMES: Column = column("names", "Name", "Tên");

/// Principals.
pub static PRINCIPAL: Noun = Noun {
    list: "banggiao.registry.v1.AccessService/ListPrincipals",
    get: "banggiao.registry.v1.AccessService/GetPrincipal",
    columns: &[
        ID,
        column("display_name", "Name", "Tên"),
        column("disabled", "Disabled", "Bị khóa"),
        column("create_time", "Recorded", "Ghi lúc"),
    ],
};

/// Tokens.
pub static TOKEN: Noun = Noun {
    list: "banggiao.registry.v1.AccessService/ListTokens",
    get: "",
    columns: &[
        ID,
        column("principal", "Principal", "Người dùng"),
        column("issue_time", "Issued", "Cấp lúc"),
        column("expire_time", "Expires", "Hết hạn"),
        column("revoke_time", "Revoked", "Thu hồi lúc"),
        column("revoked_by", "By", "Người thu hồi"),
    ],
};

/// The columns of an audit trail; each service has one of its own.
static AUDIT_COLUMNS: &[Column] = &[
    column("time", "Time", "Lúc"),
    column("principal", "Principal", "Người dùng"),
    column("method", "Method", "Lệnh"),
    column("resource", "About", "Đối tượng"),
    column("rule", "Rule", "Quy tắc"),
    column("code", "Result", "Kết quả"),
];

/// The audit trail of the registry.
pub static REGISTRY_AUDIT: Noun = Noun {
    list: "banggiao.registry.v1.AuditService/ListAuditEntries",
    get: "",
    columns: AUDIT_COLUMNS,
};

/// The audit trail of the journal.
pub static JOURNAL_AUDIT: Noun = Noun {
    list: "banggiao.journal.v1.AuditService/ListAuditEntries",
    get: "",
    columns: AUDIT_COLUMNS,
};

/// The audit trail of reporting.
pub static REPORTING_AUDIT: Noun = Noun {
    list: "banggiao.reporting.v1.AuditService/ListAuditEntries",
    get: "",
    columns: AUDIT_COLUMNS,
};

/// Grants.
pub static GRANT: Noun = Noun {
    list: "banggiao.registry.v1.AccessService/ListGrants",
    get: "",
    columns: &[
        ID,
        column("principal", "Principal", "Người dùng"),
        column("role", "Role", "Vai trò"),
        column("unit", "Unit", "Đơn vị"),
        column("clearance", "Clearance", "Độ mật"),
        START,
        END,
        column("substitute_for", "For", "Thay cho"),
        column("granted_by", "By", "Người cấp"),
        column("proposed", "Proposed", "Chờ xác nhận"),
    ],
};

/// Event types.
pub static EVENT_TYPE: Noun = Noun {
    list: "banggiao.journal.v1.EventTypeService/ListEventTypes",
    get: "banggiao.journal.v1.EventTypeService/GetEventType",
    columns: &[
        ID,
        column("code", "Code", "Ký hiệu"),
        NAMES,
        column("group", "Group", "Nhóm"),
        column("quantities.key", "Quantities", "Số lượng"),
    ],
};

/// Events.
pub static EVENT: Noun = Noun {
    list: "banggiao.journal.v1.EventService/ListEvents",
    get: "banggiao.journal.v1.EventService/GetEvent",
    columns: &[
        ID,
        detail(5, "external_reference.reference", "Reference", "Số hồ sơ"),
        column("start_date", "Date", "Ngày"),
        detail(2, "event_type", "Type", "Loại"),
        detail(4, "direction", "Direction", "Chiều"),
        column("home_unit", "Home unit", "Đơn vị ta"),
        detail(3, "partner_units", "Partner units", "Đơn vị bạn"),
        detail(6, "delegations", "Delegations", "Đoàn"),
        detail(6, "persons", "Persons", "Lượt người"),
        detail(7, "phase", "Phase", "Giai đoạn"),
        detail(1, "review_state", "Review", "Duyệt"),
        detail(9, "revision", "Revision", "Lần sửa"),
    ],
};

/// Revisions of one event.
pub static EVENT_REVISION: Noun = Noun {
    list: "banggiao.journal.v1.EventService/ListEventRevisions",
    get: "",
    columns: &[
        column("event.revision", "Revision", "Lần sửa"),
        column("action", "Action", "Việc"),
        detail(4, "event.phase", "Phase", "Giai đoạn"),
        detail(3, "event.review_state", "Review", "Duyệt"),
        detail(1, "event.author", "Author", "Người ghi"),
        detail(2, "event.create_time", "Time", "Lúc"),
        column("reason", "Reason", "Lý do"),
        detail(5, "event.log_index", "Log index", "Vị trí sổ"),
    ],
};

/// Attachments.
pub static ATTACHMENT: Noun = Noun {
    list: "",
    get: "banggiao.journal.v1.AttachmentService/GetAttachment",
    columns: &[
        column("name", "Name", "Tên"),
        column("size_bytes", "Bytes", "Byte"),
        column("media_type", "Kind", "Loại"),
        detail(1, "author", "Author", "Người ghi"),
        detail(2, "create_time", "Time", "Lúc"),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::Kind;

    #[test]
    fn methods_and_columns_exist_in_the_contracts() {
        for noun in [
            &UNIT,
            &UNIT_KIND,
            &UNIT_VERSION,
            &REORGANIZATION,
            &AGREEMENT,
            &AGREEMENT_ACTION,
            &PROGRAMME,
            &TARGET,
            &MARKER,
            &SECTION,
            &SEARCH_RESULT,
            &PRINCIPAL,
            &GRANT,
            &TOKEN,
            &REGISTRY_AUDIT,
            &JOURNAL_AUDIT,
            &REPORTING_AUDIT,
            &EVENT_TYPE,
            &EVENT,
            &EVENT_REVISION,
            &ATTACHMENT,
            &INDICATOR,
            &PERIOD,
            &REPORT,
            &REPORT_TEMPLATE,
            &RETURN,
            &COMPLETENESS,
            &FINDING,
        ] {
            let resource = if noun.list.is_empty() {
                crate::dynamic::method(noun.get).unwrap().output()
            } else {
                let list = crate::dynamic::method(noun.list).unwrap();
                let rows = crate::listing::rows_field(&list.output()).unwrap();
                let Kind::Message(resource) = rows.kind() else {
                    panic!("{} lists no messages", noun.list)
                };
                resource
            };
            for column in noun.columns {
                let mut message = resource.clone();
                for part in column.path.split('.') {
                    let field = message
                        .get_field_by_name(part)
                        .unwrap_or_else(|| panic!("{}", column.path));
                    if let Kind::Message(inner) = field.kind() {
                        message = inner;
                    }
                }
            }
            if !noun.get.is_empty() {
                assert_eq!(crate::dynamic::method(noun.get).unwrap().output(), resource);
            }
        }
    }
}
