//! Every file of the development data is read, and about as much comes out as is in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeMap;
use std::time::Instant;

use formats::{Format, parse_plain_list, parse_warning_list};

#[derive(Default, Debug)]
struct Count {
    files: usize,
    drafts: usize,
    values: usize,
    problems: u64,
    formats: BTreeMap<String, usize>,
    why: BTreeMap<String, usize>,
}

fn count(folder: &str) -> Option<Count> {
    let dir = common::data()?.join(folder);
    let mut count = Count::default();
    let start = Instant::now();
    for path in common::files(&dir) {
        let (drafts, problems, summary) = common::import_file(&path);
        count.files += 1;
        count.drafts += drafts.len();
        count.values += drafts.iter().map(|draft| draft.indicators.len()).sum::<usize>();
        count.problems += summary.problems;
        *count.formats.entry(format!("{:?}", summary.format)).or_default() += 1;
        for problem in &problems {
            let why: String = problem.why.chars().filter(|c| !c.is_ascii_digit()).collect();
            let entry = count.why.entry(why).or_default();
            *entry += 1;
            if *entry == 1 && std::env::var_os("SHOW_PROBLEMS").is_some() {
                eprintln!(
                    "{} {:?} {}: {}",
                    path.file_name().unwrap().display(),
                    problem.line,
                    problem.field,
                    problem.why
                );
            }
        }
        for draft in &drafts {
            assert!(!draft.title.is_empty(), "{}", path.display());
            assert!(draft.happened_at.is_none_or(|time| time.is_plausible()));
        }
    }
    eprintln!(
        "{folder}: {} files, {} drafts, {} values, {} problems, {:?}, {:?}",
        count.files,
        count.drafts,
        count.values,
        count.problems,
        count.formats,
        start.elapsed()
    );
    Some(count)
}

#[test]
fn misp() {
    let Some(count) = count("misp") else { return };
    assert_eq!(count.formats.get("Some(Misp)"), Some(&67));
    assert_eq!(count.formats.get("Some(MispManifest)"), Some(&1));
    assert!(count.values > 11_500, "{count:?}");
    assert!(count.problems < 60, "{count:?}");
}

#[test]
fn stix() {
    let Some(count) = count("stix") else { return };
    assert!(count.values > 5_900, "{count:?}");
    assert!(count.problems < 200, "{count:?}");
}

#[test]
fn stream() {
    let Some(count) = count("stream") else { return };
    assert_eq!(count.formats.get("Some(Table)"), Some(&1));
    assert!(count.values > 175_000, "{count:?}");
    assert!(count.problems < 500, "{count:?}");
}

#[test]
fn labelled_reports() {
    let Some(dir) = common::data() else { return };
    let (drafts, problems, summary) = common::import_file(&dir.join("labels/reports.jsonl.gz"));
    assert_eq!(summary.format, Some(Format::ReportLines));
    assert_eq!(drafts.len(), 10_844);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(drafts.iter().map(|draft| draft.indicators.len()).sum::<usize>(), 69_598);
    assert!(drafts.iter().all(|draft| draft.author.is_some() && draft.happened_at.is_some()));
    // The campaign is what a replay is judged by: it must not leak into what fusion sees.
    assert!(drafts.iter().all(|draft| draft.tags.is_empty() && !draft.title.contains("maltrail/")));
    let _ = count("labels");
}

#[test]
fn prose() {
    let Some(count) = count("prose") else { return };
    assert!(count.values > 3_000, "{count:?}");
}

#[test]
fn other_folders_are_told_what_they_are() {
    for folder in ["openioc", "restricted-licence/unit42-timely-reports", "telemetry/suricata-eve", "vuln"] {
        let _ = count(folder);
    }
}

#[test]
fn big_table() {
    let Some(dir) = common::data() else { return };
    let start = Instant::now();
    let (drafts, problems, summary) = common::import_file(&dir.join("iocs-large.tsv.zst"));
    eprintln!("iocs-large: {summary:?} in {:?}", start.elapsed());
    assert_eq!(summary.format, Some(Format::Table));
    assert!(summary.indicators > 2_020_000, "{summary:?} {:?}", &problems[..10.min(problems.len())]);
    assert!(drafts.len() > 2_000);
}

#[test]
fn noise() {
    let Some(dir) = common::data() else { return };
    let (mut lists, mut entries, mut problems) = (0, 0, 0);
    for path in common::files(&dir.join("noise/warninglists")) {
        let (list, wrong) = parse_warning_list(&std::fs::read(&path).unwrap());
        let list = list.unwrap_or_else(|| panic!("{}: {wrong:?}", path.display()));
        lists += 1;
        entries += list.entries.len();
        problems += wrong.len();
    }
    eprintln!("warning-lists: {lists} lists, {entries} entries, {problems} problems");
    assert_eq!(lists, 129);
    for name in ["maltrail-cdn_ranges.txt", "maltrail-whitelist.txt", "tranco-1m-sample-100k.txt.gz"] {
        let (list, wrong) = parse_plain_list(name, &std::fs::read(dir.join("noise").join(name)).unwrap());
        let list = list.unwrap();
        eprintln!(
            "{name}: {:?} {} entries, {} problems {:?}",
            list.kind,
            list.entries.len(),
            wrong.len(),
            &wrong[..3.min(wrong.len())]
        );
        assert!(list.entries.len() > 500);
    }
}
