//! Writers: each logs one event after the other, corrects, submits and has approved some of them, and sends every
//! request again until it is acknowledged.

mod request;
mod tally;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use banggiao_contracts::journal::v1::{
    Action, ApproveEventRequest, Event, LogEventRequest, SubmitEventRequest, event_service_client::EventServiceClient,
};
use banggiao_rpc::channel::Authorized;
use prost::Message as _;
use tonic::Status;
use uuid::Uuid;

use super::{
    history::{Command, Content},
    office::{Office, Passing, UNITS, bounded},
    settings::drawn,
};
use request::Request;
pub use tally::Tally;

/// So long is a request repeated at most.
const PATIENCE: Duration = Duration::from_secs(60);
/// Before a request is sent again.
const PAUSE: Duration = Duration::from_millis(10);
/// Of so many requests that were not acknowledged at once, one is never sent again.
const GIVEN_UP: u64 = 16;
/// Of so many acknowledged requests one is sent once more.
const REPEATED: u64 = 8;

/// One writer.
pub struct Writer<'a> {
    pub seed: u64,
    pub number: u64,
    pub passing: Passing,
    pub tally: &'a Tally,
    pub registry_position: i64,
    recorder: EventServiceClient<Authorized>,
    approver: EventServiceClient<Authorized>,
    commands: Vec<Command>,
    drawn: u64,
}

impl<'a> Writer<'a> {
    pub fn new(office: &Office, seed: u64, number: u64, passing: Passing, tally: &'a Tally) -> Self {
        Self {
            seed,
            number,
            passing,
            tally,
            registry_position: office.registry_position,
            recorder: EventServiceClient::new(office.recorder()),
            approver: EventServiceClient::new(office.approver()),
            commands: Vec::new(),
            drawn: 0,
        }
    }

    /// Writes until it is told to stop, or so many events; gives the commands in the order in which they were sent.
    pub async fn write(mut self, events: u64) -> Vec<Command> {
        for n in 0..events {
            if self.tally.stop.load(Ordering::Relaxed) {
                break;
            }
            self.write_event(n).await;
        }
        self.commands
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.drawn += 1;
        drawn(self.seed ^ (self.number << 48), self.drawn, below)
    }

    fn content(&mut self) -> Content {
        let unit = UNITS[usize::try_from(self.draw(UNITS.len() as u64)).expect("an index")];
        Content {
            unit: format!("units/{unit}"),
            day: format!("2016-{:02}-{:02}", 1 + self.draw(12), 1 + self.draw(28)),
            persons: i64::try_from(1 + self.draw(9)).expect("a count"),
        }
    }

    /// What becomes of one event.
    async fn write_event(&mut self, n: u64) {
        let reference = format!("{}-{n}", self.number);
        let mut actions = vec![Action::Log];
        match self.draw(4) {
            0 => {}
            1 => actions.push(Action::Correct),
            2 => actions.extend([Action::Submit, Action::Approve]),
            _ => actions.extend([Action::Submit, Action::Approve, Action::Correct, Action::Approve]),
        }
        let mut content = self.content();
        let mut name = String::new();
        for action in actions {
            if action == Action::Correct {
                content.persons += 10;
            }
            let request_id = Uuid::from_u64_pair(self.seed ^ self.number, self.commands.len() as u64).to_string();
            let request = Request {
                action,
                name: name.clone(),
                reference: reference.clone(),
                content: content.clone(),
                request_id,
            };
            match self.carry_out(&request).await {
                Some(event) => name = event.name,
                // Whatever became of it, nothing more is done with this event.
                None => return,
            }
        }
    }

    /// Sends a request until it is acknowledged or given up.
    async fn carry_out(&mut self, request: &Request) -> Option<Event> {
        let sent = Instant::now();
        let gives_up = self.draw(GIVEN_UP) == 0;
        let mut attempts = 0;
        let told = loop {
            attempts += 1;
            match self.send(request).await {
                Ok(event) => break Some(event),
                Err(status) => {
                    self.tally.refused(&status);
                    assert!(self.passing.includes(&status), "{request:?}: {status:?}");
                    assert!(sent.elapsed() < PATIENCE, "{request:?} is not acknowledged: {status:?}");
                }
            }
            if gives_up {
                break None;
            }
            tokio::time::sleep(PAUSE).await;
        };
        let took = u64::try_from(sent.elapsed().as_millis()).expect("a duration");
        self.tally.slowest.fetch_max(took, Ordering::Relaxed);
        self.tally.attempts.fetch_max(attempts, Ordering::Relaxed);
        self.commands.push(Command {
            reference: request.reference.clone(),
            action: request.action,
            content: request.content.clone(),
            sent,
            told: told.clone().map(|event| (Instant::now(), event)),
        });
        if let Some(event) = &told {
            self.tally.acknowledged.fetch_add(1, Ordering::Relaxed);
            if self.draw(REPEATED) == 0 {
                self.repeat(request, event).await;
            }
        }
        told
    }

    /// An acknowledged request gets the same answer when it is sent once more, to the byte.
    async fn repeat(&mut self, request: &Request, told: &Event) {
        match self.send(request).await {
            Ok(again) => {
                assert_eq!(
                    again.encode_to_vec(),
                    told.encode_to_vec(),
                    "another answer to {request:?}"
                );
                self.tally.same.fetch_add(1, Ordering::Relaxed);
            }
            Err(status) => {
                self.tally.refused(&status);
                assert!(self.passing.includes(&status), "{request:?} once more: {status:?}");
            }
        }
    }

    async fn send(&mut self, request: &Request) -> Result<Event, Status> {
        let since = Instant::now();
        let answer = self.call(request).await;
        let took = u64::try_from(since.elapsed().as_millis()).expect("a duration");
        self.tally.longest_call.fetch_max(took, Ordering::Relaxed);
        answer
    }

    async fn call(&mut self, request: &Request) -> Result<Event, Status> {
        let (name, request_id) = (request.name.clone(), request.request_id.clone());
        let answer = match request.action {
            Action::Log => {
                let request = LogEventRequest {
                    event: Some(request.event()),
                    request_id,
                    min_registry_position: self.registry_position,
                    ..LogEventRequest::default()
                };
                self.recorder.log_event(bounded(request)).await
            }
            Action::Correct => self.recorder.correct_event(bounded(request.correction())).await,
            Action::Submit => {
                let etag = String::new();
                let request = SubmitEventRequest { name, etag, request_id };
                self.recorder.submit_event(bounded(request)).await
            }
            Action::Approve => {
                let etag = String::new();
                let request = ApproveEventRequest { name, etag, request_id };
                self.approver.approve_event(bounded(request)).await
            }
            other => panic!("no writer does {other:?}"),
        };
        answer.map(tonic::Response::into_inner)
    }
}
