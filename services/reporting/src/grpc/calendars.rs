//! `CalendarService`.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, calendar_service_server::CalendarService};
use banggiao_model::{
    name,
    period::{Calendar, Period},
    permission::Action,
};
use banggiao_rpc::{Scope, Violations};
use tonic::{Request, Response, Status};

use super::{Calls, refuse};
use crate::domain::checked;

/// The years whose periods lie within the days that are taken, together with the periods before and after.
const YEARS: std::ops::RangeInclusive<i32> = 1901..=2199;

#[tonic::async_trait]
impl CalendarService for Calls {
    async fn list_calendars(
        &self,
        request: Request<pb::ListCalendarsRequest>,
    ) -> Result<Response<pb::ListCalendarsResponse>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let calendars = vec![resource(Calendar::Civil), resource(Calendar::Legal)];
        Ok(Response::new(pb::ListCalendarsResponse { calendars }))
    }

    async fn get_period(&self, request: Request<pb::GetPeriodRequest>) -> Result<Response<pb::Period>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let request = request.into_inner();
        let mut violations = Violations::new();
        let period = parse(&request.name, &mut violations.root());
        Ok(Response::new(read(checked(period, violations).map_err(refuse)?)))
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
        let year = year.unwrap_or_else(|| calendar.year_of(self.today()).year());
        let periods = Period::list(calendar, year).into_iter().map(read).collect();
        Ok(Response::new(pb::ListPeriodsResponse { periods }))
    }
}

fn parse(name: &str, scope: &mut Scope<'_>) -> Option<Period> {
    if name.is_empty() {
        scope.required("name");
        return None;
    }
    Period::parse(name)
        .map_err(|error| scope.invalid("name", error.to_string()))
        .ok()
}

fn calendar(name: &str, scope: &mut Scope<'_>) -> Option<Calendar> {
    if name.is_empty() {
        return Some(Calendar::Civil);
    }
    let Some(id) = name::collection_id(name, "calendars") else {
        scope.invalid("calendar", format!("{name:?} is not of the form calendars/{{id}}"));
        return None;
    };
    let calendar = Calendar::from_id(id);
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
    }
}

fn read(period: Period) -> pb::Period {
    pb::Period {
        name: period.name(),
        titles: texts(&period.title("vi"), &period.title("en")),
        start_date: period.start().to_string(),
        end_date: period.end().to_string(),
    }
}

fn texts(vi: &str, en: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("vi".to_owned(), vi.to_owned()), ("en".to_owned(), en.to_owned())])
}
