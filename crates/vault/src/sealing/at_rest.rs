//! What the journal's entries say, sealed at rest: in the file lies what kind an entry is, and for a report its case.
//!
//! What a case consists of (its report, its thread, its files) is sealed twice: what stays when it is erased, under the journal's key,
//! and all of it, under a key of the entry's own that is destroyed to erase it. Bytes in the file never change, so the chain stays as
//! it was. Everything else is sealed under the journal's key. Lengths are padded: what is sealed is told to about a tenth.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::hmac;
use model::{CaseId, Entropy, Timestamp};

use super::aead;
use super::key_store::KeyStore;
use crate::acts::Change;
use crate::codec::sealed::{self, Head, Parts};
use crate::codec::{self, CodecError};
use crate::entry::Body;
use crate::error::JournalError;
use crate::keys::{KeyError, Keys};
use crate::vault::redact::left_of;

/// Name of the key that everything else is sealed under, in the keys folder.
pub(crate) const JOURNAL_KEY: &str = "journal.key";
/// Folder of the data keys, in the keys folder.
pub(crate) const CONTENT_FOLDER: &str = "content";
/// Shortest sealed text.
const PLAIN_BYTES_MIN: usize = 512;
const WRAP_LABEL: &[u8] = b"fusioncell data keys 1";
const FRAME_LABEL: &[u8] = b"fusioncell journal entries 1";

/// What was sealed, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The stored form, in plain: of what is left, if the content was erased.
    pub plain: Vec<u8>,
    /// Whether the key of its content is destroyed.
    pub erased: bool,
}

/// See the module.
pub(crate) struct AtRest {
    frames: hmac::Key,
    keys: KeyStore,
    entropy: Arc<dyn Entropy>,
}

/// Rounds a length up so that it tells five bits of itself and its magnitude: Padmé (Nikitin and others, "Reducing Metadata Leakage
/// from Encrypted Files and Communication with PURBs", PETS 2019), from a least length on.
pub(super) fn padded(length: usize) -> usize {
    let length = length.max(PLAIN_BYTES_MIN);
    let magnitude = usize::BITS - 1 - length.leading_zeros();
    let told = u32::BITS - magnitude.leading_zeros();
    let mask = (1_usize << magnitude.saturating_sub(told)) - 1;
    (length + mask) & !mask
}

/// The stored form is JSON, behind which spaces say nothing.
pub(super) fn pad(mut plain: Vec<u8>) -> Vec<u8> {
    plain.resize(padded(plain.len()), b' ');
    plain
}

fn unpad(mut plain: Vec<u8>) -> Vec<u8> {
    let end = plain.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    plain.truncate(end);
    plain
}

/// Whether an entry says nothing that anybody would want sealed, or is what vouches for what was erased.
const fn is_plain(body: &Body) -> bool {
    match body {
        Body::Genesis(_) | Body::Population(_) | Body::DataSet(_) | Body::RuleSet(_) | Body::Tick(_) => true,
        Body::Amend(amend) => matches!(amend.change, Change::Recall { .. }),
        _ => false,
    }
}

fn case_of(body: &Body) -> Option<CaseId> {
    match body {
        Body::Report(report) => Some(report.case),
        Body::Message(message) => Some(message.case),
        Body::Opened(opened) => Some(opened.case),
        Body::Feedback(feedback) => Some(feedback.case),
        Body::Word(word) => Some(word.case),
        Body::File(file) => Some(file.case),
        Body::Amend(amend) => Some(amend.case),
        _ => None,
    }
}

fn unsealed() -> JournalError {
    JournalError::io("the entry cannot be sealed")
}

impl AtRest {
    /// With the keys of a vault, whose data keys lie in a folder of theirs.
    pub(crate) fn of(keys: &Keys) -> Result<Option<Self>, KeyError> {
        let Some(folder) = keys.folder() else { return Ok(None) };
        let store = |wrap| KeyStore::at(folder.join(CONTENT_FOLDER), wrap, Arc::clone(keys.entropy()));
        Ok(Some(Self::new(&keys.secret(JOURNAL_KEY)?, store, Arc::clone(keys.entropy()))))
    }

    /// To read with alone; `None` if the journal's key is not there.
    pub(crate) fn look(keys_dir: &Path, entropy: &Arc<dyn Entropy>) -> Result<Option<Self>, KeyError> {
        let Some(secret) = crate::keys::own_key(keys_dir, JOURNAL_KEY, &**entropy, false)? else { return Ok(None) };
        let store = |wrap| KeyStore::at(keys_dir.join(CONTENT_FOLDER), wrap, Arc::clone(entropy));
        Ok(Some(Self::new(&secret, store, Arc::clone(entropy))))
    }

    fn new(secret: &[u8; 32], store: impl FnOnce([u8; 32]) -> KeyStore, entropy: Arc<dyn Entropy>) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let of = |label: &[u8]| {
            let tag = hmac::sign(&secret, label);
            tag.as_ref().first_chunk().copied().unwrap_or_default()
        };
        let frames: [u8; 32] = of(FRAME_LABEL);
        Self { frames: hmac::Key::new(hmac::HMAC_SHA256, &frames), keys: store(of(WRAP_LABEL)), entropy }
    }

    /// For tests: with data keys in a folder.
    #[cfg(test)]
    pub(crate) fn in_folder(folder: &Path, entropy: Arc<dyn Entropy>) -> Self {
        let store = |wrap| KeyStore::at(folder.join(CONTENT_FOLDER), wrap, Arc::clone(&entropy));
        Self::new(&[9; 32], store, Arc::clone(&entropy))
    }

    /// Each month has a key of its own, so that no key seals more than it may.
    fn frame_key(&self, at: Timestamp) -> [u8; 32] {
        let tag = hmac::sign(&self.frames, &Keys::window(at).to_be_bytes());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The stored form of an entry that is appended at a time.
    ///
    /// # Errors
    /// [`JournalError`] if it is over its limit, or no key can be had.
    pub(crate) fn seal(&self, at: Timestamp, body: &Body) -> Result<Vec<u8>, JournalError> {
        if is_plain(body) {
            return Ok(codec::encode(body)?);
        }
        let Some(left) = left_of(body) else { return self.seal_left(at, body) };
        let content = codec::encode(body)?;
        let (number, key) = self.keys.next()?;
        let line = sealed::line(body, Head { case: case_of(body), key: Some(number) })?;
        let frame = self.frame(at, &line, codec::encode(&left)?)?;
        let content = aead::seal(&key, &line, &pad(content), &*self.entropy).ok_or_else(unsealed)?;
        Ok(sealed::join(&line, &frame, &content)?)
    }

    /// The stored form of what is left of an entry of a time: there is nothing in it to erase.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub(crate) fn seal_left(&self, at: Timestamp, body: &Body) -> Result<Vec<u8>, JournalError> {
        let line = sealed::line(body, Head { case: case_of(body), key: None })?;
        let frame = self.frame(at, &line, codec::encode(body)?)?;
        Ok(sealed::join(&line, &frame, &[])?)
    }

    fn frame(&self, at: Timestamp, line: &[u8], plain: Vec<u8>) -> Result<Vec<u8>, JournalError> {
        aead::seal(&self.frame_key(at), line, &pad(plain), &*self.entropy).ok_or_else(unsealed)
    }

    /// The plain form of a stored entry of a time; `None` if it is not sealed.
    ///
    /// # Errors
    /// [`JournalError`] if a key of it is missing, or it is not what was sealed.
    pub(crate) fn open(&self, at: Timestamp, stored: &[u8]) -> Result<Option<Opened>, JournalError> {
        let Some(Parts { head, line, frame, content }) = sealed::parts(stored)? else { return Ok(None) };
        let wrong = || CodecError::Malformed("its sealed bytes are not of this journal's keys".to_owned());
        let key = head.key.map(|number| self.keys.get(number)).transpose()?;
        let (plain, erased) = match key {
            Some(Some(key)) => (aead::open(&key, line, content), false),
            Some(None) => (aead::open(&self.frame_key(at), line, frame), true),
            None => (aead::open(&self.frame_key(at), line, frame), false),
        };
        Ok(Some(Opened { plain: unpad(plain.ok_or_else(wrong)?), erased }))
    }

    /// Destroys keys of contents; gives those that could not be.
    pub(crate) fn destroy(&self, numbers: &[u64]) -> Vec<u64> {
        self.keys.destroy(numbers)
    }
}

/// The number of the key of a stored entry's content; `None` if it has none of its own.
///
/// # Errors
/// [`CodecError`] if it is cut.
pub(crate) fn key_of(stored: &[u8]) -> Result<Option<u64>, CodecError> {
    Ok(sealed::parts(stored)?.and_then(|parts| parts.head.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{report, tick};
    use crate::sealing::key_store::tests::Counting;

    fn at_rest() -> (AtRest, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (AtRest::in_folder(folder.path(), Arc::new(Counting::default())), folder)
    }

    #[test]
    fn nothing_of_a_report_can_be_read_but_that_it_is_one_and_its_case() {
        let ((sealed, _folder), at) = (at_rest(), Timestamp::from_millis(5));
        let entry = report(3, 400);
        let stored = sealed.seal(at, &entry.body).unwrap();
        let text = String::from_utf8_lossy(&stored);
        for told in ["report 3", "xxx", "energy", "d3.test", &crate::hex::encode(&[3; 16])] {
            assert!(!text.contains(told), "{told}");
        }
        assert_eq!(codec::type_of(&stored).unwrap(), "report");
        assert_eq!(codec::case_of(&stored).unwrap(), case_of(&entry.body).unwrap());
        let opened = sealed.open(at, &stored).unwrap().unwrap();
        assert!(!opened.erased && opened.plain == codec::encode(&entry.body).unwrap());
        assert!(codec::decode(&stored).is_err(), "it was read without a key");
    }

    #[test]
    fn an_entry_whose_key_is_destroyed_is_what_is_left_of_it() {
        let ((sealed, _folder), at) = (at_rest(), Timestamp::from_millis(5));
        let entry = report(3, 400);
        let stored = sealed.seal(at, &entry.body).unwrap();
        assert!(sealed.destroy(&[key_of(&stored).unwrap().unwrap()]).is_empty());
        let opened = sealed.open(at, &stored).unwrap().unwrap();
        assert!(opened.erased && opened.plain == codec::encode(&left_of(&entry.body).unwrap()).unwrap());
    }

    #[test]
    fn a_sealed_entry_opens_only_as_it_was_sealed() {
        let ((sealed, _folder), at) = (at_rest(), Timestamp::from_millis(5));
        let stored = sealed.seal(at, &report(3, 10).body).unwrap();
        let other = sealed.seal(at, &report(4, 10).body).unwrap();
        let line = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let swapped = [&stored[..line(&stored)], &other[line(&other)..]].concat();
        assert!(sealed.open(at, &swapped).is_err(), "another entry's bytes under this one's line");
        for at_byte in [line(&stored) + 40, stored.len() - 1] {
            let mut flipped = stored.clone();
            flipped[at_byte] ^= 1;
            let opened = sealed.open(at, &flipped);
            // A flipped frame shows once it is needed.
            assert!(opened.is_err() || at_byte < stored.len() - 1);
        }
        for end in [line(&stored), line(&stored) + 3, line(&stored) + 5] {
            assert!(sealed.open(at, &stored[..end]).is_err(), "cut after {end}");
        }
        assert!(sealed.open(at, &codec::encode(&tick(1).body).unwrap()).unwrap().is_none());
    }

    #[test]
    fn lengths_tell_little() {
        assert_eq!((padded(1), padded(512), padded(1000)), (512, 512, 1024));
        for length in 1..20_000 {
            let padded = padded(length);
            assert!(padded >= length && (length < 512 || padded * 8 <= length * 9), "{length} became {padded}");
        }
        let ((sealed, _folder), at) = (at_rest(), Timestamp::from_millis(5));
        let length = |narrative| sealed.seal(at, &report(3, narrative).body).unwrap().len();
        assert_eq!(length(0), length(40));
    }
}
