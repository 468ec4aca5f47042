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
    let _server = serve(&data, &member, &cell, &[]);
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
    for more in [&["--noise", &lists][..], &[]] {
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
