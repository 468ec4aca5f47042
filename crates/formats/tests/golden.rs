//! One small file a format and what is read from it; `UPDATE_GOLDEN=1` writes the expectation anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::path::Path;

use formats::import_bytes;

fn check(name: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (drafts, problems) = import_bytes(name, &std::fs::read(dir.join(name)).unwrap());
    let mut got = String::new();
    for draft in &drafts {
        writeln!(
            got,
            "draft {:?} by {:?} at {:?}",
            draft.title,
            draft.author,
            draft.happened_at.map(model::Timestamp::as_millis)
        )
        .unwrap();
        writeln!(
            got,
            "  attack {} severity {} marking {:?}",
            draft.attack.as_str(),
            draft.severity.as_str(),
            draft.marking
        )
        .unwrap();
        let techniques: Vec<_> = draft.techniques.iter().map(model::Technique::as_str).collect();
        writeln!(got, "  tags {:?} techniques {techniques:?} narrative {:?}", draft.tags, draft.narrative).unwrap();
        for one in &draft.indicators {
            let (kind, value) = (one.sighting.observable.kind().as_str(), one.sighting.observable.value());
            writeln!(
                got,
                "  {kind} {value} seen {:?} line {:?} field {}",
                one.sighting.seen_at.map(model::Timestamp::as_millis),
                one.origin.line,
                one.origin.field
            )
            .unwrap();
        }
    }
    for problem in &problems {
        writeln!(got, "problem line {:?} field {:?}: {}", problem.line, problem.field, problem.why).unwrap();
    }
    let expect = dir.join(format!("{name}.expect"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&expect, &got).unwrap();
    }
    assert_eq!(got, std::fs::read_to_string(&expect).unwrap(), "{name}");
}

macro_rules! golden {
    ($($test:ident => $name:literal;)*) => { $(#[test] fn $test() { check($name); })* };
}

golden! {
    mail => "mail.eml";
    misp_event => "misp-event.json";
    misp_manifest => "misp-manifest.json";
    misp_hashes => "misp-hashes.csv";
    stix_21 => "stix-2.1.json";
    stix_20 => "stix-2.0.json";
    table_of_posts => "table-posts.csv";
    table_with_header => "table-header.csv";
    table_of_pairs => "table-pairs.tsv";
    table_with_stray_quotes => "table-quotes.csv";
    labelled_reports => "reports.jsonl";
    prose => "prose.md";
}
