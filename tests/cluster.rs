//! The four services as processes of their own, each with its configuration file, database and credentials.

use std::{fs, path::Path, process::Command};

use banggiao_standalone::data_dir::DataDir;
use banggiao_testkit::network::free_port;
use tempfile::TempDir;

use crate::{
    certificates::{Authority, Leaf},
    processes::{self, Process, program},
};

/// Our services.
pub const SERVICES: [&str; 4] = ["registry", "journal", "reporting", "gateway"];
/// Those that call others, each with a token of its own.
const CALLING: [&str; 2] = ["journal", "reporting"];

pub struct Cluster {
    /// Where their files are.
    pub folder: TempDir,
    ports: [u16; 4],
    /// Who vouches for the certificates of a cluster that encrypts every hop.
    pub authority: Option<Authority>,
    /// In the order of [`SERVICES`].
    pub processes: Vec<Process>,
}

/// Ports of loopback, in the order of [`SERVICES`].
pub fn free_ports() -> [u16; 4] {
    [(); 4].map(|()| free_port())
}

impl Cluster {
    /// Writes four configuration files and starts the services in the order given.
    pub fn start(order: [usize; 4]) -> Self {
        let ports = free_ports();
        Self::reaching(order, ports, ports, "")
    }

    /// With TLS on every hop, and services that demand a certificate of whoever calls them.
    pub fn encrypted() -> Self {
        let ports = free_ports();
        Self::laid_out([0, 1, 2, 3], ports, ports, "", Some(Authority::new()))
    }

    /// With the journal on a database of its own, given by its address.
    pub fn with_journal_on(url: &str) -> Self {
        let ports = free_ports();
        let mut cluster = Self::reaching([0, 2, 3, 1], ports, ports, "");
        cluster.processes[1] = cluster.journal(ports[1], url);
        cluster
    }

    /// With registry, journal and reporting each on a database of its own, given by their addresses.
    pub fn with_databases(urls: [&str; 3]) -> Self {
        let ports = free_ports();
        let mut cluster = Self::reaching([0, 1, 2, 3], ports, ports, "");
        for (service, url) in urls.into_iter().enumerate() {
            let mut command = command(cluster.folder.path(), SERVICES[service]);
            command.env("BANGGIAO__DATABASE__URL", url);
            cluster.processes[service].kill();
            cluster.processes[service] = Process::start(command);
        }
        cluster
    }

    /// A journal that listens on another port, on a database given by its address.
    pub fn journal(&self, port: u16, url: &str) -> Process {
        let mut command = command(self.folder.path(), "journal");
        command
            .env("BANGGIAO__LISTEN", format!("127.0.0.1:{port}"))
            .env("BANGGIAO__DATABASE__URL", url);
        Process::start(command)
    }

    /// Where a service listens.
    pub fn address_of(&self, service: usize) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.ports[service])
    }

    /// As [`Self::start`], on ports given. Services reach each other at other ports, where something may stand between
    /// them, and have more settings for each peer.
    pub fn reaching(order: [usize; 4], ports: [u16; 4], peers: [u16; 4], settings: &str) -> Self {
        Self::laid_out(order, ports, peers, settings, None)
    }

    fn laid_out(
        order: [usize; 4],
        ports: [u16; 4],
        peers: [u16; 4],
        settings: &str,
        authority: Option<Authority>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let keys = DataDir::open(folder.path()).expect("a folder for the keys");
        keys.write_identities(&banggiao_model::clock::SystemClock)
            .expect("keys and tokens");
        for (service, port) in SERVICES.iter().zip(ports) {
            let own = folder.path().join(service);
            fs::create_dir(&own).expect("a folder");
            fs::copy(folder.path().join("jwks.json"), own.join("jwks.json")).expect("the public keys");
            if CALLING.contains(service) {
                processes::token_file(folder.path(), service, &own.join("own.token"));
            }
            let mut text = configuration(service, port, peers, settings, &own);
            if let Some(authority) = &authority {
                authority.issue(&Leaf::of(service)).write(&own);
                fs::write(own.join("ca.pem"), &authority.pem).expect("a file");
                text = encrypted(service, &text, &own);
            }
            fs::write(own.join("config.toml"), text).expect("a configuration");
        }
        let mut processes: Vec<Option<Process>> = SERVICES.map(|_| None).into_iter().collect();
        for index in order {
            processes[index] = Some(Process::start(command(folder.path(), SERVICES[index])));
        }
        Self {
            folder,
            ports,
            authority,
            processes: processes.into_iter().flatten().collect(),
        }
    }

    /// Where the gateway listens.
    pub fn address(&self) -> String {
        self.address_of(3)
    }
}

fn command(folder: &Path, service: &str) -> Command {
    let mut command = Command::new(program(&format!("banggiao-{service}")));
    command
        .arg("serve")
        .arg("--config")
        .arg(folder.join(service).join("config.toml"));
    command
}

fn configuration(service: &str, port: u16, ports: [u16; 4], settings: &str, own: &Path) -> String {
    let own = own.display();
    let mut text = format!("listen = \"127.0.0.1:{port}\"\n");
    if CALLING.contains(&service) {
        text += &format!("token_file = \"{own}/own.token\"\n");
    }
    if service != "gateway" {
        text += &format!("[database]\nurl = \"sqlite:{own}/{service}.db\"\n");
    }
    text += &format!("[identity]\njwks_file = \"{own}/jwks.json\"\n");
    if service == "journal" {
        text += &format!("[attachments]\nfolder = \"{own}/attachments\"\n");
        let ledger = format!("key_file = \"{own}/journal.key\"\ncheckpoint_file = \"{own}/journal.checkpoint\"\n");
        text += &format!("[ledger]\n{ledger}");
    }
    let peers: &[usize] = match service {
        "journal" => &[0],
        "reporting" => &[0, 1],
        "gateway" => &[0, 1, 2],
        _ => &[],
    };
    for peer in peers {
        let (name, port) = (SERVICES[*peer], ports[*peer]);
        text += &format!("[{name}]\naddress = \"http://127.0.0.1:{port}\"\n{settings}");
    }
    text
}

/// A configuration with TLS on every hop. The gateway asks its callers for no certificate.
fn encrypted(service: &str, plain: &str, own: &Path) -> String {
    let own = own.display();
    let pair = format!("certificate_file = \"{own}/own.pem\"\nkey_file = \"{own}/own.key\"\n");
    let trust = format!("ca_file = \"{own}/ca.pem\"\n");
    let mut text = String::new();
    for line in plain.lines() {
        text += &line.replace("http://", "https://");
        text.push('\n');
        if line.contains("http://") {
            text += &(trust.clone() + &pair);
        }
    }
    text += &format!("[tls]\n{pair}");
    if service != "gateway" {
        text += &format!("client_{trust}require_client_certificate = true\n");
    }
    text
}
