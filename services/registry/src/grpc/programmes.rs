//! `ProgrammeService`.

use banggiao_contracts::registry::v1::{self as pb, programme_service_server::ProgrammeService};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, refuse};
use crate::{
    domain::{checked, programme},
    registry::Write,
};

#[tonic::async_trait]
impl ProgrammeService for Calls {
    async fn create_programme(
        &self,
        request: Request<pb::CreateProgrammeRequest>,
    ) -> Result<Response<pb::Programme>, Status> {
        let (caller, _) = self.authorize_all(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let id = std::mem::take(&mut request.request_id);
        let request_id = RequestId::parse("CreateProgramme", &id, &request, &mut violations.root());
        if request.programme.is_none() {
            violations.root().required("programme");
        }
        let draft = checked(request.programme, violations).map_err(refuse)?;
        let write = Write {
            name: "programme.create",
            caller,
            action: Action::ManageRegistry,
            request: request_id,
            validate_only: request.validate_only,
        };
        let id = request.programme_id.clone();
        let plan = move |directory: &Directory| Ok(vec![programme::draft(directory, &id, &draft, "programme")?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let recorded = written
            .after
            .programmes()
            .get(&request.programme_id)
            .ok_or_else(|| DOMAIN.internal())?;
        Ok(Response::new((**recorded).clone()))
    }

    async fn get_programme(
        &self,
        request: Request<pb::GetProgrammeRequest>,
    ) -> Result<Response<pb::Programme>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let id = wire::required_id(&request.name, "programmes", "name", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        let found = directory
            .programmes()
            .get(&id)
            .ok_or_else(|| DOMAIN.not_found("programmes", &request.name))?;
        Ok(Response::new((**found).clone()))
    }

    async fn list_programmes(
        &self,
        request: Request<pb::ListProgrammesRequest>,
    ) -> Result<Response<pb::ListProgrammesResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let mut violations = Violations::new();
        let page = Page::parse(&request, size, &token, &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let mut programmes: Vec<pb::Programme> = directory
            .programmes()
            .iter()
            .filter(|(id, _)| page.after.as_ref().is_none_or(|after| *id > after))
            .take(page.size + 1)
            .map(|(_, programme)| (**programme).clone())
            .collect();
        let next_page_token = page.cut(&mut programmes, |programme| {
            programme.name.trim_start_matches("programmes/").to_owned()
        });
        Ok(Response::new(pb::ListProgrammesResponse {
            programmes,
            next_page_token,
        }))
    }
}
