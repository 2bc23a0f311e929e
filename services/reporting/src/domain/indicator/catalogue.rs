//! The indicators that ship, in the words of the reports that ask for them.

use banggiao_contracts::r#type::v1::Direction;
use banggiao_model::level::Level;

use super::{AgreementSum, Counts, Indicator, Sum};

const DELEGATIONS: [&str; 2] = ["đoàn", "delegations"];
const PERSONS: [&str; 2] = ["lượt người", "persons"];
const EVENTS: [&str; 2] = ["cuộc", "events"];
const UNITS: [&str; 2] = ["đơn vị", "units"];
const UNITS_REPEATED: [&str; 2] = ["lượt đơn vị", "units, repeated"];

const INBOUND: Option<Direction> = Some(Direction::Inbound);
const OUTBOUND: Option<Direction> = Some(Direction::Outbound);
const UPPER: &[Level] = &[Level::Region, Level::Province];
const DISTRICT: &[Level] = &[Level::District];

/// The indicators that every installation has.
pub const INDICATORS: &[Indicator] = &[
    events(
        "delegations-received",
        ["Đoàn vào", "Delegations received"],
        DELEGATIONS,
        &["delegation-visit"],
        INBOUND,
        Sum::Delegations,
    ),
    events(
        "persons-received",
        ["Lượt người đoàn vào", "Persons received"],
        PERSONS,
        &["delegation-visit"],
        INBOUND,
        Sum::Persons,
    ),
    events(
        "delegations-sent",
        ["Đoàn ra", "Delegations sent"],
        DELEGATIONS,
        &["delegation-visit"],
        OUTBOUND,
        Sum::Delegations,
    ),
    events(
        "persons-sent",
        ["Lượt người đoàn ra", "Persons sent"],
        PERSONS,
        &["delegation-visit"],
        OUTBOUND,
        Sum::Persons,
    ),
    events(
        "study-delegations-received",
        ["Đoàn bạn vào học tập, tham quan", "Study delegations received"],
        DELEGATIONS,
        &["study-visit"],
        INBOUND,
        Sum::Delegations,
    ),
    events(
        "study-persons-received",
        [
            "Lượt người bạn vào học tập, tham quan",
            "Persons received on study visits",
        ],
        PERSONS,
        &["study-visit"],
        INBOUND,
        Sum::Persons,
    ),
    events(
        "diplomatic-events",
        ["Sự kiện đối ngoại", "Diplomatic events"],
        ["sự kiện", "events"],
        &["diplomatic-event"],
        None,
        Sum::Events,
    ),
    twinnings(
        "upper-level-partner-signings",
        [
            "Lượt đơn vị bạn ký kết nghĩa cấp quân khu, cấp tỉnh",
            "Partner units in twinnings of region and province, by signing",
        ],
        UNITS_REPEATED,
        UPPER,
        AgreementSum::PartnerUnits,
        true,
    ),
    twinnings(
        "upper-level-partners",
        [
            "Đơn vị bạn kết nghĩa cấp quân khu, cấp tỉnh",
            "Partner units twinned with region and province",
        ],
        UNITS,
        UPPER,
        AgreementSum::PartnerUnits,
        false,
    ),
    twinnings(
        "district-level-units",
        ["Đơn vị ta kết nghĩa cấp huyện", "Home units twinned at district level"],
        UNITS,
        DISTRICT,
        AgreementSum::HomeUnits,
        false,
    ),
    twinnings(
        "district-level-partners",
        [
            "Đơn vị bạn kết nghĩa cấp huyện",
            "Partner units twinned at district level",
        ],
        UNITS,
        DISTRICT,
        AgreementSum::PartnerUnits,
        false,
    ),
    events(
        "remains-recovered",
        ["Hài cốt liệt sĩ quy tập được", "Remains recovered"],
        ["hài cốt", "remains"],
        &["remains-recovery"],
        None,
        Sum::Quantity("remains_recovered"),
    ),
    events(
        "remains-soil",
        [
            "Khối lượng đất đào tìm kiếm, quy tập",
            "Soil moved in recovering remains",
        ],
        ["m³", "m³"],
        &["remains-recovery"],
        None,
        Sum::Quantity("soil_m3"),
    ),
    events(
        "joint-patrols",
        ["Tuần tra song phương", "Joint patrols"],
        EVENTS,
        &["joint-patrol"],
        None,
        Sum::Events,
    ),
    events(
        "patrol-km",
        ["Chiều dài tuần tra song phương", "Length of joint patrols"],
        ["km", "km"],
        &["joint-patrol"],
        None,
        Sum::Quantity("patrol_km"),
    ),
    events(
        "briefings",
        ["Giao ban định kỳ và đột xuất", "Briefings, regular and ad hoc"],
        EVENTS,
        &["briefing-regular", "briefing-ad-hoc"],
        None,
        Sum::Events,
    ),
    events(
        "aid-value",
        ["Trị giá hỗ trợ, giúp đỡ", "Value of aid"],
        ["VND", "VND"],
        &["aid"],
        None,
        Sum::Quantity("aid_value_vnd"),
    ),
    events(
        "information-items",
        ["Tin trao đổi", "Items of information exchanged"],
        ["tin", "items"],
        &["information-exchange"],
        None,
        Sum::Quantity("items"),
    ),
    events(
        "friendship-exchange-persons",
        [
            "Lượt người giao lưu hữu nghị biên giới",
            "Persons in border friendship exchanges",
        ],
        PERSONS,
        &["border-friendship-exchange"],
        None,
        Sum::Persons,
    ),
    events(
        "culture-sport-events",
        ["Giao lưu văn hóa, văn nghệ, thể thao", "Exchanges of culture and sport"],
        EVENTS,
        &["culture-sport-exchange"],
        None,
        Sum::Events,
    ),
    events(
        "culture-sport-persons",
        [
            "Lượt người giao lưu văn hóa, văn nghệ, thể thao",
            "Persons in exchanges of culture and sport",
        ],
        PERSONS,
        &["culture-sport-exchange"],
        None,
        Sum::Persons,
    ),
];

const fn events(
    id: &'static str,
    names: [&'static str; 2],
    unit_of_count: [&'static str; 2],
    types: &'static [&'static str],
    direction: Option<Direction>,
    sum: Sum,
) -> Indicator {
    Indicator {
        id,
        names,
        unit_of_count,
        counts: Counts::Events { types, direction, sum },
    }
}

const fn twinnings(
    id: &'static str,
    names: [&'static str; 2],
    unit_of_count: [&'static str; 2],
    levels: &'static [Level],
    sum: AgreementSum,
    repeated: bool,
) -> Indicator {
    Indicator {
        id,
        names,
        unit_of_count,
        counts: Counts::Twinnings { levels, sum, repeated },
    }
}
