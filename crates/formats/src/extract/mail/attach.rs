//! Attachments: what they are by their content, their hashes, and the names that an archive lists. None is opened.

use aws_lc_rs::digest::{Context, SHA256};
use md5::{Digest as _, Md5};

use super::decode::{Transfer, decode};
use crate::limits::{ARCHIVE_NAMES_MAX, ARCHIVE_TAIL_BYTES};

/// Bytes by which an attachment is recognised.
const HEAD_BYTES: usize = 4 << 10;

/// What was attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, as the mail gives it, without folders.
    pub name: String,
    /// Bytes after decoding.
    pub bytes: u64,
    /// What it is by its content, for a person.
    pub what: &'static str,
    /// Whether its name says something else than its content.
    pub disguised: bool,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// MD5 in lower-case hexadecimal digits.
    pub md5: String,
    /// Names that an archive lists; it is not unpacked.
    pub lists: Vec<String>,
    /// Whether the archive asks for a password.
    pub encrypted: bool,
}

pub(in crate::extract) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// Reads bytes in one pass, of which only the head and the tail are kept.
pub(in crate::extract) fn read(name: &str, body: &[u8], transfer: Transfer) -> Attachment {
    let (mut sha256, mut md5) = (Context::new(&SHA256), Md5::new());
    let mut head: Vec<u8> = Vec::new();
    let mut tail: Vec<u8> = Vec::new();
    let mut bytes: u64 = 0;
    decode(body, transfer, &mut |piece| {
        sha256.update(piece);
        md5.update(piece);
        bytes += piece.len() as u64;
        if head.len() < HEAD_BYTES {
            head.extend(piece.iter().take(HEAD_BYTES - head.len()));
        }
        let keep = piece.get(piece.len().saturating_sub(ARCHIVE_TAIL_BYTES)..).unwrap_or(piece);
        let over = (tail.len() + keep.len()).saturating_sub(2 * ARCHIVE_TAIL_BYTES);
        if over > 0 {
            tail.drain(..tail.len().saturating_sub(ARCHIVE_TAIL_BYTES));
        }
        tail.extend_from_slice(keep);
    });
    let what = what(&head);
    let name = file_name(name);
    let (lists, encrypted) = if what == ZIP { listed(&tail) } else { (Vec::new(), false) };
    Attachment {
        disguised: is_disguised(&name, what),
        name,
        bytes,
        what,
        sha256: hex(sha256.finish().as_ref()),
        md5: hex(&md5.finalize()),
        lists,
        encrypted,
    }
}

/// The last part of a path, without what spoils lists.
pub(in crate::extract) fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(200).collect::<String>().trim().to_owned()
}

pub(in crate::extract) const ZIP: &str = "ZIP archive or office document";
const PROGRAM: &str = "Windows program";

/// How content begins, and what it is then.
const MAGIC: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"MZ", PROGRAM),
    (b"\x7fELF", "Linux program"),
    (b"\xcf\xfa\xed\xfe", "macOS program"),
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old office document or Outlook message"),
    (b"Rar!", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"\x1f\x8b", "gzip file"),
    (b"BZh", "bzip2 file"),
    (b"\xfd7zXZ", "xz file"),
    (b"\x28\xb5\x2f\xfd", "zstd file"),
    (b"MSCF", "CAB archive"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "Windows shortcut"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "OneNote document"),
    (b"SQLite format 3", "database"),
    (b"dex\n", "Android program"),
    (b"\x00\x00\x00 ftyp", "film"),
];

/// What content is, by how it begins.
pub(in crate::extract) fn what(head: &[u8]) -> &'static str {
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return what;
    }
    let start = head.trim_ascii_start();
    let begins = |word: &[u8]| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if begins(b"<!doctype html") || begins(b"<html") {
        "HTML"
    } else if begins(b"<svg") || (begins(b"<?xml") && head.windows(4).any(|four| four == b"<svg")) {
        "SVG"
    } else if begins(b"<?xml") {
        "XML"
    } else if head.contains(&0) {
        "unknown data"
    } else {
        "text"
    }
}

/// Whether the ending of a name promises another thing than the content is.
pub(in crate::extract) fn is_disguised(name: &str, what: &str) -> bool {
    let last = name.rsplit_once('.').map_or("", |(_, last)| last).to_ascii_lowercase();
    let runs = matches!(what, PROGRAM | "Linux program" | "macOS program" | "Windows shortcut" | "Android program");
    match last.as_str() {
        "pdf" => what != "PDF",
        "png" | "jpg" | "jpeg" | "gif" => what != "picture",
        "zip" | "docx" | "xlsx" | "docm" | "xlsm" | "pptx" => {
            what != ZIP && what != "old office document or Outlook message"
        }
        "txt" | "csv" | "doc" | "xls" | "rtf" | "html" | "htm" => runs,
        _ => false,
    }
}

/// Names in the central directory of a ZIP archive, as far as it lies in the tail, and whether any is encrypted.
pub(in crate::extract) fn listed(tail: &[u8]) -> (Vec<String>, bool) {
    let mut names = Vec::new();
    let mut encrypted = false;
    let u16_at = |entry: &[u8], at: usize| {
        entry.get(at..at + 2).map(|two| two.iter().rev().fold(0_usize, |sum, &b| sum * 256 + usize::from(b)))
    };
    let Some(mut at) = tail.windows(4).position(|four| four == b"PK\x01\x02") else { return (names, encrypted) };
    while let Some(entry) = tail.get(at..) {
        if !entry.starts_with(b"PK\x01\x02") || names.len() >= ARCHIVE_NAMES_MAX {
            break;
        }
        let (Some(flags), Some(name), Some(extra), Some(comment)) =
            (u16_at(entry, 8), u16_at(entry, 28), u16_at(entry, 30), u16_at(entry, 32))
        else {
            break;
        };
        encrypted |= flags & 1 == 1;
        let Some(bytes) = entry.get(46..46 + name) else { break };
        let text = String::from_utf8_lossy(bytes);
        if !text.ends_with('/') {
            names.push(file_name(&text));
        }
        at += 46 + name + extra + comment;
    }
    (names, encrypted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_disguises() {
        let read = read("..\\..\\invoice.pdf", b"TVpoZWxsbw==", Transfer::Base64);
        assert_eq!((read.name.as_str(), read.bytes, read.what, read.disguised), ("invoice.pdf", 7, PROGRAM, true));
        assert_eq!(read.md5.len(), 32);
        let empty = super::read("a.txt", b"", Transfer::Plain);
        assert_eq!(empty.md5, "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(empty.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn an_archive_is_listed_not_opened() {
        let mut zip = b"PK\x03\x04....".to_vec();
        for (name, flags) in [("a/evil.exe", 1_u8), ("b.txt", 0), ("a/", 0)] {
            let mut entry = b"PK\x01\x02".to_vec();
            entry.resize(46, 0);
            entry[8] = flags;
            entry[28] = u8::try_from(name.len()).unwrap();
            entry.extend_from_slice(name.as_bytes());
            zip.extend(entry);
        }
        let read = read("x.zip", &zip, Transfer::Plain);
        assert_eq!((read.lists, read.encrypted), (vec!["evil.exe".to_owned(), "b.txt".to_owned()], true));
    }
}
