//! The seam between two processes: a member face beside a cell face, and beside a folder whose vault is gone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use common::{PASSWORD, Seeded, answers};
use model::{Clock, Sector, Timestamp};
use policy::{Assets, Params};
use register::{Actor, NewOrganisation, NewPerson, Role};
use server::{Config, Faces, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }
}

fn config(folder: &Path, faces: Faces, seed: u64) -> Config {
    let mut config = Config::new(folder.join("data"), Arc::new(RealClock), Arc::new(Seeded(AtomicU64::new(seed))));
    config.faces = faces;
    config.exercise = true;
    // Epochs of three seconds, so that what waits for one is seen soon.
    config.params = Params { epoch_millis: 3_000, ..Params::EXERCISE };
    config.member_addr = ([127, 0, 0, 1], 0).into();
    config.cell_addr = ([127, 0, 0, 1], 0).into();
    if faces == Faces::Member {
        let mut set = fusion::NoiseSet::default();
        set.add("given lists", fusion::ListKind::Hostname, ["given.test"]);
        config.sets.noise = Some(set.text().into());
    }
    config
}

async fn request(running: &Running, key: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(running.member_addr.unwrap()).await.unwrap();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// One exchange, byte for byte as it comes over the wire but for the date: status, headers, body. Of a stream, the first event.
async fn exchange(address: SocketAddr, host: &str, credential: &str, ask: &Ask) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let Ask { method, path, header, body } = ask;
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\n{credential}{header}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut piece)).await;
        let read = read.unwrap_or_else(|_| panic!("{method} {path} did not end")).unwrap();
        answer.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&answer);
        let event = text.contains("text/event-stream") && text.contains("\ndata: ") && text.contains("\n\n\r\n");
        if read == 0 || event {
            let end = if event { text.find("\n\n\r\n").unwrap() } else { text.len() };
            let date = |line: &&str| !line.to_lowercase().starts_with("date: ");
            return text[..end].split("\r\n").filter(date).collect::<Vec<_>>().join("\r\n");
        }
    }
}

#[derive(Clone, Debug)]
struct Ask {
    method: &'static str,
    path: String,
    header: String,
    body: &'static str,
}

/// Where routes begin that read and write the register alone.
const REGISTER: &[&str] = &[
    "/api/v1/session/",
    "/api/v1/me",
    "/api/v1/join",
    "/api/v1/keys",
    "/api/v1/devices",
    "/api/v1/organisation",
    "/api/v1/people",
    "/api/v1/invitations",
    "/api/v1/sponsorships",
    "/api/v1/terms",
];

/// Those of them that take no body: they draw chance, or end what the rest of the test asks with.
const TAKES_NOTHING: &[(&str, &str)] = &[
    ("POST", "/api/v1/session/passkey/start"),
    ("POST", "/api/v1/me/confirm/passkey/start"),
    ("POST", "/api/v1/me/passkeys/start"),
    ("POST", "/api/v1/me/totp"),
    ("DELETE", "/api/v1/me/totp"),
    ("POST", "/api/v1/me/recovery-codes"),
    ("DELETE", "/api/v1/me/sessions"),
];

/// A path with an id that nobody has.
fn own_id(path: &str) -> String {
    let Some((base, rest)) = path.split_once('{') else { return path.to_owned() };
    let rest = rest.split_once('}').map_or("", |(_, rest)| rest);
    format!("{base}00000000-0000-4000-8000-0000000000ff{rest}")
}

/// What stands in a path for its parameter, and what else a route is asked with; a route that is not here fails the test.
fn asks(known: &Known) -> Vec<Ask> {
    let ask = |method, path: &str| Ask { method, path: path.to_owned(), header: String::new(), body: "" };
    let mut all = Vec::new();
    for route in server::routes().into_iter().filter(|route| route.face == server::Face::Member) {
        let path = route.path;
        let get = |end: &str| ask("GET", &format!("{path}{end}"));
        all.extend(match (route.method, path) {
            ("GET", "/api/v1/indicators" | "/api/v1/campaigns") => {
                let next = known.next.get(path).unwrap();
                vec![get(""), get("?limit=1"), get(&format!("?limit=1&cursor={next}")), get("?cursor=x")]
            }
            ("GET", "/api/v1/campaigns/{id}" | "/campaigns/{id}") => {
                let base = path.trim_end_matches("{id}");
                [&*known.campaign, "00000000-0000-4000-8000-0000000000ff", "x"]
                    .map(|id| ask("GET", &format!("{base}{id}")))
                    .into()
            }
            ("GET", path) if path.starts_with("/api/v1/groups/{id}") => {
                [&*known.group, "00000000-0000-4000-8000-0000000000ff", "x"]
                    .map(|id| ask("GET", &path.replace("{id}", id)))
                    .into()
            }
            // Adding somebody would change what is read next; nobody is who may not.
            ("POST", "/api/v1/groups/{id}/members") => vec![],
            ("GET", "/api/v1/lookup") => ["evil.test", "circle.test", "198.51.100.9", "nowhere.test", "8.8.8.8", "%20"]
                .map(|value| get(&format!("?value={value}")))
                .into(),
            ("GET", "/api/v1/feeds/{name}") => {
                ["watch.txt", "block.txt", "none.txt"].map(|name| ask("GET", &format!("/api/v1/feeds/{name}"))).into()
            }
            ("GET", "/api/v1/stream") => {
                let resumed = Ask { header: format!("last-event-id: {}\r\n", known.event), ..get("") };
                let strange = Ask { header: "last-event-id: AAAA\r\n".to_owned(), ..get("") };
                vec![get(""), resumed, strange]
            }
            ("GET", "/assets/{*path}") => vec![ask("GET", "/assets/nothing.js")],
            ("GET", plain) if !plain.contains('{') => vec![get("")],
            ("POST", "/api/v1/session") => {
                let wrong = r#"{"email":"nobody@nowhere.example","password":"not the password"}"#;
                vec![Ask { body: wrong, ..ask("POST", path) }]
            }
            // Whoever takes these needs the vault: what they answer without it is looked at below.
            ("POST", "/api/v1/reports" | "/api/v1/import" | "/api/v1/advisories/{id}/read") => vec![],
            // The same of what comes from outside; a form that is none is refused before.
            ("POST", "/tell" | "/tell/back") => vec![Ask { body: "{", ..ask("POST", path) }],
            // A dry run asks the register alone, and a document is read as it lies there.
            ("POST", "/api/v1/reports/preview") => {
                let draft = r#"{"title":"t","warn":"now","tlp":"GREEN","indicators":[{"value":"evil.test"}]}"#;
                vec![Ask { body: draft, ..ask("POST", path) }, Ask { body: "{", ..ask("POST", path) }]
            }
            ("POST", "/api/v1/extract") => vec![Ask { body: r#"{"seen":"evil[.]test"}"#, ..ask("POST", path) }],
            ("POST" | "PUT" | "DELETE", changed) if changed.starts_with("/api/v1/reports/{reference}") => vec![],
            // Ends the session that is asked with; without any it does nothing.
            ("DELETE", "/api/v1/session") => vec![],
            ("GET", _) => vec![ask("GET", &own_id(path))],
            // They change the register alone, which both processes have: asked with a body that nobody can read, they say so.
            (method, _)
                if REGISTER.iter().any(|own| path.starts_with(own)) && TAKES_NOTHING.contains(&(method, path)) =>
            {
                vec![]
            }
            (method, _) if REGISTER.iter().any(|own| path.starts_with(own)) => {
                vec![Ask { body: "{", ..ask(method, &own_id(path)) }]
            }
            _ => panic!("route {} {path} is not asked here: add it", route.method),
        });
    }
    all
}

/// What members know in the end.
struct Known {
    campaign: String,
    group: String,
    advisory: String,
    event: String,
    next: HashMap<&'static str, String>,
}

fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark:?} in {text}"));
    rest.split(['"', '\n', '\r', ';']).next().unwrap()
}

/// A stream that goes on from the last event has nothing to say until the next one: it is asked for from an earlier event.
async fn known(member: &Running, credential: &str) -> Known {
    let address = member.member_addr.unwrap();
    let get = async |path: &str| {
        let ask = Ask { method: "GET", path: path.to_owned(), header: String::new(), body: "" };
        exchange(address, "localhost", credential, &ask).await
    };
    let mut next = HashMap::new();
    for list in ["/api/v1/indicators", "/api/v1/campaigns"] {
        next.insert(list, after(&get(&format!("{list}?limit=1")).await, r#""next":""#).to_owned());
    }
    Known {
        campaign: after(&get("/api/v1/campaigns").await, r#""id":""#).to_owned(),
        group: after(&get("/api/v1/groups").await, r#""id":""#).to_owned(),
        advisory: after(&get("/api/v1/advisories").await, r#""id":""#).to_owned(),
        event: String::new(),
        next,
    }
}

async fn until_released(running: &Running, key: &str, value: &str) -> String {
    for _ in 0..100 {
        let (_, body) = request(running, key, "GET", &format!("/api/v1/lookup?value={value}"), "").await;
        if body.contains(r#""verdict":"watch""#) {
            return body;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{value} was not released in time");
}

/// An answer without whether a factor was shown just now: that is held in memory, and a restart forgets it (decision 0128).
fn but_for_freshness(answer: &str) -> String {
    let lines = answer.split("\r\n").filter(|line| !line.starts_with("content-length: "));
    lines.collect::<Vec<_>>().join("\r\n").replace(r#""confirmed":true"#, r#""confirmed":false"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_face_needs_no_vault_and_sends_through_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let cell = server::start(config(folder.path(), Faces::Cell, 1)).await.unwrap();
    let firm = |name: &str| NewOrganisation {
        name: name.to_owned(),
        class: register::OrganisationClass::Member,
        sector: Sector::Water,
        region: None,
        assets: Assets::default(),
    };
    let made = cell.register.create_members(&[firm("Firm"), firm("Second firm")], "test", answers()).unwrap();
    let keys: Vec<String> = made.iter().map(|(_, key)| key.expose().to_owned()).collect();
    for (email, organisation, role) in
        [("ann@firm.example", Some(made[0].0), Role::Reporter), ("kit@cell.example", None, Role::Lead)]
    {
        let person = NewPerson { email: email.into(), name: "Somebody".into(), organisation, role, secondment: None };
        cell.register.create_person(&Actor::operator(), &person, PASSWORD).unwrap();
    }
    let by = Actor::operator();
    let who_may_add = register::WhoMayAdd::Cell;
    let circle = register::NewGroup { name: "Circle".into(), purpose: "p".into(), ends_at: None, who_may_add };
    let circle = cell.register.create_group(&by, &circle).unwrap();
    cell.register.join_group(&by, circle, made[0].0, false).unwrap();
    let member = server::start(config(folder.path(), Faces::Member, 2)).await.unwrap();
    assert!(member.vault.is_none() && member.cell_addr.is_none() && cell.member_addr.is_none());

    // Something of every noun: values of two firms on the block feed, two campaigns, a text, a posture.
    let report = r#"{"title":"a","attack":"phishing","tlp":"GREEN","indicators":[{"value":"evil.test"},{"value":"198.51.100.9"}]}"#;
    let other = r#"{"title":"b","attack":"malware","tlp":"GREEN","indicators":[{"value":"other.test"}]}"#;
    let for_circle = format!(
        r#"{{"title":"g","attack":"malware","warn":{{"group":"{circle}"}},"know":"nobody","tlp":"AMBER","indicators":[{{"value":"circle.test"}}]}}"#
    );
    for (key, report) in [(&keys[0], report), (&keys[0], other), (&keys[0], for_circle.as_str())] {
        let (status, body) = request(&member, key, "POST", "/api/v1/reports", report).await;
        assert_eq!(status, 201, "{body}");
    }
    until_released(&member, &keys[0], "evil.test").await;
    until_released(&member, &keys[0], "other.test").await;
    // The group was known to the member's process, and its vault at the other end of the socket took the group's word.
    until_released(&member, &keys[0], "circle.test").await;
    let (_, outside) = request(&member, &keys[1], "GET", "/api/v1/lookup?value=circle.test", "").await;
    assert!(outside.contains(r#""verdict":"not-seen""#), "{outside}");
    // The members' process has no journal: it knows the project's own lists, and those that it was given.
    for (value, list) in [("8.8.8.8", "public DNS resolvers"), ("www.given.test", "given lists")] {
        let (_, told) = request(&member, &keys[1], "GET", &format!("/api/v1/lookup?value={value}"), "").await;
        assert!(told.contains(r#""verdict":"everyday""#) && told.contains(list), "{told}");
    }
    let key = format!("authorization: Bearer {}\r\n", keys[0]);
    let stream = Ask { method: "GET", path: "/api/v1/stream".to_owned(), header: String::new(), body: "" };
    let first = exchange(member.member_addr.unwrap(), "localhost", &key, &stream).await;
    let event = after(&first, "\nid: ").to_owned();
    // Two firms that report before members have a value confirm it for the block feed; twice, since an epoch may begin between.
    for value in ["block-1.test", "block-2.test"] {
        for key in &keys {
            let report = format!(
                r#"{{"title":"c","attack":"malware","warn":"next-epoch","know":"nobody","tlp":"GREEN","indicators":[{{"value":"{value}"}}]}}"#
            );
            assert_eq!(request(&member, key, "POST", "/api/v1/reports", &report).await.0, 201);
        }
    }
    let sign_in = |path: &str, email| Ask {
        method: "POST",
        path: path.to_owned(),
        header: String::new(),
        body: Box::leak(format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#).into_boxed_str()),
    };
    let lead =
        exchange(cell.cell_addr.unwrap(), "cell.localhost", "", &sign_in("/cell/v1/session", "kit@cell.example")).await;
    let lead = format!("cookie: {}\r\n", after(&lead, "set-cookie: "));
    let advisory = r#"{"title":"Look","summary":"s","actions":["a"],"severity":"high","tlp":"GREEN"}"#;
    for (method, path, body) in
        [("POST", "/cell/v1/advisories", advisory), ("PUT", "/cell/v1/posture", r#"{"word":"raised","text":"p"}"#)]
    {
        let ask = Ask { method, path: path.to_owned(), header: String::new(), body };
        let answer = exchange(cell.cell_addr.unwrap(), "cell.localhost", &lead, &ask).await;
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }
    for (path, wanted) in
        [("/api/v1/feeds/block.txt", "block-"), ("/api/v1/advisories", "Look"), ("/api/v1/home", "raised")]
    {
        until(&member, &keys[0], path, wanted).await;
    }
    // From here on nothing is released any more.
    cell.stop().await.unwrap();
    let session =
        exchange(member.member_addr.unwrap(), "localhost", "", &sign_in("/api/v1/session", "ann@firm.example")).await;
    let session = format!("cookie: {}\r\n", after(&session, "set-cookie: "));
    let known = Known { event, ..known(&member, &key).await };
    let asks = asks(&known);
    let mut before = Vec::new();
    for credential in [&*key, &*session, ""] {
        for ask in &asks {
            before.push((credential, ask, exchange(member.member_addr.unwrap(), "localhost", credential, ask).await));
        }
    }
    let answered = before.iter().filter(|(.., answer)| answer.starts_with("HTTP/1.1 200")).count();
    assert!(answered > 40, "only {answered} of {} asks are answered", before.len());
    member.stop().await.unwrap();

    // The vault is deleted, with every key but those that a members' process reads: every byte is equal.
    loop {
        let keys = std::fs::read_dir(folder.path().join("data.keys")).unwrap().map(|key| key.unwrap());
        let others = keys
            .filter(|key| !["factors.key", "own.key", "receipt.key"].iter().any(|members| key.file_name() == *members));
        let others: Vec<_> = others.map(|key| key.path()).collect();
        if others.is_empty() {
            break;
        }
        for path in others {
            let gone = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            // What the cell was writing when it was told to stop may take its own name meanwhile.
            assert!(gone.is_ok() || !path.exists(), "{}: {gone:?}", path.display());
        }
    }
    for name in ["data/vault.db", "data/vault.db-wal", "data/vault.db-shm", "data/blobs", "data/lock"] {
        let path = folder.path().join(name);
        let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    }
    let member = server::start(config(folder.path(), Faces::Member, 3)).await.unwrap();
    let mut asked_again = 0;
    for (credential, ask, before) in before {
        let now = exchange(member.member_addr.unwrap(), "localhost", credential, ask).await;
        // A restart forgets that a factor was shown (decision 0128): whoever is signed in is asked for it once more.
        if credential == &*session && now.contains("problem:confirm\"") && !before.contains("problem:confirm\"") {
            asked_again += 1;
            continue;
        }
        let (now, before) = if ask.path == "/api/v1/me" {
            (but_for_freshness(&now), but_for_freshness(&before))
        } else {
            (now, before)
        };
        assert_eq!(now, before, "{} {} with {credential:?}", ask.method, ask.path);
    }
    assert!(asked_again > 0, "the restart knows of a factor");
    // Nobody takes anything in now: the answer says to keep it.
    let read = format!("/api/v1/advisories/{}/read", known.advisory);
    let import = "/api/v1/import?name=list.csv&warn=now&know=nobody";
    for (path, body) in [("/api/v1/reports", report), (import, "value\nworse.test\n"), (&*read, "")] {
        let (status, body) = request(&member, &keys[0], "POST", path, body).await;
        assert_eq!(status, 503, "{path}: {body}");
    }
    assert!(!folder.path().join("data/vault.db").exists());
    member.stop().await.unwrap();
}

/// Waits until an answer holds a text.
async fn until(running: &Running, key: &str, path: &str, wanted: &str) {
    for _ in 0..300 {
        if request(running, key, "GET", path, "").await.1.contains(wanted) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} did not show {wanted} in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let both = server::start(config(folder.path(), Faces::Both, 1)).await.unwrap();
    let firm = NewOrganisation {
        name: "Firm".into(),
        class: register::OrganisationClass::Member,
        sector: Sector::Water,
        region: None,
        assets: Assets::default(),
    };
    let key = both.register.create_members(&[firm], "test", answers()).unwrap().remove(0).1.expose().to_owned();
    for n in 0..20 {
        let report =
            format!(r#"{{"title":"a","attack":"malware","tlp":"GREEN","indicators":[{{"value":"evil{n}.test"}}]}}"#);
        assert_eq!(request(&both, &key, "POST", "/api/v1/reports", &report).await.0, 201);
    }
    // Stopped at once: what was not yet released is released by the next process.
    both.stop().await.unwrap();
    let both = server::start(config(folder.path(), Faces::Both, 2)).await.unwrap();
    for n in 0..20 {
        until_released(&both, &key, &format!("evil{n}.test")).await;
    }
    both.stop().await.unwrap();
    let report = vault::verify(&folder.path().join("data"), &folder.path().join("data.keys")).unwrap();
    assert_eq!(report.types["report"], 20);
    assert!(report.checkpoint.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_intake_every_report_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), Faces::Both, 1);
    config.intake = false;
    let both = server::start(config).await.unwrap();
    let firm = NewOrganisation {
        name: "Firm".into(),
        class: register::OrganisationClass::Member,
        sector: Sector::Water,
        region: None,
        assets: Assets::default(),
    };
    let key = both.register.create_members(&[firm], "test", answers()).unwrap().remove(0).1.expose().to_owned();
    let report = r#"{"title":"a","attack":"phishing","tlp":"GREEN","indicators":[{"value":"evil.test"}]}"#;
    assert_eq!(request(&both, &key, "POST", "/api/v1/reports", report).await.0, 503);
    both.stop().await.unwrap();
}
