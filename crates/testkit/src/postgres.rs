//! A throwaway PostgreSQL server: a temporary folder, a port of its own on 127.0.0.1, durable as a real one is.
//!
//! Each is watched over by a keeper, a shell that reads commands from this process. When the process ends, however it
//! ends, that pipe closes; the keeper then stops the server and removes its folder. Nothing is left to a destructor,
//! which a static has not and a killed process does not run.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::{self, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock},
};

use tempfile::TempDir;

use crate::network::free_port;

/// With this set to `1` a missing PostgreSQL fails the tests; otherwise those that need it are skipped.
pub const REQUIRE: &str = "BANGGIAO_REQUIRE_POSTGRES";
/// The superuser, who needs no password.
const USER: &str = "banggiao";
/// Ports that are tried: one that was free a moment ago may have been taken.
const PORTS: usize = 4;
/// Where distributions put the programs that are not for everyday use.
const DISTRIBUTIONS: [&str; 3] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt"];
/// The programs that are needed.
const PROGRAMS: [&str; 4] = ["initdb", "pg_ctl", "postgres", "createdb"];

/// Makes and starts the server, says on which port it listens, then obeys until its input ends.
///
/// The server and the tools inherit neither the input, which they could read away, nor the output, which they would
/// hold open. An immediate stop is what a crash is: the server recovers from its log at the next start.
const KEEPER: &str = r#"
folder=$1 bin=$2 user=$3
shift 3
exec 3>&1 >"$folder/log" 2>&1
export LC_ALL=C PGDATA="$folder/data"
start() {
    "$bin/pg_ctl" start --silent --log="$folder/log" 3>&- </dev/null --options="-c port=$1 \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200"
}
stop() { "$bin/pg_ctl" stop --silent --mode=immediate 3>&- </dev/null; }
trap 'test -e "$PGDATA/postmaster.pid" && stop; cd /; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
# Nobody listens any more once the tests were killed; that must not kill this too.
trap '' PIPE
fail() { tail -n 20 "$folder/log" | tr '\n' ' ' >&3; exit 1; }
# Only the server has to be durable; its making is over before anything depends on it.
"$bin/initdb" --no-sync --auth=trust --username="$user" --encoding=UTF8 --locale=C 3>&- </dev/null || fail
for port do start "$port" && break; done || fail
echo "$port" >&3
while read -r order; do
    case $order in
        crash) stop ;;
        start) start "$port" ;;
    esac && echo done >&3 || fail
done
"#;

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Cluster {
    port: String,
    programs: PathBuf,
    keeper: Mutex<Keeper>,
    /// The keeper removes it; this is for the case that there was never a keeper.
    _folder: TempDir,
}

#[derive(Debug)]
struct Keeper {
    process: Child,
    /// Closed when the server shall go.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A user and a group by number.
type Account = (u32, u32);

impl Cluster {
    /// Starts a server, or says aloud why there is none.
    ///
    /// # Panics
    /// If PostgreSQL is here but does not start, or if it is not here and [`REQUIRE`] is set.
    #[must_use]
    pub fn start() -> Option<Self> {
        let found = programs().and_then(|programs| Ok((programs, account()?)));
        match found {
            Ok((programs, account)) => {
                let started = Self::start_with(programs, account);
                Some(started.unwrap_or_else(|reason| panic!("PostgreSQL does not start: {reason}")))
            }
            Err(reason) => {
                let required = env::var(REQUIRE).is_ok_and(|value| value == "1");
                assert!(!required, "{REQUIRE} is set, but there is no PostgreSQL: {reason}");
                // Straight to the terminal: what a passing test prints is not shown.
                drop(writeln!(io::stderr(), "SKIPPED on PostgreSQL: {reason}"));
                None
            }
        }
    }

    /// The server that the tests of one process share. It outlives them all and ends with the process.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// A program of the server's, as `pgbench`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Makes an empty database and gives its address. A name is lower-case letters, digits and underscores.
    ///
    /// # Panics
    /// If the server does not make it, as when it is there already.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        let made = Command::new(self.programs.join("createdb"))
            .args(["--host=127.0.0.1", "--port", &self.port, "--username", USER])
            .args(["--maintenance-db=postgres", name])
            .output()
            .expect("createdb runs");
        let reason = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "database {name}: {reason}");
        format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port)
    }

    /// Stops the server as a loss of power would: nobody is told, and nothing is written down.
    ///
    /// # Panics
    /// If it does not stop.
    pub fn crash(&self) {
        self.order("crash");
    }

    /// Starts the server again after [`Self::crash`], on the same port.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&self) {
        self.order("start");
    }

    fn order(&self, order: &str) {
        let mut keeper = self.keeper.lock().expect("no order panicked before");
        let orders = keeper.orders.as_mut().expect("orders are open until the end");
        writeln!(orders, "{order}").expect("the keeper listens");
        let answer = keeper.answer().expect("the keeper answers");
        assert_eq!(answer, "done", "PostgreSQL did not obey: {order}");
    }

    fn start_with(programs: PathBuf, account: Option<Account>) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("banggiao-postgres-")
            .tempdir()
            .map_err(|error| format!("no temporary folder: {error}"))?;
        if let Some((user, group)) = account {
            unix::fs::chown(folder.path(), Some(user), Some(group)).map_err(|error| error.to_string())?;
        }
        let mut keeper = Keeper::start(folder.path(), &programs, account).map_err(|error| error.to_string())?;
        let port = keeper.answer().map_err(|error| error.to_string())?;
        if port.parse::<u16>().is_err() {
            return Err(format!("its keeper said {port:?}"));
        }
        Ok(Self {
            port,
            programs,
            keeper: Mutex::new(keeper),
            _folder: folder,
        })
    }
}

impl Keeper {
    fn start(folder: &Path, programs: &Path, account: Option<Account>) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .args([folder, programs])
            .arg(USER)
            .args(free_ports())
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A signal that ends the tests must not end the one that cleans up after them.
            .process_group(0);
        if let Some((user, group)) = account {
            command.uid(user).gid(group);
        }
        let mut process = command.spawn()?;
        let orders = process.stdin.take();
        let answers = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            process,
            orders,
            answers: BufReader::new(answers),
        })
    }

    fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        drop(self.process.wait());
    }
}

/// The folder of the server's programs: on the path, or the newest one where distributions put them.
fn programs() -> Result<PathBuf, String> {
    let complete = |folder: &PathBuf| PROGRAMS.iter().all(|program| folder.join(program).is_file());
    let path = env::var_os("PATH").unwrap_or_default();
    let linked = |folder: PathBuf| Some(folder.join(PROGRAMS[0]).canonicalize().ok()?.parent()?.to_owned());
    if let Some(folder) = env::split_paths(&path).filter_map(linked).find(complete) {
        return Ok(folder);
    }
    let mut found: Vec<PathBuf> = DISTRIBUTIONS
        .iter()
        .filter_map(|home| fs::read_dir(home).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(complete)
        .collect();
    found.sort_by_key(|folder| version(folder));
    found.pop().ok_or_else(|| {
        format!(
            "{} are not on the path nor under {}",
            PROGRAMS.join(", "),
            DISTRIBUTIONS[0]
        )
    })
}

/// 15 of `/usr/lib/postgresql/15/bin`.
fn version(programs: &Path) -> Option<u32> {
    let name = programs.parent()?.file_name()?.to_str()?;
    name.trim_start_matches("postgresql@").parse().ok()
}

/// Who shall run the server, if it must be another than ourselves: PostgreSQL refuses to be root's.
fn account() -> Result<Option<Account>, String> {
    if id(&["-u"]) != Some(0) {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|user| Some((id(&["-u", user])?, id(&["-g", user])?)))
        .map(Some)
        .ok_or_else(|| "it cannot be run by root, and there is neither a user postgres nor nobody".to_owned())
}

fn id(arguments: &[&str]) -> Option<u32> {
    let answer = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

/// Ports to try, one after the other: another may be taken between looking and listening.
fn free_ports() -> Vec<String> {
    (0..PORTS).map(|_| free_port().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        net::TcpStream,
        process,
        thread::sleep,
        time::{Duration, Instant},
    };

    use super::*;

    /// Set for the copy of this test program that is to die.
    const VICTIM: &str = "BANGGIAO_TESTKIT_VICTIM";

    fn listens(port: &str) -> bool {
        TcpStream::connect(format!("127.0.0.1:{port}")).is_ok()
    }

    #[test]
    fn it_crashes_and_comes_back_and_leaves_nothing() {
        let Some(cluster) = Cluster::start() else { return };
        let url = cluster.database("one");
        let port = cluster.port.clone();
        assert_eq!(url, format!("postgres://banggiao@127.0.0.1:{port}/one"));
        cluster.crash();
        assert!(!listens(&port));
        cluster.restart();
        assert!(listens(&port));
        let folder = cluster._folder.path().to_owned();
        drop(cluster);
        assert!(!listens(&port) && !folder.exists());
    }

    /// The victim of the test below.
    #[test]
    fn victim() {
        if env::var_os(VICTIM).is_none() {
            return;
        }
        let cluster = Cluster::shared().expect("its killer has one too");
        println!("at {} {}", cluster.port, cluster._folder.path().display());
        process::abort();
    }

    #[test]
    fn a_killed_process_leaves_nothing_either() {
        if programs().is_err() {
            return;
        }
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "postgres::tests::victim", "--nocapture"])
            .env(VICTIM, "1")
            .output()
            .unwrap();
        assert!(!output.status.success());
        let output = String::from_utf8(output.stdout).unwrap();
        let place = output
            .lines()
            .find_map(|line| line.split_once("at ")?.1.split_once(' '));
        let (port, folder) = place.expect("the victim says where it was");
        let patience = Instant::now() + Duration::from_secs(20);
        while listens(port) || Path::new(folder).exists() {
            assert!(Instant::now() < patience, "left behind: port {port}, {folder}");
            sleep(Duration::from_millis(50));
        }
    }
}
