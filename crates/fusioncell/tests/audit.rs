//! The audit log of a served partnership: a checkpoint that was kept is gone on from, also after the server was killed, and
//! what is tampered with is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use common::{Folder, Running, command, free_port, http, json, listens, ok, run, until};

const LIMIT: Duration = Duration::from_secs(60);

fn check(words: &[&str], code: i32, says: &str) {
    let output = run(words);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.code() == Some(code) && said.contains(says), "{words:?} {:?}: {said}", output.status);
}

/// An exercise: its epochs are short.
fn demo(data: &str) -> (Running, String) {
    // The cell takes the port after the members'.
    let port = free_port();
    let (member, port) = (format!("127.0.0.1:{port}"), port.to_string());
    let child = command(&["demo", "--data-dir", data, "--port", &port, "--no-intake"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    until(LIMIT, || listens(&member).then_some(())).expect("the server listens");
    (running, member)
}

fn head(member: &str) -> (u64, String) {
    let answer = http(member, "GET", "/api/v1/audit/checkpoint", &[], "").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.body.lines().nth(1).unwrap().parse().unwrap(), answer.body)
}

#[test]
fn a_kept_checkpoint_holds_the_log_to_its_past_also_over_a_kill_and_tampering_is_told() {
    let folder = Folder::new();
    let data = folder.text("data");
    check(&["audit", "verify", "--data-dir", &data], 1, "there is no audit log");
    let (mut running, member) = demo(&data);
    let (size, kept) = until(LIMIT, || Some(head(&member)).filter(|(size, _)| *size > 0)).expect("it grows");
    let kept = folder.write("kept.txt", kept);
    let kept = kept.to_str().unwrap();
    check(&["audit", "verify", "--data-dir", &data, "--against", kept], 0, "nothing of them was rewritten");
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    let (running, member) = demo(&data);
    let later = until(LIMIT, || Some(head(&member).0).filter(|later| *later > size)).expect("it goes on");
    assert_eq!((later - size) % 64, 0);
    let told = json(&["audit", "verify", "--data-dir", &data, "--against", kept, "--json"]);
    assert_eq!((told["ok"].as_bool(), told["kept"].as_u64()), (Some(true), Some(size)));
    assert_eq!(
        told["acts"].as_u64().unwrap() + told["reads"].as_u64().unwrap() + told["padding"].as_u64().unwrap(),
        told["size"].as_u64().unwrap()
    );
    let proved: serde_json::Value =
        serde_json::from_str(&ok(&["audit", "prove", "--data-dir", &data, "--index", "0"])).unwrap();
    assert_eq!(proved["salt"].as_str().unwrap().len(), 64);
    // What a backup lays out anew is the same log.
    let (copy, copied) = (folder.text("copy"), folder.text("copied-keys"));
    ok(&["backup", "--data-dir", &data, "--to", &copy, "--keys-to", &copied]);
    let place = folder.text("restored");
    ok(&["restore", "--from", &copy, "--keys-from", &copied, "--data-dir", &place]);
    check(&["audit", "verify", "--data-dir", &place, "--against", kept], 0, "nothing of them was rewritten");
    drop(running);

    let verify = ["audit", "verify", "--data-dir", &data, "--against", kept];
    let last = fs::read(folder.path("data/audit/checkpoint")).unwrap();
    fs::copy(kept, folder.path("data/audit/checkpoint")).unwrap();
    check(&verify, 3, "rolled back:");
    fs::write(folder.path("data/audit/checkpoint"), last).unwrap();
    let tiles = folder.path("data/audit/tile/0");
    let tile = {
        let full = tiles.join("000");
        if full.exists() {
            full
        } else {
            tiles.join(format!("000.p/{}", json(&["audit", "verify", "--data-dir", &data, "--json"])["size"]))
        }
    };
    let whole = fs::read(&tile).unwrap();
    fs::write(&tile, &whole[..whole.len() - 5]).unwrap();
    check(&verify, 3, "is truncated");
    fs::write(&tile, &whole).unwrap();
    let key = folder.path("data.keys/audit-sign.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    check(&verify, 1, "can be read by others");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&key, folder.path("away")).unwrap();
    check(&verify, 1, "audit-sign.key is missing");
    fs::rename(folder.path("away"), &key).unwrap();
    ok(&verify);
    check(&["audit", "verify", "--data-dir", &data, "--against", &folder.text("none")], 1, "none");
    check(&["audit", "prove", "--data-dir", &data, "--index", "999999999"], 1, "there is no leaf 999999999");
}
