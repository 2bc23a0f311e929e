//! `transfer`: what an office machine has recorded goes on in a cluster, on PostgreSQL.
//!
//! It owns the order and what is said about it. How rows travel is known to the store.

use std::path::PathBuf;

use banggiao_cli::{Error, Globals, output};
use banggiao_runtime::process;
use tokio_util::sync::CancellationToken;

use crate::restore::check;

/// What to transfer, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a backup, made by this version of the program.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The registry's empty database, as postgres://USER@HOST/registry.
    #[arg(long, value_name = "URL", env = "BANGGIAO_REGISTRY_DATABASE", hide_env_values = true)]
    registry: String,
    /// The journal's empty database.
    #[arg(long, value_name = "URL", env = "BANGGIAO_JOURNAL_DATABASE", hide_env_values = true)]
    journal: String,
    /// Reporting's empty database.
    #[arg(
        long,
        value_name = "URL",
        env = "BANGGIAO_REPORTING_DATABASE",
        hide_env_values = true
    )]
    reporting: String,
}

/// Checks the backup, fills the three databases, and tells what is in them and what to do next.
pub async fn run(args: Args, globals: &Globals) -> Result<(), Error> {
    let lang = globals.language();
    let stop = CancellationToken::new();
    tokio::spawn(process::cancel_on_signal(stop.clone()));
    check::backup(&args.dir, lang, &stop).await?;
    let of = |service: &str| args.dir.join(format!("{service}.db"));
    let moved = [
        (
            "registry",
            banggiao_registry::transfer(&of("registry"), &args.registry).await,
        ),
        (
            "journal",
            banggiao_journal::transfer(&of("journal"), &args.journal).await,
        ),
        (
            "reporting",
            banggiao_reporting::transfer(&of("reporting"), &args.reporting).await,
        ),
    ];
    for (service, moved) in moved {
        let tables = moved.map_err(|error| anyhow::Error::new(error).context(format!("the database of {service}")))?;
        let rows: u64 = tables.iter().map(|(_, rows)| rows).sum();
        output::note(&lang.pick(
            format!("{service}: {rows} rows in {} tables", tables.len()),
            format!("{service}: {rows} dòng trong {} bảng", tables.len()),
        ));
    }
    output::note(lang.pick(
        "attachments are files: copy the folder `attachments` to where the journal's configuration says\nthen start the \
         services and declare that the log goes on from there: banggiao ledger recover --reason TEXT",
        "tệp đính kèm nằm ngoài cơ sở dữ liệu: chép thư mục `attachments` vào nơi ghi trong cấu hình của journal\nsau đó \
         chạy các dịch vụ và khai báo nhật ký tiếp tục từ đó: banggiao ledger recover --reason LÝ_DO",
    ));
    Ok(())
}
