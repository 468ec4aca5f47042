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
    for round in 0..3 {
        let start = Instant::now();
        let mut latencies = runtime.block_on(async {
            let mut tasks = Vec::new();
            for writer in 0..WRITERS {
                let key = store.keys.get(writer as usize % store.keys.len()).cloned().unwrap_or_default();
                let member = server.member.clone();
                tasks.push(tokio::spawn(async move {
                    let mut client = Client::connect(&member, &key).await?;
                    let mut random = load::Random(round << 32 | writer);
                    let mut latencies = Vec::new();
                    while start.elapsed() < RUN {
                        let first = random.next() >> 8;
                        let body = Bytes::from(load::report(first..first + 5));
                        let sent = Instant::now();
                        let (status, answer) = client.call(Method::POST, "/api/v1/reports", body).await?;
                        if status != 201 {
                            return Err(format!("status {status}: {}", String::from_utf8_lossy(&answer)));
                        }
                        latencies.push(sent.elapsed().as_secs_f64() * 1e3);
                    }
                    Ok::<_, String>(latencies)
                }));
            }
            let mut all = Vec::new();
            for task in tasks {
                all.extend(task.await.map_err(|error| error.to_string())??);
            }
            Ok::<_, String>(all)
        })?;
        rates.push(latencies.len() as f64 / start.elapsed().as_secs_f64());
        middle.push(quantile(&mut latencies, 0.5));
        tail.push(quantile(&mut latencies, 0.99));
    }
    println!(
        "acks: {:.0}/s durable, {WRITERS} writers, p50 {:.1} ms, p99 {:.1} ms (target ≥ 10,000/s; median of 3)",
        median(&mut rates),
        median(&mut middle),
        median(&mut tail)
    );
    Ok(())
}
