//! `AccessService`.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_contracts::registry::v1::{self as pb, access_service_server::AccessService, change::Resource};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, identity, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, recorded, refuse};
use crate::{
    domain::{Error, access, checked},
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

    async fn update_principal(
        &self,
        request: Request<pb::UpdatePrincipalRequest>,
    ) -> Result<Response<pb::Principal>, Status> {
        let (request, draft, write) = self.change(
            request,
            ("principal.update", Action::ManageAccess),
            |r| &mut r.request_id,
            ("principal", |r: &mut pb::UpdatePrincipalRequest| r.principal.take()),
        )?;
        let (mask, today) = (request.update_mask, self.registry.today());
        let plan =
            move |directory: &Directory| Ok(vec![access::draft_update(directory, &draft, mask.as_ref(), today)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Principal(principal), ..) => Ok(Response::new(principal.clone())),
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn grant_role(&self, request: Request<pb::GrantRoleRequest>) -> Result<Response<pb::Grant>, Status> {
        let (_, draft, write) = self.change(
            request,
            ("grant.grant", Action::ManageAccess),
            |r| &mut r.request_id,
            ("grant", |r: &mut pb::GrantRoleRequest| r.grant.take()),
        )?;
        let (id, author) = (self.registry.new_id('g'), write.caller.name());
        let today = (self.registry.today(), self.registry.four_eyes());
        let plan = move |directory: &Directory| Ok(vec![access::draft_grant(directory, &id, &draft, &author, today)?]);
        self.granted(write, plan).await
    }

    async fn confirm_grant(&self, request: Request<pb::ConfirmGrantRequest>) -> Result<Response<pb::Grant>, Status> {
        let (request, write) = self.begin(
            request,
            ("grant.confirm", Action::ManageAccess),
            |r: &mut pb::ConfirmGrantRequest| &mut r.request_id,
        )?;
        id_of(&request.name, "grants", "name")?;
        let author = write.caller.name();
        let plan =
            move |directory: &Directory| Ok(vec![access::draft_confirmation(directory, &request.name, &author)?]);
        self.granted(write, plan).await
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

    async fn list_tokens(
        &self,
        request: Request<pb::ListTokensRequest>,
    ) -> Result<Response<pb::ListTokensResponse>, Status> {
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
        let issued = self.registry.issued_tokens().map_err(refuse)?;
        let mut tokens: BTreeMap<String, pb::Token> = issued
            .iter()
            .map(|issued| (issued.id.clone(), access::token(issued)))
            .collect();
        let revoked = directory.revoked_tokens().iter();
        tokens.extend(revoked.map(|(id, token)| (id.clone(), (**token).clone())));
        let of_all = request.principal.is_empty();
        let (tokens, next_page_token) = page.of(&tokens, |token| {
            (of_all || token.principal == request.principal).then(|| token.clone())
        });
        Ok(Response::new(pb::ListTokensResponse {
            tokens,
            next_page_token,
        }))
    }

    async fn revoke_token(&self, request: Request<pb::RevokeTokenRequest>) -> Result<Response<pb::Token>, Status> {
        let (request, write) = self.begin(
            request,
            ("token.revoke", Action::ManageAccess),
            |r: &mut pb::RevokeTokenRequest| &mut r.request_id,
        )?;
        let id = id_of(&request.name, "tokens", "name")?;
        let issued = self.registry.issued_tokens().map_err(refuse)?;
        let issued = issued.iter().find(|issued| issued.id == id).map(access::token);
        let revoked = id.clone();
        let plan =
            move |directory: &Directory| Ok(access::draft_token_revocation(directory, &revoked, issued.as_ref()));
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let token = written.after.revoked_tokens().get(&id);
        let token = token.ok_or_else(|| DOMAIN.internal())?;
        Ok(Response::new((**token).clone()))
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
            .filter(|grant| grant.resource.principal == caller.name() && !grant.resource.proposed);
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

impl Calls {
    /// Records a grant, and answers with it.
    async fn granted(
        &self,
        write: Write,
        plan: impl Fn(&Directory) -> Result<Vec<Resource>, Error> + Send + Sync + 'static,
    ) -> Result<Response<pb::Grant>, Status> {
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match written.changes.into_iter().find_map(|change| change.resource) {
            Some(Resource::Grant(grant)) => Ok(Response::new(grant)),
            _ => Err(DOMAIN.internal()),
        }
    }
}
