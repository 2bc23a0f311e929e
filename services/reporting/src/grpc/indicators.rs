//! `IndicatorService`.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, indicator_service_server::IndicatorService};
use banggiao_model::{name, permission::Action};
use banggiao_rpc::{Violations, page::Page};
use tonic::{Request, Response, Status};

use super::{Calls, measure, refuse};
use crate::domain::{
    Error, checked,
    indicator::{self, Indicator},
};

#[tonic::async_trait]
impl IndicatorService for Calls {
    async fn get_indicator(
        &self,
        request: Request<pb::GetIndicatorRequest>,
    ) -> Result<Response<pb::Indicator>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let name = request.into_inner().name;
        let mut violations = Violations::new();
        if name.is_empty() {
            violations.root().required("name");
        }
        checked(Some(()), violations).map_err(refuse)?;
        let found = indicator::find(&name).ok_or(Error::NotFound(name)).map_err(refuse)?;
        Ok(Response::new(resource(found)))
    }

    async fn list_indicators(
        &self,
        request: Request<pb::ListIndicatorsRequest>,
    ) -> Result<Response<pb::ListIndicatorsResponse>, Status> {
        self.authorize(&request, Action::ReadReference)?;
        let mut request = request.into_inner();
        let mut violations = Violations::new();
        let page = Page::take(
            &mut request,
            |r| (&mut r.page_size, &mut r.page_token),
            &mut violations.root(),
        );
        checked(Some(()), violations).map_err(refuse)?;
        let mut shipped: Vec<&Indicator> = indicator::INDICATORS.iter().collect();
        shipped.sort_by_key(|indicator| indicator.id);
        shipped.retain(|indicator| page.after.as_deref().is_none_or(|after| indicator.id > after));
        let mut indicators: Vec<_> = shipped.into_iter().take(page.size + 1).map(resource).collect();
        let key = |indicator: &pb::Indicator| indicator.name.trim_start_matches("indicators/").to_owned();
        let next_page_token = page.cut(&mut indicators, key);
        Ok(Response::new(pb::ListIndicatorsResponse {
            indicators,
            next_page_token,
        }))
    }
}

/// An indicator for the wire.
pub fn resource(indicator: &Indicator) -> pb::Indicator {
    let texts =
        |[vi, en]: [&str; 2]| BTreeMap::from([("vi".to_owned(), vi.to_owned()), ("en".to_owned(), en.to_owned())]);
    pb::Indicator {
        name: indicator.name(),
        code: name::id_to_code(indicator.id),
        names: texts(indicator.names),
        unit_of_count: texts(indicator.unit_of_count),
        measure: Some(measure::shipped(&indicator.measure())),
    }
}
