//! Requests that their sender may send again: the first answer to each idempotency key, for a day. A key is stored as a keyed
//! hash and its answer sealed, in the transaction of what it did, so that nothing is ever done and not remembered.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use model::{CaseId, Entropy, OrganisationId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Accepted, ItemOutcome, Vault};
use crate::error::{JournalError, VaultError};
use crate::hex;
use crate::journal::Kept;
use crate::keys::KeyError;
use crate::leaks;

/// How long a first answer is kept, in hours.
pub const REPEAT_HOURS: i64 = 24;
/// Keys that one organisation uses in that time.
pub const REPEATS_PER_ORGANISATION_MAX: usize = 50_000;
/// Bytes of its answers.
pub const REPEAT_BYTES_PER_ORGANISATION_MAX: usize = 128 << 20;
/// Longest key, in characters.
pub const REPEAT_KEY_CHARS_MAX: usize = 255;
/// Smallest sealed answer: all short ones look alike.
const SEALED_BYTES_MIN: usize = 256;
const LENGTH_BYTES: usize = 4;
const HOUR_MILLIS: i64 = 3_600_000;

/// A request with the key that its sender would send it again under.
#[derive(Clone, PartialEq, Eq)]
pub struct Repeat {
    /// Whose key.
    pub organisation: OrganisationId,
    /// The key.
    pub key: String,
    /// A digest of what is asked.
    pub request: [u8; 32],
    /// The status that it is answered with.
    pub status: u16,
    /// What it is answered, as far as that is known before it is done.
    pub answer: String,
}

// No log shows a key or an answer.
impl fmt::Debug for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Repeat")
    }
}

/// What is known of a key that was used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// The same was asked and done.
    Done {
        /// Its status.
        status: u16,
        /// Its answer, as the sender gave it.
        answer: String,
        /// What became of its report, if it was one.
        accepted: Option<Accepted>,
    },
    /// It is being done now.
    Running,
    /// Something else was asked under it.
    Differs,
    /// What it did was recalled, and its answer with it.
    Gone,
    /// The organisation has used too many.
    Full,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    organisation: String,
    request: String,
    status: u16,
    answer: String,
    case: Option<String>,
    /// One letter a value.
    items: Option<String>,
    gone: bool,
}

/// Of one organisation, by hour.
type Used = VecDeque<(i64, usize, usize)>;

/// The state of it.
#[derive(Default)]
pub(super) struct Repeats {
    keys: Mutex<Option<Arc<RepeatKeys>>>,
    running: Mutex<HashSet<[u8; 32]>>,
    used: Mutex<HashMap<OrganisationId, Used>>,
}

struct RepeatKeys {
    names: hmac::Key,
    seals: hmac::Key,
}

/// The place of a request that is being done; given back when it is dropped.
pub(super) struct Ticket {
    repeats: Arc<Repeats>,
    key: [u8; 32],
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.repeats.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

fn hour(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(HOUR_MILLIS)
}

fn hash(key: &hmac::Key, label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(label);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.sign().as_ref().first_chunk().copied().unwrap_or_default()
}

impl RepeatKeys {
    fn of(secret: &[u8; 32]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let key = |label: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, &hash(&secret, label, &[]));
        Self { names: key(b"names"), seals: key(b"seals") }
    }

    fn name(&self, organisation: OrganisationId, key: &str) -> [u8; 32] {
        hash(&self.names, b"key", &[organisation.as_bytes(), key.as_bytes()])
    }

    fn about(&self, case: CaseId) -> [u8; 32] {
        hash(&self.names, b"case", &[case.as_bytes()])
    }

    /// No two rows share a key, so that random nonces are enough however many there are.
    fn seal(&self, key: &[u8; 32]) -> Result<LessSafeKey, KeyError> {
        let bytes = hash(&self.seals, b"row", &[key]);
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| KeyError::File("a key cannot seal".into()))?;
        Ok(LessSafeKey::new(key))
    }

    fn close(&self, key: &[u8; 32], sealed: &Sealed, entropy: &dyn Entropy) -> Result<Vec<u8>, JournalError> {
        let contents = serde_json::to_vec(sealed).map_err(JournalError::io)?;
        let around = NONCE_LEN + MAX_TAG_LEN;
        let size = (contents.len() + LENGTH_BYTES + around).next_power_of_two().max(SEALED_BYTES_MIN);
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut text = Vec::with_capacity(size);
        text.extend_from_slice(&u32::try_from(contents.len()).map_err(JournalError::io)?.to_le_bytes());
        text.extend_from_slice(&contents);
        text.resize(size - around, 0);
        let tag = self
            .seal(key)?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(key), &mut text)
            .map_err(|_| JournalError::io("an answer cannot be sealed"))?;
        Ok([&nonce[..], &text, tag.as_ref()].concat())
    }

    /// What is in a row; `None` if it was sealed by another key, or altered.
    fn open(&self, row: &Kept) -> Result<Option<Sealed>, JournalError> {
        let mut body = row.body.clone();
        let Some((nonce, text)) = body.split_at_mut_checked(NONCE_LEN) else { return Ok(None) };
        let Ok(nonce) = Nonce::try_assume_unique_for_key(nonce) else { return Ok(None) };
        let Ok(text) = self.seal(&row.key)?.open_in_place(nonce, Aad::from(&row.key), text) else { return Ok(None) };
        let Some((length, text)) = text.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        Ok(text.get(..length).and_then(|text| serde_json::from_slice(text).ok()))
    }
}

fn sealed(repeat: &Repeat, accepted: Option<&Accepted>) -> Sealed {
    let letter = |item: &ItemOutcome| if *item == ItemOutcome::Accepted { 'a' } else { 'd' };
    Sealed {
        organisation: repeat.organisation.to_string(),
        request: hex::encode(&repeat.request),
        status: repeat.status,
        answer: repeat.answer.clone(),
        case: accepted.and_then(|accepted| accepted.case).map(|case| case.to_string()),
        items: accepted.map(|accepted| accepted.items.iter().map(letter).collect()),
        gone: false,
    }
}

fn again(sealed: Sealed, repeat: &Repeat) -> Again {
    if sealed.request != hex::encode(&repeat.request) {
        return Again::Differs;
    }
    if sealed.gone {
        return Again::Gone;
    }
    let outcome = |letter| if letter == 'a' { ItemOutcome::Accepted } else { ItemOutcome::Duplicate };
    let case = sealed.case.and_then(|case| case.parse().ok());
    let accepted = sealed.items.map(|items| Accepted { case, items: items.chars().map(outcome).collect() });
    Again::Done { status: sealed.status, answer: sealed.answer, accepted }
}

impl Repeats {
    /// Counts one more, or says that there is no room for it.
    fn count(&self, organisation: OrganisationId, hour: i64, bytes: usize) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let used = used.entry(organisation).or_default();
        while used.front().is_some_and(|(of, ..)| of + REPEAT_HOURS < hour) {
            used.pop_front();
        }
        let (keys, all) = used.iter().fold((0, 0), |sum, (_, keys, bytes)| (sum.0 + keys, sum.1 + bytes));
        if keys >= REPEATS_PER_ORGANISATION_MAX || all + bytes > REPEAT_BYTES_PER_ORGANISATION_MAX {
            return false;
        }
        match used.back_mut().filter(|(of, ..)| *of >= hour) {
            Some((_, keys, all)) => (*keys, *all) = (*keys + 1, *all + bytes),
            None => used.push_back((hour, 1, bytes)),
        }
        true
    }
}

impl Vault {
    fn repeat_keys(&self) -> Result<Arc<RepeatKeys>, KeyError> {
        let mut known = self.repeats.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = &*known {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(RepeatKeys::of(&self.keys.secret("repeats.key")?));
        *known = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// How many keys each organisation has used of late, as a start finds it.
    pub(super) fn recall_repeats(&self) -> Result<(), VaultError> {
        let now = hour(self.clock.now());
        let mut after = None;
        while let Some(row) = self.journal.kept_after(after.as_ref())? {
            after = Some(row.key);
            if row.hour + REPEAT_HOURS >= now
                && let Some(sealed) = self.repeat_keys()?.open(&row)?
                && let Ok(organisation) = sealed.organisation.parse()
            {
                self.repeats.count(organisation, row.hour, row.body.len());
            }
        }
        Ok(())
    }

    /// What is known of a key, if it was used within the last day.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be read.
    pub fn asked_before(&self, repeat: &Repeat) -> Result<Option<Again>, VaultError> {
        let keys = self.repeat_keys()?;
        let key = keys.name(repeat.organisation, &repeat.key);
        if self.repeats.running.lock().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return Ok(Some(Again::Running));
        }
        self.first(&keys, &key, repeat)
    }

    fn first(&self, keys: &RepeatKeys, key: &[u8; 32], repeat: &Repeat) -> Result<Option<Again>, VaultError> {
        let oldest = hour(self.clock.now()) - REPEAT_HOURS;
        let row = self.journal.kept(key)?.filter(|row| row.hour >= oldest);
        let Some(row) = row else { return Ok(None) };
        Ok(keys.open(&row)?.map(|sealed| again(sealed, repeat)))
    }

    /// Begins what a key stands for, if nothing was done under it yet.
    pub(super) fn begin(&self, repeat: &Repeat) -> Result<Result<Ticket, Again>, VaultError> {
        let keys = self.repeat_keys()?;
        let key = keys.name(repeat.organisation, &repeat.key);
        if !self.repeats.running.lock().unwrap_or_else(PoisonError::into_inner).insert(key) {
            return Ok(Err(Again::Running));
        }
        // From here on nobody else does it; what did it before is on disk, since it gave its place back after that.
        let ticket = Ticket { repeats: Arc::clone(&self.repeats), key };
        if let Some(again) = self.first(&keys, &key, repeat)? {
            return Ok(Err(again));
        }
        let bytes = repeat.answer.len() + SEALED_BYTES_MIN;
        if !self.repeats.count(repeat.organisation, hour(self.clock.now()), bytes) {
            return Ok(Err(Again::Full));
        }
        Ok(Ok(ticket))
    }

    /// The row that remembers what was done.
    pub(super) fn kept(
        &self,
        ticket: &Ticket,
        repeat: &Repeat,
        case: Option<CaseId>,
        accepted: Option<&Accepted>,
    ) -> Result<Kept, VaultError> {
        let keys = self.repeat_keys()?;
        let body = keys.close(&ticket.key, &sealed(repeat, accepted), &*self.entropy)?;
        let about = leaks::about(case.map_or(ticket.key, |case| keys.about(case)), case, repeat.organisation);
        Ok(Kept { key: ticket.key, about, hour: hour(self.clock.now()), body })
    }

    /// Remembers the answer to something that was done in parts; `done` runs once it is on disk.
    ///
    /// # Errors
    /// [`VaultError`] if it could not even be queued; `done` does not run then.
    pub fn remember_then(
        &self,
        repeat: &Repeat,
        done: Box<dyn FnOnce(Result<Option<Again>, JournalError>) + Send>,
    ) -> Result<(), VaultError> {
        let ticket = match self.begin(repeat)? {
            Ok(ticket) => ticket,
            Err(again) => {
                done(Ok(Some(again)));
                return Ok(());
            }
        };
        let kept = self.kept(&ticket, repeat, None, None)?;
        self.journal.append_keeping(
            Vec::new(),
            vec![kept],
            Box::new(move |outcome| {
                drop(ticket);
                done(outcome.map(|_| None));
            }),
        )?;
        Ok(())
    }

    /// What is left of the answers about a recalled case: that there were some.
    pub(super) fn emptied(&self, case: CaseId) -> Result<Vec<Kept>, VaultError> {
        let keys = self.repeat_keys()?;
        let mut left = Vec::new();
        for row in self.journal.kept_about(&keys.about(case))? {
            let Some(mut sealed) = keys.open(&row)? else { continue };
            if sealed.answer.is_empty() {
                // It says nothing of what the case held.
                continue;
            }
            (sealed.answer, sealed.case, sealed.items, sealed.gone) = (String::new(), None, None, true);
            left.push(Kept { body: keys.close(&row.key, &sealed, &*self.entropy)?, ..row });
        }
        Ok(left)
    }
}
