//! `EventTypeService`.

use banggiao_contracts::journal::v1::{self as pb, event_type_service_server::EventTypeService};
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, page::Page, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, status::refuse};
use crate::domain::{
    checked,
    event_type::{self, EventType},
};

#[tonic::async_trait]
impl EventTypeService for Calls {
    async fn get_event_type(
        &self,
        request: Request<pb::GetEventTypeRequest>,
    ) -> Result<Response<pb::EventType>, Status> {
        self.authorize(&request, Action::ReadReference).await?;
        let name = request.into_inner().name;
        let mut violations = Violations::new();
        let id = wire::required_id(&name, "eventTypes", "name", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        let found = event_type::by_id(&id).ok_or_else(|| DOMAIN.not_found("eventTypes", &name))?;
        Ok(Response::new(found.to_pb()))
    }

    async fn list_event_types(
        &self,
        request: Request<pb::ListEventTypesRequest>,
    ) -> Result<Response<pb::ListEventTypesResponse>, Status> {
        self.authorize(&request, Action::ReadReference).await?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        checked(Some(()), violations).map_err(refuse)?;
        let mut event_types: Vec<_> = event_type::TYPES
            .iter()
            .filter(|event_type| page.after.as_ref().is_none_or(|after| event_type.id() > *after))
            .take(page.size + 1)
            .map(EventType::to_pb)
            .collect();
        let key = |event_type: &pb::EventType| event_type.name.trim_start_matches("eventTypes/").to_owned();
        let next_page_token = page.cut(&mut event_types, key);
        Ok(Response::new(pb::ListEventTypesResponse {
            event_types,
            next_page_token,
        }))
    }
}
