//! Holds reports back while the fold lags far behind: an answer that comes late is better than a wall that is.

use std::sync::Arc;

use intake::{LocalSender, Message, SendError, Sender, Sent};
use vault::Vault;

use crate::fold::SharedFold;

/// Entries that the fold may lag behind before reports are asked to wait.
const LAG_REFUSED: u64 = 200_000;

/// Sends to the vault of this process.
pub(crate) struct PacedSender {
    local: LocalSender,
    vault: Arc<Vault>,
    fold: SharedFold,
}

impl PacedSender {
    pub(crate) fn new(local: LocalSender, vault: Arc<Vault>, fold: SharedFold) -> Self {
        Self { local, vault, fold }
    }
}

impl Sender for PacedSender {
    fn send(&self, message: Message) -> Sent<'_> {
        let (folded, running) = self.fold.progress();
        if !running || self.vault.journal().head().seq.saturating_sub(folded) > LAG_REFUSED {
            return Box::pin(std::future::ready(Err(SendError::Busy)));
        }
        self.local.send(message)
    }
}
