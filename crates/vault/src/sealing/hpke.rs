//! Keys of leads: HPKE (RFC 9180), DHKEM(P-256, HKDF-SHA256) with AES-256-GCM, which browsers have the parts of as well. The private
//! half is made on the lead's own device and never comes here, but for the command line, which is such a device.

use std::fmt;

use rustls::crypto::aws_lc_rs::hpke::DH_KEM_P256_HKDF_SHA256_AES_256 as SUITE;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke as _, HpkePrivateKey, HpkePublicKey};

use crate::hex;

/// What the sealed secret is for (`info` of RFC 9180).
pub const INFO: &[u8] = b"fusioncell source register 1";
/// Bytes of a public key: an uncompressed point (SEC 1).
pub(crate) const PUBLIC_BYTES: usize = 65;
const PRIVATE_BYTES: usize = 32;
const SECRET_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// Bytes of a secret that is sealed to a lead: what was encapsulated, then the text and its tag.
pub(super) const SEALED_SECRET_BYTES: usize = PUBLIC_BYTES + SECRET_BYTES + TAG_BYTES;

/// Why a lead's key is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeadKeyError {
    /// Not a point of the curve in its uncompressed form.
    #[error("it is no public key: 130 hexadecimal digits of a point of P-256 are expected, beginning with 04")]
    Public,
    /// Not 32 bytes in hexadecimal.
    #[error("it is no private key: 64 hexadecimal digits are expected")]
    Private,
    /// The secret was sealed to somebody else, or for another purpose, or it was changed.
    #[error("it was not sealed to this key")]
    NotForThisKey,
    /// There is no randomness or cipher.
    #[error("no key can be made here")]
    Unavailable,
}

/// The public half of a lead's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LeadPublicKey([u8; PUBLIC_BYTES]);

impl LeadPublicKey {
    /// Reads one from hexadecimal digits. That something can be sealed to it is tried.
    ///
    /// # Errors
    /// [`LeadKeyError::Public`].
    pub fn parse(text: &str) -> Result<Self, LeadKeyError> {
        Self::from_bytes(&hex::decode::<PUBLIC_BYTES>(text.trim()).ok_or(LeadKeyError::Public)?)
    }

    /// Reads one from its bytes, as they are stored.
    ///
    /// # Errors
    /// [`LeadKeyError::Public`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeadKeyError> {
        let key = Self(bytes.try_into().map_err(|_| LeadKeyError::Public)?);
        key.seal(&[0; SECRET_BYTES]).map_err(|_| LeadKeyError::Public)?;
        Ok(key)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; PUBLIC_BYTES] {
        &self.0
    }

    /// In hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// Seals a secret to whoever has the private half.
    pub(super) fn seal(&self, secret: &[u8; SECRET_BYTES]) -> Result<Vec<u8>, LeadKeyError> {
        let (EncapsulatedSecret(mut sealed), text) =
            SUITE.seal(INFO, &[], secret, &HpkePublicKey(self.0.to_vec())).map_err(|_| LeadKeyError::Unavailable)?;
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }
}

impl fmt::Debug for LeadPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeadPublicKey({})", self.to_hex())
    }
}

/// The private half: no `Debug`, wiped when it is dropped.
pub struct LeadPrivateKey(HpkePrivateKey);

impl LeadPrivateKey {
    /// A new pair, for the command line.
    ///
    /// # Errors
    /// [`LeadKeyError::Unavailable`].
    pub fn generate() -> Result<(Self, LeadPublicKey), LeadKeyError> {
        let (public, private) = SUITE.generate_key_pair().map_err(|_| LeadKeyError::Unavailable)?;
        let public = public.0.as_slice().try_into().map_err(|_| LeadKeyError::Unavailable)?;
        Ok((Self(private), LeadPublicKey(public)))
    }

    /// Reads one from hexadecimal digits.
    ///
    /// # Errors
    /// [`LeadKeyError::Private`].
    pub fn parse(text: &str) -> Result<Self, LeadKeyError> {
        let bytes = hex::decode::<PRIVATE_BYTES>(text.trim());
        bytes.map(|bytes| Self(HpkePrivateKey::from(bytes.to_vec()))).ok_or(LeadKeyError::Private)
    }

    /// In hexadecimal digits, to be kept where nobody else reads.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0.secret_bytes())
    }

    /// Opens a secret that was sealed to it.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<[u8; SECRET_BYTES], LeadKeyError> {
        let (encapsulated, text) = sealed.split_at_checked(PUBLIC_BYTES).ok_or(LeadKeyError::NotForThisKey)?;
        let opened = SUITE
            .open(&EncapsulatedSecret(encapsulated.to_vec()), INFO, &[], text, &self.0)
            .map_err(|_| LeadKeyError::NotForThisKey)?;
        opened.try_into().map_err(|_| LeadKeyError::NotForThisKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_the_lead_that_it_was_sealed_to() {
        let ((ann, public), (bob, _)) = (LeadPrivateKey::generate().unwrap(), LeadPrivateKey::generate().unwrap());
        let sealed = public.seal(&[7; 32]).unwrap();
        assert_eq!(sealed.len(), SEALED_SECRET_BYTES);
        assert_eq!(ann.open(&sealed).unwrap(), [7; 32]);
        assert_eq!(bob.open(&sealed), Err(LeadKeyError::NotForThisKey));
        for (at, end) in [(0, sealed.len()), (70, sealed.len()), (0, 64), (0, 0)] {
            let mut other = sealed.clone();
            if let Some(byte) = other.get_mut(at) {
                *byte ^= u8::from(end == sealed.len());
            }
            other.truncate(end);
            assert_eq!(ann.open(&other), Err(LeadKeyError::NotForThisKey), "{at} {end}");
        }
        let again = LeadPrivateKey::parse(&ann.to_hex()).unwrap();
        assert_eq!(again.open(&sealed).unwrap(), [7; 32]);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let (_, public) = LeadPrivateKey::generate().unwrap();
        assert_eq!(LeadPublicKey::parse(&format!(" {}\n", public.to_hex())), Ok(public));
        let zeroes = format!("04{}", "0".repeat(128));
        for text in ["", "04", "zz", zeroes.as_str(), &public.to_hex()[2..], &format!("{}00", public.to_hex())] {
            assert_eq!(LeadPublicKey::parse(text), Err(LeadKeyError::Public), "{text}");
        }
        assert!(matches!(LeadPrivateKey::parse("00"), Err(LeadKeyError::Private)));
    }
}
