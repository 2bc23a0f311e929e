//! `unit create` and `unit update`: a unit, or corrections of one, from flags.
//!
//! It owns how flags become a unit and the mask of what was given. What is true from a day on only is a reorganisation,
//! which has files of its own.

use crate::error::Error;
use crate::given::{Draft, Given, Names, each, given, text};
use crate::globals::Session;
use crate::{change, dynamic, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use banggiao_contracts::r#type::v1::GeoPoint;
use clap::Args;
use prost_types::FieldMask;
use std::collections::BTreeMap;

/// The unit to record.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The id that it shall have.
    #[arg(value_name = "ID", value_parser = names::unit)]
    pub name: String,
    /// Its country: VN, KH, LA.
    #[arg(long, value_parser = names::country)]
    pub country: String,
    /// Its kind, as PROVINCIAL_COMMAND; `unit-kind list` has them all.
    #[arg(long, value_parser = names::unit_kind)]
    pub kind: String,
    /// The unit above it; a root has none.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub parent: Option<String>,
    /// First day.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub start_date: String,
    /// Last day, inclusive.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub end_date: Option<String>,
    /// Its names.
    #[command(flatten)]
    pub names: Names,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The fields to correct. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The unit.
    #[arg(value_parser = names::unit)]
    pub name: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The day whose version name and kind are corrected; by default today, or the last version.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub as_of: Option<String>,
    /// Its kind, as PROVINCIAL_COMMAND.
    #[arg(long, value_parser = names::unit_kind)]
    pub kind: Option<String>,
    /// Its names; those in other languages stay.
    #[command(flatten)]
    pub names: Names,
    /// Everything else.
    #[command(flatten)]
    pub details: Details,
    /// Etag that was read: the unit must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What is true of a unit whatever the day. Lists are given as a whole.
#[derive(Debug, Clone, Default, Args)]
pub struct Details {
    /// Another way in which the unit is written or was called; may be given several times.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub alias: Vec<Given<String>>,
    /// Where it is, as an address or the name of a place.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub locality: Option<Given<String>>,
    /// Whom to reach there, person and phone if known, and from which to which day; may be given several times.
    #[arg(long, value_name = "OFFICE|PERSON|PHONE|FROM|TO", value_parser = given(contact))]
    pub contact: Vec<Given<pb::Contact>>,
    /// Where it is on the ground, in degrees of WGS-84.
    #[arg(long, value_name = "LAT,LON", value_parser = given(point))]
    pub point: Option<Given<GeoPoint>>,
}

impl Details {
    fn put(self, draft: &mut Draft<pb::Unit>) {
        draft.put("aliases", each(self.alias), |unit, aliases| unit.aliases = aliases);
        draft.put("locality", self.locality, |unit, locality| unit.locality = locality);
        draft.put("contacts", each(self.contact), |unit, contacts| {
            unit.contacts = contacts;
        });
        draft.put("point", self.point, |unit, point| unit.point = Some(point));
    }
}

/// A contact, `OFFICE|PERSON|PHONE|FROM|TO`; what is behind the office may be left out.
fn contact(text: &str) -> Result<pb::Contact, String> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    if parts.len() > 5 {
        return Err(format!("\"{text}\" has more parts than OFFICE|PERSON|PHONE|FROM|TO"));
    }
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    let day = |index: usize| match part(index) {
        "" => Ok(String::new()),
        day => names::day(day),
    };
    if part(0).is_empty() {
        return Err(format!("\"{text}\" names no office"));
    }
    Ok(pb::Contact {
        office: part(0).to_owned(),
        person_name: part(1).to_owned(),
        phone: part(2).to_owned(),
        start_date: day(3)?,
        end_date: day(4)?,
    })
}

/// A point, `LAT,LON`, as 11.3,106.1.
pub(crate) fn point(text: &str) -> Result<GeoPoint, String> {
    let degrees = |part: &str, most: f64| {
        let degrees: f64 = part.trim().parse().ok()?;
        (-most..=most).contains(&degrees).then_some(degrees)
    };
    let point = text.split_once(',').and_then(|(latitude, longitude)| {
        Some(GeoPoint {
            latitude: degrees(latitude, 90.0)?,
            longitude: degrees(longitude, 180.0)?,
        })
    });
    point.ok_or_else(|| format!("\"{text}\" is not a point such as 11.3,106.1: degrees north and degrees east"))
}

impl Create {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::CreateUnitRequest {
        let mut draft = Draft::new(pb::Unit {
            country: self.country,
            kind: self.kind,
            parent: self.parent.unwrap_or_default(),
            start_date: self.start_date,
            end_date: self.end_date.unwrap_or_default(),
            names: self.names.over(BTreeMap::new()),
            ..pb::Unit::default()
        });
        self.details.put(&mut draft);
        pb::CreateUnitRequest {
            unit_id: names::short(&self.name),
            unit: Some(draft.message),
            validate_only: self.dry_run,
            ..pb::CreateUnitRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let method = "banggiao.registry.v1.UnitService/CreateUnit";
        change::resource(session, &nouns::UNIT, method, &self.request(), dry_run).await
    }
}

impl Update {
    /// The request, without its id; `current` is the unit as it stands if a name is given, since the contract takes the
    /// names in all languages together.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to correct.
    pub fn request(self, current: pb::Unit) -> Result<pb::UpdateUnitRequest, Error> {
        let mut draft = Draft::new(pb::Unit {
            name: self.name,
            etag: self.etag.unwrap_or(current.etag),
            ..pb::Unit::default()
        });
        draft.put("names", self.names.given(current.names), |unit, names| {
            unit.names = names;
        });
        draft.put("kind", self.kind.map(Given::Value), |unit, kind| unit.kind = kind);
        self.details.put(&mut draft);
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to correct is given".into()));
        }
        Ok(pb::UpdateUnitRequest {
            unit: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            as_of: self.as_of.unwrap_or_default(),
            reason: self.reason,
            validate_only: self.dry_run,
            ..pb::UpdateUnitRequest::default()
        })
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let current = if self.names.any() {
            let request = pb::GetUnitRequest {
                name: self.name.clone(),
                as_of: self.as_of.clone().unwrap_or_default(),
            };
            dynamic::ask(&session.connection, nouns::UNIT.get, &request).await?
        } else {
            pb::Unit::default()
        };
        let method = "banggiao.registry.v1.UnitService/UpdateUnit";
        change::resource(session, &nouns::UNIT, method, &self.request(current)?, dry_run).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_has_up_to_five_parts() {
        let whole = contact("Trợ lý đối ngoại | Nguyễn Văn A | 0276 1 | 2024-01-01 | 2024-12-31").unwrap();
        assert_eq!(
            (whole.office.as_str(), whole.phone.as_str()),
            ("Trợ lý đối ngoại", "0276 1")
        );
        assert_eq!(
            (whole.start_date.as_str(), whole.end_date.as_str()),
            ("2024-01-01", "2024-12-31")
        );
        let office = contact("Trực ban||113").unwrap();
        assert_eq!((office.person_name.as_str(), office.phone.as_str()), ("", "113"));
        for text in ["|A", "a|b|c|1-1-2024", "a|b|c|||f"] {
            assert!(contact(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_point_is_north_then_east() {
        let found = point("11.31, 106.1").unwrap();
        assert_eq!((found.latitude, found.longitude), (11.31, 106.1));
        for text in ["106.1,11.3", "11.3", "11,3,106,1", "x,y", "NaN,1", "91,1"] {
            assert!(point(text).is_err(), "{text}");
        }
    }
}
