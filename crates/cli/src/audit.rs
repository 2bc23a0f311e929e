//! The audit trails: what was changed, what was refused, to whom, by which rule.
//!
//! It owns the flags of their list. Each service keeps a trail of its own.

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{names, nouns};
use banggiao_contracts::r#type::v1::AuditFilter;
use banggiao_contracts::{journal, registry, reporting};
use banggiao_model::{date, name};
use clap::{Args, Subcommand, ValueEnum};
use prost_types::Timestamp;

/// What can be done with audit trails.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditVerb {
    /// List entries of a service's trail, newest first.
    List(Box<List>),
}

/// Which entries.
#[derive(Debug, Clone, Args)]
pub struct List {
    /// Whose trail.
    #[arg(long, value_enum, default_value_t = Service::Journal)]
    service: Service,
    /// Only calls of this principal.
    #[arg(long, value_parser = names::principal)]
    principal: Option<String>,
    /// Only calls about this resource, as events/e01.
    #[arg(long, value_name = "NAME")]
    resource: Option<String>,
    /// Only calls of this method, as LogEvent.
    #[arg(long)]
    method: Option<String>,
    /// Only calls that ended so, as PERMISSION_DENIED.
    #[arg(long, value_name = "STATUS")]
    code: Option<String>,
    /// Only calls of this day or later.
    #[arg(long, value_name = "DATE", value_parser = beginning)]
    from: Option<Timestamp>,
    /// Only calls before this day.
    #[arg(long, value_name = "DATE", value_parser = beginning)]
    until: Option<Timestamp>,
    /// Which part of the list.
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    Registry,
    Journal,
    Reporting,
}

/// When a day begins in Việt Nam.
fn beginning(text: &str) -> Result<Timestamp, String> {
    let day = date::parse(text).map_err(|error| error.to_string())?;
    let begins = date::beginning_in_vietnam(day).ok_or_else(|| format!("\"{text}\" is out of the calendar"))?;
    Ok(Timestamp {
        seconds: begins.as_second(),
        nanos: 0,
    })
}

impl AuditVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        let Self::List(list) = self;
        let page = list.page;
        let filter = Some(AuditFilter {
            principal: list.principal.unwrap_or_default(),
            resource: list.resource.unwrap_or_default(),
            method: list.method.unwrap_or_default(),
            code: name::id_to_code(&list.code.unwrap_or_default()),
            from_time: list.from,
            until_time: list.until,
        });
        match list.service {
            Service::Registry => {
                let request = registry::v1::ListAuditEntriesRequest {
                    filter,
                    ..Default::default()
                };
                listing::list(session, &nouns::REGISTRY_AUDIT, &request, &page).await
            }
            Service::Journal => {
                let request = journal::v1::ListAuditEntriesRequest {
                    filter,
                    ..Default::default()
                };
                listing::list(session, &nouns::JOURNAL_AUDIT, &request, &page).await
            }
            Service::Reporting => {
                let request = reporting::v1::ListAuditEntriesRequest {
                    filter,
                    ..Default::default()
                };
                listing::list(session, &nouns::REPORTING_AUDIT, &request, &page).await
            }
        }
    }
}
