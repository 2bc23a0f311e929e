//! `AccessService`.

use std::sync::Arc;

use banggiao_contracts::registry::v1::{self as pb, access_service_server::AccessService, change::Resource};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, identity, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, recorded, refuse};
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
        let (request, draft, write) = self.change(
            request,
            ("principal.create", Action::ManageAccess),
            |r| &mut r.request_id,
            ("principal", |r: &mut pb::CreatePrincipalRequest| r.principal.take()),
        )?;
        let id = request.principal_id.clone();
        let plan = move |directory: &Directory| Ok(vec![access::draft_principal(directory, &id, &draft)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Principal(principal), ..) => Ok(Response::new(principal.clone())),
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn get_principal(
        &self,
        request: Request<pb::GetPrincipalRequest>,
    ) -> Result<Response<pb::Principal>, Status> {
        let (_, directory) = self.authorize_all(&request, Action::ReadAccess)?;
        let request = request.into_inner();
        let id = id_of(&request.name, "principals", "name")?;
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
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        checked(Some(()), violations).map_err(refuse)?;
        let read = |principal: &Arc<pb::Principal>| Some((**principal).clone());
        let (principals, next_page_token) = page.of(directory.principals(), read);
        Ok(Response::new(pb::ListPrincipalsResponse {
            principals,
            next_page_token,
        }))
    }

    async fn grant_role(&self, request: Request<pb::GrantRoleRequest>) -> Result<Response<pb::Grant>, Status> {
        let (_, draft, write) = self.change(
            request,
            ("grant.grant", Action::ManageAccess),
            |r| &mut r.request_id,
            ("grant", |r: &mut pb::GrantRoleRequest| r.grant.take()),
        )?;
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
        let request_id = RequestId::take(
            "RevokeGrant",
            &mut request,
            |r| &mut r.request_id,
            &mut violations.root(),
        );
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
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        wire::id(&request.principal, "principals", "principal", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let of_all = request.principal.is_empty();
        let (grants, next_page_token) = page.of(directory.grants(), |grant| {
            (of_all || grant.resource.principal == request.principal).then(|| grant.resource.clone())
        });
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
