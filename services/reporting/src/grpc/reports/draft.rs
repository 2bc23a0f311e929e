//! Drafts: making one, and computing what it says at this moment.

use std::sync::Arc;

use banggiao_contracts::reporting::v1::{self as pb, ReportState};
use banggiao_model::{name, permission::Action};
use banggiao_rpc::{Scope, Violations, identity::Caller, request::RequestId, wire};
use prost::Message;
use tonic::{Response, Status};

use super::{stored, template_id, write};
use crate::{
    domain::{Error, checked, definition::Edition, figure::Reach, measure::wire::Known, report},
    grpc::{
        Calls, DOMAIN,
        figures::{Basis, computed},
        query, refuse,
        report_content::{self, Composed},
    },
};

/// A reason is at most so long.
const REASON_MAX: usize = 1000;

impl Calls {
    pub(super) async fn generate(
        &self,
        caller: Caller,
        mut request: pb::GenerateReportRequest,
    ) -> Result<Response<pb::Report>, Status> {
        let mut violations = Violations::new();
        let least = (request.min_log_index, request.min_registry_position);
        let mut scope = violations.root();
        (request.min_log_index, request.min_registry_position) = (0, 0);
        let repetition = RequestId::take("GenerateReport", &mut request, |r| &mut r.request_id, &mut scope);
        let basis = self.basis(least, None).await?;
        let drafted = draft(basis.known(), &request, &mut scope);
        let (drafted, template) = checked(drafted, violations).map_err(refuse)?;
        self.covered(&caller, &drafted, Action::WriteReport)?;
        report_content::plan(basis.known(), &drafted, &template).map_err(refuse)?;
        // What cannot be shown is not kept either.
        let reach = self.reach(&basis.now, &caller);
        self.composed_now(basis, &drafted, reach).await?;
        let report = self.kept(&caller, "report.generate", repetition, drafted).await?;
        Ok(Response::new(self.with_content(&caller, report).await?))
    }

    pub(super) async fn supersede(
        &self,
        caller: Caller,
        mut request: pb::SupersedeReportRequest,
    ) -> Result<Response<pb::Report>, Status> {
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("SupersedeReport", &mut request, |r| &mut r.request_id, &mut scope);
        if request.reason.trim().is_empty() {
            scope.required("reason");
        }
        wire::line(&request.reason, REASON_MAX, "reason", &mut scope);
        checked(Some(()), violations).map_err(refuse)?;
        let signed = self.readable(&caller, &request.name).await?;
        self.covered(&caller, &signed, Action::WriteReport)?;
        let correction = report::correction(&signed, &request.reason);
        let report = self.kept(&caller, "report.supersede", repetition, correction).await?;
        Ok(Response::new(self.with_content(&caller, report).await?))
    }

    /// Keeps a draft. One that corrects a report is the only one to do so, and the report must still be issued.
    async fn kept(
        &self,
        caller: &Caller,
        name: &'static str,
        repetition: Option<RequestId>,
        drafted: pb::Report,
    ) -> Result<pb::Report, Status> {
        let (author, now) = (name::name("principals", &caller.principal), self.office.now());
        let work = move |tx, position: i64| {
            let report = pb::Report {
                name: format!("reports/r{position}"),
                author: author.clone(),
                create_time: Some(now),
                ..drafted.clone()
            };
            async move {
                let signed = stored::id_of(&report.supersedes);
                if !signed.is_empty() {
                    let signed = stored::read(&tx, signed).await?;
                    report::check_issued(&signed.unwrap_or_default())?;
                    if let Some(other) = stored::correcting(&tx, stored::id_of(&report.supersedes)).await? {
                        let what = format!("is already being corrected by {}", other.name);
                        return Err(Error::rule(crate::domain::rule::REPORT_STATE, &report.supersedes, what));
                    }
                }
                Ok(stored::insert(&tx, position, report).await?)
            }
        };
        let write = write(name, caller, repetition);
        self.office.write(write, work).await.map_err(refuse)
    }

    /// The report with what it says: a draft computed now, an issued one as it was signed.
    pub(super) async fn with_content(&self, caller: &Caller, report: pb::Report) -> Result<pb::Report, Status> {
        if report.state() != ReportState::Draft {
            let content = self.signed_content(&report).await?;
            let content = pb::ReportContent::decode(content.as_slice()).map_err(|error| {
                tracing::error!(report = report.name, %error, "the content of a report is damaged");
                DOMAIN.internal()
            })?;
            return Ok(pb::Report {
                content: Some(content),
                ..report
            });
        }
        let basis = self.basis((0, 0), None).await?;
        let reach = self.reach(&basis.now, caller);
        let (composed, revision) = self.composed_now(basis, &report, reach).await?;
        let etag = report::etag(&report, &composed.content);
        Ok(pb::Report {
            template_revision: revision,
            classification: wire::classification_pb(composed.classification).into(),
            withheld: composed.withheld,
            start_date: composed.days.0,
            end_date: composed.days.1,
            content: Some(composed.content),
            etag,
            ..report
        })
    }

    /// What a report says by the newest definitions, on the facts of a basis; with the revision of its template.
    pub(super) async fn composed_now(
        &self,
        basis: Basis,
        report: &pb::Report,
        reach: Reach,
    ) -> Result<(Composed, i32), Status> {
        let template = basis.definitions.templates.newest(&template_id(&report.template));
        let template = template.cloned().ok_or_else(|| DOMAIN.internal())?;
        let plan = report_content::plan(basis.known(), report, &template).map_err(refuse)?;
        let facts = Arc::clone(&basis.facts);
        let composed =
            computed(move || plan.compose(basis.ground(&facts), Edition::newest(&basis.definitions), &reach));
        let mut composed = composed.await?;
        self.name_events(&mut composed.content).await?;
        report::check_size(report, &composed.content).map_err(refuse)?;
        Ok((composed, template.revision))
    }

    /// Says of the events in lists of records how other books name them, which does not stand in memory.
    pub(super) async fn name_events(&self, content: &mut pb::ReportContent) -> Result<(), Status> {
        for part in &mut content.parts {
            let Some(pb::report_part::Content::Records(list)) = &mut part.content else {
                continue;
            };
            let mut events: Vec<&mut pb::Contribution> = list
                .records
                .iter_mut()
                .filter(|record| record.resource.starts_with("events/"))
                .collect();
            let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
            let mut references = self.projection.references(&positions).await.map_err(refuse)?;
            for event in &mut events {
                event.reference = references.remove(&event.position).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The content of an issued report as it was signed.
    pub(super) async fn signed_content(&self, report: &pb::Report) -> Result<Vec<u8>, Status> {
        let content = stored::content::read(self.office.reader(), stored::id_of(&report.name)).await;
        let content = content.map_err(|error| refuse(error.into()))?;
        content.ok_or_else(|| {
            tracing::error!(report = report.name, "an issued report has no content");
            DOMAIN.internal()
        })
    }
}

/// The draft that is asked for, with its template.
fn draft(
    known: Known<'_>,
    request: &pb::GenerateReportRequest,
    scope: &mut Scope<'_>,
) -> Option<(pb::Report, pb::ReportTemplate)> {
    let template = template_of(known, &request.template, scope);
    let programme = wire::id(&request.programme, "programmes", "programme", scope);
    if programme.is_some_and(|id| !known.directory.programmes().contains_key(&id)) {
        scope.unknown("programme", &request.programme);
    }
    match template.map(|template| template.of_programme) {
        Some(true) if request.programme.is_empty() => scope.required("programme"),
        Some(false) if !request.programme.is_empty() => {
            scope.invalid("programme", "is not asked for by this template");
        }
        _ => {}
    }
    let question = pb::QueryFiguresRequest {
        unit: request.unit.clone(),
        period: request.period.clone(),
        start_date: request.start_date.clone(),
        end_date: request.end_date.clone(),
        hierarchy: request.hierarchy,
        hierarchy_date: request.hierarchy_date.clone(),
        ..pb::QueryFiguresRequest::default()
    };
    let query = query::parse(known, &question, scope)?;
    let hierarchy = if query.as_of.is_some() {
        pb::Hierarchy::AsOf
    } else {
        pb::Hierarchy::AtEvent
    };
    let template = template?;
    let report = pb::Report {
        template: template.name.clone(),
        unit: request.unit.clone(),
        period: query.period.unwrap_or_default(),
        start_date: query.window.start.to_string(),
        end_date: query.window.end.to_string(),
        hierarchy: hierarchy.into(),
        hierarchy_date: request.hierarchy_date.clone(),
        programme: request.programme.clone(),
        state: ReportState::Draft.into(),
        ..pb::Report::default()
    };
    Some((report, template.clone()))
}

fn template_of<'a>(known: Known<'a>, name: &str, scope: &mut Scope<'_>) -> Option<&'a pb::ReportTemplate> {
    if name.is_empty() {
        scope.required("template");
        return None;
    }
    let template = known.edition.get::<pb::ReportTemplate>(&template_id(name));
    if template.is_none() {
        scope.unknown("template", name);
    }
    template
}
