//! `UnitService`.

use banggiao_contracts::registry::v1::{self as pb, change::Resource, unit_service_server::UnitService};
use banggiao_directory::{Directory, wire::countries};
use banggiao_model::{
    date::{self, Date},
    permission::Action,
    text,
};
use banggiao_rpc::{Violations, page::Page, violation::Scope, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, known_unit, recorded, refuse};
use crate::{
    domain::{Chosen, checked, reorganization, unit},
    registry::Written,
};

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
        answer(&written, &request.unit_id, None)
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
        wire::at_most(BATCH_MAX, request.names.len(), "names", &mut scope);
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

    async fn update_unit(&self, request: Request<pb::UpdateUnitRequest>) -> Result<Response<pb::Unit>, Status> {
        let (request, _, mut write) = self.change(
            request,
            ("unit.update", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("unit", |r: &mut pb::UpdateUnitRequest| r.unit.clone()),
        )?;
        write.validate_only = request.validate_only;
        let (asked, today) = (request.clone(), self.registry.today());
        let plan = move |directory: &Directory| Ok(vec![unit::draft_update(directory, &asked, today)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let name = request.unit.map(|unit| unit.name).unwrap_or_default();
        let id = id_of(&name, "units", "unit.name")?;
        let as_of = date::parse(&request.as_of).ok();
        answer(&written, &id, as_of)
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
        let id = self.registry.new_id('r');
        let plan = move |directory: &Directory| Ok(vec![reorganization::draft(directory, &id, &acts)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let before = self.registry.before(&written).await.map_err(refuse)?;
        let (Resource::Reorganization(acts), _, day) = recorded(&written)? else {
            return Err(DOMAIN.internal());
        };
        let effective = date::parse(&acts.effective_date).ok();
        let mut answer = reorganization::consequences(&before, &written.after, effective, day);
        let mut recorded = acts.clone();
        if request.validate_only {
            // Nothing was recorded, so nothing says where, when and by whom.
            (recorded.name, recorded.registry_position) = (String::new(), 0);
            (recorded.author, recorded.create_time) = (String::new(), None);
        }
        answer.reorganization = Some(recorded);
        Ok(Response::new(answer))
    }

    async fn revoke_reorganization(
        &self,
        request: Request<pb::RevokeReorganizationRequest>,
    ) -> Result<Response<pb::ReorganizeUnitsResponse>, Status> {
        let what = ("unit.revoke_reorganization", Action::ManageRegistry);
        let (asked, mut write) = self.begin(request, what, |r| &mut r.request_id)?;
        write.validate_only = asked.validate_only;
        let name = asked.name.clone();
        let plan = move |directory: &Directory| Ok(vec![reorganization::draft_revocation(directory, &asked)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let (_, _, day) = recorded(&written)?;
        let acts = written.after.reorganizations().iter().find(|acts| acts.name == name);
        let acts = acts.ok_or_else(|| DOMAIN.internal())?;
        let before = self.registry.before(&written).await.map_err(refuse)?;
        Ok(Response::new(pb::ReorganizeUnitsResponse {
            reorganization: Some((**acts).clone()),
            ..reorganization::consequences(&before, &written.after, None, day)
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
        let versions = reorganization::versions(&directory, key);
        Ok(Response::new(pb::ListUnitVersionsResponse { versions }))
    }

    async fn list_unit_kinds(
        &self,
        request: Request<pb::ListUnitKindsRequest>,
    ) -> Result<Response<pb::ListUnitKindsResponse>, Status> {
        let (_, directory, _) = self.authorize(&request, Action::ReadReference)?;
        let unit_kinds = unit::kinds(&directory);
        Ok(Response::new(pb::ListUnitKindsResponse { unit_kinds }))
    }

    async fn create_unit_kind(
        &self,
        request: Request<pb::CreateUnitKindRequest>,
    ) -> Result<Response<pb::UnitKind>, Status> {
        let (_, kind, write) = self.change(
            request,
            ("unit_kind.create", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("unit_kind", |r: &mut pb::CreateUnitKindRequest| r.unit_kind.take()),
        )?;
        let plan = move |directory: &Directory| Ok(vec![unit::draft_kind(directory, &kind)?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        match recorded(&written)? {
            (Resource::UnitKind(kind), ..) => Ok(Response::new(kind.clone())),
            _ => Err(DOMAIN.internal()),
        }
    }
}

/// The unit right after a write, as it was on a day, or began.
fn answer(written: &Written, id: &str, as_of: Option<Date>) -> Result<Response<pb::Unit>, Status> {
    let (resource, _, day) = recorded(written)?;
    let as_of = match resource {
        Resource::Unit(unit) => date::parse(&unit.start_date).ok(),
        _ => as_of,
    };
    unit::read(&written.after, id, as_of, day)
        .map(Response::new)
        .map_err(refuse)
}

fn filter_of(directory: &Directory, filter: &pb::UnitFilter, scope: &mut Scope<'_>) -> unit::Filter {
    let parent = wire::unit(&filter.parent, "parent", scope);
    let subtree = wire::unit(&filter.subtree, "subtree", scope);
    countries(&filter.countries, "countries", scope);
    for (index, kind) in filter.kinds.iter().enumerate() {
        if directory.kinds().level(kind).is_none() {
            scope.invalid(&format!("kinds[{index}]"), format!("{kind:?} is no kind of unit"));
        }
    }
    wire::line(&filter.text, wire::MAX_NAME, "text", scope);
    if !filter.text.is_empty() && text::fold(&filter.text).trim().is_empty() {
        scope.invalid("text", "holds nothing to look for");
    }
    unit::Filter {
        parent: known_unit(directory, parent, "parent", scope),
        subtree: known_unit(directory, subtree, "subtree", scope),
        countries: filter.countries.clone(),
        kinds: filter.kinds.clone(),
        text: text::fold(&filter.text),
    }
}
