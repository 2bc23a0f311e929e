//! The shipped catalogue of event types, as data: what an event of each may carry.

use banggiao_contracts::journal::v1 as pb;
use banggiao_model::name;

/// A type of event.
#[derive(Debug)]
pub struct EventType {
    /// Code as files carry it.
    pub code: &'static str,
    /// Vietnamese name.
    pub name_vi: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Heading under which reports list it.
    pub group: &'static str,
    /// What its events may carry beside what all may.
    pub parts: Parts,
    /// The quantities that its events may carry.
    pub quantities: &'static [&'static Quantity],
}

/// Parts that only some types have.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// A direction.
    pub direction: bool,
    /// A number of delegations.
    pub delegations: bool,
    /// Boundary markers.
    pub markers: bool,
}

/// A quantity that events of some types may carry.
#[derive(Debug)]
pub struct Quantity {
    /// Key in the event's quantities.
    pub key: &'static str,
    /// Unit of measure; `1` for a count.
    pub unit: &'static str,
    /// Vietnamese name.
    pub name_vi: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Only whole numbers make sense.
    pub whole: bool,
}

const NONE: Parts = Parts {
    direction: false,
    delegations: false,
    markers: false,
};
const VISIT: Parts = Parts {
    direction: true,
    delegations: true,
    markers: false,
};
const GREETING: Parts = Parts {
    direction: true,
    delegations: false,
    markers: false,
};
const BORDER: Parts = Parts {
    direction: false,
    delegations: false,
    markers: true,
};

const fn quantity(
    key: &'static str,
    unit: &'static str,
    name_vi: &'static str,
    name_en: &'static str,
    whole: bool,
) -> Quantity {
    Quantity {
        key,
        unit,
        name_vi,
        name_en,
        whole,
    }
}

static ITEMS: Quantity = quantity("items", "1", "tin trao đổi", "items of information", true);
static PATROL_KM: Quantity = quantity("patrol_km", "km", "quãng đường tuần tra", "distance patrolled", false);
static CASES: Quantity = quantity("cases", "1", "vụ việc", "cases", true);
static AID: Quantity = quantity("aid_value_vnd", "VND", "trị giá hỗ trợ", "value of aid", false);
static REPATRIATED: Quantity = quantity(
    "remains_repatriated",
    "1",
    "hài cốt hồi hương",
    "remains repatriated",
    true,
);
static SEARCH: [&Quantity; 7] = [
    &quantity(
        "remains_recovered",
        "1",
        "hài cốt quy tập được",
        "remains recovered",
        true,
    ),
    &quantity("remains_found", "1", "hài cốt phát hiện", "remains found", true),
    &quantity("sites_surveyed", "1", "điểm khảo sát", "sites surveyed", true),
    &quantity("graves_surveyed", "1", "mộ khảo sát", "graves surveyed", true),
    &quantity("pits_dug", "1", "hố đào", "pits dug", true),
    &quantity("soil_m3", "m³", "đất đào", "soil moved", false),
    &quantity("area_cleared_m2", "m²", "diện tích phát quang", "area cleared", false),
];

const fn of(
    code: &'static str,
    group: &'static str,
    name_vi: &'static str,
    name_en: &'static str,
    parts: Parts,
    quantities: &'static [&'static Quantity],
) -> EventType {
    EventType {
        code,
        name_vi,
        name_en,
        group,
        parts,
        quantities,
    }
}

/// All types, by code.
pub static TYPES: [EventType; 20] = [
    of(
        "AGREEMENT_SIGNING",
        "relations",
        "Ký kết thỏa thuận",
        "Signing of an agreement",
        NONE,
        &[],
    ),
    of("AID", "support", "Hỗ trợ, giúp đỡ", "Aid", NONE, &[&AID]),
    of(
        "BORDER_FRIENDSHIP_EXCHANGE",
        "border",
        "Giao lưu hữu nghị biên giới",
        "Border friendship exchange",
        NONE,
        &[],
    ),
    of(
        "BRIEFING_AD_HOC",
        "briefings",
        "Giao ban đột xuất",
        "Briefing out of turn",
        NONE,
        &[],
    ),
    of(
        "BRIEFING_REGULAR",
        "briefings",
        "Giao ban định kỳ",
        "Regular briefing",
        NONE,
        &[],
    ),
    of("COMMEMORATION", "relations", "Kỷ niệm", "Commemoration", NONE, &[]),
    of(
        "CRIME_PREVENTION",
        "border",
        "Phòng, chống tội phạm",
        "Prevention of crime",
        NONE,
        &[&CASES],
    ),
    of(
        "CULTURE_SPORT_EXCHANGE",
        "relations",
        "Giao lưu văn hóa, thể thao",
        "Exchange in culture or sport",
        NONE,
        &[],
    ),
    of(
        "DELEGATION_VISIT",
        "visits",
        "Đoàn thăm, làm việc",
        "Visit of a delegation",
        VISIT,
        &[],
    ),
    of(
        "DIPLOMATIC_EVENT",
        "relations",
        "Hoạt động đối ngoại",
        "Diplomatic event",
        NONE,
        &[],
    ),
    of(
        "GREETING_VISIT",
        "visits",
        "Thăm, chúc mừng",
        "Visit to congratulate",
        GREETING,
        &[],
    ),
    of(
        "INFORMATION_EXCHANGE",
        "briefings",
        "Trao đổi thông tin",
        "Exchange of information",
        NONE,
        &[&ITEMS],
    ),
    of(
        "JOINT_PATROL",
        "border",
        "Tuần tra song phương",
        "Joint patrol",
        BORDER,
        &[&PATROL_KM],
    ),
    of(
        "MARKER_PROTECTION",
        "border",
        "Bảo vệ mốc giới",
        "Protection of boundary markers",
        BORDER,
        &[],
    ),
    of(
        "PUBLIC_INFORMATION",
        "border",
        "Tuyên truyền, vận động nhân dân",
        "Information of the public",
        NONE,
        &[],
    ),
    of(
        "REMAINS_HANDOVER",
        "remains",
        "Bàn giao hài cốt liệt sĩ",
        "Handover of remains",
        NONE,
        &[&REPATRIATED],
    ),
    of(
        "REMAINS_RECOVERY",
        "remains",
        "Cất bốc, quy tập hài cốt liệt sĩ",
        "Recovery of remains",
        NONE,
        &SEARCH,
    ),
    of(
        "REMAINS_SEARCH",
        "remains",
        "Tìm kiếm hài cốt liệt sĩ",
        "Search for remains",
        NONE,
        &SEARCH,
    ),
    of(
        "STUDY_VISIT",
        "visits",
        "Đoàn tham quan, học tập",
        "Study visit",
        VISIT,
        &[],
    ),
    of(
        "TRAINING_COURSE",
        "support",
        "Đào tạo, tập huấn",
        "Training course",
        NONE,
        &[],
    ),
];

/// The type with an id, as `joint-patrol`.
pub fn by_id(id: &str) -> Option<&'static EventType> {
    TYPES.iter().find(|event_type| event_type.id() == id)
}

impl EventType {
    /// Id in the resource name.
    pub fn id(&self) -> String {
        name::code_to_id(self.code)
    }

    /// The quantity with a key.
    pub fn quantity(&self, key: &str) -> Option<&'static Quantity> {
        self.quantities.iter().copied().find(|quantity| quantity.key == key)
    }

    /// For the wire.
    pub fn to_pb(&self) -> pb::EventType {
        let names = |vi: &str, en: &str| [("vi".to_owned(), vi.to_owned()), ("en".to_owned(), en.to_owned())].into();
        let quantities = self.quantities.iter().map(|quantity| pb::QuantityDefinition {
            key: quantity.key.to_owned(),
            unit: quantity.unit.to_owned(),
            names: names(quantity.name_vi, quantity.name_en),
            whole: quantity.whole,
        });
        pb::EventType {
            name: name::name("eventTypes", &self.id()),
            code: self.code.to_owned(),
            names: names(self.name_vi, self.name_en),
            group: self.group.to_owned(),
            allows_direction: self.parts.direction,
            allows_delegations: self.parts.delegations,
            allows_markers: self.parts.markers,
            quantities: quantities.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted_and_found_by_their_ids() {
        assert!(TYPES.is_sorted_by_key(EventType::id));
        for event_type in &TYPES {
            assert_eq!(by_id(&event_type.id()).map(|found| found.code), Some(event_type.code));
        }
    }
}
