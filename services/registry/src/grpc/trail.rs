//! `AuditService`.

use banggiao_contracts::registry::v1::{self as pb, audit_service_server::AuditService};
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, page::Page};
use tonic::{Request, Response, Status};

use super::{Calls, status::refuse};
use crate::domain::checked;

#[tonic::async_trait]
impl AuditService for Calls {
    async fn list_audit_entries(
        &self,
        request: Request<pb::ListAuditEntriesRequest>,
    ) -> Result<Response<pb::ListAuditEntriesResponse>, Status> {
        self.authorize_all(&request, Action::ReadAccess)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let filter = banggiao_audit::filter(&request.filter.unwrap_or_default(), &mut violations.scope("filter"));
        checked(Some(()), violations).map_err(refuse)?;
        let listed = self.trail.list(&filter, &page).await;
        let (entries, next_page_token) = listed.map_err(|error| refuse(error.into()))?;
        Ok(Response::new(pb::ListAuditEntriesResponse {
            entries,
            next_page_token,
        }))
    }
}
