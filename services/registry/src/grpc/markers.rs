//! `MarkerService`.

use banggiao_contracts::registry::v1::{self as pb, change::Resource, marker_service_server::MarkerService};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, known_unit, recorded, refuse};
use crate::{
    domain::{Error, checked, marker},
    registry::Write,
};

/// A batch holds at most so many markers.
const BATCH_MAX: usize = 1000;

#[tonic::async_trait]
impl MarkerService for Calls {
    async fn batch_create_markers(
        &self,
        request: Request<pb::BatchCreateMarkersRequest>,
    ) -> Result<Response<pb::BatchCreateMarkersResponse>, Status> {
        let (caller, _) = self.authorize_all(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let request_id = RequestId::take(
            "BatchCreateMarkers",
            &mut request,
            |r| &mut r.request_id,
            &mut violations.root(),
        );
        if request.markers.is_empty() {
            violations.root().required("markers");
        }
        if request.markers.len() > BATCH_MAX {
            let count = request.markers.len();
            violations.root().invalid(
                "markers",
                format!("has {count} entries; at most {BATCH_MAX} are allowed"),
            );
        }
        checked(Some(()), violations).map_err(refuse)?;
        let write = Write {
            name: "marker.batch_create",
            caller,
            action: Action::ManageRegistry,
            request: request_id,
            validate_only: request.validate_only,
        };
        let drafts = request.markers;
        let plan = move |directory: &Directory| draft_all(directory, &drafts);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let (_, last, today) = recorded(&written)?;
        let position = u64::try_from(last.position).unwrap_or(u64::MAX);
        let hierarchy = written.after.hierarchy().known_at(position);
        let markers = written.changes.iter().filter_map(|change| match &change.resource {
            Some(Resource::Marker(marker)) => Some(marker::read(&hierarchy, marker, today)),
            _ => None,
        });
        Ok(Response::new(pb::BatchCreateMarkersResponse {
            markers: markers.collect(),
        }))
    }

    async fn get_marker(&self, request: Request<pb::GetMarkerRequest>) -> Result<Response<pb::Marker>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let id = id_of(&request.name, "markers", "name")?;
        let found = directory
            .markers()
            .get(&id)
            .ok_or_else(|| DOMAIN.not_found("markers", &request.name))?;
        Ok(Response::new(marker::read(
            directory.hierarchy(),
            found,
            self.registry.today(),
        )))
    }

    async fn list_markers(
        &self,
        request: Request<pb::ListMarkersRequest>,
    ) -> Result<Response<pb::ListMarkersResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let filter = request.filter.unwrap_or_default();
        let mut scope = violations.scope("filter");
        let unit = wire::unit(&filter.unit, "unit", &mut scope);
        let unit = known_unit(&directory, unit, "unit", &mut scope);
        checked(Some(()), violations).map_err(refuse)?;
        let (hierarchy, today) = (directory.hierarchy(), self.registry.today());
        let mut found: Vec<(String, &pb::Marker)> = directory
            .markers()
            .values()
            .filter(|marker| filter.border.is_empty() || marker.border == filter.border)
            .filter(|marker| unit.is_none_or(|unit| marker::belongs_to(hierarchy, marker, unit, today)))
            .map(|marker| (marker::sort_key(marker), &**marker))
            .filter(|(key, _)| page.after.as_ref().is_none_or(|after| key > after))
            .collect();
        found.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let mut markers: Vec<pb::Marker> = found
            .into_iter()
            .take(page.size + 1)
            .map(|(_, found)| marker::read(hierarchy, found, today))
            .collect();
        let next_page_token = page.cut(&mut markers, marker::sort_key);
        Ok(Response::new(pb::ListMarkersResponse {
            markers,
            next_page_token,
        }))
    }
}

/// Drafts all markers; the faults of all are listed at once, and a number that comes twice is one of them.
fn draft_all(directory: &Directory, drafts: &[pb::Marker]) -> Result<Vec<Resource>, Error> {
    let (mut resources, mut faults) = (Vec::with_capacity(drafts.len()), Vec::new());
    let mut names = std::collections::HashSet::new();
    for (index, draft) in drafts.iter().enumerate() {
        match marker::draft(directory, draft, &format!("markers[{index}]")) {
            Ok(Resource::Marker(marker)) if !names.insert(marker.name.clone()) => {
                return Err(Error::AlreadyExists(marker.name));
            }
            Ok(resource) => resources.push(resource),
            Err(Error::Invalid(violations)) => faults.extend(violations.into_vec()),
            Err(other) => return Err(other),
        }
    }
    if faults.is_empty() {
        Ok(resources)
    } else {
        Err(Error::Invalid(faults.into_iter().collect()))
    }
}
