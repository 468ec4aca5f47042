//! AES-256-GCM (NIST SP 800-38D) with a nonce that is drawn and lies before the sealed bytes.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use model::Entropy;

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

/// Seals; `None` never happens, and would mean that the cipher is not there. At most 2^32 times under one key.
pub(crate) fn seal(key: &[u8; 32], about: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE_LEN] = entropy.bytes();
    let mut text = plain.to_vec();
    cipher(key)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut text).ok()?;
    Some([&nonce[..], &text].concat())
}

/// Opens what [`seal`] sealed; `None` for another key, other bytes, or what it is not about.
pub(crate) fn open(key: &[u8; 32], about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut text = text.to_vec();
    let length = {
        let plain = cipher(key)?.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(about), &mut text);
        plain.ok()?.len()
    };
    text.truncate(length);
    Some(text)
}
