//! A mail server for tests: takes mail, and can be told to be slow, to refuse, or to say nothing once it has taken one.
#![allow(dead_code)]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A mail as it was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub id: String,
    pub to: String,
    pub text: String,
    pub signed_in: Option<String>,
    pub by_tls: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Plain,
    StartTls,
    Tls,
}

#[derive(Default)]
struct State {
    taken: Mutex<Vec<Taken>>,
    /// Answers to recipients other than 250.
    answers: Mutex<HashMap<String, String>>,
    /// Take the next mail, and then say nothing.
    hold: AtomicBool,
    held: AtomicBool,
}

#[derive(Clone)]
pub struct Post {
    pub address: String,
    state: Arc<State>,
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn line(wire: &mut dyn Wire) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n") {
        let mut byte = [0];
        if wire.read(&mut byte).ok()? == 0 {
            return None;
        }
        assert!(byte != [b'\n'] || bytes.ends_with(b"\r"), "a line feed alone: {bytes:?}");
        bytes.push(byte[0]);
    }
    Some(String::from_utf8(bytes).unwrap().trim_end().to_owned())
}

fn secured(tcp: &TcpStream, tls: &Arc<ServerConfig>) -> Box<dyn Wire> {
    Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), tcp.try_clone().unwrap()))
}

fn converse(tcp: TcpStream, mode: Mode, tls: Option<Arc<ServerConfig>>, state: &State) -> Option<()> {
    let mut by_tls = mode == Mode::Tls;
    let mut wire: Box<dyn Wire> =
        if by_tls { secured(&tcp, tls.as_ref()?) } else { Box::new(tcp.try_clone().unwrap()) };
    let (mut to, mut signed_in) = (String::new(), None);
    let say = |wire: &mut Box<dyn Wire>, text: &str| wire.write_all(format!("{text}\r\n").as_bytes()).ok();
    say(&mut wire, "220 post.test")?;
    loop {
        let command = line(&mut wire)?;
        let (verb, rest) = command.split_once([' ', ':']).unwrap_or((&command, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" if mode == Mode::StartTls && !by_tls => {
                say(&mut wire, "250-post.test\r\n250-STARTTLS\r\n250 8BITMIME")?;
            }
            "EHLO" => say(&mut wire, "250-post.test\r\n250-AUTH PLAIN\r\n250 8BITMIME")?,
            "STARTTLS" => {
                say(&mut wire, "220 go on")?;
                (wire, by_tls) = (secured(&tcp, tls.as_ref()?), true);
            }
            "AUTH" => {
                signed_in = Some(rest.to_owned());
                say(&mut wire, "235 welcome")?;
            }
            "RCPT" => {
                to = rest.trim_start_matches("TO:<").trim_end_matches('>').to_owned();
                let answer = state.answers.lock().unwrap().get(&to).cloned();
                say(&mut wire, answer.as_deref().unwrap_or("250 known"))?;
            }
            "DATA" => {
                say(&mut wire, "354 go on")?;
                let mut text = String::new();
                loop {
                    match line(&mut wire)?.as_str() {
                        "." => break,
                        part => text.push_str(&format!("{}\n", part.strip_prefix('.').unwrap_or(part))),
                    }
                }
                let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("Message-ID: ")).collect();
                assert_eq!(ids.len(), 1, "{text}");
                let (id, signed_in) = (ids[0].to_owned(), signed_in.clone());
                state.taken.lock().unwrap().push(Taken { id, to: to.clone(), text, signed_in, by_tls });
                if state.hold.swap(false, Ordering::SeqCst) {
                    state.held.store(true, Ordering::SeqCst);
                    let _ = line(&mut wire);
                    return None;
                }
                std::thread::sleep(Duration::from_millis(3));
                say(&mut wire, "250 taken")?;
            }
            "QUIT" => {
                say(&mut wire, "221 bye")?;
                return None;
            }
            _ => say(&mut wire, "250 fine")?,
        }
    }
}

impl Post {
    pub fn on(port: u16, mode: Mode, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let (tls, shared) = (tls.clone(), Arc::clone(&shared));
                std::thread::spawn(move || converse(tcp.unwrap(), mode, tls, &shared));
            }
        });
        Self { address, state }
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().unwrap().clone()
    }

    /// Answers a recipient otherwise than by 250; `None` for 250 again.
    pub fn answer(&self, to: &str, answer: Option<&str>) {
        let mut answers = self.state.answers.lock().unwrap();
        match answer {
            Some(answer) => answers.insert(to.to_owned(), answer.to_owned()),
            None => answers.remove(to),
        };
    }

    /// Takes the next mail and says nothing; [`Post::holds`] tells when it is so far.
    pub fn hold(&self) {
        self.state.held.store(false, Ordering::SeqCst);
        self.state.hold.store(true, Ordering::SeqCst);
    }

    pub fn holds(&self) -> bool {
        self.state.held.load(Ordering::SeqCst)
    }

    /// Speaks again, if it was told to hold and nothing came.
    pub fn go_on(&self) {
        self.state.hold.store(false, Ordering::SeqCst);
    }
}
