//! Data and rule sets: their bytes in the blobs folder, and an entry from which on everything uses them.

use std::sync::PoisonError;

use super::Vault;
use crate::entry::{Body, DataSet};
use crate::error::VaultError;
use crate::journal::NewEntry;

impl Vault {
    /// Has everything from here on use a data set: stores its bytes and appends the entry that names them, unless the same
    /// set of that name is in use already. Says whether it was new.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be stored.
    pub fn use_data_set(&self, name: &str, version: &str, bytes: &[u8]) -> Result<bool, VaultError> {
        self.use_set(name, version, bytes, Body::DataSet)
    }

    /// As [`Self::use_data_set`], for the rules that fusion links by.
    ///
    /// # Errors
    /// [`VaultError`] if it cannot be stored.
    pub fn use_rule_set(&self, name: &str, version: &str, bytes: &[u8]) -> Result<bool, VaultError> {
        self.use_set(name, version, bytes, Body::RuleSet)
    }

    fn use_set(&self, name: &str, version: &str, bytes: &[u8], body: fn(DataSet) -> Body) -> Result<bool, VaultError> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        let set = self.put_blob(name, version, bytes)?;
        if sets.get(name) == Some(&set.sha256) {
            return Ok(false);
        }
        let sha256 = set.sha256;
        self.journal.append(vec![NewEntry::new(self.clock.now(), body(set))])?;
        // Only what is on disk is in use: a failed append is made again by the next call.
        sets.insert(name.to_owned(), sha256);
        Ok(true)
    }

    /// Stores the bytes of a data set and gives the entry that names them.
    ///
    /// # Errors
    /// [`VaultError`] if they cannot be stored.
    pub fn put_blob(&self, name: &str, version: &str, bytes: &[u8]) -> Result<DataSet, VaultError> {
        let sha256 = self.blobs.put(bytes)?;
        Ok(DataSet { name: name.to_owned(), version: version.to_owned(), sha256, bytes: bytes.len() as u64 })
    }

    /// Reads the bytes of a data set back.
    ///
    /// # Errors
    /// [`VaultError::Blob`] if they are absent or changed.
    pub fn get_blob(&self, set: &DataSet) -> Result<Vec<u8>, VaultError> {
        self.blobs.get(&set.sha256)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use model::CaseId;
    use policy::Params;

    use super::*;
    use crate::blobs::Blobs;
    use crate::conformance::Still;
    use crate::entry::{Entry, Seq};
    use crate::error::JournalError;
    use crate::journal::memory::MemoryJournal;
    use crate::journal::{Done, Filed, Head, Journal, Kept, RawEntry, Wake};
    use crate::keys::Keys;
    use crate::shelf::Shelf;
    use crate::vault::GenesisIfNew;

    /// Refuses the next append once.
    struct Refusing(MemoryJournal, AtomicBool);

    impl Journal for Refusing {
        fn append_keeping(&self, batch: Vec<NewEntry>, kept: Vec<Kept>, done: Done) -> Result<(), JournalError> {
            if self.1.swap(false, Ordering::SeqCst) {
                Err(JournalError::Full)
            } else {
                self.0.append_keeping(batch, kept, done)
            }
        }

        fn kept(&self, key: &[u8; 32]) -> Result<Option<Kept>, JournalError> {
            self.0.kept(key)
        }

        fn kept_about(&self, about: &[u8; 32]) -> Result<Vec<Kept>, JournalError> {
            self.0.kept_about(about)
        }

        fn kept_after(&self, key: Option<&[u8; 32]>) -> Result<Option<Kept>, JournalError> {
            self.0.kept_after(key)
        }

        fn read(&self, from: Seq, max: usize) -> Result<Vec<Arc<Entry>>, JournalError> {
            self.0.read(from, max)
        }

        fn read_raw(&self, from: Seq, max: usize) -> Result<Vec<RawEntry>, JournalError> {
            self.0.read_raw(from, max)
        }

        fn wait(&self, after: Seq, timeout: Duration) -> bool {
            self.0.wait(after, timeout)
        }

        fn head(&self) -> Head {
            self.0.head()
        }

        fn on_append(&self, wake: Wake) {
            self.0.on_append(wake);
        }

        fn filed(&self, case: CaseId) -> Result<Option<Filed>, JournalError> {
            self.0.filed(case)
        }

        fn sealed_source(&self, case: CaseId) -> Result<Option<crate::sealing::OpeningKeys>, JournalError> {
            self.0.sealed_source(case)
        }
    }

    #[test]
    fn a_set_is_in_use_once_its_entry_is_stored() {
        let genesis = GenesisIfNew { partnership: "Test".into(), exercise: true, params: Params::EXERCISE };
        let journal = Arc::new(Refusing(MemoryJournal::new(), AtomicBool::new(false)));
        let keys = Keys::in_memory(Arc::new(Still)).unwrap();
        let held: Arc<dyn Journal> = Arc::<Refusing>::clone(&journal);
        let vault = Vault::with(
            held,
            keys,
            (Blobs::in_memory(), Shelf::in_memory()),
            &genesis,
            Arc::new(Still),
            Arc::new(Still),
            None,
        )
        .unwrap();
        journal.1.store(true, Ordering::SeqCst);
        assert!(vault.use_data_set("list", "1", b"a").is_err());
        assert!(vault.use_data_set("list", "1", b"a").unwrap(), "the set was taken for one in use");
        assert!(!vault.use_data_set("list", "1", b"a").unwrap());
        assert_eq!(journal.head().seq, 2);
    }
}
