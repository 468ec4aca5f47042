//! Receipts: one form for every report, signed, so that its reporter can show years later what was sent and when.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Name of the key in the keys folder. It is a file of its own, so that a member's process reads no other for it.
pub const RECEIPT_KEY: &str = "receipt.key";
/// The form of receipts; a later one has another name.
pub const RECEIPT_FORMAT: &str = "fusioncell-receipt-1";
/// Longest file of a receipt or of a public key.
pub const RECEIPT_BYTES_MAX: usize = 8 * 1024;
/// Times are those of a release tick, which says no more than what is released does.
pub const RECEIPT_TICK_MILLIS: i64 = policy::Params::DEFAULT.tick_millis;
/// What stands before the bytes of an Ed25519 key in the usual form of public keys (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// What a receipt says. The bytes that are signed are this as JSON without blanks, in this order.
#[derive(Serialize)]
struct Said<'a> {
    format: &'a str,
    partnership: &'a str,
    reference: &'a str,
    received_at: &'a str,
    report_sha256: &'a str,
    exercise: bool,
}

/// A signed receipt: the same fields for every report, and nothing of anybody else's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedReceipt {
    /// Its form.
    pub format: String,
    /// Name of the partnership.
    pub partnership: String,
    /// Reference of the report.
    pub reference: String,
    /// The release tick before which it was received.
    pub received_at: String,
    /// SHA-256 of the report's bytes as they were sent.
    pub report_sha256: String,
    /// Whether this is an exercise.
    pub exercise: bool,
    /// Ed25519, over the other fields as JSON without blanks, in base64.
    pub signature: String,
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is no receipt, or the key is no key.
    #[error("{0}")]
    Unreadable(String),
    /// It can be read, and is not what the partnership signed.
    #[error("{0}")]
    Forged(String),
}

fn unreadable(why: impl Into<String>) -> ReceiptError {
    ReceiptError::Unreadable(why.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of bytes, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// The key that receipts are signed with.
pub struct ReceiptKey {
    pair: Ed25519KeyPair,
}

impl ReceiptKey {
    /// The key of a seed; `None` if no key can be made of it.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Option<Self> {
        Some(Self { pair: Ed25519KeyPair::from_seed_unchecked(seed).ok()? })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { bytes: self.pair.public_key().as_ref().to_vec() }
    }

    /// The receipt of a report that is on disk; the time is rounded to [`RECEIPT_TICK_MILLIS`] by whoever writes it.
    #[must_use]
    pub fn sign(
        &self,
        partnership: &str,
        exercise: bool,
        reference: &str,
        received_at: &str,
        report: &[u8],
    ) -> SignedReceipt {
        let mut receipt = SignedReceipt {
            format: RECEIPT_FORMAT.to_owned(),
            partnership: partnership.to_owned(),
            reference: reference.to_owned(),
            received_at: received_at.to_owned(),
            report_sha256: sha256(report),
            exercise,
            signature: String::new(),
        };
        receipt.signature = STANDARD.encode(self.pair.sign(&receipt.said()).as_ref());
        receipt
    }
}

/// The public half of the key that receipts are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    bytes: Vec<u8>,
}

impl PublicKey {
    /// In the usual form of public keys.
    #[must_use]
    pub fn pem(&self) -> String {
        let der: Vec<u8> = SPKI.iter().chain(&self.bytes).copied().collect();
        format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(der))
    }

    /// Reads that form.
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`] if it is no Ed25519 key.
    pub fn of_pem(text: &[u8]) -> Result<Self, ReceiptError> {
        let none = || unreadable("the key is no public key of Ed25519 in PEM");
        if text.len() > RECEIPT_BYTES_MAX {
            return Err(unreadable(format!("the key has more than {RECEIPT_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(text).map_err(|_| none())?.trim();
        let inner = text.strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END)).ok_or_else(none)?;
        let der: String = inner.split_whitespace().collect();
        let der = STANDARD.decode(der).map_err(|_| none())?;
        let bytes = der.strip_prefix(&SPKI).filter(|bytes| bytes.len() == 32).ok_or_else(none)?;
        Ok(Self { bytes: bytes.to_vec() })
    }
}

impl SignedReceipt {
    fn said(&self) -> Vec<u8> {
        let said = Said {
            format: &self.format,
            partnership: &self.partnership,
            reference: &self.reference,
            received_at: &self.received_at,
            report_sha256: &self.report_sha256,
            exercise: self.exercise,
        };
        // Texts in a struct always make JSON.
        serde_json::to_vec(&said).unwrap_or_default()
    }

    /// Reads a receipt: alone, or in the answer to the report.
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`] if it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, ReceiptError> {
        #[derive(Deserialize)]
        struct Answer {
            receipt: SignedReceipt,
        }
        // An answer to a report tells of each value, and is as long as a report may be.
        if bytes.len() > crate::BODY_BYTES_MAX * 2 {
            return Err(unreadable("it is longer than any answer to a report"));
        }
        let within = serde_json::from_slice::<Answer>(bytes).map(|answer| answer.receipt);
        let receipt = within.or_else(|_| serde_json::from_slice::<Self>(bytes));
        let receipt = receipt.map_err(|error| unreadable(format!("it is no receipt: {error}")))?;
        if receipt.format != RECEIPT_FORMAT {
            return Err(unreadable(format!("its form {:?} is not known to this program", receipt.format)));
        }
        Ok(receipt)
    }

    /// Checks that a partnership signed it as it stands.
    ///
    /// # Errors
    /// [`ReceiptError`] tells what is wrong.
    pub fn verify(&self, key: &PublicKey) -> Result<(), ReceiptError> {
        let forged = |why: &str| ReceiptError::Forged(why.to_owned());
        let signature = STANDARD.decode(&self.signature).map_err(|_| forged("its signature is not whole"))?;
        if signature.len() != 64 {
            return Err(forged("its signature is not whole"));
        }
        UnparsedPublicKey::new(&ED25519, &key.bytes)
            .verify(&self.said(), &signature)
            .map_err(|_| forged("it was changed, or another partnership signed it"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: &str = "2025-11-24T16:00:00.500Z";
    const REFERENCE: &str = "01234567-89ab-cdef-0123-456789abcdef";

    fn key(seed: u8) -> ReceiptKey {
        ReceiptKey::new(&[seed; 32]).unwrap()
    }

    fn receipt() -> SignedReceipt {
        key(1).sign("Northern \"Utilities\"", false, REFERENCE, AT, b"{}")
    }

    fn forged(receipt: &SignedReceipt, by: u8) -> String {
        match receipt.verify(&key(by).public()) {
            Err(ReceiptError::Forged(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_receipt_is_good_with_its_own_key_and_no_other() {
        let receipt = receipt();
        assert_eq!(receipt.verify(&key(1).public()), Ok(()));
        assert!(forged(&receipt, 2).contains("another partnership"));
        assert_eq!(receipt.report_sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
        let pem = key(1).public().pem();
        assert_eq!(PublicKey::of_pem(pem.as_bytes()), Ok(key(1).public()));
    }

    #[test]
    fn whatever_is_changed_shows() {
        let changes: [fn(&mut SignedReceipt); 6] = [
            |receipt| receipt.exercise = true,
            |receipt| receipt.partnership.push('x'),
            |receipt| receipt.reference = REFERENCE.replace('0', "1"),
            |receipt| receipt.received_at = "2024-11-24T16:00:00.500Z".into(),
            |receipt| receipt.report_sha256 = sha256(b"another"),
            |receipt| receipt.signature.truncate(20),
        ];
        for change in changes {
            let mut changed = receipt();
            change(&mut changed);
            forged(&changed, 1);
        }
        // The signature of one report on the receipt of another.
        let mut replayed = key(1).sign("Northern", false, "another", AT, b"[]");
        replayed.signature = receipt().signature;
        forged(&replayed, 1);
    }

    #[test]
    fn every_receipt_of_a_partnership_has_one_length() {
        let length = |reference: &str, report: &[u8]| {
            serde_json::to_vec(&key(1).sign("P", false, reference, AT, report)).unwrap().len()
        };
        let other = REFERENCE.replace('0', "f");
        assert_eq!(length(REFERENCE, b""), length(&other, &[7; 9_000]));
    }

    #[test]
    fn what_is_no_receipt_is_told_apart_from_a_forged_one() {
        let whole = serde_json::to_vec(&receipt()).unwrap();
        assert!(SignedReceipt::read(&whole).is_ok());
        let answer = format!(r#"{{"reference":"x","receipt":{}}}"#, String::from_utf8_lossy(&whole));
        assert_eq!(SignedReceipt::read(answer.as_bytes()), Ok(receipt()));
        let other = String::from_utf8_lossy(&whole).replace("receipt-1", "receipt-9");
        for bad in [&whole[..whole.len() / 2], b"", b"[]", b"{}", other.as_bytes(), &vec![b' '; 3 << 20]] {
            assert!(matches!(SignedReceipt::read(bad), Err(ReceiptError::Unreadable(_))));
        }
        let pem = key(1).public().pem();
        for bad in ["", "key", &pem.replace("PUBLIC", "PRIVATE"), &pem[..40], &"a".repeat(10_000)] {
            assert!(matches!(PublicKey::of_pem(bad.as_bytes()), Err(ReceiptError::Unreadable(_))));
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = SignedReceipt::read(&bytes);
            let _ = PublicKey::of_pem(&bytes);
        }

        #[test]
        fn one_changed_byte_is_never_good(at in 0_usize..400, to in any::<u8>()) {
            let mut bytes = serde_json::to_vec(&receipt()).unwrap();
            let at = at % bytes.len();
            if bytes[at] != to {
                bytes[at] = to;
                if let Ok(read) = SignedReceipt::read(&bytes) {
                    prop_assert!(read.verify(&key(1).public()).is_err() || read == receipt());
                }
            }
        }
    }
}
