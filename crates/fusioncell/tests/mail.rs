//! The outbox of the real binary before a mail server of our own: nothing is lost, whatever dies and refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "common/post.rs"]
mod post;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use common::{Folder, Running, command, free_port, json, listens, ok, read, run, until};
use model::{Clock, Entropy, Timestamp};
use post::{Mode, Post};
use register::{MailKind, NewMail, PasswordCost, Register};

struct Outside;

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(now.as_millis() as i64)
    }
}

impl Entropy for Outside {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

fn register(data: &str) -> Register {
    let path = Path::new(data).join("register.db");
    Register::open(&path, Arc::new(Outside), Arc::new(Outside), PasswordCost::CHEAP).unwrap()
}

fn invitation(to: &str) -> NewMail {
    NewMail {
        to: to.to_owned(),
        kind: MailKind::Invitation,
        subject: "Invitation to the partnership".to_owned(),
        text: "Open https://portal.example/join/secret-of-this-mail\n.\n..\nEnd\n".to_owned(),
    }
}

fn house() -> (Folder, String) {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    (folder, data)
}

/// Serves the cell's face; everything it logs goes to `log`.
fn serve(folder: &Folder, more: &[&str]) -> Running {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.path("log")).unwrap();
    let cell = format!("127.0.0.1:{}", free_port());
    let child = command(&["serve", "--data-dir", &folder.text("data"), "--face", "cell", "--cell-addr", &cell])
        .args(more)
        .env("FUSIONCELL_LOG", "trace")
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let running = Running(child);
    assert!(listens(&cell), "{}", read(&folder.path("log")));
    running
}

const FROM: [&str; 2] = ["--mail-from", "Northern Utilities <no-reply@cell.example>"];

fn plain(post: &Post) -> [String; 4] {
    ["--smtp-url".to_owned(), format!("smtp+plain://{}", post.address), FROM[0].to_owned(), FROM[1].to_owned()]
}

fn told(data: &str) -> serde_json::Value {
    json(&["admin", "mail", "list", "--data-dir", data, "--json"])
}

#[test]
fn no_mail_is_lost_over_kill_9_and_one_that_comes_twice_is_recognised() {
    let rounds: usize = std::env::var("FUSIONCELL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let (folder, data) = house();
    let post = Post::on(0, Mode::Plain, None);
    let arguments = plain(&post);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outbox = register(&data);
    let (mut queued, mut in_the_window) = (0, 0);
    let mut queue = |number: usize| {
        for _ in 0..number {
            outbox.queue_mail(&invitation(&format!("person{queued}@firm.example"))).unwrap();
            queued += 1;
        }
    };
    for round in 0..rounds {
        queue(12);
        // In every third round the server dies between the mail server's taking a mail and its saying so.
        let hold = round % 3 == 2;
        if hold {
            post.hold();
        }
        let mut server = serve(&folder, &arguments);
        queue(8);
        if hold {
            assert!(until(Duration::from_secs(20), || post.holds().then_some(())).is_some(), "no mail came");
            in_the_window += 1;
        } else {
            std::thread::sleep(Duration::from_millis((round as u64 * 37) % 230));
        }
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        post.go_on();
    }
    let server = serve(&folder, &arguments);
    let done = until(Duration::from_secs(120), || (outbox.mail_counts().unwrap().waiting == 0).then_some(()));
    assert!(done.is_some(), "mails wait: {:?}", outbox.mail_counts().unwrap());
    // Nor does the store, or its log, remember what was sent: while it runs, not only when it ends.
    let holds = |word: &[u8]| {
        let mut stored = std::fs::read(folder.path("data/register.db")).unwrap();
        stored.extend(std::fs::read(folder.path("data/register.db-wal")).unwrap_or_default());
        stored.windows(word.len()).any(|part| part == word)
    };
    let forgotten = until(Duration::from_secs(20), || (!holds(b"secret-of-this-mail")).then_some(()));
    assert!(forgotten.is_some(), "a sent text is still in the store");
    assert!(holds(b"person7@firm.example"), "the outbox is not where it is looked for");
    drop(server);

    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let taken = post.taken();
    for mail in &taken {
        ids.entry(mail.to.clone()).or_default().insert(mail.id.clone());
        assert!(mail.text.contains("secret-of-this-mail") && mail.text.contains("\n.\n..\nEnd\n"), "{}", mail.text);
    }
    let expected: BTreeSet<String> = (0..queued).map(|number| format!("person{number}@firm.example")).collect();
    assert_eq!(ids.keys().cloned().collect::<BTreeSet<_>>(), expected, "a mail was lost");
    assert!(ids.values().all(|ids| ids.len() == 1), "a mail came by two names");
    let distinct: BTreeSet<&String> = ids.values().flatten().collect();
    assert_eq!(distinct.len(), queued, "two mails have one name");
    let twice = taken.len() - queued;
    println!("{queued} mails over {rounds} kills, {in_the_window} of them in the window: {twice} came twice");
    assert!(twice >= in_the_window && twice <= rounds, "{twice} of {in_the_window} to {rounds}");
    // Whatever came twice is told of as such.
    let unsure: BTreeSet<String> =
        outbox.mail_status(queued).unwrap().into_iter().filter(|mail| mail.unsure).map(|mail| mail.to).collect();
    let mut seen = BTreeSet::new();
    let doubled: BTreeSet<String> =
        taken.iter().filter(|mail| !seen.insert(&mail.id)).map(|mail| mail.to.clone()).collect();
    assert!(doubled.is_subset(&unsure), "{doubled:?} {unsure:?}");

    drop(outbox);
    let log = read(&folder.path("log"));
    assert!(log.contains("they are sent again by the same Message-ID"), "{log}");
    for word in ["secret-of-this-mail", "firm.example", "Invitation", "portal.example"] {
        assert!(!log.contains(word), "the log tells {word:?}");
    }
}

#[test]
fn a_mail_server_that_is_away_or_refuses_keeps_nothing_else_waiting() {
    let (folder, data) = house();
    let outbox = register(&data);
    let port = free_port();
    outbox.queue_mail(&invitation("early@firm.example")).unwrap();
    {
        let _server = serve(&folder, &[]);
        std::thread::sleep(Duration::from_millis(700));
    }
    assert_eq!(told(&data)["mails"][0]["state"], "queued", "without a mail server");
    assert!(read(&folder.path("log")).contains("no mail server is named"));

    let url = format!("smtp+plain://127.0.0.1:{port}");
    let _server = serve(&folder, &["--smtp-url", &url, FROM[0], FROM[1]]);
    let away = until(Duration::from_secs(10), || {
        (told(&data)["mails"][0]["trouble"].as_str()?.starts_with("connection")).then_some(())
    });
    assert!(away.is_some(), "{}", told(&data));
    assert_eq!(told(&data)["mails"][0]["attempts"], 0, "a try without a server counts");
    let post = Post::on(port, Mode::Plain, None);
    post.answer("gone@firm.example", Some("550 no such secret-of-the-server"));
    post.answer("busy@firm.example", Some("451 later"));
    for to in ["gone@firm.example", "busy@firm.example", "late@firm.example"] {
        outbox.queue_mail(&invitation(to)).unwrap();
    }
    let arrived = |to: &str| post.taken().iter().any(|mail| mail.to == to);
    let both = until(Duration::from_secs(20), || {
        (arrived("early@firm.example") && arrived("late@firm.example")).then_some(())
    });
    assert!(both.is_some(), "{}", told(&data));
    let states = until(Duration::from_secs(5), || {
        let told = told(&data);
        let mails = told["mails"].as_array()?;
        let find = |to: &str| {
            let mail = mails.iter().find(|mail| mail["to"] == to).unwrap();
            format!("{} {} {}", mail["state"].as_str().unwrap(), mail["attempts"], mail["trouble"])
        };
        let now = (find("gone@firm.example"), find("busy@firm.example"));
        (now.0.starts_with("failed") && now.1.contains("451")).then_some(now)
    });
    let states = states.expect("both are told of");
    assert_eq!(states, ("failed 1 \"recipient 550\"".to_owned(), "queued 1 \"recipient 451\"".to_owned()));
    assert_eq!((told(&data)["failed"].as_u64(), told(&data)["waiting"].as_u64()), (Some(1), Some(1)));
    // What was put right is tried again.
    post.answer("gone@firm.example", None);
    assert_eq!(ok(&["admin", "mail", "retry", "--data-dir", &data]), "1 mails are queued anew\n");
    assert!(until(Duration::from_secs(5), || arrived("gone@firm.example").then_some(())).is_some());
    ok(&["admin", "mail", "trial", "--data-dir", &data, "--to", "ada@cell.example"]);
    assert!(until(Duration::from_secs(5), || arrived("ada@cell.example").then_some(())).is_some());
    let refused = run(&["admin", "mail", "trial", "--data-dir", &data, "--to", "a@b.example\r\nBcc: c@d.example"]);
    assert_eq!(refused.status.code(), Some(1));
    let log = read(&folder.path("log"));
    assert!(!log.contains("secret") && !log.contains("firm.example"), "{log}");
}

fn tls(folder: &Folder, name: &str) -> Arc<rustls::ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    folder.write(name, made.cert.pem());
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    Arc::new(config)
}

#[test]
fn a_password_goes_to_the_right_server_by_tls_and_nowhere_else() {
    let (folder, data) = house();
    let outbox = register(&data);
    let password = folder.write("password", "a-password-of-ours\n");
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (ours, theirs) = (tls(&folder, "ours.pem"), tls(&folder, "theirs.pem"));
    let password = folder.text("password");
    let start = |scheme: &str, post: &Post, roots: &str| {
        let port = post.address.rsplit_once(':').unwrap().1;
        let (url, roots) = (format!("{scheme}://cell@localhost:{port}"), folder.text(roots));
        let more = ["--smtp-url", &url, "--smtp-password-file", &password, "--smtp-ca", &roots, FROM[0], FROM[1]];
        serve(&folder, &more)
    };
    for (number, (scheme, mode)) in [("smtps", Mode::Tls), ("smtp", Mode::StartTls)].into_iter().enumerate() {
        let to = format!("person{number}@firm.example");
        outbox.queue_mail(&invitation(&to)).unwrap();
        let trouble = |post: &Post, roots: &str, word: &str| {
            let _server = start(scheme, post, roots);
            let seen = until(Duration::from_secs(10), || {
                let told = told(&data);
                let mail = told["mails"].as_array()?.iter().find(|mail| mail["to"] == to.as_str())?.clone();
                mail["trouble"].as_str()?.contains(word).then_some(())
            });
            assert!(seen.is_some(), "{scheme} {word}: {}", told(&data));
            assert!(post.taken().is_empty(), "{scheme}: a mail went to a server that is not ours");
        };
        let post = Post::on(0, mode, Some(Arc::clone(&theirs)));
        trouble(&post, "ours.pem", if mode == Mode::Tls { "connection" } else { "STARTTLS" });
        if mode == Mode::StartTls {
            trouble(&Post::on(0, Mode::Plain, None), "ours.pem", "the server has no STARTTLS");
        }
        let post = Post::on(0, mode, Some(Arc::clone(&ours)));
        let _server = start(scheme, &post, "ours.pem");
        let taken = until(Duration::from_secs(10), || post.taken().pop()).expect("a mail");
        assert!(taken.by_tls && taken.to == to);
        // PLAIN: base64 of NUL cell NUL a-password-of-ours.
        assert_eq!(taken.signed_in.as_deref(), Some("PLAIN AGNlbGwAYS1wYXNzd29yZC1vZi1vdXJz"));
    }
    let log = read(&folder.path("log"));
    assert!(!log.contains("a-password-of-ours") && !log.contains("AGNlbGwA"), "{log}");
}

#[test]
fn a_password_is_not_taken_from_the_command_line() {
    let (_folder, data) = house();
    let words = ["serve", "--data-dir", &data, "--smtp-url", "smtps://me:a-password@mail.example", FROM[0], FROM[1]];
    let refused = run(&words);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && told.contains("--smtp-password-file"), "{told}");
    let refused = run(&["serve", "--data-dir", &data, "--smtp-url", "smtps://me@mail.example", FROM[0], FROM[1]]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && told.contains("FUSIONCELL_SMTP_PASSWORD"), "{told}");
}
