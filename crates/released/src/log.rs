//! The release log: each tick's batch as one blob, which members' streams resume from.

use model::Timestamp;
use policy::{NounKind, ReleasedObject};

use crate::ReleasedError;
use crate::row::{Released, Row};

/// One tick of the release log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedBatch {
    /// The release tick.
    pub tick: Timestamp,
    /// What it showed, ordered by `(kind, id)`; withdrawn objects have an empty body.
    pub objects: Vec<Released<Row>>,
}

pub(crate) const fn code(kind: NounKind) -> u8 {
    match kind {
        NounKind::Indicator => 0,
        NounKind::Campaign => 1,
        NounKind::Advisory => 2,
        NounKind::Posture => 3,
    }
}

const fn kind(code: u8) -> Option<NounKind> {
    match code {
        0 => Some(NounKind::Indicator),
        1 => Some(NounKind::Campaign),
        2 => Some(NounKind::Advisory),
        3 => Some(NounKind::Posture),
        _ => None,
    }
}

pub(crate) fn encode(objects: &[ReleasedObject]) -> Vec<u8> {
    let size = objects.iter().map(|object| object.body.len() + 48).sum();
    let mut bytes = Vec::with_capacity(size);
    for object in objects {
        bytes.push(code(object.kind));
        bytes.extend_from_slice(&object.id);
        bytes.extend_from_slice(&object.lookup.to_le_bytes());
        bytes.push(u8::from(object.campaign.is_some()));
        if let Some(campaign) = &object.campaign {
            bytes.extend_from_slice(campaign);
        }
        let length = u32::try_from(object.body.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(object.body.as_bytes());
    }
    bytes
}

pub(crate) fn decode(tick: Timestamp, bytes: &[u8]) -> Result<Vec<Released<Row>>, ReleasedError> {
    let mut rest = bytes;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let row = one(tick, &mut rest).ok_or_else(|| {
            ReleasedError::Damaged(format!("release log of tick {} cannot be read", tick.as_millis()))
        })?;
        rows.push(Released::of_row(row));
    }
    Ok(rows)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn one(tick: Timestamp, rest: &mut &[u8]) -> Option<Row> {
    let [code] = take::<1>(rest)?;
    let id = take::<16>(rest)?;
    let lookup = u64::from_le_bytes(take::<8>(rest)?);
    let campaign = if take::<1>(rest)? == [1] { Some(take::<16>(rest)?) } else { None };
    let length = usize::try_from(u32::from_le_bytes(take::<4>(rest)?)).ok()?;
    let (body, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(Row { kind: kind(code)?, id, tick, lookup, campaign, body: String::from_utf8(body.to_vec()).ok()? })
}
