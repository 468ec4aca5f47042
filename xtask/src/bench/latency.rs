//! From the start of a POST to the frame on each of 200 member streams, at 100 reports a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Bytes;

use super::client::Client;
use super::server::{Store, runtime};
use super::{load, quantile};

const VIEWERS: usize = 200;
const REPORTS_PER_S: u64 = 100;
const RUN_S: u64 = 10;

type Sent = Arc<Mutex<HashMap<String, Instant>>>;

/// Reads one stream and notes when each awaited value appears.
async fn watch(member: String, key: String, sent: Sent) -> Result<Vec<f64>, String> {
    let mut client = Client::connect(&member, &key).await?;
    let answer = client.open(Method::GET, "/api/v1/stream", Bytes::new()).await?;
    if answer.status() != 200 {
        return Err(format!("stream: status {}", answer.status()));
    }
    let mut body = answer.into_body();
    let mut latencies = Vec::new();
    let mut text = String::new();
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_secs(4), body.frame()).await {
        let Some(data) = frame.data_ref() else { continue };
        let now = Instant::now();
        text.push_str(&String::from_utf8_lossy(data));
        while let Some(end) = text.find("\n\n") {
            let event: String = text.drain(..end + 2).collect();
            if !event.contains("event: release") && !event.contains("event:release") {
                continue;
            }
            let known = sent.lock().map_err(|_| "poisoned")?;
            for part in event.split(r#""value":""#).skip(1) {
                if let Some(at) = part.split('"').next().and_then(|value| known.get(value)) {
                    latencies.push(now.duration_since(*at).as_secs_f64() * 1e3);
                }
            }
        }
        if latencies.len() as u64 >= REPORTS_PER_S * RUN_S {
            break;
        }
    }
    Ok(latencies)
}

/// Prints the latency over all viewers and reports; target p99 ≤ 250 ms.
pub fn run() -> Result<(), String> {
    let store = Store::with_members(160)?;
    let server = store.serve()?;
    let sent: Sent = Arc::default();
    let mut all = runtime()?.block_on(async {
        let mut viewers = Vec::new();
        for index in 0..VIEWERS {
            let key = store.keys.get(index % store.keys.len()).cloned().unwrap_or_default();
            viewers.push(tokio::spawn(watch(server.member.clone(), key, Arc::clone(&sent))));
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / REPORTS_PER_S));
        let mut posts = Vec::new();
        let mut idle: Vec<Client> = Vec::new();
        for n in 0..REPORTS_PER_S * RUN_S {
            tick.tick().await;
            let domain = n * 5;
            let key = store.keys.get(n as usize % store.keys.len()).cloned().unwrap_or_default();
            let mut client = match (n >= 160).then(|| idle.pop()).flatten() {
                Some(client) => client,
                None => Client::connect(&server.member, &key).await?,
            };
            let body = Bytes::from(load::report([domain]));
            sent.lock().map_err(|_| "poisoned")?.insert(load::value(domain).1, Instant::now());
            posts.push(tokio::spawn(async move {
                let (status, answer) = client.call(Method::POST, "/api/v1/reports", body).await?;
                if status == 201 { Ok(()) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&answer))) }
            }));
        }
        for post in posts {
            post.await.map_err(|error| error.to_string())??;
        }
        let mut all = Vec::new();
        for viewer in viewers {
            all.extend(viewer.await.map_err(|error| error.to_string())??);
        }
        Ok::<_, String>(all)
    })?;
    let expected = VIEWERS as u64 * REPORTS_PER_S * RUN_S;
    println!(
        "latency: POST to SSE frame p50 {:.0} ms, p99 {:.0} ms; {} of {expected} frames seen by {VIEWERS} viewers at {REPORTS_PER_S} reports/s (target p99 ≤ 250 ms)",
        quantile(&mut all, 0.5),
        quantile(&mut all, 0.99),
        all.len(),
    );
    Ok(())
}
