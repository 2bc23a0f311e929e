//! A command that is watched while it runs.

use std::{
    process::{Command, Output, Stdio},
    time::Duration,
};

use crate::up::{BANGGIAO, Up};

/// Runs a command, and tells how many MiB of memory it held at the most.
pub fn run(up: &Up, arguments: &[&str]) -> (Output, usize) {
    let child = Command::new(BANGGIAO)
        .args(arguments)
        .args(["--lang", "en", "--server", &up.address, "--token-file"])
        .arg(up.folder.path().join("admin.token"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watching = std::thread::spawn(move || {
        let mut peak = 0;
        // The file stays until somebody has waited for the process, but this line goes with its memory.
        while let Some(kib) = std::fs::read_to_string(&status).ok().and_then(|text| peak_kib(&text)) {
            peak = peak.max(kib);
            std::thread::sleep(Duration::from_millis(5));
        }
        peak / 1_024
    });
    let output = child.wait_with_output().unwrap();
    (output, watching.join().unwrap())
}

fn peak_kib(status: &str) -> Option<usize> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
