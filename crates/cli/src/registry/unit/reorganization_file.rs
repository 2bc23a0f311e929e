//! The file of a reorganisation: protobuf JSON, or the acts as CSV.
//!
//! It owns the columns of the CSV: those of reorganizations.csv as imports have it, and more for the acts that an import
//! does not know. An import records each row on its own; here all rows are one reorganisation, all or none, and must
//! agree on what is said of it as a whole.

use crate::dynamic;
use crate::error::Error;
use crate::import::fields::Fields;
use crate::import::kind::Kind;
use crate::import::rows::registry::{merge, only, split, unit_move};
use crate::import::sheet::{self, Sheet};
use crate::{input, names};
use banggiao_contracts::registry::v1 as pb;
use pb::reorganization_act::Act;
use std::fmt::Write as _;

/// The columns that may be left out.
const OPTIONAL: [&str; 8] = [
    "legal_date",
    "unit_kind",
    "country",
    "parent",
    "name_vi",
    "name_en",
    "name_km",
    "name_lo",
];

/// Reads a file, or stdin if it is called `-`.
///
/// # Errors
/// [`Error::Failure`] that says what is wrong with it, and on which lines.
pub(super) fn read(path: &str) -> Result<pb::Reorganization, Error> {
    let bytes = input::bytes(path)?;
    let shown = if path == "-" { "stdin" } else { path };
    parse(&bytes).map_err(|error| match error {
        Error::Failure(error) => Error::Failure(error.context(shown.to_owned())),
        other => other,
    })
}

fn parse(bytes: &[u8]) -> Result<pb::Reorganization, Error> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if text.starts_with(b"{") {
        let text = std::str::from_utf8(text).map_err(|_| Error::failure("the file is not in UTF-8"))?;
        return dynamic::from_json(text);
    }
    let sheet = sheet(bytes).map_err(Error::failure)?;
    from_rows(&sheet)
}

/// The rows, under the columns that imports have and those of the others that the header names.
fn sheet(bytes: &[u8]) -> Result<Sheet, String> {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(header);
    let header = header.trim_start_matches('\u{feff}');
    let named = |column: &&str| header.split(',').any(|name| name.trim().trim_matches('"') == *column);
    let columns: Vec<&str> = Kind::Reorganizations
        .columns()
        .iter()
        .copied()
        .chain(OPTIONAL.into_iter().filter(named))
        .collect();
    sheet::read(bytes, &[], &columns)
}

fn from_rows(sheet: &Sheet) -> Result<pb::Reorganization, Error> {
    let mut whole = pb::Reorganization::default();
    let mut notes: Vec<String> = Vec::new();
    let mut faults = String::new();
    for (index, row) in sheet.rows.iter().enumerate() {
        let mut fault = |field: &str, description: &str| {
            // Writing to a String cannot fail.
            let _ = write!(faults, "\n  line {}: {field}: {description}", row.line);
        };
        if let Some((field, description)) = &row.fault {
            fault(field, description);
            continue;
        }
        let mut fields = Fields::new(&sheet.header, row);
        let effective_date = fields.date("effective_date");
        let legal_date = fields.date("legal_date");
        let legal_basis = fields.text("legal_basis").to_owned();
        if index == 0 {
            (whole.effective_date, whole.legal_date, whole.legal_basis) = (effective_date, legal_date, legal_basis);
        } else if (&effective_date, &legal_date, &legal_basis)
            != (&whole.effective_date, &whole.legal_date, &whole.legal_basis)
        {
            let rule = "effective_date, legal_basis and legal_date must be those of the first row: one file is one \
                        reorganisation";
            fields.fault("effective_date", rule);
        }
        let note = fields.text("note").to_owned();
        if !note.is_empty() && !notes.contains(&note) {
            notes.push(note);
        }
        let acts = acts(&mut fields);
        whole
            .acts
            .extend(acts.into_iter().map(|act| pb::ReorganizationAct { act: Some(act) }));
        for wrong in fields.into_faults() {
            fault(&wrong.field, &wrong.description);
        }
    }
    whole.note = notes.join("; ");
    if faults.is_empty() {
        Ok(whole)
    } else {
        Err(Error::failure(format!("the file has faults, nothing is sent{faults}")))
    }
}

/// The acts of a row: one, except that a row may dissolve, move or change several units in the same way.
fn acts(fields: &mut Fields<'_>) -> Vec<Act> {
    match fields.required("kind").to_ascii_uppercase().as_str() {
        "MERGE" => merge(fields).into_iter().collect(),
        "SPLIT" => split(fields).into_iter().collect(),
        "ESTABLISH" => establish(fields).into_iter().collect(),
        "RENAME" => {
            let names = texts(fields);
            let units = fields.list("sources", names::unit);
            let unit = only(fields, "sources", units, "a row renames one unit");
            unit.map(|unit| Act::Rename(pb::Rename { unit, names }))
                .into_iter()
                .collect()
        }
        "CHANGE_KIND" => {
            let kind = fields.required_value("unit_kind", names::unit_kind).unwrap_or_default();
            let change = |unit| {
                Act::ChangeKind(pb::ChangeKind {
                    unit,
                    kind: kind.clone(),
                })
            };
            required_list(fields, "sources", names::unit)
                .into_iter()
                .map(change)
                .collect()
        }
        "MOVE" => {
            let moves = required_list(fields, "moves", move_anywhere);
            moves.into_iter().map(Act::Move).collect()
        }
        "DISSOLVE" => dissolve(fields),
        "" => Vec::new(),
        other => {
            let shown: String = other.chars().take(80).collect();
            let known = "MERGE, SPLIT, ESTABLISH, RENAME, CHANGE_KIND, MOVE, DISSOLVE";
            fields.fault("kind", format!("\"{shown}\" is not an act; it is one of {known}"));
            Vec::new()
        }
    }
}

fn establish(fields: &mut Fields<'_>) -> Option<Act> {
    let unit = pb::Unit {
        country: fields.required_value("country", names::country).unwrap_or_default(),
        kind: fields.required_value("unit_kind", names::unit_kind).unwrap_or_default(),
        parent: fields.value("parent", names::unit).unwrap_or_default(),
        names: texts(fields),
        ..pb::Unit::default()
    };
    let names = fields.list("targets", names::unit);
    let name = only(fields, "targets", names, "a row establishes one unit")?;
    Some(Act::Establish(pb::Establish {
        unit_id: names::short(&name),
        unit: Some(unit),
    }))
}

fn dissolve(fields: &mut Fields<'_>) -> Vec<Act> {
    let units = required_list(fields, "sources", names::unit);
    let moves = fields.list("moves", unit_move);
    if units.len() > 1 && !moves.is_empty() {
        fields.fault(
            "moves",
            "must stand in the row of the unit under which they were: dissolve one unit a row",
        );
    }
    let dissolve = |unit| {
        Act::Dissolve(pb::Dissolve {
            unit,
            moves: moves.clone(),
        })
    };
    units.into_iter().map(dissolve).collect()
}

fn required_list<T>(fields: &mut Fields<'_>, column: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
    if fields.required(column).is_empty() {
        return Vec::new();
    }
    fields.list(column, parse)
}

/// A unit and where it goes, `UNIT:NEW-PARENT`, or `UNIT:` for a unit that becomes a root.
fn move_anywhere(element: &str) -> Result<pb::UnitMove, String> {
    match element.strip_suffix(':') {
        Some(unit) => Ok(pb::UnitMove {
            unit: names::unit(unit.trim())?,
            parent: String::new(),
        }),
        None => unit_move(element),
    }
}

fn texts(fields: &mut Fields<'_>) -> std::collections::BTreeMap<String, String> {
    fields.required("name_vi");
    fields.texts(&[
        ("vi", "name_vi"),
        ("en", "name_en"),
        ("km", "name_km"),
        ("lo", "name_lo"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "effective_date,kind,sources,targets,moves,legal_basis,note";

    #[test]
    fn rows_are_the_acts_of_one_reorganisation() {
        let csv = format!(
            "{HEADER},unit_kind,country,parent,name_vi\n\
             2025-07-01,MERGE,a;b,a,,NQ 202,sáp nhập,,,,\n\
             2025-07-01,ESTABLISH,,c,,NQ 202,,SEARCH_TEAM,vn,a,Đội mới\n\
             2025-07-01,RENAME,d,,,NQ 202,,,,,\"Tên, mới\"\n\
             2025-07-01,CHANGE_KIND,d;e,,,NQ 202,,battalion,,,\n\
             2025-07-01,MOVE,,,f:a;g:,NQ 202,,,,,\n\
             2025-07-01,DISSOLVE,h,,i:a,NQ 202,giải thể,,,,\n\
             2025-07-01,SPLIT,j,j;k,,NQ 202,giải thể,,,,\n"
        );
        let read = parse(csv.as_bytes()).unwrap();
        assert_eq!(
            (read.effective_date.as_str(), read.legal_basis.as_str()),
            ("2025-07-01", "NQ 202")
        );
        assert_eq!(read.note, "sáp nhập; giải thể");
        let acts: Vec<_> = read.acts.into_iter().filter_map(|act| act.act).collect();
        assert_eq!(acts.len(), 9);
        assert!(matches!(&acts[1], Act::Establish(c) if c.unit_id == "c"
            && c.unit.as_ref().is_some_and(|unit| unit.country == "VN" && unit.parent == "units/a")));
        assert!(matches!(&acts[2], Act::Rename(d) if d.names["vi"] == "Tên, mới"));
        assert!(matches!(&acts[4], Act::ChangeKind(e) if e.unit == "units/e" && e.kind == "BATTALION"));
        assert!(matches!(&acts[6], Act::Move(g) if g.unit == "units/g" && g.parent.is_empty()));
        assert!(matches!(&acts[7], Act::Dissolve(h) if h.moves[0].parent == "units/a"));
    }

    #[test]
    fn json_is_that_of_the_contract() {
        let json =
            br#" {"effectiveDate": "2025-07-01", "legalBasis": "x", "acts": [{"dissolve": {"unit": "units/a"}}]}"#;
        let read = parse(json).unwrap();
        assert!(matches!(&read.acts[0].act, Some(Act::Dissolve(act)) if act.unit == "units/a"));
        for json in ["{", "{\"effective\": 1}", "{\"acts\": {}}", "{} {}"] {
            assert_eq!(parse(json.as_bytes()).unwrap_err().exit_code(), 1, "{json}");
        }
    }

    #[test]
    fn all_faults_are_told_with_their_lines() {
        let csv = format!(
            "{HEADER}\n2025-07-01,DISSOLVE,a,,,NQ,\n2025-07-02,DISSOLVE,b,,,NQ,\n2025-07-01,BURN,b,,,NQ,\n\
             2025-07-01,RENAME,c,,,NQ,\n2025-07-01,DISSOLVE,d;e,,f:g,NQ,\n2025-07-01,MOVE,d,,,NQ,\n"
        );
        let told = parse(csv.as_bytes()).unwrap_err().text();
        for part in [
            "line 3: effective_date",
            "line 4: kind",
            "line 5: name_vi",
            "line 6: moves",
            "line 7: moves",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        assert!(parse(b"kind\nMERGE\n").is_err());
        let marked = format!("\u{feff}legal_date,{HEADER}\r\n2025-06-12,2025-07-01,DISSOLVE,a,,,NQ,\r\n");
        assert_eq!(parse(marked.as_bytes()).unwrap().legal_date, "2025-06-12");
    }
}
