//! The client against servers that mean it no good.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use egress::{Client, EgressError, Limits, Network, Resolve, Resolving, Rules};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

const LIMITS: Limits = Limits { time: Duration::from_millis(800), answer_bytes: 1_000 };
const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A name that leads elsewhere at each look.
struct Turning {
    answers: Vec<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Resolve for Turning {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> Resolving<'a> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[turn.min(self.answers.len() - 1)].clone();
        Box::pin(async move { if answer.is_empty() { Err(io::Error::other("none")) } else { Ok(answer) } })
    }
}

/// Reads requests and answers each by `answer`; tells what it was asked.
async fn server(at: &str, answer: impl Fn() -> Vec<String> + Send + 'static) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut bytes = vec![0; 4_096];
            let read = tcp.read(&mut bytes).await.unwrap_or(0);
            told.lock().unwrap().push(String::from_utf8_lossy(&bytes[..read]).into_owned());
            let pieces = answer();
            tokio::spawn(async move { say(&mut tcp, pieces).await });
        }
    });
    (address, asked)
}

/// Pieces with a rest between them.
async fn say(tcp: &mut TcpStream, pieces: Vec<String>) {
    for piece in pieces {
        if tcp.write_all(piece.as_bytes()).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let _ = tcp.shutdown().await;
}

fn here() -> Rules {
    Rules { allowed: vec!["127.0.0.1/32".parse::<Network>().unwrap()], roots: None }
}

fn at(address: SocketAddr) -> Url {
    format!("http://{address}/hook?a=b").parse().unwrap()
}

async fn post(client: &Client, url: &Url) -> Result<egress::Reply, EgressError> {
    client.post(url, &[], "{}").await
}

#[tokio::test]
async fn an_answer_comes_back_with_its_status() {
    let (address, asked) = server("127.0.0.1:0", || vec![FINE.to_owned()]).await;
    let reply = post(&Client::new(here(), LIMITS).unwrap(), &at(address)).await.unwrap();
    assert_eq!((reply.status, &*reply.body), (200, b"ok".as_slice()));
    let asked = asked.lock().unwrap().concat();
    assert!(
        asked.starts_with("POST /hook?a=b HTTP/1.1\r\n") && asked.contains(&format!("host: {address}\r\n")),
        "{asked}"
    );
    let (address, _) = server("127.0.0.1:0", || vec!["HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n".to_owned()]).await;
    assert_eq!(post(&Client::new(here(), LIMITS).unwrap(), &at(address)).await.unwrap().status, 500);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (inner, reached) = server("127.0.0.1:0", || vec![FINE.to_owned()]).await;
    let to = format!("HTTP/1.1 307 there\r\nlocation: http://{inner}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _) = server("127.0.0.1:0", move || vec![to.clone()]).await;
    let client = Client::new(here(), LIMITS).unwrap();
    assert!(matches!(post(&client, &at(address)).await, Err(EgressError::Redirect(307))));
    assert!(reached.lock().unwrap().is_empty());
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let (address, asked) = server("127.0.0.1:0", || vec![FINE.to_owned()]).await;
    let client = Client::new(Rules::default(), LIMITS).unwrap();
    let port = address.port();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
    ] {
        for scheme in ["http", "https"] {
            let url: Url = format!("{scheme}://{host}:{port}/").parse().unwrap();
            let refused = post(&client, &url).await;
            assert!(matches!(refused, Err(EgressError::Range(_))), "{url}: {refused:?}");
        }
    }
    assert!(asked.lock().unwrap().is_empty());
    // Allowing one address allows no other.
    let client = Client::new(here(), LIMITS).unwrap();
    for host in ["127.0.0.2", "10.0.0.1", "169.254.169.254"] {
        let refused = post(&client, &format!("http://{host}:{port}/").parse().unwrap()).await;
        assert!(matches!(refused, Err(EgressError::Range(_))), "{host}: {refused:?}");
    }
    // Plain HTTP goes to this machine only, whatever is allowed.
    let all = Rules { allowed: vec!["0.0.0.0/0".parse().unwrap()], roots: None };
    let refused = post(&Client::new(all, LIMITS).unwrap(), &"http://192.0.2.1/".parse().unwrap()).await;
    assert!(matches!(refused, Err(EgressError::Address(_))), "{refused:?}");
    for url in ["ftp://127.0.0.1/", "https://me:secret@host.example/"] {
        assert!(matches!(post(&client, &url.parse().unwrap()).await, Err(EgressError::Address(_))), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_resolves_otherwise_a_moment_later_gains_nothing() {
    let (good, _) = server("127.0.0.1:0", || vec![FINE.to_owned()]).await;
    let inner = SocketAddr::new("127.0.0.2".parse().unwrap(), good.port());
    let (_, reached) = server(&inner.to_string(), || vec![FINE.to_owned()]).await;
    let names = Arc::new(Turning { answers: vec![vec![good], vec![inner]], asked: AtomicUsize::new(0) });
    let client = Client::with_names(here(), LIMITS, Arc::clone(&names) as _).unwrap();
    let url: Url = format!("http://hooks.example:{}/", good.port()).parse().unwrap();
    assert_eq!(post(&client, &url).await.unwrap().status, 200);
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "the name was looked at once");
    assert!(matches!(post(&client, &url).await, Err(EgressError::Range(_))), "the second look is judged too");
    // Of good and bad addresses only the good one is connected to.
    let names = Arc::new(Turning { answers: vec![vec![inner, good]], asked: AtomicUsize::new(0) });
    let client = Client::with_names(here(), LIMITS, names).unwrap();
    assert_eq!(post(&client, &url).await.unwrap().status, 200);
    assert!(reached.lock().unwrap().is_empty());
    let names = Arc::new(Turning { answers: vec![vec![]], asked: AtomicUsize::new(0) });
    let client = Client::with_names(here(), LIMITS, names).unwrap();
    assert!(matches!(post(&client, &url).await, Err(EgressError::NoAddress)));
}

#[tokio::test]
async fn a_slow_answer_and_a_huge_one_are_cut_short() {
    let client = Client::new(here(), LIMITS).unwrap();
    let slowly = || {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_owned();
        [vec![head], vec!["x".to_owned(); 100]].concat()
    };
    let nothing = || vec![String::new(); 100];
    for address in [server("127.0.0.1:0", slowly).await.0, server("127.0.0.1:0", nothing).await.0] {
        let began = Instant::now();
        assert!(matches!(post(&client, &at(address)).await, Err(EgressError::Late)));
        assert!(began.elapsed() < Duration::from_millis(2_000));
    }
    let sized = || vec![format!("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n{}", "x".repeat(1_001))];
    let endless = || {
        let piece = format!("400\r\n{}\r\n", "x".repeat(1_024));
        [vec!["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned()], vec![piece; 100]].concat()
    };
    for address in [server("127.0.0.1:0", sized).await.0, server("127.0.0.1:0", endless).await.0] {
        let refused = post(&client, &at(address)).await;
        assert!(matches!(refused, Err(EgressError::Long(1_000))), "{refused:?}");
    }
    let head = || vec![format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(100_000))];
    let (address, _) = server("127.0.0.1:0", head).await;
    assert!(matches!(post(&client, &at(address)).await, Err(EgressError::Answer)));
}

struct Certificate {
    server: Arc<rustls::ServerConfig>,
    pem: PathBuf,
}

fn certificate(host: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let pem = std::env::temp_dir().join(format!("egress-{}-{host}.pem", std::process::id()));
    std::fs::write(&pem, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let server = builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    Certificate { server: Arc::new(server), pem }
}

#[tokio::test]
async fn a_certificate_must_be_good_for_the_host() {
    let (ours, other) = (certificate("hooks.example"), certificate("other.example"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&ours.server));
    let read: Arc<AtomicUsize> = Arc::default();
    let told = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            told.fetch_add(tls.read(&mut [0; 4_096]).await.unwrap_or(0), Ordering::SeqCst);
            let _ = tls.write_all(FINE.as_bytes()).await;
            let _ = tls.shutdown().await;
        }
    });
    let client = |roots: Option<&Certificate>| {
        let names = Arc::new(Turning { answers: vec![vec![address]], asked: AtomicUsize::new(0) });
        let rules = Rules { roots: roots.map(|root| root.pem.clone()), ..here() };
        Client::with_names(rules, LIMITS, names).unwrap()
    };
    let url = |host: &str| -> Url { format!("https://{host}:{}/", address.port()).parse().unwrap() };
    // Roots of the machine, roots of somebody else, and a host that the certificate does not name.
    for (roots, host) in [(None, "hooks.example"), (Some(&other), "hooks.example"), (Some(&ours), "elsewhere.example")]
    {
        let refused = post(&client(roots), &url(host)).await;
        assert!(matches!(refused, Err(EgressError::Tls)), "{host}: {refused:?}");
    }
    assert_eq!(read.load(Ordering::SeqCst), 0, "something was said before the certificate was checked");
    assert_eq!(post(&client(Some(&ours)), &url("hooks.example")).await.unwrap().status, 200);
    for pem in [ours.pem, other.pem] {
        std::fs::remove_file(pem).unwrap();
    }
}
