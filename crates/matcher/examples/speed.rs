//! How fast one core scans files in memory: `speed TYPED-LIST FILE…`, each file five times, the median printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use matcher::{Builder, Engine, Scanner};
use model::Kind;

/// Time that this thread had a core, so that what else runs on the machine counts less.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let list = std::fs::read_to_string(arguments.next().expect("a list of kinds and values")).unwrap();
    let limit: usize = std::env::var("LIMIT").ok().map_or(usize::MAX, |limit| limit.parse().unwrap());
    let start = Instant::now();
    let mut builder = Builder::new();
    let step = (list.lines().count() / limit.max(1)).max(1);
    for line in list.lines().step_by(step) {
        let Some((kind, value)) = line.split_once('\t') else { continue };
        if let Some(kind) = Kind::ALL.iter().find(|known| known.as_str() == kind) {
            let _ = builder.add_normal(*kind, value, 0);
        }
    }
    let index = builder.finish();
    println!(
        "{} indicators, {:.1} bytes each, built in {:.0} ms",
        index.len(),
        index.bytes_len() as f64 / index.len() as f64,
        start.elapsed().as_secs_f64() * 1e3
    );
    let engines = [Engine::Scalar, Engine::Avx2, Engine::Avx512];
    let wanted = std::env::var("ENGINE").ok();
    let engine = engines.into_iter().find(|engine| Some(format!("{engine:?}")) == wanted).unwrap_or_else(Engine::best);
    for path in arguments {
        let text = std::fs::read(&path).unwrap();
        let mut scanner = Scanner::with_engine(&index, engine);
        let mut rates = Vec::new();
        let mut hits = Vec::new();
        for _ in 0..5 {
            hits.clear();
            let start = on_core();
            for block in text.chunks(1 << 20) {
                scanner.scan(block, &mut hits);
            }
            rates.push(text.len() as f64 / (on_core() - start).as_secs_f64() / 1e9);
        }
        rates.sort_by(f64::total_cmp);
        println!("{path}: {:.2} GB/s ({:.2} to {:.2}), {} hits, {engine:?}", rates[2], rates[0], rates[4], hits.len());
    }
}
