//! `AccessService`.

use banggiao_contracts::registry::v1::{self as pb, access_service_server::AccessService, change::Resource};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, identity, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, refuse};
use crate::{
    domain::{access, checked},
    registry::Write,
};

#[tonic::async_trait]
impl AccessService for Calls {
    async fn create_principal(
        &self,
        request: Request<pb::CreatePrincipalRequest>,
    ) -> Result<Response<pb::Principal>, Status> {
        let (caller, _) = self.authorize_all(&request, Action::ManageAccess)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let id = std::mem::take(&mut request.request_id);
        let request_id = RequestId::parse("CreatePrincipal", &id, &request, &mut violations.root());
        if request.principal.is_none() {
            violations.root().required("principal");
        }
        let draft = checked(request.principal, violations).map_err(refuse)?;
        let action = Action::ManageAccess;
        let write = Write {
            name: "principal.create",
            caller,
            action,
            request: request_id,
            validate_only: false,
        };
        let id = request.principal_id.clone();
        let plan = move |directory: &Directory| Ok(vec![access::draft_principal(directory, &id, &draft)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let recorded = written
            .after
            .principals()
            .get(&request.principal_id)
            .ok_or_else(|| DOMAIN.internal())?;
        Ok(Response::new((**recorded).clone()))
    }

    async fn get_principal(
        &self,
        request: Request<pb::GetPrincipalRequest>,
    ) -> Result<Response<pb::Principal>, Status> {
        let (_, directory) = self.authorize_all(&request, Action::ReadAccess)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let id = wire::required_id(&request.name, "principals", "name", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        let found = directory
            .principals()
            .get(&id)
            .ok_or_else(|| DOMAIN.not_found("principals", &request.name))?;
        Ok(Response::new((**found).clone()))
    }

    async fn list_principals(
        &self,
        request: Request<pb::ListPrincipalsRequest>,
    ) -> Result<Response<pb::ListPrincipalsResponse>, Status> {
        let (_, directory) = self.authorize_all(&request, Action::ReadAccess)?;
        let mut request = request.into_inner();
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let mut violations = Violations::new();
        let page = Page::parse(&request, size, &token, &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let mut principals: Vec<pb::Principal> = directory
            .principals()
            .iter()
            .filter(|(id, _)| page.after.as_ref().is_none_or(|after| *id > after))
            .take(page.size + 1)
            .map(|(_, principal)| (**principal).clone())
            .collect();
        let next_page_token = page.cut(&mut principals, |principal| {
            principal.name.trim_start_matches("principals/").to_owned()
        });
        Ok(Response::new(pb::ListPrincipalsResponse {
            principals,
            next_page_token,
        }))
    }

    async fn grant_role(&self, request: Request<pb::GrantRoleRequest>) -> Result<Response<pb::Grant>, Status> {
        let (caller, _) = self.authorize_all(&request, Action::ManageAccess)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let id = std::mem::take(&mut request.request_id);
        let request_id = RequestId::parse("GrantRole", &id, &request, &mut violations.root());
        if request.grant.is_none() {
            violations.root().required("grant");
        }
        let draft = checked(request.grant, violations).map_err(refuse)?;
        let action = Action::ManageAccess;
        let write = Write {
            name: "grant.grant",
            caller,
            action,
            request: request_id,
            validate_only: false,
        };
        let id = self.registry.new_id('g');
        let plan = move |directory: &Directory| Ok(vec![access::draft_grant(directory, &id, &draft)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match written.changes.into_iter().find_map(|change| change.resource) {
            Some(Resource::Grant(grant)) => Ok(Response::new(grant)),
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn revoke_grant(
        &self,
        request: Request<pb::RevokeGrantRequest>,
    ) -> Result<Response<pb::RevokeGrantResponse>, Status> {
        let (caller, _) = self.authorize_all(&request, Action::ManageAccess)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let id = std::mem::take(&mut request.request_id);
        let request_id = RequestId::parse("RevokeGrant", &id, &request, &mut violations.root());
        let grant = wire::required_id(&request.name, "grants", "name", &mut violations.root());
        checked(grant, violations).map_err(refuse)?;
        let action = Action::ManageAccess;
        let write = Write {
            name: "grant.revoke",
            caller,
            action,
            request: request_id,
            validate_only: false,
        };
        let (name, today) = (request.name, self.registry.today());
        let plan = move |directory: &Directory| Ok(vec![access::draft_revocation(directory, &name, today)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let registry_position = written.changes.last().map_or(0, |change| change.position);
        Ok(Response::new(pb::RevokeGrantResponse { registry_position }))
    }

    async fn list_grants(
        &self,
        request: Request<pb::ListGrantsRequest>,
    ) -> Result<Response<pb::ListGrantsResponse>, Status> {
        let (_, directory) = self.authorize_all(&request, Action::ReadAccess)?;
        let mut request = request.into_inner();
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let mut violations = Violations::new();
        let page = Page::parse(&request, size, &token, &mut violations.root());
        wire::id(&request.principal, "principals", "principal", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let mut grants: Vec<pb::Grant> = directory
            .grants()
            .iter()
            .filter(|(id, _)| page.after.as_ref().is_none_or(|after| *id > after))
            .map(|(_, grant)| &grant.resource)
            .filter(|grant| request.principal.is_empty() || grant.principal == request.principal)
            .take(page.size + 1)
            .cloned()
            .collect();
        let next_page_token = page.cut(&mut grants, |grant| grant.name.trim_start_matches("grants/").to_owned());
        Ok(Response::new(pb::ListGrantsResponse {
            grants,
            next_page_token,
        }))
    }

    /// Everybody may ask who he or she is; a principal without grants learns just that.
    async fn who_am_i(&self, request: Request<pb::WhoAmIRequest>) -> Result<Response<pb::WhoAmIResponse>, Status> {
        let caller = identity::caller(&request, DOMAIN)?;
        let (directory, today) = (self.registry.now(), self.registry.today());
        let known = directory.principals().get(&*caller.principal);
        let principal = known.map_or_else(
            || pb::Principal {
                name: caller.name(),
                ..Default::default()
            },
            |p| (**p).clone(),
        );
        let mine = directory
            .grants()
            .values()
            .filter(|grant| grant.resource.principal == caller.name());
        let grants = mine
            .filter(|grant| grant.grant.holds_on(today))
            .map(|grant| grant.resource.clone())
            .collect();
        let installation = self.registry.installation().to_owned();
        Ok(Response::new(pb::WhoAmIResponse {
            principal: Some(principal),
            grants,
            installation,
        }))
    }
}
