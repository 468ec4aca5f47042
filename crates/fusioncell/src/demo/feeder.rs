//! Sends a schedule of reports over HTTP, each with the key of its member, at its time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::{Method, StatusCode};
use model::Clock as _;
use sim::Action;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::client::{Client, Credential};
use crate::outside::SystemClock;

/// Most reports on their way at once.
const IN_FLIGHT_MAX: usize = 64;

/// What was sent so far.
#[derive(Debug, Default)]
pub struct Sent {
    /// Reports that were acknowledged.
    pub reports: AtomicU64,
    /// Values in them.
    pub items: AtomicU64,
    /// Reports that were not acknowledged.
    pub failed: AtomicU64,
    last_failure: Mutex<Option<String>>,
}

impl Sent {
    /// Why the last report that failed did so.
    pub fn last_failure(&self) -> Option<String> {
        self.last_failure.lock().map_or(None, |failure| failure.clone())
    }

    fn fail(&self, why: String) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut failure) = self.last_failure.lock() {
            *failure = Some(why);
        }
    }
}

/// Sends `actions`, counting time from now; `keys` holds each member's key by index. Ends when the schedule does.
pub async fn feed(
    client: Client,
    keys: Arc<Vec<String>>,
    actions: impl Iterator<Item = Action> + Send,
    sent: Arc<Sent>,
) {
    let start = Instant::now();
    let places = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    for action in actions {
        tokio::time::sleep_until(start + Duration::from_millis(action.at_millis)).await;
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Some(key) = keys.get(action.organisation) else {
            sent.fail(format!("member {} has no key", action.organisation));
            continue;
        };
        let (client, key, sent) = (client.clone(), Credential::Key(key.clone()), sent.clone());
        tokio::spawn(async move {
            let body = action.report.to_json(SystemClock.now());
            match client.send(Method::POST, "/api/v1/reports", &key, Some(&body)).await {
                Ok(answer) if answer.status == StatusCode::CREATED => {
                    sent.reports.fetch_add(1, Ordering::Relaxed);
                    sent.items.fetch_add(action.report.indicators.len() as u64, Ordering::Relaxed);
                }
                Ok(answer) => {
                    let text = String::from_utf8_lossy(&answer.body).chars().take(300).collect::<String>();
                    sent.fail(format!("report is answered by {}: {text}", answer.status));
                }
                Err(why) => sent.fail(why),
            }
            drop(place);
        });
    }
    // The last ones come home before the end is told.
    let _ = places.acquire_many(u32::try_from(IN_FLIGHT_MAX).unwrap_or(u32::MAX)).await;
}
