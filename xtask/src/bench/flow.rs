//! Intake to released, end to end over HTTP, with a million values already released and half of the arrivals new.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use hyper::Method;
use hyper::body::Bytes;

use super::client::Client;
use super::load;
use super::server::{Store, runtime};

/// Values released before the measurement.
pub const RELEASED_BEFORE: u64 = 1_000_000;
const ARRIVALS: u64 = 400_000;
const VALUES_A_REPORT: u64 = 50;
const WRITERS: u64 = 16;

/// Fills a store with a million released values by import.
pub fn fill(store: &Store) -> Result<f64, String> {
    let path = store.beside("million.tsv");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).map_err(|error| error.to_string())?);
    writeln!(file, "type\tvalue").map_err(|error| error.to_string())?;
    for n in 0..RELEASED_BEFORE {
        let (kind, value) = load::value(n);
        writeln!(file, "{kind}\t{value}").map_err(|error| error.to_string())?;
    }
    file.flush().map_err(|error| error.to_string())?;
    let start = Instant::now();
    store.run(&["import"], &[&path])?;
    Ok(start.elapsed().as_secs_f64())
}

/// Prints observations a second; target 20,000.
pub fn run() -> Result<(), String> {
    let store = Store::with_members(16)?;
    let filled = fill(&store)?;
    let key = store.keys.first().cloned().unwrap_or_default();
    let start = Instant::now();
    let server = store.serve()?;
    let runtime = runtime()?;
    runtime.block_on(server.released(&key, &load::value(RELEASED_BEFORE - 1).1, Duration::from_secs(600)))?;
    println!(
        "flow: {RELEASED_BEFORE} values imported in {filled:.1} s, released {:.1} s after the start",
        start.elapsed().as_secs_f64()
    );
    let start = Instant::now();
    runtime.block_on(async {
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let key = store.keys.get(writer as usize % store.keys.len()).cloned().unwrap_or_default();
            let member = server.member.clone();
            writers.push(tokio::spawn(async move {
                let mut client = Client::connect(&member, &key).await?;
                let mut random = load::Random(writer);
                let reports = ARRIVALS / VALUES_A_REPORT / WRITERS;
                for report in 0..reports {
                    let first_new = RELEASED_BEFORE + (writer * reports + report) * VALUES_A_REPORT;
                    let values = (0..VALUES_A_REPORT)
                        .map(|n| if n % 2 == 0 { first_new + n } else { random.below(RELEASED_BEFORE) })
                        .collect::<Vec<_>>();
                    loop {
                        let body = Bytes::from(load::report(values.iter().copied()));
                        let (status, answer) = client.call(Method::POST, "/api/v1/reports", body).await?;
                        match status {
                            201 => break,
                            429 | 503 => tokio::time::sleep(Duration::from_millis(20)).await,
                            _ => return Err(format!("status {status}: {}", String::from_utf8_lossy(&answer))),
                        }
                    }
                }
                Ok::<_, String>(RELEASED_BEFORE + (writer * reports + reports - 1) * VALUES_A_REPORT)
            }));
        }
        let mut lasts = Vec::new();
        for writer in writers {
            lasts.push(writer.await.map_err(|error| error.to_string())??);
        }
        let acknowledged = start.elapsed().as_secs_f64();
        for last in lasts {
            server.released(&key, &load::value(last).1, Duration::from_secs(120)).await?;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "flow: {:.0} observations/s from intake to released ({ARRIVALS} in {seconds:.1} s, acknowledged after {acknowledged:.1} s; {RELEASED_BEFORE} released before, half new; target ≥ 20,000/s); {:.0} MiB resident",
            ARRIVALS as f64 / seconds,
            server.resident_mib()?,
        );
        Ok::<_, String>(())
    })
}
