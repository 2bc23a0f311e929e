//! `CalendarService`.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, calendar_service_server::CalendarService};
use banggiao_model::{
    name,
    period::{Calendar, Period},
    permission::Action,
};
use banggiao_rpc::{Scope, Violations, request::RequestId};
use tonic::{Request, Response, Status};

use super::{Calls, indicators::not_taken, refuse};
use crate::{
    domain::{
        Error,
        calendar::{self, CAMPAIGN, FIELDS},
        checked,
        definition::{Definitions, Edition, check_etag, id_of},
    },
    office::Write,
};

/// The years whose periods lie within the days that are taken, together with the periods before and after.
const YEARS: std::ops::RangeInclusive<i32> = 1901..=2199;

#[tonic::async_trait]
impl CalendarService for Calls {
    async fn list_calendars(
        &self,
        request: Request<pb::ListCalendarsRequest>,
    ) -> Result<Response<pb::ListCalendarsResponse>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let calendars = vec![campaigns(), resource(Calendar::Civil), resource(Calendar::Legal)];
        Ok(Response::new(pb::ListCalendarsResponse { calendars }))
    }

    async fn get_period(&self, request: Request<pb::GetPeriodRequest>) -> Result<Response<pb::Period>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let definitions = self.office.definitions().await.map_err(refuse)?;
        Ok(Response::new(period(&definitions, &request).map_err(refuse)?))
    }

    async fn list_periods(
        &self,
        request: Request<pb::ListPeriodsRequest>,
    ) -> Result<Response<pb::ListPeriodsResponse>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let calendar = calendar(&request.calendar, &mut violations.root());
        let year = year(request.year, &mut violations.root());
        let calendar = checked(calendar, violations).map_err(refuse)?;
        let definitions = self.office.definitions().await.map_err(refuse)?;
        let periods = calendar::list(Edition::newest(&definitions), calendar.computed(), year, self.today());
        Ok(Response::new(pb::ListPeriodsResponse { periods }))
    }

    async fn create_period(&self, request: Request<pb::CreatePeriodRequest>) -> Result<Response<pb::Period>, Status> {
        let caller = self.authorize_everywhere(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("CreatePeriod", &mut request, |r| &mut r.request_id, &mut scope);
        if request.calendar.is_empty() {
            scope.required("calendar");
        } else if matches!(calendar(&request.calendar, &mut scope), Some(Asked::Computed(_))) {
            scope.invalid(
                "calendar",
                "has periods that follow from the date; only a campaign's are recorded",
            );
        }
        let name = calendar::period_id(&request.period_id, &mut scope);
        if request.period.is_none() {
            scope.required("period");
        }
        let draft = pb::Period {
            name: checked(name, violations).map_err(refuse)?,
            ..request.period.unwrap_or_default()
        };
        let write = Write {
            name: "period.create",
            principal: caller.principal,
            request: repetition,
        };
        let defined = self
            .office
            .define(write, draft.name.clone(), move |before, definitions| {
                calendar::check(Edition::newest(definitions), &draft, "period")?;
                not_taken(before, &draft)
            });
        Ok(Response::new(defined.await.map_err(refuse)?))
    }

    async fn update_period(&self, request: Request<pb::UpdatePeriodRequest>) -> Result<Response<pb::Period>, Status> {
        let caller = self.authorize_everywhere(&request, Action::ManageRegistry)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let mut scope = violations.root();
        let repetition = RequestId::take("UpdatePeriod", &mut request, |r| &mut r.request_id, &mut scope);
        let computed = Period::parse(&request.period.clone().unwrap_or_default().name).is_ok();
        let mask = mask(&request, computed, &mut scope);
        let new = request.period.unwrap_or_default();
        if new.name.is_empty() {
            scope.required("period.name");
        }
        checked(Some(()), violations).map_err(refuse)?;
        let write = Write {
            name: "period.update",
            principal: caller.principal,
            request: repetition,
        };
        let name = calendar::find(
            Edition::newest(&*self.office.definitions().await.map_err(refuse)?),
            &new.name,
        );
        let name = name.map_err(|_| refuse(Error::NotFound(new.name.clone())))?.name;
        let draft = move |before: Option<&pb::Period>, definitions: &Definitions| {
            let edition = Edition::newest(definitions);
            check_etag(&new.etag, before.map_or("", |before| before.etag.as_str()))?;
            let shown = calendar::show(edition, &new.name).map_err(|_| Error::NotFound(new.name.clone()))?;
            let draft = FIELDS.lay_over(shown, &new, &mask);
            calendar::check(edition, &draft, "period")?;
            Ok(draft)
        };
        let defined = self.office.define(write, name, draft).await.map_err(refuse)?;
        let definitions = self.office.definitions().await.map_err(refuse)?;
        let shown = calendar::show(Edition::newest(&definitions), &defined.name);
        Ok(Response::new(shown.unwrap_or(defined)))
    }
}

/// The period asked for; of the civil and legal calendars a revision that somebody wrote, or what follows from the date.
fn period(definitions: &Definitions, request: &pb::GetPeriodRequest) -> Result<pb::Period, Error> {
    let mut violations = Violations::new();
    let edition = Edition::newest(definitions);
    if request.name.is_empty() {
        violations.root().required("name");
        return Err(Error::Invalid(violations));
    }
    if request.revision < 0 {
        let why = format!("{} is negative", request.revision);
        violations.root().invalid("revision", why);
    }
    let span = calendar::find(edition, &request.name)
        .map_err(|why| violations.root().invalid("name", why))
        .ok();
    let span = checked(span, violations)?;
    if request.revision == 0 || request.revision == span.revision {
        return calendar::show(edition, &span.name).map_err(Error::Broken);
    }
    let pinned = BTreeMap::from([(span.name.clone(), request.revision)]);
    let then = Edition {
        definitions,
        pinned: Some(&pinned),
    };
    let known = definitions
        .periods
        .revision(&id_of::<pb::Period>(&span.name), request.revision);
    known.ok_or_else(|| Error::NotFound(format!("{} revision {}", span.name, request.revision)))?;
    calendar::show(then, &span.name).map_err(Error::Broken)
}

/// The fields to change: of a period that follows from its calendar only what does not.
fn mask(request: &pb::UpdatePeriodRequest, computed: bool, scope: &mut Scope<'_>) -> Vec<String> {
    let mut mask = FIELDS.check(request.update_mask.as_ref(), "update_mask", scope);
    if !computed {
        return mask;
    }
    let fixed = |field: &String| ["start_date", "end_date", "parent"].contains(&field.as_str());
    if request.update_mask.is_some()
        && let Some(field) = mask.iter().find(|field| fixed(field))
    {
        scope.invalid("update_mask", format!("{field} follows from the calendar"));
    }
    mask.retain(|field| !fixed(field));
    mask
}

/// A calendar that was asked for.
#[derive(Debug, Clone, Copy)]
enum Asked {
    /// Its periods follow from the date.
    Computed(Calendar),
    /// Its periods are recorded.
    Campaign,
}

impl Asked {
    fn computed(self) -> Option<Calendar> {
        match self {
            Self::Computed(calendar) => Some(calendar),
            Self::Campaign => None,
        }
    }
}

fn calendar(name: &str, scope: &mut Scope<'_>) -> Option<Asked> {
    if name.is_empty() {
        return Some(Asked::Computed(Calendar::Civil));
    }
    let Some(id) = name::collection_id(name, "calendars") else {
        scope.invalid("calendar", format!("{name:?} is not of the form calendars/{{id}}"));
        return None;
    };
    if id == CAMPAIGN {
        return Some(Asked::Campaign);
    }
    let calendar = Calendar::from_id(id).map(Asked::Computed);
    if calendar.is_none() {
        scope.unknown("calendar", name);
    }
    calendar
}

/// A year; 0 is none.
fn year(year: i32, scope: &mut Scope<'_>) -> Option<i16> {
    if year == 0 {
        return None;
    }
    if !YEARS.contains(&year) {
        scope.invalid(
            "year",
            format!("{year} is not within {} to {}", YEARS.start(), YEARS.end()),
        );
    }
    i16::try_from(year).ok()
}

fn resource(calendar: Calendar) -> pb::Calendar {
    let (vi, en, legal_basis) = match calendar {
        Calendar::Civil => ("Năm dương lịch", "Civil calendar", ""),
        Calendar::Legal => (
            "Kỳ báo cáo theo quy định",
            "Legal reporting calendar",
            "Nghị định 09/2019/NĐ-CP; Thông tư 58/2020/TT-BQP",
        ),
    };
    pb::Calendar {
        name: calendar.name(),
        titles: texts(vi, en),
        legal_basis: legal_basis.to_owned(),
        recorded: false,
    }
}

fn campaigns() -> pb::Calendar {
    pb::Calendar {
        name: name::name("calendars", CAMPAIGN),
        titles: texts("Chiến dịch tìm kiếm, quy tập", "Campaigns of recovery"),
        legal_basis: String::new(),
        recorded: true,
    }
}

fn texts(vi: &str, en: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("vi".to_owned(), vi.to_owned()), ("en".to_owned(), en.to_owned())])
}
