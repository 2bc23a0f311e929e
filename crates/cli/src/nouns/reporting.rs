//! The nouns of reporting: what is counted, for which periods, and what becomes of it.

use super::{Column, END, ID, NAMES, Noun, START, column, detail};

const UNIT: Column = column("unit", "Unit", "Đơn vị");
const PERIOD_OF: Column = column("period", "Period", "Kỳ");

/// Indicators.
pub static INDICATOR: Noun = Noun {
    list: "banggiao.reporting.v1.IndicatorService/ListIndicators",
    get: "banggiao.reporting.v1.IndicatorService/GetIndicator",
    columns: &[
        ID,
        column("code", "Code", "Ký hiệu"),
        NAMES,
        column("unit_of_count", "Counted in", "Đơn vị tính"),
        detail(4, "overlaps", "Overlaps", "Tính trùng"),
        detail(5, "legal_basis", "Legal basis", "Căn cứ pháp lý"),
        detail(6, "revision", "Revision", "Lần sửa"),
    ],
};

/// Periods.
pub static PERIOD: Noun = Noun {
    list: "banggiao.reporting.v1.CalendarService/ListPeriods",
    get: "banggiao.reporting.v1.CalendarService/GetPeriod",
    columns: &[
        ID,
        column("titles", "Title", "Tên gọi"),
        START,
        END,
        detail(4, "kind", "Kind", "Loại"),
        detail(3, "parent", "Part of", "Thuộc"),
        detail(5, "deadlines.level", "Levels", "Cấp"),
        detail(5, "deadlines.due_date", "Due", "Hạn gửi"),
    ],
};

/// Reports.
pub static REPORT: Noun = Noun {
    list: "banggiao.reporting.v1.ReportService/ListReports",
    get: "banggiao.reporting.v1.ReportService/GetReport",
    columns: &[
        ID,
        detail(2, "template", "Template", "Mẫu"),
        UNIT,
        detail(1, "period", "Period", "Kỳ"),
        detail(4, "start_date", "From", "Từ ngày"),
        detail(4, "end_date", "To", "Đến ngày"),
        column("state", "State", "Trạng thái"),
        column("number", "Number", "Số"),
        detail(3, "document_number", "Document", "Số văn bản"),
        detail(6, "classification", "Classification", "Độ mật"),
        detail(5, "issue_time", "Issued", "Phát hành lúc"),
        detail(5, "superseded_by", "Superseded by", "Thay bằng"),
        detail(5, "entry_log_index", "Entry", "Mục nhật ký"),
    ],
};

/// Templates of reports.
pub static REPORT_TEMPLATE: Noun = Noun {
    list: "banggiao.reporting.v1.ReportService/ListReportTemplates",
    get: "banggiao.reporting.v1.ReportService/GetReportTemplate",
    columns: &[
        ID,
        column("titles", "Title", "Tên gọi"),
        column("of_programme", "Of a programme", "Theo đề án"),
        detail(4, "legal_basis", "Legal basis", "Căn cứ pháp lý"),
        detail(5, "revision", "Revision", "Lần sửa"),
    ],
};

/// Returns.
pub static RETURN: Noun = Noun {
    list: "banggiao.reporting.v1.ReturnService/ListReturns",
    get: "",
    columns: &[
        detail(6, "name", "Id", "Mã"),
        UNIT,
        PERIOD_OF,
        column("nil", "Nothing", "Không phát sinh"),
        column("late", "Late", "Muộn"),
        column("create_time", "Sent", "Gửi lúc"),
        detail(3, "author", "Author", "Người gửi"),
        detail(5, "log_index", "Log index", "Vị trí sổ"),
        column("note", "Note", "Ghi chú"),
    ],
};

/// Where units stand with their returns, one by one.
pub static COMPLETENESS: Noun = Noun {
    list: "banggiao.reporting.v1.ReturnService/GetCompleteness",
    get: "",
    columns: &[
        UNIT,
        column("level", "Level", "Cấp"),
        PERIOD_OF,
        column("state", "State", "Trạng thái"),
        column("due_date", "Due", "Hạn gửi"),
        column("lock_date", "Locked after", "Khóa sổ sau"),
        column("event_count", "Events", "Hoạt động"),
        column("pending_count", "Not approved", "Chờ duyệt"),
        column("return", "Return", "Báo cáo"),
        column("silent", "Silent", "Im lặng"),
    ],
};

/// What somebody should look at.
pub static FINDING: Noun = Noun {
    list: "banggiao.reporting.v1.ReturnService/ListFindings",
    get: "",
    columns: &[
        column("kind", "What", "Việc"),
        UNIT,
        column("resource", "About", "Đối tượng"),
        column("date", "Date", "Ngày"),
        column("days", "Days", "Số ngày"),
    ],
};
