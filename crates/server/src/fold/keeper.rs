//! Keys of a month: members' devices are told the cell's, and those whose time is over are destroyed.

use model::Timestamp;
use register::Register;
use vault::{Destroyed, Keys, Retention, Vault, VaultError};

use super::{Core, CoreError};

/// Looks once a month, and at the start.
#[derive(Default)]
pub(super) struct Keeper {
    pub(super) retention: Retention,
    window: Option<u32>,
}

impl Keeper {
    pub(super) fn look(&mut self, vault: &Vault, register: &Register, now: Timestamp) {
        let window = Keys::window(now);
        if self.window == Some(window) {
            return;
        }
        if let Err(error) = tell_cell_key(vault, register, now) {
            tracing::error!(%error, "the cell's key of this month could not be told: devices seal to that of before");
            return;
        }
        self.window = Some(window);
        match vault.destroy_old_keys(now, self.retention) {
            Ok(gone) if gone != Destroyed::default() => {
                let Destroyed { token_keys, cell_keys } = gone;
                tracing::info!(token_keys, cell_keys, "keys whose time is over are destroyed");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "keys whose time is over could not be destroyed; the next start tries again")
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
