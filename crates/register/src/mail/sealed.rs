//! Mails of which nobody who takes the store learns whom they are to: address, subject and text lie sealed, in few lengths.

use model::{Entropy, Timestamp};
use rusqlite::{Connection, params};

use super::{DAY_MILLIS, MAILS_WAITING_MAX, MailKind, NewMail, checked, letters, waiting};
use crate::register::RegisterError;
use crate::seal::SealKey;

/// The smallest sealed contents, in bytes; every other length is a power of two above it.
const CONTENTS_BYTES_MIN: usize = 1_024;
/// Pages that may wait beyond what other mails may: they are few, and nothing is to keep the shift asleep.
const PAGES_WAITING_MAX: i64 = 2_000;

/// Contents of one of few lengths: each part with its length, then zeros.
pub(crate) fn padded(parts: &[&[u8]]) -> Vec<u8> {
    let mut contents = Vec::new();
    for part in parts {
        // Every part has a limit far below.
        contents.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        contents.extend_from_slice(part);
    }
    let length = contents.len().next_power_of_two().max(CONTENTS_BYTES_MIN);
    contents.resize(length, 0);
    contents
}

/// The parts of such contents.
pub(crate) fn parts<const N: usize>(contents: &[u8]) -> Option<[Vec<u8>; N]> {
    let mut rest = contents;
    let mut found = Vec::new();
    for _ in 0..N {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (part, after) = after.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        found.push(part.to_vec());
        rest = after;
    }
    found.try_into().ok()
}

/// Address, subject and text of a mail.
pub(super) fn open(key: &SealKey, id: &[u8; 16], sealed: &[u8]) -> Result<[String; 3], RegisterError> {
    let wrong = || RegisterError::Stored("a sealed mail cannot be read".into());
    let found: [Vec<u8>; 3] = parts(&key.open(id, sealed)?).ok_or_else(wrong)?;
    let [to, subject, text] = found.map(String::from_utf8);
    Ok([to.map_err(|_| wrong())?, subject.map_err(|_| wrong())?, text.map_err(|_| wrong())?])
}

/// Queues a mail whose contents lie sealed; `due` is all that the store tells of its time. One of a page bears the page's name.
pub(crate) fn queue_sealed(
    transaction: &Connection,
    entropy: &dyn Entropy,
    key: &SealKey,
    due: Timestamp,
    mail: &NewMail,
    page: Option<&[u8; 16]>,
) -> Result<(), RegisterError> {
    checked(mail)?;
    put(transaction, entropy, key, due, (mail.kind, &[&mail.to, &mail.subject, &mail.text]), page)
}

/// Queues a notice that there is something new, or a blank that looks the same and is never sent.
pub(crate) fn queue_notice(
    transaction: &Connection,
    entropy: &dyn Entropy,
    key: &SealKey,
    due: Timestamp,
    mail: Option<NewMail>,
) -> Result<(), RegisterError> {
    match mail {
        Some(mail) => queue_sealed(transaction, entropy, key, due, &mail, None),
        None => put(transaction, entropy, key, due, (MailKind::Notice, &["", "", ""]), None),
    }
}

fn put(
    transaction: &Connection,
    entropy: &dyn Entropy,
    key: &SealKey,
    due: Timestamp,
    (kind, contents): (MailKind, &[&str; 3]),
    page: Option<&[u8; 16]>,
) -> Result<(), RegisterError> {
    let room = MAILS_WAITING_MAX + if page.is_some() { PAGES_WAITING_MAX } else { 0 };
    if waiting(transaction)? >= room {
        return Err(RegisterError::Refused("too many mails wait to be sent already".into()));
    }
    let id: [u8; 16] = entropy.bytes();
    let sealed = key.seal(entropy, &id, &padded(&contents.map(str::as_bytes)))?;
    let insert =
        "INSERT INTO mail(id, recipient, kind, bulk, day, next_try_at, page) VALUES (?1, '', ?2, ?3, ?4, ?5, ?6)";
    transaction.prepare_cached(insert)?.execute(params![
        id,
        kind.as_str(),
        kind.class(),
        due.floor_to(DAY_MILLIS).as_millis(),
        due.as_millis(),
        page,
    ])?;
    letters::put(transaction, "", "", Some(&sealed))
}
