//! `SearchService`.

use banggiao_contracts::registry::v1::{self as pb, search_service_server::SearchService};
use banggiao_directory::Directory;
use banggiao_model::{
    date::Date,
    permission::{Action, Scope},
};
use banggiao_rpc::{Violations, page::Page, wire};
use tonic::{Request, Response, Status};

use super::{Calls, agreements, refuse};
use crate::{
    domain::{checked, unit},
    search::{Collection, Hit, Query, Rank},
};

/// A query has at most so many characters.
const QUERY_MAX: usize = 200;
/// All that is searched.
const COLLECTIONS: [Collection; 4] = [
    Collection::Unit,
    Collection::Agreement,
    Collection::Programme,
    Collection::Marker,
];

#[tonic::async_trait]
impl SearchService for Calls {
    async fn search(&self, request: Request<pb::SearchRequest>) -> Result<Response<pb::SearchResponse>, Status> {
        let (caller, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        if request.query.trim().is_empty() {
            violations.root().required("query");
        }
        wire::line(&request.query, QUERY_MAX, "query", &mut violations.root());
        let mut collections = Vec::new();
        for (index, kind) in request.kinds.iter().enumerate() {
            let field = format!("kinds[{index}]");
            let kind = wire::enumeration::<pb::SearchKind>(*kind, &field, &mut violations.root());
            match collection(kind) {
                Some(collection) => collections.push(collection),
                None => violations.root().invalid(&field, "is no kind of resource"),
            }
        }
        checked(Some(()), violations).map_err(refuse)?;
        let today = self.registry.today();
        let agreements = directory.scope(&caller.principal, Action::ReadAgreement, today);
        if collections.is_empty() {
            collections = COLLECTIONS.to_vec();
        }
        if agreements.is_empty() {
            collections.retain(|collection| *collection != Collection::Agreement);
        }
        let found = Found {
            directory: &directory,
            agreements: &agreements,
            today,
        };
        let mut query = Query {
            text: request.query,
            collections,
            limit: page.size + 1,
            after: page.after.as_deref().and_then(|place| place.parse().ok()),
        };
        let mut results: Vec<(Hit, pb::SearchResult)> = Vec::new();
        // What the caller may not read is left out, so that one look may not fill the page.
        while results.len() <= page.size && !query.collections.is_empty() {
            let hits = self.registry.search(&query);
            query.after = hits.last().map(|hit| hit.place);
            let last = hits.len() < query.limit;
            let shown = hits
                .into_iter()
                .filter_map(|hit| found.shown(&hit).map(|shown| (hit, shown)));
            results.extend(shown);
            if last {
                break;
            }
        }
        results.truncate(page.size + 1);
        let places = results.iter().map(|(hit, _)| hit.place.to_string());
        let places: Vec<String> = places.collect();
        let mut results: Vec<pb::SearchResult> = results.into_iter().map(|(_, shown)| shown).collect();
        let next_page_token = page.cut_by(&mut results, &places);
        Ok(Response::new(pb::SearchResponse {
            results,
            next_page_token,
        }))
    }
}

fn collection(kind: pb::SearchKind) -> Option<Collection> {
    match kind {
        pb::SearchKind::Unspecified => None,
        pb::SearchKind::Unit => Some(Collection::Unit),
        pb::SearchKind::Agreement => Some(Collection::Agreement),
        pb::SearchKind::Programme => Some(Collection::Programme),
        pb::SearchKind::Marker => Some(Collection::Marker),
    }
}

/// Where hits are looked up, and by what right.
struct Found<'a> {
    directory: &'a Directory,
    agreements: &'a Scope,
    today: Date,
}

impl Found<'_> {
    /// A hit as it is shown; nothing if the caller may not read it.
    fn shown(&self, hit: &Hit) -> Option<pb::SearchResult> {
        let vi = |names: &std::collections::BTreeMap<String, String>| names.get("vi").cloned().unwrap_or_default();
        let (_, id) = hit.resource.split_once('/')?;
        let (kind, title) = match hit.collection {
            Collection::Unit => {
                let unit = unit::read(self.directory, id, None, self.today).ok();
                (
                    pb::SearchKind::Unit,
                    unit.map(|unit| vi(&unit.names)).unwrap_or_default(),
                )
            }
            Collection::Agreement => {
                let agreement = self.directory.agreements().get(id)?;
                if !agreements::may_read(self.agreements, agreement) {
                    return None;
                }
                (pb::SearchKind::Agreement, vi(&agreement.resource.title))
            }
            Collection::Programme => {
                let programme = self.directory.programmes().get(id)?;
                (pb::SearchKind::Programme, vi(&programme.title))
            }
            Collection::Marker => {
                let marker = self.directory.markers().get(id)?;
                (pb::SearchKind::Marker, format!("{} {}", marker.border, marker.number))
            }
        };
        Some(pb::SearchResult {
            resource: hit.resource.clone(),
            kind: kind.into(),
            text: hit.text.clone(),
            title,
            exact: hit.place.rank() == Rank::ExactPhrase,
        })
    }
}
