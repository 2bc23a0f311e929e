//! strace, attached to a running process: it counts system calls and makes them fail.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use crate::processes::send_signal;

/// With this set to `1` a missing strace fails the test; otherwise it is skipped.
const REQUIRE: &str = "BANGGIAO_REQUIRE_STRACE";

/// A strace that is attached.
pub struct Strace(Child);

impl Strace {
    /// Attaches to all threads of a process. Only calls on the given files count, and each thread counts for itself.
    pub fn attach(process: u32, files: &[PathBuf], expressions: &[String], output: &Path) -> Result<Self, String> {
        let mut command = Command::new("strace");
        command.args(["-f", "-p", &process.to_string(), "-o"]).arg(output);
        for file in files {
            command.arg("-P").arg(file);
        }
        for expression in expressions {
            command.args(["-e", expression]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        let mut all = String::new();
        while !line.contains(" attached") {
            line.clear();
            if said.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
                drop(child.wait());
                return Err(format!("strace does not attach: {all}"));
            }
            // That it looks for files by name, too, is no fault.
            all += &line;
        }
        // It is listened to until it ends, or it would end for want of a listener.
        thread::spawn(move || io::copy(&mut said, &mut io::sink()));
        Ok(Self(child))
    }

    /// Lets the process go on alone; it may have ended before.
    pub fn detach(mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            send_signal("INT", self.0.id());
        }
        drop(self.0.wait());
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

/// How often each call was seen in that thread in which it was seen most often.
pub fn counts(output: &Path) -> BTreeMap<String, u64> {
    let mut by_thread: BTreeMap<(String, String), u64> = BTreeMap::new();
    for line in fs::read_to_string(output).expect("what strace saw").lines() {
        let mut words = line.split_whitespace();
        let (Some(thread), Some(word)) = (words.next(), words.next()) else {
            continue;
        };
        if let Some((call, _)) = word.split_once('(') {
            *by_thread.entry((thread.to_owned(), call.to_owned())).or_default() += 1;
        }
    }
    let mut counts = BTreeMap::new();
    for ((_, call), count) in by_thread {
        let most = counts.entry(call).or_insert(0);
        *most = count.max(*most);
    }
    counts
}

/// Whether a call was made to fail.
pub fn struck(output: &Path) -> bool {
    fs::read_to_string(output).is_ok_and(|seen| seen.contains("(INJECTED)"))
}

/// Whether there is a strace.
pub fn is_there() -> Result<(), String> {
    let version = Command::new("strace").arg("--version").stdout(Stdio::null()).status();
    match version {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("strace ends with {status}")),
        Err(error) => Err(format!("there is no strace: {error}")),
    }
}

/// Says aloud that there is no strace that may attach.
pub fn skipped(reason: &str) {
    let required = env::var(REQUIRE).is_ok_and(|value| value == "1");
    assert!(!required, "{REQUIRE} is set, but {reason}");
    // Straight to the terminal: what a passing test prints is not shown.
    drop(writeln!(io::stderr(), "SKIPPED: {reason}"));
}
