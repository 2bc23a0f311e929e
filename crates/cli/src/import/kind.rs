//! The kinds of import files: their names, their order, and how a contract's fields are called in them.
//!
//! Which columns they have stands in `columns`; what a column means, in [`super::rows`].

mod columns;

/// How the name of a workbook ends.
pub const WORKBOOK: &str = ".xlsx";

/// A kind of import file, in the order in which they are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Units as they began.
    Units,
    /// Dated acts on units.
    Reorganizations,
    /// Programmes.
    Programmes,
    /// Boundary markers.
    Markers,
    /// Agreements.
    Agreements,
    /// Events.
    Events,
    /// Corrections of events.
    Corrections,
}

impl Kind {
    /// All kinds in the order of import.
    pub const ALL: [Self; 7] = [
        Self::Units,
        Self::Reorganizations,
        Self::Programmes,
        Self::Markers,
        Self::Agreements,
        Self::Events,
        Self::Corrections,
    ];

    /// The kind's word, which is the stem of its file's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Reorganizations => "reorganizations",
            Self::Programmes => "programmes",
            Self::Markers => "markers",
            Self::Agreements => "agreements",
            Self::Events => "events",
            Self::Corrections => "corrections",
        }
    }

    /// What the sheet of a form of this kind is called in Vietnamese; it is known by its word as well.
    #[must_use]
    pub fn title_vi(self) -> &'static str {
        match self {
            Self::Units => "Đơn vị",
            Self::Reorganizations => "Sắp xếp tổ chức",
            Self::Programmes => "Đề án",
            Self::Markers => "Mốc giới",
            Self::Agreements => "Thỏa thuận",
            Self::Events => "Sự kiện",
            Self::Corrections => "Đính chính",
        }
    }

    /// The name by which a file of this kind is known; as a workbook it ends in `.xlsx`.
    #[must_use]
    pub fn file_name(self) -> String {
        format!("{}.csv", self.word())
    }

    /// The kind of a file of this name.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".csv").or_else(|| name.strip_suffix(WORKBOOK))?;
        Self::ALL.into_iter().find(|kind| kind.word() == stem)
    }

    /// The column that names the field of a contract's message, for telling a rejection in the words of the file.
    ///
    /// `path` is the dotted path in the row's message; what has no column of its own keeps its name.
    #[must_use]
    pub fn column_of(self, path: &str) -> String {
        let path = strip_prefixes(
            path,
            &[
                "row.",
                "unit.",
                "reorganization.",
                "programme.",
                "marker.",
                "agreement.",
            ],
        );
        // An imported event holds its event in a field of the same name.
        let path = strip_prefixes(path, &["correction.", "event.", "event."]);
        let plain = path.split(['[', '{']).next().unwrap_or(path);
        let mut parts = plain.split('.');
        let head = parts.next().unwrap_or_default();
        let last = path
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .split('[')
            .next()
            .unwrap_or_default();
        let column = match (self, head) {
            (Self::Units | Self::Programmes | Self::Agreements, "name") => "id",
            (Self::Units, "names") => return language_column("name", path),
            (Self::Markers, "name") => "number",
            (_, "title" | "place" | "summary" | "area") => return language_column(head, path),
            (_, "event_type") => "type",
            (_, "head_of_delegation") => return head_column(last),
            (Self::Events | Self::Corrections, "external_reference") => "reference",
            (Self::Events, "phase" | "review_state") => "state",
            (Self::Corrections, "update_mask") => "field",
            (Self::Reorganizations, "acts") => return act_column(last),
            (_, "quantities") => return path.replace("[\"", ".").replace("\"]", ""),
            _ => head,
        };
        column.to_owned()
    }
}

fn strip_prefixes<'a>(path: &'a str, prefixes: &[&str]) -> &'a str {
    prefixes
        .iter()
        .fold(path, |path, prefix| path.strip_prefix(prefix).unwrap_or(path))
}

/// `names.km` and `names["km"]` are the column `name_km`; without a language, `vi` is meant.
fn language_column(stem: &str, path: &str) -> String {
    let language = ["en", "km", "lo"].into_iter().find(|language| {
        path.ends_with(&format!(".{language}"))
            || path.contains(&format!("[{language}]"))
            || path.contains(&format!("\"{language}\""))
    });
    format!("{stem}_{}", language.unwrap_or("vi"))
}

/// The leader of a delegation is spread over three columns.
fn head_column(field: &str) -> String {
    match field {
        "level" | "name" => format!("head_{field}"),
        _ => "head_office".to_owned(),
    }
}

/// An act's fields are spread over few columns.
fn act_column(field: &str) -> String {
    match field {
        "source" | "sources" => "sources",
        "target" | "targets" => "targets",
        "moves" | "unit" | "parent" => "moves",
        _ => "kind",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_name() {
        assert_eq!(Kind::of_file("units.csv"), Some(Kind::Units));
        assert_eq!(Kind::of_file("events.xlsx"), Some(Kind::Events));
        for name in [
            "figures.csv",
            "units.CSV",
            "units",
            "README.md",
            ".csv",
            "",
            "~$events.xlsx",
            "events.xls",
        ] {
            assert_eq!(Kind::of_file(name), None, "{name}");
        }
        assert!(Kind::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn rejections_speak_of_columns() {
        for (kind, path, column) in [
            (Kind::Units, "unit.names[\"vi\"]", "name_vi"),
            (Kind::Units, "unit.names.km", "name_km"),
            (Kind::Units, "unit.name", "id"),
            (Kind::Units, "parent", "parent"),
            (Kind::Agreements, "agreement.home_units[1]", "home_units"),
            (Kind::Agreements, "agreement.title", "title_vi"),
            (Kind::Markers, "marker.number", "number"),
            (
                Kind::Reorganizations,
                "reorganization.acts[0].merge.sources[1]",
                "sources",
            ),
            (
                Kind::Reorganizations,
                "reorganization.acts[0].merge.moves[3].parent",
                "moves",
            ),
            (Kind::Reorganizations, "reorganization.effective_date", "effective_date"),
            (Kind::Events, "event.start_date", "start_date"),
            (Kind::Events, "event.event.persons", "persons"),
            (Kind::Events, "event.event_type", "type"),
            (Kind::Events, "event.external_reference.reference", "reference"),
            (Kind::Events, "event.review_state", "state"),
            (Kind::Events, "event.quantities[\"patrol_km\"]", "quantities.patrol_km"),
            (Kind::Events, "event.event.head_of_delegation.level", "head_level"),
            (Kind::Events, "event.event.head_of_delegation", "head_office"),
            (Kind::Events, "event.event.area[\"vi\"]", "area_vi"),
            (Kind::Events, "event.event.lines[2].quantity", "lines"),
            (Kind::Corrections, "correction.event.persons", "persons"),
            (Kind::Corrections, "correction.update_mask", "field"),
            (Kind::Events, "", ""),
        ] {
            assert_eq!(kind.column_of(path), column, "{path}");
        }
    }
}
