//! `IndicatorService`.

use banggiao_contracts::reporting::v1::{self as pb, indicator_service_server::IndicatorService};
use banggiao_model::{name, permission::Action};
use banggiao_rpc::{Violations, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, refuse};
use crate::{
    domain::{
        Error, checked,
        definition::{Definition, Definitions, Edition, Shelf, check_etag, id_of},
        indicator::{self, FIELDS},
        measure::wire::Known,
    },
    office::Write,
};

#[tonic::async_trait]
impl IndicatorService for Calls {
    async fn create_indicator(
        &self,
        request: Request<pb::CreateIndicatorRequest>,
    ) -> Result<Response<pb::Indicator>, Status> {
        let caller = self.authorize_everywhere(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("CreateIndicator", &mut request, |r| &mut r.request_id, &mut scope);
        new_id(&request.indicator_id, "indicator_id", &mut scope);
        let Some(given) = request.indicator else {
            scope.required("indicator");
            return Err(refuse(Error::Invalid(violations)));
        };
        let draft = pb::Indicator {
            name: name::name("indicators", &request.indicator_id),
            code: name::id_to_code(&request.indicator_id),
            ..given
        };
        let definitions = self.office.definitions().await.map_err(refuse)?;
        self.check_indicator(&definitions, &draft, &mut violations);
        checked(Some(()), violations).map_err(refuse)?;
        let write = Write {
            name: "indicator.create",
            principal: caller.principal,
            request: repetition,
        };
        let name = draft.name.clone();
        let defined = self
            .office
            .define(write, name, move |before, _| not_taken(before, &draft));
        Ok(Response::new(defined.await.map_err(refuse)?))
    }

    async fn get_indicator(
        &self,
        request: Request<pb::GetIndicatorRequest>,
    ) -> Result<Response<pb::Indicator>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let definitions = self.office.definitions().await.map_err(refuse)?;
        let id = name::code_to_id(request.name.strip_prefix("indicators/").unwrap_or(&request.name));
        let found = get(&definitions.indicators, &request.name, &id, request.revision);
        Ok(Response::new(found.map_err(refuse)?))
    }

    async fn list_indicators(
        &self,
        request: Request<pb::ListIndicatorsRequest>,
    ) -> Result<Response<pb::ListIndicatorsResponse>, Status> {
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
        let (indicators, next_page_token) = list(&definitions.indicators, &page);
        Ok(Response::new(pb::ListIndicatorsResponse {
            indicators,
            next_page_token,
        }))
    }

    async fn update_indicator(
        &self,
        request: Request<pb::UpdateIndicatorRequest>,
    ) -> Result<Response<pb::Indicator>, Status> {
        let caller = self.authorize_everywhere(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("UpdateIndicator", &mut request, |r| &mut r.request_id, &mut scope);
        let mask = FIELDS.check(request.update_mask.as_ref(), "update_mask", &mut scope);
        let new = request.indicator.unwrap_or_default();
        let id = wire::required_id(&new.name, "indicators", "indicator.name", &mut scope);
        checked(id, violations).map_err(refuse)?;
        let write = Write {
            name: "indicator.update",
            principal: caller.principal,
            request: repetition,
        };
        let (calls, name) = (self.clone(), new.name.clone());
        let draft = move |before: Option<&pb::Indicator>, definitions: &Definitions| {
            let before = before.ok_or_else(|| Error::NotFound(new.name.clone()))?;
            check_etag(&new.etag, &before.etag)?;
            let draft = FIELDS.lay_over(before.clone(), &new, &mask);
            let mut violations = Violations::new();
            calls.check_indicator(definitions, &draft, &mut violations);
            checked(Some(draft), violations)
        };
        let defined = self.office.define(write, name, draft).await;
        Ok(Response::new(defined.map_err(refuse)?))
    }
}

impl Calls {
    fn check_indicator(&self, definitions: &Definitions, draft: &pb::Indicator, violations: &mut Violations) {
        let directory = self.projection.directory();
        let known = Known {
            directory: &directory,
            edition: Edition::newest(definitions),
        };
        indicator::check(known, draft, &mut violations.scope("indicator"));
    }
}

/// Checks the id of a new definition.
pub fn new_id(id: &str, field: &str, scope: &mut banggiao_rpc::Scope<'_>) {
    if id.is_empty() {
        scope.required(field);
    } else if !name::valid_id(id) {
        scope.invalid(field, format!("{id:?} is not of the form [a-z][a-z0-9-]{{0,62}}"));
    }
}

/// The draft of a new definition, if its id is free.
pub fn not_taken<D: Definition>(before: Option<&D>, draft: &D) -> Result<D, Error> {
    match before {
        None => Ok(draft.clone()),
        Some(taken) => Err(Error::Exists(taken.name().to_owned())),
    }
}

/// A definition by id, its newest revision or a given one.
pub fn get<D: Definition>(shelf: &Shelf<D>, name: &str, id: &str, revision: i32) -> Result<D, Error> {
    let mut violations = Violations::new();
    if name.is_empty() {
        violations.root().required("name");
    }
    if revision < 0 {
        violations.root().invalid("revision", format!("{revision} is negative"));
    }
    checked(Some(()), violations)?;
    let found = match revision {
        0 => shelf.newest(id),
        number => shelf.revision(id, number),
    };
    found.cloned().ok_or_else(|| Error::NotFound(name.to_owned()))
}

/// A page of the newest revisions.
pub fn list<D: Definition>(shelf: &Shelf<D>, page: &Page) -> (Vec<D>, String) {
    let rows = shelf
        .iter()
        .filter(|(id, _)| page.after.as_deref().is_none_or(|after| *id > after));
    let mut rows: Vec<D> = rows.take(page.size + 1).map(|(_, row)| row.clone()).collect();
    let token = page.cut(&mut rows, |row| id_of::<D>(row.name()));
    (rows, token)
}
