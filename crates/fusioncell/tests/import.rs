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
    let rebuilt = json(&["journal", "rebuild", "--json", "--data-dir", &data]);
    assert_eq!(rebuilt["fusion_equal"], serde_json::Value::Null, "there is nothing to compare it with yet");
    assert_eq!(json(&["journal", "rebuild", "--json", "--data-dir", &data])["fusion_equal"], true);
    let noted = common::read(&folder.path("new/data/fusion.replayed"));
    let (entries, _) = noted.trim().rsplit_once(' ').unwrap();
    folder.write("new/data/fusion.replayed", format!("{entries} {}", "0".repeat(64)));
    let output = run(&["journal", "rebuild", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("NOT equal to what an earlier replay"), "{output:?}");
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
    let output = run(&["import", "--data-dir", &data, &input]);
    assert_eq!(output.status.code(), Some(1), "two files could not be read");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |file: &str| text.lines().find(|line| line.contains(file)).unwrap_or_else(|| panic!("{file}\n{text}"));
    assert!(line("table.csv:3").contains("999.1.2.3"), "{text}");
    assert!(text.contains("table.csv:4"), "{text}");
    assert!(line("broken.json").contains(":2"), "{text}");
    line("deep.json");
    line("noise.bin");
    assert!(text.lines().any(|line| line.starts_with("total") && line.ends_with(" 2")), "{text}");
    let again: serde_json::Value =
        serde_json::from_slice(&run(&["import", "--json", "--data-dir", &data, &input]).stdout).unwrap();
    assert_eq!(again["accepted"], 0, "{again}");
    assert_eq!(again["duplicates"], 7, "{again}");
    assert_eq!((&again["refused"], &again["not_read"]), (&3.into(), &2.into()), "{again}");
    let named = run(&["import", "--data-dir", &data, folder.path("in/noise.bin").to_str().unwrap()]);
    assert_eq!(named.status.code(), Some(1), "what is named has to be of a known format");
    for name in ["misp/broken.json", "deep.json"] {
        std::fs::remove_file(folder.path("in").join(name)).unwrap();
    }
    let text = ok(&["import", "--data-dir", &data, &input]);
    assert!(text.contains("999.1.2.3"), "bad objects alone are exit code 0\n{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_exit_code_one_with_its_reason() {
    let folder = folder();
    let data = folder.text("data");
    let files: [(&str, &[u8], &str); 4] = [
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b", "gzip data is damaged"),
        ("archive.zip", b"PK\x03\x04\x00", "ZIP"),
        ("broken.json", b"{\"Event\": {", "broken off"),
        ("empty.csv", b"", "the file is empty"),
    ];
    for (name, bytes, why) in files {
        let path = folder.write(name, bytes);
        let output =
            run(&["import", "--json", "--data-dir", &data, path.to_str().unwrap(), &folder.text("in/table.csv")]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&report["not_read"], &report["files"]), (&1.into(), &2.into()), "{name}: {report}");
        assert!(report["unreadable"][0]["why"].as_str().unwrap().contains(why), "{name}: {report}");
        assert!(report["duplicates"].as_u64().unwrap() + report["accepted"].as_u64().unwrap() >= 3, "{name}: {report}");
    }
}

#[test]
fn links_in_a_folder_are_told_and_a_feeds_index_is_passed_over() {
    let folder = folder();
    let data = folder.text("data");
    std::os::unix::fs::symlink(folder.path("in/table.csv"), folder.path("in/other.csv")).unwrap();
    let head = r#"{"info":"x","date":"2026-03-01","timestamp":"1772323200","Orgc":{"name":"o"},"Tag":[]}"#;
    folder.write("in/misp/manifest.json", format!("{{\"11111111-1111-4111-8111-111111111111\":{head}}}"));
    folder.write("in/misp/hashes.csv", "0cc175b9c0f1b6a831c399e269772661,11111111-1111-4111-8111-111111111111\n");
    let report = json(&["import", "--json", "--data-dir", &data, &folder.text("in")]);
    assert_eq!((&report["accepted"], &report["refused"]), (&8.into(), &0.into()), "{report}");
    assert_eq!(report["by_format"]["MISP feed index"]["files"], 2, "{report}");
    assert!(report["problems"][0]["file"].as_str().unwrap().ends_with("other.csv"), "{report}");
    assert!(report["problems"][0]["why"].as_str().unwrap().contains("is a link"), "{report}");
    // Beside a manifest it is one even where it holds nothing; by itself its lines tell.
    folder.write("in/misp/hashes.csv", "");
    assert_eq!(json(&["import", "--json", "--data-dir", &data, &folder.text("in")])["not_read"], 0);
}

#[test]
fn one_import_of_long_values_does_not_stop_the_rest() {
    let folder = Folder::new();
    let mut text = "url\n".to_owned();
    for n in 0..1_000 {
        text.push_str(&format!("http://a{n}.bad-post.org/{}\n", "x".repeat(2_400)));
    }
    folder.write("in/a.csv", text);
    folder.write("in/b.csv", CSV);
    let report = json(&["import", "--json", "--data-dir", &folder.text("data"), &folder.text("in")]);
    assert_eq!((&report["accepted"], &report["refused"]), (&1_003.into(), &0.into()), "{report}");
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
    for (given, missing) in
        [(&["--warn", "once-three"][..], "--know"), (&["--know", "nobody"], "--warn"), (&[], "--warn")]
    {
        let words = [&["import", "--data-dir", &data, "--as", "Calder Power"], given, &[&input]].concat();
        let output = run(&words);
        assert_eq!(output.status.code(), Some(2), "nothing is chosen for a member: {words:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(missing), "{output:?}");
    }
    let answers = ["--warn", "once-three", "--know", "nobody"];
    let words = [&["import", "--json", "--data-dir", &data, "--as", "Calder Power"], &answers[..], &[&input]].concat();
    let unknown = run(&words);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("Calder Power"));
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let named = json(&words);
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
    // What it says is sealed: the byte is one of a report's sealed bytes.
    let place = bytes.windows(13).position(|window| window == b"{\"t\":\"report\"").expect("a report is stored");
    bytes[place + 300] ^= 1;
    std::fs::write(&store, bytes).unwrap();
    let output = run(&["journal", "verify", "--data-dir", &data]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_folder_that_is_not_there_is_not_a_damaged_journal() {
    let folder = folder();
    let (data, nowhere) = (folder.text("data"), folder.text("nowhere"));
    ok(&["import", "--data-dir", &data, &folder.text("in")]);
    let fails = |words: &[&str], code: i32| {
        let output = run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{words:?}");
        if words.contains(&"--json") {
            let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!((&told["ok"], &told["damaged"]), (&false.into(), &(code == 3).into()), "{told}");
            assert!(!told["why"].as_str().unwrap().is_empty());
        }
    };
    for command in ["verify", "rebuild"] {
        fails(&["journal", command, "--data-dir", &nowhere], 1);
        fails(&["journal", command, "--json", "--data-dir", &nowhere], 1);
        fails(&["journal", command, "--json", "--data-dir", &folder.text("in")], 1);
        fails(&["journal", command, "--json", "--data-dir", &data, "--keys-dir", &nowhere], 1);
        assert!(!folder.path("nowhere").exists(), "looking makes nothing");
    }
    folder.write("data/vault.db", "this is no journal, but it is long enough to be looked at ".repeat(100));
    fails(&["journal", "verify", "--json", "--data-dir", &data], 3);
}

#[test]
fn a_store_keeps_the_name_that_it_was_made_with() {
    let folder = folder();
    let data = folder.text("data");
    ok(&["import", "--data-dir", &data, &folder.text("in")]);
    let output = run(&["admin", "init", "--data-dir", &data, "--partnership", "Northern Utilities"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("Sharing partnership") && told.contains("Northern Utilities"), "{told}");
    ok(&["admin", "init", "--data-dir", &data]);
    let other = folder.text("other");
    ok(&["admin", "init", "--data-dir", &other, "--partnership", "Northern Utilities"]);
    let lines = ok(&["journal", "export", "--data-dir", &other]);
    assert!(lines.contains("Northern Utilities"), "{lines}");
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
    assert!(
        output.status.success()
            && told.contains("2 everyday values link nothing, 0 popular names say less, on 2 lists"),
        "{told}"
    );
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
