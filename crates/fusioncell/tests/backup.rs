//! A backup of a server that goes on, laid out anew elsewhere: what members get is the same, byte for byte, and neither of the two
//! copies names a reporter alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use common::{Folder, Running, command, free_port, http, json, listens, ok, run, until};

const LIMIT: Duration = Duration::from_secs(20);

fn serve(data: &str) -> (Running, String) {
    let (member, cell) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let child = command(&["serve", "--data-dir", data, "--member-addr", &member, "--cell-addr", &cell])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    until(LIMIT, || listens(&member).then_some(())).expect("the server listens");
    (running, member)
}

fn report(address: &str, key: &str, value: &str) -> String {
    let body = format!(
        r#"{{"title":"t","narrative":"words","attack":"phishing","warn":"now","know":"nobody","tlp":"GREEN","indicators":[{{"value":"{value}"}}]}}"#
    );
    let head = [format!("authorization: Bearer {key}"), "content-type: application/json".to_owned()];
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let answer = http(address, "POST", "/api/v1/reports", &head, &body).unwrap();
    assert_eq!(answer.status, 201);
    answer.json()["reference"].as_str().unwrap().to_owned()
}

fn get(address: &str, key: &str, path: &str) -> String {
    let head = format!("authorization: Bearer {key}");
    http(address, "GET", path, &[&head], "").unwrap().body
}

/// What a member gets that does not hang on the moment of asking.
fn seen(address: &str, key: &str, own: &str) -> Vec<String> {
    let paths = ["/api/v1/indicators", "/api/v1/campaigns", "/api/v1/feeds/watch.csv", "/api/v1/advisories"];
    let mut all: Vec<String> = paths.iter().map(|path| get(address, key, path)).collect();
    all.push(get(address, key, "/api/v1/reports"));
    all.push(get(address, key, &format!("/api/v1/reports/{own}")));
    all
}

fn bytes_of(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        if path.is_dir() { all.extend(bytes_of(&path)) } else { all.extend(fs::read(path).unwrap()) }
    }
    all
}

#[test]
fn a_restored_backup_shows_members_the_very_bytes_and_names_nobody_by_itself() {
    let folder = Folder::new();
    let (data, copy, keys) = (folder.text("data"), folder.text("copy"), folder.text("copied-keys"));
    ok(&["admin", "init", "--data-dir", &data, "--partnership", "P", "--email", "ada@cell.example"]);
    let mut members = Vec::new();
    for name in ["Calder Power", "Tern Water"] {
        ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", name, "--sector", "energy"]);
        let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", name, "--json"]);
        members.push(key["key"].as_str().unwrap().to_owned());
    }
    let (running, member) = serve(&data);
    let references: Vec<String> =
        (0..20).map(|n| report(&member, &members[n % 2], &format!("early{n}.bad-docs.org"))).collect();
    let there = |word: &str| get(&member, &members[0], "/api/v1/feeds/watch.txt").contains(word).then_some(());
    until(LIMIT, || there("early19")).expect("it is released");
    let own = |address: &str| get(address, &members[0], &format!("/api/v1/reports/{}", references[18]));
    until(LIMIT, || own(&member).contains("early18").then_some(())).expect("its firm reads it");
    let before = seen(&member, &members[0], &references[18]);

    // While it is served; what comes afterwards is not in it.
    let told = ok(&["backup", "--data-dir", &data, "--to", &copy, "--keys-to", &keys]);
    assert!(told.contains("keep them elsewhere"), "{told}");
    report(&member, &members[0], "late.bad-docs.org");
    until(LIMIT, || there("late.bad")).expect("the server goes on");
    drop(running);

    let ids = json(&["admin", "organisation", "list", "--data-dir", &data, "--json"]);
    let ids: Vec<String> = ids
        .as_array()
        .or_else(|| ids["organisations"].as_array())
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2);
    let raw = |id: &str| -> Vec<u8> {
        let hex: String = id.chars().filter(char::is_ascii_hexdigit).collect();
        (0..16).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect()
    };
    let all = bytes_of(&folder.path("copy"));
    assert!(bytes_of(&folder.path("copied-keys")).len() > 100);
    // Who the members are stands in the register, and nowhere beside a case.
    let files = fs::read_dir(folder.path("copy")).unwrap().map(|entry| entry.unwrap().path());
    let others: Vec<_> = files.filter(|path| path.is_file() && !path.ends_with("register.db")).collect();
    assert!(["vault.db", "own.db", "released.db"].iter().all(|name| others.iter().any(|path| path.ends_with(name))));
    for path in others {
        let bytes = fs::read(&path).unwrap();
        let holds = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
        for (id, name) in ids.iter().zip(["Calder Power", "Tern Water"]) {
            for what in [&raw(id), id.as_bytes(), name.as_bytes()] {
                assert!(!holds(what), "the copy of {} names a firm", path.display());
            }
        }
    }
    assert!(all.windows(7).any(|window| window == b"early19"), "the copy has content");

    let restored = folder.text("restored");
    let told = ok(&["restore", "--from", &copy, "--keys-from", &keys, "--data-dir", &restored]);
    assert!(told.contains("whole"), "{told}");
    let (_again, member) = serve(&restored);
    until(LIMIT, || own(&member).contains("early18").then_some(())).expect("its firm reads it there, too");
    assert_eq!(seen(&member, &members[0], &references[18]), before);
    assert!(!get(&member, &members[0], "/api/v1/feeds/watch.txt").contains("late.bad"));
    report(&member, &members[0], "after.bad-docs.org");
}

#[test]
fn what_was_recalled_after_the_backup_is_gone_before_anybody_is_served() {
    let folder = Folder::new();
    let (data, copy, keys) = (folder.text("data"), folder.text("copy"), folder.text("copied-keys"));
    ok(&["admin", "init", "--data-dir", &data, "--partnership", "P", "--email", "ada@cell.example"]);
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    ok(&["admin", "person", "add", "--data-dir", &data, "--email", "sam@calder.example", "--name", "Sam"]
        .iter()
        .copied()
        .chain(["--organisation", "Calder Power"])
        .collect::<Vec<_>>());
    let key = json(&["admin", "key", "add", "--data-dir", &data, "--organisation", "Calder Power", "--json"]);
    let key = key["key"].as_str().unwrap().to_owned();
    let (running, member) = serve(&data);
    let kept = report(&member, &key, "kept.bad-docs.org");
    let regretted = report(&member, &key, "regretted.bad-docs.org");
    let feed = |address: &str| get(address, &key, "/api/v1/feeds/watch.txt");
    until(LIMIT, || feed(&member).contains("regretted").then_some(())).expect("it is released");
    until(LIMIT, || get(&member, &key, &format!("/api/v1/reports/{regretted}")).contains("words").then_some(()))
        .unwrap();
    ok(&["backup", "--data-dir", &data, "--to", &copy, "--keys-to", &keys]);
    let head = format!("authorization: Bearer {key}");
    let recall = format!("/api/v1/reports/{regretted}/recall");
    let done = http(&member, "POST", &recall, &[&head], "").unwrap();
    assert_eq!(done.status, 204, "{}", done.body);
    until(LIMIT, || (!feed(&member).contains("regretted")).then_some(())).expect("members lose it");
    let list = folder.path("data.keys").join("erased");
    until(LIMIT, || fs::read_to_string(&list).is_ok_and(|text| text.contains(&regretted)).then_some(())).unwrap();
    drop(running);

    // The data is lost and the keys are not: the usual case. The copy is older than the checkpoint, which somebody accepts.
    fs::remove_dir_all(folder.path("data")).unwrap();
    let place = folder.text("data");
    let output = run(&["restore", "--from", &copy, "--data-dir", &place]);
    assert_eq!(output.status.code(), Some(3), "the keys vouch for what came after it");
    ok(&["journal", "accept-head", "--data-dir", &place]);
    // Opened by a command that takes nothing back, before it is served.
    ok(&["admin", "organisation", "add", "--data-dir", &place, "--name", "Later Ltd", "--sector", "energy"]);
    ok(&["journal", "rebuild", "--data-dir", &place]);
    let (again, member) = serve(&place);
    let first = feed(&member);
    assert!(first.contains("kept") && !first.contains("regretted"), "{first}");
    let own = get(&member, &key, &format!("/api/v1/reports/{kept}"));
    assert!(own.contains("kept.bad-docs.org"), "{own}");
    // The logs of the stores are emptied in passing.
    let gone = || {
        let holds = |path: &PathBuf| fs::read(path).unwrap().windows(9).any(|window| window == b"regretted");
        let files = fs::read_dir(folder.path("data")).unwrap().map(|entry| entry.unwrap().path());
        let left: Vec<_> = files.filter(|path| path.is_file()).filter(holds).collect();
        left.is_empty().then_some(())
    };
    until(LIMIT, gone).expect("its bytes are in the restored folder");
    drop(again);
    ok(&["journal", "verify", "--data-dir", &place]);
}

#[test]
fn what_is_no_place_or_no_backup_is_told_and_nothing_is_overwritten() {
    let folder = Folder::new();
    let (data, copy, keys) = (folder.text("data"), folder.text("copy"), folder.text("copied-keys"));
    ok(&["admin", "init", "--data-dir", &data, "--partnership", "P", "--email", "ada@cell.example"]);
    let check = |words: &[&str], code: i32, says: &str| {
        let output = run(words);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.code() == Some(code) && said.contains(says), "{words:?} {:?}: {said}", output.status);
    };
    check(&["backup", "--data-dir", &folder.text("none"), "--to", &copy, "--keys-to", &keys], 1, "vault.db");
    check(&["backup", "--data-dir", &data, "--to", &copy, "--keys-to", &format!("{copy}/keys")], 1, "lies in");
    folder.write("full/x", "x");
    check(&["backup", "--data-dir", &data, "--to", &folder.text("full"), "--keys-to", &keys], 1, "not empty");
    fs::remove_dir_all(folder.path("copy")).ok();
    fs::remove_dir_all(folder.path("copied-keys")).ok();
    ok(&["backup", "--data-dir", &data, "--to", &copy, "--keys-to", &keys]);
    check(&["restore", "--from", &copy, "--keys-from", &keys, "--data-dir", &data], 1, "not empty");
    // A copy that somebody changed.
    let file = folder.path("copy").join("vault.db");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(8).position(|window| window == b"\"genesis").unwrap();
    bytes[at + 20] ^= 1;
    fs::write(&file, bytes).unwrap();
    let other = folder.text("other");
    check(&["restore", "--from", &copy, "--keys-from", &keys, "--data-dir", &other], 3, "damaged");
}
