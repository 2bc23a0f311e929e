//! `agreement succeed`: who takes the place of parties that have ended.
//!
//! It owns the two ways to say so: by flags for one agreement, by a file for up to a thousand, all or none.

use crate::change;
use crate::error::Error;
use crate::globals::Session;
use crate::import::fields::Fields;
use crate::import::sheet;
use crate::{input, listing, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use clap::Args;
use std::fmt::Write as _;

/// The columns of the file.
const COLUMNS: [&str; 3] = ["agreement", "from_unit", "to_unit"];

/// Who takes whose place, from when on, and by what document.
#[derive(Debug, Clone, Args)]
pub struct Succeed {
    /// The agreement.
    #[arg(value_name = "AGREEMENT", value_parser = names::agreement, required_unless_present = "file", requires_all = ["from", "to"])]
    pub name: Option<String>,
    /// The party that has ended.
    #[arg(long, value_name = "UNIT", value_parser = names::unit, requires = "name")]
    pub from: Option<String>,
    /// The unit that takes its place.
    #[arg(long, value_name = "UNIT", value_parser = names::unit, requires = "name")]
    pub to: Option<String>,
    /// CSV with the columns agreement, from_unit, to_unit, for many agreements at once; `-` reads from stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "from", "to"])]
    pub file: Option<String>,
    /// The day from which it holds.
    #[arg(long, value_parser = names::day)]
    pub date: String,
    /// The document that decides it.
    #[arg(long, value_name = "TEXT")]
    pub document: String,
    /// More about it.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

impl Succeed {
    /// The request, without its id.
    ///
    /// # Errors
    /// [`Error::Failure`] if the file cannot be read.
    pub fn request(self) -> Result<pb::SucceedAgreementPartiesRequest, Error> {
        let successions = match &self.file {
            Some(path) => parse(&input::bytes(path)?)?,
            None => vec![pb::PartySuccession {
                agreement: self.name.unwrap_or_default(),
                from_unit: self.from.unwrap_or_default(),
                to_unit: self.to.unwrap_or_default(),
            }],
        };
        Ok(pb::SucceedAgreementPartiesRequest {
            successions,
            date: self.date,
            document: self.document,
            note: self.note.unwrap_or_default(),
            validate_only: self.dry_run,
            ..pb::SucceedAgreementPartiesRequest::default()
        })
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let method = "banggiao.registry.v1.AgreementService/SucceedAgreementParties";
        let response = change::send(session, method, &self.request()?).await?;
        change::tell_dry_run(session, dry_run);
        listing::print_list(session, &nouns::AGREEMENT, &response)
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<pb::PartySuccession>, Error> {
    let sheet = sheet::read(bytes, &[], &COLUMNS).map_err(Error::failure)?;
    let mut faults = String::new();
    let mut successions = Vec::new();
    for row in &sheet.rows {
        let mut fields = Fields::new(&sheet.header, row);
        successions.push(pb::PartySuccession {
            agreement: fields.required_value("agreement", names::agreement).unwrap_or_default(),
            from_unit: fields.required_value("from_unit", names::unit).unwrap_or_default(),
            to_unit: fields.required_value("to_unit", names::unit).unwrap_or_default(),
        });
        let found = fields.into_faults();
        let found = found.iter().map(|fault| (&fault.field, &fault.description));
        // A row that cannot be read as a whole has no fields to speak of.
        let found = row
            .fault
            .iter()
            .map(|(field, description)| (field, description))
            .chain(found);
        for (field, description) in found.take(COLUMNS.len()) {
            // Writing to a String cannot fail.
            let _ = write!(faults, "\n  line {}: {field}: {description}", row.line);
        }
    }
    if faults.is_empty() {
        Ok(successions)
    } else {
        Err(Error::failure(format!("the file has faults, nothing is sent{faults}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_successions_and_faults_have_lines() {
        let read = parse(b"agreement,from_unit,to_unit\ntw-h04,Longan,tayninh\n").unwrap();
        let expected = pb::PartySuccession {
            agreement: "agreements/tw-h04".into(),
            from_unit: "units/longan".into(),
            to_unit: "units/tayninh".into(),
        };
        assert_eq!(read, [expected]);
        let told = parse(b"agreement,from_unit,to_unit\ntw-h04,,t t\n").unwrap_err().text();
        assert!(
            told.contains("line 2: from_unit") && told.contains("line 2: to_unit"),
            "{told}"
        );
        assert!(parse(b"agreement\n").is_err());
    }
}
