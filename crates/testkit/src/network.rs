//! A network that fails when a test says so. What befalls all connections is told here, what befalls commits to
//! PostgreSQL in [`commits`].

pub mod commits;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU16, Ordering},
};

use tokio::{
    io,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What last befell the connections that there were.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    Vanished,
    Cut,
}

/// Stands between a client and a server on loopback and passes bytes on, until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
}

impl Proxy {
    /// Passes on to a port of loopback, where somebody may begin to listen later.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let fault = watch::Sender::new(Fault::None);
        let told = fault.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, port, told.subscribe()));
            }
        });
        Self { address, fault }
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on nothing passes on the connections that there are, and neither end is told. New ones pass.
    pub fn vanish(&self) {
        self.fault.send_replace(Fault::Vanished);
    }

    /// Closes the connections that there are. New ones pass.
    pub fn cut(&self) {
        self.fault.send_replace(Fault::Cut);
    }
}

/// Passes bytes on both ways until an end closes or a fault comes. A receiver sees only the faults after its birth.
async fn pass(mut client: TcpStream, port: u16, mut fault: watch::Receiver<Fault>) {
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
        return;
    };
    tokio::select! {
        _ended = io::copy_bidirectional(&mut client, &mut server) => {}
        Ok(()) = fault.changed() => {
            if matches!(*fault.borrow(), Fault::Vanished) {
                // Both sockets stay open, and nobody reads them.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A port that nobody listens on at this moment. It lies below those that the system gives to outgoing connections, or
/// one of these could take it while its owner is being restarted.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = u16::try_from(std::process::id() % 400).unwrap_or(0) * 25;
    (0..10_000)
        .map(|_| 20_000 + (spread + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000)
        .find(|port| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free port")
}
