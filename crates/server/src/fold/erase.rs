//! Recall, behind the fold: once members have lost what was recalled, its content goes from both stores.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Timestamp;
use vault::Seq;

use super::{Core, CoreError, SharedFold};
use crate::sources::follow_leads;

/// Entries of a journal out of which recalled content is taken at once; a longer one is looked through beside the fold.
const ERASED_AT_ONCE_MAX: Seq = 20_000;

/// How long a start waits until what has to go is gone.
const FIRST_MAX: Duration = Duration::from_secs(600);
/// Rest between two looks.
const REST: Duration = Duration::from_millis(20);

impl Core {
    /// Before anybody is served: sources are sealed to the leads of today, letters of sources are drawn, and what was recalled goes from
    /// all stores. A backup that was laid out again may hold much of it.
    ///
    /// # Errors
    /// [`CoreError`] if a store failed.
    pub fn before_serving(&mut self, now: &dyn Fn() -> Timestamp) -> Result<(), CoreError> {
        follow_leads(&self.vault, &self.register, &mut self.leads)?;
        self.grade_sources(now());
        let start = Instant::now();
        while !self.vault.recalled().is_empty() || self.erasing.is_some() {
            if start.elapsed() > FIRST_MAX {
                tracing::warn!("what was recalled is not out of the journal yet; it goes on while others are served");
                break;
            }
            self.step(now())?;
            std::thread::sleep(REST);
        }
        Ok(())
    }

    /// Takes what was recalled out of both stores, once members have lost it.
    pub(super) fn erase(&mut self, shared: &SharedFold) -> Result<(), CoreError> {
        if self.erasing.as_ref().is_some_and(std::thread::JoinHandle::is_finished) {
            self.erasing = None;
        }
        if self.erasing.is_some() {
            return Ok(());
        }
        for case in self.vault.recalled() {
            let Some(erased) = shared.write().engine.erase(case)? else { continue };
            self.erased = true;
            if self.vault.journal().head().seq <= ERASED_AT_ONCE_MAX {
                self.vault.redact(case, &erased)?;
                continue;
            }
            let vault = Arc::clone(&self.vault);
            let work = move || {
                if let Err(error) = vault.redact(case, &erased) {
                    tracing::error!(%error, "recalled content could not be taken out of the journal; it is tried again");
                }
            };
            let thread = std::thread::Builder::new().name("recall".to_owned()).spawn(work);
            self.erasing = Some(thread.map_err(|error| vault::JournalError::Io(error.to_string().into()))?);
            break;
        }
        Ok(())
    }
}
