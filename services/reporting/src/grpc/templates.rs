//! Templates of reports, from the wire: every fault of one is found when it is written, not when it is used.

use banggiao_contracts::reporting::v1::{self as pb, report_section::Content};
use banggiao_rpc::{Scope, wire};

use super::group;
use crate::domain::{
    measure::wire::{self as measures, Known},
    template::{self, Blank},
};

/// A template has at most so many sections.
const SECTIONS_MAX: usize = 50;
/// The text that asks for a report is at most so long.
const LEGAL_BASIS_MAX: usize = 300;

/// Checks a revision. What is output only is taken as it stands.
pub fn check(known: Known<'_>, template: &pb::ReportTemplate, scope: &mut Scope<'_>) {
    wire::names(&template.titles, "titles", scope);
    for (language, title) in &template.titles {
        text(
            known,
            title,
            (false, template.of_programme),
            &format!("titles[{language:?}]"),
            scope,
        );
    }
    wire::line(&template.legal_basis, LEGAL_BASIS_MAX, "legal_basis", scope);
    let count = template.sections.len();
    if !(1..=SECTIONS_MAX).contains(&count) {
        let why = format!("has {count} entries; a report has 1 to {SECTIONS_MAX} sections");
        scope.invalid("sections", why);
        return;
    }
    for (index, section) in template.sections.iter().enumerate() {
        let mut scope = scope.scope(&format!("sections[{index}]"));
        if !section.titles.is_empty() {
            wire::names(&section.titles, "titles", &mut scope);
        }
        match &section.content {
            None => scope.required("content"),
            Some(Content::Narrative(narrative)) => {
                narrative_text(known, narrative, template.of_programme, &mut scope.scope("narrative"));
            }
            Some(Content::Table(content)) => table(known, content, template.of_programme, &mut scope.scope("table")),
            Some(Content::Records(list)) => records(known, list, &mut scope.scope("records")),
        }
    }
}

fn narrative_text(known: Known<'_>, narrative: &pb::Narrative, of_programme: bool, scope: &mut Scope<'_>) {
    if narrative.text.get("vi").is_none_or(|text| text.trim().is_empty()) {
        scope.required("text[\"vi\"]");
    }
    wire::texts(&narrative.text, wire::MAX_TEXT, "text", scope);
    for (language, given) in &narrative.text {
        text(
            known,
            given,
            (true, of_programme),
            &format!("text[{language:?}]"),
            scope,
        );
    }
}

/// Checks what stands in braces. `figures` says that figures may.
fn text(known: Known<'_>, given: &str, (figures, of_programme): (bool, bool), field: &str, scope: &mut Scope<'_>) {
    let pieces = match template::pieces(given) {
        Ok(pieces) => pieces,
        Err(why) => return scope.invalid(field, why),
    };
    for blank in pieces.into_iter().filter_map(|(_, blank)| blank) {
        match blank {
            Blank::Word("programme") if !of_programme => {
                scope.invalid(field, "asks for {programme}, and the report is about none");
            }
            Blank::Word(_) => {}
            Blank::Figure { .. } if !figures => scope.invalid(field, "takes no figures"),
            Blank::Figure { indicator, .. } => {
                if known.edition.indicator(indicator).is_none() {
                    scope.unknown(field, &format!("indicators/{indicator}"));
                }
            }
        }
    }
}

fn table(known: Known<'_>, table: &pb::FigureTable, of_programme: bool, scope: &mut Scope<'_>) {
    if table.indicators.is_empty() && table.measures.is_empty() {
        scope.required("indicators");
    }
    for (field, count) in [
        ("indicators", table.indicators.len()),
        ("measures", table.measures.len()),
    ] {
        wire::at_most(wire::MAX_LIST, count, field, scope);
    }
    for (index, name) in table.indicators.iter().enumerate() {
        let path = format!("indicators[{index}]");
        match known.edition.indicator(name) {
            None => scope.unknown(&path, name),
            Some(_) if table.indicators[..index].contains(name) => {
                scope.invalid(&path, format!("{name:?} is named twice"));
            }
            Some(_) => {}
        }
    }
    for (index, inline) in table.measures.iter().enumerate() {
        let mut scope = scope.scope(&format!("measures[{index}]"));
        let taken = |label: &String| table.measures[..index].iter().any(|other| other.label == *label);
        if inline.label.is_empty() {
            scope.required("label");
        } else if taken(&inline.label) || inline.label.starts_with("indicators/") {
            scope.invalid("label", format!("{:?} is the name of another column", inline.label));
        }
        measures::measure(known, inline, &mut scope);
    }
    group::keys(&table.group_by, scope);
    wire::enumeration::<pb::Comparison>(table.compare, "compare", scope);
    let narrow = measures::event_filter(
        known.directory,
        table.narrow_events.as_ref(),
        &mut scope.scope("narrow_events"),
    );
    if of_programme && !narrow.programmes.is_empty() {
        scope.invalid(
            "narrow_events.programmes",
            "is narrowed by the programme that the report is about",
        );
    }
    measures::agreement_filter(table.narrow_agreements.as_ref(), &mut scope.scope("narrow_agreements"));
}

fn records(known: Known<'_>, list: &pb::RecordList, scope: &mut Scope<'_>) {
    match (&list.measure, list.indicator.as_str()) {
        (None, "") => scope.required("indicator"),
        (None, name) => {
            if known.edition.indicator(name).is_none() {
                scope.unknown("indicator", name);
            }
        }
        (Some(measure), "") => {
            measures::measure(known, measure, &mut scope.scope("measure"));
        }
        (Some(_), _) => scope.invalid(
            "measure",
            "is given together with an indicator; only one of the two may be",
        ),
    }
}
