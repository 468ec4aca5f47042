//! A report as a person sends it: from the start of its POST to the durable receipt, and to the line on members' watch feed.

use std::time::{Duration, Instant};

use hyper::Method;
use hyper::body::Bytes;

use super::client::Client;
use super::server::{Store, runtime};
use super::{load, median, quantile};

const REPORTERS: u64 = 50;
const RUN: Duration = Duration::from_secs(8);
const ROUNDS: u64 = 3;
const RECEIPT_MILLIS_MAX: f64 = 100.0;
/// Reports that are followed to the feed, one after the other, while the others go on.
const FOLLOWED: u64 = 40;
const FEED_MILLIS_MAX: f64 = 1_000.0;
const FEED_LIMIT: Duration = Duration::from_secs(20);
/// Rest between two looks at the feed.
const LOOK: Duration = Duration::from_millis(10);
const FEED: &str = "/api/v1/feeds/watch.txt";

/// Prints both; a figure beyond its target is said.
pub fn run() -> Result<(), String> {
    let store = Store::with_members(usize::try_from(REPORTERS).unwrap_or(1) + 1)?;
    let server = store.serve()?;
    let runtime = runtime()?;
    let (mut receipts, mut middle, mut feeds) = (Vec::new(), Vec::new(), Vec::new());
    // The feed first: after a flood it is as long as the flood, and a reader would wait for its own reading.
    for round in 0..ROUNDS {
        let mut seen = runtime.block_on(followed(&server.member, &store.keys, round))?;
        feeds.push(quantile(&mut seen, 0.99));
    }
    for round in 0..ROUNDS {
        let mut sent = runtime.block_on(crowd(&server.member, &store.keys, round, Duration::ZERO, RUN))?;
        middle.push(quantile(&mut sent, 0.5));
        receipts.push(quantile(&mut sent, 0.99));
    }
    let (receipt, feed) = (median(&mut receipts), median(&mut feeds));
    println!(
        "report: {REPORTERS} reporters at once, POST to durable receipt p50 {:.1} ms, p99 {receipt:.1} ms (target p99 ≤ {RECEIPT_MILLIS_MAX:.0}); POST to members' watch feed, beside {} of them at one report a second each, p99 {feed:.0} ms (target ≤ {FEED_MILLIS_MAX:.0}); medians of {ROUNDS}",
        median(&mut middle),
        REPORTERS,
    );
    if receipt > RECEIPT_MILLIS_MAX || feed > FEED_MILLIS_MAX {
        println!("report: BEYOND ITS TARGET");
    }
    Ok(())
}

fn body(random: &mut load::Random) -> (String, Bytes) {
    let first = random.next() >> 8;
    (load::value(first).1, Bytes::from(load::report(first..first + 5)))
}

/// Reports that are followed to the feed beside a crowd that sends one a second each.
async fn followed(member: &str, keys: &[String], round: u64) -> Result<Vec<f64>, String> {
    let beside = tokio::spawn({
        let (member, keys) = (member.to_owned(), keys.to_vec());
        async move { crowd(&member, &keys, round + ROUNDS, Duration::from_secs(1), RUN).await }
    });
    let key = keys.last().cloned().unwrap_or_default();
    let (mut writer, mut reader) = (Client::connect(member, &key).await?, Client::connect(member, &key).await?);
    let mut random = load::Random(round << 40 | 0xFEED);
    let mut seen = Vec::new();
    for n in 0..FOLLOWED {
        // A value of its own, which nobody else sends, and not below a reserved name: those reach no feed.
        let value = format!("followed-{round}-{n}.bench.com");
        let report = format!(
            r#"{{"title":"Followed","warn":"now","know":"nobody","tlp":"GREEN","pap":"GREEN","attack":"phishing","indicators":[{{"kind":"domain","value":"{value}"}}]}}"#
        );
        let start = Instant::now();
        let (status, answer) = writer.call(Method::POST, "/api/v1/reports", Bytes::from(report)).await?;
        if status != 201 {
            return Err(format!("status {status}: {}", String::from_utf8_lossy(&answer)));
        }
        loop {
            let (_, feed) = reader.call(Method::GET, FEED, Bytes::new()).await?;
            if String::from_utf8_lossy(&feed).contains(&value) {
                break;
            }
            if start.elapsed() > FEED_LIMIT {
                return Err(format!("{value} is not on the feed within {FEED_LIMIT:?}"));
            }
            tokio::time::sleep(LOOK).await;
        }
        seen.push(start.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(random.next() % 100)).await;
    }
    beside.await.map_err(|error| error.to_string())??;
    Ok(seen)
}

/// Reporters who send for a while, each resting between two reports; how long each receipt took.
async fn crowd(member: &str, keys: &[String], round: u64, rest: Duration, run: Duration) -> Result<Vec<f64>, String> {
    let start = Instant::now();
    let mut tasks = Vec::new();
    for reporter in 0..REPORTERS {
        let key = keys.get(usize::try_from(reporter).unwrap_or(0)).cloned().unwrap_or_default();
        let member = member.to_owned();
        tasks.push(tokio::spawn(async move {
            let mut client = Client::connect(&member, &key).await?;
            let mut random = load::Random(round << 32 | reporter);
            let mut millis = Vec::new();
            while start.elapsed() < run {
                let (_, report) = body(&mut random);
                let sent = Instant::now();
                let (status, answer) = client.call(Method::POST, "/api/v1/reports", report).await?;
                if status != 201 {
                    return Err(format!("status {status}: {}", String::from_utf8_lossy(&answer)));
                }
                millis.push(sent.elapsed().as_secs_f64() * 1e3);
                tokio::time::sleep(rest).await;
            }
            Ok::<_, String>(millis)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.map_err(|error| error.to_string())??);
    }
    Ok(all)
}
