//! The two keys of the audit log: one signs its heads, the other salts its leaves. Neither is published.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use tlog::{Checkpoint, Hash, NoteError, Signer, Verifier};

use super::AuditError;
use crate::entry::Seq;
use crate::hex;
use crate::vault::redact::sha256;

/// Seed of the key that signs, in the keys folder.
pub(super) const SIGN: &str = "audit-sign.key";
/// Key of salts, in the keys folder.
pub(super) const SALT: &str = "audit-salt.key";
/// The last signed head, in the keys folder.
pub(super) const SIGNED: &str = "audit.checkpoint";

/// Keys of a log.
pub(super) struct LogKeys {
    signer: Signer,
    salts: hmac::Key,
}

impl LogKeys {
    pub(super) fn new(sign: &[u8; 32], salt: &[u8; 32]) -> Result<Self, AuditError> {
        // A log is named after its key: no two have one name, and none tells of the partnership.
        let name = |public: &[u8; 32]| {
            let hash = digest(&SHA256, public);
            format!("fusioncell-audit/{}", hex::encode(hash.as_ref().get(..8).unwrap_or_default()))
        };
        let signer = Signer::new(sign, name).map_err(|why| AuditError::Checkpoint { name: SIGN.to_owned(), why })?;
        Ok(Self { signer, salts: hmac::Key::new(hmac::HMAC_SHA256, salt) })
    }

    pub(super) const fn verifier(&self) -> &Verifier {
        self.signer.verifier()
    }

    /// The signed head of a tree.
    pub(super) fn sign(&self, size: u64, root: Hash) -> String {
        let origin = self.verifier().name().to_owned();
        self.signer.sign(&Checkpoint { origin, size, root }.text())
    }

    pub(super) fn read(&self, note: &[u8]) -> Result<Checkpoint, NoteError> {
        Checkpoint::read(note, self.verifier())
    }

    fn keyed(&self, what: &str, parts: &[&[u8]]) -> Hash {
        let mut context = hmac::Context::with_key(&self.salts);
        // The words have one length each, and what follows is of a fixed length but for the last part.
        context.update(what.as_bytes());
        parts.iter().for_each(|part| context.update(part));
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }

    /// The salt of a leaf. It hangs on the leaf's place and on the chance of its growth: it is the same when tiles are made again, and
    /// another where the same places are grown into once more, as after a backup was brought back.
    pub(super) fn salt(&self, chance: &Hash, index: u64) -> Hash {
        self.keyed("salt", &[chance, &index.to_be_bytes()])
    }

    /// What is published of a record: a commitment that says nothing without the salt.
    pub(super) fn leaf(&self, chance: &Hash, index: u64, record: &[u8]) -> Vec<u8> {
        sha256(&[self.salt(chance, index).as_slice(), record].concat()).to_vec()
    }

    /// Where among its epoch's leaves a record lies hangs on this, so that a place counts nothing either.
    pub(super) fn slot(&self, chance: &Hash, index: u64) -> Hash {
        self.keyed("slot", &[chance, &index.to_be_bytes()])
    }

    /// Stands for a journal entry in its record: without the key it tells neither place nor hash.
    pub(super) fn entry(&self, seq: Seq, hash: &[u8; 32]) -> String {
        hex::encode(&self.keyed("line", &[&seq.to_be_bytes(), hash]))
    }

    /// Stands for a value that was looked up.
    pub(super) fn value(&self, value: &str) -> String {
        hex::encode(&self.keyed("look", &[value.as_bytes()]))
    }
}
