//! HTTP/2 frames by hand (RFC 9113), for what no library would send.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::PATIENCE;

/// The code of a stream that is one too many.
pub const REFUSED_STREAM: u32 = 0x7;
/// The code for whoever makes too much work.
pub const ENHANCE_YOUR_CALM: u32 = 0xb;

const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const GOAWAY: u8 = 0x7;
const WINDOW_UPDATE: u8 = 0x8;
const END_HEADERS: u8 = 0x4;
const SETTINGS_INITIAL_WINDOW_SIZE: u16 = 0x4;
/// What every connection begins with.
const FIRST_WINDOW: u32 = 65_535;

/// A connection on which anything can be written.
pub struct Raw {
    stream: TcpStream,
    written: Vec<u8>,
}

struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Raw {
    /// Connects and says nothing.
    pub async fn silent(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        Self {
            stream,
            written: Vec::new(),
        }
    }

    /// Connects and says what every client says first. It answers no ping.
    pub async fn connect(address: SocketAddr) -> Self {
        let mut raw = Self::silent(address).await;
        raw.written.extend(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        raw.frame(SETTINGS, 0, 0, &[]);
        raw.flush().await;
        raw
    }

    /// Opens a stream with a call of `/hold` and leaves it open.
    pub async fn call(&mut self, stream: u32) {
        self.write_call(stream);
        self.flush().await;
    }

    /// As [`Self::call`], and resets it in the same breath; all of them are sent at once, later.
    pub fn write_call_and_reset(&mut self, stream: u32) {
        self.write_call(stream);
        self.frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
    }

    /// Lets the window of a stream grow beyond what it can be, which is an error of that stream.
    pub async fn overgrow(&mut self, stream: u32) {
        self.frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes());
        self.flush().await;
    }

    /// The code with which the server resets a stream.
    pub async fn reset_of(&mut self, stream: u32) -> u32 {
        let reset = self
            .next(|frame| frame.kind == RST_STREAM && frame.stream == stream)
            .await;
        code(&reset.payload)
    }

    /// The code with which the server ends the connection.
    pub async fn goodbye(&mut self) -> u32 {
        self.flush().await;
        let goodbye = self.next(|frame| frame.kind == GOAWAY).await;
        code(&goodbye.payload[4..])
    }

    /// The windows that the server opens: of a stream, and of the connection.
    pub async fn windows(&mut self) -> [u32; 2] {
        let settings = self
            .next(|frame| frame.kind == SETTINGS && !frame.payload.is_empty())
            .await;
        let of_stream = settings
            .payload
            .chunks(6)
            .find(|entry| u16::from_be_bytes([entry[0], entry[1]]) == SETTINGS_INITIAL_WINDOW_SIZE)
            .map_or(FIRST_WINDOW, |entry| code(&entry[2..]));
        let grown = self
            .next(|frame| frame.kind == WINDOW_UPDATE && frame.stream == 0)
            .await;
        [of_stream, FIRST_WINDOW + code(&grown.payload)]
    }

    /// Reads until the server has closed the connection.
    pub async fn until_closed(&mut self) {
        let mut nowhere = [0; 1024];
        while self.stream.read(&mut nowhere).await.is_ok_and(|read| read > 0) {}
    }

    fn write_call(&mut self, stream: u32) {
        // From the static table: POST, http; then the path and the authority, spelled out.
        let mut block = vec![0x83, 0x86, 0x04, 5];
        block.extend(b"/hold");
        block.extend([0x01, 1, b'x']);
        self.frame(HEADERS, END_HEADERS, stream, &block);
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("a short frame");
        self.written.extend(&length.to_be_bytes()[1..]);
        self.written.extend([kind, flags]);
        self.written.extend(stream.to_be_bytes());
        self.written.extend(payload);
    }

    async fn flush(&mut self) {
        // A server that has closed already is what some tests wait for.
        let _sent = self.stream.write_all(&std::mem::take(&mut self.written)).await;
    }

    async fn next(&mut self, wanted: impl Fn(&Frame) -> bool) -> Frame {
        let reading = async {
            loop {
                let mut head = [0; 9];
                self.stream.read_exact(&mut head).await.expect("a frame");
                let mut payload = vec![0; code(&[0, head[0], head[1], head[2]]) as usize];
                self.stream.read_exact(&mut payload).await.expect("a payload");
                let frame = Frame {
                    kind: head[3],
                    stream: code(&head[5..]),
                    payload,
                };
                if wanted(&frame) {
                    return frame;
                }
            }
        };
        timeout(PATIENCE, reading).await.expect("the frame comes in time")
    }
}

fn code(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().expect("four bytes"))
}
