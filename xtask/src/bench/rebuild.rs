//! Rebuilding every view from the journal, chain verified and released store included.

use std::time::{Duration, Instant};

use super::server::{Store, runtime};
use super::{flow, load};

/// Prints observations a second; target 50,000.
pub fn run() -> Result<(), String> {
    let store = Store::with_members(1)?;
    flow::fill(&store)?;
    {
        let server = store.serve()?;
        let key = store.keys.first().cloned().unwrap_or_default();
        let last = load::value(flow::RELEASED_BEFORE - 1).1;
        runtime()?.block_on(server.released(&key, &last, Duration::from_secs(600)))?;
    }
    let start = Instant::now();
    store.run(&["journal", "rebuild"], &[])?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "rebuild: {:.0} observations/s, chain verified, released store included ({} in {seconds:.1} s; target ≥ 50,000/s)",
        flow::RELEASED_BEFORE as f64 / seconds,
        flow::RELEASED_BEFORE,
    );
    Ok(())
}
