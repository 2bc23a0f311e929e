//! The verbs of access: principals, their grants, and who calls.
//!
//! It owns their flags. Tokens are made elsewhere; here they are only carried.

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use crate::{choices, dynamic, json, names, nouns, show};
use banggiao_contracts::registry::v1 as pb;
use banggiao_contracts::r#type::v1::Classification;
use clap::Subcommand;

/// What can be done with principals.
#[derive(Debug, Clone, Subcommand)]
pub enum PrincipalVerb {
    /// List principals.
    List(PageArgs),
    /// Show a principal.
    Get {
        /// The principal.
        #[arg(value_parser = names::principal)]
        name: String,
    },
    /// Record a principal.
    Create {
        /// The id, which is the subject of its tokens.
        #[arg(value_name = "ID", value_parser = names::principal)]
        name: String,
        /// The office or service, for people to read.
        #[arg(long, value_name = "TEXT")]
        display_name: String,
    },
}

impl PrincipalVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        match self {
            Self::List(page) => {
                listing::list(session, &nouns::PRINCIPAL, &pb::ListPrincipalsRequest::default(), &page).await
            }
            Self::Get { name } => listing::get(session, &nouns::PRINCIPAL, &pb::GetPrincipalRequest { name }).await,
            Self::Create { name, display_name } => {
                let request = pb::CreatePrincipalRequest {
                    principal_id: names::short(&name),
                    principal: Some(pb::Principal {
                        display_name,
                        ..pb::Principal::default()
                    }),
                    ..pb::CreatePrincipalRequest::default()
                };
                let connection = &session.connection;
                let principal = connection.call(connection.access().create_principal(request)).await?;
                listing::print(session, &nouns::PRINCIPAL, &principal)
            }
        }
    }
}

/// What can be done with grants.
#[derive(Debug, Clone, Subcommand)]
pub enum GrantVerb {
    /// List the grants that hold.
    List {
        /// Only grants of this principal.
        #[arg(long, value_parser = names::principal)]
        principal: Option<String>,
        /// Which part of the list.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Give a principal a role.
    Create {
        /// Who gets the role.
        #[arg(long, value_parser = names::principal)]
        principal: String,
        /// The role: reader, recorder, approver, registrar, auditor, administrator, service.
        #[arg(long, value_parser = choices::role)]
        role: pb::Role,
        /// For this unit and all below it; without it, for everything.
        #[arg(long, value_parser = names::unit)]
        unit: Option<String>,
        /// The highest classification that may be read: confidential, secret, top-secret.
        #[arg(long, value_parser = choices::classification)]
        clearance: Option<Classification>,
    },
    /// Take a grant back.
    Revoke {
        /// The grant.
        #[arg(value_parser = names::grant)]
        name: String,
    },
}

impl GrantVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        let connection = &session.connection;
        match self {
            Self::List { principal, page } => {
                let request = pb::ListGrantsRequest {
                    principal: principal.unwrap_or_default(),
                    ..pb::ListGrantsRequest::default()
                };
                listing::list(session, &nouns::GRANT, &request, &page).await
            }
            Self::Create {
                principal,
                role,
                unit,
                clearance,
            } => {
                let grant = pb::Grant {
                    principal,
                    role: role.into(),
                    unit: unit.unwrap_or_default(),
                    clearance: clearance.unwrap_or_default().into(),
                    ..pb::Grant::default()
                };
                let request = pb::GrantRoleRequest {
                    grant: Some(grant),
                    ..pb::GrantRoleRequest::default()
                };
                let grant = connection.call(connection.access().grant_role(request)).await?;
                listing::print(session, &nouns::GRANT, &grant)
            }
            Self::Revoke { name } => {
                let request = pb::RevokeGrantRequest {
                    name: name.clone(),
                    ..pb::RevokeGrantRequest::default()
                };
                let response = connection.call(connection.access().revoke_grant(request)).await?;
                if session.output == Output::Json {
                    return output::data(&json::typed(&response)?);
                }
                output::note(
                    &session
                        .lang
                        .pick(format!("{name} no longer holds"), format!("{name} đã thu hồi")),
                );
                Ok(())
            }
        }
    }
}

/// Tells who calls, with what roles, at which installation.
///
/// # Errors
/// UNAUTHENTICATED if the server does not know.
pub async fn whoami(session: &Session) -> Result<(), Error> {
    let connection = &session.connection;
    let response = connection
        .call(connection.access().who_am_i(pb::WhoAmIRequest {}))
        .await?;
    if session.output == Output::Json {
        return output::data(&json::typed(&response)?);
    }
    let table = whoami_table(session, &response)?;
    output::data(&match session.output {
        Output::Csv => table.csv()?,
        Output::Table | Output::Json => table.render(session.lang, output::width()),
    })
}

/// One row per grant, or a single row without role if there is none: who calls is told in any case.
fn whoami_table(session: &Session, response: &pb::WhoAmIResponse) -> Result<Table, Error> {
    let lang = session.lang;
    let principal = response.principal.clone().unwrap_or_default();
    let grant_columns: Vec<_> = nouns::GRANT
        .columns
        .iter()
        .filter(|c| !["name", "principal"].contains(&c.path))
        .collect();
    let mut columns = vec![
        Column::new("principal", lang.pick("Principal", "Người dùng")),
        Column::new("installation", lang.pick("Installation", "Hệ thống")),
    ];
    columns.extend(
        grant_columns
            .iter()
            .map(|column| Column::new(column.path, lang.pick(column.en, column.vi))),
    );
    let mut table = Table::new(columns);
    table.set_title(principal.display_name);
    let who = [
        Cell::text(names::short(&principal.name)),
        Cell::text(response.installation.clone()),
    ];
    let none = pb::Grant::default();
    let grants = if response.grants.is_empty() {
        std::slice::from_ref(&none)
    } else {
        &response.grants[..]
    };
    for grant in grants {
        let message = dynamic::message(grant)?;
        let cells = grant_columns
            .iter()
            .map(|column| show::cell(&message, column.path, lang));
        table.push(who.iter().cloned().chain(cells).collect());
    }
    Ok(table)
}
