//! `UnitService`.

use banggiao_contracts::registry::v1::{self as pb, change::Resource, unit_service_server::UnitService};
use banggiao_directory::{Directory, wire::countries};
use banggiao_model::{level, permission::Action, text};
use banggiao_rpc::{Violations, page::Page, violation::Scope, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, known_unit, recorded, refuse};
use crate::domain::{Chosen, checked, unit};

/// A batch names at most so many units.
const BATCH_MAX: usize = 1000;

#[tonic::async_trait]
impl UnitService for Calls {
    async fn create_unit(&self, request: Request<pb::CreateUnitRequest>) -> Result<Response<pb::Unit>, Status> {
        let (request, draft, mut write) = self.change(
            request,
            ("unit.create", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("unit", |r: &mut pb::CreateUnitRequest| r.unit.take()),
        )?;
        write.validate_only = request.validate_only;
        let unit_id = request.unit_id.clone();
        let plan = move |directory: &Directory| {
            let id = Chosen {
                id: &unit_id,
                field: "unit_id",
            };
            Ok(vec![unit::draft(directory, id, &draft, "unit")?])
        };
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::Unit(unit), ..) => Ok(Response::new(unit::as_recorded(unit))),
            _ => Err(DOMAIN.internal()),
        }
    }

    async fn get_unit(&self, request: Request<pb::GetUnitRequest>) -> Result<Response<pb::Unit>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let id = wire::required_id(&request.name, "units", "name", &mut violations.root());
        let as_of = wire::day(&request.as_of, "as_of", &mut violations.root());
        let id = checked(id, violations).map_err(refuse)?;
        unit::read(&directory, &id, as_of, self.registry.today())
            .map(Response::new)
            .map_err(refuse)
    }

    async fn batch_get_units(
        &self,
        request: Request<pb::BatchGetUnitsRequest>,
    ) -> Result<Response<pb::BatchGetUnitsResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        if request.names.len() > BATCH_MAX {
            scope.invalid(
                "names",
                format!("has {} entries; at most {BATCH_MAX} are allowed", request.names.len()),
            );
        }
        let as_of = wire::day(&request.as_of, "as_of", &mut scope);
        let ids = request
            .names
            .iter()
            .take(BATCH_MAX)
            .enumerate()
            .filter_map(|(index, name)| wire::required_id(name, "units", &format!("names[{index}]"), &mut scope));
        let ids: Vec<String> = ids.collect();
        checked(Some(()), violations).map_err(refuse)?;
        let today = self.registry.today();
        let units = ids
            .iter()
            .map(|id| unit::read(&directory, id, as_of, today))
            .collect::<Result<_, _>>();
        Ok(Response::new(pb::BatchGetUnitsResponse {
            units: units.map_err(refuse)?,
        }))
    }

    async fn list_units(
        &self,
        request: Request<pb::ListUnitsRequest>,
    ) -> Result<Response<pb::ListUnitsResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        let as_of = wire::day(&request.as_of, "as_of", &mut violations.root());
        let filter = request.filter.unwrap_or_default();
        let filter = filter_of(&directory, &filter, &mut violations.scope("filter"));
        checked(Some(()), violations).map_err(refuse)?;
        let as_of = as_of.unwrap_or_else(|| self.registry.today());
        let mut units = unit::list(&directory, &filter, as_of, page.after.as_deref(), page.size + 1);
        let next_page_token = page.cut(&mut units, |unit| unit.name.trim_start_matches("units/").to_owned());
        Ok(Response::new(pb::ListUnitsResponse { units, next_page_token }))
    }

    async fn reorganize_units(
        &self,
        request: Request<pb::ReorganizeUnitsRequest>,
    ) -> Result<Response<pb::ReorganizeUnitsResponse>, Status> {
        let (request, acts, mut write) = self.change(
            request,
            ("unit.reorganize", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("reorganization", |r: &mut pb::ReorganizeUnitsRequest| {
                r.reorganization.take()
            }),
        )?;
        write.validate_only = request.validate_only;
        let (id, author) = (self.registry.new_id('r'), write.caller.name());
        let plan = move |_: &_| Ok(vec![unit::draft_reorganization(&id, &acts, &author)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let Some(Resource::Reorganization(mut recorded)) = written.changes.into_iter().find_map(|c| c.resource) else {
            return Err(DOMAIN.internal());
        };
        // A repeated request made its changes before: what they changed is read from the state known just before them.
        let position = u64::try_from(recorded.registry_position - 1).unwrap_or(0);
        let after = written.after.hierarchy().known_at(position + 1);
        let changed_versions = unit::changed_versions(&after.known_at(position), &after);
        if request.validate_only {
            (recorded.name, recorded.registry_position) = (String::new(), 0);
        }
        Ok(Response::new(pb::ReorganizeUnitsResponse {
            reorganization: Some(recorded),
            changed_versions,
        }))
    }

    async fn list_reorganizations(
        &self,
        request: Request<pb::ListReorganizationsRequest>,
    ) -> Result<Response<pb::ListReorganizationsResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        checked(Some(()), violations).map_err(refuse)?;
        let before: Option<i64> = page.after.as_deref().and_then(|key| key.parse().ok());
        let mut reorganizations: Vec<pb::Reorganization> = directory
            .reorganizations()
            .iter()
            .rev()
            .filter(|acts| before.is_none_or(|before| acts.registry_position < before))
            .take(page.size + 1)
            .map(|acts| (**acts).clone())
            .collect();
        let next_page_token = page.cut(&mut reorganizations, |acts| acts.registry_position.to_string());
        Ok(Response::new(pb::ListReorganizationsResponse {
            reorganizations,
            next_page_token,
        }))
    }

    async fn list_unit_versions(
        &self,
        request: Request<pb::ListUnitVersionsRequest>,
    ) -> Result<Response<pb::ListUnitVersionsResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let id = id_of(&request.unit, "units", "unit")?;
        let hierarchy = directory.hierarchy();
        let key = hierarchy
            .key_of(&id)
            .ok_or_else(|| DOMAIN.not_found("units", &request.unit))?;
        let versions = hierarchy.unit(key).versions().iter();
        let versions = versions
            .map(|version| unit::version_pb(hierarchy, key, version))
            .collect();
        Ok(Response::new(pb::ListUnitVersionsResponse { versions }))
    }

    async fn list_unit_kinds(
        &self,
        request: Request<pb::ListUnitKindsRequest>,
    ) -> Result<Response<pb::ListUnitKindsResponse>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        Ok(Response::new(pb::ListUnitKindsResponse {
            unit_kinds: unit::kinds(),
        }))
    }
}

fn filter_of(directory: &Directory, filter: &pb::UnitFilter, scope: &mut Scope<'_>) -> unit::Filter {
    let parent = wire::unit(&filter.parent, "parent", scope);
    let subtree = wire::unit(&filter.subtree, "subtree", scope);
    countries(&filter.countries, "countries", scope);
    for (index, kind) in filter.kinds.iter().enumerate() {
        if level::kind(kind).is_none() {
            scope.invalid(&format!("kinds[{index}]"), format!("{kind:?} is no kind of unit"));
        }
    }
    wire::line(&filter.text, wire::MAX_NAME, "text", scope);
    unit::Filter {
        parent: known_unit(directory, parent, "parent", scope),
        subtree: known_unit(directory, subtree, "subtree", scope),
        countries: filter.countries.clone(),
        kinds: filter.kinds.clone(),
        text: text::fold(&filter.text),
    }
}
