//! Who filed a case, sealed: once for the way back, which the vault alone walks, and once for each pair of leads, who open it
//! together. Nothing at rest joins an organisation to a case without a key from elsewhere. And what entries say, sealed at rest.

pub(crate) mod aead;
pub(crate) mod at_rest;
mod contact;
pub(crate) mod grades;
pub(crate) mod hpke;
pub(crate) mod key_store;
pub(crate) mod limits;
mod pairs;
mod sealed_file;
mod way_back;
pub(crate) mod words;

pub(crate) use at_rest::AtRest;
pub use at_rest::Opened;
pub use contact::CONTACT_BYTES_MAX;
use grades::Grades;
pub use hpke::{LeadKeyError, LeadPrivateKey, LeadPublicKey};
use limits::Limits;
pub(crate) use pairs::{Filer, Pairs, SealState};
pub use pairs::{Lead, OpenedSource, OpeningKeys, SHARE_BYTES, Share, share_of};
pub use sealed_file::{FILE_INFO, SealedFault, SealedOutgoing, SealedTold, seal_file};
pub(crate) use way_back::{SEALED_BYTES, WayBack};
pub use words::{CellKey, WORDS_INFO, Words, seal_words};

use std::sync::Mutex;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// What seals who filed a case.
pub(crate) struct Sealing {
    /// For the way back.
    pub way_back: WayBack,
    /// For pairs of leads.
    pub leads: Mutex<SealState>,
    /// What sources bear.
    pub grades: Mutex<Grades>,
    /// Which of them are limited.
    pub limits: Limits,
}

impl Sealing {
    /// With the key of the ways back, and no lead yet.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            way_back: WayBack::new(secret),
            leads: Mutex::default(),
            grades: Mutex::default(),
            limits: Limits::default(),
        }
    }
}

/// Bytes of an organisation's id.
const PLAIN_BYTES: usize = 16;

/// Seals an organisation's id under a key that is used for this alone: its nonce is zero, and nothing random is needed.
fn seal_once(key: &[u8; 32], of: &[u8], plain: [u8; PLAIN_BYTES]) -> Option<[u8; SEALED_BYTES]> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let mut sealed = [0; SEALED_BYTES];
    let (text, tag_place) = sealed.split_at_mut(PLAIN_BYTES);
    text.copy_from_slice(&plain);
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(of), text).ok()?;
    tag_place.copy_from_slice(tag.as_ref());
    Some(sealed)
}

/// Opens what [`seal_once`] sealed; `None` for another key, another place or other bytes.
fn open_once(key: &[u8; 32], of: &[u8], sealed: &[u8]) -> Option<[u8; PLAIN_BYTES]> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let mut text: [u8; SEALED_BYTES] = sealed.try_into().ok()?;
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    key.open_in_place(nonce, Aad::from(of), &mut text).ok()?.try_into().ok()
}
