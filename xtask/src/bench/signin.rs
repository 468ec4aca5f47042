//! A flood of sign-ins beside readers: what 200 who try at once cost 100 who read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::Method;
use hyper::body::Bytes;

use super::client::Client;
use super::server::{Store, runtime};
use super::{median, quantile};

const READERS: usize = 100;
const TRIES_AT_ONCE: usize = 200;
const WINDOW: Duration = Duration::from_secs(5);
/// Rest of a reader between two requests: the machine is not to be full by reading alone.
const REST: Duration = Duration::from_millis(100);
const ROUNDS: usize = 3;
const MEMBERS: usize = 10;

/// Prints readers' 99th percentile alone and beside the flood.
pub fn run() -> Result<(), String> {
    let store = Store::with_members(MEMBERS)?;
    // Each try comes from another address, as a flood does: else the throttle would end it before any work.
    let server = store.serve_with(&["--trusted-proxy", "127.0.0.1"])?;
    let runtime = runtime()?;
    let (mut alone, mut beside, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        alone.push(runtime.block_on(read(&server.member, &store.keys))?);
        let (reading, tries) = runtime.block_on(flooded(&server.member, &store.keys, round))?;
        beside.push(reading);
        checked.push(tries);
    }
    let (alone, beside, checked) = (median(&mut alone), median(&mut beside), median(&mut checked));
    println!(
        "signin: {READERS} readers' p99 {alone:.1} ms alone, {beside:.1} ms beside {TRIES_AT_ONCE} sign-ins at once ({checked:.0} passwords checked a second)"
    );
    Ok(())
}

/// Reads for a while; the 99th percentile in milliseconds.
async fn read(host: &str, keys: &[String]) -> Result<f64, String> {
    let mut readers = Vec::new();
    for n in 0..READERS {
        let key = keys.get(n % keys.len().max(1)).cloned().unwrap_or_default();
        let mut client = Client::connect(host, &key).await?;
        readers.push(tokio::spawn(async move {
            let (start, mut millis) = (Instant::now(), Vec::new());
            while start.elapsed() < WINDOW {
                let asked = Instant::now();
                let (status, _) = client.call(Method::GET, "/api/v1/home", Bytes::new()).await?;
                if status != 200 {
                    return Err(format!("home answers {status}"));
                }
                millis.push(asked.elapsed().as_secs_f64() * 1_000.0);
                tokio::time::sleep(REST).await;
            }
            Ok(millis)
        }));
    }
    let mut all = Vec::new();
    for reader in readers {
        all.extend(reader.await.map_err(|error| error.to_string())??);
    }
    Ok(quantile(&mut all, 0.99))
}

/// The same beside the flood; and how many passwords were checked a second.
async fn flooded(host: &str, keys: &[String], round: usize) -> Result<(f64, f64), String> {
    let (stop, checked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tries = Vec::new();
    for n in 0..TRIES_AT_ONCE {
        let mut client = Client::connect(host, "none").await?;
        let (stop, checked) = (Arc::clone(&stop), Arc::clone(&checked));
        tries.push(tokio::spawn(async move {
            let mut turn = 0_usize;
            while !stop.load(Ordering::Relaxed) {
                turn += 1;
                let body = format!(r#"{{"email":"n{n}-{round}-{turn}@x.example","password":"not the password"}}"#);
                let from = format!("10.{}.{}.{}", round * 80 + turn / 250, n, turn % 250);
                let (status, _) = client.call_from(&from, "/api/v1/session", Bytes::from(body)).await?;
                match status {
                    401 => {
                        checked.fetch_add(1, Ordering::Relaxed);
                    }
                    429 => tokio::time::sleep(REST).await,
                    other => return Err(format!("a sign-in is answered {other}")),
                }
            }
            Ok::<(), String>(())
        }));
    }
    let reading = read(host, keys).await;
    stop.store(true, Ordering::Relaxed);
    for one in tries {
        one.await.map_err(|error| error.to_string())??;
    }
    Ok((reading?, checked.load(Ordering::Relaxed) as f64 / WINDOW.as_secs_f64()))
}
