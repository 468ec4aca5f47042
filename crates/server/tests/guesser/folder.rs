//! A data folder with twenty thousand reports in it, sent through the members' own routes, and what a thief carries away.
//!
//! Here firms have habits in what does not lie at rest in plain by the design: which program they use, the keys of their requests.
//! They have none in *when* they send and how much they say in threads: the journal has the time of each entry and the case of each
//! message in plain, so whoever knows a firm by its hours from elsewhere knows it here too (decision 0113).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use intake::Quota;

use crate::platform::{Platform, START, SUSPECTS, TICK, Who};
use crate::random::Random;
use crate::sqlite::{Pages, Table};

/// Reports that arrive in one tick.
const TOGETHER: usize = 20;
/// Time between such ticks: 20,000 reports take a day and more.
const BETWEEN: i64 = 100_000;

/// Reports of one shift of the cell.
const SHIFT: usize = 1_000;

/// One file of the folder.
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What was carried away, and what the thief is told of it afterwards.
pub struct Stolen {
    pub files: Vec<File>,
    /// Every table of every store, as `file.table`.
    pub tables: Vec<Table>,
    /// Who sent each case.
    pub truth: HashMap<[u8; 16], usize>,
}

fn files(folder: &Path, under: &str, all: &mut Vec<File>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = format!("{under}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            files(&path, &format!("{name}/"), all);
        } else {
            all.push(File { name, bytes: fs::read(&path).unwrap() });
        }
    }
}

/// Reads a folder as it lies.
fn carried(folder: &Path, truth: &HashMap<[u8; 16], usize>) -> Stolen {
    let mut all = Vec::new();
    files(folder, "", &mut all);
    let mut tables = Vec::new();
    for file in &all {
        let log = all.iter().find(|log| log.name == format!("{}-wal", file.name));
        let log = log.map(|log| log.bytes.as_slice()).unwrap_or_default();
        if let Some(pages) = Pages::read(&file.bytes, log).filter(|_| file.name.ends_with(".db")) {
            let named = |table: Table| Table { name: format!("{}.{}", file.name, table.name), ..table };
            tables.extend(pages.tables().into_iter().map(named));
        }
    }
    Stolen { files: all, tables, truth: truth.clone() }
}

/// Sixteen bytes out of their text.
pub fn bytes_of(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|char| *char != '-').collect();
    let mut bytes = [0; 16];
    if digits.len() != 32 {
        return None;
    }
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(bytes)
}

async fn send(platform: &mut Platform, random: &mut Random) -> ([u8; 16], usize, String) {
    let firm = random.below(SUSPECTS);
    let n = random.next();
    let warn = random.word(&["now", "cell-only"]);
    let text = "x".repeat(random.below(300));
    let body = format!(
        r#"{{"title":"t","narrative":"{text}","attack":"phishing","warn":"{warn}","know":"nobody","tlp":"GREEN","indicators":[{{"value":"attack{n:x}.test"}}]}}"#
    );
    let (agent, key) = (format!("feeder-{firm}/1.{firm}"), format!("{firm}-{n:x}"));
    let headers = [("user-agent", agent.as_str()), ("idempotency-key", key.as_str())];
    let headers = if random.percent(80) { &headers[..] } else { &headers[..1] };
    let answer = platform.ask(Who::Key(firm), "POST", "/api/v1/reports", headers, &body).await;
    assert!(answer.starts_with("201"), "{answer}");
    let (_, rest) = answer.split_once(r#""reference":""#).unwrap();
    let reference = rest.split('"').next().unwrap().to_owned();
    if random.percent(10) {
        let path = format!("/api/v1/reports/{reference}/messages");
        platform.ask(Who::Key(firm), "POST", &path, &[], r#"{"text":"more of it"}"#).await;
    }
    if random.percent(1) {
        let path = format!("/api/v1/reports/{reference}/files?name=a.txt");
        platform.ask(Who::Key(firm), "POST", &path, &[("content-type", "text/plain")], "what was in it").await;
    }
    if random.percent(5) {
        platform.step();
        let path = format!("/cell/v1/reports/{reference}/messages");
        let answer = platform.ask(Who::Analyst, "POST", &path, &[], r#"{"text":"thank you"}"#).await;
        assert!(answer.starts_with("20"), "{answer}");
    }
    (bytes_of(&reference).unwrap(), firm, reference)
}

/// Lets `count` reports come, and gives what lies in the folder while it is served, and in a backup of it.
pub async fn stolen(count: usize, seed: u64) -> [Stolen; 2] {
    // Where there is a file system in memory: tens of thousands of commits would else wait for the disk, and test nothing more.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let dir = place.path().join("data");
    let mut random = Random(seed);
    let mut platform = Platform::new(seed, Some(&dir), Quota::standard());
    let mut truth = HashMap::new();
    let mut now = START;
    while truth.len() < count {
        now += BETWEEN;
        if truth.len().is_multiple_of(SHIFT) {
            platform.sign_in();
        }
        platform.at(now);
        platform.step();
        for _ in 0..TOGETHER.min(count - truth.len()) {
            // Each at a moment of its own: nothing is easier to join than a time.
            platform.at(platform.now() + 1 + random.below(4) as i64);
            let (case, firm, _) = send(&mut platform, &mut random).await;
            truth.insert(case, firm);
            if random.percent(25) {
                platform.step();
            }
        }
        platform.at(now + TICK);
        platform.step();
        // Some mails have left when the thief comes, and some have not.
        if random.percent(90) {
            platform.mails();
        }
        platform.note_uses();
    }
    let live = carried(&dir, &truth);
    let (to, keys_to) = (place.path().join("copy"), place.path().join("copied-keys"));
    vault::backup(&dir, None, &to, &keys_to).unwrap();
    drop(platform);
    [live, carried(&to, &truth)]
}
