//! Keys of a month: members' devices are told the cell's, and those whose time is over are destroyed.

use std::time::{Duration, Instant};

use model::Timestamp;
use register::Register;
use vault::{Destroyed, Keys, Retention, Vault, VaultError};

use super::{Core, CoreError};

/// How long a server runs before it destroys keys: a clock that is wrong at the start is put right, or seen, by then.
const REST: Duration = Duration::from_secs(3_600);
/// A clock that is so many months beyond the newest entry which was there at the start is not believed.
const AHEAD_MAX: u32 = 13;

/// Looks once a month.
#[derive(Default)]
pub(super) struct Keeper {
    pub(super) retention: Retention,
    /// The month of the newest entry at the start.
    newest: u32,
    began: Option<Instant>,
    told: Option<u32>,
    destroyed: Option<u32>,
}

impl Keeper {
    pub(super) fn of(vault: &Vault) -> Self {
        let journal = vault.journal();
        let last = journal.read_raw(journal.head().seq, 1).ok().and_then(|last| last.first().map(|last| last.at));
        Self { newest: last.map_or(0, Keys::window), ..Self::default() }
    }

    pub(super) fn look(&mut self, vault: &Vault, register: &Register, now: Timestamp) {
        let window = Keys::window(now);
        if self.told != Some(window) {
            self.told = Some(window);
            if let Err(error) = tell_cell_key(vault, register, now) {
                tracing::error!(%error, "the cell's key of this month could not be told: devices seal to that of before");
            }
        }
        if self.destroyed == Some(window) || self.began.get_or_insert_with(Instant::now).elapsed() < REST {
            return;
        }
        self.destroyed = Some(window);
        if window > self.newest.saturating_add(AHEAD_MAX) {
            tracing::error!(
                "the clock is a year beyond the newest entry: no key is destroyed by it until the next start"
            );
            return;
        }
        match vault.destroy_old_keys(now, self.retention) {
            Ok(gone) if gone != Destroyed::default() => {
                let Destroyed { token_keys, cell_keys } = gone;
                tracing::info!(token_keys, cell_keys, "keys whose time is over are destroyed");
            }
            Ok(_) => {}
            Err(error) => {
                self.destroyed = None;
                self.began = None;
                tracing::error!(%error, "keys whose time is over could not be destroyed; it is tried again in an hour");
            }
        }
    }
}

impl Core {
    /// How long keys of a month are kept after its end.
    #[must_use]
    pub fn keeping(mut self, retention: Retention) -> Self {
        self.keeper.retention = retention;
        self
    }
}

/// Tells members' devices the cell's key of a moment, to which they seal words that are for the cell only.
pub(super) fn tell_cell_key(vault: &Vault, register: &Register, now: Timestamp) -> Result<(), CoreError> {
    let key = vault.keys().cell_key(now).map_err(VaultError::from)?;
    if register.cell_key()? != Some((key.number, key.public)) {
        register.tell_cell_key(key.number, &key.public)?;
    }
    Ok(())
}
