//! TLS as an operator sets it up: certificate files, their renewal, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Answer, Folder, Running, command, free_port, json, listens, ok, run, until};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// Writes a new pair and gives the certificate.
fn renew(folder: &Folder) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = folder.write("key.pem", made.signing_key.serialize_pem());
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
    folder.write("cert.pem", made.cert.pem());
    made.cert.der().clone()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn connect(address: &str, root: &CertificateDer<'static>, protocols: &[&[u8]]) -> std::io::Result<Stream> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(Duration::from_secs(20)))?;
    let session = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(session, tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

/// One request over a connection that stays open.
fn ask(stream: &mut Stream, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n");
    headers.iter().for_each(|header| request.push_str(&format!("{header}\r\n")));
    request.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    let mut bytes = [0; 4096];
    loop {
        let n = stream.read(&mut bytes).unwrap();
        assert!(n > 0, "the connection ended: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..n]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0usize) {
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            return Answer { status, head: head.to_owned(), body: body.to_owned() };
        }
    }
}

struct Served {
    folder: Folder,
    member: String,
    cell: String,
    password: String,
    root: CertificateDer<'static>,
    server: Running,
    log: std::thread::JoinHandle<String>,
}

fn served() -> Served {
    let folder = Folder::new();
    let root = renew(&folder);
    let data = folder.text("data");
    let lead = json(&["admin", "init", "--data-dir", &data, "--email", "ada@cell.example", "--json"]);
    let (member, cell) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let (cert, key) = (folder.text("cert.pem"), folder.text("key.pem"));
    let mut child = command(&["serve", "--data-dir", &data, "--member-addr", &member, "--cell-addr", &cell])
        .args(["--tls-cert", &cert, "--tls-key", &key])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let server = Running(child);
    assert!(listens(&member) && listens(&cell));
    Served { folder, member, cell, password: lead["password"].as_str().unwrap().to_owned(), root, server, log }
}

const HTTP: &[&[u8]] = &[b"h2", b"http/1.1"];

#[test]
fn requests_and_sessions_are_for_tls_alone() {
    let Served { member, cell, password, root, .. } = &served();
    let mut stream = connect(member, root, HTTP).unwrap();
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(stream.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let group = stream.conn.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768, "no post-quantum key exchange");
    let face = ask(&mut stream, "GET", "/face", &[], "");
    assert_eq!((face.status, face.json()["face"].as_str()), (200, Some("member")));
    assert!(face.head.to_ascii_lowercase().contains("strict-transport-security: max-age=31536000"), "{}", face.head);

    let mut stream = connect(cell, root, HTTP).unwrap();
    let body = serde_json::json!({ "email": "ada@cell.example", "password": password }).to_string();
    let session = ask(&mut stream, "POST", "/cell/v1/session", &[], &body);
    assert_eq!(session.status, 200, "{}", session.body);
    let cookie = session.cookie();
    assert!(cookie.starts_with("__Host-fc_cell="), "{cookie}");
    let set = session.head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:")).unwrap();
    for word in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(set.contains(word), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let who = |stream: &mut Stream, cookie: &str| {
        ask(stream, "GET", "/cell/v1/session", &[&format!("Cookie: {cookie}")], "").status
    };
    assert_eq!(who(&mut stream, &cookie), 200);
    // A neighbour that can set cookies cannot set one by the prefix; the name without it opens nothing.
    assert_eq!(who(&mut stream, cookie.strip_prefix("__Host-").unwrap()), 401);
}

#[test]
fn who_does_not_speak_tls_gets_nothing_and_keeps_nobody_waiting() {
    let Served { folder: _folder, member, root, server, log, .. } = served();
    let silent: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&member).unwrap()).collect();
    let start = Instant::now();
    let mut stream = connect(&member, &root, HTTP).unwrap();
    assert_eq!(ask(&mut stream, "GET", "/face", &[], "").status, 200);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());

    let mut plain = TcpStream::connect(&member).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    plain.write_all(b"GET /face HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut told = Vec::new();
    let _ = plain.read_to_end(&mut told);
    assert!(told.first().is_none_or(|kind| *kind == 0x15), "{:?}", String::from_utf8_lossy(&told));

    // A client of TLS 1.1: the hello says 3.2, with one suite, and one signature algorithm as its only extension.
    let hello = [
        &[0x16, 3, 1, 0, 55, 1, 0, 0, 51, 3, 2][..],
        &[7; 32],
        &[0, 0, 2, 0xc0, 0x13, 1, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3],
    ]
    .concat();
    let mut old = TcpStream::connect(&member).unwrap();
    old.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    old.write_all(&hello).unwrap();
    let mut told = Vec::new();
    let _ = old.read_to_end(&mut told);
    assert_eq!(
        (told.first(), told.get(5..7)),
        (Some(&0x15), Some(&[2, 70][..])),
        "no protocol_version alert: {told:?}"
    );

    // Nor does a silent one hold its place: it is closed.
    let mut one = &silent[0];
    one.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    assert!(matches!(one.read(&mut [0; 16]), Ok(0)), "a silent client stays");
    // The end does not wait for those who are silent either.
    let still = TcpStream::connect(&member).unwrap();
    let start = Instant::now();
    drop((stream, server));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    drop(still);
    // That nobody is woken here has nothing to do with who was silent.
    let log = log.join().unwrap();
    let log: String = log.lines().filter(|line| !line.contains("nobody is woken")).collect();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

#[test]
fn a_renewed_certificate_is_used_and_a_broken_one_not() {
    let Served { folder, member, root, server, log, .. } = served();
    let mut open = connect(&member, &root, HTTP).unwrap();
    assert_eq!(ask(&mut open, "GET", "/face", &[], "").status, 200);
    folder.write("cert.pem", "-----BEGIN CERTIFICATE-----\nhalf");
    std::thread::sleep(Duration::from_millis(5_000));
    assert!(connect(&member, &root, HTTP).is_ok(), "a broken file took the certificate away");
    let fresh = renew(&folder);
    let renewed = until(Duration::from_secs(8), || connect(&member, &fresh, HTTP).ok());
    assert!(renewed.is_some(), "the renewed certificate is not used");
    assert!(connect(&member, &root, HTTP).is_err(), "the old certificate is still shown");
    assert_eq!(ask(&mut open, "GET", "/face", &[], "").status, 200, "an open connection was dropped");
    drop((open, server));
    let log = log.join().unwrap();
    assert_eq!(log.matches("cannot be used; the old ones stay").count(), 1, "{log}");
    assert_eq!(log.matches("a new certificate is in use").count(), 1, "{log}");
}

#[test]
fn plain_http_stays_on_this_machine_unless_told_otherwise() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    let cell = format!("127.0.0.1:{}", free_port());
    let member = format!("0.0.0.0:{}", free_port());
    let serve = ["serve", "--data-dir", &data, "--member-addr", &member, "--cell-addr", &cell];
    let refused = run(&serve);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    for word in [&member, "--tls-cert", "--behind-tls", "--allow-plain-http"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    for allowed in ["--behind-tls", "--allow-plain-http"] {
        let child = command(&serve).arg(allowed).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let _server = Running(child);
        assert!(listens(&member.replace("0.0.0.0", "127.0.0.1")), "{allowed}");
    }
}

#[test]
fn a_pair_that_cannot_be_used_is_told_at_the_start() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    renew(&folder);
    let (cert, key) = (folder.text("cert.pem"), folder.text("key.pem"));
    let port = || format!("127.0.0.1:{}", free_port());
    let (member, cell) = (port(), port());
    let words = ["serve", "--data-dir", &data, "--member-addr", &member, "--cell-addr", &cell, "--tls-cert", &cert];
    assert_eq!(run(&words).status.code(), Some(2), "a certificate without a key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run(&[&words[..], &["--tls-key", &key]].concat());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && told.contains("others can read this key"), "{told}");
}
