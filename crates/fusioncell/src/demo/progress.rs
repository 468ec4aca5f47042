//! How far a replay has come: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::feeder::Sent;
use crate::table::thousands;

const REDRAW_EVERY: Duration = Duration::from_millis(250);
const LINE_EVERY_REDRAWS: u64 = 40;

/// Shows progress until all `items` are sent.
pub async fn show(items: u64, sent: Arc<Sent>) {
    let terminal = std::io::stderr().is_terminal();
    let bar = if terminal { ProgressBar::new(items) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("replay {wide_bar} {human_pos} of {human_len} values, {eta} left");
    bar.set_style(style.unwrap_or(ProgressStyle::default_bar()));
    for redraw in 1.. {
        let done = sent.items.load(Ordering::Relaxed);
        bar.set_position(done);
        if done >= items {
            break;
        }
        if !terminal && redraw % LINE_EVERY_REDRAWS == 0 {
            let failed = sent.failed.load(Ordering::Relaxed);
            let failed = if failed > 0 { format!("; {} reports not taken", thousands(failed)) } else { String::new() };
            eprintln!("replay: {} of {} values{failed}", thousands(done), thousands(items));
        }
        tokio::time::sleep(REDRAW_EVERY).await;
    }
    bar.finish_and_clear();
}
