//! `ProgrammeService`.

use std::sync::Arc;

use banggiao_contracts::registry::v1::{self as pb, change::Resource, programme_service_server::ProgrammeService};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, page::Page, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, known_unit, recorded, refuse};
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

    async fn update_programme(
        &self,
        request: Request<pb::UpdateProgrammeRequest>,
    ) -> Result<Response<pb::Programme>, Status> {
        let (request, new, mut write) = self.change(
            request,
            ("programme.update", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("programme", |r: &mut pb::UpdateProgrammeRequest| r.programme.take()),
        )?;
        write.validate_only = request.validate_only;
        let mask = request.update_mask;
        let plan = move |directory: &Directory| Ok(vec![programme::draft_update(directory, &new, mask.as_ref())?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Programme(programme), ..) => Ok(Response::new(programme.clone())),
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn set_target(&self, request: Request<pb::SetTargetRequest>) -> Result<Response<pb::Target>, Status> {
        let (request, target, mut write) = self.change(
            request,
            ("target.set", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("target", |r: &mut pb::SetTargetRequest| r.target.take()),
        )?;
        write.validate_only = request.validate_only;
        let plan = move |directory: &Directory| Ok(vec![programme::draft_target(directory, &target)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Target(target), ..) => Ok(Response::new(target.clone())),
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn list_targets(
        &self,
        request: Request<pb::ListTargetsRequest>,
    ) -> Result<Response<pb::ListTargetsResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let mut scope = violations.root();
        let programme = wire::required_id(&request.programme, "programmes", "programme", &mut scope);
        if programme.is_some_and(|id| !directory.programmes().contains_key(&id)) {
            scope.unknown("programme", &request.programme);
        }
        let unit = wire::unit(&request.unit, "unit", &mut scope);
        known_unit(&directory, unit, "unit", &mut scope);
        wire::id(&request.indicator, "indicators", "indicator", &mut scope);
        checked(Some(()), violations).map_err(refuse)?;
        let key = |target: &pb::Target| format!("{} {} {}", target.indicator, target.unit, target.period);
        let listed = directory.targets().values().filter(|target| {
            target.programme == request.programme
                && (request.unit.is_empty() || target.unit == request.unit)
                && (request.indicator.is_empty() || target.indicator == request.indicator)
                && page.after.as_ref().is_none_or(|after| key(target) > *after)
        });
        let mut targets: Vec<pb::Target> = listed.map(|target| (**target).clone()).collect();
        targets.sort_by_key(key);
        targets.truncate(page.size + 1);
        let next_page_token = page.cut(&mut targets, key);
        Ok(Response::new(pb::ListTargetsResponse {
            targets,
            next_page_token,
        }))
    }
}
