//! Real processes of our own programs, on free ports of loopback, that are killed without a word when a test says so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_standalone::data_dir;
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

/// A program of the workspace. `cargo test --workspace` builds them all beside the tests.
pub fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("the path of this program");
    let path = tests.ancestors().nth(2).expect("the target folder").join(name);
    assert!(
        path.exists(),
        "{} is not built; run cargo test --workspace",
        path.display()
    );
    path
}

/// A running program.
pub struct Process {
    command: Command,
    child: Option<Child>,
}

impl Process {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = Some(command.spawn().expect("the program starts"));
        Self { command, child }
    }

    /// SIGKILL: it has no time for a last word.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it ran");
            child.wait().expect("it ended");
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Sends it a signal, as `STOP`, which it may survive.
    pub fn signal(&self, signal: &str) {
        send_signal(signal, self.id());
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> bool {
        let ended = |child: &mut Child| child.try_wait().expect("it can be asked").is_some();
        self.child.as_mut().is_none_or(ended)
    }

    /// Starts it again with the same arguments.
    pub fn restart(&mut self) {
        self.kill();
        self.child = Some(self.command.spawn().expect("the program starts"));
    }
}

/// Sends a signal to a process by its number.
pub fn send_signal(signal: &str, process: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &process.to_string()])
        .status();
    assert!(
        sent.is_ok_and(|status| status.success()),
        "{signal} does not reach {process}"
    );
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A channel of the administrator whose token stands in a folder.
pub fn administrator(address: &str, folder: &Path) -> Authorized {
    let token = fs::read_to_string(folder.join("admin.token")).expect("the administrator's token");
    channel::authorized(address, Bearer::new(&token).expect("a token")).expect("an address")
}

/// A token file for a principal, signed with the key of a folder.
pub fn token_file(folder: &Path, principal: &str, file: &Path) {
    let issuer = data_dir::issuer(folder).expect("a signing key");
    let clock = banggiao_model::clock::SystemClock;
    fs::write(
        file,
        data_dir::issue(&issuer, principal, 3600, &clock).expect("a token").0,
    )
    .expect("a file");
}

/// Waits until all three services answer through the gateway.
pub async fn serving(address: &str) {
    all_serving(channel::lazy(address).expect("an address")).await;
}

/// As [`serving`], through a channel.
pub async fn all_serving(channel: Channel) {
    let mut health = HealthClient::new(channel);
    for service in ["banggiao.registry.v1", "banggiao.journal.v1", "banggiao.reporting.v1"] {
        let mut patience = 1000;
        loop {
            let answer = health
                .check(HealthCheckRequest {
                    service: service.to_owned(),
                })
                .await;
            if answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving) {
                break;
            }
            patience -= 1;
            assert!(patience > 0, "{service} does not serve");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
