//! What an event names: units, programmes, an agreement, markers, a campaign, attachments.

use banggiao_contracts::journal::v1 as pb;
use banggiao_directory::Directory;
use banggiao_model::{
    hierarchy::Key,
    name::{self, UnitId},
    permission::Classification,
};
use banggiao_rpc::{
    Scope,
    violation::reason,
    wire::{self, MAX_LIST, MAX_NAME},
};

use super::Standing;
use crate::domain::{attachment, command::Authority};

/// The units of an event.
pub struct Units {
    /// Whose event it is.
    pub home: Key,
    /// Further home units.
    pub co_homes: Vec<Key>,
    /// The partner side.
    pub partners: Vec<Key>,
    /// The team and the organiser.
    pub others: Vec<Key>,
}

impl Units {
    /// All of them, the home unit first.
    pub fn all(&self) -> Vec<Key> {
        let all = std::iter::once(&self.home)
            .chain(&self.co_homes)
            .chain(&self.partners)
            .chain(&self.others);
        all.copied().collect()
    }
}

/// The units that the event names, if its home unit is known.
pub fn units(event: &pb::Event, directory: &Directory, scope: &mut Scope<'_>) -> Option<Units> {
    if event.home_unit.is_empty() {
        scope.required("home_unit");
    }
    let home = known_unit(directory, &event.home_unit, "home_unit", scope);
    let co_homes = known_units(directory, &event.co_home_units, "co_home_units", scope);
    let partners = known_units(directory, &event.partner_units, "partner_units", scope);
    let others = [("team", &event.team), ("organiser", &event.organiser)]
        .into_iter()
        .filter_map(|(field, unit)| known_unit(directory, unit, field, scope))
        .collect();
    if event.co_home_units.contains(&event.home_unit) && !event.home_unit.is_empty() {
        let again = format!("names the home unit {:?} again", event.home_unit);
        scope.invalid("co_home_units", again);
    }
    Some(Units {
        home: home?,
        co_homes,
        partners,
        others,
    })
}

fn known_unit(directory: &Directory, unit: &str, field: &str, scope: &mut Scope<'_>) -> Option<Key> {
    let id = wire::unit(unit, field, scope)?;
    let key = directory.hierarchy().key(&id);
    if key.is_none() {
        scope.unknown(field, unit);
    }
    key
}

fn known_units(directory: &Directory, units: &[String], field: &str, scope: &mut Scope<'_>) -> Vec<Key> {
    let ids: Vec<UnitId> = wire::units(units, field, scope);
    for id in ids.iter().filter(|id| directory.hierarchy().key(id).is_none()) {
        let index = units.iter().position(|unit| *unit == id.name()).unwrap_or(0);
        scope.unknown(&format!("{field}[{index}]"), &id.name());
    }
    ids.iter().filter_map(|id| directory.hierarchy().key(id)).collect()
}

/// Everything that an event names besides units.
pub fn others(event: &pb::Event, authority: &Authority, standing: Standing, scope: &mut Scope<'_>) {
    let directory = &authority.directory;
    let programmes = wire::ids(&event.programmes, "programmes", "programmes", scope);
    for (index, id) in programmes.iter().enumerate() {
        if !directory.programmes().contains_key(id) {
            scope.unknown(&format!("programmes[{index}]"), &name::name("programmes", id));
        }
    }
    if let Some(id) = wire::id(&event.agreement, "agreements", "agreement", scope)
        && !standing.keeps_agreement
    {
        let agreement = directory.agreements().get(&id);
        // An agreement that the caller may not read does not exist for the caller.
        let readable = |homes: &[Key]| authority.agreements.allows(homes, Classification::Unclassified);
        if !agreement.is_some_and(|agreement| readable(&agreement.home_units)) {
            scope.unknown("agreement", &event.agreement);
        }
    }
    for (field, marker) in [("marker_from", &event.marker_from), ("marker_to", &event.marker_to)] {
        if let Some(id) = wire::id(marker, "markers", field, scope)
            && !directory.markers().contains_key(&id)
        {
            scope.unknown(field, marker);
        }
    }
    if event.marker_from.is_empty() && !event.marker_to.is_empty() {
        let why = "is required where there is a last marker";
        scope.add(reason::REQUIRED_FIELD, "marker_from", why);
    }
    let border = |marker: &str| {
        let id = name::collection_id(marker, "markers")?;
        directory.markers().get(id).map(|marker| marker.border.as_str())
    };
    if let (Some(from), Some(to)) = (border(&event.marker_from), border(&event.marker_to))
        && from != to
    {
        scope.invalid("marker_to", format!("stands on the border {to}, not on {from}"));
    }
    // Campaigns are reporting's; here only their names can be told from others.
    wire::id(&event.campaign, "calendars/campaign/periods", "campaign", scope);
    attachments(&event.attachments, authority, scope);
}

fn attachments(attachments: &[pb::EventAttachment], authority: &Authority, scope: &mut Scope<'_>) {
    wire::at_most(MAX_LIST, attachments.len(), "attachments", scope);
    for (index, given) in attachments.iter().take(MAX_LIST).enumerate() {
        let mut scope = scope.scope(&format!("attachments[{index}]"));
        let digest = attachment::required_digest(&given.attachment, "attachment", &mut scope);
        let names_it_too = |other: &pb::EventAttachment| other.attachment == given.attachment;
        if digest.is_some() && attachments[..index].iter().any(names_it_too) {
            scope.invalid("attachment", format!("{:?} is named twice", given.attachment));
        } else if digest.is_some_and(|digest| !authority.attachments.contains(&digest)) {
            // One that the caller may not name does not exist for the caller.
            scope.unknown("attachment", &given.attachment);
        }
        if given.file_name.is_empty() {
            scope.required("file_name");
        }
        wire::line(&given.file_name, MAX_NAME, "file_name", &mut scope);
        wire::line(&given.title, MAX_NAME, "title", &mut scope);
    }
}
