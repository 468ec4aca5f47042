//! The list of what was taken out because its time was over, beside the keys: a copy of the data that is older than the list loses it
//! again. With a case go, sealed under the journal's key, the answers and look-up keys by which its report goes on telling what members
//! were shown of it. And the list of cases that are held: none of their content goes by time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aws_lc_rs::hmac;
use model::{CaseId, Technique};

use crate::acts::Class;
use crate::entry::Seq;
use crate::erased::{Beside, Told};
use crate::error::VaultError;
use crate::keys::Keys;
use crate::sealing::aead;
use crate::sealing::at_rest::JOURNAL_KEY;
use crate::{codec, files, hex};

/// Name of the list in the keys folder.
pub(crate) const FILE: &str = "aged";
/// Name of the list of cases that are held.
pub(crate) const HELD_FILE: &str = "held";
/// Longest list that is read.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Longest list of cases that are held.
const HELD_BYTES_MAX: u64 = 1 << 20;
const LABEL: &[u8] = b"fusioncell aged cases 1";

/// What of a case was taken out, and what it takes to go on showing the rest.
pub(crate) struct Line {
    /// The case.
    pub(crate) case: CaseId,
    /// What of it.
    pub(crate) class: Class,
    /// Up to which place: what was said later stays.
    pub(crate) to: Seq,
    /// What shows of its report.
    pub(crate) told: Told,
}

fn key(keys: &Keys) -> Result<[u8; 32], VaultError> {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &keys.secret(JOURNAL_KEY)?);
    Ok(hmac::sign(&secret, LABEL).as_ref().first_chunk().copied().unwrap_or_default())
}

fn plain(Line { class, to, told, .. }: &Line) -> String {
    let mut words = vec![class.as_str().to_owned(), to.to_string(), codec::answer_text(told.warn)];
    words.extend(told.lookups.iter().map(|lookup| format!("{lookup:016x}")));
    words.extend(told.beside.techniques.iter().map(|technique| technique.as_str().to_owned()));
    // A name may have blanks: it stands last, in hexadecimal.
    words.extend(told.beside.named.iter().map(|name| format!("={}", hex::encode(name.as_bytes()))));
    words.join(" ")
}

/// Notes what is about to be taken out, all at once.
pub(crate) fn note(keys: &Keys, lines: &[Line]) -> Result<(), VaultError> {
    let Some(folder) = keys.folder().filter(|_| !lines.is_empty()) else { return Ok(()) };
    let key = key(keys)?;
    let mut text = Vec::with_capacity(lines.len());
    for line in lines {
        let (case, plain) = (line.case, plain(line));
        let sealed = aead::seal(&key, case.as_bytes(), plain.as_bytes(), &**keys.entropy());
        text.push(format!("{case} {}", hex::encode(&sealed.ok_or(VaultError::Unsealed)?)));
    }
    files::add_line(&folder.join(FILE), &text.join("\n"))
}

fn text(path: &Path, max: u64) -> Result<String, VaultError> {
    let text = files::read_capped(path, max + 1)?.unwrap_or_default();
    // Cut in silence, it would bring back what was taken out.
    if text.len() as u64 > max {
        return Err(files::at(path)(std::io::Error::other("the list is too long to be read")));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The cases of the list in a keys folder. A line that is none, as a crash may leave it, is passed over.
pub(crate) fn cases_in(folder: &Path) -> Result<Vec<CaseId>, VaultError> {
    let text = text(&folder.join(FILE), FILE_BYTES_MAX)?;
    Ok(text.lines().filter_map(|line| line.split(' ').next()?.parse().ok()).collect())
}

/// Every line whose case `wanted` says yes to, by case and class: the last of several about one counts, which knows most of what is gone.
pub(crate) fn all(keys: &Keys, wanted: &dyn Fn(CaseId) -> bool) -> Result<BTreeMap<(CaseId, Class), Line>, VaultError> {
    let Some(folder) = keys.folder() else { return Ok(BTreeMap::new()) };
    let text = text(&folder.join(FILE), FILE_BYTES_MAX)?;
    let mut all = BTreeMap::new();
    if text.trim().is_empty() {
        return Ok(all);
    }
    let key = key(keys)?;
    for line in text.lines() {
        let Some((case, sealed)) = line.split_once(' ') else { continue };
        let Some(case) = case.parse::<CaseId>().ok().filter(|case| wanted(*case)) else { continue };
        if let Some(line) = opened(&key, case, sealed) {
            all.insert((case, line.class), line);
        }
    }
    Ok(all)
}

fn opened(key: &[u8; 32], case: CaseId, sealed: &str) -> Option<Line> {
    let plain = aead::open(key, case.as_bytes(), &hex::bytes(sealed)?)?;
    let plain = String::from_utf8(plain).ok()?;
    let mut words = plain.split(' ');
    let (class, to) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let mut told = Told { warn: codec::answer_of(words.next()?)?, lookups: Vec::new(), beside: Beside::default() };
    for word in words {
        if let Some(name) = word.strip_prefix('=') {
            told.beside.named = hex::bytes(name).and_then(|name| String::from_utf8(name).ok());
        } else if let Some(technique) = Technique::parse(word) {
            told.beside.techniques.push(technique);
        } else {
            told.lookups.extend(u64::from_str_radix(word, 16).ok());
        }
    }
    Some(Line { case, class, to, told })
}

/// Cases that are held.
///
/// # Errors
/// [`VaultError`] if the list cannot be read.
pub fn held_cases(keys_dir: &Path) -> Result<BTreeSet<CaseId>, VaultError> {
    let text = text(&keys_dir.join(HELD_FILE), HELD_BYTES_MAX)?;
    Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
}

/// Holds a case, or holds it no more; false if that is as it was. A server looks before each batch.
///
/// # Errors
/// [`VaultError`] if the list cannot be read or written.
pub fn hold_case(keys_dir: &Path, case: CaseId, hold: bool) -> Result<bool, VaultError> {
    let mut held = held_cases(keys_dir)?;
    let changed = if hold { held.insert(case) } else { held.remove(&case) };
    if changed {
        let lines: String = held.iter().map(|case| format!("{case}\n")).collect();
        files::write_whole(&keys_dir.join(HELD_FILE), lines.as_bytes())?;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::WhoMayBeWarned;

    use super::*;
    use crate::sealing::key_store::tests::Counting;

    #[test]
    fn the_list_says_the_cases_to_everybody_and_the_rest_to_the_keys_alone() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("d.keys");
        let keys = Keys::open(&dir, Arc::new(Counting::default())).unwrap();
        let case = |n: u8| CaseId::from_bytes([n; 16]);
        let told = |lookups: Vec<u64>| Told {
            warn: WhoMayBeWarned::Now,
            lookups,
            beside: Beside {
                techniques: vec![Technique::parse("T1566.002").unwrap()],
                named: Some("Firm of two words".to_owned()),
            },
        };
        let line = |n, class, lookups| Line { case: case(n), class, to: 70 + u64::from(n), told: told(lookups) };
        note(&keys, &[line(1, Class::Words, vec![1, u64::MAX]), line(2, Class::Letters, vec![])]).unwrap();
        note(&keys, &[line(1, Class::Values, vec![2])]).unwrap();
        files::add_line(&dir.join(FILE), "half a li").unwrap();
        let list = all(&keys, &|_| true).unwrap();
        assert_eq!(list.len(), 3);
        assert_eq!(list[&(case(1), Class::Words)].told, told(vec![1, u64::MAX]));
        let values = &list[&(case(1), Class::Values)];
        assert_eq!((values.to, &values.told), (71, &told(vec![2])));
        assert_eq!(all(&keys, &|known| known == case(2)).unwrap().len(), 1);
        assert_eq!(cases_in(&dir).unwrap().len(), 3);
        let text = std::fs::read_to_string(dir.join(FILE)).unwrap();
        for word in ["words", "letters", "T1566", "ffffffffffffffff"] {
            assert!(!text.contains(word), "{word}");
        }
    }

    #[test]
    fn a_case_is_held_until_it_is_held_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let case = CaseId::from_bytes([5; 16]);
        assert!(held_cases(folder.path()).unwrap().is_empty());
        assert!(hold_case(folder.path(), case, true).unwrap());
        assert!(!hold_case(folder.path(), case, true).unwrap());
        assert!(held_cases(folder.path()).unwrap().contains(&case));
        assert!(hold_case(folder.path(), case, false).unwrap());
        assert!(held_cases(folder.path()).unwrap().is_empty());
    }
}
