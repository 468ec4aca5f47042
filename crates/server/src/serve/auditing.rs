//! The thread that makes the audit log grow at context epochs, apart from the fold: nobody waits for its disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::Clock;
use vault::Vault;
use vault::audit::Audit;

use super::{ServeError, io_error};
use crate::mailer::Posting;

/// How often it is asked whether an epoch has begun.
const LOOK: Duration = Duration::from_millis(250);
/// Looks that are left out after one that failed.
const LOOKS_AFTER_FAILURE: u32 = 40;

/// Opens the log beside its vault.
pub(super) fn open(vault: &Vault, folder: &Path) -> Result<Arc<Audit>, ServeError> {
    Ok(Arc::new(Audit::open(vault, folder)?))
}

/// Starts it. A log that cannot be written is tried again; members go on being served, and their kept checkpoint shows a log
/// that stands still.
pub(super) fn start(audit: Arc<Audit>, clock: Arc<dyn Clock>, stop: Arc<AtomicBool>) -> Result<Posting, ServeError> {
    let run = move || {
        let mut rest = 0_u32;
        while !stop.load(Ordering::Acquire) {
            if rest == 0 {
                if let Err(error) = audit.step(clock.now()) {
                    tracing::error!(%error, "the audit log does not grow");
                    rest = LOOKS_AFTER_FAILURE;
                }
            } else {
                rest -= 1;
            }
            std::thread::sleep(LOOK);
        }
    };
    Posting::start("audit", run).map_err(io_error("thread"))
}
