//! What befalls one commit, with both ends of its connection in hand.

use std::time::Duration;

use tokio::{
    io::{self, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{Point, Shared, frames};

/// An answer that is late is so late.
const LATE: Duration = Duration::from_millis(60);
/// An end that shall close is waited for so long.
const CLOSING: Duration = Duration::from_secs(1);

/// Whether a connection goes on.
pub(super) enum After {
    GoesOn,
    Over,
}

/// Lets something befall a commit. At this moment the client waits for its answer, and the server for it.
pub(super) async fn strike(
    point: Point,
    commit: &[u8],
    client: &mut TcpStream,
    server: &mut TcpStream,
    shared: &Shared,
) -> io::Result<After> {
    match point {
        Point::BeforeRequest => {}
        Point::HalfRequest => {
            server.write_all(&commit[..commit.len() / 2]).await?;
            server.flush().await?;
        }
        Point::BeforeAnswer => {
            server.write_all(commit).await?;
            frames::answer(server).await?;
        }
        Point::LateAnswer => {
            server.write_all(commit).await?;
            let answer = frames::answer(server).await?;
            tokio::time::sleep(LATE).await;
            client.write_all(&answer).await?;
            return Ok(After::GoesOn);
        }
        Point::HalfClose => {
            client.shutdown().await?;
            server.write_all(commit).await?;
            frames::answer(server).await?;
            // Whatever the client still says is read and forgotten until it closes, too.
            let closed = timeout(CLOSING, io::copy(client, &mut io::sink())).await;
            drop(closed);
        }
        Point::BlackHole => tokio::time::sleep(shared.swallowed).await,
        Point::SwallowedAnswer => {
            server.write_all(commit).await?;
            tokio::time::sleep(shared.swallowed).await;
        }
        Point::Held => {
            let mut released = shared.released.subscribe();
            shared.held.send_modify(|held| *held += 1);
            let release = released.wait_for(|released| *released).await.map(|_| ());
            shared.held.send_modify(|held| *held -= 1);
            if release.is_ok() {
                server.write_all(commit).await?;
                return Ok(After::GoesOn);
            }
        }
    }
    Ok(After::Over)
}
