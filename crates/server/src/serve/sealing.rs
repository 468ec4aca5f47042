//! The keys that both processes read: of second factors, and of receipts.

use std::path::Path;

use intake::receipt::{RECEIPT_KEY, ReceiptKey};
use model::Entropy;
use register::{Register, SealKey};
use vault::VaultError;

use super::ServeError;

/// Name of the key under which second factors are sealed, in the keys folder. It is a file of its own, so that a member's
/// process reads no other.
const FACTORS_KEY: &str = "factors.key";

/// Seals the register's secrets with the key of second factors, and gives the key that receipts are signed with; each is made
/// if it is absent and `make` says so.
pub(super) fn keys(
    keys: &Path,
    register: &Register,
    entropy: &dyn Entropy,
    make: bool,
) -> Result<Option<ReceiptKey>, ServeError> {
    match vault::own_key(keys, FACTORS_KEY, entropy, make).map_err(VaultError::from)? {
        Some(key) => register.seal_with(SealKey::new(&key).ok_or(ServeError::Stopped("cipher of the factors"))?),
        None => tracing::warn!("{}/{FACTORS_KEY} is not there: no authenticator app is checked", keys.display()),
    }
    let key = vault::own_key(keys, RECEIPT_KEY, entropy, make).map_err(VaultError::from)?;
    if key.is_none() {
        tracing::warn!("{}/{RECEIPT_KEY} is not there: reports are answered without a receipt", keys.display());
    }
    Ok(key.and_then(|seed| ReceiptKey::new(&seed)))
}
