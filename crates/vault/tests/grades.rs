//! What the cell feeds back to sources: letters that ten bear or nobody is told, fixed when a case comes, the same after a restart; and
//! limits that one source alone meets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use common::{NOW, Outside, genesis, submission};
use model::{CaseId, OrganisationId, PersonId, Timestamp};
use vault::{
    Body, Feedback, Grade, LIMITED_MILLIS, NewEntry, Repeat, Submission, TOKEN_WINDOW_MILLIS, Vault, VaultConfig,
    VaultError, Verdict,
};

const CELL: PersonId = PersonId::from_bytes([200; 16]);

fn firm(n: u8) -> OrganisationId {
    OrganisationId::from_bytes([n; 16])
}

struct Stage {
    vault: Arc<Vault>,
    outside: Arc<Outside>,
    values: u32,
}

impl Stage {
    /// As many members of one sector, by number from 1.
    fn new(dir: Option<&Path>, members: u8, now: i64, chance: u64) -> Self {
        let outside = Outside::at(now, chance);
        let vault = match dir {
            None => Vault::in_memory(&genesis(), outside.clone(), outside.clone()),
            Some(dir) => {
                let config = VaultConfig { dir: dir.to_owned(), keys_dir: None, genesis: genesis() };
                Vault::open(config, outside.clone(), outside.clone())
            }
        };
        let stage = Self { vault: Arc::new(vault.unwrap()), outside, values: 0 };
        stage.members(1..=members);
        stage.vault.draw_grades(Timestamp::from_millis(now)).unwrap();
        stage
    }

    fn members(&self, all: impl Iterator<Item = u8>) {
        self.vault.set_members(all.map(|n| (firm(n), Some("energy".to_owned()))).collect());
    }

    fn now(&self) -> Timestamp {
        use model::Clock as _;
        self.outside.now()
    }

    fn pass(&self, millis: i64) {
        self.outside.now.fetch_add(millis, Ordering::SeqCst);
        self.vault.draw_grades(self.now()).unwrap();
    }

    fn submission(&mut self, n: u8) -> Submission {
        self.values += 1;
        let value = format!("v{}.test", self.values);
        Submission { sector: Some("energy".into()), received_at: self.now(), ..submission(n, &[&value]) }
    }

    fn file(&mut self, n: u8) -> CaseId {
        let filed = self.submission(n);
        self.vault.submit(vec![filed], false).unwrap()[0].case.unwrap()
    }

    fn feed(&self, case: CaseId, what: Feedback) {
        self.vault.feed_back(case, (CELL, "kit".into()), what).unwrap().unwrap();
    }

    /// Files cases of a firm that are all judged so.
    fn record(&mut self, n: u8, verdict: Verdict, cases: usize) -> CaseId {
        let cases: Vec<CaseId> = (0..cases).map(|_| self.file(n)).collect();
        cases.iter().for_each(|case| self.feed(*case, Feedback::Judged(verdict)));
        cases[0]
    }

    fn grade(&self, case: CaseId) -> Option<Grade> {
        self.vault.report_of(case).unwrap().unwrap().0.grade
    }

    fn next_grade(&mut self, n: u8) -> Option<Grade> {
        let case = self.file(n);
        self.grade(case)
    }
}

fn limited() -> Feedback {
    Feedback::Limited { reason: "it sends the same noise again".into() }
}

#[test]
fn nine_members_bear_no_letter_and_ten_do() {
    for (members, told) in [(9, Grade::Untold), (10, Grade::F)] {
        let mut stage = Stage::new(None, members, NOW, 1);
        assert_eq!(stage.next_grade(1), Some(told), "{members} members");
    }
    // Ten of twenty have a record; then nine.
    for (with_record, told) in [(10, [Grade::B, Grade::F]), (9, [Grade::Untold; 2])] {
        let mut stage = Stage::new(None, 20, NOW, 1);
        for n in 1..=with_record {
            stage.record(n, Verdict::Confirmed, 5);
        }
        assert_eq!(stage.next_grade(1), Some(Grade::F), "nothing moves within a window");
        stage.pass(TOKEN_WINDOW_MILLIS);
        let seen = [1, 20].map(|n| stage.next_grade(n).unwrap());
        assert_eq!(seen, told, "{with_record} of twenty have a record");
    }
}

#[test]
fn a_case_keeps_the_letter_that_it_came_with_and_named_own_and_outside_ones_have_none() {
    let mut stage = Stage::new(None, 20, NOW, 1);
    let old = (1..=10).map(|n| stage.record(n, Verdict::Refuted, 6)).collect::<Vec<_>>()[0];
    stage.pass(TOKEN_WINDOW_MILLIS);
    assert_eq!((stage.next_grade(1), stage.grade(old)), (Some(Grade::E), Some(Grade::F)));
    let mut named = stage.submission(1);
    (named.named, named.report.know) = (Some("Firm 1".into()), model::WhoMayKnow::Everybody);
    let mut known = stage.submission(1);
    known.report.know = model::WhoMayKnow::Cell;
    let own = Submission { own: true, ..stage.submission(1) };
    let outside = Submission { outside: true, ..stage.submission(1) };
    for (other, grade) in [(named, Some(Grade::Untold)), (known, Some(Grade::Untold)), (own, None), (outside, None)] {
        let case = stage.vault.submit(vec![other], false).unwrap()[0].case.unwrap();
        assert_eq!(stage.grade(case), grade);
    }
    let mut exported = Vec::new();
    vault::export(&**stage.vault.journal(), &mut exported).unwrap();
    assert!(!String::from_utf8(exported).unwrap().contains("grade"), "the export has letters");
}

#[test]
fn a_restart_comes_to_the_same_letters_and_keeps_limits() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let mut stage = Stage::new(Some(&dir), 20, NOW, 1 << 40);
    for n in 1..=10 {
        stage.record(n, Verdict::Confirmed, 5);
    }
    // The last word counts.
    let doubted = stage.record(11, Verdict::Confirmed, 5);
    stage.feed(doubted, Feedback::Judged(Verdict::Open));
    stage.pass(TOKEN_WINDOW_MILLIS);
    let live: Vec<_> = (1..=20).map(|n| stage.next_grade(n)).collect();
    // What is judged now counts from the next window on, also for whoever starts in this one.
    for n in 12..=20 {
        stage.record(n, Verdict::Refuted, 5);
    }
    let noisy = stage.file(3);
    stage.feed(noisy, limited());
    let now = stage.now().as_millis();
    drop(stage);
    let mut again = Stage::new(Some(&dir), 20, now + 1_000, 2 << 40);
    assert_eq!(live[..11], [vec![Some(Grade::B); 10], vec![Some(Grade::F)]].concat());
    let one = again.file(3);
    assert_eq!(again.grade(one), Some(Grade::B));
    let more = again.submission(3);
    assert!(matches!(again.vault.submit(vec![more], false), Err(VaultError::Slow(900))), "the limit was forgotten");
    let replayed: Vec<_> = (1..=20).map(|n| if n == 3 { again.grade(one) } else { again.next_grade(n) }).collect();
    assert_eq!(replayed, live);
}

#[test]
fn a_limit_is_its_sources_alone_and_a_case_without_a_source_takes_it_alike() {
    let mut stage = Stage::new(None, 20, NOW, 1);
    let (case, before) = (stage.file(1), stage.vault.journal().head().seq);
    // A case whose source is not there: its report lies in the journal alone.
    let mut report = stage.vault.report_of(case).unwrap().unwrap().0;
    report.case = CaseId::from_bytes([77; 16]);
    stage.vault.journal().append(vec![NewEntry::new(stage.now(), Body::Report(report))]).unwrap();
    for to in [CaseId::from_bytes([77; 16]), case] {
        let done = stage.vault.feed_back(to, (CELL, "ada".into()), limited()).unwrap();
        assert_eq!(done, Ok(()));
    }
    let entries = stage.vault.journal().read(before + 2, 10).unwrap();
    let told: Vec<_> = entries.iter().map(|entry| vault_text(&entry.body)).collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].len(), told[1].len(), "they are stored alike: {told:?}");
    // One report goes at once, as an attack can always be told; then one in fifteen minutes.
    stage.file(1);
    let repeat = Repeat { organisation: firm(1), key: "k".into(), request: [1; 32], status: 201, answer: "x".into() };
    let refused = |stage: &mut Stage, reports: usize| -> i64 {
        let all = (0..reports).map(|_| stage.submission(1)).collect();
        let Err(VaultError::Slow(secs)) = stage.vault.submit(all, true) else { panic!("it was taken") };
        secs
    };
    assert_eq!(refused(&mut stage, 1), 900);
    let once = stage.submission(1);
    let done = stage.vault.submit_once(once, &repeat, Box::new(|_| panic!("it was done")));
    assert!(matches!(done, Err(VaultError::Slow(900))));
    assert_eq!(refused(&mut stage, 2), LIMITED_MILLIS / 1_000, "a batch waits until the limit is over");
    for _ in 0..3 {
        stage.file(2);
    }
    stage.pass(900_000);
    stage.file(1);
    assert_eq!(refused(&mut stage, 1), 900);
    stage.pass(LIMITED_MILLIS);
    for _ in 0..3 {
        stage.file(1);
    }
}

fn vault_text(body: &Body) -> String {
    String::from_utf8(vault::codec::encode(body).unwrap()).unwrap()
}

#[test]
fn feedback_reads_back_as_written_and_a_recall_keeps_the_verdict_and_drops_the_reason() {
    let mut stage = Stage::new(None, 20, NOW, 1);
    let case = stage.file(1);
    for what in [Feedback::Judged(Verdict::Refuted), limited()] {
        stage.feed(case, what.clone());
        let last = stage.vault.journal().head().seq;
        let Body::Feedback(read) = &stage.vault.journal().read(last, 1).unwrap()[0].body else { panic!() };
        assert_eq!((read.case, read.by, read.name.as_str(), &read.what), (case, CELL, "kit", &what));
        assert!(vault::codec::decode(vault_text(&Body::Feedback(read.clone())).as_bytes()).is_ok());
    }
    for nonsense in [
        r#"{"t":"feedback","v":1,"case":"x","by":"y","name":"n"}"#,
        r#"{"t":"feedback","v":1,"case":"x","by":"y","name":"n","verdict":"good"}"#,
        r#"{"t":"feedback","v":2,"case":"x"}"#,
    ] {
        assert!(vault::codec::decode(nonsense.as_bytes()).is_err());
    }
    let erased = stage.vault.to_erase(case, |_| vec![None]).unwrap().unwrap();
    stage.vault.redact(case, &erased).unwrap();
    let left: Vec<Feedback> = (1..=stage.vault.journal().head().seq)
        .filter_map(|seq| match &stage.vault.journal().read(seq, 1).unwrap()[0].body {
            Body::Feedback(feedback) => Some(feedback.what.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(left, [Feedback::Judged(Verdict::Refuted), Feedback::Limited { reason: String::new() }]);
    assert_eq!(stage.grade(case), None);
}
