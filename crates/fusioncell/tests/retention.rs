//! `fusioncell retention`: what goes next, what went, and cases that are held.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Folder, json, ok, run};

const NO_CASE: &str = "0190f3a2-6c1b-4a2e-9d8a-5f6b7c8d9e0f";

/// The name of a case, as the journal's own export tells it.
fn a_case(data: &str) -> String {
    let export = ok(&["journal", "export", "--data-dir", data]);
    let entry = export.lines().find(|line| line.contains("\"case\":\"")).expect("no entry of a case");
    entry.split("\"case\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn it_tells_what_goes_and_holds_a_case() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data, "--partnership", "P", "--email", "ada@cell.example"]);
    folder.write("values.csv", "value\nevil-one.net\nevil-two.net\n");
    ok(&["import", "--data-dir", &data, &folder.text("values.csv")]);
    let told = json(&["retention", "--data-dir", &data, "--keep-words", "30", "--ahead", "60", "--json"]);
    assert!(told["cases"].as_u64().unwrap() > 0, "{told}");
    assert_eq!((&told["due"]["words"], &told["ahead"]["words"]), (&0.into(), &told["cases"]), "{told}");
    assert_eq!((&told["kept_days"]["values"], &told["ahead"]["values"]), (&730.into(), &0.into()));
    let told = ok(&["retention", "--data-dir", &data]);
    assert!(told.contains("kept 365 days; 0 cases at the next run, 0 within 30 days") && told.contains("nothing"));
    let case = a_case(&data);
    ok(&["retention", "--data-dir", &data, "--hold", &case]);
    assert!(ok(&["retention", "--data-dir", &data]).contains(&case));
    ok(&["retention", "--data-dir", &data, "--let-go", &case]);
    assert!(!ok(&["retention", "--data-dir", &data]).contains(&case));
    for act in ["--hold", "--let-go"] {
        let told = run(&["retention", "--data-dir", &data, act, NO_CASE]);
        assert_eq!(told.status.code(), Some(1));
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(said.contains(NO_CASE) && said.contains("no case"), "{said}");
    }
    assert!(ok(&["retention", "--data-dir", &data]).contains("0 held"));
    assert_eq!(run(&["retention", "--data-dir", &folder.text("none")]).status.code(), Some(1));
    assert_eq!(run(&["retention", "--data-dir", &data, "--keep-words", "3"]).status.code(), Some(2));
}
