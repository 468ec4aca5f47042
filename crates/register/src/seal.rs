//! Secrets that must be read again are sealed (AES-256-GCM) under a key that lies outside the data folder.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use model::Entropy;

use crate::register::RegisterError;

/// The key under which second factors are sealed.
pub struct SealKey(LessSafeKey);

impl SealKey {
    /// A key of 32 bytes; `None` never happens with AES-256-GCM, and would mean that the cipher is not there.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, bytes).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Nonce, then text and tag. `of` names whose it is: a sealed secret that is moved to somebody else does not open.
    pub(crate) fn seal(&self, entropy: &dyn Entropy, of: &[u8], secret: &[u8]) -> Result<Vec<u8>, RegisterError> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut text = secret.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(of), &mut text)
            .map_err(|_| RegisterError::Stored("a secret cannot be sealed".into()))?;
        Ok([nonce.as_slice(), &text].concat())
    }

    pub(crate) fn open(&self, of: &[u8], sealed: &[u8]) -> Result<Vec<u8>, RegisterError> {
        let wrong = || RegisterError::Stored("a sealed secret does not open: is the key of another register?".into());
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut text = text.to_vec();
        let length = self.0.open_in_place(nonce, Aad::from(of), &mut text).map_err(|_| wrong())?.len();
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_owner_and_key_only() {
        let (key, other) = (SealKey::new(&[1; 32]).unwrap(), SealKey::new(&[2; 32]).unwrap());
        let sealed = key.seal(&Sevens, b"ann", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(key.open(b"ann", &sealed).unwrap(), b"secret");
        assert!(key.open(b"bob", &sealed).is_err() && other.open(b"ann", &sealed).is_err());
        assert!(key.open(b"ann", &sealed[..5]).is_err() && key.open(b"ann", &[]).is_err());
    }
}
