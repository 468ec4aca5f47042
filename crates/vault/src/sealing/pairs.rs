//! The source register: who filed a case, sealed for each pair of leads so that two open it together and one opens nothing.
//!
//! Each epoch there is one secret for each lead, sealed to that lead's public key and kept in memory until the epoch ends. A
//! case's share of a lead is HKDF-SHA256 (RFC 5869) of that secret and the case's id; for each pair of leads the source is sealed
//! under the XOR of the two shares of the case. A lead's device gives out the share for the one case that is to be opened: shares
//! come in any order, and no key is ever assembled that opens more than one case.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use model::{CaseId, Entropy, OrganisationId, PersonId};
use zeroize::{Zeroize as _, Zeroizing};

use super::contact::{self, Sealer};
use super::hpke::{LeadKeyError, LeadPrivateKey, LeadPublicKey, SEALED_SECRET_BYTES};
use super::way_back::SEALED_BYTES;
use super::{open_once, seal_once};
use crate::hex;

/// Bytes of a share.
pub const SHARE_BYTES: usize = 32;
/// Most leads that sources are sealed to: the pairs of a case grow with their square. The register enrols no more.
pub(crate) const LEADS_MAX: usize = 16;
/// What a share is for (`info` of RFC 5869), before the case's id.
const SHARE_INFO: &[u8] = b"fusioncell source 1";

/// A lead that sources are sealed to from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead {
    /// Who.
    pub person: PersonId,
    /// The public half of the key on the lead's device.
    pub key: LeadPublicKey,
}

/// A lead's share of one case: opens nothing alone. No `Debug`, wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Share([u8; SHARE_BYTES]);

impl Drop for Share {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Share {
    /// Reads one from hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        hex::decode(text).map(Self)
    }

    /// In hexadecimal digits, as a device sends it.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    fn of(secret: &[u8; SHARE_BYTES], case: CaseId) -> Option<Self> {
        struct Length;
        impl KeyType for Length {
            fn len(&self) -> usize {
                SHARE_BYTES
            }
        }
        let mut share = [0; SHARE_BYTES];
        let info = [SHARE_INFO, case.as_bytes()];
        Salt::new(HKDF_SHA256, &[]).extract(secret).expand(&info, Length).ok()?.fill(&mut share).ok()?;
        Some(Self(share))
    }

    fn with(&self, other: &Self) -> Zeroizing<[u8; SHARE_BYTES]> {
        let mut key = Zeroizing::new(self.0);
        key.iter_mut().zip(other.0).for_each(|(byte, other)| *byte ^= other);
        key
    }
}

/// What a lead's device does: opens the secret of the epoch and derives the share of one case from it.
///
/// # Errors
/// [`LeadKeyError::NotForThisKey`] if the secret was sealed to another key.
pub fn share_of(key: &LeadPrivateKey, sealed_secret: &[u8], case: CaseId) -> Result<Share, LeadKeyError> {
    let secret = Zeroizing::new(key.open(sealed_secret)?);
    Share::of(&secret, case).ok_or(LeadKeyError::Unavailable)
}

/// An epoch as it is stored: each lead's secret, sealed to that lead.
#[derive(Debug)]
pub(crate) struct EpochRow {
    /// Random.
    pub id: [u8; 16],
    /// In the order of their ids.
    pub leads: Vec<(PersonId, Vec<u8>)>,
    stored: AtomicBool,
}

impl EpochRow {
    /// Whether it is on disk already.
    pub fn is_stored(&self) -> bool {
        self.stored.load(Ordering::Acquire)
    }

    /// Once it is on disk, later cases of the epoch need not bring it.
    pub fn is_stored_now(&self) {
        self.stored.store(true, Ordering::Release);
    }
}

/// The source of one case, sealed for each pair of leads.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    /// The epoch whose secrets it was sealed with.
    pub epoch: Arc<EpochRow>,
    /// One after the other, [`SEALED_BYTES`] each: first and second lead, first and third, … second and third.
    pub sealed: Vec<u8>,
    /// How to reach whoever filed it, in the same order; there also if they did not say.
    pub contact: Vec<u8>,
}

/// Who filed a case, as two leads opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedSource {
    /// Who.
    pub organisation: OrganisationId,
    /// How to reach them, if they said.
    pub contact: Option<String>,
}

impl PartialEq for Pairs {
    fn eq(&self, other: &Self) -> bool {
        (self.epoch.id, &self.sealed, &self.contact) == (other.epoch.id, &other.sealed, &other.contact)
    }
}

impl Eq for Pairs {}

/// Who files a case, and how to reach them; empty if they do not say, or say it in the report itself.
pub(crate) type Filer<'a> = (OrganisationId, &'a str);

/// What the server holds in memory of an epoch.
pub(crate) struct Epoch {
    number: i64,
    row: Arc<EpochRow>,
    secrets: Vec<Zeroizing<[u8; SHARE_BYTES]>>,
}

impl Epoch {
    fn begin(number: i64, leads: &[Lead], entropy: &dyn Entropy) -> Result<Self, LeadKeyError> {
        let secrets: Vec<Zeroizing<[u8; SHARE_BYTES]>> =
            leads.iter().map(|_| Zeroizing::new(entropy.bytes())).collect();
        let sealed = leads.iter().zip(&secrets).map(|(lead, secret)| Ok((lead.person, lead.key.seal(secret)?)));
        let row = EpochRow { id: entropy.bytes(), leads: sealed.collect::<Result<_, _>>()?, stored: false.into() };
        Ok(Self { number, row: Arc::new(row), secrets })
    }

    fn seal(&self, case: CaseId, (organisation, contact): Filer<'_>, entropy: &dyn Entropy) -> Option<Pairs> {
        let shares: Vec<Share> =
            self.secrets.iter().map(|secret| Share::of(secret, case)).collect::<Option<Vec<_>>>()?;
        let mut sealed = Vec::with_capacity(pairs(shares.len()) * SEALED_BYTES);
        let mut reach = Sealer::new(entropy.bytes());
        for (i, (share, (lead, _))) in shares.iter().zip(&self.row.leads).enumerate() {
            for (other, (with, _)) in shares.iter().zip(&self.row.leads).skip(i + 1) {
                let (key, names) = (share.with(other), names(case, *lead, *with));
                sealed.extend_from_slice(&seal_once(&key, &names, *organisation.as_bytes())?);
                reach.pair(&key, &names)?;
            }
        }
        let contact = reach.end(case.as_bytes(), contact)?;
        Some(Pairs { epoch: Arc::clone(&self.row), sealed, contact })
    }
}

const fn pairs(leads: usize) -> usize {
    leads * leads.saturating_sub(1) / 2
}

/// What a sealed source is bound to: the case and the two leads.
fn names(case: CaseId, lead: PersonId, with: PersonId) -> [u8; 48] {
    let mut names = [0; 48];
    let parts = case.as_bytes().iter().chain(lead.as_bytes()).chain(with.as_bytes());
    names.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    names
}

/// What a lead's device needs for its share of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningKeys {
    /// Leads who can open the case, each with the secret of its epoch, sealed to that lead.
    pub leads: Vec<(PersonId, Vec<u8>)>,
    pub(crate) sealed: Vec<u8>,
    /// Absent where the report was recalled, or came to an older version.
    pub(crate) contact: Option<Vec<u8>>,
}

impl OpeningKeys {
    /// What was stored of a case and its epoch; `None` if it does not fit together.
    pub(crate) fn new(mut leads: Vec<(PersonId, Vec<u8>)>, sealed: Vec<u8>, contact: Option<Vec<u8>>) -> Option<Self> {
        leads.sort_by_key(|(person, _)| *person.as_bytes());
        let whole = leads.len() >= 2
            && leads.iter().all(|(_, secret)| secret.len() == SEALED_SECRET_BYTES)
            && sealed.len() == pairs(leads.len()) * SEALED_BYTES
            && contact.as_ref().is_none_or(|record| record.len() == contact::record_bytes(pairs(leads.len())));
        whole.then_some(Self { leads, sealed, contact })
    }

    /// Opens the source with the shares of two leads, in any order; `None` if they are not those of this case and these two.
    pub(crate) fn open(&self, case: CaseId, shares: [(PersonId, &Share); 2]) -> Option<OpenedSource> {
        let place = |person: PersonId| self.leads.iter().position(|(lead, _)| *lead == person);
        let [(one, first), (other, second)] = shares;
        let (a, b) = (place(one)?, place(other)?);
        let (i, j, lead, with) = if a < b { (a, b, one, other) } else { (b, a, other, one) };
        if i == j {
            return None;
        }
        // Pairs before those of lead `i`, then those of `i` before `j`.
        let count = self.leads.len();
        let index = (0..i).map(|before| count - 1 - before).sum::<usize>() + (j - i - 1);
        let sealed = self.sealed.get(index * SEALED_BYTES..(index + 1) * SEALED_BYTES)?;
        let (key, names) = (first.with(second), names(case, lead, with));
        let organisation = open_once(&key, &names, sealed).map(OrganisationId::from_bytes)?;
        let record = self.contact.as_deref();
        let contact = record.and_then(|record| contact::opened(record, (index, &key, &names), case.as_bytes()));
        Some(OpenedSource { organisation, contact })
    }
}

/// The leads, and the epoch that is running.
#[derive(Default)]
pub(crate) struct SealState {
    leads: Vec<Lead>,
    epoch: Option<Epoch>,
}

impl SealState {
    /// Sources are sealed to these from now on: to nobody if there are fewer than two. A change ends the epoch.
    pub fn set_leads(&mut self, mut leads: Vec<Lead>) {
        leads.sort_by_key(|lead| *lead.person.as_bytes());
        leads.dedup_by_key(|lead| lead.person);
        leads.truncate(LEADS_MAX);
        if leads.len() < 2 {
            leads.clear();
        }
        if self.leads != leads {
            self.leads = leads;
            self.epoch = None;
        }
    }

    /// Whether sources are sealed to leads.
    pub const fn is_on(&self) -> bool {
        !self.leads.is_empty()
    }

    /// Forgets the secrets of an epoch that is over.
    pub fn end(&mut self, number: i64) {
        if self.epoch.as_ref().is_some_and(|epoch| epoch.number != number) {
            self.epoch = None;
        }
    }

    /// Seals the source of a case that comes in an epoch; `None` while there are not two leads.
    ///
    /// # Errors
    /// [`LeadKeyError::Unavailable`] if nothing can be sealed: then the report must not be taken.
    pub fn seal(
        &mut self,
        number: i64,
        case: CaseId,
        filer: Filer<'_>,
        entropy: &dyn Entropy,
    ) -> Result<Option<Pairs>, LeadKeyError> {
        let Some(epoch) = self.running(number, entropy)? else { return Ok(None) };
        epoch.seal(case, filer, entropy).ok_or(LeadKeyError::Unavailable).map(Some)
    }

    /// Seals the source of a case that two leads have opened to the leads of now; `None` if there are not two, or it is sealed in this
    /// epoch already. A case is sealed once in an epoch: the keys are those of the epoch and the case, and must not be used twice.
    ///
    /// # Errors
    /// As [`SealState::seal`].
    pub fn seal_again(
        &mut self,
        number: i64,
        case: CaseId,
        (filer, held): (Filer<'_>, &OpeningKeys),
        entropy: &dyn Entropy,
    ) -> Result<Option<Pairs>, LeadKeyError> {
        match self.running(number, entropy)? {
            Some(epoch) if epoch.row.leads != held.leads => {
                epoch.seal(case, filer, entropy).ok_or(LeadKeyError::Unavailable).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Has the next case begin an epoch: what was sealed in this one last is not known to be stored.
    pub fn break_off(&mut self) {
        self.epoch = None;
    }

    /// The epoch that is running, begun if none is; `None` while there are not two leads.
    fn running(&mut self, number: i64, entropy: &dyn Entropy) -> Result<Option<&Epoch>, LeadKeyError> {
        if !self.is_on() {
            return Ok(None);
        }
        self.end(number);
        Ok(Some(match &mut self.epoch {
            Some(epoch) => epoch,
            none => none.insert(Epoch::begin(number, &self.leads, entropy)?),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn world(count: u8) -> (Vec<LeadPrivateKey>, Vec<Lead>) {
        let pair = |n: u8| {
            let (private, key) = LeadPrivateKey::generate().unwrap();
            (private, Lead { person: PersonId::from_bytes([n; 16]), key })
        };
        (1..=count).map(pair).unzip()
    }

    fn case(n: u8) -> CaseId {
        CaseId::from_bytes([n; 16])
    }

    const FIRM: OrganisationId = OrganisationId::from_bytes([0x77; 16]);
    const REACH: &str = "Ann, 0113 496 0000";

    fn filed() -> OpenedSource {
        OpenedSource { organisation: FIRM, contact: Some(REACH.to_owned()) }
    }

    fn sealed(state: &mut SealState, number: i64, n: u8) -> OpeningKeys {
        let pairs = state.seal(number, case(n), (FIRM, REACH), &Counting::default()).unwrap().unwrap();
        OpeningKeys::new(pairs.epoch.leads.clone(), pairs.sealed, Some(pairs.contact)).unwrap()
    }

    #[test]
    fn any_two_leads_open_a_case_and_one_opens_nothing() {
        let (private, leads) = world(5);
        let mut state = SealState::default();
        state.set_leads(leads.iter().rev().copied().collect());
        let keys = sealed(&mut state, 1, 9);
        let share = |n: usize, of: u8| share_of(&private[n], &keys.leads[n].1, case(of)).unwrap();
        let mut pairs = 0;
        for a in 0..5 {
            for b in 0..5 {
                let open = |first: &Share, second: &Share| {
                    keys.open(case(9), [(leads[a].person, first), (leads[b].person, second)])
                };
                let both = open(&share(a, 9), &share(b, 9));
                assert_eq!(both, (a != b).then(filed), "{a} {b}");
                pairs += usize::from(both.is_some());
                // The right lead with a share of another case, of another lead, or with what is no share.
                assert_eq!(open(&share(a, 9), &share(b, 8)), None);
                assert_eq!(open(&share(a, 9), &share((b + 1) % 5, 9)), None);
                assert_eq!(open(&share(a, 9), &Share([0; 32])), None);
                assert_eq!(open(&share(a, 9), &share(a, 9)), None);
            }
        }
        assert_eq!(pairs, 20);
        let stranger = PersonId::from_bytes([9; 16]);
        assert_eq!(keys.open(case(9), [(leads[0].person, &share(0, 9)), (stranger, &share(1, 9))]), None);
        // A record that is put in the place of another case's.
        assert_eq!(keys.open(case(8), [(leads[0].person, &share(0, 8)), (leads[1].person, &share(1, 8))]), None);
        assert!(share_of(&private[1], &keys.leads[0].1, case(9)).is_err());
    }

    #[test]
    fn shares_of_one_case_open_no_other() {
        let (private, leads) = world(2);
        let mut state = SealState::default();
        state.set_leads(leads.clone());
        let (one, other) = (sealed(&mut state, 1, 1), sealed(&mut state, 1, 2));
        let shares = [0, 1].map(|n| share_of(&private[n], &one.leads[n].1, case(1)).unwrap());
        let given = [(leads[0].person, &shares[0]), (leads[1].person, &shares[1])];
        assert_eq!(one.open(case(1), given), Some(filed()));
        assert_eq!((other.open(case(2), given), other.open(case(1), given)), (None, None));
        assert_eq!(one.leads[0].1, other.leads[0].1, "one secret an epoch");
    }

    #[test]
    fn a_new_lead_opens_later_cases_only_and_fewer_than_two_open_none() {
        let (_, leads) = world(3);
        let mut state = SealState::default();
        assert!(state.seal(1, case(1), (FIRM, REACH), &Counting::default()).unwrap().is_none());
        state.set_leads(vec![leads[0], leads[0]]);
        assert!(!state.is_on(), "one lead under two names is one");
        state.set_leads(leads[..2].to_vec());
        let before = sealed(&mut state, 1, 1);
        state.set_leads(leads.clone());
        let after = sealed(&mut state, 1, 2);
        assert_eq!((before.leads.len(), after.leads.len()), (2, 3));
        state.set_leads(vec![leads[2]]);
        assert!(!state.is_on());
    }

    #[test]
    fn secrets_last_as_long_as_their_epoch() {
        let (_, leads) = world(2);
        let mut state = SealState::default();
        state.set_leads(leads.clone());
        let secret = |keys: &OpeningKeys| keys.leads[0].1.clone();
        let first = secret(&sealed(&mut state, 1, 1));
        state.end(1);
        assert_eq!(secret(&sealed(&mut state, 1, 2)), first);
        state.end(2);
        assert!(state.epoch.is_none(), "nothing of it is left in memory");
        assert_ne!(secret(&sealed(&mut state, 2, 3)), first);
        // A clock that is set back begins an epoch of its own, too.
        let second = secret(&sealed(&mut state, 2, 4));
        assert_ne!(secret(&sealed(&mut state, 1, 5)), second);
        state.set_leads(leads);
        assert!(state.epoch.is_some(), "the same leads change nothing");
    }

    #[test]
    fn what_does_not_fit_together_is_no_record() {
        let (_, leads) = world(3);
        let mut state = SealState::default();
        state.set_leads(leads);
        let keys = sealed(&mut state, 1, 1);
        let reach = keys.contact.clone().unwrap();
        assert!(OpeningKeys::new(keys.leads.clone(), keys.sealed[1..].to_vec(), None).is_none());
        assert!(OpeningKeys::new(keys.leads[..2].to_vec(), keys.sealed.clone(), None).is_none());
        assert!(OpeningKeys::new(Vec::new(), Vec::new(), None).is_none());
        assert!(OpeningKeys::new(keys.leads.clone(), keys.sealed.clone(), Some(reach[1..].to_vec())).is_none());
        let mut cut = keys.leads.clone();
        cut[0].1.pop();
        assert!(OpeningKeys::new(cut, keys.sealed, Some(reach)).is_none());
    }

    #[test]
    fn how_to_reach_them_opens_with_who_they_are_and_its_length_tells_nothing() {
        let (private, leads) = world(3);
        let mut state = SealState::default();
        state.set_leads(leads.clone());
        let mut keys = |contact: &str| {
            let pairs = state.seal(1, case(1), (FIRM, contact), &Counting::default()).unwrap().unwrap();
            OpeningKeys::new(pairs.epoch.leads.clone(), pairs.sealed, Some(pairs.contact)).unwrap()
        };
        let longest = "é".repeat(contact::CONTACT_BYTES_MAX / 2);
        let opened = |keys: &OpeningKeys, a: usize, b: usize| {
            let share = |n: usize| share_of(&private[n], &keys.leads[n].1, case(1)).unwrap();
            keys.open(case(1), [(leads[a].person, &share(a)), (leads[b].person, &share(b))]).unwrap()
        };
        let all = ["", "x", REACH, &longest, &format!("{longest}x")].map(&mut keys);
        for (keys, contact) in all.iter().zip([None, Some("x"), Some(REACH), Some(&*longest), None]) {
            let record = keys.contact.as_ref().unwrap();
            assert_eq!(record.len(), contact::record_bytes(3));
            assert!(!record.windows(4).any(|window| window == b"0113"));
            for (a, b) in [(0, 1), (2, 0), (1, 2)] {
                assert_eq!(
                    opened(keys, a, b),
                    OpenedSource { organisation: FIRM, contact: contact.map(str::to_owned) }
                );
            }
        }
        // One that was changed, or is another case's, tells who and not how; so does one that a recall took out.
        let [.., reach, _, _] = all;
        for at in [0, 100, contact::record_bytes(3) - 1] {
            let mut changed = reach.clone();
            changed.contact.as_mut().unwrap()[at] ^= 1;
            assert_eq!(opened(&changed, 0, 1).contact.is_some(), at == 100, "the key of another pair is not looked at");
        }
        assert_eq!(opened(&OpeningKeys { contact: None, ..reach }, 0, 1).contact, None);
    }
}
