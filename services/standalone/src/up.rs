//! `up`: all four services in one process until SIGTERM or Ctrl-C.

use std::path::{Path, PathBuf};

use banggiao_cli::{
    Error, Globals, output,
    profile::{self, Profile},
};
use banggiao_runtime::{Seams, config::Tls, process, telemetry};

use crate::{
    data_dir,
    services::{Outside, Services},
};

/// The port of an installation that is not told another.
const LISTEN: &str = "127.0.0.1:7700";

/// Where to run.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for everything that is kept [default: the user's data folder].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:7700].
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Certificate of the address, in PEM, followed by those that vouch for it; without it the address is in plain text.
    /// With --ca-file the profile names its authority.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Key of that certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Listen in plain text even where other machines can reach the address, as behind something that speaks TLS.
    #[arg(long)]
    allow_plaintext: bool,
    /// Let pages of this origin call from a browser, as https://office.example; may be given several times.
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    origins: Vec<String>,
}

/// Serves until it is asked to end.
pub async fn run(args: Args, globals: &Globals) -> Result<(), Error> {
    telemetry::init("warn", false);
    let of_user = args.data_dir.is_none();
    let data_dir = args.data_dir.map_or_else(data_dir::of_user, Ok)?;
    let tls = args.tls_certificate.zip(args.tls_key);
    let outside = Outside {
        listen: args.listen.unwrap_or_else(|| LISTEN.to_owned()),
        tls: tls.map(|(certificate_file, key_file)| Tls {
            certificate_file,
            key_file,
            ..Tls::default()
        }),
        allow_plaintext: args.allow_plaintext,
        origins: args.origins,
    };
    let encrypted = outside.tls.is_some();
    let services = Services::start(&data_dir, outside, Seams::default()).await?;
    let lang = globals.language();
    let token_file = services.data_dir().admin_token();
    output::note(&lang.pick(
        format!("banggiao serves on {}", services.address()),
        format!("banggiao phục vụ tại {}", services.address()),
    ));
    output::note(&lang.pick(
        format!("the administrator's token is in {}", token_file.display()),
        format!("mã truy cập của quản trị viên: {}", token_file.display()),
    ));
    if !encrypted && !services.is_on_loopback() {
        output::note(lang.pick(
            "warning: tokens cross the network in plain text; put something that speaks TLS in front",
            "cảnh báo: mã truy cập đi qua mạng không mã hóa; hãy đặt phía trước một máy chủ có TLS",
        ));
    }
    // A command could do nothing with an address whose authority it does not know.
    if of_user && (!encrypted || globals.ca_file.is_some()) {
        let server = services.address();
        let written = profile::write(
            profile::DEFAULT,
            &Profile {
                server: Some(server),
                token_file: Some(token_file),
                ca_file: globals.ca_file.as_deref().map(absolute),
                ..Profile::default()
            },
        )?;
        output::note(&lang.pick(
            format!("every command finds it by the profile {}", written.display()),
            format!("mọi lệnh tìm thấy máy chủ qua {}", written.display()),
        ));
    }
    tokio::spawn(process::cancel_on_signal(services.shutdown()));
    Ok(services.ended().await?)
}

/// A profile is read wherever a command is called.
fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_missing| path.to_owned())
}
