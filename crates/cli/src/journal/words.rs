//! What the parts of an event are called, in both languages.
//!
//! It owns these words for tables and messages. The contract's names stay what flags and CSV use.

use crate::globals::Lang;
use banggiao_contracts::journal::v1::EventPart;

/// Fields of an event, and what they are called in English and Vietnamese.
const FIELDS: [(&str, &str, &str); 36] = [
    ("event_type", "Type", "Loại"),
    ("start_date", "First day", "Ngày đầu"),
    ("end_date", "Last day", "Ngày cuối"),
    ("place", "Place", "Địa điểm"),
    ("direction", "Direction", "Chiều"),
    ("home_unit", "Home unit", "Đơn vị ta"),
    ("co_home_units", "Further home units", "Đơn vị ta cùng tham gia"),
    ("partner_units", "Partner units", "Đơn vị bạn"),
    ("delegations", "Delegations", "Số đoàn"),
    ("persons", "Persons", "Lượt người"),
    ("head_of_delegation", "Head of delegation", "Trưởng đoàn"),
    ("programmes", "Programmes", "Đề án"),
    ("agreement", "Agreement", "Thỏa thuận"),
    ("markers", "Markers", "Mốc giới"),
    ("marker_from", "First marker", "Từ mốc"),
    ("marker_to", "Last marker", "Đến mốc"),
    ("quantities", "Quantities", "Số lượng"),
    ("summary", "Summary", "Nội dung"),
    ("classification", "Classification", "Độ mật"),
    ("phase", "Phase", "Giai đoạn"),
    ("review_state", "Review", "Duyệt"),
    ("lines", "Lines of aid", "Hàng hỗ trợ"),
    ("participants", "Participants", "Thành phần tham gia"),
    ("team", "Search team", "Đội quy tập"),
    ("campaign", "Campaign", "Đợt tìm kiếm"),
    ("area", "Area", "Địa bàn"),
    ("edition", "Edition", "Lần thứ"),
    ("organiser", "Organiser", "Đơn vị tổ chức"),
    ("attachments", "Attachments", "Văn bản kèm theo"),
    ("warnings", "Warnings", "Cảnh báo"),
    ("return_reason", "Reason of return", "Lý do trả lại"),
    ("cancellation_reason", "Reason of cancellation", "Lý do hủy"),
    ("review_chain", "Who may decide", "Cấp duyệt"),
    ("submit_time", "Submitted", "Trình lúc"),
    ("distinct_from", "Not the same as", "Không trùng với"),
    ("external_reference", "Reference", "Số hồ sơ"),
];

/// What a field of an event is called. A path keeps what follows the field: `quantities["patrol_km"]` is
/// `Quantities (patrol_km)`. A field that has no words keeps its name.
pub(super) fn field(path: &str, lang: Lang) -> String {
    let end = path.find(['[', '.']).unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    let found = FIELDS.iter().find(|(field, ..)| *field == name);
    let word = found.map_or(name, |(_, en, vi)| lang.pick(*en, *vi));
    let rest = rest.trim_matches(['[', ']', '.', '"']);
    // A place in a list is counted from one, as people do.
    let rest = rest
        .parse::<usize>()
        .map_or_else(|_| rest.to_owned(), |index| (index + 1).to_string());
    if rest.is_empty() {
        word.to_owned()
    } else {
        format!("{word} ({rest})")
    }
}

/// Whether the field has words, which fields of bookkeeping have not.
pub(super) fn known(path: &str) -> bool {
    let name = path.split(['[', '.']).next().unwrap_or(path);
    FIELDS.iter().any(|(field, ..)| *field == name)
}

/// What a part of an event is called.
pub(super) fn part(part: EventPart, lang: Lang) -> String {
    let name = part.as_str_name().trim_start_matches("EVENT_PART_");
    field(&name.to_ascii_lowercase(), lang)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamic;
    use banggiao_contracts::journal::v1::Event;
    use prost_reflect::ReflectMessage as _;

    #[test]
    fn fields_have_words_and_keep_what_follows() {
        assert_eq!(field("persons", Lang::Vi), "Lượt người");
        assert_eq!(field("quantities[\"patrol_km\"]", Lang::En), "Quantities (patrol_km)");
        assert_eq!(field("partner_units[0]", Lang::En), "Partner units (1)");
        assert_eq!(field("place.vi", Lang::Vi), "Địa điểm (vi)");
        assert_eq!(field("unheard_of", Lang::Vi), "unheard_of");
        assert_eq!(part(EventPart::HeadOfDelegation, Lang::Vi), "Trưởng đoàn");
    }

    #[test]
    fn words_are_of_fields_that_there_are() {
        let event = dynamic::message(&Event::default()).unwrap();
        for (name, ..) in FIELDS {
            let known = event.descriptor().get_field_by_name(name).is_some();
            assert!(known || name == "markers", "{name}");
        }
    }
}
