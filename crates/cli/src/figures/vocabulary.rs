//! Words that only the catalogue of event types knows: types, and the keys of quantities.
//!
//! It owns the check before a question is asked. A word that nobody knows would narrow every figure to nothing, and a
//! zero looks like an answer.

use super::query::Sum;
use crate::connection::Connection;
use crate::error::Error;
use crate::names;
use banggiao_contracts::journal::v1 as pb;
use std::collections::BTreeSet;

/// As many types in a page as there may be.
const PAGE_SIZE: i32 = 1_000;

/// Refuses types and sums that the catalogue does not know. A catalogue that cannot be read does not stand in the way.
///
/// # Errors
/// [`Error::Usage`] that names what there is.
pub(crate) async fn check<'a>(
    connection: &Connection,
    types: impl IntoIterator<Item = &'a String>,
    sums: &[Sum],
) -> Result<(), Error> {
    let types: Vec<_> = types.into_iter().map(String::as_str).collect();
    let quantities: Vec<_> = sums.iter().filter_map(Sum::quantity).collect();
    if types.is_empty() && quantities.is_empty() {
        return Ok(());
    }
    match catalogue(connection).await {
        Ok(catalogue) => known(&types, &quantities, &catalogue).map_err(Error::Usage),
        Err(_) => Ok(()),
    }
}

async fn catalogue(connection: &Connection) -> Result<Vec<pb::EventType>, Error> {
    let mut catalogue = Vec::new();
    let mut request = pb::ListEventTypesRequest {
        page_size: PAGE_SIZE,
        ..pb::ListEventTypesRequest::default()
    };
    loop {
        let page = connection
            .call(connection.event_types().list_event_types(request.clone()))
            .await?;
        catalogue.extend(page.event_types);
        if page.next_page_token.is_empty() || page.next_page_token == request.page_token {
            return Ok(catalogue);
        }
        request.page_token = page.next_page_token;
    }
}

/// Whether the catalogue holds every type and every quantity.
fn known(types: &[&str], quantities: &[&str], catalogue: &[pb::EventType]) -> Result<(), String> {
    if let Some(unknown) = types
        .iter()
        .find(|name| catalogue.iter().all(|known| known.name != **name))
    {
        let codes: Vec<_> = catalogue.iter().map(|known| known.code.as_str()).collect();
        return Err(format!(
            "there is no event type \"{}\"; there are {}",
            names::short(unknown),
            codes.join(", ")
        ));
    }
    let definitions = catalogue.iter().flat_map(|known| &known.quantities);
    let keys: BTreeSet<_> = definitions.map(|definition| definition.key.as_str()).collect();
    match quantities.iter().find(|key| !keys.contains(**key)) {
        Some(unknown) => Err(format!(
            "\"{unknown}\" is neither a sum (events, delegations, persons, home-units, partner-units, agreements) nor the \
             key of a quantity; there are {}",
            keys.into_iter().collect::<Vec<_>>().join(", ")
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_told_what_there_is() {
        let kind = |id: &str, code: &str, quantity: &str| pb::EventType {
            name: format!("eventTypes/{id}"),
            code: code.into(),
            quantities: vec![pb::QuantityDefinition {
                key: quantity.into(),
                ..pb::QuantityDefinition::default()
            }],
            ..pb::EventType::default()
        };
        let catalogue = [
            kind("joint-patrol", "JOINT_PATROL", "patrol_km"),
            kind("aid", "AID", "aid_value_vnd"),
        ];
        let known = |types: &[&str], quantities: &[&str]| known(types, quantities, &catalogue);
        assert_eq!(known(&["eventTypes/aid"], &["patrol_km"]), Ok(()));
        assert_eq!(known(&[], &[]), Ok(()));
        assert_eq!(
            known(&["eventTypes/aid", "eventTypes/joint-patrols"], &[]).unwrap_err(),
            "there is no event type \"joint-patrols\"; there are JOINT_PATROL, AID"
        );
        assert!(
            known(&[], &["patrol_miles"])
                .unwrap_err()
                .ends_with("there are aid_value_vnd, patrol_km")
        );
    }
}
