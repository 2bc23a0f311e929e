//! `ReportService`.

mod changes;
mod document;
mod draft;
mod issue;

use std::pin::Pin;

use banggiao_contracts::reporting::v1::{self as pb, report_service_server::ReportService};
use banggiao_directory::Directory;
use banggiao_model::{
    name,
    permission::{Action, Classification},
};
use banggiao_rpc::{Violations, identity::Caller, page::Page, request::RequestId, wire};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{
    Calls, DOMAIN,
    figures::computed,
    indicators::{get, list, new_id, not_taken},
    refuse, templates,
};
use crate::{
    domain::{
        Error, checked,
        definition::{Definitions, Edition, check_etag},
        measure::wire::Known,
        template::FIELDS,
    },
    office::Write,
    store::report as stored,
};

/// Reports are read from the database in such numbers.
const READ_ROWS: u64 = 200;
/// A document travels in pieces of so many bytes.
const PIECE: usize = 64 * 1024;

#[tonic::async_trait]
impl ReportService for Calls {
    type RenderReportStream = Pin<Box<dyn Stream<Item = Result<pb::RenderReportResponse, Status>> + Send>>;

    async fn list_report_templates(
        &self,
        request: Request<pb::ListReportTemplatesRequest>,
    ) -> Result<Response<pb::ListReportTemplatesResponse>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        checked(Some(()), violations).map_err(refuse)?;
        let definitions = self.office.definitions().await.map_err(refuse)?;
        let (report_templates, next_page_token) = list(&definitions.templates, &page);
        Ok(Response::new(pb::ListReportTemplatesResponse {
            report_templates,
            next_page_token,
        }))
    }

    async fn get_report_template(
        &self,
        request: Request<pb::GetReportTemplateRequest>,
    ) -> Result<Response<pb::ReportTemplate>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let definitions = self.office.definitions().await.map_err(refuse)?;
        let id = template_id(&request.name);
        let found = get(&definitions.templates, &request.name, &id, request.revision);
        Ok(Response::new(found.map_err(refuse)?))
    }

    async fn create_report_template(
        &self,
        request: Request<pb::CreateReportTemplateRequest>,
    ) -> Result<Response<pb::ReportTemplate>, Status> {
        let caller = self.authorize_everywhere(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("CreateReportTemplate", &mut request, |r| &mut r.request_id, &mut scope);
        new_id(&request.report_template_id, "report_template_id", &mut scope);
        let Some(given) = request.report_template else {
            scope.required("report_template");
            return Err(refuse(Error::Invalid(violations)));
        };
        let draft = pb::ReportTemplate {
            name: name::name("reportTemplates", &request.report_template_id),
            ..given
        };
        let definitions = self.office.definitions().await.map_err(refuse)?;
        self.check_template(&definitions, &draft, &mut violations);
        checked(Some(()), violations).map_err(refuse)?;
        let write = write("reportTemplate.create", &caller, repetition);
        let name = draft.name.clone();
        let defined = self
            .office
            .define(write, name, move |before, _| not_taken(before, &draft));
        Ok(Response::new(defined.await.map_err(refuse)?))
    }

    async fn update_report_template(
        &self,
        request: Request<pb::UpdateReportTemplateRequest>,
    ) -> Result<Response<pb::ReportTemplate>, Status> {
        let caller = self.authorize_everywhere(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("UpdateReportTemplate", &mut request, |r| &mut r.request_id, &mut scope);
        let mask = FIELDS.check(request.update_mask.as_ref(), "update_mask", &mut scope);
        let new = request.report_template.unwrap_or_default();
        let id = wire::required_id(&new.name, "reportTemplates", "report_template.name", &mut scope);
        checked(id, violations).map_err(refuse)?;
        let write = write("reportTemplate.update", &caller, repetition);
        let (calls, name) = (self.clone(), new.name.clone());
        let draft = move |before: Option<&pb::ReportTemplate>, definitions: &Definitions| {
            let before = before.ok_or_else(|| Error::NotFound(new.name.clone()))?;
            check_etag(&new.etag, &before.etag)?;
            let draft = FIELDS.lay_over(before.clone(), &new, &mask);
            let mut violations = Violations::new();
            calls.check_template(definitions, &draft, &mut violations);
            checked(Some(draft), violations)
        };
        let defined = self.office.define(write, name, draft).await;
        Ok(Response::new(defined.map_err(refuse)?))
    }

    async fn generate_report(
        &self,
        request: Request<pb::GenerateReportRequest>,
    ) -> Result<Response<pb::Report>, Status> {
        let caller = self.authorize(&request, Action::WriteReport)?;
        self.generate(caller, request.into_inner()).await
    }

    async fn get_report(&self, request: Request<pb::GetReportRequest>) -> Result<Response<pb::Report>, Status> {
        let caller = self.authorize(&request, Action::ReadEvent)?;
        let name = request.into_inner().name;
        let report = self.readable(&caller, &name).await?;
        Ok(Response::new(self.with_content(&caller, report).await?))
    }

    async fn list_reports(
        &self,
        request: Request<pb::ListReportsRequest>,
    ) -> Result<Response<pb::ListReportsResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadEvent)?;
        self.list(&caller, request.into_inner()).await
    }

    async fn issue_report(&self, request: Request<pb::IssueReportRequest>) -> Result<Response<pb::Report>, Status> {
        let caller = self.authorize(&request, Action::IssueReport)?;
        self.issue(caller, request.into_inner()).await
    }

    async fn supersede_report(
        &self,
        request: Request<pb::SupersedeReportRequest>,
    ) -> Result<Response<pb::Report>, Status> {
        let caller = self.authorize(&request, Action::WriteReport)?;
        self.supersede(caller, request.into_inner()).await
    }

    async fn verify_report(
        &self,
        request: Request<pb::VerifyReportRequest>,
    ) -> Result<Response<pb::VerifyReportResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadEvent)?;
        let report = self.readable(&caller, &request.into_inner().name).await?;
        self.verify(report).await
    }

    async fn list_changes_since_issue(
        &self,
        request: Request<pb::ListChangesSinceIssueRequest>,
    ) -> Result<Response<pb::ListChangesSinceIssueResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadEvent)?;
        let request = request.into_inner();
        let report = self.readable(&caller, &request.name).await?;
        let least = (request.min_log_index, request.min_registry_position);
        self.since(&caller, report, least).await
    }

    async fn render_report(
        &self,
        request: Request<pb::RenderReportRequest>,
    ) -> Result<Response<Self::RenderReportStream>, Status> {
        let caller = self.authorize(&request, Action::ReadEvent)?;
        let request = request.into_inner();
        let (format, language) = document::asked(&request).map_err(refuse)?;
        let report = self.readable(&caller, &request.name).await?;
        let report = self.with_content(&caller, report).await?;
        let name = report.name.clone();
        let render = move || Ok(banggiao_documents::render(&document::of(&report, language), format).into_bytes());
        let data = computed(render).await?;
        let mut messages: Vec<pb::RenderReportResponse> = data
            .chunks(PIECE)
            .map(|data| pb::RenderReportResponse {
                data: data.to_vec(),
                ..pb::RenderReportResponse::default()
            })
            .collect();
        if let Some(first) = messages.first_mut() {
            first.media_type = format.media_type().to_owned();
            first.file_name = format!("{}.{}", name.replace('/', "-"), format.extension());
        }
        let messages = messages.into_iter().map(Ok);
        Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
    }
}

impl Calls {
    fn check_template(&self, definitions: &Definitions, draft: &pb::ReportTemplate, violations: &mut Violations) {
        let directory = self.projection.directory();
        let known = Known {
            directory: &directory,
            edition: Edition::newest(definitions),
        };
        templates::check(known, draft, &mut violations.scope("report_template"));
    }

    /// A report that the caller may read: of a unit that it may read events of, up to the report's classification.
    async fn readable(&self, caller: &Caller, name: &str) -> Result<pb::Report, Status> {
        let mut violations = Violations::new();
        let id = wire::required_id(name, "reports", "name", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        let directory = self.projection.directory();
        let scope = self.scope(&directory, caller, Action::ReadEvent);
        let found = stored::read(self.office.reader(), &id).await;
        let found = found.map_err(|error| refuse(error.into()))?;
        match found {
            Some(report) if scope.allows(&units(&directory, &report), classification(&report)) => Ok(report),
            None if scope.allows(&[], Classification::TopSecret) => Err(DOMAIN.not_found("reports", name)),
            _ => Err(DOMAIN.denied()),
        }
    }

    /// Refuses what the caller may not do to a report on this unit.
    fn covered(&self, caller: &Caller, report: &pb::Report, action: Action) -> Result<(), Status> {
        let directory = self.projection.directory();
        let scope = self.scope(&directory, caller, action);
        if scope.allows(&units(&directory, report), Classification::Unclassified) {
            Ok(())
        } else {
            Err(DOMAIN.denied())
        }
    }

    async fn list(
        &self,
        caller: &Caller,
        mut request: pb::ListReportsRequest,
    ) -> Result<Response<pb::ListReportsResponse>, Status> {
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let page = Page::take(&mut request, |r| (&mut r.page_size, &mut r.page_token), &mut scope);
        let directory = self.projection.directory();
        let root = wire::unit(&request.unit, "unit", &mut scope);
        let root = root.map(|unit| directory.hierarchy().key(&unit));
        if root == Some(None) {
            scope.unknown("unit", &request.unit);
        }
        wire::id(&request.template, "reportTemplates", "template", &mut scope);
        for (index, state) in request.states.iter().enumerate() {
            wire::enumeration::<pb::ReportState>(*state, &format!("states[{index}]"), &mut scope);
        }
        checked(Some(()), violations).map_err(refuse)?;
        let (reach, today) = (self.scope(&directory, caller, Action::ReadEvent), self.today());
        let wanted = |report: &pb::Report| {
            let units = units(&directory, report);
            reach.allows(&units, classification(report))
                && root.flatten().is_none_or(|root| {
                    units
                        .iter()
                        .any(|unit| directory.hierarchy().in_subtree(*unit, root, today) || *unit == root)
                })
                && (request.period.is_empty() || request.period == report.period)
                && (request.template.is_empty() || request.template == report.template)
                && (request.states.is_empty() || request.states.contains(&report.state))
        };
        let mut before = page
            .after
            .as_deref()
            .and_then(|after| after.parse().ok())
            .unwrap_or(i64::MAX);
        let (mut reports, mut positions) = (Vec::new(), Vec::new());
        while reports.len() <= page.size {
            let rows = stored::read_before(self.office.reader(), before, READ_ROWS).await;
            let rows = rows.map_err(|error| refuse(error.into()))?;
            let Some((last, _)) = rows.last() else { break };
            before = *last;
            for (position, report) in rows.into_iter().filter(|(_, report)| wanted(report)) {
                positions.push(position.to_string());
                reports.push(report);
            }
        }
        reports.truncate(page.size + 1);
        positions.truncate(page.size + 1);
        let next_page_token = page.cut_by(&mut reports, &positions);
        Ok(Response::new(pb::ListReportsResponse {
            reports,
            next_page_token,
        }))
    }
}

/// The unit of a report.
fn units(directory: &Directory, report: &pb::Report) -> Vec<banggiao_model::hierarchy::Key> {
    let id = name::collection_id(&report.unit, "units");
    id.and_then(|id| directory.hierarchy().key_of(id)).into_iter().collect()
}

/// How secret a report is; one whose classification does not read is the most secret.
fn classification(report: &pb::Report) -> Classification {
    let mut violations = Violations::new();
    let read = wire::classification(report.classification, "classification", &mut violations.root());
    if violations.is_empty() {
        read
    } else {
        Classification::TopSecret
    }
}

/// The id of a template, by its name, bare id or code in any case.
fn template_id(name: &str) -> String {
    name::code_to_id(name.strip_prefix("reportTemplates/").unwrap_or(name))
}

/// A call that writes.
fn write(name: &'static str, caller: &Caller, request: Option<RequestId>) -> Write {
    Write {
        name,
        principal: std::sync::Arc::clone(&caller.principal),
        request,
    }
}
