//! Figures for operators: counts and times by route, never by who asked.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::table::{PAGES, table};

const SECONDS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Figures of one route.
#[derive(Clone)]
pub(crate) struct RouteMeters {
    by_class: [Counter; 4],
    seconds: Histogram,
}

impl RouteMeters {
    pub(crate) fn note(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).saturating_sub(2);
        if let Some(counter) = self.by_class.get(class) {
            counter.increment(1);
        }
        self.seconds.record(took.as_secs_f64());
    }
}

/// All figures of one server; not global, so that two servers in one process do not mix.
pub struct Meters {
    handle: PrometheusHandle,
    routes: HashMap<&'static str, RouteMeters>,
    pub(crate) entries: Counter,
    pub(crate) batches: Counter,
    pub(crate) objects: Counter,
    pub(crate) fold_seconds: Histogram,
    pub(crate) lag: Gauge,
    pub(crate) member_viewers: Gauge,
    pub(crate) cell_viewers: Gauge,
    pub(crate) panics: Counter,
    token: Option<String>,
    /// For a planted leak.
    #[cfg(feature = "planted-leaks")]
    recorder: PrometheusRecorder,
}

const METADATA: Metadata<'static> = Metadata::new("server", Level::INFO, None);

fn key(name: &'static str, labels: Vec<Label>) -> Key {
    Key::from_parts(name, labels)
}

impl Default for Meters {
    fn default() -> Self {
        // Buckets are fixed and not empty, which is all that can be refused.
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
        let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
        let describe = |name: &'static str, text: &'static str| {
            recorder.describe_counter(KeyName::from_const_str(name), None, text.into());
        };
        describe("fusioncell_requests_total", "Requests by route and class of status.");
        describe("fusioncell_entries_folded_total", "Journal entries folded.");
        describe("fusioncell_release_batches_total", "Release ticks with content.");
        describe("fusioncell_released_objects_total", "Released objects sent to members.");
        describe("fusioncell_panics_total", "Requests that failed on our side by a panic.");
        let mut routes = HashMap::new();
        for id in table().iter().map(|route| route.id).chain(PAGES.iter().map(|(id, _)| *id)) {
            routes.insert(id, route(&recorder, id));
        }
        let counter = |name| recorder.register_counter(&key(name, vec![]), &METADATA);
        let gauge = |name, labels| recorder.register_gauge(&key(name, labels), &METADATA);
        let face = |face| vec![Label::new("face", face)];
        Self {
            handle: recorder.handle(),
            routes,
            entries: counter("fusioncell_entries_folded_total"),
            batches: counter("fusioncell_release_batches_total"),
            objects: counter("fusioncell_released_objects_total"),
            fold_seconds: recorder.register_histogram(&key("fusioncell_fold_step_seconds", vec![]), &METADATA),
            lag: gauge("fusioncell_journal_lag_entries", vec![]),
            member_viewers: gauge("fusioncell_stream_viewers", face("member")),
            cell_viewers: gauge("fusioncell_stream_viewers", face("cell")),
            panics: counter("fusioncell_panics_total"),
            token: None,
            #[cfg(feature = "planted-leaks")]
            recorder,
        }
    }
}

fn route(recorder: &PrometheusRecorder, id: &'static str) -> RouteMeters {
    let class = |class| {
        let labels = vec![Label::new("route", id), Label::new("status", class)];
        recorder.register_counter(&key("fusioncell_requests_total", labels), &METADATA)
    };
    let seconds =
        recorder.register_histogram(&key("fusioncell_request_seconds", vec![Label::new("route", id)]), &METADATA);
    RouteMeters { by_class: CLASSES.map(class), seconds }
}

impl Meters {
    /// Figures that may be read with a token from beyond this machine.
    #[must_use]
    pub fn with_token(token: Option<String>) -> Self {
        Self { token, ..Self::default() }
    }

    /// Whether a request carries the token.
    pub(crate) fn opens(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(AUTHORIZATION).and_then(|sent| sent.to_str().ok()?.strip_prefix("Bearer "));
        // Every byte is looked at, so that the time of the comparison tells nothing about the token.
        let equal = |a: &str, b: &str| {
            a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
        };
        matches!((&self.token, sent), (Some(token), Some(sent)) if !token.is_empty() && equal(token, sent))
    }

    /// Figures of one route.
    pub(crate) fn route(&self, id: &'static str) -> Option<RouteMeters> {
        self.routes.get(id).cloned()
    }

    /// A planted leak: a report of a sector.
    #[cfg(feature = "planted-leaks")]
    pub(crate) fn count_sector(&self, sector: &'static str) {
        let labels = vec![Label::new("sector", sector)];
        self.recorder.register_counter(&key("fusioncell_reports_total", labels), &METADATA).increment(1);
    }

    /// Everything in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}
