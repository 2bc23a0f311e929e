//! What the server knows today of everything that may be chosen.

use super::{picked, text};
use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::names;
use banggiao_contracts::journal::v1::{EventType, ListEventTypesRequest, ListEventTypesResponse};
use banggiao_contracts::registry::v1 as pb;

pub(super) async fn event_types(session: &Session) -> Result<Vec<EventType>, Error> {
    let method = "banggiao.journal.v1.EventTypeService/ListEventTypes";
    let request = ListEventTypesRequest::default();
    let response: ListEventTypesResponse = listing::typed(session, method, &request, &PageArgs::default()).await?;
    let types = response.event_types.into_iter();
    Ok(types.filter(|kind| !kind.discontinued).collect())
}

/// The units of the home side, of a subtree if one is given, and all of the partner side.
pub(super) async fn units(session: &Session, subtree: Option<&str>) -> Result<(Vec<pb::Unit>, Vec<pb::Unit>), Error> {
    let all = list_units(session, String::new()).await?;
    // The border of events.csv begins with the home country.
    let home_country = names::EVENT_BORDER
        .split('-')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let (mut home, partners): (Vec<_>, Vec<_>) = all.into_iter().partition(|unit| unit.country == home_country);
    if let Some(subtree) = subtree {
        home = list_units(session, subtree.to_owned()).await?;
    }
    Ok((home, partners))
}

async fn list_units(session: &Session, subtree: String) -> Result<Vec<pb::Unit>, Error> {
    let request = pb::ListUnitsRequest {
        filter: Some(pb::UnitFilter {
            subtree,
            ..pb::UnitFilter::default()
        }),
        ..pb::ListUnitsRequest::default()
    };
    let method = "banggiao.registry.v1.UnitService/ListUnits";
    let response: pb::ListUnitsResponse = listing::typed(session, method, &request, &PageArgs::default()).await?;
    Ok(response.units)
}

pub(super) async fn programmes(session: &Session) -> Result<Vec<Vec<String>>, Error> {
    let method = "banggiao.registry.v1.ProgrammeService/ListProgrammes";
    let request = pb::ListProgrammesRequest::default();
    let response: pb::ListProgrammesResponse = listing::typed(session, method, &request, &PageArgs::default()).await?;
    let entries = response.programmes.iter().map(|programme| {
        let (id, title) = (names::short(&programme.name), text(&programme.title, session.lang));
        vec![picked(title, &id), id, title.to_owned(), programme.number.clone()]
    });
    Ok(entries.collect())
}

/// The agreements, of a subtree if a unit is given; those that have ended as well, for events of their time.
pub(super) async fn agreements(session: &Session, unit: Option<&str>) -> Result<Vec<Vec<String>>, Error> {
    let request = pb::ListAgreementsRequest {
        filter: Some(pb::AgreementFilter {
            unit: unit.unwrap_or_default().to_owned(),
            ..pb::AgreementFilter::default()
        }),
        ..pb::ListAgreementsRequest::default()
    };
    let method = "banggiao.registry.v1.AgreementService/ListAgreements";
    let response: pb::ListAgreementsResponse = listing::typed(session, method, &request, &PageArgs::default()).await?;
    let entries = response.agreements.iter().map(|agreement| {
        let (id, title) = (names::short(&agreement.name), text(&agreement.title, session.lang));
        vec![picked(title, &id), id, title.to_owned(), agreement.sign_date.clone()]
    });
    Ok(entries.collect())
}

/// The markers of the border that events.csv names by number.
pub(super) async fn markers(session: &Session) -> Result<Vec<Vec<String>>, Error> {
    let request = pb::ListMarkersRequest {
        filter: Some(pb::MarkerFilter {
            border: names::EVENT_BORDER.to_ascii_uppercase(),
            ..pb::MarkerFilter::default()
        }),
        ..pb::ListMarkersRequest::default()
    };
    let method = "banggiao.registry.v1.MarkerService/ListMarkers";
    let response: pb::ListMarkersResponse = listing::typed(session, method, &request, &PageArgs::default()).await?;
    let entries = response.markers.iter().map(|marker| {
        let id = names::short(&marker.name);
        let home = names::short(&marker.current_home_unit);
        let partner = names::short(&marker.current_partner_unit);
        vec![marker.number.clone(), id, home, partner]
    });
    Ok(entries.collect())
}
