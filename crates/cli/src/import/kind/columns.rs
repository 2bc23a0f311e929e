//! The columns of each kind of file.

use super::Kind;

impl Kind {
    /// The columns that a file of this kind must have, in any order.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Units => &[
                "id",
                "country",
                "kind",
                "parent",
                "name_vi",
                "name_en",
                "name_km",
                "start_date",
                "end_date",
            ],
            Self::Reorganizations => &[
                "effective_date",
                "kind",
                "sources",
                "targets",
                "moves",
                "legal_basis",
                "note",
            ],
            Self::Programmes => &[
                "id",
                "number",
                "title_vi",
                "issuer",
                "issue_date",
                "start_date",
                "countries",
                "end_date",
            ],
            Self::Markers => &["border", "number", "home_unit", "partner_unit"],
            Self::Agreements => &[
                "id",
                "kind",
                "title_vi",
                "sign_date",
                "start_date",
                "end_date",
                "home_units",
                "partner_units",
                "parent",
            ],
            Self::Events => &[
                "reference",
                "type",
                "start_date",
                "end_date",
                "direction",
                "home_unit",
                "co_home_units",
                "partner_units",
                "place_vi",
                "delegations",
                "persons",
                "programmes",
                "agreement",
                "marker_from",
                "marker_to",
                "quantities",
                "state",
                "summary_vi",
            ],
            Self::Corrections => &["reference", "field", "value", "reason"],
        }
    }

    /// The columns that a file of this kind may have besides, and may leave out.
    #[must_use]
    pub fn optional_columns(self) -> &'static [&'static str] {
        match self {
            Self::Events => &[
                "head_office",
                "head_level",
                "head_name",
                "team",
                "campaign",
                "area_vi",
                "edition",
                "organiser",
                "lines",
                "participants",
                "classification",
                "summary_en",
                "place_en",
            ],
            _ => &[],
        }
    }

    /// The columns that hold several values, separated by `;`. In a workbook such a column may stand several times.
    #[must_use]
    pub fn list_columns(self) -> &'static [&'static str] {
        match self {
            Self::Reorganizations => &["sources", "targets", "moves"],
            Self::Programmes => &["countries"],
            Self::Agreements => &["home_units", "partner_units"],
            Self::Events => &[
                "co_home_units",
                "partner_units",
                "programmes",
                "quantities",
                "lines",
                "participants",
            ],
            Self::Units | Self::Markers | Self::Corrections => &[],
        }
    }

    /// The column in which a rejected row says why it was rejected. A file may have it; it is not read. Corrections have
    /// a reason of their own.
    #[must_use]
    pub fn reason_column(self) -> &'static str {
        match self {
            Self::Corrections => "reject_reason",
            _ => "reason",
        }
    }
}
