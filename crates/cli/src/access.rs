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
    /// Rename a principal, disable it, or let it in again.
    Update {
        /// The principal.
        #[arg(value_parser = names::principal)]
        name: String,
        /// The office or service, for people to read.
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        /// It may do nothing, and its tokens are refused.
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// It is let in again.
        #[arg(long)]
        enable: bool,
        /// Etag that was read: the principal must not have changed since.
        #[arg(long)]
        etag: Option<String>,
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
            Self::Update {
                name,
                display_name,
                disable,
                enable,
                etag,
            } => {
                let masked = [
                    (display_name.is_some(), "display_name"),
                    (disable || enable, "disabled"),
                ];
                let paths = masked.into_iter().filter(|(given, _)| *given);
                let mask = prost_types::FieldMask {
                    paths: paths.map(|(_, path)| path.to_owned()).collect(),
                };
                let request = pb::UpdatePrincipalRequest {
                    principal: Some(pb::Principal {
                        name,
                        display_name: display_name.unwrap_or_default(),
                        disabled: disable,
                        etag: etag.unwrap_or_default(),
                        ..pb::Principal::default()
                    }),
                    update_mask: Some(mask),
                    ..pb::UpdatePrincipalRequest::default()
                };
                let connection = &session.connection;
                let principal = connection.call(connection.access().update_principal(request)).await?;
                listing::print(session, &nouns::PRINCIPAL, &principal)
            }
        }
    }
}

/// What can be done with grants.
#[derive(Debug, Clone, Subcommand)]
pub enum GrantVerb {
    /// List the grants that were not revoked.
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
        /// First day; by default at once.
        #[arg(long, value_name = "DATE", value_parser = names::day)]
        start_date: Option<String>,
        /// Last day, inclusive; by default until it is revoked.
        #[arg(long, value_name = "DATE", value_parser = names::day)]
        end_date: Option<String>,
        /// Approve for this principal while that one is away; with --role approver and --end-date.
        #[arg(long, value_name = "PRINCIPAL", value_parser = names::principal)]
        substitute_for: Option<String>,
    },
    /// Confirm a grant that another administrator proposed.
    Confirm {
        /// The grant.
        #[arg(value_parser = names::grant)]
        name: String,
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
                start_date,
                end_date,
                substitute_for,
            } => {
                let grant = pb::Grant {
                    principal,
                    role: role.into(),
                    unit: unit.unwrap_or_default(),
                    clearance: clearance.unwrap_or_default().into(),
                    start_date: start_date.unwrap_or_default(),
                    end_date: end_date.unwrap_or_default(),
                    substitute_for: substitute_for.unwrap_or_default(),
                    ..pb::Grant::default()
                };
                let request = pb::GrantRoleRequest {
                    grant: Some(grant),
                    ..pb::GrantRoleRequest::default()
                };
                let grant = connection.call(connection.access().grant_role(request)).await?;
                if grant.proposed {
                    output::note(session.lang.pick(
                        "proposed: another administrator has to confirm it",
                        "mới đề nghị: cần một quản trị viên khác xác nhận",
                    ));
                }
                listing::print(session, &nouns::GRANT, &grant)
            }
            Self::Confirm { name } => {
                let request = pb::ConfirmGrantRequest {
                    name,
                    ..pb::ConfirmGrantRequest::default()
                };
                let grant = connection.call(connection.access().confirm_grant(request)).await?;
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

/// Lists the tokens that were issued or revoked.
///
/// # Errors
/// As the list's method.
pub async fn list_tokens(session: &Session, principal: Option<String>, page: &PageArgs) -> Result<(), Error> {
    let request = pb::ListTokensRequest {
        principal: principal.unwrap_or_default(),
        ..pb::ListTokensRequest::default()
    };
    listing::list(session, &nouns::TOKEN, &request, page).await
}

/// Has a token refused from now on.
///
/// # Errors
/// As the method.
pub async fn revoke_token(session: &Session, name: String) -> Result<(), Error> {
    let connection = &session.connection;
    let request = pb::RevokeTokenRequest {
        name,
        ..pb::RevokeTokenRequest::default()
    };
    let token = connection.call(connection.access().revoke_token(request)).await?;
    listing::print(session, &nouns::TOKEN, &token)
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
