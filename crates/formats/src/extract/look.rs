//! What a file is by its bytes, in one pass and constant memory; nothing of it is opened or unpacked.

use aws_lc_rs::digest::{Context, SHA256};
use model::{SealedFile, SealedFileError};

use super::mail;
use super::mail::attach;
use crate::limits::ARCHIVE_TAIL_BYTES;

/// Bytes by which a file is recognised.
const HEAD_BYTES: usize = 4 << 10;
/// How many times its size an archive may claim to hold before that is remarked.
const BOMB_RATIO: u64 = 100;
/// Up to so many bytes nothing is a bomb.
const BOMB_FREE_BYTES: u64 = 64 << 20;
/// What begins markup that can hold scripts.
const MARKUP: [&[u8]; 4] = [b"<script", b"<html", b"<svg", b"<iframe"];
const MARKUP_BYTES_MAX: usize = 7;
const ARCHIVES: [&str; 13] = ["zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "zst", "tar", "cab", "iso", "img", "jar"];

/// What a file is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A mail.
    Mail,
    /// A picture.
    Image,
    /// An archive.
    Archive,
    /// Plain text.
    Text,
    /// A document that a program shows.
    Document,
    /// Something that runs.
    Program,
    /// Sealed to the cell by its sender's device: what it is lies inside.
    Sealed,
    /// Anything else.
    Other,
}

impl FileKind {
    /// Its name in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Image => "image",
            Self::Archive => "archive",
            Self::Text => "text",
            Self::Document => "document",
            Self::Program => "program",
            Self::Sealed => SealedFile::KIND,
            Self::Other => "other",
        }
    }
}

/// What is told of a file that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// What it is.
    pub kind: FileKind,
    /// Of a sealed one its head, or why it is none.
    pub sealed: Option<Result<SealedFile, SealedFileError>>,
    /// What is to be said about it.
    pub notes: Vec<String>,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// A file that is looked at as it comes.
pub struct FileLook {
    name: String,
    sha256: Context,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// The last bytes, in lower case, in which markup may have begun.
    carry: Vec<u8>,
    bytes: u64,
    markup: bool,
}

impl FileLook {
    /// Begins with a file of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sha256: Context::new(&SHA256),
            head: vec![],
            tail: vec![],
            carry: vec![],
            bytes: 0,
            markup: false,
        }
    }

    /// The next bytes.
    pub fn take(&mut self, piece: &[u8]) {
        self.sha256.update(piece);
        self.bytes += piece.len() as u64;
        if self.head.len() < HEAD_BYTES {
            self.head.extend(piece.iter().take(HEAD_BYTES - self.head.len()));
        }
        let keep = piece.get(piece.len().saturating_sub(ARCHIVE_TAIL_BYTES)..).unwrap_or(piece);
        self.tail.extend_from_slice(keep);
        if self.tail.len() > 2 * ARCHIVE_TAIL_BYTES {
            self.tail.drain(..self.tail.len() - ARCHIVE_TAIL_BYTES);
        }
        if !self.markup {
            let mut text = std::mem::take(&mut self.carry);
            text.extend(piece.iter().map(u8::to_ascii_lowercase));
            self.markup = begins_markup(&text);
            self.carry = text.split_off(text.len().saturating_sub(MARKUP_BYTES_MAX - 1));
        }
    }

    /// Whether it is, or means to be, sealed by its sender's device; the first bytes tell.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        SealedFile::is(&self.head)
    }

    /// What it is, and what is to be said about it.
    #[must_use]
    pub fn tell(self) -> FileFacts {
        if SealedFile::is(&self.head) {
            let sealed = SealedFile::parse(&self.head).and_then(|file| file.fits(self.bytes).map(|()| file));
            let sha256 = attach::hex(self.sha256.finish().as_ref());
            let (kind, notes, bytes) = (FileKind::Sealed, Vec::new(), self.bytes);
            return FileFacts { kind, sealed: Some(sealed), notes, bytes, sha256 };
        }
        let what = attach::what(&self.head);
        let zip = what == attach::ZIP;
        let (names, encrypted) = attach::listed(&self.tail);
        let mut notes = Vec::new();
        let mut note = |that: bool, text: &str| {
            if that {
                notes.push(text.to_owned());
            }
        };
        let office = names.iter().any(|name| name == "[Content_Types].xml" || name == "mimetype");
        let kind = match what {
            attach::ZIP if office => FileKind::Document,
            attach::ZIP
            | "RAR archive"
            | "7-Zip archive"
            | "gzip file"
            | "bzip2 file"
            | "xz file"
            | "zstd file"
            | "CAB archive" => FileKind::Archive,
            "PDF"
            | "RTF document"
            | "old office document or Outlook message"
            | "OneNote document"
            | "HTML"
            | "SVG"
            | "XML" => FileKind::Document,
            "picture" => FileKind::Image,
            "text" if mail::is_mail(&self.head) => FileKind::Mail,
            "text" => FileKind::Text,
            "Windows shortcut" => FileKind::Program,
            what if what.ends_with("program") => FileKind::Program,
            _ => FileKind::Other,
        };
        note(kind == FileKind::Program, "it is a program: open it only where it can do no harm");
        note(attach::is_disguised(&self.name, what), "its name says something else than its content");
        note(zip && encrypted, "it asks for a password");
        let inside = |name: &String| {
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
            ARCHIVES.contains(&ending.as_str())
        };
        note(names.iter().any(inside), "it contains an archive inside an archive; not opened");
        note(
            names.iter().any(|name| name.eq_ignore_ascii_case("vbaProject.bin")),
            "it holds macros: open it only where they cannot run",
        );
        note(is_bomb(&self.tail, self.bytes), "unpacked it would be many times as large; not opened");
        note(kind == FileKind::Archive && names.is_empty(), "what it contains is not listed; not opened");
        note(!zip && !names.is_empty(), "it is an archive as well as what it looks like; not opened");
        note(
            self.markup && !matches!(kind, FileKind::Mail | FileKind::Text),
            "it can hold scripts: it is never shown, only given as a download",
        );
        let sha256 = attach::hex(self.sha256.finish().as_ref());
        FileFacts { kind, sealed: None, notes, bytes: self.bytes, sha256 }
    }
}

fn begins_markup(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        rest = rest.get(at..).unwrap_or_default();
        if MARKUP.iter().any(|word| rest.starts_with(word)) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// Whether the directory of a ZIP archive claims far more bytes than came.
fn is_bomb(tail: &[u8], bytes: u64) -> bool {
    let Some(start) = tail.windows(4).position(|four| four == b"PK\x01\x02") else { return false };
    let mut claimed: u64 = 0;
    let entries = tail.get(start..).unwrap_or_default();
    let mut at = 0;
    while let Some(entry) = entries.get(at..).filter(|entry| entry.starts_with(b"PK\x01\x02")) {
        let number = |at: usize, len: usize| {
            let digits = entry.get(at..at + len).unwrap_or_default();
            digits.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        claimed = claimed.saturating_add(number(24, 4));
        at += 46 + usize::try_from(number(28, 2) + number(30, 2) + number(32, 2)).unwrap_or(entries.len());
    }
    claimed > BOMB_FREE_BYTES && claimed > bytes.saturating_mul(BOMB_RATIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(name: &str, pieces: &[&[u8]]) -> (FileKind, Vec<String>) {
        let mut look = FileLook::new(name);
        pieces.iter().for_each(|piece| look.take(piece));
        let facts = look.tell();
        assert_eq!(facts.bytes, pieces.iter().map(|piece| piece.len() as u64).sum::<u64>());
        (facts.kind, facts.notes)
    }

    /// An archive's directory with these names, each claiming so many bytes.
    fn zip(names: &[&str], claims: u32) -> Vec<u8> {
        let mut zip = b"PK\x03\x04....".to_vec();
        for name in names {
            let mut entry = b"PK\x01\x02".to_vec();
            entry.resize(46, 0);
            entry[24..28].copy_from_slice(&claims.to_le_bytes());
            entry[28] = u8::try_from(name.len()).unwrap();
            entry.extend_from_slice(name.as_bytes());
            zip.extend(entry);
        }
        zip
    }

    fn says(told: &(FileKind, Vec<String>), kind: FileKind, word: &str) {
        assert_eq!(told.0, kind);
        assert!(told.1.iter().any(|note| note.contains(word)), "{word}: {:?}", told.1);
    }

    #[test]
    fn a_file_is_what_its_bytes_are() {
        for (bytes, kind) in [
            (&b"From: a@b.test\r\nSubject: x\r\nReceived: by y\r\n\r\nhello"[..], FileKind::Mail),
            (b"\x89PNG\r\n\x1a\n....", FileKind::Image),
            (b"%PDF-1.7", FileKind::Document),
            (b"hello, world", FileKind::Text),
            (b"MZ\x90\0", FileKind::Program),
            (b"\0\x01\x02", FileKind::Other),
            (b"", FileKind::Text),
        ] {
            let (got, notes) = look("a", &[bytes]);
            assert_eq!(got, kind, "{bytes:?}");
            assert_eq!(notes.is_empty(), kind != FileKind::Program, "{notes:?}");
        }
        assert_eq!(look("a.docx", &[&zip(&["[Content_Types].xml", "document.xml"], 10)]).0, FileKind::Document);
    }

    #[test]
    fn what_is_odd_about_it_is_said() {
        says(&look("a.zip", &[&zip(&["b.txt", "inner.ZIP"], 10)]), FileKind::Archive, "archive inside an archive");
        says(&look("a.zip", &[&zip(&["zeros"], u32::MAX)]), FileKind::Archive, "many times as large");
        says(&look("a.gz", &[b"\x1f\x8b\x08...."]), FileKind::Archive, "not listed");
        says(&look("invoice.pdf", &[b"MZ...."]), FileKind::Program, "something else");
        says(&look("a.docm", &[&zip(&["[Content_Types].xml", "vbaProject.bin"], 9)]), FileKind::Document, "macros");
        let gif = [b"GIF89a".as_slice(), &zip(&["b.txt"], 9)].concat();
        says(&look("a.gif", &[&gif]), FileKind::Image, "as well as");
        says(&look("a.svg", &[b"<svg xmlns='x'><script>"]), FileKind::Document, "never shown");
        // Markup that lies across two pieces.
        says(&look("a.gif", &[b"GIF89a <scr", b"ipt>alert(1)"]), FileKind::Image, "never shown");
        says(&look("a.gif", &[b"GIF89a <S", b"V", b"G onload=x>"]), FileKind::Image, "never shown");
    }

    #[test]
    fn what_is_sealed_is_not_guessed_at() {
        let sealed = |file: &[u8]| {
            let mut look = FileLook::new("sealed-file");
            look.take(file);
            let facts = look.tell();
            assert_eq!((facts.kind, facts.notes), (FileKind::Sealed, Vec::new()));
            facts.sealed.unwrap()
        };
        let file = [&SealedFile::line_of(7)[..], &[b'<'; 65 + 17]].concat();
        assert_eq!(sealed(&file), Ok(SealedFile { key: 7, line: 27 }));
        assert_eq!(sealed(&file[..file.len() - 1]), Err(SealedFileError::Length));
        assert_eq!(sealed(b"fusioncell-sealed-file-1 <script>"), Err(SealedFileError::Line));
    }

    #[test]
    fn memory_does_not_grow_with_the_file() {
        let mut look = FileLook::new("a");
        for _ in 0..1_000 {
            look.take(&[b'<'; 4_096]);
        }
        assert!(look.tail.len() <= 2 * ARCHIVE_TAIL_BYTES && look.carry.len() < MARKUP_BYTES_MAX);
        assert_eq!(look.bytes, 4_096_000);
    }
}
