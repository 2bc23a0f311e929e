//! The columns of the entry form: their headings, explanations and examples in both languages.
//!
//! It owns the words only. Which columns there are stands in [`Kind`], and a test holds this against it.

use crate::globals::Lang;
use crate::import::Kind;
use banggiao_workbook::Kind as Cells;

/// A column of the form.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name in events.csv.
    pub name: &'static str,
    /// How often it stands in the form: a list offers one element in each place.
    pub places: u16,
    /// Its width in characters.
    pub width: u16,
    /// Whether an event needs it.
    pub required: bool,
    /// The list from which is chosen; empty if there is none.
    pub list: &'static str,
    /// An example, as the import reads it.
    pub example: &'static str,
    words: [&'static str; 4],
}

impl Entry {
    /// What stands over the column.
    #[must_use]
    pub fn heading(&self, lang: Lang) -> &'static str {
        lang.pick(self.words[0], self.words[1])
    }

    /// What is told about it.
    #[must_use]
    pub fn explanation(&self, lang: Lang) -> &'static str {
        lang.pick(self.words[2], self.words[3])
    }

    /// Whether a form in this language has the column: second languages are for those who write them.
    #[must_use]
    pub fn is_for(&self, lang: Lang) -> bool {
        lang == Lang::En || !self.name.ends_with("_en")
    }

    /// What its cells hold.
    #[must_use]
    pub fn kind(&self) -> Cells {
        let several = Kind::Events.list_columns().contains(&self.name);
        match (self.list, several) {
            ("", _) => cells_of(self.name),
            (list, true) => Cells::SeveralOf(list.to_owned()),
            (list, false) => Cells::OneOf(list.to_owned()),
        }
    }
}

/// What the cells of a column hold, of whichever kind of file.
#[must_use]
pub fn cells_of(column: &str) -> Cells {
    match column {
        "delegations" | "persons" | "edition" => Cells::Whole,
        "summary_vi" | "summary_en" | "lines" | "participants" => Cells::Prose,
        _ if column.ends_with("_date") => Cells::Date,
        _ => Cells::Text,
    }
}

const fn text(name: &'static str, width: u16, example: &'static str, words: [&'static str; 4]) -> Entry {
    Entry {
        name,
        places: 1,
        width,
        required: false,
        list: "",
        example,
        words,
    }
}

const fn list(name: &'static str, width: u16, list: &'static str, words: [&'static str; 4]) -> Entry {
    Entry {
        list,
        ..text(name, width, "", words)
    }
}

const fn several(entry: Entry, places: u16) -> Entry {
    Entry { places, ..entry }
}

const fn required(entry: Entry) -> Entry {
    Entry {
        required: true,
        ..entry
    }
}

/// The columns in the order of the form.
#[rustfmt::skip]
pub static COLUMNS: [Entry; 31] = [
    required(text("reference", 16, "2026-015", ["Number", "Số hiệu",
        "The event's number in your book; each number once.",
        "Số của sự kiện trong sổ của đơn vị; mỗi số chỉ dùng một lần."])),
    required(list("type", 30, "types", ["Type", "Loại sự kiện",
        "Choose from the list.", "Chọn trong danh sách."])),
    required(text("start_date", 14, "2026-03-31", ["First day", "Ngày bắt đầu",
        "The period counts by this day.", "Kỳ báo cáo tính theo ngày này."])),
    text("end_date", 14, "2026-04-01", ["Last day", "Ngày kết thúc",
        "Empty if it lasted one day.", "Để trống nếu chỉ trong một ngày."]),
    list("direction", 20, "directions", ["Direction", "Chiều",
        "Only for delegations and visits.", "Chỉ với đoàn và chuyến thăm: đoàn vào hay đoàn ra."]),
    required(list("home_unit", 34, "home_units", ["Home unit", "Đơn vị chủ trì",
        "The unit whose event it is.", "Đơn vị của ta chủ trì sự kiện."])),
    several(list("co_home_units", 34, "home_units", ["Further home unit", "Đơn vị phối hợp",
        "Further home units that took part, one in each column.", "Đơn vị khác của ta cùng tham gia, mỗi cột một đơn vị."]), 2),
    several(list("partner_units", 34, "partner_units", ["Partner unit", "Đơn vị bạn",
        "Units of the partner side, one in each column; more are typed here with ; between.",
        "Đơn vị phía bạn, mỗi cột một đơn vị; nhiều hơn thì gõ thêm, cách nhau bằng dấu ;"]), 3),
    text("place_vi", 24, "Cửa khẩu Mộc Bài", ["Place", "Địa điểm",
        "Where it took place, in Vietnamese.", "Nơi diễn ra."]),
    text("delegations", 15, "1", ["Delegations", "Số đoàn",
        "Empty: unknown. 0: none.", "Để trống: chưa rõ. 0: không có."]),
    text("persons", 12, "12", ["Persons", "Lượt người",
        "Empty: unknown. 0: none.", "Để trống: chưa rõ. 0: không có."]),
    several(list("programmes", 34, "programmes", ["Programme", "Nghị quyết, đề án",
        "Under which it counts, one in each column.", "Tính vào nghị quyết, đề án nào, mỗi cột một văn bản."]), 2),
    list("agreement", 34, "agreements", ["Agreement", "Thỏa thuận",
        "The agreement that it carries out.", "Thực hiện thỏa thuận nào."]),
    list("marker_from", 17, "markers", ["From marker", "Từ mốc",
        "Only for patrols and protection of markers.", "Chỉ với tuần tra và bảo vệ mốc."]),
    list("marker_to", 15, "markers", ["To marker", "Đến mốc",
        "The last marker.", "Mốc cuối."]),
    text("quantities", 26, "patrol_km=15.8", ["Quantities", "Số lượng",
        "key=number, several with ; between, decimals with a point. The keys of each type stand in the guide.",
        "khóa=số, cách nhau bằng dấu ; và dùng dấu chấm thập phân. Khóa của từng loại: xem trang Hướng dẫn."]),
    required(list("state", 24, "states", ["State", "Trạng thái",
        "How far it has come.", "Sự kiện đã đến bước nào."])),
    text("summary_vi", 50, "Tuần tra song phương, không phát hiện vi phạm", ["Summary", "Nội dung, kết quả",
        "What happened, in Vietnamese.", "Tóm tắt nội dung, kết quả."]),
    text("head_office", 24, "Phó Chỉ huy trưởng", ["Head: office", "Trưởng đoàn: chức vụ",
        "Office of who led the delegation.", "Chức vụ của trưởng đoàn."]),
    list("head_level", 18, "levels", ["Head: level", "Trưởng đoàn: cấp",
        "Level of the office.", "Cấp của chức vụ đó."]),
    text("head_name", 24, "", ["Head: name", "Trưởng đoàn: họ tên",
        "May be left out.", "Có thể để trống."]),
    list("team", 24, "teams", ["Search team", "Đội quy tập",
        "Only for searches.", "Chỉ với tìm kiếm, quy tập."]),
    text("campaign", 20, "campaign/mk-2025-2026", ["Campaign", "Mùa quy tập",
        "Only for searches: campaign/ and the name of the period.", "Chỉ với tìm kiếm, quy tập: campaign/ và tên của kỳ."]),
    text("area_vi", 24, "Xã Dambae", ["Area searched", "Địa bàn",
        "Only for searches, in Vietnamese.", "Chỉ với tìm kiếm, quy tập."]),
    text("edition", 10, "5", ["Edition", "Lần thứ",
        "Only for what recurs.", "Chỉ với hoạt động định kỳ."]),
    list("organiser", 28, "organisers", ["Organiser", "Cơ quan tổ chức",
        "Who held what was attended.", "Ai tổ chức hoạt động mà ta dự."]),
    text("lines", 40, "gạo|500|kg|7500000|Xã Dambae;chăn|20", ["Aid, item by item", "Hàng viện trợ",
        "item|quantity|unit|value in đồng|recipient, several with ; between; the end may be left out.",
        "tên hàng|số lượng|đơn vị tính|giá trị (đồng)|nơi nhận; các mục cách nhau bằng dấu ; phần cuối có thể bỏ."]),
    text("participants", 34, "FIELD_OFFICER=2;SOLDIER=10", ["Participants by rank", "Thành phần theo cấp bậc",
        "GROUP=count, several with ; between. The groups stand in the guide.",
        "NHÓM=số người, cách nhau bằng dấu ; Các nhóm: xem trang Hướng dẫn."]),
    list("classification", 20, "classifications", ["Classification", "Độ mật",
        "Empty: unclassified.", "Để trống: không mật."]),
    text("summary_en", 50, "Joint patrol, nothing found", ["Summary, English", "Nội dung, tiếng Anh",
        "What happened, in English.", "Tóm tắt bằng tiếng Anh."]),
    text("place_en", 24, "Moc Bai border gate", ["Place, English", "Địa điểm, tiếng Anh",
        "Where it took place, in English.", "Nơi diễn ra, bằng tiếng Anh."]),
];

/// Words of a fixed list: the word of the file, Vietnamese, English.
pub type Choice = (&'static str, &'static str, &'static str);

/// Which way a delegation travelled.
pub const DIRECTIONS: [Choice; 2] = [("INBOUND", "Đoàn vào", "Inbound"), ("OUTBOUND", "Đoàn ra", "Outbound")];
/// How far an event has come.
pub const STATES: [Choice; 6] = [
    ("APPROVED", "Đã duyệt", "Approved"),
    ("SUBMITTED", "Chờ duyệt", "Submitted"),
    ("DRAFT", "Nháp", "Draft"),
    ("RETURNED", "Trả lại", "Returned"),
    ("PLANNED", "Kế hoạch", "Planned"),
    ("CANCELLED", "Đã hủy", "Cancelled"),
];
/// Levels of an office.
pub const LEVELS: [Choice; 4] = [
    ("region", "Quân khu", "Region"),
    ("province", "Tỉnh", "Province"),
    ("district", "Huyện – khu vực", "District"),
    ("commune", "Xã – đồn", "Commune"),
];
/// How secret an event is.
pub const CLASSIFICATIONS: [Choice; 3] = [
    ("CONFIDENTIAL", "Mật", "Confidential"),
    ("SECRET", "Tối mật", "Secret"),
    ("TOP_SECRET", "Tuyệt mật", "Top secret"),
];
/// Groups of ranks.
pub const RANKS: [Choice; 8] = [
    ("GENERAL_OFFICER", "Cấp tướng", "General officers"),
    ("FIELD_OFFICER", "Cấp tá", "Field-grade officers"),
    ("COMPANY_OFFICER", "Cấp úy", "Company-grade officers"),
    (
        "PROFESSIONAL_SOLDIER",
        "Quân nhân chuyên nghiệp",
        "Professional soldiers",
    ),
    (
        "SOLDIER",
        "Hạ sĩ quan, binh sĩ",
        "Non-commissioned officers and soldiers",
    ),
    (
        "DEFENCE_WORKER",
        "Công nhân, viên chức quốc phòng",
        "Defence workers and officials",
    ),
    ("MILITIA", "Dân quân tự vệ", "Militia and self-defence"),
    ("OTHER", "Khác", "All others"),
];

/// How to fill in, sentence by sentence.
#[must_use]
pub fn guide(lang: Lang) -> &'static [&'static str] {
    lang.pick(
        &[
            "One row is one event. Dark headings must be filled in.",
            "Rows may be sorted and filtered, columns moved or removed if they are not required; the word in parentheses \
             in a heading must stay.",
            "In lists, what counts is the word in parentheses: it may be typed alone.",
            "A grey row that begins with » explains and is not imported.",
            "Import with: banggiao import events.xlsx. What is wrong is told by row and column.",
        ],
        &[
            "Mỗi dòng là một sự kiện. Cột có tiêu đề sẫm màu phải điền.",
            "Có thể sắp xếp, lọc dòng, chuyển cột; giữ nguyên từ trong ngoặc đơn ở tiêu đề.",
            "Trong danh sách, phần có nghĩa là từ trong ngoặc đơn; có thể gõ riêng từ đó.",
            "Dòng màu xám bắt đầu bằng » là giải thích, không được nhập.",
            "Nhập bằng lệnh: banggiao import events.xlsx. Lỗi được báo theo dòng và cột.",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_has_every_column_of_the_file_and_no_other() {
        let mut of_form: Vec<_> = COLUMNS.iter().map(|entry| entry.name).collect();
        let mut of_file = [Kind::Events.columns(), Kind::Events.optional_columns()].concat();
        of_form.sort_unstable();
        of_file.sort_unstable();
        assert_eq!(of_form, of_file);
        // Only a list may stand in several places.
        assert!(
            COLUMNS
                .iter()
                .all(|entry| entry.places == 1 || Kind::Events.list_columns().contains(&entry.name))
        );
    }

    #[test]
    fn every_word_that_can_be_chosen_is_understood() {
        use crate::choices;
        assert!(DIRECTIONS.iter().all(|(word, ..)| choices::direction(word).is_ok()));
        assert!(
            CLASSIFICATIONS
                .iter()
                .all(|(word, ..)| choices::classification(word).is_ok())
        );
        assert!(LEVELS.iter().all(|(word, ..)| choices::level(word).is_ok()));
        assert!(RANKS.iter().all(|(word, ..)| choices::rank_group(word).is_ok()));
    }
}
