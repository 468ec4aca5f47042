//! The real binary wakes people by a mail server and a webhook of our own: nothing is lost or invented, whatever dies and refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "common/hook.rs"]
mod hook;
#[path = "common/post.rs"]
mod post;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Folder, Running, command, free_port, http, json, listens, ok, read, run, until};
use hook::{Call, Hooked};
use post::{Mode, Post};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct House {
    folder: Folder,
    data: String,
    key: String,
    post: Post,
    hook: Hooked,
    member: String,
}

impl House {
    /// Somebody on shift is woken at once, and the leads two hours later.
    fn new() -> Self {
        let folder = Folder::new();
        let data = folder.text("data");
        ok(&["admin", "init", "--data-dir", &data]);
        ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
        let made = ok(&["admin", "key", "add", "--data-dir", &data, "--organisation", "Calder Power"]);
        let key = made.split_whitespace().find(|word| word.starts_with("fck_")).expect("a key").to_owned();
        for (name, value) in [("page-shift", "night@cell.example"), ("page-minutes", "0"), ("page-lead-minutes", "120")]
        {
            ok(&["admin", "setting", "set", "--data-dir", &data, name, value]);
        }
        let secret = folder.write("secret", format!("{SECRET}\n"));
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let member = format!("127.0.0.1:{}", free_port());
        Self { data, key, post: Post::on(0, Mode::Plain, None), hook: Hooked::new(), member, folder }
    }

    fn serve(&self, allow: &str) -> Running {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.path("log")).unwrap();
        let (smtp, url) = (format!("smtp+plain://{}", self.post.address), format!("http://{}/page", self.hook.address));
        let (cell, secret) = (format!("127.0.0.1:{}", free_port()), self.folder.text("secret"));
        let words = ["serve", "--data-dir", &self.data, "--member-addr", &self.member, "--cell-addr", &cell];
        let more = ["--smtp-url", &smtp, "--mail-from", "no-reply@cell.example", "--page-webhook", &url];
        let child = command(&words)
            .args(more)
            .args(["--page-webhook-secret-file", &secret, "--egress-allow", allow])
            .env("FUSIONCELL_LOG", "trace")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let running = Running(child);
        assert!(listens(&self.member), "{}", self.log());
        running
    }

    fn log(&self) -> String {
        read(&self.folder.path("log"))
    }

    /// Sends a report that is still going on; its reference if it was acknowledged.
    fn report(&self) -> Option<String> {
        let body = r#"{"title":"the secret title","attack":"ransomware","ongoing":true,"warn":"cell-only","know":"nobody",
            "tlp":"AMBER","indicators":[{"value":"198.51.100.7"}]}"#;
        let key = format!("Authorization: Bearer {}", self.key);
        let answer = http(&self.member, "POST", "/api/v1/reports", &[&key], body).ok()?;
        assert_eq!(answer.status, 201, "{}", answer.body);
        Some(answer.json()["reference"].as_str().unwrap().to_owned())
    }
}

fn case_of(call: &Call) -> String {
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    body["data"]["case"].as_str().unwrap().to_owned()
}

/// Asks the receiver that the documentation shows.
fn is_ours(secret: &str, call: &Call, later_secs: i64) -> bool {
    let text = include_str!("../../../docs/paging.md");
    let program = text.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    let headers = serde_json::to_string(&call.headers).unwrap();
    let tail = format!(
        "\nimport json, sys\nheaders = json.loads(sys.argv[1])\nnow = int(headers['webhook-timestamp']) + {later_secs}\n\
         print(is_ours(sys.argv[2], headers, sys.stdin.buffer.read(), now))\n"
    );
    let mut child = Command::new("python3")
        .args(["-c", &format!("{program}{tail}"), &headers, secret])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is missing: install it");
    child.stdin.take().unwrap().write_all(call.body.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim() == "True"
}

#[test]
fn the_receiver_of_the_documentation_takes_our_calls_and_no_forged_ones() {
    let house = House::new();
    let _server = house.serve("127.0.0.1");
    let case = house.report().unwrap();
    let call = until(Duration::from_secs(10), || house.hook.calls().pop()).expect("a call");
    assert_eq!(case_of(&call), case);
    assert!(
        !call.body.contains("secret") && !call.body.contains("Calder") && !call.body.contains("198.51"),
        "{}",
        call.body
    );
    assert!(is_ours(SECRET, &call, 0) && is_ours(SECRET, &call, 299) && !is_ours(SECRET, &call, 301));
    assert!(!is_ours("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", &call, 0), "another secret");
    let body = call.body.replace("shift", "leads");
    assert!(!is_ours(SECRET, &Call { body, ..call.clone() }, 0), "another body");
    for (name, value) in [
        ("webhook-id", "msg_00"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", ""),
    ] {
        let mut forged = call.clone();
        forged.headers.insert(name.to_owned(), value.to_owned());
        assert!(!is_ours(SECRET, &forged, 0), "another {name}");
    }
    let mail = until(Duration::from_secs(10), || house.post.taken().pop()).expect("a mail");
    assert!(mail.to == "night@cell.example" && mail.text.contains(&format!("/triage/{case}")), "{}", mail.text);
    assert!(!mail.text.contains("secret") && !mail.text.contains("Calder"), "{}", mail.text);
}

#[test]
fn no_page_is_lost_over_kill_9_and_one_that_comes_twice_is_recognised() {
    // Each round starts a server and waits for calls: a tenth of the rounds that a journal alone is killed in.
    let rounds = std::env::var("FUSIONCELL_KILL_ROUNDS").ok().and_then(|text| text.parse::<usize>().ok());
    let rounds = rounds.map_or(12, |rounds| rounds.div_ceil(10));
    let house = House::new();
    let mut reported = BTreeSet::new();
    let mut in_the_window = 0;
    for round in 0..rounds {
        let mut server = house.serve("127.0.0.1");
        // In every third round the server dies between the receiver's taking a call and its saying so.
        let hold = round % 3 == 2;
        if hold {
            house.hook.hold();
        }
        reported.extend((0..4).filter_map(|_| house.report()));
        if hold {
            assert!(until(Duration::from_secs(20), || house.hook.holds().then_some(())).is_some(), "no call came");
            in_the_window += 1;
        } else {
            std::thread::sleep(Duration::from_millis((round as u64 * 331) % 1_300));
        }
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        house.hook.go_on();
    }
    let server = house.serve("127.0.0.1");
    // More than twenty a minute do not go out, so the last of them may take their time.
    let done = until(Duration::from_secs(150), || {
        let called: BTreeSet<String> = house.hook.calls().iter().map(case_of).collect();
        let mailed = house.post.taken().len();
        (reported.is_subset(&called) && mailed >= reported.len()).then_some(())
    });
    assert!(done.is_some(), "{} of {} called: {}", house.hook.calls().len(), reported.len(), house.log());
    std::thread::sleep(Duration::from_millis(800));
    drop(server);
    let (calls, mails) = (house.hook.calls(), house.post.taken());
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in &calls {
        ids.entry(case_of(call)).or_default().insert(call.headers["webhook-id"].clone());
    }
    assert!(ids.values().all(|ids| ids.len() == 1), "a page came by two names: {ids:?}");
    let distinct: BTreeSet<&String> = ids.values().flatten().collect();
    assert_eq!(distinct.len(), ids.len(), "two pages have one name");
    let twice = calls.len() - ids.len();
    assert!(twice >= in_the_window && twice <= rounds, "{twice} of {in_the_window} to {rounds}");
    let mut mailed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for mail in &mails {
        let case = mail.text.split_once("/triage/").unwrap().1.split_whitespace().next().unwrap();
        mailed.entry(case).or_default().insert(&mail.id);
    }
    assert!(mailed.values().all(|ids| ids.len() == 1), "a mail came by two names");
    assert!(reported.iter().all(|case| mailed.contains_key(case.as_str())), "a mail was lost");
    assert!(mails.len() - mailed.len() <= rounds);
    println!("{} reports over {rounds} kills, {in_the_window} in the window: {twice} calls came twice", reported.len());
    // Neither log nor store says whom a page went to or what about.
    let log = house.log();
    assert!(!log.contains("night@cell") && !log.contains("secret title") && !log.contains(SECRET), "{log}");
    let mut stored = std::fs::read(house.folder.path("data/register.db")).unwrap();
    stored.extend(std::fs::read(house.folder.path("data/register.db-wal")).unwrap_or_default());
    let holds = |word: &str| stored.windows(word.len()).any(|part| part == word.as_bytes());
    assert!(holds("night@cell.example"), "the setting is there, so the search finds what is there");
    assert!(!reported.iter().any(|case| holds(case)), "a case is in the register");
}

#[test]
fn a_receiver_that_refuses_or_may_not_be_called_is_tried_again_and_keeps_no_mail_waiting() {
    let house = House::new();
    {
        // Its address is a private one, and not allowed.
        let _server = house.serve("10.0.0.7");
        house.report().unwrap();
        assert!(until(Duration::from_secs(10), || house.post.taken().pop()).is_some(), "a mail");
        let told = || json(&["admin", "page", "check", "--data-dir", &house.data, "--json"]);
        let trouble = until(Duration::from_secs(10), || told()["trouble"].as_str().map(str::to_owned));
        assert_eq!(trouble.as_deref(), Some("host: 127.0.0.1 lies in a range that is not allowed"));
        assert!(house.hook.calls().is_empty());
    }
    house.hook.refuse(307);
    let _server = house.serve("127.0.0.0/8");
    let told = || json(&["admin", "page", "check", "--data-dir", &house.data, "--json"]);
    let redirected =
        until(Duration::from_secs(20), || told()["trouble"].as_str()?.contains("redirect").then_some(told()));
    assert_eq!(redirected.expect("a try")["calls_waiting"], 1);
    house.hook.refuse(0);
    assert!(until(Duration::from_secs(30), || house.hook.calls().pop()).is_some(), "{}", house.log());
    assert_eq!(until(Duration::from_secs(5), || (told()["calls_waiting"] == 0).then_some(())), Some(()));
    assert_eq!(told()["shift"], serde_json::json!(["night@cell.example"]));
}

#[test]
fn a_server_that_can_wake_nobody_says_so() {
    let house = House::new();
    for (name, value) in [("page-shift", ""), ("page-leads", "")] {
        ok(&["admin", "setting", "set", "--data-dir", &house.data, name, value]);
    }
    let checked = run(&["admin", "page", "check", "--data-dir", &house.data]);
    assert_eq!(checked.status.code(), Some(1));
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(
        told.contains("mails wake nobody") && String::from_utf8_lossy(&checked.stdout).contains("nobody"),
        "{told}"
    );
    let log = std::fs::File::create(house.folder.path("log")).unwrap();
    let words = ["serve", "--data-dir", &house.data, "--member-addr", &house.member, "--cell-addr", "127.0.0.1:0"];
    let _server = Running(command(&words).stdout(Stdio::null()).stderr(log).spawn().unwrap());
    let warned = until(Duration::from_secs(20), || house.log().contains("nobody is woken").then_some(()));
    assert!(warned.is_some(), "{}", house.log());
    // Nor is a webhook without a secret one.
    let words = ["serve", "--data-dir", &house.data, "--page-webhook", "https://pager.example/x"];
    let refused = run(&words);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && told.contains("--page-webhook-secret-file"), "{told}");
}
