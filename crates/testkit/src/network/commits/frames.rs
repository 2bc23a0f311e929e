//! What a PostgreSQL client sends, message by message: which of them are the commits that are looked for.

use std::collections::HashSet;

use tokio::{
    io::{self, AsyncReadExt as _},
    net::TcpStream,
};

/// Codes that ask, instead of the first message, whether the connection may be encrypted, by TLS or by GSSAPI.
const ENCRYPTED: [u32; 2] = [80_877_103, 80_877_104];
/// Last message of every answer: the server is ready for the next query. A byte for its kind, four for its length, one for
/// the transaction's state.
const READY: &[u8] = &[b'Z', 0, 0, 0, 5];

/// A message of a client.
pub(super) struct Frame {
    pub bytes: Vec<u8>,
    /// It commits a transaction that executed the statement that is looked for.
    pub is_commit: bool,
}

/// The messages of one connection.
#[derive(Debug)]
pub(super) struct Frames {
    statement: &'static str,
    bytes: Vec<u8>,
    /// The first message, which has no byte for its kind, is over.
    started: bool,
    /// Names of prepared statements that have the text that is looked for.
    prepared: HashSet<Vec<u8>>,
    /// The transaction has executed one of them.
    executed: bool,
}

impl Frames {
    pub(super) fn looking_for(statement: &'static str) -> Self {
        Self {
            statement,
            bytes: Vec::new(),
            started: false,
            prepared: HashSet::new(),
            executed: false,
        }
    }

    /// Takes in what was read.
    pub(super) fn take_in(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that is there as a whole.
    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        let kind = usize::from(self.started);
        let length: [u8; 4] = self.bytes.get(kind..kind + 4)?.try_into().ok()?;
        let length = kind + usize::try_from(u32::from_be_bytes(length)).ok()?;
        if self.bytes.len() < length {
            return None;
        }
        let bytes: Vec<u8> = self.bytes.drain(..length).collect();
        if !self.started {
            let code = bytes.get(4..8).and_then(|code| code.try_into().ok());
            self.started = code
                .map(u32::from_be_bytes)
                .is_none_or(|code| !ENCRYPTED.contains(&code));
            return Some(Frame {
                bytes,
                is_commit: false,
            });
        }
        let is_commit = self.is_commit(&bytes);
        Some(Frame { bytes, is_commit })
    }

    fn is_commit(&mut self, bytes: &[u8]) -> bool {
        let (kind, body) = (bytes[0], &bytes[5..]);
        let mut texts = body.split(|byte| *byte == 0);
        let mut text = || texts.next().unwrap_or_default();
        match kind {
            // Parse: the statement's name and its text.
            b'P' => {
                let (name, sql) = (text().to_vec(), text());
                if String::from_utf8_lossy(sql).contains(self.statement) {
                    self.prepared.insert(name);
                } else {
                    self.prepared.remove(&name);
                }
                false
            }
            // Bind: the portal's name and the statement's.
            b'B' => {
                let _portal = text();
                self.executed |= self.prepared.contains(text());
                false
            }
            // Query: the text of a simple one.
            b'Q' => match text() {
                b"COMMIT" => std::mem::take(&mut self.executed),
                sql => {
                    self.executed &= !(sql.starts_with(b"BEGIN") || sql == b"ROLLBACK");
                    false
                }
            },
            _ => false,
        }
    }
}

/// A whole answer of the server's.
pub(super) async fn answer(server: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    while answer.len() < READY.len() + 1 || !answer[..answer.len() - 1].ends_with(READY) {
        if server.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, texts: &[&str]) -> Vec<u8> {
        let body: Vec<u8> = texts.iter().flat_map(|text| [text.as_bytes(), &[0]].concat()).collect();
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [vec![kind], length.to_vec(), body].concat()
    }

    fn first(code: u32) -> Vec<u8> {
        [8_u32.to_be_bytes(), code.to_be_bytes()].concat()
    }

    #[test]
    fn only_commits_of_what_is_looked_for_are_told() {
        let mut frames = Frames::looking_for("INSERT INTO \"revision\"");
        let conversation = [
            first(ENCRYPTED[0]),
            first(196_608),
            message(b'P', &["s1", "INSERT INTO \"revision\" (x) VALUES ($1)"]),
            message(b'P', &["s2", "SELECT 1"]),
            message(b'Q', &["BEGIN"]),
            message(b'B', &["", "s2"]),
            message(b'Q', &["COMMIT"]),
            message(b'Q', &["BEGIN"]),
            message(b'B', &["", "s1"]),
            message(b'B', &["", "s2"]),
            message(b'Q', &["COMMIT"]),
            message(b'Q', &["BEGIN"]),
            message(b'B', &["", "s1"]),
            message(b'Q', &["ROLLBACK"]),
            message(b'Q', &["COMMIT"]),
        ];
        let sent = conversation.concat();
        let mut seen = Vec::new();
        // They arrive in pieces of any length.
        for piece in sent.chunks(7) {
            frames.take_in(piece);
            while let Some(frame) = frames.next_frame() {
                seen.push(frame);
            }
        }
        let bytes: Vec<Vec<u8>> = seen.iter().map(|frame| frame.bytes.clone()).collect();
        assert_eq!(bytes, conversation, "nothing is changed");
        let commits: Vec<usize> = (0..seen.len()).filter(|place| seen[*place].is_commit).collect();
        assert_eq!(commits, [10]);
    }
}
