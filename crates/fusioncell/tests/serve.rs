//! The real thing as an operator starts it: first lead, sign-in, a machine's report, two processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::{Folder, Running, command, free_port, http, json, listens, ok, run, sign_in, until};

fn serve(data: &str, member: &str, cell: &str, more: &[&str]) -> Running {
    let child: Child = command(&["serve", "--data-dir", data, "--member-addr", member, "--cell-addr", cell])
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    Running(child)
}

fn addresses() -> (String, String) {
    (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()))
}

const REPORT: &str = r#"{"title":"False sign-in page","attack":"phishing","warn":"now","know":"nobody","tlp":"GREEN","indicators":[{"value":"hxxps://sign.bad-docs[.]org/login"}]}"#;

#[test]
fn a_lead_signs_in_and_a_machine_reports() {
    let folder = Folder::new();
    let data = folder.text("data");
    let lead = json(&[
        "admin",
        "init",
        "--data-dir",
        &data,
        "--partnership",
        "Northern Utilities",
        "--email",
        "ada@cell.example",
        "--json",
    ]);
    let password = lead["password"].as_str().unwrap();
    assert!(password.len() >= 16, "{lead}");
    assert_eq!(run(&["admin", "init", "--data-dir", &data]).status.code(), Some(1), "a second first lead");
    ok(&[
        "admin",
        "organisation",
        "add",
        "--data-dir",
        &data,
        "--name",
        "Calder Power",
        "--sector",
        "energy",
        "--region",
        "yorkshire",
    ]);
    let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", "Calder Power", "--json"]);
    let key = key["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("fck_"));
    let person = json(&[
        "admin",
        "person",
        "add",
        "--data-dir",
        &data,
        "--email",
        "sam@calder.example",
        "--name",
        "Sam",
        "--organisation",
        "Calder Power",
        "--json",
    ]);
    assert!(
        json(&["admin", "organisation", "list", "--data-dir", &data, "--json"]).to_string().contains("Calder Power")
    );

    let (member, cell) = addresses();
    let _server = serve(&data, &member, &cell, &["--second-factor", "cell"]);
    assert!(listens(&member) && listens(&cell));
    let face = http(&member, "GET", "/face", &[], "").unwrap();
    assert_eq!((face.status, face.json()["face"].as_str()), (200, Some("member")), "{}", face.body);
    assert_eq!(face.json()["partnership"], "Northern Utilities");
    assert_eq!(face.json()["exercise"], false);
    assert_eq!(sign_in(&cell, "/cell/v1", "ada@cell.example", "wrong").status, 401);
    let session = sign_in(&cell, "/cell/v1", "ada@cell.example", password);
    assert_eq!((session.status, session.json()["role"].as_str()), (200, Some("lead")), "{}", session.body);
    assert!(session.cookie().starts_with("fc_cell="));
    assert_eq!(sign_in(&member, "/api/v1", "ada@cell.example", password).status, 401, "a lead is no member");
    let visitor = sign_in(&member, "/api/v1", "sam@calder.example", person["password"].as_str().unwrap());
    assert_eq!(visitor.status, 200, "{}", visitor.body);

    let bearer = format!("Authorization: Bearer {key}");
    assert_eq!(http(&member, "POST", "/api/v1/reports", &[], REPORT).unwrap().status, 401);
    let report = http(&member, "POST", "/api/v1/reports", &[&bearer], REPORT).unwrap();
    assert_eq!((report.status, report.json()["status"].as_str()), (201, Some("received")), "{}", report.body);
    let cookie = format!("Cookie: {}", visitor.cookie());
    let seen = until(Duration::from_secs(5), || {
        let home = http(&member, "GET", "/api/v1/home", &[&cookie], "").unwrap();
        home.body.contains("sign.bad-docs.org").then_some(home.body)
    });
    assert!(seen.is_some(), "the value is not released");
    ok(&["admin", "key", "revoke", "--data-dir", &data, &key]);
}

/// Nobody has to ask for it: outside an exercise everybody owes a second factor until they have one.
#[test]
fn a_second_factor_is_owed_by_everybody_unless_an_operator_says_otherwise() {
    let folder = Folder::new();
    let data = folder.text("data");
    let lead = json(&["admin", "init", "--data-dir", &data, "--email", "ada@cell.example", "--json"]);
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let words = ["admin", "person", "add", "--data-dir", &data, "--email", "sam@calder.example", "--name", "Sam"];
    let person = json(&[&words[..], &["--organisation", "Calder Power", "--json"]].concat());
    let (member, cell) = addresses();
    let _server = serve(&data, &member, &cell, &[]);
    assert!(listens(&member) && listens(&cell));
    for (address, prefix, email, told, path) in [
        (&cell, "/cell/v1", "ada@cell.example", &lead, "/cell/v1/wall"),
        (&member, "/api/v1", "sam@calder.example", &person, "/api/v1/home"),
    ] {
        let session = sign_in(address, prefix, email, told["password"].as_str().unwrap());
        assert_eq!((session.status, &session.json()["enrol"]), (200, &true.into()), "{}", session.body);
        let refused = http(address, "GET", path, &[&format!("Cookie: {}", session.cookie())], "").unwrap();
        assert_eq!((refused.status, refused.json()["type"].as_str()), (403, Some("urn:fusioncell:problem:enrol")));
    }
}

#[test]
fn a_rebuild_comes_to_the_state_that_the_live_server_had() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", "Calder Power", "--json"]);
    let bearer = format!("Authorization: Bearer {}", key["key"].as_str().unwrap());
    let (member, cell) = addresses();
    let server = serve(&data, &member, &cell, &[]);
    assert!(listens(&member));
    // The last one is stopped upon at once: what the server appends at its end is part of what it notes.
    for n in 0..5 {
        let report = REPORT.replace("bad-docs", &format!("bad-docs{}", n / 2));
        assert_eq!(http(&member, "POST", "/api/v1/reports", &[&bearer], &report).unwrap().status, 201);
        std::thread::sleep(Duration::from_millis(150 * (4 - n)));
    }
    drop(server);
    let rebuilt = json(&["journal", "rebuild", "--json", "--data-dir", &data]);
    assert_eq!((&rebuilt["live_equal"], &rebuilt["live_entry"]), (&true.into(), &rebuilt["entries"]), "{rebuilt}");
    assert_eq!((&rebuilt["reports"], &rebuilt["ok"]), (&5.into(), &true.into()), "{rebuilt}");

    // After a crash the replay is compared where the last server that ended in order had been.
    let mut server = serve(&data, &member, &cell, &[]);
    assert!(listens(&member));
    assert_eq!(http(&member, "POST", "/api/v1/reports", &[&bearer], REPORT).unwrap().status, 201);
    server.0.kill().unwrap();
    server.0.wait().unwrap();
    let again = json(&["journal", "rebuild", "--json", "--data-dir", &data]);
    assert_eq!((&again["live_equal"], &again["live_entry"]), (&true.into(), &rebuilt["entries"]), "{again}");
    assert_eq!(again["reports"], 6, "{again}");

    let note = folder.path("data.keys/fusion.live");
    let text = common::read(&note);
    let digest = text.lines().last().unwrap();
    std::fs::write(&note, text.replace(digest, &"0".repeat(64))).unwrap();
    let output = run(&["journal", "rebuild", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("its state was NOT equal"), "{output:?}");
    assert_eq!(json_of(&run(&["journal", "rebuild", "--json", "--data-dir", &data]))["live_equal"], false);
    std::fs::write(&note, "nothing").unwrap();
    let output = run(&["journal", "rebuild", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("fusion.live"), "{output:?}");
}

fn json_of(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn two_processes_over_one_folder() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", "Calder Power", "--json"]);
    let bearer = format!("Authorization: Bearer {}", key["key"].as_str().unwrap());
    let (member, cell) = addresses();
    let _cell = serve(&data, &member, &cell, &["--face", "cell"]);
    assert!(listens(&cell));
    let _member = serve(&data, &member, &cell, &["--face", "member"]);
    assert!(listens(&member));
    let report = http(&member, "POST", "/api/v1/reports", &[&bearer], REPORT).unwrap();
    assert_eq!(report.status, 201, "{}", report.body);
    let seen = until(Duration::from_secs(5), || {
        let home = http(&member, "GET", "/api/v1/home", &[&bearer], "").unwrap();
        home.body.contains("sign.bad-docs.org").then_some(())
    });
    assert!(seen.is_some(), "the member process does not show what the cell process released");
}

#[test]
fn a_password_can_come_from_standard_input() {
    let folder = Folder::new();
    let data = folder.text("data");
    let mut child = command(&["admin", "init", "--data-dir", &data, "--email", "ada@cell.example", "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse battery staple\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("correct horse"));
    let (member, cell) = addresses();
    let _server = serve(&data, &member, &cell, &[]);
    assert!(listens(&cell));
    assert_eq!(sign_in(&cell, "/cell/v1", "ada@cell.example", "correct horse battery staple").status, 200);
}

#[test]
fn a_value_on_an_operators_list_is_an_everyday_one_also_after_a_restart_without_the_list() {
    let folder = Folder::new();
    let (data, lists) = (folder.text("data"), folder.text("lists"));
    folder.write("lists/shared-hosts.txt", "bad-docs.org\n");
    let lead = json(&["admin", "init", "--data-dir", &data, "--email", "ada@cell.example", "--json"]);
    for more in [&["--second-factor", "nobody", "--noise", &lists][..], &["--second-factor", "nobody"]] {
        let (member, cell) = addresses();
        let _server = serve(&data, &member, &cell, more);
        assert!(listens(&cell));
        let session = sign_in(&cell, "/cell/v1", "ada@cell.example", lead["password"].as_str().unwrap());
        let cookie = format!("Cookie: {}", session.cookie());
        let answer = http(&cell, "GET", "/cell/v1/lookup?value=sign.bad-docs.org", &[&cookie], "").unwrap();
        assert_eq!(answer.json()["verdict"], "everyday", "{}", answer.body);
        assert!(answer.body.contains("shared-hosts"), "{}", answer.body);
        let other = http(&cell, "GET", "/cell/v1/lookup?value=sign.good-docs.org", &[&cookie], "").unwrap();
        assert_eq!(other.json()["verdict"], "not-seen", "{}", other.body);
    }
}

#[test]
fn a_table_of_operators_links_reports_of_one_operator_and_a_bad_one_lets_nothing_start() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    let mut keys = Vec::new();
    for name in ["Calder Power", "Humber Water"] {
        ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", name, "--sector", "energy"]);
        let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", name, "--json"]);
        keys.push(format!("Authorization: Bearer {}", key["key"].as_str().unwrap()));
    }
    let table = folder.text("asn.csv");
    folder.write("asn.csv", "45.9.0.0,45.12.255.255,64500,\"Bullet, Ltd\"\n2a01:4f8::,2a01:4f8:ffff::,64501,Other\n");
    let refused = |name: &str, text: &str, why: &str| {
        folder.write(name, text);
        let (path, (member, cell)) = (folder.text(name), addresses());
        let words =
            ["serve", "--data-dir", &data, "--member-addr", &member, "--cell-addr", &cell, "--networks", &table];
        let output = run(&[&words[..], &["--networks", &path]].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && told.contains(&format!("--networks {path}: {why}")), "{told}");
    };
    refused("bad.csv", "1.0.0.0,1.0.0.255,13335,A\n1.0.4.0,AS7,B\n", "line 2: the line has 3 fields");
    refused("empty.csv", "", "there is no range in it");
    refused("bomb.csv.gz", "\u{1f}", "line 1: the line has 1 fields");
    let output = run(&["serve", "--data-dir", &data, "--networks", &folder.text("nowhere.csv")]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.csv"), "{output:?}");

    let (member, cell) = addresses();
    let server = serve(&data, &member, &cell, &["--networks", &table]);
    assert!(listens(&member));
    for (key, address) in keys.iter().zip(["45.9.148.3", "45.11.77.9"]) {
        let values = format!(r#"[{{"value":"hxxps://sign.bad-docs[.]org/login"}},{{"value":"{address}"}}]"#);
        let report = REPORT.replace(r#"[{"value":"hxxps://sign.bad-docs[.]org/login"}]"#, &values);
        let report = http(&member, "POST", "/api/v1/reports", &[key], &report).unwrap();
        assert_eq!(report.status, 201, "{}", report.body);
        std::thread::sleep(Duration::from_millis(300));
    }
    drop(server);
    let lines = ok(&["journal", "export", "--data-dir", &data]);
    assert_eq!(lines.lines().filter(|line| line.contains("\"network operators\"")).count(), 1, "{lines}");
    assert!(lines.contains("network-operator"), "no reason tells of the operator: {lines}");
    ok(&["journal", "rebuild", "--data-dir", &data]);
}

/// Reads a stream until it ends or nothing comes for long; tells whether it ended.
fn stream_ends(address: &str, path: &str, header: &str, act: impl FnOnce()) -> bool {
    use std::io::Read as _;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}\r\n\r\n").as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = [0; 4096];
    assert!(stream.read(&mut bytes).unwrap() > 0);
    assert!(bytes.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&bytes));
    act();
    let start = std::time::Instant::now();
    let mut text = String::new();
    while start.elapsed() < Duration::from_secs(5) {
        match stream.read(&mut bytes) {
            Ok(0) | Err(_) => return true,
            Ok(n) => text.push_str(&String::from_utf8_lossy(&bytes[..n])),
        }
        // The end of a chunked answer.
        if text.ends_with("0\r\n\r\n") {
            return true;
        }
    }
    false
}

#[test]
fn an_operator_stops_people_organisations_and_keys_while_the_server_runs() {
    let folder = Folder::new();
    let data = folder.text("data");
    let admin = |words: &[&str]| ok(&[&["admin"], words, &["--data-dir", &data]].concat());
    let lead = json(&["admin", "init", "--data-dir", &data, "--email", "ada@cell.example", "--json"]);
    let password = lead["password"].as_str().unwrap().to_owned();
    admin(&["organisation", "add", "--name", "Calder Power", "--sector", "energy"]);
    let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", "Calder Power", "--json"]);
    let key = key["key"].as_str().unwrap().to_owned();
    let sam = ["--email", "sam@calder.example"];
    let made: serde_json::Value = serde_json::from_str(&admin(
        &[&["person", "add"][..], &sam, &["--name", "Sam", "--organisation", "Calder Power", "--json"]].concat(),
    ))
    .unwrap();
    let keys: serde_json::Value = serde_json::from_str(&admin(&["key", "list", "--json"])).unwrap();
    assert_eq!((keys[0]["organisation"].as_str(), keys[0]["revoked"].as_bool()), (Some("Calder Power"), Some(false)));
    let shown = keys[0]["key"].as_str().unwrap();
    assert!(key.starts_with(shown) && shown.len() < 20, "{shown}");

    let (member, cell) = addresses();
    let _server = serve(&data, &member, &cell, &["--second-factor", "cell"]);
    assert!(listens(&member) && listens(&cell));
    let home = |header: &str| http(&member, "GET", "/api/v1/home", &[header], "").unwrap().status;
    let soon = |header: &str, status: u16| until(Duration::from_secs(1), || (home(header) == status).then_some(()));
    let bearer = format!("Authorization: Bearer {key}");
    let sign_in_sam = |password: &str| sign_in(&member, "/api/v1", "sam@calder.example", password);
    let cookie = format!("Cookie: {}", sign_in_sam(made["password"].as_str().unwrap()).cookie());

    let ends = |act: &dyn Fn()| stream_ends(&member, "/api/v1/stream", &cookie, act);
    assert!(
        ends(&|| drop(admin(&[&["person", "disable"][..], &sam].concat()))),
        "a stream of a disabled person goes on"
    );
    assert_eq!(home(&cookie), 401);
    assert_eq!(sign_in_sam(made["password"].as_str().unwrap()).status, 401);
    admin(&[&["person", "enable"][..], &sam].concat());
    let changed: serde_json::Value =
        serde_json::from_str(&admin(&[&["person", "password"][..], &sam, &["--json"]].concat())).unwrap();
    let fresh = until(Duration::from_secs(2), || {
        let answer = sign_in_sam(changed["password"].as_str().unwrap());
        (answer.status == 200).then(|| format!("Cookie: {}", answer.cookie()))
    })
    .expect("the new password works");
    assert!(admin(&[&["person", "end-sessions"][..], &sam].concat()).starts_with("1 session"));
    assert!(soon(&fresh, 401).is_some(), "ended sessions go on");

    assert!(
        stream_ends(&member, "/api/v1/stream", &bearer, || {
            admin(&["organisation", "suspend", "--name", "Calder Power"]);
        }),
        "a stream of a suspended organisation goes on"
    );
    assert_eq!(home(&bearer), 401);
    admin(&["organisation", "resume", "--name", "Calder Power"]);
    assert!(soon(&bearer, 200).is_some());
    admin(&["key", "revoke", &key]);
    assert!(soon(&bearer, 401).is_some(), "a revoked key works");
    assert!(sign_in(&cell, "/cell/v1", "ada@cell.example", &password).status == 200);
}

#[test]
fn figures_are_for_this_machine_or_a_token() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    let (member, cell) = addresses();
    let _server = serve(&data, &member, &cell, &["--trusted-proxy", "127.0.0.1", "--metrics-token", "a-long-token"]);
    assert!(listens(&cell));
    let metrics = |headers: &[&str]| http(&cell, "GET", "/metrics", headers, "").unwrap().status;
    assert_eq!(metrics(&[]), 200);
    // Behind a proxy the visitor counts, not the proxy.
    assert_eq!(metrics(&["X-Forwarded-For: 192.0.2.1"]), 401);
    assert_eq!(metrics(&["X-Forwarded-For: 192.0.2.1", "Authorization: Bearer a-long-token"]), 200);
    assert_eq!(metrics(&["X-Forwarded-For: 192.0.2.1", "Authorization: Bearer another"]), 401);
}

#[test]
fn logs_of_what_comes_in_name_nobody() {
    use std::io::Read as _;
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data]);
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", "Calder Power", "--json"]);
    let key = key["key"].as_str().unwrap().to_owned();
    let organisations = json(&["admin", "organisation", "list", "--data-dir", &data, "--json"]);
    let id = organisations[0]["id"].as_str().unwrap().to_owned();
    let (member, cell) = addresses();
    let mut child = command(&["serve", "--data-dir", &data, "--member-addr", &member, "--cell-addr", &cell])
        .args(["--trusted-proxy", "127.0.0.1"])
        .env("FUSIONCELL_LOG", "trace")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).map(|_| log)
    });
    let server = Running(child);
    assert!(listens(&member) && listens(&cell));
    let bearer = format!("Authorization: Bearer {key}");
    let send = |path: &str, body: &str| {
        let headers = [bearer.as_str(), "X-Forwarded-For: 203.0.113.77", "User-Agent: SecretBrowser/7.1"];
        http(&member, "POST", path, &headers, body).unwrap()
    };
    let filed = send("/api/v1/reports", REPORT).json();
    let own = format!("/api/v1/reports/{}", filed["reference"].as_str().unwrap());
    // What a reporter does with it afterwards, and somebody who has no account.
    let said = until(Duration::from_secs(20), || {
        let said = send(&format!("{own}/messages"), r#"{"text":"secret words in the thread"}"#).status;
        (said < 300).then_some(())
    });
    assert!(said.is_some(), "the own store never had the report");
    assert_eq!(send(&format!("{own}/consent"), r#"{"warn":"tickle"}"#).status, 422);
    let file = ["X-File-Name: secret-file.txt"];
    let sent =
        http(&member, "POST", &format!("{own}/files"), &[&[bearer.as_str()][..], &file].concat(), "secret bytes");
    assert!(sent.is_ok());
    let told = http(
        &member,
        "POST",
        "/tell",
        &["Content-Type: application/x-www-form-urlencoded", "X-Forwarded-For: 203.0.113.77"],
        "what=a+secret+letter&ongoing=yes",
    );
    assert!(told.is_ok());
    assert_eq!(send(&format!("{own}/recall"), "").status, 204);
    let send = |path: &str, body: &str| send(path, body).status;
    assert_eq!(send("/api/v1/reports", REPORT), 201);
    assert_eq!(send("/api/v1/reports", "{"), 422);
    assert_eq!(send("/api/v1/reports", r#"{"title":"secret-title","attack":"tickling","indicators":[]}"#), 422);
    let file = "value\nsecret-value.bad-docs.org\n";
    assert_eq!(send("/api/v1/import?name=secret.csv&warn=now&know=nobody", file), 201);
    assert_eq!(
        send("/api/v1/import?name=secret.json&warn=group:00000000-0000-4000-8000-000000000001&know=nobody", "{"),
        422
    );
    assert_eq!(send("/api/v1/import?warn=whenever&know=nobody", file), 422);
    assert_eq!(
        http(&member, "POST", "/api/v1/reports", &["Authorization: Bearer fck_nobodys"], REPORT).unwrap().status,
        401
    );
    let tries: Vec<u16> =
        (0..8).map(|_| sign_in(&member, "/api/v1", "secret@calder.example", "a secret password").status).collect();
    assert!(tries.starts_with(&[401]) && tries.ends_with(&[429]), "{tries:?}");
    drop(server);
    let log = reader.join().unwrap().unwrap();
    assert!(log.contains("serving"), "nothing was logged at all: {log}");
    for word in
        ["Calder", &id, &key, &key[..12], "203.0.113.77", "secretbrowser", "secret", "bad-docs", "calder.example"]
    {
        assert!(!log.to_lowercase().contains(&word.to_lowercase()), "the log tells {word:?}:\n{log}");
    }
}
