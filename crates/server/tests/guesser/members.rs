//! What other members see of reports, each drawn so that only a leak can tell who sent it.
//!
//! **The truth is a fair die.** Each report that is guessed is by one of [`SUSPECTS`] firms, all of one sector and one region,
//! drawn anew and independently of what it says; each names values that no other suspect ever names. So the declared release is
//! the same whoever it was: bands, holds and marks are moved by a suspect and by [`OTHERS`], and a suspect is always one more member.
//! A firm that tells of itself in what it writes is no leak of the platform's, and is not simulated.
//!
//! **Firms have habits in all that must not show:** at which millisecond of a release tick their machines send, which program they
//! say they are, their credentials, the keys of their requests, and how much they go on to say in the thread. (Whether they send a form
//! or a file is no such habit: a file says less, and members see that. The guesser found it when it was one here.)
//!
//! **Those that look** are two other members, with a session and a key each. Before and after each report arrives they ask for the
//! home page and use up their quota; their streams are read at each moment of arrival and each tick; after the tick they read
//! lists, look the values up and report some of them too; after the epoch they read the campaign, the feeds, lists and mailboxes.
//! Not every route is asked of every report: that no byte of any route differs is for the pairs of worlds (`noninterference`).

use std::collections::BTreeMap;

use intake::Quota;
use serde_json::Value;

use crate::classifier::{Example, Fields};
use crate::features::{Bag, names};
use crate::platform::{Platform, SUSPECTS, TICK, WATCHER, Who};
use crate::random::Random;

/// Length of an epoch of an exercise.
const EPOCH: i64 = 20_000;
/// Ticks of an epoch in which reports arrive.
const TICKS: usize = 2;
/// Reports of suspects in such a tick.
const REPORTS: usize = 4;
/// Reports of one world: then another begins, with the same firms and keys, since lists would grow for ever.
const REPORTS_OF_WORLD: usize = 2_000;
/// Epochs after which the feeds are read.
const FEEDS_EVERY: usize = 10;
/// What a member may send at once in these worlds: so little that it can be used up.
const BURST: f64 = 3.0;

/// One report.
struct Report {
    firm: usize,
    /// When it arrives.
    at: i64,
    values: Vec<String>,
    warn: &'static str,
    tlp: &'static str,
    attack: &'static str,
    severity: &'static str,
    by_file: bool,
    /// Whose example it becomes; none for that of another firm.
    guessed: Option<usize>,
}

/// What was seen that bears on a report, by what it is.
type Seen = Vec<(&'static str, i64, String)>;

/// How a suspect's machine is: nothing of it may show.
struct Habit {
    /// Millisecond of the tick.
    offset: i64,
    agent: String,
    /// What it says in the thread after each report.
    messages: usize,
}

fn habit(firm: usize, random: &mut Random) -> Habit {
    if firm >= SUSPECTS {
        let offset = random.below(TICK as usize) as i64;
        return Habit { offset, agent: "other/1".into(), messages: 0 };
    }
    Habit {
        offset: firm as i64 * 8 + random.below(8) as i64,
        agent: format!("feeder-{firm}/1.{firm}"),
        messages: firm / 6,
    }
}

/// A value that was never there before.
fn value(random: &mut Random) -> String {
    let n = random.next();
    match random.below(4) {
        0 => format!("attack{n:x}.test"),
        1 => format!("http://evil{n:x}.test/a/{}", n % 1_000),
        2 => format!("11.{}.{}.{}", n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff),
        _ => format!("{:016x}{:016x}{:016x}{:016x}", n, random.next(), random.next(), random.next()),
    }
}

fn report(firm: usize, tick: i64, offset: i64, random: &mut Random) -> Report {
    Report {
        firm,
        at: tick + offset,
        values: (0..1 + random.below(2)).map(|_| value(random)).collect(),
        warn: match random.below(20) {
            0 | 1 => "next-epoch",
            2 => "group",
            3 => "once-three",
            4 => "cell-only",
            _ => "now",
        },
        tlp: random.word(&["CLEAR", "GREEN", "GREEN", "AMBER"]),
        attack: random.word(&["phishing", "malware", "not-sure"]),
        severity: random.word(&["low", "high"]),
        by_file: random.percent(20),
        guessed: None,
    }
}

/// The reports of one epoch, in the order in which they arrive.
fn epoch(start: i64, truths: &[usize], random: &mut Random) -> Vec<Report> {
    let mut all: Vec<Report> = Vec::new();
    for (number, firm) in truths.iter().enumerate() {
        let tick = start + (20 + 30 * (number / REPORTS) as i64) * TICK;
        let offset = habit(*firm, random).offset;
        let mut mine = report(*firm, tick, offset, random);
        // Others have some of its values, before or after, up to a band.
        let others = if mine.warn == "once-three" { 2 + random.below(2) } else { random.below(12).saturating_sub(8) };
        let from = random.below(6);
        for other in 0..others {
            let other = SUSPECTS + (from + other) % 6;
            let tick = start + (15 + random.below(60) as i64) * TICK;
            let mut same = report(other, tick, habit(other, random).offset, random);
            same.values.clone_from(&mine.values);
            (same.warn, same.tlp) = (mine.warn, mine.tlp);
            all.push(same);
        }
        if random.percent(15) {
            // One that has nothing to do with it, in the same tick.
            let other = SUSPECTS + random.below(6);
            all.push(report(other, tick, habit(other, random).offset, random));
        }
        mine.guessed = Some(number);
        all.push(mine);
    }
    all.sort_by_key(|report| report.at);
    all
}

struct Play {
    platform: Platform,
    random: Random,
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace(':', "%3A").replace('/', "%2F")
}

/// The id of the first element of a list that names a mark.
fn id_of(answer: &str, mark: &str) -> Option<String> {
    fn search(value: &Value, mark: &str) -> Option<String> {
        match value {
            Value::Array(all) => all.iter().find_map(|one| search(one, mark)),
            Value::Object(object) => {
                let deeper = object.values().find_map(|one| search(one, mark));
                deeper.or_else(|| names(value, &[mark]).then(|| object.get("id")?.as_str().map(str::to_owned))?)
            }
            _ => None,
        }
    }
    search(&serde_json::from_str(answer.split_once("\n\n")?.1).ok()?, mark)
}

impl Play {
    /// Sends a report as its firm's machine does, and what it says after it.
    async fn send(&mut self, report: &Report) {
        let habit = habit(report.firm, &mut self.random);
        let warn = match report.warn {
            "group" => format!(r#"{{"group":"{}"}}"#, self.platform.group),
            word => format!("{word:?}"),
        };
        let key = format!("{}-{:x}", report.firm, self.random.next());
        let headers = [("user-agent", habit.agent.as_str()), ("idempotency-key", key.as_str())];
        let who = Who::Key(report.firm);
        let (path, body) = if report.by_file && report.warn != "group" {
            let Report { warn, tlp, .. } = report;
            let path = format!("/api/v1/import?name=list.csv&warn={warn}&know=nobody&tlp={tlp}");
            (path, format!("value\n{}\n", report.values.join("\n")))
        } else {
            let values: Vec<String> = report.values.iter().map(|value| format!(r#"{{"value":"{value}"}}"#)).collect();
            let Report { attack, severity, tlp, .. } = report;
            let values = values.join(",");
            let body = format!(
                r#"{{"title":"t","attack":"{attack}","severity":"{severity}","warn":{warn},"know":"nobody","tlp":"{tlp}","indicators":[{values}]}}"#
            );
            ("/api/v1/reports".to_owned(), body)
        };
        let mut answer = self.platform.ask(who, "POST", &path, &headers, &body).await;
        while answer.starts_with("429") {
            // A firm that has just sent another waits a moment, as its machine would.
            self.platform.at(self.platform.now() + BURST as i64);
            answer = self.platform.ask(who, "POST", &path, &headers, &body).await;
        }
        assert!(answer.starts_with("201"), "{answer}");
        if let Some((_, rest)) = answer.split_once(r#""reference":""#)
            && let Some((reference, _)) = rest.split_once('"')
        {
            for _ in 0..habit.messages {
                let path = format!("/api/v1/reports/{reference}/messages");
                let answer = self.platform.ask(who, "POST", &path, &[], r#"{"text":"more of it"}"#).await;
                assert!(answer.starts_with("20") || answer.starts_with("429"), "{answer}");
            }
        }
    }

    /// Uses up what one that looks may send: what is left is its own affair.
    async fn use_up(&self, watcher: usize) -> String {
        let mut left = watcher.to_string();
        for _ in 0..BURST as usize {
            let answer = self.platform.ask(Who::Key(watcher), "POST", "/api/v1/reports", &[], "[").await;
            left.push_str(answer.get(..3).unwrap_or_default());
            if let Some((_, rest)) = answer.split_once("retry-after: ") {
                left.push_str(rest.lines().next().unwrap_or_default());
            }
        }
        left
    }

    /// One epoch; what was seen of each report.
    async fn epoch(&mut self, truths: &[usize], feeds: bool) -> Vec<(Report, Seen)> {
        let start = (self.platform.now() / EPOCH + 1) * EPOCH;
        let reports = epoch(start, truths, &mut self.random);
        self.platform.at(start);
        self.platform.step();
        let mut seen: Vec<Seen> = truths.iter().map(|_| Seen::new()).collect();
        let (one, other) = (Who::Session(WATCHER), Who::Session(WATCHER + 1));
        let mut rest = reports.as_slice();
        while let Some(first) = rest.first() {
            let tick = first.at / TICK * TICK + TICK;
            let (now, later) = rest.split_at(rest.iter().take_while(|report| report.at < tick).count());
            rest = later;
            let mut of_tick: Vec<usize> = Vec::new();
            // A server's threads look all the time: what was due before has been done.
            self.platform.at(tick - TICK);
            self.platform.step();
            self.platform.came();
            for report in now {
                self.platform.at(report.at);
                // Every other one: a home page is dear.
                let close = report.guessed.is_some_and(|number| number.is_multiple_of(2));
                let before = if close { Some(self.platform.get(one, "/api/v1/home").await) } else { None };
                self.send(report).await;
                let left = match report.guessed {
                    Some(number) => self.use_up(WATCHER + number % 2).await,
                    None => String::new(),
                };
                // The fold wakes for each entry, not only at ticks.
                self.platform.look();
                let came = self.platform.came();
                if let Some(number) = report.guessed {
                    of_tick.push(number);
                    let at = report.at;
                    seen[number].push(("quota", at, left));
                    if let Some(before) = before {
                        let after = self.platform.get(one, "/api/v1/home").await;
                        seen[number].push(("change", at, format!("{before}\0{after}")));
                    }
                    for (name, text) in ["stream at arrival", "other stream at arrival"].into_iter().zip(came) {
                        seen[number].push((name, at, text));
                    }
                }
            }
            self.platform.at(tick);
            self.platform.step();
            let came = self.platform.came();
            let looks = [
                ("indicators", self.platform.get(other, "/api/v1/indicators?limit=20").await),
                ("campaigns", self.platform.get(one, "/api/v1/campaigns?limit=20").await),
                ("home", self.platform.get(other, "/api/v1/home").await),
            ];
            for number in of_tick {
                for (name, text) in ["stream", "other stream"].into_iter().zip(&came) {
                    seen[number].push((name, tick, text.clone()));
                }
                seen[number].extend(looks.iter().map(|(name, text)| (*name, tick, text.clone())));
            }
        }
        // What the values are now, and what they are once the epoch is over.
        let mut campaigns: BTreeMap<usize, String> = BTreeMap::new();
        for (number, report) in reports.iter().filter_map(|report| Some((report.guessed?, report))) {
            let now = self.platform.now();
            let path = format!("/api/v1/lookup?value={}", escape(&report.values[0]));
            let answer = self.platform.get(other, &path).await;
            campaigns.extend(
                answer.split_once(r#""campaign""#).and_then(|_| id_of_campaign(&answer)).map(|id| (number, id)),
            );
            seen[number].push(("lookup", now, answer));
        }
        self.platform.came();
        let end = start + EPOCH;
        for at in [end - TICK, end, end + TICK] {
            self.platform.at(at);
            self.platform.step();
        }
        let came = self.platform.came();
        let mails = self.platform.mails();
        let mut pages = vec![(
            "groups",
            self.platform.get(one, &format!("/api/v1/groups/{}/items?limit=20", self.platform.group)).await,
        )];
        if feeds {
            pages.push(("watch feed", self.platform.get(one, "/api/v1/feeds/watch.txt").await));
            pages.push(("block feed", self.platform.get(Who::Key(WATCHER), "/api/v1/feeds/block.txt").await));
        }
        for report in &reports {
            let Some(number) = report.guessed else { continue };
            let seen = &mut seen[number];
            seen.push(("stream at the epoch", end, came[0].clone()));
            seen.push(("mails", end, format!("{mails:?}")));
            seen.extend(pages.iter().map(|(name, text)| (*name, end, text.clone())));
            if let Some(id) = campaigns.get(&number) {
                let text = self.platform.get(one, &format!("/api/v1/campaigns/{id}")).await;
                seen.push(("campaign", end, text));
            }
        }
        let mine = reports.into_iter().filter(|report| report.guessed.is_some());
        let mut mine: Vec<Report> = mine.collect();
        mine.sort_by_key(|report| report.guessed);
        mine.into_iter().zip(seen).collect()
    }
}

fn id_of_campaign(answer: &str) -> Option<String> {
    let body: Value = serde_json::from_str(answer.split_once("\n\n")?.1).ok()?;
    let campaign = body.get("campaign")?;
    campaign.as_str().or_else(|| campaign.get("id")?.as_str()).map(str::to_owned)
}

/// A report as the attacker has it.
fn example(report: &Report, seen: &Seen, fields: &mut Fields) -> Example {
    let mut marks: Vec<&str> = report.values.iter().map(String::as_str).collect();
    // Whatever bears its values bears an id, which other things are found by.
    let ids: Vec<String> = seen
        .iter()
        .filter(|(name, ..)| matches!(*name, "indicators" | "lookup"))
        .filter_map(|(_, _, text)| id_of(text, marks[0]))
        .collect();
    marks.extend(ids.iter().map(String::as_str));
    let mut bag = Bag::new(fields);
    for (name, now, text) in seen {
        bag.within(name, |bag| match *name {
            "quota" | "mails" => bag.put("", text),
            "change" => {
                let (before, after) = text.split_once('\0').unwrap_or_default();
                bag.change(before, after);
            }
            stream if stream.contains("stream") => bag.events(text, &marks, *now),
            _ => bag.answer(text, &marks, *now),
        });
    }
    Example { seen: bag.done(), truth: report.firm }
}

/// `count` reports and what other members see of them, from chance of this number.
pub async fn examples(count: usize, seed: u64, fields: &mut Fields) -> Vec<Example> {
    let mut made = Vec::with_capacity(count);
    let mut random = Random(seed);
    while made.len() < count {
        // The same platform each time, as far as its firms, keys and ids go; what happens on it is another.
        let mut play =
            Play { platform: Platform::new(1, None, Quota::new(BURST, 1_000.0)), random: Random(random.next()) };
        play.platform.watch().await;
        let end = (made.len() + REPORTS_OF_WORLD).min(count);
        let mut number = 0_usize;
        while made.len() < end {
            let here = (TICKS * REPORTS).min(end - made.len());
            let truths: Vec<usize> = (0..here).map(|_| random.below(SUSPECTS)).collect();
            number += 1;
            for (report, seen) in play.epoch(&truths, number.is_multiple_of(FEEDS_EVERY)).await {
                made.push(example(&report, &seen, fields));
            }
        }
    }
    made
}
