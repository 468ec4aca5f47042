//! Import as a user runs it: folders, repeats, bad files, and the journal afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Folder, json, ok, run};

const MISP: &str = r#"{"Event":{"uuid":"11111111-1111-4111-8111-111111111111","info":"Loader on trade pages","date":"2026-03-01","Attribute":[
  {"uuid":"11111111-1111-4111-8111-111111111112","type":"domain","category":"Network activity","value":"loader.bad-shop.org","to_ids":true},
  {"uuid":"11111111-1111-4111-8111-111111111113","type":"sha256","category":"Payload delivery","value":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","to_ids":true}]}}"#;
const STIX: &str = r#"{"type":"bundle","id":"bundle--11111111-1111-4111-8111-111111111111","objects":[
  {"type":"indicator","spec_version":"2.1","id":"indicator--11111111-1111-4111-8111-111111111114","created":"2026-03-01T00:00:00Z","modified":"2026-03-01T00:00:00Z",
   "pattern":"[ipv4-addr:value = '45.77.12.9']","pattern_type":"stix","valid_from":"2026-03-01T00:00:00Z"}]}"#;
const CSV: &str = "type,value\ndomain,first.bad-post.org\nipv4,45.77.12.10\nurl,http://first.bad-post.org/x\n";
const PROSE: &str = "We saw requests to hxxps://panel[.]bad-route[.]org/in and to 45[.]77[.]12[.]11 at night.\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("in/misp/event.json", MISP);
    folder.write("in/stix/bundle.json", STIX);
    folder.write("in/table.csv", CSV);
    folder.write("in/notes/write-up.md", PROSE);
    folder.write("in/.hidden", "not a file of data");
    folder
}

#[test]
fn a_folder_goes_in_and_the_second_time_all_are_duplicates() {
    let folder = folder();
    let (data, input) = (folder.text("new/data"), folder.text("in"));
    let first = json(&["import", "--json", "--data-dir", &data, &input]);
    assert_eq!(
        (&first["files"], &first["accepted"], &first["duplicates"]),
        (&4.into(), &8.into(), &0.into()),
        "{first}"
    );
    let second = json(&["import", "--json", "--data-dir", &data, &input]);
    assert_eq!((&second["accepted"], &second["duplicates"]), (&0.into(), &8.into()), "{second}");

    let text = ok(&["import", "--data-dir", &data, &folder.text("in/table.csv")]);
    assert!(text.contains("accepted") && text.contains("duplicates") && text.contains("refused"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("total")), "{text}");

    let report = json(&["journal", "verify", "--json", "--data-dir", &data]);
    assert_eq!(report["ok"], true, "{report}");
    let lines = ok(&["journal", "export", "--data-dir", &data]);
    assert!(lines.lines().count() >= 4);
    assert!(lines.contains("loader.bad-shop.org"));
    for line in lines.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    ok(&["journal", "rebuild", "--data-dir", &data]);
}

#[test]
fn bad_files_are_told_by_file_and_line_and_the_rest_goes_in() {
    let folder = folder();
    folder.write(
        "in/table.csv",
        "type,value\ndomain,good.bad-post.org\nipv4,999.1.2.3\nsha256,12\ndomain,other.bad-post.org\n",
    );
    folder.write("in/misp/broken.json", "{\"Event\": {\"info\": \"x\",\n \"Attribute\": [{\"type\": \"domain\", ");
    folder.write("in/deep.json", "[".repeat(10_000));
    folder.write("in/noise.bin", [0xff, 0xfe, 0x00, 0x81, 0x9d, 0x00]);
    let (data, input) = (folder.text("data"), folder.text("in"));
    let text = ok(&["import", "--data-dir", &data, &input]);
    let line = |file: &str| text.lines().find(|line| line.contains(file)).unwrap_or_else(|| panic!("{file}\n{text}"));
    assert!(line("table.csv:3").contains("999.1.2.3"), "{text}");
    assert!(text.contains("table.csv:4"), "{text}");
    assert!(line("broken.json").contains(":2"), "{text}");
    line("deep.json");
    line("noise.bin");
    let again = json(&["import", "--json", "--data-dir", &data, &input]);
    assert_eq!(again["accepted"], 0, "{again}");
    assert_eq!(again["duplicates"], 7, "{again}");
}

#[test]
fn a_path_that_is_not_there_is_exit_code_one_and_the_rest_goes_in() {
    let folder = folder();
    let output =
        run(&["import", "--json", "--data-dir", &folder.text("data"), &folder.text("gone.csv"), &folder.text("in")]);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["accepted"], 8);
    assert!(report["unreadable"][0]["file"].as_str().unwrap().ends_with("gone.csv"));
}

#[test]
fn a_member_can_be_named_and_an_unknown_one_is_refused() {
    let folder = folder();
    let (data, input) = (folder.text("data"), folder.text("in"));
    let unknown = run(&["import", "--data-dir", &data, "--as", "Calder Power", &input]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("Calder Power"));
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let named =
        json(&["import", "--json", "--data-dir", &data, "--as", "Calder Power", "--warn", "once-three", &input]);
    assert_eq!(named["accepted"], 8);
    let own = json(&["import", "--json", "--data-dir", &data, &input]);
    assert_eq!(own["accepted"], 8, "the cell's own items are not a member's duplicates: {own}");
    let lines = ok(&["journal", "export", "--data-dir", &data]);
    assert!(!lines.contains("Calder Power"), "the journal names a member");
    assert!(lines.contains("once-three"), "{lines}");
}

#[test]
fn a_flipped_byte_is_found() {
    let folder = folder();
    let data = folder.text("data");
    ok(&["import", "--data-dir", &data, &folder.text("in")]);
    ok(&["journal", "verify", "--data-dir", &data]);
    let store = folder.path("data/vault.db");
    let mut bytes = std::fs::read(&store).unwrap();
    let place = bytes.windows(19).position(|window| window == b"loader.bad-shop.org").expect("the value is stored");
    bytes[place] = b'L';
    std::fs::write(&store, bytes).unwrap();
    let output = run(&["journal", "verify", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn lists_of_everyday_values_are_in_the_journal_once_and_replay_wants_them() {
    let folder = folder();
    folder.write("lists/one.json", r#"{"name":"Trade pages","type":"hostname","version":3,"list":["bad-shop.org"]}"#);
    folder.write("lists/ranges.txt", "45.77.12.0/24 # a provider\n");
    folder.write("lists/pattern.json", r#"{"name":"Patterns","type":"regex","version":1,"list":["(a+)+$"]}"#);
    let (data, input, lists) = (folder.text("data"), folder.text("in"), folder.text("lists"));
    let output = run(&["import", "--data-dir", &data, "--noise", &lists, &input]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("2 everyday values on 2 lists"), "{told}");
    assert!(told.contains("pattern.json: list: 1 regular expressions are not used"), "{told}");
    ok(&["import", "--data-dir", &data, "--noise", &lists, &input]);
    let sets = |text: &str| text.lines().filter(|line| line.contains("noise lists")).count();
    assert_eq!(sets(&ok(&["journal", "export", "--data-dir", &data])), 1, "the same lists are noted once");
    folder.write("lists/more.txt", "everyday.example.org\n");
    ok(&["import", "--data-dir", &data, "--noise", &lists, &input]);
    assert_eq!(sets(&ok(&["journal", "export", "--data-dir", &data])), 2);
    ok(&["journal", "rebuild", "--data-dir", &data]);

    for blob in std::fs::read_dir(folder.path("data/blobs")).unwrap().flatten() {
        std::fs::remove_file(blob.path()).unwrap();
    }
    let output = run(&["journal", "rebuild", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is absent"), "{output:?}");
    let output = run(&["import", "--data-dir", &data, "--noise", &folder.text("nowhere"), &input]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere"), "{output:?}");
}
