//! `up`: all four services in one process until SIGTERM or Ctrl-C.

use std::path::PathBuf;

use banggiao_cli::{
    Error, Globals, output,
    profile::{self, Profile},
};
use banggiao_runtime::{Seams, process, telemetry};

use crate::{data_dir, services::Services};

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
}

/// Serves until it is asked to end.
pub async fn run(args: Args, globals: &Globals) -> Result<(), Error> {
    telemetry::init("warn", false);
    let of_user = args.data_dir.is_none();
    let data_dir = args.data_dir.map_or_else(data_dir::of_user, Ok)?;
    let listen = args.listen.as_deref().unwrap_or(LISTEN);
    let services = Services::start(&data_dir, listen, Seams::default()).await?;
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
    if !services.is_on_loopback() {
        output::note(lang.pick(
            "warning: tokens cross the network in plain text; put something that speaks TLS in front",
            "cảnh báo: mã truy cập đi qua mạng không mã hóa; hãy đặt phía trước một máy chủ có TLS",
        ));
    }
    if of_user {
        let server = services.address();
        let written = profile::write(
            profile::DEFAULT,
            &Profile {
                server: Some(server),
                token_file: Some(token_file),
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
