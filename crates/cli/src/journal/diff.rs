//! `event diff`: in which fields two revisions of an event differ.
//!
//! It owns how a difference reads. Which fields count as different is the service's word.

use super::words;
use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::output::Output;
use crate::table::{Cell, Column, Table};
use crate::{dynamic, json, listing, names, number, output, show};
use banggiao_contracts::journal::v1 as pb;
use clap::Args;
use prost_reflect::ReflectMessage as _;
use std::collections::BTreeSet;

/// Which revisions are compared.
#[derive(Debug, Clone, Args)]
pub struct Diff {
    /// The event.
    #[arg(value_parser = names::event)]
    pub name: String,
    /// Number of the earlier revision; by default the one before.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub from: Option<i32>,
    /// Number of the later revision; by default the newest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub to: Option<i32>,
}

impl Diff {
    /// The request.
    #[must_use]
    pub fn request(&self) -> pb::CompareEventRevisionsRequest {
        pb::CompareEventRevisionsRequest {
            name: self.name.clone(),
            base_revision: self.from.unwrap_or_default(),
            revision: self.to.unwrap_or_default(),
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let method = "banggiao.journal.v1.EventService/CompareEventRevisions";
        let compared: pb::CompareEventRevisionsResponse =
            dynamic::ask(&session.connection, method, &self.request()).await?;
        if session.output == Output::Json {
            return output::data(&json::typed(&compared)?);
        }
        listing::print_table(session, table(session.output, session.lang, &compared)?)
    }
}

fn table(form: Output, lang: Lang, compared: &pb::CompareEventRevisionsResponse) -> Result<Table, Error> {
    let (before, after) = (compared.base_revision, compared.revision);
    let headings = lang.pick(
        [
            "Field".to_owned(),
            format!("Before (revision {before})"),
            format!("After (revision {after})"),
        ],
        [
            "Mục".to_owned(),
            format!("Trước (lần {before})"),
            format!("Sau (lần {after})"),
        ],
    );
    let keys = ["field", "before", "after"];
    let columns = keys.into_iter().zip(headings);
    let mut table = Table::new(columns.map(|(key, heading)| Column::new(key, heading)).collect());
    for difference in &compared.differences {
        for (path, before, after) in values(difference, form, lang)? {
            let row = match form {
                Output::Csv => [path, before, after],
                _ => {
                    let value = |text: String| people(&path, text, lang);
                    [words::field(&path, lang), value(before), value(after)]
                }
            };
            table.push(row.map(Cell::text).to_vec());
        }
    }
    if compared.differences.is_empty() {
        table.push_remark(lang.pick("They do not differ.", "Không có khác biệt."));
    }
    Ok(table)
}

/// What a difference comes to, as path, value before and value after. A map takes a line for each key that differs.
fn values(difference: &pb::FieldDifference, form: Output, lang: Lang) -> Result<Vec<(String, String, String)>, Error> {
    let field = &difference.field;
    let read = |text: &str| -> Result<serde_json::Value, Error> {
        match text {
            "" => Ok(serde_json::Value::Null),
            text => serde_json::from_str(text).map_err(|error| Error::Failure(error.into())),
        }
    };
    let (before, after) = (read(&difference.before)?, read(&difference.after)?);
    let event = dynamic::message(&pb::Event::default())?;
    let descriptor = event.descriptor().get_field_by_name(field);
    if !descriptor.is_some_and(|descriptor| descriptor.is_map()) {
        return Ok(vec![(
            field.clone(),
            shown(field, &before, form, lang),
            shown(field, &after, form, lang),
        )]);
    }
    let keys = [&before, &after].into_iter().filter_map(|map| map.as_object());
    let keys: BTreeSet<_> = keys.flat_map(|map| map.keys()).collect();
    let text = |map: &serde_json::Value, key: &str| map[key].as_str().unwrap_or_default().to_owned();
    let lines = keys
        .into_iter()
        .map(|key| (format!("{field}.{key}"), text(&before, key), text(&after, key)));
    Ok(lines.filter(|(_, before, after)| before != after).collect())
}

/// A value with the marks that people write in numbers, if it is one.
fn people(path: &str, text: String, lang: Lang) -> String {
    let counted = ["persons", "delegations"].contains(&path) || path.starts_with("quantities.");
    if counted { number::grouped(&text, lang) } else { text }
}

/// Warnings by their codes and fields: what they say stands with the event.
fn warnings(value: &serde_json::Value, form: Output, lang: Lang) -> String {
    let warnings = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let warnings = warnings.iter().map(|warning| {
        let code = warning["code"].as_str().unwrap_or_default();
        let field = warning["field"].as_str().unwrap_or_default();
        let field = match form {
            Output::Csv => field.to_owned(),
            _ => words::field(field, lang),
        };
        format!("{} ({field})", code.trim_start_matches("WARNING_CODE_"))
    });
    warnings.collect::<Vec<_>>().join("; ")
}

/// A value as it looks in any other table; what a newer server alone understands stays JSON.
fn shown(field: &str, value: &serde_json::Value, form: Output, lang: Lang) -> String {
    if value.is_null() {
        return String::new();
    }
    if field == "warnings" {
        return warnings(value, form, lang);
    }
    let text = serde_json::json!({ field: value }).to_string();
    let event = dynamic::from_json::<pb::Event>(&text).and_then(|event| dynamic::message(&event));
    event.map_or_else(
        |_| value.to_string(),
        |event| show::cell(&event, field, lang).into_text(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(field: &str, before: &str, after: &str) -> pb::FieldDifference {
        pb::FieldDifference {
            field: field.into(),
            before: before.into(),
            after: after.into(),
        }
    }

    #[test]
    fn a_difference_reads_as_in_other_tables_and_a_map_by_key() {
        let compared = pb::CompareEventRevisionsResponse {
            base_revision: 1,
            revision: 3,
            differences: vec![
                difference("persons", "\"12\"", "\"15\""),
                difference("partner_units", "[\"units/kh-a\"]", "[\"units/kh-a\",\"units/kh-b\"]"),
                difference("direction", "", "\"DIRECTION_INBOUND\""),
                difference(
                    "summary",
                    "{\"vi\":\"cũ\",\"en\":\"same\"}",
                    "{\"vi\":\"mới\",\"en\":\"same\"}",
                ),
                difference(
                    "warnings",
                    "[{\"code\":\"WARNING_CODE_UNUSUALLY_MANY\",\"field\":\"persons\"}]",
                    "",
                ),
                difference("unheard_of", "1", "2"),
            ],
        };
        let csv = table(Output::Csv, Lang::Vi, &compared).unwrap().csv().unwrap();
        assert_eq!(
            csv,
            "field,before,after\npersons,12,15\npartner_units,kh-a,kh-a; kh-b\ndirection,,INBOUND\nsummary.vi,cũ,mới\n\
             warnings,UNUSUALLY_MANY (persons),\nunheard_of,1,2\n"
        );
        let shown = table(Output::Table, Lang::Vi, &compared)
            .unwrap()
            .render(Lang::Vi, None);
        assert!(shown.contains("Trước (lần 1)") && shown.contains("Lượt người") && shown.contains("Nội dung (vi)"));
        assert!(shown.contains("UNUSUALLY_MANY (Lượt người)"), "{shown}");
    }
}
