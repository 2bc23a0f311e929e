//! `restore`: an installation made from a backup, in a folder that is not there yet.
//!
//! It owns what is checked before, and that nothing half-restored is ever in the place of an installation.

pub mod check;

use std::path::{Path, PathBuf};

use anyhow::ensure;
use banggiao_cli::{Error, Globals, Lang, output};
use banggiao_runtime::process;
use tokio_util::sync::CancellationToken;

use crate::{
    backup::{
        draft::{self, Draft},
        manifest::Manifest,
        shown,
    },
    data_dir,
};

/// What to restore, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the backup.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Folder for the installation; it must not exist yet, or be empty [default: the user's data folder].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Checks the backup, restores it, and tells what is there and what to do next.
pub async fn run(args: Args, globals: &Globals) -> Result<(), Error> {
    let lang = globals.language();
    let of_user = args.data_dir.is_none();
    let data_dir = args.data_dir.map_or_else(data_dir::of_user, Ok)?;
    refuse(&data_dir, lang)?;
    let stop = CancellationToken::new();
    tokio::spawn(process::cancel_on_signal(stop.clone()));
    let manifest = check::backup(&args.dir, lang, &stop).await?;
    if draft::is_within(&data_dir, &args.dir)? {
        return Err(Error::Usage(lang.pick(
            format!("{} lies in the backup", data_dir.display()),
            format!("{} nằm trong bản sao lưu", data_dir.display()),
        )));
    }
    put(&args.dir, &manifest, &data_dir, &stop)?;
    shown::print(&manifest, &args.dir, &data_dir, globals)?;
    let next = if of_user {
        "banggiao up".to_owned()
    } else {
        format!("banggiao up --data-dir {}", data_dir.display())
    };
    output::note(&lang.pick(
        format!(
            "restored as of {}; to serve, run: {next}\nthen declare that the log goes on from there: banggiao ledger \
             recover --reason TEXT",
            manifest.create_time
        ),
        format!(
            "đã khôi phục theo bản lúc {}; để phục vụ, hãy chạy: {next}\nsau đó khai báo nhật ký tiếp tục từ đó: banggiao \
             ledger recover --reason LÝ_DO",
            manifest.create_time
        ),
    ));
    Ok(())
}

fn refuse(data_dir: &Path, lang: Lang) -> Result<(), Error> {
    if data_dir::in_use(data_dir) {
        let shown = data_dir.display();
        let text = lang.pick(
            format!("a banggiao runs on the folder {shown}"),
            format!("đang có banggiao chạy trên thư mục {shown}"),
        );
        return Err(anyhow::Error::msg(text).into());
    }
    draft::refuse_occupied(data_dir, lang)
}

fn put(backup: &Path, manifest: &Manifest, data_dir: &Path, stop: &CancellationToken) -> anyhow::Result<()> {
    let draft = Draft::beside(data_dir)?;
    for (path, digest) in &manifest.files {
        let copied = draft.copy(&backup.join(path), path, stop)?;
        ensure!(copied == *digest, "{path} was changed while it was being restored");
    }
    draft.put_in_place()
}
