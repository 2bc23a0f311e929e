//! `ProgrammeService`.

use std::sync::Arc;

use banggiao_contracts::registry::v1::{self as pb, change::Resource, programme_service_server::ProgrammeService};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, page::Page};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, recorded, refuse};
use crate::domain::{Chosen, checked, programme};

#[tonic::async_trait]
impl ProgrammeService for Calls {
    async fn create_programme(
        &self,
        request: Request<pb::CreateProgrammeRequest>,
    ) -> Result<Response<pb::Programme>, Status> {
        let (request, draft, mut write) = self.change(
            request,
            ("programme.create", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("programme", |r: &mut pb::CreateProgrammeRequest| r.programme.take()),
        )?;
        write.validate_only = request.validate_only;
        let id = request.programme_id.clone();
        let plan = move |directory: &Directory| {
            let id = Chosen {
                id: &id,
                field: "programme_id",
            };
            Ok(vec![programme::draft(directory, id, &draft, "programme")?])
        };
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Programme(programme), ..) => Ok(Response::new(programme.clone())),
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn get_programme(
        &self,
        request: Request<pb::GetProgrammeRequest>,
    ) -> Result<Response<pb::Programme>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let id = id_of(&request.name, "programmes", "name")?;
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
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        checked(Some(()), violations).map_err(refuse)?;
        let read = |programme: &Arc<pb::Programme>| Some((**programme).clone());
        let (programmes, next_page_token) = page.of(directory.programmes(), read);
        Ok(Response::new(pb::ListProgrammesResponse {
            programmes,
            next_page_token,
        }))
    }
}
