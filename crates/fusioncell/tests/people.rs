//! `fusioncell admin person`: a seconded analyst is made with a wall and listed with it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{Folder, json, ok, run};

#[test]
fn a_secondee_is_walled_from_the_home_sector_and_from_what_is_named() {
    let folder = Folder::new();
    let data = folder.text("data");
    ok(&["admin", "init", "--data-dir", &data, "--email", "ada@cell.example"]);
    ok(&["admin", "organisation", "add", "--data-dir", &data, "--name", "Calder Power", "--sector", "energy"]);
    let words = ["admin", "person", "add", "--data-dir", &data, "--email", "sal@cell.example", "--name", "Sal Marsh"];
    let words = [&words[..], &["--role", "seconded-analyst"]].concat();
    let add = |more: &[&'static str]| words.iter().copied().chain(more.iter().copied()).collect::<Vec<&str>>();
    let home = ["--organisation", "Calder Power"];
    let vetted = ["--vetting", "SC", "--vetted-until", "2027-05-01"];
    for wrong in [&home[..], &vetted[..], &[&home[..], &["--vetting", "SC", "--vetted-until", "soon"]].concat()] {
        assert!(!run(&add(wrong)).status.success(), "{wrong:?}");
    }
    ok(&add(&[&home[..], &vetted[..], &["--wall", "water"]].concat()));
    let listed = json(&["admin", "person", "list", "--data-dir", &data, "--json"]);
    let row = listed.as_array().unwrap().iter().find(|row| row["email"] == "sal@cell.example").unwrap();
    assert_eq!(row["role"], "seconded-analyst");
    assert_eq!(row["organisation"], "Calder Power");
    assert_eq!(row["wall"], serde_json::json!(["energy", "water"]));
    assert_eq!(row["vetted_until"], "2027-05-01T00:00:00.000Z");
    assert!(ok(&["admin", "person", "list", "--data-dir", &data]).contains("energy, water"));
    let analyst = ["admin", "person", "add", "--data-dir", &data, "--email", "kit@cell.example", "--name", "Kit"];
    assert!(!run(&[&analyst[..], &["--role", "analyst", "--wall", "water"]].concat()).status.success());
}
