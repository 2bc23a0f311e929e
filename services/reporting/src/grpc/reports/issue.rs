//! Issuing: freezing what a draft says, and proving later that it still follows from the same records.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, ReportState};
use banggiao_model::{
    name,
    permission::{Action, Scope},
};
use banggiao_rpc::{Violations, identity::Caller, reflect, request::RequestId, wire};
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::{Response, Status};

use super::{stored, template_id, write};
use crate::{
    domain::{Error, checked, definition::Edition, figure::Reach, measure::wire::Known, report, rule},
    grpc::{
        Calls, DOMAIN,
        figures::{Basis, computed},
        refuse,
        report_content::{self, Composed},
    },
};

/// So many faults of a report that does not verify are told.
const FAULTS_MAX: usize = 100;

impl Calls {
    pub(super) async fn issue(
        &self,
        caller: Caller,
        mut request: pb::IssueReportRequest,
    ) -> Result<Response<pb::Report>, Status> {
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let least = (request.min_log_index, request.min_registry_position);
        (request.min_log_index, request.min_registry_position) = (0, 0);
        let repetition = RequestId::take("IssueReport", &mut request, |r| &mut r.request_id, &mut scope);
        wire::line(&request.document_number, wire::MAX_NAME, "document_number", &mut scope);
        wire::position(least.0, "min_log_index", &mut scope);
        wire::position(least.1, "min_registry_position", &mut scope);
        checked(Some(()), violations).map_err(refuse)?;
        let draft = self.readable(&caller, &request.name).await?;
        self.covered(&caller, &draft, Action::IssueReport)?;
        let basis = self.basis(least, None).await?;
        let reach = self.reach(&basis.now, &caller);
        let (composed, template_revision) = self.composed_now(basis, &draft, reach).await?;
        let (issuer, now, year) = (
            name::name("principals", &caller.principal),
            self.office.now(),
            i32::from(self.today().year()),
        );
        let Composed {
            content,
            withheld,
            classification,
        } = composed;
        let bytes = content.encode_to_vec();
        let issued = pb::Report {
            template_revision,
            document_number: request.document_number.clone(),
            number_year: year,
            classification: wire::classification_pb(classification).into(),
            digest: digest(&bytes),
            issuer,
            issue_time: Some(now),
            state: ReportState::Issued.into(),
            ..draft
        };
        let (name, etag) = (request.name, request.etag);
        let work = move |tx, _| {
            let (name, etag, bytes, issued) = (name.clone(), etag.clone(), bytes.clone(), issued.clone());
            async move {
                let id = stored::id_of(&name);
                let draft = stored::read(&tx, id)
                    .await?
                    .ok_or_else(|| Error::NotFound(name.clone()))?;
                report::check_issuable(&draft, &etag)?;
                if withheld {
                    return Err(Error::rule(
                        rule::WITHHELD,
                        &name,
                        "holds something that you may not read; it must be issued by somebody who may read all of it",
                    ));
                }
                let number = stored::last_number(&tx, &issued.unit, year).await? + 1;
                stored::content::keep(&tx, id, bytes).await?;
                let signed = stored::id_of(&issued.supersedes);
                if !signed.is_empty() {
                    let before = stored::read(&tx, signed).await?.unwrap_or_default();
                    report::check_issued(&before)?;
                    let superseded = pb::Report {
                        state: ReportState::Superseded.into(),
                        superseded_by: name.clone(),
                        ..before
                    };
                    stored::update(&tx, superseded).await?;
                }
                Ok(stored::update(&tx, pb::Report { number, ..issued }).await?)
            }
        };
        let written = self
            .office
            .write(write("report.issue", &caller, repetition), work)
            .await;
        let written = written.map_err(refuse)?;
        Ok(Response::new(self.with_content(&caller, written).await?))
    }

    /// Computes an issued report again by all that it names. Nothing in it was withheld from who issued it, so it is
    /// computed over everything.
    pub(super) async fn verify(&self, report: pb::Report) -> Result<Response<pb::VerifyReportResponse>, Status> {
        report::check_frozen(&report).map_err(refuse)?;
        let bytes = self.signed_content(&report).await?;
        let signed = pb::ReportContent::decode(bytes.as_slice()).unwrap_or_default();
        let basis = self
            .basis((0, 0), Some((signed.log_index, signed.registry_position)))
            .await?;
        let everything = Reach {
            events: Scope::of_everything(),
            agreements: Scope::of_everything(),
        };
        let mut composed = self.composed_as_signed(basis, &report, &signed, everything).await?;
        // The facts up to there are those of the epoch in which it was signed, whichever it is now.
        composed.content.journal_epoch = signed.journal_epoch;
        let computed = composed.content.encode_to_vec();
        let mut faults = reflect::paths(&signed, &composed.content, FAULTS_MAX);
        if digest(&bytes) != report.digest {
            faults.insert(0, format!("the content as kept has the digest {}", digest(&bytes)));
        }
        let verified = computed == bytes && digest(&bytes) == report.digest;
        Ok(Response::new(pb::VerifyReportResponse {
            verified,
            digest: report.digest,
            computed_digest: digest(&computed),
            faults: if verified { Vec::new() } else { faults },
        }))
    }

    /// What an issued report says on the facts of a basis, by the definitions that it names.
    pub(super) async fn composed_as_signed(
        &self,
        basis: Basis,
        report: &pb::Report,
        signed: &pb::ReportContent,
        reach: Reach,
    ) -> Result<Composed, Status> {
        let used = signed.definitions.iter();
        let pinned: BTreeMap<String, i32> = used.map(|used| (used.name.clone(), used.revision)).collect();
        let edition = Edition {
            definitions: &basis.definitions,
            pinned: Some(&pinned),
        };
        let template = edition.get::<pb::ReportTemplate>(&template_id(&report.template));
        let template = template.cloned().ok_or_else(|| DOMAIN.internal())?;
        let known = Known {
            directory: &basis.directory,
            edition,
        };
        let plan = report_content::plan(known, report, &template).map_err(refuse)?;
        let facts = self.facts(&basis, &plan.stretches()).await?;
        let composed = computed(move || {
            let edition = Edition {
                definitions: &basis.definitions,
                pinned: Some(&pinned),
            };
            plan.compose(basis.ground(&facts), edition, &reach)
        });
        let mut composed = composed.await?;
        self.name_events(&mut composed.content).await?;
        Ok(composed)
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
