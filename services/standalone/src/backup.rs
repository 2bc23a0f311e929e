//! `backup`: a copy of a whole installation in a fresh folder, also while it serves.
//!
//! It owns what belongs to a backup and in which order that is copied. Tokens, public keys and locks do not belong to
//! it: they are made anew at each start.

pub mod digest;
pub mod draft;
pub mod manifest;
pub mod positions;
pub mod shown;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use banggiao_cli::{Error, Globals, Lang, output};
use banggiao_model::clock::Clock;
use banggiao_runtime::{Seams, process};
use banggiao_store::snapshot;
use tokio_util::sync::CancellationToken;

use crate::data_dir;
use draft::Draft;
use manifest::{ATTACHMENTS, Manifest, Parts, SIGNING_KEY};
use positions::Positions;

/// What to copy, and where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for the backup; it must not exist yet, or be empty.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Folder of the installation [default: the user's data folder].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Makes the backup and tells what is in it.
pub async fn run(args: Args, globals: &Globals) -> Result<(), Error> {
    let lang = globals.language();
    let data_dir = args.data_dir.map_or_else(data_dir::of_user, Ok)?;
    refuse(&data_dir, &args.dir, lang)?;
    let stop = CancellationToken::new();
    tokio::spawn(process::cancel_on_signal(stop.clone()));
    let draft = Draft::beside(&args.dir)?;
    let manifest = take(&data_dir, &draft, &*Seams::default().clock, &stop).await?;
    draft.put_in_place()?;
    shown::print(&manifest, &data_dir, &args.dir, globals)?;
    output::note(lang.pick(
        "the backup holds the signing key: whoever can read it can be anybody, so keep it safely",
        "bản sao lưu có khóa ký: ai đọc được thì có thể mạo danh bất cứ ai, hãy cất giữ an toàn",
    ));
    Ok(())
}

fn refuse(data_dir: &Path, dir: &Path, lang: Lang) -> Result<(), Error> {
    let (from, to) = (data_dir.display(), dir.display());
    for file in manifest::needed() {
        if !data_dir.join(&file).is_file() {
            let text = lang.pick(
                format!("{from} holds no installation: {file} is missing"),
                format!("{from} không có bản cài đặt nào: thiếu {file}"),
            );
            return Err(anyhow::Error::msg(text).into());
        }
    }
    if draft::is_within(dir, data_dir)? {
        return Err(Error::Usage(lang.pick(
            format!("{to} lies in {from} and would be lost with it"),
            format!("{to} nằm trong {from}, mất thì mất cả hai"),
        )));
    }
    draft::refuse_occupied(dir, lang)
}

/// Copies everything into a draft.
///
/// Others may write meanwhile, so the order matters: reporting refers to the journal, the journal to attachments, and
/// all of them to the registry. Each is one moment of itself, and what is copied later is of a later moment, so that it
/// holds everything to which what was copied earlier refers. A reader that is behind catches up from the feeds; one that
/// was ahead would have read what does not exist any more.
async fn take(data_dir: &Path, draft: &Draft, clock: &dyn Clock, stop: &CancellationToken) -> anyhow::Result<Manifest> {
    let create_time = clock.now().to_string();
    let mut files = Parts::new();
    for service in ["reporting", "journal"] {
        database(data_dir, draft, service, stop, &mut files).await?;
    }
    attachments(data_dir, draft, stop, &mut files)?;
    database(data_dir, draft, "registry", stop, &mut files).await?;
    let key = draft.copy(&data_dir.join(SIGNING_KEY), SIGNING_KEY, stop)?;
    files.insert(SIGNING_KEY.to_owned(), key);

    let (positions, events) = Positions::read(draft.path()).await?;
    if let Some(ahead) = positions.ahead().first() {
        bail!("{} does not fit together: {}", data_dir.display(), ahead.text(Lang::En));
    }
    let manifest = Manifest {
        format: manifest::FORMAT,
        create_time,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        positions,
        events,
        files,
    };
    manifest.write(draft)?;
    Ok(manifest)
}

async fn database(
    data_dir: &Path,
    draft: &Draft,
    service: &str,
    stop: &CancellationToken,
    files: &mut Parts,
) -> anyhow::Result<()> {
    let name = format!("{service}.db");
    // SQLite writes into a file that is there already, and so nobody else can ever read it.
    let file = draft.create(&name)?;
    let (from, path) = (data_dir.join(&name), draft.path().join(&name));
    let copied = tokio::select! {
        copied = snapshot::copy(&from, &path) => copied,
        () = stop.cancelled() => bail!(digest::STOPPED),
    };
    copied.with_context(|| format!("cannot copy {name}"))?;
    file.sync_all().with_context(|| format!("cannot write {name}"))?;
    files.insert(name, digest::of_file(&path, stop)?);
    Ok(())
}

/// Copies the files that are complete; the names of the others begin with a dot or end in `.part`.
fn attachments(data_dir: &Path, draft: &Draft, stop: &CancellationToken, files: &mut Parts) -> anyhow::Result<()> {
    let folder = data_dir.join(ATTACHMENTS);
    if !folder.exists() {
        return Ok(());
    }
    let found = draft::walk(&folder, |name| !name.starts_with('.') && !name.ends_with(".part"))?;
    if let Some(other) = found.others.first() {
        bail!("{ATTACHMENTS}/{other} is neither a file nor a folder");
    }
    for path in found.files {
        let part = format!("{ATTACHMENTS}/{path}");
        let copied = draft.copy(&folder.join(path), &part, stop)?;
        files.insert(part, copied);
    }
    Ok(())
}
