//! Events that may be the same: beside one event, and as a list of pairs.

use std::{collections::HashMap, fmt, sync::Arc};

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::{Directory, duplicate};
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, identity::Caller, page::Page, wire};
use prost::Message;
use tonic::{Response, Status};

use super::{Authorized, Calls, status::refuse};
use crate::{
    domain::{
        Error, checked,
        filter::{Filter, Order},
    },
    journal,
    store::{self, revision},
};

/// One page looks at no more events than this; it may hold fewer pairs than asked for, and goes on from there.
const LOOKED_AT_MAX: usize = 2000;
/// A page ends early when its pairs have so many bytes: clients take messages of 4 MiB unless told otherwise.
const BYTES_MAX: usize = 3 * 1024 * 1024;

impl Calls {
    /// The event with the names of those that may be the same.
    pub(super) async fn with_duplicates(
        &self,
        caller: &Caller,
        mut event: pb::Event,
    ) -> Result<Response<pb::Event>, Error> {
        let directory = self.journal.follower().now();
        let alike = self.alike(caller, &event, &directory).await?;
        event.possible_duplicates = alike.into_iter().map(|other| other.name).collect();
        Ok(Response::new(event))
    }

    /// One event of a pair that was resolved: as it was written, or as it was when the other one was. A repeated request
    /// gets the same.
    pub(super) async fn one_of_pair(
        &self,
        caller: &Caller,
        written: &[pb::Event],
        name: &str,
    ) -> Result<Option<pb::Event>, Status> {
        if let Some(event) = written.iter().find(|event| event.name == name) {
            return Ok(Some(event.clone()));
        }
        let position = written.iter().map(|event| event.log_index).min().unwrap_or(0);
        let id = name.trim_start_matches("events/");
        let before = self.journal.before(caller, id, position).await.map_err(refuse)?;
        Ok(match before {
            Some(event) => Some(self.journal.reader(caller).shown(event).await),
            None => None,
        })
    }

    /// The events that may be the same as this one, of those that the caller may read, by their ids.
    async fn alike(
        &self,
        caller: &Caller,
        event: &pb::Event,
        directory: &Arc<Directory>,
    ) -> Result<Vec<pb::Event>, Error> {
        let db = self.journal.store().reader();
        let positions = store::filter::alike(db, event, directory.hierarchy()).await?;
        let models = revision::at(db, &positions).await?;
        let directory = self.journal.seen(&models.values().collect::<Vec<_>>()).await?;
        let scope = self.journal.scope(caller, Action::ReadEvent, &directory);
        let mut alike = Vec::new();
        for model in models.values() {
            let Some(other) = model.decode()?.event else { continue };
            if duplicate::alike(event, &other, directory.hierarchy()) && journal::may_read(&scope, &other, &directory) {
                alike.push(other);
            }
        }
        alike.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(alike)
    }

    pub(super) async fn duplicates(
        &self,
        authorized: Authorized,
        mut request: pb::ListPossibleDuplicatesRequest,
    ) -> Result<Response<pb::ListPossibleDuplicatesResponse>, Status> {
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let event = wire::id(&request.event, "events", "event", &mut violations.root());
        let filter = self
            .filter(request.filter.unwrap_or_default(), &authorized, &mut violations)
            .await?;
        checked(Some(()), violations).map_err(refuse)?;
        let Some(id) = event else {
            let found = self.pairs(&authorized, &filter, page).await.map_err(refuse)?;
            return Ok(self.pairs_for_reader(&authorized.caller, found).await);
        };
        let read = self.journal.read(&authorized.caller, &id, 0).await.map_err(refuse)?;
        let event = read.event.unwrap_or_default();
        let directory = Arc::clone(&authorized.authority.directory);
        let alike = self
            .alike(&authorized.caller, &event, &directory)
            .await
            .map_err(refuse)?;
        let after = page.after.as_deref().unwrap_or_default();
        let mut pairs: Vec<_> = alike
            .into_iter()
            .filter(|other| other.name.as_str() > after)
            .map(|other| pair(event.clone(), other))
            .collect();
        let other = |pair: &pb::PossibleDuplicate| {
            let events = [&pair.first, &pair.second].into_iter().flatten();
            let mut names = events.map(|one| one.name.clone()).filter(|name| *name != event.name);
            names.next().unwrap_or_default()
        };
        let next_page_token = page.cut(&mut pairs, other);
        let found = pb::ListPossibleDuplicatesResponse {
            possible_duplicates: pairs,
            next_page_token,
        };
        Ok(self.pairs_for_reader(&authorized.caller, found).await)
    }

    /// Pairs as the caller sees them.
    async fn pairs_for_reader(
        &self,
        caller: &Caller,
        mut found: pb::ListPossibleDuplicatesResponse,
    ) -> Response<pb::ListPossibleDuplicatesResponse> {
        let reader = self.journal.reader(caller);
        for pair in &mut found.possible_duplicates {
            for event in [&mut pair.first, &mut pair.second].into_iter().flatten() {
                *event = reader.shown(std::mem::take(event)).await;
            }
        }
        Response::new(found)
    }

    /// Pairs of which one event passes the filter.
    async fn pairs(
        &self,
        authorized: &Authorized,
        filter: &Filter,
        page: Page,
    ) -> Result<pb::ListPossibleDuplicatesResponse, Error> {
        let mut found = Found::default();
        let mut events = page.clone();
        if let Some(place) = page.after.as_deref().and_then(Place::read) {
            events.after = Some(place.key);
            // Some pairs of this event may be left. If it can no longer be read, none is.
            let read = self.journal.read(&authorized.caller, &place.id, 0).await;
            if let Some(event) = read.ok().and_then(|read| read.event) {
                self.pairs_of(authorized, filter, &event, &place.other, &mut found)
                    .await?;
            }
        }
        let mut looked_at = 0;
        while !found.is_full(page.size) {
            let chunk = self.page(authorized, filter, Order::Newest, &events).await?;
            let Some(last) = chunk.last() else { break };
            events.after = Some(Order::Newest.key(last));
            for event in &chunk {
                self.pairs_of(authorized, filter, event, "", &mut found).await?;
                looked_at += 1;
                if found.is_full(page.size) {
                    break;
                }
                if looked_at >= LOOKED_AT_MAX {
                    let broken_off = page.token(&Place::of(event, LAST).to_string());
                    return Ok(found.response(page.size, Some(broken_off), &page));
                }
            }
        }
        Ok(found.response(page.size, None, &page))
    }

    /// The pairs of an event with others after one. A pair of which both events pass the filter is found at the one that
    /// comes first in the list.
    async fn pairs_of(
        &self,
        authorized: &Authorized,
        filter: &Filter,
        event: &pb::Event,
        after: &str,
        found: &mut Found,
    ) -> Result<(), Error> {
        let directory = &authorized.authority.directory;
        for other in self.alike(&authorized.caller, event, directory).await? {
            let id = other.name.trim_start_matches("events/").to_owned();
            let elsewhere = Order::Newest.key(&other) > Order::Newest.key(event);
            if id.as_str() > after && !(elsewhere && self.lists(authorized, filter, &other, found).await?) {
                let place = Place::of(event, &id);
                found.pairs.push((place, pair(event.clone(), other)));
            }
        }
        Ok(())
    }

    /// Whether an event that the caller may read passes a filter.
    async fn lists(
        &self,
        authorized: &Authorized,
        filter: &Filter,
        event: &pb::Event,
        found: &mut Found,
    ) -> Result<bool, Error> {
        // One event may be alike to hundreds, and is asked about once.
        if let Some(listed) = found.listed.get(&event.name) {
            return Ok(*listed);
        }
        let directory = &authorized.authority.directory;
        let scope = self.journal.scope(&authorized.caller, Action::ReadEvent, directory);
        let condition = store::filter::listed(filter, &scope, directory.hierarchy());
        let id = event.name.trim_start_matches("events/");
        let listed = store::event::meets(self.journal.store().reader(), id, condition).await?;
        let listed = listed && filter.passes(event, directory);
        found.listed.insert(event.name.clone(), listed);
        Ok(listed)
    }
}

/// Comes after every id.
const LAST: &str = "~";

/// Where a walk through pairs stands: at a pair of an event of the list and another one.
#[derive(Debug, Clone)]
struct Place {
    key: String,
    id: String,
    other: String,
}

impl Place {
    fn of(event: &pb::Event, other: &str) -> Self {
        Self {
            key: Order::Newest.key(event),
            id: event.name.trim_start_matches("events/").to_owned(),
            other: other.to_owned(),
        }
    }

    fn read(token: &str) -> Option<Self> {
        let (key, other) = token.rsplit_once(' ')?;
        let (_, id) = key.split_once(' ')?;
        Some(Self {
            key: key.to_owned(),
            id: id.to_owned(),
            other: other.to_owned(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.other)
    }
}

/// Pairs with the places at which they were found.
#[derive(Debug, Default)]
struct Found {
    pairs: Vec<(Place, pb::PossibleDuplicate)>,
    /// Whether events that were met pass the filter, by name.
    listed: HashMap<String, bool>,
}

impl Found {
    /// Whether there is more than fits on a page.
    fn is_full(&self, size: usize) -> bool {
        self.pairs.len() > size || self.bytes() > BYTES_MAX
    }

    fn bytes(&self) -> usize {
        self.pairs.iter().map(|(_, pair)| pair.encoded_len()).sum()
    }

    /// A page, which leads on from its last pair if there are more, or from where the walk was broken off.
    fn response(mut self, size: usize, broken_off: Option<String>, page: &Page) -> pb::ListPossibleDuplicatesResponse {
        let full = self.is_full(size);
        let mut bytes = 0;
        let fits = |(_, pair): &&(Place, pb::PossibleDuplicate)| {
            bytes += pair.encoded_len();
            bytes <= BYTES_MAX
        };
        // One pair is always given, however large, or no page would ever lead on.
        let kept = self.pairs.iter().take(size).take_while(fits).count().max(1);
        self.pairs.truncate(kept);
        let next_page_token = match self.pairs.last() {
            Some((place, _)) if full => page.token(&place.to_string()),
            _ => broken_off.unwrap_or_default(),
        };
        let possible_duplicates = self.pairs.into_iter().map(|(_, pair)| pair).collect();
        pb::ListPossibleDuplicatesResponse {
            possible_duplicates,
            next_page_token,
        }
    }
}

/// Two events in the order of their ids: those made later sort later, if not within a thousandth of a second.
fn pair(one: pb::Event, other: pb::Event) -> pb::PossibleDuplicate {
    let (first, second) = if one.name <= other.name {
        (one, other)
    } else {
        (other, one)
    };
    pb::PossibleDuplicate {
        first: Some(first),
        second: Some(second),
    }
}
