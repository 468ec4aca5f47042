//! Signed notes with Ed25519 keys, and the checkpoints that are their text (C2SP signed-note and tlog-checkpoint).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::merkle::Hash;

/// Longest note that is read: a checkpoint and the signatures of two hundred witnesses.
pub const NOTE_BYTES_MAX: usize = 64 << 10;
/// Most signatures of a note that are looked at; the specification asks for 16 at least.
const SIGNATURES_MAX: usize = 256;
/// The byte that says "Ed25519" in the identifier of a key.
const ED25519_TYPE: u8 = 1;
/// What stands between the text of a note and its signatures.
const BEFORE_SIGNATURES: &str = "\n\n\u{2014} ";

/// Why a note or a checkpoint is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than any checkpoint.
    #[error("it has more than {NOTE_BYTES_MAX} bytes")]
    TooLong,
    /// It is no text and signatures.
    #[error("it is no signed note: {0}")]
    Malformed(&'static str),
    /// The key did not sign it.
    #[error("it is not signed by {0}")]
    NotSigned(String),
    /// What says to be the key's signature is not.
    #[error("its signature by {0} is not of this text and key")]
    Forged(String),
    /// The text is no checkpoint.
    #[error("it is no checkpoint: {0}")]
    NoCheckpoint(&'static str),
    /// It is of another log.
    #[error("it is of the log {0:?}")]
    AnotherLog(String),
    /// A key that cannot be used.
    #[error("it is no key of a log")]
    Key,
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|char| char.is_whitespace() || char.is_control() || char == '+')
}

/// The public half of a key, and the name that it signs under.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verifier {
    name: String,
    public: [u8; 32],
}

impl Verifier {
    /// A key of a name.
    ///
    /// # Errors
    /// [`NoteError::Key`] if the name is empty, or has spaces or a plus sign.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        if is_name(name) { Ok(Self { name: name.to_owned(), public }) } else { Err(NoteError::Key) }
    }

    /// Reads the form `name+12345678+base64` that [`fmt::Display`] writes, as Go's `note` package and witnesses have it.
    ///
    /// # Errors
    /// [`NoteError::Key`] if it is another form, or the identifier is not the key's.
    pub fn read(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim_end().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let key = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let Some((&ED25519_TYPE, public)) = key.split_first() else { return Err(NoteError::Key) };
        let key = Self::new(name, public.try_into().map_err(|_| NoteError::Key)?)?;
        if id == format!("{:08x}", u32::from_be_bytes(key.id())) { Ok(key) } else { Err(NoteError::Key) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of the hash of name and key.
    fn id(&self) -> [u8; 4] {
        let mut bytes = self.name.as_bytes().to_vec();
        bytes.extend([b'\n', ED25519_TYPE]);
        bytes.extend(self.public);
        let hash = digest(&SHA256, &bytes);
        hash.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The text of a note that this key signed.
    ///
    /// # Errors
    /// [`NoteError`]
    pub fn open<'a>(&self, note: &'a [u8]) -> Result<&'a str, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::Malformed("it is no text"))?;
        if note.chars().any(|char| char < ' ' && char != '\n') {
            return Err(NoteError::Malformed("it has control characters"));
        }
        let end = note.rfind(BEFORE_SIGNATURES).ok_or(NoteError::Malformed("no signatures follow a blank line"))?;
        let (text, signatures) = note.split_at(end + 1);
        let signatures = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let signatures = signatures.ok_or(NoteError::Malformed("its last line breaks off"))?;
        let mut signed = false;
        for (at, line) in signatures.split('\n').enumerate() {
            if at == SIGNATURES_MAX {
                return Err(NoteError::Malformed("it has too many signatures"));
            }
            let parts = line.strip_prefix("\u{2014} ").and_then(|line| line.split_once(' '));
            let (name, signature) = parts.ok_or(NoteError::Malformed("a line below the text is no signature"))?;
            let signature = STANDARD.decode(signature);
            let signature = signature.map_err(|_| NoteError::Malformed("a signature is not in base64"))?;
            let Some((id, signature)) = signature.split_first_chunk::<4>().filter(|_| is_name(name)) else {
                return Err(NoteError::Malformed("a signature has no key"));
            };
            // Those of witnesses and of keys that are not known are not for us to judge.
            if name != self.name || *id != self.id() {
                continue;
            }
            let key = UnparsedPublicKey::new(&ED25519, self.public);
            key.verify(text.as_bytes(), signature).map_err(|_| NoteError::Forged(name.to_owned()))?;
            signed = true;
        }
        if signed { Ok(text) } else { Err(NoteError::NotSigned(self.name.clone())) }
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519_TYPE], self.public.as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, u32::from_be_bytes(self.id()))
    }
}

/// A key that signs notes; it is shown nowhere.
pub struct Signer {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

impl Signer {
    /// The key of a seed; `name` makes its name of the public half.
    ///
    /// # Errors
    /// [`NoteError::Key`] if the name cannot be one.
    pub fn new(seed: &[u8; 32], name: impl FnOnce(&[u8; 32]) -> String) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Key)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| NoteError::Key)?;
        let verifier = Verifier::new(&name(&public), public)?;
        Ok(Self { pair, verifier })
    }

    /// The public half.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// A note of a text, which ends with a newline.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let signature = STANDARD.encode([&self.verifier.id(), signature.as_ref()].concat());
        format!("{text}\n\u{2014} {} {signature}\n", self.verifier.name)
    }
}

/// The head of a log: how many entries there are, and the root over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads a note that the log's key signed; its name is that of the log.
    ///
    /// # Errors
    /// [`NoteError`]
    pub fn read(note: &[u8], key: &Verifier) -> Result<Self, NoteError> {
        let text = match key.open(note) {
            Err(NoteError::NotSigned(name)) => {
                // Most likely that of another log: its first line says of which.
                let first = String::from_utf8_lossy(note).lines().next().unwrap_or_default().to_owned();
                return Err(if first == name { NoteError::NotSigned(name) } else { NoteError::AnotherLog(first) });
            }
            text => text?,
        };
        let mut lines = text.split('\n');
        let (origin, size) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        if origin != key.name {
            return Err(NoteError::AnotherLog(origin.to_owned()));
        }
        let number: u64 = size.parse().map_err(|_| NoteError::NoCheckpoint("its second line is no size"))?;
        if number.to_string() != size {
            return Err(NoteError::NoCheckpoint("its size is not written as it should be"));
        }
        let root = STANDARD.decode(lines.next().unwrap_or_default()).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or(NoteError::NoCheckpoint("its third line is no hash"))?;
        Ok(Self { origin: origin.to_owned(), size: number, root })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example in the documentation of Go's `note` package.
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer(seed: u8) -> Signer {
        Signer::new(&[seed; 32], |_| "log.example/one".to_owned()).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "log.example/one".into(), size: 20_852_163, root: [9; 32] }
    }

    #[test]
    fn a_note_of_another_implementation_is_opened() {
        let key = Verifier::read(KEY).unwrap();
        assert_eq!(key.to_string(), KEY);
        assert!(key.open(NOTE.as_bytes()).unwrap().ends_with("what your problem is.\n"));
        let forged = NOTE.replace("think", "hope");
        assert_eq!(key.open(forged.as_bytes()), Err(NoteError::Forged("PeterNeumann".into())));
        assert!(Verifier::read(&KEY.replace("c74f20a3", "c74f20a4")).is_err());
        assert!(Verifier::read("x").is_err() && Verifier::read("a b+00000000+AQ==").is_err());
    }

    #[test]
    fn a_checkpoint_has_the_form_of_the_specification_and_comes_back() {
        let (signer, told) = (signer(1), checkpoint());
        let note = signer.sign(&told.text());
        let lines: Vec<&str> = note.lines().collect();
        assert_eq!(lines[..2], ["log.example/one", "20852163"]);
        assert!(lines[3].is_empty() && lines[4].starts_with("\u{2014} log.example/one "));
        assert_eq!(Checkpoint::read(note.as_bytes(), signer.verifier()).unwrap(), told);
        // Witnesses add lines of their own; what they sign is not looked at.
        let witnessed = format!("{note}\u{2014} witness.example/w AAAAAAECAwQ=\n");
        assert_eq!(Checkpoint::read(witnessed.as_bytes(), signer.verifier()).unwrap(), told);
    }

    #[test]
    fn what_is_not_this_logs_is_refused_and_says_why() {
        let (ours, told) = (signer(1), checkpoint());
        let read = |note: &str| Checkpoint::read(note.as_bytes(), ours.verifier()).unwrap_err();
        assert_eq!(read(&signer(2).sign(&told.text())), NoteError::NotSigned("log.example/one".into()));
        let other = Signer::new(&[1; 32], |_| "log.example/two".to_owned()).unwrap();
        let another = Checkpoint { origin: "log.example/two".into(), ..told.clone() };
        assert_eq!(read(&other.sign(&another.text())), NoteError::AnotherLog("log.example/two".into()));
        assert_eq!(read(&ours.sign(&another.text())), NoteError::AnotherLog("log.example/two".into()));
        for (text, why) in [
            ("log.example/one\n007\nx\n", "its size is not written"),
            ("log.example/one\n-1\nx\n", "its second line is no size"),
            ("log.example/one\n7\nAAAA\n", "its third line is no hash"),
            ("log.example/one\n", "its second line is no size"),
        ] {
            assert!(read(&ours.sign(text)).to_string().contains(why), "{text:?}");
        }
        assert_eq!(read(&"x".repeat(NOTE_BYTES_MAX + 1)), NoteError::TooLong);
        assert!(matches!(read(""), NoteError::Malformed(_)));
    }

    proptest! {
        #[test]
        fn any_flipped_bit_of_a_checkpoint_is_found(at in any::<usize>(), bit in 0..8_u8) {
            let signer = signer(1);
            let mut note = signer.sign(&checkpoint().text()).into_bytes();
            let at = at % note.len();
            note[at] ^= 1_u8 << bit;
            prop_assert!(Checkpoint::read(&note, signer.verifier()).is_err());
        }

        #[test]
        fn no_bytes_are_too_odd_to_be_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Checkpoint::read(&bytes, signer(1).verifier()).is_err());
        }
    }
}
