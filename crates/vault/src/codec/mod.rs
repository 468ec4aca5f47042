//! The stored form of entries: JSON with a type and a version each, so that old journals replay for ever.

mod acts;
mod choices;
pub(crate) mod sealed;
mod size;
mod stored;
mod v1;
mod v2;
mod v3;
mod v4;
mod v5;

pub use size::{object_bytes, text_bytes};

use model::{CaseId, Timestamp, WhoMayBeWarned};

use crate::entry::Body;

/// Longest stored form of an entry that came in.
pub const INPUT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Longest stored form of a release or of findings, by [`object_bytes`] and [`text_bytes`].
pub const RELEASE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why an entry could not be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Too long for its type.
    #[error("{kind} entry has {bytes} bytes, more than {max}")]
    TooLong {
        /// Type of the entry.
        kind: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not JSON of the stored form.
    #[error("{0}")]
    Malformed(String),
    /// A type or version that this program does not know.
    #[error("type {kind:?} version {version} is not known to this program: it is too old for this journal")]
    Unknown {
        /// Type as stored.
        kind: String,
        /// Version as stored.
        version: u32,
    },
}

/// The stored form of an entry's body.
///
/// # Errors
/// [`CodecError::TooLong`] if it is over its limit.
pub fn encode(body: &Body) -> Result<Vec<u8>, CodecError> {
    let bytes = stored::write(body).map_err(|error| CodecError::Malformed(error.to_string()))?;
    let max = match body {
        Body::Release(_) | Body::Findings(_) => RELEASE_BYTES_MAX,
        _ => INPUT_BYTES_MAX,
    };
    if bytes.len() > max {
        return Err(CodecError::TooLong { kind: body.type_name(), bytes: bytes.len(), max });
    }
    Ok(bytes)
}

/// The type of a stored body, without reading the rest of it.
///
/// # Errors
/// [`CodecError`] if it is not the stored form, or the type is not known.
pub fn type_of(bytes: &[u8]) -> Result<&'static str, CodecError> {
    let name = bytes.strip_prefix(br#"{"t":""#).and_then(|rest| rest.split(|byte| *byte == b'"').next());
    match name.and_then(|name| crate::entry::TYPES.iter().find(|known| known.as_bytes() == name)) {
        Some(known) => Ok(known),
        // Not as this program writes it: the whole is read, for the error if for nothing else.
        None => decode(bytes).map(|body| body.type_name()),
    }
}

/// The case of a stored report, without reading the rest of it.
///
/// # Errors
/// [`CodecError`] if it is no report.
pub(crate) fn case_of(bytes: &[u8]) -> Result<CaseId, CodecError> {
    match sealed::parts(bytes)? {
        Some(parts) => parts.head.case.ok_or_else(|| CodecError::Malformed("field case: it is missing".to_owned())),
        None => stored::case(bytes),
    }
}

/// The case whose content a sealed entry is, without opening it.
pub(crate) fn case_in(bytes: &[u8]) -> Option<CaseId> {
    sealed::parts(bytes).ok().flatten().and_then(|parts| parts.head.case)
}

/// A first answer as a word or two, and back: for a group with the moment whose members it is for.
pub(crate) fn answer_text(warn: WhoMayBeWarned) -> String {
    let as_of = match warn {
        WhoMayBeWarned::Group { as_of: Some(as_of), .. } => format!("@{}", as_of.as_millis()),
        _ => String::new(),
    };
    format!("{}{as_of}", stored::warn_text(warn))
}

/// Reads what [`answer_text`] wrote.
pub(crate) fn answer_of(text: &str) -> Option<WhoMayBeWarned> {
    let (word, at) = text.split_once('@').map_or((text, None), |(word, at)| (word, Some(at)));
    let mut warn = stored::warn_of(word).ok()?;
    if let (WhoMayBeWarned::Group { as_of, .. }, Some(at)) = (&mut warn, at) {
        *as_of = Some(Timestamp::from_millis(at.parse().ok()?));
    }
    Some(warn)
}

/// Reads a stored body.
///
/// # Errors
/// [`CodecError`] tells what is wrong; a type or version that is not known is told apart.
pub fn decode(bytes: &[u8]) -> Result<Body, CodecError> {
    stored::read(bytes)
}

/// The bytes that the hash chain takes for an entry: previous hash, place, time, body.
#[must_use]
pub fn chain(previous: &[u8; 32], seq: u64, at: Timestamp, body: &[u8]) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(previous);
    context.update(&seq.to_be_bytes());
    context.update(&at.as_millis().to_be_bytes());
    context.update(body);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{report, tick};

    #[test]
    fn the_type_is_told_without_reading_the_rest() {
        for entry in [tick(1), report(2, 10)] {
            let bytes = encode(&entry.body).unwrap();
            assert_eq!(type_of(&bytes).unwrap(), entry.body.type_name());
            assert!(crate::entry::TYPES.contains(&entry.body.type_name()));
        }
        assert_eq!(
            type_of(br#"{ "v": 1, "t": "tick", "at": 5 }"#).ok(),
            decode(br#"{ "v": 1, "t": "tick", "at": 5 }"#).ok().map(|body| body.type_name())
        );
        assert!(matches!(type_of(br#"{"t":"gossip","v":1}"#), Err(CodecError::Unknown { .. })));
        assert!(type_of(b"nonsense").is_err());
    }
}
