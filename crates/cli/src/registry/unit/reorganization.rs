//! `unit reorganize` and `unit revoke`.
//!
//! It owns how the consequences are shown: which versions end and begin, which units end, which agreements need a
//! successor, and what the journal has recorded at units that end. What files look like stands in
//! [`super::reorganization_file`].

use super::reorganization_file;
use crate::error::{Error, code_name};
use crate::globals::{Lang, Session};
use crate::listing::{self, PageArgs};
use crate::output::{self, Output};
use crate::table::{self, Cell, Column, Table};
use crate::{change, dynamic, json, names, nouns, show};
use banggiao_contracts::journal::v1 as journal;
use banggiao_contracts::registry::v1 as pb;
use clap::Args;

/// The reorganisation to record.
#[derive(Debug, Clone, Args)]
pub struct Reorganize {
    /// The file: a reorganisation as protobuf JSON, or its acts as CSV with the columns of reorganizations.csv and, where
    /// needed, legal_date, unit_kind, country, parent, name_vi, name_en, name_km, name_lo; `-` reads from stdin.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Only show what would change, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The reorganisation to revoke.
#[derive(Debug, Clone, Args)]
pub struct Revoke {
    /// The reorganisation; `unit reorganizations` has them all.
    #[arg(value_name = "REORGANIZATION", value_parser = names::reorganization)]
    pub name: String,
    /// The text that revokes it.
    #[arg(long, value_name = "TEXT")]
    pub legal_basis: String,
    /// What happened, in a sentence.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Only show what would change, store nothing.
    #[arg(long)]
    pub dry_run: bool,
}

impl Reorganize {
    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let request = pb::ReorganizeUnitsRequest {
            reorganization: Some(reorganization_file::read(&self.file)?),
            validate_only: self.dry_run,
            ..pb::ReorganizeUnitsRequest::default()
        };
        let method = "banggiao.registry.v1.UnitService/ReorganizeUnits";
        show_changes(session, method, &request, self.dry_run).await
    }
}

impl Revoke {
    /// The request, without its id.
    #[must_use]
    pub fn request(self) -> pb::RevokeReorganizationRequest {
        pb::RevokeReorganizationRequest {
            name: self.name,
            legal_basis: self.legal_basis,
            note: self.note.unwrap_or_default(),
            validate_only: self.dry_run,
            ..pb::RevokeReorganizationRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let dry_run = self.dry_run;
        let method = "banggiao.registry.v1.UnitService/RevokeReorganization";
        show_changes(session, method, &self.request(), dry_run).await
    }
}

/// Sends the request and shows what changes by it.
async fn show_changes<M>(session: &Session, method: &str, request: &M, dry_run: bool) -> Result<(), Error>
where
    M: prost::Message + prost::Name,
{
    let answer = change::send(session, method, request).await?;
    change::tell_dry_run(session, dry_run);
    let response: pb::ReorganizeUnitsResponse = answer.transcode_to().map_err(|error| Error::Failure(error.into()))?;
    let mut remarks = Vec::new();
    if session.output == Output::Json {
        output::data(&json::dynamic(&answer)?)?;
    } else {
        listing::print_table(session, versions(session, &response)?)?;
        remarks = consequences(&response, session.lang);
    }
    if dry_run {
        remarks.push(recorded_later(session, &response).await?);
    }
    for remark in remarks {
        match session.output {
            // Under the table the remarks are data as well; in CSV they would be rows, and JSON is the response alone.
            Output::Table => output::data(&table::wrapped(&remark, output::width()))?,
            Output::Csv | Output::Json => output::note(&remark),
        }
    }
    Ok(())
}

/// The versions that change, each with the side of the effective date on which it stands.
fn versions(session: &Session, response: &pb::ReorganizeUnitsResponse) -> Result<Table, Error> {
    let lang = session.lang;
    let words = match session.output {
        Output::Table => lang,
        // Machines get the same words whoever asks.
        Output::Csv | Output::Json => Lang::En,
    };
    let mut columns = vec![
        Column::new("unit", lang.pick("Unit", "Đơn vị")),
        Column::new("change", lang.pick("When", "Khi")),
    ];
    let shown = || {
        nouns::UNIT_VERSION
            .columns
            .iter()
            .filter(|column| column.path != "level")
    };
    columns.extend(shown().map(|column| {
        // The title has the day on which one goes over into the other.
        let date = column.path.ends_with("_date");
        Column::new(column.path, lang.pick(column.en, column.vi)).detail(if date { 3 } else { column.detail })
    }));
    let mut table = Table::new(columns);
    let none = pb::Reorganization::default();
    let reorganization = response.reorganization.as_ref().unwrap_or(&none);
    table.set_title(title(reorganization, lang));
    for version in &response.changed_versions {
        let message = dynamic::message(version)?;
        let when = when(version, &reorganization.effective_date, words);
        let mut row = vec![Cell::text(names::short(&version.unit)), Cell::text(when)];
        row.extend(shown().map(|column| show::cell(&message, column.path, lang)));
        table.push(row);
    }
    Ok(table)
}

/// On which side of a day a version stands.
fn when(version: &pb::UnitVersion, day: &str, lang: Lang) -> &'static str {
    if version.start_date.as_str() >= day {
        lang.pick("after", "sau")
    } else if !version.end_date.is_empty() && version.end_date.as_str() < day {
        lang.pick("before", "trước")
    } else {
        lang.pick("throughout", "xuyên suốt")
    }
}

fn title(reorganization: &pb::Reorganization, lang: Lang) -> String {
    let date = &reorganization.effective_date;
    let effective = lang.pick(format!("effective {date}"), format!("hiệu lực từ {date}"));
    let parts = [
        names::short(&reorganization.name),
        effective,
        reorganization.legal_basis.clone(),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

fn consequences(response: &pb::ReorganizeUnitsResponse, lang: Lang) -> Vec<String> {
    let list = |all: &[String]| {
        let all: Vec<_> = all.iter().map(|name| names::short(name)).collect();
        if all.is_empty() {
            lang.pick("none", "không có").to_owned()
        } else {
            all.join(", ")
        }
    };
    let ended = &response.ended_units;
    let agreements = &response.agreements_needing_successor;
    vec![
        format!(
            "{} ({}): {}",
            lang.pick("Units that end", "Đơn vị kết thúc"),
            ended.len(),
            list(ended)
        ),
        format!(
            "{} ({}): {}",
            lang.pick("Agreements that need a successor", "Thỏa thuận cần bên kế thừa"),
            agreements.len(),
            list(agreements)
        ),
    ]
}

/// How many events the journal has at each unit that ends, on the effective date or later. What may not be read, or
/// cannot be asked, is said and stands in nobody's way.
async fn recorded_later(session: &Session, response: &pb::ReorganizeUnitsResponse) -> Result<String, Error> {
    let lang = session.lang;
    let none = pb::Reorganization::default();
    let date = &response.reorganization.as_ref().unwrap_or(&none).effective_date;
    let what = lang.pick(
        format!("Events from {date} on at units that end, as far as you may read them"),
        format!("Sự kiện từ {date} tại đơn vị kết thúc mà bạn được xem"),
    );
    let mut counts = Vec::new();
    for unit in &response.ended_units {
        match count_events(session, unit, date).await {
            Ok(0) => {}
            Ok(count) => counts.push(format!("{} {count}", names::short(unit))),
            Err(Error::Status(status)) => {
                let why = code_name(status.code());
                return Ok(lang.pick(
                    format!("{what}: not known, the journal answers {why}"),
                    format!("{what}: không rõ, sổ sự kiện trả lời {why}"),
                ));
            }
            Err(other) => return Err(other),
        }
    }
    let all = if counts.is_empty() {
        "0".to_owned()
    } else {
        counts.join(", ")
    };
    Ok(format!("{what}: {all}"))
}

/// The events that name the unit itself, on either side. Lists are of its subtree, but those below go on elsewhere.
async fn count_events(session: &Session, unit: &str, date: &str) -> Result<usize, Error> {
    let home = journal::EventFilter {
        unit: unit.to_owned(),
        ..journal::EventFilter::default()
    };
    let partner = journal::EventFilter {
        partner_unit: unit.to_owned(),
        ..journal::EventFilter::default()
    };
    let mut count = 0;
    for mut filter in [home, partner] {
        date.clone_into(&mut filter.start_date);
        let request = journal::ListEventsRequest {
            filter: Some(filter),
            ..journal::ListEventsRequest::default()
        };
        let response: journal::ListEventsResponse =
            listing::typed(session, nouns::EVENT.list, &request, &PageArgs::default()).await?;
        let named = |event: &&journal::Event| {
            let further = event.co_home_units.iter().chain(&event.partner_units);
            std::iter::once(&event.home_unit)
                .chain(further)
                .any(|other| other == unit)
        };
        count += response.events.iter().filter(named).count();
    }
    Ok(count)
}
