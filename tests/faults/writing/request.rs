//! A command as the journal takes it.

use banggiao_contracts::journal::v1::{Action, CorrectEventRequest, Event, ExternalReference};

use crate::{
    clerk::mask,
    faults::history::{Content, SOURCE},
};

/// A command that is to be carried out.
#[derive(Debug)]
pub struct Request {
    pub action: Action,
    /// Of the event, once it has one.
    pub name: String,
    pub reference: String,
    /// The event as it shall be.
    pub content: Content,
    pub request_id: String,
}

impl Request {
    /// The event as it is logged.
    pub fn event(&self) -> Event {
        Event {
            external_reference: Some(ExternalReference {
                source: SOURCE.to_owned(),
                reference: self.reference.clone(),
            }),
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: self.content.day.clone(),
            home_unit: self.content.unit.clone(),
            persons: Some(self.content.persons),
            summary: [("vi".to_owned(), format!("Gặp gỡ {}", self.reference))].into(),
            ..Event::default()
        }
    }

    /// What corrects the event so that it is as it shall be.
    pub fn correction(&self) -> CorrectEventRequest {
        CorrectEventRequest {
            event: Some(Event {
                name: self.name.clone(),
                persons: Some(self.content.persons),
                ..Event::default()
            }),
            update_mask: Some(mask(&["persons"])),
            reason: "counted again".to_owned(),
            request_id: self.request_id.clone(),
            ..CorrectEventRequest::default()
        }
    }
}
