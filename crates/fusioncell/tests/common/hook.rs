//! A webhook's receiver for tests: keeps what came, and can be told to refuse, or to say nothing once it has taken a call.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// A call as it came.
#[derive(Clone, Debug)]
pub struct Call {
    pub headers: HashMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct State {
    calls: Mutex<Vec<Call>>,
    hold: AtomicBool,
    held: AtomicBool,
    refuse: AtomicU16,
}

#[derive(Clone)]
pub struct Hooked {
    pub address: String,
    state: Arc<State>,
}

fn take(mut tcp: TcpStream, state: &State) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        let mut piece = [0; 4_096];
        let read = tcp.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let lower = head.to_ascii_lowercase();
        let length = lower.split_once("content-length: ")?.1.split("\r\n").next()?.parse::<usize>().ok()?;
        if bytes.len() >= head.len() + 4 + length {
            break (head.to_owned(), length);
        }
    };
    let body = String::from_utf8(bytes[head.len() + 4..head.len() + 4 + length].to_vec()).unwrap();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let refuse = state.refuse.load(Ordering::SeqCst);
    if refuse > 0 {
        return write!(tcp, "HTTP/1.1 {refuse} no\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").ok();
    }
    state.calls.lock().unwrap().push(Call { headers, body });
    if state.hold.swap(false, Ordering::SeqCst) {
        state.held.store(true, Ordering::SeqCst);
        let _ = tcp.read(&mut [0]);
        return None;
    }
    tcp.write_all(b"HTTP/1.1 204 taken\r\ncontent-length: 0\r\n\r\n").ok()
}

impl Hooked {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || take(tcp.unwrap(), &shared));
            }
        });
        Self { address, state }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().clone()
    }

    /// Answers by a status other than 204; 0 for that again.
    pub fn refuse(&self, status: u16) {
        self.state.refuse.store(status, Ordering::SeqCst);
    }

    /// Takes the next call and says nothing; [`Hooked::holds`] tells when it is so far.
    pub fn hold(&self) {
        self.state.held.store(false, Ordering::SeqCst);
        self.state.hold.store(true, Ordering::SeqCst);
    }

    pub fn holds(&self) -> bool {
        self.state.held.load(Ordering::SeqCst)
    }

    pub fn go_on(&self) {
        self.state.hold.store(false, Ordering::SeqCst);
    }
}
