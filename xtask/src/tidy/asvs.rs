//! `docs/asvs.md`: each requirement stands there once, each test that it names exists, and its figures are right.

use std::collections::{BTreeMap, BTreeSet};

use super::{caught, none, read, tree};

/// Ids of levels 1 and 2 by section; a star is level 2.
const REQUIREMENTS: &str = "
V1.1: 1* 2*
V1.2: 1 2 3 4 5 6* 7* 8* 9*
V1.3: 1 2 3* 4* 5* 6* 7* 8* 9* 10* 11*
V1.4: 1* 2* 3*
V1.5: 1 2*
V2.1: 1 2* 3*
V2.2: 1 2 3*
V2.3: 1 2* 3* 4*
V2.4: 1*
V3.2: 1 2
V3.3: 1 2* 3* 4*
V3.4: 1 2 3* 4* 5* 6*
V3.5: 1 2 3 4* 5*
V3.7: 1* 2*
V4.1: 1 2* 3*
V4.2: 1*
V4.3: 1* 2*
V4.4: 1 2* 3* 4*
V5.1: 1*
V5.2: 1 2 3*
V5.3: 1 2
V5.4: 1* 2* 3*
V6.1: 1 2* 3*
V6.2: 1 2 3 4 5 6 7 8 9* 10* 11* 12*
V6.3: 1 2 3* 4*
V6.4: 1 2 3* 4*
V6.5: 1* 2* 3* 4* 5*
V6.6: 1* 2* 3*
V6.8: 1* 2* 3* 4*
V7.1: 1* 2* 3*
V7.2: 1 2 3 4
V7.3: 1* 2*
V7.4: 1 2 3* 4* 5*
V7.5: 1* 2*
V7.6: 1* 2*
V8.1: 1 2*
V8.2: 1 2 3*
V8.3: 1
V8.4: 1*
V9.1: 1 2 3
V9.2: 1 2* 3* 4*
V10.1: 1* 2*
V10.2: 1* 2*
V10.3: 1* 2* 3* 4*
V10.4: 1 2 3 4 5 6* 7* 8* 9* 10* 11*
V10.5: 1* 2* 3* 4* 5*
V10.6: 1* 2*
V10.7: 1* 2* 3*
V11.1: 1* 2*
V11.2: 1* 2* 3*
V11.3: 1 2 3*
V11.4: 1 2* 3* 4*
V11.5: 1*
V11.6: 1*
V12.1: 1 2* 3*
V12.2: 1 2
V12.3: 1* 2* 3* 4*
V13.1: 1*
V13.2: 1* 2* 3* 4* 5*
V13.3: 1* 2*
V13.4: 1 2* 3* 4* 5*
V14.1: 1* 2*
V14.2: 1 2* 3* 4*
V14.3: 1 2* 3*
V15.1: 1 2* 3*
V15.2: 1 2* 3*
V15.3: 1 2* 3* 4* 5* 6* 7*
V16.1: 1*
V16.2: 1* 2* 3* 4* 5*
V16.3: 1* 2* 3* 4*
V16.4: 1* 2* 3*
V16.5: 1* 2* 3*
V17.1: 1*
V17.2: 1* 2* 3* 4*
V17.3: 1* 2*
";

const STATES: [&str; 3] = ["met", "unmet", "n.a."];
const WITHOUT: &str = "no test";

/// Id → level.
fn requirements() -> BTreeMap<String, u8> {
    let sections = REQUIREMENTS.lines().filter_map(|line| line.split_once(':'));
    let numbers =
        sections.flat_map(|(section, numbers)| numbers.split_whitespace().map(move |number| (section, number)));
    numbers
        .map(|(section, number)| {
            let plain = number.trim_end_matches('*');
            (format!("{section}.{plain}"), if plain == number { 1 } else { 2 })
        })
        .collect()
}

struct Row {
    id: String,
    level: String,
    state: String,
    test: String,
}

fn rows(text: &str) -> Vec<Row> {
    let lines = text.lines().filter(|line| line.starts_with("| V"));
    lines
        .map(|line| {
            let cell = |at: usize| line.trim_matches('|').split('|').nth(at).unwrap_or_default().trim().to_owned();
            Row { id: cell(0), level: cell(1), state: cell(2), test: cell(4) }
        })
        .collect()
}

/// Tests of the tree, as `crate name` and, of the pages, `ui title`.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in tree(&["crates", "xtask"], &["rs"]) {
        let owner = file.name.trim_start_matches("crates/").split('/').next().unwrap_or_default().to_owned();
        let mut is_test = false;
        for line in file.text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
                let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                found.insert(format!("{owner} {name}"));
                is_test = false;
            }
        }
    }
    for file in tree(&["ui/test", "ui/e2e"], &["ts", "tsx", "mjs"]) {
        for opening in ["it('", "check('"] {
            let titles = file.text.split(opening).skip(1).filter_map(|rest| rest.split('\'').next());
            found.extend(titles.map(|title| format!("ui {title}")));
        }
    }
    found
}

/// The tests that a cell names: a crate before a name in back-quotes, or a title of the pages' tests in quotation marks.
fn named(cell: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = cell;
    while let Some(at) = rest.find(['`', '“']) {
        let owner = rest[..at].split_whitespace().last().unwrap_or_default();
        let begun = rest[at..].chars().next().map_or(at, |quote| at + quote.len_utf8());
        let Some(length) = rest[begun..].find(['`', '”']) else { break };
        names.push(format!("{owner} {}", &rest[begun..begun + length]));
        rest = &rest[begun + length..];
        rest = rest.strip_prefix(['`', '”']).unwrap_or(rest);
    }
    names
}

fn wrong(text: &str, wanted: &BTreeMap<String, u8>, tests: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows = rows(text);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in &rows {
        let id = &row.id;
        if !seen.insert(id.clone()) {
            wrong.push(format!("docs/asvs.md has {id} twice"));
        }
        match wanted.get(id) {
            None => wrong.push(format!("docs/asvs.md has {id}, which is no requirement of level 1 or 2")),
            Some(level) if level.to_string() != row.level => wrong.push(format!("{id} is of level {level}")),
            Some(_) => {}
        }
        if !STATES.contains(&row.state.as_str()) {
            wrong.push(format!("{id} is {:?}: write one of {STATES:?}", row.state));
        }
        if row.state == "met" && row.test.is_empty() {
            wrong.push(format!("{id} is met: name its test, or say {WITHOUT:?}"));
        }
        for test in named(&row.test).into_iter().filter(|test| !tests.contains(test)) {
            wrong.push(format!("{id} names the test {test:?}, which does not exist: name another, or say {WITHOUT:?}"));
        }
        let kind = match (row.state.as_str(), row.test.as_str()) {
            ("met", WITHOUT) => "met, without a test",
            ("met", _) => "met, with a test",
            ("unmet", _) => "unmet",
            _ => "not applicable",
        };
        *counts.entry(kind).or_default() += 1;
    }
    wrong.extend(wanted.keys().filter(|id| !seen.contains(*id)).map(|id| format!("docs/asvs.md lacks {id}")));
    let absent = counts.get("not applicable").copied().unwrap_or(0);
    counts.insert("all of levels 1 and 2", rows.len());
    counts.insert("applicable", rows.len() - absent);
    for (kind, count) in counts {
        if !text.contains(&format!("| {kind} | {count} |")) {
            wrong.push(format!("docs/asvs.md: of {kind:?} there are {count}: write that at the top"));
        }
    }
    wrong
}

#[test]
fn each_requirement_is_answered_by_a_test_that_exists_or_by_its_want() {
    let wanted = requirements();
    assert_eq!(wanted.len(), 253, "levels 1 and 2 have as many");
    let tests = tests();
    assert!(tests.len() > 400, "the check does not see the tests");
    none(&wrong(&read("docs/asvs.md"), &wanted, &tests));
}

#[test]
fn a_row_that_is_wrong_is_told() {
    let wanted: BTreeMap<String, u8> = [("V1.1.1".to_owned(), 2), ("V1.1.2".to_owned(), 2)].into();
    let tests: BTreeSet<String> = ["server a_test".to_owned()].into();
    let told = |rows: &str| wrong(rows, &wanted, &tests);
    let good = "| all of levels 1 and 2 | 2 |\n| applicable | 1 |\n| not applicable | 1 |\n| met, with a test | 1 |\n\
                | V1.1.1 | 2 | met | x | server `a_test` |\n| V1.1.2 | 2 | n.a. | x | |\n";
    none(&told(good));
    caught(&told(&good.replace("V1.1.2", "V1.1.1")), "has V1.1.1 twice");
    caught(&told(&good.replace("| V1.1.2 | 2 | n.a. | x | |\n", "")), "lacks V1.1.2");
    caught(&told(&good.replace("V1.1.2", "V1.1.9")), "no requirement of level 1 or 2");
    caught(&told(&good.replace("V1.1.2 | 2", "V1.1.2 | 1")), "V1.1.2 is of level 2");
    caught(&told(&good.replace("a_test", "another")), "which does not exist");
    caught(&told(&good.replace("server `a_test`", "model `a_test`")), "which does not exist");
    caught(&told(&good.replace("server `a_test`", "")), "name its test");
    caught(&told(&good.replace("n.a.", "perhaps")), "write one of");
    caught(&told(&good.replace("| applicable | 1 |", "| applicable | 7 |")), "there are 1");
}
