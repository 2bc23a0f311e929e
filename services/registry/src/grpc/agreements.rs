//! `AgreementService`.

use std::{collections::HashSet, mem::take};

use banggiao_contracts::registry::v1::{self as pb, agreement_service_server::AgreementService};
use banggiao_directory::{Agreement, Directory, wire::countries};
use banggiao_model::permission::{self, Action, Classification};
use banggiao_rpc::{Violations, page::Page, violation::Scope, wire};
use prost::Message;
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, id_of, known_unit, recorded, refuse};
use crate::{
    domain::{Chosen, agreement, checked},
    registry::Written,
};

/// Takes a verb's step out of its request: all of them have these fields.
macro_rules! step {
    ($request:ident, $act:expr) => {
        Step {
            act: $act,
            name: $request.name.clone(),
            etag: take(&mut $request.etag),
            document: agreement::Document {
                date: take(&mut $request.date),
                document: take(&mut $request.document),
                note: take(&mut $request.note),
            },
        }
    };
}

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
        answer(&written, &request.agreement_id)
    }

    async fn get_agreement(
        &self,
        request: Request<pb::GetAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let (_, directory, scope) = self.authorize(&request, Action::ReadAgreement)?;
        let request = request.into_inner();
        let found = readable(&directory, &scope, &request.name, "name")?;
        let (hierarchy, today) = (directory.hierarchy(), self.registry.today());
        Ok(Response::new(agreement::read(hierarchy, found, today)))
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
            let listed = may_read(&scope, agreement) && filter.passes(directory.hierarchy(), agreement, today);
            listed.then(|| agreement::read(directory.hierarchy(), agreement, today))
        });
        Ok(Response::new(pb::ListAgreementsResponse {
            agreements,
            next_page_token,
        }))
    }

    async fn update_agreement(
        &self,
        request: Request<pb::UpdateAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let (request, new, mut write) = self.change(
            request,
            ("agreement.update", Action::ManageRegistry),
            |r| &mut r.request_id,
            ("agreement", |r: &mut pb::UpdateAgreementRequest| r.agreement.take()),
        )?;
        write.validate_only = request.validate_only;
        let name = new.name.clone();
        let mask = request.update_mask;
        let plan = move |directory: &Directory| Ok(vec![agreement::draft_update(directory, &new, mask.as_ref())?]);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        answer(&written, &id_of(&name, "agreements", "agreement.name")?)
    }

    async fn sign_agreement(
        &self,
        request: Request<pb::SignAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let step = |r: &mut pb::SignAgreementRequest| {
            step!(
                r,
                agreement::Act::Sign {
                    start_date: take(&mut r.start_date),
                    end_date: take(&mut r.end_date)
                }
            )
        };
        self.act(request, "agreement.sign", |r| &mut r.request_id, step).await
    }

    async fn amend_agreement(
        &self,
        request: Request<pb::AmendAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let step = |r: &mut pb::AmendAgreementRequest| {
            step!(
                r,
                agreement::Act::Amend {
                    new: Box::new(r.agreement.take().unwrap_or_default()),
                    mask: r.update_mask.take()
                }
            )
        };
        self.act(request, "agreement.amend", |r| &mut r.request_id, step).await
    }

    async fn extend_agreement(
        &self,
        request: Request<pb::ExtendAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let step = |r: &mut pb::ExtendAgreementRequest| {
            step!(
                r,
                agreement::Act::Extend {
                    end_date: take(&mut r.end_date)
                }
            )
        };
        self.act(request, "agreement.extend", |r| &mut r.request_id, step).await
    }

    async fn suspend_agreement(
        &self,
        request: Request<pb::SuspendAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let step = |r: &mut pb::SuspendAgreementRequest| step!(r, agreement::Act::Suspend);
        self.act(request, "agreement.suspend", |r| &mut r.request_id, step)
            .await
    }

    async fn resume_agreement(
        &self,
        request: Request<pb::ResumeAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let step = |r: &mut pb::ResumeAgreementRequest| step!(r, agreement::Act::Resume);
        self.act(request, "agreement.resume", |r| &mut r.request_id, step).await
    }

    async fn terminate_agreement(
        &self,
        request: Request<pb::TerminateAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let step = |r: &mut pb::TerminateAgreementRequest| step!(r, agreement::Act::Terminate);
        self.act(request, "agreement.terminate", |r| &mut r.request_id, step)
            .await
    }

    async fn withdraw_agreement(
        &self,
        request: Request<pb::WithdrawAgreementRequest>,
    ) -> Result<Response<pb::Agreement>, Status> {
        let step = |r: &mut pb::WithdrawAgreementRequest| step!(r, agreement::Act::Withdraw);
        self.act(request, "agreement.withdraw", |r| &mut r.request_id, step)
            .await
    }

    async fn succeed_agreement_parties(
        &self,
        request: Request<pb::SucceedAgreementPartiesRequest>,
    ) -> Result<Response<pb::SucceedAgreementPartiesResponse>, Status> {
        let what = ("agreement.succeed_parties", Action::ManageRegistry);
        let (mut asked, mut write) = self.begin(request, what, |r| &mut r.request_id)?;
        write.validate_only = asked.validate_only;
        let document = agreement::Document {
            date: take(&mut asked.date),
            document: take(&mut asked.document),
            note: take(&mut asked.note),
        };
        let mut named = HashSet::new();
        let names = asked.successions.iter().map(|one| one.agreement.clone());
        let names: Vec<String> = names.filter(|name| named.insert(name.clone())).collect();
        let plan = move |directory: &Directory| agreement::succeed(directory, &document, &asked.successions);
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        let agreements = names.iter().map(|name| {
            let id = id_of(name, "agreements", "agreement")?;
            answer(&written, &id).map(Response::into_inner)
        });
        Ok(Response::new(pb::SucceedAgreementPartiesResponse {
            agreements: agreements.collect::<Result<_, Status>>()?,
        }))
    }

    async fn list_agreement_actions(
        &self,
        request: Request<pb::ListAgreementActionsRequest>,
    ) -> Result<Response<pb::ListAgreementActionsResponse>, Status> {
        let (_, directory, scope) = self.authorize(&request, Action::ReadAgreement)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        wire::required_id(&request.agreement, "agreements", "agreement", &mut violations.root());
        checked(Some(()), violations).map_err(refuse)?;
        let found = readable(&directory, &scope, &request.agreement, "agreement")?;
        let after: Option<i64> = page.after.as_deref().and_then(|key| key.parse().ok());
        let actions = found.actions.iter().map(|action| &action.resource);
        let rest = actions.filter(|action| after.is_none_or(|after| after < action.registry_position));
        let mut actions: Vec<pb::AgreementAction> = rest.take(page.size + 1).cloned().collect();
        let next_page_token = page.cut(&mut actions, |action| action.registry_position.to_string());
        Ok(Response::new(pb::ListAgreementActionsResponse {
            actions,
            next_page_token,
        }))
    }
}

/// What a verb asks for.
struct Step {
    name: String,
    etag: String,
    document: agreement::Document,
    act: agreement::Act,
}

impl Calls {
    /// What every verb does: one action on one agreement, and the agreement as it stands then.
    async fn act<R: Message>(
        &self,
        request: Request<R>,
        name: &'static str,
        id: impl Fn(&mut R) -> &mut String,
        step: impl Fn(&mut R) -> Step,
    ) -> Result<Response<pb::Agreement>, Status> {
        let (mut asked, write) = self.begin(request, (name, Action::ManageRegistry), id)?;
        let step = step(&mut asked);
        let (agreement, today) = (step.name.clone(), self.registry.today());
        let plan = move |directory: &Directory| {
            let Step {
                name,
                etag,
                document,
                act,
            } = &step;
            Ok(vec![agreement::draft_action(
                directory, name, etag, document, act, today,
            )?])
        };
        let written = self.registry.write(write, plan).await.map_err(refuse)?;
        answer(&written, &id_of(&agreement, "agreements", "name")?)
    }
}

/// The agreement right after a write.
fn answer(written: &Written, id: &str) -> Result<Response<pb::Agreement>, Status> {
    let (_, _, day) = recorded(written)?;
    let found = written.after.agreements().get(id).ok_or_else(|| DOMAIN.internal())?;
    Ok(Response::new(agreement::read(written.after.hierarchy(), found, day)))
}

/// Whether a scope holds a unit of the home side: one that signed, or one that took its place.
pub(super) fn may_read(scope: &permission::Scope, agreement: &Agreement) -> bool {
    scope.allows(&agreement.home_side(), Classification::Unclassified)
}

/// An agreement that the caller may read. Hidden and absent look the same, except to those who may read everything.
fn readable<'a>(
    directory: &'a Directory,
    scope: &permission::Scope,
    name: &str,
    field: &str,
) -> Result<&'a Agreement, Status> {
    let id = id_of(name, "agreements", field)?;
    match directory.agreements().get(&id) {
        Some(found) if may_read(scope, found) => Ok(found),
        None if scope.is_everything() => Err(DOMAIN.not_found("agreements", name)),
        _ => Err(DOMAIN.denied()),
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
        partner_countries: {
            countries(&filter.partner_countries, "partner_countries", scope);
            filter.partner_countries.clone()
        },
        states: filter
            .states
            .iter()
            .map(|state| wire::enumeration(*state, "states", scope))
            .collect(),
        needs_successor: filter.needs_successor,
        programme: {
            let programme = wire::id(&filter.programme, "programmes", "programme", scope);
            if programme.is_some_and(|id| !directory.programmes().contains_key(&id)) {
                scope.unknown("programme", &filter.programme);
            }
            filter.programme.clone()
        },
    }
}
