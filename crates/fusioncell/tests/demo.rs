//! The demo: light within seconds, everything through the front door, nothing without it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::{Folder, Running, command, free_ports, http, read, sign_in, until};

fn demo(sign_ins: &Path, more: &[&str]) -> Running {
    // The cell takes the next port.
    let port = free_ports(2).to_string();
    let child = command(&["demo", "--port", &port, "--sign-ins"])
        .arg(sign_ins)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    Running(child)
}

fn address(sign_in: &serde_json::Value) -> String {
    let url = sign_in["url"].as_str().unwrap();
    format!("127.0.0.1:{}", url.rsplit(':').next().unwrap().trim_end_matches('/'))
}

fn signed_in(sign_in_of: &serde_json::Value, prefix: &str) -> String {
    let text = |name: &str| sign_in_of[name].as_str().unwrap();
    let answer = sign_in(&address(sign_in_of), prefix, text("email"), text("password"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["exercise"], true);
    format!("Cookie: {}", answer.cookie())
}

#[test]
fn an_exercise_comes_to_life_and_says_that_it_is_one() {
    let folder = Folder::new();
    let file = folder.path("sign-ins.json");
    let _demo = demo(&file, &[]);
    let sign_ins = until(Duration::from_secs(60), || file.is_file().then(|| read(&file))).expect("no first light");
    let sign_ins: serde_json::Value = serde_json::from_str(&sign_ins).unwrap();
    let analyst = signed_in(&sign_ins["analyst"], "/cell/v1");
    signed_in(&sign_ins["lead"], "/cell/v1");
    let visitor = signed_in(&sign_ins["member"], "/api/v1");
    let wall = until(Duration::from_secs(60), || {
        let wall = http(&address(&sign_ins["analyst"]), "GET", "/cell/v1/wall", &[&analyst], "").unwrap().json();
        let wide = wall["campaigns"].as_array().unwrap().iter().filter(|row| row["firms"].as_u64() >= Some(4)).count();
        (wide >= 3).then_some(wall)
    })
    .expect("no three campaigns of four firms");
    assert_eq!(wall["exercise"], true);
    assert!(wall["sectors"].as_array().unwrap().len() >= 13);
    let home = http(&address(&sign_ins["member"]), "GET", "/api/v1/home", &[&visitor], "").unwrap();
    assert!(!home.json()["latest"].as_array().unwrap().is_empty(), "{}", home.body);
    let advised = until(Duration::from_secs(30), || {
        let home = http(&address(&sign_ins["member"]), "GET", "/api/v1/home", &[&visitor], "").unwrap().json();
        (!home["advisories"].as_array().unwrap().is_empty() && !home["posture"].is_null()).then_some(home)
    });
    assert!(advised.is_some(), "no advisory or posture");
    let lively = until(Duration::from_secs(30), || {
        let wall = http(&address(&sign_ins["analyst"]), "GET", "/cell/v1/wall", &[&analyst], "").unwrap().json();
        let read = wall["alerts"].as_array().unwrap().iter().any(|alert| alert["read"].as_u64() >= Some(5));
        let claimed = wall["reports"].as_array().unwrap().iter().any(|report| report["state"] == "claimed");
        (read && claimed).then_some(())
    });
    assert!(lively.is_some(), "no member reads what the cell writes, or no analyst takes a report");
}

#[test]
fn without_intake_the_wall_stays_empty() {
    let folder = Folder::new();
    let file = folder.path("sign-ins.json");
    let _demo = demo(&file, &["--no-intake"]);
    let sign_ins = until(Duration::from_secs(60), || file.is_file().then(|| read(&file))).expect("no sign-ins");
    let sign_ins: serde_json::Value = serde_json::from_str(&sign_ins).unwrap();
    let analyst = signed_in(&sign_ins["analyst"], "/cell/v1");
    std::thread::sleep(Duration::from_secs(6));
    let wall = http(&address(&sign_ins["analyst"]), "GET", "/cell/v1/wall", &[&analyst], "").unwrap().json();
    assert_eq!(wall["reports"].as_array().unwrap().len(), 0, "{wall}");
    assert_eq!(wall["campaigns"].as_array().unwrap().len(), 0, "{wall}");
    let visitor = signed_in(&sign_ins["member"], "/api/v1");
    let home = http(&address(&sign_ins["member"]), "GET", "/api/v1/home", &[&visitor], "").unwrap().json();
    assert_eq!(home["latest"].as_array().unwrap().len(), 0, "{home}");
}

#[test]
fn a_replay_makes_members_of_authors() {
    let folder = Folder::new();
    let mut lines = String::new();
    for n in 0..200 {
        lines.push_str(&format!(
            "{{\"id\":\"r{n}\",\"time\":\"2024-05-01T00:{:02}:00Z\",\"reporter\":\"{}uthor{}\",\"campaign\":\"x/y\",\"refs\":[],\"total\":2,\"indicators\":[[\"domain\",\"d{}.bad-post.org\"],[\"ipv4\",\"45.77.12.{}\"]]}}\n",
            n % 60, if n < 100 { 'a' } else { 'A' }, n % 20, n % 30, n % 25
        ));
    }
    folder.write("data/labels/reports.jsonl", lines);
    let file = folder.path("sign-ins.json");
    let _demo = demo(&file, &["--replay", &folder.text("data"), "--speed", "200"]);
    let sign_ins = until(Duration::from_secs(60), || file.is_file().then(|| read(&file))).expect("no first light");
    let sign_ins: serde_json::Value = serde_json::from_str(&sign_ins).unwrap();
    let visitor = signed_in(&sign_ins["member"], "/api/v1");
    let home = http(&address(&sign_ins["member"]), "GET", "/api/v1/home", &[&visitor], "").unwrap();
    assert!(home.body.contains("bad-post.org"), "{}", home.body);
}

#[test]
fn a_real_partnerships_folder_is_refused_untouched() {
    let folder = Folder::new();
    let data = folder.text("data");
    common::ok(&["admin", "init", "--data-dir", &data]);
    common::ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let journal = || common::ok(&["journal", "export", "--data-dir", &data]);
    let before = journal();
    let output = common::run(&["demo", "--port", "0", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("not an exercise"), "{told}");
    assert_eq!(journal(), before);
    let members = common::json(&["admin", "organisation", "list", "--data-dir", &data, "--json"]);
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    // A register without a journal is nobody's exercise either.
    let half = folder.text("half");
    common::ok(&["admin", "organisation", "add", "--data-dir", &half, "--name", "Calder Power", "--sector", "energy"]);
    let output = common::run(&["demo", "--port", "0", "--data-dir", &half]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("without a journal"));
}

#[test]
fn an_exercise_goes_on_in_its_own_folder() {
    let folder = Folder::new();
    let data = folder.text("data");
    for run in ["first", "second"] {
        let file = folder.path(run);
        let _demo = demo(&file, &["--data-dir", &data]);
        let sign_ins = until(Duration::from_secs(60), || file.is_file().then(|| read(&file))).expect("no first light");
        let sign_ins: serde_json::Value = serde_json::from_str(&sign_ins).unwrap();
        for (who, prefix) in [("member", "/api/v1"), ("analyst", "/cell/v1"), ("lead", "/cell/v1")] {
            signed_in(&sign_ins[who], prefix);
        }
    }
    let keys = common::json(&["admin", "key", "list", "--data-dir", &data, "--json"]);
    assert_eq!(keys.as_array().unwrap().len(), 160);
    assert!(keys.as_array().unwrap().iter().all(|key| key["revoked"] == false));
}
