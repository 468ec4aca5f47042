//! A file that a reporter's own device sealed to the cell's key of a month: opened piece by piece for whoever of the cell takes it, and
//! no more once that key is destroyed. As with words, nothing of this holds against the cell's own process.

use aws_lc_rs::digest::{Context, SHA256};
use model::{CaseId, ENCAPSULATED_BYTES, SEALED_FILE_PIECE_BYTES, SEALED_PIECE_BYTES, SealedFile};
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_P256_HKDF_SHA256_AES_256 as SUITE;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke as _, HpkeOpener, HpkePrivateKey, HpkePublicKey};

use super::at_rest::padded;
use super::hpke::LeadKeyError;
use super::words::{CELL_KEY, CellKey};
use crate::error::VaultError;
use crate::hex;
use crate::keys::{KeyError, Keys};
use crate::shelf::{FILE_BYTES_MAX, Outgoing};

/// What files are sealed for (`info` of RFC 9180).
pub const FILE_INFO: &[u8] = b"fusioncell cell file 1";
/// Longest name and type within the seal, in bytes.
const TOLD_BYTES_MAX: usize = 2_048;
/// Lines before the content: name, type, bytes, SHA-256.
const LINES: usize = 4;

/// What a sealed file says of itself, as its sender's device told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedTold {
    /// Its name, as it is: nothing made it harmless yet.
    pub name: String,
    /// Its type, as the device has it; often empty.
    pub media: String,
    /// Bytes.
    pub bytes: u64,
    /// Of its content; it is compared when the file is read to its end.
    pub sha256: [u8; 32],
}

/// Why a sealed file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum SealedFault {
    /// The key is destroyed, or the cell never had it.
    #[error("it was sealed to a key of the cell that is destroyed, or that it never had: nobody can open it any more")]
    Gone,
    /// It was made wrongly, changed, cut off, or taken from another report.
    #[error("it does not open: it was cut off or changed, or sealed for another report")]
    Broken,
    /// The file or the key is there and cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<KeyError> for SealedFault {
    fn from(error: KeyError) -> Self {
        Self::Vault(error.into())
    }
}

/// What stands before the content: a line each.
fn lines(name: &str, media: &str, content: &[u8]) -> Vec<u8> {
    let sha256 = aws_lc_rs::digest::digest(&SHA256, content);
    format!("{name}\n{media}\n{}\n{}\n", content.len(), hex::encode(sha256.as_ref())).into_bytes()
}

fn text(line: Option<&[u8]>) -> Option<&str> {
    std::str::from_utf8(line?).ok()
}

/// What the lines say, and how many bytes they take.
fn read_lines(piece: &[u8]) -> Option<(SealedTold, usize)> {
    let head = piece.get(..TOLD_BYTES_MAX).unwrap_or(piece);
    let mut lines = head.split(|byte| *byte == b'\n').take(LINES + 1);
    let (name, media) = (text(lines.next())?, text(lines.next())?);
    let (bytes, sha256) = (text(lines.next())?, text(lines.next())?);
    // The last of them ends within the head, too.
    lines.next()?;
    let length = name.len() + media.len() + bytes.len() + sha256.len() + LINES;
    let bytes = bytes.parse().ok().filter(|bytes| (1..=FILE_BYTES_MAX).contains(bytes))?;
    let told = SealedTold { name: name.to_owned(), media: media.to_owned(), bytes, sha256: hex::decode(sha256)? };
    Some((told, length))
}

/// Seals a file to the cell's key, as a device does that has no browser.
///
/// # Errors
/// [`LeadKeyError`] if the key is no point of the curve, or there is no cipher.
pub fn seal_file(
    key: &CellKey,
    case: CaseId,
    (name, media): (&str, &str),
    content: &[u8],
) -> Result<Vec<u8>, LeadKeyError> {
    let mut plain = lines(name, media, content);
    plain.extend_from_slice(content);
    plain.resize(padded(plain.len()), 0);
    let to = HpkePublicKey(key.public.to_vec());
    let (EncapsulatedSecret(encapsulated), mut sealer) =
        SUITE.setup_sealer(FILE_INFO, &to).map_err(|_| LeadKeyError::Public)?;
    let mut file = SealedFile::line_of(key.number);
    file.extend(encapsulated);
    let mut pieces = plain.chunks(SEALED_FILE_PIECE_BYTES).peekable();
    while let Some(piece) = pieces.next() {
        let bound = SealedFile::bound_to(case, pieces.peek().is_none());
        file.extend(sealer.seal(bound.as_bytes(), piece).map_err(|_| LeadKeyError::Unavailable)?);
    }
    Ok(file)
}

/// A sealed file on its way out, opened piece by piece.
pub struct SealedOutgoing {
    source: Outgoing,
    /// Bytes that were read and not opened yet.
    held: Vec<u8>,
    is_read: bool,
    case: CaseId,
    opener: Box<dyn HpkeOpener>,
    /// The first of the content, which came with the lines before it.
    first: Vec<u8>,
    told: SealedTold,
    /// Bytes of the content that are still to come.
    left: u64,
    sha256: Context,
    /// Its last piece was opened.
    is_over: bool,
    /// Nothing follows what does not open.
    is_broken: bool,
}

impl SealedOutgoing {
    /// Opens the head of a file and its first piece.
    pub(crate) fn open(keys: &Keys, case: CaseId, mut source: Outgoing) -> Result<Self, SealedFault> {
        let mut held = source.next().transpose()?.unwrap_or_default();
        let SealedFile { key, line } = SealedFile::parse(&held).map_err(|_| SealedFault::Broken)?;
        let secret = keys.known(&Keys::window_key(CELL_KEY, key))?.ok_or(SealedFault::Gone)?;
        let encapsulated = held.get(line..line + ENCAPSULATED_BYTES).ok_or(SealedFault::Broken)?.to_vec();
        held.drain(..line + ENCAPSULATED_BYTES);
        let private = HpkePrivateKey::from(secret.to_vec());
        let opener = SUITE
            .setup_opener(&EncapsulatedSecret(encapsulated), FILE_INFO, &private)
            .map_err(|_| SealedFault::Broken)?;
        let told = SealedTold { name: String::new(), media: String::new(), bytes: 0, sha256: [0; 32] };
        let (first, left, sha256) = (Vec::new(), 0, Context::new(&SHA256));
        let (is_read, is_over, is_broken) = (false, false, false);
        let mut file = Self { source, held, is_read, case, opener, first, told, left, sha256, is_over, is_broken };
        let mut first = file.piece()?;
        let (told, length) = read_lines(&first).ok_or(SealedFault::Broken)?;
        first.drain(..length);
        (file.left, file.told, file.first) = (told.bytes, told, first);
        Ok(file)
    }

    /// What it says of itself.
    #[must_use]
    pub const fn told(&self) -> &SealedTold {
        &self.told
    }

    /// The beginning of its content, as far as its first piece has it.
    #[must_use]
    pub fn beginning(&self) -> &[u8] {
        let content = usize::try_from(self.left).unwrap_or(usize::MAX);
        self.first.get(..content).unwrap_or(&self.first)
    }

    /// The next piece as it was sealed, opened.
    fn piece(&mut self) -> Result<Vec<u8>, SealedFault> {
        // One byte more tells whether it is the last.
        while !self.is_read && self.held.len() <= SEALED_PIECE_BYTES {
            match self.source.next().transpose()? {
                Some(more) => self.held.extend(more),
                None => self.is_read = true,
            }
        }
        let last = self.held.len() <= SEALED_PIECE_BYTES;
        let piece: Vec<u8> = self.held.drain(..self.held.len().min(SEALED_PIECE_BYTES)).collect();
        self.is_over = last;
        let bound = SealedFile::bound_to(self.case, last);
        self.opener.open(bound.as_bytes(), &piece).map_err(|_| SealedFault::Broken)
    }

    fn content(&mut self) -> Result<Option<Vec<u8>>, SealedFault> {
        loop {
            let mut piece = std::mem::take(&mut self.first);
            if piece.is_empty() {
                if self.is_over {
                    let whole = self.left == 0 && self.sha256.clone().finish().as_ref() == self.told.sha256;
                    return if whole { Ok(None) } else { Err(SealedFault::Broken) };
                }
                piece = self.piece()?;
            }
            // What follows the content hides its length.
            piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= piece.len() as u64;
            if !piece.is_empty() {
                self.sha256.update(&piece);
                return Ok(Some(piece));
            }
        }
    }

    /// Reads it to its end and tells nothing of it: whether it is whole is known before the first byte is given out.
    ///
    /// # Errors
    /// [`SealedFault`] if it is not.
    pub fn check(mut self) -> Result<(), SealedFault> {
        while self.content()?.is_some() {}
        Ok(())
    }
}

impl Iterator for SealedOutgoing {
    type Item = Result<Vec<u8>, SealedFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken {
            return None;
        }
        let next = self.content().transpose();
        self.is_broken = matches!(next, Some(Err(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Entropy, Timestamp};

    use super::*;
    use crate::keys::TOKEN_WINDOW_MILLIS;
    use crate::sealing::key_store::tests::Counting;
    use crate::shelf::Shelf;

    const CASE: CaseId = CaseId::from_bytes([3; 16]);
    const OTHER: CaseId = CaseId::from_bytes([4; 16]);

    struct Stage {
        shelf: Arc<Shelf>,
        keys: Keys,
        chance: Counting,
        key: CellKey,
        _folder: tempfile::TempDir,
    }

    impl Stage {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let keys = Keys::open(&folder.path().join("d.keys"), Arc::new(Counting::default())).unwrap();
            let key = keys.cell_key(Timestamp::from_millis(700 * TOKEN_WINDOW_MILLIS)).unwrap();
            let shelf = Arc::new(Shelf::in_memory());
            Self { shelf, keys, chance: Counting::default(), key, _folder: folder }
        }

        /// Opens a file that lies on the shelf as it came.
        fn open(&self, case: CaseId, file: &[u8]) -> Result<SealedOutgoing, SealedFault> {
            let mut coming = self.shelf.begin(&self.keys, &self.chance as &dyn Entropy, case).unwrap().unwrap();
            coming.write(file).unwrap();
            coming.settle().unwrap();
            coming.keep();
            let outgoing = self.shelf.open(&self.keys, case, coming.id()).unwrap().unwrap();
            SealedOutgoing::open(&self.keys, case, outgoing)
        }

        fn sealed(&self, content: &[u8]) -> Vec<u8> {
            seal_file(&self.key, CASE, ("mail.eml", "message/rfc822"), content).unwrap()
        }

        /// What is said of a file that is read to its end.
        fn fault(&self, case: CaseId, file: &[u8]) -> String {
            match self.open(case, file).and_then(SealedOutgoing::check) {
                Ok(()) => "whole".to_owned(),
                Err(SealedFault::Gone) => "gone".to_owned(),
                Err(SealedFault::Broken) => "broken".to_owned(),
                Err(SealedFault::Vault(error)) => error.to_string(),
            }
        }
    }

    #[test]
    fn a_file_is_opened_as_it_was_whatever_its_length() {
        let stage = Stage::new();
        let edge = SEALED_FILE_PIECE_BYTES - lines("mail.eml", "message/rfc822", &[0; 65_000]).len();
        for length in [1, 2, 511, 512, edge - 1, edge, edge + 1, 2 * SEALED_FILE_PIECE_BYTES, 300_000] {
            let content: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let file = stage.sealed(&content);
            assert_eq!(SealedFile::parse(&file).unwrap().fits(file.len() as u64), Ok(()), "{length}");
            let opened = stage.open(CASE, &file).unwrap();
            let told = opened.told().clone();
            assert_eq!((&*told.name, &*told.media, told.bytes), ("mail.eml", "message/rfc822", length as u64));
            assert!(content.starts_with(opened.beginning()) && (length > edge || opened.beginning() == content));
            let got: Vec<Vec<u8>> = opened.map(Result::unwrap).collect();
            assert!(got.concat() == content, "{length}");
            assert_eq!(stage.fault(CASE, &file), "whole", "{length}");
            for word in [&b"mail.eml"[..], b"rfc822"] {
                assert!(!file.windows(word.len()).any(|window| window == word), "its name is outside the seal");
            }
        }
    }

    #[test]
    fn lengths_of_one_class_are_one_length() {
        let stage = Stage::new();
        let length = |content: usize| stage.sealed(&vec![7; content]).len();
        assert_eq!(length(1), length(300));
        assert_eq!(length(200_000), length(200_600));
        assert!(length(200_000) < 200_000 + 200_000 / 16);
        let largest = usize::try_from(FILE_BYTES_MAX).unwrap();
        assert!(length(largest) as u64 <= model::SEALED_FILE_BYTES_MAX);
    }

    #[test]
    fn what_was_forged_cut_off_or_moved_does_not_open() {
        let stage = Stage::new();
        let file = stage.sealed(&[9; 200_000]);
        assert_eq!(stage.fault(CASE, &file), "whole");
        assert_eq!(stage.fault(OTHER, &file), "broken", "sealed for another report");
        let head = SealedFile::parse(&file).unwrap().line + ENCAPSULATED_BYTES;
        for at in [head - 1, head, head + SEALED_PIECE_BYTES, file.len() - 1] {
            let mut forged = file.clone();
            forged[at] ^= 1;
            assert_eq!(stage.fault(CASE, &forged), "broken", "a bit at {at}");
        }
        for length in [head + 2 * SEALED_PIECE_BYTES, head + SEALED_PIECE_BYTES, head + 1, head, head - 1, 30, 29, 3] {
            assert_eq!(stage.fault(CASE, &file[..length]), "broken", "cut off at {length}");
        }
        let (one, two) = (head..head + SEALED_PIECE_BYTES, head + SEALED_PIECE_BYTES..head + 2 * SEALED_PIECE_BYTES);
        let turned = [&file[..head], &file[two.clone()], &file[one], &file[two.end..]].concat();
        assert_eq!(stage.fault(CASE, &turned), "broken", "turned around");
        assert_eq!(stage.fault(CASE, &[&file[..], &[0; 40]].concat()), "broken", "something behind it");
        // One that breaks in its midst gives nothing after that.
        let mut late = file.clone();
        late[head + SEALED_PIECE_BYTES] ^= 1;
        let given: Vec<bool> = stage.open(CASE, &late).unwrap().map(|piece| piece.is_ok()).collect();
        assert_eq!(given, [true, false]);
    }

    #[test]
    fn it_opens_until_the_key_of_its_month_is_destroyed_and_under_no_other() {
        let stage = Stage::new();
        let file = stage.sealed(b"From: jane");
        let as_key = |number: u32| [&SealedFile::line_of(number)[..], &file[29..]].concat();
        assert_eq!(stage.fault(CASE, &as_key(701)), "broken", "the next month's key is there, and is another");
        assert_eq!(stage.fault(CASE, &as_key(9)), "gone");
        stage.keys.forget_windows(CELL_KEY, 701).unwrap();
        assert_eq!(stage.fault(CASE, &file), "gone");
    }

    #[test]
    fn what_a_file_says_of_itself_is_believed_as_far_as_it_is_so() {
        let stage = Stage::new();
        // What a device seals that means ill.
        let told = |plain: &[u8]| {
            let to = HpkePublicKey(stage.key.public.to_vec());
            let (EncapsulatedSecret(encapsulated), mut sealer) = SUITE.setup_sealer(FILE_INFO, &to).unwrap();
            let piece = sealer.seal(SealedFile::bound_to(CASE, true).as_bytes(), plain).unwrap();
            stage.fault(CASE, &[SealedFile::line_of(700), encapsulated, piece].concat())
        };
        let good = lines("a", "", b"content");
        let sha256 = hex::encode(aws_lc_rs::digest::digest(&SHA256, b"content").as_ref());
        assert_eq!(told(&[&good[..], b"content"].concat()), "whole");
        assert_eq!(told(&[&good[..], b"another"].concat()), "broken", "another hash");
        assert_eq!(told(&[&good[..], b"cont"].concat()), "broken", "more bytes than there are");
        for wrong in [
            String::new(),
            "a\n\n7\n".to_owned(),
            format!("a\n\n7\n{sha256}"),
            format!("a\n\n0\n{sha256}\n"),
            format!("a\n\n-7\n{sha256}\n"),
            format!("a\n\n99999999999999999999\n{sha256}\n"),
            format!("a\n\n{}\n{sha256}\n", FILE_BYTES_MAX + 1),
            format!("a\n\n7\n{}\n", &sha256[1..]),
            format!("{}\n\n7\n{sha256}\n", "a".repeat(TOLD_BYTES_MAX)),
        ] {
            assert_eq!(told(format!("{wrong}content").as_bytes()), "broken", "{wrong}");
        }
        assert_eq!(told(&[&b"\xff\n"[..], &good[2..], b"content"].concat()), "broken", "a name that is no text");
    }
}
