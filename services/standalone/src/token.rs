//! `token`: tokens made with the signing key of a data folder, by whoever may read that folder.

use std::path::PathBuf;

use anyhow::ensure;
use banggiao_cli::{Error, Globals, PageArgs, access, names, output};
use banggiao_model::{clock::SystemClock, name};

use crate::data_dir;

/// What can be done with tokens.
#[derive(Debug, clap::Subcommand)]
pub enum TokenVerb {
    /// Print a token for a principal. What the principal may do is decided by its grants.
    Issue {
        /// Id of the principal, as administrator.
        #[arg(long)]
        principal: String,
        /// Days for which the token holds.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3660))]
        days: i64,
        /// Folder of the installation [default: the user's data folder].
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// List the tokens that were issued and have not expired, and those that were revoked.
    List {
        /// Only tokens of this principal.
        #[arg(long, value_parser = names::principal)]
        principal: Option<String>,
        /// Which part of the list.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Have a token refused from now on.
    Revoke {
        /// The token's id, as the list has it.
        #[arg(value_parser = names::token)]
        name: String,
    },
}

/// Does it.
pub async fn run(verb: TokenVerb, globals: &Globals) -> Result<(), Error> {
    match verb {
        TokenVerb::Issue {
            principal,
            days,
            data_dir,
        } => output::data(&issue(&principal, days, data_dir)?),
        TokenVerb::List { principal, page } => access::list_tokens(&globals.session()?, principal, &page).await,
        TokenVerb::Revoke { name } => access::revoke_token(&globals.session()?, name).await,
    }
}

fn issue(principal: &str, days: i64, data_dir: Option<PathBuf>) -> anyhow::Result<String> {
    let principal = principal.strip_prefix("principals/").unwrap_or(principal);
    ensure!(name::valid_id(principal), "{principal:?} is not the id of a principal");
    let data_dir = data_dir.map_or_else(data_dir::of_user, Ok)?;
    ensure!(
        data_dir.join("signing.key").exists(),
        "{} holds no signing key; banggiao up makes one",
        data_dir.display()
    );
    let issuer = data_dir::issuer(&data_dir)?;
    let (token, issued) = data_dir::issue(&issuer, principal, days * 24 * 3600, &SystemClock)?;
    // Noted before it is given away: what nobody knows of cannot be revoked.
    data_dir::note(&data_dir, &issued)?;
    Ok(token)
}
