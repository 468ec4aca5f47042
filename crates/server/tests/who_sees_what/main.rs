//! Role × marking × noun, derived from what every route answers each role, as a file that a lawyer can read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../noninterference/logs.rs"]
mod logs;
mod nouns;
mod scenarios;
mod seen;
mod stage;
mod table;
mod way_back;

use std::sync::{Mutex, PoisonError};

#[cfg(feature = "planted-leaks")]
use model::Tlp;

use nouns::NOUNS;
use scenarios::{
    AFTER, KNOW, OUTSIDE, acts, after_a_report, from_outside, life_of_a_value, second_answer, texts, warn_answers,
};
use table::{MARKINGS, Table};
use way_back::WAY_BACK;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/who-sees-what.md");
/// Set, the file is written anew.
const REWRITE: &str = "UPDATE_GOLDEN";

const HEAD: &str = "# Who sees what

This page is written by a test (`crates/server/tests/who_sees_what/main.rs`) from what the platform answers: items of every
marking and every first answer are reported, every role asks every route, and what it is shown is written down here. A
route that shows more than this page says fails the test.

Every value here is reported by four members, one after another, who answer and mark it alike; all twelve members are of
one sector. An epoch is 20 seconds in the exercise that the test runs, 15 minutes by default. The person of the reporter
is of the firm that reported first, the secondee of one that reports nothing, walled from its sector. The operator reads
the figures, the logs, an export of the journal and the bytes of the journal in the data folder, without the keys, which
lie elsewhere. A stranger asks both listeners. The person of the group is of a member that reports nothing and is in one
sharing group with the four who do; nobody else is in it.
Everybody also asks for every report by its reference, as if they had been told it: its firm reads its own, the cell its page.

The minute that the secondee is shown as the time of a report is that of the journal's last entry in sight, which is the same
without the report: both fall into one minute here.

";

async fn derive() -> String {
    let mut table = Table::default();
    for (index, (_, warn)) in warn_answers().iter().enumerate() {
        for tlp in MARKINGS {
            life_of_a_value(warn, (index, tlp), &mut table).await;
        }
    }
    for index in 0..KNOW.len() {
        for tlp in MARKINGS {
            second_answer(index, tlp, &mut table).await;
        }
    }
    for tlp in MARKINGS {
        after_a_report(tlp, &mut table).await;
    }
    for tlp in MARKINGS {
        way_back::walked(tlp, &mut table).await;
    }
    texts(&mut table).await;
    from_outside(&mut table).await;
    let mut text = String::from(HEAD);
    text.push_str("## A report whose reporter wishes to be known to nobody\n");
    let rows = warn_answers().map(|(name, _)| name);
    for (noun, _) in NOUNS {
        table.write(&mut text, noun, &rows, "who may be warned");
    }
    text.push_str("\n## The second answer: who may know it, where members may be warned now\n");
    table.write(&mut text, "Name of the reporter", &KNOW.map(|(_, name)| name), "who may know");
    text.push_str("\n## After a report, of which members may be warned now and nobody may know the reporter\n");
    for noun in AFTER {
        table.write(&mut text, noun, &["members now"], "who may be warned");
    }
    text.push_str(
        "\n## What comes to its source by the way back\n\nTwo other leads open the source; of what they are told when they do, \
         the table has nothing. The lead in it is a third one.\n",
    );
    for noun in WAY_BACK {
        table.write(&mut text, noun, &["members now"], "who may be warned");
    }
    text.push_str("\n## A report of somebody without an account, by the page for small firms\n");
    for noun in OUTSIDE {
        table.write(&mut text, noun, &["nobody is asked"], "who may be warned");
    }
    text.push_str("\n## What the cell says\n");
    for noun in ["Text of the cell (advisory)", "Posture"] {
        table.write(&mut text, noun, &["every member"], "for whom");
    }
    text.push_str("\n## Who may do what\n\nSigning in and out is for everybody.\n");
    acts(&mut text).await;
    text.push_str("\n## Every field of every answer\n\nFields that held something, and who met them.\n");
    table.write_fields(&mut text);
    text
}

/// A runtime whose threads, like this one, log to one desk.
fn runtime() -> tokio::runtime::Runtime {
    let desk = logs::Desk::default();
    logs::sit(&desk);
    tokio::runtime::Builder::new_current_thread()
        .on_thread_start(move || logs::sit(&desk))
        .enable_all()
        .build()
        .unwrap()
}

/// Planted leaks are switched for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn who_sees_what_is_as_agreed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let now = runtime().block_on(derive());
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(GOLDEN, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differs: Vec<String> = now
        .lines()
        .filter(|line| !agreed.lines().any(|other| other == *line))
        .chain(agreed.lines().filter(|line| !now.lines().any(|other| other == *line)))
        .map(str::to_owned)
        .collect();
    assert!(
        now == agreed,
        "who sees what has changed; if on purpose: {REWRITE}=1 cargo test -p fusioncell-server --test who_sees_what\n{}",
        differs.join("\n")
    );
}

/// The table tells what routes show, not what they should: a leak planted in them is read in it.
#[cfg(feature = "planted-leaks")]
#[test]
fn a_planted_leak_is_read_in_the_table() {
    use policy::planted::{self, Leak};

    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let told = || {
        runtime().block_on(async {
            let mut table = Table::default();
            for (index, (_, warn)) in warn_answers().iter().enumerate().filter(|(index, _)| [0, 3].contains(index)) {
                life_of_a_value(warn, (index, Tlp::Green), &mut table).await;
            }
            table
        })
    };
    planted::clear();
    let clean = told();
    for (leak, noun) in [
        (Leak::CountAtOne, "How many members are hit"),
        (Leak::TimeNotRounded, "Time of the report"),
        (Leak::LookupOnVault, "Verdict of a look-up"),
    ] {
        planted::set(leak);
        let leaky = told();
        planted::clear();
        assert!(leaky.cells[noun] != clean.cells[noun], "{} is not read in {noun:?}", leak.as_str());
    }
    assert!(told() == clean, "with no leak planted, the table is the same again");
}
