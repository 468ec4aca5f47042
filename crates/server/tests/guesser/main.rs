//! A guesser that was trained on who sent earlier reports is told everything that other members can obtain of a report, and cannot
//! say who sent it better than chance; nor can a thief of the data folder without the keys. Each of the planted leaks it finds.
//!
//! Every line that begins with `guesser:` is of the transcript, which `cargo xtask prove guesser` writes down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod classifier;
mod features;
mod folder;
mod members;
mod platform;
#[allow(dead_code, reason = "the pairs of worlds use more of it")]
#[path = "../noninterference/random.rs"]
mod random;
mod sqlite;
mod thief;

use std::io::Write as _;

use classifier::{Example, Fields, Guesser, Score, guess};
use platform::SUSPECTS;
use random::Random;

/// Reports of the honest run: each is guessed once.
const REPORTS: u64 = 20_000;
/// Reports under each planted leak, and without any beside them.
#[cfg(feature = "planted-leaks")]
const LEAK_REPORTS: usize = 2_000;
/// A switch is the whole process's: the tests that turn one take turns.
#[cfg(feature = "planted-leaks")]
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
/// Times that the truth is drawn anew beside what was seen.
const SHUFFLES: u64 = 1;
/// Chance of the order in which a thief is told who sent what; another than any that the reports were drawn with.
const SHUFFLED: u64 = 0x5EED_0F0D;
/// Fields that are named as those that told.
const TELLERS: usize = 2;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Prints past the capture of the runner: the transcript is shown by every run, also one that passes.
fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// One line of the transcript.
fn told(what: &str, score: &Score, fields: &Fields, guesser: &Guesser) {
    let Score { guesses, hits, .. } = score;
    let (rate, chance, p) = (score.rate(), score.chance(), score.p());
    let p = match p {
        p if p < 1e-99 => "below 1e-99".to_owned(),
        p if p < 0.001 => format!("{p:.0e}"),
        p => format!("{p:.3}"),
    };
    let tellers = guesser.tellers(TELLERS);
    let tellers: Vec<&str> = tellers.iter().map(|(field, _)| fields.name(*field).trim_start_matches('.')).collect();
    let by = if score.tells() { format!("; told by `{}`", tellers.join("`, `")) } else { String::new() };
    tell(&format!("guesser: {what}: {hits} of {guesses} guesses right, {rate:.4}; 1/k = {chance:.4}, p = {p}{by}"));
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn of_twenty_thousand_reports_another_member_cannot_guess_who_sent_them() {
    let seed = setting("FUSIONCELL_FIRST_SEED", 1);
    let count = setting("FUSIONCELL_GUESSES", REPORTS) as usize;
    let mut fields = Fields::default();
    let mut examples = runtime().block_on(members::examples(count, seed, &mut fields));
    let (score, guesser) = guess(&examples, SUSPECTS);
    told("what other members see", &score, &fields, &guesser);
    assert!(!score.tells(), "{score:?}");
    // The same with truths that nothing can know: where the figure above is at the edge, these show what chance does.
    for shuffle in 1..=SHUFFLES {
        let mut random = Random(seed ^ (shuffle << 32));
        examples.iter_mut().for_each(|example| example.truth = random.below(SUSPECTS));
        let (score, guesser) = guess(&examples, SUSPECTS);
        told("what other members see, with other truths", &score, &fields, &guesser);
        assert!(!score.tells(), "{score:?}");
    }
}

/// What a thief guesses by all ways together, and by each; with `spared` without the contents of journal entries.
fn thieving(name: &str, stolen: &folder::Stolen, spared: bool, each: bool) -> Score {
    let mut fields = Fields::default();
    let examples = thief::examples(stolen, SHUFFLED, spared, &mut fields);
    if each {
        let bytes: usize = stolen.files.iter().map(|file| file.bytes.len()).sum();
        let rows: usize = stolen.tables.iter().map(|table| table.rows.len()).sum();
        let files = stolen.files.len();
        tell(&format!("guesser: {name}: {files} files, {} KiB, {rows} rows of tables and indexes", bytes / 1024));
        for (way, what) in thief::WAYS.iter().enumerate() {
            let of_way: Vec<Example> = examples.iter().map(|example| example[way].clone()).collect();
            let (score, guesser) = guess(&of_way, SUSPECTS);
            told(what, &score, &fields, &guesser);
        }
    }
    let joined = |ways: &[Example; thief::WAYS.len()]| Example {
        seen: ways.iter().flat_map(|way| way.seen.iter().copied()).collect(),
        truth: ways[0].truth,
    };
    let (score, guesser) = guess(&examples.iter().map(joined).collect::<Vec<_>>(), SUSPECTS);
    let name = if each { "all of it together" } else { name };
    told(name, &score, &fields, &guesser);
    score
}

#[cfg_attr(feature = "planted-leaks", ignore = "run by the plain build")]
#[test]
fn a_stolen_data_folder_or_a_backup_links_no_report_to_a_firm() {
    let seed = setting("FUSIONCELL_FIRST_SEED", 1);
    let count = setting("FUSIONCELL_GUESSES", REPORTS) as usize;
    let spared = std::env::var_os("FUSIONCELL_SPARE_ENTRIES").is_some();
    let [live, backup] = runtime().block_on(folder::stolen(count, seed));
    let scores = [("the data folder as it is served", &live), ("a backup of it", &backup)];
    for (name, score) in scores.map(|(name, stolen)| (name, thieving(name, stolen, spared, true))) {
        assert!(!score.tells(), "{name}: {score:?}");
    }
}

#[cfg(feature = "planted-leaks")]
#[test]
fn a_member_that_guesses_finds_each_of_the_planted_leaks() {
    use policy::planted::{self, Leak};
    let leaks = [
        Leak::AuthorIsToken,
        Leak::TimeNotRounded,
        Leak::InsertOrder,
        Leak::EtagFromVersion,
        Leak::BeatOnReport,
        Leak::ShardedQuota,
    ];
    let _turn = TURN.lock();
    let mut wrong = Vec::new();
    for leak in leaks.map(Some).into_iter().chain([None]) {
        let mut fields = Fields::default();
        if let Some(leak) = leak {
            planted::set(leak);
        }
        let examples: Vec<Example> = runtime().block_on(members::examples(LEAK_REPORTS, 1, &mut fields));
        planted::clear();
        let (score, guesser) = guess(&examples, SUSPECTS);
        let name = leak.map_or("no leak", Leak::as_str);
        told(name, &score, &fields, &guesser);
        if score.tells() != leak.is_some() {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "judged wrongly: {wrong:?}");
}

#[cfg(feature = "planted-leaks")]
#[test]
fn a_thief_finds_each_of_the_leaks_that_are_planted_at_rest() {
    use policy::planted::{self, Leak};
    let _turn = TURN.lock();
    let mut wrong = Vec::new();
    for leak in Leak::AT_REST.iter().copied().map(Some).chain([None]) {
        if let Some(leak) = leak {
            planted::set(leak);
        }
        let [live, _] = runtime().block_on(folder::stolen(LEAK_REPORTS, 1));
        planted::clear();
        let name = leak.map_or("no leak", Leak::as_str);
        // Each is to be found by what it does itself: entries whose contents lie in plain would tell in every case.
        let spared = thief::entries_in_plain(&live);
        let score = thieving(&format!("at rest: {name}"), &live, spared, false);
        if score.tells() != leak.is_some() {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "judged wrongly: {wrong:?}");
}
