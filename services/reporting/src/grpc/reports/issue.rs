//! Issuing: freezing what a draft says, and proving later that it still follows from the same records.

use std::{collections::BTreeMap, sync::Arc};

use banggiao_contracts::reporting::v1::{self as pb, ReportState};
use banggiao_model::{
    name,
    permission::{Action, Scope},
};
use banggiao_rpc::{Violations, identity::Caller, reflect, request::RequestId, wire};
use banggiao_store::Tx;
use prost::Message;
use tonic::{Code, Response, Status};

use super::{stored, template_id, write};
use crate::{
    domain::{Error, checked, definition::Edition, figure::Reach, measure::wire::Known, report, rule},
    grpc::{
        Calls,
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
            days,
        } = composed;
        let bytes = content.encode_to_vec();
        let issued = pb::Report {
            template_revision,
            start_date: days.0,
            end_date: days.1,
            document_number: request.document_number.clone(),
            number_year: year,
            classification: wire::classification_pb(classification).into(),
            issuer,
            issue_time: Some(now),
            state: ReportState::Issued.into(),
            ..draft.clone()
        };
        let signing = Arc::new(Signing {
            draft,
            issued,
            content,
            bytes,
            seen: request.etag,
            withheld,
        });
        let work = move |tx, _| {
            let signing = Arc::clone(&signing);
            async move { signing.sign(&tx).await }
        };
        let written = self
            .office
            .write(write("report.issue", &caller, repetition), work)
            .await;
        let written = written.map_err(refuse)?;
        self.office.tell_issued();
        Ok(Response::new(self.with_content(&caller, written).await?))
    }

    /// Computes an issued report again by all that it names. Nothing in it was withheld from who issued it, so it is
    /// computed over everything.
    pub(super) async fn verify(&self, report: pb::Report) -> Result<Response<pb::VerifyReportResponse>, Status> {
        report::check_frozen(&report).map_err(refuse)?;
        let kept = stored::content::read(self.office.reader(), stored::id_of(&report.name)).await;
        let kept = kept.map_err(|error| refuse(error.into()))?.unwrap_or_default();
        let mut faults = Vec::new();
        if report::digest(&report, &kept) != report.digest {
            faults.push("what is kept of the report does not have the digest that it was signed with".to_owned());
        }
        let mut computed_digest = String::new();
        match self.computed_again(&report, &kept).await? {
            Ok(composed) => {
                computed_digest = report::digest(&report, &composed.content.encode_to_vec());
                let signed = pb::ReportContent::decode(kept.as_slice()).unwrap_or_default();
                faults.extend(reflect::paths(&signed, &composed.content, FAULTS_MAX));
            }
            Err(fault) => faults.push(fault),
        }
        Ok(Response::new(pb::VerifyReportResponse {
            verified: faults.is_empty() && computed_digest == report.digest,
            digest: report.digest,
            computed_digest,
            faults,
        }))
    }

    /// What an issued report says as of when it was issued; or what keeps it from being computed.
    async fn computed_again(&self, report: &pb::Report, kept: &[u8]) -> Result<Result<Composed, String>, Status> {
        let signed = match pb::ReportContent::decode(kept) {
            Ok(signed) if !kept.is_empty() => signed,
            _ => return Ok(Err("the content as kept does not read".to_owned())),
        };
        let past = (signed.log_index, signed.registry_position);
        let (facts, directory) = self.projection.now();
        let ahead = facts.position < past.0 || directory.position() < past.1;
        // A projection that is being read anew gets there; to positions that nobody signed it never may.
        if past.0 < 0 || past.1 < 1 || (ahead && report::digest(report, kept) != report.digest) {
            let fault = format!("its positions, {} and {}, are not known here", past.0, past.1);
            return Ok(Err(fault));
        }
        let basis = self.basis((0, 0), Some(past)).await?;
        let everything = Reach {
            events: Scope::of_everything(),
            agreements: Scope::of_everything(),
        };
        match self.composed_as_signed(basis, report, &signed, everything).await {
            Ok(composed) if composed.days != (report.start_date.clone(), report.end_date.clone()) => {
                Ok(Err("the days that it is about are not those of its period".to_owned()))
            }
            Ok(mut composed) => {
                // The facts up to there are those of the epoch in which it was signed, whichever it is now.
                composed.content.journal_epoch = signed.journal_epoch;
                Ok(Ok(composed))
            }
            Err(status) if status.code() == Code::Unavailable => Err(status),
            Err(status) => Ok(Err(format!("it cannot be computed any more: {}", status.message()))),
        }
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
        let template = template.cloned().ok_or_else(|| {
            let what = format!("the revision of {} that it was made by is missing", report.template);
            refuse(Error::rule(rule::REPORT_STATE, &report.name, what))
        })?;
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

/// A draft that is about to be signed.
struct Signing {
    /// The draft as it was read.
    draft: pb::Report,
    /// The report as it will be, but for number and digest.
    issued: pb::Report,
    content: pb::ReportContent,
    bytes: Vec<u8>,
    /// The etag that the caller has seen.
    seen: String,
    withheld: bool,
}

impl Signing {
    /// Signs it, if nothing has happened to it meanwhile.
    async fn sign(&self, tx: &Tx) -> Result<pb::Report, Error> {
        let name = &self.draft.name;
        let id = stored::id_of(name);
        let draft = stored::read(tx, id).await?;
        let draft = draft.ok_or_else(|| Error::NotFound(name.clone()))?;
        report::check_issuable(&draft, &self.content, &self.seen)?;
        if self.withheld {
            return Err(Error::rule(
                rule::WITHHELD,
                name,
                "holds something that you may not read; it must be issued by somebody who may read all of it",
            ));
        }
        let number = stored::last_number(tx, &self.issued.unit, self.issued.number_year).await? + 1;
        let mut issued = pb::Report {
            number,
            ..self.issued.clone()
        };
        issued.digest = report::digest(&issued, &self.bytes);
        stored::content::keep(tx, id, self.bytes.clone()).await?;
        let signed = stored::id_of(&issued.supersedes);
        if !signed.is_empty() {
            let before = stored::read(tx, signed).await?.unwrap_or_default();
            report::check_issued(&before)?;
            let superseded = pb::Report {
                state: ReportState::Superseded.into(),
                superseded_by: name.clone(),
                ..before
            };
            stored::update(tx, superseded).await?;
        }
        Ok(stored::update(tx, issued).await?)
    }
}
