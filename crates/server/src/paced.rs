//! Holds reports back while the fold lags far behind: an answer that comes late is better than a wall that is.

use std::sync::Arc;

use intake::{Begun, Download, Later, LocalSender, Message, SendError, Sender, Sent};
use model::{CaseId, FileId, OrganisationId};
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

impl PacedSender {
    /// Whether the fold keeps up.
    fn keeps_up(&self) -> bool {
        let (folded, running) = self.fold.progress();
        running && self.vault.journal().head().seq.saturating_sub(folded) <= LAG_REFUSED
    }
}

impl Sender for PacedSender {
    fn send(&self, message: Message) -> Sent<'_> {
        if !self.keeps_up() {
            return Box::pin(std::future::ready(Err(SendError::Busy)));
        }
        self.local.send(message)
    }

    fn upload(&self, organisation: OrganisationId, case: CaseId) -> Later<'_, Begun> {
        if !self.keeps_up() {
            return Box::pin(std::future::ready(Err(SendError::Busy)));
        }
        self.local.upload(organisation, case)
    }

    fn download(&self, organisation: OrganisationId, case: CaseId, id: FileId) -> Later<'_, Option<Download>> {
        self.local.download(organisation, case, id)
    }
}
