//! The list of recalled cases, beside the keys: a copy of the data that is older than the list loses them again. With a case go its first
//! answer and the look-up keys of those of its values that somebody was shown, sealed under the journal's key: the copy has no key of
//! the report any more, and these are what it takes to take back from its readers what they were shown.

use std::collections::HashMap;
use std::path::Path;

use aws_lc_rs::hmac;
use model::{CaseId, Technique, WhoMayBeWarned};

use crate::error::VaultError;
use crate::keys::Keys;
use crate::sealing::aead;
use crate::sealing::at_rest::JOURNAL_KEY;
use crate::{codec, files, hex};

/// Name of the list in the keys folder.
pub(crate) const FILE: &str = "erased";
/// Longest list that is read.
const FILE_BYTES_MAX: u64 = 1 << 30;
const LABEL: &[u8] = b"fusioncell recalled cases 1";

/// What was shown of a recalled case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its first answer.
    pub(crate) warn: WhoMayBeWarned,
    /// Look-up keys of values that somebody was shown.
    pub(crate) lookups: Vec<u64>,
    /// What else of it shows, where it is to go on being shown.
    pub(crate) beside: Beside,
}

/// What of a report shows beside its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    /// ATT&CK techniques.
    pub(crate) techniques: Vec<Technique>,
    /// The name that its firm wished to be known by.
    pub(crate) named: Option<String>,
}

fn key(keys: &Keys) -> Result<[u8; 32], VaultError> {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &keys.secret(JOURNAL_KEY)?);
    Ok(hmac::sign(&secret, LABEL).as_ref().first_chunk().copied().unwrap_or_default())
}

/// Notes that a case was recalled.
pub(crate) fn note(keys: &Keys, case: CaseId, told: &Told) -> Result<(), VaultError> {
    let Some(folder) = keys.folder() else { return Ok(()) };
    let lookups = told.lookups.iter().map(|lookup| format!(" {lookup:016x}"));
    let plain: String = [codec::answer_text(told.warn)].into_iter().chain(lookups).collect();
    let sealed = aead::seal(&key(keys)?, case.as_bytes(), plain.as_bytes(), &**keys.entropy());
    let sealed = sealed.ok_or(VaultError::Unsealed)?;
    files::add_line(&folder.join(FILE), &format!("{case} {}", hex::encode(&sealed)))
}

fn text(folder: &Path) -> Result<String, VaultError> {
    let path = folder.join(FILE);
    let text = files::read_capped(&path, FILE_BYTES_MAX + 1)?.unwrap_or_default();
    // Cut in silence, it would bring back what was recalled.
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(files::at(&path)(std::io::Error::other("the list of what was recalled is too long to be read")));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The cases of the list in a keys folder. A line that is none, as a crash may leave it, is passed over.
pub(crate) fn cases_in(folder: &Path) -> Result<Vec<CaseId>, VaultError> {
    Ok(text(folder)?.lines().filter_map(|line| line.split(' ').next()?.parse().ok()).collect())
}

/// The cases of the list, each with what was shown of it; of several lines about one the first counts, which was written while the
/// report could be read.
pub(crate) fn all(keys: &Keys) -> Result<HashMap<CaseId, Option<Told>>, VaultError> {
    let Some(folder) = keys.folder() else { return Ok(HashMap::new()) };
    let text = text(folder)?;
    let mut all = HashMap::new();
    if text.trim().is_empty() {
        return Ok(all);
    }
    let key = key(keys)?;
    for line in text.lines() {
        let mut words = line.split(' ');
        let Some(case) = words.next().and_then(|word| word.parse::<CaseId>().ok()) else { continue };
        let told = words.next().and_then(|sealed| told(&key, case, sealed));
        let known = all.entry(case).or_insert(None);
        if known.is_none() {
            *known = told;
        }
    }
    Ok(all)
}

fn told(key: &[u8; 32], case: CaseId, sealed: &str) -> Option<Told> {
    let plain = aead::open(key, case.as_bytes(), &hex::bytes(sealed)?)?;
    let plain = String::from_utf8(plain).ok()?;
    let mut words = plain.split(' ');
    let warn = codec::answer_of(words.next()?)?;
    let lookups = words.filter_map(|word| u64::from_str_radix(word, 16).ok()).collect();
    Some(Told { warn, lookups, beside: Beside::default() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{GroupId, Timestamp};

    use super::*;
    use crate::sealing::key_store::tests::Counting;

    #[test]
    fn the_list_says_the_cases_to_everybody_and_the_rest_to_the_keys_alone() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("d.keys");
        let keys = Keys::open(&dir, Arc::new(Counting::default())).unwrap();
        assert!(all(&keys).unwrap().is_empty());
        let case = |n: u8| CaseId::from_bytes([n; 16]);
        let group =
            WhoMayBeWarned::Group { group: GroupId::from_bytes([7; 16]), as_of: Some(Timestamp::from_millis(5)) };
        let first = Told { warn: group, lookups: vec![1, u64::MAX], beside: Beside::default() };
        note(&keys, case(1), &first).unwrap();
        // Once more after a crash, when nothing of it can be read.
        note(&keys, case(1), &Told { warn: WhoMayBeWarned::CellOnly, lookups: vec![], beside: Beside::default() })
            .unwrap();
        for warn in [WhoMayBeWarned::Now, WhoMayBeWarned::NextEpoch, WhoMayBeWarned::OnceThreeHaveIt] {
            note(&keys, case(2), &Told { warn, lookups: vec![], beside: Beside::default() }).unwrap();
        }
        files::add_line(&dir.join(FILE), "half a li").unwrap();
        let list = all(&keys).unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list[&case(1)], Some(first));
        assert_eq!(list[&case(2)].as_ref().unwrap().warn, WhoMayBeWarned::Now);
        assert_eq!(cases_in(&dir).unwrap().len(), 5);
        let text = std::fs::read_to_string(dir.join(FILE)).unwrap();
        assert!(!text.contains("ffffffffffffffff") && !text.contains("group"), "{text}");
    }
}
