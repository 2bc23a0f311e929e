//! `token`: tokens made with the signing key of a data folder, by whoever may read that folder.

use std::path::PathBuf;

use anyhow::ensure;
use banggiao_cli::{Error, output};
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
}

/// Does it.
pub fn run(verb: TokenVerb) -> Result<(), Error> {
    output::data(&token(verb)?)
}

fn token(verb: TokenVerb) -> anyhow::Result<String> {
    let TokenVerb::Issue {
        principal,
        days,
        data_dir,
    } = verb;
    let principal = principal.strip_prefix("principals/").unwrap_or(&principal);
    ensure!(name::valid_id(principal), "{principal:?} is not the id of a principal");
    let data_dir = data_dir.map_or_else(data_dir::of_user, Ok)?;
    ensure!(
        data_dir.join("signing.key").exists(),
        "{} holds no signing key; banggiao up makes one",
        data_dir.display()
    );
    let issuer = data_dir::issuer(&data_dir)?;
    data_dir::issue(&issuer, principal, days * 24 * 3600, &SystemClock)
}
