//! The store's key, what is derived from it, and the seal: AES-256-GCM over contents that are padded to few sizes.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use model::{CaseId, Entropy, OrganisationId};

use crate::OwnError;
use crate::codec::In;

/// Half of a row's key: HMAC-SHA-256, cut to 128 bits.
pub(crate) type Hash = [u8; 16];

/// The smallest sealed record, in bytes; every other size is a power of two above it.
pub(crate) const SEALED_BYTES_MIN: usize = 256;
/// Bytes of the length that stands before the contents.
const LENGTH_BYTES: usize = 4;

/// The key of a store. It has no `Debug`: no log or screen shows it.
pub struct OwnKey {
    store: hmac::Key,
    rows: hmac::Key,
}

/// The records that lie together, and are read together: an organisation's head, a sheet, a thread.
///
/// Each has a key of its own below the organisation's, so that no key seals more than random nonces allow: a machine feed
/// writes more records in a week than AES-256-GCM takes under one key.
pub(crate) struct Scope {
    pub(crate) hash: Hash,
    seal: LessSafeKey,
}

/// Where a record lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) scope: Hash,
    pub(crate) item: Hash,
}

impl OwnKey {
    /// From 32 random bytes, kept outside the data folder.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        let store = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let rows = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&store, b"rows").as_ref());
        Self { store, rows }
    }

    /// Labels are told apart by their end, for no label begins another, and every part has a fixed length.
    fn hash(&self, label: &[u8], parts: &[&[u8]]) -> Hash {
        let mut context = hmac::Context::with_key(&self.rows);
        context.update(label);
        for part in parts {
            context.update(part);
        }
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }

    fn scope(&self, owner: &[&[u8]], hash: Hash) -> Result<Scope, OwnError> {
        let mut of_owner = hmac::Context::with_key(&self.store);
        of_owner.update(b"seal");
        for part in owner {
            of_owner.update(part);
        }
        let of_owner = hmac::Key::new(hmac::HMAC_SHA256, of_owner.sign().as_ref());
        let key = hmac::sign(&of_owner, &hash);
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| OwnError::Seal("a scope"))?;
        Ok(Scope { hash, seal: LessSafeKey::new(key) })
    }

    /// Whoever has a way-back code, as an owner of threads: a keyed hash of it, by which nobody finds the code.
    pub(crate) fn outsider(&self, code: &[u8]) -> OrganisationId {
        OrganisationId::from_bytes(self.hash(b"outsider", &[code]))
    }

    /// What is of the store and of no organisation. It has an empty owner, which is nobody's id.
    pub(crate) fn meta(&self) -> Result<Scope, OwnError> {
        self.scope(&[], self.hash(b"meta", &[]))
    }

    pub(crate) fn head(&self, organisation: OrganisationId) -> Result<Scope, OwnError> {
        let owner: &[&[u8]] = &[organisation.as_bytes()];
        self.scope(owner, self.hash(b"head", owner))
    }

    pub(crate) fn sheet(&self, organisation: OrganisationId, number: u64) -> Result<Scope, OwnError> {
        let hash = self.hash(b"sheet", &[organisation.as_bytes(), &number.to_le_bytes()]);
        self.scope(&[organisation.as_bytes()], hash)
    }

    pub(crate) fn thread(&self, organisation: OrganisationId, case: CaseId) -> Result<Scope, OwnError> {
        let hash = self.hash(b"thread", &[organisation.as_bytes(), case.as_bytes()]);
        self.scope(&[organisation.as_bytes()], hash)
    }

    /// The record that a scope has one of.
    pub(crate) fn only(&self, scope: &Scope) -> Place {
        Place { scope: scope.hash, item: self.hash(b"only", &[&scope.hash]) }
    }

    /// The record by which a store knows its key.
    pub(crate) fn check(&self, scope: &Scope) -> Place {
        Place { scope: scope.hash, item: self.hash(b"check", &[&scope.hash]) }
    }

    /// The record of a note.
    pub(crate) fn note(&self, scope: &Scope, id: &[u8; 16]) -> Place {
        Place { scope: scope.hash, item: self.hash(b"note", &[&scope.hash, id]) }
    }
}

impl Place {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (scope, item) = bytes.split_at_mut(16);
        scope.copy_from_slice(&self.scope);
        item.copy_from_slice(&self.item);
        bytes
    }
}

impl Scope {
    /// Nonce, sealed contents and tag: in all a power of two, so that their length fits no report.
    pub(crate) fn seal(
        &self,
        entropy: &dyn Entropy,
        at: &Place,
        name: &'static str,
        contents: &[u8],
    ) -> Result<Vec<u8>, OwnError> {
        let length = u32::try_from(contents.len()).map_err(|_| OwnError::Seal(name))?;
        let around = NONCE_LEN + MAX_TAG_LEN;
        let size = (contents.len() + LENGTH_BYTES + around).next_power_of_two().max(SEALED_BYTES_MIN);
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut text = Vec::with_capacity(size);
        text.extend_from_slice(&length.to_le_bytes());
        text.extend_from_slice(contents);
        text.resize(size - around, 0);
        let tag = self
            .seal
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(at.bytes()), &mut text)
            .map_err(|_| OwnError::Seal(name))?;
        let mut sealed = Vec::with_capacity(size);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Gives the contents to `read`. A record that was moved to another place does not open.
    pub(crate) fn open<T>(
        &self,
        at: &Place,
        name: &'static str,
        mut sealed: Vec<u8>,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, OwnError> {
        let wrong = || OwnError::Damaged(name);
        let (nonce, text) = sealed.split_at_mut_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let text = self.seal.open_in_place(nonce, Aad::from(at.bytes()), text).map_err(|_| wrong())?;
        In(text).bytes().and_then(read).ok_or_else(wrong)
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

    const ANN: OrganisationId = OrganisationId::from_bytes([1; 16]);
    const BOB: OrganisationId = OrganisationId::from_bytes([2; 16]);
    const CASE: CaseId = CaseId::from_bytes([3; 16]);

    fn opens(scope: &Scope, place: &Place, sealed: &[u8]) -> bool {
        scope.open(place, "it", sealed.to_vec(), |text| (text == b"hello").then_some(())).is_ok()
    }

    #[test]
    fn a_record_opens_in_its_place_and_with_its_key_only() {
        let key = OwnKey::new(&[9; 32]);
        let scope = key.thread(ANN, CASE).unwrap();
        let place = key.note(&scope, &[4; 16]);
        let sealed = scope.seal(&Sevens, &place, "it", b"hello").unwrap();
        assert!(opens(&scope, &place, &sealed));
        assert!(!opens(&scope, &key.note(&scope, &[5; 16]), &sealed), "elsewhere in the thread");
        let other = key.thread(BOB, CASE).unwrap();
        assert!(!opens(&other, &place, &sealed), "another organisation's key");
        assert!(
            !opens(&key.thread(ANN, CaseId::from_bytes([4; 16])).unwrap(), &place, &sealed),
            "another thread's key"
        );
        assert!(!opens(&OwnKey::new(&[8; 32]).thread(ANN, CASE).unwrap(), &place, &sealed), "another store's key");
        let mut bent = sealed.clone();
        bent[40] ^= 1;
        assert!(!opens(&scope, &place, &bent) && !opens(&scope, &place, &sealed[..11]) && !opens(&scope, &place, &[]));
    }

    #[test]
    fn places_of_two_organisations_with_one_case_differ_and_so_do_all_labels() {
        let key = OwnKey::new(&[9; 32]);
        let of = |organisation| {
            let (head, thread) = (key.head(organisation).unwrap(), key.thread(organisation, CASE).unwrap());
            let sheet = key.sheet(organisation, 0).unwrap();
            let items = [key.only(&head), key.only(&sheet), key.only(&thread), key.check(&thread)];
            let note = key.note(&thread, &[4; 16]);
            let mut all: Vec<Hash> = vec![head.hash, sheet.hash, thread.hash, key.sheet(organisation, 1).unwrap().hash];
            all.extend(items.iter().map(|place| place.item));
            all.push(note.item);
            all
        };
        let mut all = [of(ANN), of(BOB)].concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn sizes_are_powers_of_two() {
        let key = OwnKey::new(&[9; 32]);
        let scope = key.head(ANN).unwrap();
        let place = key.only(&scope);
        let size = |length: usize| scope.seal(&Sevens, &place, "it", &vec![1; length]).unwrap().len();
        assert_eq!([size(0), size(1), size(224), size(225), size(480), size(481)], [256, 256, 256, 512, 512, 1024]);
    }
}
