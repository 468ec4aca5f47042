//! How to reach whoever filed a case, for the two leads who open its source: sealed once under a key of the case's own, which is sealed for
//! each pair of leads. A case without one has the same record with nothing in it, so that no length tells which has.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Longest contact, in bytes.
pub const CONTACT_BYTES_MAX: usize = 300;
/// Bytes that say how long it is.
const LENGTH_BYTES: usize = 2;
const PLAIN_BYTES: usize = LENGTH_BYTES + CONTACT_BYTES_MAX;
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// Bytes of the case's key as it is sealed for a pair.
const WRAPPED_BYTES: usize = KEY_BYTES + TAG_BYTES;
/// Bytes of the contact as it is sealed.
const TEXT_BYTES: usize = PLAIN_BYTES + TAG_BYTES;

/// The key of a pair seals who it is under the nonce zero, and this key under the nonce one: each of them once.
const OF_PAIR: u8 = 1;
/// The key of the case seals this text alone.
const OF_CASE: u8 = 0;

/// Bytes of a record for so many pairs.
pub(super) const fn record_bytes(pairs: usize) -> usize {
    pairs * WRAPPED_BYTES + TEXT_BYTES
}

fn cipher(key: &[u8; KEY_BYTES], number: u8) -> Option<(LessSafeKey, Nonce)> {
    let mut nonce = [0; NONCE_LEN];
    nonce[0] = number;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    Some((key, Nonce::assume_unique_for_key(nonce)))
}

fn seal(key: &[u8; KEY_BYTES], number: u8, of: &[u8], mut plain: Vec<u8>) -> Option<Vec<u8>> {
    let (key, nonce) = cipher(key, number)?;
    key.seal_in_place_append_tag(nonce, Aad::from(of), &mut plain).ok()?;
    Some(plain)
}

fn open(key: &[u8; KEY_BYTES], number: u8, of: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (key, nonce) = cipher(key, number)?;
    let mut text = Zeroizing::new(sealed.to_vec());
    let length = key.open_in_place(nonce, Aad::from(of), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

/// A record that grows by a pair at a time, and ends with the text.
pub(super) struct Sealer(Zeroizing<[u8; KEY_BYTES]>, Vec<u8>);

impl Sealer {
    /// With a key that was drawn for this case.
    pub(super) fn new(key: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(key), Vec::new())
    }

    /// Seals the key for a pair, in the order of pairs.
    pub(super) fn pair(&mut self, key: &[u8; KEY_BYTES], of: &[u8]) -> Option<()> {
        self.1.extend(seal(key, OF_PAIR, of, self.0.to_vec())?);
        Some(())
    }

    /// Seals the text; one that is longer than it may be was refused long before, and is not kept.
    pub(super) fn end(mut self, of: &[u8], contact: &str) -> Option<Vec<u8>> {
        let text = if contact.len() <= CONTACT_BYTES_MAX { contact } else { "" };
        let mut plain = Vec::with_capacity(TEXT_BYTES);
        plain.extend(u16::try_from(text.len()).ok()?.to_le_bytes());
        plain.extend_from_slice(text.as_bytes());
        plain.resize(PLAIN_BYTES, 0);
        self.1.extend(seal(&self.0, OF_CASE, of, plain)?);
        Some(self.1)
    }
}

/// Opens a record with the key of one of its pairs, by the pair's place; `None` if there is nothing in it, or it is not that pair's.
pub(super) fn opened(
    record: &[u8],
    (place, key, names): (usize, &[u8; KEY_BYTES], &[u8]),
    of: &[u8],
) -> Option<String> {
    let wrapped = record.get(place * WRAPPED_BYTES..(place + 1) * WRAPPED_BYTES)?;
    let of_case = open(key, OF_PAIR, names, wrapped)?;
    let sealed = record.get(record.len().checked_sub(TEXT_BYTES)?..)?;
    let plain = open(of_case.first_chunk()?, OF_CASE, of, sealed)?;
    let (length, text) = plain.split_first_chunk::<LENGTH_BYTES>()?;
    let text = text.get(..usize::from(u16::from_le_bytes(*length)))?;
    std::str::from_utf8(text).ok().filter(|text| !text.is_empty()).map(str::to_owned)
}
