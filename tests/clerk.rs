//! Somebody at a desk: the steps of an event's life as one principal, each as one line of a test.

use banggiao_contracts::{
    FieldMask,
    journal::v1::{
        ApproveEventRequest, CancelEventRequest, CancellationReason, CorrectEventRequest, Event, EventFilter,
        GetEventRequest, HoldEventRequest, ListEventsRequest, LogEventRequest, ReturnEventRequest, ReturnReason,
        SubmitEventRequest, event_service_client::EventServiceClient,
    },
};
use banggiao_rpc::channel::Authorized;
use tonic::{Response, Status};

use crate::installation::Installation;

/// What a step is answered with.
pub type Answer = Result<Event, Status>;

/// A principal at the journal.
#[derive(Clone)]
pub struct Clerk(pub EventServiceClient<Authorized>);

impl Clerk {
    /// At the desk.
    pub fn new(installation: &Installation, principal: &str) -> Self {
        Self(installation.events(principal))
    }

    /// Logs an event.
    pub async fn log(&mut self, event: Event) -> Answer {
        let request = LogEventRequest {
            event: Some(event),
            ..Default::default()
        };
        self.0.log_event(request).await.map(Response::into_inner)
    }

    /// Says that a plan was held, with these fields.
    pub async fn hold(&mut self, event: Event, fields: &[&str]) -> Answer {
        let request = HoldEventRequest {
            event: Some(event),
            update_mask: Some(mask(fields)),
            ..Default::default()
        };
        self.0.hold_event(request).await.map(Response::into_inner)
    }

    /// Corrects these fields.
    pub async fn correct(&mut self, event: Event, fields: &[&str]) -> Answer {
        let request = CorrectEventRequest {
            event: Some(event),
            update_mask: Some(mask(fields)),
            reason: "Đối chiếu hồ sơ".to_owned(),
            ..Default::default()
        };
        self.0.correct_event(request).await.map(Response::into_inner)
    }

    /// Submits an event.
    pub async fn submit(&mut self, name: &str) -> Answer {
        let request = SubmitEventRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        self.0.submit_event(request).await.map(Response::into_inner)
    }

    /// Approves an event.
    pub async fn approve(&mut self, name: &str) -> Answer {
        let request = ApproveEventRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        self.0.approve_event(request).await.map(Response::into_inner)
    }

    /// Returns an event.
    pub async fn give_back(&mut self, name: &str, reason: ReturnReason) -> Answer {
        let request = ReturnEventRequest {
            name: name.to_owned(),
            reason_code: reason.into(),
            ..Default::default()
        };
        self.0.return_event(request).await.map(Response::into_inner)
    }

    /// Cancels an event.
    pub async fn cancel(&mut self, name: &str, reason: CancellationReason) -> Answer {
        let request = CancelEventRequest {
            name: name.to_owned(),
            reason_code: reason.into(),
            ..Default::default()
        };
        self.0.cancel_event(request).await.map(Response::into_inner)
    }

    /// Shows an event.
    pub async fn get(&mut self, name: &str) -> Answer {
        let request = GetEventRequest {
            name: name.to_owned(),
            revision: 0,
        };
        self.0.get_event(request).await.map(Response::into_inner)
    }

    /// The names of the events that pass a filter, in the list's order, over all its pages.
    pub async fn list(&mut self, filter: EventFilter) -> Vec<String> {
        self.walk(ListEventsRequest {
            filter: Some(filter),
            page_size: 7,
            ..Default::default()
        })
        .await
    }

    /// As [`Self::list`], of a whole request.
    pub async fn walk(&mut self, mut request: ListEventsRequest) -> Vec<String> {
        let mut names = Vec::new();
        loop {
            let page = self.0.list_events(request.clone()).await.expect("a page").into_inner();
            names.extend(page.events.into_iter().map(|event| event.name));
            if page.next_page_token.is_empty() {
                return names;
            }
            request.page_token = page.next_page_token;
        }
    }
}

/// A mask of these fields.
pub fn mask(fields: &[&str]) -> FieldMask {
    FieldMask {
        paths: fields.iter().map(|field| (*field).to_owned()).collect(),
    }
}
