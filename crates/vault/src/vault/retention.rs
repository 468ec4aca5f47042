//! How long keys are kept whose destruction is the end of what they made or sealed.

use model::Timestamp;

use super::Vault;
use crate::acts::Class;
use crate::error::VaultError;
use crate::keys::{Keys, TOKEN_KEY, TOKEN_WINDOW_MILLIS};
use crate::sealing::words::CELL_KEY;

/// Shortest time that keys of a month are kept after it has ended, in months: what came in the month before is still known by them.
const WINDOWS_MIN: u32 = 2;

/// How long keys are kept after their month has ended, and content after the last that was said of its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Of member tokens: after that nobody can tell, with all keys and all data, which reports one member filed. In days.
    pub token_keys_days: u32,
    /// Of words that were sealed to the cell: after that nobody reads them. In days.
    pub cell_keys_days: u32,
    /// Of words, threads and files of a case, after the last that was said of it. In days.
    pub words_days: u32,
    /// Of its values that nobody beyond the cell was shown, after the same. In days.
    pub values_days: u32,
    /// Of all that came from outside the partnership, after the same. In days.
    pub letters_days: u32,
}

impl Default for Retention {
    /// Three months for tokens, half a year for words sealed to the cell and for letters, a year for words, two for values.
    fn default() -> Self {
        Self { token_keys_days: 90, cell_keys_days: 180, words_days: 365, values_days: 730, letters_days: 180 }
    }
}

impl Retention {
    /// How long a class of content is kept, in days.
    #[must_use]
    pub const fn days(&self, class: Class) -> u32 {
        match class {
            Class::Words => self.words_days,
            Class::Values => self.values_days,
            Class::Letters => self.letters_days,
        }
    }
}

/// What was destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destroyed {
    /// Keys of member tokens.
    pub token_keys: usize,
    /// Keys of words sealed to the cell.
    pub cell_keys: usize,
}

/// The first window whose key is kept.
fn first_kept(now: Timestamp, days: u32) -> u32 {
    let kept = i64::from(days).saturating_mul(86_400_000).max(i64::from(WINDOWS_MIN) * TOKEN_WINDOW_MILLIS);
    Keys::window(Timestamp::from_millis(now.as_millis().saturating_sub(kept).max(0)))
}

impl Vault {
    /// Destroys the keys whose time is over.
    ///
    /// # Errors
    /// [`VaultError`] if one cannot be destroyed; those before it are.
    pub fn destroy_old_keys(&self, now: Timestamp, retention: Retention) -> Result<Destroyed, VaultError> {
        let token_keys = self.keys.forget_windows(TOKEN_KEY, first_kept(now, retention.token_keys_days))?;
        let cell_keys = self.keys.forget_windows(CELL_KEY, first_kept(now, retention.cell_keys_days))?;
        Ok(Destroyed { token_keys, cell_keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_kept_until_its_time_after_its_end_is_over() {
        let at = |day: i64| Timestamp::from_millis(day * 86_400_000);
        // Day 3000 begins month 100.
        assert_eq!(first_kept(at(3000), 90), 97);
        assert_eq!(first_kept(at(3029), 90), 97);
        assert_eq!(first_kept(at(3030), 90), 98);
        assert_eq!(first_kept(at(3000), 0), 98, "the two before are always kept");
        assert_eq!(first_kept(at(10), 90), 0);
    }
}
