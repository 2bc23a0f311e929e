//! `EventTypeService`.

use std::sync::Arc;

use banggiao_contracts::journal::v1::{self as pb, event_type_service_server::EventTypeService};
use banggiao_model::{name, permission::Action};
use banggiao_rpc::{Violations, page::Page, request::RequestId, wire};
use banggiao_store::head;
use tonic::{Request, Response, Status};

use super::{Authorized, Calls, DOMAIN, events::required, status::refuse};
use crate::{
    domain::{
        Error, checked,
        event_type::{EventType, FIELDS},
    },
    store,
};

#[tonic::async_trait]
impl EventTypeService for Calls {
    async fn create_event_type(
        &self,
        request: Request<pb::CreateEventTypeRequest>,
    ) -> Result<Response<pb::EventType>, Status> {
        let authorized = self.authorize_everywhere(&request, Action::ManageRegistry).await?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("CreateEventType", &mut request, |r| &mut r.request_id, &mut scope);
        let id = request.event_type_id;
        if id.is_empty() {
            violations.root().required("event_type_id");
        } else if !name::valid_id(&id) {
            let why = format!("{id:?} is not of the form [a-z][a-z0-9-]{{0,62}}");
            violations.root().invalid("event_type_id", why);
        }
        let Some(given) = request.event_type else {
            return Err(required("event_type"));
        };
        let revision = pb::EventType {
            name: name::name("eventTypes", &id),
            code: name::id_to_code(&id),
            revision: 1,
            ..given
        };
        EventType::parse(revision.clone(), &mut violations.scope("event_type"));
        checked(Some(()), violations).map_err(refuse)?;
        self.write_type(authorized, id, repetition, move |before| match before {
            None => Ok(revision.clone()),
            Some(taken) => Err(Error::Exists(taken.name.clone())),
        })
        .await
    }

    async fn get_event_type(
        &self,
        request: Request<pb::GetEventTypeRequest>,
    ) -> Result<Response<pb::EventType>, Status> {
        self.authorize(&request, Action::ReadReference).await?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let id = wire::required_id(&request.name, "eventTypes", "name", &mut violations.root());
        if request.revision < 0 {
            let why = format!("{} is negative", request.revision);
            violations.root().invalid("revision", why);
        }
        let id = checked(id, violations).map_err(refuse)?;
        let types = self.journal.refresh_types().await.map_err(refuse)?;
        let found = match request.revision {
            0 => types.newest(&id),
            number => types.revision(&id, number),
        };
        let found = found.ok_or_else(|| DOMAIN.not_found("eventTypes", &request.name))?;
        Ok(Response::new(found.resource.clone()))
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
        let types = self.journal.refresh_types().await.map_err(refuse)?;
        let mut event_types: Vec<_> = types
            .iter()
            .filter(|(id, _)| page.after.as_ref().is_none_or(|after| *id > after))
            .take(page.size + 1)
            .map(|(_, event_type)| event_type.resource.clone())
            .collect();
        let key = |event_type: &pb::EventType| event_type.name.trim_start_matches("eventTypes/").to_owned();
        let next_page_token = page.cut(&mut event_types, key);
        Ok(Response::new(pb::ListEventTypesResponse {
            event_types,
            next_page_token,
        }))
    }

    async fn update_event_type(
        &self,
        request: Request<pb::UpdateEventTypeRequest>,
    ) -> Result<Response<pb::EventType>, Status> {
        let authorized = self.authorize_everywhere(&request, Action::ManageRegistry).await?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("UpdateEventType", &mut request, |r| &mut r.request_id, &mut scope);
        let mask = FIELDS.check(request.update_mask.as_ref(), "update_mask", &mut violations.root());
        let new = request.event_type.unwrap_or_default();
        let id = wire::required_id(&new.name, "eventTypes", "event_type.name", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        self.write_type(authorized, id, repetition, move |before| {
            let before = before.ok_or_else(|| Error::NoSuchType(new.name.clone()))?;
            if !new.etag.is_empty() && new.etag != before.etag {
                return Err(Error::StaleEtag {
                    given: new.etag.clone(),
                    newest: before.etag.clone(),
                });
            }
            let revision = pb::EventType {
                revision: before.revision + 1,
                ..FIELDS.lay_over(before.clone(), &new, &mask)
            };
            let mut violations = Violations::new();
            EventType::parse(revision.clone(), &mut violations.scope("event_type"));
            checked(Some(revision), violations)
        })
        .await
    }
}

impl Calls {
    /// Writes the next revision of a type, which `draft` makes of the newest one. The head of the log is locked
    /// meanwhile, so that of several who write at once each sees what the others wrote.
    async fn write_type(
        &self,
        authorized: Authorized,
        id: String,
        repetition: Option<RequestId>,
        draft: impl Fn(Option<&pb::EventType>) -> Result<pb::EventType, Error> + Clone + Send + Sync + 'static,
    ) -> Result<Response<pb::EventType>, Status> {
        let principal = Arc::clone(&authorized.caller.principal);
        let now = self.journal.now();
        let write = move |tx| {
            let (id, principal, repetition, draft) =
                (id.clone(), Arc::clone(&principal), repetition.clone(), draft.clone());
            async move {
                head::lock(&tx).await?;
                if let Some(request) = &repetition
                    && let Some((digest, before)) = store::event_type::of_request(&tx, &principal, request.id).await?
                {
                    return if digest == request.digest {
                        Ok(before)
                    } else {
                        Err(Error::RequestIdReused)
                    };
                }
                let newest = store::event_type::newest(&tx, &id).await?;
                let revision = pb::EventType {
                    author: name::name("principals", &principal),
                    create_time: Some(now),
                    ..draft(newest.as_ref())?
                };
                Ok(store::event_type::insert(&tx, &id, revision, &principal, repetition.as_ref()).await?)
            }
        };
        let written = self
            .journal
            .store()
            .tx("eventType.write", write)
            .await
            .map_err(refuse)?;
        // Whoever is answered may name the type at once.
        self.journal.refresh_types().await.map_err(refuse)?;
        Ok(Response::new(written))
    }
}
