//! The exercise's members read what the cell writes to them, over the route that their machines use, as the day goes on.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use serde_json::Value;
use sim::Random;

use crate::client::{Client, Credential};

/// Time between two looks for new advisories.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Advisories that are still being read; the oldest is let go.
const OPEN_MAX: usize = 8;
/// Shares of the members, in percent, of which somebody reads a text at all.
const LEAST_PERCENT: u64 = 55;
const MOST_PERCENT: u64 = 90;
/// Members that may read between two looks, at first; later ones come slower.
const READERS_AT_ONCE: usize = 8;

/// An advisory with the members that will still read it, the next one last.
struct Reading {
    id: String,
    left: Vec<usize>,
    all: usize,
}

/// Reads for ever. What fails is left out: another member reads.
pub async fn play(client: Client, keys: Arc<Vec<String>>, seed: u64) {
    let mut random = Random::new(seed ^ 0x7265_6164);
    let (mut known, mut open): (HashSet<String>, Vec<Reading>) = (HashSet::new(), Vec::new());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let turn = usize::try_from(random.below(keys.len().max(1) as u64)).unwrap_or(0);
        for id in advisories(&client, &keys, turn).await {
            if known.insert(id.clone()) {
                let mut left: Vec<usize> = (0..keys.len()).collect();
                random.shuffle(&mut left);
                let percent = random.between(LEAST_PERCENT, MOST_PERCENT);
                left.truncate(keys.len() * usize::try_from(percent).unwrap_or(0) / 100);
                open.push(Reading { id, all: left.len(), left });
            }
        }
        let over = open.len().saturating_sub(OPEN_MAX);
        open.drain(..over);
        for reading in &mut open {
            // Many read at once, the last ones after a while.
            let now = 1 + READERS_AT_ONCE * reading.left.len() / reading.all.max(1);
            for _ in 0..random.between(0, now as u64) {
                let Some(key) = reading.left.pop().and_then(|member| keys.get(member)) else { break };
                let path = format!("/api/v1/advisories/{}/read", reading.id);
                let _ = client.once(Method::POST, &path, &Credential::Key(key.clone()), None).await;
            }
        }
        open.retain(|reading| !reading.left.is_empty());
    }
}

/// Ids of the advisories as one member sees them.
async fn advisories(client: &Client, keys: &[String], member: usize) -> Vec<String> {
    let Some(key) = keys.get(member) else { return Vec::new() };
    let answer = client.once(Method::GET, "/api/v1/advisories", &Credential::Key(key.clone()), None).await;
    let list = answer.and_then(|answer| answer.json()).unwrap_or_default();
    let items = list.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(|item| Some(item.get("id")?.as_str()?.to_owned())).collect()
}
