//! What an issued report would say otherwise if it were computed now.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, report_part::Content};
use banggiao_rpc::identity::Caller;
use prost::Message;
use tonic::{Response, Status};

use crate::{
    domain::{
        definition::{Definition, Definitions, id_of},
        report,
    },
    grpc::{Calls, refuse},
};

/// A number by indicator, group and aspect.
type Figures = BTreeMap<(String, BTreeMap<String, String>, i32), String>;
/// The numbers of a cell, in the order in which they are looked at.
const ASPECTS: [pb::FigureAspect; 3] = [
    pb::FigureAspect::Value,
    pb::FigureAspect::Comparison,
    pb::FigureAspect::Target,
];
/// What a record adds, and by which revision, by indicator and record.
type Records = BTreeMap<(String, String), (String, i32)>;

impl Calls {
    pub(super) async fn since(
        &self,
        caller: &Caller,
        report: pb::Report,
        least: (i64, i64),
    ) -> Result<Response<pb::ListChangesSinceIssueResponse>, Status> {
        report::check_frozen(&report).map_err(refuse)?;
        let bytes = self.signed_content(&report).await?;
        let signed = pb::ReportContent::decode(bytes.as_slice()).unwrap_or_default();
        let basis = self.basis(least, None).await?;
        let newer_definitions = newer(&basis.definitions, &signed);
        let reach = self.reach(&basis.now, caller);
        let composed = self.composed_as_signed(basis, &report, &signed, reach).await?;
        let current = composed.content;
        let mut figures = Vec::new();
        for (place, (before, after)) in signed.parts.iter().zip(&current.parts).enumerate() {
            figures.extend(changed_figures(place, &of_part(before), &of_part(after)));
        }
        let records = |content: &pb::ReportContent| {
            let mut all = Records::new();
            content.parts.iter().for_each(|part| behind(part, &mut all));
            all
        };
        Ok(Response::new(pb::ListChangesSinceIssueResponse {
            figures,
            records: changed_records(&records(&signed), &records(&current)),
            log_index: current.log_index,
            registry_position: current.registry_position,
            withheld: composed.withheld,
            newer_definitions,
        }))
    }
}

/// The definitions of a report that have newer revisions.
fn newer(definitions: &Definitions, signed: &pb::ReportContent) -> Vec<pb::DefinitionUse> {
    let newest = |name: &str| match name.split_once('/').map_or("", |(collection, _)| collection) {
        pb::Indicator::COLLECTION => newest_of::<pb::Indicator>(definitions, name),
        pb::Period::COLLECTION => newest_of::<pb::Period>(definitions, name),
        _ => newest_of::<pb::ReportTemplate>(definitions, name),
    };
    let used = signed.definitions.iter();
    let newer = used.filter_map(|used| Some((used, newest(&used.name)?)));
    newer
        .filter(|(used, revision)| *revision > used.revision)
        .map(|(used, revision)| pb::DefinitionUse {
            name: used.name.clone(),
            revision,
        })
        .collect()
}

fn newest_of<D: Definition>(definitions: &Definitions, name: &str) -> Option<i32> {
    D::shelf(definitions)
        .newest(&id_of::<D>(name))
        .map(Definition::revision)
}

/// The figures of a part: its cells, and the totals of what is divided.
fn of_part(part: &pb::ReportPart) -> Figures {
    let mut figures = Figures::new();
    let mut told = |indicator: &str, group: &BTreeMap<String, String>, numbers: [Option<&String>; 3]| {
        for (aspect, number) in ASPECTS.into_iter().zip(numbers) {
            if let Some(number) = number {
                figures.insert((indicator.to_owned(), group.clone(), aspect.into()), number.clone());
            }
        }
    };
    let table = match &part.content {
        Some(Content::Narrative(narrative)) => narrative.figures.as_ref(),
        Some(Content::Table(table)) => Some(table),
        Some(Content::Records(records)) => {
            if let Some(total) = &records.total {
                told(&total.indicator, &BTreeMap::new(), [Some(&total.value), None, None]);
            }
            None
        }
        None => None,
    };
    for cell in table.iter().flat_map(|table| &table.cells) {
        let numbers = [
            Some(&cell.value),
            cell.comparison_value.as_ref(),
            cell.target_value.as_ref(),
        ];
        told(&cell.indicator, &cell.group, numbers);
    }
    for total in table.iter().flat_map(|table| &table.totals) {
        let numbers = [
            Some(&total.value),
            total.comparison_value.as_ref(),
            total.target_value.as_ref(),
        ];
        told(&total.indicator, &BTreeMap::new(), numbers);
    }
    figures
}

fn changed_figures(place: usize, before: &Figures, after: &Figures) -> Vec<pb::ChangedFigure> {
    let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let changed = keys.into_iter().filter(|key| before.get(key) != after.get(key));
    changed
        .map(|key| pb::ChangedFigure {
            part: i32::try_from(place).unwrap_or(i32::MAX),
            indicator: key.0.clone(),
            group: key.1.clone(),
            signed_value: before.get(key).cloned(),
            current_value: after.get(key).cloned(),
            aspect: key.2,
        })
        .collect()
}

/// The records behind a part.
fn behind(part: &pb::ReportPart, all: &mut Records) {
    let table = match &part.content {
        Some(Content::Narrative(narrative)) => narrative.figures.as_ref(),
        Some(Content::Table(table)) => Some(table),
        Some(Content::Records(records)) => {
            let indicator = records.total.as_ref().map(|total| total.indicator.clone());
            for record in &records.records {
                let key = (indicator.clone().unwrap_or_default(), record.resource.clone());
                all.insert(key, (record.amount.clone(), record.revision));
            }
            None
        }
        None => None,
    };
    let Some(table) = table else { return };
    for contribution in &table.contributions {
        let measure = usize::try_from(contribution.measure).ok();
        if let Some(measure) = measure.and_then(|place| table.measures.get(place)) {
            let key = (measure.indicator.clone(), contribution.resource.clone());
            all.insert(key, (contribution.amount.clone(), contribution.revision));
        }
    }
}

fn changed_records(before: &Records, after: &Records) -> Vec<pb::ChangedRecord> {
    let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let amount = |side: Option<&(String, i32)>| side.map(|(amount, _)| amount.clone());
    let changed = keys
        .into_iter()
        .filter(|key| amount(before.get(key)) != amount(after.get(key)));
    changed
        .map(|key| pb::ChangedRecord {
            indicator: key.0.clone(),
            resource: key.1.clone(),
            signed_amount: amount(before.get(key)),
            current_amount: amount(after.get(key)),
            signed_revision: before.get(key).map_or(0, |(_, revision)| *revision),
            current_revision: after.get(key).map_or(0, |(_, revision)| *revision),
        })
        .collect()
}
