//! The stored form of an entry that is sealed at rest: a line of JSON that says what kind it is, then sealed bytes. The line is what
//! may be read without a key, and is sealed into both parts as associated data.

use std::borrow::Cow;

use model::CaseId;
use serde::{Deserialize, Serialize};

use super::CodecError;
use super::stored::{shape, word};
use crate::entry::Body;

/// Longest line.
const HEAD_BYTES_MAX: usize = 256;
/// Version of the sealed form.
const VERSION: u32 = 1;
/// Bytes before the first sealed part, which say its length.
const LENGTH_BYTES: usize = 4;

#[derive(Serialize, Deserialize)]
struct HeadV1<'a> {
    #[serde(borrow)]
    t: Cow<'a, str>,
    sealed: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<u64>,
}

/// What a sealed entry says of itself without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The case whose content it is.
    pub(crate) case: Option<CaseId>,
    /// Number of the key of its content.
    pub(crate) key: Option<u64>,
}

/// A sealed entry in its parts.
pub(crate) struct Parts<'a> {
    /// What it says of itself.
    pub(crate) head: Head,
    /// The line, which is associated data of both parts.
    pub(crate) line: &'a [u8],
    /// What stays when its content is erased; the whole of an entry that has none.
    pub(crate) frame: &'a [u8],
    /// All of it, under a key of its own; empty if it has no content to erase.
    pub(crate) content: &'a [u8],
}

/// The line of an entry of this kind.
pub(crate) fn line(body: &Body, head: Head) -> Result<Vec<u8>, CodecError> {
    let (case, key) = (head.case.map(|case| case.to_string()), head.key);
    let head = HeadV1 { t: Cow::Borrowed(body.type_name()), sealed: VERSION, case, key };
    let mut line = serde_json::to_vec(&head).map_err(|error| CodecError::Malformed(error.to_string()))?;
    line.push(b'\n');
    Ok(line)
}

/// Puts the parts together.
pub(crate) fn join(line: &[u8], frame: &[u8], content: &[u8]) -> Result<Vec<u8>, CodecError> {
    let length = u32::try_from(frame.len()).map_err(|_| CodecError::Malformed("it is too long".to_owned()))?;
    Ok([line, &length.to_be_bytes(), frame, content].concat())
}

/// The line of a stored entry, if it is sealed.
fn line_of(stored: &[u8]) -> Option<&[u8]> {
    let end = stored.iter().take(HEAD_BYTES_MAX).position(|byte| *byte == b'\n')?;
    let line = stored.get(..=end)?;
    let name = line.strip_prefix(br#"{"t":""#)?;
    let rest = name.splitn(2, |byte| *byte == b'"').nth(1)?;
    rest.starts_with(br#","sealed":"#).then_some(line)
}

/// Whether a stored entry is sealed.
pub(crate) fn is_sealed(stored: &[u8]) -> bool {
    line_of(stored).is_some()
}

/// A stored entry in its parts; `None` if it is not sealed.
///
/// # Errors
/// [`CodecError`] if it is cut, or of a later form.
pub(crate) fn parts(stored: &[u8]) -> Result<Option<Parts<'_>>, CodecError> {
    let Some(line) = line_of(stored) else { return Ok(None) };
    let head: HeadV1<'_> = shape(line)?;
    if head.sealed != VERSION {
        return Err(CodecError::Unknown { kind: head.t.into_owned(), version: head.sealed });
    }
    let cut = || CodecError::Malformed("its sealed bytes are cut".to_owned());
    let (length, rest) =
        stored.get(line.len()..).and_then(|rest| rest.split_first_chunk::<LENGTH_BYTES>()).ok_or_else(cut)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut())?;
    let (frame, content) = rest.split_at_checked(length).ok_or_else(cut)?;
    let case = head.case.map(|case| word("case", &case)).transpose()?;
    Ok(Some(Parts { head: Head { case, key: head.key }, line, frame, content }))
}
