//! Templates of reports (mẫu báo cáo): what a report of a kind says and shows, as data. The shipped ones stand in
//! `templates.toml`.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, report_section::Content};
use banggiao_model::name;
use banggiao_rpc::mask::Fields;
use serde::Deserialize;

const FILE: &str = include_str!("templates.toml");

/// The fields of a template that may be changed.
pub const FIELDS: Fields<pb::ReportTemplate> = Fields(&[
    ("titles", |old, new| old.titles.clone_from(&new.titles)),
    ("legal_basis", |old, new| old.legal_basis.clone_from(&new.legal_basis)),
    ("of_programme", |old, new| old.of_programme = new.of_programme),
    ("sections", |old, new| old.sections.clone_from(&new.sections)),
]);

/// The words that stand for something of the report itself.
pub const WORDS: [&str; 5] = ["unit", "period", "programme", "start_date", "end_date"];

/// Something in a text that the report fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blank<'a> {
    /// One of [`WORDS`].
    Word(&'a str),
    /// The figure of an indicator, by its id: of the period, or of the same period a year before.
    Figure {
        /// Id of the indicator.
        indicator: &'a str,
        /// Whether the year before is meant.
        before: bool,
    },
}

/// What stands in braces in a text, and the text around it.
///
/// # Errors
/// What is wrong with the braces, in words for the author.
pub fn pieces(text: &str) -> Result<Vec<(&str, Option<Blank<'_>>)>, String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((plain, after)) = rest.split_once('{') {
        let (inside, next) = after
            .split_once('}')
            .ok_or_else(|| "a brace is opened and not closed".to_owned())?;
        if plain.contains('}') {
            return Err("a brace is closed and was not opened".to_owned());
        }
        pieces.push((plain, Some(blank(inside)?)));
        rest = next;
    }
    if rest.contains('}') {
        return Err("a brace is closed and was not opened".to_owned());
    }
    pieces.push((rest, None));
    Ok(pieces)
}

fn blank(inside: &str) -> Result<Blank<'_>, String> {
    if WORDS.contains(&inside) {
        return Ok(Blank::Word(inside));
    }
    let (indicator, before) = match inside.split_once(':') {
        None => (inside, false),
        Some((indicator, "before")) => (indicator, true),
        Some(_) => {
            return Err(format!(
                "{{{inside}}} is neither {{indicator}} nor {{indicator:before}}"
            ));
        }
    };
    if name::valid_id(indicator) {
        Ok(Blank::Figure { indicator, before })
    } else {
        Err(format!("{{{inside}}} names no indicator"))
    }
}

/// A text with its blanks filled in; one that cannot be filled stays as it is.
#[must_use]
pub fn fill(text: &str, value: impl Fn(&Blank<'_>) -> Option<String>) -> String {
    let Ok(pieces) = pieces(text) else {
        return text.to_owned();
    };
    let filled = pieces.into_iter().map(|(plain, blank)| {
        let filled = blank
            .as_ref()
            .map(|blank| value(blank).unwrap_or_else(|| "…".to_owned()));
        format!("{plain}{}", filled.unwrap_or_default())
    });
    filled.collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    templates: Vec<Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    id: String,
    vi: String,
    en: String,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    of_programme: bool,
    sections: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    vi: Option<String>,
    en: Option<String>,
    narrative: Option<BTreeMap<String, String>>,
    indicators: Option<Vec<String>>,
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    compare: String,
    records: Option<String>,
}

/// The first revisions of the shipped templates.
///
/// # Errors
/// If the file that is compiled in does not read.
pub fn shipped() -> anyhow::Result<Vec<pb::ReportTemplate>> {
    let file: File = toml::from_str(FILE)?;
    file.templates.iter().map(Template::resource).collect()
}

impl Template {
    fn resource(&self) -> anyhow::Result<pb::ReportTemplate> {
        Ok(pb::ReportTemplate {
            name: name::name("reportTemplates", &self.id),
            titles: texts(Some(&self.vi), Some(&self.en)),
            legal_basis: self.legal_basis.clone(),
            of_programme: self.of_programme,
            sections: self.sections.iter().map(Section::resource).collect::<Result<_, _>>()?,
            revision: 1,
            ..pb::ReportTemplate::default()
        })
    }
}

impl Section {
    fn resource(&self) -> anyhow::Result<pb::ReportSection> {
        let content = match (&self.narrative, &self.indicators, &self.records) {
            (Some(text), None, None) => Content::Narrative(pb::Narrative { text: text.clone() }),
            (None, Some(indicators), None) => Content::Table(self.table(indicators)?),
            (None, None, Some(indicator)) => Content::Records(pb::RecordList {
                indicator: name::name("indicators", indicator),
                measure: None,
            }),
            _ => anyhow::bail!("a section has either a narrative, indicators or records"),
        };
        Ok(pb::ReportSection {
            titles: texts(self.vi.as_ref(), self.en.as_ref()),
            content: Some(content),
        })
    }

    fn table(&self, indicators: &[String]) -> anyhow::Result<pb::FigureTable> {
        let key = |code: &String| {
            let key = pb::GroupKey::from_str_name(&format!("GROUP_KEY_{code}"));
            key.map(i32::from).ok_or_else(|| anyhow::anyhow!("{code} is no key"))
        };
        let compare = match self.compare.as_str() {
            "" => pb::Comparison::Unspecified,
            code => pb::Comparison::from_str_name(&format!("COMPARISON_{code}"))
                .ok_or_else(|| anyhow::anyhow!("{code} is no comparison"))?,
        };
        Ok(pb::FigureTable {
            indicators: indicators.iter().map(|id| name::name("indicators", id)).collect(),
            group_by: self.by.iter().map(key).collect::<Result<_, _>>()?,
            compare: compare.into(),
            ..pb::FigureTable::default()
        })
    }
}

fn texts(vi: Option<&String>, en: Option<&String>) -> BTreeMap<String, String> {
    let given = [("vi", vi), ("en", en)].into_iter();
    let given = given.filter_map(|(language, text)| Some((language.to_owned(), text?.clone())));
    given.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_found_and_filled() {
        let text = "đón {delegations-received} đoàn ({delegations-received:before}) trong {period}.";
        let filled = fill(text, |blank| match blank {
            Blank::Word(word) => Some(format!("<{word}>")),
            Blank::Figure { before: false, .. } => Some("19".to_owned()),
            Blank::Figure { before: true, .. } => None,
        });
        assert_eq!(filled, "đón 19 đoàn (…) trong <period>.");
        for wrong in ["{", "}", "a } b {unit}", "{a:after}", "{Unit}", "{}", "{unit"] {
            assert!(pieces(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_shipped_templates_read() {
        let ids: Vec<String> = shipped().unwrap().into_iter().map(|template| template.name).collect();
        assert_eq!(
            ids,
            [
                "six-month",
                "annual",
                "programme-progress",
                "recovery-campaign",
                "agreement-register"
            ]
            .map(|id| format!("reportTemplates/{id}"))
        );
    }
}
