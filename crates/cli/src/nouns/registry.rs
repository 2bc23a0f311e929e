//! The nouns of the registry. Principals and grants, which are its own as well, stand with the rest.

use super::{Column, END, ID, NAMES, Noun, START, column, decimal, detail};

const TITLE: Column = column("title", "Title", "Tên gọi");
const LEVEL: Column = detail(6, "level", "Level", "Cấp");
const FROM: Column = detail(7, "start_date", "From", "Từ ngày");
const TO: Column = detail(3, "end_date", "To", "Đến ngày");

/// Units.
pub static UNIT: Noun = Noun {
    list: "banggiao.registry.v1.UnitService/ListUnits",
    get: "banggiao.registry.v1.UnitService/GetUnit",
    columns: &[
        ID,
        detail(4, "country", "Country", "Nước"),
        detail(2, "kind", "Kind", "Loại"),
        LEVEL,
        column("parent", "Parent", "Cấp trên"),
        NAMES,
        FROM,
        TO,
    ],
};

/// Kinds of units.
pub static UNIT_KIND: Noun = Noun {
    list: "banggiao.registry.v1.UnitService/ListUnitKinds",
    get: "",
    columns: &[
        column("code", "Code", "Ký hiệu"),
        column("level", "Level", "Cấp"),
        NAMES,
    ],
};

/// Versions of one unit.
pub static UNIT_VERSION: Noun = Noun {
    list: "banggiao.registry.v1.UnitService/ListUnitVersions",
    get: "",
    columns: &[
        START,
        END,
        detail(2, "kind", "Kind", "Loại"),
        LEVEL,
        column("parent", "Parent", "Cấp trên"),
        NAMES,
    ],
};

/// Reorganisations.
pub static REORGANIZATION: Noun = Noun {
    list: "banggiao.registry.v1.UnitService/ListReorganizations",
    get: "",
    columns: &[
        ID,
        column("effective_date", "Effective", "Hiệu lực từ"),
        detail(1, "legal_basis", "Legal basis", "Căn cứ pháp lý"),
        detail(5, "legal_date", "Dated", "Ngày văn bản"),
        detail(6, "note", "Note", "Ghi chú"),
        column("revocation.legal_basis", "Revoked by", "Bị hủy bởi"),
    ],
};

/// Agreements.
pub static AGREEMENT: Noun = Noun {
    list: "banggiao.registry.v1.AgreementService/ListAgreements",
    get: "banggiao.registry.v1.AgreementService/GetAgreement",
    columns: &[
        ID,
        detail(8, "number", "Number", "Số"),
        detail(6, "kind", "Kind", "Loại"),
        detail(9, "level", "Level", "Cấp"),
        column("state", "State", "Hiệu lực"),
        detail(4, "sign_date", "Signed", "Ngày ký"),
        FROM,
        TO,
        detail(2, "home_units", "Home units", "Đơn vị ta"),
        detail(2, "partner_units", "Partner units", "Đơn vị bạn"),
        detail(1, "needs_successor", "Needs successor", "Cần kế thừa"),
        TITLE,
    ],
};

/// What was done to one agreement.
pub static AGREEMENT_ACTION: Noun = Noun {
    list: "banggiao.registry.v1.AgreementService/ListAgreementActions",
    get: "",
    columns: &[
        column("date", "Date", "Ngày"),
        column("kind", "Action", "Việc"),
        column("document", "Document", "Văn bản"),
        column("end_date", "New end", "Thời hạn mới"),
        column("from_unit", "Ended party", "Bên cũ"),
        column("to_unit", "New party", "Bên mới"),
        column("update_mask", "Amended", "Nội dung sửa"),
        column("note", "Note", "Ghi chú"),
        detail(5, "author", "Recorded by", "Người ghi"),
        detail(5, "create_time", "Recorded", "Ghi lúc"),
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
        detail(5, "issuer", "Issuer", "Cơ quan ban hành"),
        FROM,
        TO,
        detail(5, "horizon", "Horizon", "Tầm nhìn"),
    ],
};

/// What a programme wants to reach.
pub static TARGET: Noun = Noun {
    list: "banggiao.registry.v1.ProgrammeService/ListTargets",
    get: "",
    columns: &[
        column("indicator", "Indicator", "Chỉ tiêu"),
        column("unit", "Unit", "Đơn vị"),
        column("period", "Period", "Kỳ"),
        decimal("value", "Target", "Mục tiêu"),
        detail(5, "author", "Set by", "Người đặt"),
        detail(5, "create_time", "Set", "Đặt lúc"),
    ],
};

/// Boundary markers.
pub static MARKER: Noun = Noun {
    list: "banggiao.registry.v1.MarkerService/ListMarkers",
    get: "banggiao.registry.v1.MarkerService/GetMarker",
    columns: &[
        ID,
        detail(5, "border", "Border", "Biên giới"),
        column("number", "Number", "Số mốc"),
        column("status", "Status", "Tình trạng"),
        column("current_home_unit", "Home unit", "Đơn vị ta"),
        column("current_partner_unit", "Partner unit", "Đơn vị bạn"),
        detail(5, "point.latitude", "Latitude", "Vĩ độ"),
        detail(5, "point.longitude", "Longitude", "Kinh độ"),
    ],
};

/// Sections of the border.
pub static SECTION: Noun = Noun {
    list: "banggiao.registry.v1.MarkerService/ListSections",
    get: "",
    columns: &[
        ID,
        column("marker_from", "From marker", "Từ mốc"),
        column("marker_to", "To marker", "Đến mốc"),
        decimal("length_km", "Length (km)", "Độ dài (km)"),
        column("current_home_unit", "Home unit", "Đơn vị ta"),
        column("current_partner_unit", "Partner unit", "Đơn vị bạn"),
        detail(5, "names", "Name", "Tên"),
    ],
};

/// What a search found.
pub static SEARCH_RESULT: Noun = Noun {
    list: "banggiao.registry.v1.SearchService/Search",
    get: "",
    columns: &[
        column("kind", "Kind", "Loại"),
        column("resource", "Id", "Mã"),
        column("text", "Found", "Tìm thấy"),
        column("title", "Title", "Tên gọi"),
    ],
};
