//! A server of its own for a test: a real process on a folder that goes away with it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;

pub const BANGGIAO: &str = env!("CARGO_BIN_EXE_banggiao");
pub const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample");

/// `banggiao up` on a folder of its own.
pub struct Up {
    child: Child,
    pub address: String,
    pub folder: Arc<TempDir>,
}

impl Up {
    pub fn start() -> Self {
        Self::on(Arc::new(tempfile::tempdir().unwrap()))
    }

    pub fn on(folder: Arc<TempDir>) -> Self {
        let mut child = Command::new(BANGGIAO)
            .args(["up", "--lang", "en", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A restored journal tells before that it takes nothing in.
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut words = lines.map(|line| line.unwrap().rsplit(' ').next().unwrap().to_owned());
        let address = words.find(|word| word.starts_with("http://127.0.0.1:")).unwrap();
        Self { child, address, folder }
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let token = self.folder.path().join("admin.token");
        self.run_with(&token, arguments)
    }

    pub fn run_with(&self, token: &Path, arguments: &[&str]) -> Output {
        Command::new(BANGGIAO)
            .args(arguments)
            .args(["--lang", "en", "--server", &self.address, "--token-file"])
            .arg(token)
            .output()
            .unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(&[arguments, &["--output", "json"]].concat());
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// SIGTERM; gives how long it took to end.
    pub fn terminate(&mut self) -> Duration {
        let started = Instant::now();
        let sent = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        started.elapsed()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // A failed test leaves no server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
