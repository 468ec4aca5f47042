//! Words that a reporter's own device sealed to the cell: the cell's key of a month, whose private half is destroyed once nobody shall
//! read them any more. It protects against the member side, disks, backups and logs; not against the cell's own process, which opens them.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use model::{SealedWords, Timestamp};
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_P256_HKDF_SHA256_AES_256 as SUITE;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke as _, HpkePrivateKey, HpkePublicKey};
use zeroize::Zeroizing;

use super::at_rest::pad;
use super::hpke::{LeadKeyError, PUBLIC_BYTES};
use crate::keys::{KeyError, Keys};

/// What words are sealed for (`info` of RFC 9180).
pub const WORDS_INFO: &[u8] = b"fusioncell cell words 1";
/// Name of the key of a month, before its number.
pub(crate) const CELL_KEY: &str = "cell";

/// The public half of the cell's key of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellKey {
    /// Its number: the token window that it is of.
    pub number: u32,
    /// A point of P-256, uncompressed (SEC 1).
    pub public: [u8; PUBLIC_BYTES],
}

/// What became of words as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// They were not sealed.
    Plain(String),
    /// They were, and are opened.
    Opened(String),
    /// They were, and the key is destroyed; or they were never sealed to it.
    Gone,
}

/// Seals words to the cell's key, as a device does that has no browser.
///
/// # Errors
/// [`LeadKeyError`] if it is no point of the curve, or there is no cipher.
pub fn seal_words(key: &CellKey, words: &str) -> Result<SealedWords, LeadKeyError> {
    let to = HpkePublicKey(key.public.to_vec());
    let plain = pad(words.as_bytes().to_vec());
    let (EncapsulatedSecret(mut sealed), text) =
        SUITE.seal(WORDS_INFO, &[], &plain, &to).map_err(|_| LeadKeyError::Public)?;
    sealed.extend(text);
    Ok(SealedWords { key: key.number, sealed })
}

fn unusable() -> KeyError {
    KeyError::File("the cell's key is no point of P-256".into())
}

impl Keys {
    /// The public half of the cell's key of a moment. That of the month after is made as well, so that none is made in haste.
    ///
    /// # Errors
    /// [`KeyError`] if a key cannot be read or made.
    pub fn cell_key(&self, now: Timestamp) -> Result<CellKey, KeyError> {
        let number = Self::window(now);
        self.secret(&Self::window_key(CELL_KEY, number.saturating_add(1)))?;
        let secret = Zeroizing::new(self.secret(&Self::window_key(CELL_KEY, number))?);
        let private = PrivateKey::from_private_key(&ECDH_P256, &*secret).map_err(|_| unusable())?;
        let public = private.compute_public_key().map_err(|_| unusable())?;
        Ok(CellKey { number, public: public.as_ref().try_into().map_err(|_| unusable())? })
    }

    /// Opens words, if they are sealed.
    ///
    /// # Errors
    /// [`KeyError`] if the key is there and cannot be read.
    pub fn open_words(&self, text: &str) -> Result<Words, KeyError> {
        let Ok(SealedWords { key, sealed }) = text.parse() else { return Ok(Words::Plain(text.to_owned())) };
        let Some(secret) = self.known(&Self::window_key(CELL_KEY, key))? else { return Ok(Words::Gone) };
        let Some((encapsulated, text)) = sealed.split_at_checked(PUBLIC_BYTES) else { return Ok(Words::Gone) };
        let (encapsulated, private) =
            (EncapsulatedSecret(encapsulated.to_vec()), HpkePrivateKey::from(secret.to_vec()));
        let Ok(opened) = SUITE.open(&encapsulated, WORDS_INFO, &[], text, &private) else { return Ok(Words::Gone) };
        // Spaces behind the words hide how long they are.
        Ok(String::from_utf8(opened).map_or(Words::Gone, |words| Words::Opened(words.trim_end().to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::keys::TOKEN_WINDOW_MILLIS;
    use crate::sealing::key_store::tests::Counting;

    fn sealed(key: CellKey, words: &str) -> String {
        seal_words(&key, words).unwrap().to_string()
    }

    #[test]
    fn words_open_until_the_key_of_their_month_is_destroyed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("d.keys"), Arc::new(Counting::default())).unwrap();
        let at = |month: i64| Timestamp::from_millis(month * TOKEN_WINDOW_MILLIS);
        let (first, later) = (keys.cell_key(at(700)).unwrap(), keys.cell_key(at(701)).unwrap());
        assert_eq!((first.number, later.number), (700, 701));
        assert!(first.public != later.public && keys.cell_key(at(700)).unwrap() == first);
        let (one, two) = (sealed(first, "call Ann   "), sealed(later, "call Bob"));
        assert_eq!(keys.open_words(&one).unwrap(), Words::Opened("call Ann".into()));
        assert_eq!(keys.open_words("plain words").unwrap(), Words::Plain("plain words".into()));
        // Under another number they are nobody's.
        assert_eq!(keys.open_words(&one.replacen(" 700 ", " 701 ", 1)).unwrap(), Words::Gone);
        assert_eq!(keys.open_words(&one.replacen(" 700 ", " 9 ", 1)).unwrap(), Words::Gone);
        assert!(!folder.path().join("d.keys/cell-9.key").exists(), "a key was made for whoever names it");
        assert_eq!(keys.forget_windows(CELL_KEY, 701).unwrap(), 1);
        assert_eq!(keys.open_words(&one).unwrap(), Words::Gone);
        assert_eq!(keys.open_words(&two).unwrap(), Words::Opened("call Bob".into()));
    }
}
