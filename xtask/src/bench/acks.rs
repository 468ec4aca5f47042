//! Durable acknowledgements: 64 keep-alive writers post reports of five values.

use std::time::{Duration, Instant};

use hyper::Method;
use hyper::body::Bytes;

use super::client::Client;
use super::server::{Store, runtime};
use super::{load, median, quantile};

const WRITERS: u64 = 64;
const RUN: Duration = Duration::from_secs(8);

/// Prints acknowledgements a second and their latency; target 10,000/s.
pub fn run() -> Result<(), String> {
    let store = Store::with_members(16)?;
    let server = store.serve()?;
    let runtime = runtime()?;
    let mut rates = Vec::new();
    let mut middle = Vec::new();
    let mut tail = Vec::new();
    let mut behind = Vec::new();
    for round in 0..3 {
        let start = Instant::now();
        let (mut latencies, lasts) = runtime.block_on(async {
            let mut tasks = Vec::new();
            for writer in 0..WRITERS {
                let key = store.keys.get(writer as usize % store.keys.len()).cloned().unwrap_or_default();
                let member = server.member.clone();
                tasks.push(tokio::spawn(async move {
                    let mut client = Client::connect(&member, &key).await?;
                    let mut random = load::Random(round << 32 | writer);
                    let mut latencies = Vec::new();
                    let mut last = 0;
                    while start.elapsed() < RUN {
                        let first = random.next() >> 8;
                        last = first + 4;
                        let body = Bytes::from(load::report(first..first + 5));
                        let sent = Instant::now();
                        let (status, answer) = client.call(Method::POST, "/api/v1/reports", body).await?;
                        if status != 201 {
                            return Err(format!("status {status}: {}", String::from_utf8_lossy(&answer)));
                        }
                        latencies.push(sent.elapsed().as_secs_f64() * 1e3);
                    }
                    Ok::<_, String>((latencies, last))
                }));
            }
            let (mut all, mut lasts) = (Vec::new(), Vec::new());
            for task in tasks {
                let (latencies, last) = task.await.map_err(|error| error.to_string())??;
                all.extend(latencies);
                lasts.push(last);
            }
            Ok::<_, String>((all, lasts))
        })?;
        rates.push(latencies.len() as f64 / start.elapsed().as_secs_f64());
        // The fold catches up between rounds: one that lags without end would be refusing reports.
        let ended = Instant::now();
        let key = store.keys.first().cloned().unwrap_or_default();
        for last in lasts {
            runtime.block_on(server.released(&key, &load::value(last).1, Duration::from_secs(120)))?;
        }
        behind.push(ended.elapsed().as_secs_f64());
        middle.push(quantile(&mut latencies, 0.5));
        tail.push(quantile(&mut latencies, 0.99));
    }
    println!(
        "acks: {:.0}/s durable, {WRITERS} writers, p50 {:.1} ms, p99 {:.1} ms; the last value released {:.1} s after the last of {} s of writing (target ≥ 10,000/s; median of 3)",
        median(&mut rates),
        median(&mut middle),
        median(&mut tail),
        median(&mut behind),
        RUN.as_secs(),
    );
    Ok(())
}
