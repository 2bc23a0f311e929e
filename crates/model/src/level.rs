//! Levels of units and the shipped catalogue of their kinds.
//!
//! Kinds are data: an installation adds its own, each with a level. This module owns what is shipped, in both
//! languages; what an installation added is not known here.

use std::fmt;

/// The level (cấp) that a kind of unit stands at. An agreement has the level of its first home unit's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Military region, or directly under the ministry (cấp quân khu).
    Region,
    /// Province (cấp tỉnh).
    Province,
    /// District, or a regional defence command (cấp huyện, khu vực).
    District,
    /// Commune or border post (cấp xã, đồn).
    Commune,
    /// Outside the ladder: troupes, committees, police, associations.
    Other,
}

impl Level {
    /// All levels, from the highest.
    pub const ALL: [Self; 5] = [Self::Region, Self::Province, Self::District, Self::Commune, Self::Other];

    /// The code that files, contracts and the command line use.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Province => "province",
            Self::District => "district",
            Self::Commune => "commune",
            Self::Other => "other",
        }
    }

    /// The level of that code, in any case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|level| level.code().eq_ignore_ascii_case(code))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// A kind of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The code, as `MILITARY_REGION`; its id is [`crate::name::code_to_id`] of it.
    pub code: &'static str,
    /// The level of every unit of this kind.
    pub level: Level,
    /// The Vietnamese name.
    pub name_vi: &'static str,
    /// The English name.
    pub name_en: &'static str,
}

/// The kinds that every installation starts with, ordered by level.
pub const KINDS: &[Kind] = &[
    shipped("MILITARY_REGION", Level::Region, "Quân khu", "Military region"),
    shipped("COMMAND", Level::Region, "Bộ Tư lệnh", "Command"),
    shipped("DIVISION", Level::Region, "Sư đoàn", "Division"),
    shipped("BRIGADE", Level::Region, "Lữ đoàn", "Brigade"),
    shipped("SCHOOL", Level::Region, "Trường Quân sự", "Military school"),
    shipped(
        "PROVINCIAL_COMMAND",
        Level::Province,
        "Bộ Chỉ huy Quân sự cấp tỉnh",
        "Provincial military command",
    ),
    shipped(
        "CIVIL_ADMINISTRATION",
        Level::Province,
        "Cơ quan hành chính cấp tỉnh",
        "Provincial civil administration",
    ),
    shipped(
        "SEARCH_TEAM",
        Level::Province,
        "Đội quy tập hài cốt liệt sĩ",
        "Search team for the remains of the fallen",
    ),
    shipped(
        "DISTRICT_COMMAND",
        Level::District,
        "Ban Chỉ huy Quân sự cấp huyện",
        "District military command",
    ),
    shipped(
        "REGIONAL_DEFENCE_COMMAND",
        Level::District,
        "Ban Chỉ huy Phòng thủ khu vực",
        "Regional defence command",
    ),
    shipped("BATTALION", Level::District, "Tiểu đoàn", "Battalion"),
    shipped(
        "COMMUNE_COMMAND",
        Level::Commune,
        "Ban Chỉ huy Quân sự cấp xã",
        "Commune military command",
    ),
    shipped("BORDER_POST", Level::Commune, "Đồn Biên phòng", "Border post"),
    shipped("ART_TROUPE", Level::Other, "Đoàn Văn công", "Art troupe"),
    shipped(
        "SPORTS_CENTRE",
        Level::Other,
        "Trung tâm Thể dục thể thao",
        "Sports centre",
    ),
    shipped("STEERING_COMMITTEE", Level::Other, "Ban chỉ đạo", "Steering committee"),
    shipped("WORKING_GROUP", Level::Other, "Tổ công tác", "Working group"),
    shipped("POLICE", Level::Other, "Công an", "Police"),
    shipped("GENDARMERIE", Level::Other, "Hiến binh", "Gendarmerie"),
    shipped("CONSULATE", Level::Other, "Lãnh sự quán", "Consulate"),
    shipped("ASSOCIATION", Level::Other, "Hội", "Association"),
    shipped("ARMED_FORCES", Level::Other, "Lực lượng vũ trang", "Armed forces"),
];

/// The shipped kind of exactly that code.
#[must_use]
pub fn kind(code: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.code == code)
}

const fn shipped(code: &'static str, level: Level, name_vi: &'static str, name_en: &'static str) -> Kind {
    Kind {
        code,
        level,
        name_vi,
        name_en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{code_to_id, id_to_code, valid_id};

    #[test]
    fn codes_are_unique_and_have_ids() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert!(
                KINDS[..index].iter().all(|other| other.code != kind.code),
                "{}",
                kind.code
            );
            assert!(valid_id(&code_to_id(kind.code)));
            assert_eq!(id_to_code(&code_to_id(kind.code)), kind.code);
            assert_eq!(super::kind(kind.code), Some(kind));
        }
        assert_eq!(kind("SEARCH_TEAM").unwrap().level, Level::Province);
        assert_eq!(kind("search-team"), None);
    }

    #[test]
    fn levels_have_codes() {
        for level in Level::ALL {
            assert_eq!(Level::from_code(level.code()), Some(level));
            assert_eq!(Level::from_code(&level.code().to_uppercase()), Some(level));
        }
        assert_eq!(Level::from_code("village"), None);
        assert!(Level::Region < Level::Commune);
    }
}
