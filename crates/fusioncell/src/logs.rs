//! Structured logs on stderr: plain for people, JSON for machines. No principals at intake: the server logs none.

use tracing_subscriber::EnvFilter;

/// Starts logging. `FUSIONCELL_LOG` chooses what is told, such as `info` or `server=debug`.
pub fn start(default: &str, json: bool) {
    let filter = EnvFilter::try_from_env("FUSIONCELL_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first: nothing is lost.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}
