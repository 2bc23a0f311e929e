//! A network that fails around the commits of a PostgreSQL client. It owns the connections between one client and one
//! server, and reads just enough of what the client sends to know a COMMIT of a transaction that did a certain thing.

mod frames;
mod strike;

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use frames::Frames;
use strike::{After, strike};

/// What befalls a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The connection is cut before the server has heard of it.
    BeforeRequest,
    /// Half of the request arrives, and then the connection is cut.
    HalfRequest,
    /// It is done and answered, and the connection is cut before the answer arrives.
    BeforeAnswer,
    /// The answer comes late.
    LateAnswer,
    /// The client reads the end of the stream although the server takes the request; the other direction stays open.
    HalfClose,
    /// The request is swallowed, and for a while neither end is told. Then the connection is cut.
    BlackHole,
    /// The answer is swallowed likewise: it was done.
    SwallowedAnswer,
    /// The request waits until it is [released](CommitProxy::release).
    Held,
}

impl Point {
    /// Those that need nobody to release them.
    pub const ALL: [Self; 7] = [
        Self::BeforeRequest,
        Self::HalfRequest,
        Self::BeforeAnswer,
        Self::LateAnswer,
        Self::HalfClose,
        Self::BlackHole,
        Self::SwallowedAnswer,
    ];
}

/// Says of each commit, by its number from 0, what befalls it.
type Plan = Box<dyn Fn(u64) -> Option<Point> + Send + Sync>;

/// Stands between a client and a PostgreSQL server on loopback.
#[derive(Debug)]
pub struct CommitProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    port: u16,
    /// Only transactions that executed a statement with this text are meant.
    statement: &'static str,
    plan: Plan,
    commits: AtomicU64,
    struck: AtomicU64,
    /// So long do connections last into whose black hole something fell.
    swallowed: Duration,
    /// How many commits are held at this moment.
    held: watch::Sender<u64>,
    released: watch::Sender<bool>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} commits",
            self.struck.load(Ordering::Relaxed),
            self.commits.load(Ordering::Relaxed)
        )
    }
}

impl CommitProxy {
    /// Passes on to a server at a port of loopback. Of transactions in which a prepared statement with the text
    /// `statement` was executed, the plan says what befalls their commits.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start(
        port: u16,
        statement: &'static str,
        swallowed: Duration,
        plan: impl Fn(u64) -> Option<Point> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            port,
            statement,
            plan: Box::new(plan),
            commits: AtomicU64::new(0),
            struck: AtomicU64::new(0),
            swallowed,
            held: watch::Sender::new(0),
            released: watch::Sender::new(false),
        });
        let passing = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&passing);
                // An end that closes is what ends a connection.
                tokio::spawn(async move { drop(pass(client, &shared).await) });
            }
        });
        Self { address, shared }
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many commits were struck so far, and how many there were.
    #[must_use]
    pub fn struck(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.shared.struck), count(&self.shared.commits))
    }

    /// Waits until a commit is [held](Point::Held).
    ///
    /// # Panics
    /// Never: the sender lives as long as this.
    pub async fn held(&self) {
        let mut held = self.shared.held.subscribe();
        held.wait_for(|held| *held > 0).await.expect("it is ours");
    }

    /// Lets held commits go on, those that come later, too.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// Commits are held again.
    pub fn hold(&self) {
        self.shared.released.send_replace(false);
    }
}

async fn pass(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut frames = Frames::looking_for(shared.statement);
    let (mut asked, mut answered) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        tokio::select! {
            read = server.read(&mut answered) => match read? {
                0 => return Ok(()),
                count => client.write_all(&answered[..count]).await?,
            },
            read = client.read(&mut asked) => match read? {
                0 => return Ok(()),
                count => {
                    frames.take_in(&asked[..count]);
                    while let Some(frame) = frames.next_frame() {
                        let point = frame.is_commit.then(|| shared.next_point()).flatten();
                        let after = match point {
                            Some(point) => strike(point, &frame.bytes, &mut client, &mut server, shared).await?,
                            None => server.write_all(&frame.bytes).await.map(|()| After::GoesOn)?,
                        };
                        if matches!(after, After::Over) {
                            return Ok(());
                        }
                    }
                }
            },
        }
    }
}

impl Shared {
    fn next_point(&self) -> Option<Point> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed);
        let point = (self.plan)(number)?;
        self.struck.fetch_add(1, Ordering::Relaxed);
        Some(point)
    }
}
