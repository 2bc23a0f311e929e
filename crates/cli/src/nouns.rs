//! The nouns of the command line as data: which methods list and get them, and which columns their tables have.
//!
//! A new noun is a new entry here and its flags in the module of its service. Nothing here speaks to a server.

/// A kind of resource that can be listed.
#[derive(Debug)]
pub struct Noun {
    /// The method that lists.
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
}

const fn column(path: &'static str, en: &'static str, vi: &'static str) -> Column {
    Column { path, en, vi }
}

const ID: Column = column("name", "Id", "Mã");
const START: Column = column("start_date", "From", "Từ ngày");
const END: Column = column("end_date", "To", "Đến ngày");
const NAMES: Column = column("names", "Name", "Tên");
const TITLE: Column = column("title", "Title", "Tên gọi");

/// Units.
pub static UNIT: Noun = Noun {
    list: "banggiao.registry.v1.UnitService/ListUnits",
    get: "banggiao.registry.v1.UnitService/GetUnit",
    columns: &[
        ID,
        column("country", "Country", "Nước"),
        column("kind", "Kind", "Loại"),
        column("level", "Level", "Cấp"),
        column("parent", "Parent", "Cấp trên"),
        NAMES,
        START,
        END,
    ],
};

/// Versions of one unit.
pub static UNIT_VERSION: Noun = Noun {
    list: "banggiao.registry.v1.UnitService/ListUnitVersions",
    get: "",
    columns: &[
        START,
        END,
        column("kind", "Kind", "Loại"),
        column("level", "Level", "Cấp"),
        column("parent", "Parent", "Cấp trên"),
        NAMES,
    ],
};

/// Agreements.
pub static AGREEMENT: Noun = Noun {
    list: "banggiao.registry.v1.AgreementService/ListAgreements",
    get: "banggiao.registry.v1.AgreementService/GetAgreement",
    columns: &[
        ID,
        column("kind", "Kind", "Loại"),
        column("level", "Level", "Cấp"),
        column("state", "State", "Hiệu lực"),
        column("sign_date", "Signed", "Ngày ký"),
        START,
        END,
        column("home_units", "Home units", "Đơn vị ta"),
        column("partner_units", "Partner units", "Đơn vị bạn"),
        TITLE,
    ],
};

/// Programmes.
pub static PROGRAMME: Noun = Noun {
    list: "banggiao.registry.v1.ProgrammeService/ListProgrammes",
    get: "banggiao.registry.v1.ProgrammeService/GetProgramme",
    columns: &[
        ID,
        column("number", "Number", "Số"),
        TITLE,
        column("issuer", "Issuer", "Cơ quan ban hành"),
        START,
        END,
    ],
};

/// Boundary markers.
pub static MARKER: Noun = Noun {
    list: "banggiao.registry.v1.MarkerService/ListMarkers",
    get: "banggiao.registry.v1.MarkerService/GetMarker",
    columns: &[
        ID,
        column("border", "Border", "Biên giới"),
        column("number", "Number", "Số mốc"),
        column("current_home_unit", "Home unit", "Đơn vị ta"),
        column("current_partner_unit", "Partner unit", "Đơn vị bạn"),
    ],
};

/// Principals.
pub static PRINCIPAL: Noun = Noun {
    list: "banggiao.registry.v1.AccessService/ListPrincipals",
    get: "banggiao.registry.v1.AccessService/GetPrincipal",
    columns: &[
        ID,
        column("display_name", "Name", "Tên"),
        column("create_time", "Recorded", "Ghi lúc"),
    ],
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
        column("external_reference.reference", "Reference", "Số hồ sơ"),
        column("start_date", "Date", "Ngày"),
        column("event_type", "Type", "Loại"),
        column("direction", "Direction", "Chiều"),
        column("home_unit", "Home unit", "Đơn vị ta"),
        column("partner_units", "Partner units", "Đơn vị bạn"),
        column("delegations", "Delegations", "Đoàn"),
        column("persons", "Persons", "Lượt người"),
        column("phase", "Phase", "Giai đoạn"),
        column("review_state", "Review", "Duyệt"),
        column("revision", "Revision", "Lần sửa"),
    ],
};

/// Revisions of one event.
pub static EVENT_REVISION: Noun = Noun {
    list: "banggiao.journal.v1.EventService/ListEventRevisions",
    get: "",
    columns: &[
        column("event.revision", "Revision", "Lần sửa"),
        column("action", "Action", "Việc"),
        column("event.phase", "Phase", "Giai đoạn"),
        column("event.review_state", "Review", "Duyệt"),
        column("event.author", "Author", "Người ghi"),
        column("event.create_time", "Time", "Lúc"),
        column("reason", "Reason", "Lý do"),
        column("event.log_index", "Log index", "Vị trí sổ"),
    ],
};

/// Indicators.
pub static INDICATOR: Noun = Noun {
    list: "banggiao.reporting.v1.IndicatorService/ListIndicators",
    get: "banggiao.reporting.v1.IndicatorService/GetIndicator",
    columns: &[
        ID,
        column("code", "Code", "Ký hiệu"),
        NAMES,
        column("unit_of_count", "Counted in", "Đơn vị tính"),
    ],
};

/// Periods.
pub static PERIOD: Noun = Noun {
    list: "banggiao.reporting.v1.CalendarService/ListPeriods",
    get: "banggiao.reporting.v1.CalendarService/GetPeriod",
    columns: &[ID, column("titles", "Title", "Tên gọi"), START, END],
};

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::Kind;

    #[test]
    fn methods_and_columns_exist_in_the_contracts() {
        for noun in [
            &UNIT,
            &UNIT_VERSION,
            &AGREEMENT,
            &PROGRAMME,
            &MARKER,
            &PRINCIPAL,
            &GRANT,
            &EVENT_TYPE,
            &EVENT,
            &EVENT_REVISION,
            &INDICATOR,
            &PERIOD,
        ] {
            let list = crate::dynamic::method(noun.list).unwrap();
            let rows = crate::listing::rows_field(&list.output()).unwrap();
            let Kind::Message(resource) = rows.kind() else {
                panic!("{} lists no messages", noun.list)
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
