//! The verbs of boundary markers.
//!
//! It owns their flags and how these become requests.

use super::unit::entry::point;
use crate::error::Error;
use crate::given::{Draft, Given, each, given};
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{change, choices, names, nouns};
use banggiao_contracts::registry::v1 as pb;
use banggiao_contracts::r#type::v1::GeoPoint;
use banggiao_model::marker;
use clap::{Args, Subcommand};
use prost_types::FieldMask;

/// What can be done with boundary markers.
#[derive(Debug, Clone, Subcommand)]
pub enum MarkerVerb {
    /// List boundary markers along the border.
    List(MarkerList),
    /// Show a boundary marker.
    Get {
        /// The marker, by id (vn-kh-65) or by its number on the border with Cambodia (65, 127(1), 229/12).
        #[arg(value_parser = names::marker)]
        name: String,
        /// The day whose responsible units are shown; by default today.
        #[arg(long, value_name = "DATE", value_parser = names::day)]
        as_of: Option<String>,
    },
    /// Record boundary markers of the same responsible units, all or none.
    Create(Create),
    /// Change a boundary marker; an empty value clears a field.
    Update(Update),
}

/// Which markers a list shall hold.
#[derive(Debug, Clone, Default, Args)]
pub struct MarkerList {
    /// Only markers of this border, as VN-KH.
    #[arg(long, value_parser = names::border)]
    pub border: Option<String>,
    /// Only markers for which this unit, or one below it, is responsible today.
    #[arg(long, value_parser = names::unit)]
    pub unit: Option<String>,
    /// Only markers in these states: planned, standing, damaged, lost.
    #[arg(long, value_delimiter = ',', value_parser = choices::marker_status)]
    pub status: Vec<pb::MarkerStatus>,
    /// Only this marker and those behind it along its border.
    #[arg(long, value_name = "MARKER", value_parser = names::marker)]
    pub from: Option<String>,
    /// Only this marker and those before it along its border.
    #[arg(long, value_name = "MARKER", value_parser = names::marker)]
    pub to: Option<String>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: PageArgs,
}

/// The markers to record.
#[derive(Debug, Clone, Args)]
pub struct Create {
    /// The numbers as painted on the markers: 65, 127(1), 229/12.
    #[arg(value_name = "NUMBER", required = true, value_parser = number)]
    pub numbers: Vec<String>,
    /// Their border: two countries, the home country first.
    #[arg(long, default_value = "VN-KH", value_parser = names::border)]
    pub border: String,
    /// The responsible unit of the home side.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub home_unit: String,
    /// The responsible unit of the partner side.
    #[arg(long, value_name = "UNIT", value_parser = names::unit)]
    pub partner_unit: String,
    /// In what state they stand: planned, standing, damaged, lost.
    #[arg(long, value_parser = choices::marker_status)]
    pub status: Option<pb::MarkerStatus>,
    /// Where the marker stands, in degrees of WGS-84; for one marker only.
    #[arg(long, value_name = "LAT,LON", value_parser = point)]
    pub point: Option<GeoPoint>,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The fields to change. An empty value clears a field.
#[derive(Debug, Clone, Args)]
pub struct Update {
    /// The marker, by id or number.
    #[arg(value_parser = names::marker)]
    pub name: String,
    /// The responsible unit of the home side as recorded.
    #[arg(long, value_name = "UNIT", value_parser = given(names::unit))]
    pub home_unit: Option<Given<String>>,
    /// The responsible unit of the partner side as recorded.
    #[arg(long, value_name = "UNIT", value_parser = given(names::unit))]
    pub partner_unit: Option<Given<String>>,
    /// In what state it stands: planned, standing, damaged, lost.
    #[arg(long, value_parser = given(choices::marker_status))]
    pub status: Option<Given<pb::MarkerStatus>>,
    /// Where it stands, in degrees of WGS-84.
    #[arg(long, value_name = "LAT,LON", value_parser = given(point))]
    pub point: Option<Given<GeoPoint>>,
    /// A unit that became responsible, and from which day on; may be given several times, and all are given together.
    #[arg(long, value_name = "UNIT:DATE", value_parser = given(responsibility))]
    pub responsibility: Vec<Given<pb::Responsibility>>,
    /// Etag that was read: the marker must not have changed since.
    #[arg(long)]
    pub etag: Option<String>,
    /// Only check, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

fn number(text: &str) -> Result<String, String> {
    let number = marker::Number::parse(text).map_err(|error| error.to_string())?;
    Ok(number.to_string())
}

/// A responsibility, `UNIT:DATE`.
fn responsibility(text: &str) -> Result<pb::Responsibility, String> {
    let (unit, day) = text
        .split_once(':')
        .ok_or_else(|| format!("\"{text}\" is not of the form UNIT:DATE"))?;
    Ok(pb::Responsibility {
        unit: names::unit(unit.trim())?,
        start_date: names::day(day.trim())?,
    })
}

impl MarkerList {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::ListMarkersRequest {
        pb::ListMarkersRequest {
            filter: Some(pb::MarkerFilter {
                border: self.border.clone().unwrap_or_default(),
                unit: self.unit.clone().unwrap_or_default(),
                statuses: self.status.iter().map(|status| i32::from(*status)).collect(),
                marker_from: self.from.clone().unwrap_or_default(),
                marker_to: self.to.clone().unwrap_or_default(),
            }),
            ..pb::ListMarkersRequest::default()
        }
    }
}

impl Create {
    /// The request, without its id.
    ///
    /// # Errors
    /// [`Error::Usage`] if several markers are to stand on one point.
    pub fn request(self) -> Result<pb::BatchCreateMarkersRequest, Error> {
        if self.point.is_some() && self.numbers.len() > 1 {
            return Err(Error::Usage("--point is for one marker only".into()));
        }
        let marker = |number: String| pb::Marker {
            border: self.border.clone(),
            number,
            home_unit: self.home_unit.clone(),
            partner_unit: self.partner_unit.clone(),
            status: self.status.unwrap_or_default().into(),
            point: self.point,
            ..pb::Marker::default()
        };
        Ok(pb::BatchCreateMarkersRequest {
            markers: self.numbers.iter().cloned().map(marker).collect(),
            validate_only: self.dry_run,
            ..pb::BatchCreateMarkersRequest::default()
        })
    }

    async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let method = "banggiao.registry.v1.MarkerService/BatchCreateMarkers";
        let response = change::send(session, method, &self.request()?).await?;
        change::tell_dry_run(session, dry_run);
        listing::print_list(session, &nouns::MARKER, &response)
    }
}

impl Update {
    /// The request, without its id.
    ///
    /// # Errors
    /// [`Error::Usage`] if nothing is given to change.
    pub fn request(self) -> Result<pb::UpdateMarkerRequest, Error> {
        let mut draft = Draft::new(pb::Marker {
            name: self.name,
            etag: self.etag.unwrap_or_default(),
            ..pb::Marker::default()
        });
        draft.put("home_unit", self.home_unit, |marker, unit| marker.home_unit = unit);
        draft.put("partner_unit", self.partner_unit, |marker, unit| {
            marker.partner_unit = unit;
        });
        draft.put("status", self.status, |marker, status| marker.status = status.into());
        draft.put("point", self.point, |marker, point| marker.point = Some(point));
        draft.put("responsibilities", each(self.responsibility), |marker, all| {
            marker.responsibilities = all;
        });
        if draft.paths.is_empty() {
            return Err(Error::Usage("no field to change is given".into()));
        }
        Ok(pb::UpdateMarkerRequest {
            marker: Some(draft.message),
            update_mask: Some(FieldMask { paths: draft.paths }),
            validate_only: self.dry_run,
            ..pb::UpdateMarkerRequest::default()
        })
    }
}

impl MarkerVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(args) => listing::list(session, &nouns::MARKER, &args.request(), &args.page).await,
            Self::Get { name, as_of } => {
                let as_of = as_of.unwrap_or_default();
                listing::get(session, &nouns::MARKER, &pb::GetMarkerRequest { name, as_of }).await
            }
            Self::Create(create) => create.run(session).await,
            Self::Update(update) => {
                let dry_run = update.dry_run;
                let method = "banggiao.registry.v1.MarkerService/UpdateMarker";
                change::resource(session, &nouns::MARKER, method, &update.request()?, dry_run).await
            }
        }
    }
}
