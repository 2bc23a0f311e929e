//! `MarkerService`.

use std::sync::Arc;

use banggiao_contracts::registry::v1::{self as pb, change::Resource, marker_service_server::MarkerService};
use banggiao_directory::Directory;
use banggiao_model::permission::Action;
use banggiao_rpc::{Scope, Violations, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, known_unit, recorded, refuse};
use crate::{
    domain::{Chosen, Error, checked, marker, section},
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
        wire::at_most(BATCH_MAX, request.markers.len(), "markers", &mut violations.root());
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
        let (_, _, today) = recorded(&written)?;
        let hierarchy = written.after.hierarchy();
        let markers = written.changes.iter().filter_map(|change| match &change.resource {
            Some(Resource::Marker(marker)) => Some(marker::read(hierarchy, marker, today)),
            _ => None,
        });
        Ok(Response::new(pb::BatchCreateMarkersResponse {
            markers: markers.collect(),
        }))
    }

    async fn get_marker(&self, request: Request<pb::GetMarkerRequest>) -> Result<Response<pb::Marker>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let id = wire::required_id(&request.name, "markers", "name", &mut violations.root());
        let as_of = wire::day(&request.as_of, "as_of", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        let found = directory
            .markers()
            .get(&id)
            .ok_or_else(|| DOMAIN.not_found("markers", &request.name))?;
        let day = as_of.unwrap_or_else(|| self.registry.today());
        Ok(Response::new(marker::read(directory.hierarchy(), found, day)))
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
        let filter = filter_of(&directory, &filter, &mut violations.scope("filter"));
        checked(Some(()), violations).map_err(refuse)?;
        let (hierarchy, today) = (directory.hierarchy(), self.registry.today());
        let mut found: Vec<(String, &pb::Marker)> = directory
            .markers()
            .values()
            .filter(|marker| filter.passes(hierarchy, marker, today))
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

    async fn update_marker(&self, request: Request<pb::UpdateMarkerRequest>) -> Result<Response<pb::Marker>, Status> {
        let (request, new, mut write) = self.change(
            request,
            ("marker.update", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("marker", |r: &mut pb::UpdateMarkerRequest| r.marker.take()),
        )?;
        write.validate_only = request.validate_only;
        let mask = request.update_mask;
        let plan = move |directory: &Directory| Ok(vec![marker::draft_update(directory, &new, mask.as_ref())?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Marker(marker), _, day) => {
                Ok(Response::new(marker::read(written.after.hierarchy(), marker, day)))
            }
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn create_section(
        &self,
        request: Request<pb::CreateSectionRequest>,
    ) -> Result<Response<pb::Section>, Status> {
        let (request, draft, mut write) = self.change(
            request,
            ("section.create", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("section", |r: &mut pb::CreateSectionRequest| r.section.take()),
        )?;
        write.validate_only = request.validate_only;
        let id = request.section_id;
        let plan = move |directory: &Directory| {
            let id = Chosen {
                id: &id,
                field: "section_id",
            };
            Ok(vec![section::draft(directory, id, &draft)?])
        };
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Section(section), _, day) => {
                Ok(Response::new(section::read(written.after.hierarchy(), section, day)))
            }
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn list_sections(
        &self,
        request: Request<pb::ListSectionsRequest>,
    ) -> Result<Response<pb::ListSectionsResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let unit = wire::unit(&request.unit, "unit", &mut violations.root());
        let unit = known_unit(&directory, unit, "unit", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let today = self.registry.today();
        let key = |section: &pb::Section| section::sort_key(&directory, section);
        let listed = directory.sections().values().filter(|section| {
            section::passes(&directory, section, &request.border, unit, today)
                && page.after.as_ref().is_none_or(|after| key(section) > *after)
        });
        let read = |section: &Arc<pb::Section>| section::read(directory.hierarchy(), section, today);
        let mut sections: Vec<pb::Section> = listed.map(read).collect();
        sections.sort_by_key(key);
        sections.truncate(page.size + 1);
        let next_page_token = page.cut(&mut sections, key);
        Ok(Response::new(pb::ListSectionsResponse {
            sections,
            next_page_token,
        }))
    }
}

fn filter_of(directory: &Directory, filter: &pb::MarkerFilter, scope: &mut Scope<'_>) -> marker::Filter {
    let unit = wire::unit(&filter.unit, "unit", scope);
    let mut place = |value: &str, field: &str| {
        let id = wire::id(value, "markers", field, scope)?;
        let found = directory.markers().get(&id);
        if found.is_none() {
            scope.unknown(field, value);
        }
        found.map(|marker| (marker.border.clone(), marker::sort_key(marker)))
    };
    let (from, to) = (
        place(&filter.marker_from, "marker_from"),
        place(&filter.marker_to, "marker_to"),
    );
    // A stretch lies on one border, so that of its ends is meant.
    let mut borders = [&from, &to].into_iter().flatten().map(|(border, _)| border.clone());
    let border = if filter.border.is_empty() {
        borders.next().unwrap_or_default()
    } else {
        filter.border.clone()
    };
    if borders
        .chain([&from, &to].into_iter().flatten().map(|(border, _)| border.clone()))
        .any(|other| other != border)
    {
        scope.invalid("marker_to", "does not lie on the same border");
    }
    marker::Filter {
        border,
        unit: known_unit(directory, unit, "unit", scope),
        statuses: filter
            .statuses
            .iter()
            .map(|status| wire::enumeration(*status, "statuses", scope))
            .collect(),
        from: from.map(|(_, place)| place),
        to: to.map(|(_, place)| place),
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
