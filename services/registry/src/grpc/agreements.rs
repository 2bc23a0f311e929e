//! `AgreementService`.

use banggiao_contracts::registry::v1::{self as pb, agreement_service_server::AgreementService};
use banggiao_directory::Directory;
use banggiao_model::permission::{Action, Classification};
use banggiao_rpc::{Violations, page::Page, violation::Scope, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, known_unit, recorded, refuse};
use crate::domain::{Chosen, agreement, checked};

#[tonic::async_trait]
impl AgreementService for Calls {
    async fn create_agreement(
        &self,
        request: Request<pb::CreateAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let (request, draft, mut write) = self.change(
            request,
            ("agreement.create", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("agreement", |r: &mut pb::CreateAgreementRequest| r.agreement.take()),
        )?;
        write.validate_only = request.validate_only;
        let id = request.agreement_id.clone();
        let plan = move |directory: &Directory| {
            let id = Chosen {
                id: &id,
                field: "agreement_id",
            };
            Ok(vec![agreement::draft(directory, id, &draft, "agreement")?])
        };
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let (_, _, day) = recorded(&written)?;
        let found = written.after.agreements().get(&request.agreement_id);
        let found = found.ok_or_else(|| DOMAIN.internal())?;
        Ok(Response::new(agreement::read(found, day)))
    }

    async fn get_agreement(
        &self,
        request: Request<pb::GetAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let (_, directory, scope) = self.authorize(&request, Action::ReadAgreement)?;
        let request = request.into_inner();
        let id = id_of(&request.name, "agreements", "name")?;
        match directory.agreements().get(&id) {
            Some(found) if scope.allows(&found.home_units, Classification::Unclassified) => {
                Ok(Response::new(agreement::read(found, self.registry.today())))
            }
            // Hidden and absent look the same, except to those who may read everything.
            None if scope.is_everything() => Err(DOMAIN.not_found("agreements", &request.name)),
            _ => Err(DOMAIN.denied()),
        }
    }

    async fn list_agreements(
        &self,
        request: Request<pb::ListAgreementsRequest>,
    ) -> Result<Response<pb::ListAgreementsResponse>, Status> {
        let (_, directory, scope) = self.authorize(&request, Action::ReadAgreement)?;
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
        let today = self.registry.today();
        let (agreements, next_page_token) = page.of(directory.agreements(), |agreement| {
            let listed = scope.allows(&agreement.home_units, Classification::Unclassified)
                && filter.passes(directory.hierarchy(), agreement, today);
            listed.then(|| agreement::read(agreement, today))
        });
        Ok(Response::new(pb::ListAgreementsResponse {
            agreements,
            next_page_token,
        }))
    }
}

fn filter_of(directory: &Directory, filter: &pb::AgreementFilter, scope: &mut Scope<'_>) -> agreement::Filter {
    let unit = wire::unit(&filter.unit, "unit", scope);
    agreement::Filter {
        unit: known_unit(directory, unit, "unit", scope),
        kinds: filter
            .kinds
            .iter()
            .map(|kind| wire::enumeration(*kind, "kinds", scope))
            .collect(),
        levels: filter
            .levels
            .iter()
            .filter_map(|level| wire::level(*level, "levels", scope))
            .collect(),
        in_force_on: wire::day(&filter.in_force_on, "in_force_on", scope),
        expires_before: wire::day(&filter.expires_before, "expires_before", scope),
    }
}
