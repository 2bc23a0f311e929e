//! `ReturnService`.

mod completeness;
mod findings;

use std::collections::HashMap;

use banggiao_contracts::{
    journal::v1 as journal,
    reporting::v1::{self as pb, FindingKind, return_service_server::ReturnService},
};
use banggiao_directory::Directory;
use banggiao_model::{
    date,
    hierarchy::Key,
    name,
    permission::{Action, Classification},
};
use banggiao_rpc::{Scope, Violations, page::Page, request::RequestId, wire};
use tonic::{Request, Response, Status};

use super::{Calls, DOMAIN, figures::computed, refuse};
use crate::{
    domain::{
        calendar::{self, Deadline, Span},
        checked,
        definition::Edition,
        finding::Search,
        returns,
    },
    office::Write,
    store::sent as stored,
};
use completeness::{cell, counts};
use findings::{kinds, may_be_told, readable};

/// A note is at most so long.
const NOTE_MAX: usize = 1000;
/// So many periods can be asked about at once.
const PERIODS_MAX: usize = 24;
/// Returns are read from the database in such numbers.
const READ_ROWS: u64 = 500;
/// A marker that was not visited for longer than this many days counts as never visited.
const VISITS_DAYS: i64 = 3660;
/// What is found after so many days, where the caller does not say.
const REVIEW_DAYS: i64 = 10;
const EXPIRY_DAYS: i64 = 90;
const MARKER_DAYS: i64 = 180;

#[tonic::async_trait]
impl ReturnService for Calls {
    async fn submit_return(&self, request: Request<pb::SubmitReturnRequest>) -> Result<Response<pb::Return>, Status> {
        let caller = self.authorize(&request, Action::WriteReport)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let least = (request.min_log_index, request.min_registry_position);
        (request.min_log_index, request.min_registry_position) = (0, 0);
        let repetition = RequestId::take("SubmitReturn", &mut request, |r| &mut r.request_id, &mut scope);
        let given = request.r#return.unwrap_or_default();
        let basis = self.basis(least, None).await?;
        let mut scope = scope.scope("return");
        let unit = known_unit(&basis.now, &given.unit, "unit", &mut scope);
        let period = known_period(basis.known().edition, &given.period, "period", &mut scope);
        wire::line(&given.note, NOTE_MAX, "note", &mut scope);
        let (unit, period) = checked(unit.zip(period), violations).map_err(refuse)?;
        let today = self.today();
        let reach = self.scope(&basis.now, &caller, Action::WriteReport);
        if !reach.allows(&[unit], Classification::Unclassified) {
            return Err(DOMAIN.denied());
        }
        let owed = returns::owed(basis.now.hierarchy(), unit, &period.1);
        let deadline = returns::check_taken(owed, &given.unit, today).map_err(refuse)?;
        let sent = pb::Return {
            name: String::new(),
            period: period.0.name,
            late: deadline.due < today,
            log_index: basis.facts.position,
            author: name::name("principals", &caller.principal),
            create_time: Some(self.office.now()),
            ..given
        };
        let work = move |tx, position: i64| {
            let sent = pb::Return {
                name: format!("returns/s{position}"),
                ..sent.clone()
            };
            async move {
                stored::insert(&tx, position, &sent).await?;
                Ok(sent)
            }
        };
        let write = Write {
            name: "return.submit",
            principal: caller.principal,
            request: repetition,
        };
        Ok(Response::new(self.office.write(write, work).await.map_err(refuse)?))
    }

    async fn list_returns(
        &self,
        request: Request<pb::ListReturnsRequest>,
    ) -> Result<Response<pb::ListReturnsResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadEvent)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let page = Page::take(&mut request, |r| (&mut r.page_size, &mut r.page_token), &mut scope);
        let basis = self.basis((0, 0), None).await?;
        let root = (!request.unit.is_empty()).then(|| known_unit(&basis.now, &request.unit, "unit", &mut scope));
        let period = (!request.period.is_empty())
            .then(|| known_period(basis.known().edition, &request.period, "period", &mut scope));
        checked(Some(()), violations).map_err(refuse)?;
        let (root, period) = (root.flatten(), period.flatten().map(|(span, _)| span.name));
        let (reach, today) = (self.scope(&basis.now, &caller, Action::ReadEvent), self.today());
        let hierarchy = basis.now.hierarchy();
        let wanted = |sent: &pb::Return| {
            let unit = name::collection_id(&sent.unit, "units").and_then(|id| hierarchy.key_of(id));
            unit.is_some_and(|unit| {
                reach.allows(&[unit], Classification::Unclassified)
                    && root.is_none_or(|root| unit == root || hierarchy.in_subtree(unit, root, today))
            })
        };
        let mut before = page
            .after
            .as_deref()
            .and_then(|after| after.parse().ok())
            .unwrap_or(i64::MAX);
        let (mut sent, mut positions) = (Vec::new(), Vec::new());
        while sent.len() <= page.size {
            let rows = stored::read_before(self.office.reader(), before, period.as_deref(), READ_ROWS).await;
            let rows = rows.map_err(|error| refuse(error.into()))?;
            let Some((last, _)) = rows.last() else { break };
            before = *last;
            for (position, row) in rows.into_iter().filter(|(_, row)| wanted(row)) {
                positions.push(position.to_string());
                sent.push(row);
            }
        }
        sent.truncate(page.size + 1);
        let next_page_token = page.cut_by(&mut sent, &positions);
        Ok(Response::new(pb::ListReturnsResponse {
            returns: sent,
            next_page_token,
        }))
    }

    async fn get_completeness(
        &self,
        request: Request<pb::GetCompletenessRequest>,
    ) -> Result<Response<pb::GetCompletenessResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadFigures)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let least = (request.min_log_index, request.min_registry_position);
        let basis = self.basis(least, None).await?;
        let root = known_unit(&basis.now, &request.unit, "unit", &mut scope);
        let on = wire::day(&request.date, "date", &mut scope).unwrap_or_else(|| self.today());
        if !(1..=PERIODS_MAX).contains(&request.periods.len()) {
            let why = format!(
                "has {} entries; 1 to {PERIODS_MAX} can be asked about",
                request.periods.len()
            );
            scope.invalid("periods", why);
        }
        let edition = basis.known().edition;
        let mut periods = Vec::new();
        for (index, period) in request.periods.iter().enumerate().take(PERIODS_MAX) {
            let path = format!("periods[{index}]");
            periods.extend(known_period(edition, period, &path, &mut scope));
        }
        let root = checked(root, violations).map_err(refuse)?;
        let names: Vec<String> = periods.iter().map(|(span, _)| span.name.clone()).collect();
        let sent = stored::of_periods(self.office.reader(), &names).await;
        let sent = sent.map_err(|error| refuse(error.into()))?;
        let reach = self.reach(&basis.now, &caller);
        computed(move || {
            let latest: HashMap<(&str, &str), &pb::Return> = sent
                .iter()
                .map(|sent| ((sent.period.as_str(), sent.unit.as_str()), sent))
                .collect();
            let mut cells = Vec::new();
            for (span, deadlines) in &periods {
                let counts = counts(&basis, &reach, span.days);
                let cutoff = deadlines
                    .iter()
                    .map(|deadline| deadline.cut_off)
                    .max()
                    .unwrap_or(span.days.1);
                for unit in basis.now.hierarchy().subtree_on(root, cutoff) {
                    if !reach.events.allows(&[unit], Classification::Unclassified) {
                        continue;
                    }
                    let Some(deadline) = returns::owed(basis.now.hierarchy(), unit, deadlines) else {
                        continue;
                    };
                    let name = basis.now.hierarchy().unit(unit).id().name();
                    let sent = latest.get(&(span.name.as_str(), name.as_str())).copied();
                    let counted = counts.get(&unit).copied().unwrap_or_default();
                    cells.push(cell(name, &span.name, deadline, sent, counted, on));
                }
            }
            Ok(Response::new(pb::GetCompletenessResponse {
                cells,
                date: on.to_string(),
                log_index: basis.facts.position,
                registry_position: basis.now.position(),
            }))
        })
        .await
    }

    async fn list_findings(
        &self,
        request: Request<pb::ListFindingsRequest>,
    ) -> Result<Response<pb::ListFindingsResponse>, Status> {
        let caller = self.authorize(&request, Action::ReadFigures)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let page = Page::take(&mut request, |r| (&mut r.page_size, &mut r.page_token), &mut scope);
        let basis = self
            .basis((request.min_log_index, request.min_registry_position), None)
            .await?;
        let root = known_unit(&basis.now, &request.unit, "unit", &mut scope);
        let on = wire::day(&request.date, "date", &mut scope).unwrap_or_else(|| self.today());
        let kinds = kinds(&request.kinds, &mut scope);
        let mut days = |field: &str, days: i32, usual: i64| match days {
            0 => usual,
            1.. => days.into(),
            _ => {
                scope.invalid(field, format!("{days} is negative"));
                usual
            }
        };
        let review = days("review_days", request.review_days, REVIEW_DAYS);
        let expiry = days("expiry_days", request.expiry_days, EXPIRY_DAYS);
        let marker = days("marker_days", request.marker_days, MARKER_DAYS);
        let root = checked(root, violations).map_err(refuse)?;
        let reach = self.reach(&basis.now, &caller);
        let search = Search {
            directory: &basis.now,
            root,
            on,
        };
        let readable = |events: Vec<journal::Event>| readable(&basis.now, &reach, events);
        let mut findings = Vec::new();
        if kinds.contains(&FindingKind::AgeingReview) {
            let waiting = readable(self.projection.waiting().await.map_err(refuse)?);
            findings.extend(search.ageing_reviews(&waiting, review));
        }
        if kinds.contains(&FindingKind::MissedBriefing) || kinds.contains(&FindingKind::UnvisitedMarker) {
            let since = date::around(on, VISITS_DAYS).0;
            let counted = readable(self.projection.counted(since, on).await.map_err(refuse)?);
            if kinds.contains(&FindingKind::MissedBriefing) {
                findings.extend(search.missed_briefings(&counted));
            }
            if kinds.contains(&FindingKind::UnvisitedMarker) {
                findings.extend(search.unvisited_markers(&counted, marker));
            }
        }
        if kinds.contains(&FindingKind::ExpiringAgreement) {
            findings.extend(search.expiring_agreements(expiry));
        }
        findings.retain(|finding| may_be_told(&basis.now, &reach, finding));
        let key = |finding: &pb::Finding| format!("{} {} {}", finding.kind, finding.unit, finding.resource);
        findings.sort_by_cached_key(key);
        findings.retain(|finding| page.after.as_ref().is_none_or(|after| key(finding) > *after));
        findings.truncate(page.size + 1);
        let next_page_token = page.cut(&mut findings, key);
        Ok(Response::new(pb::ListFindingsResponse {
            findings,
            next_page_token,
        }))
    }
}

/// The unit of that name.
fn known_unit(directory: &Directory, name: &str, field: &str, scope: &mut Scope<'_>) -> Option<Key> {
    let unit = wire::required_unit(name, field, scope)?;
    let key = directory.hierarchy().key(&unit);
    if key.is_none() {
        scope.unknown(field, name);
    }
    key
}

/// The period of that name, with its deadlines.
fn known_period(edition: Edition<'_>, name: &str, field: &str, scope: &mut Scope<'_>) -> Option<(Span, Vec<Deadline>)> {
    if name.is_empty() {
        scope.required(field);
        return None;
    }
    let found = calendar::find(edition, name).and_then(|span| Ok((calendar::deadlines(edition, &span.name)?, span)));
    match found {
        Ok((deadlines, span)) => Some((span, deadlines)),
        Err(why) => {
            scope.invalid(field, why);
            None
        }
    }
}
